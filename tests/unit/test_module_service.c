/* service: it runs or doesn't, now and after the next start, with systemd and without. */
#include "module_bench.h"
#include "modules/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

extern const struct module module_service;

static struct bench *bench;
static struct bench_command *shown;
static bool running, enabled, stale;

static void show(void)
{
	shown->output = arena_printf(bench->arena, "LoadState=loaded\nActiveState=%s\n"
		"UnitFileState=%s\nNeedDaemonReload=%s\n", running ? "active" : "inactive",
		enabled ? "enabled" : "disabled", stale ? "yes" : "no");
}

static void act(struct bench *of, const struct command *command)
{
	const char *verb = command->argv[1];

	(void)of;
	stale = stale && strcmp(verb, "daemon-reload") != 0;
	running = strcmp(verb, "start") == 0 || strcmp(verb, "restart") == 0
		|| (running && strcmp(verb, "stop") != 0);
	enabled = strcmp(verb, "enable") == 0 || (enabled && strcmp(verb, "disable") != 0);
	show();
}

static void start_script(struct bench *of, const struct command *command)
{
	(void)of;
	(void)command;
	shown->status = 0;
}

static void stop_script(struct bench *of, const struct command *command)
{
	(void)of;
	(void)command;
	shown->status = 3;
}

static void enable_script(struct bench *of, const struct command *command)
{
	(void)command;
	bench_remove(of, "/etc/rc2.d/K01munge");
	bench_link(of, "/etc/rc2.d/S01munge", "../init.d/munge");
}

static void unlink_script(struct bench *of, const struct command *command)
{
	(void)command;
	bench_remove(of, "/etc/rc2.d/S01munge");
}

static void disable_script(struct bench *of, const struct command *command)
{
	(void)command;
	bench_remove(of, "/etc/rc2.d/S01munge");
	bench_link(of, "/etc/rc2.d/K01munge", "../init.d/munge");
}

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/run/systemd/system", 0755);
	bench_command(bench, "systemctl ", 0, "")->effect = act;
	shown = bench_command(bench, "systemctl show ", 0, "");
	bench_command(bench, "sleep 0.2", 0, "");
	running = enabled = stale = false;
	show();
	return 0;
}

/* A machine without systemd. */
static int set_up_scripts(void **state)
{
	(void)state;
	bench = bench_new();
	bench_file(bench, "/etc/init.d/munge", 0755, "#!/bin/sh\n");
	bench_directory(bench, "/etc/rc2.d", 0755);
	bench_link(bench, "/etc/rc2.d/K01munge", "../init.d/munge");
	bench_link(bench, "/etc/rc2.d/S01xmunge", "../init.d/xmunge");
	bench_link(bench, "/etc/rc2.d/S", "../init.d/munge");
	shown = bench_command(bench, "service munge status", 3, "");
	bench_command(bench, "service munge start", 0, "")->effect = start_script;
	bench_command(bench, "service munge restart", 0, "")->effect = start_script;
	bench_command(bench, "service munge reload", 0, "");
	bench_command(bench, "service munge stop", 0, "")->effect = stop_script;
	bench_command(bench, "update-rc.d munge enable", 0, "")->effect = enable_script;
	bench_command(bench, "update-rc.d munge disable", 0, "")->effect = disable_script;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static void is(bool runs, bool starts)
{
	running = runs;
	enabled = starts;
	show();
}

static void *load(const char *yaml)
{
	return bench_load(bench, &module_service, yaml);
}

static int apply(const char *yaml)
{
	return bench_apply(bench, &module_service, load(yaml));
}

static void a_service_is_enabled_and_started(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: munge, state: started, enabled: yes}"), 0);
	assert_string_equal(bench->log.data,
		"run systemctl enable -- munge\nrun systemctl start -- munge\n");
	assert_string_equal(bench_change(bench, bench->planned, 0), "munge enabled: no -> yes");
	assert_string_equal(bench_change(bench, bench->planned, 1),
		"munge state: stopped -> started");
	assert_string_equal(value_get_string(bench->results, "state"), "started");
	assert_true(value_get_bool(bench->results, "enabled"));
}

static void a_service_is_disabled_and_stopped(void **state)
{
	(void)state;
	is(true, true);
	assert_int_equal(apply("{name: munge, state: stopped, enabled: no}"), 0);
	assert_string_equal(bench->log.data,
		"run systemctl disable -- munge\nrun systemctl stop -- munge\n");
	assert_string_equal(value_get_string(bench->results, "state"), "stopped");
	assert_false(value_get_bool(bench->results, "enabled"));
}

static void nothing_changes_where_it_is_right(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: munge, state: stopped, enabled: no}"), 0);
	assert_string_equal(bench->log.data, "");
	is(true, true);
	assert_int_equal(apply("{name: munge, state: started, enabled: yes}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(apply("{name: munge}"), 0);
	assert_string_equal(bench->log.data, "");
}

static void one_of_both_leaves_the_other(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: munge, enabled: yes}"), 0);
	assert_string_equal(bench->log.data, "run systemctl enable -- munge\n");
	is(false, false);
	assert_int_equal(apply("{name: munge, state: started}"), 0);
	assert_string_equal(bench->log.data, "run systemctl start -- munge\n");
}

static void looking_changes_nothing(void **state)
{
	struct plan *plan = bench_look(bench, &module_service,
		load("{name: munge, state: restarted, enabled: yes, daemon_reload: yes}"));

	(void)state;
	assert_int_equal(plan->change_count, 2);
	assert_string_equal(bench->log.data, "");
	assert_string_equal(bench->reads->items[0]->text, "unit:munge");
	assert_false(running || enabled);
}

static void a_restart_happens_each_time(void **state)
{
	(void)state;
	is(true, true);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(apply("{name: munge, state: restarted}"), 0);
		assert_string_equal(bench->log.data, "run systemctl restart -- munge\n");
		assert_string_equal(bench_change(bench, bench->planned, 0),
			"munge state: started -> restarted");
	}
}

static void a_reload_is_a_start_where_nothing_runs(void **state)
{
	(void)state;
	is(true, true);
	assert_int_equal(apply("{name: munge, state: reloaded}"), 0);
	assert_string_equal(bench->log.data, "run systemctl reload -- munge\n");
	is(false, true);
	assert_int_equal(apply("{name: munge, state: reloaded}"), 0);
	assert_string_equal(bench->log.data, "run systemctl restart -- munge\n");
}

static void units_are_read_anew_where_they_have_changed(void **state)
{
	(void)state;
	stale = true;
	show();
	assert_int_equal(apply("{name: munge, daemon_reload: yes}"), 0);
	assert_string_equal(bench->log.data, "run systemctl daemon-reload\n");
	assert_int_equal(apply("{name: munge, daemon_reload: yes}"), 0);
	assert_string_equal(bench->log.data, "");
}

static void no_service_is_started_from_an_older_text(void **state)
{
	(void)state;
	is(true, true);
	stale = true;
	show();
	assert_int_equal(apply("{name: munge, state: restarted}"), 0);
	assert_string_equal(bench->log.data, "run systemctl daemon-reload\nrun systemctl restart -- munge\n");
	assert_int_equal(bench->planned->change_count, 1);
}

static void an_alias_is_enabled_by_its_own_name(void **state)
{
	(void)state;
	shown->output = "Id=munge.service\nLoadState=loaded\nActiveState=active\nUnitFileState=disabled\n";
	assert_int_equal(apply("{name: munged, enabled: yes}"), 0);
	assert_string_equal(bench->log.data, "run systemctl enable -- munge.service\n");
}

static void show_by_other_name(struct bench *of, const struct command *command)
{
	(void)of;
	(void)command;
	shown->output = "LoadState=not-found\nActiveState=inactive\nUnitFileState=\n";
}

/* With the unit, its other name is gone; its file still says it. */
static void a_disabled_unit_has_its_alias_in_its_file(void **state)
{
	(void)state;
	bench_command(bench, "grep ", 0, "/lib/systemd/system/munge.service\n");
	bench_command(bench, "systemctl show -p Id,LoadState,ActiveState,UnitFileState,Type,RemainAfterExit,"
		"NeedDaemonReload -- munge.service", 0, "Id=munge.service\nLoadState=loaded\n"
		"ActiveState=inactive\nUnitFileState=disabled\n");
	shown->output = "Id=munge.service\nLoadState=loaded\nActiveState=inactive\nUnitFileState=enabled\n";
	bench_command(bench, "systemctl disable -- munge.service", 0, "")->effect = show_by_other_name;
	assert_int_equal(apply("{name: munged, enabled: no}"), 0);
	assert_string_equal(bench->log.data, "run systemctl disable -- munge.service\n");
	assert_int_equal(apply("{name: munged, enabled: no}"), 0);
	assert_string_equal(bench->log.data, "");
}

static void a_service_that_systemd_skips_is_told(void **state)
{
	(void)state;
	bench_command(bench, "systemctl show -p ActiveState,SubState,Result -- munge", 0,
		"ActiveState=inactive\nSubState=dead\nResult=success\n");
	bench_command(bench, "journalctl ", 0, "munge.service was skipped because of an unmet condition\n");
	assert_int_equal(apply("{name: munge, state: started}"), -1);
	assert_ptr_equal(bench->err.code, SERVICE_ENDED);
	assert_non_null(strstr(bench->err.message, "unmet condition"));
}

static void what_ends_by_itself_is_started_each_time(void **state)
{
	(void)state;
	shown->output = "LoadState=loaded\nActiveState=inactive\nUnitFileState=static\nType=oneshot\n"
		"RemainAfterExit=no\n";
	bench_command(bench, "systemctl start -- munge", 0, "");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(apply("{name: munge, state: started}"), 0);
		assert_string_equal(bench->log.data, "run systemctl start -- munge\n");
	}
}

/* systemd knows a script of System V, but not whether it is enabled. */
static void a_script_under_systemd_is_enabled_by_its_links(void **state)
{
	(void)state;
	shown->output = "LoadState=loaded\nActiveState=active\nUnitFileState=generated\n";
	bench_directory(bench, "/etc/rc2.d", 0755);
	bench_command(bench, "systemctl enable -- munge", 0, "")->effect = enable_script;
	bench_command(bench, "systemctl disable -- munge", 0, "")->effect = disable_script;
	assert_int_equal(apply("{name: munge, enabled: yes}"), 0);
	assert_string_equal(bench->log.data, "run systemctl enable -- munge\n");
	assert_int_equal(apply("{name: munge, enabled: yes}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(apply("{name: munge, enabled: no}"), 0);
	assert_string_equal(bench->log.data, "run systemctl disable -- munge\n");
	bench_remove(bench, "/etc/rc2.d/K01munge");
	assert_int_equal(apply("{name: munge, enabled: yes}"), 0);
	bench_command(bench, "update-rc.d -f munge remove", 0, "")->effect = unlink_script;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "run update-rc.d -f munge remove\n");
}

static void a_service_that_starts_or_reloads_runs(void **state)
{
	(void)state;
	shown->output = "LoadState=loaded\nActiveState=activating\nUnitFileState=disabled\n";
	assert_int_equal(apply("{name: munge, state: started}"), 0);
	assert_string_equal(bench->log.data, "");
	shown->output = "LoadState=loaded\nActiveState=reloading\nUnitFileState=disabled\n";
	assert_int_equal(apply("{name: munge, state: started}"), 0);
	assert_string_equal(bench->log.data, "");
	shown->output = "LoadState=loaded\nActiveState=failed\nUnitFileState=disabled\n";
	assert_int_equal(apply("{name: munge, state: started}"), 0);
	assert_string_equal(bench->log.data, "run systemctl start -- munge\n");
}

static void enabled_until_the_next_start_only_is_not_enabled(void **state)
{
	(void)state;
	shown->output = "LoadState=loaded\nActiveState=inactive\nUnitFileState=enabled-runtime\n";
	assert_int_equal(apply("{name: munge, enabled: yes}"), 0);
	assert_string_equal(bench->log.data, "run systemctl enable -- munge\n");
}

static void what_cannot_be_enabled_is_told(void **state)
{
	struct plan *plan;

	(void)state;
	shown->output = "LoadState=loaded\nActiveState=active\nUnitFileState=static\n";
	plan = bench_look(bench, &module_service, load("{name: munge, enabled: yes}"));
	assert_int_equal(plan->change_count, 0);
	assert_non_null(strstr(plan->notes->items[0]->text, "can't be enabled"));
	assert_int_equal(bench_look(bench, &module_service, load("{name: munge}"))->notes->count, 0);
}

static void units_can_be_read_anew_without_a_service(void **state)
{
	struct plan *plan;

	(void)state;
	bench_directory(bench, "/run/systemd/system", 0755);
	plan = bench_look(bench, &module_service, load("{daemon_reload: yes}"));
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(plan->changes[0]->subject, "systemd");
}

static void make_unit(struct bench *of, const struct command *command)
{
	(void)of;
	(void)command;
	shown->output = "LoadState=loaded\nActiveState=inactive\nUnitFileState=generated\n";
}

static void a_script_that_systemd_has_not_read_yet_is_there(void **state)
{
	(void)state;
	shown->output = "LoadState=not-found\nActiveState=inactive\nUnitFileState=\n";
	bench_command(bench, "grep ", 1, "");
	bench_file(bench, "/etc/init.d/munge", 0755, "#!/bin/sh\n");
	bench_directory(bench, "/etc/rc2.d", 0755);
	bench_command(bench, "systemctl daemon-reload", 0, "")->effect = make_unit;
	bench_command(bench, "systemctl enable -- munge", 0, "")->effect = enable_script;
	assert_int_equal(apply("{name: munge, enabled: yes}"), 0);
	assert_string_equal(bench->log.data, "run systemctl daemon-reload\nrun systemctl enable -- munge\n");
}

static void a_service_that_is_not_there_is_refused(void **state)
{
	(void)state;
	shown->output = "LoadState=not-found\nActiveState=inactive\nUnitFileState=\n";
	bench_command(bench, "grep ", 1, "");
	assert_int_equal(apply("{name: munge, state: started}"), -1);
	assert_string_equal(bench->err.message, "there is no service 'munge'");
	assert_non_null(strstr(bench->err.remedy, "package"));
	assert_string_equal(bench->log.data, "");
}

static void a_masked_service_is_refused_with_what_to_do(void **state)
{
	(void)state;
	bench_command(bench, "find /etc/systemd/system", 0, "");
	shown->output = "LoadState=masked\nActiveState=inactive\nUnitFileState=masked\n";
	assert_int_equal(apply("{name: munge, state: started}"), -1);
	assert_string_equal(bench->err.message, "the service 'munge' is masked");
	assert_string_equal(bench->err.remedy, "add 'masked: no'");
	assert_int_equal(apply("{name: munge, enabled: yes}"), -1);
	assert_int_equal(apply("{name: munge, state: restarted}"), -1);
	assert_int_equal(apply("{name: munge, state: stopped, enabled: no}"), 0);
	assert_string_equal(bench->log.data, "");
}

static void the_way_in_stays_for_the_next_start(void **state)
{
	struct bench_command *socket = bench_command(bench, "systemctl show -p Id,LoadState,ActiveState,"
		"UnitFileState,Type,RemainAfterExit,NeedDaemonReload -- ssh.socket", 0,
		"LoadState=loaded\nActiveState=inactive\nUnitFileState=disabled\n");

	(void)state;
	is(true, true);
	bench->login = "admin";
	for (const char *const *name = (const char *const []){ "ssh", "sshd", "ssh.service", NULL }; *name; name++) {
		assert_int_equal(apply(arena_printf(bench->arena, "{name: %s, enabled: no}", *name)), -1);
		assert_non_null(strstr(bench->err.message, "nobody could log in after the machine's next start"));
	}
	assert_string_equal(bench->log.data, "");
	assert_int_equal(apply("{name: ssh, enabled: yes}"), 0);
	assert_int_equal(apply("{name: sshdx, enabled: no}"), 0);
	is(true, true);
	socket->output = "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n";
	assert_int_equal(apply("{name: ssh, enabled: no}"), 0);
	is(true, true);
	socket->output = "LoadState=loaded\nActiveState=inactive\nUnitFileState=disabled\n";
	bench->login = NULL;
	assert_int_equal(apply("{name: ssh, enabled: no}"), 0);
}

static void undo_brings_both_back(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: munge, state: started, enabled: yes}"), 0);
	assert_string_equal(bench->inverses->entries[0].resource, "unit:munge");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data,
		"run systemctl disable -- munge\nrun systemctl stop -- munge\n");
	assert_false(running || enabled);
	is(true, true);
	assert_int_equal(apply("{name: munge, state: stopped, enabled: no}"), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_true(running && enabled);
}

static void undo_leaves_what_the_task_did_not_say(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: munge, enabled: yes}"), 0);
	is(true, true);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "run systemctl disable -- munge\n");
	assert_true(running);
	is(false, false);
	assert_int_equal(apply("{name: munge, state: started}"), 0);
	is(true, true);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "run systemctl stop -- munge\n");
	assert_true(enabled);
}

static void undo_of_a_restart_is_no_other_restart(void **state)
{
	(void)state;
	is(true, true);
	assert_int_equal(apply("{name: munge, state: restarted}"), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "");
	is(false, true);
	assert_int_equal(apply("{name: munge, state: restarted}"), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "run systemctl stop -- munge\n");
}

static void without_systemd_scripts_are_called(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: munge, state: started, enabled: yes, daemon_reload: yes}"), 0);
	assert_string_equal(bench->log.data,
		"run update-rc.d munge enable\nrun service munge start\n");
	assert_int_equal(apply("{name: munge, state: started, enabled: yes}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(apply("{name: munge, state: reloaded}"), 0);
	assert_string_equal(bench->log.data, "run service munge reload\n");
	assert_int_equal(apply("{name: munge, state: stopped, enabled: no}"), 0);
	assert_string_equal(bench->log.data,
		"run update-rc.d munge disable\nrun service munge stop\n");
}

static void without_systemd_undo_brings_both_back(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: munge, state: started, enabled: yes}"), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data,
		"run update-rc.d munge disable\nrun service munge stop\n");
	assert_int_equal(shown->status, 3);
	assert_null(bench_find(bench, "/etc/rc2.d/S01munge"));
}

static void default_script(struct bench *of, const struct command *command)
{
	(void)command;
	bench_link(of, "/etc/rc2.d/S01munge", "../init.d/munge");
}

static void without_systemd_undo_of_a_first_enable_leaves_no_link(void **state)
{
	(void)state;
	bench_remove(bench, "/etc/rc2.d/K01munge");
	bench_command(bench, "update-rc.d munge defaults", 0, "")->effect = default_script;
	bench_command(bench, "update-rc.d -f munge remove", 0, "")->effect = unlink_script;
	assert_int_equal(apply("{name: munge, enabled: no}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(apply("{name: munge, enabled: yes}"), 0);
	assert_string_equal(bench->log.data, "run update-rc.d munge defaults\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "run update-rc.d -f munge remove\n");
	assert_null(bench_find(bench, "/etc/rc2.d/K01munge"));
}

static void without_systemd_a_script_that_is_not_there_is_refused(void **state)
{
	(void)state;
	bench_remove(bench, "/etc/init.d/munge");
	assert_int_equal(apply("{name: munge, state: started}"), -1);
	assert_string_equal(bench->err.message, "there is no service 'munge'");
	assert_string_equal(bench->log.data, "");
}

static void wrong_parameters_are_refused(void **state)
{
	static const char *const wrong[] = {
		"{name: ''}", "{name: -H}", "{name: 'a b'}", "{name: ../sh}", "{name: \"a\\nb\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_null(bench_normalise(bench, &module_service, wrong[i]));
		assert_ptr_equal(bench->err.code, TASK_INVALID_NAME);
	}
	assert_null(bench_normalise(bench, &module_service, "{state: started}"));
	assert_null(bench_normalise(bench, &module_service, "{name: munge, state: running}"));
	assert_non_null(bench_normalise(bench, &module_service, "{daemon-reload: yes}"));
	assert_null(bench_normalise(bench, &module_service, "{name: munge, sleep: 3}"));
	assert_ptr_equal(bench->err.code, TASK_UNSUPPORTED_PARAMETER);
	assert_null(bench_normalise(bench, &module_service, "{name: munge, enabled: maybe}"));
}

static void a_service_that_ends_at_once_says_why(void **state)
{
	(void)state;
	bench_command(bench, "systemctl show -p ActiveState,SubState,Result -- munge", 0,
		"ActiveState=failed\nSubState=failed\nResult=exit-code\n");
	bench_command(bench, "journalctl ", 0, "munged: no key\n");
	assert_int_equal(apply("{name: munge, state: started}"), -1);
	assert_non_null(strstr(bench->err.message, "(Result=exit-code): munged: no key"));
	assert_non_null(strstr(bench->err.remedy, "journalctl -u munge"));
	bench_command(bench, "systemctl show -p ActiveState,SubState,Result -- munge", 0,
		"ActiveState=activating\nSubState=auto-restart\nResult=exit-code\n");
	assert_int_equal(apply("{name: munge, state: restarted}"), -1);
	assert_int_equal(apply("{name: munge, state: stopped}"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_SCRIPTS(name) cmocka_unit_test_setup_teardown(name, set_up_scripts, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_service_that_ends_at_once_says_why),
		TEST(a_service_is_enabled_and_started),
		TEST(a_service_is_disabled_and_stopped),
		TEST(nothing_changes_where_it_is_right),
		TEST(one_of_both_leaves_the_other),
		TEST(looking_changes_nothing),
		TEST(a_restart_happens_each_time),
		TEST(a_reload_is_a_start_where_nothing_runs),
		TEST(units_are_read_anew_where_they_have_changed),
		TEST(no_service_is_started_from_an_older_text),
		TEST(an_alias_is_enabled_by_its_own_name),
		TEST(a_disabled_unit_has_its_alias_in_its_file),
		TEST(a_service_that_systemd_skips_is_told),
		TEST(what_ends_by_itself_is_started_each_time),
		TEST(a_script_under_systemd_is_enabled_by_its_links),
		TEST(a_service_that_starts_or_reloads_runs),
		TEST(enabled_until_the_next_start_only_is_not_enabled),
		TEST(what_cannot_be_enabled_is_told),
		TEST(units_can_be_read_anew_without_a_service),
		TEST(a_script_that_systemd_has_not_read_yet_is_there),
		TEST(a_service_that_is_not_there_is_refused),
		TEST(a_masked_service_is_refused_with_what_to_do),
		TEST(the_way_in_stays_for_the_next_start),
		TEST(undo_brings_both_back),
		TEST(undo_leaves_what_the_task_did_not_say),
		TEST(undo_of_a_restart_is_no_other_restart),
		TEST_SCRIPTS(without_systemd_scripts_are_called),
		TEST_SCRIPTS(without_systemd_undo_brings_both_back),
		TEST_SCRIPTS(without_systemd_undo_of_a_first_enable_leaves_no_link),
		TEST_SCRIPTS(without_systemd_a_script_that_is_not_there_is_refused),
		TEST(wrong_parameters_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
