# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# bash completion for naskeysctl; what there is to complete comes from its
# own --help.

# The first column of a list; names may have blanks.
_naskeysctl_names()
{
	naskeysctl "$1" list 2>/dev/null | awk -F '  +' 'NR > 1 { print $1 }'
}

# What an option's value can be, one a line; nothing: it is no such option.
_naskeysctl_values()	# OBJECT VERB OPTION
{
	case "$1 $2 $3" in
	"connection export --format")
		printf '%s\n' ssh-config known-hosts rclone rsync ;;
	"keypair export --format")
		printf '%s\n' openssh pkcs8 pkcs1 ;;
	"connection "*" --keypair")
		_naskeysctl_names keypair ;;
	"keypair generate --type"|"connection rotate --type")
		printf '%s\n' ed25519 rsa ecdsa ;;
	"user "*" --group"|"user "*" --groups")
		_naskeysctl_names group ;;
	"user edit --admin"|"user edit --"*-login|"user edit --ssh-password")
		printf '%s\n' yes no ;;
	"user otp --kind")
		printf '%s\n' totp hotp ;;
	"user otp --algorithm")
		printf '%s\n' SHA1 SHA256 SHA512 ;;
	"init "*" --key-files")
		printf '%s\n' own none central ;;
	"init "*" --only")
		printf '%s\n' nsswitch pam sshd ;;
	esac
}

# Of these words, one a line, those that begin with the one which is typed.
# They are names that somebody has given: the shell must not expand them.
_naskeysctl_reply()	# WORDS
{
	local word

	while IFS= read -r word; do
		[[ $word == "${cur//\\/}"* ]] &&
		    COMPREPLY+=("$(printf %q "$word")")
	done <<<"$1"
}

_naskeysctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]}
	local object=${COMP_WORDS[1]-} verb=${COMP_WORDS[2]-} words=
	local prev=${COMP_WORDS[COMP_CWORD > 0 ? COMP_CWORD - 1 : 0]}

	COMPREPLY=()
	if [[ $prev == --* ]] && [[ $cur != -* ]]; then
		words=$(_naskeysctl_values "$object" "$verb" "$prev")
	fi
	if [ -n "$words" ]; then
		:
	elif [ "$COMP_CWORD" -eq 1 ]; then
		words=$(naskeysctl --help 2>/dev/null |
		    awk '/^  [a-z]/ { print $1 }' | sort -u)
	elif [ "$COMP_CWORD" -eq 2 ] && [ "$object" = explain ] &&
	    [[ $cur != -* ]]; then
		words=$(_naskeysctl_names user)
	elif [ "$COMP_CWORD" -eq 2 ] && [[ $cur != -* ]]; then
		words=$(naskeysctl "$object" --help 2>/dev/null |
		    awk -v o="$object" '$1 == o && $2 ~ /^[a-z-]+$/ &&
			/^  [a-z]+ [a-z-]+ / { print $2 }')
	elif [[ $cur == -* ]]; then
		case $object in
		init|explain|audit|check|sync) verb= ;;
		esac
		words=$(naskeysctl "$object" ${verb:+"$verb"} --help \
		    2>/dev/null | awk '/^  --/ { print $1 }')
	elif [ "$object $verb" = "service set" ]; then
		words=$(naskeysctl service show 2>/dev/null |
		    awk 'NR > 1 && $1 != "chained_command" { print $1 "=" }')
		compopt -o nospace 2>/dev/null
	elif [ "$object $verb" = "service host-key" ] &&
	    [ "$COMP_CWORD" -le 4 ]; then
		case $prev in
		host-key) words=$'list\naccept\nrestore\nforget\ngenerate' ;;
		generate) words=$'ed25519\necdsa\nrsa' ;;
		esac
	elif [ "$COMP_CWORD" -eq 3 ]; then
		case "$object $verb" in
		user\ add|user\ import|group\ add) ;;
		keypair\ generate|keypair\ import) ;;
		connection\ add|connection\ pair|connection\ scan) ;;
		user\ *|key\ *)
			words=$(_naskeysctl_names user) ;;
		keypair\ *)
			words=$(_naskeysctl_names keypair) ;;
		connection\ *)
			words=$(_naskeysctl_names connection) ;;
		group\ *)
			words=$(_naskeysctl_names group) ;;
		esac
	elif [ "$COMP_CWORD" -eq 4 ] && [ "$object $verb" = "user otp" ]; then
		words=$'enroll\nremove'
	elif [ "$COMP_CWORD" -eq 4 ] && [ "$object $verb" = "key file" ]; then
		words=$'none\nhome\ncentral'
	fi
	if [ -n "$words" ]; then
		_naskeysctl_reply "$words"
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}
complete -F _naskeysctl naskeysctl
