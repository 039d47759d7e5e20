# Completion of beoplay for bash.
_beoplay() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}

	case $before in
	-i | --inventory | -o | --output | --private-key | --key-file | --known-hosts)
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
		mapfile -t COMPREPLY < <(compgen -W "--inventory --limit --check --diff --forks --extra-vars
			--verbose --user --private-key --become --become-user --timeout --tags --skip-tags
			--list-hosts --list-tasks --list-tags --syntax-check --json --known-hosts
			--accept-new-host-keys --allow-outside --prune --discard-drift --at --to --output
			--with-commands --live --resume --force-handlers --lock-wait --with-affected --no-others --help --version" -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -f -X '!*.@(y?(a)ml|plan)' -- "$word"; compgen -d -- "$word")
		((COMP_CWORD == 1)) && mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(
			compgen -W "apply diff doc forget history inventory key log plan rollback show status" -- "$word")
	fi
}
complete -o filenames -F _beoplay beoplay
