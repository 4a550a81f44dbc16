#!/bin/bash
# SPDX-License-Identifier: ISC
#
# options_oracle.sh [COUNT [SEED]]: hold our parser of key options against
# sshd, for every row of options_oracle.table and for COUNT lines made by
# chance (400, or 20000 when LONG is "yes").  sshd is asked about a key for
# each line, and its log says how it read the line; the lines of the table
# that let somebody in are then logged in with.
#
# The verdicts of the table:
#   in          we take the line, and it logs in
#   from, expired, principals
#               we take it, and sshd lets nobody in for that reason alone
#   no          we refuse it, and sshd does not read it either
#   strict:WHY  we refuse it with the sentence of that row of "classes" below,
#               while sshd reads it
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
export LC_ALL=C
umask 022

count=400
[ "${LONG-no}" = yes ] && count=20000
count=${1:-$count}
seed=${2:-1}
driver=$BUILD/tests/integration/options_oracle
table=$(readlink -f "$(dirname "$0")/options_oracle.table")
batch=50		# lines of one file, which is one connection
workers=4
tab=$(printf '\t')

. "$(dirname "$0")/lib/sshd.bash"
chmod 755 .
mkdir keys pub certs auth cfg
chmod 755 auth

### The lines: N of "verdicts" is the verdict of N of "options"

# fill N FORM: N options of FORM, in which & is the number.
fill() { seq "$1" | sed "s/.*/$2/" | paste -sd , -; }
{
	sed '/^#/d;/^$/d' "$table"
	echo "in $(fill 900 'environment="A&=1"')"
	echo "strict:count $(fill 901 'environment="A&=1"')"
	echo "in $(fill 4097 'permitopen="h:&"')"
	echo "no $(fill 4098 'permitopen="h:&"')"
	echo "in $(fill 4097 'permitlisten="&"')"
	echo "no $(fill 4098 'permitlisten="&"')"
	echo "in command=\"$(printf '%08000d' 0)\""
	names=$(seq 39 | paste -sd , -)
	echo "in cert-authority,principals=\"$names,alice\""
	echo "strict:principals cert-authority,principals=\"$names,40,alice\""
} >rows
rows=$(wc -l <rows)
"$driver" generate "$seed" "$count" | sed 's/^/chance /' >>rows
total=$(wc -l <rows)
cut -d' ' -f1 rows >verdicts
cut -d' ' -f2- rows >options
"$driver" keys "$total" keys | cut -d' ' -f1,2 >public
paste -d ' ' options public >lines
"$driver" judge <lines >ours

### Who comes: the key of each line, or a certificate that it signed

ssh-keygen -q -t ed25519 -N '' -C holder -f holder
grep -in 'cert-authority' options | cut -d: -f1 >authorities
certify() {	# NUMBER; the name of its user is the second principal
	cp holder.pub "certs/$1.pub"
	ssh-keygen -q -s "keys/$1" -I "$1" -z "$1" \
	    -n "alice,u$((($1 - 1) / batch + 1))" "certs/$1.pub"
}
export batch
export -f certify
xargs -P "$workers" -n 1 bash -c 'certify "$1"' certify <authorities
awk -v b=$batch '{ print >("pub/" NR); close("pub/" NR)
    f = "auth/u" int((NR - 1) / b + 1) }' public
awk -v b=$batch '{ print >("auth/u" int((NR - 1) / b + 1)) }' lines
chmod 600 pub/*
batches=$(((total + batch - 1) / batch))
cat >cfg/common <<CFG
HostName 127.0.0.1
Port $port
BatchMode yes
IdentitiesOnly yes
IdentityAgent none
StrictHostKeyChecking no
UserKnownHostsFile /dev/null
LogLevel QUIET
KexAlgorithms curve25519-sha256
PreferredAuthentications publickey
RequestTTY no
CFG
for b in $(seq "$batches"); do
	echo "u$b:x:2000:2000::/:/bin/true" >>/etc/passwd
done
awk -v b=$batch -v dir="$PWD" '
	FILENAME == "authorities" { ca[$1] = 1; next }
	{
		f = "cfg/u" int((FNR - 1) / b + 1)
		print "IdentityFile " dir "/pub/" FNR >f
		if (FNR in ca)
			print "CertificateFile " dir "/certs/" FNR \
			    "-cert.pub" >f
	}' authorities public
for b in $(seq "$batches"); do
	cat cfg/common >>"cfg/u$b"
done

start() {	# LEVEL
	/usr/sbin/sshd -p $port -E "$PWD/sshd.log" -o UsePAM=no \
	    -o ListenAddress=127.0.0.1 -o PidFile="$PWD/sshd.pid" \
	    -o LogLevel="$1" -o MaxStartups=100 -o MaxAuthTries=1000 \
	    -o LoginGraceTime=0 -o AuthorizedKeysFile="$PWD/auth/%u" \
	    -o PermitUserEnvironment=yes -o PermitTunnel=yes \
	    -o StrictModes=no -o UseDNS=no -o PrintMotd=no \
	    -o PrintLastLog=no
	wait_until test -s sshd.pid
}

### Each key is shown to sshd; nobody signs

start DEBUG1
show() { ssh -n -F "cfg/u$1" "u$1@127.0.0.1" true || :; }	# 255 stops xargs
export -f show
seq "$batches" | xargs -P "$workers" -n 1 bash -c 'show "$1"' show
stop_sshd

# Of each line "N VERDICT", and what sshd says that the line means.
awk -v b=$batch '
	{ sub(/\r$/, "") }
	match($0, /\/auth\/u[0-9]+:[0-9]+/) {
		split(substr($0, RSTART + 7, RLENGTH - 7), at, ":")
		n = (at[1] - 1) * b + at[2]
		what = substr($0, RSTART + RLENGTH + 2)
		if (/^Accepted (key|certificate) /)
			verdict[n] = "in"
		else if (what ~ /^matching (key|CA) found/)
			verdict[n] = "principals"
		else if (what ~ /^key options:/) {
			if (!(n in told))	# not the certificate together
				print n " is " what
			told[n] = 1
		} else if (what ~ /^(environment|forced command): / ||
		    what ~ /^(permitted (open|listen)|expires at) ?/ ||
		    what ~ /^authorized principals: /)
			print n " is " what
		else if (what ~ /^Authentication tried .* not from a perm/)
			verdict[n] = "from"
		else if (what ~ /^entry expired at/)
			verdict[n] = "expired"
		else
			verdict[n] = "no"
	}
	END { for (n in verdict) print n " " verdict[n] }' sshd.log >theirs
check "sshd was asked about every line" \
    [ "$(grep -c '^Connection closed by authenticating' sshd.log)" = "$batches" ]

### Verdicts

# NAME <tab> what our sentence says <tab> what stands in the line (a regular
# expression) <tab> why we refuse what sshd reads.
sed "s/ | /$tab/g" >classes <<'TABLE'
comma | the key options end with a comma | , *$ | an option may be missing there
comma | have an empty one | (^|,), | an option may be missing there
empty-command | command is empty | command="[^!-~]*" | nobody means a command that is none
day | expiry-time must be | expiry-time="[0-9] | the day or second does not exist
network | a network must be | from="[^"]*/ | sshd takes the list for one that lets nobody in
address | an address must be | from="[^"]*[0-9:] | sshd completes it to another address, or never sees such a one
host | a host may contain only | from="([^"]*[^-a-z0-9._*?,!:/%"]|[^"]*[^",]!|!!) | no host has that name
empty-from | from= has an empty entry | from="([^"]*,)?!?(,|") | a host may be missing there
only-excludes | from= only excludes | from="! | sshd lets nobody in
permit | permitopen must be | permitopen="([^"]*[^-a-z0-9._:"]|:) | nobody asks for a host of that name
permit | permitlisten must be | permitlisten="([^"]*[^-a-z0-9._:*?"]|:) | nobody asks for a host of that name
port | a port must be | permit(open|listen)="([^"]*[:/])?[^1-9] | it is no number from 1 to 65535 as sshd(8) means it
principals | principals must be | principals="([^"]*,)?([^!-~]|,|"|[^"]*[^!-~][,"]) | no certificate has such a name
principals-alone | principals needs | principals=" | sshd lets nobody in, whatever it says
count | more often than | ,environment=" | a session has no room for so many
principals | principals names more | principals="([^"]*,)([^"]*,)([^"]*,) | sshd looks at 40 only
tunnel | tunnel must be | tunnel="[^1-9a] | it is no number as sshd(8) means it
control | control character | . | a terminal or another program may obey it
utf-8 | not valid UTF-8 | . | it cannot be shown
TABLE

# Each line: verdict wanted, ours, theirs, our sentence, the options.
awk '
	FILENAME != "rows" {
		n = $1
		if ($2 == "is")
			next
		sub(/^[0-9]+ /, "")
		said[FILENAME, n] = $0
		next
	}
	{
		want = $1
		sub(/^[^ ]+ /, "")
		ours = said["ours", FNR]
		theirs = said["theirs", FNR]
		if (theirs == "")
			theirs = "no"
		word = ours
		sub(/ .*/, "", word)
		sub(/^[^ ]+ ?/, "", ours)
		printf "%s\t%s\t%s\t%s\t%s\n", want, word, theirs, ours,
		    substr($0, 1, 500)
	}' ours theirs rows >all
awk -F "$tab" '
	NR == FNR { name[NR] = $1; why[NR] = $2; form[NR] = $3; k = NR; next }
	{
		text = $0	# what stands behind the fourth tab
		for (i = 1; i <= 4; i++)
			text = substr(text, index(text, "\t") + 1)
		class = ""
		for (i = 1; $2 == "refuse" && i <= k; i++)
			if (index($4, why[i]) && tolower(text) ~ form[i])
				class = name[i]
		# what the line is, by both
		got = $3
		if ($2 == "refuse" && $3 != "no")
			got = "strict:" class
		else if ($2 == "accept" && $3 == "no")
			got = "looser"
		# a limit must be one that we see as well
		if ($2 == "accept" && got != "looser" && got != "in" &&
		    !index(" " $4 " ", " " got " "))
			got = "unseen " got
		if (got == "in" && $4 ~ /expired|principals/)
			got = "unheeded " $4
		if ($1 == "chance") {
			lines++
			read += $3 != "no"
			ok = got ~ /^(in|from|expired|principals|no|strict:.+)$/
		} else
			ok = got == $1
		seen[got]++
		if (!ok) {
			print "line " FNR ": wanted " $1 ", got " got ": " text \
			    " (" $4 ")"
			bad++
		}
	}
	END {
		for (c in seen)
			print "# " c ": " seen[c]
		printf "# by chance: %d lines, %d read by sshd\n", lines, read
		if (lines > 0 && read * 100 < lines * 30) {
			print "too few lines are read by sshd"
			bad++
		}
		exit bad > 0
	}' classes all >report
status=$?
sort report
check "the table, $rows lines" sh -c '! grep "wanted [^c]" report'
check "by chance: $count lines, seed $seed" sh -c '! grep "wanted chance" report'
check "nothing else is wrong" [ "$status" -eq 0 ]

# Every class is shown by a row of the table.
cut -f1 classes | sort -u | sed 's/^/strict:/' >named
cut -d' ' -f1 verdicts | grep '^strict:' | sort -u >shown
same "each difference is shown by a row" "$(cat shown)" "$(cat named)"

### What the options of a line mean is the same to both

both() {	# FILE: the meanings of the lines that both take
	awk 'FILENAME == "ours" { if ($2 == "accept") ok[$1] = 1; next }
	    FILENAME == "took" { ok[$1]++; next }
	    $2 == "is" && ok[$1] == 2 { print substr($0, 1, 600) }' \
	    ours took "$1" | sort -u
}
awk '$2 == "in"' theirs >took
cp ours ours.is
both ours.is >ours.means
both theirs >theirs.means
check "the same meaning: $(wc -l <ours.means) things" \
    cmp ours.means theirs.means
diff ours.means theirs.means | head -20

### Who is let in logs in

start VERBOSE
awk -F "$tab" '$1 == "in" { print FNR }' all >in
login_by() {	# NUMBER
	local b=$((($1 - 1) / batch + 1)) key=keys/$1
	set -- "$1" -i "$key"
	if grep -q "^$1 accept.* ca" ours; then
		set -- "$1" -i holder -o CertificateFile="certs/$1-cert.pub"
	fi
	if ssh -n -F cfg/common "${@:2}" "u$b@127.0.0.1" true 2>/dev/null; then
		echo "$1"
	fi
	return 0
}
export -f login_by
xargs -P "$workers" -n 1 bash -c 'login_by "$1"' login_by <in | sort -n >came
stop_sshd
diff in came | head -20
check "they log in: $(wc -l <in) lines" cmp in came
finish
