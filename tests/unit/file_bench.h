/* file_bench: a machine whose files are remembered. */
#ifndef TESTS_FILE_BENCH_H
#define TESTS_FILE_BENCH_H

#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

extern const struct module module_file;

static struct bench *bench;
static struct bench_file before[BENCH_FILES];
static size_t before_count;

static inline int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_user(bench, "mpi", 1001, "/home/mpi");
	bench_directory(bench, "/srv", 0755);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static inline int apply(const char *yaml)
{
	return bench_apply(bench, &module_file, bench_load(bench, &module_file, yaml));
}

static inline struct plan *look(const char *yaml)
{
	void *params = bench_load(bench, &module_file, yaml);

	return params ? bench_look(bench, &module_file, params) : NULL;
}

static inline struct bench_file *at(const char *path)
{
	return bench_find(bench, path);
}

static inline void remember(void)
{
	memcpy(before, bench->files, sizeof(before));
	before_count = bench->file_count;
}

static inline void assert_as_before(void)
{
	assert_int_equal(bench->file_count, before_count);
	for (size_t i = 0; i < before_count; i++) {
		const struct bench_file *was = &before[i], *is = at(was->path);

		assert_non_null(is);
		assert_int_equal(is->info.kind, was->info.kind);
		assert_int_equal(is->info.mode, was->info.mode);
		assert_int_equal(is->info.uid, was->info.uid);
		assert_int_equal(is->info.gid, was->info.gid);
		if (was->info.kind == FILE_LINK)
			assert_string_equal(is->info.target, was->info.target);
		if (was->info.kind == FILE_REGULAR)
			assert_string_equal(is->bytes, was->bytes);
	}
}

/* Applied, which changes something, and undone: as if nothing had been. */
static inline void there_and_back(const char *yaml, const char *log)
{
	remember();
	assert_int_equal(apply(yaml), 0);
	assert_string_equal(bench->log.data, log);
	assert_int_equal(bench_undo(bench), 0);
	assert_as_before();
}

#endif
