#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Speaking to another machine: the host keys of real servers over IPv4, IPv6
# and names, and servers that do everything wrong, each of which gets its own
# sentence in time and leaves nothing behind.
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
scan() { naskeysctl connection scan "$@"; }
# What ssh-keyscan sees, as scan prints it; sorted, since both are sets.
keyscan() { ssh-keyscan -p "$2" "$1" 2>/dev/null | grep -v '^#' | sort; }
lines() { grep -v '^#' | sort; }
types() { lines | cut -d' ' -f2 | tr '\n' ' '; }
nobody_left() { ! pgrep -x naskeys-net >/dev/null &&
    ! pgrep -f naskeys-sandbox >/dev/null; }

### Host keys


mapfile -t most < <(hostkeys rsa_2048 ed25519_256 ecdsa_256)
mapfile -t all < <(hostkeys rsa_2048 ed25519_256 ecdsa_256 ecdsa_384)
check "sshd" far_sshd 2201 most "${most[@]}" "MaxStartups 200"
keyscan $far4 2201 >known
for host in $far4 $far6 far.example far4.example far6.example; do
	same "$host: as ssh-keyscan" "$(scan $host --port 2201 | lines)" \
	    "$(sed "s/^\[$far4\]/[$host]/" known)"
done
same "in the order of their types" \
    "$(scan $far4 --port 2201 | grep -v '^#' | cut -d' ' -f2 | tr '\n' ' ')" \
    "ssh-ed25519 ssh-rsa ecdsa-sha2-nistp256 "
same "with fingerprints" "$(scan $far4 --port 2201 | grep '^#' | sort)" \
    "$(for k in rsa_2048 ed25519_256 ecdsa_256; do
	ssh-keygen -lf keys/$k.pub | cut -d' ' -f2 | sed 's/^/# /'; done |
	sort)"
same "--json: the peer's text" \
    "$(scan $far4 --port 2201 --json | jq -r . | sort)" \
    "$(for k in rsa_2048 ed25519_256 ecdsa_256; do
	cut -d' ' -f1,2 keys/$k.pub; done | sort)"

check "sshd with more" far_sshd 2202 all "${all[@]}"
same "both curves" "$(scan $far4 --port 2202 | types)" \
    "ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ssh-ed25519 ssh-rsa "
check "sshd with one" far_sshd 2203 one \
    "HostKey $PWD/keys/ecdsa_521"
same "one type alone" "$(scan $far4 --port 2203 | types)" \
    "ecdsa-sha2-nistp521 "
check "sshd with little patience" far_sshd 2204 few "${most[@]}" \
    "MaxStartups 2:100:2"
same "all keys, two at a time" "$(scan $far4 --port 2204 | types)" \
    "ecdsa-sha2-nistp256 ssh-ed25519 ssh-rsa "
check "sshd with SHA-1 alone" far_sshd 2205 old "HostKey $PWD/keys/rsa_2048" \
    "HostKeyAlgorithms ssh-rsa"
same "which is refused" "$(scan $far4 --port 2205 2>&1; echo $?)" \
    "naskeysctl: connection scan: ssh-keyscan failed: $far4 port 2205: it has no host key of a type that is taken (it offers ssh-rsa)
1"
# one algorithm alone
cat >one.table <<'TABLE'
KexAlgorithms curve25519-sha256
KexAlgorithms ecdh-sha2-nistp521
KexAlgorithms diffie-hellman-group-exchange-sha256
Ciphers chacha20-poly1305@openssh.com
TABLE
[ "${LONG-no}" = no ] || cat >>one.table <<'TABLE'
KexAlgorithms curve25519-sha256@libssh.org
KexAlgorithms ecdh-sha2-nistp256
KexAlgorithms ecdh-sha2-nistp384
KexAlgorithms diffie-hellman-group14-sha256
KexAlgorithms diffie-hellman-group16-sha512
KexAlgorithms diffie-hellman-group18-sha512
Ciphers aes128-gcm@openssh.com
Ciphers aes256-gcm@openssh.com
Ciphers aes128-ctr
Ciphers aes192-ctr
Ciphers aes256-ctr
MACs hmac-sha2-256-etm@openssh.com
MACs hmac-sha2-512-etm@openssh.com
MACs hmac-sha2-256
MACs hmac-sha2-512
TABLE
# Its port is free again.
far_free() { ! far ss -Hltn "sport = :$1" | grep -q .; }
while read -r line; do
	# (a MAC is of no use to a cipher that has one)
	cipher="Ciphers aes128-ctr"
	[ "${line%% *}" != Ciphers ] || cipher=
	far_sshd 2206 alone "${all[@]}" "$cipher" "$line"
	same "$line" "$(scan $far4 --port 2206 | types)" \
	    "ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ssh-ed25519 ssh-rsa "
	kill "$(cat alone.pid)"
	wait_until far_free 2206
done <one.table

for t in ed25519 rsa ecdsa; do
	dropbearkey -t $t -f db_$t >/dev/null 2>&1
done
far dropbear -p 2210 -P "$PWD/db.pid" -r db_ed25519 -r db_rsa -r db_ecdsa
far_listens 2210
same "dropbear" "$(scan $far4 --port 2210 | lines)" "$(keyscan $far4 2210)"
same "with three keys" "$(scan $far4 --port 2210 | types | wc -w)" 3
tinysshd-makekey tiny
far systemd-socket-activate --inetd -a -l 2211 \
    "$(command -v tinysshd)" "$PWD/tiny" 2>tiny.log &
tiny=$!
far_listens 2211
same "tinyssh" "$(scan $far4 --port 2211 | lines)" "$(keyscan $far4 2211)"
kill $tiny

### What is refused

says() {	# NAME WANTED ARGUMENT...
	same "$1" "$(scan "${@:3}" 2>&1; echo $?)" \
	    "naskeysctl: connection scan: $2"
}
says "nobody listens" "ssh-keyscan failed: $far4 port 2299: connection refused: does a server listen on this port?
1" $far4 --port 2299
says "nor on any address of a name" "ssh-keyscan failed: far.example port 2299: connection refused: does a server listen on this port?
1" far.example --port 2299
says "unreachable" "ssh-keyscan failed: 10.77.0.1 port 22: cannot be reached (Network is unreachable)
1" 10.77.0.1
: >/etc/resolv.conf
same "an unknown name" "$(scan unknown.example 2>&1 | grep -c \
    'ssh-keyscan failed: unknown.example port 22: \(the name servers do not answer\|no name service knows this name\) (')" 1
for host in '' -oProxyCommand=x 'a b' 'a;b' '../x' a..b 'far%eth0' a:b 'a
b' "$(printf 'x%.0s' {1..256})"; do
	same "no host: ${host:0:20}" "$(scan --port 22 -- "$host" 2>&1 |
	    grep -c '^naskeysctl: connection scan: HOST: ')" 1
done
for port in 0 65536 -1; do
	refused "no port: $port" scan $far4 --port $port
done
refused "no time" scan $far4 --timeout 0

### A hostile server

# What there is on this side, and who is connected; and who works there.
here() {
	find /run /var/lib/naskeys /etc/naskeys ! -path '/run/netns*' | sort
	naskeysctl keypair list
	naskeysctl connection list
	ss -Htn state established
}
quiet_there() {
	[ -z "$(far ss -Htn state established)" ] &&
	    [ "$(pgrep -c sshd)" = "$1" ]
}
here >before
servers=$(pgrep -c sshd)
mkfifo hostile.in
far perl "$tests/hostile.pl" 2300 2201 <hostile.in >hostile.out &
exec 7>hostile.in
wait_until grep -q ready hostile.out
at="$far4 port"
# MODE, seconds, what is said
cat >hostile.table <<TABLE
0|6|SSH timeout: $at 2300: no end within 6 seconds: it was still waiting for its greeting
1|6|SSH timeout: $at 2301: no end within 6 seconds: it was still waiting for its greeting
2|5|ssh-keyscan failed: $at 2302: what answers on this port is no SSH server, or turns us away
3|5|ssh-keyscan failed: $at 2303: what answers on this port is no SSH server, or turns us away (Receiving banner: too large banner)
4|5|ssh-keyscan failed: $at 2304: it closed the connection while we were waiting for its greeting
5|5|ssh-keyscan failed: $at 2305: what answers on this port is no SSH server, or turns us away
6|5|ssh-keyscan failed: $at 2306: it closed the connection while we were exchanging keys
7|6|SSH timeout: $at 2307: no end within 6 seconds: it was still exchanging keys
8|5|ssh-keyscan failed: $at 2308: it does not keep to the SSH protocol
9|5|ssh-keyscan failed: $at 2309:
10|5|ssh-keyscan failed: $at 2310: it has no host key of a type that is taken
11|5|ssh-keyscan failed: $at 2311: it has no algorithm in common with us
12|5|ssh-keyscan failed: $at 2312:
13|6|SSH timeout: $at 2313: no end within 6 seconds: it was still exchanging keys
14|5|ssh-keyscan failed: $at 2314:
15|5|ssh-keyscan failed: $at 2315: it closed the connection while we were exchanging keys (Received SSH_MSG_DISCONNECT: 11:go ?[31maway?xxx
16|6|SSH timeout: $at 2316: no end within 6 seconds: it was still exchanging keys
17|5|ssh-keyscan failed: $at 2317: what answers on this port is no SSH server, or turns us away
18|5|ssh-keyscan failed: $at 2318: it closed the connection while we were exchanging keys
19|5|ssh-keyscan failed: $at 2319: it closed the connection while we were exchanging keys
20|5|ssh-keyscan failed: $at 2320: it closed the connection while we were exchanging keys
21|5|ssh-keyscan failed: $at 2321: it closed the connection while we were exchanging keys
TABLE
attack() {	# MODE SECONDS
	local begin end
	begin=$(date +%s%N)
	scan $far4 --port $((2300 + $1)) --timeout "$2" >"said.$1" 2>&1
	echo "$?" >"status.$1"
	end=$(date +%s%N)
	echo $(((end - begin) / 1000000)) >"ms.$1"
}
attacks=
while IFS='|' read -r mode seconds _; do
	attack "$mode" "$seconds" &
	attacks="$attacks $!"
done <hostile.table
# shellcheck disable=SC2086
wait $attacks
while IFS='|' read -r mode seconds want; do
	said=$(head -c 2000 "said.$mode")
	same "hostile $mode: says so" "${said:0:$((29 + ${#want}))}" \
	    "naskeysctl: connection scan: $want"
	same "hostile $mode: fails" "$(cat "status.$mode")" 1
	same "hostile $mode: one line, not too long" \
	    "$(wc -l <"said.$mode") $(($(wc -c <"said.$mode") < 500))" "1 1"
	check "hostile $mode: in time" \
	    test "$(cat "ms.$mode")" -lt $((seconds * 1000 + 9000))
done <hostile.table
check "no child is left" nobody_left
same "nothing is left here" "$(here)" "$(cat before)"
check "nobody is left there" wait_until quiet_there "$servers"

### Does a connection work?

steps() { sed 's/ *[0-9]* ms$//; s/  */ /' | tr '\n' ';'; }
all_steps="resolve ok;connect ok;greet ok;exchange ok;verify ok;login ok;"
useradd -m -s /bin/bash remote
usermod -p '*' remote
install -d -o remote -g remote -m 700 /home/remote/.ssh
for t in ed25519 rsa ecdsa; do
	naskeysctl keypair generate $t --type $t >/dev/null
	naskeysctl keypair export $t
done >/home/remote/.ssh/authorized_keys
naskeysctl keypair generate stranger >/dev/null
chown -R remote: /home/remote/.ssh
pins=$(scan $far4 --port 2201 --json | jq -r .)
check "sshd to log in" far_sshd 2221 shell "${most[@]}" \
    "Subsystem sftp internal-sftp"
check "sshd with SFTP alone" far_sshd 2222 sftp "${most[@]}" \
    "Subsystem sftp internal-sftp" "ForceCommand internal-sftp"
check "sshd with a second factor" far_sshd 2223 more "${most[@]}" \
    "AuthenticationMethods publickey,password"
for t in ed25519 rsa ecdsa; do
	check "connection by $t" connection by_$t $t $far4 2221 remote "$pins"
	same "login by $t" "$(naskeysctl connection test by_$t --sftp \
	    --command 'test "$(id -un)" = remote' | steps)" \
	    "${all_steps}command ok;sftp ok;"
done
connection by_name ed25519 far6.example 2221 remote "$pins"
same "over IPv6, by name" "$(naskeysctl connection test by_name --json |
    jq -c '[.ok,.reason,.address]')" "[true,null,\"$far6\"]"
connection by_sftp ed25519 $far4 2222 remote "$pins"
same "SFTP alone" "$(naskeysctl connection test by_sftp --sftp | steps)" \
    "${all_steps}sftp ok;"
connection dropbear ed25519 $far4 2210 remote \
    "$(scan $far4 --port 2210 --json | jq -r .)"
same "dropbear" "$(naskeysctl connection test dropbear --command true |
    steps)" "${all_steps}command ok;"

fails() {	# NAME CONNECTION STEPS REASON TEST-ARGUMENT...
	naskeysctl connection test "$2" "${@:5}" >steps.out 2>steps.err
	same "$1: exit status" $? 1
	same "$1: steps" "$(steps <steps.out)" "$3"
	same "$1: reason" "$(cat steps.err)" "naskeysctl: connection test: $4"
}
known="resolve ok;connect ok;greet ok;exchange ok;"
fails "a command that fails" by_rsa "${all_steps}command FAILED;" \
    "$far4 port 2221: the command failed (exit status 3)" --command 'exit 3'
fails "a command that is killed" by_rsa "${all_steps}command FAILED;" \
    "$far4 port 2221: the command failed (a signal ended it)" \
    --command 'kill -9 $$'
fails "a command without end" by_rsa "${all_steps}command FAILED;" \
    "$far4 port 2221: the command failed (it prints without end)" \
    --command yes
same "each command is in the audit log" "$(naskeysctl audit --json |
    jq -r '.[] | select(.action == "keychaincredential.test") | .text' |
    sort | uniq -c | sed 's/^ *//')" "1 Run a command over connection by_ecdsa, \
as remote at $far4
1 Run a command over connection by_ed25519, as remote at $far4
4 Run a command over connection by_rsa, as remote at $far4
1 Run a command over connection dropbear, as remote at $far4"
rm -f /usr/lib/sftp-server	# where dropbear looks for it
fails "no SFTP" dropbear "${all_steps}sftp FAILED;" \
    "$far4 port 2210: it offers no SFTP" --sftp
connection unknown stranger $far4 2221 remote "$pins"
fails "a key that is not accepted" unknown \
    "${known}verify ok;login FAILED;" "$far4 port 2221: it does not let the \
user in with this key: was it copied there? (it offers publickey password \
keyboard-interactive); \"naskeysctl keypair export 'stranger'\" prints what \
belongs into the user's authorized_keys there"
connection more ed25519 $far4 2223 remote "$pins"
fails "a second factor" more "${known}verify ok;login FAILED;" \
    "$far4 port 2223: it takes the key and wants something more (it offers \
password)"
shown() { ssh-keygen -lf "keys/$1.pub" | cut -d' ' -f2; }
connection changed ed25519 $far4 2203 remote "$pins"
fails "a changed host key" changed "${known}verify FAILED;" \
    "$far4 port 2203: ITS HOST KEY HAS CHANGED, or somebody else answers in \
its place (it shows ecdsa-sha2-nistp521 $(shown ecdsa_521); pinned: \
ssh-ed25519 $(shown ed25519_256), ssh-rsa $(shown rsa_2048), \
ecdsa-sha2-nistp256 $(shown ecdsa_256)); if it is known why: naskeysctl \
connection accept-host-key 'changed' $(shown ecdsa_521)"
same "of which it is told" "$(naskeysctl connection test changed --json |
    jq -c '[.ok,.host_key_changed,.host_key]')" \
    "[false,true,\"ecdsa-sha2-nistp521 $(shown ecdsa_521)\"]"
same "and where nothing was tried" "$(grep -c 'publickey' one.log)" 0
cuts="22 25 28"
[ "${LONG-no}" = no ] || cuts="22 23 24 25 26 27 28 29"
for mode in $cuts 0 1 16 30 31 34; do
	connection "mode$mode" ed25519 $far4 $((2300 + mode)) remote "$pins" 3
done
here >before
servers=$(pgrep -c sshd)
for mode in $cuts; do
	same "cut at $mode" "$(naskeysctl connection test "mode$mode" --sftp \
	    --command true 2>&1 >/dev/null | grep -cE \
	    'it closed the connection while we were (exchanging keys|logging in|running the command|trying SFTP)')" 1
done

# Silent or slow, from the beginning or in the middle; all at once.
cat >held.table <<'TABLE'
0|waiting for its greeting
1|waiting for its greeting
16|exchanging keys
30|logging in
31|running the command
34|trying SFTP
TABLE
held() {	# MODE
	local begin
	begin=$(date +%s%N)
	naskeysctl connection test "mode$1" --sftp --command true \
	    >/dev/null 2>"said.$1"
	echo $((($(date +%s%N) - begin) / 1000000)) >"ms.$1"
}
helds=
while IFS='|' read -r mode _; do
	held "$mode" &
	helds="$helds $!"
done <held.table
# shellcheck disable=SC2086
wait $helds
while IFS='|' read -r mode doing; do
	same "held at $mode" "$(cat "said.$mode")" \
	    "naskeysctl: connection test: $far4 port $((2300 + mode)): no end \
within 3 seconds: it was still $doing"
	check "held at $mode: in time" test "$(cat "ms.$mode")" -lt 12000
done <held.table
same "nothing is left here of a login" "$(here)" "$(cat before)"
check "nor there" wait_until quiet_there "$servers"

refused "a connection that is none" naskeysctl connection test nobody
same "a keypair is none" "$(rpc keychaincredential.test '[1]' |
    jq -r .error.data.error)" 22
check "no child is left" nobody_left
for f in shell sftp more; do kill "$(cat $f.pid)"; done
exec 7>&-

### Who speaks

# Whatever names an address of the other machine's belongs to a process that
# has become somebody else first, and no filter has ended one.
strace -f -qq -o trace naskeysctl connection scan $far4 --port 2202 >/dev/null
same "no system call was missing" "$(grep -c 'killed by SIGSYS' trace)" 0
same "and root speaks to nobody" "$(awk '
    / setresuid\(/ { other[$1] = 1 }
    / (connect|sendto|recvfrom)\(/ && /AF_INET/ && !other[$1]' trace)" ""
check "but the children do" grep -q 'connect(.*AF_INET' trace
for f in most all one few old; do kill "$(cat $f.pid)"; done
kill "$(cat db.pid)"
finish
