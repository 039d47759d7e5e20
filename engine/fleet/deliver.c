/* deliver: getting the agent onto a machine and started, with nothing there but a shell. */
#include "fleet/deliver.h"

#include "base/buffer.h"
#include "base/quote.h"
#include "fleet/agents.h"

/* Which agent: A lists them (" NAME:DIGEST:SIZE … "). What the kernel is built for is in a file since
 * Linux 6.1, and costs no process; a system that is emulated on it hasn't its loader. A 64-bit kernel
 * below a 32-bit system may run both. */
static const char choose[] =
	"{ read -r m </proc/sys/kernel/arch; } 2>/dev/null\n"
	"case $m in\n"
	"x86_64) [ -e /lib64/ld-linux-x86-64.so.2 ] ;;\n"
	"aarch64) [ -e /lib/ld-linux-aarch64.so.1 ] ;;\n"
	"*) false ;;\n"
	"esac || m=$(uname -m)\n"
	"case $m in armv[78]l) m=armhf ;; esac\n"
	"pick() {\n"
	"	s=${A#* \"$1\":}; [ \"$s\" != \"$A\" ] || return 1\n"
	"	m=$1; s=${s%% *}; H=${s%:*}; S=${s#*:}\n"
	"}\n"
	"H=; pick \"$m\" || { [ \"$m\" = aarch64 ] && [ \"$(getconf LONG_BIT)\" = 32 ] && pick armhf; }\n";

/* Root: every directory above belongs to root and is writable by nobody else. */
static const char find_as_root[] =
	"d=/var/lib/beoplay; f=$d/agent-$H\n"
	"good() {\n"
	"	[ -f \"$f\" ] && [ ! -L \"$f\" ] && [ -x \"$f\" ] || return 1\n"
	"	for s in $(stat -c %u:%a:%s / /var /var/lib $d \"$f\"); do\n"
	"		case $s in\n"
	"		0:*[2367]?:*|0:*[2367]:*|[!0]*) return 1 ;;\n"
	"		esac\n"
	"	done\n"
	"	[ \"$s\" = \"0:700:$S\" ]\n"
	"}\n"
	"places='\"$d\"'; u=\n";

static const char find_as_user[] =
	"d=$HOME/.cache/beoplay; f=$d/agent-$H\n"
	"good() {\n"
	"	[ -f \"$f\" ] && [ ! -L \"$f\" ] && [ -x \"$f\" ] && [ -O \"$f\" ] && [ -O \"$d\" ] || return 1\n"
	"	s=$(stat -c %a:%s \"$d\" \"$f\")\n"
	"	case $s in\n"
	"	700:*\"\n700:$S\") return 0 ;;\n"
	"	esac\n"
	"	return 1\n"
	"}\n"
	"places='\"$d\" \"/dev/shm/beoplay-$(id -u)\"'; u=-Ur\n";

/* If the agent isn't there, the rest of the script is asked for, and read from stdin byte by
 * byte. */
static const char start[] =
	"if [ \"$H\" ] && good; then exec \"$f\"; fi\n"
	"printf '\\nbeoplay-need %s\\n' \"$m\"\n"
	"[ \"$H\" ] || exit 1\n"
	"eval \"$(head -c $L)\"\n";

/* The agent is put where it is kept; or, where nothing can be executed or nothing is to be left, into
 * memory: opened, its name removed, and executed by its descriptor. Where memory has no place for
 * programs either, there is one in a tmpfs that no other process sees. */
static const char deliver_rest[] =
	"fail() { printf '\\nbeoplay-fail: %s\\n' \"$1\"; exit 1; }\n"
	"umask 077; t=; gone=\n"
	"put() { : >\"$t\" && chmod 700 \"$t\" && [ -x \"$t\" ]; }\n"
	"set --; [ \"$N\" ] || eval \"set -- $places\"\n"
	"for d; do\n"
	"	mkdir -p \"$d\" 2>/dev/null && [ ! -L \"$d\" ] && [ -O \"$d\" ] &&\n"
	"		chmod 700 \"$d\" 2>/dev/null &&\n"
	"		t=$(mktemp \"$d/.new.XXXXXXXX\" 2>/dev/null) && put && break\n"
	"	[ ! \"$t\" ] || rm -f \"$t\"; t=\n"
	"done\n"
	"if [ ! \"$t\" ]; then\n"
	"	for p in /dev/shm /run; do\n"
	"		g=$(mktemp -d $p/beoplay.XXXXXXXX 2>/dev/null) || continue\n"
	"		[ ! \"$gone\" ] || rm -rf \"$gone\"\n"
	"		gone=$g; t=$g/agent; put && break\n"
	"	done\n"
	"fi\n"
	"[ \"$t\" ] || fail 'there is no place where the agent can be put'\n"
	"trap 'rm -rf \"${gone:-$t}\"' EXIT\n"
	"head -c $S >\"$t\" || fail \"cannot write '$t': is the disk full?\"\n"
	"set -- $(sha256sum \"$t\")\n"
	"[ \"$1\" = $H ] || fail \"the agent came damaged to '$t': is the disk full?\"\n"
	"if [ ! \"$gone\" ] && \"$t\" --version >/dev/null 2>&1; then\n"
	"	for o in \"$d\"/agent-*; do case $A in *:\"${o##*/agent-}\":*) ;; *) rm -f \"$o\" ;; esac; done\n"
	"	mv -f \"$t\" \"$d/agent-$H\" || fail \"cannot keep the agent in '$d'\"\n"
	"	trap - EXIT\n"
	"	exec \"$d/agent-$H\"\n"
	"fi\n"
	"exec 9<\"$t\"\n"
	"if [ ! -x \"$t\" ]; then\n"
	"	mkfifo \"$gone/tell\"\n"
	"	unshare $u -m sh -c 'exec 2>/dev/null; mount -t tmpfs none \"$1\" && cat <&9 >\"$1/agent\" &&\n"
	"		chmod 700 \"$1/agent\" && echo $$ && exec sleep 60' sh \"$gone\" >\"$gone/tell\" &\n"
	"	read -r p <\"$gone/tell\" && exec 9<\"/proc/$p/root$gone/agent\"; kill $!; wait $!\n"
	"	/proc/self/fd/9 --version >/dev/null 2>&1 || fail \"neither '$d' nor '$gone' lets files be executed\"\n"
	"fi 2>/dev/null\n"
	"trap - EXIT\n"
	"rm -rf \"${gone:-$t}\"\n"
	"exec /proc/self/fd/9\n";

/* Messages come in the language that they are looked for in, and the agent has its own again. */
static const char become[] =
	"p=$2 t= n=${HOME-}/.sudo_as_admin_successful; [ -e \"$n\" ] && n=\n";
static const char become_asking[] = "t=$(date +%s)\n";
static const char become_words[] =
	"set -- \"$1\" sh \"$n\" \"$t\" \"${LC_ALL-}\"; export LC_ALL=C\n";

/* sudo notes in the home of a member of sudo or admin that it let him in, and elsewhere that it
 * explained itself before it asked for a password; it has no option not to. What it has noted just
 * now goes at once. */
static const char became[] =
	"if [ \"$3\" ]; then LC_ALL=$3; else unset LC_ALL; fi\n"
	"[ ! \"$1\" ] || rm -f -- \"$1\"\n"
	"for s in ${2:+\"${SUDO_USER-}\" \"${SUDO_UID-}\"}; do\n"
	"	s=/var/lib/sudo/lectured/$s\n"
	"	[ ! -f \"$s\" ] || [ \"$(stat -c %Y \"$s\")\" -lt \"$2\" ] || rm -f -- \"$s\"\n"
	"done\n";

static void add_script(struct buffer *script, const struct deliver *deliver)
{
	buffer_printf(script, "N=%s; L=%zu; A=' ", deliver->leave_nothing ? "1" : "",
		sizeof(deliver_rest) - 1);
	for (const struct agent *agent = agents; agent->architecture; agent++)
		buffer_printf(script, "%s:%s:%zu ", agent->architecture, agent->digest, agent_size(agent));
	buffer_add_string(script, "'\n");
	buffer_add_string(script, choose);
	buffer_add_string(script, deliver->root || deliver->become ? find_as_root : find_as_user);
	buffer_add_string(script, start);
}

static void add_become(struct buffer *command, const struct become *way)
{
	struct buffer words = {0};
	bool asking = way->password && way->way->script_asking;

	buffer_add_string(&words, become);
	if (asking)
		buffer_add_string(&words, become_asking);
	buffer_add_string(&words, become_words);
	buffer_add_string(&words, asking ? way->way->script_asking : way->way->script);
	quote_shell(command, words.data);
	buffer_add_string(command, " sh ");
	buffer_free(&words);
}

char *deliver_command(struct arena *arena, const struct deliver *deliver)
{
	struct buffer script = {0}, command = {0};
	const struct become *way = deliver->root ? NULL : deliver->become;
	char *result;

	buffer_add_string(&command, "exec sh -c ");
	if (way) {
		add_become(&command, way);
		buffer_add_string(&script, became);
	}
	add_script(&script, deliver);
	quote_shell(&command, script.data);
	if (way) {
		buffer_add_char(&command, ' ');
		quote_shell(&command, way->prompt);
	}
	result = arena_string(arena, command.data);
	buffer_free(&script);
	buffer_free(&command);
	return result;
}

const char *deliver_more(void)
{
	return deliver_rest;
}
