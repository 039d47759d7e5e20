#!/bin/sh
# What a machine has, as JSON: memory and what is free of it (KiB), cores, GFLOPS that its instructions allow
# at most, pages that went to swap since it started, degrees, and what a Raspberry Pi says of throttling.
export LC_ALL=C
memory=$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)
free=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
cores=$(lscpu -p=CORE,SOCKET | grep -v '^#' | sort -u | wc -l)
swapped=$(awk '$1 == "pswpout" { print $2 }' /proc/vmstat)
kilohertz=$(cat /sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq 2>/dev/null)
[ -n "$kilohertz" ] ||
	kilohertz=$(awk -F': *' '/^cpu MHz/ && $2 > most { most = $2 } END { printf "%d", most * 1000 }' \
		/proc/cpuinfo)
# Double precision, in a cycle: a fused multiply-add is two, for each number in a register, for each unit.
case " $(grep -m 1 -E '^(flags|Features)' /proc/cpuinfo) $(uname -m) " in
*" avx512f "*) cycle=32 ;;
*" fma "*) cycle=16 ;;
*" avx "*) cycle=8 ;;
*" sse2 "*) cycle=4 ;;
*" aarch64 "*) cycle=4; grep -q '0xd0[b-f]' /proc/cpuinfo && cycle=8 ;;
*) cycle=1 ;;
esac
degrees=$(awk '$1 > most { most = $1 } END { printf "%d", most / 1000 }' \
	/sys/class/thermal/thermal_zone*/temp 2>/dev/null)
throttled=$(vcgencmd get_throttled 2>/dev/null | sed 's/.*=//')
echo "$memory $free $cores $kilohertz $cycle ${swapped:-0} ${degrees:-0} $throttled" | awk '{
	printf "{\"memory\": %d, \"free\": %d, \"cores\": %d, \"gflops\": %.1f, ", $1, $2, $3, $3 * $4 * $5 / 1e6
	printf "\"swapped\": %d, \"degrees\": %d, \"throttled\": \"%s\"}\n", $6, $7, $8
}'
