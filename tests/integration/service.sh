#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The SSH service's settings, from the database to a running sshd: each of
# them as sshd -T sees it, and what does not come to pass goes back.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
install_product
cd "$(mktemp -d)" || exit 1
chmod 700 .
ssh-keygen -q -A
mkdir -p /run/sshd /etc/naskeys
main=/etc/ssh/sshd_config
dropin=/etc/ssh/sshd_config.d/10-naskeys.conf
helper=/usr/libexec/naskeys/naskeys-helper

# what other init systems put in ssh_control's place
cat >/usr/local/sbin/sshctl <<'SH'
#!/bin/sh
pid=$(cat /run/sshd.pid 2>/dev/null)
echo "$1" >>/run/sshctl.log
case $1 in
status) [ -n "$pid" ] && kill -0 "$pid" ;;
reload) [ ! -e /run/sshctl.deaf ] && kill -HUP "$pid" ;;
start) [ ! -e /run/sshctl.deaf ] && /usr/sbin/sshd ;;
stop) [ ! -e /run/sshctl.deaf ] && kill "$pid" ;;
restart)
	kill "$pid"
	while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
	/usr/sbin/sshd
	;;
enable) touch /run/sshctl.enabled ;;
disable) rm -f /run/sshctl.enabled ;;
is-enabled) [ -e /run/sshctl.enabled ] ;;
esac
SH
chmod 755 /usr/local/sbin/sshctl
echo 'ssh_control = /usr/local/sbin/sshctl' >/etc/naskeys/naskeys.conf

check "init" naskeysctl init --configure --key-files none
ctl() { naskeysctl service "$@"; }
told() { /usr/sbin/sshd -T 2>/dev/null | sed -n "s/^$1 //p"; }
told_to() {	# USER KEYWORD
	/usr/sbin/sshd -T -C "user=$1,host=h,addr=192.0.2.1" 2>/dev/null |
	    sed -n "s/^$2 //p"
}
answers() { ssh-keyscan -T 5 -p "$1" -t ed25519 127.0.0.1 2>/dev/null |
	grep -q ssh-ed25519; }
pending() { sqlite3 /var/lib/naskeys/naskeys.db \
	'SELECT COUNT(*) FROM ssh_pending'; }
waiters() { pgrep -f -- '^naskeys-helper --ssh-wait'; }
refuted() { ! "$@"; }

# ---- nothing runs yet ----

cp -p $main main.saved
cp -p $dropin dropin.saved
check "settings" ctl set tcpport=2222 revoked_keys=yes
refuses "a port that is none is named as it was given" \
    "service set: tcpport: " ctl set tcpport=70000
status "applied while sshd does not run" 0 ctl apply
same "which is what it says" "$(cat out)" \
    "The settings count when sshd is started: it does not run"
same "the port" "$(told port)" 2222
same "what init chose for key files stays" \
    "$(grep -c '^    AuthorizedKeysFile none$' $dropin)" 1
check "init leaves it alone" naskeysctl init --configure
same "the port still" "$(told port)" 2222
status "and cannot be told otherwise" 1 naskeysctl init --configure \
    --key-files central
says "naskeysctl service set key_files"
/usr/sbin/sshd
wait_until answers 2222
check "sshd answers" answers 2222

# ---- each setting ----

try() {	# SETTING KEYWORD WANTED
	check "set $1" ctl set "$1"
	check "apply $1" ctl apply
	same "sshd -T: $1" "$(told "$2" | sort | paste -sd' ')" "$3"
}
try bindiface=lo listenaddress "127.0.0.1:2222 [::1]:2222"
check "sshd answers there" answers 2222
try bindiface= listenaddress "0.0.0.0:2222 [::]:2222"
try kerberosauth=yes gssapiauthentication yes
try kerberosauth=no gssapiauthentication no
try tcpfwd=yes allowtcpforwarding yes
try tcpfwd=no allowtcpforwarding no
try compression=yes compression yes
try compression=no compression no
try host_key_types=ED25519 hostkey /etc/ssh/ssh_host_ed25519_key
try host_key_types=ED25519,RSA,ECDSA hostkey "/etc/ssh/ssh_host_ecdsa_key \
/etc/ssh/ssh_host_ed25519_key /etc/ssh/ssh_host_rsa_key"
ssh-keygen -q -t ed25519 -N '' -f ca
ssh-keygen -q -s ca -I h -h -n localhost /etc/ssh/ssh_host_ed25519_key.pub
try host_certificates=/etc/ssh/ssh_host_ed25519_key-cert.pub hostcertificate \
    /etc/ssh/ssh_host_ed25519_key-cert.pub
check "set weak_ciphers" ctl set weak_ciphers=AES128-CBC,NONE
check "apply weak_ciphers" ctl apply
check "sshd -T: weak_ciphers" sh -c '/usr/sbin/sshd -T | grep -q \
    "^ciphers .*chacha20.*,aes128-cbc$"'
check "set options" ctl set weak_ciphers= "options=MaxAuthTries 3
UseDNS yes"
check "apply options" ctl apply
same "sshd -T: options" "$(told maxauthtries) $(told usedns)" "3 yes"
same "weak ciphers are gone" "$(told ciphers | grep -c aes128-cbc)" 0
try options= usedns no
same "what is always set" "$(for k in clientalivecountmax \
    clientaliveinterval versionaddendum usepam kbdinteractiveauthentication \
    passwordauthentication pubkeyauthentication permitrootlogin; do
    told $k; done | paste -sd' ')" "3 15 none yes no no yes without-password"
try revoked_keys=no revokedkeys none
try revoked_keys=yes revokedkeys /var/lib/naskeys/revoked.krl

# ---- who may do what ----

naskeysctl group add staff2 >/dev/null
for u in alice bob carol; do
	mkdir -p /home/$u
	naskeysctl user add $u --home /home/$u --shell /bin/sh >/dev/null
done
naskeysctl user edit carol --groups staff2 >/dev/null
id=$(naskeysctl user show alice --json | jq .id)
printf '{"jsonrpc":"2.0","id":1,"method":"user.update","params":[%s,{"ssh_password_enabled":true}]}\n' \
    "$id" | $helper >answer
check "alice has a password for SSH" grep -q '"ssh_password_enabled":true' \
    answer
passwords() {
	local u
	for u in alice bob carol; do
		told_to $u passwordauthentication
	done | paste -sd' '
}
check "apply without passwords" ctl apply
same "nobody logs in by password" "$(passwords)" "no no no"
check "passwords" ctl set passwordauth=yes password_login_groups=staff2
check "apply passwords" ctl apply
same "alice by name, carol by group (G.5 ssh_password_enabled: true allows \
and false denies, same through password_login_groups)" "$(passwords)" \
    "yes no yes"
same "and keyboard-interactive" "$(told_to alice \
    kbdinteractiveauthentication)" yes
for files in OWN:'.ssh/authorized_keys .ssh/authorized_keys2' NONE:none \
    CENTRAL:/var/lib/naskeys/authorized_keys/%U; do
	check "key_files ${files%%:*}" ctl set "key_files=${files%%:*}"
	check "apply key_files ${files%%:*}" ctl apply
	same "sshd -T -C: key_files ${files%%:*}" \
	    "$(told_to alice authorizedkeysfile)" "${files#*:}"
	same "others: key_files ${files%%:*}" \
	    "$(told_to daemon authorizedkeysfile)" \
	    ".ssh/authorized_keys .ssh/authorized_keys2"
done
same "no forwarding to sockets" \
    "$(told_to alice allowstreamlocalforwarding)" no

# ---- what is in the way ----

n=$(grep -n '^Subsystem' $main | cut -d: -f1)
cp -p $main main.saved
cp -p $dropin dropin.saved
check "sftp logs" ctl set sftp_log_level=VERBOSE sftp_log_facility=LOCAL3
refuses "Debian's subsystem is named" "$main:$n: \"Subsystem" ctl apply
same "and the answer has it" "$(echo '{"jsonrpc":"2.0","id":1,"method":"ssh.apply","params":[]}' |
    $helper | jq -r '.error.data.extra[0] | "\(.file) \(.line)"')" "$main $n"
check "nothing was changed" cmp $main main.saved
check "nor the drop-in" cmp $dropin dropin.saved
status "--edit-main" 0 ctl apply --edit-main
check "shows the difference" grep -q '^sshd_config: +#naskeys# Subsystem' out
same "sshd -T: sftp" "$(told subsystem)" \
    "sftp internal-sftp -l VERBOSE -f LOCAL3"
check "sshd answers" answers 2222
sed -i '1i Port 2200' $main
cp -p $main main.port
check "another setting" ctl set tcpfwd=yes
refuses "an administrator's Port is named" "$main:1: \"Port 2200\"" ctl apply
sed -i '1c AllowTcpForwarding no' $main
refuses "an earlier line is named" "$main:1: \"AllowTcpForwarding no\"" \
    ctl apply
sed -i 1d $main
echo 'ListenAddress 127.0.0.1' >/etc/ssh/sshd_config.d/50-other.conf
refuses "and one of another drop-in" 50-other.conf:1 ctl apply --edit-main
rm /etc/ssh/sshd_config.d/50-other.conf
printf 'Match User alice\n    PasswordAuthentication no\n' \
    >/etc/ssh/sshd_config.d/05-other.conf
refuses "an earlier Match that wins" "For user alice sshd -T says \
passwordauthentication no, not yes" ctl apply
printf 'Match User bob\n    PasswordAuthentication no\n' \
    >/etc/ssh/sshd_config.d/05-other.conf
check "one of somebody else's is none" ctl apply
rm /etc/ssh/sshd_config.d/05-other.conf
check "an administrator's own Match" ctl set \
    "options=Match User alice
PasswordAuthentication no"
check "is what is meant" ctl apply
same "and counts" "$(told_to alice passwordauthentication)" no
ctl set options= >/dev/null
check "without them" ctl apply
echo '# by hand' >>$dropin
refuses "a drop-in changed by hand is left alone" "changed by hand" ctl apply
sed -i '$d' $dropin
check "and back" ctl apply

# ---- what sshd does not take ----

cp -p $dropin dropin.saved
pid=$(cat /run/sshd.pid)
check "a broken parameter" ctl set options=MaxAuthTrys\ 3
refuses "is refused with sshd's words" "Bad configuration option" ctl apply
check "under the file's name" grep -q "$dropin: line" err
check "the old service runs" answers 2222
same "the same one" "$(cat /run/sshd.pid)" "$pid"
check "with the old file" cmp $dropin dropin.saved
check "a file that is not there" ctl set options=TrustedUserCAKeys\ /none
refuses "is refused" "trustedusercakeys names /none" ctl apply
ctl set options= >/dev/null
check "another list of revoked keys" ctl set revoked_keys=no \
    options=RevokedKeys\ /none
refuses "that is not there" "sshd would refuse every key" ctl apply
check "compression" ctl set compression=yes revoked_keys=yes options=
check "with our list" ctl apply

# sshd -t takes it, and sshd dies of it: somebody else has the port
perl -e 'use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen => 1,
    LocalAddr => "0.0.0.0", LocalPort => 2300) or die; print "up\n";
    close STDOUT; sleep 600' >taken &
taker=$!
wait_until grep -q up taken
cp -p $dropin dropin.saved
check "a taken port" ctl set tcpport=2300 bindiface=lo
refuses "is found out" "the old one is in force again" ctl apply
wait_until answers 2222
check "the old service runs again" answers 2222
check "with the old file" cmp $dropin dropin.saved
same "nothing is pending" "$(pending)" 0
kill $taker
# sshd goes on without one of its addresses, where a user answers in its place
perl -e 'use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen => 9,
    LocalAddr => "127.0.0.1", LocalPort => 2301) or die;
    $) = "23009 23009"; $> = 23009; print "up\n"; close STDOUT;
    while (my $c = $s->accept) { print $c "SSH-2.0-x\r\n"; push @all, $c }' \
    >taken &
taker=$!
wait_until grep -q up taken
check "a port where a user answers" ctl set tcpport=2301
refuses "is found out" "the old one is in force again" ctl apply
wait_until answers 2222
check "with the old file" cmp $dropin dropin.saved
kill $taker
check "an sshd that does not hear" touch /run/sshctl.deaf
check "another port" ctl set tcpport=2223 bindiface=
refuses "is found out, too" "see to /etc/ssh" ctl apply
check "with the old file" cmp $dropin dropin.saved
rm /run/sshctl.deaf
same "and is pending still" "$(pending)" 1
sqlite3 /var/lib/naskeys/naskeys.db 'UPDATE ssh_pending SET until = 0'
check "until a sync" $helper --sync
same "which has put it back" "$(pending)" 0
wait_until answers 2222

# ---- confirmation ----

check "applied for a while" ctl apply --confirm-within 5
check "the new port" answers 2223
refuses "a second one waits" "waits for its confirmation" ctl apply
check "is not confirmed" wait_until answers 2222
check "and the old file is back" wait_until cmp $dropin dropin.saved
same "nothing is pending" "$(wait_until test "$(pending)" = 0; pending)" 0
check "in the audit log" sh -c \
    'naskeysctl audit | grep -q "Put the old SSH configuration back"'
refuses "too late" "No change waits" ctl confirm
check "applied again" ctl apply --confirm-within 600
check "confirmed" ctl confirm
same "nothing is pending" "$(pending)" 0
check "the new port stays" answers 2223
check "who waited has gone" wait_until refuted waiters

# killed in between, and another boot: the next sync puts it back
cp -p $dropin dropin.saved
ctl set tcpport=2224 >/dev/null
check "applied" ctl apply --confirm-within 600
check "the new port" answers 2224
# shellcheck disable=SC2046
kill -9 $(waiters)
check "a sync has another one wait" $helper --sync
check "it waits" wait_until waiters
# shellcheck disable=SC2046
kill -9 $(waiters)
sqlite3 /var/lib/naskeys/naskeys.db \
    "UPDATE ssh_pending SET boot_id = 'another'"
kill "$(cat /run/sshd.pid)"
wait_until test ! -e /run/sshd.pid
check "sync at the next boot" $helper --sync
check "has put it back" cmp $dropin dropin.saved
refused "and leaves the start to the boot" test -e /run/sshd.pid
/usr/sbin/sshd
wait_until answers 2223

# what fails to be put back is tried again, by one process
# shellcheck disable=SC2046
kill -9 $(waiters) 2>/dev/null
check "applied" ctl apply --confirm-within 600
check "the new port" answers 2224
# shellcheck disable=SC2046
kill -9 $(waiters)
check "who was killed has gone" wait_until refuted waiters
$helper --ssh-wait &
first=$!
lock=/run/naskeys/ssh-wait.lock
one_holds() { grep -q ":$(stat -c %i $lock) " /proc/locks; }
check "who waits holds its lock" wait_until one_holds
check "another one ends" timeout 60 $helper --ssh-wait
: >/run/sshctl.log
touch /run/sshctl.deaf
sqlite3 /var/lib/naskeys/naskeys.db 'UPDATE ssh_pending SET until = 0'
check "sshd does not hear" wait_until grep -q reload /run/sshctl.log
rm /run/sshctl.deaf
check "it is told again" wait_until answers 2223
check "and who waited ends" wait $first
check "with the old file" cmp $dropin dropin.saved
same "nothing is pending" "$(pending)" 0

# --edit-main goes back as well, and keeps what was written meanwhile
sed -i 's/^#naskeys# //' $main
ctl set sftp_log_level= sftp_log_facility= tcpport=2223 >/dev/null
check "without sftp's settings" ctl apply
cp -p $dropin dropin.saved
ctl set sftp_log_level=INFO >/dev/null
check "with edit-main" ctl apply --edit-main --confirm-within 600
echo '# a note' >>$main
sqlite3 /var/lib/naskeys/naskeys.db 'UPDATE ssh_pending SET until = 0'
check "put back" $helper --sync
check "the drop-in" cmp $dropin dropin.saved
check "the subsystem" grep -q '^Subsystem' $main
check "the note" grep -q '^# a note' $main
wait_until answers 2223

# who came by SSH is warned
ssh-keygen -q -t ed25519 -N '' -f key
naskeysctl key add root key.pub >/dev/null
check "keys apply" ctl apply --edit-main
over() { ssh -F none -p "$1" -i key -o BatchMode=yes \
	-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
	-o LogLevel=ERROR root@127.0.0.1 "$2"; }
check "a session" over 2223 true
ctl set tcpport=2225 >/dev/null
status "applies" 0 over 2223 "naskeysctl service apply"
check "and is warned" grep -q 'You came by SSH, and this changes "port"' err
ctl set tcpport=2226 >/dev/null
status "with confirmation" 0 over 2225 \
    "naskeysctl service apply --confirm-within 600"
refused "it need not be" grep -q 'You came' err
status "which survives the session" 0 over 2226 "naskeysctl service confirm"

# ---- start, stop, and at boot ----

says_out() { check "says: $1" grep -qF -e "$1" out; }
rpc() { printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}\n' "$1" \
	"$2" | $helper | jq -c 'if has("result") then .result else
	    .error.data.error end'; }
ctl apply >/dev/null
wait_until answers 2226
status "status" 0 ctl status
says_out "sshd is running (process $(cat /run/sshd.pid))"
says_out "Not started at boot"
check "enable" ctl enable
same "the row" "$(rpc service.query '[]')" "[{\"id\":1,\"service\":\"ssh\",\
\"enable\":true,\"state\":\"RUNNING\",\"pids\":[$(cat /run/sshd.pid)]}]"
same "enabled by number" "$(rpc service.update '[1,{"enable":false}]')" 1
same "disabled" "$(rpc service.query '[[],{"get":true}]' | jq .enable)" false
check "enable" ctl enable
check "disable" ctl disable
refused "it is" test -e /run/sshctl.enabled
pid=$(cat /run/sshd.pid)
check "start what runs" ctl start
same "changes nothing" "$(cat /run/sshd.pid)" "$pid"
check "restart" ctl restart
refused "another sshd" test "$(cat /run/sshd.pid)" = "$pid"
check "answers" answers 2226
pid=$(cat /run/sshd.pid)
check "reload" ctl reload
check "the same sshd answers" sh -c "grep -qx $pid /run/sshd.pid"
cp -p $main main.saved
echo 'MaxAuthTrys 3' >>$main
refuses "no restart into what sshd does not take" \
    "sshd does not take its configuration" ctl restart
refuses "nor a reload" "MaxAuthTrys" ctl reload
same "nor a silent one" "$(rpc service.restart '["ssh"]')" false
same "the old one runs" "$(cat /run/sshd.pid)" "$pid"
check "and answers" answers 2226
cp -p main.saved $main
status "who came by SSH" 1 over 2226 "naskeysctl service stop"
says "wants --force"
check "is asked before" answers 2226
status "and says so" 0 over 2226 "naskeysctl service stop --force"
says "You came by SSH"
refused "then" answers 2226
check "start" ctl start
status "or restarts" 0 over 2226 "naskeysctl service restart"
says "You came by SSH"
check "and it answers" answers 2226
touch /run/sshctl.deaf
refuses "what controls sshd fails" "what controls it has refused" ctl stop
same "silently" "$(rpc service.stop '["ssh"]')" false
rm /run/sshctl.deaf
ctl set tcpport=2227 >/dev/null
check "a change that waits" ctl apply --confirm-within 600
refuses "is not stopped under" "waits for its confirmation" ctl stop
check "confirmed" ctl confirm
check "stop" ctl stop
refused "sshd" answers 2227
status "status" 0 ctl status
says_out "sshd is stopped"
check "stop what is stopped" ctl stop
refuses "reload what is stopped" "sshd does not run" ctl reload
same "START" "$(rpc service.control '["START","ssh"]')" true
check "sshd answers" answers 2227
same "STOP" "$(rpc service.control '["STOP","ssh",{"silent":false}]')" true
same "start" "$(rpc service.start '["ssh"]')" true
check "sshd answers" answers 2227
check "in the audit log" sh -c \
    'naskeysctl audit | grep -q "Disable SSH service at boot"'
check "each of them" sh -c 'naskeysctl audit | grep -q "Stop SSH service"'

# ---- host keys ----

db=/var/lib/naskeys/naskeys.db
key=/etc/ssh/ssh_host_ed25519_key
fp() { ssh-keygen -lf "$1" | cut -d' ' -f2; }
kept() { naskeysctl service host-key list | awk -v p="$1" '$1 == p { print $2, $3 }'; }
leaks_of() {	# FILE: its head, or a line that is not of the public half
	local line
	echo 'OPENSSH PRIVATE' >lines
	grep -E '^.{70}$' "$1" | while read -r line; do
		grep -qF -e "$line" "$1.pub" || echo "$line"
	done >>lines
	cat $db* | grep -aqF -f lines
}
same "all are kept" "$(sqlite3 $db 'SELECT path FROM sshd_keys
    ORDER BY path' | paste -sd' ')" "/etc/ssh/ssh_host_ecdsa_key $key \
$key-cert.pub /etc/ssh/ssh_host_rsa_key"
for f in /etc/ssh/ssh_host_{ecdsa,ed25519,rsa}_key; do
	same "as it is: $f" "$(kept $f)" "$(fp $f) SAME"
	refused "sealed at rest: $f" leaks_of "$f"
done
check "the files are kept there" sh -c "cat $db* | grep -aqF $key"
same "no private half is shown" "$(rpc ssh.config '[]' | jq -c '[.privatekey,
    .host_key, .host_rsa_key, .host_ed25519_key, .host_ecdsa_key]')" \
    "[null,null,null,null,null]"
refused "nor in the list" sh -c "naskeysctl service host-key list --json |
    grep -q PRIVATE"
check "the public half is" test "$(rpc ssh.config '[]' |
    jq -r .host_ed25519_key_pub | base64 -d)" = "$(cat $key.pub)"
check "each opens" naskeysctl check

old=$(fp $key)
cp -p $key key.saved
cp -p $key-cert.pub cert.saved
rm $key $key.pub $key-cert.pub
check "the public half without its file" test "$(rpc ssh.config '[]' |
    jq -r .host_ed25519_key_pub | base64 -d | ssh-keygen -lf - |
    cut -d' ' -f2)" = "$old"
refused "a missing file is a fault" naskeysctl check
check "apply" ctl apply
check "puts it back, byte for byte" cmp $key key.saved
same "the same key" "$(fp $key) $(fp $key.pub)" "$old $old"
same "for root alone" "$(stat -c '%U:%G %a' $key $key.pub | paste -sd' ')" \
    "root:root 600 root:root 644"
check "and the certificate" cmp $key-cert.pub cert.saved
refused "nothing is left over" sh -c 'ls /etc/ssh | grep naskeys-new'
rm $key
check "sync" naskeysctl sync
check "does, too" cmp $key key.saved
rm /etc/ssh/ssh_host_*
check "and the one at boot, with none left" $helper --sync
check "puts it back" cmp $key key.saved
same "all of them" "$(ls /etc/ssh/ssh_host_*_key | wc -l)" 3
check "nothing is wrong then" naskeysctl check
check "sshd takes them" ctl restart
same "and shows the key" "$(ssh-keyscan -p 2227 -t ed25519 127.0.0.1 \
    2>/dev/null | ssh-keygen -lf - | cut -d' ' -f2)" "$old"

# another key in the same place
rm $key $key.pub
ssh-keygen -q -t ed25519 -N '' -f $key
new=$(fp $key)
status "a changed key is a fault" 1 naskeysctl check
says_out "$key is $new, and not $old"
check "apply" ctl apply
check "sync" naskeysctl sync
same "neither takes it nor replaces it" "$(fp $key) $(kept $key)" \
    "$new $old DIFFERS"
status "who applies is told" 0 ctl apply
says "$key is $new, and not $old"
refuses "accept is asked for" "force" ctl host-key accept $key
same "and not done" "$(kept $key)" "$old DIFFERS"
check "accept" ctl host-key accept $key --force
same "keeps the new one" "$(kept $key)" "$new SAME"
check "nothing is wrong" naskeysctl check
cp key.saved $key
refuses "restore is asked for" "force" ctl host-key restore $key
check "restore" ctl host-key restore $key --force
same "writes the new one" "$(fp $key) $(fp $key.pub)" "$new $new"
check "in the audit log" sh -c \
    "naskeysctl audit | grep -q 'Restore $key' &&
    naskeysctl audit | grep -q 'Accept $key'"
ssh-keygen -q -s ca -I again -h -n localhost $key.pub
check "apply" ctl apply
check "a new certificate is kept" test "$(sqlite3 $db "SELECT text FROM \
    sshd_keys WHERE path = '$key-cert.pub'")" = "$(cat $key-cert.pub)"

# what others could have written is not taken
chmod 666 $key
status "a file that others write" 1 naskeysctl check
says_out "$key: others can write to it"
chmod 600 $key
mv $key key.saved
ln -s /nowhere $key
refuses "nor what is no key" "$key is not there" ctl apply
check "a link in its place stays" test -L $key
mv -f key.saved $key
ctl set host_key_types= >/dev/null
chmod 777 /etc/ssh
rm /etc/ssh/ssh_host_ecdsa_key
status "into a folder of everybody's" 0 ctl apply
says "/etc/ssh/ssh_host_ecdsa_key is missing and could not be put back"
refused "nothing is written" test -e /etc/ssh/ssh_host_ecdsa_key
chmod 755 /etc/ssh
ctl set host_key_types=ED25519,RSA,ECDSA >/dev/null

# what the store has not is not made
refuses "none of that path" "The store keeps no /etc/passwd" \
    ctl host-key accept /etc/passwd --force
check "forget" ctl host-key forget /etc/ssh/ssh_host_ecdsa_key --force
refuses "once" "The store keeps no" ctl host-key forget \
    /etc/ssh/ssh_host_ecdsa_key --force
refuses "a missing key is not made" \
    "naskeysctl service host-key generate ecdsa" ctl apply
refused "no file" test -e /etc/ssh/ssh_host_ecdsa_key
refuses "one that is there" "is there, or kept" ctl host-key generate rsa
refuses "of another type" "Input should be" ctl host-key generate dsa
check "generate" ctl host-key generate ecdsa
same "kept, and there" "$(kept /etc/ssh/ssh_host_ecdsa_key)" \
    "$(fp /etc/ssh/ssh_host_ecdsa_key) SAME"
check "apply" ctl apply
check "sshd answers" ctl restart
same "with it" "$(ssh-keyscan -p 2227 -t ecdsa 127.0.0.1 2>/dev/null |
    ssh-keygen -lf - | cut -d' ' -f2)" "$(fp /etc/ssh/ssh_host_ecdsa_key)"

# sealed anew, and without the seal's key
check "seal rotate" naskeysctl seal rotate
rm $key
check "apply" ctl apply
same "opens with the new seal" "$(fp $key)" "$new"
mv /etc/naskeys/seal.key seal.saved
rm $key
refuses "without it nothing is put back" \
    "the key that secrets are sealed with is not there" ctl apply
refused "nor made" test -e $key
mv seal.saved /etc/naskeys/seal.key
check "with it again" ctl apply
same "it is" "$(fp $key)" "$new"

# ---- removal ----

status "removed" 0 ctl apply --remove
same "which is what it says, too" "$(tail -1 out)" \
    "sshd has its configuration without naskeys"
refused "the drop-in" test -e $dropin
refused "the marks" grep -q '#naskeys#' $main
same "sshd's own port" "$(told port)" 22
check "Debian's subsystem" sh -c '/usr/sbin/sshd -T |
    grep -q "^subsystem sftp /usr"'
kill "$(cat /run/sshd.pid)"
# shellcheck disable=SC2046
kill $(waiters) 2>/dev/null
finish
