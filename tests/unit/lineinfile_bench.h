/* lineinfile_bench: a file with lines. */
#ifndef TESTS_LINEINFILE_BENCH_H
#define TESTS_LINEINFILE_BENCH_H

#include "module_bench.h"
#include "modules/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

extern const struct module module_lineinfile;

static struct bench *bench;

#define PATH "/etc/a.conf"

static inline int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_user(bench, "mpi", 1001, "/home/mpi");
	bench_directory(bench, "/etc", 0755);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static inline void *load(const char *options)
{
	return bench_load(bench, &module_lineinfile,
		arena_printf(bench->arena, "{path: " PATH ", %s}", options));
}

static inline int apply(const char *options)
{
	return bench_apply(bench, &module_lineinfile, load(options));
}

static inline struct plan *look(const char *options)
{
	void *params = load(options);

	return params ? bench_look(bench, &module_lineinfile, params) : NULL;
}

static inline void given(const char *text)
{
	bench_file(bench, PATH, 0640, text);
}

static inline const char *text(void)
{
	return bench_text(bench, PATH);
}

/* What the task makes of a text, the second time nothing; and undone, the text to the byte. */
static inline void makes(const char *before, const char *options, const char *after)
{
	given(before);
	assert_int_equal(apply(options), 0);
	assert_string_equal(text(), after);
	assert_string_equal(bench->log.data, "write " PATH " 0640\n");
	assert_int_equal(look(options)->change_count, 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), before);
	assert_int_equal(bench_find(bench, PATH)->info.mode, 0640);
}

/* The same, but others have made meanwhile of it; undone, it is back. */
static inline void makes_among(const char *before, const char *options, const char *meanwhile,
	const char *back)
{
	struct inverses *inverses;

	given(before);
	assert_int_equal(apply(options), 0);
	inverses = bench->inverses;
	given(meanwhile);
	bench->inverses = inverses;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), back);
}

static inline void leaves(const char *before, const char *options)
{
	given(before);
	assert_int_equal(apply(options), 0);
	assert_string_equal(bench->log.data, "");
	assert_string_equal(text(), before);
}

#endif
