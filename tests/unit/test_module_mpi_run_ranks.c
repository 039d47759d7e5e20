/* What the processes of a job say, told apart. */
#include "modules/mpi_run/ranks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* In pieces of so many bytes. */
static void expect(unsigned version, const char *text, size_t piece, const char *lines)
{
	struct ranks *ranks = ranks_new(3, version);
	struct buffer sorted = { 0 };

	for (size_t at = 0; at < strlen(text); at += piece)
		ranks_sort(ranks, false, text + at, strlen(text) - at < piece ? strlen(text) - at : piece, &sorted);
	ranks_sort(ranks, false, NULL, 0, &sorted);
	buffer_add_char(&sorted, '\0');
	assert_string_equal(sorted.data, lines);
	buffer_free(&sorted);
	ranks_free(ranks);
}

static void expect_in_any_pieces(unsigned version, const char *text, const char *lines)
{
	for (size_t piece = 1; piece <= strlen(text); piece++)
		expect(version, text, piece, lines);
}

static void each_line_says_host_and_rank(void **state)
{
	(void)state;
	expect_in_any_pieces(4, "[1,0]<stdout>:beoplay-rank-on head\n[1,2]<stdout>:beoplay-rank-on node1\n"
		"[1,2]<stdout>:one\n[1,0]<stdout>:two\n", "[node1 rank 2] one\n[head rank 0] two\n");
}

/* As Open MPI 4.1 was seen to write it. */
static void lines_that_come_in_pieces_are_whole(void **state)
{
	(void)state;
	expect_in_any_pieces(4, "[1,0]<stdout>:r0 part [1,2]<stdout>:r2 part [1,0]<stdout>:rest\n"
		"[1,2]<stdout>:rest\n[1,1]<stdout>:unfinished [1,2]<stdout>:too",
		"[rank 0] r0 part rest\n[rank 2] r2 part rest\n[rank 1] unfinished \n[rank 2] too\n");
}

static void open_mpi_5_names_its_job_otherwise(void **state)
{
	(void)state;
	expect_in_any_pieces(5, "[prterun-head-412@1,1]<stdout>: beoplay-rank-on node2\n"
		"[1,1]<stdout>:  one\n[1,0]<stdout>: two\n", "[node2 rank 1]  one\n[rank 0] two\n");
}

static void what_is_no_tag_stays_as_it_is(void **state)
{
	(void)state;
	expect_in_any_pieces(4, "mpirun says [this]\n[1,7]<stdout>:no rank\n[1,]<stdout>:nor this\n[,1]<stdout>:x\n"
		"[1,1]<stdout>:a[0] = [1,2]; [1,0]<stderr>:[\n",
		"mpirun says [this]\n[1,7]<stdout>:no rank\n[1,]<stdout>:nor this\n[,1]<stdout>:x\n"
		"[rank 1] a[0] = [1,2]; [1,0]<stderr>:[\n");
}

static void only_the_first_line_names_a_host(void **state)
{
	(void)state;
	expect_in_any_pieces(4, "[1,0]<stdout>:first\n[1,0]<stdout>:beoplay-rank-on head\n",
		"[rank 0] first\n[rank 0] beoplay-rank-on head\n");
}

static void stderr_knows_the_hosts_too(void **state)
{
	struct ranks *ranks = ranks_new(1, 4);
	struct buffer sorted = { 0 };
	const char *mark = "[1,0]<stdout>:beoplay-rank-on head\n", *bad = "[1,0]<stderr>:bad\n";

	(void)state;
	ranks_sort(ranks, false, mark, strlen(mark), &sorted);
	ranks_sort(ranks, true, bad, strlen(bad), &sorted);
	buffer_add_char(&sorted, '\0');
	assert_string_equal(sorted.data, "[head rank 0] bad\n");
	buffer_free(&sorted);
	ranks_free(ranks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_says_host_and_rank),
		cmocka_unit_test(lines_that_come_in_pieces_are_whole),
		cmocka_unit_test(open_mpi_5_names_its_job_otherwise),
		cmocka_unit_test(what_is_no_tag_stays_as_it_is),
		cmocka_unit_test(only_the_first_line_names_a_host),
		cmocka_unit_test(stderr_knows_the_hosts_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
