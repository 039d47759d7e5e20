# playbook.awk: a random playbook over few resources, so that two of them often meet.
#
#     awk -v seed=N -f playbook.awk        each resource has one task at most; tasks are t1, t2, …
# pick gives words: "line:a=1,regexp:^a=" becomes "line: a=1, regexp: ^a=".
function random(n) { return int(rand() * n) }
function pick(words,   list, n) { n = split(words, list, " "); return list[1 + random(n)] }
function task(text) {
	gsub(/line:/, "line: ", text); gsub(/,regexp:/, ", regexp: ", text)
	tasks[++count] = text
}
function maybe(text) { return random(2) ? ", " text : "" }
function mode() { return maybe("mode: " pick("0644 0600 0640 0755")) }
function condition() { return random(6) ? "" : "\n      when: inventory_hostname " pick("== !=") " 'head'" }

BEGIN {
	srand(seed)
	# What may be what: a task that finds something of another kind fails, as it should.
	families[1] = "copy template absent"
	families[2] = "line block"
	families[3] = "link absent"
	families[4] = "copy line block absent"
	for (i = 1; i <= 4; i++) {
		path = "/etc/random/f" i
		kind = random(5) ? pick(families[i]) : ""
		if (kind == "copy")
			task("copy: {dest: " path ", content: \"" pick("one two three") "\\n\"" mode() "}")
		else if (kind == "template")
			task("template: {dest: " path ", src: t" (1 + random(2)) ".j2" mode() "}")
		else if (kind == "line")
			task("lineinfile: {path: " path ", create: yes, " pick("line:b=1 line:a=1 " \
				"line:a=1,regexp:^a= line:a=2,regexp:^a=") "}")
		else if (kind == "block")
			task("blockinfile: {path: " path ", create: yes, block: \"" pick("x y x\\ny") "\"}")
		else if (kind == "absent" || kind == "touch")
			task("file: {path: " path ", state: " kind "}")
		else if (kind == "link")
			task("file: {path: " path ", src: " pick("/etc/hostname /etc/hosts") ", state: link}")
	}
	if (random(2))
		task("file: {path: /srv/random/d1/" pick("deep deeper/still") ", state: directory}")
	if (random(2))
		task("file-sync: {dest: /srv/random/d2, src: " pick("tree1 tree2") maybe("delete: yes") mode() "}")
	if (random(2))
		task("copy: {dest: /srv/random/d3/file, src: " pick("t1.j2 t2.j2") "}")
	for (i = 1; i <= 2; i++) {
		if (random(2))
			task("group: {name: group" i ", gid: " (600 + i) "}")
		if (random(3) == 0)
			task("user: {name: user" i maybe("shell: " pick("/bin/sh /bin/bash")) \
				maybe("comment: " pick("One Two")) ", create_home: no}")
	}
	if (random(3) == 0)
		task("hosts: {group: all, extra: [{address: 10.9.9." (1 + random(3)) ", names: [" \
			pick("printer scanner") "]}]}")
	if (random(4) == 0)
		task("apt: {name: [" pick("hello tree hello,tree") "], state: " pick("present present absent") "}")
	print "- hosts: all\n  tasks:"
	print "    - {name: base1, file: {path: /etc/random, state: directory}}"
	for (i = 1; i <= count; i++)
		printf "    - name: t%d\n      %s%s\n", i, tasks[i], condition()
	if (count == 0)
		print "    - {name: none, debug: {msg: none}}"
}
