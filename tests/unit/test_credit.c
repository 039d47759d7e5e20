/* What all hosts together may have in memory of messages that aren't whole yet. */
#include "fleet/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { HOSTS = 1000, PART = 1 << 20 };

static struct ssh_fleet fleet;
static struct fleet_host hosts[HOSTS];

static int set_up(void **state)
{
	(void)state;
	memset(&fleet, 0, sizeof(fleet));
	memset(hosts, 0, sizeof(hosts));
	for (size_t i = 0; i < HOSTS; i++) {
		hosts[i].fleet = &fleet;
		hosts[i].state = HOST_LIVE;
		hosts[i].next = i + 1 < HOSTS ? &hosts[i + 1] : NULL;
	}
	fleet.first = &hosts[0];
	return 0;
}

/* One part more of a message of so many comes, where it may; whether it did. */
static bool comes(struct fleet_host *host, unsigned parts)
{
	if (!fleet_may_read(host))
		return false;
	host->pieces.payload.size += PART;
	if (host->pieces.payload.size >= (size_t)parts * PART)
		host->pieces.payload.size = 0;
	fleet_hold(host);
	return true;
}

static void a_thousand_long_messages_come_in_a_bounded_room(void **state)
{
	size_t most = 0, whole = 0;

	(void)state;
	for (unsigned round = 0; round < 100000 && whole < HOSTS; round++) {
		for (size_t i = 0; i < HOSTS; i++) {
			if (hosts[i].state == HOST_LOST || !comes(&hosts[i], 16))
				continue;
			most = fleet.held > most ? fleet.held : most;
			if (hosts[i].held == 0) {
				whole++;
				hosts[i].state = HOST_LOST;
			}
		}
		fleet_resume(&fleet);
	}
	assert_int_equal(whole, HOSTS);
	assert_true(most < (size_t)300 * PART);
	assert_int_equal(fleet.held, 0);
	assert_int_equal(fleet.finishing, 0);
}

static void who_waits_is_not_late_and_is_called_when_there_is_room(void **state)
{
	struct fleet_host *waits = &hosts[500];
	size_t full = 0;

	(void)state;
	while (comes(&hosts[full], 16))
		full++;
	assert_true(full < 300);
	waits->heard = waits->begun = 1;
	assert_false(fleet_may_read(waits));
	assert_true(waits->paused);
	assert_true(waits->heard > 1 && waits->begun > 1);
	fleet_resume(&fleet);
	assert_false(waits->ready);

	for (size_t i = 0; i < full; i++) {
		hosts[i].state = HOST_LOST;
		fleet_hold(&hosts[i]);
	}
	assert_int_equal(fleet.held, 0);
	fleet_resume(&fleet);
	assert_true(waits->ready);
	assert_true(fleet_may_read(waits));
	assert_false(waits->paused);
}

static void who_says_goodbye_is_always_heard(void **state)
{
	(void)state;
	for (size_t i = 0; i < 400; i++) {
		hosts[i].pieces.payload.size = PART;
		fleet_hold(&hosts[i]);
	}
	assert_false(fleet_may_read(&hosts[500]));
	hosts[500].state = HOST_CLOSING;
	assert_true(fleet_may_read(&hosts[500]));
	assert_false(hosts[500].paused);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_thousand_long_messages_come_in_a_bounded_room, set_up),
		cmocka_unit_test_setup(who_waits_is_not_late_and_is_called_when_there_is_room, set_up),
		cmocka_unit_test_setup(who_says_goodbye_is_always_heard, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
