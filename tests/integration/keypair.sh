#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The keypair store, on the command line and by its methods, held against
# ssh-keygen and openssl; the key that seals it; and a search for private
# bytes in every place where they must not be.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
quick_jq
set -u
install_product
cd "$(mktemp -d)" || exit 1
chmod 755 .
umask 022
run_helper=/usr/libexec/naskeys/naskeys-helper
seal=/etc/naskeys/seal.key
store=/var/lib/naskeys/naskeys.db

record_syslog

# rpc METHOD PARAMS: the whole answer
rpc() {
	jq -cn --arg m "$1" --argjson p "$2" \
	    '{jsonrpc: "2.0", id: 1, method: $m, params: $p}' | $run_helper
}
# answers NAME FILTER WANTED METHOD PARAMS: what jq makes of the answer
answers() {
	same "$1" "$(rpc "$4" "$5" | jq -rc "$2")" "$3"
}
# wrong NAME PATH TEXT METHOD PARAMS: one thing is wrong, there, in this text
wrong() {
	answers "$1" '.error | [.code, (.data.extra | length),
	    .data.extra[0][0], .data.extra[0][1]] | join("|")' \
	    "-32602|1|$2|$3" "$4" "$5"
}
# fails NAME ERRNO TEXT METHOD PARAMS: a call error
fails() {
	answers "$1" '.error | [.code, .data.error, .data.reason] | join("|")' \
	    "-32001|$2|$3" "$4" "$5"
}
wait_for_socket() { wait_until listens /run/naskeys/root/helper.sock; }
stop_helper() {
	kill "$helper"
	wait "$helper" 2>/dev/null
	rm -f /run/naskeys/helper.sock /run/naskeys/root/helper.sock
}
man_page() { find /usr/share/man /usr/local/share/man -name "$1" 2>/dev/null; }
public_of() { cut -d' ' -f1,2 "$1"; }
exported() { naskeysctl keypair export "$@"; }
pair() { jq -cn --arg n "$1" --argjson a "$2" \
    '[{name: $n, type: "SSH_KEY_PAIR", attributes: $a}]'; }

ssh-keygen -q -A
check "init" naskeysctl init --configure
refused "no key file before something is sealed" test -e $seal
refuses "nothing to rotate" "Nothing is sealed yet" naskeysctl seal rotate
same "no keypair" "$(naskeysctl keypair list --json)" "[]"

# ---- generate ----
# how, name, bits, type
for made in "ed25519:ed:256:ssh-ed25519" "rsa:rsa:3072:ssh-rsa" \
    "rsa 2048:rsa2048:2048:ssh-rsa" "rsa 4096:rsa4096:4096:ssh-rsa" \
    "ecdsa:ec256:256:ecdsa-sha2-nistp256" \
    "ecdsa 384:ec384:384:ecdsa-sha2-nistp384" \
    "ecdsa 521:ec521:521:ecdsa-sha2-nistp521"; do
	IFS=: read -r how name bits type <<<"$made"
	read -r kind size <<<"$how"
	check "generate $how" naskeysctl keypair generate "$name" \
	    --type "$kind" ${size:+--bits "$size"}
	exported "$name" --private -o "$name" 2>err || cat err
	exported "$name" >"$name.pub"
	same "$how: its public half, to ssh-keygen" \
	    "$(ssh-keygen -y -P '' -f "$name" | cut -d' ' -f1,2)" \
	    "$(public_of "$name.pub")"
	same "$how: size and print" "$(naskeysctl keypair show "$name" --json |
	    jq -r '[.key_type, .bits, .fingerprint] | join(" ")')" \
	    "$type $bits $(ssh-keygen -lf "$name" | cut -d' ' -f2)"
	# as ssh-keygen draws it, below what show says first
	ssh-keygen -lvf "$name.pub" | sed 1d >picture
	same "$how: the picture" "$(naskeysctl keypair show "$name" --visual |
	    tail -n "$(wc -l <picture)")" "$(cat picture)"
done
check "the default type" naskeysctl keypair generate plain
same "is ed25519" "$(naskeysctl keypair show plain --json |
    jq -r .key_type)" ssh-ed25519
same "the comment names pair and host" "$(cut -d' ' -f3 ed.pub)" \
    "ed@$(hostname)"
same "the key file" "$(stat -c '%U:%G %a %s' $seal)" "root:root 600 65"
refuses "a type that is none" "--type: Input should be" \
    naskeysctl keypair generate x --type dsa
refuses "a short RSA key" "--bits: An RSA key has 2048 to 16384 bits" \
    naskeysctl keypair generate x --type rsa --bits 2047
refuses "a long RSA key" "--bits: An RSA key has 2048 to 16384 bits" \
    naskeysctl keypair generate x --type rsa --bits 16385
refuses "a size of no curve" "--bits: An ECDSA key has 256, 384 or 521 bits" \
    naskeysctl keypair generate x --type ecdsa --bits 255
refuses "an Ed25519 key has one size" "--bits: An Ed25519 key has 256 bits" \
    naskeysctl keypair generate x --type ed25519 --bits 512
refused "and nothing is kept" naskeysctl keypair show x

# ---- list ----
check "the table" sh -c \
    'naskeysctl keypair list | grep -Eq "^ed  *ssh-ed25519  *256  *SHA256:"'
naskeysctl keypair list --json >list.json
same "list --json has them all" "$(jq length list.json)" 8
refused "and no private half" grep -q -e PRIVATE -e private_key list.json
refused "nor has show --json" sh -c \
    'naskeysctl keypair show ed --json | grep -q -e PRIVATE -e private_key'

# ---- export ----
for name in ed rsa2048 ec256 ec384 ec521; do
	check "$name, pkcs8" naskeysctl keypair export $name --private \
	    --format pkcs8 -o $name.pkcs8
	openssl pkey -in $name.pkcs8 -pubout -out spki.pem 2>err || cat err
	case $name in
	ed) openssl pkey -pubin -in spki.pem -outform DER | tail -c 32 |
		xxd -p -c 64 >have
	    cut -d' ' -f2 ed.pub | base64 -d | tail -c 32 |
		xxd -p -c 64 >want ;;
	*)  ssh-keygen -i -m PKCS8 -f spki.pem >have
	    public_of $name.pub >want ;;
	esac
	same "$name, pkcs8: the same key to openssl" "$(cat have)" "$(cat want)"
done
check "rsa, pkcs1" naskeysctl keypair export rsa2048 --private \
    --format pkcs1 -o rsa2048.pkcs1
check "openssl finds it sound" openssl rsa -in rsa2048.pkcs1 -check -noout
same "and ssh-keygen the same" "$(ssh-keygen -y -f rsa2048.pkcs1)" \
    "$(public_of rsa2048.pub)"
refuses "pkcs1 of another type" "Only an RSA key has the form pkcs1" \
    naskeysctl keypair export ed --private --format pkcs1
refuses "a format that is none" "--format: Input should be" \
    naskeysctl keypair export ed --private --format other
status "a format of the public half" 2 naskeysctl keypair export ed \
    --format pkcs8
for f in ed rsa2048.pkcs1 ed.pkcs8; do
	same "$f has mode 0600" "$(stat -c %a $f)" 600
done
(umask 0; exported ed --private -o open)
same "whatever the umask" "$(stat -c %a open)" 600
same "to standard output: the same bytes" \
    "$(exported ed --private | md5sum -)" "$(md5sum - <"ed")"
md5sum ed >sums
refuses "a file that exists" "ed: File exists" \
    naskeysctl keypair export rsa --private -o ed
ln -s nowhere link
refuses "a link" "link: File exists" \
    naskeysctl keypair export rsa --private -o link
check "is left alone" md5sum --quiet -c sums
refused "and nothing is made behind the link" test -e nowhere
refuses "no such keypair" "there is no keypair nothing" \
    naskeysctl keypair export nothing

# ---- import ----
ssh-keygen -q -t ed25519 -N '' -C 'known to the test' -f known
ssh-keygen -q -t rsa -b 2048 -N '' -m PEM -C pem -f pem
check "import an OpenSSH key" naskeysctl keypair import known known
check "import a PEM one" naskeysctl keypair import pem pem
check "OpenSSH byte for byte" sh -c \
    'naskeysctl keypair export known --private | cmp - known'
check "PEM byte for byte" sh -c \
    'naskeysctl keypair export pem --private --format pkcs1 | cmp - pem'
same "the public half is derived" "$(exported known)" "$(public_of known.pub)"
check "with its public half" naskeysctl keypair import both pem \
    --public pem.pub
same "which keeps its comment" "$(exported both)" "$(cat pem.pub)"
ssh-keygen -q -t ecdsa -N '' -m PKCS8 -f pkcs8
openssl ecparam -name prime256v1 -genkey -noout -out sec1
chmod 600 sec1
puttygen known -O private -o known.ppk
for f in pkcs8 sec1 known.ppk; do
	check "import $f" naskeysctl keypair import "of $f" $f
	exported "of $f" --private -o again
	same "$f: the same key" "$(ssh-keygen -y -f again | cut -d' ' -f1,2)" \
	    "$(if [ $f = known.ppk ]; then public_of known.pub
	    else ssh-keygen -y -f $f | cut -d' ' -f1,2; fi)"
	rm again
done

ssh-keygen -q -t ed25519 -N secret -f locked.openssh
ssh-keygen -q -t rsa -b 2048 -N secret -m PEM -f locked.pkcs1
ssh-keygen -q -t rsa -b 2048 -N secret -m PKCS8 -f locked.pkcs8
openssl ec -in sec1 -aes128 -passout pass:secret -out locked.sec1 2>err
echo secret >pass
puttygen known -O private --new-passphrase pass -o locked.ppk
puttygen known -O private --ppk-param version=2 --new-passphrase pass \
    -o locked.ppk2
for f in locked.openssh locked.pkcs1 locked.pkcs8 locked.sec1 locked.ppk \
    locked.ppk2; do
	refuses "$f" "Encrypted private keys are not allowed; take the \
passphrase off a copy" naskeysctl keypair import locked $f
done
check "the advice is sound" ssh-keygen -q -p -P secret -N '' -f locked.pkcs1
check "and then it is taken" naskeysctl keypair import unlocked locked.pkcs1
refuses "halves of two keys" \
    "--public: Private key and public key do not match: --public is for" \
    naskeysctl keypair import halves pem --public known.pub
check "a public half alone" naskeysctl keypair import alone known.pub
same "is what it was" "$(exported alone)" "$(cat known.pub)"
same "has no private half" "$(naskeysctl keypair show alone --json |
    jq .has_private)" false
refuses "and exports none" "Keypair alone has no private half" \
    naskeysctl keypair export alone --private
head -c 200 known >half
refuses "half a key" "FILE: " naskeysctl keypair import half half
refuses "no key" "Invalid public key" naskeysctl keypair import none sums
refuses "a name that is taken" "NAME: Object with this name already exists" \
    naskeysctl keypair import known pem
refuses "to generate too" "NAME: Object with this name already exists" \
    naskeysctl keypair generate known
check "import from standard input" sh -c \
    'naskeysctl keypair import piped - <pem'

# ---- rename, delete, used-by ----
refuses "rename to another's" "Object with this name already exists" \
    naskeysctl keypair rename piped known
check "rename" naskeysctl keypair rename piped renamed
check "which can still be opened" sh -c \
    'naskeysctl keypair export renamed --private --format pkcs1 | cmp - pem'
refuses "under its new name only" "there is no keypair piped" \
    naskeysctl keypair show piped
check "used-by" sh -c \
    'naskeysctl keypair used-by renamed | grep -q "Nothing uses keypair"'
same "used-by --json" "$(naskeysctl keypair used-by renamed --json)" "[]"
refused "delete asks" naskeysctl keypair delete renamed </dev/null
on_tty 'naskeysctl keypair delete renamed' n >typed 2>&1
check "a no is one" naskeysctl keypair show renamed
check "it says what is lost" grep -q "cannot be had back" typed
on_tty 'naskeysctl keypair delete renamed' y >typed 2>&1
refused "a yes too" naskeysctl keypair show renamed
check "--force" naskeysctl keypair delete both --force
refused "is gone" naskeysctl keypair show both

# ---- the key that seals ----
# all_as_before NAME: every private half is what it was
all_as_before() {
	for f in ed rsa rsa2048 ec256 ec384 ec521 known; do
		exported $f --private 2>&1 | cmp - $f || echo "$f"
	done >changed 2>&1
	exported pem --private --format pkcs1 2>&1 | cmp - pem >>changed 2>&1
	same "$1" "$(cat changed)" ""
}
all_as_before "before anything"
cp -p $seal old.key
check "seal rotate" naskeysctl seal rotate
check "another key is in force" sh -c "! cmp -s $seal old.key"
same "the file is as it must be" "$(stat -c '%U:%G %a %s' $seal)" \
    "root:root 600 65"
same "nothing of the old key is left" "$(grep -rlF "$(cat old.key)" \
    /etc/naskeys /var/lib/naskeys /run/naskeys)" ""
same "no other file either" "$(ls /etc/naskeys)" seal.key
all_as_before "everything is exported as before"
for i in $(seq 8); do
	timeout -s KILL "0.0$((i * 11 % 9 + 1))" naskeysctl seal rotate
done >/dev/null 2>&1
all_as_before "and after rotations that were killed"
check "one more completes what they left" naskeysctl seal rotate
same "no other file is there" "$(ls /etc/naskeys)" seal.key
all_as_before "and all can be opened"

md5sum $store >sums
cp -p $seal right.key
lost="Decrypting credential known failed: it is not sealed with the key in \
$seal; put the right key file back, nothing is lost"
# without NAME: nothing opens, nothing is lost, and the list works
without() {
	refuses "$1: export" "$lost" naskeysctl keypair export known --private
	check "$1: list" naskeysctl keypair list
	check "$1: show" naskeysctl keypair show known
	same "$1: the public half" "$(exported known)" \
	    "$(public_of known.pub)"
	fails "$1: get_of_type" 14 "[EFAULT] $lost" \
	    keychaincredential.get_of_type "[$known_id, \"SSH_KEY_PAIR\"]"
	answers "$1: get_instance" '.result.attributes' '{}' \
	    keychaincredential.get_instance "[$known_id]"
	refuses "$1: rotate" "cannot be opened with the key in $seal" \
	    naskeysctl seal rotate
	refuses "$1: no new pair" "Decrypting credential fresh failed" \
	    naskeysctl keypair generate fresh
	refused "$1: nothing of it is kept" naskeysctl keypair show fresh
	refused "$1: the private half is not taken away" \
	    grep -q '"result"' <(rpc keychaincredential.update \
	    "[$known_id, {\"attributes\": {\"public_key\": \"$(exported \
	    known)\"}}]")
	status "$1: check sees it" 1 sh -c 'naskeysctl check >&2'
	says "$seal: it is missing, others can read it, or it is not the key"
	check "$1: a new name is possible" naskeysctl keypair rename known k2
	naskeysctl keypair rename k2 known >/dev/null
}
known_id=$(naskeysctl keypair show known --json | jq .id)
mv $seal aside
without "lost key file"
refused "lost key file: no other is made" test -e $seal
cp -p old.key $seal
without "wrong key file"
check "wrong key file: is left alone" cmp $seal old.key
cp -p right.key $seal
chmod 644 $seal
without "key file that others read"
rm $seal
ln -s "$PWD/right.key" $seal
without "link"
rm $seal
echo nonsense >$seal
chmod 600 $seal
without "no key"
cp -p right.key $seal
all_as_before "with the right one everything is there again"
check "check" naskeysctl check

# ---- by hand ----
create=keychaincredential.create
path=keychain_credential_create
text() { jq -Rs . <"$1"; }
wrong "the name is taken" $path.name "Object with this name already exists" \
    $create "$(pair known '{}')"
answers "no name" '.error.data.extra[0][0]' $path.name $create \
    "$(pair '' '{}')"
answers "another type" '.error.data.extra[0][0]' $path.type $create \
    '[{"name": "a", "type": "OTHER", "attributes": {}}]'
answers "spaces around it come off" '.result.attributes.private_key' \
    "$(jq -Rrs . <known)" $create "$(pair hand \
    "{\"private_key\": $(jq -Rs '"\n  " + . + "\n\n "' <known)}")"
id=$(naskeysctl keypair show hand --json | jq .id)
answers "its entity" '.result | [.id, .name, .type,
    (.attributes | keys | join("+"))] | join("|")' \
    "$id|hand|SSH_KEY_PAIR|private_key+public_key" \
    keychaincredential.get_instance "[$id]"
answers "the derived half" '.result.attributes.public_key | rtrimstr("\n")' \
    "$(public_of known.pub)" keychaincredential.get_of_type \
    "[$id, \"SSH_KEY_PAIR\"]"
answers "query" '.result | map(.name) | join(" ")' hand \
    keychaincredential.query '[[["name", "=", "hand"]]]'
answers "query of some fields opens nothing" '.result | keys | join(" ")' \
    "id name" keychaincredential.query \
    '[[["name", "=", "hand"]], {"get": true, "select": ["id", "name"]}]'
answers "update: a name" .result.name hand2 keychaincredential.update \
    "[$id, {\"name\": \"hand2\"}]"
wrong "update: a name that is taken" keychain_credentials_update.name \
    "Object with this name already exists" keychaincredential.update \
    "[$id, {\"name\": \"known\"}]"
wrong "update: two keys" keychain_credentials_update.attributes.public_key \
    "Private key and public key do not match" keychaincredential.update \
    "[$id, {\"attributes\": {\"private_key\": $(text pem),
    \"public_key\": $(text known.pub)}}]"
answers "update: the type stays" '.error.code' -32602 \
    keychaincredential.update "[$id, {\"type\": \"SSH_CREDENTIALS\"}]"
answers "update: another key" '.result.fingerprint' \
    "$(ssh-keygen -lf pem.pub | cut -d' ' -f2)" keychaincredential.update \
    "[$id, {\"attributes\": {\"private_key\": $(text pem)}}]"
answers "export" .result "$(cat pem)" keychaincredential.export \
    "[$id, {\"format\": \"pkcs1\"}]"
wrong "export: no such format" options.format \
    "Input should be 'openssh', 'pkcs8', 'pkcs1' or 'public'" \
    keychaincredential.export "[$id, {\"format\": \"x\"}]"
answers "delete" .result null keychaincredential.delete "[$id]"
answers "delete again" '.error.data.extra[0][1]' \
    "KeychainCredential $id does not exist" keychaincredential.delete "[$id]"
rpc keychaincredential.generate_ssh_key_pair '[]' >answer
jq -rj .result.private_key answer >drawn
jq -rj .result.public_key answer >drawn.pub
chmod 600 drawn
same "generate_ssh_key_pair: RSA of 3072 bits" \
    "$(ssh-keygen -lf drawn.pub | cut -d' ' -f1,3-)" \
    "3072 root@$(hostname) (RSA)"
same "and its halves belong together" "$(ssh-keygen -y -f drawn |
    cut -d' ' -f1,2)" "$(public_of drawn.pub)"
check "in OpenSSH's form" grep -q '^-----BEGIN OPENSSH PRIVATE KEY-----$' drawn
same "nothing is stored" "$(naskeysctl keypair list --json |
    jq --arg k "$(cut -d' ' -f2 drawn.pub)" \
    'map(select(.public_key | contains($k))) | length')" 0

# ---- the key as a credential ----
# The drop-in of the manual, as systemd would run it: the credential is a
# copy with mode 0400, in a folder with mode 0500 that root could write to.
# "%d" is that folder.
unit=naskeys-helper.service
dropin=/etc/systemd/system/$unit.d/seal-key.conf
mkdir -p "${dropin%/*}"
sed -n '/^\[Service\]$/,/^\.Ed$/{s/\\e$/\\/; /^\.Ed$/!p}' \
    "$(man_page naskeys-helper.8)" >$dropin
check "the unit with the drop-in is sound" \
    systemd-analyze verify --man=no /usr/lib/systemd/system/$unit
credentials=/run/credentials/$unit
mkdir -p ${credentials%/*}
mkdir -m 700 $credentials
sed -n '/^umask 077$/,/^\.Ed$/{s/\\e/\\/g; /^\.Ed$/!p}' \
    "$(man_page naskeys-helper.8)" | sed "s|/root/|$PWD/made.|g" >make.sh
check "a key is made as the manual says" sh make.sh
same "which is as it must be" "$(stat -c '%a %s' made.seal.key)" "600 65"
check "and is taken" $run_helper --state-dir "$(mktemp -d)" \
    --seal-key "$PWD/made.seal.key" <<'END'
{"jsonrpc":"2.0","id":1,"method":"core.ping"}
END
install -m 400 $seal $credentials/naskeys-seal-key
chmod 500 $credentials
mv $seal aside
read -ra start < <(tr -d '\\\n' <$dropin |
    sed "s/.*ExecStart=//; s|%d|$credentials|g")
same "the drop-in names the helper" "${start[0]}" "$run_helper"
CREDENTIALS_DIRECTORY=/nowhere "${start[@]}" 2>helper.log &
helper=$!
wait_for_socket
all_as_before "a key that is handed over opens everything"
check "and seals" naskeysctl keypair generate handed
check "which is found again" sh -c \
    'naskeysctl keypair export handed --private | ssh-keygen -y -f /dev/stdin'
refuses "but is not rotated, where nothing would last" \
    "The key file $credentials/naskeys-seal-key cannot be replaced here: \
rotate where it comes from" naskeysctl seal rotate
same "nothing else is in its folder" "$(ls $credentials)" naskeys-seal-key
refused "and no key file is made" test -e $seal
stop_helper
CREDENTIALS_DIRECTORY=$credentials refuses \
    "the environment names no key file" "$lost" \
    naskeysctl keypair export known --private
check "the option does" sh -c "naskeysctl --seal-key \
    $credentials/naskeys-seal-key keypair export known --private | cmp - known"
mv aside $seal
rm -rf "${dropin%/*}" $credentials
all_as_before "with the file everything is as it was"

# ---- who may ----
$run_helper --listen /run/naskeys/helper.sock --protocol json \
    --listen /run/naskeys/root/helper.sock --protocol json 2>helper.log &
helper=$!
wait_for_socket
naskeysctl user add ordinary >/dev/null
uid=$(id -u ordinary)
ordinary=(setpriv --reuid "$uid" --regid "$uid" --clear-groups)
for what in "keypair list" "keypair show known" "keypair export known" \
    "keypair export known --private" "keypair generate mine" \
    "keypair delete known --force" "keypair rename known mine" \
    "keypair used-by known" "seal rotate"; do
	# shellcheck disable=SC2086
	refuses "an ordinary user: $what" "Not authorized" \
	    "${ordinary[@]}" naskeysctl $what
done
refused "or the key file" "${ordinary[@]}" cat $seal

# ---- the search ----
# the private bytes of both known keys: raw, as hexadecimal digits, and the
# lines of their texts
sed '1,2d; $d' known >needles
sed '1d; $d' pem >>needles
sed '1d; $d' known | base64 -d | xxd -p | tr -d '\n' |
    sed 's/.*00000040\(.\{64\}\).*/\1/' >raw
echo >>raw
openssl rsa -in pem -traditional -outform DER 2>/dev/null | tail -c 64 |
    xxd -p -c 64 >>raw
same "the bytes to look for" "$(awk '{ print length }' raw | xargs)" "64 128"
cat >found.pl <<'END'
use strict; use MIME::Base64;
my @needles;
open my $lines, "<", "needles" or die; chomp(@needles = <$lines>);
open my $digits, "<", "raw" or die;
while (<$digits>) {
	chomp;
	my $bytes = pack "H*", $_;
	push @needles, $bytes, lc, uc;
	# base64, wherever it began: 20 characters that no line end is in
	push @needles, map { encode_base64(substr($bytes, $_, 15), "") }
	    0 .. length($bytes) - 15;
}
my $any = join "|", map quotemeta, @needles;
for my $name (@ARGV) {
	open my $f, "<:raw", $name or next;	# a process or file that went
	local $/;
	my $text = <$f>;
	print "$name\n" if $text =~ /$any/;
}
END
# found FILE...: the files that hold any of them
found() { perl found.pl "$@"; }
sed '1d; $d' known | base64 -d >control
xxd -p -c 256 control >control.hex
base64 -w 33 control >control.64
same "the search finds what is there" "$(found known pem control \
    control.hex control.64 ed.pkcs8 known.pub | xargs)" \
    "known pem control control.hex control.64"

# One helper takes both keys in, shows them and gives them out, in each form;
# then its memory, all of it, is written to a file, and it is made to dump
# core.
cat >session.pl <<'END'
use strict; use IPC::Open2;
my ($dump, $ended, @requests) = @ARGV;
my $pid = open2(my $from, my $to, "/usr/libexec/naskeys/naskeys-helper");
for (@requests) {
	open my $f, "<", $_ or die; print {$to} <$f>; $to->flush;
	my $answer = <$from>; print $answer;
}
# the answer comes before its wiping, and then it waits for more
for (1 .. 1200) {
	open my $f, "<", "/proc/$pid/wchan" or die "wchan: $!";
	last if (<$f> // "") =~ /poll/;
	select undef, undef, undef, 0.05;
}
open my $maps, "<", "/proc/$pid/maps" or die "maps: $!";
open my $mem, "<:raw", "/proc/$pid/mem" or die "mem: $!";
open my $out, ">:raw", $dump or die;
while (<$maps>) {
	/^([0-9a-f]+)-([0-9a-f]+) r/ or next;
	no warnings "portable";
	my ($at, $end) = (hex $1, hex $2);
	next if /\[v/;
	sysseek $mem, $at, 0 or next;
	while ($at < $end) {
		my $n = sysread $mem, my $bytes, $end - $at;
		last unless $n;
		syswrite $out, $bytes; $at += $n;
	}
}
open my $e, ">", $ended or die;
kill "ABRT", $pid; waitpid $pid, 0;
print $e "signal ", $? & 127, " core ", $? >> 7 & 1, "\n";
END
request() { jq -cn --arg m "$1" --argjson p "$2" \
    '{jsonrpc: "2.0", id: 1, method: $m, params: $p}'; }
pem_id=$(naskeysctl keypair show pem --json | jq .id)
request $create "$(pair known3 "{\"private_key\": $(text known)}")" >1.json
request $create "$(pair pem3 "{\"private_key\": $(text pem)}")" >2.json
request keychaincredential.get_instance "[$known_id]" >3.json
request keychaincredential.export "[$pem_id, {\"format\": \"pkcs8\"}]" >4.json
request keychaincredential.export "[$pem_id, {\"format\": \"openssh\"}]" \
    >5.json
request keychaincredential.export "[$known_id, {\"format\": \"pkcs8\"}]" \
    >6.json
request keychaincredential.export "[$known_id]" >7.json
mkdir core_here
(
	ulimit -c unlimited
	cd core_here || exit
	perl ../session.pl ../memory ../ended ../[1-7].json
) >answers 2>err || cat err
same "all were answered" "$(grep -c '"result"' answers)" 7
check "the answers had them" grep -qF "$(sed -n 4p known)" answers
check "there is memory to search" grep -qa keychaincredential.export memory
same "a helper that has exported keeps nothing" "$(found memory)" ""
same "it is ended by the signal, without a core" "$(cat ended)" \
    "signal 6 core 0"
same "nor is a file there" "$(ls core_here)" ""

# a request that is refused says nothing of it either
sed '3s/./!/' known >damaged
status "a damaged key" 1 naskeysctl keypair import damaged damaged
same "its refusal has none of it" "$(found err out)" ""
for p in /proc/[0-9]*; do
	tr '\0' '\n' <"$p/cmdline"
	tr '\0' '\n' <"$p/environ"
done >processes 2>/dev/null
check "there are helpers to look at" grep -q naskeys-helper processes
check "there is a store to search" grep -qaF "$(cut -d' ' -f2 known.pub)" \
    $store $store-wal
same "not in arguments or environments" "$(found processes)" ""
find /var/lib/naskeys /run/naskeys /etc/naskeys -type f >places
same "not in store, session, maps or settings" "$(
    while read -r place; do found "$place"; done <places)" ""
find /var/log /var/tmp "$TMPDIR" -type f ! -path "$PWD/*" >places
same "not in a log or a temporary file" "$(
    while read -r place; do found "$place"; done <places)" ""
logger -p auth.info "the search knows its log"
check "there is a log to search" \
    wait_until grep -q "the search knows its log" syslog
same "not in what was logged" "$(found syslog)" ""
same "not in what the helper says" "$(found helper.log)" ""
naskeysctl audit --json >audit.json
check "the audit has the import" grep -q known3 audit.json
same "but nothing private" "$(found audit.json)" ""

stop_helper
kill "$logger"
finish
