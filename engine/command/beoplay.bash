# Completion of beoplay for bash. All it knows of commands and options is what `beoplay help` says.
_beoplay_help() {
	local command=${COMP_WORDS[1]}

	[[ $command == -* ]] || beoplay help "$command" >/dev/null 2>&1 || command=apply
	[[ $command == -* ]] && command=apply
	beoplay help "$command" 2>/dev/null
}
# What the value of an option is called: "  -l, --limit PATTERN".
_beoplay_value() {
	[[ $1 == -* ]] && _beoplay_help | sed -nE "s/^  (-[a-zA-Z], |    |)?(--[a-z-]+) ([A-Z]+) .*/ \1\2 \3/p" |
		sed -nE "s/.* $1(,.*)? ([A-Z]+)\$/\2/p" | head -n 1
}
_beoplay() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words= kind

	case $(_beoplay_value "$before") in
	FILE | PATH)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	PATTERN | HOST) words=$(beoplay inventory --list 2>/dev/null) ;;
	?*) return ;;
	'')
		if [[ $before == --host || $before == --list ]]; then
			words=$(beoplay inventory --list 2>/dev/null)
		elif [[ $word == -* ]]; then
			words=$(_beoplay_help | grep -oE -- '--[a-z][a-z-]+' | sort -u)
		elif [[ ${COMP_WORDS[1]} == doc && $COMP_CWORD -gt 1 ]]; then
			words=$(beoplay doc 2>/dev/null | cut -d ' ' -f 1; echo errors)
			[[ ${COMP_WORDS[2]} != errors ]] || words=$(beoplay doc errors 2>/dev/null | grep -oE '^[a-z-]+\.[a-z0-9-]+')
		elif [[ ${COMP_WORDS[1]} =~ ^(forget|replace|retire)$ && $COMP_CWORD -eq 2 ]]; then
			words=$(beoplay inventory --list 2>/dev/null)
		else
			mapfile -t COMPREPLY < <(compgen -d -- "$word"
				for kind in yml yaml plan; do compgen -f -X "!*.$kind" -- "$word"; done)
			((COMP_CWORD > 1)) || words=$(beoplay help | sed -n '/^commands/,$s/^  \([a-z]*\) .*/\1/p')
		fi
		;;
	esac
	mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o filenames -F _beoplay beoplay
