/* bench_run: a whole run, from the text to the recap, against machines in memory. */
#include "tests/unit/bench_run.h"

#include "base/buffer.h"
#include "plan/order.h"
#include "tests/plays/memory.h"
#include "tests/unit/fleet_memory.h"
#include "yaml/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ORDERS = 6, FILES_MOST = 16, SAYINGS_MOST = 64 };

enum saying_kind { SAYS_ANSWER, SAYS_RETURNS, SAYS_ARRIVES, SAYS_GREETS, SAYS_REAL };

struct saying {
	enum saying_kind kind;
	const char *host, *what, *text;
};

struct bench_run {
	struct arena *arena;           /* of what the test says, and of what came out */
	struct run_options options;
	const char *files[2 * FILES_MOST + 1];
	size_t file_count;
	const char *limit;
	struct saying sayings[SAYINGS_MOST];
	size_t saying_count;
	unsigned press_at, press_times, orders;
	bool unchecked, packs;
	volatile sig_atomic_t interrupted;
	struct error err;
	const char *lines, *said, *log, *recap;
	/* of the last time */
	struct arena *run_arena;
	struct run *run;
	struct fleet *fleet;
};

struct bench_run *bench_run(const char *inventory, const char *playbook)
{
	struct arena *arena = arena_new();
	struct bench_run *bench = arena_alloc(arena, sizeof(*bench));

	bench->arena = arena;
	bench->orders = ORDERS;
	bench->options = (struct run_options){
		.project = "project", .owner = "site.yml", .who = "tester@here", .run = "run",
		.revision = "", .time = 1, .timeout = 10, .past = false,
	};
	bench_further(bench, "inventory.yml", inventory);
	bench_further(bench, "site.yml", playbook);
	return bench;
}

static void free_run(struct bench_run *bench)
{
	if (bench->run)
		run_free(bench->run);
	if (bench->fleet)
		memory_free(bench->fleet);
	arena_free(bench->run_arena);
	bench->run = NULL;
	bench->fleet = NULL;
	bench->run_arena = NULL;
}

void bench_run_free(struct bench_run *bench)
{
	free_run(bench);
	arena_free(bench->arena);
}

/* --- What the test says --- */

void bench_further(struct bench_run *bench, const char *path, const char *text)
{
	assert_true(bench->file_count < FILES_MOST);
	bench->files[2 * bench->file_count] = path;
	bench->files[2 * bench->file_count++ + 1] = text;
}

struct run_options *bench_options(struct bench_run *bench)
{
	return &bench->options;
}

void bench_limit(struct bench_run *bench, const char *pattern)
{
	bench->limit = pattern;
}

static void say(struct bench_run *bench, enum saying_kind kind, const char *host, const char *what,
	const char *text)
{
	assert_true(bench->saying_count < SAYINGS_MOST);
	bench->sayings[bench->saying_count++] = (struct saying){ kind, host, what, text };
}

void bench_answer(struct bench_run *bench, const char *host, const char *task, const char *answer)
{
	say(bench, SAYS_ANSWER, host, task, answer);
}

void bench_returns(struct bench_run *bench, const char *host, const char *task, const char *yaml)
{
	say(bench, SAYS_RETURNS, host, task, yaml);
}

void bench_arrives(struct bench_run *bench, const char *host, const char *how)
{
	say(bench, SAYS_ARRIVES, host, NULL, how);
}

void bench_greets(struct bench_run *bench, const char *host, const char *yaml)
{
	say(bench, SAYS_GREETS, host, NULL, yaml);
}

void bench_is_real(struct bench_run *bench, const char *host, const char *directory)
{
	say(bench, SAYS_REAL, host, NULL, directory);
	bench_in_one_order(bench);
}

void bench_press(struct bench_run *bench, unsigned event, unsigned times)
{
	bench->press_at = event;
	bench->press_times = times;
	bench_in_one_order(bench);
}

void bench_in_one_order(struct bench_run *bench)
{
	bench->orders = 1;
}

void bench_unchecked(struct bench_run *bench)
{
	bench->unchecked = true;
	bench->orders = 1;
}

static struct value *read_yaml(struct arena *arena, const char *text)
{
	struct value *value;
	struct error err = {0};

	if (tree_parse(arena, "test", text, strlen(text), &value, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	return value;
}

static void tell_fleet(struct bench_run *bench)
{
	for (size_t i = 0; i < bench->saying_count; i++) {
		const struct saying *saying = &bench->sayings[i];

		switch (saying->kind) {
		case SAYS_ANSWER:
			memory_answer(bench->fleet, saying->host, saying->what, saying->text);
			break;
		case SAYS_RETURNS:
			memory_returns(bench->fleet, saying->host, saying->what,
				read_yaml(bench->run_arena, saying->text));
			break;
		case SAYS_ARRIVES:
			memory_arrives(bench->fleet, saying->host, saying->text);
			break;
		case SAYS_GREETS:
			memory_greets(bench->fleet, saying->host,
				read_yaml(bench->run_arena, saying->text));
			break;
		case SAYS_REAL:
			memory_is_real(bench->fleet, saying->host, saying->text);
			break;
		}
	}
	if (bench->packs)
		memory_packs(bench->fleet);
	if (bench->press_times > 0)
		memory_press(bench->fleet, &bench->interrupted, bench->press_at, bench->press_times);
}

/* --- What must hold whenever all that has happened is dealt with --- */

static void check_front(const struct run *run)
{
	const struct cursor *top = front_top(&run->schedule->front);

	for (size_t i = 0; i < run->host_count; i++) {
		const struct run_host *host = &run->hosts[i];

		if (host->cursor->state != CURSOR_LIVE)
			continue;
		assert_true(host_live(host));
		assert_true(!host->ahead.batch || position_compare(host->cursor->at, host->ahead) <= 0);
		if (!host->bystander)
			assert_true(position_compare(top->at, host->cursor->at) <= 0);
	}
}

/* Whoever is live works, or waits for something that can come. */
static void check_host(struct run_host *host)
{
	const struct step *first = host_first_step(host);
	bool turn = host->cursor->state == CURSOR_LIVE && (host->bystander
		? schedule_turn(host->run->schedule, host->cursor)
		: schedule_open(host->run->schedule, host->cursor->at));

	if (host->phase == HOST_BUSY) {
		assert_true(host->target->busy && host->target->taken);
		assert_ptr_equal(host->target->worker, host);
	}
	if (host->wait.kind == WAIT_TARGET)
		assert_true(host->wait.target->state == TARGET_COMING
			|| (host->wait.target->state == TARGET_READY && host->wait.target->taken));
	/* Another one does it for all. */
	if (turn && !first && host->cursor->at.unit->run_once && !order_does_it(host))
		turn = false;
	assert_false(host->queued);
	assert_false(host->turn);
	if (host->wait.kind != WAIT_NOTHING)
		assert_true(host_live(host));
	if (host->wait.kind == WAIT_OPEN)
		assert_false(order_is_open(host));
	if (host->wait.kind == WAIT_FACTS_OF)
		assert_true(order_facts_to_come(host->wait.on));
	if (host->wait.kind == WAIT_TOLD)
		assert_true(order_tells(host->run, host->wait.on, host->ahead.batch
			? unit_turn(host->ahead.unit) : INT64_MAX));
	if (host->wait.kind == WAIT_FACTS)
		assert_true(host->run->facts_expected[0] + host->run->facts_expected[1] > 0);
	if (host->phase == HOST_IDLE && !host->run->stopped && turn)
		assert_true(host->wait.kind != WAIT_NOTHING && host->wait.kind != WAIT_OPEN);
	if (host_live(host) && first && (first->told || first->local) && !host->bystander)
		assert_false(turn);
	if (host->phase == HOST_BUSY && host->gate >= 0 && first && !first->told)
		assert_false(turn);
}

static void check(void *context)
{
	struct bench_run *bench = context;
	struct run *run = bench->run;
	size_t live = 0;

	if (!run || !run->begun)
		return;
	assert_int_equal(run->queue.count, 0);
	assert_int_equal(run->effects.count, 0);
	check_front(run);
	for (size_t i = 0; i < run->host_count; i++) {
		check_host(&run->hosts[i]);
		live += host_live(&run->hosts[i]);
	}
	assert_int_equal(live, run->live);
}

/* --- A run --- */

static int load(struct bench_run *bench)
{
	static const char *const inventories[] = { "inventory.yml" };
	struct arena *arena = bench->run_arena;
	struct run_options options = bench->options;
	struct variables_options variables = { .check = options.check };
	struct inventory_list *limit = arena_alloc(arena, sizeof(*limit));
	struct inventory *inventory;
	struct playbook *playbook;

	options.source = memory_source(arena, bench->files);
	if (inventory_load(arena, options.source, inventories, 1, NULL, &inventory, &bench->err) < 0
			|| playbook_load(arena, options.source, "site.yml", NULL, &playbook, &bench->err) < 0)
		return -1;
	variables.inventory = options.inventory = inventory;
	variables.playbook_directory = playbook->directory;
	options.playbook = playbook;
	options.variables = variables_new(arena, &variables);
	options.interrupted = &bench->interrupted;
	if (bench->limit) {
		if (inventory_limit(inventory, arena, options.source, bench->limit, limit,
				&bench->err) < 0)
			return -1;
		options.limit = limit;
		options.others = true;
	}
	return run_new(arena, &options, &bench->run, &bench->err);
}

static int exit_code(struct report *report, int result, const struct error *err)
{
	struct report_totals totals = report_recap(report);

	if (result < 0)
		return err->kind == ERROR_INTERRUPTED ? 130 : 1;
	return (totals.failed ? 2 : 0) | (totals.unreachable ? 4 : 0);
}

/* --- What was printed --- */

static int compare(const void *one, const void *other)
{
	return strcmp(*(const char *const *)one, *(const char *const *)other);
}

struct printed {
	struct bench_run *bench;
	struct buffer out;
	const char *groups[64];        /* of the task at hand */
	size_t count;
	bool detailed;
};

static void end_task(struct printed *printed)
{
	if (printed->count > 0 && printed->detailed)
		printed->groups[printed->count - 1] = arena_printf(printed->bench->arena, "%s)",
			printed->groups[printed->count - 1]);
	qsort(printed->groups, printed->count, sizeof(*printed->groups), compare);
	for (size_t i = 0; i < printed->count; i++)
		buffer_printf(&printed->out, "%s%s", i ? "; " : " ", printed->groups[i]);
	if (printed->out.size > 0)
		buffer_add_char(&printed->out, '\n');
	printed->count = 0;
	printed->detailed = false;
}

static void take_detail(struct printed *printed, const char *text)
{
	const char **group = &printed->groups[printed->count - 1];

	*group = arena_printf(printed->bench->arena, "%s%s%s", *group,
		printed->detailed ? ", " : " (", text);
	printed->detailed = true;
}

static void take_group(struct printed *printed, const char *text)
{
	char *made = arena_string(printed->bench->arena, text);
	char *colon = strchr(made, ':');

	if (printed->detailed)
		printed->groups[printed->count - 1] = arena_printf(printed->bench->arena, "%s)",
			printed->groups[printed->count - 1]);
	printed->detailed = false;
	memmove(colon, colon + 1, strlen(colon));
	assert_true(printed->count < 64);
	printed->groups[printed->count++] = made;
}

static void take_line(struct printed *printed, char *line)
{
	bool task = strncmp(line, "TASK [", 6) == 0, handler = strncmp(line, "HANDLER [", 9) == 0;

	if (task || handler) {
		end_task(printed);
		line[strlen(line) - 1] = '\0';
		buffer_printf(&printed->out, "%s:", line + (task ? 6 : 9));
	} else if (strncmp(line, "    ", 4) == 0 && printed->count > 0) {
		take_detail(printed, line + 4);
	} else if (strncmp(line, "  ", 2) == 0 && strchr(line, ':')) {
		take_group(printed, line + 2);
	}
}

/* Ends text in front of the recap, which it returns. */
static char *cut_recap(char *text)
{
	char *recap = strstr(text, "\nPLAY RECAP\n");

	assert_non_null(recap);
	*recap = '\0';
	return recap + 1;
}

/* Without the places of what failed: tests are about who does what. */
static const char *lines_of(struct bench_run *bench, char *text)
{
	struct printed printed = { .bench = bench };
	const char *lines;

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (strncmp(line, "    at site.yml:", 16) != 0)
			take_line(&printed, line);
	}
	end_task(&printed);
	lines = arena_bytes(bench->arena, printed.out.data ? printed.out.data : "", printed.out.size);
	buffer_free(&printed.out);
	return lines;
}

static const char *recap_of(struct bench_run *bench, char *text)
{
	struct buffer out = {0};
	const char *recap;

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (!strstr(line, " : ok="))
			continue;
		buffer_add_string(&out, line);
		buffer_add_char(&out, '\n');
	}
	recap = arena_bytes(bench->arena, out.data ? out.data : "", out.size);
	buffer_free(&out);
	return recap;
}

static int execute_once(struct bench_run *bench, unsigned seed)
{
	char *out, *errors;
	size_t out_size, errors_size;
	struct report_options options = { .out = open_memstream(&out, &out_size),
		.errors = open_memstream(&errors, &errors_size), .check = bench->options.check };
	struct report *report = report_new(&options);
	int code, result;
	char *recap;

	free_run(bench);
	bench->run_arena = arena_new();
	bench->fleet = memory_new(seed);
	bench->interrupted = 0;
	bench->err = (struct error){0};
	tell_fleet(bench);
	if (!bench->unchecked)
		memory_watch(bench->fleet, check, bench);
	result = load(bench);
	if (result == 0) {
		report_run(report, "site.yml", run_hosts(bench->run), run_task_count(bench->run));
		result = run_execute(bench->run, bench->fleet, report, &bench->err);
	}
	code = exit_code(report, result, &bench->err);
	if (code == 1)
		print_message("%s:%u:%u: %s\n", bench->err.place.file ? bench->err.place.file : "",
			bench->err.place.line, bench->err.place.column, bench->err.message);
	report_free(report);
	fclose(options.out);
	fclose(options.errors);
	recap = cut_recap(out);
	bench->recap = recap_of(bench, recap);
	bench->lines = lines_of(bench, out);
	bench->said = arena_string(bench->arena, errors);
	bench->log = arena_string(bench->arena, memory_log(bench->fleet));
	free(out);
	free(errors);
	return code;
}

int bench_execute(struct bench_run *bench)
{
	int code = execute_once(bench, 0);
	const char *lines = bench->lines, *recap = bench->recap;
	const char *said = bench->said, *log = bench->log;

	for (unsigned seed = 1; seed < bench->orders; seed++) {
		assert_int_equal(execute_once(bench, seed), code);
		assert_string_equal(bench->lines, lines);
		assert_string_equal(bench->recap, recap);
	}
	bench->said = said;
	bench->log = log;
	return code;
}

const char *bench_error(const struct bench_run *bench)
{
	return bench->err.message;
}

const char *bench_lines(const struct bench_run *bench)
{
	return bench->lines;
}

const char *bench_said(const struct bench_run *bench)
{
	return bench->said;
}

const char *bench_log(const struct bench_run *bench)
{
	return bench->log;
}

/* "a : ok=1    changed=0 …" without what is 0. */
const char *bench_recap(struct bench_run *bench, const char *host)
{
	size_t size = strlen(host);
	const char *line = bench->recap;
	struct buffer out = {0};
	const char *recap;

	while (*line && (strncmp(line, host, size) != 0 || line[size] != ' '))
		line += strcspn(line, "\n") + 1;
	assert_true(*line != '\0');
	line = strchr(line, ':') + 1;
	while (*line && *line != '\n') {
		size_t word = strcspn(line += strspn(line, " "), " \n");

		if (word > 0 && line[word - 1] != '=' && strncmp(line + word - 2, "=0", 2) != 0)
			buffer_printf(&out, "%s%.*s", out.size ? " " : "", (int)word, line);
		line += word;
	}
	recap = arena_bytes(bench->arena, out.data ? out.data : "", out.size);
	buffer_free(&out);
	return recap;
}

void bench_packs(struct bench_run *bench)
{
	bench->packs = true;
}

uint64_t bench_packed(const struct bench_run *bench)
{
	return memory_packed(bench->fleet);
}

unsigned bench_stages(const struct bench_run *bench, const char *host)
{
	return memory_stages(bench->fleet, host);
}

struct run *bench_ran(const struct bench_run *bench)
{
	return bench->run;
}
