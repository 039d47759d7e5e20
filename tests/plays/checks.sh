# checks.sh: what tests on nodes share, read by them first: from here on they are in the tree's folder. What
# the program said is in the files $out and $err, its exit code in $status.
cd "$(dirname "$0")/../.." || exit 1
tree=$PWD
: "${out:=../out}" "${err:=../err}"
BEOPLAY=$(readlink -f "${BEOPLAY:-build/beoplay}")

# nodes COUNT [FOLDER]: the script goes on beside so many lab nodes, in a new folder that is gone in the end,
# $work; with FOLDER in that one below it, which has an inventory of the nodes.
nodes() {
	[ -n "${LAB:-}" ] || exec tests/lab/run -n "$1" -- "tests/plays/${0##*/}"
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	mkdir -p "$work/${2:-}"
	cd "$work/${2:-}" || exit 1
	[ -z "${2:-}" ] || cp "$LAB/inventory.yml" .
}

beoplay() {
	"$BEOPLAY" "$@" --user root --known-hosts "$LAB/known_hosts" >"$out" 2>"$err" </dev/null
	status=$?
}
# tasks [OPTION…]: applies the tasks on stdin to head.
tasks() {
	{ printf -- '- hosts: head\n  tasks:\n'; sed 's/^/    /'; } >tasks.yml
	beoplay tasks.yml -i "$LAB/inventory.yml" -v "$@"
}
# check NAME COMMAND…: the command says whether it holds; its output is the reason.
check() {
	name=$1
	shift
	if why=$("$@" 2>&1); then
		echo "ok $name"
	else
		echo "not ok $name: $(printf '%s' "$why" | head -n 5 | tr '\n' ' ')"
		sed 's/^/# /' "$out" "$err"
	fi
}
# Waits until a command holds, as long as a busy machine may need; what it last printed is the reason.
until_true() {
	until_end=$(($(date +%s) + 120))
	while [ "$(date +%s)" -lt "$until_end" ]; do
		until_last=$("$@" 2>&1) && return
		sleep 0.1
	done
	echo "'$*' never came true: $until_last"
	return 1
}
is() { [ "$1" = "$2" ] || { echo "'$1' instead of '$2'"; return 1; }; }
says() { grep -q -- "$1" "$2" || { echo "no '$1' in $2"; return 1; }; }
# An error of this code (beoplay doc errors) was told, by a run with -v or --json.
code() {
	grep -qF -e "[$1]" -e "\"code\":\"$1\"" "$out" "$err" || { echo "no error $1"; return 1; }
}
silent() { ! grep -q -- "$1" "$2" || { echo "'$1' in $2"; return 1; }; }
recap() { grep -E "^$1 +:" "$out" | sed -E "s/.*$2=([0-9]+).*/\\1/"; }
