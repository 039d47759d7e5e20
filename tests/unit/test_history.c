/* test_history: runs written down and read again, by us and by git itself. */
#include "history_bench.h"

#include "history/state.h"

static void a_run_comes_back_as_it_was(void **state)
{
	struct history_run *runs;
	struct history *history;
	struct error err = {0};
	size_t count;

	(void)state;
	assert_int_equal(add("site.yml", "done").number, 1);
	assert_int_equal(add("other.yml", "failed").number, 2);
	assert_int_equal(history_open(directory, false, &history, &err), 0);
	assert_int_equal(history_runs(history, arena, 0, &runs, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(runs[0].number, 2);
	assert_string_equal(runs[0].playbook, "other.yml");
	assert_string_equal(value_get_string(value_get(runs[0].hosts, "node1.lan"), "cause"),
		"agent.ended");
	assert_string_equal(runs[1].who, "anna@desk");
	assert_int_equal(runs[1].time, 1700000000);
	assert_string_equal(value_get_string(value_get(runs[1].hosts, "node1.lan"), "state"), "done");
	assert_int_equal(value_get_integer(value_get(runs[1].hosts, "node1.lan"), "changed", 0), 2);
	assert_int_equal(history_runs(history, arena, 1, &runs, &count, &err), 0);
	assert_int_equal(count, 1);
	history_close(history);
}

static void a_host_has_the_last_run_that_it_went_through(void **state)
{
	char first[64];

	(void)state;
	add("site.yml", "done");
	snprintf(first, sizeof(first), "%s", says("rev-parse runs"));
	add("site.yml", "failed");
	assert_string_equal(says("rev-parse refs/hosts/node1.lan"), first);
	assert_string_not_equal(says("rev-parse runs"), first);
	add("site.yml", "done");
	assert_string_not_equal(says("rev-parse refs/hosts/node1.lan"), first);
}

/* Puts a run.yml on top of what is there, as some version of beoplay has written it. */
static void add_form(const char *file)
{
	const char *blob = arena_string(arena, says(arena_printf(arena, "hash-object -w %s", file)));
	const char *tree = arena_string(arena, says(arena_printf(arena, "mktree <<E\n"
		"100644 blob %s\trun.yml\nE\n", blob)));
	const char *commit = arena_string(arena, says(arena_printf(arena,
		"-c user.name=x -c user.email=x commit-tree -m x %s", tree)));

	says(arena_printf(arena, "update-ref refs/heads/runs %s", commit));
}

static void runs_of_all_versions_are_read(void **state)
{
	static const char *const forms[] = { "tests/formats/run-1.yml", "tests/formats/run-2.yml" };
	struct history *history;
	struct error err = {0};
	struct history_run *runs;
	size_t count;

	(void)state;
	add("site.yml", "done");
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const struct value *lost;

		add_form(forms[i]);
		assert_int_equal(history_open(directory, false, &history, &err), 0);
		assert_int_equal(history_runs(history, arena, 0, &runs, &count, &err), 0);
		assert_int_equal(count, 1);
		assert_int_equal(runs[0].number, 7);
		assert_string_equal(runs[0].playbook, "playbooks/site.yml");
		assert_string_equal(value_get_string(runs[0].how, "limit"), "node1,node2");
		assert_string_equal(value_get_string(runs[0].left, "old1"), "left");
		lost = value_get(runs[0].hosts, "node2");
		assert_string_equal(value_get_string(lost, "state"), "unreachable");
		if (i > 0)
			assert_string_equal(value_get_string(lost, "cause"), "ssh.no-connection");
		history_close(history);
	}
}

static void a_history_of_a_newer_version_is_neither_read_nor_written(void **state)
{
	const char *newer = arena_printf(arena, "%s/newer.yml", directory);
	struct history *history;
	struct error err = {0};
	FILE *file = fopen(newer, "we");

	(void)state;
	assert_non_null(file);
	fputs("version: 3\nnumber: {of: another, kind: 1}\n", file);
	fclose(file);
	add("site.yml", "done");
	add_form(newer);
	assert_int_equal(history_open(directory, false, &history, &err), -1);
	assert_ptr_equal(err.code, HISTORY_NEWER);
	err = (struct error){0};
	assert_int_equal(history_open(directory, true, &history, &err), -1);
	assert_ptr_equal(err.code, HISTORY_NEWER);
	assert_null(history);
}

static void plain_git_reads_the_text_that_ran(void **state)
{
	(void)state;
	add("site.yml", "done");
	assert_string_equal(says("show runs:text/play/site.yml"), "- hosts: all");
	assert_string_equal(says("show runs:text/_outside/1-config"), "x");
	assert_string_equal(says("log --format=%s runs"), "run 1: site.yml");
	assert_string_equal(says("fsck --strict --no-progress 2>&1"), "");
}

static void only_its_owner_reads_it(void **state)
{
	char path[128];
	struct stat info;

	(void)state;
	add("site.yml", "done");
	snprintf(path, sizeof(path), "%s/.beoplay", directory);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0700);
	snprintf(path, sizeof(path), "%s/.beoplay/.gitignore", directory);
	assert_int_equal(access(path, F_OK), 0);
}

static void what_is_not_there_is_no_error(void **state)
{
	struct history *history;
	struct error err = {0};

	(void)state;
	assert_int_equal(history_open(directory, false, &history, &err), 0);
	assert_null(history);
}

static void runs_at_the_same_time_are_all_kept(void **state)
{
	int failed = 0;

	(void)state;
	add("site.yml", "done");
	for (int i = 0; i < 4; i++) {
		if (fork() == 0) {
			for (int k = 0; k < 5; k++)
				add("site.yml", "done");
			_exit(0);
		}
	}
	for (int i = 0, status; i < 4; i++) {
		assert_true(wait(&status) > 0);
		failed += status != 0;
	}
	assert_int_equal(failed, 0);
	assert_string_equal(says("rev-list --count runs"), "21");
}

/* What a source says of a path: "file 0644 13", with its content. */
static const char *seen(struct source *source, const char *path, char *ret_bytes)
{
	struct source_entry entry;
	struct error err = {0};
	char *bytes;
	size_t size;

	assert_int_equal(source_stat(source, path, false, &entry, &err), 0);
	ret_bytes[0] = '\0';
	if (entry.kind == SOURCE_FILE && source_read_body(source, arena, path, 100, &bytes, &size, &err) == 0)
		memcpy(ret_bytes, bytes, size + 1);
	return arena_printf(arena, "%d %04o %d", entry.kind, entry.mode, (int)entry.size);
}

static void a_text_is_run_again_from_the_history_alone(void **state)
{
	struct history_run run, found;
	struct source_entry *entries;
	struct history *history;
	struct record *record;
	struct source *source;
	struct error err = {0};
	char bytes[128];
	size_t count;

	(void)state;
	run = add("play/site.yml", "done");
	assert_int_equal(history_open(directory, false, &history, &err), 0);
	assert_int_equal(history_load(history, arena, "1", &found, &record, &err), 0);
	assert_string_equal(found.id, run.id);
	assert_string_equal(found.project, "cluster");
	assert_string_equal(value_get_string(found.how, "undo"), "3");
	assert_string_equal(value_text(value_get(found.how, "inventories")->items[0]),
		"inventory: \"x\"");
	assert_int_equal(history_load(history, arena, arena_bytes(arena, run.id, 7), &found, NULL,
		&err), 0);
	assert_int_equal(history_load(history, arena, "2", &found, NULL, &err), -1);
	history_close(history);
	error_clear(&err);
	source = record_source(arena, record, NULL);
	assert_string_equal(seen(source, "play/../play/./site.yml", bytes), "1 0644 13");
	assert_string_equal(bytes, "- hosts: all\n");
	assert_string_equal(seen(source, "play/run.sh", bytes), "1 0750 4");
	assert_memory_equal(bytes, "#!\0\xff", 4);
	assert_string_equal(seen(source, "play/tree/link", bytes), "3 0777 0");
	assert_string_equal(seen(source, "play/tree/empty", bytes), "2 0700 0");
	assert_string_equal(seen(source, "play", bytes), "2 0755 0");
	assert_string_equal(seen(source, "play/none", bytes), "0 0000 0");
	assert_int_equal(source_list(source, "play", &entries, &count, &err), 0);
	assert_int_equal(count, 4);
	assert_string_equal(entries[0].name, "big");
	assert_string_equal(entries[3].name, "tree");
	assert_int_equal(source_open(source, "play/big", &(int64_t){0}, &err), -1);
	assert_non_null(strstr(err.message, "left out of the history, as it is larger than 1 MiB"));
}

/* The names in a directory: "a b c ". */
static const char *listed(const struct record *record, const char *path)
{
	struct source_entry *entries;
	struct error err = {0};
	const char *names = "";
	size_t count;

	assert_int_equal(source_list(record_source(arena, record, NULL), path, &entries, &count, &err), 0);
	for (size_t i = 0; i < count; i++)
		names = arena_printf(arena, "%s%s ", names, entries[i].name);
	return names;
}

static void a_directory_of_a_record_lists_each_name_once_whatever_came_first(void **state)
{
	static const struct record_file files[] = {
		{ .path = "a/b/1", .kind = SOURCE_FILE }, { .path = "a/b", .kind = SOURCE_DIRECTORY },
		{ .path = "c", .kind = SOURCE_DIRECTORY }, { .path = "c/d/2", .kind = SOURCE_FILE },
		{ .path = "c/d", .kind = SOURCE_DIRECTORY }, { .path = "c/d/0", .kind = SOURCE_FILE },
		{ .path = "/etc/x", .kind = SOURCE_FILE }, { .path = "top", .kind = SOURCE_FILE },
	};
	struct record *record = record_new(arena);

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		record_add(arena, record, &files[i]);
	assert_string_equal(listed(record, "."), "a c top ");
	assert_string_equal(listed(record, "a"), "b ");
	assert_string_equal(listed(record, "a/b"), "1 ");
	assert_string_equal(listed(record, "c"), "d ");
	assert_string_equal(listed(record, "c/./d/"), "0 2 ");
	assert_string_equal(listed(record, "/etc"), "x ");
	assert_string_equal(listed(record, "top"), "");
}

static void a_packed_record_is_the_same_and_a_damaged_one_is_refused(void **state)
{
	struct value *packed = record_pack(arena, texts(), 5, 1000);
	struct record *record;
	struct error err = {0};

	(void)state;
	assert_int_equal(record_unpack(arena, packed, &record, &err), 0);
	assert_int_equal(record->count, 6);
	assert_null(record->files[0].bytes);
	assert_memory_equal(record->files[2].bytes, "#!\0\xff", 4);
	assert_int_equal(record->files[2].mode, 0750);
	assert_string_equal(record->files[3].target, "../a b");
	value_append(arena, packed, packed->items[0]);
	assert_int_equal(record_unpack(arena, packed, &record, &err), -1);
	assert_int_equal(record_unpack(arena, value_string(arena, "x"), &record, &err), -1);
}

/* What comes behind, of whoever's form, is never left out. */
static void the_head_of_a_run_ends_before_its_files(void **state)
{
	static const struct {
		const char *text, *head;
	} cases[] = {
		{ "version: 2\nfiles:\n  - {\"path\": \"a\"}\n  - {\"path\": \"b\"}\n", "version: 2\n" },
		{ "version: 2\nfiles:\n", "version: 2\n" },
		{ "version: 2\nfiles: []\n", NULL }, { "version: 2\n", NULL },
		{ "version: 2\nfiles:\n  - {\"path\": \"a\"}\nhosts:\n  a: 1\n", NULL },
		{ "version: 2\nfiles:\n  - {\"path\":\n    \"a\"}\n", NULL },
		{ "version: 2\nfiles:\n  a: 1\n", NULL }, { "version: 2\nhow:\n  \"files:\": 1\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *text = cases[i].text, *head = cases[i].head ? cases[i].head : text;

		assert_int_equal(run_file_head(text, strlen(text)), strlen(head));
	}
}

static void what_is_expunged_or_collected_is_gone_from_the_disk(void **state)
{
	struct history_run found;
	struct history *history;
	struct record *record;
	struct error err = {0};
	char before[64];
	size_t count;

	(void)state;
	add("site.yml", "done");
	add("site.yml", "failed");
	add("site.yml", "failed");
	snprintf(before, sizeof(before), "%s", says("rev-parse runs:text/play/site.yml"));
	assert_int_equal(history_open(directory, true, &history, &err), 0);
	assert_int_equal(history_rewrite(history, 0, "play/site.yml", &count, &err), 0);
	assert_int_equal(count, 3);
	assert_int_equal(history_load(history, arena, "3", &found, &record, &err), 0);
	assert_null(record->files[0].bytes);
	assert_string_equal(record->files[0].left_out, "it was expunged");
	assert_memory_equal(record->files[2].bytes, "#!", 2);
	assert_string_equal(says(arena_printf(arena, "cat-file -t %s 2>&1", before)),
		"fatal: git cat-file: could not get object info");
	/* The one that a host still has stays, with its reference. */
	assert_int_equal(history_rewrite(history, 1, NULL, &count, &err), 0);
	assert_int_equal(count, 2);
	history_close(history);
	assert_string_equal(says("rev-list --count runs"), "2");
	assert_string_equal(says("log --format=%s -1 refs/hosts/node1.lan"), "run 1: site.yml");
	assert_string_equal(says("fsck --strict 2>&1 | grep -c error"), "0");
	assert_int_equal(add("site.yml", "done").number, 4);
}

static void a_host_is_forgotten(void **state)
{
	struct history *history;
	struct error err = {0};

	(void)state;
	add("site.yml", "done");
	assert_int_equal(history_open(directory, true, &history, &err), 0);
	assert_int_equal(history_forget(history, "node1.lan", &err), 0);
	assert_int_equal(history_forget(history, "node1.lan", &err), -1);
	history_close(history);
	assert_string_equal(says("for-each-ref --format='%(refname)'"), "refs/heads/runs");
}

static struct value *host_tells(const char *key, struct value *value)
{
	struct value *host = value_map(arena), *published = value_map(arena);

	told = value_map(arena);
	value_set(arena, published, key, value);
	value_set(arena, host, "published", published);
	value_set_string(arena, host, "host_key", "ssh-ed25519 AAAA");
	value_set(arena, told, "node1.lan", host);
	return host;
}

/* What the history knows of the host. */
static const struct value *known(void)
{
	struct value *facts;
	struct history *history;
	struct error err = {0};

	assert_int_equal(history_open(directory, false, &history, &err), 0);
	assert_int_equal(history_facts(history, arena, 100, &facts, &err), 0);
	history_close(history);
	return value_get(facts, "node1.lan");
}

static void what_a_host_told_comes_back_as_data_and_the_newest_counts(void **state)
{
	struct value *value = value_map(arena), *list = value_list(arena);
	const struct value *back;

	(void)state;
	value_set_string(arena, value, "key: \"{{ 1 }}\n\033[2J", "{{ lookup }} \"\n: #");
	value_set_integer(arena, value, "cores", -4);
	value_set_bool(arena, value, "loopback", true);
	value_append(arena, list, value_string(arena, "yes"));
	value_append(arena, list, value_null(arena));
	value_set(arena, value, "list", list);
	host_tells("module/a", value);
	add("site.yml", "done");
	back = value_get(value_get(known(), "published"), "module/a");
	assert_true(value_equal(back, value));
	assert_true(back->data && back->pairs[0].value->data && back->pairs[3].value->items[0]->data);
	value_set_string(arena, host_tells("module/b", value_string(arena, "b")), "host_key", "new");
	add("other.yml", "failed");
	assert_string_equal(value_get_string(known(), "host_key"), "new");
	assert_true(value_equal(value_get(value_get(known(), "published"), "module/a"), value));
	host_tells("module/a", value_string(arena, "newest"));
	add("site.yml", "done");
	assert_string_equal(value_get_string(value_get(known(), "published"), "module/a"), "newest");
	assert_string_equal(value_get_string(value_get(known(), "published"), "module/b"), "b");
}

static void what_is_secret_or_long_or_no_text_is_not_kept(void **state)
{
	struct value *secret = value_string(arena, "hidden"), *map = value_map(arena);
	struct value *deep = value_list(arena), *inner = deep;
	char *big = arena_alloc(arena, 40000);
	struct value *values[5];

	(void)state;
	secret->level = LEVEL_SECRET;
	value_set(arena, map, "inside", secret);
	memset(big, 'x', 39999);
	for (int i = 0; i < 30; i++) {
		struct value *next = value_list(arena);

		value_append(arena, inner, next);
		inner = next;
	}
	values[0] = map;
	values[1] = value_string(arena, big);
	values[2] = value_bytes(arena, "a\0b", 3);
	values[3] = value_string(arena, "\xff");
	values[4] = deep;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		value_set_string(arena, value_get(host_tells("m/bad", values[i]), "published"), "m/good",
			"good");
		add("site.yml", "done");
		assert_null(value_get(value_get(known(), "published"), "m/bad"));
		assert_string_equal(value_get_string(value_get(known(), "published"), "m/good"), "good");
	}
}

/* What a run says in memory beyond its table may be a message with anything in it. */
static void only_what_the_table_names_is_written(void **state)
{
	(void)state;
	add("site.yml", "failed");
	assert_string_equal(says("show runs:run.yml | grep -c 'no part of the record'"), "0");
	assert_string_equal(says("show runs:run.yml | head -n 1"), "version: 2");
	assert_string_equal(says("show runs:run.yml | grep node1"),
		"  \"node1.lan\": {\"state\": \"failed\", \"changed\": 2, \"cause\": \"agent.ended\"}");
	assert_string_equal(says("show runs:run.yml | grep undo"), "  \"undo\": \"3\"");
}

static void what_very_many_hosts_told_can_be_read_again(void **state)
{
	struct value *host = host_tells("setup", value_string(arena, "x")), *facts = value_map(arena);
	struct value *words = value_list(arena);
	struct history_run *runs;
	struct history *history;
	struct error err = {0};
	size_t count;

	(void)state;
	for (size_t i = 0; i < 500; i++)
		value_append(arena, words, value_string(arena, "a word"));
	value_set(arena, facts, "words", words);
	value_set(arena, host, "facts", facts);
	for (size_t i = 0; i < 2000; i++)
		value_set(arena, told, arena_printf(arena, "n%zu", i), host);
	add("site.yml", "done");
	assert_int_equal(history_open(directory, false, &history, &err), 0);
	assert_int_equal(history_runs(history, arena, 0, &runs, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_string_equal(value_get_string(value_get(runs[0].facts, "n1999"), "host_key"),
		"ssh-ed25519 AAAA");
	history_close(history);
}

static void nothing_of_a_forgotten_host_stays(void **state)
{
	struct history *history;
	struct error err = {0};

	(void)state;
	host_tells("ssh-keys-pair/mpi", value_string(arena, "key"));
	add("site.yml", "done");
	add("site.yml", "failed");
	assert_int_equal(history_open(directory, true, &history, &err), 0);
	assert_int_equal(history_forget(history, "node1.lan", &err), 0);
	history_close(history);
	assert_null(known());
	assert_string_equal(says("log -p --format= runs -- run.yml | grep -c node1.lan"), "0");
	assert_string_equal(says("rev-list --count runs"), "2");
	assert_string_equal(says("show runs:text/play/site.yml"), "- hosts: all");
}

static void a_lock_that_a_killed_writer_left_holds_nobody_up(void **state)
{
	struct history_run *runs;
	struct history *history;
	struct error err = {0};
	char path[128];
	size_t count;

	(void)state;
	add_texts("site.yml", "done", texts());
	snprintf(path, sizeof(path), "%s/.beoplay/history.git/refs/heads/runs.lock", directory);
	fclose(fopen(path, "w"));
	snprintf(path, sizeof(path), "%s/.beoplay/history.git/refs/hosts/node1.lan.lock", directory);
	fclose(fopen(path, "w"));
	add_texts("site.yml", "done", texts());
	assert_int_equal(history_open(directory, false, &history, &err), 0);
	assert_int_equal(history_runs(history, arena, 0, &runs, &count, &err), 0);
	assert_int_equal(count, 2);
	history_close(history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_lock_that_a_killed_writer_left_holds_nobody_up, begin, end),
		cmocka_unit_test_setup_teardown(a_run_comes_back_as_it_was, begin, end),
		cmocka_unit_test_setup_teardown(a_host_has_the_last_run_that_it_went_through, begin, end),
		cmocka_unit_test_setup_teardown(runs_of_all_versions_are_read, begin, end),
		cmocka_unit_test_setup_teardown(a_history_of_a_newer_version_is_neither_read_nor_written, begin, end),
		cmocka_unit_test_setup_teardown(plain_git_reads_the_text_that_ran, begin, end),
		cmocka_unit_test_setup_teardown(only_its_owner_reads_it, begin, end),
		cmocka_unit_test_setup_teardown(what_is_not_there_is_no_error, begin, end),
		cmocka_unit_test_setup_teardown(runs_at_the_same_time_are_all_kept, begin, end),
		cmocka_unit_test_setup_teardown(a_text_is_run_again_from_the_history_alone, begin, end),
		cmocka_unit_test_setup_teardown(
			a_directory_of_a_record_lists_each_name_once_whatever_came_first, begin, end),
		cmocka_unit_test_setup_teardown(
			a_packed_record_is_the_same_and_a_damaged_one_is_refused, begin, end),
		cmocka_unit_test(the_head_of_a_run_ends_before_its_files),
		cmocka_unit_test_setup_teardown(what_is_expunged_or_collected_is_gone_from_the_disk,
			begin, end),
		cmocka_unit_test_setup_teardown(a_host_is_forgotten, begin, end),
		cmocka_unit_test_setup_teardown(
			what_a_host_told_comes_back_as_data_and_the_newest_counts, begin, end),
		cmocka_unit_test_setup_teardown(what_is_secret_or_long_or_no_text_is_not_kept, begin, end),
		cmocka_unit_test_setup_teardown(only_what_the_table_names_is_written, begin, end),
		cmocka_unit_test_setup_teardown(what_very_many_hosts_told_can_be_read_again, begin, end),
		cmocka_unit_test_setup_teardown(nothing_of_a_forgotten_host_stays, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
