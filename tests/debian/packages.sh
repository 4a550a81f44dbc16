#!/bin/bash
# SPDX-License-Identifier: ISC
#
# What the packages do to a running machine, from the first installation to
# the purge: nothing that keeps its own users out.
set -u
. "$(dirname "$0")/lib/debian.bash"

drop_in=/etc/ssh/sshd_config.d/10-naskeys.conf
store=/var/lib/naskeys/naskeys.db
installed="install ok installed"
now=$(dpkg-deb -f "$(echo "$DEBS"/naskeys_*.deb)" Version)

names_us() { grep -qw naskeys /etc/nsswitch.conf; }
asks_us() { grep -q pam_naskeys /etc/pam.d/common-auth; }
# They are the same wherever they were built.
hide_where_built() {
	local deb
	for deb in "$DEBS"/*.deb; do
		dpkg-deb -x "$deb" unpacked || return
	done
	! grep -rlaF -e "$(readlink -f "$DEBS")/naskeys/" \
	    -e "${BUILD-/src/naskeys}/" unpacked
}
no_process() { ! pgrep -x naskeys-helper >/dev/null; }

# ---- on a bare machine, apt has installed them together with sshd ----

if version naskeys 2>/dev/null | grep -q " $installed\$"; then
	/etc/init.d/ssh start >/dev/null
	/etc/init.d/naskeys start >/dev/null
	works "a bare machine"
	check "nsswitch.conf names naskeys" names_us
	check "PAM asks naskeys" asks_us
	check "the drop-in is there" test -s "$drop_in"
	check "check finds nothing wrong" naskeysctl check
	check "a user" naskeysctl user add alice --key alice.pub \
	    --shell /bin/sh
	check "who logs in" login alice
	echo 'gateway_listen = 127.0.0.1:8443' >/etc/naskeys/naskeys.conf
	check "the gateway starts" /etc/init.d/naskeys-gateway start
	check "and answers" wait_until gateway_answers
	check "purge" take purge $packages
	works "a machine that is bare again"
	rm -r /var/backups/naskeys-purged
	/etc/init.d/ssh stop >/dev/null
fi

cp /etc/nsswitch.conf nsswitch.before
cat /etc/pam.d/common-* >pam.before
/etc/init.d/ssh start >/dev/null
old_packages
before=$(dpkg-deb -f "$(echo "$old"/naskeys_*.deb)" Version)
works "before"
check "no file says where it was built" hide_where_built

# ---- the first installation ----

check "installation" put "$old"/*.deb
works "installed"
same "version" "$(version naskeys)" "$before $installed"
check "nsswitch.conf names naskeys" names_us
check "PAM asks naskeys" asks_us
check "the drop-in is there" test -s "$drop_in"
check "the helper accepts" listens /run/naskeys/helper.sock
check "the gateway does not" sh -c '! pgrep -x naskeys-gateway'
check "check finds nothing wrong" naskeysctl check
check "a user" naskeysctl user add alice --key alice.pub --shell /bin/sh
check "who logs in" login alice

# ---- sshd is upgraded ----

sed -i '/^RevokedKeys/d; /^# Without this/d' "$drop_in"
dpkg-trigger --by-package=openssh-server --await /usr/sbin/sshd
dpkg --triggers-only --pending >/dev/null 2>&1
check "sshd's trigger renders the drop-in" grep -q ^RevokedKeys "$drop_in"
mv "$drop_in" kept
dpkg-trigger --by-package=openssh-server --await /usr/sbin/sshd
dpkg --triggers-only --pending >/dev/null 2>&1
check "one that was taken away stays away" test ! -e "$drop_in"

# ---- upgrade ----

# Somebody is connected, and has a helper of the version before.
(perl -e 'use strict; use IO::Socket::UNIX;
    my $s = IO::Socket::UNIX->new(Peer => "/run/naskeys/root/helper.sock")
	or die "helper.sock: $!";
    print $s qq({"jsonrpc":"2.0","id":1,"method":"user.query"}\n);
    print scalar <$s>;
    $| = 1;
    print while <$s>;' >connected 2>&1) &
wait_until test -s connected
pgrep -x naskeys-helper | sort >pids.before
check "upgrade" put "$DEBS"/*.deb
works "upgraded"
pgrep -x naskeys-helper | sort >pids.after
same "helpers of the version before that go on" \
    "$(comm -12 pids.before pids.after)" ""
same "version" "$(version naskeys)" "$now $installed"
check "an upgrade does not bring the drop-in back" test ! -e "$drop_in"
mv kept "$drop_in"
/etc/init.d/ssh reload >/dev/null
check "the helper accepts again" listens /run/naskeys/helper.sock
check "the user logs in after the upgrade" login alice
check "check finds nothing wrong" naskeysctl check

# ---- the store is not as it should be ----

was=$(sqlite3 "$store" 'PRAGMA user_version')
sqlite3 "$store" 'PRAGMA user_version = 99'
check "installation, the store is newer" put "$DEBS"/*.deb
works "newer store"
same "status" "$(version naskeys)" "$now $installed"
check "the user's keys are still published" login alice
rm -f /var/lib/naskeys/revoked.krl
check "installation, and the list of revoked keys is missing" \
    put "$DEBS"/*.deb
works "no list"
check "what names it is put aside" test ! -e "$drop_in"
rm -f "$drop_in.dpkg-old"
check "removal, the store is newer" take remove $packages
works "newer store, removed"
sqlite3 "$store" "PRAGMA user_version = $was"
check "installation after that" put "$DEBS"/*.deb
works "installed again"
check "the user is there again" login alice
mkdir away
mv /var/lib/naskeys/naskeys.db* away
check "installation, the store is missing" put "$DEBS"/*.deb
works "no store"
refused "the user is gone" login alice
check "check finds nothing wrong" naskeysctl check
/etc/init.d/naskeys stop >/dev/null
rm -f /var/lib/naskeys/naskeys.db*
mv away/* /var/lib/naskeys
/etc/init.d/naskeys start >/dev/null
check "the user is there again" login alice

# ---- removal ----

check "settings of sshd" naskeysctl service set passwordauth=yes
check "are applied" naskeysctl service apply
cp "$drop_in" settings
check "removal" take remove $packages
works "removed"
check "the drop-in is gone" sh -c "! ls $drop_in* 2>/dev/null"
check "nsswitch.conf is as before" cmp /etc/nsswitch.conf nsswitch.before
check "PAM is as before" sh -c 'cat /etc/pam.d/common-* | cmp - pam.before'
check "no process is left" no_process
check "no map is left" test ! -e /run/naskeys
check "the store stays" test -s "$store"
refused "the user logs in no more" login alice

check "installation after a removal" put "$DEBS"/*.deb
works "installed after a removal"
check "the user is there again" login alice
check "and the settings" cmp "$drop_in" settings
echo '# by hand' >>"$drop_in"
check "removal, with a drop-in that was changed by hand" \
    take remove $packages
works "removed again"
check "that is kept, out of sshd's sight" test -s "$drop_in.dpkg-old"

# ---- another command in the slot ----

echo 'AuthorizedKeysCommand /bin/true
AuthorizedKeysCommandUser nobody' >/etc/ssh/sshd_config.d/50-other.conf
rm -f "$drop_in.dpkg-old"
check "installation beside another command" put "$DEBS"/*.deb
works "another command"
check "that is left" test ! -e "$drop_in"
check "init puts ours in front" naskeysctl init --configure --only sshd
rm /etc/ssh/sshd_config.d/50-other.conf

# ---- purge ----

# sshd does not care for capitals
sed 's/^RevokedKeys/revokedkeys/' "$drop_in" \
    >/etc/ssh/sshd_config.d/11-own.conf
/etc/init.d/ssh reload >/dev/null
check "purge, while another file names the list" take purge $packages
works "purged"
check "the list stays" test -s /var/lib/naskeys/revoked.krl
rm /etc/ssh/sshd_config.d/11-own.conf
check "the store is gone" test ! -e "$store"
check "one copy is kept" test -s /var/backups/naskeys-purged/naskeys.db
same "for root alone" "$(stat -c '%U %a' /var/backups/naskeys-purged)" \
    "root 700"
check "nsswitch.conf is as before" cmp /etc/nsswitch.conf nsswitch.before
check "PAM is as before" sh -c 'cat /etc/pam.d/common-* | cmp - pam.before'
check "no script is left" sh -c '! ls /etc/rc?.d/*naskeys* 2>/dev/null'

check "installation after a purge" put "$DEBS"/*.deb
works "installed after a purge"
refused "the user is not there" login alice
# as README.Debian says
/etc/init.d/naskeys stop >/dev/null
rm /var/lib/naskeys/naskeys.db*
cp -p /var/backups/naskeys-purged/naskeys.db* /var/lib/naskeys
/etc/init.d/naskeys start >/dev/null
check "the user comes back from the copy" login alice
check "purge" take purge $packages
works "purged again"
check "no folder is left" \
    sh -c '! ls -d /var/lib/naskeys /etc/naskeys /run/naskeys 2>/dev/null'
check "each purge keeps a copy of its own" \
    test -s /var/backups/naskeys-purged.1/naskeys.db

# ---- sshd's package is configured after ours ----

# As apt may do it, when it installs both at once.
mkdir -p late/DEBIAN
cat >late/DEBIAN/control <<EOF
Package: late-sshd-config
Version: 1
Architecture: all
Maintainer: nobody <nobody@localhost>
Depends: naskeys
Description: the part of openssh-server that makes its configuration
EOF
printf '#!/bin/sh\ncp %s /etc/ssh\n' "$PWD/sshd_config" >late/DEBIAN/postinst
chmod 755 late/DEBIAN/postinst
dpkg-deb --root-owner-group -b late . >/dev/null
mv /etc/ssh/sshd_config .
check "installation before sshd is configured" \
    dpkg -i "$DEBS"/*.deb ./late-sshd-config*.deb
check "the drop-in is there" test -s "$drop_in"
check "sshd takes it" /usr/sbin/sshd -t
works "installed before sshd is configured"
check "a user" naskeysctl user add alice --key alice.pub --shell /bin/sh
check "who logs in" login alice
check "purge" take purge late-sshd-config $packages
works "purged once more"
check "a copy is kept" test -s /var/backups/naskeys-purged.2/naskeys.db

# ---- a store on a file system of its own ----

mkdir /var/lib/naskeys
mount -t tmpfs -o mode=755 tmpfs /var/lib/naskeys
check "installation on a file system" put "$DEBS"/*.deb
check "purge of it" take purge $packages
same "it is empty" "$(ls -A /var/lib/naskeys)" ""
check "and so is /etc" test ! -e /etc/naskeys
check "a copy is kept" test -s /var/backups/naskeys-purged.3/naskeys.db
check "installation once more" put "$DEBS"/*.deb
check "something is sealed" naskeysctl keypair generate one
/etc/init.d/naskeys stop >/dev/null
umount /var/lib/naskeys
check "purge, while it is not mounted" take purge $packages
check "what opens it is kept" test -s /var/backups/naskeys-purged.4/seal.key
finish
