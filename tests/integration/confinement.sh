#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The AppArmor profiles and the SELinux module: the distribution's tools take
# them, and no program uses a file, with the real sshd, PAM and a client beside
# it, that its profile forgets.  The kernel here enforces neither.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
here=$(cd "$(dirname "$0")" && pwd)
install_product
. "$here/lib/sshd.bash"
chmod 755 .
umask 022
folder=/etc/apparmor.d
programs=/usr/libexec/naskeys
profiles="naskeys-authorized-keys naskeys-gateway naskeys-helper naskeys-login
    naskeys-net"

# ---- the distribution's tools ----

cp "$folder/abstractions/nameservice.d/naskeys" abstraction
for p in $profiles; do
	check "$p is a profile" apparmor_parser -Q -K --skip-kernel-load \
	    "$folder/$p"
	apparmor_parser --preprocess "$folder/$p" >"$p" 2>parser.err
	check "$p has rules" grep -q "$programs/$p" "$p"
done
# Where a unit says NoNewPrivileges=yes, the kernel runs no program with another
# profile, not even when both only complain.
grep -l '^NoNewPrivileges=yes' /usr/lib/systemd/system/naskeys-*.service >alone
while read -r unit; do
	program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$unit")
	! grep -qE '^ *[^# ]+ [CPUcpu]+x,' "$folder/${program##*/}" ||
	    echo "${unit##*/}"
done <alone >kept
same "no unit keeps its program from starting others" "$(cat kept)" ""
check "there are such" grep -q gateway alone
cat >other <<'PROFILE'
include <tunables/global>
profile other /usr/bin/other { include <abstractions/nameservice> }
PROFILE
check "so is one of somebody else's" apparmor_parser -Q -K \
    --skip-kernel-load other
check "and it may read the accounts" sh -c 'apparmor_parser --preprocess other |
    grep -q "/run/naskeys/maps/accounts.map r,"'
refused "and nothing else of ours" sh -c 'apparmor_parser --preprocess other |
    grep -E "naskeys/(maps/(keys|secrets)|root|.*sock)"'

# ---- what the programs do ----

check "init --configure" naskeysctl init --configure
mkdir -m 755 /run/middleware
strace="strace -f -y -z -qq -s 4096 -e signal=none -e trace=execve,open,openat"
strace="$strace,openat2,mkdir,mkdirat,unlink,unlinkat,rmdir,rename,renameat"
strace="$strace,renameat2,link,linkat,bind,connect,flock,fcntl,clone,clone3"
strace="$strace,fork,vfork,capset"
$strace -o helper.trace $programs/naskeys-helper \
    --listen /run/naskeys/helper.sock --protocol json \
    --listen /run/naskeys/root/helper.sock --protocol json \
    --listen /run/naskeys/gateway.sock --protocol gateway \
    --listen /run/naskeys/pam.sock --protocol pam \
    --listen /run/naskeys/root/pam.sock --protocol pam \
    --listen /run/middleware/middlewared.sock --protocol middleware &
wait_until listens /run/middleware/middlewared.sock
ssh-keygen -q -t ed25519 -N '' -f key
ssh-keygen -q -t rsa -b 2048 -N '' -m PEM -f old
mkdir -p /mnt/tank
echo 'Passw0rd. of alice' >pw
check "users and groups" sh -c 'naskeysctl group add crew &&
    naskeysctl user add alice --key key.pub --home /home/alice --create-home \
	--password-stdin --admin <pw &&
    naskeysctl user add bob --home /mnt/tank/bob --create-home &&
    naskeysctl user edit bob --groups crew &&
    naskeysctl user lock bob && naskeysctl user unlock bob'
check "key files" sh -c 'naskeysctl key add bob key.pub &&
    naskeysctl key file bob home && naskeysctl key file alice central &&
    naskeysctl key file alice none'
check "keypairs" sh -c 'naskeysctl keypair generate ours &&
    naskeysctl keypair import theirs old &&
    naskeysctl keypair export ours --private >/dev/null'
useradd -m carol
check "accounts of the machine's" naskeysctl user import --from-system --force \
    --min-uid 1000
check "the service" sh -c 'naskeysctl service set tcpport=$0 &&
    naskeysctl service apply' $port
check "its word" sh -c 'naskeysctl explain alice --key key.pub >/dev/null'
start_sshd yes
same "a login" "$(login key alice)" alice
check "another machine's host keys" sh -c 'naskeysctl connection scan 127.0.0.1 \
    --port $0 >/dev/null' $port
print=$(ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f2)
check "a connection" naskeysctl connection add here --host 127.0.0.1 \
    --port $port --user alice --keypair ours --accept-host-key "$print"
naskeysctl connection test here >/dev/null 2>&1
check "revocation" naskeysctl key revoke "$(ssh-keygen -lf old | cut -d' ' -f2)"
refused "a login that sshd asks about" login old alice
stop_sshd
check "check" sh -c 'naskeysctl check >/dev/null || :'
check "an audit" sh -c 'naskeysctl audit >/dev/null'
check "sync" naskeysctl sync --rebuild
check "deletion" sh -c 'naskeysctl user delete bob --force &&
    naskeysctl group delete crew --force'

# A gateway that makes its certificate, and a login through it.
install -d -o naskeys-gateway -g naskeys-gateway -m 755 /var/lib/naskeys/gateway
$strace -o gateway.trace -u naskeys-gateway $programs/naskeys-gateway \
    --listen 127.0.0.1:8443 &
gateway=$!
accepts() { (: <"/dev/tcp/127.0.0.1/8443"); }
wait_until accepts
cat >web.py <<'PY'
import json, ssl, sys, websocket
ws = websocket.create_connection("wss://127.0.0.1:8443/api/current",
    sslopt={"cert_reqs": ssl.CERT_NONE}, timeout=60)
ws.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "auth.login",
    "params": ["alice", open("pw").read().strip()]}))
sys.exit(json.loads(ws.recv()).get("result") is not True)
PY
check "a login by the web" /usr/bin/python3 web.py
kill "$(pgrep -P $gateway)"
wait $gateway

cat >local.py <<'PY'
import json, socket, sys, websocket
s = socket.socket(socket.AF_UNIX)
s.connect("/run/middleware/middlewared.sock")
ws = websocket.create_connection("ws://localhost/api/current", socket=s)
ws.send('{"jsonrpc": "2.0", "id": 1, "method": "auth.me"}')
sys.exit(json.loads(ws.recv())["result"]["pw_name"] != "root")
PY
check "TrueNAS's client" /usr/bin/python3 local.py

# The command as sshd runs it.
$strace -o command.trace -u naskeys-akc $programs/naskeys-authorized-keys \
    alice >lines
check "the command gives her key" grep -q ssh-ed25519 lines
kill "$(pgrep -o -f "^$programs/naskeys-helper --listen")"
wait

# ---- does a profile forget any of it ----

for t in helper gateway command; do
	# shellcheck disable=SC2046
	perl "$here/lib/apparmor.pl" $t.trace \
	    $(for p in $profiles; do echo "$p=$programs/$p"; done) >$t.told
	same "what the $t uses is allowed" "$(grep -v ^used $t.told)" ""
done
# A descriptor that is handed over is looked at like a file that is opened.
echo "1 execve(\"$programs/naskeys-helper\", [], []) = 0" >handed.trace
for f in /var/backups/nas /root/nas /mnt/tank/nas /home/alice/nas; do
	echo "1 openat(AT_FDCWD</>, \"$f\", O_RDWR) = 3<$f>"
done >>handed.trace
perl "$here/lib/apparmor.pl" handed.trace \
    "naskeys-helper=$programs/naskeys-helper" >handed
same "a backup's file is allowed" "$(grep -v ^used handed)" ""
check "all were looked at" grep -q '^used naskeys-helper 4' handed
for p in $profiles; do
	check "$p was seen to use files" grep -qE "^used $p [1-9]" ./*.told
done
grep -v 'seal.key\|/naskeys/\*\*' naskeys-helper >forgetful
perl "$here/lib/apparmor.pl" helper.trace \
    "forgetful=$programs/naskeys-helper" >forgotten
check "a profile that forgets a file would be noticed" \
    grep -q "^forgetful [rw]* /var/lib/naskeys/naskeys.db$" forgotten

# ---- SELinux ----

cp /usr/share/naskeys/selinux/naskeys.* .
check "the module compiles" make -f /usr/share/selinux/devel/Makefile naskeys.pp
check "and is a package" test -s naskeys.pp
# each pattern of naskeys.fc is the beginning of something that is there
: >unmatched
find /usr/libexec/naskeys /etc/naskeys /var/lib/naskeys /run/naskeys \
    /run/middleware >files
while read -r pattern _; do
	case $pattern in
	"" | \#*) continue ;;
	esac
	grep -qxE "$pattern" files || echo "$pattern" >>unmatched
done <naskeys.fc
same "every label is of something" "$(cat unmatched)" ""
while read -r file; do
	grep -qE "^${file}[[:space:]]" naskeys.fc || echo "$file"
done < <(find $programs -type f) >unlabelled
same "every program has one" "$(cat unlabelled)" ""
perl "$here/lib/selinux.pl" naskeys_helper_t naskeys.te naskeys.fc \
    helper.trace >renamed
same "what takes a file's place has its label" "$(grep -v ^seen renamed)" ""
check "some did" grep -q '^seen [1-9]' renamed
# each domain that gives up its capabilities may
grep -lw capset ./*.trace >giving
while read -r t; do
	t=${t##*/}
	grep -q "^allow naskeys_${t%.trace}_t self:process .* setcap " \
	    naskeys.te || echo "$t"
done <giving >cannot
check "there are such" grep -q gateway.trace giving
same "each may" "$(cat cannot)" ""
finish
