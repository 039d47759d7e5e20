# playbook.awk: a random playbook over few resources, so that two of them often meet.
#
#     awk -v seed=N -f playbook.awk        tasks are t1, t2, …; few have the resource of another
# What a second run of it leaves is what the first left: going back to a text runs it once more.
# pick gives words: "line:a=1,regexp:^a=" becomes "line: a=1, regexp: ^a=".
function random(n) { return int(rand() * n) }
function pick(words,   list, n) { n = split(words, list, " "); return list[1 + random(n)] }
function task(text) {
	gsub(/line:/, "line: ", text); gsub(/,regexp:/, ", regexp: ", text)
	gsub(/,backrefs:/, ", backrefs: ", text); gsub(/,state:/, ", state: ", text); gsub(/,insert[a-z]*:/, "& ", text)
	tasks[++count] = text
}
function maybe(text) { return random(2) ? ", " text : "" }
function seldom(text) { return random(6) ? "" : ", " text }
function mode() { return maybe("mode: " pick("0644 0600 0640 0755")) }
function condition() { return random(6) ? "" : "\n      when: inventory_hostname " pick("== !=") " 'head'" }
# Taking a line away gives no mode: where there is no file yet, it would get that only in the second run,
# once a later task has made it. Two about one letter would add a line in each run: "a=1", and then
# whatever is ^a= becomes "a=2". So none is about the letter of other.
function line(path, other,   text, rights) {
	text = pick("line:b=1 line:a=1 line:a=1,regexp:^a= line:a=2,regexp:^a= line:c=1,insertbefore:BOF " \
		"line:b=2,insertafter:^a line:b=1,state:absent line:a=3,regexp:^(a)=.*,backrefs:yes")
	rights = seldom("mode: 0640")
	if (other && letter(text) == letter(other))
		text = letter(text) == "a" ? "line:b=1" : "line:a=1"
	return "lineinfile: {path: " path ", create: yes, " text (text ~ /absent/ ? "" : rights) "}"
}
function letter(text) { return match(text, /line: *[abc]=/) ? substr(text, RSTART + RLENGTH - 2, 1) : "" }
function block(path) {
	return "blockinfile: {path: " path ", create: yes, block: \"" pick("x y x\\ny") "\"" \
		seldom("insertbefore: BOF") seldom("state: absent") seldom("marker: '; {mark}'") "}"
}
function group(i) {
	task("group: {name: group" i (i == 1 || random(6) ? ", gid: " pick("60" i " 61" i) : ", state: absent") "}")
	sure[count] = 1
	return i == 1
}
# In a group only if this playbook makes it; one that goes alone takes its members from what they are.
function user(i, grouped) {
	if (i == 2 && random(6) == 0)
		task("user: {name: user" i ", state: absent}")
	else
		task("user: {name: user" i maybe("shell: " pick("/bin/sh /bin/bash")) \
			maybe("comment: " pick("One Two")) seldom("uid: 70" i) \
			(grouped ? maybe("groups: group" i) seldom("append: yes") : "") \
			", create_home: " (i == 2 || random(4) ? "no" : "yes") "}")
}

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
			task(line(path))
		else if (kind == "block")
			task(block(path))
		else if (kind == "absent")
			task("file: {path: " path ", state: absent}")
		else if (kind == "link")
			task("file: {path: " path ", src: " pick("/etc/hostname /etc/hosts") ", state: link}")
		# What the second finds is known only after the first.
		if (families[i] ~ /block/ && kind && kind != "absent" && random(12) == 0) {
			sure[count] = 1
			task(pick("line block") == "line" ? line(path, tasks[count]) : block(path))
		} else if (kind == "copy" && random(12) == 0) {
			sure[count] = sure[count + 1] = 1
			task("file: {path: " path ", mode: " pick("0600 0644") "}")
		}
	}
	if (random(2))
		task("file: {path: /srv/random/d1/" pick("deep deeper/still") ", state: directory" \
			seldom("mode: 0700") "}")
	if (random(2))
		task("file-sync: {dest: /srv/random/d2, src: " pick("tree1 tree2") maybe("delete: yes") mode() "}")
	if (random(2))
		task("copy: {dest: /srv/random/d3/file, src: " pick("t1.j2 t2.j2") "}")
	if (random(4) == 0)
		task("file: {path: /srv/random/d3, state: directory, mode: " pick("0700 0755 0750") "}")
	if (random(3) == 0)
		task("copy: {dest: \"/etc/random/item.{{ item }}\", content: \"" pick("one two") \
			" {{ item }}\\n\"}\n      loop: [" pick("a a,b b,c a,b,c") "]")
	for (i = 1; i <= 2; i++) {
		grouped = random(2) ? group(i) : 0
		if (random(3) == 0)
			user(i, grouped)
	}
	if (random(3) == 0)
		task("hosts: {group: all, extra: [{address: 10.9.9." (1 + random(3)) ", names: [" \
			pick("printer scanner") "]}]}")
	if (random(4) == 0)
		task("apt: {name: [" pick("hello tree hello,tree") "], state: " pick("present present absent") "}")
	if (random(4) == 0)
		task("mount: {path: /srv/random.mount, src: tmpfs, fstype: tmpfs, opts: " pick("ro nodev noexec") \
			", state: " pick("mounted mounted present") "}")
	if (random(8) == 0)
		task("hostname: {name: " pick("debian other") "}")
	print "- hosts: all\n  tasks:"
	print "    - {name: base1, file: {path: /etc/random, state: directory}}"
	for (i = 1; i <= count; i++)
		printf "    - name: t%d\n      %s%s\n", i, tasks[i], sure[i] ? "" : condition()
	if (count == 0)
		print "    - {name: none, debug: {msg: none}}"
}
