#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A new key for a connection, here and on the other machine: whatever happens
# meanwhile, one of two keys lets in, and at the end one key stands there.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
quick_jq
. "$(dirname "$0")/lib/far.bash"
set -u
tests=$(cd "$(dirname "$0")" && pwd)
install_product
systemd-sysusers /usr/lib/sysusers.d/naskeys.conf >/dev/null
naskeysctl init >/dev/null || fail "init"
cd "$scratch" || exit 1
chmod 755 .

check "another machine" make_far
check "its keys" make_far_keys keys
mapfile -t keys < <(hostkeys ed25519_256)
pins="$(cut -d' ' -f1,2 keys/ed25519_256.pub)"

# A home of 32 KiB; sshd is to see it, so it is there first.
useradd -m -s /bin/bash full
mount -t tmpfs -o size=32k,mode=755 tmpfs /home/full
chown full: /home/full
check "sshd with SFTP" far_sshd 2201 sftp "${keys[@]}" \
    "Subsystem sftp internal-sftp" "MaxStartups 100"
check "sshd with SFTP alone" far_sshd 2202 only "${keys[@]}" \
    "Subsystem sftp internal-sftp" "ForceCommand internal-sftp"
check "sshd without SFTP" far_sshd 2203 shell "${keys[@]}"
dropbearconvert openssh dropbear keys/ed25519_256 db >/dev/null 2>&1
rm -f /usr/lib/sftp-server	# where dropbear looks for one
far dropbear -p 2205 -P "$PWD/db.pid" -r db
far_listens 2205

file_of() { echo "/home/$1/.ssh/authorized_keys"; }
# An account there, its connection "to_NAME" and a keypair "key_NAME".
account() {	# NAME PORT [GENERATE-OPTION...]
	local name=$1 port=$2
	shift 2
	id "$name" >/dev/null 2>&1 || useradd -m -s /bin/bash "$name"
	usermod -p '*' "$name"
	naskeysctl keypair generate "key_$name" "$@" >/dev/null
	connection "to_$name" "key_$name" $far4 "$port" "$name" "$pins" 20
	install -d -o "$name" -m 700 "/home/$name/.ssh"
	put_lines "$name" "$(line_of "$name")"
}
put_lines() {	# NAME TEXT
	printf '%s\n' "$2" >"$(file_of "$1")"
	chown "$1:" "$(file_of "$1")"
	chmod 600 "$(file_of "$1")"
}
line_of() { naskeysctl keypair export "key_$1"; }
pair() {	# NAME MEMBERS
	naskeysctl keypair show "key_$1" --json | jq -c "[$2]"
}
rotate() { naskeysctl connection rotate "$@"; }
rotation() { naskeysctl connection show "to_$1" --json | jq -r .rotation.step; }
# shellcheck disable=SC2317 # check calls it
works() { naskeysctl connection test "to_$1"; }
# Lines with a key there that is, or was once, the connection's.
ours() { grep -c "ssh-ed25519\|ssh-rsa\|ecdsa-sha2" "$(file_of "$1")"; }
# It is over: the connection works by one key, and no other is left anywhere.
whole() {	# NAME WHAT
	check "$1: $2: it works" works "$1"
	same "$1: $2: one line there" "$(ours "$1")" 1
	same "$1: $2: with its key" "$(grep -cF "$(line_of "$1" |
	    cut -d' ' -f2)" "$(file_of "$1")")" 1
	same "$1: $2: nothing is unfinished" "$(rotation "$1")" null
	same "$1: $2: nothing beside it" \
	    "$(naskeysctl keypair list | grep -c "key_$1 (")" 0
}

### Every kind of server

while IFS='|' read -r name port type bits options; do
	account "$name" "$port" --type "$type" ${bits:+--bits "$bits"}
	was=$(line_of "$name")
	before=$(pair "$name" .id,.name,.key_type,.bits,.created_at)
	stranger="ssh-dss AAAA stranger"
	put_lines "$name" "# mine
$stranger
${options:+$options }${was% *} a comment
# end"
	truncate -s -1 "$(file_of "$name")"
	check "$name: rotate" rotate "to_$name"
	now=$(line_of "$name")
	refused "$name: it is another key" test "$was" = "$now"
	same "$name: with its line's options, and nothing else" \
	    "$(cat "$(file_of "$name")")" "# mine
$stranger
# end
${options:+$options }$now"
	same "$name: id, name, type and size stay" \
	    "$(pair "$name" .id,.name,.key_type,.bits,.created_at)" "$before"
	whole "$name" "rotated"
done <<'SERVERS'
plain|2201|ed25519||
least|2201|rsa|2048|restrict,from="10.9.0.0/24,!10.9.0.7",command="internal-sftp"
only|2202|ecdsa|384|environment="A=say \"hi\", b",no-pty
shell|2203|ed25519||from="10.9.0.1",no-agent-forwarding
drop|2205|ed25519||no-port-forwarding,no-X11-forwarding
SERVERS
same "what is in the audit log" "$(naskeysctl audit --json | jq -c \
    '[.[] | select(.action == "keychaincredential.rotate" and
    .object == "to_plain") | .text | split(":")[0]]')" \
    '["Begin to replace the key","Copy the new key","Switch to the new key","Replace the key"]'
check "another type" rotate to_plain --type ecdsa --bits 384
same "which it is" "$(pair plain .key_type)" '["ecdsa-sha2-nistp384"]'
whole plain "another type"

### Killed at each step

account victim 2201
id_of() { naskeysctl connection show "to_$1" --json | jq .id; }
id=$(id_of victim)
# The helper is killed at its Nth call of this name: where it starts a child,
# or where what it has written is to last.
killed_at() {	# CALL N
	strace -qq -o /dev/null -e trace="$1" \
	    -e inject="$1:signal=KILL:when=$2" \
	    /usr/libexec/naskeys/naskeys-helper <<<"{\"jsonrpc\":\"2.0\",\
\"id\":1,\"method\":\"keychaincredential.rotate\",\"params\":[$id]}" \
	    >answer 2>&1
	! grep -q '"result"' answer
}
seen=""
# Status 1: nothing is killed there any more, and it went to its end.
survives() {	# CALL N
	local at
	killed_at "$1" "$2" 2>/dev/null || return 1
	at=$(rotation victim)
	seen="$seen$at "
	check "killed at $1 $2 ($at): it works" works victim
	check "killed at $1 $2 ($at): goes on" rotate to_victim
	whole victim "killed at $1 $2 ($at)"
}
if [ "${LONG-no}" = no ]; then
	# it has done what it says in the store next
	for n in 2 3 4 5; do
		check "killed at flock $n" survives flock $n
	done
	survives clone 7 || fail "killed at clone 7"
else
	for call in clone flock fdatasync; do
		n=1
		while survives $call $n; do n=$((n + 1)); done
		whole victim "not killed at $call $n any more"
	done
fi
same "at each step" "$(tr ' ' '\n' <<<"$seen" | sort -u | tr '\n' ' ')" \
    " COPY REMOVE SWITCH null "

### Taken back, or left

stop_at() {	# NAME N: before the Nth edit, after what it is about
	id=$(id_of "$1")
	killed_at flock "$2" 2>/dev/null || fail "$1: stopped at $2"
}
account back 2201
old=$(line_of back)
for n in 3 4; do
	stop_at back $n
	same "back: both stand there" "$(ours back)" 2
	check "back: --abandon" rotate to_back --abandon
	whole back "abandoned after $n"
	same "back: the old key" "$(line_of back)" "$old"
	refuses "back: there is nothing more" "no unfinished rotation" \
	    rotate to_back --abandon
done
stop_at back 5
same "back: switched" "$(rotation back)" REMOVE
refuses "back: only forwards now" "logs in with its new key already" \
    rotate to_back --abandon
refused "back: it asks" rotate to_back --abandon --offline
check "back: --offline" rotate to_back --abandon --offline --force
check "back: the new one" works back
same "back: nothing is unfinished" "$(rotation back)" null
# no more: the remote was not asked
stop_at back 3
port() { naskeysctl connection edit "to_$1" --port "$2" >/dev/null; }
port back 2299
refuses "back: a remote that is gone" "in use: rotate again to go on, or \
abandon the rotation" rotate to_back
says "connection refused"
check "back: is forgotten" rotate to_back --abandon --offline --force
port back 2201
check "back: the key in use" works back
for words in "--offline" "--abandon --type rsa"; do
	# shellcheck disable=SC2086
	status "wrong usage: $words" 2 rotate to_back $words
done

### Deleted in the middle

account gone 2201
stop_at gone 4
refuses "gone: the second keypair" "unfinished rotation of the connection \
to_gone" naskeysctl keypair delete "key_gone (rotation)" --cascade --force
check "gone: the connection" naskeysctl connection delete to_gone --force
same "gone: its keypair is left alone" \
    "$(naskeysctl keypair list | grep -o 'key_gone.*' | cut -d' ' -f1,2)" \
    "key_gone "
same "gone: nothing there is touched" "$(ours gone)" 2

### What is not begun

begun() { naskeysctl keypair list | grep -cF "(rotation"; }
not_begun() {	# NAME WHAT TEXT
	cp "$(file_of "$1")" before
	refuses "$1: $2" "$3" rotate "to_$1"
	same "$1: $2: nothing is begun" "$(rotation "$1") $(begun)" "null 0"
	check "$1: $2: nothing is written" cmp before "$(file_of "$1")"
}
account not 2201
line=$(line_of not)
put_lines not "pty $line
no-pty $line"
not_begun not "two lines" "several lines of its authorized_keys"
put_lines not "command=\"/bin/false\" $line"
not_begun not "a command" "could not be read"
put_lines not "# $line"
not_begun not "no line" "does not let the user in"
put_lines not "$line"
connection second key_not $far4 2201 not "$pins"
not_begun not "another connection" "and would lose it: SSH credentials \
second"
naskeysctl connection delete second --force >/dev/null
check "sshd with another file" far_sshd 2204 other "${keys[@]}" \
    "AuthorizedKeysFile .ssh/other"
cp -p "$(file_of not)" /home/not/.ssh/other
put_lines not ""
port not 2204
not_begun not "another file" "no line of its ~/.ssh/authorized_keys"
check "sshd that is somebody else" far_sshd 2206 else \
    "HostKey $PWD/keys/ecdsa_256"
port not 2206
not_begun not "another host key" "HOST KEY HAS CHANGED"
says "connection test says how it is accepted"
port not 2299
not_begun not "nobody there" "connection refused"

### A new key that does not let in

check "sshd of one type" far_sshd 2207 type "${keys[@]}" \
    "Subsystem sftp internal-sftp" "PubkeyAcceptedAlgorithms ssh-ed25519"
account type 2207
refuses "type: it is not switched to" "does not let the user in with this \
key" rotate to_type --type ecdsa
same "type: it is tried" "$(rotation type)" SWITCH
check "type: it works" works type
refuses "type: nor by another call" "A rotation to a key of the type ecdsa \
with 256 bits is unfinished" rotate to_type --type ed25519
check "type: --abandon" rotate to_type --abandon
whole type abandoned

### A full disk, and what is said of it

account full 2203
# one page, in which there is no room for another line
pad=$((4090 - $(line_of full | wc -c)))
put_lines full "$(yes '# full' | head -c $pad)
$(line_of full)"
dd if=/dev/zero of=/home/full/fill bs=4096 2>/dev/null
refuses "full" "; the old key is still in use" rotate to_full
says "could not be copied there"
same "full: unfinished" "$(rotation full)" COPY
check "full: which list says" bash -c \
    "naskeysctl connection list | grep 'to_full.*rotation unfinished'"
check "full: and show" bash -c "naskeysctl connection show to_full |
    grep '^Rotation .*the old key is in use, the new one is SHA256:'"
check "full: and check" bash -c "naskeysctl check |
    grep 'connection to_full: the rotation of its key is unfinished'"
check "full: it works" works full
refuses "full: it keeps its host" "rotation of the key of the connection \
to_full is unfinished" naskeysctl connection edit to_full --host far.example
rm /home/full/fill
sed -i '/^# full/d' "$(file_of full)"
check "full: room again" rotate to_full
whole full "room again"

### A remote that hangs up

account cut 2201
mkfifo hostile.in
far perl "$tests/hostile.pl" 2300 2201 <hostile.in >hostile.out &
exec 7>hostile.in
wait_until grep -q ready hostile.out
modes=29 edits=5
[ "${LONG-no}" = no ] || modes="22 23 24 25 26 27 28 29" edits="2 3 4 5"
for mode in $modes; do
	for n in $edits; do
		stop_at cut "$n"
		at="cut at $mode, $(rotation cut)"
		port cut $((2300 + mode))
		refused "$at: it stops" rotate to_cut
		port cut 2201
		check "$at: it works" works cut
		check "$at: goes on" rotate to_cut
		whole cut "$at"
	done
done
exec 7>&-

### Two at once, and who waits for them

account two 2201
kill -STOP "$(cat sftp.pid)"
rotate to_two >first 2>&1 &
first=$!
wait_until test -e "/run/naskeys/lock.rotate-$(id_of two)"
refuses "two: one is refused" "by somebody else at this moment" rotate to_two
check "two: nobody else waits" timeout 10 naskeysctl keypair generate free
kill -CONT "$(cat sftp.pid)"
check "two: the first one" wait $first
whole two "two at once"
refused "two: no lock is left" test -e \
    "/run/naskeys/lock.rotate-$(id_of two)"
same "nor a child" "$(pgrep -x naskeys-net)" ""

for f in sftp only shell other else type; do kill "$(cat $f.pid)"; done
kill "$(cat db.pid)"
finish
