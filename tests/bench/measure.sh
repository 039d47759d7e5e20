# measure.sh: what the parts of the benchmark share. Read by them, inside a lab.

beoplay=$PWD/build/beoplay
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# milliseconds COMMAND…: wall time; what it says is shown only if it fails.
milliseconds() {
	start=$(date +%s%N)
	"$@" >"$work/out" 2>&1 || { cat "$work/out" >&2; exit 1; }
	echo $((($(date +%s%N) - start) / 1000000))
}

# median COUNT COMMAND…
median() {
	count=$1
	shift
	for _ in $(seq "$count"); do milliseconds "$@" || exit 1; done >"$work/times"
	sort -n "$work/times" | sed -n "$(((count + 1) / 2))p"
}

# compute EXPRESSION [DIGITS]
compute() { awk "BEGIN { printf \"%.${2:-2}f\", $1 }"; }

addresses=$(for node in $LAB_NODES; do lab address "$node"; done)

# play ARGUMENT…: the ten tasks; copy_tasks has to come first.
play() { "$beoplay" "$work/site.yml" -i "$LAB/inventory.yml" --known-hosts "$LAB/known_hosts" "$@"; }

copy_tasks() {
	cp -r tests/bench/play/. "$work"
	mkdir -p "$work/files/tree"
	for i in $(seq 20); do echo "file $i" >"$work/files/tree/$i"; done
}

# floor_all: the same SSH sessions as beoplay's, that run `true` and nothing else.
floor_all() {
	# shellcheck disable=SC2086 # a word each
	build/floor "$LAB/known_hosts" "$LAB_KEY" $addresses
}
