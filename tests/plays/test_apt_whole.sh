#!/bin/bash
# apt: all packages upgraded, those that nobody needs removed, the cache cleaned, a package from a file; what dpkg
# itself says of it. Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 1
node() { lab exec head "$@"; }
# A source with packages of our own: NAME VERSION DEPENDS.
node sh -c 'mkdir -p /srv/own; cat >/srv/make' <<'END'
cd /srv/own && mkdir -p "$1/DEBIAN" "$1/usr/share/$1" && echo "$2" >"$1/usr/share/$1/version" || exit
printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: %s\n%s' \
	"$1" "$2" "$1" "${3:+Depends: $3
}" >"$1/DEBIAN/control"
dpkg-deb -b "$1" "$1_$2.deb" >/dev/null && rm -r "$1"
rm -f Packages
for deb in *.deb; do
	dpkg-deb -f "$deb"
	echo "Filename: ./$deb"
	echo "Size: $(stat -c %s "$deb")"
	echo "SHA256: $(sha256sum <"$deb" | cut -d ' ' -f 1)"
	echo
done >Packages
END
make() { node sh /srv/make "$@"; }
versions() { node dpkg-query -W -f '${Package}=${Version} ' 'probe*' 2>/dev/null; }
make probe-lib 1
make probe 1 probe-lib
node sh -c 'echo "deb [trusted=yes] copy:/srv/own ./" >/etc/apt/sources.list.d/own.list; apt-get -qq update
	apt-get -qq install -y --no-install-recommends probe >/dev/null 2>&1'
check "the packages are there" is "$(versions)" "probe=1 probe-lib=1 "
make probe 2 probe-lib
node apt-get -qq update

tasks -C <<'END'
- apt: {upgrade: yes}
END
check "a dry run says what would be upgraded" says "probe version: 1 → 2" out
check "and that it stays so" says "can't bring the old versions back" out
check "and upgrades nothing" is "$(versions)" "probe=1 probe-lib=1 "
tasks <<'END'
- apt: {upgrade: dist, update_cache: yes, cache_valid_time: 86400}
END
check "a run upgrades it" is "$status $(versions)" "0 probe=2 probe-lib=1 "
tasks <<'END'
- apt: {upgrade: dist}
- package: {name: "*", state: latest}
END
check "then there is nothing to upgrade" is "$status $(recap head changed)" "0 0"

tasks -C <<'END'
- apt: {autoremove: yes}
END
check "what is needed stays" is "$status $(recap head changed)" "0 0"
make probe 3
node apt-get -qq update
tasks <<'END'
- apt: {name: probe, state: latest}
- apt: {autoremove: yes, autoclean: yes}
END
check "what nobody needs any more goes" is "$status $(recap head changed) $(versions)" "0 2 probe=3 "
tasks <<'END'
- apt: {autoremove: yes, purge: yes}
END
check "a second time nothing does" is "$status $(recap head changed)" "0 0"
beoplay rollback tasks.yml --to 1 -i "$LAB/inventory.yml" -v
check "it comes back" says "probe-lib=1 " <(versions)
check "as what came along" is "$(node apt-mark showauto probe-lib)" probe-lib

node sh -c 'rm /etc/apt/sources.list.d/own.list; apt-get -qq update; apt-get -qq purge -y probe probe-lib >/dev/null 2>&1'
lab snapshot head >before
state() { grep -v -e '^\./var/lib/beoplay' -e '^\./root' -e '^\./var/lib/apt' -e '^\./var/cache' -e '^\./var/log' \
	-e '^\./var/lib/dpkg' "$1" | cut -f 1-5,7-; }
cat >deb.yml <<'END'
- hosts: head
  tasks:
    - apt: {deb: /srv/own/probe-lib_1.deb}
    - apt: {deb: /srv/own/probe_2.deb}
END
beoplay deb.yml -i "$LAB/inventory.yml" -v
check "packages come from files" is "$status $(versions)" "0 probe=2 probe-lib=1 "
beoplay deb.yml -i "$LAB/inventory.yml" -v
check "once" is "$status $(recap head changed)" "0 0"
beoplay rollback deb.yml --to nothing -i "$LAB/inventory.yml" -v
lab snapshot head >now
check "and go again" is "$status $(versions)$(diff <(state before) <(state now))" "0 "

node sh -c 'echo x >/var/cache/apt/archives/old_1_all.deb'
tasks <<'END'
- apt: {clean: yes}
END
check "the cache is cleaned" is "$status $(node find /var/cache/apt/archives -name '*.deb')" "0 "
tasks <<'END'
- apt: {deb: /srv/nowhere.deb}
END
check "a file that isn't there is an error" code host.file-not-found
tasks <<'END'
- apt: {name: probe, upgrade: yes}
END
check "all packages and one exclude each other" code task.conflicting-parameters
