#!/bin/bash
# What ansible-vault 2.14 has encrypted (tests/plays/vault): it is used as it was meant, and is nowhere that
# it doesn't belong. Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 1
fixtures=$tree/tests/plays/vault
mkdir -p project/group_vars project/files project/templates
cd project || exit 1
cp "$fixtures/vars.yml" group_vars/all.yml
cp "$fixtures/key" files/
cp "$fixtures/conf.j2" templates/
echo 'correct horse' >../pw
printf '#!/bin/sh\necho other words\n' >../client
chmod 755 ../client
{
	printf -- '- hosts: head\n  vars:\n    suffix: 7\n'
	sed 's/^/    /' "$fixtures/inline"
	cat <<'Y'
  tasks:
    - copy: {dest: /srv/fromfile, content: "{{ db_password }}\n", mode: '0600'}
    - copy: {dest: /srv/inline, content: "{{ inline }} {{ labelled }}\n", mode: '0600'}
    - copy: {dest: /srv/key, src: key, mode: '0644'}
    - template: {dest: /srv/conf, src: conf.j2, mode: '0644'}
    - debug: {msg: "{{ db_password }} {{ inline }} {{ accounts[0].name }} {{ lookup('file', 'key') }}"}
    - shell: cat; echo Openword
      args: {stdin: "{{ accounts[0].key }} {{ labelled }}"}
      register: shown
    - debug: {var: shown.stdout}
      when: shown.stdout is defined
Y
} >site.yml
run() { beoplay "$@" -i "$LAB/inventory.yml" -v; }
both='--vault-password-file ../pw --vault-id lab@../client'

run site.yml
check "without a password it isn't read" is "$status" 1
check "and that is said with its code" code yaml.vault
check "and its place" says 'site.yml:4:' err
run site.yml --vault-password-file ../client
check "one password of two is not enough" says "doesn't decrypt" err
run site.yml --vault-password-file ../nowhere
check "a file that isn't there is told" code file.unreadable
printf '#!/bin/sh\nexit 3\n' >../broken
chmod 755 ../broken
run site.yml --vault-password-file ../broken
check "and a program that fails" code cli.no-answer
run site.yml --syntax-check
check "a syntax check needs it, too" is "$status" 1

run site.yml -C -D $both
check "a dry run says how much would change" is "$status $(recap head changed)" "0 5"
run site.yml -D $both
cat out err >../told
check "a run makes it" is "$status $(recap head changed)" "0 5"
node() { lab exec head cat "$1"; }
check "a file's values are filled in" is "$(node /srv/fromfile)" Vaultfile7
check "a single value is as it was encrypted" is "$(node /srv/inline)" 'Vaultinline{{ 1 }} Vaultlabelled'
check "a file that is copied is decrypted" is "$(node /srv/key)" "$(printf 'Vaultcopied first\nVaultcopied second')"
check "a template, too" is "$(node /srv/conf)" "$(printf 'password=Vaultfile7\nfixed=Vaulttemplate')"
run site.yml -D $both
cat out err >>../told
check "a second run changes nothing but what the command does" is "$(recap head changed)" 1

found() { grep -aqr -e 'Vault[a-z]' "$@" && grep -aor -e 'Vault[a-z]*' "$@" | sort -u; return 0; }
check "none of it is on the terminal" is "$(found ../told)" ''
check "what is open there is" says Openword ../told
git --git-dir=.beoplay/history.git cat-file --batch-all-objects --batch >../history
check "none is in the history" is "$(found ../history)" ''
check "which has the text as it is encrypted" says 'ANSIBLE_VAULT;1.1;AES256' ../history
lab exec head sh -c 'cd / && tar cf - var/lib/beoplay root tmp run var/log var/tmp 2>/dev/null' >../state
check "none is in what the node keeps" is "$(found ../state)" ''
run rollback site.yml --to nothing $both
check "it is taken back" is "$(lab exec head ls /srv | grep -cE 'fromfile|inline|key|conf')" 0

# --- The project's own password ---

printf 'vault_password_file: ../both\n' >beoplay.yml
cp ../pw ../both
cat >one.yml <<'Y'
- hosts: head
  vars: {suffix: 8}
  tasks:
    - copy: {dest: /srv/one, content: "{{ db_password }}", mode: '0600'}
Y
run one.yml
check "beoplay.yml may name the file" is "$status $(node /srv/one)" "0 Vaultfile8"
cp "$LAB/inventory.yml" inventory.yml
mkdir host_vars && echo 'suffix: 9' >host_vars/head.yml
"$BEOPLAY" inventory --host head >out 2>err
check "so lists can be read" is "$? $(grep -c secret out) $(found out)" "0 2 "
cp "$fixtures/vars.yml" hosts.ini
"$BEOPLAY" inventory -i hosts.ini >out 2>err
check "an encrypted INI is refused by name" says "in INI that is encrypted" err
