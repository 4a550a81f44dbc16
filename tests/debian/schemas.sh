#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The packages over the store of each earlier version: its user logs in, and
# store and maps are in order.  Without LONG, over the first and the last.
set -u
. "$(dirname "$0")/lib/debian.bash"

store=/var/lib/naskeys/naskeys.db
/etc/init.d/ssh start >/dev/null
make_old old
check "installation" dpkg -i old/*.deb
newest=$(sqlite3 "$store" 'PRAGMA user_version')

insert_alice() {
	local blob
	blob=$(cut -d' ' -f2 alice.pub | base64 -d | xxd -p | tr -d '\n')
	sqlite3 "$store" "
	    INSERT INTO groups (id, gid, builtin, smb, name, sudo_commands,
		sudo_commands_nopasswd) VALUES (2, 3000, 0, 0, 'alice', '',
		'');
	    INSERT INTO users (id, managed, admin, in_managed_group, uid,
		group_id, name, home, builtin, locked, password_disabled,
		ssh_password_enabled, smb, webshare, must_change, full_name,
		shell, hash, sudo_commands, sudo_commands_nopasswd,
		keyfile_mode, generation, expires_at, created_at,
		last_password_change, last_login_at, min_days, max_days,
		warn_days, inactive_days)
		VALUES (2, 1, 0, 1, 3000, 2, 'alice', '/var/empty', 0, 0, 1,
		0, 0, 0, 0, 'Alice', '/bin/sh', '*', '', '', 0, 1,
		9223372036854775807, 0, 0, 0, -1, -1, -1, -1);
	    INSERT INTO keys (id, user_id, position, kind, cert_authority,
		bits, type, blob, fingerprint, added_by, added_at,
		expires_at, last_used_at) VALUES (1, 2, 1, 0, 0, 256,
		'ssh-ed25519', x'$blob', '$(ssh-keygen -lf alice.pub |
		    cut -d' ' -f2)', 'root', 0, 9223372036854775807, 0);
	    INSERT INTO spans (kind, first_id, last_id) VALUES (0, 3000,
		3000), (1, 3000, 3000);
	    UPDATE counters SET value = 2 WHERE name IN ('user', 'group');
	    UPDATE counters SET value = 1 WHERE name = 'key';"
}

versions="1 $((newest - 1))"
[ "${LONG-no}" = no ] || versions=$(seq $((newest - 1)))
for v in $versions; do
	/etc/init.d/naskeys stop >/dev/null
	rm -rf "$store"* /run/naskeys
	install -m 600 /dev/null "$store"
	check "version $v" "$BUILD/tests/fixture/old_store" "$store" "$v"
	check "with a user" insert_alice
	check "upgrade" dpkg -i "$DEBS"/*.deb
	same "it is of this version now" \
	    "$(sqlite3 "$store" 'PRAGMA user_version')" "$newest"
	check "the user logs in" login alice
	works "version $v"
	check "check finds nothing wrong" naskeysctl check
done
finish
