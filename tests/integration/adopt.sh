#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Adoption of what stands in homes: a thousand users' files of every oddity
# that people produce.  What a line is, is told by ssh-keygen and by sshd, and
# the report must say it of every line of every file: nothing is lost, and
# nothing invented.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
quick_jq
set -u
install_product
check "init --configure" naskeysctl init --configure
. "$(dirname "$0")/lib/sshd.bash"
chmod 755 .
many=1000
[ "${LONG-no}" = no ] || many=10000
RANDOM=4711
tab=$'\t'

# ---- what can stand in a line ----

mkdir line key
# key NAME ARGUMENTS...: of its own for each line that has one
key() {
	local name=$1
	shift
	ssh-keygen -q -N '' -C "$name" -f "key/$name" "$@"
	text=$(cut -d' ' -f1,2 "key/$name.pub")
}
: >table
# row NAME KIND [IDENTITY]: standard input is what stands there.  KIND:
#   k  a key: ssh-keygen says so, and sshd lets in by it
#   n  no key, says ssh-keygen
#   o  ssh-keygen finds a key, and sshd refuses the line
#   s  sshd would take it, and naskeys does not: see the table's end
#   c, b, p  a comment, a blank line, (lines of) a private key
# IDENTITY: rows that have the same one are the same key with the same
# options.  A row in capitals is tried with sshd.
row() {
	local name=$1 kind=$2 fp=- n
	cat >"line/$name"
	n=$(($(wc -l <"line/$name") + 1))
	case $kind in
	[kKoOsS]) fp=$(ssh-keygen -lf "line/$name" 2>/dev/null |
	    head -1 | cut -d' ' -f2) ;;
	esac
	echo "$name $kind ${3:-$name} ${fp:-none} $n" >>table
}
# The same key and options, in several ways.
key plain -t ed25519
printf '%s me@here' "$text" | row plain K plain
printf '%s' "$text" | row bare k plain
printf ' \t %s\t  two  words\t ' "$text" | row blanks K plain
printf '%s "quoted" # comment' "$text" | row quoted k plain
printf '%s J\xc3\xbcrgen \xe2\x82\xac' "$text" | row utf8 k plain
printf '%s ssh-rsa AAAA' "$text" | row another_type k plain
printf '%s\tx' "${text/ /$tab}" | row tabs K plain
printf '%s -----' "$text" | row dashes k plain
# Options.
key options -t ed25519
n=0
for o in restrict No-PTY 'restrict,pty' 'command="echo a"' \
    'command="echo \"a b\",c # d"' 'from="127.0.0.1,192.0.2.*"' \
    'from="127.0.0.0/8",no-pty' 'environment="A=b c"' \
    'permitopen="127.0.0.1:80",permitopen="[::1]:80"' 'tunnel="0"' \
    'expiry-time="20990131"' 'command="x",no-agent-forwarding,no-pty'; do
	n=$((n + 1))
	printf '%s %s x' "$o" "$text" | row option$n k
done
printf 'no-pty,from="127.0.0.1"\t%s x' "$text" | row option_tab K
printf 'cert-authority %s' "$text" | row authority k
# Types.
key rsa -t rsa -b 2048
printf '%s' "$text" | row rsa K
for b in 256 384 521; do
	key ecdsa$b -t ecdsa -b $b
	printf '%s x' "$text" | row ecdsa$b k
done
ssh-keygen -q -s key/plain -I x -n alice key/rsa.pub
head -c -1 key/rsa-cert.pub | row certificate k
# None, and none to sshd.
key none -t ed25519
blob=${text#* }
printf '%s' "${text:0:60}" | row cut n
printf '%s' "$blob" | row no_type n
printf 'ssh-ed25519 ' | row type_alone n
printf 'ssh-ed25591 %s' "$blob" | row typo n
printf 'ssh-rsa %s' "$blob" | row other_type n
printf 'ssh-ed25519 %s' "${blob/AAAA/AA*A}" | row bad_base64 n
printf 'ssh-ed25519 "%s"' "$blob" | row quoted_base64 n
printf 'ssh-ed25519%s' "$blob" | row no_space n
printf 'no-pty, no-x11-forwarding %s x' "$text" | row comma_space n
printf 'command="echo a %s x' "$text" | row open_quote n
printf 'command=\xe2\x80\x9cx y\xe2\x80\x9d %s' "$text" | row curly_quotes n
printf '1024 35 %0309d me@here' 7 | row ssh1 n
printf 'hello, world' | row words n
printf '<p>%s</p>' "$text" | row html n
printf 'https://example.org/me.keys' | row url n
perl -e 'srand 1; print "j", map chr int rand 256, 1 .. 300' |
    tr '\n' x | tr - x | row junk n
head -c 2000000 /dev/zero | tr '\0' x | row long n
printf -- '---- BEGIN SSH2 PUBLIC KEY ----' | row begin n
printf -- '-----END PUBLIC KEY-----' | row end n
# ssh-keygen does not look at options; sshd does.
key refused -t ed25519
n=0
for o in nonsense host.example.org 'command=x' 'from=""' 'tunnel="x"' \
    'expiry-time="soon"' 'environment="A B"' 'permitopen="x"' \
    'from="!127.0.0.1"'; do
	n=$((n + 1))
	printf '%s %s x' "$o" "$text" | row refused$n O
done
# sshd would take these, and naskeys does not: text that cannot be shown or
# kept as it is, lines that are too long, keys that are too weak.
key latin -t ed25519
printf 'no-pty,,restrict %s' "$text" | row empty_option S
printf '%s J\xfcrgen' "$text" | row latin S
printf '%s a\0b' "$text" | row nul S
printf '%s \033[31m' "$text" | row escape s
printf '%s \xe2\x80\xae' "$text" | row turned s
printf '%s a\rb' "$text" | row carriage s
{ printf '%s ' "$text"; head -c 2000000 /dev/zero | tr '\0' y; } |
    row long_comment s
key weak -t rsa -b 1024
printf '%s' "$text" | row weak S
key dsa -t dsa
printf '%s' "$text" | row dsa s
# The rest.
printf '# %s' "$text" | row comment c
printf ' \t#' | row comment_alone c
printf '' | row nothing b
printf ' \t ' | row spaces b
head -c -1 key/none | row private p

wrong=
while read -r name kind _; do
	found=$(ssh-keygen -lf "line/$name" 2>/dev/null | grep -c SHA256)
	case $kind in
	[kKoOsS]) [ "$found" = 1 ] || wrong="$wrong $name" ;;
	*) [ "$found" = 0 ] || wrong="$wrong $name" ;;
	esac
done <table
same "ssh-keygen agrees about each kind of line" "$wrong" ""
check "of which there are many" test "$(wc -l <table)" -ge 65

# ---- sshd's own acceptance, from the file and after adoption ----

check "a group" naskeysctl group add crew
group=$(naskeysctl --json group show crew | jq .id)
# user NAME...: with homes, of which none is there yet
users() {
	printf '%s\n' "$@" | jq -cR --argjson g "$group" \
	    '{username: ., home: "/home/\(.)", group: $g,
	    password_disabled: true}' >import
	check "$# users" naskeysctl user import import
}
# rows with a capital
tried() { awk -v kinds="$1" '$2 ~ kinds { printf "%s ", $1 }' table; }
read -ra names <<<"$(tried '[A-Z]')"
read -ra took <<<"$(tried '[KS]')"
users "${names[@]/#/t_}"
for name in "${names[@]}"; do
	mkdir -p "/home/t_$name/.ssh"
	cp "line/$name" "/home/t_$name/.ssh/authorized_keys"
	chown -R "t_$name": "/home/t_$name"
done
declare -A with			# row: the private key of what it holds
for k in key/*.pub; do
	fp=$(fingerprint "$k")
	while read -r name _ _ found _; do
		[ "$found" != "$fp" ] || with[$name]=${k%.pub}
	done <table
done
tries() {	# which of these rows let in
	local name
	for name; do
		login "${with[$name]-key/none}" "t_$name" true 2>/dev/null &&
		    printf '%s ' "$name"
	done
}
start_sshd no
same "sshd takes from files what the table says" "$(tries \
    "${names[@]}")" "$(tried '[KS]')"
check "adopt them" naskeysctl key adopt --all
rm -r /home/t_*/.ssh
same "the same let in without files, but for what is refused on purpose" \
    "$(tries "${took[@]}")" "$(tried K)"
stop_sshd

# ---- a thousand files ----

mapfile -t all < <(seq -f 'u%.0f' "$many")
users "${all[@]}"
mkdir "${all[@]/#//home/}"
printf '/home/%s/.ssh\n' "${all[@]}" | xargs mkdir
mapfile -t rows < <(cut -d' ' -f1 table)
printf '\n' >lf
printf '\r\n' >crlf
printf '\xef\xbb\xbf' >mark
# Every 25th file is none that can be taken.
for u in "${all[@]}"; do
	i=${u#u}
	[ $((i % 25)) -ne 0 ] || continue
	files=()
	end=lf
	[ $((RANDOM % 3)) -ne 0 ] || end=crlf
	last=
	for _ in $(seq $((RANDOM % 12))); do
		name=${rows[RANDOM % ${#rows[@]}]}
		case $name$last in
		long*) [ $((i % 50)) -eq 1 ] || continue ;;
		esac
		last=$name
		files+=("line/$name" "$end")
		echo "$u $name"
	done >>manifest
	# some end without a newline
	[ -z "$last" ] || [ "$last" = nothing ] ||
	    [ $((RANDOM % 4)) -ne 0 ] || unset "files[-1]"
	if [ $((RANDOM % 10)) -eq 0 ]; then
		files=(mark "${files[@]}")
		echo "$u" >>marked
	fi
	cat /dev/null "${files[@]}" >"/home/$u/.ssh/authorized_keys"
done

# hostile USER NUMBER: what stands in the way; 7: there is just no file
hostile() {
	local file=/home/$1/.ssh/authorized_keys
	cp key/plain.pub "$file"
	chown -R "$1": "/home/$1"
	case $2 in
	0) rm -r "/home/${1:?}" ;;
	1) ln -sfn /home/u1/.ssh/authorized_keys "$file" ;;
	2) rm -r "/home/$1/.ssh" && ln -s /home/u1/.ssh "/home/$1/.ssh" ;;
	3) rm "$file" && mkfifo "$file" && chown "$1" "$file" ;;
	4) chown root "$file" ;;
	5) chmod g+w "$file" && chgrp nogroup "$file" ;;
	6) rm "$file" && mkdir "$file" && chown "$1" "$file" ;;
	7) rm "$file" ;;
	esac
}
naskeysctl --json user list | jq -r '.[] |
    select(.username | startswith("u")) | "\(.username) \(.uid)"' |
    perl -lane 'chown $F[1], -1, "/home/$F[0]", "/home/$F[0]/.ssh",
	"/home/$F[0]/.ssh/authorized_keys"'
for i in $(seq 25 25 "$many"); do
	hostile "u$i" $((i / 25 % 8))
done

# What must be said of each line, and of each file with a private key.
awk '
FILENAME == "table" { kind[$1] = tolower($2); id[$1] = $3; fp[$1] = $4
	lines[$1] = $5; next }
FILENAME == "marked" { mark[$1] = 1; next }
{
	k = kind[$2]
	if ($1 != user) {
		user = $1
		line = 0
		split("", seen)
	}
	for (i = 0; i < lines[$2]; i++) {
		line++
		if (k == "c" || k == "b")
			continue
		if (k == "p")
			result = "private_key -"
		else if (k != "k" || line == 1 && mark[$1])
			result = "invalid -"
		else
			result = (id[$2] in seen ? "known " : "adopted ") fp[$2]
		if (result ~ /^adopted/)
			seen[id[$2]] = 1
		print $1, line, result
	}
}' table marked manifest | sort >want
tell() {	# the same out of a report
	jq -r '.users[] | select(.username | startswith("u")) |
	    .username as $u | .lines[] | range(.line; .last + 1) as $l |
	    "\($u) \($l) \(.result) \(.fingerprint // "-")"' "$1" | sort
}
snapshot() {
	find /home -printf '%p %y %i %s %m %U %G %n %l %T@ %C@\n' | sort
	find /home -type f -size -1000k -exec md5sum {} + | sort
}
snapshot >before
SECONDS=0
status=0
naskeysctl --json key adopt --all >got || status=$?
echo "  $SECONDS s for $many users"
same "exit status, for files that could not be taken" "$status" 1
tell got >told
check "each line of each file is told of, and no other" cmp want told
count() { grep -c " $1" want; }
for what in adopted known invalid private_key; do
	check "some are $what ($(count $what))" test "$(count $what)" -gt 20
done
same "the totals" "$(jq -c '[.adopted, .known, .refused]' got)" \
    "[$(count adopted),$(count known),$(($(count invalid) + $(count priv)))]"
same "comments are counted" "$(jq .comments got)" \
    "$(awk 'FILENAME == "table" { c[$1] = $2 == "c"; next } c[$2]' table \
    manifest | wc -l)"
same "files with a private key" "$(jq -r '.users[] | select(.private_key) |
    .username' got | sort)" "$(awk '$3 == "private_key" { print $1 }' want |
    sort -u)"
same "no file was touched" "$(snapshot | cmp - before 2>&1)" ""
same "who is left out, and why" "$(jq -r '.users[] |
    select(.reason and (.username | startswith("u"))) | .reason' got |
    sort | uniq -c | awk '{ n += $1 > 0; } END { print n }')" 6
same "and nobody else" "$(jq '[.users[] | select(.reason) | .username |
    select(startswith("u"))] | length' got)" \
    "$(seq 25 25 "$many" | awk '$1 / 25 % 8 != 7' | wc -l)"

# ---- what is in the database then ----

helper=/usr/libexec/naskeys/naskeys-helper
ask() {	# METHOD PARAMS-LINES...
	jq -cR --arg m "$1" '{jsonrpc: "2.0", id: 1, method: $m,
	    params: fromjson}' | "$helper"
}
printf '["%s"]\n' "${all[@]}" | ask user.keys |
    jq -r '.result[].fingerprint' | sort >have
awk '$3 == "adopted" { print $4 }' want | sort >expected
check "the database has these keys and no others" cmp expected have
same "one audit row a user" "$(echo \
    '[[["action","=","user.adopt_keys"],["object","^","u"]],{"count":true}]' |
    ask naskeys.audit.query | jq .result)" \
    "$(awk '$3 == "adopted" { print $1 }' want | sort -u | wc -l)"
naskeysctl --json key adopt --all --dry-run >again
same "once more: nothing is new" "$(jq -c '[.adopted, .known]' again)" \
    "[0,$(($(count adopted) + $(count known)))]"
same "no private key is anywhere" "$(grep -rlF "$(sed -n 3p key/none)" got \
    again /var/lib/naskeys 2>&1)" ""
check "check" naskeysctl check

# ---- the command ----

status() {	# NAME WANTED COMMAND...: output in out and err
	local name=$1 wanted=$2 got=0
	shift 2
	"$@" >out 2>err </dev/null || got=$?
	same "$name" "$got" "$wanted"
}
status "neither USER nor --all" 2 naskeysctl key adopt
status "both" 2 naskeysctl key adopt u1 --all
status "nobody" 1 naskeysctl key adopt nobody_here
check "user" naskeysctl user add alice --home /home/alice
mkdir -p /home/alice/.ssh
{ echo '# mine'; cat key/plain.pub; echo nonsense; cat key/none; } \
    >/home/alice/.ssh/authorized_keys
cp key/rsa.pub /home/alice/.ssh/authorized_keys2
chown -R alice: /home/alice
check "revoke" naskeysctl key revoke "$(fingerprint key/rsa.pub)"
cat key/rsa.pub >>/home/alice/.ssh/authorized_keys
status "a dry run" 0 naskeysctl key adopt alice --dry-run
check "says so" grep -q "^Would adopt 1 key; 0 known, 9 lines not taken, 1 co" \
    out
same "adds nothing" "$(naskeysctl --json key list alice)" "[]"
status "adopt" 0 naskeysctl key adopt alice
same "a line for each" "$(awk '$1 == "alice" { print $2, $3 }' out |
    tr '\n' ' ')" "2 adopted 3 invalid 4-10 private 11 revoked "
check "the private key is warned of" grep -q "a private key stands in" err
check "so is the other file" grep -q "authorized_keys2 is there too" err
same "the key is there" "$(naskeysctl --json key list alice |
    jq -r '.[].fingerprint')" "$(fingerprint key/plain.pub)"
chmod g+w /home/alice
status "nobody else is in the group that may write" 0 \
    naskeysctl key adopt alice
chmod o+w /home/alice
status "others may write" 1 naskeysctl key adopt alice
check "is why" grep -q "alice: /home/alice/.ssh/authorized_keys: Others may" err
mkdir -p /root/.ssh
cp key/ecdsa256.pub /root/.ssh/authorized_keys
chmod -R go-rwx /root/.ssh
status "root's" 0 naskeysctl key adopt root
same "is there" "$(naskeysctl --json key list root |
    jq -r '.[].fingerprint')" "$(fingerprint key/ecdsa256.pub)"
finish
