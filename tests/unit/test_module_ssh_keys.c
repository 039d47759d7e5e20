/* ssh-keys: a pair on each host, keys and host keys of the others, and the way back to the byte. */
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

static void add_host(const char *name, const char *key, const char *host_key)
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

static const char *after(const struct command *command, const char *option)
{
	for (size_t i = 1; command->argv[i]; i++) {
		if (strcmp(command->argv[i], option) == 0)
			return command->argv[i + 1];
	}
	return NULL;
}

static void make_pair(struct bench *of, const struct command *command)
{
	const char *path = after(command, "-f");

	assert_null(bench_find(of, path));
	bench_file(of, path, 0600, "the new private key\n");
	bench_file(of, arena_printf(of->arena, "%s.pub", path), 0644, arena_printf(of->arena,
		"%s %s\n", NODE1, after(command, "-C")));
}

static int set_up(void **state)
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

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static void *load(const struct module *module, const char *yaml)
{
	struct value *params = bench_normalise(bench, module, yaml);

	if (!params || module->prepare(prepare, params, &bench->err) < 0)
		return NULL;
	return bench_load_prepared(bench, module, params);
}

static int pair(const char *yaml)
{
	return bench_apply(bench, &module_ssh_keys_pair, load(&module_ssh_keys_pair, yaml));
}

static int trust(const char *yaml)
{
	return bench_apply(bench, &module_ssh_keys_trust, load(&module_ssh_keys_trust, yaml));
}

static void have_file(const char *path, unsigned mode, const char *text)
{
	if (!bench_find(bench, DIRECTORY))
		bench_directory(bench, DIRECTORY, 0700);
	bench_file(bench, path, mode, text);
}

/* The trust is applied, authorized_keys holds this, and undone all is as before. */
static void trust_and_back(const char *yaml, const char *keys)
{
	const char *before = bench_snapshot(bench);

	if (trust(yaml) < 0)
		fail_msg("%s: %s", yaml, bench->err.message);
	assert_string_equal(bench_text(bench, KEYS), keys);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
}

/* One resource of the last task is undone, as when nothing declares it any more. */
static void undo_only(const char *resource)
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

static void hosts_are(const char *one, const char *other)
{
	prepare->hosts = value_list(bench->arena);
	value_append(bench->arena, prepare->hosts, value_string(bench->arena, one));
	if (other)
		value_append(bench->arena, prepare->hosts, value_string(bench->arena, other));
}

/* --- The pair */

static void a_pair_is_made_and_told(void **state)
{
	struct value *facts;
	const char *key = NULL;
	void *params;

	(void)state;
	assert_int_equal(pair(TASK), 0);
	assert_string_equal(bench->log.data, "directory " DIRECTORY " 0700\n"
		"run ssh-keygen -q -t ed25519 -N  -C mpi@node1 -f " PAIR "\n");
	assert_string_equal(value_get_string(bench->results, "public_key"), NODE1);
	assert_string_equal(value_get_string(bench->results, "fingerprint"),
		"SHA256:YdJ8vidWIjxP7vyWHc3NablYSPH6l2WvEFLUJvRAeq8");
	params = load(&module_ssh_keys_pair, TASK);
	facts = module_ssh_keys_pair.publish(bench->arena, params, bench->state, &key);
	assert_string_equal(value_get_string(facts, "public_key"), NODE1);
	assert_int_equal(facts->count, 1);
	assert_string_equal(key, "mpi");
}

static void an_rsa_pair_has_its_bits_path_and_comment(void **state)
{
	(void)state;
	assert_int_equal(pair("{user: mpi, trust: all, type: rsa, bits: 4096, comment: c, "
		"path: /home/mpi/key}"), 0);
	assert_string_equal(bench->log.data,
		"run ssh-keygen -q -t rsa -N  -C c -f /home/mpi/key -b 4096\n");
}

static void a_pair_that_was_not_there_goes_again_with_its_directory(void **state)
{
	const char *before = bench_snapshot(bench);

	(void)state;
	assert_int_equal(pair(TASK), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data,
		"remove " PAIR "\nremove " PAIR ".pub\nremove " DIRECTORY "\n");
	assert_string_equal(bench_snapshot(bench), before);
	assert_int_equal(pair(TASK), 0);
	bench_file(bench, DIRECTORY "/config", 0600, "mine\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, DIRECTORY "/config"), "mine\n");
	assert_null(bench_find(bench, PAIR));
}

static void a_pair_that_is_there_is_kept(void **state)
{
	(void)state;
	have_file(PAIR, 0400, "old private\n");
	have_file(PAIR ".pub", 0664, OTHER " me\r\n");
	assert_int_equal(pair(TASK), 0);
	assert_string_equal(bench->log.data, "");
	assert_string_equal(value_get_string(bench->results, "public_key"), OTHER);
	assert_int_equal(pair("{user: mpi, trust: all, regenerate: mismatch}"), 0);
	assert_string_equal(bench->log.data, "");
}

static void looking_at_a_pair_changes_nothing(void **state)
{
	struct plan *plan = bench_look(bench, &module_ssh_keys_pair,
		load(&module_ssh_keys_pair, TASK));

	(void)state;
	assert_int_equal(plan->change_count, 2);
	assert_string_equal(bench_change(bench, plan, 0), DIRECTORY " state: absent -> directory");
	assert_string_equal(bench_change(bench, plan, 1), PAIR " state: absent -> key pair");
	assert_string_equal(bench->log.data, "");
	assert_null(bench_find(bench, DIRECTORY));
}

static void no_pair_is_made_where_trust_does_not_name_the_host_or_goes(void **state)
{
	(void)state;
	prepare->host = "laptop";
	assert_int_equal(pair(TASK), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(pair("{user: nobody, trust: all}"), 0);
	prepare->host = "node1";
	assert_int_equal(pair("{user: mpi, trust: all, state: absent}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(pair("{user: mpi, authorized: '" OTHER "'}"), 0);
	assert_string_equal(bench->log.data, "");
}

static void modes_are_put_right_and_come_back(void **state)
{
	const char *before;

	(void)state;
	have_file(PAIR, 0640, "old private\n");
	have_file(PAIR ".pub", 0644, OTHER "\n");
	bench_find(bench, DIRECTORY)->info.mode = 0755;
	before = bench_snapshot(bench);
	assert_int_equal(pair(TASK), 0);
	assert_string_equal(bench->log.data, "mode " DIRECTORY " 0700\nmode " PAIR " 0600\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
}

static void a_missing_public_half_is_read_from_the_private_one_and_goes_again(void **state)
{
	const char *before;

	(void)state;
	have_file(PAIR, 0600, "old private\n");
	bench_command(bench, "ssh-keygen -y -P  -f " PAIR, 0, OTHER " me\n");
	before = bench_snapshot(bench);
	assert_int_equal(pair(TASK), 0);
	assert_string_equal(bench->log.data, "write " PAIR ".pub 0644\n");
	assert_string_equal(bench_text(bench, PAIR ".pub"), OTHER " me\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "remove " PAIR ".pub\n");
	assert_string_equal(bench_snapshot(bench), before);
}

static void a_key_with_a_passphrase_is_refused_with_what_to_do(void **state)
{
	(void)state;
	have_file(PAIR, 0600, "old private\n");
	bench_command(bench, "ssh-keygen -y -P  -f " PAIR, 255, "");
	assert_int_equal(pair(TASK), -1);
	assert_ptr_equal(bench->err.code, SSH_KEYS_UNREADABLE_KEY);
	assert_non_null(strstr(bench->err.remedy, "regenerate: mismatch"));
	bench_command(bench, "ssh-keygen -y -P  -f " PAIR, 0, "what is no key\n");
	assert_int_equal(pair(TASK), -1);
}

static const char *rsa_key(size_t bits, bool zero)
{
	static const unsigned char head[] = { 0, 0, 0, 7, 's', 's', 'h', '-', 'r', 's', 'a', 0, 0, 0, 3,
		1, 0, 1 };
	size_t size = bits / 8 + zero, whole = sizeof(head) + 4 + size;
	unsigned char *blob = arena_alloc(bench->arena, whole);
	char *text = arena_alloc(bench->arena, whole * 2);

	memset(blob, 0xff, whole);
	memcpy(blob, head, sizeof(head));
	blob[sizeof(head)] = blob[sizeof(head) + 1] = 0;
	blob[sizeof(head) + 2] = (unsigned char)(size >> 8);
	blob[sizeof(head) + 3] = (unsigned char)size;
	if (zero)
		blob[sizeof(head) + 4] = 0;
	sodium_bin2base64(text, whole * 2, blob, whole, sodium_base64_VARIANT_ORIGINAL);
	return arena_printf(bench->arena, "ssh-rsa %s old\n", text);
}

static void a_pair_that_does_not_match_is_put_aside_and_comes_back(void **state)
{
	const char *before;

	(void)state;
	have_file(PAIR, 0440, "old private\n");
	have_file(PAIR ".pub", 0600, rsa_key(2048, true));
	bench_find(bench, DIRECTORY)->info.mode = 0750;
	before = bench_snapshot(bench);
	assert_int_equal(pair("{user: mpi, trust: all, regenerate: mismatch}"), 0);
	assert_string_equal(bench_change(bench, bench->planned, 1),
		PAIR " key pair: ssh-rsa -> " PAIR ".old");
	assert_string_equal(bench->log.data, "mode " DIRECTORY " 0700\nrename " PAIR " " PAIR
		".old\nrename " PAIR ".pub " PAIR ".old.pub\nrun ssh-keygen -q -t ed25519 -N  -C mpi@node1 -f " PAIR "\n");
	assert_string_equal(bench_text(bench, PAIR ".old"), "old private\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "remove " PAIR "\nremove " PAIR ".pub\nmode " DIRECTORY
		" 0750\nrename " PAIR ".old " PAIR "\nrename " PAIR ".old.pub " PAIR ".pub\n");
	assert_string_equal(bench_snapshot(bench), before);
}

static void undoing_a_pair_twice_leaves_the_one_that_came_back(void **state)
{
	struct inverses *inverses;
	const char *before;

	(void)state;
	have_file(PAIR, 0600, "old private\n");
	have_file(PAIR ".pub", 0644, rsa_key(2048, true));
	before = bench_snapshot(bench);
	assert_int_equal(pair("{user: mpi, trust: all, regenerate: mismatch}"), 0);
	inverses = bench->inverses;
	assert_int_equal(bench_undo(bench), 0);
	bench->inverses = inverses;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "");
	assert_string_equal(bench_snapshot(bench), before);
}

static void bits_that_differ_are_a_mismatch(void **state)
{
	static const char task[] = "{user: mpi, trust: all, regenerate: mismatch, type: rsa}";

	(void)state;
	have_file(DIRECTORY "/id_rsa", 0600, "old private\n");
	have_file(DIRECTORY "/id_rsa.pub", 0644, rsa_key(3072, true));
	assert_int_equal(bench_look(bench, &module_ssh_keys_pair, load(&module_ssh_keys_pair,
		task))->change_count, 0);
	have_file(DIRECTORY "/id_rsa.pub", 0644, rsa_key(3072, false));
	assert_int_equal(bench_look(bench, &module_ssh_keys_pair, load(&module_ssh_keys_pair,
		task))->change_count, 0);
	have_file(DIRECTORY "/id_rsa.pub", 0644, rsa_key(2048, true));
	assert_string_equal(bench_change(bench, bench_look(bench, &module_ssh_keys_pair,
		load(&module_ssh_keys_pair, task)), 0), DIRECTORY "/id_rsa key pair: 2048 bits -> "
		DIRECTORY "/id_rsa.old");
	have_file(DIRECTORY "/id_rsa.pub", 0644, "ssh-rsa AAAAB3NzaC1yc2EAAAAAAAAAAAAAAAAAAAAAAAAA\n");
	assert_int_equal(bench_look(bench, &module_ssh_keys_pair, load(&module_ssh_keys_pair,
		task))->change_count, 2);
}

static void an_older_pair_aside_is_never_overwritten(void **state)
{
	static const char *const aside[] = { PAIR ".old", PAIR ".old.pub" };

	(void)state;
	have_file(PAIR, 0600, "old private\n");
	have_file(PAIR ".pub", 0644, rsa_key(2048, true));
	for (size_t i = 0; i < 2; i++) {
		bench_file(bench, aside[i], 0600, "older\n");
		assert_int_equal(pair("{user: mpi, trust: all, regenerate: mismatch}"), -1);
		assert_ptr_equal(bench->err.code, HOST_FILE_EXISTS);
		assert_string_equal(bench->err.remedy, "move it away");
		assert_string_equal(bench->log.data, "");
		bench_remove(bench, aside[i]);
	}
}

static void links_and_files_of_others_are_refused_for_a_pair(void **state)
{
	(void)state;
	bench_link(bench, DIRECTORY, "/etc");
	assert_int_equal(pair(TASK), -1);
	assert_string_equal(bench->err.message, "'" DIRECTORY "' is not a directory");
	assert_string_equal(bench->log.data, "");
	bench_remove(bench, DIRECTORY);
	bench_directory(bench, DIRECTORY, 0700);
	bench_link(bench, PAIR, "/etc/shadow");
	assert_int_equal(pair(TASK), -1);
	assert_string_equal(bench->err.message, "'" PAIR "' is not a regular file");
	bench_remove(bench, PAIR);
	bench_link(bench, PAIR ".pub", "/etc/motd");
	assert_int_equal(pair(TASK), -1);
	bench_remove(bench, PAIR ".pub");
	bench_command(bench, "ssh-keygen -y", 255, "");
	have_file(PAIR, 0600, "root's\n");
	bench_find(bench, PAIR)->info.uid = 0;
	assert_int_equal(pair(TASK), -1);
	assert_string_equal(bench->err.message, "'" PAIR "' does not belong to mpi");
	assert_string_equal(bench->err.remedy, "chown mpi: " PAIR);
	bench_remove(bench, PAIR);
	bench_find(bench, DIRECTORY)->info.uid = 0;
	assert_int_equal(pair(TASK), -1);
	assert_string_equal(bench->log.data, "");
}

/* --- The trust */

static void keys_and_known_hosts_of_all_hosts_are_written(void **state)
{
	(void)state;
	assert_int_equal(trust(TASK), 0);
	assert_string_equal(bench->log.data, "directory " DIRECTORY " 0700\nwrite " KEYS
		" 0600\nwrite " KNOWN " 0600\n");
	assert_string_equal(bench_text(bench, KEYS), KEYS_BLOCK);
	assert_string_equal(bench_text(bench, KNOWN), KNOWN_BLOCK);
	assert_string_equal(prepare->key, "mpi");
	assert_int_equal(value_get(bench->results, "added")->count, 3);
	assert_string_equal(value_get(bench->results, "added")->items[0]->text, "mpi@head");
	assert_int_equal(value_get(bench->results, "removed")->count, 0);
	assert_int_equal(trust(TASK), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(value_get(bench->results, "added")->count, 0);
}

static void looking_at_trust_changes_nothing(void **state)
{
	struct plan *plan;

	(void)state;
	have_file(KEYS, 0644, OTHER " me\n");
	plan = bench_look(bench, &module_ssh_keys_trust, load(&module_ssh_keys_trust, TASK));
	assert_int_equal(plan->change_count, 3);
	assert_string_equal(plan->changes[0]->after, OTHER " me\n" KEYS_BLOCK);
	assert_int_equal(plan->changes[0]->flags, CHANGE_SENSITIVE);
	assert_string_equal(bench_change(bench, plan, 1), KEYS " mode: 0644 -> 0600");
	assert_string_equal(bench->log.data, "");
	assert_string_equal(bench_text(bench, KEYS), OTHER " me\n");
}

static void what_was_not_there_goes_again(void **state)
{
	(void)state;
	trust_and_back(TASK, KEYS_BLOCK);
	assert_null(bench_find(bench, DIRECTORY));
	bench_directory(bench, DIRECTORY, 0755);
	trust_and_back(TASK, KEYS_BLOCK);
	assert_int_equal(trust(TASK), 0);
	bench_file(bench, DIRECTORY "/config", 0600, "mine\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_non_null(bench_find(bench, DIRECTORY "/config"));
}

static void keys_and_known_hosts_of_others_survive_to_the_byte(void **state)
{
	static const char others[] = "# r\xe9mark\r\n\n" OTHER " me\n\t \n"
		"command=\"echo 'a b'\",no-pty " ANOTHER " mpi@node1\r\n" OTHER " me\n";

	(void)state;
	have_file(KEYS, 0640, others);
	have_file(KNOWN, 0604, "|1|hash= ssh-rsa AAAA\nnode1 ssh-rsa AAAA\n");
	trust_and_back(TASK, arena_printf(bench->arena, "%s%s", others, KEYS_BLOCK));
	assert_string_equal(bench_text(bench, KEYS), others);
}

static void a_last_line_without_an_end_is_without_one_again(void **state)
{
	(void)state;
	have_file(KEYS, 0600, "# r\xe9mark\n" OTHER " me");
	have_file(KNOWN, 0600, "node9 " OTHER);
	trust_and_back(TASK, "# r\xe9mark\n" OTHER " me\n" KEYS_BLOCK);
	assert_int_equal(trust(TASK), 0);
	have_file(KEYS, 0600, OTHER " me\n" KEYS_BLOCK ANOTHER " came since\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, KEYS), OTHER " me\n" ANOTHER " came since\n");
}

static void what_others_may_read_is_closed_and_open_again(void **state)
{
	const char *before;

	(void)state;
	have_file(KEYS, 0640, KEYS_BLOCK);
	have_file(KNOWN, 0644, KNOWN_BLOCK);
	bench_find(bench, DIRECTORY)->info.mode = 0710;
	before = bench_snapshot(bench);
	assert_int_equal(trust(TASK), 0);
	assert_string_equal(bench->log.data,
		"mode " DIRECTORY " 0700\nmode " KEYS " 0600\nmode " KNOWN " 0600\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
	have_file(KEYS, 0400, KEYS_BLOCK);
	have_file(KNOWN, 0600, KNOWN_BLOCK);
	bench_find(bench, DIRECTORY)->info.mode = 0500;
	assert_int_equal(trust(TASK), 0);
	assert_string_equal(bench->log.data, "");
}

static void what_others_wrote_since_is_there_after_an_undo(void **state)
{
	(void)state;
	have_file(KEYS, 0600, OTHER " me\n");
	assert_int_equal(trust(TASK), 0);
	have_file(KEYS, 0600, "# mine\n" OTHER " me\n" KEYS_BLOCK ANOTHER " came since\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, KEYS), "# mine\n" OTHER " me\n" ANOTHER
		" came since\n");
	assert_null(bench_find(bench, KNOWN));
}

static void a_host_that_leaves_loses_its_key_and_gets_it_back(void **state)
{
	(void)state;
	have_file(KEYS, 0600, OTHER " me\n" KEYS_BLOCK ANOTHER " behind\n");
	have_file(KNOWN, 0600, KNOWN_BLOCK "node9 " OTHER "\n");
	hosts_are("node1", "node2");
	assert_int_equal(trust(TASK), 0);
	assert_string_equal(bench_text(bench, KNOWN), "# BEGIN beoplay ssh-keys\nnode1 "
		HOST_OF("nod1") "\nnode2 " HOST_OF("nod2") "\n# END beoplay ssh-keys\nnode9 " OTHER "\n");
	assert_int_equal(value_get(bench->results, "removed")->count, 1);
	assert_string_equal(value_get(bench->results, "removed")->items[0]->text, "mpi@head");
	assert_int_equal(bench_undo(bench), 0);
	trust_and_back(TASK, OTHER " me\n# BEGIN beoplay ssh-keys\n" NODE1 " mpi@node1\n" NODE2
		" mpi@node2\n# END beoplay ssh-keys\n" ANOTHER " behind\n");
	assert_string_equal(bench_text(bench, KNOWN), KNOWN_BLOCK "node9 " OTHER "\n");
}

static void undoing_one_host_leaves_the_others(void **state)
{
	(void)state;
	assert_int_equal(trust(TASK), 0);
	undo_only("authorized-key:mpi:node1");
	assert_string_equal(bench_text(bench, KEYS), "# BEGIN beoplay ssh-keys\n" HEAD " mpi@head\n"
		NODE2 " mpi@node2\n# END beoplay ssh-keys\n");
	assert_string_equal(bench_text(bench, KNOWN), "# BEGIN beoplay ssh-keys\nhead,10.0.0.100 "
		HOST_OF("head") "\nnode2 " HOST_OF("nod2") "\n# END beoplay ssh-keys\n");
}

static void all_that_undo_names_is_a_resource(void **state)
{
	static const char task[] = "{user: mpi, trust: all, exclusive: yes, authorized: '" OTHER "'}";
	struct names *names = names_new(bench->arena);
	void *params = load(&module_ssh_keys_trust, task);

	(void)state;
	module_ssh_keys_trust.resources(names, params);
	assert_int_equal(trust(task), 0);
	assert_int_equal(names->count, 5);
	assert_int_equal(names->count, bench->inverses->count);
	for (size_t i = 0; i < names->count; i++)
		assert_string_equal(names->items[i], bench->inverses->entries[i].resource);
}

static void a_key_that_is_another_now_takes_the_place_of_the_old_one(void **state)
{
	(void)state;
	have_file(KEYS, 0600, KEYS_BLOCK);
	have_file(KNOWN, 0600, KNOWN_BLOCK);
	hosts_are("head", "node1");
	add_host("node2", ANOTHER, HOST_OF("new2"));
	trust_and_back(TASK, "# BEGIN beoplay ssh-keys\n" HEAD " mpi@head\n" NODE1 " mpi@node1\n"
		ANOTHER " mpi@node2\n# END beoplay ssh-keys\n");
}

static void a_host_of_which_nothing_is_heard_keeps_what_it_has(void **state)
{
	(void)state;
	have_file(KEYS, 0600, KEYS_BLOCK);
	have_file(KNOWN, 0600, KNOWN_BLOCK);
	value_remove(prepare->published, "node2/ssh-keys-pair");
	value_remove(prepare->host_keys, "node2");
	assert_null(load(&module_ssh_keys_trust, TASK));
	prepare->lost = "node2";
	assert_int_equal(trust(TASK), 0);
	assert_string_equal(bench->log.data, "");
}

static void a_key_that_cannot_be_known_is_said_to_be_missing(void **state)
{
	struct plan *plan;
	void *params;

	(void)state;
	have_file(KEYS, 0600, "# BEGIN beoplay ssh-keys\n" NODE1 " mpi@node1\n# END beoplay ssh-keys\n");
	hosts_are("node1", NULL);
	add_host("node3", ANOTHER, HOST_OF("new3"));
	value_remove(prepare->published, "node3/ssh-keys-pair");
	value_remove(prepare->host_keys, "node3");
	prepare->lost = "node3";
	params = load(&module_ssh_keys_trust, "{user: mpi, trust: all, known_hosts: no}");
	assert_non_null(params);
	plan = bench_look(bench, &module_ssh_keys_trust, params);
	assert_non_null(plan);
	assert_int_equal(plan->change_count, 0);
	assert_string_equal(plan->missing, "not known yet: the keys of node3");
	have_file(KEYS, 0600, "# BEGIN beoplay ssh-keys\n" NODE1 " mpi@node1\n" ANOTHER " mpi@node3\n"
		"# END beoplay ssh-keys\n");
	plan = bench_look(bench, &module_ssh_keys_trust, params);
	assert_int_equal(plan->change_count, 0);
	assert_null(plan->missing);
}

static void one_name_is_not_another_that_begins_or_ends_alike(void **state)
{
	(void)state;
	have_file(KEYS, 0600, "# BEGIN beoplay ssh-keys\n" NODE1 " mpi@anode1\n" NODE2
		" xmpi@node1\n" NODE2 " mpi-node1\n# END beoplay ssh-keys\n");
	have_file(KNOWN, 0600, "# BEGIN beoplay ssh-keys\nnode11 " NODE1
		"\n# END beoplay ssh-keys\n");
	hosts_are("node1", NULL);
	prepare->lost = "node1";
	value_remove(prepare->published, "node1/ssh-keys-pair");
	value_remove(prepare->host_keys, "node1");
	assert_int_equal(trust(TASK), 0);
	assert_string_equal(bench_text(bench, KEYS), "");
	assert_string_equal(bench_text(bench, KNOWN), "");
}

static void absent_takes_the_trust_away_and_undo_puts_it_where_it_was(void **state)
{
	(void)state;
	have_file(KEYS, 0600, OTHER " me\n" KEYS_BLOCK "# between\n" LITERALS(OTHER " lit\n")
		ANOTHER " you");
	have_file(KNOWN, 0600, KNOWN_BLOCK);
	trust_and_back("{user: mpi, trust: all, state: absent}", OTHER " me\n# between\n"
		LITERALS(OTHER " lit\n") ANOTHER " you");
	trust_and_back("{user: mpi, authorized: '" OTHER " lit', state: absent}", KEYS_BLOCK
		"# between\n" ANOTHER " you");
	trust_and_back("{user: mpi, trust: all, exclusive: yes, state: absent}", OTHER
		" me\n# between\n" LITERALS(OTHER " lit\n") ANOTHER " you");
	assert_int_equal(trust("{user: mpi, trust: all, state: absent}"), 0);
	assert_string_equal(bench_text(bench, KNOWN), "");
	assert_int_equal(trust("{user: mpi, trust: all, state: absent}"), 0);
	assert_string_equal(bench->log.data, "");
}

static void known_hosts_can_be_left_out(void **state)
{
	(void)state;
	have_file(KNOWN, 0600, KNOWN_BLOCK);
	trust_and_back("{user: mpi, trust: all, known_hosts: no}", KEYS_BLOCK);
	assert_int_equal(trust("{user: mpi, trust: all, known_hosts: no}"), 0);
	assert_string_equal(bench_text(bench, KNOWN), "");
}

static void a_host_is_known_by_all_of_its_names(void **state)
{
	struct value *aliases = value_list(bench->arena);

	(void)state;
	hosts_are("head", NULL);
	value_append(bench->arena, aliases, value_string(bench->arena, "login"));
	value_append(bench->arena, aliases, value_string(bench->arena, "*"));
	value_set(bench->arena, prepare->variables, "head/aliases", aliases);
	value_set_string(bench->arena, prepare->variables, "head/ansible_host", "192.168.1.5");
	value_set_integer(bench->arena, prepare->variables, "head/ansible_port", 2222);
	assert_int_equal(trust(TASK), 0);
	assert_string_equal(bench_text(bench, KNOWN), "# BEGIN beoplay ssh-keys\n"
		"head,10.0.0.100,192.168.1.5,login,[head]:2222,[10.0.0.100]:2222 " HOST_OF("head")
		"\n# END beoplay ssh-keys\n");
}

static void options_stand_before_each_key(void **state)
{
	(void)state;
	hosts_are("head", NULL);
	have_file(KEYS, 0600, "# BEGIN beoplay ssh-keys\n" HEAD " mpi@head\n# END beoplay ssh-keys\n"
		LITERALS(OTHER "\n"));
	trust_and_back("{user: mpi, trust: all, options: 'no-pty,from=\"10.0.0.0/8\"', authorized: '"
		OTHER "'}", "# BEGIN beoplay ssh-keys\nno-pty,from=\"10.0.0.0/8\" " HEAD
		" mpi@head\n# END beoplay ssh-keys\n"
		LITERALS("no-pty,from=\"10.0.0.0/8\" " OTHER "\n"));
}

/* --- Keys that are written in the text */

static void keys_of_the_text_have_a_block_of_their_own(void **state)
{
	(void)state;
	have_file(KEYS, 0600, KEYS_BLOCK);
	trust_and_back("{user: mpi, authorized: [\"# all\\n" OTHER " a\\r\\n\\n" ANOTHER "\\n\"]}",
		KEYS_BLOCK LITERALS(OTHER " a\n" ANOTHER "\n"));
	assert_null(bench_find(bench, KNOWN));
}

static void each_task_owns_its_own_keys(void **state)
{
	(void)state;
	assert_int_equal(trust("{user: mpi, authorized: '" OTHER " a'}"), 0);
	assert_int_equal(trust("{user: mpi, authorized: '" ANOTHER " b'}"), 0);
	assert_string_equal(bench_text(bench, KEYS), LITERALS(OTHER " a\n" ANOTHER " b\n"));
	assert_int_equal(trust("{user: mpi, authorized: '" OTHER " a'}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(trust("{user: mpi, authorized: '" ANOTHER " b'}"), 0);
	assert_string_equal(bench->log.data, "");
	trust_and_back("{user: mpi, authorized: '" HEAD " c', options: no-pty}",
		LITERALS(OTHER " a\n" ANOTHER " b\nno-pty " HEAD " c\n"));
}

static void a_key_gets_other_options_where_it_stands(void **state)
{
	(void)state;
	have_file(KEYS, 0600, LITERALS("from=\"a b\",no-pty " HEAD " a\n" OTHER " b\n"));
	trust_and_back("{user: mpi, authorized: '" HEAD " new', options: no-pty}",
		LITERALS("no-pty " HEAD " new\n" OTHER " b\n"));
	trust_and_back("{user: mpi, authorized: '" OTHER "'}",
		LITERALS("from=\"a b\",no-pty " HEAD " a\n" OTHER "\n"));
}

static void a_key_that_left_the_text_goes_when_it_is_undone(void **state)
{
	(void)state;
	assert_int_equal(trust("{user: mpi, authorized: ['" NODE1 " c', '" ANOTHER " d']}"), 0);
	assert_int_equal(trust("{user: mpi, authorized: ['" HEAD " a']}"), 0);
	assert_string_equal(bench_text(bench, KEYS), LITERALS(NODE1 " c\n" ANOTHER " d\n" HEAD
		" a\n"));
	bench->inverses = inverses_new(bench->arena);
	assert_int_equal(trust("{user: mpi, authorized: ['" NODE1 " c', '" ANOTHER " d', '" OTHER
		" e']}"), 0);
	undo_only("authorized-key:mpi:" OTHER " e");
	assert_string_equal(bench_text(bench, KEYS), LITERALS(NODE1 " c\n" ANOTHER " d\n" HEAD
		" a\n"));
}

static void absent_takes_just_the_keys_it_names_wherever_they_stand(void **state)
{
	(void)state;
	have_file(KEYS, 0600, "# mine\nno-pty " OTHER " by hand\n" ANOTHER " too\n" LITERALS(HEAD
		" a\n" OTHER " b\n" NODE1 " c\n") "# end\n");
	trust_and_back("{user: mpi, authorized: '" OTHER "', state: absent}", "# mine\n" ANOTHER
		" too\n" LITERALS(HEAD " a\n" NODE1 " c\n") "# end\n");
	trust_and_back("{user: mpi, authorized: ['" NODE1 "', '" HEAD "', '" OTHER
		"'], state: absent}", "# mine\n" ANOTHER " too\n# end\n");
	trust_and_back("{user: mpi, authorized: '" NODE2 "', state: absent}", bench_text(bench, KEYS));
}

static void two_patterns_keep_their_own_hosts(void **state)
{
	struct value *all = prepare->hosts;
	const char *both;

	(void)state;
	hosts_are("head", "node2");
	assert_int_equal(trust("{user: mpi, trust: servers}"), 0);
	hosts_are("node1", "node2");
	assert_int_equal(trust("{user: mpi, trust: workers}"), 0);
	both = bench_text(bench, KEYS);
	assert_string_equal(both, "# BEGIN beoplay ssh-keys\n" HEAD " mpi@head\n" NODE2
		" mpi@node2\n" NODE1 " mpi@node1\n# END beoplay ssh-keys\n");
	hosts_are("head", "node2");
	assert_int_equal(trust("{user: mpi, trust: servers}"), 0);
	assert_string_equal(bench->log.data, "");
	/* A host that leaves one pattern stays where another has it, and goes where none has. */
	hosts_are("node2", NULL);
	trust_and_back("{user: mpi, trust: servers}", "# BEGIN beoplay ssh-keys\n" NODE2
		" mpi@node2\n" NODE1 " mpi@node1\n# END beoplay ssh-keys\n");
	hosts_are("node1", NULL);
	assert_int_equal(trust("{user: mpi, trust: workers}"), 0);
	assert_non_null(strstr(bench_text(bench, KEYS), NODE2 " mpi@node2\n"));
	prepare->hosts = all;
	trust_and_back("{user: mpi, trust: all, state: absent}", "");
}

static void absent_needs_no_key_to_be_known(void **state)
{
	(void)state;
	have_file(KEYS, 0600, KEYS_BLOCK OTHER " me\n");
	have_file(KNOWN, 0600, KNOWN_BLOCK);
	for (size_t i = 0; i < prepare->hosts->count; i++) {
		const char *host = value_text(prepare->hosts->items[i]);

		value_remove(prepare->published, arena_printf(bench->arena, "%s/ssh-keys-pair", host));
		value_remove(prepare->host_keys, host);
	}
	trust_and_back("{user: mpi, trust: all, state: absent}", OTHER " me\n");
	assert_int_equal(trust("{user: mpi, trust: all, state: absent}"), 0);
	assert_string_equal(bench_text(bench, KNOWN), "");
	assert_int_equal(value_get(bench->results, "removed")->count, 3);
}

static void who_logs_in_keeps_a_key(void **state)
{
	(void)state;
	bench->login = "mpi";
	have_file(KEYS, 0600, OTHER " me\n");
	assert_int_equal(trust("{user: mpi, authorized: '" OTHER "', state: absent}"), -1);
	assert_ptr_equal(bench->err.code, SSH_KEYS_LOCKOUT);
	have_file(KEYS, 0600, OTHER " me\n# " HEAD "\n" ANOTHER " me, too\n");
	assert_int_equal(trust("{user: mpi, authorized: '" OTHER "', state: absent}"), 0);
	bench->login = "pi";
	assert_int_equal(trust("{user: mpi, authorized: '" ANOTHER "', state: absent}"), 0);
}

/* --- Exclusive */

static void exclusive_takes_other_keys_and_undo_brings_them_back(void **state)
{
	(void)state;
	have_file(KEYS, 0640, "# mine\n" OTHER " a\n\n" KEYS_BLOCK "no-pty " ANOTHER " b\r\n\t" OTHER
		" a\n" OTHER " a\n# end\n" HEAD " \342\202\254 \"quoted\" \\ \x1b[2J");
	trust_and_back("{user: mpi, trust: all, exclusive: yes}", "# mine\n\n" KEYS_BLOCK "# end\n");
	trust_and_back("{user: mpi, trust: all, exclusive: yes, authorized: '" OTHER "'}",
		"# mine\n\n" KEYS_BLOCK "# end\n" LITERALS(OTHER "\n"));
	trust_and_back("{user: mpi, authorized: '" NODE1 "', exclusive: yes}",
		"# mine\n\n" KEYS_BLOCK "# end\n" LITERALS(NODE1 "\n"));
}

static void exclusive_where_no_block_was_brings_all_back(void **state)
{
	(void)state;
	have_file(KEYS, 0600, OTHER " a\n" ANOTHER " b");
	trust_and_back("{user: mpi, trust: all, exclusive: yes}", KEYS_BLOCK);
	assert_int_equal(trust("{user: mpi, trust: all, exclusive: yes}"), 0);
	assert_int_equal(trust("{user: mpi, trust: all, exclusive: yes}"), 0);
	assert_string_equal(bench->log.data, "");
}

static void exclusive_refuses_what_it_could_not_bring_back(void **state)
{
	(void)state;
	have_file(KEYS, 0600, OTHER " Ren\xe9\n");
	assert_int_equal(trust("{user: mpi, trust: all, exclusive: yes}"), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_INVALID);
	assert_non_null(strstr(bench->err.remedy, "by hand"));
	assert_string_equal(bench->log.data, "");
}

static void exclusive_is_not_for_the_user_that_logs_in(void **state)
{
	(void)state;
	prepare->user = "mpi";
	assert_null(load(&module_ssh_keys_trust, "{user: mpi, trust: all, exclusive: yes}"));
	assert_non_null(strstr(bench->err.message, "logs in"));
	assert_non_null(bench->err.remedy);
	assert_null(load(&module_ssh_keys_pair, "{trust: all, exclusive: yes}"));
	prepare->user = NULL;
	bench->login = "mpi";
	have_file(KEYS, 0600, OTHER " me\n");
	assert_int_equal(trust("{user: mpi, trust: all, exclusive: yes}"), -1);
	assert_non_null(strstr(bench->err.message, "logs in"));
	bench->login = "pi";
	assert_int_equal(trust("{user: mpi, trust: all, exclusive: yes}"), 0);
	assert_null(load(&module_ssh_keys_trust, "{trust: all}"));
	assert_ptr_equal(bench->err.code, TASK_MISSING_PARAMETER);
}

/* --- What is refused */

static void hostile_files_are_not_touched(void **state)
{
	(void)state;
	have_file(KEYS, 0600, OTHER " a\n# BEGIN beoplay ssh-keys\n" HEAD " mpi@head\n");
	assert_int_equal(trust(TASK), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_INVALID);
	assert_non_null(strstr(bench->err.remedy, "END line"));
	have_file(KEYS, 0600, "# BEGIN beoplay ssh-keys authorized\n" KEYS_BLOCK);
	assert_int_equal(trust(TASK), -1);
	have_file(KEYS, 0600, KEYS_BLOCK);
	have_file(KNOWN, 0600, "# BEGIN beoplay ssh-keys\n" KNOWN_BLOCK);
	assert_int_equal(trust(TASK), -1);
	have_file(KNOWN, 0600, "");
	have_file(KEYS, 0600, OTHER " a\nX" ANOTHER " b\n");
	((char *)bench_find(bench, KEYS)->bytes)[strlen(OTHER " a\n")] = '\0';
	assert_int_equal(trust(TASK), -1);
	assert_string_equal(bench->err.message, "'" KEYS "' is not a text file");
	bench_remove(bench, KEYS);
	bench_link(bench, KEYS, "/etc/shadow");
	assert_int_equal(trust(TASK), -1);
	assert_string_equal(bench->err.message, "'" KEYS "' is not a regular file");
	bench_remove(bench, KEYS);
	bench_link(bench, KNOWN, "/etc/shadow");
	assert_int_equal(trust(TASK), -1);
	have_file(KNOWN, 0600, "");
	bench_find(bench, KNOWN)->info.uid = 0;
	assert_int_equal(trust(TASK), -1);
	assert_string_equal(bench->err.remedy, "chown mpi: " KNOWN);
	bench_remove(bench, KNOWN);
	bench_link(bench, DIRECTORY, "/etc");
	assert_int_equal(trust(TASK), -1);
	assert_string_equal(bench->err.message, "'" DIRECTORY "' is not a directory");
	assert_string_equal(bench->log.data, "");
}

static void lines_that_only_look_like_ours_stay(void **state)
{
	static const char others[] = " # BEGIN beoplay ssh-keys\n" OTHER " mpi@head\n"
		"# BEGIN beoplay ssh-keys \n# END beoplay ssh-keys\n";

	(void)state;
	have_file(KEYS, 0600, others);
	have_file(KNOWN, 0600, "head " OTHER "\n@cert-authority * " OTHER "\n");
	trust_and_back(TASK, arena_printf(bench->arena, "%s%s", others, KEYS_BLOCK));
}

static void hostile_keys_and_addresses_of_hosts_are_refused(void **state)
{
	static const char *const keys[] = { "", "ssh-ed25519", "no-pty " OTHER, OTHER " x",
		OTHER "\nssh-rsa AAAA", "ssh-dss AAAAC3NzaC1lZDI1NTE5AAAAIOooooooooooooooooo",
		"ssh-ed25519 AAAA", OTHER "===" };
	const struct ssh_keys_params *params;
	struct value *list;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		hosts_are("head", NULL);
		add_host("node1", keys[i], HOST_OF("nod1"));
		params = load(&module_ssh_keys_trust, TASK);
		assert_string_equal(params->hosts[1].line, "");
		assert_string_equal(params->missing[0], "node1");
		hosts_are("head", NULL);
		list = value_list(bench->arena);
		value_append(bench->arena, list, value_string(bench->arena, keys[i]));
		value_set(bench->arena, prepare->host_keys, "head", list);
		error_clear(&bench->err);
		assert_int_equal(trust(TASK), 0);
		assert_null(bench_find(bench, KNOWN));
	}
	value_set_string(bench->arena, prepare->addresses, "head", "10.0.0.1,*");
	assert_null(load(&module_ssh_keys_trust, TASK));
	assert_string_equal(bench->err.message, "'10.0.0.1,*' is not an address of head");
}

static void a_user_that_is_not_there_is_refused(void **state)
{
	(void)state;
	assert_int_equal(trust("{user: nobody, trust: all}"), -1);
	assert_string_equal(bench->err.message, "there is no user 'nobody'");
	assert_string_equal(bench->err.remedy, "create it first with a user task");
	assert_int_equal(pair("{user: nobody, trust: all}"), -1);
	bench_user(bench, "daemon", 1, "nonexistent");
	assert_int_equal(trust("{user: daemon, trust: all}"), -1);
	assert_string_equal(bench->err.message, "'daemon' has no home");
}

static void refused(const char *yaml, const char *message)
{
	assert_null(bench_normalise(bench, &module_ssh_keys, yaml));
	assert_non_null(strstr(bench->err.message, message));
}

static void wrong_parameters_are_refused(void **state)
{
	(void)state;
	refused("{user: mpi}", "one of 'trust' and 'authorized'");
	assert_non_null(strstr(bench->err.remedy, "trust: all"));
	refused("{user: mpi, authorized: []}", "one of 'trust' and 'authorized'");
	refused("{user: root, trust: all}", "allow_root");
	assert_non_null(bench_normalise(bench, &module_ssh_keys,
		"{user: root, trust: all, allow_root: yes}"));
	refused("{user: mpi, trust: all, options: \"no-pty\\nssh-rsa A\"}", "one line");
	refused("{user: mpi, trust: all, regenerate: always}", "not supported yet");
	refused("{user: mpi, trust: all, type: dsa}", "dsa");
	refused("{user: mpi, authorized: 'no-pty " OTHER "'}", "is not a public key");
	assert_non_null(strstr(bench->err.remedy, "'options'"));
	refused("{user: mpi, authorized: \"" OTHER "\\nssh-rsa AAAA\\n\"}", "'ssh-rsa AAAA");
	refused("{user: mpi, authorized: '-----BEGIN OPENSSH PRIVATE KEY-----'}", "not a public key");
}

static void a_key_that_others_may_read_and_that_has_no_public_half_is_mended(void **state)
{
	const char *before;

	(void)state;
	have_file(PAIR, 0644, "old private\n");
	bench_command(bench, "ssh-keygen -y -P  -f /dev/stdin", 0, OTHER " me\n");
	bench_command(bench, "ssh-keygen -y -P  -f " PAIR, 255, "");
	before = bench_snapshot(bench);
	assert_int_equal(pair(TASK), 0);
	assert_string_equal(bench->log.data, "mode " PAIR " 0600\nwrite " PAIR ".pub 0644\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
}

#define CONFIG_BLOCK(names) "# BEGIN beoplay ssh-keys " DIRECTORY "/cluster\nHost " names "\n" \
	"\tIdentityFile \"" DIRECTORY "/cluster\"\n# END beoplay ssh-keys " DIRECTORY "/cluster\n"

static void a_key_of_another_name_is_said_to_ssh(void **state)
{
	static const char task[] = "{user: mpi, trust: all, path: " DIRECTORY "/cluster}";

	(void)state;
	trust_and_back(task, KEYS_BLOCK);
	assert_null(bench_find(bench, DIRECTORY));
	have_file(DIRECTORY "/config", 0600, "Host git\n\tUser me");
	trust_and_back(task, KEYS_BLOCK);
	assert_int_equal(trust(task), 0);
	assert_string_equal(bench_text(bench, DIRECTORY "/config"), "Host git\n\tUser me\n"
		CONFIG_BLOCK("head 10.0.0.100 node1 node2"));
	assert_int_equal(trust(task), 0);
	assert_string_equal(bench->log.data, "");
	hosts_are("head", NULL);
	assert_int_equal(trust(task), 0);
	assert_string_equal(bench_text(bench, DIRECTORY "/config"), "Host git\n\tUser me\n"
		CONFIG_BLOCK("head 10.0.0.100"));
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, DIRECTORY "/config"), "Host git\n\tUser me\n"
		CONFIG_BLOCK("head 10.0.0.100 node1 node2"));
	assert_int_equal(trust("{user: mpi, trust: all, path: " DIRECTORY "/cluster, state: absent}"),
		0);
	assert_string_equal(bench_text(bench, DIRECTORY "/config"), "Host git\n\tUser me\n");
}

static void a_key_that_ssh_tries_by_itself_is_said_nowhere(void **state)
{
	(void)state;
	assert_int_equal(trust("{user: mpi, trust: all, path: " DIRECTORY "/id_rsa}"), 0);
	assert_null(bench_find(bench, DIRECTORY "/config"));
	assert_int_equal(trust("{user: mpi, trust: all, path: /srv/id_rsa}"), 0);
	assert_non_null(strstr(bench_text(bench, DIRECTORY "/config"), "\"/srv/id_rsa\""));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_key_of_another_name_is_said_to_ssh),
		TEST(a_key_that_ssh_tries_by_itself_is_said_nowhere),
		TEST(a_key_that_others_may_read_and_that_has_no_public_half_is_mended),
		TEST(a_pair_is_made_and_told),
		TEST(an_rsa_pair_has_its_bits_path_and_comment),
		TEST(a_pair_that_was_not_there_goes_again_with_its_directory),
		TEST(a_pair_that_is_there_is_kept),
		TEST(looking_at_a_pair_changes_nothing),
		TEST(no_pair_is_made_where_trust_does_not_name_the_host_or_goes),
		TEST(modes_are_put_right_and_come_back),
		TEST(a_missing_public_half_is_read_from_the_private_one_and_goes_again),
		TEST(a_key_with_a_passphrase_is_refused_with_what_to_do),
		TEST(a_pair_that_does_not_match_is_put_aside_and_comes_back),
		TEST(undoing_a_pair_twice_leaves_the_one_that_came_back),
		TEST(bits_that_differ_are_a_mismatch),
		TEST(an_older_pair_aside_is_never_overwritten),
		TEST(links_and_files_of_others_are_refused_for_a_pair),
		TEST(keys_and_known_hosts_of_all_hosts_are_written),
		TEST(looking_at_trust_changes_nothing),
		TEST(what_was_not_there_goes_again),
		TEST(keys_and_known_hosts_of_others_survive_to_the_byte),
		TEST(a_last_line_without_an_end_is_without_one_again),
		TEST(what_others_may_read_is_closed_and_open_again),
		TEST(what_others_wrote_since_is_there_after_an_undo),
		TEST(a_host_that_leaves_loses_its_key_and_gets_it_back),
		TEST(undoing_one_host_leaves_the_others),
		TEST(all_that_undo_names_is_a_resource),
		TEST(a_key_that_is_another_now_takes_the_place_of_the_old_one),
		TEST(a_host_of_which_nothing_is_heard_keeps_what_it_has),
		TEST(a_key_that_cannot_be_known_is_said_to_be_missing),
		TEST(one_name_is_not_another_that_begins_or_ends_alike),
		TEST(absent_takes_the_trust_away_and_undo_puts_it_where_it_was),
		TEST(known_hosts_can_be_left_out),
		TEST(a_host_is_known_by_all_of_its_names),
		TEST(options_stand_before_each_key),
		TEST(keys_of_the_text_have_a_block_of_their_own),
		TEST(each_task_owns_its_own_keys),
		TEST(a_key_gets_other_options_where_it_stands),
		TEST(a_key_that_left_the_text_goes_when_it_is_undone),
		TEST(absent_takes_just_the_keys_it_names_wherever_they_stand),
		TEST(two_patterns_keep_their_own_hosts),
		TEST(absent_needs_no_key_to_be_known),
		TEST(who_logs_in_keeps_a_key),
		TEST(exclusive_takes_other_keys_and_undo_brings_them_back),
		TEST(exclusive_where_no_block_was_brings_all_back),
		TEST(exclusive_refuses_what_it_could_not_bring_back),
		TEST(exclusive_is_not_for_the_user_that_logs_in),
		TEST(hostile_files_are_not_touched),
		TEST(lines_that_only_look_like_ours_stay),
		TEST(hostile_keys_and_addresses_of_hosts_are_refused),
		TEST(a_user_that_is_not_there_is_refused),
		TEST(wrong_parameters_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
