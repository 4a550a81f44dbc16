#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A connection's key, copied to another machine by password: by SFTP and by a
# shell, once and whole, or not at all.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
quick_jq
. "$(dirname "$0")/lib/far.bash"
set -u
tests=$(cd "$(dirname "$0")" && pwd)
install_product
systemd-sysusers /usr/lib/sysusers.d/naskeys.conf >/dev/null
naskeysctl init >/dev/null || fail "init"
cd "$scratch" || exit 1
chmod 755 .

check "another machine" make_far
check "its keys" make_far_keys keys
mapfile -t keys < <(hostkeys ed25519_256)
pins="$(cut -d' ' -f1,2 keys/ed25519_256.pub)"
password='pass "word\x \$(id)'
other_password=wrong
account() {	# NAME [SHELL]
	useradd -m -s "${2-/bin/bash}" "$1" &&
	    printf '%s:%s\n' "$1" "$password" | chpasswd
}

# Two homes of 32 KiB each; sshd is to see them, so they are there first.
for name in full1 full2; do
	account $name
	mount -t tmpfs -o size=32k,mode=755 tmpfs /home/$name
	chown $name: /home/$name
done
naskeysctl keypair generate backup >/dev/null
line=$(naskeysctl keypair export backup)
naskeysctl keypair export backup --private -o backup.key >/dev/null
read -r type base64 _ <<<"$line"
check "sshd with SFTP" far_sshd 2201 sftp "${keys[@]}" \
    "Subsystem sftp internal-sftp"
check "sshd with SFTP alone" far_sshd 2202 only "${keys[@]}" \
    "Subsystem sftp internal-sftp" "ForceCommand internal-sftp"
check "sshd without SFTP" far_sshd 2203 shell "${keys[@]}"
check "sshd with questions" far_sshd 2204 asks "${keys[@]}" "UsePAM yes" \
    "PasswordAuthentication no" "KbdInteractiveAuthentication yes" \
    "Subsystem sftp internal-sftp"
dropbearconvert openssh dropbear keys/ed25519_256 db >/dev/null 2>&1
rm -f /usr/lib/sftp-server	# where dropbear looks for one
far dropbear -p 2205 -P "$PWD/db.pid" -r db
far_listens 2205
check "sshd that is somebody else" far_sshd 2206 else \
    "HostKey $PWD/keys/ecdsa_256"
check "sshd whose SFTP replaces no file" far_sshd 2214 keeps "${keys[@]}" \
    "Subsystem sftp internal-sftp -P posix-rename"
check "sshd without any" far_sshd 2207 none "${keys[@]}" \
    "ForceCommand /bin/false"

install -m 755 "$tests/cut_sftp.pl" cut_sftp.pl
check "sshd with one session" far_sshd 2208 one "${keys[@]}" \
    "Subsystem sftp internal-sftp" "MaxSessions 1"
check "sshd with one session, without SFTP" far_sshd 2209 single \
    "${keys[@]}" "MaxSessions 1"
check "sshd with SFTP by the shell" far_sshd 2210 program "${keys[@]}" \
    "Subsystem sftp /usr/lib/openssh/sftp-server"
check "sshd that leaves" far_sshd 2211 leaves "${keys[@]}" \
    "Subsystem sftp exec $PWD/cut_sftp.pl"

file_of() { echo "/home/$1/.ssh/authorized_keys"; }
# Copy over this connection, with these members besides the password.
copy() {	# CONNECTION [MEMBERS [PASSWORD]]
	local id
	id=$(rpc keychaincredential.query \
	    "[[[\"name\",\"=\",\"$1\"]],{\"get\":true}]" | jq .result.id)
	rpc keychaincredential.copy_key "$(jq -cn --argjson id "$id" \
	    --arg password "${3-$password}" --argjson more "{${2-}}" \
	    '[$id, {password: $password} + $more]')" |
	    jq -rc 'if .result then .result.added else .error.data.reason end'
}
# Take the key out again: logged in with it, or by password.
removal() {	# USER PORT [KEY-FILE]
	"$BUILD/tests/integration/remove_key" $far4 "$2" "$1" "$pins" \
	    "$type" "$base64" "${@:3}" <<<"$password"
}
gone() { ! pgrep -u "$1"; }	# USER
modes() { stat -c '%a %U' "/home/$1/.ssh" "$(file_of "$1")" | tr '\n' ' '; }

### Every kind of server

while read -r name port; do
	account "$name"
	connection "to_$name" backup $far4 "$port" "$name" "$pins"
	same "$name: copied" "$(copy "to_$name")" true
	same "$name: the line and nothing else" "$(cat "$(file_of "$name")")" \
	    "$line"
	same "$name: its modes" "$(modes "$name")" "700 $name 600 $name "
	before=$(stat -c %y "$(file_of "$name")")
	same "$name: there is one already" "$(copy "to_$name")" false
	same "$name: and nothing is written" \
	    "$(stat -c %y "$(file_of "$name")")" "$before"
	[ "$port" = 2202 ] || check "$name: and it lets in" \
	    naskeysctl connection test "to_$name" --command true
	printf 'ssh-ed25519 AAAA other\n# %s\ncommand="echo %s" %s' \
	    "$line" "${line% *}" "$(cat keys/ecdsa_256.pub)" \
	    >"$(file_of "$name")"
	cp "$(file_of "$name")" before
	same "$name: behind others, without a newline there" \
	    "$(copy "to_$name")" true
	same "$name: which stay" "$(cat "$(file_of "$name")")" "$(cat before)
$line"
	printf 'from="10.0.0.0/8",command="a \\" b" %s x\r\n' "${line% *}" \
	    >"$(file_of "$name")"
	same "$name: with other options it is there" "$(copy "to_$name")" \
	    false
	# and taken out again: by its own key, then by password
	{ echo "$line"; cat before; printf '\nrestrict %s x\r\n\n# end' \
	    "${line% *}"; } >"$(file_of "$name")"
	printf '%s\n\n# end' "$(cat before)" >rest
	chmod 640 "$(file_of "$name")"
	same "$name: taken out" "$(removal "$name" "$port" backup.key)" true
	check "$name: and nothing else" cmp rest "$(file_of "$name")"
	same "$name: its modes stay" "$(modes "$name")" \
	    "700 $name 640 $name "
	same "$name: it is gone" "$(removal "$name" "$port")" false
	check "$name: all as it was" cmp rest "$(file_of "$name")"
	printf '\n%s' "$line" >>"$(file_of "$name")"
	same "$name: by password" "$(removal "$name" "$port")" true
	same "$name: the folder" "$(ls -A "/home/$name/.ssh")" authorized_keys
	same "$name: a wrong password" "$(copy "to_$name" '' \
	    $other_password | grep -c 'it does not let the user in by password')" 1
done <<'SERVERS'
sftp 2201
only 2202
shell 2203
asks 2204
drop 2205
SERVERS

### Taken out, where it is not so easy

# by SFTP and by a shell
while read -r name port; do
	account "$name"
	dir=/home/$name/.ssh
	same "$name: no file" "$(removal "$name" "$port")" false
	same "$name: none is made" "$(ls -A "$dir" 2>&1)" \
	    "ls: cannot access '$dir': No such file or directory"
	install -d -o "$name" -m 700 "$dir"
	same "$name: an empty folder" "$(removal "$name" "$port")" false
	printf 'a\n%s\nb\n' "$line" >"/home/$name/real keys"
	chown "$name:" "/home/$name/real keys"
	chmod 600 "/home/$name/real keys"
	ln -s '../real keys' "$(file_of "$name")"
	inode=$(stat -L -c %i "$(file_of "$name")")
	same "$name: behind a link" "$(removal "$name" "$port")" true
	same "$name: which stays" "$(readlink "$(file_of "$name")")" \
	    "../real keys"
	same "$name: what it leads to" "$(cat "/home/$name/real keys")" $'a\nb'
	same "$name: nothing beside it" "$(ls -A "$dir"; ls "/home/$name")" \
	    $'authorized_keys\nreal keys'
	same "$name: it is another file" "$([ "$(stat -L -c %i \
	    "$(file_of "$name")")" -ne "$inode" ] && echo yes)" yes
	# where no file can be made it is written over
	rm "$(file_of "$name")"
	printf 'a\n%s\nb\n%s' "$line" "$line" >"$(file_of "$name")"
	chown "$name:" "$(file_of "$name")"
	chmod 500 "$dir"
	inode=$(stat -c %i "$(file_of "$name")")
	same "$name: in place" "$(removal "$name" "$port")" true
	same "$name: all else is there" "$(cat "$(file_of "$name")")" $'a\nb'
	same "$name: in the same file" "$(stat -c %i "$(file_of "$name")")" \
	    "$inode"
	echo "$line" >"$(file_of "$name")"
	chmod 400 "$(file_of "$name")"
	same "$name: not to be written" "$(removal "$name" "$port" | grep -ciE \
	    'could not be removed there \(.*permission denied')" 1
	same "$name: the line stays" "$(cat "$(file_of "$name")")" "$line"
	same "$name: a wrong password" "$(password=$other_password \
	    removal "$name" "$port" | grep -c 'the user in by password')" 1
done <<'SERVERS'
gone1 2201
gone2 2203
SERVERS
account keeps
install -d -o keeps -m 700 /home/keeps/.ssh
printf 'a\n%s\nb\n' "$line" >"$(file_of keeps)"
chown keeps: "$(file_of keeps)"
inode=$(stat -c %i "$(file_of keeps)")
same "where no file can be replaced" "$(removal keeps 2214)" true
same "in place" "$(stat -c %i "$(file_of keeps)"; cat "$(file_of keeps)")" \
    "$inode
a
b"
same "nothing beside it" "$(ls -A /home/keeps/.ssh)" authorized_keys

### Every kind of login shell

# As appliances have them: one shows a menu, one runs SFTP and nothing else.
printf '#!/bin/sh\necho "1) Shell"\nread -r answer\nexit 1\n' \
    >/usr/local/bin/menu
printf '#!/bin/sh\n[ "$2" = %s ] && exec "$2"\necho "%s" >&2\nexit 1\n' \
    /usr/lib/openssh/sftp-server "SFTP only" >/usr/local/bin/sftponly
chmod 755 /usr/local/bin/menu /usr/local/bin/sftponly
while read -r name port shell try; do
	account "$name" "$shell"
	connection "to_$name" backup $far4 "$port" "$name" "$pins"
	same "$name: copied" "$(copy "to_$name"; copy "to_$name")" \
	    "true
false"
	same "$name: the line and nothing else" "$(cat "$(file_of "$name")")" \
	    "$line"
	# shellcheck disable=SC2086
	check "$name: and it lets in" naskeysctl connection test "to_$name" \
	    $try
	same "$name: taken out" "$(removal "$name" "$port")" true
	same "$name: nothing is left" "$(cat "$(file_of "$name")")" ""
done <<'SHELLS'
csh 2203 /bin/tcsh --command true
rbash 2203 /bin/rbash --command true
csh_sftp 2210 /bin/tcsh --command true --sftp
fish 2203 /usr/bin/fish --command true
fish_single 2209 /usr/bin/fish --command true
menu 2201 /usr/local/bin/menu --sftp
restricted 2210 /usr/local/bin/sftponly --sftp
nobody_in 2201 /usr/sbin/nologin --sftp
one 2208 /bin/bash --command true --sftp
single 2209 /bin/bash --command true
SHELLS
same "a menu" "$(copy to_menu)" true
status "which runs no command" 1 naskeysctl connection test to_menu \
    --command true
same "and it is said" "$(cat err)" "naskeysctl: connection test: $far4 port \
2201: the command failed (exit status 1)"

### Least privilege

account least
connection to_least backup $far4 2201 least "$pins"
options='"restrict":true,"from":"10.9.0.0/24,!10.9.0.7","command":"echo \"hi\""'
same "with options" "$(copy to_least "$options")" true
same "which stand in the line" "$(cat "$(file_of least)")" \
    "restrict,from=\"10.9.0.0/24,!10.9.0.7\",command=\"echo \\\"hi\\\"\" $line"
for options in '"from":"no address here"' '"command":"a\nb"' \
    '"from":"a\"b\n"' '"command":7' '"restrict":"yes"' '"from":""'; do
	same "no line of that: $options" "$(copy to_sftp "$options" |
	    grep -c keychain_copy_key)" 1
done

### What fails, and leaves nothing behind

connection to_else backup $far4 2206 sftp "$pins"
same "somebody else" "$(copy to_else | grep -c 'HOST KEY HAS CHANGED')" 1
same "who gets no password" "$(grep -cE 'password|Failed|Invalid' else.log)" 0
account none
connection to_none backup $far4 2207 none "$pins"
same "neither SFTP nor a shell" "$(copy to_none | grep -c \
    'the key could not be copied there')" 1
same "and no file" "$(ls -A /home/none/.ssh 2>/dev/null)" ""
account shut /usr/sbin/nologin
connection to_shut backup $far4 2203 shut "$pins"
same "what such a shell says is told" "$(copy to_shut)" "[EFAULT] $far4 port \
2203: the key could not be copied there (This account is currently not \
available.)"
# in a home without room, and in one that is read-only
while read -r name port; do
	connection "to_$name" backup $far4 "$port" "$name" "$pins"
	install -d -o "$name" -m 700 "/home/$name/.ssh"
	{ yes '# full' | head -c 4089; echo; } >"$(file_of "$name")"
	chown "$name:" "$(file_of "$name")"
	chmod 600 "$(file_of "$name")"
	cp "$(file_of "$name")" before
	dd if=/dev/zero of="/home/$name/fill" bs=4096 2>/dev/null
	same "$name: a full disk" "$(copy "to_$name" | grep -cE \
	    'could not be copied there \(.*([Nn]o space|may be full)')" 1
	check "$name: the file is as it was" cmp before "$(file_of "$name")"
	{ head -c 3500 before; printf '\n%s\n' "$line"; } >"$(file_of "$name")"
	dd if=/dev/zero of="/home/$name/fill" bs=4096 2>/dev/null
	same "$name: taken out all the same" "$(removal "$name" "$port")" true
	check "$name: and nothing else" cmp <(head -c 3500 before; echo) \
	    "$(file_of "$name")"
	cp before "$(file_of "$name")"
	rm "/home/$name/fill"
	mount -o remount,ro "/home/$name"
	same "$name: a read-only one" "$(copy "to_$name" | grep -cE \
	    'could not be copied there \(.*([Rr]ead-only|may be full)')" 1
	mount -o remount,rw "/home/$name"
	rm -r "/home/$name/.ssh"
	mount -o remount,ro "/home/$name"
	same "$name: one without a folder" "$(copy "to_$name" | grep -c \
	    'could not be copied there')" 1
	same "$name: which has none then" "$(ls -A "/home/$name")" ""
done <<'SERVERS'
full1 2201
full2 2203
SERVERS

### A server that leaves in the middle

# Nothing is there then, or the whole line; and the next time it is.
cuts=
while read -r name type when how; do
	account "$name"
	echo "$type $when $how" >"/home/$name/cut"
	connection "to_$name" backup $far4 2211 "$name" "$pins" 3
	copy "to_$name" >"$name.said" &
	cuts="$cuts $!"
done <<'CUTS'
cut_init 1 before close
cut_stat 17 before close
cut_mkdir 14 after close
cut_open 3 after close
cut_write 6 before close
cut_written 6 after close
hold_init 1 before hold
hold_mkdir 14 after hold
hold_write 6 before hold
hold_written 6 after hold
CUTS
# shellcheck disable=SC2086
wait $cuts
for name in cut_init cut_stat cut_mkdir cut_open cut_write cut_written \
    hold_init hold_mkdir hold_write hold_written; do
	case $name in
	cut_*) want='it closed the connection while we were writing its authorized_keys' ;;
	*) want='no end within 3 seconds: it was still writing its authorized_keys' ;;
	esac
	# where the file cannot be opened it cannot be looked into either
	left="The key may still be in the authorized_keys of $name at $far4: \
it could not be taken out again ($far4 port 2211: $want).  What had failed: "
	[ "$name" = cut_open ] || left=
	same "$name: says so" "$(cat $name.said)" \
	    "[EFAULT] $left$far4 port 2211: $want"
	case $(cat "$(file_of $name)" 2>/dev/null) in
	'' | "$line") pass "$name: nothing half" ;;
	*) fail "$name: half a line" ;;
	esac
	rm "/home/$name/cut"
	copy "to_$name" >"$name.said"
	same "$name: the next time" "$(cat "$(file_of $name)")" "$line"
	check "$name: nobody is left there" wait_until gone "$name"
done
refused "and nobody here" pgrep -x naskeys-net

### The password

account secret
connection to_secret backup $far4 2201 secret "$pins"
strace -f -qq -s 400 -e trace=execve,openat,write,sendto,sendmsg,writev \
    -o trace bash -c "$(declare -f rpc copy); far4=$far4
    password='$other_password-and-seen'
    copy to_secret" >said 2>&1
check "a password was tried" grep -q 'by password' said
same "it is in nobody's arguments but jq's" "$(grep execve trace |
    grep -v '/jq"' | grep -c "and-seen")" "$(grep -c 'bash", .*and-seen' trace)"
same "nor in an answer" "$(grep -c and-seen said)" 0
same "nor in the audit log" "$(naskeysctl audit | grep -c "$other_password")" 0
same "where each copy stands" "$(naskeysctl audit | grep -c \
    'Copy the key of connection to_least to least at')" 1
same "and before it was tried" "$(naskeysctl audit | grep -c \
    'Begin to copy the key of connection to_least to least at')" 1
for f in sftp only shell asks keeps else none one single program leaves; do
	kill "$(cat $f.pid)"
done
kill "$(cat db.pid)"
finish
