#!/bin/bash
# Each error has a code, each code is used, listed and explained.
set -u
cd "$(dirname "$0")/../.." || exit 1
beoplay=${BEOPLAY:-build/beoplay}

# "SYMBOL NAME" of each row of a table of errors.
codes() {
	sed -nE 's/^\tX\(([A-Z0-9_]+), "([a-z0-9.-]+)", [A-Z_]+, .*/\1 \2/p' \
		engine/base/errors/*.h modules/errors.h
}

# Those that no code outside their table names.
unused() {
	local used
	used=$(grep -rhoE '\b[A-Z][A-Z0-9]*(_[A-Z0-9]+)+\b' engine modules --include='*.c' | sort -u)
	codes | while read -r symbol name; do
		grep -qx "$symbol" <<<"$used" || echo "$name is used nowhere"
	done
}

# What `beoplay doc errors` has and the tables have not, or the reverse.
unlisted() {
	diff <(codes | cut -d ' ' -f 2 | sort) \
		<("$beoplay" doc errors | sed -nE 's/^([a-z0-9-]+\.[a-z0-9-]+) \(.*\)$/\1/p' | sort)
}

none() {
	if [[ -z $2 ]]; then echo "ok $1"; else echo "not ok $1"; sed 's/^/# /' <<<"$2"; fi
}

none "each error of the tables is used" "$(unused)"
none "beoplay doc errors lists each error of the tables" "$(unlisted)"
none "the tables are found" "$([[ $(codes | wc -l) -gt 100 ]] || echo "they aren't")"
none "no symbol stands for another name" \
	"$(codes | awk '{ s = toupper($2); gsub(/[.-]/, "_", s); if (s != $1) print $1, $2 }')"
none "no two errors have one name" "$(codes | cut -d ' ' -f 2 | sort | uniq -d)"
none "an error is explained by its name" \
	"$("$beoplay" doc errors ssh.host-key-changed | grep -q '^    → ' || echo "it isn't")"
none "a misspelt name is answered with the nearest" \
	"$("$beoplay" doc errors ssh.host-key-chaned 2>&1 | grep -q "did you mean 'ssh.host-key-changed'" ||
		echo "it isn't")"
