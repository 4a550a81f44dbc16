#!/bin/bash
# SPDX-License-Identifier: ISC
#
# getpwnam of 10,000 users against sssd's memory-mapped fast cache of the
# same users.
# packages: sssd-common sssd-proxy
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../integration/lib/suite.bash"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/users.bash"
set -eu
users=10000
install_product
dir=$(mktemp -d)
make_users $users 100000 "$dir/keys" >"$dir/users.json"
naskeysctl init >/dev/null
naskeysctl group add everybody --gid 9999 >/dev/null
naskeysctl user import "$dir/users.json" >/dev/null
# sssd takes from "files" what we serve as well
passwd_lines "$dir/users.json" >>/etc/passwd

mkdir -p /run/sssd /var/log/sssd /var/lib/sss/db /var/lib/sss/mc \
    /var/lib/sss/pipes/private /var/lib/sss/pubconf
cat >/etc/sssd/sssd.conf <<END
[sssd]
services = nss
domains = same
[nss]
filter_users = root
memcache_timeout = 3600
[domain/same]
id_provider = proxy
proxy_lib_name = files
min_id = 1000
auth_provider = none
chpass_provider = none
entry_cache_timeout = 3600
END
chmod 600 /etc/sssd/sssd.conf
sssd -i >"$dir/sssd.log" 2>&1 &
pid=$!
trap 'kill $pid 2>/dev/null; wait $pid 2>/dev/null || :' EXIT
for _ in $(seq 100); do
	[ ! -S /var/lib/sss/pipes/nss ] || break
	sleep 0.1
done
"$BUILD/tests/bench/bench_sssd" u $users || {
	tail -n 5 "$dir/sssd.log" /var/log/sssd/*.log
	exit 1
}
