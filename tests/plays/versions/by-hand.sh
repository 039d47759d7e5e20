# What is on a node before beoplay, of which the versions change some.
set -e
mkdir -p /srv/hand/tree/deep/empty /srv/hand/sync/kept /srv/hand/sync/old
echo hand >/srv/hand/tree/file; echo deep >/srv/hand/tree/deep/file; ln -s file /srv/hand/tree/link
chmod 700 /srv/hand/tree/deep; chown daemon:12345 /srv/hand/tree/deep/file; chmod 4750 /srv/hand/tree/file
echo a >/srv/hand/sync/a; echo log >/srv/hand/sync/x.log; echo old >/srv/hand/sync/old/file
chmod 640 /srv/hand/sync/old/file; chown daemon /srv/hand/sync/old; echo kept >/srv/hand/sync/kept/file
echo hand >/etc/hand; printf 'no newline' >/etc/hand-filled; chmod 600 /etc/hand-filled
printf 'colour=green\n\nshape=round\nshape=round\nlast' >/etc/hand-lines
echo gone >/etc/hand-gone; chown daemon:daemon /etc/hand-gone; chmod 2751 /etc/hand-gone
echo mode >/etc/hand-mode; chmod 4711 /etc/hand-mode
useradd --uid 1400 --create-home --groups games dora
echo 'dora:$y$j9T$hash$dora' | chpasswd --encrypted; chage --lastday 19000 --maxdays 90 dora
useradd --uid 1500 --create-home --shell /bin/bash --groups games,users hanna
echo mine >/home/hanna/mine
printf '# by hand\nnet.ipv4.ip_default_ttl = 65\nnet/ipv4/ip_default_ttl = 64' >/etc/sysctl.d/hand.conf
mkdir -p /etc/modules-load.d /etc/modprobe.d /etc/cron.d; mkdir -p -m 1730 /var/spool/cron/crontabs
printf 'SHELL=/bin/sh\n1 2 * * * root mine\n#Ansible: by hand\n1 1 * * * root theirs' >/etc/cron.d/hand
printf '# one\none\ncolour=green\n# two\ntwo\ncolour=green\nthree\ncolour=green' >/etc/hand-replaced
printf '; by hand\n[one]\nx=1\n\n[two]\n#colour = none\nsize=2' >/etc/hand.ini
mkdir -p /srv/packed/in; echo packed >/srv/packed/in/file; echo packed >/srv/packed/a; tar -cf /srv/hand.tar -C /srv/packed in a
rm -r /srv/packed; echo before >/srv/hand/a
update-alternatives --quiet --install /usr/local/bin/hand hand /bin/true 60
update-alternatives --quiet --install /usr/local/bin/hand hand /bin/false 40
