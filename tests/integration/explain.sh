#!/bin/bash
# SPDX-License-Identifier: ISC
#
# "naskeysctl explain" against a real sshd that is set up to refuse, or to
# let in, for exactly one reason: each row tries the login and asks for the
# explanation, which must say the same, and name the step that decides.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
quick_jq
set -u
install_product
check "init --configure" naskeysctl init --configure

. "$(dirname "$0")/lib/sshd.bash"
chmod 755 .
umask 022
ip addr add 10.9.8.7/32 dev lo
test_conf=/etc/ssh/sshd_config.d/00-test.conf
now_conf=

# conf LINE...: sshd runs with these, and is started again if need be
conf() {
	local text
	text=$(printf '%s\n' "$@")
	[ "$text" = "$now_conf" ] && [ -s sshd.pid ] && return
	now_conf=$text
	[ ! -s sshd.pid ] || stop_sshd
	printf '%s\n' "Port $port" "ListenAddress 127.0.0.1" \
	    "ListenAddress 10.9.8.7" "PidFile $PWD/sshd.pid" \
	    "LogLevel VERBOSE" "MaxStartups 100" "$@" >$test_conf
	/usr/sbin/sshd -E "$PWD/sshd.log" 2>>sshd.err || return
	wait_until test -s sshd.pid
}

# row NAME STEP KEY USER [ADDRESS]: STEP decides; "-": the login succeeds
rows=0
row() {
	local name=$1 step=$2 key=$3 user=$4 from=${5-127.0.0.1}
	local public=$key.pub says=no works=no got told file
	rows=$((rows + 1))
	[ ! -e "$key-cert.pub" ] || public=$key-cert.pub
	ssh -F none -p $port -i "$key" -b "$from" -o BatchMode=yes \
	    -o IdentitiesOnly=yes -o StrictHostKeyChecking=no \
	    -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
	    -o KexAlgorithms=curve25519-sha256 \
	    "$user@$from" true </dev/null >/dev/null 2>ssh.err && works=yes
	naskeysctl explain "$user" --key "$public" --from "$from" --json \
	    >explain.json 2>explain.err && says=yes
	read -r told got < <(jq -r '"\(.login) \(.step // "-")"' explain.json)
	case $works/$says/$told/$got in
	yes/yes/true/"$step" | no/no/false/"$step")
		pass "$name: $step"
		return ;;
	esac
	fail "$name: login $works, explain $says ($told), step $got, not $step"
	for file in explain.err ssh.err; do sed 's/^/    /' $file; done
	jq -r '.steps[] | "    \(.state) \(.step): \(.text)"' explain.json
	tail -5 sshd.log | sed 's/^/    sshd: /'
}

key() { ssh-keygen -q -N '' -C "$2" -t "$1" -f "$2" "${@:3}"; }
for k in db file other ca forced restricted from gone caplain wrong; do
	key ed25519 $k
done
key rsa rsa -b 3072
sign() { ssh-keygen -q -s "$1" -I "$2" "${@:3}" "$2.pub"; }
for k in good old name address none; do key ed25519 c_$k; done
sign ca c_good -n alice
sign ca c_old -n alice -V 20200101:20200102
sign ca c_name -n bob
sign ca c_address -n alice -O source-address=192.0.2.0/24
sign ca c_none
key ed25519 c_options
sign caplain c_options -n bob
key ed25519 c_principals
sign ca c_principals -n operator
line() { cat "$1.pub"; }
authority() { printf 'cert-authority%s %s\n' "$1" "$(line "$2")"; }

# alice: naskeys's, without a home; bob: the machine's own, with a file
naskeysctl user add alice --home /home/alice --key db.pub >/dev/null
add() { naskeysctl key add alice - "$@" >/dev/null 2>&1; }
{
	line rsa
	printf 'command="true" %s\n' "$(line forced)"
	printf 'restrict %s\n' "$(line restricted)"
	printf 'from="10.9.8.0/24" %s\n' "$(line from)"
	authority "" ca
} | add
line gone | add --expires 2021-01-01
useradd -m -s /bin/bash bob
useradd -m -s /bin/bash carol
usermod -p '*' bob
bob_file=/home/bob/.ssh/authorized_keys
# files LINE...: bob's file, and all modes as they should be
files() {
	rm -rf /home/bob/.ssh
	chown bob:bob /home/bob
	chmod 755 /home/bob
	mkdir -m 700 /home/bob/.ssh
	printf '%s\n' "$@" >$bob_file
	chmod 600 $bob_file
	chown -R bob:bob /home/bob/.ssh
}
files "$(line file)"

# ---- naskeys's own keys ----

conf "UsePAM yes"
row "a key in naskeys, no home" - db alice
row "a key that nobody has" no_key other alice
row "a user that nobody has" account db nobodyatall
row "a forced command" - forced alice
row "a restricted key" - restricted alice
row "an RSA key" - rsa alice
row "from= does not admit" options from alice
row "from= admits" - from alice 10.9.8.7
row "an expired key" key_expired gone alice
row "a certificate" - c_good alice
row "an expired certificate" options c_old alice
row "a certificate for somebody else" options c_name alice
row "a certificate for other addresses" options c_address alice
row "a certificate without principals" - c_none alice
row "an authority's key by itself" options ca alice
naskeysctl user lock alice >/dev/null
row "a user who is locked in naskeys" locked db alice
naskeysctl user unlock alice >/dev/null
naskeysctl user edit alice --expires 2020-01-01 >/dev/null
row "a user who has expired in naskeys" expired db alice
naskeysctl user edit alice --expires never >/dev/null
cp -p /etc/passwd passwd.saved
echo 'alice:x:950:65534:stranger:/nonexistent:/bin/sh' >>/etc/passwd
row "a stranger of the same name" uid db alice
cp -p passwd.saved /etc/passwd
cp -p /etc/nsswitch.conf nsswitch.saved
sed -i 's/ naskeys//' /etc/nsswitch.conf
row "nsswitch.conf without naskeys" account db alice
cp -p nsswitch.saved /etc/nsswitch.conf

# ---- files, with the modes that sshd wants ----

row "a key in a file" - file bob
row "a key in no file" no_key other bob
chmod o+w /home/bob
row "a home that all may write to" strict_modes file bob
chmod 775 /home/bob
row "a home that its lone group may write to" - file bob
usermod -aG bob carol
row "a home that others' group may write to" strict_modes file bob
gpasswd -d carol bob >/dev/null
files "$(line file)"
chmod o+w /home/bob/.ssh
row "a .ssh that all may write to" strict_modes file bob
files "$(line file)"
chmod o+w $bob_file
row "a file that all may write to" strict_modes file bob
files "$(line file)"
chown carol $bob_file
chmod 644 $bob_file
row "a file that is somebody else's" strict_modes file bob
files "$(line file)"
chown carol /home/bob
row "a home that is somebody else's" strict_modes file bob
files "$(line file)"
chmod 000 $bob_file
row "a file that its user may not read" authorized_keys_file file bob
files "$(line file)"
chown root:root /home/bob/.ssh
row "a .ssh that its user may not enter" authorized_keys_file file bob
files "$(line file)"
rm $bob_file
mkfifo $bob_file
row "a pipe in the file's place" authorized_keys_file file bob
rm $bob_file
row "no file" no_key file bob
mkdir $bob_file
row "a folder in the file's place" authorized_keys_file file bob
files "$(line file)"
mv $bob_file /home/bob/.ssh/keys
ln -s keys $bob_file
row "a link to a file that may be trusted" - file bob
ln -sf /etc/shadow $bob_file
row "a link to what the user may not read" authorized_keys_file file bob
files "# a comment" "" "$(line other)" "$(line file)"$'\r'
row "a file with comments and CRLF" - file bob
files "no-such-option $(line file)"
row "an option that sshd does not know" options file bob
files "expiry-time=\"20200101\" $(line file)"
row "a line that has expired" options file bob
files "from=\"192.0.2.1\" $(line file)"
row "a file's from= that does not admit" options file bob
files "from=\"192.0.2.1\" $(line file)" "$(line file)"
row "a second line with the key" - file bob
files "$(line caplain)"
row "an authority without cert-authority" options c_options bob
files "$(authority ',principals="admin"' ca)"
row "principals= that the certificate lacks" options c_principals bob
files "$(authority ',principals="admin,operator"' ca)"
row "principals= that it has" - c_principals bob
files "$(line file)"
mv /home/bob /home/away
row "a home that is away" no_key file bob
mv /home/away /home/bob
chmod o+w /home/bob
conf "UsePAM yes" "StrictModes no"
row "StrictModes no" - file bob
files "$(line file)"
conf "UsePAM yes" "AuthorizedKeysFile none"
row "AuthorizedKeysFile none" no_key file bob
mkdir -p /etc/ssh/keys
line other >/etc/ssh/keys/bob
conf "UsePAM yes" "AuthorizedKeysFile /etc/ssh/keys/%u .ssh/authorized_keys"
row "the first of two files" - other bob
row "the second of two files" - file bob
conf "UsePAM yes" "Match Group naskeys-managed" "AuthorizedKeysFile none"
mkdir -p /home/alice/.ssh
line other >/home/alice/.ssh/authorized_keys
chown -R alice: /home/alice
row "files that are off for managed users" no_key other alice
row "and not for others" - file bob
central=/var/lib/naskeys/authorized_keys
naskeysctl key file alice central >/dev/null
conf "UsePAM yes" "AuthorizedKeysCommand none" \
    "Match Group naskeys-managed" "AuthorizedKeysFile $central/%U"
row "a central file, and no command" - db alice
row "another key" no_key other alice
row "an ended key, which is not there" authorized_keys_command gone alice
row "a central file's from= that does not admit" options from alice
row "a central file's from= that admits" - from alice 10.9.8.7
chmod g+w $central/*
row "a central file that others may write" strict_modes db alice
naskeysctl sync >/dev/null
row "which sync mends" - db alice
naskeysctl key file alice none >/dev/null
row "no central file" authorized_keys_command db alice

# ---- whom sshd lets try ----

conf "UsePAM yes" "DenyUsers car* bob"
row "DenyUsers" deny_users file bob
row "DenyUsers with another name" - db alice
conf "UsePAM yes" "DenyUsers *@10.9.8.0/24"
row "DenyUsers with an address" deny_users file bob 10.9.8.7
row "DenyUsers with another address" - file bob
conf "UsePAM yes" "AllowUsers alice bob@10.9.8.7"
row "AllowUsers" - db alice
row "AllowUsers with another address" allow_users file bob
row "AllowUsers with an address" - file bob 10.9.8.7
conf "UsePAM yes" "DenyGroups bob"
row "DenyGroups" deny_groups file bob
row "DenyGroups with another group" - db alice
conf "UsePAM yes" "AllowGroups naskeys-*"
row "AllowGroups" - db alice
row "AllowGroups without the user's" allow_groups file bob
conf "UsePAM yes" "Match Address 10.9.8.0/24" "PubkeyAuthentication no"
row "Match with an address" pubkey_authentication file bob 10.9.8.7
row "Match with another address" - file bob
conf "UsePAM yes" "Match LocalPort $port User bob" "PubkeyAuthentication no"
row "Match with a port and a user" pubkey_authentication file bob
usermod -s /bin/nosuch bob 2>/dev/null
conf "UsePAM yes"
row "a shell that is not there" shell file bob
touch /bin/notexec
usermod -s /bin/notexec bob 2>/dev/null
row "a shell that is not executable" shell file bob
usermod -s /usr/sbin/nologin bob
row "the shell nologin" session file bob
usermod -s /bin/bash bob

# ---- what sshd takes of keys ----

conf "UsePAM yes" "PubkeyAuthentication no"
row "PubkeyAuthentication no" pubkey_authentication db alice
conf "UsePAM yes" "PubkeyAcceptedAlgorithms ssh-ed25519"
row "an algorithm that is not accepted" algorithm rsa alice
row "one that is" - db alice
row "a certificate's that is not" algorithm c_good alice
conf "UsePAM yes" "RequiredRSASize 4096"
row "RequiredRSASize" rsa_size rsa alice
conf "UsePAM yes" "CASignatureAlgorithms rsa-sha2-512"
row "CASignatureAlgorithms" certificate c_good alice
conf "UsePAM yes" "AuthenticationMethods publickey,password"
row "a key that is not enough" authentication_methods db alice
conf "UsePAM yes" "AuthenticationMethods password"
row "no key among the methods" authentication_methods db alice
conf "UsePAM yes" "AuthenticationMethods password,publickey publickey"
row "a key by itself among the methods" - db alice

ssh-keygen -q -k -f revoked.krl other.pub
ca_krl() { ssh-keygen -q -k -f ca.krl ca.pub; }
ca_krl
line other >revoked.txt
printf 'SSHKRL\n\0garbage' >bad.krl
conf "UsePAM yes" "RevokedKeys $PWD/nosuch"
row "RevokedKeys that is not there" revoked_keys db alice
conf "UsePAM yes" "RevokedKeys $PWD/bad.krl"
row "RevokedKeys that is damaged" revoked_keys db alice
line other | add
conf "UsePAM yes" "RevokedKeys $PWD/revoked.krl"
row "a revoked key" revoked_keys other alice
row "a key that is not revoked" - db alice
conf "UsePAM yes" "RevokedKeys $PWD/revoked.txt"
row "a key revoked in a plain list" revoked_keys other alice
row "a key that is not in it" - db alice
conf "UsePAM yes" "RevokedKeys $PWD/ca.krl"
row "a revoked authority" revoked_keys c_good alice
naskeysctl key remove alice "$(fingerprint other.pub)" >/dev/null
key ed25519 ca2
key ed25519 c_trusted
sign ca2 c_trusted -n bob
key ed25519 c_nobody
sign ca2 c_nobody
conf "UsePAM yes" "TrustedUserCAKeys $PWD/ca2.pub"
row "an authority that sshd trusts" - c_trusted bob
row "its certificate for somebody else" certificate c_trusted carol
row "its certificate without principals" certificate c_nobody bob

# ---- the command ----

program=/usr/libexec/naskeys/naskeys-authorized-keys
conf "UsePAM yes" "AuthorizedKeysCommand none"
row "no command" authorized_keys_command db alice
conf "UsePAM yes" "AuthorizedKeysCommand /bin/true %u" \
    "AuthorizedKeysCommandUser naskeys-akc"
row "another command" authorized_keys_command db alice
conf "UsePAM yes" "AuthorizedKeysCommand $program %u %t %k %U" \
    "AuthorizedKeysCommandUser nobody"
row "a command for another user" authorized_keys_command db alice
conf "UsePAM yes" "AuthorizedKeysCommand $program %t %k" \
    "AuthorizedKeysCommandUser naskeys-akc"
row "a command with other arguments" authorized_keys_command db alice
conf "UsePAM yes" "AuthorizedKeysCommand $program %u" \
    "AuthorizedKeysCommandUser naskeys-akc"
row "a command with the name alone" - db alice
conf "UsePAM yes"
chmod o+w /usr/libexec/naskeys
row "a command in a folder that all may write to" \
    authorized_keys_command db alice
chmod 755 /usr/libexec/naskeys
chown bob $program
row "a command that is not root's" authorized_keys_command db alice
chown root $program
chmod 700 $program
row "a command that only root may run" authorized_keys_command db alice
chmod 755 $program

# ---- root, PAM, the session ----

mkdir -p /root/.ssh
chmod 700 /root/.ssh
{ line file; printf 'command="true" %s\n' "$(line forced)"; } \
    >/root/.ssh/authorized_keys
conf "UsePAM yes" "PermitRootLogin no"
row "PermitRootLogin no" permit_root_login file root
conf "UsePAM yes" "PermitRootLogin prohibit-password"
row "PermitRootLogin prohibit-password" - file root
conf "UsePAM yes" "PermitRootLogin forced-commands-only"
row "PermitRootLogin forced-commands-only" permit_root_login file root
row "and a forced command" - forced root
conf "UsePAM yes" "PermitRootLogin yes"
touch /etc/nologin
row "nologin, with PAM" nologin file bob
row "nologin and root" - file root
conf "UsePAM no" "PermitRootLogin yes"
row "nologin, without PAM" nologin file bob
row "nologin and root, without PAM" - file root
rm /etc/nologin
row "neither, without PAM" - db alice
usermod -L bob
row "a locked account, without PAM" locked file bob
conf "UsePAM yes"
row "a locked account, with PAM" - file bob
usermod -U bob 2>/dev/null || usermod -p '*' bob
usermod -e 2020-01-01 bob
row "an expired account, with PAM" pam_account file bob
conf "UsePAM no"
row "an expired account, without PAM" expired file bob
usermod -e '' bob
naskeysctl user lock alice >/dev/null
row "locked in naskeys, without PAM" locked db alice
conf "UsePAM yes"
row "locked in naskeys, the key in a file" pam_account other alice
naskeysctl user unlock alice >/dev/null
row "unlocked, the key in a file" - other alice
conf "UsePAM yes" "ChrootDirectory /home/bob"
row "ChrootDirectory in a home" chroot file bob
conf "UsePAM yes" "MaxSessions 0"
row "MaxSessions 0" session file bob
conf "UsePAM yes" "NoSuchKeyword yes"
row "a configuration that sshd refuses" config file bob
conf "UsePAM yes"
row "and a good one again" - file bob

# ---- all keys, and who may ask ----

check "all keys of a user" naskeysctl explain alice
naskeysctl explain alice >all.txt
same "each of them has a line" "$(grep -c 'could log in\|could not log in' \
    all.txt)" 8
refused "a user without keys" naskeysctl explain carol
same "and its step" "$(naskeysctl explain carol --json | jq -r .step)" no_key
refused "no colour in a pipe" grep -q $'\033' all.txt
refused "an address that is none" naskeysctl explain alice --from nowhere
refused "a key that is none" naskeysctl explain alice --key /etc/passwd
/usr/libexec/naskeys/naskeys-helper --listen /run/naskeys/helper.sock &
helper=$!
wait_until listens /run/naskeys/helper.sock
as() { setpriv --reuid "$1" --regid "$1" --clear-groups "${@:2}"; }
chmod 644 ./*.pub
check "a user asks about itself" as "$(id -u alice)" \
    naskeysctl explain alice --key "$PWD/db.pub"
refused "and about nobody else" as "$(id -u alice)" \
    naskeysctl explain bob --key "$PWD/file.pub"
chmod 600 $test_conf
same "what only root may read is unknown" "$(as "$(id -u alice)" \
    naskeysctl explain alice --key "$PWD/db.pub" --json |
    jq -c '[.login, .step]')" '[null,"config"]'
kill $helper
wait $helper 2>/dev/null

# ---- what is said when a key has been added ----

chmod 644 $test_conf
key ed25519 new
naskeysctl key add alice new.pub >said
same "a script is told no more" "$(wc -l <said)" 1
naskeysctl key add alice new.pub --explain >said
same "unless it asks" "$(tail -1 said)" \
    "From 127.0.0.1: The login would succeed."
script -qec "naskeysctl key add alice new.pub" /dev/null </dev/null |
    tr -d '\r' >said
same "as is done at a terminal" "$(tail -1 said)" \
    "From 127.0.0.1: The login would succeed."
key ed25519 far
echo "from=\"192.0.2.7\",no-pty $(cat far.pub)" >far.line
check "one that cannot log in from here is added" \
    naskeysctl key add alice far.line --explain
naskeysctl key add alice far.line --explain >said
check "and why is said" grep -q '^From 127.0.0.1: The login would fail: .*from=' \
    said
check "with what to do" grep -q "^What to do: " said
same "in few lines" "$(wc -l <said)" 4
same "for programs" "$(naskeysctl --json key add alice far.line --explain |
    jq -c '[.added, .explanation.login, .explanation.step]')" \
    '[false,false,"options"]'
echo "cert-authority $(cat far.pub)" >far.line
naskeysctl key add alice far.line --explain >said
same "an authority does not log in by itself" "$(wc -l <said)" 1
cat new.pub far.pub >both
same "each of several" "$(naskeysctl key add alice both --explain |
    grep -c ^From)" 2
kill "$(cat sshd.pid)"
check "at least 40 situations" test $rows -ge 40

finish
