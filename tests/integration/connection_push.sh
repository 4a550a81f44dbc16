#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A connection that is set up with its key copied to the other machine: both
# or neither, whatever fails and whoever hangs up in between.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
quick_jq
. "$(dirname "$0")/lib/far.bash"
set -u
install_product
systemd-sysusers /usr/lib/sysusers.d/naskeys.conf >/dev/null
naskeysctl init >/dev/null || fail "init"
cd "$scratch" || exit 1
chmod 755 .

check "another machine" make_far
check "its keys" make_far_keys keys
mapfile -t keys < <(hostkeys ed25519_256)
cp keys/ed25519_256.pub host.pub
fingerprint=$(ssh-keygen -lf host.pub | cut -d' ' -f2)
password='pass "word\x \$(id)'
for name in nas gate slow; do
	useradd -m -s /bin/bash $name
	echo "$name:$password" | chpasswd
done
file=/home/nas/.ssh/authorized_keys gate_file=/home/gate/.ssh/authorized_keys
naskeysctl keypair generate backup >/dev/null
line=$(naskeysctl keypair export backup)
check "sshd" far_sshd 2201 sftp "${keys[@]}" "Subsystem sftp internal-sftp"

# add NAME OPTION...: with the password on standard input
add() {
	naskeysctl connection add "$1" --host $far4 --port "${port-2201}" \
	    --user "${user-nas}" --host-key host.pub --copy-key \
	    --password-stdin "${@:2}" <<<"${typed-$password}"
}
nothing() {	# NAME: neither the connection nor a keypair of that name
	same "$1: no connection" "$(naskeysctl connection list --json |
	    jq --arg n "$1" 'map(select(.name == $n)) | length')" 0
	same "$1: no keypair" "$(naskeysctl keypair list --json |
	    jq --arg n "$1 pair" 'map(select(.name == $n)) | length')" 0
}

### It works

check "add" add first --keypair backup
same "says what was done" "$(add again --generate-keypair 'again pair')" \
    "Generated keypair again pair
Copied its key to nas at $far4
Added connection again"
same "both keys are there" "$(cat $file)" \
    "$line
$(naskeysctl keypair export 'again pair')"
check "and let in" naskeysctl connection test again --command true
same "audit" "$(naskeysctl audit | grep -c \
    "Copy the key of connection again to nas at $far4")" 1
same "one that is there" "$(add second --keypair backup)" \
    "nas at $far4 has its key already
Added connection second"
same "is there once" "$(grep -cF "$line" $file)" 1
status "with options" 0 add third --keypair backup --restrict
says "stays as it is: --restrict, --from and --command are not in force"
same "as JSON" "$(add fourth --keypair backup --json | jq -c .key_added)" \
    false
check "least privilege" add least --generate-keypair 'least pair' \
    --restrict --from 10.9.0.0/24 --command 'echo "hi"'
same "stands in the line" "$(tail -n 1 $file)" \
    "restrict,from=\"10.9.0.0/24\",command=\"echo \\\"hi\\\"\" $(naskeysctl \
    keypair export 'least pair')"
same "host key by its fingerprint" "$(naskeysctl connection add accepted \
    --host $far4 --port 2201 --user nas --keypair backup \
    --accept-host-key "$fingerprint" --copy-key --password-stdin \
    <<<"$password" | tail -n 1)" "Added connection accepted"
check "host key behind the password" sh -c "{ printf '%s\n' '$password'
    cat host.pub; } | naskeysctl connection add behind --host $far4 \
    --port 2201 --user nas --keypair backup --host-key - --copy-key \
    --password-stdin"

### On a terminal

on_tty "naskeysctl connection add typed --host $far4 --port 2201 \
    --user nas --generate-keypair 'typed pair' --copy-key" y "$password" \
    >screen
check "asked for" grep -qF "Password of nas at $far4: " screen
check "and done" grep -q "Copied its key to nas at $far4" screen
same "not shown" "$(grep -cF 'pass "word' screen)" 0
check "it is there" grep -qF "$(naskeysctl keypair export 'typed pair')" $file
refuses "without a terminal" "no terminal to ask for the password" \
    setsid -w naskeysctl connection add x --host $far4 --port 2201 --user nas \
    --keypair backup --host-key host.pub --copy-key

### What is refused changes nothing on either side

cp $file before
for options in --password-stdin --restrict '--from 10.0.0.0/8' \
    '--command id'; do
	# shellcheck disable=SC2086
	status "$options alone" 2 naskeysctl connection add x --host $far4 \
	    --keypair backup --host-key host.pub $options
done
typed=wrong refuses "a wrong password" \
    "it does not let the user in by password" add x --generate-keypair 'x pair'
typed='' refuses "no password" "no password on standard input" add x \
    --generate-keypair 'x pair'
# before the other machine is asked: nobody listens there
port=2299
refuses "a name that is taken" "NAME: Is already in use" add first \
    --generate-keypair 'x pair'
refuses "no line of that" "--copy-key: The options make no line" add x \
    --generate-keypair 'x pair' --from 'no address here'
mv /etc/naskeys/seal.key .
refuses "nothing to seal with" "seal.key" add x --generate-keypair 'x pair'
mv seal.key /etc/naskeys/seal.key
port=2201
nothing x
check "the file is as it was" cmp before $file

### What fails after the copy takes it back

# An SFTP server that waits for us with its first file that is written.
cat >gate <<GATE
#!/bin/sh
: >"$PWD/door/begun"
while [ ! -e "$PWD/door/open" ]; do sleep 0.05; done
exec /usr/lib/openssh/sftp-server
GATE
chmod 755 gate
mkdir -m 777 door
port=2202 user=gate
check "sshd with a gate" far_sshd 2202 gated "${keys[@]}" \
    "Subsystem sftp $PWD/gate"
# gated NAME OPTION...: goes on in the background until it is let through
gated() {
	rm -f door/begun door/open
	setsid naskeysctl "${ctl[@]}" connection add "$1" --host $far4 \
	    --port $port --user $user --host-key host.pub --timeout 60 \
	    --copy-key --password-stdin "${@:2}" <<<"$password" >out 2>err &
	job=$!
	wait_until test -e door/begun || fail "$1: it does not come"
}
let_through() { touch door/open; got=0; wait "$job" 2>/dev/null || got=$?; }
ctl=()
mkdir -m 700 /home/gate/.ssh
printf '# mine\n' >$gate_file
chown -R gate: /home/gate/.ssh

gated taken --generate-keypair 'taken pair'
check "somebody else takes the name" naskeysctl connection add taken \
    --host elsewhere --keypair backup --host-key host.pub
let_through
same "refused" "$got $(grep -c 'NAME: Is already in use' err)" "1 1"
same "and taken back there" "$(cat $gate_file)" "# mine"
same "no keypair" "$(naskeysctl keypair list | grep -c 'taken pair')" 0

gated changed --keypair backup
naskeysctl keypair generate other >/dev/null
naskeysctl keypair export other --private -o other.key >/dev/null
rpc keychaincredential.update "$(jq -cn --rawfile key other.key \
    --argjson id "$(naskeysctl keypair show backup --json | jq .id)" \
    '[$id, {attributes: {private_key: $key}}]')" >/dev/null
let_through
same "the keypair has another key" "$got $(grep -c 'another key meanwhile' \
    err)" "1 1"
same "the old one is taken back" "$(cat $gate_file)" "# mine"
nothing changed
line=$(naskeysctl keypair export backup)

# one that was there is not
echo "$line" >>$gate_file
cp $gate_file before
gated there --keypair backup
naskeysctl connection add there --host elsewhere --keypair backup \
    --host-key host.pub >/dev/null
let_through
same "refused as well" "$got" 1
check "what was there before stays" cmp before $gate_file

# A shell that waits for us when the key is there and is looked at again.
cat >slow <<SLOW
#!/bin/sh
echo >>"$PWD/door/calls"
if [ "\$(wc -l <"$PWD/door/calls")" -eq 3 ]; then
	: >"$PWD/door/begun"
	while [ ! -e "$PWD/door/open" ]; do sleep 0.05; done
fi
exec /bin/bash "\$@"
SLOW
chmod 755 slow
usermod -s "$PWD/slow" slow
check "sshd without SFTP" far_sshd 2203 shell "${keys[@]}"
port=2203 user=slow
for signal in TERM HUP; do
	rm -f door/calls
	gated hung --generate-keypair 'hung pair'
	check "$signal: the key is there" grep -q ssh-ed25519 \
	    /home/slow/.ssh/authorized_keys
	# as a terminal does, to all of them
	kill -$signal -- "-$job"
	let_through
	check "$signal: who asked is gone" [ "$got" -gt 128 ]
	wait_until sh -c '! pgrep naskeys-helper >/dev/null'
	same "$signal: taken back all the same" \
	    "$(cat /home/slow/.ssh/authorized_keys)" ""
	nothing hung
done
port=2202 user=gate

gated left --generate-keypair 'left pair'
naskeysctl connection add left --host elsewhere --keypair backup \
    --host-key host.pub >/dev/null
echo "gate:another $password" | chpasswd
let_through
same "what cannot be taken back" "$got $(wc -l <err)" "1 1"
says "may still be in the authorized_keys of gate at $far4"
says "it does not let the user in by password"
says "connection_name: Is already in use by another Keychain Credential"
same "is in the audit log" "$(naskeysctl audit | grep -c "The key of \
connection left is still in the authorized_keys of gate at $far4")" 1
same "and there" "$(wc -l <$gate_file)" "$(($(wc -l <before) + 1))"
same "left: no keypair" "$(naskeysctl keypair list | grep -c 'left pair')" 0
echo "gate:$password" | chpasswd
cp before $gate_file

# no room for it here
mkdir state
mount -t tmpfs -o size=4m,mode=700 tmpfs state
ctl=(--state-dir "$PWD/state" --seal-key "$PWD/seal")
naskeysctl "${ctl[@]}" keypair generate backup >/dev/null
gated full --generate-keypair 'full pair'
dd if=/dev/zero of=state/fill bs=4096 2>/dev/null
let_through
rm state/fill
same "a full disk here" "$got $(wc -l <err)" "1 1"
check "taken back there" cmp before $gate_file
same "and nothing is here" "$(naskeysctl "${ctl[@]}" keypair list --json |
    jq -c 'map(.name)')" '["backup"]'

naskeysctl "${ctl[@]}" connection add there --host $far4 --port 2202 \
    --user gate --keypair backup --host-key host.pub >/dev/null
id=$(naskeysctl "${ctl[@]}" connection show there --json | jq .id)
rm door/*
rpc keychaincredential.copy_key "$(jq -cn --argjson id "$id" \
    --arg password "$password" '[$id, {password: $password}]')" \
    "${ctl[@]}" >out &
job=$!
wait_until test -e door/begun
dd if=/dev/zero of=state/fill bs=4096 2>/dev/null
let_through
same "a copy that cannot be recorded" "$(jq -r .error.data.reason out)" \
    "[ENOSPC] The audit log cannot be written (No space left on device), and \
without it no key is copied"
check "is none" cmp before $gate_file

for f in sftp gated shell; do kill "$(cat $f.pid)"; done
finish
