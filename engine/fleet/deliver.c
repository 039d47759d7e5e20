/* deliver: getting the agent onto a machine and started, with nothing there but a shell. */
#include "fleet/deliver.h"

#include "base/buffer.h"
#include "base/quote.h"

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
	"places=/var/lib/beoplay\n";

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
	"places=\"$HOME/.cache/beoplay /dev/shm/beoplay-$(id -u)\"\n";

/* If the agent isn't there, the rest of the script is asked for, and read from stdin byte by
 * byte. */
static const char start[] =
	"if good; then exec \"$f\"; fi\n"
	"printf '\\nbeoplay-need\\n'\n"
	"eval \"$(head -c $L)\"\n";

/* perl is essential in Debian; memfd_create is call 319 on x86_64 (syscalls(2)). */
static const char deliver_rest[] =
	"fail() { printf '\\nbeoplay-fail: %s\\n' \"$1\"; exit 1; }\n"
	"memory='\n"
	"	my $n = \"agent\"; my $m = syscall(319, $n, 0); exit 125 if $m < 0;\n"
	"	open(my $to, \">&=\", $m) or exit 125; open(my $from, \"<\", $ARGV[0]) or exit 125;\n"
	"	binmode $to; binmode $from; my $b;\n"
	"	while (sysread($from, $b, 65536)) { syswrite($to, $b) == length $b or exit 125 }\n"
	"	unlink $ARGV[0]; rmdir $ARGV[1] if $ARGV[1];\n"
	"	exec { \"/proc/self/fd/$m\" } \"beoplay-agent\"; exit 125'\n"
	"[ \"$(uname -m)\" = x86_64 ] || fail \"this beoplay has no agent for $(uname -m) machines\"\n"
	"umask 077; t=; gone=\n"
	"if [ ! \"$N\" ]; then\n"
	"	for d in $places; do\n"
	"		mkdir -p \"$d\" 2>/dev/null && [ ! -L \"$d\" ] && [ -O \"$d\" ] &&\n"
	"			chmod 700 \"$d\" 2>/dev/null &&\n"
	"			t=$(mktemp \"$d/.new.XXXXXXXX\" 2>/dev/null) && break\n"
	"		t=\n"
	"	done\n"
	"fi\n"
	"if [ ! \"$t\" ]; then\n"
	"	N=1\n"
	"	for p in /dev/shm /run; do\n"
	"		gone=$(mktemp -d $p/beoplay.XXXXXXXX 2>/dev/null) && t=$gone/agent && break\n"
	"	done\n"
	"fi\n"
	"[ \"$t\" ] || fail 'there is no place where the agent can be put'\n"
	"trap 'rm -f \"$t\"; [ \"$gone\" ] && rmdir \"$gone\"' EXIT\n"
	"head -c $S >\"$t\" || fail \"cannot write '$t': is the disk full?\"\n"
	"set -- $(sha256sum \"$t\")\n"
	"[ \"$1\" = $H ] || fail \"the agent came damaged to '$t': is the disk full?\"\n"
	"chmod 700 \"$t\"\n"
	"if [ ! \"$N\" ] && \"$t\" --version >/dev/null 2>&1; then\n"
	"	for o in \"$d\"/agent-*; do rm -f \"$o\"; done\n"
	"	mv -f \"$t\" \"$d/agent-$H\" || fail \"cannot keep the agent in '$d'\"\n"
	"	trap - EXIT\n"
	"	exec \"$d/agent-$H\"\n"
	"fi\n"
	"trap - EXIT\n"
	"exec perl -e \"$memory\" \"$t\" \"$gone\"\n";

/* sudo notes in the home of a member of sudo or admin that it let him in, and has no option not to:
 * where it hasn't yet, the note goes at once. */
static const char become[] =
	"n=${HOME-}/.sudo_as_admin_successful; [ -e \"$n\" ] && n=\n"
	"exec sudo -n -- sh -c \"$1\" sh \"$n\"";
static const char unnote[] = "[ ! \"$1\" ] || rm -f -- \"$1\"\n";

static void add_script(struct buffer *script, const struct deliver *deliver)
{
	buffer_printf(script, "H=%s; S=%zu; N=%s; L=%zu\n", deliver->agent->digest,
		deliver->agent->size, deliver->leave_nothing ? "1" : "", sizeof(deliver_rest) - 1);
	buffer_add_string(script, deliver->root || deliver->become ? find_as_root : find_as_user);
	buffer_add_string(script, start);
}

char *deliver_command(struct arena *arena, const struct deliver *deliver)
{
	struct buffer script = {0}, command = {0};
	bool sudo = deliver->become && !deliver->root;
	char *result;

	buffer_add_string(&command, "exec sh -c ");
	if (sudo) {
		quote_shell(&command, become);
		buffer_add_string(&command, " sh ");
		buffer_add_string(&script, unnote);
	}
	add_script(&script, deliver);
	quote_shell(&command, script.data);
	result = arena_string(arena, command.data);
	buffer_free(&script);
	buffer_free(&command);
	return result;
}

const char *deliver_more(void)
{
	return deliver_rest;
}
