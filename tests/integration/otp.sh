#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Second factors on the command line, with oathtool and openssl as the
# devices, and the QR code held against qrencode.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
quick_jq
set -u
install_product
cd "$(mktemp -d)" || exit 1
chmod 755 .
umask 022
seal=/etc/naskeys/seal.key
as() { setpriv --reuid "$1" --regid "$1" --init-groups "${@:2}"; }

# status NAME WANTED COMMAND...: the exit status; the output in out and err
status() {
	local name=$1 wanted=$2 got=0
	shift 2
	"$@" >out 2>err || got=$?
	[ "$got" -eq "$wanted" ] || sed 's/^/  /' err
	same "$name" "$got" "$wanted"
}
says() { check "says: $1" grep -qF -e "$1" err; }

# device NAME ALGORITHM DIGITS PERIOD SECRET: what oathtool shows
device() { oathtool -b "--totp=$1" -d "$2" -s "${3}s" "$4"; }
# by_openssl ALGORITHM DIGITS COUNTER HEX: the same without liboath
by_openssl() {
	local mac at
	mac=$(printf '%016x' "$3" | xxd -r -p | openssl dgst "-$1" -mac HMAC \
	    -macopt "hexkey:$4" -binary | xxd -p -c 64)
	at=$((16#${mac: -1} * 2))
	printf "%0${2}d\n" $(((16#${mac:at:8} & 0x7fffffff) % 10 ** $2))
}

# enroll USER CODE-OF OPTION...: what a program does, which reads the answer
# and then gives the code that the device shows for it
enroll() {
	local user=$1 code_of=$2
	shift 2
	coproc naskeysctl --json user otp "$user" enroll --code-stdin "$@"
	# bash forgets its own copies as soon as the program has ended
	exec {from}<&"${COPROC[0]}" {to}>&"${COPROC[1]}"
	local pid=$COPROC_PID
	: >answer
	while IFS= read -r -t 10 line <&"$from"; do
		printf '%s\n' "$line" >>answer
		jq -e . answer >/dev/null 2>&1 && break
	done
	secret=$(jq -r .secret answer)
	uri=$(jq -r .uri answer)
	"$code_of" "$secret" >&"$to"
	cat <&"$from" >codes
	exec {from}<&- {to}>&-
	wait "$pid"
}
totp_default() { device SHA1 6 30 "$1"; }
totp_long() { device SHA512 8 60 "$1"; }
hotp() { oathtool -b --hotp -c 0 "$1"; }
openssl_256() {
	by_openssl sha256 6 $(($(date +%s) / 30)) \
	    "$(oathtool -v -b "$1" | sed -n 's/^Hex secret: //p')"
}
wrong() { echo 000000x; }
configured() {
	naskeysctl --json user show "$1" | jq .twofactor_auth_configured
}

check "init" naskeysctl init --configure
naskeysctl user add alice --uid 5001 --password-stdin <<<"correct horse"
naskeysctl user add bob --uid 5002 --admin --password-stdin <<<"staple"
/usr/libexec/naskeys/naskeys-helper \
    --listen /run/naskeys/helper.sock --protocol json \
    --listen /run/naskeys/root/helper.sock --protocol json &
listener=$!
wait_until listens /run/naskeys/root/helper.sock

# ---- enrolment against other implementations ----
same "none at first" "$(configured alice)" false
check "TOTP, oathtool" enroll alice totp_default
same "ten recovery codes" "$(jq '.recovery_codes | length' codes)" 10
same "the entity says so" "$(configured alice)" true
check "user show" grep -qE '^Second factor +yes$' <(naskeysctl user show alice)
same "the URI" "$uri" "otpauth://totp/$(hostname):alice?secret=$secret&issuer=$(
    hostname)&algorithm=SHA1&digits=6&period=30"
check "8 digits, SHA512, 60 s" enroll alice totp_long --algorithm sha512 \
    --digits 8 --period 60
check "HOTP" enroll alice hotp --kind hotp
check "SHA256, openssl" enroll alice openssl_256 --algorithm sha256
refused "a wrong code" enroll bob wrong
same "and nothing is in force" "$(configured bob)" false
same "none left behind" "$(naskeysctl --json user otp alice remove)" null
same "the entity says so" "$(configured alice)" false

# ---- the owner ----
token=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
status "a token's own secret" 0 as alice naskeysctl user otp alice enroll \
    --kind hotp --secret-stdin --code-stdin <<<"$token
$(oathtool -b --hotp -c 0 $token)"
recovery=$(grep -E '^  .....-.....$' out | head -1)
status "no code, no removal" 1 as alice naskeysctl user otp alice remove \
    --code-stdin </dev/null
status "a used code" 1 as alice naskeysctl user otp alice remove \
    --code-stdin <<<"$(oathtool -b --hotp -c 0 $token)"
says "or it was used before"
status "somebody else's" 1 as bob naskeysctl user otp nobody-here remove
status "another user" 1 as alice naskeysctl user otp bob remove
says "Not authorized"
status "a replacement" 0 as alice naskeysctl user otp alice enroll \
    --kind hotp --secret-stdin --code-stdin \
    <<<"$(oathtool -b --hotp -c 3 $token)
$token
$(oathtool -b --hotp -c 0 $token)"
status "an old recovery code" 1 as alice naskeysctl user otp alice remove \
    --code-stdin <<<"$recovery"
recovery=$(naskeysctl audit | grep -c 'Enroll second factor of alice')
check "audit" test "$recovery" -ge 6
status "with a code" 0 as alice naskeysctl user otp alice remove \
    --code-stdin <<<"$(oathtool -b --hotp -c 1 $token)"
status "no terminal" 1 naskeysctl user otp alice enroll </dev/null
says "--code-stdin"
status "neither" 2 naskeysctl user otp alice wait
status "no such kind" 1 naskeysctl user otp alice enroll --kind x \
    --code-stdin </dev/null
says "Input should be 'TOTP' or 'HOTP'"
status "too long a kind" 2 naskeysctl user otp alice enroll \
    --kind "$(printf 'x%.0s' {1..100})" --code-stdin </dev/null

# ---- a terminal: the picture, and a second attempt ----
# What is typed before it is asked for is lost: somebody types it again and
# again, until nobody reads it any more.
enroll_on_tty() {
	while sleep 0.3; do echo 123456; done 2>/dev/null |
	    TERM=xterm NO_COLOR=1 timeout 60 script -qec "stty cols ${1-120}; \
	    naskeysctl user otp alice enroll --kind hotp" /dev/null |
	    tr -d '\r'
}
enroll_on_tty >screen
uri=$(grep -o 'otpauth://.*' screen)
qrencode -l L -m 4 -t UTF8 -o picture "$uri"
rows=$(grep -c '[▀▄█]' screen)
same "the QR code is qrencode's" "$(grep '[▀▄█]' screen | md5sum)" \
    "$(head -n "$rows" picture | md5sum)"
check "it is large enough" test "$rows" -ge 20
same "asked three times" \
    "$(grep -c 'One-time password that the device' screen)" 3
enroll_on_tty 30 >screen
refused "too narrow for it" grep -q '[▀▄█]' screen
check "the URI all the same" grep -q otpauth:// screen

# ---- sealed ----
status "enrolled" 0 naskeysctl user otp alice enroll --kind hotp \
    --secret-stdin --code-stdin <<<"$token
$(oathtool -b --hotp -c 0 $token)"
leaks() {
	grep -rlaF -e "$token" -e 12345678901234567890 \
	    -e "$(grep -E '^  .....-.....$' out | head -1 | tr -d ' -')" \
	    /var/lib/naskeys /run/naskeys /var/log 2>/dev/null
}
same "in clear nowhere" "$(leaks)" ""
same "rotation has both parts" \
    "$(naskeysctl --json seal rotate | jq .resealed)" 2
mv $seal away
status "without the key" 1 as alice naskeysctl user otp alice remove \
    --code-stdin <<<"$(oathtool -b --hotp -c 1 $token)"
says "nothing is lost"
refused "naskeysctl check says so" naskeysctl check
mv away $seal
status "with it" 0 as alice naskeysctl user otp alice remove \
    --code-stdin <<<"$(oathtool -b --hotp -c 1 $token)"
check "check" naskeysctl check

kill "$listener"
wait "$listener" 2>/dev/null
finish
