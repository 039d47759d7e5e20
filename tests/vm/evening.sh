# evening.sh: what a first evening with one machine, `head`, must be. Read by the tests of its kinds.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
out=$work/out err=$work/err
# How many seconds an emulated machine may take to answer.
patience=300
run() {
	"$BEOPLAY" "$@" -T $patience >"$out" 2>"$err" </dev/null
	status=$?
}
inside() { vm exec head "$@"; }

# The installer's own words about the network must stay as they are.
network_files() {
	inside 'find /etc/network /etc/netplan /etc/NetworkManager /etc/systemd/network -type f 2>/dev/null |
		sort | xargs sha256sum'
}

write_play() {
	sed "s/CLOUD/${cloud:-no}/" >evening.yml <<-'END'
	- hosts: all
	  become: yes
	  vars: {cloud: CLOUD}
	  tasks:
	    - hostname: {name: kopf}
	    - hosts: {group: all}
	    - hosts: {group: all, path: /etc/cloud/templates/hosts.debian.tmpl}
	      when: cloud
	    - user: {name: rechner, comment: computes}
	    - apt-packages: {name: [hello]}
	    - copy:
	        dest: /etc/systemd/system/waits.service
	        content: |
	          [Service]
	          ExecStart=/bin/sleep infinity
	          [Install]
	          WantedBy=multi-user.target
	    - service: {name: waits, state: started, enabled: yes, daemon_reload: yes}
	    - service: {name: e2scrub_all.timer, state: stopped, enabled: no}
	    - command: {argv: [sh, -c, "date >/var/tmp/once"], creates: /var/tmp/once}
	END
}

# What the machine says of it, in one line.
it_is() {
	inside 'hostname; grep -c "head$" /etc/hosts; getent passwd rechner | cut -d : -f 5; hello 2>/dev/null
		for unit in waits e2scrub_all.timer; do
			systemctl is-active $unit
			systemctl is-enabled $unit 2>/dev/null | grep -v not-found
		done' |
		tr '\n' ' '
}
as_wished="kopf 1 computes Hello, world! active enabled inactive disabled "

restart() {
	local before
	before=$(vm boot head)
	inside 'systemctl --no-block reboot'
	vm restarted head "$before"
}

# evening USER PASSWORD ROOT_PASSWORD GOVERNS: the whole of it, as USER, who becomes root with one of the
# passwords; GOVERNS is what configures the interface.
evening() {
	local user=$1 network before
	echo "$2" >login
	echo "$3" >become
	network=$(network_files)
	before=$(inside hostname)

	run init cluster --hosts "$(vm address head)" --user "$user" --connection-password-file login \
		--become-password-file become --accept-new-host-keys
	check "init takes the machine as its installer left it" is "$status" 0
	check "and sees what configures its interface" says "is configured by $4" cluster/inventory/hosts.yml
	check "the key is there" is "$(inside "sed -n '/^ssh-/{s/[^ ]* //;p}' /home/$user/.ssh/authorized_keys")" \
		"$(cut -d ' ' -f 2 "$HOME/.ssh/id_ed25519.pub")"
	cd cluster || exit 1
	write_play
	run evening.yml --become-password-file ../become
	check "a play does a thing of each kind" is "$status $(recap head failed)" "0 0"
	check "and the machine says so, too" is "$(it_is)" "$as_wished"
	restart
	check "the restarted machine is as it was" is "$(it_is)" "$as_wished"
	run evening.yml --become-password-file ../become
	check "and nothing is left to do there" is "$status $(recap head changed)" "0 0"
	check "the network's files are the installer's" is "$(network_files)" "$network"
	run rollback evening.yml --to nothing --become-password-file ../become
	check "all of it can be undone" is "$status $(it_is)" \
		"0 $before 0 inactive active enabled "
}
