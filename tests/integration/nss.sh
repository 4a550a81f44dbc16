#!/bin/bash
# SPDX-License-Identifier: ISC
#
# NSS against glibc's own "files": the same accounts in both.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
quick_jq
set -u
install_product
check "init --configure" naskeysctl init --configure
module=$(find /usr/lib -name libnss_naskeys.so.2 | head -1)
oracle=$BUILD/tests/integration/nss_oracle
cd "$(mktemp -d)" || exit 1

# 200 groups, then 3000 users, every third in some of them; names, full names
# and homes of every legal length, and hashes and ageing of every kind
for i in $(seq 0 199); do
	echo "{\"gid\":$((20000 + i)),\"name\":\"group$i\"}"
done >groups.json
while read -r g; do
	naskeysctl group add "$(echo "$g" | jq -r .name)" \
	    --gid "$(echo "$g" | jq .gid)" || exit 1
done <groups.json >/dev/null
naskeysctl group list --json | jq '[.[] | {key: .name, value: .id}] | from_entries' >ids.json
awk 'BEGIN {
	for (i = 0; i < 3000; i++) {
		g = ""
		if (i % 3 == 0)
			for (k = 0; k < i % 64; k++)
				g = g (k ? "," : "") "@" ((i * 7 + k) % 200)
		full = "User " i " "
		for (k = 0; k < i % 97; k++)
			full = full (k % 5 ? "x" : "ü")
		printf "{\"username\":\"user%d\",\"uid\":%d,\"g\":\"%s\",", \
		    i, 30000 + i, g
		printf "\"primary\":\"group%d\",\"full_name\":\"%s\",", \
		    i % 200, full
		printf "\"home\":\"/mnt/pool/%s%d\",\"shell\":\"%s\",", \
		    i % 2 ? "home/" : "h", i, \
		    i % 5 ? "/bin/bash" : "/usr/sbin/nologin"
		printf "\"unixhash\":\"%s\"}\n", i % 4 ? \
		    "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/" : "*"
	}
}' >raw.json
jq -c --slurpfile ids ids.json '
    .groups = [.g | split(",")[] | select(. != "") |
        $ids[0]["group" + .[1:]]] |
    .group = $ids[0][.primary] | del(.g, .primary)' raw.json >users.json
check "import of 3000 users" naskeysctl user import users.json
naskeysctl user lock user7 >/dev/null
naskeysctl user edit user8 --expires 2031-05-06 >/dev/null
naskeysctl user edit user9 --name renamed9 >/dev/null

# the same for files, from what the helper says of them
naskeysctl user list --json | jq 'map(select(.managed))' >u.json
naskeysctl group list --json | jq 'map(select(.gid >= 1000))' >g.json
jq -r '.[] | [.username, "x", .uid, .group.bsdgrp_gid, .full_name, .home,
    .shell] | map(tostring) | join(":")' u.json >>/etc/passwd
jq -r --slurpfile u u.json '
    ($u[0] | map({key: (.id | tostring), value: .}) | from_entries) as $by |
    .[] | . as $g | [.name, "x", (.gid | tostring),
    ([.users[] | $by[tostring] | select(.groups | index($g.id)) |
    .username] | join(","))] | join(":")' g.json >>/etc/group
jq -r '.[] | [.username, "*", "", "", "", "", "",
    (if .account_expires_at then
        (.account_expires_at["$date"] / 86400000 | ceil | tostring)
    else "" end), ""] | join(":")' u.json >>/etc/shadow
sed -i '/^user7:/s/:\*:/:!*:/' /etc/shadow
sed -i 's/^\(passwd\|group\|shadow\):.*/\1: files/' /etc/nsswitch.conf
"$oracle" "$module" all || bad=1

# through glibc's dispatch, as everybody asks
sed -i 's/^\(passwd\|group\|shadow\):.*/\1: naskeys/' /etc/nsswitch.conf
getent passwd | sort >ours
sed -i 's/^\(passwd\|group\|shadow\):.*/\1: files/' /etc/nsswitch.conf
getent passwd | awk -F: '$3 >= 30000 && $3 < 40000' | sort >files
check "getent passwd says what files says" cmp ours files
same "3000 of them" "$(wc -l <ours)" 3000

# ids that must never come out, whatever is said
sed -i 's/^\(passwd\|group\|shadow\):.*/\1: naskeys/' /etc/nsswitch.conf
refused "no uid 0" getent passwd 0
refused "no root" getent passwd root
refused "no gid 0" getent group 0
refused "no builtin group" getent group 544

# processes and threads that stay, while the writer works and makes the maps
# anew under them
sed -i 's/^\(passwd\|group\|shadow\):.*/\1: files naskeys/' /etc/nsswitch.conf
edits=60
[ "${LONG:-no}" != yes ] || edits=600
for i in $(seq $edits); do
	naskeysctl user edit "user1$((i % 10))" --full-name \
	    "$(head -c $((i * 13 % 250)) /dev/zero | tr '\0' x)" >/dev/null &&
	    echo edited >>edited
	[ $((i % 20)) -ne 0 ] || { naskeysctl sync --rebuild >/dev/null &&
	    echo rebuilt >>rebuilt; }
done 2>beside.err | "$oracle" "$module" beside || bad=1
same "every edit was made" "$(wc -l <edited)" $edits
same "and the maps were made anew" "$(wc -l <rebuilt)" $((edits / 20))

# hashes and ageing, in the hands of pam_unix: what another's files say
sed -i '/^user/d; /^renamed9/d' /etc/passwd
yescrypt=$(perl -e 'print crypt("secret", q($y$j9T$saltsaltsaltsalt$))')
awk -v six="$(openssl passwd -6 secret)" -v yes="$yescrypt" 'BEGIN {
	split(six "|" yes, hash, "|")
	for (i = 0; i < 240; i++) {
		printf "aged%d:x:%d:%d::/mnt/aged%d:/bin/sh\n", \
		    i, 45000 + i, 45000 + i, i >"aged.passwd"
		printf "aged%d:x:%d:\n", i, 45000 + i >"aged.group"
		printf "aged%d:%s:%s:%s:%s:%s:%s:%s:\n", i, \
		    hash[i % 2 + 1], \
		    i % 3 ? 18000 + i : (i % 2 ? "" : 20000), \
		    i % 5 ? i : "", i % 7 ? 30 + i : "", \
		    i % 11 ? i % 9 : "", i % 13 ? i % 8 : "", \
		    i % 17 ? 25000 + i : "" >"aged.shadow"
	}
}'
for file in passwd group shadow; do cat aged.$file >>/etc/$file; done
check "their accounts are taken over" naskeysctl user import --from-system \
    --min-uid 45000 --force
refused "and gone" grep -q ^aged /etc/passwd /etc/group /etc/shadow
echo 'shadow_hashes = yes' >>/etc/naskeys/naskeys.conf
check "shadow_hashes" naskeysctl sync
for file in passwd group shadow; do cat aged.$file >>/etc/$file; done
sed -i 's/^\(passwd\|group\|shadow\):.*/\1: files/' /etc/nsswitch.conf
"$oracle" "$module" hashes || bad=1
for file in passwd group shadow; do sed -i '/^aged/d' /etc/$file; done
sed -i '/^shadow_hashes/d' /etc/naskeys/naskeys.conf
check "none without it" naskeysctl sync
sed -i 's/^\(passwd\|group\|shadow\):.*/\1: files naskeys/' /etc/nsswitch.conf
same "and no ageing" "$(getent shadow aged1 aged3)" \
    "aged1:*::::::25001:
aged3:*::::::25003:"

# a running nscd is told to forget
if command -v nscd >/dev/null; then
	mkdir -p /run/nscd
	nscd
	wait_until listens /var/run/nscd/socket
	getent passwd user1 >/dev/null
	check "nscd: edit" naskeysctl user edit user1 --full-name "Fresh Name"
	same "nscd was told" "$(getent passwd user1 | cut -d: -f5)" "Fresh Name"
	naskeysctl user edit user1 --name fresh1 >/dev/null
	refused "nscd forgets the old name" getent passwd user1
	nscd --shutdown
fi
finish
