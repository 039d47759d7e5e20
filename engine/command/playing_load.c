/* playing_load: from the command line to a run that is ready. */
#include "command/playing_state.h"

#include "base/suggest.h"
#include "command/former.h"
#include "command/passwords.h"
#include "history/history.h"
#include "inventory/connection.h"

#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Its folder is made. */
static const char *digests_place(struct arena *arena)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	const struct passwd *user = getpwuid(geteuid());

	if (!cache || cache[0] != '/')
		cache = arena_printf(arena, "%s/.cache", user ? user->pw_dir : home ? home : "");
	mkdir(cache, 0700);
	mkdir(arena_printf(arena, "%s/beoplay", cache), 0700);
	return arena_printf(arena, "%s/beoplay/digests", cache);
}

const char *playing_who(struct arena *arena)
{
	char host[256] = "?";
	const struct passwd *user = getpwuid(getuid());

	gethostname(host, sizeof(host) - 1);
	return arena_printf(arena, "%s@%s", user ? user->pw_name : "?", host);
}

/* Names a run for people and for ledgers; unique on this controller. */
static const char *run_name(struct arena *arena)
{
	static unsigned made;
	struct timespec now;
	struct tm utc;
	char text[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &utc);
	if (made++ == 0)
		return arena_printf(arena, "%s-%ld", text, (long)getpid());
	return arena_printf(arena, "%s-%ld.%u", text, (long)getpid(), made);
}

const struct value *playing_extra(const struct playing *playing)
{
	const struct value *past = playing->past && playing->past->run
		? value_get(playing->past->run->how, "extra") : NULL;

	return past && playing->options->extra->count == 0 ? past : playing->options->extra;
}

static int load_extra(struct playing *playing, struct value *extra, struct error *err)
{
	const struct value *given = playing_extra(playing);
	/* What is given today is today's, also in files. */
	struct source *source = playing->options->extra->count > 0 ? playing->today : playing->source;

	for (size_t i = 0; i < given->count; i++) {
		const char *text = value_text(given->items[i]);
		const char *start = text + strspn(text, " \t\n");

		/* A record has but the name. */
		if (playing->past && disclose_find(text, strlen(text), &(size_t){0}))
			continue;
		if (*start == '@')
			reach_name(source_reach(source), start + 1);
		if (variables_extra(playing->arena, source, text, extra, err) < 0)
			return -1;
	}
	return 0;
}

/* Those of beoplay.yml, and passwords for reaching hosts where there are any. */
static const struct value *secret_names(const struct playing *playing, const struct value *extra)
{
	struct value *names = value_copy(playing->arena, playing->project.secrets);

	connection_secrets(playing->arena, extra, names);
	for (size_t i = 0; i < inventory_host_count(playing->inventory); i++)
		connection_secrets(playing->arena, inventory_host(playing->inventory, i)->vars, names);
	for (size_t i = 0; i < playing->playbook->play_count; i++) {
		const struct play *play = playing->playbook->plays[i];
		const struct value *const all[] = { play->vars, play->file_vars, play->role_vars,
			play->role_defaults };

		for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
			connection_secrets(playing->arena, all[k], names);
	}
	return names;
}

static bool is_directory_of(const struct playing *playing, const char *directory, const char *path)
{
	struct arena *arena = playing->arena;

	directory = path_plain(arena, directory);
	return strcmp(directory, path_plain(arena, path)) == 0
		|| strcmp(directory, path_plain(arena, path_directory(arena, path))) == 0;
}

/* Whether variables beside an imported playbook are those that all plays see. */
static bool is_read_anyway(const struct playing *playing, const char *directory)
{
	const struct value *inventories = playing->project.inventories;

	for (size_t i = 0; i < inventories->count; i++) {
		if (is_directory_of(playing, directory, value_text(inventories->items[i])))
			return true;
	}
	return is_directory_of(playing, directory, playing->playbook->path);
}

/* Ansible gives them to the plays of that playbook alone. */
static int refuse_vars_beside(const struct playing *playing, struct error *err)
{
	static const char *const names[] = { "group_vars", "host_vars" };
	const struct playbook *playbook = playing->playbook;

	for (size_t i = 0; i < 2 * playbook->play_count; i++) {
		const struct play *play = playbook->plays[i / 2];
		const char *path = path_join(playing->arena, play->directory, names[i % 2]);
		struct source_entry entry;

		if (is_read_anyway(playing, play->directory))
			continue;
		if (source_stat(playing->source, path, true, &entry, err) < 0)
			return error_place(err, play->place);
		if (entry.kind == SOURCE_NONE)
			continue;
		error_at(err, PLAYBOOK_UNSUPPORTED, play->place, "'%s' beside an imported playbook is not "
			"supported yet", path);
		return error_remedy(err, "move it beside the inventory, or name its files in 'vars_files'");
	}
	return 0;
}

/* The project's, where the text's paths are from there. */
static const char *folder_of(const struct playing *playing)
{
	char real[PATH_MAX];
	const char *folder = playing->project.folder;

	return realpath(folder && *folder ? folder : ".", real) ? arena_string(playing->arena, real)
		: NULL;
}

static int load_inventory(struct playing *playing, struct error *err)
{
	const struct value *paths = playing->project.inventories;
	const char **names = arena_array(playing->arena, paths->count + 1, sizeof(*names));
	struct variables_options options = { 0 };

	if (paths->count == 0) {
		error_set(err, INVENTORY_NOT_FOUND, "no inventory found in the directory of '%s' or its "
			"parents", playing->playbook->path);
		if (playing->project.stopped)
			return error_remedy(err, "%s; name an inventory with -i", playing->project.stopped);
		return error_remedy(err, "write inventory/hosts.yml, or name one with -i");
	}
	for (size_t i = 0; i < paths->count; i++)
		names[i] = value_text(paths->items[i]);
	if (inventory_load(playing->arena, playing->source, names, paths->count,
			playing->playbook->directory, &playing->inventory, err) < 0)
		return -1;
	if (playing->options->without)
		inventory_leave_out(playing->inventory, playing->options->without);
	options.inventory = playing->inventory;
	options.source = playing->source;
	options.folder = playing->past ? folder_of(playing) : NULL;
	options.without_commands = playing->options->syntax_check;
	options.playbook_directory = playing->playbook->directory;
	options.inventory_sources = names;
	options.check = playing->options->check;
	options.diff = playing->options->diff;
	options.extra = value_map(playing->arena);
	options.today = playing->today_hosts;
	options.secrets = playing->secrets;
	options.verbosity = playing->options->verbosity;
	options.forks = playing->options->forks;
	options.limit = playing->options->limit;
	options.tags = playing->options->tags;
	options.skip_tags = playing->options->skip_tags;
	if (load_extra(playing, options.extra, err) < 0)
		return -1;
	if (playing_extra_wanted(playing, options.extra, err) < 0
			|| playing_ask(playing, options.extra, err) < 0)
		return -1;
	value_raise(options.extra, LEVEL_PRIVATE);
	options.secret_names = secret_names(playing, options.extra);
	playing->variables = variables_new(playing->arena, &options);
	return 0;
}

static void limit_to(struct playing *playing, const struct value *names)
{
	struct inventory_list *limit = &playing->limit;

	limit->hosts = arena_array(playing->arena, names->count + 1, sizeof(*limit->hosts));
	playing->limit_text = "";
	for (size_t i = 0; i < names->count; i++) {
		limit->hosts[limit->count] = inventory_find(playing->inventory, value_text(names->items[i]));
		limit->count += limit->hosts[limit->count] != NULL;
		playing->limit_text = arena_printf(playing->arena, "%s%s%s", playing->limit_text,
			i ? "," : "", value_text(names->items[i]));
	}
}

/* Hosts of today, as the old text has them. */
static void limit_to_past(struct playing *playing)
{
	struct inventory_list *limit = &playing->limit;
	size_t count = 0;

	for (size_t i = 0; i < limit->count; i++) {
		limit->hosts[count] = inventory_find(playing->inventory, limit->hosts[i]->name);
		count += limit->hosts[count] != NULL;
	}
	limit->count = count;
}

static int load_limit(struct playing *playing, struct error *err)
{
	playing->limit_text = playing->options->limit;
	if (playing->only)
		limit_to(playing, playing->only);
	if (playing->only)
		return 0;
	if (!playing->options->limit)
		return 0;
	if (playing->options->limit[0] == '@')
		reach_name(source_reach(playing->today), playing->options->limit + 1);
	if (inventory_limit(playing->past ? playing->today_inventory : playing->inventory, playing->arena,
			playing->today, playing->options->limit, &playing->limit, err) < 0)
		return -1;
	if (playing->past)
		limit_to_past(playing);
	if (playing->limit.count == 0)
		return error_set(err, INVENTORY_NO_MATCH, "-l '%s' matches no host",
			playing->options->limit);
	return 0;
}

static int know_earlier(struct playing *playing, struct error *err)
{
	struct earlier *earlier = &playing->earlier;

	*earlier = (struct earlier){ .arena = playing->arena, .playbook = playing->project.playbook };
	if (history_open(path_directory(playing->arena, playing->typed), false, &earlier->history,
			err) < 0)
		return -1;
	if (!playing->past)
		earlier->formerly = former_name(earlier, playing->project.folder,
			source_text(playing->source, playing->playbook->path, &(size_t){0}));
	return 0;
}

/* Plays that say otherwise each time for which hosts they are: whoever isn't meant now hasn't
 * left. */
static bool has_open_hosts(const struct playbook *playbook)
{
	for (size_t i = 0; i < playbook->play_count; i++) {
		const char *pattern = value_text(playbook->plays[i]->hosts);

		if (!pattern || strstr(pattern, "{{"))
			return true;
	}
	return false;
}

/* What was done on a machine whose line was just removed stays there. */
static void note_vanished(struct playing *playing, const struct value *vanished)
{
	if (playing->options->without)
		return;
	value_append(playing->arena, playing->notes, value_string(playing->arena,
		arena_printf(playing->arena, "not in the inventory any more: %s. What was done there stays; to "
		"undo it, put the line back, and: beoplay retire %s", report_fold(playing->arena, vanished),
		vanished->count > 1 ? "HOST" : value_text(vanished->items[0]))));
}

/* Hosts of earlier runs that are in no play now; what was of those that left the inventory goes. */
static void know_left(struct playing *playing, struct run_options *options)
{
	struct value *vanished = value_list(playing->arena);

	options->left = earlier_hosts(&playing->earlier);
	for (size_t i = 0; i < options->left->count; i++) {
		if (!inventory_find(playing->inventory, value_text(options->left->items[i])))
			value_append(playing->arena, vanished, options->left->items[i]);
	}
	options->vanished = vanished;
	if (vanished->count == 0 || options->undo != UNDO_NOTHING || options->look || options->resume
			|| options->tags || options->skip_tags || options->start > 0)
		return;
	options->undo = UNDO_LEFT;
	note_vanished(playing, vanished);
}

static bool is_tag(const struct playbook *playbook, const char *tag, struct suggestion *near)
{
	static const char *const special[] = { "all", "always", "never", "tagged", "untagged" };

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		if (strcmp(special[i], tag) == 0)
			return true;
	}
	for (size_t i = 0; i < playbook->play_count; i++) {
		const struct play *play = playbook->plays[i];

		for (size_t k = 0; k < play->task_count + play->handler_count; k++) {
			const struct task *task = k < play->task_count ? play->tasks[k]
				: play->handlers[k - play->task_count];

			for (size_t j = 0; j < task->tags->count; j++) {
				if (strcmp(value_text(task->tags->items[j]), tag) == 0)
					return true;
				suggest_offer(near, value_text(task->tags->items[j]));
			}
		}
	}
	return false;
}

void playing_check_tags(const struct playing *playing, struct report *report)
{
	const struct value *lists[] = { playing->options->tags, playing->options->skip_tags };

	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; lists[i] && k < lists[i]->count; k++) {
			const char *tag = value_text(lists[i]->items[k]);
			struct suggestion near = { .word = tag };

			if (is_tag(playing->playbook, tag, &near))
				continue;
			report_warning(report, NULL, arena_printf(playing->arena,
				"no task has the tag '%s'%s%s%s", tag, near.nearest ? "; did you mean '" : "",
				near.nearest ? near.nearest : "", near.nearest ? "'?" : ""));
		}
	}
}

static struct run_options options_of(struct playing *playing)
{
	const struct apply_options *given = playing->options;
	bool everything = playing->undo && playing->undo->undo == UNDO_ALL;

	return (struct run_options){
		.source = playing->source,
		.playbook = playing->playbook,
		.inventory = playing->inventory,
		.variables = playing->variables,
		.secrets = playing->secrets,
		.today = playing->today_hosts,
		.today_plays = playing->today_plays,
		.limit = playing->limit_text ? &playing->limit : NULL,
		.others = playing->limit_text && !given->no_others && !playing->look && !everything,
		.known = earlier_facts,
		.known_context = &playing->earlier,
		.moved = playing_moved,
		.keep_moved = playing_keep_moved,
		.moved_context = playing,
		.tags = given->tags,
		.skip_tags = given->skip_tags,
		.start = playing->start,
		.force_handlers = given->force_handlers,
		.past = playing->past != NULL,
		.only_checks = given->syntax_check,
		.check = given->check,
		.diff = given->diff,
		.results = given->verbosity > 0 || given->json,
		.verbosity = given->verbosity,
		.become = given->become,
		.become_user = given->become_user,
		.user = given->user,
		.private_key = given->private_key,
		.become_method = given->become_method,
		.timeout = given->timeout,
		.task_timeout = given->task_timeout,
		.project = playing->project.name,
		.owner = playing->project.playbook,
		.who = playing_who(playing->arena),
		.run = playing->name,
		.revision = playing->past ? playing->past->name : "",
		.time = playing->time,
		.undo = playing->undo ? playing->undo->undo : given->prune ? UNDO_ORPHANS : UNDO_NOTHING,
		.undo_after = playing->undo ? playing->undo->after : NULL,
		.resume = given->resume,
		.lock_wait = given->lock_wait,
		.look = playing->look,
		.look_text = playing->look_text,
		.plan = playing->plan && given->check,
		.digests = digests_place(playing->arena),
		.follow = playing->plan ? playing->plan->follow : NULL,
		.discard_drift = given->discard_drift,
		.without_actions = playing->undo && !given->with_commands,
		.interrupted = playing_interrupted(),
	};
}

static int make_run(struct playing *playing, struct error *err)
{
	const struct apply_options *given = playing->options;
	struct passwords passwords = {0};
	struct run_options options = options_of(playing);

	playing->fleet = (struct fleet_options){
		.forks = given->forks,
		.timeout = given->timeout,
		.known_hosts = given->known_hosts,
		.accept_new_host_keys = given->accept_new_host_keys,
		.leave_nothing = given->check,
		.verbosity = given->verbosity,
	};
	if (!given->syntax_check && passwords_get(given, &passwords, err) < 0)
		return -1;
	options.password = passwords.login;
	options.become_password = passwords.become;
	if (know_earlier(playing, err) < 0)
		return -1;
	options.formerly = playing->earlier.formerly;
	if (!playing->past && !playing->undo && !has_open_hosts(playing->playbook))
		know_left(playing, &options);
	return run_new(playing->arena, &options, &playing->run, err);
}

/* Which hosts there are and where is today's; the old text's own inventories count for values and
 * groups. */
static int find_past(struct playing *playing, struct error *err)
{
	const struct history_run *run = playing->past->run;
	const struct value *then = run ? value_get(run->how, "inventories") : NULL;
	const struct value *roles = run ? value_get(run->how, "roles") : NULL;

	playing->source = record_source(playing->arena, playing_revealed(playing, playing->today),
		folder_of(playing));
	if (playing_load_today(playing, playing->project.inventories, err) < 0)
		return -1;
	/* Roles are where they were. */
	playing->project.roles = value_list(playing->arena);
	for (size_t i = 0; i < value_item_count(roles); i++)
		value_append(playing->arena, playing->project.roles, value_item(roles, i));
	source_set_roles(playing->source, playing->project.roles);
	playing->project.inventories = value_list(playing->arena);
	for (size_t i = 0; then && then->kind == VALUE_LIST && i < then->count; i++)
		value_append(playing->arena, playing->project.inventories, then->items[i]);
	if (run)
		return 0;
	if (project_inventories(playing->arena, playing->source, playing->project.playbook,
			&playing->project, err) < 0)
		return -1;
	source_set_roles(playing->source, playing->project.roles);
	return 0;
}

/* What the text says is enough for that, whatever its values are. */
static bool only_lists(const struct apply_options *options)
{
	return !options->syntax_check && (options->list_hosts || options->list_tasks
		|| options->list_tags);
}

/* A run that is going to be written down needs a key. */
static int begin_sealing(struct playing *playing, struct error *err)
{
	const struct apply_options *options = playing->options;
	bool lists = only_lists(options) || options->syntax_check;

	return sealing_begin(playing->arena, playing->project.name, playing->project.playbook,
		playing->project.key, !options->check && !lists && !playing->look, playing->notes,
		&playing->sealing, err);
}

int playing_load(struct playing *playing, struct error *err)
{
	struct error of_project = {0};
	int found;

	playing->name = run_name(playing->arena);
	playing->time = time(NULL);
	playing->today = source_directory(playing->arena, NULL);
	playing->source = playing->today;
	playing->notes = value_list(playing->arena);
	project_reach(playing->arena, playing->today, playing->typed);
	if (playing->options->allow_outside)
		reach_allow_all(source_reach(playing->today));
	found = project_find(playing->arena, playing->today, playing->typed,
		playing->options->inventories, &playing->project, &of_project);
	if (passwords_vault(playing->options, playing->project.vault_password_file, err) < 0)
		return -1;
	/* The playbook's errors come first. */
	if (!playing->past && playbook_load(playing->arena, playing->source, playing->typed, NULL,
			&playing->playbook, err) < 0)
		return -1;
	if (found < 0) {
		if (err)
			*err = of_project;
		return -1;
	}
	if (begin_sealing(playing, err) < 0)
		return -1;
	if (playing->past && (find_past(playing, err) < 0 || playbook_load(playing->arena,
			playing->source, playing->project.playbook, NULL, &playing->playbook, err) < 0))
		return -1;
	if (playing->options->start_at_task && playbook_start(playing->playbook,
			playing->options->start_at_task, &playing->start, err) < 0)
		return -1;
	for (size_t i = 0; i < playing->playbook->notes->count; i++)
		value_append(playing->arena, playing->notes, playing->playbook->notes->items[i]);
	if (playing->options->syntax_check && playing->project.inventories->count == 0)
		return 0;
	if (load_inventory(playing, err) < 0 || refuse_vars_beside(playing, err) < 0
			|| load_limit(playing, err) < 0)
		return -1;
	playing->undefined = value_list(playing->arena);
	variables_note_secrets(playing->variables, playing->playbook, playing->undefined);
	run_note_secrets(playing->secrets, playing->arena, playing->playbook);
	if (playing->past)
		playing_note_gone(playing);
	return only_lists(playing->options) ? 0 : make_run(playing, err);
}
