/* playing_today: which hosts there are and how they are reached, for a text of the past: that is
 * always what the inventory says today. */
#include "command/playing_state.h"

#include "inventory/connection.h"
#include "plan/run.h"
#include "expression/expression.h"

#include <string.h>

struct today {
	struct playing *playing;
	struct inventory *inventory;
	struct variables *variables;
	struct playbook *playbook;       /* NULL: it can't be read */
};

static int load_inventory(struct today *today, const struct value *paths, struct error *err)
{
	struct playing *playing = today->playing;
	const char *directory = path_directory(playing->arena, playing->typed);
	const char **names = arena_array(playing->arena, paths->count + 1, sizeof(*names));
	struct variables_options options = { .playbook_directory = directory,
		.inventory_sources = names };

	if (paths->count == 0) {
		error_set(err, INVENTORY_NOT_FOUND, "no inventory found in the directory of '%s' or its "
			"parents", playing->typed);
		return error_remedy(err, "which hosts there are and where they are is never taken from an "
			"older text: name today's inventory with -i");
	}
	for (size_t i = 0; i < paths->count; i++)
		names[i] = value_text(paths->items[i]);
	if (inventory_load(playing->arena, playing->today, names, paths->count, directory,
			&today->inventory, err) < 0)
		return -1;
	if (playing->options->without)
		inventory_leave_out(today->inventory, playing->options->without);
	options.inventory = today->inventory;
	options.extra = value_map(playing->arena);
	for (size_t i = 0; i < playing->options->extra->count; i++) {
		if (variables_extra(playing->arena, playing->today,
				value_text(playing->options->extra->items[i]), options.extra, err) < 0)
			return -1;
	}
	today->variables = variables_new(playing->arena, &options);
	return 0;
}

static bool is_in(const struct today *today, const struct play *play,
	const struct inventory_host *host)
{
	struct inventory_list list;
	struct error ignored = {0};

	if (!value_text(play->hosts) || inventory_match(today->inventory, today->playing->arena,
			value_text(play->hosts), (struct place){0}, &list, &ignored) < 0)
		return false;
	for (size_t k = 0; k < list.count; k++) {
		if (list.hosts[k] == host)
			return true;
	}
	return false;
}

static bool differ(const struct value *one, const struct value *other)
{
	return one != other && (!one || !other || !value_text(one) || !value_text(other)
		|| strcmp(value_text(one), value_text(other)) != 0);
}

static bool has_own_ways(const struct play *play)
{
	for (size_t i = 0; i < play->task_count; i++) {
		if (play->tasks[i]->connection || play->tasks[i]->remote_user || play->tasks[i]->port)
			return true;
	}
	return false;
}

/* The first play of today's text that a host is in; NULL: it is in none. */
static const struct play *play_of(const struct today *today, const struct inventory_host *host,
	bool *ret_several)
{
	const struct play *first = NULL;

	*ret_several = false;
	for (size_t i = 0; today->playbook && i < today->playbook->play_count; i++) {
		const struct play *play = today->playbook->plays[i];

		if (!is_in(today, play, host))
			continue;
		first = first ? first : play;
		*ret_several = *ret_several || has_own_ways(play)
			|| differ(play->connection, first->connection)
			|| differ(play->remote_user, first->remote_user) || differ(play->port, first->port);
	}
	return first;
}

/* What the host's variables don't say the play does. */
static void take_word(struct arena *arena, struct scope *scope, struct value *settings,
	const char *name, const struct value *word)
{
	struct value *value;
	struct error ignored = {0};

	if (word && !value_get(settings, name)
			&& expression_fill(arena, scope, word, &value, &ignored) == 0 && value_text(value))
		value_set(arena, settings, name, value_copy(arena, value));
}

static int take_variable(struct arena *arena, struct scope *scope, const char *name,
	struct value *settings, struct error *err)
{
	struct value *value;

	if (scope_get(arena, scope, name, &value, err) < 0)
		return -1;
	if (value && value->kind != VALUE_UNKNOWN)
		value_set(arena, settings, name, value_copy(arena, value));
	return 0;
}

static int take_host(struct today *today, const struct inventory_host *host,
	struct value *ret_settings, struct error *err)
{
	struct arena *arena = today->playing->arena;
	bool several;
	const struct play *play = play_of(today, host, &several);
	struct scope *scope = scope_new(arena, today->variables, host, play, NULL);

	if (take_variable(arena, scope, "cluster_address", ret_settings, err) < 0)
		return -1;
	for (size_t i = 0; connection_variables[i].name; i++) {
		if (!connection_variables[i].of_tasks && take_variable(arena, scope,
				connection_variables[i].name, ret_settings, err) < 0)
			return -1;
	}
	/* Then it is for each play of the older text to say which one. */
	if (several) {
		value_set_bool(arena, ret_settings, RUN_SEVERAL_WAYS, true);
		play = NULL;
	}
	take_word(arena, scope, ret_settings, "ansible_connection", play ? play->connection : NULL);
	take_word(arena, scope, ret_settings, "ansible_user", play ? play->remote_user : NULL);
	take_word(arena, scope, ret_settings, "ansible_port", play ? play->port : NULL);
	value_mark_data(ret_settings);
	return 0;
}

int playing_load_today(struct playing *playing, const struct value *paths, struct error *err)
{
	struct today today = { .playing = playing };
	struct error ignored = {0};
	struct value *hosts = value_map(playing->arena);

	if (load_inventory(&today, paths, err) < 0)
		return -1;
	if (playbook_load(playing->arena, playing->today, playing->typed, NULL, &today.playbook,
			&ignored) < 0)
		today.playbook = NULL;
	for (size_t i = 0; i < inventory_host_count(today.inventory); i++) {
		const struct inventory_host *host = inventory_host(today.inventory, i);
		struct value *settings = value_map(playing->arena);

		if (take_host(&today, host, settings, err) < 0)
			return -1;
		value_set(playing->arena, hosts, host->name, settings);
	}
	playing->today_inventory = today.inventory;
	playing->today_hosts = hosts;
	playing->today_plays = today.playbook != NULL;
	return 0;
}

void playing_note_gone(struct playing *playing)
{
	struct value *gone = value_list(playing->arena);

	for (size_t i = 0; i < inventory_host_count(playing->inventory); i++) {
		const char *name = inventory_host(playing->inventory, i)->name;

		if (!value_get(playing->today_hosts, name))
			value_append(playing->arena, gone, value_string(playing->arena, name));
	}
	if (gone->count > 0)
		value_append(playing->arena, playing->notes, value_string(playing->arena,
			arena_printf(playing->arena, "not in today's inventory, so left alone: %s",
				report_fold(playing->arena, gone))));
}
