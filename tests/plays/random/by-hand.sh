#!/bin/sh
# by-hand.sh SEED: what somebody may have done on a node before; run there.
awk -v seed="$1" '
	function random(n) { return int(rand() * n) }
	BEGIN {
		srand(seed)
		print "rm -rf /etc/random /srv/random; mkdir -p /etc/random /srv/random"
		for (i = 1; i <= 4; i++) {
			path = "/etc/random/f" i
			kind = random(5)
			if (i == 3 && kind < 3) print "ln -s /etc/hosts " path
			if (i == 3) continue
			if (kind == 0) print "printf \"a=1\\nb=2\\n\" >" path
			if (kind == 1) print "printf \"one\\n\" >" path "; chmod 600 " path
			if (kind == 2) print "printf \"no newline\" >" path
		}
		print "mkdir -p /srv/random/d3"
		for (i = 1; i <= 3; i++) {
			if (random(2)) print "mkdir -p /srv/random/d" i
			if (random(3) == 0) print "mkdir -p /srv/random/d" i "/deep; echo mine >/srv/random/d" i "/mine"
		}
	}' | sh
