#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Connections and their consumers, on the command line and by the methods;
# host keys and how they come to be trusted; the exported forms, as ssh, rclone and rsync read them; and jobs of other
# programs, whose commands are run.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
quick_jq
set -u
install_product
cd "$(mktemp -d)" || exit 1
chmod 755 .
umask 022
run_helper=/usr/libexec/naskeys/naskeys-helper

# rpc METHOD PARAMS: the whole answer
rpc() {
	jq -cn --arg m "$1" --argjson p "$2" \
	    '{jsonrpc: "2.0", id: 1, method: $m, params: $p}' | $run_helper
}
# answers NAME FILTER WANTED METHOD PARAMS: what jq makes of the answer
answers() {
	same "$1" "$(rpc "$4" "$5" | jq -rc "$2")" "$3"
}
field() { naskeysctl connection show "$1" --json | jq -r "$2"; }
audit_count() { naskeysctl audit --json | jq -r '.[].text' | grep -cFx -e "$1"; }
audit_has() { same "audit: $1" "$(audit_count "$1")" 1; }

ssh-keygen -q -A
for type in ed25519 ecdsa rsa; do
	ssh-keygen -q -t $type -N '' -C "host $type" -f host_$type
done
cat host_*.pub >hosts
check "init" naskeysctl init --configure
same "no connection" "$(naskeysctl connection list --json)" "[]"
check "a keypair" naskeysctl keypair generate backup

# ---- add ----
check "add" naskeysctl connection add nas --host nas.example.org \
    --keypair backup --host-key host_ed25519.pub
same "what is not said" "$(field nas '.attributes |
    [.port, .username, .connect_timeout] | join(" ")')" "22 root 10"
check "with all options" naskeysctl connection add "Backup of tank" \
    --host 2001:db8::7 --port 2222 --user 'EXAMPLE\backup' --keypair backup \
    --host-key hosts --timeout 5
same "are kept" "$(field "Backup of tank" '.attributes | [.host, .port,
    .username, .connect_timeout] | join(" ")')" \
    '2001:db8::7 2222 EXAMPLE\backup 5'
same "the fingerprints are ssh-keygen's" \
    "$(field "Backup of tank" '.host_keys[].fingerprint' | sort)" \
    "$(ssh-keygen -lf hosts | cut -d' ' -f2 | sort)"
check "with a keypair of its own" naskeysctl connection add made \
    --host 192.0.2.7 --generate-keypair "for made" --host-key hosts
same "which logs in" "$(field made .keypair)" "for made"
same "is ed25519" "$(naskeysctl keypair show "for made" --json |
    jq -r .key_type)" ssh-ed25519
sed 's/^/nas,192.0.2.8 /; 1i # nas:22 SSH-2.0-OpenSSH_9.2p1' hosts >scanned
check "host keys as ssh-keyscan prints them" sh -c 'naskeysctl connection \
    add scanned --host nas --keypair backup --host-key - <scanned'
same "are the same" "$(field scanned .attributes.remote_host_key)" \
    "$(cut -d' ' -f1,2 hosts)"
check "the table" sh -c 'naskeysctl connection list |
    grep -Eq "^nas  *nas.example.org  *22  *root  *backup  *20"'
check "show" sh -c 'naskeysctl connection show nas |
    grep -qF "Host keys    SHA256:"'
same "list --json" "$(naskeysctl connection list --json |
    jq -r '.[].name' | paste -sd,)" "nas,Backup of tank,made,scanned"
same "keypairs are a list of their own" "$(naskeysctl keypair list --json |
    jq -r '.[].name' | paste -sd,)" "backup,for made"

naskeysctl connection list --json >before
naskeysctl keypair list --json >>before
status "no host" 2 naskeysctl connection add x --keypair backup \
    --host-key hosts
status "no keypair" 2 naskeysctl connection add x --host h --host-key hosts
status "two keypairs" 2 naskeysctl connection add x --host h --keypair \
    backup --generate-keypair y --host-key hosts
status "host keys twice" 2 naskeysctl connection add x --host h --keypair \
    backup --host-key hosts --accept-host-key SHA256:x
status "one name for both" 2 naskeysctl connection add both --host h \
    --generate-keypair both --host-key hosts
says "keypairs and connections share their names"
refuses "no such keypair" "there is no keypair other" \
    naskeysctl connection add x --host h --keypair other --host-key hosts
refuses "a name that is taken" \
    "NAME: Is already in use by another Keychain Credential" \
    naskeysctl connection add nas --host h --keypair backup --host-key hosts
refuses "by a keypair" \
    "another Keychain Credential; keypairs and connections share" \
    naskeysctl connection add backup --host h --keypair backup \
    --host-key hosts
refuses "a keypair that is there" \
    "--generate-keypair: Is already in use by another SSH Key pair" \
    naskeysctl connection add x --host h --generate-keypair backup \
    --host-key hosts
refuses "a host that is an option" "--host: this is no host" \
    naskeysctl connection add x --host=-oProxyCommand=id --generate-keypair \
    y --host-key hosts
refuses "a user that is one" "--user: this is no name of an account" \
    naskeysctl connection add x --host h --user=-oX --generate-keypair y \
    --host-key hosts
refuses "a port that is none" "--port: " naskeysctl connection add x \
    --host h --port 65536 --generate-keypair y --host-key hosts
refuses "a private key as host key" "--host-key: " naskeysctl connection \
    add x --host h --generate-keypair y --host-key host_ed25519
refused "is not repeated" grep -q "PRIVATE\|b3BlbnNza" err
refuses "a certificate authority" "--host-key: lines of a known_hosts file" \
    sh -c "sed 's/^/@cert-authority * /' hosts | naskeysctl connection add x \
    --host h --generate-keypair y --host-key -"
check "a public half alone" naskeysctl keypair import alone host_rsa.pub
refuses "logs in nowhere" "--keypair: This keypair has no private half" \
    naskeysctl connection add x --host h --keypair alone --host-key hosts
check "and goes" naskeysctl keypair delete alone --force
naskeysctl connection list --json >after
naskeysctl keypair list --json >>after
check "nothing is left of any of them" cmp before after

# ---- edit ----
status "edit: what?" 2 naskeysctl connection edit nas
says "nothing to change was given"
check "edit" naskeysctl connection edit nas --host nas2 --timeout 7
same "the rest stays" "$(field nas '[.attributes.host,
    .attributes.connect_timeout, .attributes.port, .keypair] | join(" ")')" \
    "nas2 7 22 backup"
check "another keypair" naskeysctl connection edit nas --keypair "for made"
same "is used" "$(field nas .keypair)" "for made"
check "another host key" naskeysctl connection edit nas \
    --host-key host_rsa.pub
same "in place of the old one" "$(field nas .attributes.remote_host_key)" \
    "$(cut -d' ' -f1,2 host_rsa.pub)"
check "both are in the audit log" sh -c "naskeysctl audit --json | jq -r \
    '.[] | select(.text == \"Update Keychain Credential: nas\") |
    [.before, .after] | tostring' | grep -F '$(cut -d' ' -f2 host_ed25519.pub)' |
    grep -qF '$(cut -d' ' -f2 host_rsa.pub)'"
refuses "a name that is taken" "--name: Object with this name already" \
    naskeysctl connection edit nas --name made
refuses "a user that is none" "--user: this is no name of an account" \
    naskeysctl connection edit nas --user 'a b'
check "another name" naskeysctl connection edit nas --name tank \
    --keypair backup
refuses "the old one is free" "there is no connection nas" \
    naskeysctl connection show nas

# ---- export ----
check "known-hosts" naskeysctl connection export "Backup of tank" \
    --format known-hosts -o known
same "ssh-keygen finds the host there" \
    "$(ssh-keygen -F '[2001:db8::7]:2222' -f known | grep -vc '^#')" 3
same "mode 0600" "$(stat -c %a known)" 600
same "to standard output: the same" \
    "$(naskeysctl connection export "Backup of tank" --format known-hosts)" \
    "$(cat known)"
check "of a host with the usual port" sh -c \
    'naskeysctl connection export made --format known-hosts >usual'
same "is found without it" "$(ssh-keygen -F 192.0.2.7 -f usual |
    grep -vc '^#')" 3
check "ssh-config" naskeysctl connection export "Backup of tank" \
    --format ssh-config --private -o conf
same "its files" "$(stat -c '%n %a' conf*)" "conf 600
conf.key 600
conf.known_hosts 600"
same "the key is the keypair's" "$(ssh-keygen -y -f conf.key |
    cut -d' ' -f1,2)" "$(naskeysctl keypair export backup |
    cut -d' ' -f1,2)"
ssh -G -F conf Backup_of_tank >effective 2>err || cat err
for line in 'hostname 2001:db8::7' 'port 2222' 'user EXAMPLE\backup' \
    'identitiesonly yes' 'stricthostkeychecking true' 'connecttimeout 5' \
    "identityfile $PWD/conf.key" "userknownhostsfile $PWD/conf.known_hosts" \
    'forwardagent no'; do
	check "ssh reads: $line" grep -qFx "$line" effective
done
audit_has "Export private key of Keychain Credential: Backup of tank"
check "without --private" naskeysctl connection export made \
    --format ssh-config -o public
refused "no key" test -e public.key
refused "and none is named" grep -q IdentityFile public
same "nor noted" "$(audit_count \
    "Export private key of Keychain Credential: made")" 0
check "rclone" naskeysctl connection export "Backup of tank" \
    --format rclone --private -o clone
check "rclone reads it" sh -c 'rclone --config clone config show |
    grep -qFx "host = [2001:db8::7]"'
same "rclone's name for it" "$(rclone --config clone listremotes)" \
    "Backup_of_tank:"
check "rsync" naskeysctl connection export made --format rsync --private \
    -o sync
check "is one line for -e" sh -c '[ "$(wc -l <sync)" = 1 ] &&
    grep -q "^ssh -F none -p 22 -l root -i $PWD/sync.key " sync'
md5sum conf* >sums
for f in conf conf.known_hosts conf.key; do
	mkdir one
	cp $f one/$f
	refuses "$f is there" "one/$f: File exists" naskeysctl connection \
	    export made --format ssh-config --private -o one/conf
	same "nothing else is made" "$(ls one)" $f
	rm -r one
done
check "the others are as they were" md5sum --quiet -c sums
status "a form that is none" 2 naskeysctl connection export made \
    --format other -o x
status "no form" 2 naskeysctl connection export made
status "files without a place" 2 naskeysctl connection export made \
    --format ssh-config
status "no key in known-hosts" 2 naskeysctl connection export made \
    --format known-hosts --private -o x
refuses "a path that needs quoting" "take letters, digits" \
    naskeysctl connection export made --format rsync -o "a b"

# the forms at work: a server of our own, which knows them by the old pins
start_sshd() {	# its file is there when it listens
	/usr/sbin/sshd -f sshd_config -E sshd.log
	until [ -s sshd.pid ]; do
		sleep 0.05
	done
}
stop_sshd() {	# and wait until it has taken its file away, too
	local pid
	pid=$(cat sshd.pid)
	kill "$pid"
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.05
	done
}
mkdir -p /run/sshd
cat >sshd_config <<END
ListenAddress 127.0.0.1:2200
HostKey $PWD/host_ed25519
AuthorizedKeysFile $PWD/authorized
StrictModes no
PidFile $PWD/sshd.pid
Subsystem sftp internal-sftp
END
naskeysctl keypair export backup >authorized
start_sshd
check "a connection to it" naskeysctl connection add here --host 127.0.0.1 \
    --port 2200 --keypair backup --host-key host_ed25519.pub
for form in ssh-config rclone rsync; do
	check "$form" naskeysctl connection export here --format $form \
	    --private -o here.$form
done
same "ssh logs in" "$(ssh -F here.ssh-config here echo yes 2>&1)" yes
echo text >file
check "rsync copies" rsync -e "$(cat here.rsync)" file \
    "127.0.0.1:$PWD/copied"
check "the file" cmp file copied
check "rclone copies" rclone --config here.rclone copyto file \
    "here:$PWD/cloned"
check "the file too" cmp file cloned
check "another host key is pinned" naskeysctl connection edit here \
    --host-key host_rsa.pub
check "ssh-config again" naskeysctl connection export here \
    --format ssh-config --private -o other
refused "the server is another one by now" ssh -F other here true

# ---- host keys that the remote itself shows ----
restart() {	# HOSTKEY...: the server with these host keys
	stop_sshd
	sed -i '/^HostKey/d' sshd_config
	printf 'HostKey %s\n' "${@/#/$PWD/}" >>sshd_config
	start_sshd
}
print_of() { ssh-keygen -lf "$1" | cut -d' ' -f2; }
pinned() { field "$1" '.host_keys[].fingerprint' | sort; }
remote=(--host 127.0.0.1 --port 2200 --keypair backup)
restart host_ed25519 host_ecdsa
refuses "nothing is trusted unseen" "without a terminal to show them on" \
    naskeysctl connection add seen "${remote[@]}"
refuses "not with --force" "without a terminal to show them on" \
    naskeysctl connection add seen "${remote[@]}" --force
refuses "another fingerprint" "the remote has no host key SHA256:x, but" \
    naskeysctl connection add seen "${remote[@]}" \
    --accept-host-key SHA256:x
says "$(print_of host_ecdsa.pub) (ecdsa-sha2-nistp256)"
on_tty "naskeysctl connection add seen ${remote[*]}" n >typed 2>&1
refused "a no" naskeysctl connection show seen
check "both were shown" sh -c "grep -qF $(print_of host_ed25519.pub) typed &&
    grep -qF $(print_of host_ecdsa.pub) typed"
on_tty "naskeysctl connection add seen ${remote[*]}" y >typed 2>&1
same "a yes trusts both" "$(pinned seen)" \
    "$(for f in host_ed25519 host_ecdsa; do print_of $f.pub; done | sort)"
check "one of them" naskeysctl connection add named "${remote[@]}" \
    --accept-host-key "$(print_of host_ecdsa.pub)"
same "and no other" "$(pinned named)" "$(print_of host_ecdsa.pub)"
restart host_ed25519 host_rsa
refuses "what the remote does not show" "the remote has no host key" \
    naskeysctl connection accept-host-key seen "$(print_of host_ecdsa.pub)"
check "accept-host-key" naskeysctl connection accept-host-key seen \
    "$(print_of host_rsa.pub)"
same "those that are still there stay" "$(pinned seen)" \
    "$(for f in host_ed25519 host_rsa; do print_of $f.pub; done | sort)"
check "what changed is replaced" naskeysctl connection accept-host-key \
    named "$(print_of host_rsa.pub)"
same "and not kept" "$(pinned named)" "$(print_of host_rsa.pub)"
stop_sshd

# ---- who uses it ----
id=$(field tank .id)
bind() {	# KIND TITLE MORE: the answer's id
	rpc naskeys.consumer.bind "$(jq -cn --argjson i "$id" --arg k "$1" \
	    --arg t "$2" --argjson m "$3" '[$i, {kind: $k, title: $t} + $m]')"
}
check "bind" sh -c "! grep -q error <<END
$(bind REPLICATION nightly "{\"command\":[\"/usr/bin/touch\",\"$PWD/told\"]}")
END"
bind RSYNC /mnt/tank '{"on_delete":"DELETE"}' >answer
check "a command that fails" sh -c "! grep -q error <<END
$(bind MY_JOB other '{"command":["/bin/false"]}')
END"
same "used-by" "$(naskeysctl connection used-by tank)" \
    "Replication task nightly
Rsync task for '/mnt/tank'
other"
check "of the keypair, too" sh -c "naskeysctl keypair used-by backup |
    grep -qFx 'SSH credentials tank'"
same "nobody" "$(naskeysctl connection used-by made)" \
    "Nothing uses connection made."
refuses "delete without --cascade" "--cascade: This credential is used and" \
    naskeysctl connection delete tank --force
check "is not done" naskeysctl connection show tank
refused "and nobody is told" test -e told
refused "delete asks" naskeysctl connection delete tank --cascade </dev/null
on_tty 'naskeysctl connection delete tank --cascade' y >typed 2>&1
refused "a yes" naskeysctl connection show tank
check "the job was told" test -e told
check "what failed is said" grep -q \
    "warning: Unbind other: /bin/false failed" typed
answers "disabled ones stay" '[.result[] | [.title, .enabled]]' \
    '[["nightly",false],["other",false]]' naskeys.consumer.list '[]'
audit_has "Unbind Replication task nightly"
audit_has "Unbind other: /bin/false failed: it says nothing"
answers "unbind" .result null naskeys.consumer.unbind '[1]'
answers "once" '.error.data.extra[0][1]' "Consumer 1 does not exist" \
    naskeys.consumer.unbind '[1]'
refuses "a keypair that is used" "--cascade: This credential is used and" \
    naskeysctl keypair delete backup --force
check "with all connections" naskeysctl keypair delete backup --cascade \
    --force
same "those of other keypairs stay" "$(naskeysctl connection list --json |
    jq -r '.[].name')" made

# ---- for a job, in one call ----
setup=$(jq -cn --rawfile k hosts '[{private_key: {generate_key: true,
    name: "job key", type: "ed25519"}, connection_name: "job", manual_setup:
    {host: "nas", remote_host_key: $k}, consumer: {kind: "REPLICATION",
    title: "weekly"}}]')
answers "keypair, connection and consumer" '.result | [.keypair,
    .consumer.credential, .consumer.title] | join("|")' "job key|job|weekly" \
    keychaincredential.setup_ssh_connection "$setup"
answers "not twice" '[.error.data.extra[][0]] | join(" ")' \
    "setup_ssh_connection.private_key.name \
setup_ssh_connection.connection_name" \
    keychaincredential.setup_ssh_connection "$setup"
audit_has "Setup SSH Connection: job"
answers "and all of it goes" .result null keychaincredential.delete \
    "[$(naskeysctl keypair show "job key" --json | jq .id),
    {\"cascade\": true}]"
check "check finds nothing" naskeysctl check
finish
