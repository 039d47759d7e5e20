/* What a ledger's database is after flipped bits, and beside journals and files of others. */
#include "ledger_vfs_bench.h"

static void flip(const char *name, int64_t bit)
{
	int fd = open(name, O_RDWR | O_CLOEXEC);
	unsigned char byte;

	assert_int_equal(pread(fd, &byte, 1, bit / 8), 1);
	byte ^= (unsigned char)(1 << bit % 8);
	assert_int_equal(pwrite(fd, &byte, 1, bit / 8), 1);
	close(fd);
}

static int64_t size_of(const char *name)
{
	struct stat info;

	return stat(name, &info) < 0 ? -1 : info.st_size;
}

/* Whether opening and reading all of it says that it is damaged. */
static bool found_damaged(enum ledger_access access)
{
	unsigned char ignored[DIGEST];
	struct error err = { 0 };
	sqlite3 *database;
	const char *why = NULL;
	bool found;

	if (ledger_vfs_open(path, lock, access, &database, &err) < 0)
		return strstr(err.message, "is damaged: ") != NULL;
	found = digest(database, ignored) != SQLITE_OK && ledger_vfs_damaged(database, &why) && why;
	sqlite3_close(database);
	return found;
}

static void each_flipped_bit_of_the_database_is_found(void **state)
{
	unsigned seed = 12;
	sqlite3 *database;
	int64_t bits;

	(void)state;
	database = grow(0);
	for (int i = 0; i < 40; i++)
		must(database, "INSERT INTO thing(name, value) VALUES(hex(randomblob(20)), zeroblob(2000))");
	sqlite3_close(database);
	bits = size_of(path) * 8;
	for (int64_t i = 0; i < 800 + 1000 * times; i++) {
		int64_t bit = i < 800 ? i : rand_r(&seed) % bits;

		flip(path, bit);
		if (!found_damaged(i % 2 ? LEDGER_LOOK : LEDGER_WRITE))
			fail_msg("bit %lld isn't found", (long long)bit);
		flip(path, bit);
	}
	assert_false(found_damaged(LEDGER_WRITE));
}

/* A kill in the middle of writing the last state to the database: count is behind its first
 * page. */
static size_t in_the_middle(void)
{
	size_t count = recorder.count;

	while (recorder.entries[count - 1].operation != RECORDER_WRITE ||
	       recorder.entries[count - 1].file != RECORDER_DATABASE)
		count--;
	return count - 1;
}

static void put_hot_journal(void)
{
	struct recorder_image images[RECORDER_FILES] = { 0 };

	recorder_replay(images, in_the_middle(), false);
	recorder_put(images, path);
	recorder_images_free(images);
}

static void a_flipped_bit_of_the_journal_never_gets_into_the_database(void **state)
{
	unsigned seed = 5;
	size_t refused = 0;

	(void)state;
	record_growth();
	for (unsigned i = 0; i < 400 * times; i++) {
		int64_t bit;

		put_hot_journal();
		bit = i < 28 * 8 ? i : rand_r(&seed) % (size_of(journal) * 8);
		flip(journal, bit);
		if (found_damaged(i % 2 ? LEDGER_LOOK : LEDGER_WRITE))
			refused++;
		else if (state_found(LEDGER_LOOK, STATES) != STATES)
			fail_msg("bit %lld isn't found", (long long)bit);
	}
	assert_in_range(refused, 300 * times, 400 * times);
}

static void a_database_that_was_cut_off_is_damaged(void **state)
{
	(void)state;
	sqlite3_close(grow(6));
	assert_int_equal(truncate(path, size_of(path) - LEDGER_PAGE), 0);
	assert_true(found_damaged(LEDGER_LOOK));
	assert_true(found_damaged(LEDGER_WRITE));
	assert_int_equal(truncate(path, 1000), 0);
	assert_true(found_damaged(LEDGER_WRITE));
}

static void what_plain_sqlite_writes_is_found(void **state)
{
	sqlite3 *plain;

	(void)state;
	sqlite3_close(grow(3));
	assert_int_equal(sqlite3_open(path, &plain), SQLITE_OK);
	assert_int_equal(state_of(plain, 3), 4);
	must(plain, "UPDATE thing SET name = name || '!'");
	sqlite3_close(plain);
	assert_true(found_damaged(LEDGER_WRITE));
}

/* --- Journals */

static void copy(const char *from, const char *to)
{
	char bytes[4096];
	size_t size;
	FILE *in = fopen(from, "r");
	FILE *out = fopen(to, "w");

	assert_true(in && out);
	while ((size = fread(bytes, 1, sizeof(bytes), in)) > 0)
		assert_int_equal(fwrite(bytes, 1, size, out), size);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

static void journal_refused(void)
{
	int64_t size = size_of(journal);

	assert_true(size > 0);
	assert_true(found_damaged(LEDGER_LOOK));
	assert_true(found_damaged(LEDGER_WRITE));
	assert_int_equal(size_of(journal), size);
}

static void a_journal_beside_another_state_of_its_database_is_refused(void **state)
{
	struct recorder_image images[RECORDER_FILES] = { 0 };
	char backup[96];
	size_t count = 0;
	sqlite3 *database;

	(void)state;
	snprintf(backup, sizeof(backup), "%s/other", folder);
	record_growth();
	/* Restored from the state five transactions ago. */
	while (recorder_marks(count) < STATES - 4)
		count++;
	recorder_replay(images, count, false);
	recorder_put(images, path);
	copy(path, backup);
	put_hot_journal();
	copy(backup, path);
	journal_refused();
	/* And with other transactions since then, as many as there were: the counters are the same. */
	copy(backup, path);
	assert_int_equal(truncate(journal, 0), 0);
	database = open_ledger(LEDGER_WRITE);
	for (int i = 0; i < 4; i++)
		assert_int_equal(transact(database, 20 + i), SQLITE_OK);
	sqlite3_close(database);
	copy(path, backup);
	put_hot_journal();
	copy(backup, path);
	journal_refused();
	/* And where nothing is left of it. */
	assert_int_equal(truncate(path, 0), 0);
	journal_refused();
	unlink(path);
	assert_true(found_damaged(LEDGER_WRITE));
	assert_true(size_of(journal) > 0);
	recorder_images_free(images);
}

static void a_hot_journal_is_played_back_in_memory_without_a_write(void **state)
{
	struct stat before[2], after[2];
	sqlite3 *database;

	(void)state;
	record_growth();
	put_hot_journal();
	stat(path, &before[0]);
	stat(journal, &before[1]);
	recorder_reset();
	database = open_ledger(LEDGER_LOOK);
	assert_int_equal(state_of(database, STATES), STATES);
	assert_int_equal(state_of(database, STATES), STATES);
	assert_int_not_equal(run(database, "DELETE FROM thing"), SQLITE_OK);
	assert_int_equal(state_of(database, STATES), STATES);
	sqlite3_close(database);
	assert_int_equal(recorder.writes + recorder.syncs + recorder.truncates + recorder.deletes, 0);
	stat(path, &after[0]);
	stat(journal, &after[1]);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(after[i].st_size, before[i].st_size);
		assert_memory_equal(&after[i].st_mtim, &before[i].st_mtim, sizeof(after[i].st_mtim));
	}
	assert_int_equal(state_found(LEDGER_WRITE, STATES), STATES);
	assert_true(recorder.writes > 0);
}

static int look_as_nobody(void)
{
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return 100;
	snprintf(lock, sizeof(lock), "/nowhere/lock");
	return state_found(LEDGER_LOOK, STATES);
}

static int look_on_a_read_only_mount(void)
{
	sqlite3 *database;
	int found;

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(folder, folder, NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, folder, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
		return 100;
	found = state_found(LEDGER_LOOK, STATES);
	if (found != STATES || size_of(journal) > 0)
		return found;
	/* Whoever wants to write is told so at once. */
	database = open_ledger(LEDGER_WRITE);
	if ((transact(database, 50) & 0xff) != SQLITE_READONLY)
		return 101;
	return state_of(database, STATES);
}

static void others_and_read_only_mounts_read_it_too(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	record_growth();
	put_hot_journal();
	chmod(folder, 0755);
	chmod(path, 0644);
	chmod(journal, 0644);
	assert_int_equal(elsewhere(look_as_nobody), STATES);
	recorder_reset();
	assert_int_equal(elsewhere(look_on_a_read_only_mount), STATES);
	assert_int_equal(state_found(LEDGER_LOOK, STATES), STATES);
	sqlite3_close(open_ledger(LEDGER_WRITE));
	assert_int_equal(size_of(journal), 0);
	assert_int_equal(elsewhere(look_on_a_read_only_mount), STATES);
}

static bool refused(void)
{
	struct error err = { 0 };
	sqlite3 *database;
	int result = ledger_vfs_open(path, lock, LEDGER_WRITE, &database, &err);

	sqlite3_close(database);
	return result < 0 && err.remedy[0];
}

static void what_others_could_change_is_never_opened(void **state)
{
	char other[96];

	(void)state;
	snprintf(other, sizeof(other), "%s/other", folder);
	sqlite3_close(grow(2));
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_true(refused());
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(chmod(path, 0664), 0);
	assert_true(refused());
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_true(refused());
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(unlink(journal), 0);
	assert_int_equal(symlink(other, journal), 0);
	assert_true(found_damaged(LEDGER_WRITE));
	assert_int_equal(unlink(journal), 0);
	assert_int_equal(mkfifo(journal, 0600), 0);
	assert_true(found_damaged(LEDGER_WRITE));
	assert_int_equal(unlink(journal), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, NOBODY, NOBODY), 0);
		assert_true(refused());
		assert_int_equal(chown(path, 0, 0), 0);
		assert_int_equal(chown(folder, NOBODY, NOBODY), 0);
		assert_true(refused());
		assert_int_equal(chown(folder, 0, 0), 0);
	}
	assert_int_equal(state_found(LEDGER_WRITE, 2), 3);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(refused());
	assert_int_equal(rmdir(path), 0);
}

static void one_that_is_not_there_is_not_made_by_looking(void **state)
{
	struct error err = { 0 };
	sqlite3 *database;

	(void)state;
	assert_int_equal(ledger_vfs_open(path, lock, LEDGER_LOOK, &database, &err), -1);
	assert_null(database);
	assert_int_equal(size_of(path), -1);
	sqlite3_close(open_ledger(LEDGER_WRITE));
	assert_int_equal(size_of(path), 0);
}

static void what_is_not_as_it_was_looked_at_is_opened_anew(void **state)
{
	char other[sizeof(path) + 4];
	sqlite3 *database;

	(void)state;
	record_growth();
	database = open_ledger(LEDGER_LOOK);
	snprintf(other, sizeof(other), "%s.two", path);
	copy(path, other);
	assert_int_equal(rename(other, path), 0);
	assert_false(ledger_vfs_upgrade(database));
	sqlite3_close(database);
	put_hot_journal();
	database = open_ledger(LEDGER_LOOK);
	assert_int_equal(state_of(database, STATES), STATES);
	assert_false(ledger_vfs_upgrade(database));
	assert_int_not_equal(transact(database, 3), SQLITE_OK);
	sqlite3_close(database);
	assert_int_equal(state_found(LEDGER_WRITE, STATES), STATES);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(each_flipped_bit_of_the_database_is_found),
		test(a_flipped_bit_of_the_journal_never_gets_into_the_database),
		test(a_database_that_was_cut_off_is_damaged),
		test(what_plain_sqlite_writes_is_found),
		test(a_journal_beside_another_state_of_its_database_is_refused),
		test(a_hot_journal_is_played_back_in_memory_without_a_write),
		test(others_and_read_only_mounts_read_it_too),
		test(what_others_could_change_is_never_opened),
		test(one_that_is_not_there_is_not_made_by_looking),
		test(what_is_not_as_it_was_looked_at_is_opened_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
