#!/bin/bash
# Which room includes which, as CONTRIBUTING.md says it, and nothing else.
set -u
cd "$(dirname "$0")/../.." || exit 1

allowed=$(sed -nE 's/^    ([a-z.]+) +→ (.*)$/\1 \2/p' CONTRIBUTING.md | tr -d ,)

# "ROOM INCLUDED FILE" for each include of another room.
included() {
	grep -HoE '^#include "[a-z_]+/' -r engine modules --include='*.[ch]' |
		sed -E 's,^(engine/)?([a-z_]+(\.c)?)([^:]*):#include "(.*)/$,\2 \5 \1\2\4,' |
		awk '$1 != $2 && $2 != "base"' | sort -u
}

# Reads lines of included; prints those that are not allowed.
forbidden() {
	while read -r room other file; do
		words=" $(grep "^$room " <<<"$allowed") "
		[[ $words == *" $other "* ]] || echo "$file includes $other/"
	done
}

# The rooms that a line allows and no file of the room includes.
unused() {
	while read -r room others; do
		for other in $others; do
			grep -q "^$room $other " <<<"$found" || echo "$room doesn't include $other"
		done
	done <<<"$allowed"
}

# tsort complains where rooms include each other in a circle.
circles() {
	while read -r room others; do
		for other in $others; do echo "$room $other"; done
	done <<<"$allowed" | tsort 2>&1 >/dev/null
}

# "FILE CALLED" for each file of engine/plan and another one there whose functions it calls.
calls() {
	nm -A "$build"/engine/plan/*.o | sed 's,^.*/,,' | awk '
		/ [TDRB] / { of[$NF] = substr($1, 1, index($1, ":") - 1) }
		/ U / { from[NR] = substr($1, 1, index($1, ":") - 1); called[NR] = $NF }
		END { for (i in from) if (called[i] in of) print from[i], of[called[i]] }' | sort -u
}

# NAME TEXT: holds where the text is empty.
none() {
	if [[ -z $2 ]]; then echo "ok $1"; else echo "not ok $1"; sed 's/^/# /' <<<"$2"; fi
}

build=$(dirname "${BEOPLAY:-build/beoplay}")
found=$(included)
none "each room includes only rooms that CONTRIBUTING.md allows it" "$(forbidden <<<"$found")"
none "each arrow of CONTRIBUTING.md is in the code" "$(unused)"
none "no rooms include each other in a circle" "$(circles)"
none "no files of engine/plan call each other in a circle" "$(calls | tsort 2>&1 >/dev/null)"
none "their calls are found" "$(calls | grep -qx 'stage.o fill.o' || echo "they aren't")"
none "the check finds an arrow that isn't allowed" \
	"$(forbidden <<<"modules fleet modules/user.c" | grep -q fleet || echo "it doesn't")"
