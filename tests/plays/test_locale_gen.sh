#!/bin/bash
# locale_gen: exact, idempotent, and taken back. The nodes have no locales: a locale-gen and localedef stand for them
# that keep a list in place of the archive. Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 1
node() { lab exec head "$@"; }
state() { grep -v -e '^\./var/lib/beoplay' -e '^\./root' "$1" | cut -f 1-5,7-; }
tasks <<'END'
- locale_gen: {name: de_DE.UTF-8}
END
check "without locales it says so" says "install locales with an apt-packages task" out
node sh -c 'mkdir -p /usr/share/i18n /usr/lib/locale; cat >/usr/local/bin/localedef; chmod 755 /usr/local/bin/localedef
	cp -p /usr/local/bin/localedef /usr/local/bin/locale-gen
	printf "de_DE.UTF-8 UTF-8\nde_DE ISO-8859-1\nen_GB.UTF-8 UTF-8\nfr_FR@euro ISO-8859-15\n" >/usr/share/i18n/SUPPORTED
	printf "# all\n\n# de_DE ISO-8859-1\n# de_DE.UTF-8 UTF-8\nen_GB.UTF-8 UTF-8" >/etc/locale.gen' <<'END'
#!/bin/sh
archive=/usr/lib/locale/locale-archive
called() { echo "$1" | sed 's/UTF-8/utf8/'; }
case $0 in */locale-gen)
	[ "$1" = --keep-existing ] || exit 1
	echo "$*" >>/run/locale-gen-ran
	sed -n 's/^\([a-z][^ ]*\) .*/\1/p' /etc/locale.gen | sed 's/UTF-8/utf8/' | cat - "$archive" 2>/dev/null |
		sort -u >"$archive.new" && mv "$archive.new" "$archive"
	exit ;;
esac
case $1 in
--list-archive) cat "$archive" ;;
--delete-from-archive) grep -vx "$2" "$archive" >"$archive.new"; mv "$archive.new" "$archive" ;;
esac
END
lab snapshot head >before
all() { tasks "$@" <<'END'
- locale_gen: {name: [de_DE.UTF-8, fr_FR@euro]}
- community.general.locale_gen: {name: en_GB.UTF-8}
END
}
all -C -D
lab snapshot head >now
check "a dry run shows the lines" is "$(grep -c -e '^ *-# de_DE.UTF-8 UTF-8' -e '^ *+de_DE.UTF-8 UTF-8' -e '^ *+fr_FR@euro ISO-8859-15' out)" 3
check "and what would be generated" says "fr_FR@euro locale: absent → generated" out
check "and touches nothing" is "$status $(diff <(state before) <(state now))" "0 "
all
check "a run generates all of them at once" is "$status $(node cat /usr/lib/locale/locale-archive | tr '\n' ' ')$(node grep -c . /run/locale-gen-ran)" \
	"0 de_DE.utf8 en_GB.utf8 fr_FR@euro 1"
check "from lines where they stood, or at the end" is "$(node cat /etc/locale.gen)" "# all

# de_DE ISO-8859-1
de_DE.UTF-8 UTF-8
en_GB.UTF-8 UTF-8
fr_FR@euro ISO-8859-15"
all
check "a second run changes nothing" is "$status $(recap head changed)" "0 0"
beoplay rollback tasks.yml --to nothing -i "$LAB/inventory.yml" -v
lab snapshot head >now
check "all is taken back" is "$status $(diff <(state before) <(state now))" "0 "
tasks <<'END'
- locale_gen: {name: en_GB.UTF-8}
END
tasks <<'END'
- locale_gen: {name: en_GB.UTF-8, state: absent}
END
check "what is absent goes, and the archive with its last one" is "$status $(node tail -n 1 /etc/locale.gen) $(node ls /usr/lib/locale | grep -c archive)" \
	"0 # en_GB.UTF-8 UTF-8 0"
tasks <<'END'
- locale_gen: {name: xx_XX.UTF-8}
END
check "what nobody knows is refused" code locale-gen.unknown
