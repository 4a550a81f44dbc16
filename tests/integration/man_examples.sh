#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The EXAMPLES of the man pages, as they stand there: each command line is run,
# page by page, in a machine with another one beside it, and each piece of a
# configuration is put where it belongs.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
here=$(cd "$(dirname "$0")" && pwd)
man=$(cd "$here/../../man" && pwd)
install_product
. "$here/lib/sshd.bash"
. "$here/lib/far.bash"

# commands PAGE: the lines of its EXAMPLES that have a prompt, each with those
# that it goes on in
commands() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh [^E]/p' "$man/$1" |
	    sed -e 's/^\.Dl //' -e 's/\\(dq/"/g' -e 's/\\&//g' -e 's/\\e/\\/g' |
	    awk '/^[#$] / || more {
		    line = more ? $0 : substr($0, 3)
		    more = line ~ /\\$/
		    sub(/\\$/, "", line)
		    printf "%s%s", line, more ? "" : "\n"
		}'
}

# ---- what the examples speak of ----

check "init --configure" naskeysctl init --configure
for k in alice new; do
	ssh-keygen -q -t ed25519 -N '' -C "$k" -f $k
done
make_far
make_far_keys keys
# the addresses of the examples
ip address add 192.0.2.1/24 dev near0
far ip address add 192.0.2.2/24 dev far0
echo "192.0.2.2 nas2" >>/etc/hosts
usermod -s /bin/sh -d /home/backup backup
echo 'backup:far secret' | chpasswd
install -d -o backup -g backup -m 700 /home/backup
install -d -o backup /data /backup/nas2
echo one >/data/one
far_sshd 22 far "$(hostkeys ed25519_256)" "UsePAM yes" \
    "KbdInteractiveAuthentication yes" "PasswordAuthentication no" \
    "Subsystem sftp internal-sftp" "AllowUsers root backup"
# 1.64 is later than Debian's
printf '#!/bin/sh\n[ "$*" = "sync naskeys:/data /backup/nas2" ]\n' \
    >/usr/local/bin/rclone
# what is no part of this machine says what it was asked
for p in systemctl service; do
	printf '#!/bin/sh\necho "%s $*" >>/run/asked\n' $p >/usr/local/bin/$p
done
chmod 755 /usr/local/bin/*
PATH=/usr/local/bin:$PATH
export PATH

# before LINE: what must be so, that the page's reader has done
before() {
	case $1 in
	"naskeysctl connection scan nas2"*)
		# the other side has put the keypair's public half there
		install -d -m 700 /root/.ssh
		install -m 600 keys-for-the-other-side \
		    /root/.ssh/authorized_keys
		;;
	"naskeysctl connection add nas2"*--copy-key*)
		naskeysctl connection delete nas2 --cascade --force
		naskeysctl keypair delete backup --cascade --force
		rm -f /root/.ssh/authorized_keys
		;;
	esac >/dev/null 2>&1
}
# typed LINE ANSWER...: its own exit status
typed() {
	on_tty "$1; echo \$? >typed" "${@:2}"
	return "$(cat typed)"
}
# run LINE: with what somebody would type
run() {
	case $1 in
	*"connection pair"*)
		# there is no such NAS (gateway_pair.sh has one), but it is
		# said as it should be: no wrong usage
		typed "$1" "its secret"
		[ $? -eq 1 ]
		;;
	*--copy-key*) typed "$1" y 'far secret' ;;
	*--passphrase) typed "$1" "a phrase" "a phrase" ;;
	*" restore "*) typed "$1" "a phrase" ;;
	*) bash -c "$1" </dev/null ;;
	esac
}

for page in libnss_naskeys.8 naskeysctl.8 naskeys-authorized-keys.8 \
    naskeys-net.8 naskeys-login.8 pam_naskeys.8 naskeys-gateway.8 \
    naskeys-backup.5 naskeys-maps.5 naskeys-protocol.7; do
	commands $page >lines.$page
	check "$page has command lines" test -s lines.$page
	while IFS= read -r line <&3; do
		before "$line"
		check "$page: $line" run "$line"
	done 3<lines.$page
done
same "rsync has brought the file" "$(cat /backup/nas2/one)" one
check "systemd was asked to start the gateway" grep -qx \
    "systemctl enable --now naskeys-gateway.socket" /run/asked

# methods SUBSECTION NEXT: those that the page of the protocol lists
methods() {
	sed -n "/^\.Ss $1\$/,/^\.S[hs] $2\$/p" "$man/naskeys-protocol.7" |
	    sed -n 's/^\.It Ic //p' | tr -d ' ' | tr , '\n' | sort
}
same "naskeys-protocol.7: the methods are those that there are" \
    "$(methods Methods "Methods of the gateway alone")" \
    "$(echo '{"jsonrpc":"2.0","id":1,"method":"core.get_methods"}' |
    /usr/libexec/naskeys/naskeys-helper | jq -r '.result | keys[]' | sort)"

# Shell scripts and configuration, which have no prompt.
block() {	# PAGE PATTERN: the literal block with a line like this
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh [^E]/p' "$man/$1" |
	    sed 's/\\e/\\/g' | awk -v want="$2" '
	    /^\.Bd -literal/ { text = ""; inside = 1; next }
	    /^\.Ed/ { if (text ~ want) printf "%s", text; inside = 0 }
	    inside { text = text $0 "\n" }'
}
block naskeys-helper.8 core.ping >ping.sh
check "naskeys-helper.8: who is there" sh -c 'sh ping.sh | grep -q pong'
block naskeys-protocol.7 "import socket" >ask.py
/usr/libexec/naskeys/naskeys-helper --listen /run/naskeys/helper.sock &
helper=$!
wait_until listens /run/naskeys/helper.sock
same "naskeys-protocol.7: a user asks" "$(setpriv --reuid alice \
    --regid alice --clear-groups /usr/bin/python3 - <ask.py |
    grep -o "'username': '[a-z]*'")" "'username': 'alice'"
kill $helper && wait $helper
# /tmp is the machine's own
block naskeys-helper.8 "mkdir -m 700" | sed "s|/tmp/trial|$PWD/trial|" >trial.sh
check "naskeys-helper.8: a folder of one's own" sh -e trial.sh
block naskeys-helper.8 /dev/urandom >seal.sh
check "naskeys-helper.8: a key" sh -e seal.sh
check "which opens what it seals" naskeysctl --state-dir "$PWD/trial" \
    --seal-key /root/seal.key keypair generate ours
block naskeys.conf.5 first_auto_id >/etc/naskeys/naskeys.conf
check "naskeys.conf.5" naskeysctl user add carol
same "counts" "$(id -u carol)" 20000
rm /etc/naskeys/naskeys.conf
block libnss_naskeys.8 "^passwd:" >nss
grep -v -e ^passwd -e ^group -e ^shadow /etc/nsswitch.conf >>nss
cp nss /etc/nsswitch.conf
check "libnss_naskeys.8: the lines" getent passwd carol
block naskeys-authorized-keys.8 AuthorizedKeysCommand \
    >/etc/ssh/sshd_config.d/05-page.conf
check "naskeys-authorized-keys.8: the lines" sh -c '/usr/sbin/sshd -t &&
    naskeysctl check'
kill "$(cat far.pid)"
finish
