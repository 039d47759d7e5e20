# checks.sh: what tests on lab nodes share. Read by them, in the folder in which they work; what the
# program said is in the files $out and $err, its exit code in $status.
: "${out:=../out}" "${err:=../err}"

beoplay() {
	"$BEOPLAY" "$@" --user root --known-hosts "$LAB/known_hosts" >"$out" 2>"$err" </dev/null
	status=$?
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
is() { [ "$1" = "$2" ] || { echo "'$1' instead of '$2'"; return 1; }; }
says() { grep -q -- "$1" "$2" || { echo "no '$1' in $2"; return 1; }; }
silent() { ! grep -q -- "$1" "$2" || { echo "'$1' in $2"; return 1; }; }
recap() { grep -E "^$1 +:" "$out" | sed -E "s/.*$2=([0-9]+).*/\\1/"; }
