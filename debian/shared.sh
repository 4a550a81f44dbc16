STATE=/var/lib/naskeys
DROP_IN=/etc/ssh/sshd_config.d/10-naskeys.conf
WANTED=$STATE/.drop-in		# which one is to be put back
HELPER=/usr/libexec/naskeys/naskeys-helper
SSHD=$(command -v sshd || :)	# which wants to be called by its path

say() { echo "naskeys: $*" >&2; }

# The machine is as well without: that is said, and is no reason to leave the
# package half installed or half removed.
not_invoked() {
	say "the helper was not started or stopped: naskeysctl check says more"
}

# Whose work the drop-in is: of the settings, of "naskeysctl init", of a
# person, or nobody's.
drop_in_maker() {
	[ -e "$DROP_IN" ] || return 0
	if grep -q '^# Made by naskeys from the settings' "$DROP_IN"; then
		echo settings
	elif grep -q '^# Made by "naskeysctl init' "$DROP_IN"; then
		echo init
	else
		echo hand
	fi
}

# A file that is missing here makes sshd refuse every key.
drop_in_is_broken() {
	[ -e "$DROP_IN" ] && grep -q "^RevokedKeys $STATE/" "$DROP_IN" &&
	    ! [ -s "$STATE/revoked.krl" ]
}

# Out of sshd's sight, since it reads *.conf; what a person wrote is kept.
put_drop_in_aside() {
	say "$DROP_IN is kept as $DROP_IN.dpkg-old: $1"
	mv -f "$DROP_IN" "$DROP_IN.dpkg-old"
}

# An sshd that does not run needs no word, and one that would not come back
# with its configuration is not told to read it.
reload_sshd() {
	if [ -d /run/systemd/system ]; then
		systemctl --quiet is-active ssh.service || return 0
	else
		[ -x /etc/init.d/ssh ] && /etc/init.d/ssh status \
		    >/dev/null 2>&1 || return 0
	fi
	if "$SSHD" -t 2>/dev/null; then
		invoke-rc.d --quiet ssh reload || :
	else
		say "sshd does not take its configuration: see sshd -t"
	fi
}

# Helpers that serve a connection go on after their acceptor has ended.  One
# of another version must not: it would write the maps as that version had
# them.  What a helper has begun is completed by the next one, wherever it was
# ended.
end_helpers() {
	for signal in TERM KILL; do
		found=
		for exe in /proc/[0-9]*/exe; do
			case $(readlink "$exe" || :) in
			"$HELPER" | "$HELPER (deleted)" | \
			    "$HELPER.dpkg-"*) ;;
			*) continue ;;
			esac
			process=${exe%/exe}
			# not those of a container
			[ "$process/root/" -ef / ] || continue
			kill -s "$signal" "${process#/proc/}" 2>/dev/null || :
			found=yes
		done
		[ -n "$found" ] || return 0
		sleep 1
	done
}
