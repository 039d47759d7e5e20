#!/bin/sh
# Projects, folders and histories that somebody else prepared: what beoplay reads of them, as root and
# as an unprivileged user, on this machine alone. Prints "ok NAME" or "not ok NAME: why".
set -u
cd "$(dirname "$0")/../.."
[ "$(id -u)" = 0 ] || exec unshare --map-root-user --map-auto --mount "$0"

built=${BEOPLAY:-$PWD/build/beoplay}
out=/dev/null err=/dev/null
. tests/plays/checks.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cp "$built" "$work/beoplay"
number=0

# A new folder of the user's: proj with an inventory, and outside with a secret of his.
start() {
	number=$((number + 1))
	base=$work/$me/$number
	mkdir -p "$base/proj/files" "$base/proj/templates" "$base/outside" "$base/home"
	cd "$base/proj" || exit 1
	out=$base/out err=$base/err
	echo 'all: {hosts: {here: {ansible_connection: local}}}' >hosts.yml
	echo 'planted: OUTSIDE-VALUE' >../outside/secret.yml
	echo inside >files/inside
	play 'tasks: [{debug: {msg: "{{ planted | default(0) }}"}}]'
}
play() { printf -- '- hosts: all\n  gather_facts: false\n  %s\n' "$1" >site.yml; }
own() { chown -hR "$me:$me" "$base"; }
run() {
	own
	[ -z "${other:-}" ] || chown -h "$them:$them" $other
	(cd "${from:-.}" && HOME=$base/home exec timeout 30 setpriv --reuid "$me" --regid "$me" \
		--clear-groups "$work/beoplay" "$@" >"$out" 2>"$err" </dev/null)
	status=$?
}
# Refused with these words, and neither shown nor applied.
stops() {
	is "$status" 1 && says "$1" "$err" && says '→' "$err" && silent OUTSIDE-VALUE "$out" \
		&& silent OUTSIDE-VALUE "$err" && [ ! -e got ]
}
refused() { check "$who: $1" stops "$2"; }
goes_on() { is "$status" 0 && { [ $# = 0 ] || says "$1" "$out"; }; }
accepted() { name=$1; shift; check "$who: $name" goes_on "$@"; }
copies() { play "tasks: [{copy: {src: '$1', dest: $PWD/got}}]"; run site.yml -C; }

# --- What texts name ---

texts() {
	for link in ../../outside/secret.yml "$work/$me/$((number + 1))/outside/secret.yml"; do
		start; ln -s "$link" files/link; copies link
		refused "a link out of the project as src (${link%%/*})" "is a link to '$link'"
	done
	start; ln -s ../outside away; copies away/secret.yml
	refused 'a directory that is a link out of the project' 'lies outside the project'
	start; copies ../../outside/secret.yml
	refused 'src with .. out of the project' 'lies outside the project'
	start; copies "$PWD/../outside/secret.yml"
	refused 'src with .. in an absolute path' 'lies outside the project'
	start; copies "$base/outside/secret.yml"
	refused 'an absolute src' 'lies outside the project'
	start; ln -s "$base/outside" ../aside; copies ../../aside/secret.yml
	refused 'a link beside the project' 'lies outside the project'
	start; copies '~/secret.yml'
	refused 'src that starts with ~' 'only a shell expands'
	start; ln -s nowhere files/link; copies link
	refused 'a dangling link' "a link to 'nowhere', which does not exist"
	start; ln -s two files/one; ln -s one files/two; copies one
	refused 'links in a circle' 'Too many levels of symbolic links'
	start; mkdir files/d; ln -s ../d files/d/d; copies 'd/d/d/d/d/d/inside'
	refused 'a directory that holds itself' 'there is no file'
	start; mkfifo files/pipe; copies pipe
	refused 'a FIFO as src' 'is neither a file nor a directory'
	start; ln -s /dev/zero files/zero; copies zero
	refused 'a link to a device' "is a link to '/dev/zero'"
	start; mkdir files/d; copies d
	refused 'a directory where a file should be' 'is a directory'
	start; ln -s ../../outside/secret.yml templates/t
	play "tasks: [{template: {src: t, dest: $PWD/got}}]"; run site.yml -C
	refused 'a link out of the project as a template' "is a link to '../../outside/secret.yml'"
	start; ln -s ../../outside files/tree
	play "tasks: [{file-sync: {src: tree, dest: $PWD/got}}]"; run site.yml -C
	refused 'a link out of the project as a tree' "is a link to '../../outside'"
	start; mkdir files/tree; mkfifo files/tree/pipe
	play "tasks: [{file-sync: {src: tree, dest: $PWD/got}}]"; run site.yml -C
	refused 'a FIFO in a tree' 'is neither a file, a directory nor a link'
	for how in -C --syntax-check --list-tasks; do
		start; play 'vars_files: [../outside/secret.yml]'; run site.yml $how
		refused "vars_files with .. and $how" 'lies outside the project'
	done
	start; ln -s ../outside/secret.yml v.yml; play 'vars_files: [v.yml]'; run site.yml --syntax-check
	refused 'vars_files that is a link' "is a link to '../outside/secret.yml'"
	start; play 'vars_files: [/etc/shadow]'; run site.yml --syntax-check
	refused 'vars_files with an absolute path' 'lies outside the project'
	start; mkfifo v.yml; play 'vars_files: [v.yml]'; run site.yml --syntax-check
	check "$who: vars_files that is a FIFO" says 'is not a regular file' "$err"
	start; play 'tasks: [{import_tasks: ../outside/secret.yml}]'; run site.yml --syntax-check
	refused 'import_tasks with ..' 'lies outside the project'
	start; ln -s ../outside/secret.yml t.yml; play 'tasks: [{import_tasks: t.yml}]'
	run site.yml --syntax-check
	refused 'import_tasks of a link' 'lies outside the project'
	for vars in group_vars host_vars; do
		start; mkdir $vars; ln -s ../../outside/secret.yml $vars/all.yml
		ln -s ../../outside/secret.yml $vars/here.yml; run site.yml -C
		refused "a link in $vars" 'lies outside the project'
		start; ln -s ../outside $vars; cp ../outside/secret.yml ../outside/all.yml
		cp ../outside/secret.yml ../outside/here.yml; run site.yml -C
		refused "$vars that is a link" 'lies outside the project'
		start; mkdir -p $vars/all $vars/here; ln -s ../../../outside/secret.yml $vars/all/x
		ln -s ../../../outside/secret.yml $vars/here/x; run site.yml -C
		refused "a link in a directory of $vars" 'lies outside the project'
	done
	start; mkdir inventory; mv hosts.yml inventory; ln -s ../../outside/secret.yml inventory/more.yml
	run site.yml -C
	refused 'a link in an inventory directory' 'lies outside the project'
	start; rm hosts.yml; ln -s ../outside/secret.yml hosts.yml; run site.yml -C
	refused 'an inventory that is a link and was not named' 'lies outside the project'
	start; ln -s ../outside/secret.yml beoplay.yml; run site.yml -C
	refused 'beoplay.yml that is a link' 'lies outside the project'
	start; echo 'inventory: ../outside/secret.yml' >beoplay.yml; run site.yml -C
	refused 'beoplay.yml that names an inventory outside' 'lies outside the project'
	start; mkdir ../i; cp hosts.yml ../i; ln -s ../outside/secret.yml ../i/x.yml; run site.yml -C -i ../i
	refused 'a link out of an inventory directory that was named' 'lies outside the project'
	start; mv hosts.yml ../i.yml; ln -s outside ../group_vars; cp ../outside/secret.yml ../outside/all.yml
	run site.yml -C -i ../i.yml
	refused 'group_vars beside an inventory that was named, a link' 'lies outside the project'
	start; mv hosts.yml ../i.yml; play 'vars_files: [../outside/secret.yml]'; run site.yml -C -i ../i.yml
	refused 'an inventory that was named opens nothing beside it' 'lies outside the project'
	start; truncate -s 9M v.yml; play 'vars_files: [v.yml]'; run site.yml -C
	check "$who: vars_files that is huge" says 'is larger than 8388608 bytes' "$err"
}

allowed() {
	start; ln -s inside files/link; copies link; accepted 'a link inside the project' 'got content'
	start; ln -s "$PWD/files/inside" files/link; copies link
	accepted 'an absolute link inside the project' 'got content'
	start; copies "$PWD/files/inside"; accepted 'an absolute path inside the project' 'got content'
	start; mkdir .git plays; mv site.yml plays; ln -s ../files/inside plays/link; cd plays || exit 1
	copies ../files/inside; accepted 'src with .. inside the repository' 'got content'
	copies link; accepted 'a link inside the repository' 'got content'
	play 'vars_files: [../v.yml]'; echo 'a: 1' >../v.yml; run site.yml -C
	accepted 'vars_files with .. inside the repository'
	start; ln -s proj ../way; copies inside; from=.. run way/site.yml -C
	accepted 'a project that is reached by a link' 'got content'
	start; ln -s ../../outside/secret.yml files/link
	play "tasks: [{copy: {src: link, dest: $PWD/got}}]"; run site.yml -C --allow-outside
	accepted 'a link out of the project with --allow-outside' 'got content'
	start; play 'vars_files: [../outside/secret.yml]'; run site.yml --syntax-check --allow-outside
	accepted 'vars_files outside with --allow-outside'
	start; rm hosts.yml; echo 'all: {hosts: {here: {ansible_connection: local}}}' >../outside/h.yml
	ln -s ../outside/h.yml h.yml; run site.yml -C -i h.yml
	accepted 'an inventory that is a link and was named'
	start; run site.yml -C -e @../outside/secret.yml -v
	accepted 'variables outside that were named' 'OUTSIDE-VALUE'
	start; mv site.yml ../outside; ln -s ../outside/site.yml .; run site.yml -C
	accepted 'a playbook that is a link and was named'
	start; mkdir files/tree; ln -s ../../../outside files/tree/x
	play "tasks: [{file-sync: {src: tree, dest: $PWD/got}}]"; run site.yml -C
	accepted 'a link out of a tree stays a link' 'got'
}

# --- Folders above ---

above() {
	for mode in 777 1777 775; do
		start; mkdir mine; mv site.yml mine; chmod $mode .; own
		[ $mode != 775 ] || chgrp 50 .
		cd mine || exit 1
		other= run_as_is site.yml -C
		check "$who: an inventory in a folder above of mode $mode" stops "other users can write to"
	done
	start; mkdir mine; mv site.yml mine; own; chown "$them" .; cd mine || exit 1; run_as_is site.yml -C
	check "$who: an inventory in a folder above of somebody else" stops "belongs to the user"
	start; mkdir -p mine/files .git; mv site.yml mine; own; chmod 777 .; cd mine || exit 1
	play 'vars_files: [../files/inside]'; own_one site.yml; run_as_is site.yml --syntax-check
	check "$who: a repository in a folder that others can write to" stops 'lies outside the project'
	start; own; chown "$them" . hosts.yml; run_as_is site.yml -C
	check "$who: an inventory beside the playbook, in a folder of somebody else" stops 'belongs to the user'
	start; own; mkdir group_vars; cp ../outside/secret.yml group_vars/all.yml; chmod 1777 .
	run_as_is site.yml -C -i hosts.yml
	check "$who: group_vars in a folder that others can write to" stops 'is not read: other users can write'
	start; own; chmod 1777 .; run_as_is site.yml -C -i hosts.yml
	accepted 'an inventory that was named in a folder that others can write to'
}
own_one() { chown "$me:$me" "$1"; }
run_as_is() {
	HOME=$base/home timeout 30 setpriv --reuid "$me" --regid "$me" --clear-groups \
		"$work/beoplay" "$@" >"$out" 2>"$err" </dev/null
	status=$?
}

for me in 0 65534; do
	them=1
	[ $me = 0 ] && who=root || who=user
	texts
	allowed
	above
done
