/* greet: the first that a controller hears: which machine this is, and what its ledger has. */
#include "agent/runner.h"

#include "agent/lock.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *runner_machine_id(struct arena *arena)
{
	static const char *const files[] = {
		"/etc/machine-id", "/var/lib/dbus/machine-id", "/etc/ssh/ssh_host_ed25519_key.pub",
		"/etc/ssh/ssh_host_rsa_key.pub",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct error ignored = {0};
		char hex[DIGEST_HEX_SIZE];
		char *bytes;
		size_t size;

		if (files_read(NULL, arena, files[i], 4096, &bytes, &size, &ignored) < 0 || size < 32)
			continue;
		if (i < 2)
			return arena_bytes(arena, bytes, strcspn(bytes, "\n"));
		digest_bytes(bytes, size, hex);
		return arena_printf(arena, "ssh-%s", hex);
	}
	return "";
}

/* The running machine: also clones of one disk differ in this. */
const char *runner_running_machine(struct arena *arena)
{
	struct error ignored = {0};
	struct stat network = {0};
	char *boot = "";
	size_t size = 0;

	files_read(NULL, arena, "/proc/sys/kernel/random/boot_id", 128, &boot, &size, &ignored);
	stat("/proc/self/ns/net", &network);
	return arena_printf(arena, "%s %.*s %ju", runner_machine_id(arena),
		(int)strcspn(boot, "\n"), boot, (uintmax_t)network.st_ino);
}

static void say_hello(struct runner *runner)
{
	const struct ledger *ledger = &runner->ledger;
	struct arena *arena = arena_new();
	struct hello hello = { .version = WIRE_VERSION, .foreign = ledger->foreign };
	struct failed_task *failed;

	ledger_hold(ledger);
	failed = ledger_failed(ledger, arena, NULL, &hello.failed_count);
	/* What it said is long, and asked for only by who looks. */
	for (size_t i = 0; i < hello.failed_count; i++)
		failed[i].message = NULL;
	hello.failed = failed;
	hello.due = ledger_due(ledger, arena, NULL, &hello.due_count);
	hello.seals = ledger_seals(ledger, arena);
	ledger_let_go(ledger);
	hello.machine = runner_running_machine(arena);
	hello.lock = lock_holder(arena, ledger->locks);
	hello.ran = steps_report(arena, runner->steps, &hello.ran_count);
	if (ledger->problem.kind != ERROR_NONE) {
		hello.problem = ledger->problem.message;
		hello.remedy = ledger->problem.remedy[0] ? ledger->problem.remedy : NULL;
		hello.code = ledger->problem.code->name;
	}
	runner->over = steps_over(runner->arena, runner->steps);
	link_send(&runner->link, FRAME_HELLO, &hello, NULL);
	link_flush(&runner->link);
	arena_free(arena);
}

static void say_magic(int out)
{
	static const char magic[] = WIRE_MAGIC;
	size_t done = 0;

	while (done < WIRE_MAGIC_SIZE) {
		ssize_t size = write(out, &magic[done], WIRE_MAGIC_SIZE - done);

		if (size <= 0)
			return;
		done += (size_t)size;
	}
}

void runner_greet(struct runner *runner, int out)
{
	say_magic(out);
	say_hello(runner);
}
