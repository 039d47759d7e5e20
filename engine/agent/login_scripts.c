/* login_scripts: how ways in are kept, looked at, taken up and put back, as scripts of sh.
 *
 * They need what every Debian has (coreutils, findutils, diffutils). What is in folders of ordinary users is
 * put back from within them, so that no link leads root elsewhere. */
#include "agent/login_guard.h"

/* In the folder of the trial: `paths` as the table has them, `real` without links, `later` those that count once
 * they are loaded, `keep` what was there. What was confirmed without having been loaded is in UNPROVEN, as it was
 * before: it goes there with the first such change, and is put back when what loads it is. */
#define UNPROVEN "/var/lib/beoplay/unproven"
#define BEGIN \
	"PATH=/usr/sbin:/usr/bin:/sbin:/bin\n" \
	"export LC_ALL=C\n" \
	"cd \"$(dirname \"$0\")\" || exit 1\n" \
	"top=$PWD\n" \
	"sshd_pid() {\n" \
	"	pid=$(cat /run/sshd.pid 2>/dev/null) && grep -qx sshd \"/proc/$pid/comm\" 2>/dev/null && echo \"$pid\"\n" \
	"}\n" \
	"rules() {\n" \
	"	nft -s list ruleset\n" \
	"	for save in iptables-save ip6tables-save; do $save | sed '/^#/d; s/\\[[0-9:]*\\]//'; done\n" \
	"} 2>/dev/null\n" \
	"enabled() { systemctl is-enabled ssh 2>/dev/null; }\n" \
	/* Names that are two lines are nobody's way in, and would be read as two names. */ \
	"line='\n'\n" \
	"files() { find \"$@\" ! -path \"*$line*\"; }\n" \
	/* Within a folder, and nowhere else. */ \
	"within() { cd -P -- \"$1\" 2>/dev/null && [ \"$(pwd -P)\" = \"$1\" ]; }\n" \
	"same() { [ \"$(stat -c '%F %a %u:%g' -- \"$1\")\" = \"$(stat -c '%F %a %u:%g' -- \"$2\")\" ]; }\n" \
	/* What may be somebody else's by now is never waited for. */ \
	"alike() {\n" \
	"	same \"$1\" \"$2\" 2>/dev/null || return 1\n" \
	"	[ ! -L \"$1\" ] || { [ \"$(readlink -- \"$1\")\" = \"$(readlink -- \"$2\")\" ]; return; }\n" \
	"	[ ! -f \"$1\" ] || timeout 20 cmp -s \"$1\" \"$2\"\n" \
	"}\n"

static const char keep_script[] = BEGIN
	"uid=$(id -u)\n"
	"mkdir keep && : >real && : >later && : >usual && : >proven || exit 1\n"
	"! grep -qx loads paths || : >loads\n"
	"grep ' /' paths | cut -d ' ' -f 1 >whens\n"
	"grep ' /' paths | cut -d ' ' -f 2- | xargs -d '\\n' realpath -z -m -- >ends || exit 1\n"
	"tr '\\n\\0' '\\1\\n' <ends >names\n"
	"paste -d ' ' whens names >both\n"
	"while read -r when path; do\n"
	/* Another's can't be changed by an ordinary user, nor read. */
	"	[ \"$uid\" = 0 ] || [ ! -e \"$path\" ] || [ -O \"$path\" ] || continue\n"
	"	printf '%s\\n' \"$path\" >>real\n"
	"	from=/ list=usual\n"
	"	[ \"$when\" != later ] || { printf '%s\\n' \"$path\" >>later; "
		"[ ! -e " UNPROVEN " ] || from=" UNPROVEN " list=proven; }\n"
	"	[ \"$from\" = / ] || cmp -s \"$from$path\" \"$path\" || printf '%s ' \"$path\" >>unproven\n"
	"	[ ! -e \"$from/$path\" ] || printf '%s\\n' \"${path#/}\" >>$list\n"
	"done <both\n"
	"for list in usual proven; do\n"
	"	from=/\n"
	"	[ $list = usual ] || from=" UNPROVEN "\n"
	"	[ ! -s $list ] || (cd \"$from\" && xargs -d '\\n' cp -a --parents -t \"$top/keep\" -- <\"$top/$list\") || exit 1\n"
	"done\n"
	"sshd -t 2>/dev/null && : >sshd-good\n"
	"visudo -c >/dev/null 2>&1 && : >sudo-good\n"
	"rules >rules\n"
	"{ echo flush ruleset; nft -s list ruleset; } >rules.nft 2>/dev/null\n"
	"iptables-save >rules.4 2>/dev/null\n"
	"ip6tables-save >rules.6 2>/dev/null\n"
	"enabled >enabled\n"
	"[ -z \"$(sshd_pid)\" ] || : >listens\n"
	"exit 0\n";

static const char look_script[] = BEGIN
	"find keep -mindepth 1 -type d | sed 's/^keep//' | xargs -r -d '\\n' stat -c '%n %F %a %u:%g' --\n"
	"while IFS= read -r path; do\n"
	"	[ -e \"$path\" ] || continue\n"
	"	[ ! -e unproven ] || ! grep -qxF -- \"$path\" later || continue\n"
	"	set -- \"$@\" \"$path\"\n"
	"done <real\n"
	"[ $# = 0 ] || find \"$@\" -exec stat -c '%n %F %a %u:%g' {} + -type f -exec cksum {} + 2>&1 | sort\n"
	"rules | cksum\n"
	"enabled\n"
	"[ -z \"$(sshd_pid)\" ] || echo sshd\n"
	"exit 0\n";

/* It reads its configuration again, and has done so when it has written its number anew. */
#define RELOAD \
	"differs() {\n" \
	"	while IFS= read -r path; do\n" \
	"		case $path in\n" \
	"		/etc/ssh/*) [ ! -e \"$path\" -a ! -e \"keep$path\" ] || diff -r \"keep$path\" \"$path\" " \
		">/dev/null 2>&1 || return 0;;\n" \
	"		esac\n" \
	"	done <real\n" \
	"	return 1\n" \
	"}\n" \
	"reload() {\n" \
	"	pid=$(sshd_pid) && [ -n \"$pid\" ] || return 0\n" \
	"	was=$(stat -c '%i %y' /run/sshd.pid)\n" \
	"	kill -HUP \"$pid\" || return 1\n" \
	"	for _ in $(seq 100); do\n" \
	"		now=$(stat -c '%i %y' /run/sshd.pid 2>/dev/null)\n" \
	"		[ -z \"$now\" ] || [ \"$now\" = \"$was\" ] || return 0\n" \
	"		sleep 0.05\n" \
	"	done\n" \
	"	[ -n \"$(sshd_pid)\" ] || { echo 'sshd has ended' >&2; return 1; }\n" \
	"}\n"

static const char apply_script[] = BEGIN RELOAD
	"[ ! -e sshd-good ] || said=$(sshd -t 2>&1) || { echo \"$said\" | tr -d '\\r'; exit 1; }\n"
	"[ ! -e sudo-good ] || visudo -c >/dev/null || exit 1\n"
	"! differs || reload || exit 1\n";

static const char after_script[] = BEGIN
	"[ \"$(id -u)\" = 0 ] || exit 0\n"
	"[ ! -e loads ] || { rm -rf " UNPROVEN "; exit 0; }\n"
	"[ ! -e " UNPROVEN " ] || exit 0\n"
	"while IFS= read -r path; do\n"
	"	[ ! -e \"$path\" -a ! -e \"keep$path\" ] || diff -r \"keep$path\" \"$path\" >/dev/null 2>&1 || later=yes\n"
	"done <later\n"
	"[ -n \"${later:-}\" ] && mkdir -m 0700 " UNPROVEN " || exit 0\n"
	"while IFS= read -r path; do\n"
	"	[ ! -e \"keep$path\" ] || (cd keep && cp -a --parents -- \"${path#/}\" " UNPROVEN ")\n"
	"done <later\n";

/* All files and folders as they were. */
#define PUT_BACK \
	/* What has come goes. */ \
	"while IFS= read -r path; do\n" \
	"	[ -e \"$path\" ] || [ -L \"$path\" ] || continue\n" \
	"	files \"$path\" -depth | while IFS= read -r file; do\n" \
	"		[ -e \"keep$file\" ] || [ -L \"keep$file\" ] || (within \"$(dirname \"$file\")\" " \
		"&& rm -rf -- \"./$(basename \"$file\")\")\n" \
	"	done\n" \
	"done <real\n" \
	/* What was there comes back, folders first. */ \
	"files keep -mindepth 1 -type d | sort | while IFS= read -r kept; do\n" \
	"	path=${kept#keep}\n" \
	"	[ -d \"$path\" ] || (within \"$(dirname \"$path\")\" && rm -f -- \"./$(basename \"$path\")\" " \
		"&& mkdir -- \"./$(basename \"$path\")\")\n" \
	"	same \"$kept\" \"$path\" || (within \"$path\" && chown --reference=\"$top/$kept\" . " \
		"&& chmod --reference=\"$top/$kept\" .)\n" \
	"done\n" \
	"files keep ! -type d | while IFS= read -r kept; do\n" \
	"	path=${kept#keep} name=$(basename \"$kept\")\n" \
	"	alike \"$kept\" \"$path\" && continue\n" \
	"	(within \"$(dirname \"$path\")\" && cp -a --remove-destination -- \"$top/$kept\" \"./.$name.beoplay-back\" " \
		"&& sync -- \"./.$name.beoplay-back\" && mv -fT -- \"./.$name.beoplay-back\" \"./$name\")\n" \
	"done\n"

static const char back_script[] = BEGIN RELOAD
	"differs && changed=yes\n"
	PUT_BACK
	"rules >rules.now\n"
	"if ! cmp -s rules rules.now; then\n"
	"	nft -f rules.nft\n"
	"	rules >rules.now\n"
	"	cmp -s rules rules.now || {\n"
	"		iptables -P INPUT ACCEPT; iptables -P OUTPUT ACCEPT; iptables -F; iptables-restore <rules.4\n"
	"		ip6tables -P INPUT ACCEPT; ip6tables -P OUTPUT ACCEPT; ip6tables -F; ip6tables-restore <rules.6\n"
	"	}\n"
	"fi\n"
	"[ \"$(enabled)\" = \"$(cat enabled)\" ] || case $(cat enabled) in\n"
	"	enabled) systemctl unmask ssh; systemctl enable ssh;;\n"
	"	disabled) systemctl disable ssh;;\n"
	"	esac\n"
	"[ -z \"${changed:-}\" ] || reload\n"
	"[ ! -e listens ] || [ -n \"$(sshd_pid)\" ] || {\n"
	"	[ -d /run/systemd/system ] && { systemctl daemon-reload; systemctl reset-failed ssh; systemctl start ssh; } "
		"|| /etc/init.d/ssh start || { mkdir -p /run/sshd; $(command -v sshd); }\n"
	"}\n"
	"[ ! -e unproven ] || rm -rf " UNPROVEN "\n"
	"exit 0\n";

/* Before sshd and the firewall are started: nothing of them is live yet. */
static const char restart_script[] = BEGIN
	"for token in armed pending returning stuck; do [ ! -e $token ] || came=back; done\n"
	"if [ -n \"${came:-}\" ]; then\n"
	"echo 'beoplay: the machine was started anew in the middle of a change of what carries the login'\n"
	PUT_BACK
	"[ ! -e unproven ] || rm -rf " UNPROVEN "\n"
	"[ \"$(cat enabled)\" != enabled ] || systemctl --no-reload enable ssh\n"
	/* What it was when systemd itself started. */
	"systemctl daemon-reload\n"
	"[ ! -e listens ] || systemctl --no-block start ssh\n"
	"sync\n"
	"fi\n"
	"exit 0\n";

void login_guard_scripts(struct trial *trial)
{
	trial->keep = keep_script;
	trial->look = look_script;
	trial->apply = apply_script;
	trial->back = back_script;
	trial->after = after_script;
	trial->restart = restart_script;
}
