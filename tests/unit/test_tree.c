/* What YAML becomes: PyYAML's types, places in bytes, and what is refused. */
#include "yaml/tree.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;
static struct error failure;

static struct value *parse_bytes(const char *text, size_t size)
{
	struct value *root = NULL;

	error_clear(&failure);
	return tree_parse(arena, "a.yml", text, size, &root, &failure) < 0 ? NULL : root;
}

static struct value *parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static void assert_refused(const char *text, unsigned line, unsigned column, const char *message)
{
	assert_null(parse(text));
	assert_int_equal(failure.kind, ERROR_TEXT);
	if (!strstr(failure.message, message))
		print_error("'%s' lacks '%s'\n", failure.message, message);
	assert_non_null(strstr(failure.message, message));
	assert_string_equal(failure.place.file, "a.yml");
	assert_int_equal(failure.place.line, line);
	assert_int_equal(failure.place.column, column);
}

static void assert_place(struct place place, unsigned line, unsigned column)
{
	assert_int_equal(place.line, line);
	assert_int_equal(place.column, column);
}

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* What yaml.safe_load of PyYAML 6.0 gives. */
static void plain_scalars_have_the_types_of_pyyaml(void **state)
{
	static const struct {
		const char *text;
		enum value_kind kind;
		int64_t integer;
		double number;
	} table[] = {
		{ "yes", VALUE_BOOL, 1, 0 }, { "YES", VALUE_BOOL, 1, 0 }, { "True", VALUE_BOOL, 1, 0 },
		{ "on", VALUE_BOOL, 1, 0 }, { "No", VALUE_BOOL, 0, 0 }, { "off", VALUE_BOOL, 0, 0 },
		{ "FALSE", VALUE_BOOL, 0, 0 }, { "yEs", VALUE_STRING, 0, 0 },
		{ "tRue", VALUE_STRING, 0, 0 }, { "y", VALUE_STRING, 0, 0 }, { "N", VALUE_STRING, 0, 0 },
		{ "~", VALUE_NULL, 0, 0 }, { "null", VALUE_NULL, 0, 0 }, { "NULL", VALUE_NULL, 0, 0 },
		{ "nULL", VALUE_STRING, 0, 0 }, { "None", VALUE_STRING, 0, 0 },
		{ "012", VALUE_INTEGER, 10, 0 }, { "0644", VALUE_INTEGER, 420, 0 },
		{ "0o12", VALUE_STRING, 0, 0 }, { "08", VALUE_STRING, 0, 0 },
		{ "0", VALUE_INTEGER, 0, 0 }, { "00", VALUE_INTEGER, 0, 0 }, { "-0", VALUE_INTEGER, 0, 0 },
		{ "+1", VALUE_INTEGER, 1, 0 }, { "-17", VALUE_INTEGER, -17, 0 },
		{ "1_000", VALUE_INTEGER, 1000, 0 }, { "_1", VALUE_STRING, 0, 0 },
		{ "1__0", VALUE_INTEGER, 10, 0 }, { "0_7", VALUE_INTEGER, 7, 0 },
		{ "0x1f", VALUE_INTEGER, 31, 0 }, { "-0x1F", VALUE_INTEGER, -31, 0 },
		{ "0X1f", VALUE_STRING, 0, 0 }, { "0x", VALUE_STRING, 0, 0 },
		{ "0b101", VALUE_INTEGER, 5, 0 }, { "0b102", VALUE_STRING, 0, 0 },
		{ "9223372036854775807", VALUE_INTEGER, INT64_MAX, 0 },
		{ "-9223372036854775808", VALUE_INTEGER, INT64_MIN, 0 },
		{ "1.5", VALUE_FLOAT, 0, 1.5 }, { "1.", VALUE_FLOAT, 0, 1 }, { ".5", VALUE_FLOAT, 0, 0.5 },
		{ "-.5", VALUE_STRING, 0, 0 }, { "+.5", VALUE_STRING, 0, 0 },
		{ "-2.5", VALUE_FLOAT, 0, -2.5 }, { "1_000.5", VALUE_FLOAT, 0, 1000.5 },
		{ "1e3", VALUE_STRING, 0, 0 }, { "1.0e3", VALUE_STRING, 0, 0 },
		{ "1.0e+3", VALUE_FLOAT, 0, 1000 }, { "1.0E-2", VALUE_FLOAT, 0, 0.01 },
		{ ".inf", VALUE_FLOAT, 0, (double)INFINITY }, { "-.Inf", VALUE_FLOAT, 0, -(double)INFINITY },
		{ "1.2.3", VALUE_STRING, 0, 0 }, { "10.0.0.1", VALUE_STRING, 0, 0 },
		{ "12:60", VALUE_STRING, 0, 0 }, { "012:30", VALUE_STRING, 0, 0 },
		{ "12:30:4x", VALUE_STRING, 0, 0 }, { "2001-1-1", VALUE_STRING, 0, 0 },
		{ "2001-12-14x", VALUE_STRING, 0, 0 }, { "2001-12-14T", VALUE_STRING, 0, 0 },
		{ "2001-12-14 01:02:03 x", VALUE_STRING, 0, 0 }, { "1,000", VALUE_STRING, 0, 0 },
		{ "--", VALUE_STRING, 0, 0 }, { "-a", VALUE_STRING, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[64];
		const struct value *root, *value;

		snprintf(text, sizeof(text), "a: %s\n", table[i].text);
		root = parse(text);
		assert_non_null(root);
		value = value_get(root, "a");
		if (value->kind != table[i].kind)
			print_error("%s is %s\n", table[i].text, value_kind_name(value));
		assert_int_equal(value->kind, table[i].kind);
		assert_string_equal(value->text, table[i].text);
		if (value->kind == VALUE_BOOL)
			assert_int_equal(value->truth, table[i].integer);
		assert_true(value->kind == VALUE_BOOL || value->integer == table[i].integer);
		assert_true(value->number <= table[i].number && value->number >= table[i].number);
	}
}

static void not_a_number_is_a_float(void **state)
{
	(void)state;
	assert_int_equal(parse(".nan")->kind, VALUE_FLOAT);
	assert_true(isnan(parse(".NaN")->number));
}

static void what_stands_in_quotes_or_blocks_is_text(void **state)
{
	const struct value *root = parse("a: 'yes'\nb: \"12\"\nc: |\n  1\nd: !!str 12\ne: ! 12\n");

	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(root->pairs[i].value->kind, VALUE_STRING);
	assert_true(value_get(root, "a")->quoted);
	assert_true(value_get(root, "c")->quoted);
	assert_false(value_get(root, "d")->quoted);
	assert_string_equal(value_get_string(root, "c"), "1\n");
}

static void unsafe_text_is_data(void **state)
{
	const struct value *root = parse("a: !unsafe '{{ x }}'\nb: '{{ x }}'\n");

	(void)state;
	assert_true(value_get(root, "a")->data);
	assert_false(value_get(root, "b")->data);
	assert_int_equal(value_get(root, "a")->place.column, 12);
}

static void numbers_to_the_base_of_sixty_and_dates_are_refused(void **state)
{
	static const char *const sixties[] = { "12:30", "1:2", "52:54:00:12:34:56", "+1:30", "01:30.5",
		"1_0:59" };
	static const char *const dates[] = { "2001-12-14", "2001-12-14T21:59:43.10-05:00",
		"2001-1-1 1:00:00", "2001-12-14 21:59:43 Z" };
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(sixties) / sizeof(sixties[0]); i++) {
		snprintf(text, sizeof(text), "a: %s\n", sixties[i]);
		assert_refused(text, 1, 4, "base of 60");
		assert_non_null(strstr(failure.remedy, "quote it"));
	}
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		snprintf(text, sizeof(text), "a: %s\n", dates[i]);
		assert_refused(text, 1, 4, "a date");
	}
}

static void an_integer_beyond_64_bits_is_refused(void **state)
{
	(void)state;
	assert_refused("- 9223372036854775808\n", 1, 3, "too large");
	assert_refused("- -0x8000000000000001\n", 1, 3, "too large");
}

static void keys_are_texts_and_keep_their_order(void **state)
{
	const struct value *root = parse("yes: 1\n12:30: 2\n'a b': 3\n2001-12-14: 4\n~: 5\n");

	(void)state;
	assert_int_equal(root->count, 5);
	assert_string_equal(root->pairs[0].key, "yes");
	assert_string_equal(root->pairs[1].key, "12:30");
	assert_string_equal(root->pairs[2].key, "a b");
	assert_string_equal(root->pairs[3].key, "2001-12-14");
	assert_string_equal(root->pairs[4].key, "~");
}

static void a_key_twice_is_refused_where_it_stands_again(void **state)
{
	(void)state;
	assert_refused("a: 1\nb: 2\na: 3\n", 3, 1, "duplicate key 'a'");
	assert_non_null(strstr(failure.message, "line 1, column 1"));
	assert_refused("x: {b: 1, \"b\": 2}\n", 1, 11, "duplicate key 'b'");
}

static void a_key_that_is_no_text_is_refused(void **state)
{
	(void)state;
	assert_refused("? [a, b]\n: 1\n", 1, 3, "a key must be a simple text");
	assert_refused("{{a: 1}: 2}\n", 1, 1, "must be quoted");
}

static void a_merge_gives_what_is_not_there(void **state)
{
	const struct value *root = parse("a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\n"
		"c: {<<: *a, y: 5}\nd:\n  <<: [*b, *a]\n  w: 6\n");
	const struct value *c = value_get(root, "c"), *d = value_get(root, "d");

	(void)state;
	assert_int_equal(c->count, 2);
	assert_int_equal(value_get_integer(c, "x", 0), 1);
	assert_int_equal(value_get_integer(c, "y", 0), 5);
	assert_int_equal(d->count, 4);
	assert_int_equal(value_get_integer(d, "y", 0), 3);
	assert_int_equal(value_get_integer(d, "x", 0), 1);
	assert_refused("a: 1\n<<: 2\n", 2, 1, "'<<' takes a map");
}

static void an_alias_is_the_value_it_names(void **state)
{
	const struct value *root = parse("a: &x [1, 2]\nb: *x\n");

	(void)state;
	assert_ptr_equal(value_get(root, "a"), value_get(root, "b"));
	assert_refused("a: *x\n", 1, 4, "nothing is named '&x'");
	assert_refused("a: &x [*x]\n", 1, 8, "is inside the value that it names");
}

static void aliases_that_grow_without_end_are_refused(void **state)
{
	char text[2048] = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";

	(void)state;
	for (int i = 1; i < 8; i++) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, "
			"*a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1,
			i - 1, i - 1, i - 1, i - 1);
	}
	assert_null(parse(text));
	assert_ptr_equal(failure.code, YAML_TOO_LARGE);
	assert_int_equal(failure.place.line, 6);
}

static void nesting_deeper_than_the_limit_is_refused(void **state)
{
	char text[3 * TREE_DEPTH_MOST];

	(void)state;
	memset(text, '[', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_refused(text, 1, TREE_DEPTH_MOST + 1, "nested deeper than 64");
	memset(text + TREE_DEPTH_MOST, ']', TREE_DEPTH_MOST);
	text[2 * TREE_DEPTH_MOST] = '\0';
	assert_non_null(parse(text));
}

static void many_lists_beside_each_other_are_not_deep(void **state)
{
	char text[5 * 2 * TREE_DEPTH_MOST + 1];

	(void)state;
	for (size_t i = 0; i < 2 * TREE_DEPTH_MOST; i++)
		memcpy(text + 5 * i, "- []\n", 6);
	assert_int_equal(parse(text)->count, 2 * TREE_DEPTH_MOST);
}

static void a_million_brackets_end_at_once(void **state)
{
	size_t size = 1 << 20;
	char *text = arena_alloc(arena, size + 1);

	(void)state;
	memset(text, '[', size);
	assert_refused(text, 1, TREE_DEPTH_MOST + 1, "nested deeper");
}

static void an_empty_text_is_null(void **state)
{
	(void)state;
	assert_int_equal(parse("")->kind, VALUE_NULL);
	assert_int_equal(parse("# nothing\n")->kind, VALUE_NULL);
	assert_int_equal(parse("---\n")->kind, VALUE_NULL);
	assert_int_equal(parse("\xef\xbb\xbf")->kind, VALUE_NULL);
}

static void a_second_document_is_refused(void **state)
{
	(void)state;
	assert_refused("---\na: 1\n---\nb: 2\n", 3, 1, "a second document");
	assert_non_null(parse("---\na: 1\n...\n"));
}

static void nul_and_what_is_no_utf8_are_refused(void **state)
{
	(void)state;
	assert_null(parse_bytes("a: b\nc: \0d\n", 11));
	assert_place(failure.place, 2, 4);
	assert_non_null(strstr(failure.message, "NUL"));
	assert_refused("a: \"x\\0y\"\n", 1, 4, "NUL");
	assert_refused("\"x\\0y\": 1\n", 1, 1, "NUL");
	assert_refused("a: b\nc: \xff\n", 2, 4, "not valid UTF-8");
	assert_refused("a: \x1b[0m\n", 1, 4, "not valid UTF-8, or holds a control");
}

static void tags_are_refused_by_name(void **state)
{
	(void)state;
	assert_refused("a: !vault |\n  12\n", 1, 11, "isn't whole, or not of ansible-vault's formats");
	assert_refused("a: !!python/object:os.system x\n", 1, 30, "python/object:os.system");
	assert_refused("a: !mine {b: 1}\n", 1, 4, "!mine");
}

static void braces_without_quotes_are_recognised(void **state)
{
	(void)state;
	assert_refused("a: {{ b }}\n", 1, 4, "must be quoted");
	assert_string_equal(failure.remedy, "quote it: \"{{ b }}\"");
	assert_refused("x: 1\na: {{ b }}/c\n", 2, 4, "must be quoted");
	assert_string_equal(failure.remedy, "quote it: \"{{ b }}/c\"");
	assert_refused("- {{ b | default(\"c\") }}\n", 1, 3, "must be quoted");
	assert_string_equal(failure.remedy, "quote it: '{{ b | default(\"c\") }}'");
	assert_non_null(parse("a: b {{ c }}\n"));
}

static void mistakes_of_indentation_say_so(void **state)
{
	(void)state;
	assert_refused("a: b: c\n", 1, 5, "the indentation is wrong, or a value that holds ': '");
	assert_refused("a:\n\t- b\n", 2, 1, "a tab isn't allowed here");
	assert_refused("a: @b\n", 1, 4, "a value can't begin with '@'");
	assert_refused("a: \"b\n", 2, 1, "");
}

static void places_count_lines_and_bytes_from_one(void **state)
{
	const struct value *root = parse("\xc3\xa4: \xc3\xb6\n\"\xe2\x82\xac\": [1, {b: c}]\n");
	const struct value *list = value_get(root, "\xe2\x82\xac");

	(void)state;
	assert_place(root->pairs[0].place, 1, 1);
	assert_place(root->pairs[0].value->place, 1, 5);
	assert_place(root->pairs[1].place, 2, 1);
	assert_place(list->place, 2, 8);
	assert_place(list->items[0]->place, 2, 9);
	assert_place(list->items[1]->pairs[0].place, 2, 13);
	assert_place(list->items[1]->pairs[0].value->place, 2, 16);
}

static void places_hold_with_a_mark_and_carriage_returns(void **state)
{
	const struct value *root = parse("\xef\xbb\xbf" "a: 1\r\nb:\r\n  - c\r\n");

	(void)state;
	assert_place(root->pairs[0].place, 1, 1);
	assert_place(root->pairs[0].value->place, 1, 4);
	assert_place(root->pairs[1].place, 2, 1);
	assert_place(root->pairs[1].value->items[0]->place, 3, 5);
}

static struct place place_in(const char *text, const char *key, const char *part)
{
	const struct value *scalar = value_get(parse(text), key);

	return tree_place(scalar, (size_t)(strstr(scalar->text, part) - scalar->text));
}

static void a_place_inside_a_scalar_is_exact(void **state)
{
	(void)state;
	assert_place(place_in("a: one two\n", "a", "two"), 1, 8);
	assert_place(place_in("a: 'it''s two'\n", "a", "two"), 1, 11);
	assert_place(place_in("a: \"\\x41\\u00e4\\n two\"\n", "a", "two"), 1, 18);
	assert_place(place_in("a: \"one\n  two\"\n", "a", "two"), 2, 3);
	assert_place(place_in("a: \"one \\\n  two\"\n", "a", "two"), 2, 3);
	assert_place(place_in("a: one\n  two\n", "a", "two"), 2, 3);
	assert_place(place_in("a: |\n  one\n    x two\n", "a", "two"), 3, 7);
	assert_place(place_in("a: |2-\n\n   one\n\n  two\n", "a", "two"), 5, 3);
	assert_place(place_in("a: >\n  one\n  two\n\n  three\n", "a", "three"), 5, 3);
	assert_place(place_in("a: &x  !!str one two\n", "a", "two"), 1, 18);
}

static void a_value_without_a_text_has_its_own_place(void **state)
{
	struct value *value = value_string(arena, "one two");

	(void)state;
	value->place = (struct place){ "b.yml", 7, 3 };
	assert_place(tree_place(value, 4), 7, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_scalars_have_the_types_of_pyyaml),
		cmocka_unit_test(not_a_number_is_a_float),
		cmocka_unit_test(what_stands_in_quotes_or_blocks_is_text),
		cmocka_unit_test(unsafe_text_is_data),
		cmocka_unit_test(numbers_to_the_base_of_sixty_and_dates_are_refused),
		cmocka_unit_test(an_integer_beyond_64_bits_is_refused),
		cmocka_unit_test(keys_are_texts_and_keep_their_order),
		cmocka_unit_test(a_key_twice_is_refused_where_it_stands_again),
		cmocka_unit_test(a_key_that_is_no_text_is_refused),
		cmocka_unit_test(a_merge_gives_what_is_not_there),
		cmocka_unit_test(an_alias_is_the_value_it_names),
		cmocka_unit_test(aliases_that_grow_without_end_are_refused),
		cmocka_unit_test(nesting_deeper_than_the_limit_is_refused),
		cmocka_unit_test(many_lists_beside_each_other_are_not_deep),
		cmocka_unit_test(a_million_brackets_end_at_once),
		cmocka_unit_test(an_empty_text_is_null),
		cmocka_unit_test(a_second_document_is_refused),
		cmocka_unit_test(nul_and_what_is_no_utf8_are_refused),
		cmocka_unit_test(tags_are_refused_by_name),
		cmocka_unit_test(braces_without_quotes_are_recognised),
		cmocka_unit_test(mistakes_of_indentation_say_so),
		cmocka_unit_test(places_count_lines_and_bytes_from_one),
		cmocka_unit_test(places_hold_with_a_mark_and_carriage_returns),
		cmocka_unit_test(a_place_inside_a_scalar_is_exact),
		cmocka_unit_test(a_value_without_a_text_has_its_own_place),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
