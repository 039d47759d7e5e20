/* service: what systemd is kept from starting. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

extern const struct module module_service;

static struct bench *bench;
static struct bench_command *shown;

static int apply(const char *yaml)
{
	return bench_apply(bench, &module_service, bench_load(bench, &module_service, yaml));
}

static void masks(struct bench *of, const struct command *command)
{
	(void)of;
	(void)command;
	shown->output = "LoadState=masked\nActiveState=inactive\nUnitFileState=masked\n";
}

static void unmasks(struct bench *of, const struct command *command)
{
	(void)of;
	(void)command;
	shown->output = "LoadState=loaded\nActiveState=inactive\nUnitFileState=disabled\n";
}

static void a_service_is_masked_and_unmasked_again(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/run/systemd/system", 0755);
	shown = bench_command(bench, "systemctl show ", 0, "");
	unmasks(bench, NULL);
	bench_command(bench, "systemctl mask -- munge", 0, "")->effect = masks;
	bench_command(bench, "systemctl unmask -- munge", 0, "")->effect = unmasks;
	bench_command(bench, "find /etc/systemd/system", 0, "");
	assert_int_equal(apply("{name: munge, masked: no}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(apply("{name: munge, masked: yes}"), 0);
	assert_string_equal(bench->log.data, "run systemctl mask -- munge\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "run systemctl unmask -- munge\n");
	masks(bench, NULL);
	assert_int_equal(apply("{name: munge, masked: no, enabled: no, state: stopped}"), 0);
	assert_string_equal(bench->log.data, "run systemctl unmask -- munge\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "run systemctl mask -- munge\n");
	assert_int_equal(apply("{name: munge, masked: yes, state: started}"), -1);
	assert_string_equal(bench->err.message, "'munge': what is masked can be neither enabled nor started");
	bench_free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_is_masked_and_unmasked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
