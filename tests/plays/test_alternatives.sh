#!/bin/bash
# alternatives: exact, idempotent, and taken back; what update-alternatives itself says, and what runs. Prints
# "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 1
node() { lab exec head "$@"; }
state() { grep -v -e '^\./var/lib/beoplay' -e '^\./root' -e '^\./var/log' "$1" | cut -f 1-5,7-; }
node sh -c 'for one in one two three; do printf "#!/bin/sh\necho $one\n" >/usr/local/bin/$one; echo $one >/usr/local/share/$one
	chmod 755 /usr/local/bin/$one; done
	update-alternatives --quiet --install /usr/local/bin/word word /usr/local/bin/one 10 \
		--slave /usr/local/share/word.txt word.txt /usr/local/share/one
	update-alternatives --quiet --install /usr/local/bin/word word /usr/local/bin/two 20'
asked() { node update-alternatives --query word; }
asked >asked.before
lab snapshot head >before
one() { tasks "$@" <<'END'
- alternatives: {name: word, path: /usr/local/bin/one}
END
}
one -C
lab snapshot head >now
check "a dry run says what leads where" says "/etc/alternatives/word leads to: /usr/local/bin/two (by priority) → /usr/local/bin/one" out
check "and changes nothing" is "$status $(diff <(state before) <(state now))" "0 "
one
check "a run chooses it" is "$status $(node /usr/local/bin/word) $(node cat /usr/local/share/word.txt)" "0 one one"
one
check "once" is "$status $(recap head changed)" "0 0"
beoplay rollback tasks.yml --to nothing -i "$LAB/inventory.yml" -v
lab snapshot head >now
check "an undo leads back" is "$status $(diff <(state before) <(state now))" "0 "
check "as update-alternatives has it, too" cmp asked.before <(asked)

many() { tasks "$@" <<'END'
- community.general.alternatives: {name: word, path: /usr/local/bin/one, priority: 30, state: present}
- alternatives: {name: word, path: /usr/local/bin/three, state: selected}
- alternatives: {name: other, link: /usr/local/bin/other, path: /usr/local/bin/two, priority: 5, subcommands: [{name: other.txt, link: /usr/local/share/other.txt, path: /usr/local/share/two}]}
- alternatives: {name: word, path: /usr/local/bin/two, state: absent}
END
}
many
check "names, priorities and what goes along" is "$status $(recap head changed) $(node /usr/local/bin/word) $(node /usr/local/bin/other) $(node cat /usr/local/share/other.txt)" \
	"0 4 three two two"
check "are as update-alternatives has them" is "$(asked | grep -A 1 -e ^Alternative | tr '\n' ' ')" \
	"Alternative: /usr/local/bin/one Priority: 30 -- Alternative: /usr/local/bin/three Priority: 50 "
check "what goes along with one stays" says "^ word.txt /usr/local/share/one" <(asked)
many
check "a second run changes nothing" is "$status $(recap head changed)" "0 0"
beoplay rollback tasks.yml --to nothing -i "$LAB/inventory.yml" -v
lab snapshot head >now
check "all is taken back" is "$status $(diff <(state before) <(state now))" "0 "
check "in its own records, too" cmp asked.before <(asked)

tasks <<'END'
- alternatives: {name: new, path: /usr/local/bin/one}
END
check "a new name needs a link" code alternatives.unknown
tasks <<'END'
- alternatives: {name: word, path: /usr/local/bin/nowhere}
END
check "what isn't there can't be led to" code host.file-not-found
