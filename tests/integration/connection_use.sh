#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Programs that use a connection without having its key: ssh, sftp, scp,
# rsync and rclone against real servers on another machine (a network
# namespace), by IPv4, IPv6 and name.  What the lent agent refuses, how long
# it lives, and a search for private bytes in all that is written meanwhile.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
quick_jq
set -u
tests=$(cd "$(dirname "$0")" && pwd)
install_product
check "init" naskeysctl init
cd "$(mktemp -d)" || exit 1
chmod 755 .
umask 022
here=$PWD
helper=/usr/libexec/naskeys/naskeys-helper

rpc() {		# METHOD PARAMS: the answer
	jq -cn --arg m "$1" --argjson p "$2" \
	    '{jsonrpc: "2.0", id: 1, method: $m, params: $p}' | $helper
}
pins() { cut -d' ' -f1,2 "$@"; }
# connect NAME KEYPAIR HOST PORT USER PINS [TIMEOUT]: make a connection
connect() {
	rpc keychaincredential.create "$(jq -cn --arg n "$1" --argjson k "$2" \
	    --arg h "$3" --argjson p "$4" --arg u "$5" --arg pins "$6" \
	    --argjson t "${7-10}" '[{name: $n, type: "SSH_CREDENTIALS",
	    attributes: {host: $h, port: $p, username: $u, private_key: $k,
	    remote_host_key: $pins, connect_timeout: $t}}]')" |
	    jq -e .result >/dev/null
}
use() { timeout 60 naskeysctl connection "$@"; }
# answers NAME STATUS TEXT COMMAND...: exit status and standard output
answers() {
	local name=$1 wanted=$2 text=$3 got=0
	shift 3
	"$@" >out 2>err </dev/null || got=$?
	[ "$got" = "$wanted" ] || sed 's/^/  /' err
	same "$name: status" "$got" "$wanted"
	same "$name: output" "$(cat out)" "$text"
}
says() { check "says: $1" grep -qF -e "$1" err; }
folders() { find /run /tmp -maxdepth 1 -name 'naskeys-lent.*' | wc -l; }
pinned() {	# NAME: how many host keys
	rpc keychaincredential.query "[[[\"name\",\"=\",\"$1\"]],{\"get\":true}]" |
	    jq '.result.host_keys | length'
}

### The other machine

ip netns add far
ip link add near type veth peer name eth0 netns far
ip addr add 192.0.2.1/24 dev near
ip addr add 2001:db8::1/64 dev near nodad
ip link set near up
ip -n far addr add 192.0.2.2/24 dev eth0
ip -n far addr add 2001:db8::2/64 dev eth0 nodad
ip -n far link set eth0 up
ip -n far link set lo up
echo '192.0.2.2 far.example' >>/etc/hosts
useradd -m -p '*' -s /bin/bash backup2
useradd -m -p '*' -s /bin/bash other
mkdir -p /run/sshd
for k in ed25519 ecdsa rsa; do
	ssh-keygen -q -t $k -N '' -f host_$k
done
ssh-keygen -q -t ed25519 -N '' -f stranger

serve() {	# PORT OPTIONS...: an sshd there
	local n=$1
	shift
	ip netns exec far /usr/sbin/sshd -f none -p "$n" -E "$here/sshd.$n" \
	    -o PidFile="$here/pid.$n" -o StrictModes=yes -o UsePAM=no \
	    -o MaxStartups=100 -o LogLevel=VERBOSE \
	    -o Subsystem='sftp internal-sftp' "$@"
	wait_until test -s "pid.$n"
}
unserve() {
	kill "$(cat "pid.$1")"
	rm -f "pid.$1"
}
serve 22 -o HostKey="$here/host_ed25519"
serve 23 -o HostKey="$here/stranger"

check "a keypair" naskeysctl keypair generate ed --type ed25519
check "another" naskeysctl keypair generate rsa --type rsa --bits 2048
check "a third" naskeysctl keypair generate ec --type ecdsa --bits 384
for u in backup2 other; do
	mkdir -p "/home/$u/.ssh"
	for k in ed rsa ec; do
		naskeysctl keypair export $k
	done >"/home/$u/.ssh/authorized_keys"
	chown -R $u: "/home/$u"
done
known=$(pins host_ed25519.pub)
check "a connection" connect far 1 192.0.2.2 22 backup2 "$known"
check "by IPv6" connect far6 1 2001:db8::2 22 backup2 "$known"
check "by name" connect 'far away' 1 far.example 22 backup2 "$known"
check "with RSA" connect farrsa 2 192.0.2.2 22 backup2 "$known"
check "with ECDSA" connect farec 3 192.0.2.2 22 backup2 "$known"

### ssh: status, streams

for c in far far6 'far away' farrsa farec; do
	answers "ssh, $c" 0 backup2 use ssh "$c" -- id -un
done
answers "a status of its own" 7 hello use ssh far -- 'echo hello; exit 7'
answers "standard error" 3 '' use ssh far -- 'echo oops >&2; exit 3'
says oops
answers "words with options" 0 'a  -l b' use ssh far -- printf %s 'a\ \ -l\ b'
answers "a command that looks like an option" 2 '' use ssh far -- -l root
head -c 3000000 /dev/urandom >big
use ssh far -- cat <big >big.back 2>err
check "3 MB through" cmp big big.back
answers "killed there" 255 '' use ssh far -- 'kill -9 $$'
answers "no such connection" 1 '' use ssh nowhere
says "there is no connection nowhere"
answers "no name" 2 '' use ssh
answers "no program" 2 '' use exec far
answers "a program that is not there" 1 '' use exec far -- no-such-program
says "no-such-program: the program is not there"
same "no folder is left" "$(folders)" 0

### Others

echo one >one
answers "rsync there" 0 '' use rsync far -- -q one far:one.there
check "it came" cmp one /home/backup2/one.there
answers "rsync back, a name with a blank" 0 '' use rsync 'far away' -- -q \
    'far away:one.there' one.back
check "it came back" cmp one one.back
answers "rsync's status" 23 '' use rsync far -- -q far:nothing nothing
printf 'get one.there by.sftp\n' | use sftp far >/dev/null 2>&1
check "sftp" cmp one by.sftp
# shellcheck disable=SC2016
answers "scp" 0 '' use exec far -- sh -c \
    'scp -q -F "$NASKEYS_SSH_CONFIG" "$NASKEYS_SSH_NAME:one.there" by.scp'
check "it came by scp" cmp one by.scp
# shellcheck disable=SC2016
answers "by the name of its own" 0 backup2 use exec far -- sh -c \
    'ssh -F "$NASKEYS_SSH_CONFIG" far id -un'
rclone="rclone --config /dev/null --low-level-retries 1 --retries 1"
# shellcheck disable=SC2086
answers "rclone" 0 one.there use exec far --unbound -- $rclone lsf \
    naskeys:one.there
# shellcheck disable=SC2086
answers "rclone, by IPv6" 0 '' use exec far6 --unbound -- $rclone copyto \
    naskeys:one.there by.rclone
check "it came by rclone" cmp one by.rclone
# shellcheck disable=SC2086
refused "an rclone that calls no ssh does not bind the agent" \
    use exec far -- $rclone lsf naskeys:one.there
# One that does puts these words behind what it is told to call.
cat >by.ssh <<'END'
echo 'get one.there by.words' | sftp -q -b - \
    -D "$RCLONE_CONFIG_NASKEYS_SSH -s sftp" >/dev/null &&
    $RCLONE_CONFIG_NASKEYS_SSH 'cat one.there'
END
answers "as one that does" 0 one use exec far6 -- sh by.ssh
check "it came by those words" cmp one by.words
# shellcheck disable=SC2016
answers "which no other is told of" 0 '' use exec far --unbound \
    -- sh -c 'printf %s "$RCLONE_CONFIG_NASKEYS_SSH"'

dropbearkey -t ed25519 -f db.key >/dev/null 2>&1
ip netns exec far dropbear -r db.key -p 2022 -P "$here/db.pid"
check "dropbear's connection" connect db 1 192.0.2.2 2022 backup2 \
    "$(dropbearkey -y -f db.key | grep '^ssh-')"
answers "dropbear" 0 backup2 use ssh db -- id -un
answers "dropbear, rsync" 0 '' use rsync db -- -q one db:by.dropbear
check "it came to dropbear" cmp one /home/backup2/by.dropbear
kill "$(cat db.pid)"

tinysshd-makekey tiny.keys
ip netns exec far systemd-socket-activate --inetd -a -l 2023 \
    tinysshd tiny.keys >/dev/null 2>&1 &
tiny=$!
check "tinyssh's connection" connect tiny 1 192.0.2.2 2023 backup2 \
    "$(tinysshd-printkey tiny.keys | grep '^ssh-')"
check "tinyssh listens" wait_until sh -c \
    'ip netns exec far ss -Hltn "sport = :2023" | grep -q .'
answers "tinyssh" 0 backup2 use ssh tiny -- id -un
kill $tiny

### Several at once

seq 8 | xargs -P8 -I{} timeout 60 naskeysctl connection ssh far -- \
    'sleep 1; echo {}' 2>err | sort -n >many
same "eight at once" "$(tr '\n' ' ' <many)" '1 2 3 4 5 6 7 8 '
same "no folder is left by eight" "$(folders)" 0

### Signals

# begin COMMAND: run it there, and wait until it has said "ready"
begin() {
	rm -f ready
	# who started the tests may ignore signals, as a shell's & does SIGINT
	env --default-signal naskeysctl connection ssh far -- \
	    "echo ready; $1" >ready 2>err &
	ctl=$!
	check "it has begun" wait_until grep -q ready ready
	ssh=$(pgrep -P $ctl -x ssh)
	agent=$(pgrep -P $ctl -f naskeys-helper)
}
state() { cut -d' ' -f3 "/proc/$1/stat"; }
is_state() { [ "$(state "$1")" = "$2" ]; }
gone() { [ ! -e "/proc/$1" ] || is_state "$1" Z; }

for s in TERM HUP INT; do
	begin 'sleep 600'
	kill -$s $ctl
	wait $ctl 2>/dev/null
	status=$?
	case $s in
	TERM|HUP) same "$s: ssh ends by it, and we do" \
	    "$([ $status -ge 128 ] && echo yes)" yes ;;
	INT) same "INT: we end as ssh does" \
	    "$([ $status -ge 128 ] && echo yes)" yes ;;
	esac
	check "$s: ssh is gone" wait_until gone "$ssh"
	check "$s: the agent is gone" wait_until gone "$agent"
	same "$s: no folder" "$(folders)" 0
done
set -m				# who has no parent to continue it never stops
begin 'sleep 8; echo over'
set +m
kill -TSTP $ctl
check "TSTP: ssh stops" wait_until is_state "$ssh" T
check "TSTP: we stop" wait_until is_state $ctl T
kill -CONT $ctl
check "CONT: ssh goes on" wait_until grep -q over ready
wait $ctl
same "CONT: and ends" $? 0

begin 'sleep 600'
folder=$(find /run -maxdepth 1 -name 'naskeys-lent.*')
kill -9 $ctl
wait $ctl 2>/dev/null
check "KILL: the agent is gone" wait_until gone "$agent"
refused "KILL: nobody answers" env SSH_AUTH_SOCK="$folder/agent" ssh-add -l
same "KILL: a folder is left" "$(folders)" 1
same "KILL: with nothing secret in it" \
    "$(grep -rlE 'PRIVATE' "$folder" 2>/dev/null)" ''
kill "$ssh"
answers "the next one" 0 x use ssh far -- echo x
same "the next one cleans up" "$(folders)" 0

### What the agent refuses

# inside NAME STATUS SCRIPT: in an exec of far, $1 is the script
inside() {
	local name=$1 wanted=$2
	shift 2
	use exec far "$@" >out 2>err </dev/null
	same "$name" $? "$wanted"
}
# Without the configuration's agent and pins, as an enemy would.
cat >enemy <<'END'
exec ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no \
    -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
    -o PreferredAuthentications=publickey "$@"
END
inside "the same by hand" 0 -- sh enemy -p 22 backup2@192.0.2.2 true
inside "another user" 255 -- sh enemy -p 22 other@192.0.2.2 true
says "Permission denied"
inside "another host" 255 -- sh enemy -p 23 backup2@192.0.2.2 true
says "Permission denied"
inside "not bound: another user" 255 --unbound -- \
    sh enemy -p 22 other@192.0.2.2 true
inside "a signature over a file" 255 -- sh -c \
    'ssh-keygen -Y sign -n file -f "$(dirname "$SSH_AUTH_SOCK")"/key.pub one'
same "no signature was made" "$(ls one.sig 2>/dev/null)" ''
inside "to take the key out" 1 -- ssh-add -d "$here/nothing"
inside "to add one" 1 -- ssh-add -q stranger
inside "to lock it" 1 -- sh -c 'printf "x\nx\n" | SSH_ASKPASS=/bin/true \
    SSH_ASKPASS_REQUIRE=force ssh-add -x'
# A forwarded agent is of no use to the machine that it was forwarded to.
cat >hop <<'END'
ssh-add -l >/dev/null 2>&1 && echo forwarded
exec ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no \
    -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
    backup2@192.0.2.2 echo in
END
cp hop /home/backup2/hop
# shellcheck disable=SC2016
inside "a forwarded agent" 255 -- sh -c \
    'ssh -F "$NASKEYS_SSH_CONFIG" -o ForwardAgent=yes far sh hop'
same "nobody came in by it" "$(grep -c '^in$' out)" 0

# Another user of this machine, even where the socket can be reached.
cat >reach <<'END'
d=$(dirname "$SSH_AUTH_SOCK")
chmod 755 "$d" && chmod 777 "$SSH_AUTH_SOCK"
ssh-add -l >/dev/null || exit 5
setpriv --reuid other --clear-groups ssh-add -l && exit 6
exit 0
END
inside "another user's process" 0 -- sh reach

# What is taken back is taken back at once.
cat >taken <<'END'
set -e
ssh -F "$NASKEYS_SSH_CONFIG" gone true
naskeysctl keypair list >/dev/null
id=$(printf '%s\n' '{"jsonrpc":"2.0","id":1,"method":"keychaincredential.query",
"params":[[["name","=","gone"]],{"get":true}]}' | tr -d '\n' |
    /usr/libexec/naskeys/naskeys-helper | jq .result.id)
printf '{"jsonrpc":"2.0","id":1,"method":"keychaincredential.delete","params":[%s]}' \
    "$id" | /usr/libexec/naskeys/naskeys-helper >/dev/null
ssh -F "$NASKEYS_SSH_CONFIG" gone true && exit 9
exit 0
END
check "one to delete" connect gone 1 192.0.2.2 22 backup2 "$known"
answers "a deleted connection" 0 '' use exec gone -- sh taken

### Host keys

unserve 22
serve 22 -o HostKey="$here/stranger"
answers "a changed host key" 255 '' use ssh far -- id -un
says "HOST IDENTIFICATION HAS CHANGED"
same "it is not pinned" "$(pinned far)" 1
refused "rsync over it" use rsync far -- -q one far:evil
same "nothing was sent" "$(ls /home/backup2/evil 2>/dev/null)" ''

# One that the server shows and cannot prove: the agent has it not.
unserve 22
ssh-agent -a "$here/empty.agent" >agent.out
mkdir shown
cp host_ecdsa.pub shown/key.pub
serve 22 -o HostKey="$here/host_ed25519" -o HostKey="$here/shown/key.pub" \
    -o HostKeyAgent="$here/empty.agent"
# (it ends the session when it is asked to)
use ssh far -- sleep 1 >out 2>err
same "a host key that is not proven is not pinned" "$(pinned far)" 1
check "though the server has shown it" grep -q "$here/shown/key.pub\|sign" \
    sshd.22
kill "$(sed -n 's/.*SSH_AGENT_PID=\([0-9]*\).*/\1/p' agent.out)"

unserve 22
serve 22 -o HostKey="$here/host_ed25519" -o HostKey="$here/host_ecdsa"
answers "a host key that is proven" 0 backup2 use ssh far -- id -un
says "has proven a new host key, which is pinned from now on: ecdsa"
same "is pinned" "$(pinned far)" 2
check "and in the audit log" sh -c \
    'naskeysctl audit | grep -q "keychaincredential.update.*far"'
# Who takes a pinned key away does not trust what it has vouched for.
cat >distrust <<'END'
ssh -F "$NASKEYS_SSH_CONFIG" doubt true
exec naskeysctl connection edit doubt --host-key stranger.pub
END
check "one whose pins will change" connect doubt 1 192.0.2.2 22 backup2 \
    "$known"
answers "its pins change while it is used" 0 'Changed connection doubt' \
    use exec doubt -- sh distrust
says "were changed meanwhile"
same "what the old pin has proven is not pinned" "$(naskeysctl connection \
    export doubt --format known-hosts | cut -d' ' -f3)" \
    "$(pins stranger.pub | cut -d' ' -f2)"
unserve 22
serve 22 -o HostKey="$here/host_ecdsa"
answers "the new one alone" 0 backup2 use ssh far -- id -un
says "has this host key no more"
same "the old one is pinned no longer" "$(pinned far)" 1
unserve 22
serve 22 -o HostKey="$here/host_ed25519"
answers "and not taken any more" 255 '' use ssh far -- id -un
check "a slow one" connect silent 1 192.0.2.77 22 backup2 "$known" 2
answers "a time-out" 255 '' use ssh silent -- true

### An administrator, by the socket

groupadd -f naskeys-admin
useradd -m -G naskeys-admin -s /bin/bash adm1
$helper --listen /run/naskeys/helper.sock >/dev/null 2>listen.err &
listen=$!
check "the socket is there" wait_until test -S /run/naskeys/helper.sock
as_adm() { (cd / && timeout 60 setpriv --reuid adm1 --regid adm1 --init-groups "$@"); }
answers "an administrator" 0 backup2 as_adm naskeysctl connection ssh \
    far6 -- id -un
answers "somebody else" 1 '' timeout 60 setpriv --reuid other --regid other \
    --clear-groups naskeysctl connection ssh far6 -- id -un
same "no folder of theirs" "$(folders)" 0
kill $listen
wait $listen 2>/dev/null
rm -f /run/naskeys/helper.sock

### No private byte

writes=write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg
unseen=vmsplice,process_vm_writev
# traced NAME COMMAND...: what it writes is in the file trace
traced() {
	local name=$1
	shift
	answers "$name" 0 '' sh -c 'exec "$@" >whole.out' sh strace -f -yy \
	    -xx -s 70000 -o trace -e "trace=$writes,$unseen,execve" "$@"
	same "$name: nothing goes unseen" "$(grep -cE \
	    "^[0-9]+ +(${unseen//,/|})\(" trace)" 0
}
# seed KEYPAIR: it lies in front of the public half, behind its length
seed() {
	naskeysctl keypair export "$1" --private -o seed.pem &&
	    grep -v -- ----- seed.pem | base64 -d | xxd -p | tr -d '\n' |
	    sed -n 's/.*00000040\(.\{64\}\).\{64\}.*/\1/p'
	rm -f seed.pem
}
# unwritten NAME SEED: but by the child that reads the key's text, who gets
# it, and says what is in it: on a pair of sockets of theirs.
unwritten() {
	same "$1: the seed" ${#2} 64
	"$tests/leaks.pl" "$2" <trace >found
	grep -v '^sendto([0-9]*<UNIX-STREAM:\[[0-9]*->[0-9]*\]>$' found \
	    >elsewhere
	same "$1: no private byte in what is written" "$(cat elsewhere)" ''
	sed 's/.*\[\(.*\)->\(.*\)\].*/\1 \2/' found | sort -u >pairs
	check "$1: the search finds what it must" test -s pairs
	same "$1: there and back" "$(awk '{ print $2, $1 }' pairs | sort)" \
	    "$(cat pairs)"
}

# A whole life of a connection, whose key is made in it; the export of it,
# which is the exception, comes behind.
cat >whole.sh <<'END'
set -e
ctl() { naskeysctl connection "$@"; }
ctl scan 192.0.2.2 >whole.keys
cat password whole.keys | ctl add whole --host 192.0.2.2 --user whole \
    --generate-keypair own --host-key - --copy-key --password-stdin
ctl test whole --command true --sftp
ctl ssh whole -- id -un
echo 'put one two' | ctl sftp whole
ctl rsync whole -- -q one whole:three
ctl exec whole -- sh -c 'scp -q -F "$NASKEYS_SSH_CONFIG" one whole:four'
ctl list
naskeysctl keypair show own
naskeysctl audit
END
echo 'a pass word of thirty-two bytes.' >password
useradd -m -s /bin/bash whole
echo "whole:$(cat password)" | chpasswd
traced "a whole run" sh whole.sh
check "it came that far" cmp one /home/whole/four
check "the trace has ssh's own" grep -q 'execve(.*\\x73\\x73\\x68' trace
old=$(seed own)
unwritten "a whole run" "$old"
"$tests/leaks.pl" "$(tr -d '\n' <password | xxd -p -c 64)" <trace |
    sed 's/([0-9]*<\([A-Za-z-]*\):.*/ \1/' | sort -u >found
same "the password goes by pipes and sockets of this machine" \
    "$(cat found)" "sendmsg UNIX
sendmsg UNIX-STREAM
write pipe"

# Another key in its place.
traced "a rotation" naskeysctl connection rotate whole
unwritten "a rotation, the new key" "$(seed own)"
unwritten "a rotation, the old key" "$old"
answers "the new key" 0 whole use ssh whole -- id -un
same "no folder at the end" "$(folders)" 0

unserve 22
unserve 23
finish
