#!/bin/bash
# No file has more than 600 lines, no function more than 60: what is longer has more than one idea.
set -u
cd "$(dirname "$0")/../.." || exit 1

files_most=600 functions_most=60

# "LINES FILE" of each file, named one a line, that has too many.
long_files() {
	xargs wc -l | awk -v most=$files_most '$2 != "total" && $1 > most { print $1, $2 }'
}

# "LINES FILE: FUNCTION" of each function that has too many, from its first line to its last brace.
long_functions() {
	xargs awk -v most=$functions_most '
		/^[a-zA-Z_].*\(/ { first = FNR; name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
		/^[{]/ { inside = first }
		/^}/ && inside {
			if (FNR - inside + 1 > most) print FNR - inside + 1, FILENAME ": " name
			inside = 0
		}'
}

sources() { git ls-files -- '*.c' '*.h' 2>/dev/null || find engine modules tests -name '*.[ch]'; }

# NAME TEXT: holds where the text is empty.
none() {
	if [[ -z $2 ]]; then echo "ok $1"; else echo "not ok $1"; sed 's/^/# /' <<<"$2"; fi
}

none "no file has more than $files_most lines" "$(sources | long_files)"
none "no function has more than $functions_most lines" "$(sources | long_functions)"

# The same of a file in which one of each is too long.
sample=$(mktemp)
trap 'rm -f "$sample"' EXIT
{
	printf 'static int fits(int a,\n\tint b)\n{\n'; printf '\ta++;\n%.0s' {1..56}; printf '}\n'
	printf 'static int exceeds(int a,\n\tint b)\n{\n'; printf '\ta++;\n%.0s' {1..57}; printf '}\n'
	printf '/* A comment. */\n%.0s' {1..480}
} >"$sample"
none "a file of 601 lines is found" \
	"$([[ $(long_files <<<"$sample") == "601 $sample" ]] || echo "it isn't")"
none "a function of 61 lines is found, one of 60 isn't" \
	"$([[ $(long_functions <<<"$sample") == "61 $sample: exceeds" ]] || long_functions <<<"$sample")"
