#!/bin/bash
# What is built is hardened, the builder's own flags reach every command, and building installs nothing.
# Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/../plays/checks.sh"
# What the caller's make was told isn't what is built here.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL WERROR
out=/dev/null err=/dev/null
build=${BEOPLAY%/beoplay}
build=${build#"$tree/"}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
objects=$build/engine/fleet/agents_content.o
for source in engine/*.c engine/*/*.c modules/*.c modules/*/*.c; do objects="$objects $build/${source%c}o"; done
agent=$build/agent-$(uname -m)

# --- Hardening ---
marked() {   # TEXT OPTION FILE…: readelf tells it of each of them
	local text=$1 option=$2 file
	shift 2
	for file; do
		readelf -W "$option" "$file" 2>/dev/null | grep -qE -- "$text" || { echo "$file"; return 1; }
	done
}
check "both programs can be loaded anywhere" marked 'Type: +DYN' -h "$BEOPLAY" "$agent"
check "what the linker fills in is read-only afterwards" marked GNU_RELRO -l "$BEOPLAY" "$agent"
check "all symbols are bound at the start" marked 'BIND_NOW|Flags: NOW' -d "$BEOPLAY" "$agent"
check "no stack can be executed" marked 'GNU_STACK .* RW +0x' -l "$BEOPLAY" "$agent"
check "stacks are protected" marked __stack_chk_fail -s "$build/engine/agent/files.o" "$build/engine/fleet/ssh.o"
case $(readelf -h "$BEOPLAY" | sed -n 's/^ *Machine: *//p') in
*X86-64) mark='x86 feature: IBT, SHSTK' ;;
AArch64) mark='AArch64 feature: BTI, PAC' ;;
*) mark= ;;
esac
# shellcheck disable=SC2086 # files
[ -z "$mark" ] || check "each object allows no jump to just anywhere" marked "$mark" -n $objects
case $build in
*sanitize*) ;;
*)
	check "the agent needs no library and no loader" [ -z "$(readelf -dl "$agent" | grep -E 'INTERP|NEEDED')" ]
	check "calls of libc are checked" marked '_chk( |@|$)' -s "$BEOPLAY" "$build/engine/base/error.o"
	;;
esac

# --- The builder's flags ---
commands() { make -n CC="${CC:-cc}" BUILD="$work/build" "$@" all "$work/build/hostile" 2>"$work/said" | grep -E '(^|;)(cc|gcc|clang) '; }
lacking() {   # PATTERN TEXT: commands with the pattern, but not the text
	commands CPPFLAGS=-DOF_CPP CFLAGS='-DOF_C -O1' LDFLAGS=-Wl,--of-ld | grep -E -- "$1" >"$work/commands"
	[ -s "$work/commands" ] || { cat "$work/said"; return 1; }
	! grep -v -- "$2" "$work/commands"
}
check "CPPFLAGS reach every compilation" lacking ' -c ' ' -DOF_CPP '
check "CFLAGS do" lacking ' -c ' ' -DOF_C '
check "and come last" lacking ' -c ' ' -O2 .* -O1 '
check "LDFLAGS reach every link" lacking '\.a .* -o |lcyaml' ' -Wl,--of-ld '
werror() { commands "$@" | grep -c -- ' -Werror '; }
check "a warning is no error" is "$(werror)" 0
check "where nobody asked for it" [ "$(werror WERROR=1)" -gt 100 ]

# --- What is missing ---
mkdir "$work/bin"
for name in dpkg-query apt-get apt-cache; do
	printf '#!/bin/sh\necho "%s $*" >>%s/calls\nexec %s/said-by-%s "$@"\n' "$name" "$work" "$work" "$name" \
		>"$work/bin/$name"
done
printf '#!/bin/sh\nexit 1\n' >"$work/said-by-dpkg-query"
printf '#!/bin/sh\n' >"$work/said-by-apt-get"
# As Debian 13: of two names it knows the newer one.
printf '#!/bin/sh\nshift\nfor p; do case $p in libmsgpack-dev) ;; *) echo "Package: $p" ;; esac; done\n' \
	>"$work/said-by-apt-cache"
chmod 755 "$work"/bin/* "$work"/said-by-*
out=$work/make-out err=$work/make-err
build_with() {
	: >"$work/calls"
	PATH=$work/bin:$PATH make BUILD="$work/none" "$@" >"$out" 2>"$err"
	status=$?
}
build_with
check "what is missing stops a build" [ "$status" -ne 0 ]
check "it is named" says 'missing: gcc .*libssh-dev' "$err"
check "with the remedy" says 'make deps' "$err"
check "nothing is installed" silent 'apt-get' "$work/calls"
build_with deps
check "make deps installs it" says 'apt-get install .* gcc .* libmsgpack-c-dev libzstd-dev' "$work/calls"
printf '#!/bin/sh\necho "ii "\n' >"$work/said-by-dpkg-query"
build_with deps
check "what is there already isn't asked for" silent 'apt-' "$work/calls"
