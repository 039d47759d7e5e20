#!/bin/sh
# What ~/.ssh/config says, and what it can't switch off, on a lab node. Prints "ok NAME" or "not ok
# NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 1
address=10.0.1.100
ssh=$HOME/.ssh
mkdir -p "$ssh"
chmod 700 "$ssh"
cp "$LAB/known_hosts" known
printf -- '- hosts: all\n  tasks: [{copy: {content: "{{ text | default(0) }}", dest: /etc/reached}}]\n' >play.yml
key=$(ssh-keygen -F $address -f known | grep -v '^#' | cut -d ' ' -f 2- | head -n 1)
ssh-keygen -q -t ed25519 -N '' -f wrong
ssh-keygen -q -t ed25519 -N '' -f another
wrong=$(cut -d ' ' -f 1,2 wrong.pub)

# configured: ~/.ssh/config is what stdin says; then beoplay with these arguments reaches node.
configured() {
	cat >"$ssh/config"
	chmod 600 "$ssh/config"
	run "$@"
}
run() {
	"$BEOPLAY" play.yml -i node, -T 20 "$@" >out 2>err </dev/null
	status=$?
}
reached() { check "$1" is "$status" 0; }
refused() { check "$1" is "$status" 4; check "$1: it says so" says "$2" err; }
base="Host node
  HostName $address
  User root
  IdentityFile $LAB_KEY"

# --- Host keys can't be switched off ---
for how in no off accept-new 'no\nHost node\n  StrictHostKeyChecking off'; do
	: >unknown
	configured --known-hosts unknown <<-END
	$(printf "StrictHostKeyChecking $how")
	$base
	END
	refused "an unknown key with StrictHostKeyChecking $(echo "$how" | tr '\\\n' ' ')" "isn't known"
	check "it is not followed, and said once" is \
		"$(grep -c 'StrictHostKeyChecking in .* is not followed' err)" 1
done
echo "$address $wrong" >changed
for more in 'StrictHostKeyChecking no' 'CheckHostIP no' 'UserKnownHostsFile /dev/null' \
	'NoHostAuthenticationForLocalhost yes' 'VerifyHostKeyDNS yes' 'UpdateHostKeys yes' \
	'HostKeyAlgorithms ssh-ed25519' 'HostbasedAuthentication yes'; do
	configured --known-hosts changed <<-END
	$base
	  $more
	END
	refused "a changed key with $more" 'has CHANGED'
done
configured --known-hosts changed --accept-new-host-keys <<-END
$base
END
refused "a changed key with --accept-new-host-keys" 'has CHANGED'
echo "$key" >revoked
configured --known-hosts known <<-END
$base
  RevokedHostKeys $work/revoked
END
refused "a key in RevokedHostKeys" 'among the revoked ones'
configured --known-hosts known <<-END
$base
  RevokedHostKeys $work/nowhere
END
refused "RevokedHostKeys that can't be read" 'cannot read the revoked host keys'
echo "@revoked * $key" >machine
configured --known-hosts known <<-END
$base
  GlobalKnownHostsFile $work/machine
END
refused "a key that the machine's file revokes" '@revoked'

# --- A server that won't have this client ---
perl -MIO::Socket -e '$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1:2022", Listen => 5, ReuseAddr => 1);
	print "listening\n"; STDOUT->flush; close($s->accept) for 1 .. 20' >listening &
until [ -s listening ]; do sleep 0.05; done
configured --known-hosts known <<-END
Host node
  HostName 127.0.0.1
  Port 2022
END
refused "a server that closes at once" 'the server closed the connection before SSH began'
check "what to do is said" says PerSourcePenalties err
kill $! 2>/dev/null

# --- Where keys are looked for ---
rm -f "$ssh/known_hosts"
echo "$address $key" >second
configured <<-END
$base
  UserKnownHostsFile $work/changed-not $work/second
END
reached "the second of several UserKnownHostsFile"
configured <<-END
$base
  GlobalKnownHostsFile /nowhere $work/second
END
reached "GlobalKnownHostsFile"
echo "cluster-head $key" >alias
configured --known-hosts alias <<-END
$base
  HostKeyAlias cluster-head
END
reached "HostKeyAlias"
echo "$address $key" >"$work/of-$address-root"
configured <<-END
$base
  UserKnownHostsFile $work/of-%h-%r
END
reached "tokens in UserKnownHostsFile"

# --- Keys that are accepted ---
: >new
configured --known-hosts new --accept-new-host-keys -C <<-END
$base
END
reached "a new key in a dry run"
check "a dry run writes no known_hosts" is "$(wc -c <new)" 0
rm new
run --known-hosts new --accept-new-host-keys -C
check "a dry run makes no known_hosts" [ ! -e new ]
mkdir kept
printf '# kept elsewhere' >kept/known_hosts
ln -sf "$work/kept/known_hosts" "$ssh/known_hosts"
configured --accept-new-host-keys <<-END
$base
  HashKnownHosts no
END
reached "a new key"
check "known_hosts that is a link stays one" [ -L "$ssh/known_hosts" ]
check "the key is where the link leads" says "^$address $key" kept/known_hosts
configured <<-END
$base
END
reached "it is known then"
: >hashed
configured --known-hosts hashed --accept-new-host-keys <<-END
$base
  HashKnownHosts yes
END
reached "a new key, hashed"
check "its name can't be read" silent "$address" hashed
check "ssh-keygen finds it" ssh-keygen -F "$address" -f hashed
: >locked
flock locked sleep 5 &
sleep 0.2
configured --known-hosts locked --accept-new-host-keys -T 3 <<-END
$base
END
reached "a lock of somebody else holds nobody up"
check "and the key is there" ssh-keygen -F "$address" -f locked

# --- The user's own keys ---
configured --known-hosts known <<-END
Host node
  HostName $address
  User root
  IdentityFile $work/wrong
  IdentityFile $work/nowhere
  IdentityFile $work/another
  IdentityFile $LAB_KEY
END
reached "the fourth of several IdentityFile"
cp "$LAB_KEY" "$ssh/id_cluster"
cp wrong "$ssh/id_rsa.kept"
mv "$ssh/id_ed25519" "$ssh/default"
configured --known-hosts known <<-END
Host node
  HostName $address
  User root
  IdentityFile ~/.ssh/id_cluster
END
reached "IdentityFile ~/.ssh/id_cluster"
configured --known-hosts known <<-END
Host node
  HostName $address
  User root
  IdentityFile %d/.ssh/id_cluster
END
reached "IdentityFile with %d"
cp "$ssh/id_cluster" "$ssh/key-$address-root"
configured --known-hosts known <<-END
Host node
  HostName $address
  User root
  IdentityFile ~/.ssh/key-%h-%r
END
reached "IdentityFile with %h and %r"
mv "$ssh/default" "$ssh/id_ed25519"
configured --known-hosts known <<-END
Host node
  HostName $address
  User root
  IdentityFile $work/wrong
  IdentitiesOnly yes
END
refused "IdentityFile leaves the usual files out" 'accepts none of the keys'
eval "$(ssh-agent)" >/dev/null
ssh-add -q "$LAB_KEY"
configured --known-hosts known <<-END
Host node
  HostName $address
  User root
  IdentityFile $work/wrong
END
reached "ssh-agent comes behind them"
configured --known-hosts known <<-END
Host node
  HostName $address
  User root
  IdentityFile $work/wrong
  IdentitiesOnly yes
END
refused "IdentitiesOnly leaves ssh-agent out" 'accepts none of the keys'
socket=$SSH_AUTH_SOCK
export SSH_AUTH_SOCK=/nowhere
configured --known-hosts known <<-END
Host node
  HostName $address
  User root
  IdentityFile $work/wrong
  IdentityAgent $socket
END
reached "IdentityAgent"
kill "$SSH_AGENT_PID"
unset SSH_AUTH_SOCK

# --- Blocks, includes, quotes ---
mkdir -p "$ssh/conf.d" "$work/more"
echo "$base" >"$ssh/conf.d/node.conf"
configured --known-hosts known <<-END
Include conf.d/*.conf
END
reached "Include"
configured --known-hosts known <<-END
Host other
  Include conf.d/*.conf
Host *
  HostName 10.0.1.199
END
check "Include in a block for others" is "$status" 4
configured --known-hosts known <<-END
Include ~/.ssh/conf.d/nothing* $work/nowhere
Host = "node"
  hostname="$address"
  USER = 'root'   # who
  identityfile "$LAB_KEY"
END
reached "quotes, equals signs and comments"
configured --known-hosts known <<-END
Host * !node
  HostName 10.0.1.199
Host other n?de
  HostName $address
  HostName 10.0.1.198
  User root
  IdentityFile $LAB_KEY
END
reached "negated patterns, and the first value counts"
configured --known-hosts known <<-END
Match originalhost node
  HostName $address
Match host $address user somebody
  User nobody
Match !all host *
  User nobody
Match user root
  IdentityFile $LAB_KEY
END
reached "Match by another user"
configured --known-hosts known -u root <<-END
Match originalhost node
  HostName $address
Match host 10.0.1.* user root
  IdentityFile $LAB_KEY
Match exec "touch $work/executed"
  User nobody
END
reached "Match host, originalhost and user"
check "Match exec executes nothing" [ ! -e executed ]
check "and is named" says 'Match exec in .* is not supported' err
USER=nobody LOGNAME=nobody configured --known-hosts known <<-END
Host node
  HostName $address
  IdentityFile $LAB_KEY
END
reached "USER of the environment isn't believed"

# --- What isn't supported ---
for option in 'ProxyJump bastion' 'ProxyCommand nc %h %p'; do
	configured --known-hosts known <<-END
	$base
	  $option
	END
	refused "${option%% *}" "${option%% *} in your ssh configuration is not supported"
done
configured --known-hosts known <<-END
$base
  ProxyJump none
  ProxyCommand nc %h %p
END
reached "ProxyJump none"
for option in 'CertificateFile /x' 'BindAddress 10.0.1.1' 'CheckHostIP yes' 'KnownHostsCommand /bin/true' \
	'CanonicalizeHostname yes' 'PubkeyAuthentication no'; do
	configured --known-hosts known <<-END
	$base
	  $option
	END
	reached "$option"
	check "it is named, once" is "$(grep -c "${option%% *} in .* is not supported" err)" 1
done
configured --known-hosts known <<-END
$base
  AddressFamily inet6
END
check "AddressFamily" is "$status" 4
configured --known-hosts known <<-END
$base
  Port 2222x
END
refused "a port that isn't one" 'this is not a port'
echo "$base" >"$ssh/config"
chmod 666 "$ssh/config"
run --known-hosts known
refused "a configuration that others can write" 'other users can write'
rm "$ssh/config"
mkfifo -m 600 "$ssh/config"
run --known-hosts known
refused "a configuration that is a FIFO" 'is not a regular file'
rm "$ssh/config"
