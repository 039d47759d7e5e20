# Completion of beoplay for bash.
# Those that the command has, as its help shows them.
_beoplay_options() {
	local command=${COMP_WORDS[1]}

	[[ $command == -* ]] && command=apply
	beoplay help "$command" 2>/dev/null >&2 || command=apply
	beoplay help "$command" | grep -oE -- '--[a-z][a-z-]+' | sort -u
}
_beoplay() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}

	case $before in
	-i | --inventory | -o | --output | --private-key | --known-hosts | --passphrase-file)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	-l | --limit | --host)
		mapfile -t COMPREPLY < <(compgen -W "$(beoplay inventory --list 2>/dev/null)" -- "$word")
		return
		;;
	esac
	if [[ ${COMP_WORDS[1]} == doc ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(beoplay doc 2>/dev/null | cut -d ' ' -f 1)" -- "$word")
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_beoplay_options)" -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -f -X '!*.@(y?(a)ml|plan)' -- "$word"; compgen -d -- "$word")
		((COMP_CWORD == 1)) && mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(
			compgen -W "apply diff doc forget history inventory key log plan rollback show status" -- "$word")
	fi
}
complete -o filenames -F _beoplay beoplay
