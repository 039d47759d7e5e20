/* ssh_keys_bench: machines with keys, for the tests of ssh-keys. */
#ifndef TESTS_SSH_KEYS_BENCH_H
#define TESTS_SSH_KEYS_BENCH_H

#include "module_bench.h"
#include "modules/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "module_prepare.h"
#include "module/plan.h"
#include "modules/ssh_keys/ssh_keys.h"

extern const struct module module_ssh_keys, module_ssh_keys_pair, module_ssh_keys_trust;

static struct bench *bench;
static struct prepare *prepare;

#define DIRECTORY "/home/mpi/.ssh"
#define PAIR DIRECTORY "/id_ed25519"
#define KEYS DIRECTORY "/authorized_keys"
#define KNOWN DIRECTORY "/known_hosts"
#define TASK "{user: mpi, trust: all}"

#define KEY(letters) \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOoooooooooooooooooooooooooooooooooo" letters
#define HEAD KEY("head")
#define NODE1 KEY("nod1")
#define NODE2 KEY("nod2")
#define OTHER KEY("othr")
#define ANOTHER KEY("anot")
#define HOST_OF(name) KEY("host" name)

#define KEYS_BLOCK "# BEGIN beoplay ssh-keys\n" HEAD " mpi@head\n" NODE1 " mpi@node1\n" NODE2 \
	" mpi@node2\n# END beoplay ssh-keys\n"
#define KNOWN_BLOCK "# BEGIN beoplay ssh-keys\nhead,10.0.0.100 " HOST_OF("head") "\nnode1 " \
	HOST_OF("nod1") "\nnode2 " HOST_OF("nod2") "\n# END beoplay ssh-keys\n"
#define LITERALS(lines) "# BEGIN beoplay ssh-keys authorized\n" lines \
	"# END beoplay ssh-keys authorized\n"

static inline void add_host(const char *name, const char *key, const char *host_key)
{
	struct value *facts = value_map(bench->arena), *keys = value_list(bench->arena);

	value_append(bench->arena, prepare->hosts, value_string(bench->arena, name));
	if (key) {
		value_set_string(bench->arena, facts, "public_key", key);
		prepare_publish(prepare, name, "ssh-keys-pair", facts);
	}
	if (host_key) {
		value_append(bench->arena, keys, value_string(bench->arena, host_key));
		value_set(bench->arena, prepare->host_keys, name, keys);
	}
}

static inline const char *after(const struct command *command, const char *option)
{
	for (size_t i = 1; command->argv[i]; i++) {
		if (strcmp(command->argv[i], option) == 0)
			return command->argv[i + 1];
	}
	return NULL;
}

static inline void make_pair(struct bench *of, const struct command *command)
{
	const char *path = after(command, "-f");

	assert_null(bench_find(of, path));
	bench_file(of, path, 0600, "the new private key\n");
	bench_file(of, arena_printf(of->arena, "%s.pub", path), 0644, arena_printf(of->arena,
		"%s %s\n", NODE1, after(command, "-C")));
}

static inline int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/home", 0755);
	bench_user(bench, "mpi", 1001, "/home/mpi");
	bench->uid = 1001;
	bench_directory(bench, "/home/mpi", 0755);
	bench_command(bench, "ssh-keygen -q", 0, "")->effect = make_pair;
	prepare = prepare_new(bench->arena);
	prepare->host = "node1";
	prepare->user = "pi";
	add_host("head", HEAD, HOST_OF("head"));
	add_host("node1", NODE1, HOST_OF("nod1"));
	add_host("node2", NODE2, HOST_OF("nod2"));
	value_set_string(bench->arena, prepare->addresses, "head", "10.0.0.100");
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static inline void *load(const struct module *module, const char *yaml)
{
	struct value *params = bench_normalise(bench, module, yaml);

	if (!params || module->prepare(prepare, params, &bench->err) < 0)
		return NULL;
	return bench_load_prepared(bench, module, params);
}

static inline int pair(const char *yaml)
{
	return bench_apply(bench, &module_ssh_keys_pair, load(&module_ssh_keys_pair, yaml));
}

static inline int trust(const char *yaml)
{
	return bench_apply(bench, &module_ssh_keys_trust, load(&module_ssh_keys_trust, yaml));
}

static inline void have_file(const char *path, unsigned mode, const char *text)
{
	if (!bench_find(bench, DIRECTORY))
		bench_directory(bench, DIRECTORY, 0700);
	bench_file(bench, path, mode, text);
}

/* The trust is applied, authorized_keys holds this, and undone all is as before. */
static inline void trust_and_back(const char *yaml, const char *keys)
{
	const char *before = bench_snapshot(bench);

	if (trust(yaml) < 0)
		fail_msg("%s: %s", yaml, bench->err.message);
	assert_string_equal(bench_text(bench, KEYS), keys);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
}

/* One resource of the last task is undone, as when nothing declares it any more. */
static inline void undo_only(const char *resource)
{
	const struct inverses *inverses = bench->inverses;

	for (size_t i = 0; i < inverses->count; i++) {
		if (strcmp(inverses->entries[i].resource, resource) == 0) {
			assert_int_equal(bench_apply(bench, &module_ssh_keys_trust, bench_load_value(bench,
				&module_ssh_keys_trust, inverses->entries[i].params)), 0);
			return;
		}
	}
	fail_msg("there is no way back of %s", resource);
}

static inline void hosts_are(const char *one, const char *other)
{
	prepare->hosts = value_list(bench->arena);
	value_append(bench->arena, prepare->hosts, value_string(bench->arena, one));
	if (other)
		value_append(bench->arena, prepare->hosts, value_string(bench->arena, other));
}

#endif
