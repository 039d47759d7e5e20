/* sysctl: the line in the file and the value in the kernel, and both of them back. */
#include "module_bench.h"
#include "modules/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

extern const struct module module_sysctl;

static struct bench *bench;

#define OWN "/etc/sysctl.d/99-zz-beoplay.conf"
#define PATH "/etc/sysctl.d/50-a.conf"
#define LIVE "/proc/sys/vm/swappiness"
#define MEMORY "/proc/sys/net/ipv4/tcp_rmem"

/* As the kernel does with numbers: by tabs. */
static void take(struct bench *of, const struct command *command)
{
	char *value = arena_bytes(of->arena, command->input, command->input_size);

	for (char *at = value; *at; at++) {
		if (*at == ' ')
			*at = '\t';
	}
	bench_file(of, command->argv[2], 0644, arena_printf(of->arena, "%s\n", value));
}

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_user(bench, "root", 0, "/root");
	bench_directory(bench, "/etc", 0755);
	bench_directory(bench, "/etc/sysctl.d", 0755);
	bench_directory(bench, "/run/systemd/system", 0755);
	bench_directory(bench, "/proc/sys/net/ipv4", 0755);
	bench_file(bench, LIVE, 0644, "60\n");
	bench_file(bench, MEMORY, 0644, "4096\t131072\t6291456\n");
	bench_command(bench, "tee -- /proc/sys/", 0, "")->effect = take;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static int apply(const char *options)
{
	return bench_apply(bench, &module_sysctl, bench_load(bench, &module_sysctl, options));
}

static struct plan *look(const char *options)
{
	void *params = bench_load(bench, &module_sysctl, options);

	return params ? bench_look(bench, &module_sysctl, params) : NULL;
}

static const char *note(const struct plan *plan, size_t index)
{
	return plan->notes && index < plan->notes->count ? value_text(plan->notes->items[index]) : "";
}

/* What becomes of a file, the second time nothing; and undone, the file to the byte. */
static void makes(const char *before, const char *options, const char *after)
{
	const char *yaml = arena_printf(bench->arena, "{sysctl_file: " PATH ", reload: no, %s}", options);

	bench_file(bench, PATH, 0640, before);
	assert_int_equal(apply(yaml), 0);
	assert_string_equal(bench_text(bench, PATH), after);
	assert_string_equal(bench->log.data, "write " PATH " 0640\n");
	assert_int_equal(look(yaml)->change_count, 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, PATH), before);
	assert_string_equal(bench_text(bench, LIVE), "60\n");
}

static void leaves(const char *before, const char *options)
{
	bench_file(bench, PATH, 0640, before);
	assert_int_equal(apply(arena_printf(bench->arena, "{sysctl_file: " PATH ", reload: no, %s}",
		options)), 0);
	assert_string_equal(bench->log.data, "");
}

static void it_gets_into_kernel_and_file_and_back(void **state)
{
	const char *before = bench_snapshot(bench);

	(void)state;
	assert_int_equal(apply("{name: vm.swappiness, value: 10}"), 0);
	assert_string_equal(bench->log.data, "run tee -- " LIVE "\nwrite " OWN " 0644\n");
	assert_string_equal(bench_text(bench, OWN), "vm.swappiness=10\n");
	assert_string_equal(bench_text(bench, LIVE), "10\n");
	assert_string_equal(value_get_string(bench->results, "value"), "10");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_snapshot(bench), before);
}

static void looking_changes_nothing(void **state)
{
	struct plan *plan = look("{name: vm.swappiness, value: 10}");

	(void)state;
	assert_int_equal(plan->change_count, 2);
	assert_string_equal(bench_change(bench, plan, 0), LIVE " value: 60 -> 10");
	assert_string_equal(bench->log.data, "");
	assert_string_equal(note(plan, 0), "");
}

static void what_is_right_is_left_alone(void **state)
{
	(void)state;
	bench_file(bench, OWN, 0644, "# mine\n net/ipv4/tcp_rmem =  4096 131072\t6291456 \n");
	assert_int_equal(apply("{name: net.ipv4.tcp_rmem, value: 4096 131072 6291456}"), 0);
	assert_string_equal(bench->log.data, "");
	bench_file(bench, OWN, 0644, "vm.swappiness=0x3c\n");
	assert_int_equal(apply("{name: vm/swappiness, value: 60}"), 0);
	assert_string_equal(bench->log.data, "");
}

static void values_are_compared_word_by_word(void **state)
{
	(void)state;
	bench_file(bench, OWN, 0644, "net.ipv4.tcp_rmem=4096 131072 6291456\n");
	assert_int_equal(look("{name: net.ipv4.tcp_rmem, value: 4096 131072}")->change_count, 2);
	assert_int_equal(look("{name: net.ipv4.tcp_rmem, value: 4096 131072 62914560}")->change_count, 2);
	assert_int_equal(look("{name: net.ipv4.tcp_rmem, value: '4096 131072 6291456 1'}")->change_count, 2);
}

static void only_what_differs_is_changed(void **state)
{
	(void)state;
	bench_file(bench, OWN, 0644, "vm.swappiness = 10\n");
	assert_int_equal(apply("{name: vm.swappiness, value: 10}"), 0);
	assert_string_equal(bench->log.data, "run tee -- " LIVE "\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, LIVE), "60\n");
	assert_string_equal(bench_text(bench, OWN), "vm.swappiness = 10\n");
	assert_int_equal(apply("{name: vm.swappiness, value: 60}"), 0);
	assert_string_equal(bench->log.data, "write " OWN " 0644\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, OWN), "vm.swappiness = 10\n");
}

static void truth_values_are_numbers(void **state)
{
	(void)state;
	bench_file(bench, "/proc/sys/net/ipv4/ip_forward", 0644, "0\n");
	assert_int_equal(apply("{name: net.ipv4.ip_forward, value: yes}"), 0);
	assert_string_equal(bench_text(bench, OWN), "net.ipv4.ip_forward=1\n");
	assert_string_equal(bench_text(bench, "/proc/sys/net/ipv4/ip_forward"), "1\n");
	assert_int_equal(look("{name: net.ipv4.ip_forward, value: 'On'}")->change_count, 0);
	assert_int_equal(look("{name: net.ipv4.ip_forward, value: off}")->change_count, 2);
}

static void lines_of_others_stay_to_the_byte(void **state)
{
	(void)state;
	makes("", "name: a.b, value: 1", "a.b=1\n");
	makes("# x\n\nc.d = 2\n", "name: a.b, value: 1", "# x\n\nc.d = 2\na.b=1\n");
	makes("c=2", "name: a.b, value: 1", "c=2\na.b=1\n");
	makes("c=2\r\na.b=0\r\nd=3\r\n", "name: a.b, value: 1", "c=2\r\na.b=1\r\nd=3\r\n");
	makes("a.b=0\nc=2", "name: a.b, value: 1", "a.b=1\nc=2");
	makes("c=2\na.b=0", "name: a.b, value: 1", "c=2\na.b=1");
	makes("#a.b=1\n;a.b=1\na.bc=1\na=1\n", "name: a.b, value: 1",
		"#a.b=1\n;a.b=1\na.bc=1\na=1\na.b=1\n");
	makes("-a/b = 7\nc=1\n", "name: a.b, value: 1", "a.b=1\nc=1\n");
	makes("\xe9=1\na.b=2\n", "name: a.b, value: 1", "\xe9=1\na.b=1\n");
}

static void the_last_line_of_a_key_counts(void **state)
{
	(void)state;
	makes("a.b=1\nc=1\na.b=2\nd=1\n", "name: a.b, value: 1", "a.b=1\nc=1\na.b=1\nd=1\n");
	leaves("a.b=2\nc=1\na.b=1\n", "name: a.b, value: 1");
}

static void absent_takes_all_lines_of_a_key_away(void **state)
{
	(void)state;
	makes("a.b=1\nc=1\n a/b = 2\nd=1\n", "name: a.b, state: absent", "c=1\nd=1\n");
	makes("c=1\na.b=1", "name: a.b, state: absent", "c=1\n");
	makes("a.b=1\n", "name: a.b, state: absent", "");
	leaves("c=1\n#a.b=1\n", "name: a.b, state: absent");
	bench_remove(bench, PATH);
	assert_int_equal(apply("{name: a.b, state: absent}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_null(bench_find(bench, OWN));
}

static void absent_leaves_the_running_kernel_alone(void **state)
{
	(void)state;
	bench_file(bench, OWN, 0644, "vm.swappiness=10\n");
	assert_int_equal(apply("{name: vm.swappiness, state: absent}"), 0);
	assert_string_equal(bench->log.data, "write " OWN " 0644\n");
	assert_string_equal(bench_text(bench, LIVE), "60\n");
}

static void names_with_dots_in_them_are_written_with_slashes(void **state)
{
	(void)state;
	bench_file(bench, "/proc/sys/net/ipv4/conf/eth0.5/rp_filter", 0644, "0\n");
	assert_int_equal(apply("{name: net/ipv4/conf/eth0.5/rp_filter, value: 1}"), 0);
	assert_int_equal(look("{name: net.ipv4.conf.eth0/5.rp_filter, value: 1}")->change_count, 0);
	assert_int_equal(look("{name: net.ipv4.conf.eth0/5.rp_filter, value: 2}")->change_count, 2);
}

static void the_kernel_is_asked_only_where_it_is_to_have_it(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: no.such, value: 1, reload: no}"), 0);
	assert_string_equal(bench->log.data, "write " OWN " 0644\n");
	assert_int_equal(look("{name: vm.swappiness, value: 1, reload: no}")->change_count, 1);
	assert_int_equal(look("{name: vm.swappiness, value: 1, reload: no, sysctl_set: yes}")->change_count, 2);
}

static void a_key_that_the_kernel_has_not_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: no.such, value: 1}"), -1);
	assert_ptr_equal(bench->err.code, SYSCTL_NO_KEY);
	assert_non_null(strstr(bench->err.message, "'no.such'"));
	assert_string_equal(bench->log.data, "");
	assert_int_equal(apply("{name: net.ipv4, value: 1}"), -1);
	bench_file(bench, "/proc/sys/net/ipv4/flush", 0200, "");
	assert_int_equal(apply("{name: net.ipv4.flush, value: 1}"), -1);
	assert_non_null(strstr(bench->err.message, "can't be read"));
	assert_int_equal(apply("{name: no.such, value: 1, ignoreerrors: yes}"), 0);
	assert_string_equal(bench->log.data, "write " OWN " 0644\n");
	assert_string_equal(note(look("{name: no.such, value: 1, ignoreerrors: yes}"), 0),
		"the running kernel has no 'no.such': it is only in '" OWN "'");
}

static void a_value_that_the_kernel_refuses_gets_into_no_file(void **state)
{
	(void)state;
	bench_command(bench, "tee -- " MEMORY, 1, "x")->errors = "tee: " MEMORY ": Invalid argument\n";
	assert_int_equal(apply("{name: net.ipv4.tcp_rmem, value: x}"), -1);
	assert_ptr_equal(bench->err.code, SYSCTL_REFUSED);
	assert_non_null(strstr(bench->err.message, "Invalid argument"));
	assert_null(bench_find(bench, OWN));
}

static void a_key_that_went_does_not_stop_an_undo(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: vm.swappiness, value: 10}"), 0);
	bench_remove(bench, LIVE);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(bench_find(bench, OWN));
	assert_null(bench_find(bench, LIVE));
}

static void an_undo_leads_behind_several_runs(void **state)
{
	struct inverses *first;

	(void)state;
	bench_file(bench, OWN, 0644, "c=1\nvm.swappiness = 30\nd=1\n");
	assert_int_equal(apply("{name: vm.swappiness, value: 10}"), 0);
	first = bench->inverses;
	assert_int_equal(apply("{name: vm.swappiness, value: 20}"), 0);
	bench_file(bench, OWN, 0644, "mine=1\nc=1\nvm.swappiness=20\nd=1\n");
	bench->inverses = first;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, OWN), "mine=1\nc=1\nvm.swappiness = 30\nd=1\n");
	assert_string_equal(bench_text(bench, LIVE), "60\n");
}

static void a_file_that_nothing_reads_at_boot_is_told(void **state)
{
	static const char yaml[] = "{name: a.b, value: 1, reload: no, sysctl_file: /etc/sysctl.conf}";

	(void)state;
	bench_file(bench, "/etc/sysctl.conf", 0644, "");
	assert_string_equal(note(look(yaml), 0), "nothing reads '/etc/sysctl.conf' when this machine "
		"starts: leave sysctl_file out, or name a file below /etc/sysctl.d that ends with .conf");
	assert_non_null(strstr(note(look("{name: a.b, value: 1, reload: no, sysctl_file: /etc/sysctl.d/x}"),
		0), "nothing reads '/etc/sysctl.d/x'"));
	bench_link(bench, "/etc/sysctl.d/99-sysctl.conf", "../sysctl.conf");
	assert_string_equal(note(look(yaml), 0), "");
	bench_remove(bench, "/etc/sysctl.d/99-sysctl.conf");
	bench_remove(bench, "/run/systemd/system");
	assert_string_equal(note(look(yaml), 0), "");
}

static void a_file_that_is_read_later_is_told(void **state)
{
	static const char yaml[] = "{name: a.b, value: 1, reload: no, sysctl_file: " PATH "}";

	(void)state;
	bench_directory(bench, "/usr/lib/sysctl.d", 0755);
	bench_file(bench, "/usr/lib/sysctl.d/60-b.conf", 0644, "c=1\na.b=7\n");
	assert_non_null(strstr(note(look(yaml), 0), "'/usr/lib/sysctl.d/60-b.conf' is read later and "
		"sets it to '7'"));
	bench_file(bench, "/etc/sysctl.d/60-b.conf", 0644, "a.b=1\n");
	assert_string_equal(note(look(yaml), 0), "");
	bench_file(bench, "/etc/sysctl.d/60-b.conf", 0644, "");
	bench_file(bench, "/usr/lib/sysctl.d/40-b.conf", 0644, "a.b=7\n");
	assert_string_equal(note(look(yaml), 0), "");
	bench_file(bench, "/etc/sysctl.conf", 0644, "a.b=8\n");
	bench_link(bench, "/etc/sysctl.d/99-sysctl.conf", "../sysctl.conf");
	assert_non_null(strstr(note(look(yaml), 0), "'/etc/sysctl.conf' is read later"));
	assert_string_equal(note(look("{name: a.b, value: 1, reload: no}"), 0), "");
}

static void a_link_is_not_replaced(void **state)
{
	(void)state;
	bench_file(bench, "/etc/sysctl.conf", 0644, "");
	bench_link(bench, PATH, "../sysctl.conf");
	assert_int_equal(apply("{name: a.b, value: 1, reload: no, sysctl_file: " PATH "}"), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_WRONG_TYPE);
}

static void names_and_values_are_checked(void **state)
{
	static const char *const wrong[] = {
		"{name: '', value: 1}", "{name: a..b, value: 1}", "{name: a/../../b, value: 1}",
		"{name: /a, value: 1}", "{name: a., value: 1}", "{name: 'a b', value: 1}",
		"{name: a=b, value: 1}", "{name: 'net.*.x', value: 1}", "{name: a/./b, value: 1}",
		"{name: a.b}", "{name: a.b, value: ''}", "{name: a.b, value: \"1\\n2\"}",
		"{name: a.b, value: 1, unsafe_writes: yes}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_null(bench_normalise(bench, &module_sysctl, wrong[i]));
	assert_non_null(bench_normalise(bench, &module_sysctl, "{key: a.b, val: 1}"));
}

static void it_has_the_name_of_its_collection(void **state)
{
	(void)state;
	assert_ptr_equal(module_find("ansible.posix.sysctl"), &module_sysctl);
	assert_ptr_equal(module_find("ansible.builtin.sysctl"), &module_sysctl);
	assert_ptr_equal(module_find("ansible.legacy.sysctl"), &module_sysctl);
	assert_null(module_find("community.general.sysctl"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(it_gets_into_kernel_and_file_and_back),
		TEST(looking_changes_nothing),
		TEST(what_is_right_is_left_alone),
		TEST(values_are_compared_word_by_word),
		TEST(only_what_differs_is_changed),
		TEST(truth_values_are_numbers),
		TEST(lines_of_others_stay_to_the_byte),
		TEST(the_last_line_of_a_key_counts),
		TEST(absent_takes_all_lines_of_a_key_away),
		TEST(absent_leaves_the_running_kernel_alone),
		TEST(names_with_dots_in_them_are_written_with_slashes),
		TEST(the_kernel_is_asked_only_where_it_is_to_have_it),
		TEST(a_key_that_the_kernel_has_not_is_an_error),
		TEST(a_value_that_the_kernel_refuses_gets_into_no_file),
		TEST(a_key_that_went_does_not_stop_an_undo),
		TEST(an_undo_leads_behind_several_runs),
		TEST(a_file_that_nothing_reads_at_boot_is_told),
		TEST(a_file_that_is_read_later_is_told),
		TEST(a_link_is_not_replaced),
		TEST(names_and_values_are_checked),
		TEST(it_has_the_name_of_its_collection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
