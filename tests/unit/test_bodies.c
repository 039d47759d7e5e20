/* Tests for engine/plan/bodies: who may have what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/digest.h"
#include "plan/bodies.h"

#include <limits.h>
#include <string.h>
#include <sys/resource.h>

enum { HOSTS = 20 };

static int set_up(void **state)
{
	*state = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	arena_free(*state);
	return 0;
}

static struct run_host *host(uintptr_t number)
{
	return (struct run_host *)number;
}

static void nobody_may_have_what_no_task_names(void **state)
{
	struct bodies *bodies = bodies_new(*state, NULL);
	struct body *body = bodies_add_bytes(bodies, "secret", 6);

	assert_int_equal(body_size(body), 6);
	for (size_t i = 0; i < HOSTS; i++)
		assert_null(bodies_find(bodies, body_digest(body), i));
	assert_null(bodies_find(bodies, "", 0));
	assert_null(bodies_find(bodies, "/etc/shadow", 0));
}

static void only_the_hosts_that_were_let_in_may_have_it(void **state)
{
	struct bodies *bodies = bodies_new(*state, NULL);
	struct body *body = bodies_add_bytes(bodies, "secret", 6);
	struct body *other = bodies_add_bytes(bodies, "another", 7);

	bodies_allow(bodies, body, 3, HOSTS);
	bodies_allow(bodies, body, HOSTS - 1, HOSTS);
	bodies_allow(bodies, other, 4, HOSTS);
	for (size_t i = 0; i < HOSTS; i++) {
		assert_ptr_equal(bodies_find(bodies, body_digest(body), i),
			i == 3 || i == HOSTS - 1 ? body : NULL);
		assert_ptr_equal(bodies_find(bodies, body_digest(other), i), i == 4 ? other : NULL);
	}
}

enum { LARGE = 1 << 20, LARGES = 80 };
#ifdef __SANITIZE_ADDRESS__
enum { MEMORY_MOST = INT_MAX };
#else
enum { MEMORY_MOST = 76 << 20 };
#endif

/* Another one for each number, without any repetition that a mistaken place could hide behind. */
static void fill(char *bytes, unsigned number)
{
	uint64_t state = number + 1;

	for (size_t i = 0; i < LARGE; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = (char)(state >> 56);
	}
}

static void assert_chunk(struct bodies *bodies, const struct body *body, int64_t offset, const char *bytes)
{
	struct arena *arena = arena_new();
	struct reply chunk = bodies_chunk(bodies, arena, body, offset);

	assert_null(chunk.error);
	assert_true(chunk.bytes.size > 0);
	assert_memory_equal(chunk.bytes.bytes, bytes + offset, chunk.bytes.size);
	arena_free(arena);
}

static size_t peak(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (size_t)usage.ru_maxrss << 10;
}

static void many_large_ones_are_not_all_in_memory(void **state)
{
	struct bodies *bodies = bodies_new(*state, NULL);
	struct body *made[LARGES];
	char *bytes = arena_alloc(*state, LARGE);

	for (unsigned i = 0; i < LARGES; i++) {
		fill(bytes, i);
		made[i] = bodies_add_bytes(bodies, bytes, LARGE - i);
	}
	assert_in_range(peak(), 0, MEMORY_MOST);
	for (unsigned i = 0; i < LARGES; i++) {
		fill(bytes, i);
		assert_ptr_equal(bodies_add_bytes(bodies, bytes, LARGE - i), made[i]);
		assert_int_equal(body_size(made[i]), LARGE - i);
		assert_chunk(bodies, made[i], 0, bytes);
		assert_chunk(bodies, made[i], 12345 + i, bytes);
		assert_chunk(bodies, made[i], LARGE - i - 1, bytes);
	}
}

static void the_same_bytes_are_one_body(void **state)
{
	struct bodies *bodies = bodies_new(*state, NULL);

	assert_ptr_equal(bodies_add_bytes(bodies, "x", 1), bodies_add_bytes(bodies, "x", 1));
}

/* A host that says it has what only the controller has opens nothing of the controller's. */
static void an_offer_is_not_the_content_of_the_same_digest_that_is_known_here(void **state)
{
	struct bodies *bodies = bodies_new(*state, NULL);
	struct body *body = bodies_add_bytes(bodies, "secret", 6);
	struct body *offer = bodies_add_offer(bodies, host(1), body_digest(body), 6);
	struct body *second = bodies_add_offer(bodies, host(2), body_digest(body), 6);

	assert_ptr_not_equal(offer, body);
	assert_ptr_not_equal(offer, second);
	assert_ptr_equal(bodies_add_offer(bodies, host(1), body_digest(body), 6), offer);
	bodies_allow(bodies, offer, 5, HOSTS);
	bodies_allow(bodies, second, 6, HOSTS);
	assert_ptr_equal(bodies_find(bodies, body_digest(body), 5), offer);
	assert_ptr_equal(body_offerer(bodies_find(bodies, body_digest(body), 5)), host(1));
	assert_ptr_equal(bodies_find(bodies, body_digest(body), 6), second);
	assert_null(bodies_find(bodies, body_digest(body), 1));
	assert_null(body_offerer(body));
}

static void an_offer_of_what_nobody_has_here_can_be_followed_by_the_content(void **state)
{
	struct bodies *bodies = bodies_new(*state, NULL);
	char hex[DIGEST_HEX_SIZE];
	struct body *offer, *body;

	digest_bytes("x", 1, hex);
	offer = bodies_add_offer(bodies, host(1), hex, 9);
	body = bodies_add_bytes(bodies, "x", 1);
	assert_ptr_not_equal(offer, body);
	assert_int_equal(body_size(body), 1);
	bodies_allow(bodies, body, 0, HOSTS);
	assert_ptr_equal(bodies_find(bodies, hex, 0), body);
}

static void a_chunk_is_a_piece_and_the_size_of_the_whole(void **state)
{
	struct bodies *bodies = bodies_new(*state, NULL);
	struct body *body = bodies_add_bytes(bodies, "secret", 6);
	struct reply chunk = bodies_chunk(bodies, *state, body, 2);

	assert_int_equal(chunk.bytes.size, 4);
	assert_memory_equal(chunk.bytes.bytes, "cret", 4);
	assert_int_equal(chunk.size, 6);
	chunk = bodies_chunk(bodies, *state, body, 6);
	assert_non_null(chunk.bytes.bytes);
	assert_int_equal(chunk.bytes.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody_may_have_what_no_task_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_the_hosts_that_were_let_in_may_have_it, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(many_large_ones_are_not_all_in_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_same_bytes_are_one_body, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_offer_is_not_the_content_of_the_same_digest_that_is_known_here, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			an_offer_of_what_nobody_has_here_can_be_followed_by_the_content, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(a_chunk_is_a_piece_and_the_size_of_the_whole, set_up,
			tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
