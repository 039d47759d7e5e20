/* Tests for engine/seal: only what this key made for this playbook opens, and seals say which run a
 * host had after which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "seal/chain.h"
#include "seal/export.h"
#include "seal/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena *arena;
static struct key key;
static struct owner_keys keys;
static char directory[64];

static int begin(void **state)
{
	(void)state;
	arena = arena_new();
	key = (struct key){ .created = 1700000000, .name = "anna@desk" };
	memset(key.bytes, 7, sizeof(key.bytes));
	key_set_id(&key);
	keys_derive(&key, "cluster", "site.yml", &keys);
	strcpy(directory, "/tmp/beoplay-seal-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int end(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	arena_free(arena);
	return system(command);
}

/* --- Packs --- */

static const char text[] = "what the text was";

static char *pack_of(const struct owner_keys *with, const void *bytes, size_t count,
	size_t *ret_size)
{
	struct error err = {0};
	char *pack;

	assert_int_equal(pack_make(arena, with, bytes, count, &pack, ret_size, &err), 0);
	return pack;
}

static int opens(const struct owner_keys *with, const char *pack, size_t size)
{
	struct error err = {0};
	size_t count;
	char *found;

	if (pack_open(arena, with, pack, size, &found, &count, &err) < 0) {
		assert_int_equal(err.kind, ERROR_TEXT);
		return 0;
	}
	assert_int_equal(count, sizeof(text));
	assert_memory_equal(found, text, count);
	return 1;
}

static void what_was_sealed_opens_again(void **state)
{
	size_t size;
	char *pack = pack_of(&keys, text, sizeof(text), &size);

	(void)state;
	assert_int_equal(size, PACK_HEADER_SIZE + 4096 + 16);
	assert_true(opens(&keys, pack, size));
}

static void equal_texts_give_equal_packs(void **state)
{
	size_t one_size, other_size;
	char *one = pack_of(&keys, text, sizeof(text), &one_size);
	char *other = pack_of(&keys, text, sizeof(text), &other_size);

	(void)state;
	assert_int_equal(one_size, other_size);
	assert_memory_equal(one, other, one_size);
	other = pack_of(&keys, text, sizeof(text) - 1, &other_size);
	assert_int_equal(one_size, other_size);
	assert_memory_not_equal(one + PACK_HEADER_SIZE, other + PACK_HEADER_SIZE, 64);
}

static void a_pack_has_the_bytes_of_its_first_version(void **state)
{
	char path[] = "tests/formats/pack-1/pack", kept[8192];
	FILE *file = fopen(path, "re");
	size_t size, count;
	char *pack = pack_of(&keys, text, sizeof(text), &size);

	(void)state;
	assert_non_null(file);
	count = fread(kept, 1, sizeof(kept), file);
	fclose(file);
	assert_true(opens(&keys, kept, count));
	/* Another zstd may compress otherwise; the header in front of the nonce is ours. */
	assert_memory_equal(kept, pack, 64);
}

static void a_pack_with_any_bit_of_its_header_flipped_does_not_open(void **state)
{
	size_t size;
	char *pack = pack_of(&keys, text, sizeof(text), &size);

	(void)state;
	for (size_t i = 0; i < PACK_HEADER_SIZE; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			pack[i] = (char)(pack[i] ^ (1 << bit));
			assert_false(opens(&keys, pack, size));
			pack[i] = (char)(pack[i] ^ (1 << bit));
		}
	}
	assert_true(opens(&keys, pack, size));
}

static void a_pack_with_a_byte_of_its_content_altered_does_not_open(void **state)
{
	size_t size;
	char *pack = pack_of(&keys, text, sizeof(text), &size);

	(void)state;
	for (size_t i = PACK_HEADER_SIZE; i < size; i += 101) {
		pack[i] = (char)(pack[i] ^ 1);
		assert_false(opens(&keys, pack, size));
		pack[i] = (char)(pack[i] ^ 1);
	}
	pack[size - 1] = (char)(pack[size - 1] ^ 1);
	assert_false(opens(&keys, pack, size));
}

static void a_pack_that_is_shorter_or_longer_does_not_open(void **state)
{
	size_t size;
	char *pack = pack_of(&keys, text, sizeof(text), &size);
	char *longer = arena_alloc(arena, size + 1);

	(void)state;
	for (size_t count = 0; count < size; count += count < 200 ? 1 : 97)
		assert_false(opens(&keys, pack, count));
	assert_false(opens(&keys, pack, size - 1));
	memcpy(longer, pack, size);
	assert_false(opens(&keys, longer, size + 1));
}

static void a_pack_of_another_project_playbook_or_user_does_not_open(void **state)
{
	struct owner_keys other;
	struct key foreign = key;
	size_t size;
	char *pack;

	(void)state;
	keys_derive(&key, "another", "site.yml", &other);
	pack = pack_of(&other, text, sizeof(text), &size);
	assert_false(opens(&keys, pack, size));
	keys_derive(&key, "cluster", "other.yml", &other);
	pack = pack_of(&other, text, sizeof(text), &size);
	assert_false(opens(&keys, pack, size));
	foreign.bytes[0] = 8;
	key_set_id(&foreign);
	keys_derive(&foreign, "cluster", "site.yml", &other);
	pack = pack_of(&other, text, sizeof(text), &size);
	assert_false(opens(&keys, pack, size));
	/* A pack that only says to be of this key, too. */
	memcpy(other.id, keys.id, sizeof(keys.id));
	memcpy(other.owner, keys.owner, sizeof(keys.owner));
	pack = pack_of(&other, text, sizeof(text), &size);
	assert_false(opens(&keys, pack, size));
}

static void nothing_of_the_text_is_readable_in_a_pack(void **state)
{
	size_t size;
	char *pack = pack_of(&keys, text, sizeof(text), &size);

	(void)state;
	assert_null(memmem(pack, size, "text", 4));
	assert_null(memmem(pack, size, "site.yml", 8));
	assert_null(memmem(pack, size, "cluster", 7));
}

static void sizes_of_packs_tell_little(void **state)
{
	size_t small, large;
	char *bytes = arena_alloc(arena, 3000);

	(void)state;
	for (size_t i = 0; i < 3000; i++)
		bytes[i] = (char)(i * 7919 >> 3 ^ i * i >> 5);
	pack_of(&keys, text, sizeof(text), &small);
	pack_of(&keys, bytes, 3000, &large);
	assert_int_equal(small, large);
}

static void a_text_that_is_too_large_gives_no_pack(void **state)
{
	char *bytes = arena_alloc(arena, 2 << 20);
	struct error err = {0};
	uint64_t noise = 1;
	size_t size;
	char *pack;

	(void)state;
	for (size_t i = 0; i < 2 << 20; i++) {
		noise = noise * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = (char)(noise >> 56);
	}
	assert_int_equal(pack_make(arena, &keys, bytes, 2 << 20, &pack, &size, &err), -1);
}

/* --- Seals --- */

static const unsigned char incarnation[SEAL_INCARNATION_SIZE] = "1234567890abcde";

static struct seal seal_of(const char *host, const char *run, int64_t time)
{
	struct seal seal = { .host = host, .run = run, .number = time, .time = time, .who = "anna" };

	memcpy(seal.incarnation, incarnation, sizeof(incarnation));
	memset(seal.pack, (int)time, sizeof(seal.pack));
	return seal;
}

static const char *why_not(const unsigned char *bytes, const char *host,
	const unsigned char *of, const char *run)
{
	struct seal found;
	const char *why;

	return seal_open(&keys, bytes, SEAL_SIZE, host, of, run, &found, &why) ? NULL : why;
}

static void a_seal_is_that_of_its_host_ledger_and_run_alone(void **state)
{
	const unsigned char clone[SEAL_INCARNATION_SIZE] = "another ledger.";
	struct seal seal = seal_of("node1", "R1", 1);
	unsigned char bytes[SEAL_SIZE];

	(void)state;
	seal_make(&keys, &seal, bytes);
	assert_null(why_not(bytes, "node1", incarnation, "R1"));
	assert_non_null(strstr(why_not(bytes, "node2", incarnation, "R1"), "another host"));
	assert_non_null(strstr(why_not(bytes, "node1", clone, "R1"), "another ledger"));
	assert_non_null(strstr(why_not(bytes, "node1", incarnation, "R2"), "another run"));
}

static void a_seal_with_any_byte_altered_is_not_right(void **state)
{
	struct seal seal = seal_of("node1", "R1", 1);
	unsigned char bytes[SEAL_SIZE];

	(void)state;
	seal_make(&keys, &seal, bytes);
	for (size_t i = 0; i < SEAL_SIZE; i++) {
		bytes[i] ^= 1;
		assert_non_null(why_not(bytes, "node1", incarnation, "R1"));
		bytes[i] ^= 1;
	}
	assert_null(why_not(bytes, "node1", incarnation, "R1"));
}

static void a_seal_of_another_playbook_is_not_right(void **state)
{
	struct seal seal = seal_of("node1", "R1", 1);
	unsigned char bytes[SEAL_SIZE];
	struct owner_keys other;

	(void)state;
	keys_derive(&key, "cluster", "other.yml", &other);
	seal_make(&other, &seal, bytes);
	assert_non_null(strstr(why_not(bytes, "node1", incarnation, "R1"), "playbook"));
}

static void what_a_seal_says_comes_back(void **state)
{
	struct seal seal = seal_of("node1", "R1", 1), found;
	unsigned char bytes[SEAL_SIZE];
	const char *why;

	(void)state;
	memset(seal.who, 'a', sizeof(seal.who));
	memset(seal.previous, 3, sizeof(seal.previous));
	seal_make(&keys, &seal, bytes);
	assert_true(seal_open(&keys, bytes, SEAL_SIZE, "node1", incarnation, "R1", &found, &why));
	assert_int_equal(found.time, 1);
	assert_int_equal(strlen(found.who), SEAL_WHO_MOST);
	assert_memory_equal(found.pack, seal.pack, sizeof(seal.pack));
	assert_memory_equal(found.previous, seal.previous, sizeof(seal.previous));
}

/* --- Chains --- */

/* The runs that a host shows, as "1 2 3": each was sealed behind the one before it. A run in
 * brackets is held back. */
static struct chain chain_of(const char *host, const char *runs)
{
	struct chain chain = { .host = host, .runs = arena_array(arena, 16, sizeof(*chain.runs)) };
	unsigned char previous[SEAL_DIGEST_SIZE] = {0};

	for (const char *run = runs; *run; run++) {
		bool hidden = *run == '(';
		struct chain_run *to = &chain.runs[chain.count];
		unsigned char bytes[SEAL_SIZE];

		if (!hidden && (*run < '0' || *run > '9'))
			continue;
		run += hidden;
		to->seal = seal_of(host, arena_printf(arena, "R%c", *run), *run - '0');
		memcpy(to->seal.previous, previous, sizeof(previous));
		seal_make(&keys, &to->seal, bytes);
		seal_digest(bytes, previous);
		seal_digest(bytes, to->digest);
		chain.count += !hidden;
	}
	return chain;
}

/* The run to go back to ("R1"), or the beginning of an error. */
static const char *before(const char *first, const char *second, const char *third)
{
	struct chain chains[] = { chain_of("a", first), chain_of("b", second), chain_of("c", third) };
	struct chain_target target;
	struct error err = {0};

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(chain_order(arena, &chains[i], &err), 0);
	if (chains_before(arena, chains, 3, &target, &err) < 0)
		return arena_string(arena, err.message);
	return target.run->seal.run;
}

static void the_run_before_the_last_is_found(void **state)
{
	(void)state;
	assert_string_equal(before("12", "12", "12"), "R1");
	assert_string_equal(before("123", "123", "123"), "R2");
}

static void a_host_on_which_the_last_run_changed_nothing_has_the_one_before(void **state)
{
	(void)state;
	assert_string_equal(before("12", "1", "12"), "R1");
	assert_string_equal(before("123", "12", "13"), "R2");
}

static void a_host_that_came_later_says_nothing_of_what_was_before(void **state)
{
	(void)state;
	assert_string_equal(before("12", "2", ""), "R1");
	assert_non_null(strstr(before("2", "2", ""), "no host has had another text"));
	assert_non_null(strstr(before("", "", ""), "no host has a sealed text"));
}

static void hosts_that_had_different_runs_are_named(void **state)
{
	(void)state;
	assert_non_null(strstr(before("13", "23", "3"), "don't agree on the run before the last one: "
		"a has run 1 of"));
	assert_non_null(strstr(before("12", "13", "1"), "don't agree on the last run: a has run 2 of"));
}

static void a_chain_that_was_cut_ends_there(void **state)
{
	(void)state;
	/* The middle is held back: what is older hangs on nothing. */
	assert_string_equal(before("1(2)3", "123", "123"), "R2");
	assert_non_null(strstr(before("1(2)3", "3", ""), "no host has had another text"));
}

static void two_newest_runs_of_one_host_are_an_error(void **state)
{
	struct chain one = chain_of("a", "123"), other = chain_of("a", "145");
	struct error err = {0};

	(void)state;
	memcpy(&one.runs[one.count], &other.runs[1], 2 * sizeof(*one.runs));
	one.count += 2;
	assert_int_equal(chain_order(arena, &one, &err), -1);
	assert_ptr_equal(err.code, HISTORY_DISAGREEMENT);
}

static void all_runs_behind_the_target_are_undone(void **state)
{
	struct chain chains[] = { chain_of("a", "123"), chain_of("b", "13") };
	struct chain_target target;
	struct error err = {0};

	(void)state;
	memcpy(chains[0].runs[1].seal.pack, chains[0].runs[2].seal.pack, SEAL_DIGEST_SIZE);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(chain_order(arena, &chains[i], &err), 0);
	assert_int_equal(chains_before(arena, chains, 2, &target, &err), 0);
	assert_string_equal(target.run->seal.run, "R1");
	assert_int_equal(target.after->count, 3);
}

/* --- Keys --- */

static void a_key_is_made_once_and_found_again(void **state)
{
	const struct key *made, *found;
	struct error err = {0};
	struct stat info;
	bool fresh;
	const char *path = arena_printf(arena, "%s/a/keys", directory);

	(void)state;
	assert_int_equal(keys_newest(arena, path, false, "anna", &found, &fresh, &err), 0);
	assert_null(found);
	assert_int_equal(keys_newest(arena, path, true, "anna", &made, &fresh, &err), 0);
	assert_true(fresh);
	assert_int_equal(keys_newest(arena, path, true, "anna", &found, &fresh, &err), 0);
	assert_false(fresh);
	assert_string_equal(made->id, found->id);
	assert_memory_equal(made->bytes, found->bytes, KEY_SIZE);
	assert_string_equal(found->name, "anna");
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0700);
	assert_int_equal(stat(arena_printf(arena, "%s/%s", path, made->id), &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
}

static void a_new_key_seals_and_the_old_one_is_still_found(void **state)
{
	const struct key *one, *other, *found;
	struct error err = {0};
	bool fresh;

	(void)state;
	assert_int_equal(keys_make(arena, directory, "", &one, &err), 0);
	assert_int_equal(keys_make(arena, directory, "", &other, &err), 0);
	assert_int_equal(keys_newest(arena, directory, true, "", &found, &fresh, &err), 0);
	assert_string_equal(found->id, other->id);
	assert_int_equal(keys_find(arena, directory, one->id, &found, &err), 0);
	assert_false(found->revoked);
	assert_int_equal(keys_revoke(arena, directory, other->id, &err), 0);
	assert_int_equal(keys_newest(arena, directory, true, "", &found, &fresh, &err), 0);
	assert_string_equal(found->id, one->id);
	assert_int_equal(keys_find(arena, directory, other->id, &found, &err), 0);
	assert_true(found->revoked);
}

static void a_key_that_others_can_read_is_refused(void **state)
{
	const struct key *made, *found;
	struct error err = {0};

	(void)state;
	assert_int_equal(keys_make(arena, directory, "", &made, &err), 0);
	assert_int_equal(chmod(arena_printf(arena, "%s/%s", directory, made->id), 0640), 0);
	assert_int_equal(keys_find(arena, directory, made->id, &found, &err), -1);
	assert_ptr_equal(err.code, KEY_UNTRUSTED);
}

static void a_key_under_the_name_of_another_is_refused(void **state)
{
	const struct key *one, *other, *found;
	struct error err = {0};

	(void)state;
	assert_int_equal(keys_make(arena, directory, "", &one, &err), 0);
	assert_int_equal(keys_make(arena, directory, "", &other, &err), 0);
	assert_int_equal(rename(arena_printf(arena, "%s/%s", directory, one->id),
		arena_printf(arena, "%s/%s", directory, other->id)), 0);
	assert_int_equal(keys_find(arena, directory, other->id, &found, &err), -1);
	assert_ptr_equal(err.code, KEY_DAMAGED);
}

static void a_name_that_is_no_id_is_no_key(void **state)
{
	const struct key *found;
	struct error err = {0};

	(void)state;
	assert_int_equal(keys_find(arena, directory, "../../etc/shadow", &found, &err), 0);
	assert_null(found);
	assert_int_equal(keys_revoke(arena, directory, "x\ny", &err), -1);
}

static void an_exported_key_comes_back_with_its_passphrase_alone(void **state)
{
	struct error err = {0};
	struct key found;
	char *exported;

	(void)state;
	assert_int_equal(export_write(arena, &key, "too short", &exported, &err), -1);
	assert_int_equal(export_write(arena, &key, "long enough", &exported, &err), 0);
	assert_int_equal(export_read(arena, exported, "long enough", &found, &err), 0);
	assert_memory_equal(found.bytes, key.bytes, KEY_SIZE);
	assert_string_equal(found.id, key.id);
	assert_string_equal(found.name, key.name);
	assert_int_equal(found.created, key.created);
	assert_int_equal(export_read(arena, exported, "long enougj", &found, &err), -1);
	exported[strlen(exported) - 40] = exported[strlen(exported) - 40] == 'A' ? 'B' : 'A';
	assert_int_equal(export_read(arena, exported, "long enough", &found, &err), -1);
}

/* What would take an hour or all memory is refused before it is tried. */
static void an_exported_key_that_asks_for_too_much_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "x", "-----BEGIN BEOPLAY KEY-----\n-----END BEOPLAY KEY-----\n",
		/* 11 passes, then 4 MiB, then 2 GiB, each behind the magic and before zeros */
		"QkVPS0VZAQALAAAAAAAAEAAAAAA", "QkVPS0VZAQADAAAAAABAAAAAAAA", "QkVPS0VZAQADAAAAAAAAgAAAAAA",
		"QkVPS0VZAQAAAAAAAAAAEAAAAAA",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct error err = {0};
		struct key found;
		char zeros[161];

		memset(zeros, 'A', sizeof(zeros));
		zeros[160] = '\0';
		assert_int_equal(export_read(arena, i < 3 ? bad[i] : arena_printf(arena,
			"-----BEGIN BEOPLAY KEY-----\n%s%s\n-----END BEOPLAY KEY-----\n", bad[i],
			zeros + strlen(bad[i]) % 4), "long enough", &found, &err), -1);
		if (i >= 3)
			assert_ptr_equal(err.code, KEY_TOO_EXPENSIVE);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_sealed_opens_again, begin, end),
		cmocka_unit_test_setup_teardown(equal_texts_give_equal_packs, begin, end),
		cmocka_unit_test_setup_teardown(a_pack_has_the_bytes_of_its_first_version, begin, end),
		cmocka_unit_test_setup_teardown(a_pack_with_any_bit_of_its_header_flipped_does_not_open,
			begin, end),
		cmocka_unit_test_setup_teardown(a_pack_with_a_byte_of_its_content_altered_does_not_open,
			begin, end),
		cmocka_unit_test_setup_teardown(a_pack_that_is_shorter_or_longer_does_not_open, begin,
			end),
		cmocka_unit_test_setup_teardown(a_pack_of_another_project_playbook_or_user_does_not_open,
			begin, end),
		cmocka_unit_test_setup_teardown(nothing_of_the_text_is_readable_in_a_pack, begin, end),
		cmocka_unit_test_setup_teardown(sizes_of_packs_tell_little, begin, end),
		cmocka_unit_test_setup_teardown(a_text_that_is_too_large_gives_no_pack, begin, end),
		cmocka_unit_test_setup_teardown(a_seal_is_that_of_its_host_ledger_and_run_alone, begin,
			end),
		cmocka_unit_test_setup_teardown(a_seal_with_any_byte_altered_is_not_right, begin, end),
		cmocka_unit_test_setup_teardown(a_seal_of_another_playbook_is_not_right, begin, end),
		cmocka_unit_test_setup_teardown(what_a_seal_says_comes_back, begin, end),
		cmocka_unit_test_setup_teardown(the_run_before_the_last_is_found, begin, end),
		cmocka_unit_test_setup_teardown(
			a_host_on_which_the_last_run_changed_nothing_has_the_one_before, begin, end),
		cmocka_unit_test_setup_teardown(a_host_that_came_later_says_nothing_of_what_was_before,
			begin, end),
		cmocka_unit_test_setup_teardown(hosts_that_had_different_runs_are_named, begin, end),
		cmocka_unit_test_setup_teardown(a_chain_that_was_cut_ends_there, begin, end),
		cmocka_unit_test_setup_teardown(two_newest_runs_of_one_host_are_an_error, begin, end),
		cmocka_unit_test_setup_teardown(all_runs_behind_the_target_are_undone, begin, end),
		cmocka_unit_test_setup_teardown(a_key_is_made_once_and_found_again, begin, end),
		cmocka_unit_test_setup_teardown(a_new_key_seals_and_the_old_one_is_still_found, begin,
			end),
		cmocka_unit_test_setup_teardown(a_key_that_others_can_read_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_key_under_the_name_of_another_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_name_that_is_no_id_is_no_key, begin, end),
		cmocka_unit_test_setup_teardown(an_exported_key_comes_back_with_its_passphrase_alone,
			begin, end),
		cmocka_unit_test_setup_teardown(an_exported_key_that_asks_for_too_much_is_refused, begin,
			end),
	};

	/* With a name of a file: makes the fixture. */
	if (argc > 1) {
		void *none = NULL;
		size_t size;
		char *pack;
		FILE *file;

		begin(&none);
		pack = pack_of(&keys, text, sizeof(text), &size);
		file = fopen(argv[1], "wxe");
		return !file || fwrite(pack, 1, size, file) != size || fclose(file) != 0 || end(&none);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
