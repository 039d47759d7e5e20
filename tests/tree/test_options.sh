#!/bin/bash
# What the help says of commands and options, completion and man page say, too. Prints "ok NAME" or "not ok
# NAME: why".
set -u
. "${0%/*}/../plays/checks.sh"
out=/dev/null err=/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/project"
beoplay() { "$BEOPLAY" "$@"; }
. engine/command/beoplay.bash
cd "$work/project" || exit 1
echo 'all: {hosts: {alpha: {ansible_connection: local}, beta: }}' >inventory.yml
touch site.yml other.txt
mkdir folder

# completes WORD…: what the last of them, which may be empty, can become; sorted, on one line.
completes() {
	COMP_WORDS=(beoplay "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_beoplay
	printf '%s\n' "${COMPREPLY[@]}" | sort | paste -s -d ' '
}
commands=$(beoplay help | sed -n '/^commands/,$s/^  \([a-z]*\) .*/\1/p')
options_of() { beoplay help "$1" | grep -oE -- '--[a-z][a-z-]+' | sort -u | paste -s -d ' '; }

check "there are commands" [ "$(wc -w <<<"$commands")" -ge 12 ]
check "each command is completed" is "$(for c in $commands; do completes "${c:0:4}" | grep -ow "$c"; done | sort -u | paste -s -d ' ')" \
	"$(sort <<<"$commands" | paste -s -d ' ')"
for command in apply init plan replace retire rollback status; do
	check "the options of $command are" is "$(completes $command --)" "$(options_of $command)"
done
check "without a command they are those of apply" is "$(completes --)" "$(options_of apply)"
check "a playbook is a file of YAML, or a plan" is "$(completes apply '')" "folder inventory.yml site.yml"
for option in -i --inventory -o --output --private-key --known-hosts; do
	command=apply
	[[ $option == *o || $option == --output ]] && command=plan
	check "$option is followed by a file" is "$(completes $command $option oth)" other.txt
done
check "the passphrase of a key is in a file" is "$(completes key --passphrase-file oth)" other.txt
check "-l is followed by a host" is "$(completes apply -l al)" alpha
check "retire is" is "$(completes retire al)" alpha
check "--limit is" is "$(completes status --limit b)" beta
check "--forks by nothing that is known" is "$(completes apply --forks '')" ''
check "doc by a module" is "$(completes doc lineinf)" lineinfile

# --- The man page ---
cd "$tree" || exit 1
# "-l --limit PATTERN" of each option in a help, and of each in the man page.
in_help() {
	for command in apply init plan replace retire rollback status key; do
		beoplay help $command | sed -nE 's/^  (-[a-zA-Z], |    )?(--[a-z][a-z-]*)( [A-Z]+)?( .*|$)/\1\2\3/p'
	done | tr -d , | sed 's/^ *//' | sort -u
}
sed -E 's/\\f[A-Z]//g; s/\\-/-/g; s/^\.[A-Z]+ //; s/"//g; s/ ,/,/g; s/  */ /g' engine/command/beoplay.1 >"$work/page"
while read -r option; do
	check "the man page has $option" grep -qE -- "(^|[ ,|])$(sed -E 's/^(-.) --/\1 ?, --/' <<<"$option")([],.)| ]|\$)" "$work/page"
done < <(in_help)
for command in $commands; do
	check "the man page has the command $command" grep -qE "^beoplay $command( |\$|,|\|)|, beoplay $command( |\$|,)" "$work/page"
done
known=$(in_help | grep -oE -- '--[a-z-]+'; echo "--graph --list --host --keep --password-file" | tr ' ' '\n')
for option in $(grep -oE -- '--[a-z][a-z-]+' "$work/page" | sort -u); do
	check "$option of the man page is an option" grep -qxe "$option" <<<"$known"
done
