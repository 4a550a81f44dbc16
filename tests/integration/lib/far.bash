# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# Another machine: a network namespace "far" behind a cable, with an sshd of
# its own.  "near" is where the script runs.

far4=10.9.0.2 far6=fd09::2
far() { ip netns exec far "$@"; }

make_far() {
	mkdir -p /run/netns
	ip netns add far || return 1
	ip link add near0 type veth peer name far0 netns far || return 1
	ip address add 10.9.0.1/24 dev near0
	ip address add fd09::1/64 dev near0 nodad
	ip link set near0 up
	far ip link set lo up
	far ip address add $far4/24 dev far0
	far ip address add $far6/64 dev far0 nodad
	far ip link set far0 up
	printf '%s far4.example far.example\n%s far6.example far.example\n' \
	    $far4 $far6 >>/etc/hosts
}

# make_far_keys DIR: host keys of every type
make_far_keys() {
	local t
	mkdir -p "$1"
	for t in rsa:2048 ed25519:256 ecdsa:256 ecdsa:384 ecdsa:521; do
		ssh-keygen -q -t "${t%:*}" -b "${t#*:}" -N '' -C '' \
		    -f "$1/${t/:/_}" || return 1
	done
}

# Start an sshd there: far_sshd PORT NAME 'LINE'...; its log is NAME.log
far_sshd() {
	local port=$1 name=$2 line
	shift 2
	printf '%s\n' "Port $port" "PidFile $PWD/$name.pid" >"$name.conf"
	for line; do echo "$line"; done >>"$name.conf"
	far /usr/sbin/sshd -f "$PWD/$name.conf" -E "$PWD/$name.log" &&
	    far_listens "$port"
}

# Something listens there by now.
far_listens() {	# PORT
	local _
	for _ in $(seq 1200); do
		far ss -Hltn "sport = :$1" | grep -q . && return 0
		sleep 0.05
	done
	return 1
}

# Lines of sshd_config for some of them.
hostkeys() { local k; for k; do echo "HostKey $PWD/keys/$k"; done; }

# A method of the helper's, and a connection.
rpc() {		# METHOD PARAMS [OPTION-OF-THE-HELPER...]
	printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}\n' \
	    "$1" "$2" | /usr/libexec/naskeys/naskeys-helper "${@:3}"
}
connection() {	# NAME KEYPAIR HOST PORT USER HOST-KEYS [SECONDS]
	rpc keychaincredential.create "$(jq -cn --arg name "$1" --argjson key \
	    "$(naskeysctl keypair show "$2" --json | jq .id)" --arg host "$3" \
	    --argjson port "$4" --arg user "$5" --arg keys "$6" \
	    --argjson seconds "${7:-20}" '[{name: $name,
	    type: "SSH_CREDENTIALS", attributes: {host: $host, port: $port,
	    username: $user, private_key: $key, remote_host_key: $keys,
	    connect_timeout: $seconds}}]')" | grep -q '"result"'
}
