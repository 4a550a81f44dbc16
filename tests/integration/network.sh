#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A helper without network, as in its unit: what needs one is asked of an
# acceptor that has it, as somebody else's name services, PAM, sshd and other
# machines are reached from there alone; and nothing is done, or left, when
# that one is away.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
quick_jq
. "$(dirname "$0")/lib/far.bash"
set -u
here=$(cd "$(dirname "$0")" && pwd)
install_product
cd "$scratch" || exit 1
chmod 755 .
umask 022
helper=/usr/libexec/naskeys/naskeys-helper
sock=/run/naskeys/root/helper.sock
net=/run/naskeys/root/network.sock
systemd-sysusers /usr/lib/sysusers.d/naskeys.conf >/dev/null
check "init" naskeysctl init --configure

check "another machine" make_far
check "its keys" make_far_keys keys
check "its sshd" far_sshd 2201 one "HostKey $PWD/keys/ed25519_256"

# Where the network is, there is also a user whom only that name service knows.
{ cat /etc/passwd; echo 'remote:x:4711:4711:Remote:/nonexistent:/bin/sh'; } \
    >passwd.there
cp /etc/group group.there
echo 'remotes:x:4712:remote' >>group.there
start_network() {
	unshare -m sh -c "mount --bind $PWD/passwd.there /etc/passwd &&
	    mount --bind $PWD/group.there /etc/group &&
	    exec $helper --listen $net --protocol network" &
	network=$!
	wait_until listens $net
}
stop_network() {
	kill "$network"
	wait "$network"
}
check "what has the network" start_network
same "its socket is root's" "$(stat -c %a:%U $net)" 600:root

# A network namespace with nothing in it but its own "lo".
unshare -n sh -c "ip link set lo up && exec $helper --network $net \
    --listen $sock --listen /run/naskeys/helper.sock \
    --listen /run/naskeys/root/pam.sock --protocol pam \
    --listen /run/naskeys/gateway.sock --protocol gateway" &
listener=$!
accepts() { grep -q " 00010000 .* $1\$" /proc/$listener/net/unix; }
wait_until accepts /run/naskeys/gateway.sock
alone() { nsenter -t $listener -n -- "$@"; }
same "the helper has no network" "$(alone ip -o link | wc -l)" 1

# METHOD PARAMS: by the acceptor; result, or the reason
call() {
	printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}\n' \
	    "$1" "$2" | perl -MIO::Socket::UNIX -e 'use strict;
	my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "$ARGV[0]: $!";
	print $s scalar <STDIN>;
	print scalar <$s>;' $sock | jq -c 'if has("result") then .result
	    else .error.data.reason // .error.message end'
}

# ---- names that are taken elsewhere ----

refuses "a name that only the network knows" "remote" \
    naskeysctl user add remote
refuses "its uid" "4711" naskeysctl user add other --uid 4711
refuses "a group of it" "remotes" naskeysctl group add remotes
check "a name that nobody has" naskeysctl user add alice --uid 5001
check "who is not ours" naskeysctl user add remote --external
same "by its uid there" "$(call user.query \
    '[[["username","=","remote"]],{"get":true}]' | jq .uid)" 4711
same "and its groups" "$(call user.get_user_obj \
    '[{"username":"remote","get_groups":true}]' | jq -c .grouplist)" \
    '[4711,4712]'
jq -nc '{username: "remote", group_create: true, password_disabled: true}' \
    >users.json
refuses "when all are listed" "remote" naskeysctl user import users.json

# ---- another machine ----

scan() { naskeysctl connection scan "$@"; }
nobody_left() { ! pgrep -x naskeys-net >/dev/null &&
    ! pgrep -f naskeys-sandbox >/dev/null &&
    [ "$(pgrep -fc -- '--protocol network')" -eq 1 ]; }
same "its host key" "$(scan $far4 --port 2201 | grep -v '^#')" \
    "[$far4]:2201 $(cut -d' ' -f1,2 keys/ed25519_256.pub)"
check "by its name" scan far.example --port 2201
check "no child is left" wait_until nobody_left
check "a port where nobody is" sh -c "! naskeysctl connection scan $far4 \
    --port 2202 2>&1 | grep -v refused"

# ---- sshd ----

names() { call ssh.bindiface_choices '[]' | jq -r 'keys[]' | sort | xargs; }
same "interfaces are the machine's" "$(names)" "$(ip -o link |
    sed 's/^[0-9]*: \([^:@]*\).*/\1/' | sort | xargs)"

# ---- a login over the gateway ----

echo 'root:root secret' | chpasswd
naskeysctl user add bob --uid 5002 --admin --password-stdin <<<"staple"
login() {	# NAME PASSWORD
	{ echo '{"naskeys":1,"protocol":"jsonrpc","path":"/api/current",
	    "address":"192.0.2.7","port":5123,"tls":true,
	    "options":{"legacy_jobs":true,"private_methods":false}}' |
		jq -c .
	jq -cn --arg n "$1" --arg p "$2" '{jsonrpc: "2.0", id: 1,
	    method: "auth.login", params: [$n, $p]}'; sleep 5; } |
	    setpriv --reuid naskeys-gateway --regid naskeys-gateway \
	    --init-groups timeout 60 perl "$here/gateway_peer.pl" \
	    /run/naskeys/gateway.sock | sed -n 's/^=//p' | head -1 |
	    jq -c .result
}
same "by password" "$(login bob staple)" true
same "a wrong one" "$(login bob paper)" false

# ---- nobody else may ask ----

perl=/usr/bin/perl
knock='use strict; use IO::Socket::UNIX; $SIG{PIPE} = "IGNORE";
    my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 3;
    print $s "x" x 68;
    exit(defined(scalar <$s>) ? 0 : 4);'
mkdir -m 755 "$PWD/open"
$helper --listen "$PWD/open/net.sock" --protocol network &
open=$!
wait_until listens "$PWD/open/net.sock"
status "a user does not come in" 3 setpriv --reuid 23009 --regid 23009 \
    --clear-groups $perl -e "$knock" "$PWD/open/net.sock"
chmod 666 "$PWD/open/net.sock"
status "nor is answered" 4 setpriv --reuid 23009 --regid 23009 \
    --clear-groups $perl -e "$knock" "$PWD/open/net.sock"
status "nor root's nonsense" 4 $perl -e "$knock" "$PWD/open/net.sock"
kill $open
wait $open

# ---- it ends with who has asked ----

far perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Listen => 5,
    LocalPort => 2300) or die; my @c; push @c, $s->accept while 1' &
silent=$!
far_listens 2300
scan $far4 --port 2300 --timeout 100 >/dev/null 2>&1 &
scanning=$!
children() { pgrep -x naskeys-net >/dev/null; }
check "a child speaks to the silent" wait_until children
pkill -KILL -P $listener -f -- --protocol
wait $scanning
check "its helper is killed: it ends" wait_until nobody_left
kill $silent

# ---- without it ----

stop_network
refuses "no name is free" "name service" naskeysctl user add dora
refused "nor made" naskeysctl user show dora
refused "no login" test "$(login bob staple)" = true
refused "no scan" scan $far4 --port 2201
printf '#!/bin/sh\nexit 0\n' >control
chmod 755 control
echo "ssh_control = $PWD/control" >>/etc/naskeys/naskeys.conf
unseen="cannot be seen"
refuses "sshd is not said to be stopped" "$unseen" naskeysctl service stop
refuses "nor not to run" "$unseen" naskeysctl service reload
refuses "nor not to start at boot" "$unseen" naskeysctl service disable
same "its state is not known" "$(call service.query '[]' | jq -r '.[].state')" \
    UNKNOWN
perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Local => shift,
    Listen => 5) or die; while (my $c = $s->accept) { sysread $c, $_, 68 }' \
    $net &
deaf=$!
wait_until listens $net
refuses "nor by who hangs up" "$unseen" naskeysctl service stop
same "which says nothing of it" \
    "$(call service.query '[]' | jq -r '.[].state')" UNKNOWN
kill $deaf
wait $deaf
rm $net
echo 'AuthorizedKeysFile /etc/ssh/keys-%u' \
    >/etc/ssh/sshd_config.d/00-files.conf
ssh-keygen -q -t ed25519 -N '' -C '' -f other
install -m 644 other.pub /etc/ssh/keys-alice
check "a key that another file of sshd's has" naskeysctl key add alice other.pub
naskeysctl key remove alice "$(ssh-keygen -lf other.pub | cut -d' ' -f2)" \
    >removed 2>&1
check "is not said to let nobody in" grep -q "cannot be asked now" removed
rm /etc/ssh/sshd_config.d/00-files.conf
check "but all else" naskeysctl key list remote
check "again" start_network
check "a user" naskeysctl user add dora
same "a login" "$(login bob staple)" true
check "another machine" scan $far4 --port 2201

kill $listener
wait $listener
stop_network
finish
