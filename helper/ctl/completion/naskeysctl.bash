# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# bash completion for naskeysctl; what there is to complete comes from its
# own --help.

_naskeysctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]}
	local object=${COMP_WORDS[1]-} verb=${COMP_WORDS[2]-} words=

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		words=$(naskeysctl --help 2>/dev/null |
		    awk '/^  [a-z]/ { print $1 }' | sort -u)
	elif [ "$COMP_CWORD" -eq 2 ] && [ "$object" = explain ] &&
	    [[ $cur != -* ]]; then
		words=$(naskeysctl user list 2>/dev/null |
		    awk 'NR > 1 { print $1 }')
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
	elif [ "$COMP_CWORD" -eq 3 ]; then
		case "$object $verb" in
		user\ add|user\ import|group\ add) ;;
		keypair\ generate|keypair\ import|connection\ add) ;;
		user\ *|key\ *)
			words=$(naskeysctl user list 2>/dev/null |
			    awk 'NR > 1 { print $1 }') ;;
		keypair\ *)
			words=$(naskeysctl keypair list 2>/dev/null |
			    awk 'NR > 1 { print $1 }') ;;
		connection\ *)
			words=$(naskeysctl connection list 2>/dev/null |
			    awk 'NR > 1 { print $1 }') ;;
		group\ *)
			words=$(naskeysctl group list 2>/dev/null |
			    awk 'NR > 1 { print $1 }') ;;
		esac
	elif [ "$COMP_CWORD" -eq 4 ] && [ "$object $verb" = "user otp" ]; then
		words="enroll remove"
	elif [ "$COMP_CWORD" -eq 4 ] && [ "$object $verb" = "key file" ]; then
		words="none home central"
	fi
	if [ -n "$words" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}
complete -F _naskeysctl naskeysctl
