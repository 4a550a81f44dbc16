#!/bin/bash
# SPDX-License-Identifier: ISC
#
# "naskeysctl check" finds what on the machine keeps naskeys from working, with
# a code for programs and one sentence for people: each row puts one thing in
# the way, the real one where there is one, and takes it away again.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
install_product
cd "$(mktemp -d)" || exit 1
ssh-keygen -q -A
check "init --configure" naskeysctl init --configure
check "users" sh -c 'naskeysctl group add crew &&
    naskeysctl user add alice --groups crew && naskeysctl user add bob'
check "nothing is wrong here" naskeysctl check

# found true|false: the codes of faults, or of what is none
found() {
	naskeysctl check --json >answer.json 2>check.err
	jq -r ".machine[] | select(.fault == $1) | .code" answer.json
}
# row NAME CODE TEXT: there are faults with this code alone, the sentence of
# one has the text, and they stand among all faults
row() {
	found true | sort -u >codes
	if [ "$(cat codes)" = "$2" ] && jq -e --arg text "$3" '.ok == false and
	    (.faults as $all | [.machine[] | select(.fault).text] |
	    all(IN($all[]))) and
	    ([.machine[].text | contains($text)] | any)' answer.json >/dev/null
	then
		pass "$1: $2: $3"
	else
		fail "$1: not only $2, or without \"$3\":"
		cat codes answer.json check.err
	fi
}
clean() { check "$1" naskeysctl check; }

# ---- nsswitch.conf ----
nss=/etc/nsswitch.conf
cp $nss nss.saved
nsswitch() { sed "$1" nss.saved >$nss; }
nsswitch '/^passwd:/s/ naskeys//'
row "no naskeys for passwd" nsswitch_missing "$nss:$(
    grep -n ^passwd: $nss | cut -d: -f1): naskeys is missing"
nsswitch '/^shadow:/d'
row "no line shadow" nsswitch_missing "there is no line shadow"
nsswitch 's/^group:.*/group: naskeys files/'
row "naskeys before files" nsswitch_order "write it behind files"
nsswitch 's/^passwd:.*/passwd: files [NOTFOUND=return] naskeys/'
row "never asked" nsswitch_order "before its [NOTFOUND=return]"
same "what is found is a failure" \
    "$(naskeysctl check --json >/dev/null; echo $?)" 1
check "and said in one line" sh -c 'naskeysctl check |
    grep -c "^/etc/nsswitch.conf:" | grep -qx 1'
getent passwd alice && fail "getent finds alice all the same"
nsswitch '$ainitgroups: files'
row "initgroups without naskeys" nsswitch_initgroups "line initgroups"
same "id does not know her groups" "$(id -nG alice)" alice
nsswitch '$ainitgroups: files naskeys'
row "initgroups that does not come to it" nsswitch_initgroups "in front"
nsswitch '$ainitgroups: naskeys files'
row "initgroups that ends with it" nsswitch_initgroups "SUCCESS=continue"
nsswitch '$ainitgroups: naskeys [SUCCESS=continue] files'
clean "initgroups as it should be"
check "id knows them" sh -c 'id -nG alice | grep -qw crew'
cp nss.saved $nss

# ---- nscd ----
mkdir -p /run/nscd
nscd
wait_until listens /var/run/nscd/socket
clean "nscd is no fault"
same "but is told of" "$(found false)" nscd
check "in words" sh -c 'naskeysctl check | grep -q "^Note: nscd runs"'
sed -i 's/\(positive-time-to-live[[:blank:]]*group\).*/\1 86400/' \
    /etc/nscd.conf
row "nscd keeps too long" nscd_long "keeps an entry of group for 86400 s"
nscd --shutdown
has_gone() { ! listens /var/run/nscd/socket; }
wait_until has_gone
same "one that has ended" "$(found false)" ""

# ---- sshd ----
other=/etc/ssh/sshd_config.d/05-other.conf
drop_in=/etc/ssh/sshd_config.d/10-naskeys.conf
conf() { printf '%s\n' "$@" >$other; }
conf '# theirs' 'AuthorizedKeysCommand /bin/true %u' \
    'AuthorizedKeysCommandUser nobody'
row "another AuthorizedKeysCommand" command "$other:2: sshd runs another"
conf 'RevokedKeys /etc/ssh/none.krl'
same "another list, which is not there" "$(found true | tr '\n' ' ')" \
    "revoked_keys sshd_files "
conf 'TrustedUserCAKeys /etc/ssh/ca.pub'
row "a file that is not there" sshd_files "trustedusercakeys names /etc/ssh/ca"
conf 'NoSuchKeyword yes'
row "sshd takes nothing" sshd_config "NoSuchKeyword"
rm $other
chmod g+w /usr/libexec/naskeys
row "a program that sshd does not run" program "not writable by others"
chmod g-w /usr/libexec/naskeys
cp $drop_in drop_in.saved
sed -i '/RevokedKeys/d' $drop_in
row "no list" revoked_keys "sshd has no RevokedKeys"
cp drop_in.saved $drop_in
check "a central file" naskeysctl key file bob central
row "that sshd does not read" central_files "user bob has a key file"
rm $drop_in
check "which init changes" naskeysctl init --configure --key-files central
clean "now it reads it"
rm $drop_in
check "and back" sh -c 'naskeysctl key file bob none &&
    naskeysctl init --configure'

# ---- an old one: the real one, which calls itself otherwise ----
for release in 6.1p1:6.2 6.8:6.9 7.7p2:7.8 8.1p1:8.2; do
	cat >/usr/local/sbin/oldsshd <<-SH
	#!/bin/sh
	[ "\$1" != -V ] || { echo "OpenSSH_${release%:*}, x" >&2; exit 0; }
	exec /usr/sbin/sshd "\$@"
	SH
	chmod 755 /usr/local/sbin/oldsshd
	echo 'sshd = /usr/local/sbin/oldsshd' >/etc/naskeys/naskeys.conf
	row "OpenSSH ${release%:*}" sshd_old "(since ${release#*:})"
done
sed -i 's/8\.1p1/8.2p1/' /usr/local/sbin/oldsshd
clean "OpenSSH 8.2 will do"
rm /etc/naskeys/naskeys.conf

# ---- foreign Match blocks, by the word of the real sshd ----
block() { conf "Match $1" "    $2"; }
block "User alice" "AuthorizedKeysFile /etc/keys"
row "a user's files" match "$other:2: in \"Match User alice\", changes Aut"
block "Group crew" "AuthorizedKeysCommand none"
row "a group's command" match "AuthorizedKeysCommand for user alice"
block "Group crew User bob" "AuthorizedKeysCommand none"
clean "nobody is both"
block "Address 192.0.2.0/24" "AllowUsers operator"
row "an address's users" match "AllowUsers for user"
block "LocalPort 2200 User b*" "PubkeyAuthentication no"
row "a port's" match "PubkeyAuthentication for user bob"
block "Address 10.*" "PermitRootLogin yes"
row "root's" match "PermitRootLogin for user root"
block "User carol" "PermitRootLogin yes"
clean "one that is not about root"
block "User nobodyelse" "AuthorizedKeysFile none"
clean "another user's"
block "Group sudo" "AuthorizedKeysFile none"
clean "a group that none of ours is in"
block "User alice" "X11Forwarding no"
clean "what is not ours to know"
block "User alice" "AuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys2"
clean "what changes nothing"
conf "Match User alice" "AuthorizedKeysFile /a" "Match User bob" \
    "AuthorizedKeysFile /b"
row "two blocks" match 'alice to "/a"'
same "each is told of once" "$(found true | wc -l)" 2
rm $other
cat >>/etc/ssh/sshd_config <<'CONF'
Match Group naskeys-managed
	DenyUsers bob
CONF
row "in sshd_config" match "/etc/ssh/sshd_config:$(
    grep -n 'DenyUsers bob' /etc/ssh/sshd_config | cut -d: -f1): "
sed -i '/^Match Group/,$d' /etc/ssh/sshd_config
clean "sshd_config as it was"

# ---- PAM ----
pam-auth-update --package --remove naskeys
row "no PAM profile" pam "pam-auth-update --enable naskeys"
conf 'UsePAM no'
clean "which sshd does not need without PAM"
rm $other
check "init puts it there" naskeysctl init --configure
clean "PAM again"

# ---- what the kernel enforces; it does not here, so its files are ours ----
mount -t tmpfs tmpfs /sys
mkdir -p /sys/module/apparmor/parameters /sys/kernel/security/apparmor \
    /sys/fs/selinux /etc/apparmor.d/local
apparmor() { printf '%s\n' "$@" >/sys/kernel/security/apparmor/profiles; }
echo Y >/sys/module/apparmor/parameters/enabled
apparmor
clean "AppArmor that confines nobody"
same "has no profile of ours" "$(found false)" apparmor_profile
apparmor 'naskeys-helper (enforce)'
same "or has" "$(found false)" ""
apparmor 'naskeys-helper (enforce)' 'lsb_release (enforce)'
abstraction=/etc/apparmor.d/abstractions/nameservice.d/naskeys
rm -f $abstraction
row "confined services" apparmor_nameservice "$abstraction is missing"
mkdir -p ${abstraction%/*}
touch $abstraction
clean "with the abstraction"
apparmor 'naskeys-helper (complain)' '/usr/sbin/sshd (enforce)'
row "a confined sshd" apparmor_sshd "/etc/apparmor.d/local/usr.sbin.sshd"
echo '/usr/libexec/naskeys/naskeys-authorized-keys PUx,' \
    >/etc/apparmor.d/local/usr.sbin.sshd
clean "with the line that it says"
apparmor 'naskeys-helper (enforce)' '/usr/sbin/sshd (complain)'
rm /etc/apparmor.d/local/usr.sbin.sshd
clean "one that only complains"
echo N >/sys/module/apparmor/parameters/enabled
echo 1 >/sys/fs/selinux/enforce
row "SELinux without our module" selinux_module "semodule -i naskeys.pp"
mkdir -p /var/lib/selinux/default/active/modules/400/naskeys
clean "with it"
rmdir /var/lib/selinux/default/active/modules/400/naskeys
echo 0 >/sys/fs/selinux/enforce
clean "one that is permissive"
umount /sys

# ---- no machine of our own, no word about this one ----
mkdir state
same "with a state folder" "$(naskeysctl --state-dir "$PWD/state" check --json |
    jq -c '[.ok, .machine]')" '[true,[]]'
finish
