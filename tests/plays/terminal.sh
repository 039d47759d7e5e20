# terminal.sh: a program at a terminal of its own, typed at by a test. What it prints is in the file $screen.
: "${screen:=../screen}"

# at_terminal COLUMNS COMMAND…: starts it; typed at with type, ended with left.
at_terminal() {
	local columns=$1
	shift
	rm -f "$screen.in" "$screen.code"
	mkfifo "$screen.in"
	: >"$screen"
	printf -v command '%q ' "$@"
	script -qfec "stty cols $columns; $command; echo \$? >$screen.code; stty -a >$screen.stty" "$screen" \
		<"$screen.in" >/dev/null 2>&1 &
	terminal=$!
	exec 7>"$screen.in"
}
# asked TEXT: waits until it stands on the screen (again, from where the last one was found).
asked() {
	local tries=0 at=${seen:-0}
	until tail -c +$((at + 1)) "$screen" | grep -aqF -- "$1"; do
		((++tries < 20 * ${terminal_patience:-20})) && kill -0 "$terminal" 2>/dev/null || { echo "no '$1' on the screen"; return 1; }
		sleep 0.05
	done
	seen=$(stat -c %s "$screen")
}
type() { printf '%s' "$1" >&7; }
answer() { asked "$1" && type "$2"$'\n'; }
# Waits for its end; its exit code is in $status.
left() {
	wait "$terminal"
	exec 7>&-
	seen=0
	status=$(cat "$screen.code" 2>/dev/null || echo killed)
}
