#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The real thing: OpenSSH's sshd asks naskeys-authorized-keys, glibc asks
# libnss_naskeys, and what the administrator does acts on the next login.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
install_product
check "init --configure" naskeysctl init --configure
check "init again changes nothing" naskeysctl init --configure

. "$(dirname "$0")/lib/sshd.bash"

for t in ed25519 rsa ecdsa; do ssh-keygen -q -t $t -N '' -C "$t key" -f k_$t; done
ssh-keygen -q -t ed25519 -N '' -C ca -f ca
ssh-keygen -q -t ed25519 -N '' -C certified -f k_cert
ssh-keygen -q -s ca -I id1 -n alice k_cert.pub

for pam in no yes; do
	start_sshd $pam
	check "user add ($pam)" naskeysctl user add alice \
	    --home /mnt/gone/alice --key k_ed25519.pub --key k_rsa.pub \
	    --key k_ecdsa.pub
	for t in ed25519 rsa ecdsa; do
		same "login by $t, no home (UsePAM $pam)" \
		    "$(login k_$t alice)" alice
	done
	refused "no home is made (UsePAM $pam)" test -e /mnt/gone
	refused "no passwd line (UsePAM $pam)" grep -q '^alice:' /etc/passwd
	refused "login by an unknown key (UsePAM $pam)" login k_cert alice
	printf 'cert-authority,principals="alice" %s\n' "$(cat ca.pub)" >ca.line
	check "key add of an authority (UsePAM $pam)" \
	    naskeysctl key add alice ca.line
	same "login by certificate (UsePAM $pam)" \
	    "$(login k_cert alice)" alice
	printf 'command="echo forced" %s\n' "$(cat k_rsa.pub)" >forced.line
	check "remove before options (UsePAM $pam)" naskeysctl key remove \
	    alice "$(ssh-keygen -lf k_rsa.pub | cut -d' ' -f2)"
	refused "removed key is refused at once (UsePAM $pam)" \
	    login k_rsa alice
	check "key add with options (UsePAM $pam)" \
	    naskeysctl key add alice forced.line
	same "options are part of the key (UsePAM $pam)" \
	    "$(login k_rsa alice)" forced

	check "user lock (UsePAM $pam)" naskeysctl user lock alice
	refused "locked user is refused (UsePAM $pam)" login k_ed25519 alice
	check "user unlock (UsePAM $pam)" naskeysctl user unlock alice
	same "unlocked user logs in (UsePAM $pam)" \
	    "$(login k_ed25519 alice)" alice
	check "expire (UsePAM $pam)" naskeysctl user edit alice \
	    --expires 2020-01-01
	refused "expired user is refused (UsePAM $pam)" \
	    login k_ed25519 alice
	check "expire never (UsePAM $pam)" naskeysctl user edit alice \
	    --expires never
	same "user logs in again (UsePAM $pam)" \
	    "$(login k_ed25519 alice)" alice
	check "rename (UsePAM $pam)" naskeysctl user edit alice --name alicia
	refused "old name is refused (UsePAM $pam)" login k_ed25519 alice
	same "new name logs in (UsePAM $pam)" \
	    "$(login k_ed25519 alicia)" alicia
	check "rename back (UsePAM $pam)" naskeysctl user edit alicia \
	    --name alice

	# a key's own expiry
	ssh-keygen -q -t ed25519 -N '' -f k_short_$pam
	check "key with an expiry (UsePAM $pam)" naskeysctl key add alice \
	    k_short_$pam.pub --expires +1h
	same "sshd is told of it (UsePAM $pam)" "$(
	    /usr/libexec/naskeys/naskeys-authorized-keys alice |
	    grep -c '^expiry-time="20[0-9]\{12\}Z" ssh-')" 1
	same "key before its expiry (UsePAM $pam)" \
	    "$(login k_short_$pam alice)" alice
	ssh-keygen -q -t ed25519 -N '' -f k_old_$pam
	check "key with a past expiry (UsePAM $pam)" naskeysctl key add \
	    alice k_old_$pam.pub --expires 2021-01-01
	refused "key after its expiry (UsePAM $pam)" login k_old_$pam alice

	# a package makes a system user of the same name later: files wins
	cp -p /etc/passwd passwd.saved
	echo 'alice:x:950:65534:stranger:/nonexistent:/bin/sh' >>/etc/passwd
	same "files wins (UsePAM $pam)" "$(id -u alice)" 950
	refused "the stranger gets none of our keys (UsePAM $pam)" \
	    login k_ed25519 alice
	cp -p passwd.saved /etc/passwd
	same "and afterwards she logs in (UsePAM $pam)" \
	    "$(login k_ed25519 alice)" alice

	# deletion, and creation anew
	uid=$(id -u alice)
	check "user delete (UsePAM $pam)" naskeysctl user delete alice --force
	refused "deleted user is refused (UsePAM $pam)" login k_ed25519 alice
	check "created again (UsePAM $pam)" naskeysctl user add alice \
	    --uid "$uid" --key k_ecdsa.pub
	refused "the old keys are gone (UsePAM $pam)" login k_ed25519 alice
	same "the new key is good (UsePAM $pam)" \
	    "$(login k_ecdsa alice)" alice
	check "and gone (UsePAM $pam)" naskeysctl user delete alice --force
	stop_sshd
done

# a home's key file outlives its removal unless files are switched off: the
# group naskeys-managed is what sshd can be told about
start_sshd yes
mkdir -p /home/bob/.ssh
naskeysctl user add bob --home /home/bob --key k_ed25519.pub >/dev/null
chown -R bob: /home/bob
check "bob is in naskeys-managed" sh -c 'id -Gn bob | grep -qw naskeys-managed'
if [ $bad -ne 0 ]; then tail -30 sshd.log | sed 's/^/  /'; fi

# a key that may run one command only does not reach the helper's socket by
# a forwarding, where it could add another key
naskeysctl key add bob forced.line >/dev/null
/usr/libexec/naskeys/naskeys-helper --listen /run/naskeys/helper.sock &
helper=$!
forwarded() {	# is who logs in as bob by k_rsa answered by the helper?
	local ssh status
	rm -f local.sock
	ssh -F none -p $port -i k_rsa -o BatchMode=yes \
	    -o IdentitiesOnly=yes -o StrictHostKeyChecking=no \
	    -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -N \
	    -L "$PWD/local.sock:/run/naskeys/helper.sock" bob@127.0.0.1 &
	ssh=$!
	wait_until listens "$PWD/local.sock"
	"$BUILD/tests/integration/helper_limits" --ask local.sock
	status=$?
	kill $ssh
	return $status
}
same "bob may run one command" "$(login k_rsa bob)" forced
check "the helper answers" "$BUILD/tests/integration/helper_limits" --ask \
    /run/naskeys/helper.sock
refused "and is not forwarded to bob" forwarded
stop_sshd
dropin=/etc/ssh/sshd_config.d/10-naskeys.conf
cp -p $dropin dropin.saved
sed -i '/AllowStreamLocalForwarding/d' $dropin
start_sshd yes
check "without init's line it is" forwarded
cp -p dropin.saved $dropin
kill $helper
wait $helper
stop_sshd

# maps that cannot be trusted: the command fails, sshd goes on without it
start_sshd yes
same "bob logs in" "$(login k_ed25519 bob)" bob
cp -p /run/naskeys/maps/keys.map keys.saved
dd if=/dev/urandom of=/run/naskeys/maps/keys.map bs=4096 count=3 \
    conv=notrunc status=none
refused "a damaged map lets nobody in" login k_ed25519 bob
cp keys.saved /run/naskeys/maps/keys.map
same "a good one does again" "$(login k_ed25519 bob)" bob
stop_sshd

# the configured chained command, for a name that is not ours
useradd -m -s /bin/sh -p '*' carol
ssh-keygen -q -t ed25519 -N '' -f k_carol
mkdir -p /usr/local/libexec
cat >/usr/local/libexec/chained <<'SH'
#!/bin/sh
[ "$1" = carol ] && cat /usr/local/libexec/carol.keys
SH
chmod 755 /usr/local/libexec/chained
cp k_carol.pub /usr/local/libexec/carol.keys
mkdir -p /etc/naskeys
echo 'chained_command = /usr/local/libexec/chained %u' \
    >>/etc/naskeys/naskeys.conf
start_sshd no
same "chained command serves a name that is not ours" \
    "$(login k_carol carol)" carol
cp k_carol.pub /usr/local/libexec/carol.keys
sed -i 's/= carol/= bob/' /usr/local/libexec/chained
refused "and never one of ours" login k_carol bob
stop_sshd
finish
