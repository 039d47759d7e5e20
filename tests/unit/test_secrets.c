/* secrets: strings are found wherever they stand in a text, and every audience sees what it may. */
#include "base/disclose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const unsigned char key[32] = "a key";

static struct value *leveled(struct arena *arena, const char *text, enum level level)
{
	struct value *value = value_string(arena, text);

	value->level = level;
	return value;
}

static void note(struct secrets *secrets, const char *text, enum level level)
{
	secrets_note_text(secrets, text, strlen(text), level);
}

static const char *cut(const struct secrets *secrets, struct arena *arena, const char *text,
	enum level least)
{
	return secrets_cut(secrets, arena, text, strlen(text), least, NULL);
}

static void secrets_are_cut_out_of_texts(void **state)
{
	static const char *const texts[][2] = {
		{ "nothing here", "nothing here" },
		{ "swordfish", "(secret)" },
		{ "-pswordfish;", "-p(secret);" },
		{ "swordfishswordfish", "(secret)(secret)" },
		{ "swordfis", "swordfis" },
		{ "swordswordfish", "sword(secret)" },
		{ "swordfish and more", "(secret)" },        /* the longest that is noted */
		{ "Swordfish", "Swordfish" },
		{ "", "" },
		{ "visitor", "(private)" },
	};
	struct arena *arena = arena_new();
	struct secrets *secrets = secrets_new();

	(void)state;
	note(secrets, "swordfish", LEVEL_SECRET);
	note(secrets, "swordfish and more", LEVEL_SECRET);
	note(secrets, "visitor", LEVEL_PRIVATE);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_string_equal(cut(secrets, arena, texts[i][0], LEVEL_PRIVATE),
			texts[i][1]);
	assert_string_equal(cut(secrets, arena, "visitor", LEVEL_SECRET), "visitor");
	assert_string_equal(cut(NULL, arena, "swordfish", LEVEL_PRIVATE), "swordfish");
	secrets_free(secrets);
	arena_free(arena);
}

static void each_line_of_a_longer_one_is_a_secret(void **state)
{
	struct arena *arena = arena_new();
	struct secrets *secrets = secrets_new();

	(void)state;
	note(secrets, "-----BEGIN-----\n  c3dvcmRmaXNo\r\nend\n", LEVEL_SECRET);
	assert_string_equal(cut(secrets, arena, "+c3dvcmRmaXNo\n+end", LEVEL_SECRET),
		"+(secret)\n+end");
	secrets_free(secrets);
	arena_free(arena);
}

static void thousands_are_found(void **state)
{
	struct arena *arena = arena_new();
	struct secrets *secrets = secrets_new();
	char text[64];

	(void)state;
	for (int i = 0; i < SECRETS_MOST + 10; i++) {
		snprintf(text, sizeof(text), "prefix%dsuffix", i);
		note(secrets, text, LEVEL_SECRET);
		assert_int_equal(secrets_full(secrets), i >= SECRETS_MOST);
	}
	for (int i = 0; i < SECRETS_MOST; i += 997) {
		snprintf(text, sizeof(text), "a prefix%dsuffix.", i);
		assert_string_equal(cut(secrets, arena, text, LEVEL_SECRET), "a (secret).");
	}
	secrets_free(secrets);
	arena_free(arena);
}

static void values_with_a_level_are_noted_and_marked(void **state)
{
	struct arena *arena = arena_new();
	struct secrets *secrets = secrets_new();
	struct value *map = value_map(arena), *told = value_map(arena);

	(void)state;
	value_set(arena, map, "open", value_string(arena, "everybody"));
	value_set(arena, map, "secret", leveled(arena, "swordfish", LEVEL_SECRET));
	value_set(arena, map, "number", value_integer(arena, 12345678));
	value_get(map, "number")->level = LEVEL_PRIVATE;
	secrets_note(secrets, map);
	value_set(arena, told, "a", value_string(arena, "it was swordfish"));
	value_set(arena, told, "b", value_string(arena, "12345678 everybody"));
	value_set(arena, told, "c", value_string(arena, "everybody"));
	secrets_mark(secrets, told);
	assert_int_equal(value_get(told, "a")->level, LEVEL_SECRET);
	assert_int_equal(value_get(told, "b")->level, LEVEL_PRIVATE);
	assert_int_equal(value_get(told, "c")->level, LEVEL_OPEN);
	secrets_free(secrets);
	arena_free(arena);
}

static void what_is_made_of_a_known_secret_needs_no_note(void **state)
{
	struct arena *arena = arena_new();
	struct secrets *secrets = secrets_new();

	(void)state;
	note(secrets, "swordfish", LEVEL_SECRET);
	note(secrets, "4711", LEVEL_SECRET);
	secrets_note_made(secrets, leveled(arena, "login swordfish", LEVEL_SECRET));
	secrets_note_made(secrets, leveled(arena, "c3dvcmRmaXNo", LEVEL_SECRET));
	assert_string_equal(cut(secrets, arena, "login swordfish", LEVEL_SECRET),
		"login (secret)");
	assert_string_equal(cut(secrets, arena, "c3dvcmRmaXNo", LEVEL_SECRET), "(secret)");
	assert_int_equal(secrets_short(secrets, "pin=4711"), LEVEL_SECRET);
	assert_int_equal(secrets_short(secrets, "pin=471"), LEVEL_OPEN);
	secrets_free(secrets);
	arena_free(arena);
}

/* --- For whom --- */

static const char *seen(struct arena *arena, enum audience audience, enum level level)
{
	const struct disclosure to = { .audience = audience, .key = key };
	const struct value *value = disclose(arena, &to, leveled(arena, "swordfish", level));

	return value ? value->text : "(nothing)";
}

static void every_audience_sees_what_it_may(void **state)
{
	struct arena *arena = arena_new();
	size_t size;

	(void)state;
	for (enum audience audience = FOR_TERMINAL; audience <= FOR_LEDGER; audience++)
		assert_string_equal(seen(arena, audience, LEVEL_OPEN), "swordfish");
	assert_string_equal(seen(arena, FOR_TERMINAL, LEVEL_PRIVATE), "swordfish");
	assert_string_equal(seen(arena, FOR_TERMINAL, LEVEL_SECRET), "(secret)");
	assert_string_equal(seen(arena, FOR_JSON, LEVEL_PRIVATE), "(private)");
	assert_string_equal(seen(arena, FOR_JSON, LEVEL_SECRET), "(secret)");
	for (enum audience audience = FOR_HISTORY; audience <= FOR_PLAN; audience++) {
		const char *secret = seen(arena, audience, LEVEL_SECRET);

		assert_non_null(disclose_find(secret, strlen(secret), &size));
		assert_int_equal(size, strlen(secret));
		assert_string_equal(secret, seen(arena, FOR_HISTORY, LEVEL_SECRET));
		assert_null(strstr(seen(arena, audience, LEVEL_PRIVATE), "swordfish"));
	}
	assert_string_equal(seen(arena, FOR_LEDGER, LEVEL_PRIVATE), "(nothing)");
	assert_string_equal(seen(arena, FOR_LEDGER, LEVEL_SECRET), "(nothing)");
	arena_free(arena);
}

static void members_are_disclosed_one_by_one(void **state)
{
	const struct disclosure to = { .audience = FOR_JSON };
	struct arena *arena = arena_new();
	struct value *map = value_map(arena), *list = value_list(arena);
	const struct value *shown;

	(void)state;
	value_append(arena, list, value_string(arena, "open"));
	value_append(arena, list, leveled(arena, "swordfish", LEVEL_SECRET));
	value_set(arena, map, "list", list);
	value_set(arena, map, "number", value_integer(arena, 5));
	value_get(map, "number")->level = LEVEL_PRIVATE;
	shown = disclose(arena, &to, map);
	assert_string_equal(value_text(value_get(shown, "list")->items[0]), "open");
	assert_string_equal(value_text(value_get(shown, "list")->items[1]), "(secret)");
	assert_string_equal(value_get_string(shown, "number"), "(private)");
	map->level = LEVEL_SECRET;
	assert_string_equal(value_text(disclose(arena, &to, map)), "(secret)");
	arena_free(arena);
}

static void digests_need_the_key_and_tell_values_apart(void **state)
{
	static const unsigned char other[32] = "another key";
	const struct disclosure to = { .audience = FOR_HISTORY, .key = key };
	const struct disclosure theirs = { .audience = FOR_HISTORY, .key = other };
	const struct disclosure without = { .audience = FOR_HISTORY };
	struct arena *arena = arena_new();
	struct value *text = leveled(arena, "7", LEVEL_SECRET), *number = value_integer(arena, 7);
	const char *digest = value_text(disclose(arena, &to, text));

	(void)state;
	number->level = LEVEL_SECRET;
	assert_string_equal(digest, value_text(disclose(arena, &to, text)));
	assert_string_not_equal(digest, value_text(disclose(arena, &theirs, text)));
	assert_string_not_equal(digest, value_text(disclose(arena, &to, number)));
	assert_string_equal(value_text(disclose(arena, &without, text)), "(secret)");
	assert_false(disclose_inside(value_string(arena, "(secret) (secret 12)")));
	assert_true(disclose_inside(value_string(arena, digest)));
	arena_free(arena);
}

/* --- No way past it --- */

/* What gives texts to places that are written to, and the only files that may: these look through
 * all of it. Paths are seen from where tests run. */
static const struct way {
	const char *folder, *call, *files;
} ways[] = {
	{ "engine/report", "quote_printable(", "report.c live.c" },
	{ "engine/report", "json_object_new_string", "json.c" },
	{ "engine/report", "expression_show(", "" },
	{ "engine", "history_add(", "history.c playing_text.c" },
	{ "engine", "recorder_read(", "record.c playing_text.c" },
	{ "engine", "record_pack(", "record.c playing_text.c" },
	{ "engine", "run_set_text(", "run.c playing_text.c" },
	{ "engine", "run_facts(", "facts_recorded.c playing_text.c playing_facts.c" },
	{ "engine", "run_left(", "beside.c playing_text.c" },
	{ "engine", "playing_extra(", "playing_secret.c playing_load.c" },
	{ "engine", "saved_write(", "saved.c plan.c" },
	{ "engine", "run_planned(", "planned.c playing.c" },
};

static void check_way(const struct way *way)
{
	char command[256], line[256];
	unsigned found = 0;
	FILE *files;

	snprintf(command, sizeof(command), "grep -rlF --include='*.c' '%s' %s", way->call, way->folder);
	files = popen(command, "r");
	assert_non_null(files);
	while (fgets(line, sizeof(line), files)) {
		const char *name = strrchr(line, '/') ? strrchr(line, '/') + 1 : line;

		line[strcspn(line, "\n")] = '\0';
		found++;
		if (!strstr(way->files, name))
			fail_msg("%s calls %s: what it gives away must come through disclose", line,
				way->call);
	}
	pclose(files);
	assert_true(found > 0 || !*way->files);
}

static void records_are_reached_through_disclose_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		check_way(&ways[i]);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(secrets_are_cut_out_of_texts),
		cmocka_unit_test(each_line_of_a_longer_one_is_a_secret),
		cmocka_unit_test(thousands_are_found),
		cmocka_unit_test(values_with_a_level_are_noted_and_marked),
		cmocka_unit_test(what_is_made_of_a_known_secret_needs_no_note),
		cmocka_unit_test(every_audience_sees_what_it_may),
		cmocka_unit_test(members_are_disclosed_one_by_one),
		cmocka_unit_test(digests_need_the_key_and_tell_values_apart),
		cmocka_unit_test(records_are_reached_through_disclose_alone),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
