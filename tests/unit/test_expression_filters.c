/* More filters, as ansible-core 2.14 and Jinja 3.1 have them: what these gave for the same text. */
#include "expression/expression.h"
#include "variables/variables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *text, *shown;
} examples[] = {
	{ "'abc' | hash",
		"a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ "'abc' | hash('md5')",
		"900150983cd24fb0d6963f7d28e17f72" },
	{ "'abc' | hash('sha224')",
		"23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" },
	{ "'abc' | hash('sha256')",
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "'abc' | hash('sha384')",
		"cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7" },
	{ "'' | hash('sha512')",
		"cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e" },
	{ "'grüße' | checksum",
		"cd56cb0ac45690731afed77ff66655dfdf8576da" },
	{ "'abc' | sha1",
		"a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ "'abc' | md5",
		"900150983cd24fb0d6963f7d28e17f72" },
	{ "'abc' | to_uuid",
		"27dc713b-d72c-5825-88f3-9f240e739319" },
	{ "'grüße' | to_uuid",
		"0025b6f1-ff64-5422-8b87-e43f8526fe69" },
	{ "'x' | to_uuid(namespace='6ba7b810-9dad-11d1-80b4-00c04fd430c8')",
		"05b16a01-46c6-56dd-bd6e-c6dfb4a1427a" },
	{ "'secret' | password_hash('sha512', 'mysalt', rounds=5000)",
		"$6$rounds=5000$mysalt$UX6P1VKOf6dr0s2pg4pLNvIUB6hLXvP6M5f/Yj9hJgMPdAJ4oArvk5YUD9/XWtk1JOpVwt/JTsczMJr8sFVML1" },
	{ "'secret' | password_hash('sha512', 'mysalt')",
		"$6$mysalt$UX6P1VKOf6dr0s2pg4pLNvIUB6hLXvP6M5f/Yj9hJgMPdAJ4oArvk5YUD9/XWtk1JOpVwt/JTsczMJr8sFVML1" },
	{ "'secret' | password_hash('sha256', 'mysalt', rounds=1000)",
		"$5$rounds=1000$mysalt$HyQtH/.Tl8uXiyh5QP.PEsqejYiGVt.ah3d9QmFB7i7" },
	{ "'secret' | password_hash('md5', 'mysalt')",
		"$1$mysalt$n/EfEiV74OYgBdqhKQzSW/" },
	{ "59 | random(seed='node1')",
		"36" },
	{ "59 | random(seed='node2')",
		"49" },
	{ "60 | random(seed='grüße')",
		"44" },
	{ "1 | random(seed='x')",
		"0" },
	{ "100 | random(10, 7, seed='a')",
		"38" },
	{ "10 | random(start=3, seed=5)",
		"7" },
	{ "4294967296 | random(seed='big')",
		"2904262553" },
	{ "9223372036854775807 | random(seed='big')",
		"8732943022541872269" },
	{ "65534 | random(seed=0)",
		"55340" },
	{ "65534 | random(seed=-12)",
		"31101" },
	{ "65534 | random(seed=1234567890123)",
		"53905" },
	{ "['a', 'b', 'c', 'd'] | random(seed='n1')",
		"d" },
	{ "'xyz' | random(seed='n3')",
		"y" },
	{ "-10 | random(step=-3, seed='b')",
		"0" },
	{ "59 | random(seed='aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')",
		"17" },
	{ "range(12) | shuffle('n1')",
		"[5, 4, 0, 1, 6, 2, 8, 3, 11, 7, 10, 9]" },
	{ "['x', 'y', 'z'] | shuffle(seed=7)",
		"['z', 'x', 'y']" },
	{ "[] | shuffle('a')",
		"[]" },
	{ "8 | log(2)",
		"3.0" },
	{ "100 | log(10)",
		"2.0" },
	{ "10 | log",
		"2.302585092994046" },
	{ "16 | root",
		"4.0" },
	{ "27 | root(3)",
		"3.0" },
	{ "'%Y-%m-%d %H:%M:%S' | strftime(0, true)",
		"1970-01-01 00:00:00" },
	{ "'%d %Q' | strftime(second='86400.9', utc=true)",
		"02 %Q" },
	{ "'' | strftime(0)",
		"" },
	{ "'%Y' | strftime | length",
		"4" },
	{ "10 | human_readable",
		"10.00 Bytes" },
	{ "1024 | human_readable",
		"1.00 KB" },
	{ "1536000 | human_readable",
		"1.46 MB" },
	{ "1536000 | human_readable(true)",
		"1.46 Mb" },
	{ "10 | human_readable(isbits=true)",
		"10.00 bits" },
	{ "102400000 | human_readable(unit='G')",
		"0.10 GB" },
	{ "'10.00 KB' | human_to_bytes",
		"10240" },
	{ "'2 M' | human_to_bytes",
		"2097152" },
	{ "'3b' | human_to_bytes(isbits=true)",
		"3" },
	{ "'4 KB' | human_to_bytes",
		"4096" },
	{ "5 | human_to_bytes(default_unit='M')",
		"5242880" },
	{ "'1.5 GB' | human_to_bytes",
		"1610612736" },
	{ "'7 Bytes' | human_to_bytes",
		"7" },
	{ "'12' | human_to_bytes",
		"12" },
	{ "'Hello World, this is long' | truncate(11)",
		"Hello..." },
	{ "'Hello World, this is long' | truncate(11, true)",
		"Hello Wo..." },
	{ "'Hello World, this' | truncate(13)",
		"Hello World, this" },
	{ "'Hello World, this is long' | truncate(14, false, '…')",
		"Hello World,…" },
	{ "'Hello World, this is long' | truncate(14, false, '…', 0)",
		"Hello World,…" },
	{ "'foo bar baz qux' | truncate(9)",
		"foo..." },
	{ "'joined text here' | truncate(11, leeway=0)",
		"joined..." },
	{ "'http://user:pw@Www.Example.com:9000/dir/index.html?query=term#fragment' | urlsplit('hostname')",
		"www.example.com" },
	{ "'http://user:pw@Www.Example.com:9000/dir/index.html?query=term#fragment' | urlsplit('netloc')",
		"user:pw@Www.Example.com:9000" },
	{ "'http://user:pw@Www.Example.com:9000/dir/index.html?query=term#fragment' | urlsplit('port')",
		"9000" },
	{ "'http://user:pw@Www.Example.com:9000/dir/index.html?query=term#fragment' | urlsplit('path')",
		"/dir/index.html" },
	{ "'http://user:pw@Www.Example.com:9000/dir/index.html?query=term#fragment' | urlsplit('query')",
		"query=term" },
	{ "'http://user:pw@Www.Example.com:9000/dir/index.html?query=term#fragment' | urlsplit('fragment')",
		"fragment" },
	{ "'http://user:pw@Www.Example.com:9000/dir/index.html?query=term#fragment' | urlsplit('username')",
		"user" },
	{ "'http://user:pw@Www.Example.com:9000/dir/index.html?query=term#fragment' | urlsplit('password')",
		"pw" },
	{ "'HTTPS://[::1]:80/x' | urlsplit('hostname')",
		"::1" },
	{ "'HTTPS://[::1]:80/x' | urlsplit('scheme')",
		"https" },
	{ "'/just/a/path?q' | urlsplit('path')",
		"/just/a/path" },
	{ "'host.example/x' | urlsplit('hostname')",
		"None" },
	{ "{'b': 1, 'a': \"<x> & 'y'\"} | tojson",
		"{\"a\": \"\\u003cx\\u003e \\u0026 \\u0027y\\u0027\", \"b\": 1}" },
	{ "[true, none, 1.5, 'ü'] | tojson",
		"[true, null, 1.5, \"\\u00fc\"]" },
	{ "{'a': [1]} | tojson(2)",
		"{\n  \"a\": [\n    1\n  ]\n}" },
	{ "none is sameas none",
		"True" },
	{ "true is sameas true",
		"True" },
	{ "1 is sameas true",
		"False" },
	{ "[] is sameas []",
		"False" },
};

static const struct {
	const char *text, *message;
} mistakes[] = {
	{ "59 | random",
		"the filter random needs a seed: without one each run, also the dry run, would give something else" },
	{ "5 | random(9, seed=1)",
		"there is no number from 9 to below 5 in steps of 1" },
	{ "'a' | hash('sha3')", "there is no hash 'sha3': there are md5, sha1, sha224, sha256, sha384 and "
		"sha512" },
	{ "'a' | password_hash", "without a salt, a password would change with each run" },
	{ "'a' | password_hash('sha512', 'a b')", "a salt is at most 16 of a-z, A-Z, 0-9, '.' and '/'" },
	{ "'a' | password_hash('bcrypt', 'ab')", "there is no hash of passwords 'bcrypt' here: there are "
		"sha512, sha256 and md5" },
	{ "'a' | to_uuid(namespace='x')", "'x' is no UUID" },
	{ "0 | log", "there is no such logarithm" },
	{ "-1 | root", "there is no such root" },
	{ "'4 Kb' | human_to_bytes", "'4 Kb' is no size in bytes" },
	{ "'x' | human_to_bytes", "'x' is no size" },
	{ "'http://a' | urlsplit('colour')", "a URL has no 'colour'" },
	{ "'abc' | truncate(1)", "the length is less than that of '...'" },
};

static struct arena *arena;

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

static const char *shown(const char *text)
{
	struct error err = {0};
	struct value *value;

	if (expression_value(arena, scope_empty(arena), value_string(arena, text), &value, &err) < 0)
		return arena_string(arena, err.message);
	return expression_show(arena, value);
}

static void filters_give_what_ansibles_give(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		if (strcmp(shown(examples[i].text), examples[i].shown) != 0)
			fail_msg("%s gives %s instead of %s", examples[i].text, shown(examples[i].text),
				examples[i].shown);
	}
}

static void what_they_cannot_take_is_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		if (strcmp(shown(mistakes[i].text), mistakes[i].message) != 0)
			fail_msg("%s gives %s instead of %s", mistakes[i].text, shown(mistakes[i].text),
				mistakes[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_give_what_ansibles_give),
		cmocka_unit_test(what_they_cannot_take_is_an_error),
	};

	return cmocka_run_group_tests_name("expression_filters", tests, set_up, tear_down);
}
