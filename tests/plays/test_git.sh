#!/bin/bash
# git: checkouts at branches, tags and commits; exact, idempotent, and taken back; what git itself says of them.
# Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 1
node() { lab exec head "$@"; }
git() { command git -c user.name=nobody -c user.email=nobody@localhost -c init.defaultBranch=main "$@"; }
state() { grep -v -e '^\./var/lib/beoplay' -e '^\./root' "$1" | cut -f 1-5,7-; }

cat >tasks.yml <<'END'
- hosts: head
  tasks:
    - git: {repo: /srv/repo.git, dest: /srv/app}
END
beoplay tasks.yml -i "$LAB/inventory.yml" -v
check "where git is missing it says so" code git.failed
check "and what to do" says "install git with an apt-packages task" out
# This machine's own, as the nodes' packages have none.
tar -C / -cf - usr/bin/git usr/bin/git-upload-pack usr/lib/git-core/git usr/lib/git-core/git-submodule \
	usr/lib/git-core/git-sh-setup 2>/dev/null | node tar -xf - -C /
git init -q work && cd work || exit 1
commit() { printf '%s\n' "$1" >file && git add -A && git commit -qm "$1" && git rev-parse HEAD; }
publish() { rm -rf ../repo.git; git clone -q --bare . ../repo.git && tar -C .. -cf - repo.git | node tar -xf - -C /srv; }
one=$(commit one)
git tag -a v1 -m first
printf '*.o\n' >.gitignore
two=$(commit two)
git branch old "$one"
publish
lab snapshot head >../before
cd ..
app() { tasks "$@" <<END
- git: {repo: /srv/repo.git, dest: /srv/app/deep/er, version: $version$more}
END
}
there() { node git -C /srv/app/deep/er "$@"; }

version=main more=
app -C -D
lab snapshot head >now
check "a dry run says which commit" says "/srv/app/deep/er commit: absent → ${two:0:12} (main)" out
check "and touches nothing" is "$status $(diff <(state before) <(state now))" "0 "
app
check "a run clones it" is "$status $(there rev-parse HEAD) $(there status --porcelain --branch)" \
	"0 $two ## main...origin/main"
app
check "a second run changes nothing" is "$status $(recap head changed)" "0 0"
version=v1
app
check "a tag is its commit" is "$status $(there rev-parse HEAD) $(there symbolic-ref -q HEAD)" "0 $one "
app
check "once" is "$(recap head changed)" 0
version=old
app
check "another branch of the same commit needs nothing" is "$status $(recap head changed)" "0 0"
version=$two
app
check "a commit is named by its digits" is "$status $(there rev-parse HEAD)" "0 $two"
version=HEAD
three=$(cd work && commit three && publish)
app -C
check "a dry run says what is new there" says "${two:0:12} → ${three:0:12} (main)" out
check "and fetches nothing" is "$(there cat-file -t "$three" 2>&1 | head -c 5)" fatal
app
check "a run fetches it" is "$status $(there rev-parse HEAD) $(there symbolic-ref -q --short HEAD)" "0 $three main"
node sh -c 'echo mine >/srv/app/deep/er/file'
four=$(cd work && commit four && publish)
app
check "what was changed there is kept" code host.file-changed
check "as it is" is "$(node cat /srv/app/deep/er/file)" mine
more=', update: no'
app
check "without update nothing is asked" is "$status $(recap head changed)" "0 0"
more=', force: yes'
app
check "with force it is thrown away" is "$status $(there rev-parse HEAD) $(node cat /srv/app/deep/er/file)" "0 $four four"
app
check "and then all is well" is "$status $(recap head changed)" "0 0"
more=
version=nowhere
app
check "a version that isn't there is an error" code git.no-version

there config status.showUntrackedFiles no
node touch /srv/app/deep/er/mine
beoplay rollback tasks.yml --to nothing -i "$LAB/inventory.yml" -v
check "what isn't the repository's isn't taken away" is "$status $(node ls /srv/app/deep/er | tr '\n' ' ')" "2 file mine "
check "and it says why" code host.file-changed
node rm /srv/app/deep/er/mine
there -c user.name=me -c user.email=me@localhost commit -q --allow-empty -m mine
beoplay rollback tasks.yml --to nothing -i "$LAB/inventory.yml" -v
check "a commit of somebody's own isn't either" is "$status $(there log -1 --format=%s)" "2 mine"
version=HEAD
app
check "nor does a run take it" is "$status $(there log -1 --format=%s)" "2 mine"
check "which says why" code host.file-changed
there reset -q --hard origin/main
(cd work && commit five && publish) >/dev/null
beoplay rollback tasks.yml --to nothing -i "$LAB/inventory.yml" -v
lab snapshot head >now
check "all is taken back" is "$status $(diff <(state before) <(state now) | grep -v repo.git | grep '^[<>]')" "0 "

node sh -c 'git init -q /srv/outer; mkdir -p /srv/outer/inner/.git; find /srv/outer | sort >/srv/list'
tasks <<'END'
- git: {repo: /srv/repo.git, dest: /srv/outer/inner}
END
check "a broken checkout isn't taken for the one above it" is "$status $(node sh -c 'find /srv/outer | sort | diff - /srv/list')" "2 "
node sh -c 'rm -r /srv/outer /srv/list; mkdir /srv/full; echo x >/srv/full/x'
tasks <<'END'
- git: {repo: /srv/repo.git, dest: /srv/full}
END
check "a directory with something in it is left alone" code host.file-exists
tasks <<'END'
- git: {repo: /srv/repo.git, dest: /srv/none, clone: no}
END
check "without clone nothing comes" is "$status $(recap head changed) $(node ls /srv)" "0 0 apt
full
repo.git"
tasks <<'END'
- git: {repo: /srv/repo.git, dest: /srv/none, bare: yes}
END
check "what isn't known is refused" code task.unsupported-parameter
