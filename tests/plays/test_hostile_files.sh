#!/bin/sh
# Projects, folders and histories that somebody else prepared: what beoplay reads of them, as root and
# as an unprivileged user, on this machine alone. Prints "ok NAME" or "not ok NAME: why".
set -u
[ "$(id -u)" = 0 ] || exec unshare --map-root-user --map-auto --mount "$0"

out=/dev/null err=/dev/null
. "${0%/*}/checks.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cp "$BEOPLAY" "$work/beoplay"
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
	(cd "${from:-.}" && HOME=$base/home XDG_CONFIG_HOME=$base/home/.config exec timeout 30 setpriv --reuid "$me" --regid "$me" \
		--clear-groups "$work/beoplay" "$@" >"$out" 2>"$err" </dev/null)
	status=$?
}
# Refused with these words, and neither shown nor applied.
stops() {
	is "$status" 1 && says "$1" "$err" && says '→' "$err" && silent OUTSIDE-VALUE "$out" \
		&& silent OUTSIDE-VALUE "$err" && [ ! -e got ]
}
refused() { check "$who: $1" stops "$2"; }
cannot_read() { is "$status" 1 && says "$1" "$err"; }
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
	for kind in 'mkfifo' 'ln -s nowhere'; do
		start; $kind beoplay.yml; run site.yml -C
		check "$who: beoplay.yml by $kind isn't passed over" cannot_read beoplay.yml
		start; mkdir group_vars; $kind group_vars/all.yml; run site.yml -C
		check "$who: nor a file of group_vars" cannot_read group_vars/all.yml
		start; mkdir -p host_vars/here; $kind host_vars/here/one.yml; run site.yml -C
		check "$who: nor one in a directory of host_vars" cannot_read host_vars/here/one.yml
		start; mkdir inventory; mv hosts.yml inventory; $kind inventory/more.yml; run site.yml -C
		check "$who: nor one of an inventory" cannot_read inventory/more.yml
	done
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
	start; mkdir mine; mv site.yml mine; mv hosts.yml ../h.yml; echo 'project: theirs' >beoplay.yml; own
	chmod 777 .; cd mine || exit 1; run_as_is site.yml -C -i ../../h.yml
	accepted 'a beoplay.yml in a folder above that others can write to'
	check "$who: it is not read, and that is said" says 'warning: no beoplay.yml and no inventory is taken from '..'' "$err"
	start; own; mkdir group_vars; cp ../outside/secret.yml group_vars/all.yml; chmod 1777 .
	run_as_is site.yml -C -i hosts.yml
	check "$who: group_vars in a folder that others can write to" stops 'is not read: other users can write'
	start; own; chmod 1777 .; run_as_is site.yml -C -i hosts.yml
	accepted 'an inventory that was named in a folder that others can write to'
}
own_one() { chown "$me:$me" "$1"; }
run_as_is() {
	HOME=$base/home XDG_CONFIG_HOME=$base/home/.config timeout 30 setpriv --reuid "$me" --regid "$me" --clear-groups \
		"$work/beoplay" "$@" >"$out" 2>"$err" </dev/null
	status=$?
}

# --- Histories ---

# A run that is recorded, so that there is a history; then what somebody else makes of it.
recorded() {
	start; play 'tasks: [{debug: {msg: hello}}]'; run site.yml
	history=.beoplay/history.git
}
# command: nothing is done with it, and the reason is given.
unused() {
	for command in 'site.yml -C' site.yml log 'rollback site.yml'; do
		run_as_is $command
		[ "$status" = 1 ] || { echo "'$command' ended with $status"; return 1; }
		says "$1" "$err" && says '→' "$err" || { echo "($command)"; return 1; }
	done
	[ ! -e "$base/outside/planted" ]
}
spoilt() { check "$who: $1" unused "$2"; }

histories() {
	recorded; run_as_is log; check "$who: a run is recorded" says 'site.yml' "$out"
	check "$who: the history is nobody else's to read" is "$(stat -c %a .beoplay)" 700
	start; play 'tasks: [{debug: {msg: hello}}]'; (umask 000; run site.yml); run site.yml
	accepted 'a history that was made without a umask is used again'
	run history gc --keep 1; (umask 000; run site.yml); run site.yml
	accepted 'and one that was written to without one'
	recorded; chown -hR "$them" .beoplay
	spoilt 'a history of another user' 'belongs to the user'
	recorded; chown -hR "$them" $history; spoilt 'a repository of another user' 'belongs to the user'
	recorded; chown "$them" $history/HEAD; spoilt 'a HEAD of another user' 'belongs to the user'
	recorded; chown "$them" $history/refs/heads/runs
	spoilt 'a branch of another user' 'belongs to the user'
	recorded; chmod 777 .beoplay; spoilt 'a history that others can write to' 'other users can write'
	recorded; chgrp 50 .beoplay; chmod 770 .beoplay
	spoilt 'a history that a group can write to' 'other users can write'
	recorded; chmod 777 $history; spoilt 'a repository that others can write to' 'other users can write'
	recorded; chmod 666 $history/config; spoilt 'a configuration that others can write to' 'can write'
	recorded; mv .beoplay ../outside/h; ln -s ../outside/h .beoplay
	spoilt 'a history that is a link' 'it is a link'
	recorded; rm -rf .beoplay; ln -s ../outside/planted .beoplay
	spoilt 'a history that is a dangling link' 'it is a link'
	recorded; rm -rf .beoplay; ln -s .beoplay .beoplay; spoilt 'a history that is a loop' 'it is a link'
	recorded; rm -rf .beoplay; echo x >.beoplay; spoilt 'a history that is a file' 'not a directory'
	recorded; rm -rf .beoplay; mkfifo .beoplay; spoilt 'a history that is a FIFO' 'not a directory'
	recorded; mv $history ../outside/h; ln -s ../../outside/h $history
	spoilt 'a repository that is a link' 'neither a file nor a directory'
	for name in HEAD config packed-refs refs/heads/runs objects/info/x; do
		recorded; rm -rf ${history:?}/$name; mkfifo $history/$name; chown "$me" $history/$name
		spoilt "a FIFO as $name" 'neither a file nor a directory'
	done
	recorded; rm -rf ${history:?}/refs; ln -s ../../outside $history/refs
	spoilt 'refs that are a link' 'neither a file nor a directory'
	recorded; echo "$base/outside" >$history/objects/info/alternates
	spoilt 'objects of another repository' 'borrows objects'
	recorded; chmod 777 .; spoilt 'a project that others can write to' 'other users can write'
	recorded; chmod 777 ..; spoilt 'a folder above that others can write to' 'other users can write'
	recorded; chown "$them" ..; spoilt 'a folder above of another user' 'belongs to the user'
}

# What a history that is the user's own may not lead to.
unharmed() { [ ! -e "$base/outside/planted" ] && { [ $# = 0 ] || "$@"; }; }
locks() {
	recorded; rm .beoplay/lock; ln -s ../../outside/planted .beoplay/lock; run_as_is site.yml
	check "$who: a lock that is a link" unharmed says "the history's lock" "$err"
	recorded; rm .beoplay/lock; mkfifo .beoplay/lock; own; run_as_is site.yml
	check "$who: a lock that is a FIFO" says 'not a file of yours' "$err"
	recorded; rm .beoplay/lock; mkdir .beoplay/lock; run_as_is site.yml
	check "$who: a lock that is a directory" says "the history's lock" "$err"
	start; mkdir .beoplay; ln -s ../../outside/planted .beoplay/.gitignore; run site.yml
	check "$who: a .gitignore that is a link" unharmed
	recorded; mkdir -p $history/hooks; for hook in post-commit reference-transaction pre-commit; do
		printf '#!/bin/sh\ntouch %s/outside/planted\n' "$base" >$history/hooks/$hook
		chmod 755 $history/hooks/$hook
	done
	cat >>$history/config <<-END
	[core]
		fsmonitor = touch $base/outside/planted
		hooksPath = hooks
		sshCommand = touch $base/outside/planted
		worktree = $base/outside
	[include]
		path = $base/outside/secret.yml
	END
	for command in site.yml log 'rollback site.yml' 'show 1'; do run_as_is $command; done
	check "$who: hooks and commands of a history's configuration" unharmed
	recorded; truncate -s 1G $history/config; spoilt 'a configuration that is huge' 'larger than 64 MiB'
	start; chmod 1777 ..; run site.yml
	check "$who: a history in a folder like /tmp" goes_on
	check "$who: it is kept there" [ -d .beoplay/history.git ]
	start; own; chmod 777 .; run_as_is site.yml -i hosts.yml
	check "$who: a folder that others can write to gets no history" unharmed \
		says "no history is kept in.*can write to '\.'; chmod go-w '\.'" "$err"
	check "$who: and that is nothing else than a warning" is "$status" 0
}

# A run of the history whose run.yml is text $1 instead of what it was.
rewritten() {
	recorded
	(export GIT_DIR=$PWD/$history HOME=$base/home; git config --global --add safe.directory '*'
		blob=$(git hash-object -w --stdin) && tree=$(git ls-tree runs | sed \
			"s/blob [0-9a-f]*	run.yml/blob $blob	run.yml/" | git mktree) &&
		git -c user.name=x -c user.email=x commit-tree "$tree" -m x |
		xargs git update-ref refs/heads/runs) >/dev/null
	own
}
kinds() {
	now="number: 1
run: r
project: proj
playbook: site.yml
who: me
time: 1
how: {inventories: [hosts.yml], extra: []}
hosts: {here: {state: done, changed: 0}}
files: []"
	while read -r what; do
		rewritten <<-END
		$(printf '%s\n' "$now" | sed "$what")
		END
		bad=
		for command in log 'show 1' 'site.yml -C' 'rollback site.yml' 'status -i hosts.yml site.yml'; do
			run_as_is $command
			[ "$status" -lt 100 ] || bad="$bad '$command' ended with $status;"
		done
		check "$who: a run with $(echo "$what" | tr -s '\n\\' ' ')" is "$bad" ''
	done <<-'END'
	s/^time: 1/time: 99999999999999999/
	s/^time: 1/time: -5/
	s/^time: 1/time: []/
	s/^number: 1/number: 0/
	s/^number: 1/number: 9223372036854775807/
	s/^how: .*/how: 7/
	s/^how: .*/how: {inventories: [null], extra: [null]}/
	s/^how: .*/how: {inventories: {a: b}, extra: {a: b}}/
	s/^hosts: .*/hosts: [1]/
	s/^hosts: .*/hosts: {here: null}/
	s/^hosts: .*/hosts: {here: {state: [1], changed: x}}/
	s/^files: .*/files: [1, {path: 5}]/
	s/^files: .*/files: [{path: ..\/..\/x, in: ..\/HEAD}, {path: a, kind: 3, target: [1]}]/
	s/^files: .*/left: [1]\nfacts: {here: 5}\nfiles: {}/
	s/^playbook: .*/playbook: [1]/
	s/^playbook: .*/playbook: ..\/..\/..\/etc\/passwd/
	END
}

# --- The user's own repository, which is only read ---

repositories() {
	for name in HEAD config index packed-refs objects/info/alternates; do
		start; git init -q .; rm -f .git/$name; mkfifo .git/$name; run site.yml
		accepted "a FIFO as .git/$name is not waited for"
		start; git init -q .; truncate -s 8G .git/$name; run site.yml
		accepted "a huge .git/$name is not read"
	done
	# What a repository's configuration and its folders lead to.
	for line in 'include] path' 'includeIf "gitdir:/"] path' 'core] excludesFile' 'core] attributesFile'; do
		start; git init -q .; mkfifo .git/pipe; printf '[%s = pipe\n' "$line" >>.git/config; run site.yml
		accepted "a FIFO as $line of the repository is not waited for"
		start; git init -q .; mkfifo .git/pipe; printf '[%s = %s/.git/pipe\n' "$line" "$PWD" >>.git/config
		run site.yml
		accepted "an absolute one as $line"
	done
	for name in .gitignore files/.gitignore .gitattributes .git/objects/pack/pack-1.idx; do
		start; git init -q .; mkfifo "$name"; run site.yml
		accepted "a FIFO as $name is not waited for"
	done
	start; git init -q .; git add -A
	git -c user.name=a -c user.email=a@b commit -qm a
	object=$(find .git/objects -type f | head -n 1); rm -f "$object"; mkfifo "$object"; run site.yml
	accepted 'a FIFO as an object of the repository is not waited for'
	start; git init -q .; mkdir -p ../store/00; mkfifo ../store/00/pipe; echo "$base/store" >.git/objects/info/alternates
	run site.yml
	accepted 'a FIFO in another store of objects is not waited for'
	start; git init -q .; mkfifo ../home/.gitconfig; run site.yml
	accepted "a FIFO as the user's .gitconfig is not waited for"
	start; git init -q .; rm -r .git; echo 'gitdir: .git' >.git; run site.yml
	accepted "a .git that leads to itself"
	start; git init -q .; printf '[core]\n\tfsmonitor = touch %s/outside/planted\n' "$base" >>.git/config; run site.yml
	check "$who: commands of the repository's configuration are not run" unharmed
}

# --- Names of files ---

# Who puts a file into a project gives it its name, which is shown in errors and lists.
escapes() { LC_ALL=C grep -aqP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]' "$out" "$err"; }
names() {
	start
	file=$(printf 'x\033[2J\033]0;t\007\302\233\342\200\256.yml')
	play "tasks: [{debug: {msg: hello}}, {include_tasks: 'in$file'}]"
	mv site.yml "$file"; printf -- '- fail: {msg: no}\n' >"in$file"; printf -- '- hosts: [\n' >"bad$file"
	for command in 'run "$file"' 'run "$file" --json' 'run "$file" -D -v' 'run "$file" --list-tasks' \
			'run "$file" --syntax-check' 'run "bad$file"' 'run status "$file"' 'run inventory -i "bad$file"' \
			'run log' 'run show 1' 'run rollback "$file" --to nothing -C'; do
		eval "$command"
		check "$who: no escape of a file's name reaches a terminal: $command" eval '! escapes'
	done
}

# --- Plans and keys ---

keyed() {
	start; play 'tasks: [{debug: {msg: hello}}]'; run plan site.yml -o ../p.plan
	key=../home/.config/beoplay/plan.key
}
plans() {
	start; mkfifo pipe; own; run_as_is pipe -i hosts.yml -C
	check "$who: a playbook that is a FIFO" says 'is not a regular file' "$err"
	start; mkfifo ansible.cfg; run site.yml -i hosts.yml -C; accepted 'an ansible.cfg that is a FIFO is not waited for'
	start; mkfifo pipe; play 'tasks: [{ping: }]'; run site.yml -i 127.0.0.1, --private-key pipe
	check "$who: nor a private key" is "$status" 4
	keyed; rm $key; mkfifo $key; own; run_as_is apply ../p.plan
	check "$who: a key that is a FIFO" says 'cannot read the key' "$err"
	keyed; chmod 644 $key; run_as_is apply ../p.plan
	check "$who: a key that others can read" says 'readable by you alone' "$err"
	keyed; chmod 777 "${key%/*}"; run_as_is apply ../p.plan
	check "$who: a key in a folder that others can write to" says 'other users can write' "$err"
	keyed; chmod 755 ../home/.config; chown "$them" ../home/.config; run_as_is apply ../p.plan
	check "$who: a key below a folder of another user" says 'belongs to the user' "$err"
}

for me in 0 65534; do
	them=1
	[ $me = 0 ] && who=root || who=user
	texts
	allowed
	above
	histories
	names
	locks
	repositories
	plans
	[ $me != 0 ] || kinds
done
