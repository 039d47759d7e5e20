#!/bin/bash
# apt_repository and deb822_repository: exact, idempotent, and taken back; packages come from what they add.
# Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 1
node() { lab exec head "$@"; }
state() { grep -v -e '^\./var/lib/beoplay' -e '^\./root' -e '^\./var/lib/apt' -e '^\./var/cache/apt' "$1" | cut -f 1-5,7-; }
# The node's own source moves away: packages come from what the tasks say.
node sh -c 'rm -f /etc/apt/sources.list.d/*; : >/etc/apt/sources.list; apt-get update -qq'
lab snapshot head >before
all() {
	tasks "$@" <<'END'
- apt_repository: {repo: "deb [trusted=yes] copy:/srv/apt ./", filename: own}
- apt: {name: hello}
END
}
all -C -D
lab snapshot head >now
check "a dry run shows the line" says '+deb \[trusted=yes\] copy:/srv/apt ./' out
check "and that packages can't be told yet" says "'apt_repository' comes before it" out
check "and changes nothing" is "$status $(diff <(state before) <(state now))" "0 "
all
check "a run adds it, and a package comes from there" is "$status $(recap head changed) $(node hello)" \
	"0 2 Hello, world!"
all
check "a second run changes nothing" is "$status $(recap head changed)" "0 0"
tasks <<'END'
- apt_repository: {repo: "deb   [trusted=yes]  copy:/srv/apt  ./ # the same", filename: other}
END
check "the same line in another file is enough" is "$status $(recap head changed)" "0 0"
tasks <<'END'
- apt_repository: {repo: "deb [trusted=yes] copy:/srv/nowhere ./", filename: own}
END
check "a source that gives nothing fails" is "$status" 2
check "and isn't there afterwards" is "$(node cat /etc/apt/sources.list.d/own.list)" "deb [trusted=yes] copy:/srv/apt ./"
tasks <<'END'
- apt_repository: {repo: "deb [trusted=yes] copy:/srv/apt ./", state: absent, filename: own, update_cache: no, install_python_apt: no}
END
check "the file goes with its last line" is "$status $(node ls /etc/apt/sources.list.d)" "0 "

cat >key <<'END'
-----BEGIN PGP PUBLIC KEY BLOCK-----

mQGNBAAAAAAA
-----END PGP PUBLIC KEY BLOCK-----
END
deb822() {
	tasks "$@" <<'END'
- apt_repository: {repo: "deb [trusted=yes] copy:/srv/apt ./", state: absent, filename: own, update_cache: no}
- deb822_repository:
    name: Own Packages
    uris: "copy:/srv/apt"
    suites: [./]
    trusted: yes
    architectures: [amd64]
- deb822_repository: {name: other, types: [deb, deb-src], uris: "http://10.0.0.10/debian", suites: [a, b],
    components: main, enabled: no, signed_by: "{{ lookup('file', 'key') }}"}
END
}
deb822 -C -D
check "a dry run shows all of a file in deb822" says '+X-Repolib-Name: Own Packages' out
deb822
check "it is written as Ansible does" is "$status $(node cat /etc/apt/sources.list.d/own-packages.sources)" \
	"0 X-Repolib-Name: Own Packages
Architectures: amd64
Suites: ./
Trusted: yes
Types: deb
URIs: copy:/srv/apt"
check "a key stands in it" is "$(node sed -n '/Signed-By/,/END/p' /etc/apt/sources.list.d/other.sources | head -3)" \
	"Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 ."
check "apt reads both" node apt-get update -qq
deb822
check "a second run changes nothing" is "$status $(recap head changed)" "0 0"
tasks <<'END'
- deb822_repository: {name: Own Packages, state: absent}
END
check "absent takes it away" is "$status $(node ls /etc/apt/sources.list.d)" "0 other.sources"
beoplay rollback tasks.yml --to nothing -i "$LAB/inventory.yml" -v
lab snapshot head >now
check "all is taken back" is "$status $(diff <(state before) <(state now) | grep etc/apt)" "0 "
