#!/bin/bash
# SPDX-License-Identifier: ISC
#
# naskeys-helper as it is installed: its options, its sockets with systemd's
# protocol and without, its set-up files, and its limits.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
install_product
helper=/usr/libexec/naskeys/naskeys-helper
limits=$BUILD/tests/integration/helper_limits
init=/etc/init.d/naskeys
ping='{"jsonrpc":"2.0","id":1,"method":"core.ping"}'
pong='{"jsonrpc":"2.0","result":"pong","id":1}'
somebody=(setpriv --reuid 23009 --regid 23009 --clear-groups)
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT

[ -x $helper ] || {
	fail "the helper is installed"
	finish
}

# ---- limits first: they need nothing of the machine ----

"$limits" "$helper" || bad=1

# ---- set-up files ----

units=/usr/lib/systemd/system
check "units are sound" systemd-analyze verify --man=no \
    $units/naskeys-helper.socket $units/naskeys-helper.service \
    $units/naskeys-network.socket $units/naskeys-network.service \
    $units/naskeys-sync.service
root=$work/root
mkdir -p "$root/etc"
check "users and groups" systemd-sysusers --root="$root" \
    /usr/lib/sysusers.d/naskeys.conf
same "all of them" "$(grep -c ^naskeys- "$root/etc/group")" 5
systemd-sysusers /usr/lib/sysusers.d/naskeys.conf >/dev/null

# ---- on standard input ----

same "requests on standard input" \
    "$(printf '%s\n' "$ping" "$ping" | $helper)" "$pong
$pong"
same "a last line without newline" "$(printf %s "$ping" | $helper)" "$pong"
same "a file" "$(printf '%s\n' "$ping" >$work/in; $helper <$work/in)" "$pong"
same "the environment has no say" "$(printf '%s\n' "$ping" |
    env -i LISTEN_FDS=3 LISTEN_PID=1 LD_BIND_NOW=1 TMPDIR=/nowhere $helper)" \
    "$pong"
same "nor has a limit that kills" "$(ulimit -S -f 0; printf '%s\n' "$ping" |
    $helper)" "$pong"
same "closed standard output is survived" \
    "$(printf '%s\n' "$ping" | $helper >&- 2>&-; echo over)" over
check "--version" $helper --version
check "--help" $helper --help
same "usage" "$($helper --bogus 2>&1; echo $?)" \
    "naskeys-helper: --bogus is no option; try --help
2"
same "unknown protocol" "$($helper --protocol none 2>/dev/null; echo $?)" 2

# ---- who may ----

refused "an ordinary user cannot run it" "${somebody[@]}" $helper </dev/null
mkdir -m 755 "$work/roots"
refused "nor on root's folder" "${somebody[@]}" $helper \
    --state-dir "$work/roots" --sync
install -d -o 23009 -g 23009 -m 700 "$work/own"
check "but on its own folder" "${somebody[@]}" $helper \
    --state-dir "$work/own" --sync
check "where it may look" "${somebody[@]}" $helper --state-dir "$work/own" --check
same "and is answered" "$(printf '%s\n' "$ping" |
    "${somebody[@]}" $helper --state-dir "$work/own")" "$pong"
rm -rf "$work/own/maps"
check "root works there" $helper --state-dir "$work/own" --sync
same "as its owner" "$(find "$work/own" ! -uid 23009)" ""
chmod 770 "$work/own"
refused "a folder that others can write in" $helper --state-dir "$work/own" --sync
chmod 702 "$work/own"
refused "a folder that all can write in" $helper --state-dir "$work/own" --sync
refused "a folder that is none" $helper --state-dir /etc/passwd --sync
install -m 4755 $helper /usr/local/sbin/raised
chmod 700 "$work/own"
refused "--state-dir with more rights than its caller" "${somebody[@]}" \
    /usr/local/sbin/raised --state-dir "$work/own" --sync
refused "--seal-key likewise" "${somebody[@]}" /usr/local/sbin/raised \
    --seal-key "$work/own/key" --sync
rm /usr/local/sbin/raised

# ---- --sync and --check ----

check "--sync" $helper --sync
check "--check" $helper --check
rm /run/naskeys/maps/keys.map
refused "--check with a map missing" $helper --check
check "--sync makes it" $helper --sync
check "--check is content" $helper --check
chgrp root /run/naskeys/maps/keys.map
refused "--check with a map of the wrong group" $helper --check
check "--sync mends it" $helper --sync
check "--check is content again" $helper --check

# ---- maps that lack an edit: whoever looks must see it ----

ask() { printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}\n' "$1" \
    "$2" | $helper; }
maps_sum() { cat /run/naskeys/maps/*.map | sha256sum; }
cp -a /run/naskeys/maps "$work/old"
ask user.create '[{"username":"late","group_create":true,"password":"x"}]' \
    >/dev/null
cp -a "$work"/old/*.map /run/naskeys/maps/
sum=$(maps_sum)
refused "--check with maps that lack an edit" $helper --check
same "says what to do" "$($helper --check | grep -c '^"naskeysctl sync"')" 1
case $(ask naskeys.check '[]') in
*'lack changes'*'"advice":"'*'"ok":false'*) pass "and naskeys.check likewise" ;;
*) fail "and naskeys.check likewise" ;;
esac
same "and nothing was changed" "$(maps_sum)" "$sum"
same "a request that looks at neither" "$(ask core.ping '[]')" "$pong"
same "changes nothing either" "$(maps_sum)" "$sum"
same "another request" "$(ask user.query '[[["id","=",1]],{"count":true}]')" \
    '{"jsonrpc":"2.0","result":1,"id":1}'
check "repairs" $helper --check
mkdir -p /etc/naskeys
printf 'bogus = 1\n' >/etc/naskeys/naskeys.conf
refused "--check with a bad naskeys.conf" $helper --check
refused "--sync with a bad naskeys.conf" $helper --sync
case $(printf '%s\n' "$ping" | $helper 2>/dev/null) in
*"naskeys.conf, line 1"*'"id":1}') pass "and requests are told" ;;
*) fail "and requests are told" ;;
esac
rm /etc/naskeys/naskeys.conf

# ---- /run is full, and no helper has session.db open ----

mount -t tmpfs -o size=1m,mode=0755 tmpfs /run/naskeys
check "--sync in a small /run" $helper --sync
for k in 1 2 3; do ssh-keygen -q -t ed25519 -N '' -f "$work/k$k"; done
fingerprint() { ssh-keygen -lf "$work/k$1.pub" | cut -d' ' -f2; }
check "a user with keys" naskeysctl user add fay --uid 23009 \
    --key "$work/k1.pub" --key "$work/k2.pub"
check "the acceptor starts" $init start
wait_until listens /run/naskeys/helper.sock
dd if=/dev/zero of=/run/naskeys/fill bs=4096 2>/dev/null
check "root removes a key" naskeysctl key remove fay "$(fingerprint 1)"
check "the owner removes a key" "${somebody[@]}" naskeysctl key remove fay \
    "$(fingerprint 2)"
same "no key is left" "$(/usr/libexec/naskeys/naskeys-authorized-keys fay)" ""
check "root locks the user" naskeysctl user lock fay
refused "no more room is made" naskeysctl sync --rebuild
check "root deletes the user" naskeysctl user delete fay --force
rm /run/naskeys/fill
check "the acceptor ends" $init stop
umount /run/naskeys
check "--sync in the old /run" $helper --sync

# ---- without systemd ----

same "status before" "$($init status >/dev/null 2>&1; echo $?)" 3
check "start" $init start
check "status" $init status
check "root's socket" "$limits" --ask /run/naskeys/root/helper.sock
check "everybody's socket" "${somebody[@]}" "$limits" --ask \
    /run/naskeys/helper.sock
refused "root's socket is root's" "${somebody[@]}" "$limits" --ask \
    /run/naskeys/root/helper.sock
same "modes" "$(stat -c %a /run/naskeys /run/naskeys/root \
    /run/naskeys/helper.sock /run/naskeys/session.db | tr '\n' ' ')" \
    "755 700 666 600 "
check "start again" $init start
check "restart" $init restart
check "served after it" "${somebody[@]}" "$limits" --ask \
    /run/naskeys/helper.sock
check "stop" $init stop
refused "gone" "$limits" --ask /run/naskeys/helper.sock
check "stop again" $init stop

# ---- with systemd's protocol ----

systemd-socket-activate -l /run/naskeys/helper.sock $helper \
    --listen /run/naskeys/helper.sock >/dev/null 2>&1 &
pid=$!
check "a socket that is handed over" wait_until "$limits" --ask \
    /run/naskeys/helper.sock
kill $pid
wait $pid
same "SIGTERM" $? 0
systemd-socket-activate -l /run/naskeys/other.sock $helper \
    --listen /run/naskeys/helper.sock >/dev/null 2>&1 &
pid=$!
wait_until listens /run/naskeys/other.sock
"$limits" --ask /run/naskeys/other.sock 2>/dev/null
wait $pid
same "one that nobody asked for" $? 1
rm -f /run/naskeys/*.sock
ln -s /etc/passwd /run/naskeys/helper.sock
refused "a link in the socket's place" $helper --listen /run/naskeys/helper.sock
rm /run/naskeys/helper.sock

finish
