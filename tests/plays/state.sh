# state.sh: what a lab node is, as text. Read by tests on lab nodes, after checks.sh.

# What `beoplay doc` says that an undo leaves, a line each; there is no other list.
remains() {
	for module in $("$BEOPLAY" doc | cut -d ' ' -f 1); do
		"$BEOPLAY" doc "$module" | sed -n '/^what an undo leaves/,$s/^  \(\/.*\)/\1/p'
	done | sort -u
}
# Paths as one regular expression.
pattern_of() { sed 's/ .*//; s/[.+?^$(){}|[]/\\&/g; s/\*/.*/g' | tr '\n' '|' | sed 's/|$//'; }
LEFT=$(remains | grep -v ' the order of its lines' | pattern_of)
SORTED=$(remains | sed -n 's/ *the order of its lines.*//p' | tr '\n' ' ')

# Files with type, mode, owner, content and target; addresses, routes and mounts; packages, which of
# them are manual; exports; settings of the kernel. Left out: times, the ledger, and what `beoplay doc` says.
state_of() {
	lab snapshot "$1" | awk -F '\t' -v left="^\\.($LEFT)$" -v sorted=" $SORTED" '
		/^#/ { part = $0 }
		part !~ /path, type/ { print; next }
		$1 ~ "^\\./var/lib/beoplay(/|$)" || $1 ~ left { next }
		index(sorted, " " substr($1, 2) " ") { $5 = $8 = "sorted" }
		{ $6 = "-"; OFS = "\t"; $1 = $1; print }'
	lab exec "$1" sh -c 'for file in $1; do sort "$file" | sed "s|^|$file: |"; done
		echo "# manual"; apt-mark showmanual; echo "# packages"
		dpkg-query -W -f "\${Package} \${Version} \${db:Status-Abbrev}\n"; echo "# exports"
		[ ! -s /var/lib/nfs/etab ] || exportfs -s
		echo "# kernel"; grep . /proc/sys/net/ipv4/tcp_* /proc/sys/net/ipv4/ip_default_ttl' state "$SORTED"
}
state_all() { for node in $LAB_NODES; do echo "# of $node"; state_of "$node"; done >"$1"; }
same() {
	[ -s "$1" ] && diff "$1" "$2" >../difference && return
	grep '^[<>]' ../difference | cut -c 1-100 | head -n 5
	return 1
}
