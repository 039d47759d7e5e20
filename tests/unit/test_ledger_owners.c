/* Whose a resource is: conflicts of playbooks, who lets go last, what a task that failed leaves,
 * and which ways back are kept. */
#include "agent/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct arena *arena;
static struct ledger ledger;
static char folder[64], state[96], locks[96];
static const char thing[] = "package:tree";

static int set_up(void **unused)
{
	(void)unused;
	arena = arena_new();
	snprintf(folder, sizeof(folder), "/tmp/beoplay-owners-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(state, sizeof(state), "%s/state", folder);
	snprintf(locks, sizeof(locks), "%s/locks", folder);
	if (mkdir(locks, 0700) < 0)
		return -1;
	ledger_open(&ledger, state, locks, "machine");
	ledger_write(&ledger);
	return ledger.problem.kind == ERROR_NONE ? 0 : -1;
}

static int tear_down(void **unused)
{
	char command[128];

	(void)unused;
	ledger_close(&ledger);
	arena_free(arena);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

/* "a1": playbook a, run 1. */
static struct ledger_owner owner_of(const char *run)
{
	return (struct ledger_owner){ .project = "p", .playbook = arena_printf(arena, "%c.yml", run[0]),
		.run = run, .who = "me" };
}

/* What it wishes, by one letter; the parameters differ in each run, as other things in them do. */
static struct ledger_wish wish_of(const char *run, const char *wanted)
{
	struct ledger_wish wish = { .module = "apt-packages", .params = "{}", .wanted = wanted };

	snprintf(wish.digest, sizeof(wish.digest), "%s %s", run, wanted);
	return wish;
}

static void change(const char *run, const char *wanted)
{
	const struct ledger_owner owner = owner_of(run);
	const struct ledger_wish wish = wish_of(run, wanted);
	struct value *params = value_map(arena);
	const struct inverses_entry back = { .params = params };

	value_set_string(arena, params, "before", run);
	ledger_task_end(&ledger);
	ledger_change(&ledger, &owner, thing, NULL, &wish, &back, NULL);
}

static void adopt(const char *run, const char *wanted)
{
	const struct ledger_owner owner = owner_of(run);
	const struct ledger_wish wish = wish_of(run, wanted);

	ledger_adopt(&ledger, &owner, thing, &wish);
}

static void release(const char *run)
{
	const struct ledger_owner owner = owner_of(run);

	ledger_release(&ledger, &owner, thing);
}

/* What comes of it if a change is needed: "conflict", "takes over", or "" for nothing to say. */
static const char *claims(const char *run, const char *wanted)
{
	const struct ledger_owner owner = owner_of(run);
	const struct ledger_wish wish = wish_of(run, wanted);
	struct error err = {0};
	const char *other;

	if (ledger_conflict(&ledger, arena, &owner, thing, &wish, &other, &err) < 0)
		return err.code == LEDGER_CONFLICT ? "conflict" : "error";
	return other ? "takes over" : "";
}

static void two_owners_are_at_odds_only_over_what_is_wished_again(void **unused)
{
	static const struct { const char *a, *b, *then; bool adopts; const char *run, *wanted, *comes; }
	rows[] = {
		/* A has it with this, then B with that; then who with what. */
		{ "x", NULL, NULL, false, "b1", "x", "" },            /* new, the same */
		{ "x", NULL, NULL, false, "b1", "y", "takes over" },  /* new, another */
		{ "x", "x", NULL, false, "a2", "x", "" },             /* both agree */
		{ "x", "x", NULL, true, "a2", "x", "" },
		{ "x", "y", NULL, false, "a2", "x", "conflict" },     /* unchanged, overwritten since */
		{ "x", "y", NULL, false, "a2", "y", "" },             /* changed to the other's */
		{ "x", "y", NULL, false, "a2", "z", "takes over" },   /* changed */
		{ "x", "y", NULL, false, "b2", "y", "" },             /* unchanged, and it stands */
		{ "x", "y", NULL, false, "b2", "z", "takes over" },
		{ "x", "y", NULL, true, "a2", "x", "" },              /* B found it so: nothing was changed */
		{ "x", "y", NULL, true, "b2", "y", "" },
		{ "x", "y", "z", false, "b2", "y", "conflict" },      /* and A again, after B */
		{ "x", "y", "z", false, "a3", "z", "" },
		{ "x", "y", "y", false, "b2", "y", "" },
		{ "x", "y", "y", false, "a3", "y", "" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		change("a1", rows[i].a);
		if (rows[i].b && rows[i].adopts)
			adopt("b1", rows[i].b);
		else if (rows[i].b)
			change("b1", rows[i].b);
		if (rows[i].then)
			change("a2", rows[i].then);
		if (strcmp(claims(rows[i].run, rows[i].wanted), rows[i].comes) != 0)
			fail_msg("row %zu: '%s' instead of '%s'", i, claims(rows[i].run, rows[i].wanted),
				rows[i].comes);
		tear_down(NULL);
		set_up(NULL);
	}
}

static void who_lets_go_has_nothing_to_say_any_more(void **unused)
{
	(void)unused;
	change("a1", "x");
	change("b1", "y");
	assert_string_equal(claims("a2", "x"), "conflict");
	release("b2");
	assert_string_equal(claims("a2", "x"), "");
}

/* What undoing all of a playbook's leads to: "stays", or before which run. */
static const char *leads_to(const char *run)
{
	const struct ledger_owner owner = owner_of(run);
	struct ledger_undo *undos;

	if (ledger_undos(&ledger, arena, &owner, 0, NULL, NULL, &undos) == 0)
		return "nothing";
	if (undos[0].others > 0)
		return "stays";
	return value_get_string(value_get(undos[0].way, "params"), "before");
}

static void the_last_owner_leads_to_before_the_first(void **unused)
{
	(void)unused;
	change("a1", "x");
	change("b1", "y");
	assert_string_equal(leads_to("a2"), "stays");
	release("a2");
	assert_string_equal(leads_to("b2"), "a1");
	release("b2");
	assert_string_equal(leads_to("b3"), "nothing");
	/* What came between is another's. */
	change("b4", "y");
	change("a3", "x");
	release("b5");
	assert_string_equal(leads_to("a4"), "b4");
}

static void what_was_overwritten_comes_back_with_the_release(void **unused)
{
	(void)unused;
	change("a1", "x");
	change("b1", "y");
	change("b2", "z");
	assert_string_equal(leads_to("b3"), "b1");
	release("b3");
	assert_string_equal(leads_to("a2"), "a1");
	/* Not where it is as the other one wishes, be it that both did. */
	change("b4", "x");
	assert_string_equal(leads_to("b5"), "stays");
	release("b5");
	adopt("b6", "x");
	assert_string_equal(leads_to("b7"), "stays");
	change("b8", "y");
	change("a3", "v");
	assert_string_equal(leads_to("b9"), "stays");
	assert_string_equal(leads_to("a4"), "a3");
}

static void two_that_agree_have_overwritten_it_together(void **unused)
{
	(void)unused;
	change("a1", "x");
	change("b1", "y");
	adopt("c1", "y");
	assert_string_equal(leads_to("b2"), "stays");
	release("b2");
	assert_string_equal(claims("a2", "x"), "conflict");
	assert_string_equal(leads_to("c2"), "b1");
	release("c2");
	assert_string_equal(claims("a2", "x"), "");
	assert_string_equal(leads_to("a2"), "a1");
}

static void what_a_failed_task_did_not_come_to_is_as_it_was(void **unused)
{
	const struct ledger_owner a = owner_of("a1"), b = owner_of("b1");

	(void)unused;
	change("a1", "x");
	ledger_task_take_back(&ledger, &a, thing);
	assert_int_equal(ledger_resource(&ledger, thing), 0);
	assert_string_equal(leads_to("a1"), "nothing");
	/* And others' are as they were. */
	change("a1", "x");
	change("b1", "y");
	assert_string_equal(claims("a2", "x"), "conflict");
	ledger_task_take_back(&ledger, &b, thing);
	assert_string_equal(claims("a2", "x"), "");
	assert_string_equal(leads_to("a2"), "a1");
	change("a2", "z");
	ledger_task_take_back(&ledger, &(struct ledger_owner){ .project = "p", .playbook = "a.yml",
		.run = "a2" }, thing);
	assert_true(ledger_wishes(&ledger, ledger_owner_id(&ledger, &a), thing,
		&(struct ledger_wish){ .module = "apt-packages", .digest = "a1 x" }));
	/* Of a second task of a run what the first did stays. */
	change("a3", "z");
	change("a3", "zz");
	ledger_task_take_back(&ledger, &(struct ledger_owner){ .project = "p", .playbook = "a.yml",
		.run = "a3" }, thing);
	assert_true(ledger_wishes(&ledger, ledger_owner_id(&ledger, &a), thing,
		&(struct ledger_wish){ .module = "apt-packages", .digest = "a3 z" }));
	assert_int_equal(database_integer(ledger.database, 0, "SELECT count(*) FROM undo", ""), 2);
}

static void a_way_back_that_is_not_kept_is_a_gap(void **unused)
{
	enum { RUNS = LEDGER_UNDOS_MOST + 5 };
	const struct ledger_owner owner = owner_of("a1");
	struct ledger_undo *undos;

	(void)unused;
	for (int i = 1; i <= RUNS; i++)
		change(arena_printf(arena, "a%d", i), "x");
	assert_int_equal(database_integer(ledger.database, 0, "SELECT count(*) FROM undo", ""),
		LEDGER_UNDOS_MOST);
	/* To nothing leads the first, which is kept. */
	assert_string_equal(leads_to("a1"), "a1");
	assert_int_equal(ledger_undos(&ledger, arena, &owner, 2, NULL, NULL, &undos), 1);
	assert_true(undos[0].gap);
	assert_null(undos[0].way);
	assert_int_equal(ledger_undos(&ledger, arena, &owner, 6, NULL, NULL, &undos), 1);
	assert_true(undos[0].gap);
	assert_int_equal(ledger_undos(&ledger, arena, &owner, 7, NULL, NULL, &undos), 1);
	assert_false(undos[0].gap);
	assert_string_equal(value_get_string(value_get(undos[0].way, "params"), "before"), "a7");
}

static void what_nobody_has_had_for_long_is_forgotten(void **unused)
{
	(void)unused;
	change("a1", "x");
	release("a2");
	for (int i = 3; i < LEDGER_RUNS_MOST + 5; i++) {
		const struct ledger_owner owner = owner_of(arena_printf(arena, "a%d", i));

		ledger_run(&ledger, &owner);
	}
	assert_int_equal(ledger_resource(&ledger, thing), 0);
	assert_int_equal(database_integer(ledger.database, -1, "SELECT count(*) FROM params", ""), 0);
	assert_true(database_integer(ledger.database, 0, "SELECT count(*) FROM run", "")
		<= LEDGER_RUNS_MOST);
}

static void wish_part(const char *run, const char *resource, const char *part, bool secret)
{
	const struct ledger_owner owner = owner_of(run);
	struct ledger_wish wish = wish_of(run, resource);

	wish.params = secret ? NULL : arena_printf(arena, "path: \"/x\"\npart: \"%s\"\n", part);
	ledger_adopt(&ledger, &owner, resource, &wish);
}

static const char *wished(const char *run, const char *part)
{
	const struct ledger_owner owner = owner_of(run);
	struct value *names = ledger_wished(&ledger, arena, &owner, "entry:/x:", part);
	const char *all = "";

	for (size_t i = 0; i < names->count; i++)
		all = arena_printf(arena, "%s%s ", all, names->pairs[i].key + 9);
	return all;
}

static void what_others_have_is_not_this_tasks(void **unused)
{
	(void)unused;
	wish_part("a1", "entry:/x:mine", "p:1", false);
	wish_part("a2", "entry:/x:task", "p:2", false);
	wish_part("a3", "entry:/x:secret", "p:1", true);
	wish_part("b1", "entry:/x:book", "q:1", false);
	wish_part("b2", "entry:/xx:file", "q:1", false);
	wish_part("b3", "entry:/y:file", "q:1", false);
	assert_string_equal(wished("a4", "p:1"), "book secret task ");
	assert_string_equal(wished("a4", NULL), "book ");
	assert_string_equal(wished("b4", "q:1"), "mine secret task ");
	wish_part("b5", "entry:/x:mine", "q:1", false);
	assert_string_equal(wished("a4", "p:1"), "book mine secret task ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(two_owners_are_at_odds_only_over_what_is_wished_again),
		TEST(who_lets_go_has_nothing_to_say_any_more),
		TEST(the_last_owner_leads_to_before_the_first),
		TEST(two_that_agree_have_overwritten_it_together),
		TEST(what_was_overwritten_comes_back_with_the_release),
		TEST(what_a_failed_task_did_not_come_to_is_as_it_was),
		TEST(a_way_back_that_is_not_kept_is_a_gap),
		TEST(what_nobody_has_had_for_long_is_forgotten),
		TEST(what_others_have_is_not_this_tasks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
