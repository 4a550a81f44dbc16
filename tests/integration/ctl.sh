#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The command line, run as an administrator, as an ordinary user and as a
# script runs it, against the real helper.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
quick_jq
set -u
install_product
cd "$(mktemp -d)" || exit 1
chmod 755 .
ssh-keygen -q -t ed25519 -N '' -C one -f one
ssh-keygen -q -t ed25519 -N '' -C two -f two
fp1=$(ssh-keygen -lf one.pub | cut -d' ' -f2)
fp2=$(ssh-keygen -lf two.pub | cut -d' ' -f2)
mkdir -p /run/sshd
ssh-keygen -q -A

# ---- words and options ----
check "--help" naskeysctl --help
check "--version" naskeysctl --version
status "no arguments" 2 naskeysctl
status "unknown object" 2 naskeysctl nothing
status "unknown verb" 2 naskeysctl user nothing
says 'Try "naskeysctl user --help"'
status "no verb" 2 naskeysctl user
status "unknown option" 2 naskeysctl user list --nothing
status "an option of another program's" 2 naskeysctl connection rsync x -a y
says "stands behind --"
status "option before the command that is none" 2 naskeysctl --nothing
status "value for an option that takes none" 2 naskeysctl user list --json=1
status "no value" 2 naskeysctl user add a --uid
status "too few arguments" 2 naskeysctl user add
status "too many arguments" 2 naskeysctl user show a b
status "--help of an object" 0 naskeysctl user --help
naskeysctl --help | awk '/^  [a-z]/ { print $1, $2 }' |
    while read -r object verb; do
	case $object in init|audit|check|sync) verb= ;; esac
	naskeysctl "$object" ${verb:+"$verb"} --help >/dev/null ||
	    echo "$object $verb"
done >without
same "every command has --help" "$(cat without)" ""

# ---- init ----
status "init for root only" 1 setpriv --reuid nobody --regid nogroup \
    --clear-groups naskeysctl init
check "init" naskeysctl init
check "init prints the sshd lines" sh -c \
    'naskeysctl init | grep -q AuthorizedKeysCommandUser'
grep ^naskeys /etc/passwd /etc/group >before
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
md5sum /etc/nsswitch.conf /etc/ssh/sshd_config.d/10-naskeys.conf >sums
check "init again" naskeysctl init --configure
check "changes nothing" md5sum --quiet -c sums
same "no account twice" "$(grep ^naskeys /etc/passwd /etc/group)" \
    "$(cat before)"
check "init --json" sh -c \
    'naskeysctl init --configure --json | jq -e ".steps | length == 4"'
status "--only without --configure" 2 naskeysctl init --only sshd
status "--only with another word" 2 naskeysctl init --configure --only x
cp /etc/nsswitch.conf nsswitch.before
sed -i 's/ naskeys//' /etc/nsswitch.conf
check "init --only sshd" naskeysctl init --configure --only sshd
refused "leaves nsswitch.conf" grep -q naskeys /etc/nsswitch.conf
check "init --only nsswitch" naskeysctl init --configure --only nsswitch
check "does not" cmp /etc/nsswitch.conf nsswitch.before
check "check finds nothing wrong" naskeysctl check
check "check --json" sh -c 'naskeysctl check --json | jq -e .ok'

echo 'default_shell = /bin/nothing' >/etc/naskeys/naskeys.conf
refuses "check sees a default shell that is none" \
    "default_shell /bin/nothing is not one of /etc/shells" \
    sh -c 'naskeysctl check >&2'
echo 'authorized_keys_file = somewhere' >/etc/naskeys/naskeys.conf
refuses "and key files that nobody writes" \
    "line 1: the value must be none, home or central" naskeysctl check
rm /etc/naskeys/naskeys.conf
chmod 644 /run/naskeys/maps/secrets.map
status "and hashes that everybody reads" 1 sh -c 'naskeysctl check >&2'
says "secrets.map: wrong owner"
check "which sync mends" naskeysctl sync
chmod 666 /var/lib/naskeys/naskeys.db
refuses "and a store that others write" "naskeys.db: wrong owner or mode" \
    naskeysctl check
chmod 600 /var/lib/naskeys/naskeys.db
check "check again" naskeysctl check

# killed anywhere, it is completed by the next one
for i in $(seq 12); do
	sed -i '/^naskeys/d' /etc/passwd /etc/group /etc/shadow /etc/gshadow
	rm -rf /run/naskeys /etc/ssh/sshd_config.d/10-naskeys.conf
	sed -i 's/ naskeys//' /etc/nsswitch.conf
	sh -c "timeout -s KILL 0.$(printf %02d $((i * 4))) naskeysctl init \
	    --configure; :" >/dev/null 2>&1
	# groupadd's own lock is not ours to break
	rm -f /etc/passwd.lock /etc/group.lock /etc/shadow.lock \
	    /etc/gshadow.lock /etc/subuid.lock /etc/subgid.lock
	naskeysctl init --configure >/dev/null 2>err || cat err
	naskeysctl check || echo "after kill $i"
done >killed 2>&1
same "an init that was killed is completed" \
    "$(grep -v '^Nothing is wrong' killed)" ""

# serve: the helper on its sockets, in the background
serve() {
	/usr/libexec/naskeys/naskeys-helper \
	    --listen /run/naskeys/helper.sock --protocol json \
	    --listen /run/naskeys/root/helper.sock --protocol json &
	helper=$!
	wait_until listens /run/naskeys/helper.sock
}
unserve() {
	kill $helper
	wait $helper 2>/dev/null
}

# a helper that was there before the accounts
sed -i '/^naskeys/d' /etc/passwd /etc/group /etc/shadow /etc/gshadow
rm -rf /run/naskeys
serve
check "init where the helper serves already" naskeysctl init --configure
same "keys.map" "$(stat -c '%U:%G %a' /run/naskeys/maps/keys.map)" \
    "root:naskeys-akc 640"
check "check" naskeysctl check
unserve

# ---- sshd's configuration ----
drop_in=/etc/ssh/sshd_config.d/10-naskeys.conf
cp /etc/ssh/sshd_config sshd_config
fresh() { rm -f /etc/ssh/sshd_config.d/*; cp sshd_config /etc/ssh/; }
fresh
sed -i '/^Include/d' /etc/ssh/sshd_config
refuses "no Include" "does not include" naskeysctl init --configure
refused "so no drop-in" test -e $drop_in
printf 'Match User nobody\nInclude /etc/ssh/sshd_config.d/*.conf\n' \
    >>/etc/ssh/sshd_config
refuses "Include behind a Match" "for every connection" \
    naskeysctl init --configure
fresh
sed -i '/^Include/d' /etc/ssh/sshd_config
printf 'AuthorizedKeysCommand none\nInclude sshd_config.d/*.conf\n' \
    >>/etc/ssh/sshd_config
refuses "a late Include" "since this line says none and comes first" \
    naskeysctl init --configure
refuses "which check tells too" "none" sh -c 'naskeysctl check >&2'
fresh
sed -i '/^Include/d' /etc/ssh/sshd_config
echo 'include = "sshd_config.d/*.conf"' >>/etc/ssh/sshd_config
check "a late Include that does no harm" naskeysctl init --configure
fresh
printf 'AuthorizedKeysCommand /bin/other %%u\nAuthorizedKeysCommandUser root\n' \
    >/etc/ssh/sshd_config.d/05-other.conf
refuses "another's drop-in that wins" \
    "05-other.conf:1: sshd runs another AuthorizedKeysCommand: /bin/other %u" \
    naskeysctl init --configure
mv /etc/ssh/sshd_config.d/05-other.conf /etc/ssh/sshd_config.d/20-other.conf
status "one that loses" 0 naskeysctl init --configure
says "which sshd does not run any more: /bin/other %u"
echo 'chained_command = /bin/other' >/etc/naskeys/naskeys.conf
status "and is chained" 0 naskeysctl init --configure
same "is no news" "$(cat err)" ""
rm /etc/naskeys/naskeys.conf
fresh
check "init --configure for the list of revoked keys" \
    naskeysctl init --configure
check "the drop-in names it" grep -qx \
    "RevokedKeys /var/lib/naskeys/revoked.krl" $drop_in
sed -i '/RevokedKeys/d; /Without this file/d' $drop_in
refuses "check sees that sshd reads none" "sshd has no RevokedKeys" \
    sh -c 'naskeysctl check >&2'
check "init again" naskeysctl init --configure
check "puts it into its own drop-in" grep -q "^RevokedKeys" $drop_in
rm /var/lib/naskeys/revoked.krl
check "a missing list comes back with any command" naskeysctl user list
check "and is a list" ssh-keygen -Q -f /var/lib/naskeys/revoked.krl one.pub
echo '# nobody' >/etc/ssh/theirs
echo 'RevokedKeys /etc/ssh/theirs' >/etc/ssh/sshd_config.d/20-other.conf
status "another list" 0 naskeysctl init --configure
says "20-other.conf:1: sets RevokedKeys /etc/ssh/theirs"
refused "is not displaced" grep -q RevokedKeys $drop_in
refuses "which check tells" "sets RevokedKeys /etc/ssh/theirs" \
    sh -c 'naskeysctl check >&2'
fresh
echo '# mine' >$drop_in
refuses "a drop-in of somebody else" "was left alone" \
    naskeysctl init --configure
same "is left alone" "$(cat $drop_in)" "# mine"
fresh
echo 'NoSuchKeyword yes' >>/etc/ssh/sshd_config
status "sshd -t that fails before" 0 naskeysctl init --configure
says "NoSuchKeyword"
check "does not stop us" test -e $drop_in
fresh
sed -i 's/^Include/#&/; 1i Include /etc/ssh/sshd_config.d/*.conf' \
    /etc/ssh/sshd_config
check "and back again" naskeysctl init --configure
sed -i 's/%k %U/%k/' $drop_in
refuses "other arguments" "other arguments" sh -c 'naskeysctl check >&2'
fresh
check "init --configure at the end" naskeysctl init --configure

# ---- nsswitch.conf ----
cp /etc/nsswitch.conf nsswitch.conf
grep -v -e ^passwd: nsswitch.conf >/etc/nsswitch.conf
echo 'initgroups: files' >>/etc/nsswitch.conf
status "check sees what is missing" 1 sh -c 'naskeysctl check >&2'
says "there is no line passwd"
says "missing on the line initgroups"
check "and init mends it" naskeysctl init --configure
check "initgroups has it too" grep -q \
    '^initgroups: naskeys \[SUCCESS=continue\] files$' /etc/nsswitch.conf
groupadd -g 1700 onlyfiles
naskeysctl user add initg >/dev/null
gpasswd -a initg onlyfiles >/dev/null
same "groups of files and of ours" "$(id -Gn initg | tr ' ' '\n' | sort |
    xargs)" "initg naskeys-managed onlyfiles"
gpasswd -d initg onlyfiles >/dev/null
naskeysctl user delete initg --force >/dev/null
cp nsswitch.conf /etc/nsswitch.conf

# ---- users ----
status "user add" 0 naskeysctl user add alice --full-name 'Alice Ü' \
    --key one.pub
refuses "user add twice" 'NAME: The username "alice" already exists.' \
    naskeysctl user add alice
status "bad name" 1 naskeysctl user add -- -bad
refuses "bad name 2" "Valid characters are" naskeysctl user add 'a b'
refuses "a name that is no UTF-8" "is no UTF-8 text" \
    naskeysctl user add $'a\377'
refuses "to show it" "is no UTF-8 text" naskeysctl user show $'a\377'
refuses "a long name" "NAME: " naskeysctl user add "$(printf 'a%.0s' {1..300})"
refuses "a very long full name" "--full-name: String should have at most" \
    naskeysctl user add bob --full-name "$(head -c 100000 /dev/zero |
    tr '\0' x)"
uid=$(naskeysctl user show alice --json | jq .uid)
refuses "uid in use" "is already used (user alice has it)" \
    naskeysctl user add bob --uid "$uid"
useradd -u 1400 sysother
refuses "uid of the system in use" "is already used (user sysother has it)" \
    naskeysctl user add bob --uid 1400
refuses "uid below the minimum" "--uid: " naskeysctl user add bob --uid 1
refuses "no such group" 'there is no group "nogroup"' \
    naskeysctl user add bob --group nogroup
refuses "bad shell" "--shell: Please select a valid shell." \
    naskeysctl user add bob --shell /bin/nothing
refuses "no such key file" "No such file" \
    naskeysctl user add bob --key nothing.pub
refuses "empty key file" "is empty" naskeysctl user add bob --key /dev/null
refuses "a home that does not end in the name" "" naskeysctl user add bob \
    --home bob
status "the same with --create-home" 2 naskeysctl user add bob \
    --home /home/jim --create-home
status "bad expiry" 2 naskeysctl user add bob --expires yesterday
status "bad uid" 2 naskeysctl user add bob --uid 1x
refuses "nobody was made" 'there is no user "bob"' naskeysctl user show bob
same "full name" "$(naskeysctl user show alice --json | jq -r .full_name)" \
    'Alice Ü'
check "user show" sh -c 'naskeysctl user show alice | grep -q "^Keys  *1$"'
check "user list" sh -c 'naskeysctl user list | grep -q "^alice  "'
check "without a locale" sh -c \
    'LC_ALL=C naskeysctl user list | grep -q "Alice Ü"'
same "user list --json" \
    "$(naskeysctl user list --json | jq -r '.[].username' | xargs)" \
    "root alice"
same "global options before the command" \
    "$(naskeysctl --json user list | jq -r '.[].username' | xargs)" \
    "root alice"
printf 'S3cret pass!\n' | naskeysctl user add carol --password-stdin \
    --shell /bin/bash --home /home/carol/ --create-home >/dev/null
same "password is a yescrypt hash" \
    "$(naskeysctl user show carol --json | jq -r '.unixhash[:3]')" '$y$'
same "home" "$(naskeysctl user show carol --json | jq -r .home)" /home/carol
same "home was made" "$(stat -c '%U %a' /home/carol)" "carol 700"
check "skeleton is there" test -f /home/carol/.bashrc
(printf 'S3cret pass!\n'; cat one.pub two.pub) | naskeysctl user add dave \
    --password-stdin --key - >/dev/null
same "password and keys on standard input" \
    "$(naskeysctl key list dave --json | jq -r '.[].fingerprint' | xargs)" \
    "$fp1 $fp2"
same "and the password" "$(naskeysctl user show dave --json |
    jq -r '.unixhash[:3]')" '$y$'
check "several --key" naskeysctl user add fred --key one.pub --key two.pub
same "come all" "$(naskeysctl key list fred --json | jq length)" 2
refuses "no password" "no password on standard input" \
    naskeysctl user add gina --password-stdin
printf 'a\0b\n' >nul
refuses "NUL in a password" "has a NUL byte" sh -c \
    'naskeysctl user add gina --password-stdin <nul'
head -c 600 /dev/zero | tr '\0' x >long
refuses "password too long" "password" sh -c \
    'naskeysctl user add gina --password-stdin <long'
head -c 2000 /dev/zero | tr '\0' x >long
refuses "password much too long" "longer than" sh -c \
    'naskeysctl user add gina --password-stdin <long'
status "home below another's folder" 1 naskeysctl user add mallory \
    --home /home/carol/mallory --create-home
check "and nothing was made" test ! -e /home/carol/mallory
check "a home with a mode" naskeysctl user add hugo --create-home \
    --home-mode 750
same "has it" "$(stat -c '%U %a' /home/hugo)" "hugo 750"
check "user edit --home-mode" naskeysctl user edit hugo --home-mode 711
same "gives it" "$(stat -c %a /home/hugo)" 711
refuses "no mode" "--home-mode: Please provide a valid value" \
    naskeysctl user edit hugo --home-mode 7777
mkdir -m 755 /home/else
echo hers >/home/hugo/file
status "a new home's name" 2 naskeysctl user edit hugo --home /home/else \
    --create-home
check "user edit --home" naskeysctl user edit hugo \
    --home /home/else/hugo --create-home
same "moves it" "$(stat -c '%U %a' /home/else/hugo)" "hugo 711"
same "with its content" "$(cat /home/else/hugo/file)" hers
check "and the old one stays" test -e /home/hugo/file
echo >/home/else/hugo/roots
chmod 600 /home/else/hugo/roots
refuses "what cannot be copied" "else/hugo/roots cannot be copied to" \
    naskeysctl user edit hugo --home /home/third
refused "then nothing is made" test -e /home/third
rm -r /home/else/hugo
check "one that is missing" naskeysctl user edit hugo --create-home
same "is made again" "$(stat -c '%U %a' /home/else/hugo)" "hugo 700"
install -d -m 700 /home/else/hugo/.ssh
check "user delete" sh -c 'naskeysctl user delete hugo --force 2>deleted'
check "says what is left" grep -q "else/hugo/.ssh was not removed" deleted
check "passwd --stdin" sh -c \
    "printf 'Another1!\n' | naskeysctl user passwd carol --stdin"
refuses "passwd without a terminal" "no terminal" setsid \
    naskeysctl user passwd carol
on_tty 'naskeysctl user passwd carol' 'N3w one!' 'N3w one!' >typed 2>&1
check "passwd at a terminal" grep -q "Changed the password" typed
refused "without echo" grep -q "N3w" typed
on_tty 'naskeysctl user passwd carol' 'N3w one!' 'N3w two!' >typed 2>&1
check "two that differ" grep -q "not the same" typed
status "edit without a change" 2 naskeysctl user edit alice
check "edit" naskeysctl user edit alice --full-name "Alice B" \
    --shell /bin/sh --email a@example.org
refuses "a new name that is taken" "--name: " \
    naskeysctl user edit alice --name carol
status "yes or no" 2 naskeysctl user edit alice --admin maybe
check "lock" naskeysctl user lock alice
check "is locked" sh -c 'naskeysctl user list | grep -q "^alice .* locked "'
check "unlock" naskeysctl user unlock alice
check "expires" naskeysctl user edit alice --expires -1d
check "is expired" sh -c 'naskeysctl user list | grep -q "^alice .* expired "'
check "never" naskeysctl user edit alice --expires never
refuses "delete asks" "--force" naskeysctl user delete alice
on_tty 'naskeysctl user delete alice' n >typed 2>&1
check "no at a terminal" grep -q "nothing was changed" typed
check "she is still there" naskeysctl user show alice
on_tty 'naskeysctl user delete fred' y >typed 2>&1
check "yes at a terminal" grep -q "Deleted user fred" typed
check "an account that lives elsewhere" naskeysctl user add sysother \
    --external --key one.pub
same "is unmanaged" "$(naskeysctl user show sysother --json |
    jq -c '[.managed, .uid]')" "[false,1400]"

# ---- keys ----
check "key add" naskeysctl key add alice two.pub --expires +30d
check "key list" sh -c "naskeysctl key list alice | grep -qF '$fp2'"
same "key list --json" \
    "$(naskeysctl key list alice --json | jq -r '.[].fingerprint' | xargs)" \
    "$fp1 $fp2"
check "key add from standard input" sh -c \
    'naskeysctl key add alice - <one.pub | grep -q "stood there already"'
same "an identical key changes nothing" \
    "$(naskeysctl key list alice --json | jq length)" 2
check "--comment" naskeysctl key add carol one.pub --comment 'of the laptop'
same "is the key's" "$(naskeysctl key list carol --json |
    jq -r '.[0].comment')" 'of the laptop'
check "key remove" naskeysctl key remove carol "$fp1"
refuses "private key" "private" naskeysctl key add alice one

# What is taken, and warned of.  The key comes from a chip of ROCA's kind (its
# primes were made by that formula), and stands on a list that is made here.
cat >roca.pub <<'EOF'
ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDtZWvtwg9Z2rRURjpvuqqd/8ApXL4MhnaFabBLN7QyahwISt8RkzzrJEWtdR8iMK6Rw+uIGfASOxJV3nC9WphbRvb4EvQ+iEyP7dAZRccLp4qDUdD9XWTX7p+bopGdGiRfc7lfzoUvPdmfGBI7NiAE97wtuoTCwG1o2/bd0ddwR3eydRGKxuUfInI3Vt/AzcSxLyN2IhsDgCjTiuwzkMgq6umwjbDnG34J1229NZjTV431gDEITWIM1goKwO5BlQXB1dYR+HZ9Y4vgjUuiwnJ7PFTEyF13EY31UMnz7kL5MaoPA+6kdR9qmTpxhyyda6mCu0UJW08jjmKP4cMtT90N chip
EOF
status "a key of a ROCA chip" 0 naskeysctl key add carol roca.pub
says "warning: This key comes from a chip whose keys can be broken"
same "is one warning" "$(wc -l <err)" 1
same "also in JSON" "$(naskeysctl key add carol roca.pub --json |
    jq -r '.warnings[0]' | cut -c1-15)" "This key comes "
digits=$(ssh-keygen -lE md5 -f roca.pub | cut -d' ' -f2 | tr -d : | cut -c16-)
same "digits of a list" "${#digits}" 20
for dir in /usr/share/ssh /etc/ssh; do
	mkdir -p $dir
	printf '# compromised\n%020d\n%s\n' 0 "$digits" >$dir/blacklist.RSA-2048
	status "a key on a list in $dir" 0 naskeysctl key add carol roca.pub
	says "The private half of this key is public"
	chmod 666 $dir/blacklist.RSA-2048
	status "a list that others may write" 0 naskeysctl key add carol roca.pub
	says "cannot be used"
	rm $dir/blacklist.RSA-2048
done
ssh-keygen -q -s two -I id one.pub
mv one-cert.pub certificate.pub
status "a certificate" 0 naskeysctl key add carol certificate.pub
says "warning: This is a certificate where a plain public key belongs"
says "warning: User alice has the same key."
sed 's/^/cert-authority,principals="a,b",no-pty /' one.pub >ca.pub
status "an authority's key" 0 naskeysctl key add carol ca.pub
same "warns of other users alone" "$(grep -vc 'has the same key\.$' err)" 0
same "options as fields" "$(naskeysctl key list carol --json |
    jq -c '.[-1].parsed_options | [.cert_authority, .principals, .pty,
    .from, .restrict]')" '[true,["a","b"],false,null,false]'
same "and as they were" "$(naskeysctl key list carol --json |
    jq -r '.[-1].options')" 'cert-authority,principals="a,b",no-pty'
status "key set" 0 naskeysctl key set carol roca.pub --force
says "SHA256:mExIFJPy0HuVjytlpcJNNNdL7fgXhPgWBggR55GzuCU: This key comes"
status "user add with a weak key" 0 naskeysctl user add warned --key roca.pub
says "User carol has the same key."
status "import of a public half" 0 \
    naskeysctl keypair import weak roca.pub
says "warning: This key comes from a chip"
naskeysctl keypair delete weak --force >/dev/null
naskeysctl user delete warned --force >/dev/null
jq -nc '{username: "warned", group_create: true, keys: [$k]}' \
    --arg k "$(cat roca.pub)" >weak.json
status "import of users" 0 naskeysctl user import weak.json
says "warning: warned: SHA256:mExIFJPy0HuVjytlpcJNNNdL7fgXhPgWBggR55GzuCU: This"
naskeysctl user delete warned --force >/dev/null
check "key remove" naskeysctl key remove carol \
    SHA256:mExIFJPy0HuVjytlpcJNNNdL7fgXhPgWBggR55GzuCU

cut -c1-60 one.pub >cut.pub
refuses "cut key" "key: " naskeysctl key add alice cut.pub
sed 's/^/no-such-option /' one.pub >option.pub
refuses "unknown option" "key: " naskeysctl key add alice option.pub
printf 'ssh-dss AAAAB3NzaC1kc3MAAACBAK== x\n' >dss.pub
refuses "dss" "key: " naskeysctl key add alice dss.pub
head -c 5000000 /dev/zero | tr '\0' A >big.pub
refuses "5 MB" "key: " naskeysctl key add alice big.pub
head -c 7000000 /dev/zero | tr '\0' A >big.pub
refuses "7 MB" "larger than" naskeysctl key add alice big.pub
printf '\377\376 x\n' >bytes.pub
refuses "no UTF-8" "UTF-8" naskeysctl key add alice bytes.pub
printf 'a\0b\n' >nul.pub
refuses "NUL" "NUL" naskeysctl key add alice nul.pub
cat one.pub cut.pub >mixed.pub
status "all lines of a file or none" 1 naskeysctl key set carol mixed.pub
same "none" "$(naskeysctl key list carol --json | jq length)" 0
check "key remove" naskeysctl key remove alice "$fp2"
refuses "key remove again" "no key with the fingerprint" \
    naskeysctl key remove alice "$fp2"
refuses "key remove of nonsense" "FINGERPRINT: " \
    naskeysctl key remove alice nonsense
refuses "key set that loses lines asks" "--force" \
    naskeysctl key set alice two.pub
check "key set --force" naskeysctl key set alice two.pub --force
same "key set" \
    "$(naskeysctl key list alice --json | jq -r '.[].fingerprint')" "$fp2"
check "key set that loses none does not ask" sh -c \
    'cat two.pub one.pub | naskeysctl key set alice -'
check "key set" naskeysctl key set alice two.pub --force
refuses "no such user" "no user" naskeysctl key list nobody-here

# ---- groups ----
check "group add" naskeysctl group add nasstaff --gid 5000
refuses "group add twice" \
    'NAME: A Group with the name "nasstaff" already exists.' \
    naskeysctl group add nasstaff
refuses "a group of the system" "already exists" naskeysctl group add staff
check "members" naskeysctl user edit alice --groups nasstaff
same "id sees it" "$(id -Gn alice | tr ' ' '\n' | sort | xargs)" \
    "alice naskeys-managed nasstaff"
check "group show" sh -c 'naskeysctl group show nasstaff | grep -q "^alice "'
check "group list" sh -c 'naskeysctl group list | grep -q "^nasstaff  *5000"'
status "edit without a change" 2 naskeysctl group edit nasstaff
check "group edit" naskeysctl group edit nasstaff --name people
check "getent group" sh -c 'getent group people | grep -q ":5000:alice$"'
check "group edit --users" naskeysctl group edit people --users alice,carol
same "getent group" "$(getent group people | cut -d: -f4 | tr , '\n' |
    sort | xargs)" "alice carol"
refuses "no such member" 'there is no user "nobody-here"' \
    naskeysctl group edit people --users alice,nobody-here
check "--admin" naskeysctl user edit alice --admin yes
check "--groups" naskeysctl user edit alice --groups people
same "leaves --admin alone" \
    "$(naskeysctl user show alice --json | jq .admin)" true
refuses "the last one" 'no administrator could log in' \
    naskeysctl user edit alice --groups '' --admin no
check "both at once" naskeysctl --force user edit alice --groups '' --admin no
same "no more" "$(naskeysctl user show alice --json | jq .admin)" false
check "an administrator with groups" naskeysctl user add hugo --admin \
    --groups people
same "is both" "$(naskeysctl user show hugo --json |
    jq -c '[.admin, (.groups | length)]')" "[true,2]"
check "groups by name" sh -c 'naskeysctl user show hugo |
    grep -q "^Groups .*people"'
naskeysctl user delete hugo --force >/dev/null
refuses "group delete asks" "--force" naskeysctl group delete people
check "group delete" naskeysctl group delete people --force
same "and nobody is in it" "$(id -Gn alice | tr ' ' '\n' | sort | xargs)" \
    "alice naskeys-managed"

# ---- import ----
jq -nc '{username: "imp1", uid: 7001, group_create: true, keys: [$k]},
    {username: "imp2", uid: 7002, group_create: true,
    password_disabled: true}' --arg k "$(cat one.pub)" >users.json
check "user import" naskeysctl user import users.json
same "the key came along" \
    "$(naskeysctl key list imp1 --json | jq -r '.[0].fingerprint')" "$fp1"
jq -nc '{username: "imp3", group_create: true, password_disabled: true},
    {username: "imp1", group_create: true, password_disabled: true}' >bad.json
refuses "import of a bad line" "line 2" naskeysctl user import bad.json
refused "changes nothing" naskeysctl user show imp3
jq -nc '{username: "imp4", group_create: true, password_disabled: true}' \
    >stdin.json
check "import from standard input" sh -c \
    'naskeysctl user import - <stdin.json'
check "import from a pipe" sh -c \
    'sed s/imp4/imp5/ stdin.json | naskeysctl user import - |
    grep -q "Imported 1 users, 1 new groups and 0 keys"'
refuses "a folder" ".: Is a directory" naskeysctl user import .
refuses "no such file" "No such file" naskeysctl user import nothing.json
# as ssh gives it to a command
cat >through_socket <<'END'
socketpair(A, B, AF_UNIX, SOCK_STREAM, 0) or die;
syswrite B, "not read, so that the end is a reset" if shift;
if (!fork) { close B; while (<STDIN>) { syswrite A, $_ } exit }
close A; open STDIN, "<&B"; exec "naskeysctl", "user", "import", "-"
END
refuses "half a list from a socket that breaks" "is no JSON object" \
    sh -c 'sed s/imp/half/ users.json | sed s/700/710/ | perl -MSocket through_socket 1'
refused "changes nothing" naskeysctl user show half1
sed s/imp4/imp7/ stdin.json >seven.json
check "import from a socket" sh -c 'perl -MSocket through_socket <seven.json'
check "has them" naskeysctl user show imp7
refuses "a bad line from a socket" "line 2" \
    sh -c 'perl -MSocket through_socket <bad.json'
refuses "a device" "/dev/zero: must be a file or a pipe" \
    naskeysctl user import /dev/zero
status "both" 2 naskeysctl user import users.json --from-system
status "neither" 2 naskeysctl user import
status "--dry-run of a file" 2 naskeysctl user import users.json --dry-run

# many pages, and somebody who reads the first lines only
jq -nc 'range(10000; 12500) | {username: "many\(.)", uid: .,
    group_create: true, password_disabled: true}' >many.json
on_tty 'naskeysctl user import many.json' >typed 2>&1
check "a bar at a terminal" grep -q '%  [0-9]* of 2500' typed
check "2500 users" grep -q "Imported 2500 users" typed
same "user list, page by page" \
    "$(naskeysctl user list | grep -c '^many')" 2500
same "user list --json" "$(naskeysctl user list --json |
    jq -c '[length, (map(.id) | unique | length)] | .[0] == .[1]')" true
same "group list, page by page" \
    "$(naskeysctl group list | grep -c '^many')" 2500
naskeysctl user list 2>err | head -2 >out
same "user list | head" "$(wc -l <out) $(cat err)" "2 "
naskeysctl user list --json 2>err | head -c 10 >out
same "user list --json | head" "$(cat err)" ""
(trap '' PIPE; naskeysctl user list) 2>err | head -2 >out
same "where SIGPIPE is ignored" "$(cat err)" ""
status "a full disk" 1 sh -c 'naskeysctl user list >/dev/full'
same "has one sentence" "$(wc -l <err)" 1
check "group of many" naskeysctl group add crowd
naskeysctl group edit crowd --users "$(seq -s, -f many%.0f 10000 11500)" \
    >/dev/null
same "group show, chunk by chunk" \
    "$(naskeysctl group show crowd | grep -c '^many')" 1501

# an import that is interrupted leaves no half bar
mkfifo slow
(exec >slow; touch is_read
    sed -n 1,200p many.json | sed 's/many/slow/; s/1\(....\)/2\1/'
    wait_until test -e is_over) &
(wait_until test -e is_read; printf '\003') |
    script -qec 'naskeysctl user import slow' /dev/null >typed 2>&1
touch is_over
wait
refused "an import that is interrupted" grep -q Imported typed

# ---- the system's accounts ----
useradd -m -u 1500 -s /bin/bash -c comment sysuser
# a character that turns the direction of writing
sed -i $'/^sysuser:/s/comment/E\342\200\256vil/' /etc/passwd
echo 'sysuser:pw' | chpasswd -c SHA512
groupadd -g 1600 sysgroup
gpasswd -a sysuser sysgroup >/dev/null
hash=$(getent shadow sysuser | cut -d: -f2)
cp /etc/passwd passwd.before
check "import --from-system --dry-run" sh -c \
    'naskeysctl user import --from-system --min-uid 1500 --dry-run | grep -q "^sysuser "'
check "dry run changes nothing" cmp /etc/passwd passwd.before
check "--json shows the plan" sh -c \
    'naskeysctl user import --from-system --min-uid 1500 --dry-run --json |
    jq -e ".dry_run and (.users[0].username == \"sysuser\")"'
refuses "from-system asks" "--force" naskeysctl user import --from-system \
    --min-uid 1500
check "no line has left" cmp /etc/passwd passwd.before
same "the row is written, unmanaged" \
    "$(naskeysctl user show sysuser --json | jq .managed)" false
same "and says so" "$(naskeysctl user import --from-system --min-uid 1500 \
    2>&1 | grep -c 'can be given again')" 1
check "the user is still of files" sh -c \
    'id -Gn sysuser | grep -qvw naskeys-managed'
check "import --from-system" naskeysctl user import --from-system \
    --min-uid 1500 --force
refused "its line left /etc/passwd" grep -q '^sysuser:' /etc/passwd
check "and is in the backup" grep -q '^sysuser:' /etc/passwd.naskeys-backup
refused "and /etc/shadow" grep -q '^sysuser:' /etc/shadow
same "it is ours now" "$(getent passwd sysuser | cut -d: -f3)" 1500
same "managed" "$(naskeysctl user show sysuser --json | jq .managed)" true
same "with its hash" \
    "$(naskeysctl user show sysuser --json | jq -r .unixhash)" "$hash"
check "and its groups" sh -c 'id -Gn sysuser | grep -qw sysgroup'
for cmd in 'user list' 'user show sysuser' 'audit' 'group show sysuser' \
    'user list --json' 'audit --json'; do
	# shellcheck disable=SC2086
	refused "$cmd shows nothing raw" sh -c \
	    "naskeysctl $cmd | LC_ALL=C grep -q '$(printf '\342\200\256')'"
done
check "but what it is" sh -c \
    'naskeysctl user show sysuser | grep -qF "E\\xe2\\x80\\xaevil"'
check "nobody is left to take over" sh -c \
    'naskeysctl user import --from-system --min-uid 1500 |
    grep -q "no account to take over"'

# ---- audit ----
check "audit" sh -c 'naskeysctl audit | grep -q "Create user alice"'
check "audit --json is an array" sh -c \
    'naskeysctl audit --json | jq -e "map(select(.object == \"alice\")) | length > 4"'
refused "no secret in it" sh -c 'naskeysctl audit --json | grep -F "\$y\$"'
same "audit --since" "$(naskeysctl audit --since +1h --json)" "[]"
check "audit --since a while ago" sh -c \
    'naskeysctl audit --since -1h --json | jq -e "length > 5000"'
status "audit --since never" 2 naskeysctl audit --since never
naskeysctl audit --since -1s --follow --json >follow &
follower=$!
followed() {
	naskeysctl user lock imp1 && naskeysctl user unlock imp1 &&
	    jq -se 'map(select(.object == "imp1")) | length > 0' follow
}
check "audit --follow" wait_until followed
kill $follower
wait $follower
timeout 5 naskeysctl audit --follow 2>err | head -1 >out
same "audit --follow | head" "$(cat err)" ""

# ---- as everybody else, over the socket ----
refuses "no helper for others" "is naskeys-helper.socket started?" \
    setpriv --reuid alice --regid alice --init-groups naskeysctl user list
serve
as() { setpriv --reuid "$1" --regid "$1" --init-groups "${@:2}"; }
check "init while the acceptor runs" naskeysctl init --configure
same "a user sees itself alone" \
    "$(as alice naskeysctl user list --json | jq -r '.[].username')" alice
check "a user shows itself" as alice naskeysctl user show alice
refuses "but nobody else" "there is no user" \
    as alice naskeysctl user show carol
check "a user adds its own key" as alice naskeysctl key add alice one.pub
refuses "but not another's" "Not authorized" \
    as alice naskeysctl key add carol one.pub
refuses "and creates nobody" "Not authorized" as alice naskeysctl user add eve
refuses "nor groups" "Not authorized" as alice naskeysctl group list
printf 'N3w one!\nMine 1!\n' >passwords
check "a user sets its own password" sh -c \
    'setpriv --reuid carol --regid carol --init-groups \
    naskeysctl user passwd carol --stdin <passwords'
refuses "not with the wrong one" "current password: " sh -c \
    'setpriv --reuid carol --regid carol --init-groups \
    naskeysctl user passwd carol --stdin <passwords'
check "an administrator does" naskeysctl user edit alice --admin yes
check "at once" as alice naskeysctl user add eve
check "check by an administrator" as alice naskeysctl check
mv $drop_in drop_in.saved
status "who sees what sshd does not run" 1 as alice naskeysctl check
check "in the same words" grep -q "^sshd runs no AuthorizedKeysCommand" out
mv drop_in.saved $drop_in
check "no more" naskeysctl --force user edit alice --admin no
refused "no more, at once" as alice naskeysctl user add eve2
check "root over its own socket" naskeysctl user list
echo "request_timeout = 1" >/etc/naskeys/naskeys.conf
as alice naskeysctl key set alice one.pub --force >/dev/null
(sleep 2.5; echo y) | script -qec "setpriv --reuid alice --regid alice \
    --init-groups naskeysctl key set alice two.pub" /dev/null >typed 2>&1
check "who thinks for long before a yes is served" grep -q "Set the keys" typed
rm /etc/naskeys/naskeys.conf
check "import over the socket" sh -c \
    'sed s/imp4/imp6/ stdin.json >six.json; naskeysctl user import six.json'
unserve

# ---- a state of one's own ----
mkdir -m 755 state
check "--state-dir" naskeysctl user add dora --state-dir "$PWD/state"
check "--state-dir in front" naskeysctl --state-dir state user show dora
check "--seal-key from here" naskeysctl --state-dir state --seal-key seal.key \
    user show dora
refuses "--seal-key of no name" "--seal-key" naskeysctl --state-dir state \
    --seal-key '' user show dora
refused "is apart" naskeysctl user show dora
check "check there" naskeysctl check --state-dir "$PWD/state"
status "init there" 2 naskeysctl init --state-dir "$PWD/state"
refuses "a state that is not there" "" naskeysctl user list \
    --state-dir /nonexistent/state
check "sync --rebuild" naskeysctl sync --rebuild
check "check" naskeysctl check
check "user delete" naskeysctl user delete alice --force
refused "she is gone" getent passwd alice

# ---- completion ----
# complete WORD...: what the last one can become
complete_words() {
	# shellcheck disable=SC2016
	bash -c '
	. /usr/share/bash-completion/completions/naskeysctl
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	_naskeysctl; echo "${COMPREPLY[*]}"' bash "$@"
}
same "completion of objects" "$(complete_words naskeysctl '')" \
    "audit backup check connection explain gateway group init key keypair restore seal service sync user"
same "of verbs" "$(complete_words naskeysctl key '')" \
    "add list remove set adopt revoke file"
same "of options" "$(complete_words naskeysctl user add x --ex)" \
    "--expires --external"
same "of options of an object alone" "$(complete_words naskeysctl audit --f)" \
    "--follow --force"
same "of names" "$(complete_words naskeysctl user show car)" carol
same "of groups" "$(complete_words naskeysctl group show cro)" crowd
same "of files" "$(complete_words naskeysctl key add carol on | tr ' ' '\n' |
    sort | xargs)" "one one.pub"
naskeysctl keypair generate "for tests" >/dev/null
same "of forms" "$(complete_words naskeysctl connection export x --format \
    r)" "rclone rsync"
same "of keypairs" "$(complete_words naskeysctl connection add x --keypair \
    f)" "for\ tests"
same "of types" "$(complete_words naskeysctl connection rotate x --type e)" \
    "ed25519 ecdsa"
# shellcheck disable=SC2016
naskeysctl keypair import '$(touch ran)' one.pub >/dev/null
# shellcheck disable=SC2016
same "of a name that a shell would run" \
    "$(complete_words naskeysctl keypair show '$')" '\$\(touch\ ran\)'
refused "is not run" test -e ran
same "--help in 80 columns" "$({
    naskeysctl --help
    naskeysctl --help | awk '/^  [a-z]/ { print $1, $2 }' |
	while read -r object verb; do
	    naskeysctl "$object" ${verb:+"$verb"} --help
	done
    } | awk 'length > 79')" ""
finish
