/* history_bench: a history in a new directory, to which runs are added. */
#ifndef TESTS_UNIT_HISTORY_BENCH_H
#define TESTS_UNIT_HISTORY_BENCH_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "history/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct arena *arena;
static char directory[64];
static struct value *told;    /* by hosts, in the run that is added next */

static inline int begin(void **state)
{
	(void)state;
	arena = arena_new();
	told = NULL;
	strcpy(directory, "/tmp/beoplay-history-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static inline int end(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	arena_free(arena);
	return system(command);
}

static inline struct history_run add_texts(const char *playbook, const char *state_of_node,
	const struct record *record)
{
	struct history_run run = { .run = "r", .project = "cluster", .playbook = playbook,
		.who = "anna@desk", .time = 1700000000, .hosts = value_map(arena),
		.how = value_map(arena) };
	struct value *one = value_map(arena), *inventories = value_list(arena);
	struct history *history;
	struct error err = {0};

	value_append(arena, inventories, value_string(arena, "inventory: \"x\""));
	value_set(arena, run.how, "inventories", inventories);
	value_set_string(arena, run.how, "undo", "3");
	value_set_string(arena, one, "state", state_of_node);
	value_set_integer(arena, one, "changed", 2);
	value_set_string(arena, one, "message", "what is no part of the record");
	value_set_string(arena, run.how, "other", "what is no part of the record");
	if (strcmp(state_of_node, "failed") == 0)
		value_set_string(arena, one, "cause", "agent.ended");
	value_set(arena, run.hosts, "node1.lan", one);
	run.facts = told;
	assert_int_equal(history_open(directory, true, &history, &err), 0);
	assert_int_equal(history_add(history, arena, &run, record, &err), 0);
	history_close(history);
	return run;
}

static inline struct record *texts(void)
{
	struct record *record = record_new(arena);

	record_add(arena, record, &(struct record_file){ .path = "play/site.yml",
		.kind = SOURCE_FILE, .bytes = "- hosts: all\n", .size = 13, .mode = 0644 });
	record_add(arena, record, &(struct record_file){ .path = "../../etc/.git/config",
		.kind = SOURCE_FILE, .bytes = "x", .size = 1 });
	record_add(arena, record, &(struct record_file){ .path = "play/run.sh", .body = true,
		.kind = SOURCE_FILE, .bytes = "#!\0\xff", .size = 4, .mode = 0750 });
	record_add(arena, record, &(struct record_file){ .path = "play/tree/link", .body = true,
		.kind = SOURCE_LINK, .target = "../a b", .mode = 0777 });
	record_add(arena, record, &(struct record_file){ .path = "play/tree/empty", .body = true,
		.kind = SOURCE_DIRECTORY, .mode = 0700 });
	record_add(arena, record, &(struct record_file){ .path = "play/big", .body = true,
		.kind = SOURCE_FILE, .mode = 0644, .left_out = "it is larger than 1 MiB" });
	return record;
}

static inline struct history_run add(const char *playbook, const char *state_of_node)
{
	return add_texts(playbook, state_of_node, texts());
}

/* The first line of what a command says. */
static inline const char *says(const char *words)
{
	static char line[512];
	char command[512];
	FILE *pipe;

	snprintf(command, sizeof(command), "GIT_CONFIG_GLOBAL=/dev/null git --git-dir "
		"%s/.beoplay/history.git %s", directory, words);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	if (!fgets(line, sizeof(line), pipe))
		line[0] = '\0';
	pclose(pipe);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

#endif
