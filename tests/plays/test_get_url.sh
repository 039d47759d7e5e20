#!/bin/bash
# get_url, from a server beside the nodes: exact, idempotent, checked, and taken back. Prints "ok NAME" or
# "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 1
mkdir served
printf 'first\n' >served/file
head -c 3000000 /dev/zero >served/large
(cd served && exec python3 -u -c '
import http.server
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/file?x=1")
            self.end_headers()
        else:
            super().do_GET()
http.server.HTTPServer(("10.0.0.10", 8099), Handler).serve_forever()') 2>asked &
server=$!
trap 'kill $server; rm -rf "$work"' EXIT
until_true bash -c ': 3<>/dev/tcp/10.0.0.10/8099'
base=http://10.0.0.10:8099
node() { lab exec head "$@"; }
asked() { grep -c "GET $1" asked; }
sum=$(sha256sum served/file | cut -d ' ' -f 1)

lab snapshot head >before
tasks -C -D <<END
- get_url: {url: $base/file, dest: /srv/got, mode: "0640"}
END
lab snapshot head >now
check "a dry run says what it would fetch" says "/srv/got state: absent → $base/file" out
check "and asks nobody, and touches nothing" is "$(asked /file)$(diff before now)" 0
all() {
	tasks "$@" <<END
- get_url: {url: $base/file, dest: /srv/got, mode: "0640", owner: daemon}
- get_url: {url: "$base/large?token=1", dest: /srv/}
- get_url: {url: $base/moved, dest: /srv/moved, checksum: "sha256:$sum"}
- get_url: {url: "file:///etc/hostname", dest: /srv/copied, checksum: "md5:$(printf 'debian\n' | md5sum | cut -d ' ' -f 1)"}
END
}
all
check "files are fetched, through redirections, too" is "$status $(recap head changed)" "0 4"
check "as they are" is "$(node cat /srv/got /srv/moved /srv/copied) $(node stat -c %s /srv/large)" "first
first
debian 3000000"
check "with the owner and mode of the task" is "$(node stat -c '%U %a' /srv/got) $(node stat -c '%U %a' /srv/large)" \
	"daemon 640 root 644"
check "nothing else is left" is "$(node sh -c 'ls -A /srv | grep -v "^apt$" | tr "\n" " "')" "copied got large moved "
before=$(wc -l <asked)
all
check "a second run fetches nothing" is "$status $(recap head changed) $(wc -l <asked)" "0 0 $before"

printf 'second\n' >served/file
tasks <<END
- get_url: {url: $base/file, dest: /srv/got}
END
check "what is there stays without force" is "$(recap head changed) $(node cat /srv/got)" "0 first"
tasks -C <<END
- get_url: {url: $base/file, dest: /srv/got, force: yes}
END
check "with it a dry run can't tell" says "only a download tells" out
tasks <<END
- get_url: {url: $base/file, dest: /srv/got, force: yes, backup: yes}
END
check "but a run does" is "$status $(recap head changed) $(node cat /srv/got) $(node sh -c 'cat /srv/got.*~')" "0 1 second first"
check "the mode stays" is "$(node stat -c '%U %a' /srv/got)" "daemon 640"
tasks <<END
- get_url: {url: $base/file, dest: /srv/got, force: yes}
END
check "and finds the same the next time" is "$(recap head changed)" 0

tasks <<END
- get_url: {url: $base/file, dest: /srv/got, checksum: "sha256:$sum"}
END
check "what has another checksum is not accepted" is "$status $(node cat /srv/got)" "2 second"
check "with its code" code get-url.checksum
tasks <<END
- get_url: {url: $base/nowhere, dest: /srv/none}
END
check "what isn't there is an error" is "$status" 2
check "with its code, too" code get-url.failed
check "that says what the server said" says "404" out
check "of which nothing is left" is "$(node sh -c 'ls -A /srv | grep -c none')" 0
tasks <<END
- get_url: {url: $base/file, dest: /srv}
END
check "a directory ends with a slash" says "end dest with /" out

all
beoplay rollback tasks.yml --to nothing -i "$LAB/inventory.yml" -v
state() { grep -v -e '^\./var/lib/beoplay' -e '^\./root' "$1" | cut -f 1-5,7-; }
lab snapshot head >now
check "all of it is taken back" is "$status $(diff <(state before) <(state now))" "0 "
