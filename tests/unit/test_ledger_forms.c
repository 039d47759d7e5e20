/* Ledgers of earlier forms, from tests/formats: they are read, and taken over whole. COUNT=N: so
 * many kills on the way. */
#include "agent/ledger.h"
#include "wire/wire.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define FORM "tests/formats/ledger-1"
#define MACHINE "0123456789abcdef0123456789abcdef"

enum { MANY = 20000 };

static struct arena *arena;
static struct ledger ledger;
static char folder[64], state[96], locks[96];
static const struct ledger_owner site = { .project = "fix", .playbook = "site.yml", .run = "new" };
static const struct ledger_owner other = { .project = "fix", .playbook = "other.yml", .run = "new" };

static void shell(const char *format, const char *one, const char *two)
{
	char command[512];

	snprintf(command, sizeof(command), "%s%s%s", format, one, two);
	assert_int_equal(system(command), 0);
}

static int set_up(void **unused)
{
	(void)unused;
	arena = arena_new();
	snprintf(folder, sizeof(folder), "/tmp/beoplay-forms-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(state, sizeof(state), "%s/state", folder);
	snprintf(locks, sizeof(locks), "%s/locks", folder);
	if (mkdir(locks, 0700) < 0 || mkdir(state, 0700) < 0)
		return -1;
	shell("cp -r " FORM "/ledger " FORM "/bodies ", state, "");
	shell("chmod -R go= ", state, "");
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	arena_free(arena);
	shell("rm -r ", folder, "");
	return 0;
}

static bool is_there(const char *name)
{
	return access(arena_printf(arena, "%s/%s", state, name), F_OK) == 0;
}

static const char *way_to(const char *resource, const struct ledger_owner *owner, int64_t since,
	const char *key)
{
	struct ledger_undo *undos;
	size_t count = ledger_undos(&ledger, arena, owner, since, NULL, NULL, &undos);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(undos[i].resource, resource) == 0)
			return value_get_string(value_get(undos[i].way, "params"), key);
	}
	return NULL;
}

static const char *body_of(const char *digest)
{
	const char *bytes;
	size_t count;
	int64_t size;
	struct error err = {0};

	if (!digest || ledger_body_chunk(&ledger, arena, digest, 0, &bytes, &count, &size, &err) < 0)
		return "";
	return bytes;
}

/* What was kept before the first change of it. */
static const char *kept_of(const char *resource)
{
	sqlite3_stmt *query = database_query(ledger.database, "SELECT u.body FROM undo u JOIN resource r "
		"ON r.id=u.resource WHERE r.identity=? ORDER BY u.sequence", "s", resource);
	const char *body = database_row(ledger.database, query) ? database_text(arena, query, 0) : NULL;

	database_end(query);
	return body;
}

/* What the runs that made it had done. */
static void check_content(bool files)
{
	size_t runs_count, failed_count, due_count;
	struct ledger_run *runs = ledger_runs(&ledger, arena, "fix", &runs_count);
	struct failed_task *failed = ledger_failed(&ledger, arena, &site, &failed_count);

	ledger_due(&ledger, arena, &site, &due_count);

	assert_int_equal(ledger.problem.kind, ERROR_NONE);
	assert_true(ledger.there);
	assert_int_equal(runs_count, 4);
	assert_string_equal(runs[0].playbook, "site.yml");
	assert_string_equal(runs[3].playbook, "other.yml");
	assert_int_equal(failed_count, 1);
	assert_string_equal(failed[0].task, "command");
	assert_int_equal(due_count, 1);
	/* To nothing: before the first run; before the second: what the first one left. */
	assert_string_equal(body_of(way_to("file:/srv/copied", &site, 0, "body")), "before\n");
	assert_string_equal(body_of(way_to("file:/srv/copied", &site, 2, "body")), "version 1\n");
	assert_string_equal(body_of(kept_of("file:/srv/tree/gone")), "old\n");
	assert_string_equal(way_to("user:carol", &site, 0, "state"), "absent");
	assert_int_equal(ledger_count(&ledger, &other), 2);
	assert_true(ledger_has_owner(&ledger, "file:/srv/new/directory"));
	assert_int_equal(ledger_file_known(&ledger, "/srv/lines"), files);
	assert_int_equal(database_integer(ledger.database, 0, "SELECT count(*) FROM note", "") > 0, 1);
}

static void the_form_before_is_looked_at_without_a_write(void **unused)
{
	(void)unused;
	ledger_open(&ledger, state, locks, MACHINE);
	assert_true(ledger.old);
	check_content(true);
	ledger_close(&ledger);
	assert_false(is_there(MACHINE));
	shell("cmp " FORM "/ledger ", state, "/ledger");
}

static void the_form_before_is_taken_over(void **unused)
{
	struct error err = {0};

	(void)unused;
	ledger_open(&ledger, state, locks, MACHINE);
	ledger_write(&ledger);
	check_content(true);
	assert_false(is_there("ledger"));
	assert_false(is_there("bodies"));
	assert_true(is_there(MACHINE "/ledger.v1"));
	ledger_close(&ledger);
	ledger_open(&ledger, state, locks, MACHINE);
	check_content(true);
	/* It isn't kept for ever. */
	ledger_write(&ledger);
	for (int i = 0; i < 12; i++) {
		struct ledger_owner run = site;

		run.run = arena_printf(arena, "new%d", i);
		ledger_run(&ledger, &run);
	}
	assert_int_equal(ledger_save(&ledger, &err), 0);
	assert_false(is_there(MACHINE "/ledger.v1"));
	ledger_close(&ledger);
}

static struct value *read_form(void)
{
	char bytes[64 << 10];
	FILE *file = fopen(FORM "/ledger", "r");
	struct value *root;
	size_t size;

	assert_non_null(file);
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	assert_int_equal(wire_decode(arena, bytes, size, &root, NULL), 0);
	return root;
}

static void write_form(const struct value *root)
{
	struct buffer bytes = {0};
	FILE *file = fopen(arena_printf(arena, "%s/ledger", state), "w");

	wire_encode(&bytes, root);
	assert_non_null(file);
	assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
	fclose(file);
	buffer_free(&bytes);
}

static void one_of_before_files_were_noted_is_taken_over(void **unused)
{
	struct value *root = read_form();

	(void)unused;
	value_remove(root, "files");
	write_form(root);
	ledger_open(&ledger, state, locks, MACHINE);
	check_content(false);
	ledger_write(&ledger);
	check_content(false);
	ledger_close(&ledger);
}

static void one_with_more_values_than_its_own_reader_took_is_taken_over(void **unused)
{
	struct value *root = read_form(), *entry = value_get(value_get(root, "resources"),
		"file:/srv/copied");
	struct value *bytes;

	(void)unused;
	for (int i = 0; i < MANY; i++)
		value_set(arena, value_get(root, "resources"), arena_printf(arena, "file:/many/%d", i),
			value_copy(arena, entry));
	for (size_t i = 0; i < value_get(root, "resources")->count; i++) {
		struct value *undos = value_get(value_get(root, "resources")->pairs[i].value, "undos");

		for (size_t k = 0; k < undos->count; k++)
			value_set_integer(arena, undos->items[k], "order", (int64_t)(i * 100 + k + 1));
	}
	write_form(root);
	ledger_open(&ledger, state, locks, MACHINE);
	check_content(true);
	ledger_write(&ledger);
	check_content(true);
	assert_true(ledger_count(&ledger, &site) > MANY);
	bytes = ledger_record(&ledger, arena, "none");
	assert_null(bytes);
	ledger_close(&ledger);
}

/* An entry of /srv/copied's, with one undo of the first run that has these parameters. */
static void add_entry(struct value *root, const char *identity, struct value *params)
{
	static int64_t order = 1000;
	struct value *entry = value_copy(arena, value_get(value_get(root, "resources"),
		"file:/srv/copied"));
	struct value *undo = value_get(entry, "undos")->items[0], *undos = value_list(arena);

	value_set_integer(arena, undo, "order", order++);
	value_set(arena, undo, "params", params);
	value_append(arena, undos, undo);
	value_set(arena, entry, "undos", undos);
	value_set(arena, value_get(root, "resources"), identity, entry);
}

static struct value *map_of(const char *key, const char *value)
{
	struct value *map = value_map(arena);

	value_set_string(arena, map, key, value);
	return map;
}

static void resources_of_the_form_before_have_the_names_of_today(void **unused)
{
	struct value *root = read_form(), *trust = map_of("whole", "trust");
	struct value *literal = map_of("whole", "authorized");

	(void)unused;
	value_set(arena, trust, "taken", value_list(arena));
	value_set_string(arena, literal, "user", "mpi");
	add_entry(root, "file:/srv//a/./b:c", map_of("dest", "/srv//a/./b:c"));
	add_entry(root, "file:/srv/a/b:c", map_of("dest", "/srv/a/b:c"));
	add_entry(root, "line:/srv//lines:http://one", map_of("pattern", "http://one"));
	add_entry(root, "authorized-key:mpi:*", trust);
	add_entry(root, "authorized-literal:mpi:*", literal);
	add_entry(root, "authorized-key:mpi:node1", map_of("user", "mpi"));
	write_form(root);
	ledger_open(&ledger, state, locks, MACHINE);
	ledger_write(&ledger);
	check_content(true);
	assert_true(ledger_has_owner(&ledger, "file:/srv/a/b:c"));
	assert_false(ledger_has_owner(&ledger, "file:/srv//a/./b:c"));
	/* The digest is that of "http://one"; a pattern stays one. */
	assert_true(ledger_has_owner(&ledger, "line:/srv/lines:=4464b6a3c533addd"));
	assert_string_equal(way_to("line:/srv/lines:=4464b6a3c533addd", &site, 0, "pattern"),
		"=4464b6a3c533addd");
	assert_true(ledger_has_owner(&ledger, "line:/srv/lines:^version"));
	/* No text names the whole: it is part of one of its keys, and undone with it. */
	assert_int_equal(database_integer(ledger.database, 0, "SELECT count(*) FROM resource WHERE "
		"identity LIKE 'authorized-%:mpi:*' AND parent='authorized-key:mpi:node1'", ""), 2);
	assert_non_null(way_to("authorized-literal:mpi:*", &site, 0, "user"));
	assert_null(way_to("authorized-key:mpi:*", &site, 0, "whole"));
	ledger_close(&ledger);
}

static void refused(const char *why)
{
	struct error err = {0};

	ledger_open(&ledger, state, locks, MACHINE);
	assert_int_equal(ledger_usable(&ledger, &err), -1);
	if (!strstr(err.message, why))
		fail_msg("'%s' instead of '%s'", err.message, why);
	ledger_write(&ledger);
	assert_int_equal(ledger_usable(&ledger, &err), -1);
	ledger_close(&ledger);
	assert_true(is_there("ledger"));
	assert_true(is_there("bodies"));
	assert_false(is_there(MACHINE "/ledger.db"));
}

static void one_that_cannot_be_used_is_named_and_stays(void **unused)
{
	struct value *root = read_form();

	(void)unused;
	value_set_integer(arena, root, "version", 9);
	write_form(root);
	refused("written by a newer beoplay");
	value_set_integer(arena, root, "version", 1);
	value_remove(root, "runs");
	write_form(root);
	refused("is damaged");
	shell("truncate -s 1000 ", state, "/ledger");
	refused("is damaged");
	root = read_form();
	value_append(arena, value_get(root, "runs"), value_get(root, "runs")->items[0]);
	write_form(root);
	refused("is damaged");
	write_form(read_form());
	assert_int_equal(chmod(arena_printf(arena, "%s/ledger", state), 0666), 0);
	refused("written by someone else");
}

static void that_of_another_machine_is_left_alone(void **unused)
{
	struct error err = {0};
	size_t count;

	(void)unused;
	ledger_open(&ledger, state, locks, "another");
	assert_int_equal(ledger_usable(&ledger, &err), 0);
	assert_non_null(ledger.foreign);
	ledger_write(&ledger);
	assert_int_equal(ledger_usable(&ledger, &err), 0);
	ledger_runs(&ledger, arena, "fix", &count);
	assert_int_equal(count, 0);
	ledger_close(&ledger);
	shell("cmp " FORM "/ledger ", state, "/ledger");
	assert_true(is_there("bodies"));
}

static void killed_on_the_way_the_form_before_or_the_new_one_is_whole(void **unused)
{
	int count = getenv("COUNT") ? atoi(getenv("COUNT")) : 30, taken = 0;

	(void)unused;
	for (int i = 0; i < count; i++) {
		pid_t child;

		tear_down(NULL);
		set_up(NULL);
		child = fork();
		if (child == 0) {
			ledger_open(&ledger, state, locks, MACHINE);
			ledger_write(&ledger);
			ledger_close(&ledger);
			_exit(0);
		}
		usleep((useconds_t)(i * 80000 / count));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		taken += is_there(MACHINE "/ledger.db");
		ledger_open(&ledger, state, locks, MACHINE);
		check_content(true);
		ledger_write(&ledger);
		check_content(true);
		ledger_close(&ledger);
	}
	print_message("# %d of %d kills came after the new one had its name\n", taken, count);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_form_before_is_looked_at_without_a_write),
		TEST(the_form_before_is_taken_over),
		TEST(one_of_before_files_were_noted_is_taken_over),
		TEST(one_with_more_values_than_its_own_reader_took_is_taken_over),
		TEST(resources_of_the_form_before_have_the_names_of_today),
		TEST(one_that_cannot_be_used_is_named_and_stays),
		TEST(that_of_another_machine_is_left_alone),
		TEST(killed_on_the_way_the_form_before_or_the_new_one_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
