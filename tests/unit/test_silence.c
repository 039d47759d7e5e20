/* Who is silent for how long, with a clock that the test sets. */
#include "agent/link.h"
#include "fleet/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { MINUTE = 60, DAY = 24 * 3600 };

static time_t seconds = 1000;

/* In the place of libc's. */
int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	(void)clock;
	*ret_time = (struct timespec){ .tv_sec = seconds };
	return 0;
}

static void the_clock_of_the_fleet_stands_still_while_the_program_does(void **state)
{
	int64_t before = fleet_now();

	(void)state;
	assert_int_not_equal(before, 0);
	assert_int_equal(fleet_now(), before);
	seconds++;
	assert_int_equal(fleet_now(), before + 1000);
	seconds += 10 * MINUTE;
	assert_int_equal(fleet_now(), before + 2000);
	assert_int_equal(fleet_now(), before + 2000);
	seconds++;
	assert_int_equal(fleet_now(), before + 3000);
}

static struct link agent;

/* Takes what the agent has sent: how many bytes; 0: nothing. */
static ssize_t sent(int fd)
{
	char bytes[256];
	ssize_t size = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	return size > 0 ? size : 0;
}

static int with_agent(void **state)
{
	static int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	link_init(&agent, ends[0], ends[0], SENT_BY_AGENT, SENT_BY_CONTROLLER);
	agent.silence_ends = true;
	*state = &ends[1];
	return 0;
}

static int without_agent(void **state)
{
	close(*(int *)*state);
	close(agent.in);
	link_end(&agent);
	return 0;
}

static void an_agent_speaks_into_the_silence_and_stays(void **state)
{
	int controller = *(int *)*state;
	struct error err = {0};

	seconds += LINK_SILENCE_ASK - 1;
	assert_true(link_alive(&agent));
	assert_int_equal(sent(controller), 0);
	seconds++;
	assert_true(link_alive(&agent));
	assert_true(sent(controller) > 0);
	assert_true(link_alive(&agent));
	assert_int_equal(sent(controller), 0);
	seconds += 5 * MINUTE;
	assert_true(link_alive(&agent));
	assert_true(sent(controller) > 0);

	assert_int_equal(frame_send(controller, SENT_BY_CONTROLLER, FRAME_PING, NULL, &err), 0);
	assert_true(link_alive(&agent));
	assert_true(sent(controller) > 0);   /* the answer */
	seconds += LINK_SILENCE_ASK - 1;
	assert_true(link_alive(&agent));
	assert_int_equal(sent(controller), 0);
}

static void a_silence_of_a_day_is_an_end_and_so_is_an_end(void **state)
{
	seconds += DAY;
	assert_true(link_alive(&agent));
	seconds += MINUTE;
	assert_false(link_alive(&agent));
	agent.lost = false;
	agent.heard = milliseconds_now();
	shutdown(*(int *)*state, SHUT_RDWR);
	assert_false(link_alive(&agent));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clock_of_the_fleet_stands_still_while_the_program_does),
		cmocka_unit_test_setup_teardown(an_agent_speaks_into_the_silence_and_stays, with_agent,
			without_agent),
		cmocka_unit_test_setup_teardown(a_silence_of_a_day_is_an_end_and_so_is_an_end, with_agent,
			without_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
