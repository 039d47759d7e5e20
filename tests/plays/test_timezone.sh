#!/bin/bash
# timezone: exact, idempotent, and taken back. Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 1
node() { lab exec head "$@"; }
run() { beoplay zone.yml -i "$LAB/inventory.yml" -v "$@"; }
zone() { printf -- '- hosts: head\n  tasks:\n    - timezone: {name: %s}\n' "$1" >zone.yml; }
# As a machine without tzdata has none.
node sh -c 'mkdir -p /usr/share/zoneinfo/Europe; cd /usr/share/zoneinfo; for z in UTC Europe/Berlin; do
	[ -e $z ] || echo TZif >$z; done; ln -sfn /usr/share/zoneinfo/UTC /etc/localtime; echo UTC >/etc/timezone'
state() { grep -v -e '^\./var/lib/beoplay' -e '^\./root' "$1" | cut -f 1-5,7-; }
lab snapshot head >before

zone Europe/Nowhere
run
check "a zone that isn't there is refused" is "$status" 2
check "with its code" code timezone.unknown
zone Europe/Berlin
run -C -D
check "a dry run says both changes" is "$status $(recap head changed) $(grep -c 'zone: UTC → Europe/Berlin' out)" "0 1 1"
lab snapshot head >now
check "and makes none" is "$(diff <(state before) <(state now))" ''
run
check "a run makes them" is "$status $(node readlink /etc/localtime) $(node cat /etc/timezone)" \
	"0 /usr/share/zoneinfo/Europe/Berlin Europe/Berlin"
run
check "a second run changes nothing" is "$status $(recap head changed)" "0 0"
node ln -sfn ../usr/share/zoneinfo/Europe/Berlin /etc/localtime
run
check "a relative link is as good" is "$(recap head changed)" 0
node ln -sfn /usr/share/zoneinfo/Europe/Berlin /etc/localtime
beoplay rollback zone.yml --to nothing -i "$LAB/inventory.yml" -v
lab snapshot head >now
check "all is taken back" is "$status $(diff <(state before) <(state now))" "0 "
