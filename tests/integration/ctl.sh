#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The command line, run as an administrator, as an ordinary user and as a
# script runs it, against the real helper.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
install_product
cd "$(mktemp -d)" || exit 1
chmod 755 .
ssh-keygen -q -t ed25519 -N '' -C one -f one
ssh-keygen -q -t ed25519 -N '' -C two -f two
fp1=$(ssh-keygen -lf one.pub | cut -d' ' -f2)
fp2=$(ssh-keygen -lf two.pub | cut -d' ' -f2)

# status NAME WANTED COMMAND...: the exit status, and one line on stderr if 1
status() {
	local name=$1 wanted=$2 got=0
	shift 2
	"$@" >out 2>err </dev/null || got=$?
	if [ "$got" -ne "$wanted" ]; then
		sed 's/^/  /' err
	fi
	same "$name" "$got" "$wanted"
}
says() { check "says: $1" grep -qF "$1" err; }

check "--help" naskeysctl --help
check "--version" naskeysctl --version
status "no arguments" 2 naskeysctl
status "unknown object" 2 naskeysctl nothing
status "unknown verb" 2 naskeysctl user nothing
status "unknown option" 2 naskeysctl user list --nothing
status "too few arguments" 2 naskeysctl user add
status "too many arguments" 2 naskeysctl user show a b
naskeysctl --help | awk '/^  [a-z]/ { print $1, $2 }' |
    while read -r object verb; do
	case $object in init|audit|check|sync) verb= ;; esac
	naskeysctl "$object" ${verb:+"$verb"} --help >/dev/null ||
	    echo "$object $verb"
done >without
same "every command has --help" "$(cat without)" ""

check "init" naskeysctl init
check "init prints the sshd lines" sh -c \
    'naskeysctl init | grep -q AuthorizedKeysCommandUser'
check "init --configure" naskeysctl init --configure
check "nsswitch has naskeys" grep -Eq '^passwd:.*files naskeys' \
    /etc/nsswitch.conf
for u in naskeys-akc naskeys-gateway naskeys-net; do
	check "user $u" grep -q "^$u:" /etc/passwd
done
same "keys.map" "$(stat -c '%U:%G %a' /run/naskeys/maps/keys.map)" \
    "root:naskeys-akc 640"
same "accounts.map" "$(stat -c '%U:%G %a' /run/naskeys/maps/accounts.map)" \
    "root:root 644"
same "secrets.map" "$(stat -c '%U:%G %a' /run/naskeys/maps/secrets.map)" \
    "root:root 600"
same "store" "$(stat -c '%U:%G %a' /var/lib/naskeys/naskeys.db)" \
    "root:root 600"
check "the empty revocation list is one to ssh-keygen" \
    ssh-keygen -Q -f /var/lib/naskeys/revoked.krl one.pub
ssh-keygen -q -A
check "check finds nothing wrong" naskeysctl check

# users
status "user add" 0 naskeysctl user add alice --full-name 'Alice Ü' \
    --key one.pub
status "user add twice" 1 naskeysctl user add alice
says 'The username "alice" already exists.'
same "one sentence" "$(wc -l <err)" 1
status "bad name" 1 naskeysctl user add -- -bad
status "bad name 2" 1 naskeysctl user add 'a b'
says "Valid characters are"
uid=$(naskeysctl user show alice --json | jq .uid)
status "uid in use" 1 naskeysctl user add bob --uid "$uid"
says "is already used (user alice has it)"
status "uid of the system in use" 1 naskeysctl user add bob --uid 1
says "is already used (user daemon has it)"
status "no such group" 1 naskeysctl user add bob --group nogroup
status "bad shell" 1 naskeysctl user add bob --shell /bin/nothing
says "Please select a valid shell."
status "bad expiry" 2 naskeysctl user add bob --expires yesterday
status "bad uid" 2 naskeysctl user add bob --uid 1x
check "nobody was made" sh -c '! naskeysctl user show bob 2>/dev/null'
same "full name" "$(naskeysctl user show alice --json | jq -r .full_name)" \
    'Alice Ü'
check "user show" sh -c 'naskeysctl user show alice | grep -q "^Keys  *1$"'
check "user list" sh -c 'naskeysctl user list | grep -q "^alice  "'
same "user list --json" \
    "$(naskeysctl user list --json | jq -r '.[].username' | tr '\n' ' ')" \
    "root alice "
printf 'S3cret pass!\n' | naskeysctl user add carol --password-stdin \
    --shell /bin/bash --home /home/carol --create-home >/dev/null
same "password is a yescrypt hash" \
    "$(naskeysctl user show carol --json | jq -r '.unixhash[:3]')" '$y$'
same "home was made" "$(stat -c '%U %a' /home/carol)" "carol 700"
check "skeleton is there" test -f /home/carol/.bashrc
status "home below another's folder" 1 naskeysctl user add mallory \
    --home /home/carol/mallory --create-home
check "and nothing was made" test ! -e /home/carol/mallory
printf 'Another1!\n' | check "passwd --stdin" \
    naskeysctl user passwd carol --stdin
status "edit without a change" 2 naskeysctl user edit alice
check "edit" naskeysctl user edit alice --full-name "Alice B" \
    --shell /bin/sh --email a@example.org
check "lock" naskeysctl user lock alice
check "is locked" sh -c 'naskeysctl user list | grep -q "^alice .* locked "'
check "unlock" naskeysctl user unlock alice
status "delete asks" 1 naskeysctl user delete alice
says "--force"

# keys
check "key add" naskeysctl key add alice two.pub --expires +30d
check "key list" sh -c "naskeysctl key list alice | grep -qF '$fp2'"
same "key list --json" \
    "$(naskeysctl key list alice --json | jq -r '.[].fingerprint' | xargs)" \
    "$fp1 $fp2"
check "key add from standard input" sh -c \
    'naskeysctl key add alice - <one.pub'
same "an identical key changes nothing" \
    "$(naskeysctl key list alice --json | jq length)" 2
status "private key" 1 naskeysctl key add alice one
says "private"
cut -c1-60 one.pub >cut.pub
status "cut key" 1 naskeysctl key add alice cut.pub
sed 's/^/no-such-option /' one.pub >option.pub
status "unknown option" 1 naskeysctl key add alice option.pub
printf 'ssh-dss AAAAB3NzaC1kc3MAAACBAK== x\n' >dss.pub
status "dss" 1 naskeysctl key add alice dss.pub
head -c 5000000 /dev/zero | tr '\0' A >big.pub
status "5 MB" 1 naskeysctl key add alice big.pub
printf '\377\376 x\n' >bytes.pub
status "no UTF-8" 1 naskeysctl key add alice bytes.pub
check "all lines of a file or none" sh -c \
    'cat one.pub cut.pub >mixed.pub; ! naskeysctl key add carol mixed.pub 2>/dev/null'
same "none" "$(naskeysctl key list carol --json | jq length)" 0
check "key remove" naskeysctl key remove alice "$fp2"
status "key remove again" 1 naskeysctl key remove alice "$fp2"
status "key remove of nonsense" 1 naskeysctl key remove alice nonsense
status "key set that loses lines asks" 1 naskeysctl key set alice two.pub
says "--force"
check "key set --force" naskeysctl key set alice two.pub --force
same "key set" \
    "$(naskeysctl key list alice --json | jq -r '.[].fingerprint')" "$fp2"
status "no such user" 1 naskeysctl key list nobody-here

# groups
check "group add" naskeysctl group add staff --gid 5000
status "group add twice" 1 naskeysctl group add staff
says 'A Group with the name "staff" already exists.'
check "members" naskeysctl user edit alice --groups staff
same "id sees it" "$(id -Gn alice | tr ' ' '\n' | sort | xargs)" \
    "alice naskeys-managed staff"
check "group show" sh -c 'naskeysctl group show staff | grep -q "^alice "'
check "group edit" naskeysctl group edit staff --name people
check "getent group" sh -c 'getent group people | grep -q ":5000:alice$"'
status "group of a user as primary asks" 1 naskeysctl group delete people
check "group delete" naskeysctl group delete people --force
same "and nobody is in it" "$(id -Gn alice | tr ' ' '\n' | sort | xargs)" \
    "alice naskeys-managed"

# import
jq -nc '{username: "imp1", uid: 7001, group_create: true, keys: [$k]},
    {username: "imp2", uid: 7002, group_create: true}' \
    --arg k "$(cat one.pub)" >users.json
check "user import" naskeysctl user import users.json
same "the key came along" \
    "$(naskeysctl key list imp1 --json | jq -r '.[0].fingerprint')" "$fp1"
jq -nc '{username: "imp3", group_create: true},
    {username: "imp1", group_create: true}' >bad.json
status "import of a bad line" 1 naskeysctl user import bad.json
says "line 2"
refused "changes nothing" naskeysctl user show imp3
jq -nc '{username: "imp4", group_create: true}' >stdin.json
check "import from standard input" sh -c \
    'naskeysctl user import - <stdin.json'

# the system's accounts
useradd -m -u 1500 -s /bin/bash sysuser
echo 'sysuser:pw' | chpasswd -c SHA512
groupadd -g 1600 sysgroup
gpasswd -a sysuser sysgroup >/dev/null
hash=$(getent shadow sysuser | cut -d: -f2)
check "import --from-system --dry-run" sh -c \
    'naskeysctl user import --from-system --min-uid 1500 --dry-run | grep -q "^sysuser "'
check "dry run changes nothing" grep -q '^sysuser:' /etc/passwd
status "from-system asks" 1 naskeysctl user import --from-system \
    --min-uid 1500
check "import --from-system" naskeysctl user import --from-system \
    --min-uid 1500 --force
refused "its line left /etc/passwd" grep -q '^sysuser:' /etc/passwd
refused "and /etc/shadow" grep -q '^sysuser:' /etc/shadow
same "it is ours now" "$(getent passwd sysuser | cut -d: -f3)" 1500
same "with its hash" \
    "$(naskeysctl user show sysuser --json | jq -r .unixhash)" "$hash"
check "and its groups" sh -c 'id -Gn sysuser | grep -qw sysgroup'

# audit
check "audit" sh -c 'naskeysctl audit | grep -q "Create user alice"'
check "audit --json" sh -c \
    'naskeysctl audit --json | jq -se "map(select(.object == \"alice\")) | length > 4"'
refused "no secret in it" sh -c 'naskeysctl audit --json | grep -F "\$y\$"'
check "audit --since" sh -c \
    'test "$(naskeysctl audit --since +1h --json | wc -l)" -eq 0'

# as everybody else, over the socket
/usr/libexec/naskeys/naskeys-helper --listen /run/naskeys/helper.sock \
    --protocol json --listen /run/naskeys/root/helper.sock \
    --protocol json &
helper=$!
for _ in $(seq 50); do [ -S /run/naskeys/helper.sock ] && break; sleep 0.1; done
as() { setpriv --reuid "$1" --regid "$1" --init-groups "${@:2}"; }
same "a user sees itself alone" \
    "$(as alice naskeysctl user list --json | jq -r '.[].username')" alice
check "a user adds its own key" as alice naskeysctl key add alice one.pub
refused "but not another's" as alice naskeysctl key add carol one.pub
refused "and creates nobody" as alice naskeysctl user add eve
check "an administrator does" sh -c 'naskeysctl user edit alice --admin yes'
check "at once" as alice naskeysctl user add eve
check "no more" naskeysctl user edit alice --admin no
refused "no more, at once" as alice naskeysctl user add eve2
check "root over its own socket" naskeysctl user list
kill $helper
wait $helper 2>/dev/null

# a state of one's own
mkdir -m 755 state
check "--state-dir" naskeysctl user add dora --state-dir "$PWD/state"
check "is apart" sh -c '! naskeysctl user show dora 2>/dev/null'
check "check there" naskeysctl check --state-dir "$PWD/state"
check "sync --rebuild" naskeysctl sync --rebuild
check "check" naskeysctl check
check "user delete" naskeysctl user delete alice --force
refused "she is gone" getent passwd alice
same "completion knows the objects" "$(bash -c '
	. /usr/share/bash-completion/completions/naskeysctl
	COMP_WORDS=(naskeysctl "") COMP_CWORD=1
	_naskeysctl; echo "${COMPREPLY[*]}"')" \
	"audit check group init key sync user"
finish
