/* play_bench: playbooks from texts in memory. */
#ifndef TESTS_PLAY_BENCH_H
#define TESTS_PLAY_BENCH_H

#include "playbook/play.h"

#include "tests/plays/memory.h"
#include "tests/plays/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena *arena;
static struct error failure;

static inline int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static inline struct playbook *load_files(const char *const *texts)
{
	struct playbook *playbook = NULL;

	error_clear(&failure);
	return playbook_load(arena, memory_source(arena, texts), texts[0], &test_modules, &playbook,
		&failure) < 0 ? NULL : playbook;
}

static inline struct playbook *load(const char *text)
{
	const char *const texts[] = { "plays/site.yml", text, NULL };
	struct playbook *playbook = load_files(texts);

	if (!playbook)
		print_message("%u:%u: %s\n", failure.place.line, failure.place.column, failure.message);
	return playbook;
}

/* The only play of a playbook. */
static inline struct play *load_play(const char *rest)
{
	struct playbook *playbook = load(arena_printf(arena, "- hosts: all\n%s", rest));

	assert_non_null(playbook);
	assert_int_equal(playbook->play_count, 1);
	return playbook->plays[0];
}

/* The only task, given from its second line on, four columns in. */
static inline struct task *load_task(const char *rest)
{
	struct play *play = load_play(arena_printf(arena, "  tasks:\n  - name: it\n%s", rest));

	assert_int_equal(play->task_count, 1);
	return play->tasks[0];
}

static inline void assert_refused(const char *text, unsigned line, unsigned column, const char *message)
{
	const char *const texts[] = { "site.yml", text, NULL };

	assert_null(load_files(texts));
	assert_int_equal(failure.kind, ERROR_TEXT);
	if (!strstr(failure.message, message))
		print_error("'%s' lacks '%s'\n", failure.message, message);
	assert_non_null(strstr(failure.message, message));
	assert_int_equal(failure.place.line, line);
	assert_int_equal(failure.place.column, column);
}

static inline void assert_list(const struct value *list, const char *expected)
{
	const char *all = "";

	for (size_t i = 0; list && i < list->count; i++)
		all = arena_printf(arena, "%s%s%s", all, i ? " " : "", list->items[i]->text);
	assert_string_equal(all, expected);
}

#endif
