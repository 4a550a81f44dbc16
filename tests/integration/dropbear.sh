#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Dropbear as another maker and reader of keys: what it makes we read, what we
# write it reads, its client logs in by a key that we exported, and its server
# takes our lines.  Each type is tried 3 times, or 100 times when LONG is
# "yes", RSA once or 10 times: numbers with leading zeros come by chance.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
install_product
check "init --configure" naskeysctl init --configure

. "$(dirname "$0")/lib/sshd.bash"
chmod 755 .
umask 022

rounds=3 rsa_rounds=1
[ "${LONG-no}" = yes ] && rounds=100 rsa_rounds=10
driver=$BUILD/tests/integration/privatekey_oracle

theirs() { dropbearkey -y -f "$1" | sed -n 's/^\([se][^ ]* [^ ]*\).*/\1/p'; }
ours() { "$driver" convert public "$1" | cut -d' ' -f1,2; }
# to_ssh FROM TO, to_dropbear FROM TO
to_ssh() { dropbearconvert dropbear openssh "$1" "$2" 2>>log; }
to_dropbear() {
	rm -f "$2"
	dropbearconvert openssh dropbear "$1" "$2" 2>>log
}

# Each: the public half stays the same.
made_by_dropbear() {	# TYPE BITS
	rm -f db db.new
	dropbearkey -t "$1" ${2:+-s $2} -f db >>log 2>&1 &&
	    to_ssh db db.new && [ -n "$(theirs db)" ] &&
	    [ "$(ours db.new)" = "$(theirs db)" ]
}
made_by_us() {	# FORM OUR-NAME BITS
	"$driver" generate "$2" "$3" "made by us" >own &&
	    "$driver" convert "$1" own >own.form &&
	    to_dropbear own.form own.db &&
	    [ "$(theirs own.db)" = "$(ours own)" ] &&
	    to_ssh own.db own.back && [ "$(ours own.back)" = "$(ours own)" ]
}
times() {	# COUNT COMMAND...
	for _ in $(seq "$1"); do
		"${@:2}" || return 1
	done
}

### Keys

while read -r type bits; do
	n=$rounds
	[ $type = rsa ] && n=$rsa_rounds
	check "we read: dropbear's $type${bits:+ $bits}" times $n \
	    made_by_dropbear $type "$bits"
done <<'TYPES'
ed25519
ecdsa 256
ecdsa 384
ecdsa 521
rsa 2048
rsa 3072
TYPES
check "dropbear reads: Ed25519" times $rounds made_by_us openssh ssh-ed25519 0
for bits in 256 384 521; do
	check "dropbear reads: ECDSA $bits" times $rounds made_by_us \
	    openssh ecdsa-sha2-nistp$bits 0
done
check "dropbear reads: RSA in OpenSSH's form" times $rsa_rounds made_by_us \
    openssh ssh-rsa 2048
check "dropbear reads: RSA in PKCS#1" times $rsa_rounds made_by_us pkcs1 \
    ssh-rsa 2048

dropbearkey -t dss -f dss >>log 2>&1
to_ssh dss dss.new
check "DSA is refused" sh -c "'$driver' judge dss.new |
    grep '^refuse EPERM .* type that is not taken'"
dropbearkey -t ed25519 -f raw >>log 2>&1
check "dropbear's own form is refused" sh -c "'$driver' judge raw |
    grep '^refuse EBADMSG .* no private key in a form that is known'"

### Its client, with a key from our store

dropbearkey -t ed25519 -f made >>log 2>&1
to_ssh made made.new
check "import dropbear's key" naskeysctl keypair import db made.new
check "generate ours" naskeysctl keypair generate own --type ecdsa
for name in db own; do
	naskeysctl keypair export $name >$name.pub
	naskeysctl keypair export $name --private >$name.key
	chmod 600 $name.key
	check "dropbear reads the export: $name" to_dropbear $name.key $name.db
	same "with the same public half: $name" "$(theirs $name.db)" \
	    "$(cut -d' ' -f1,2 $name.pub)"
done
check "user with both keys" naskeysctl user add alice --home /home/alice \
    --key db.pub --key own.pub
client() {	# KEY PORT
	dbclient -y -y -T -i "$1" -p "$2" alice@127.0.0.1 'id -un' 2>>log \
	    </dev/null
}
start_sshd yes
for name in db own; do
	same "dbclient logs in by $name" "$(client $name.db $port)" alice
done
dropbearkey -t ed25519 -f stranger >>log 2>&1
same "dbclient with another key does not" "$(client stranger $port)" ""
stop_sshd

### Its server, with our lines

mkdir -p /home/alice/.ssh
printf 'command="echo forced",no-pty %s\n' "$(cat own.pub)" >forced.line
check "take one key away" naskeysctl key remove alice \
    "$(fingerprint own.pub)"
check "add it with options" naskeysctl key add alice forced.line
/usr/libexec/naskeys/naskeys-authorized-keys alice \
    >/home/alice/.ssh/authorized_keys
chown -R alice: /home/alice
chmod 755 /home/alice
chmod 700 /home/alice/.ssh
dropbearkey -t ed25519 -f hostkey >>log 2>&1
dropbear -F -E -r hostkey -p 127.0.0.1:2223 -P dropbear.pid -s 2>>log &
server=$!
wait_until test -s dropbear.pid
same "dropbear takes our line" "$(client db.db 2223)" alice
same "and its options" "$(client own.db 2223)" forced
same "of OpenSSH's client too" "$(port=2223; login db.key alice)" alice
same "and no other key" "$(client stranger 2223)" ""
kill $server
wait $server
[ $bad -eq 0 ] || tail -30 log
finish
