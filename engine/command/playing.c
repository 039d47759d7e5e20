/* playing: one playbook's run, from the command line to the exit code. */
#include "command/playing.h"

#include "command/command.h"
#include "command/earlier.h"
#include "command/former.h"
#include "command/listing.h"
#include "command/project.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "wire/wire.h"

#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

enum {
	TEXT_BODY_MOST = 64 << 10, TEXT_MOST = 900 << 10, TEXT_UNPACKED_MOST = 64 << 20,
	PASSES_MOST = 4,                 /* with --with-affected: what one changes may affect another */
};

/* All that one playbook's run is made of. */
struct playing {
	struct arena *arena;
	struct arena *outer;             /* of several passes */
	const struct apply_options *options;
	const char *typed;               /* the playbook, as the command line has it */
	const struct playing_past *past;
	const struct playing_undo *undo;
	struct playing_plan *plan;
	struct source *source;
	struct project project;
	struct playbook *playbook;
	struct inventory *inventory;
	struct variables *variables;
	struct inventory_list limit;
	const char *limit_text;          /* NULL: none */
	const struct value *only;        /* names: instead of the command line's limit; or NULL */
	struct earlier earlier;
	const char *look_text;
	bool look;
	const char *name;
	int64_t time;
	struct run *run;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted++;
}

void playing_watch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static const char *who(struct arena *arena)
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

static bool lists(const struct apply_options *options)
{
	return options->list_hosts || options->list_tasks || options->list_tags
		|| options->syntax_check;
}

/* Which -e count: those of the command line, else those that the past was applied with. */
static const struct value *extra_of(const struct playing *playing)
{
	const struct value *past = playing->past && playing->past->run
		? value_get(playing->past->run->how, "extra") : NULL;

	return past && playing->options->extra->count == 0 ? past : playing->options->extra;
}

static int load_extra(struct playing *playing, struct value *extra, struct error *err)
{
	const struct value *given = extra_of(playing);

	for (size_t i = 0; i < given->count; i++) {
		if (variables_extra(playing->arena, playing->source, value_text(given->items[i]), extra,
				err) < 0)
			return -1;
	}
	return 0;
}

static int load_inventory(struct playing *playing, struct error *err)
{
	const struct value *paths = playing->project.inventories;
	const char **names = arena_array(playing->arena, paths->count + 1, sizeof(*names));
	struct variables_options options = { 0 };

	if (paths->count == 0) {
		error_set(err, ERROR_TEXT, "there is no inventory beside '%s' or above it",
			playing->playbook->path);
		return error_remedy(err, "write inventory/hosts.yml, or name one with -i");
	}
	for (size_t i = 0; i < paths->count; i++)
		names[i] = value_text(paths->items[i]);
	if (inventory_load(playing->arena, playing->source, names, paths->count,
			playing->playbook->directory, &playing->inventory, err) < 0)
		return -1;
	options.inventory = playing->inventory;
	options.playbook_directory = playing->playbook->directory;
	options.inventory_sources = names;
	options.extra = value_map(playing->arena);
	options.check = playing->options->check;
	options.diff = playing->options->diff;
	if (load_extra(playing, options.extra, err) < 0)
		return -1;
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

static int load_limit(struct playing *playing, struct error *err)
{
	playing->limit_text = playing->options->limit;
	if (playing->only)
		limit_to(playing, playing->only);
	if (playing->only)
		return 0;
	if (!playing->options->limit)
		return 0;
	if (inventory_limit(playing->inventory, playing->arena, playing->source, playing->options->limit,
			&playing->limit, err) < 0)
		return -1;
	if (playing->limit.count == 0)
		return error_set(err, ERROR_TEXT, "-l '%s' matches no host", playing->options->limit);
	return 0;
}

static void know_earlier(struct playing *playing)
{
	const char *folder = path_directory(playing->arena, playing->typed);

	playing->earlier = (struct earlier){ .arena = playing->arena, .folder = folder,
		.playbook = playing->project.playbook };
	if (!playing->past)
		playing->earlier.formerly = former_name(playing->arena, folder, &playing->project,
			source_text(playing->source, playing->playbook->path, &(size_t){0}));
}

/* Plays that say otherwise each time for which hosts they are: whoever isn't meant now hasn't left. */
static bool has_open_hosts(const struct playbook *playbook)
{
	for (size_t i = 0; i < playbook->play_count; i++) {
		const char *pattern = value_text(playbook->plays[i]->hosts);

		if (!pattern || strstr(pattern, "{{"))
			return true;
	}
	return false;
}

static int make_run(struct playing *playing, struct error *err)
{
	const struct apply_options *given = playing->options;
	bool everything = playing->undo && playing->undo->undo == UNDO_ALL;
	struct run_options options = {
		.source = playing->source,
		.playbook = playing->playbook,
		.inventory = playing->inventory,
		.variables = playing->variables,
		.limit = playing->limit_text ? &playing->limit : NULL,
		.others = playing->limit_text && !given->no_others && !playing->look && !everything,
		.known = earlier_facts,
		.known_context = &playing->earlier,
		.tags = given->tags,
		.skip_tags = given->skip_tags,
		.check = given->check,
		.diff = given->diff,
		.results = given->verbosity > 0 || given->json,
		.allow_outside = given->allow_outside,
		.become = given->become,
		.become_user = given->become_user,
		.user = given->user,
		.private_key = given->private_key,
		.fleet = {
			.forks = given->forks,
			.timeout = given->timeout,
			.known_hosts = given->known_hosts,
			.accept_new_host_keys = given->accept_new_host_keys,
			.leave_nothing = given->check,
			.verbosity = given->verbosity,
		},
		.project = playing->project.name,
		.owner = playing->project.playbook,
		.who = who(playing->arena),
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
		.follow = playing->plan ? playing->plan->follow : NULL,
		.discard_drift = given->discard_drift,
		.without_actions = playing->undo && !given->with_commands,
		.interrupted = &interrupted,
	};

	know_earlier(playing);
	options.formerly = playing->earlier.formerly;
	if (!playing->past && !playing->undo && !has_open_hosts(playing->playbook))
		options.left = earlier_hosts(&playing->earlier);
	return run_new(playing->arena, &options, &playing->run, err);
}

/* The text's own inventories, or those of the command line, which are files of today. */
static int find_past(struct playing *playing, struct error *err)
{
	const struct history_run *run = playing->past->run;
	const struct value *then = run ? value_get(run->how, "inventories") : NULL;

	playing->source = record_source(playing->arena, playing->past->record);
	if (project_find(playing->arena, source_directory(playing->arena, NULL), playing->typed,
			playing->options->inventories, &playing->project, err) < 0)
		return -1;
	if (playing->options->inventories->count > 0)
		return error_set(err, ERROR_TEXT, "an older text has its own inventory: -i can't be given "
			"with it");
	playing->project.inventories = value_list(playing->arena);
	for (size_t i = 0; then && then->kind == VALUE_LIST && i < then->count; i++)
		value_append(playing->arena, playing->project.inventories, then->items[i]);
	if (run)
		return 0;
	return project_inventories(playing->arena, playing->source, playing->project.playbook,
		&playing->project, err);
}

static int load(struct playing *playing, struct error *err)
{
	playing->name = run_name(playing->arena);
	playing->time = time(NULL);
	playing->source = source_directory(playing->arena, NULL);
	/* The playbook's errors come first. */
	if (!playing->past && playbook_load(playing->arena, playing->source, playing->typed, NULL,
			&playing->playbook, err) < 0)
		return -1;
	if (playing->past && find_past(playing, err) < 0)
		return -1;
	if (!playing->past && project_find(playing->arena, playing->source, playing->typed,
			playing->options->inventories, &playing->project, err) < 0)
		return -1;
	if (playing->past && playbook_load(playing->arena, playing->source,
			playing->project.playbook, NULL, &playing->playbook, err) < 0)
		return -1;
	if (playing->options->syntax_check && playing->project.inventories->count == 0)
		return 0;
	if (load_inventory(playing, err) < 0 || load_limit(playing, err) < 0)
		return -1;
	return make_run(playing, err);
}

/* out NULL: the terminal. */
static struct report *make_report(const struct apply_options *options, FILE *out)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	bool terminal = isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
	struct report_options made = {
		.out = out ? out : stdout,
		.errors = out ? out : stderr,
		.json = options->json,
		.check = options->check,
		.with_affected = options->with_affected,
		.diff = options->diff,
		.verbosity = options->verbosity,
		.color = terminal && !(no_color && *no_color),
		.live = terminal && !out && !options->json,
	};

	return report_new(&made);
}

static void say_error(const struct playing *playing, struct report *report, const struct error *err)
{
	const char *text = NULL;
	size_t size = 0;

	if (err->place.file && playing->source)
		text = source_text(playing->source, err->place.file, &size);
	report_error(report, err, text, size);
}

/* Inventories and -e as the project has them, whatever the current directory was. */
static struct value *how_it_ran(const struct playing *playing, struct revision *revision)
{
	struct arena *arena = playing->arena;
	struct value *how = value_map(arena), *inventories = value_list(arena);
	struct value *extra = value_list(arena);
	const struct value *given = extra_of(playing);
	const char *head;
	bool dirty;

	for (size_t i = 0; i < playing->project.inventories->count; i++) {
		const char *path = value_text(playing->project.inventories->items[i]);

		value_append(arena, inventories, value_string(arena, playing->past ? path
			: record_path(arena, playing->project.folder, path)));
	}
	for (size_t i = 0; i < given->count; i++) {
		const char *text = value_text(given->items[i]);

		value_append(arena, extra, *text == '@' && !playing->past ? value_printf(arena, "@%s",
			record_path(arena, playing->project.folder, text + 1)) : given->items[i]);
	}
	value_set(arena, how, "inventories", inventories);
	value_set(arena, how, "extra", extra);
	if (playing->undo)
		value_set_string(arena, how, "undo", playing->undo->note);
	if (playing->limit_text)
		value_set_string(arena, how, "limit", playing->limit_text);
	head = revision ? revision_head(revision, arena, &dirty) : NULL;
	if (head) {
		value_set_string(arena, how, "head", head);
		value_set_string(arena, how, "dirty", dirty ? "yes" : "no");
	}
	return how;
}

static const struct record *record_text(const struct playing *playing,
	struct revision *revision)
{
	if (playing->past)
		return playing->past->record;
	return record_of(playing->arena, playing->source, playing->project.folder, revision_ignores,
		revision);
}

/* A run that can't be written down has still happened: this is a warning. */
static void write_down(const struct playing *playing, struct revision *revision,
	struct report *report)
{
	struct history_run run = {
		.run = playing->name, .project = playing->project.name,
		.playbook = playing->project.playbook, .who = who(playing->arena),
		.time = playing->time, .hosts = run_outcome(playing->run),
		.how = how_it_ran(playing, revision), .left = run_left(playing->run),
		.facts = run_facts(playing->run),
	};
	struct history *history;
	struct error err = {0};

	if (history_open(path_directory(playing->arena, playing->typed), true, &history, &err) < 0
			|| history_add(history, playing->arena, &run, record_text(playing, revision), &err) < 0)
		report_warning(report, NULL, err.message);
	history_close(history);
}

/* For the nodes to keep; NULL: it is too large for that. */
static void give_text(struct playing *playing, struct revision *revision)
{
	struct value *packed = value_map(playing->arena);
	struct buffer bytes = {0};
	size_t room, size;
	char *squeezed;

	value_set_string(playing->arena, packed, "playbook", playing->project.playbook);
	value_set(playing->arena, packed, "how", how_it_ran(playing, NULL));
	/* The same text is the same, whatever led back to it. */
	value_remove(value_get(packed, "how"), "undo");
	value_remove(value_get(packed, "how"), "limit");
	value_set(playing->arena, packed, "files", record_pack(playing->arena,
		record_text(playing, revision), TEXT_BODY_MOST));
	wire_encode(&bytes, packed);
	room = ZSTD_compressBound(bytes.size);
	squeezed = arena_alloc(playing->arena, room);
	size = ZSTD_compress(squeezed, room, bytes.data, bytes.size, 3);
	if (!ZSTD_isError(size) && size <= TEXT_MOST)
		run_set_text(playing->run, squeezed, size);
	buffer_free(&bytes);
}

int playing_unpack(struct arena *arena, const struct value *bytes, struct playing_past *ret_past,
	struct error *err)
{
	unsigned long long size = ZSTD_getFrameContentSize(bytes->text, bytes->size);
	struct history_run *run = arena_alloc(arena, sizeof(*run));
	struct value *packed, *how;
	struct record *record;
	char *plain;

	if (size > TEXT_UNPACKED_MOST)   /* an error is a very large number, too */
		return error_set(err, ERROR_TEXT, "the text that a node kept is damaged");
	plain = arena_alloc(arena, (size_t)size + 1);
	if (ZSTD_decompress(plain, (size_t)size, bytes->text, bytes->size) != size
			|| wire_decode(arena, plain, (size_t)size, &packed, NULL) < 0)
		return error_set(err, ERROR_TEXT, "the text that a node kept is damaged");
	how = value_get(packed, "how");
	run->playbook = value_get_string(packed, "playbook");
	if (!run->playbook || !how || record_unpack(arena, value_get(packed, "files"), &record,
			err) < 0)
		return error_set(err, ERROR_TEXT, "the text that a node kept is damaged");
	run->how = how;
	*ret_past = (struct playing_past){ .record = record, .run = run };
	return 0;
}

/* Of each text and content that was read. What is too large to be recorded is compared task by task. */
static struct value *texts_of(const struct playing *playing)
{
	const struct record *record = playing->past ? playing->past->record : record_of(playing->arena,
		playing->source, playing->project.folder, NULL, NULL);
	struct value *texts = value_map(playing->arena);

	for (size_t i = 0; i < record->count; i++) {
		const struct record_file *file = &record->files[i];
		struct buffer bytes = {0};
		char hex[DIGEST_HEX_SIZE];

		if (file->left_out)
			continue;
		buffer_printf(&bytes, "%d %o %s\n", (int)file->kind, file->mode,
			file->target ? file->target : "");
		buffer_add(&bytes, file->bytes ? file->bytes : "", file->size);
		digest_bytes(bytes.data, bytes.size, hex);
		value_set_string(playing->arena, texts, file->path, hex);
		buffer_free(&bytes);
	}
	return texts;
}

/* Whether what is read is still what the plan was made from; whole: all is read by now. */
static int texts_agree(const struct playing *playing, bool whole, struct error *err)
{
	const struct playing_plan *plan = playing->plan;

	if (!plan || !plan->texts)
		return 0;
	return saved_compare_texts(playing->arena, plan->key, plan->texts, texts_of(playing), whole,
		err);
}

/* Out of the arena of this run. */
static void keep_found(struct playing *playing)
{
	struct playing_plan *plan = playing->plan;
	struct arena *arena = playing->outer;

	plan->found_hosts = value_copy(arena, run_planned(playing->run));
	plan->found_outcome = value_copy(arena, run_outcome(playing->run));
	plan->found_texts = value_copy(arena, texts_of(playing));
}

/* A rollback of some hosts says nothing of others: they are as they should be; a saved plan is about its
 * own. */
static void tell_others(struct playing *playing, struct report *report, struct value *affected)
{
	const struct value *others = run_others(playing->run);
	const struct value *would = value_get(others, "affected");

	if (playing->undo || (playing->plan && playing->plan->follow))
		return;
	report_others(report, would, value_get(others, "missed"));
	for (size_t i = 0; i < would->count; i++)
		value_append(playing->outer, affected, value_string(playing->outer, would->pairs[i].key));
}

static int execute(struct playing *playing, struct report *report, struct value *affected,
	bool *ret_changes, struct error *err)
{
	struct revision *revision = playing->options->check ? NULL
		: revision_open(playing->project.folder);
	struct report_totals totals;
	int result;

	report_run(report, playing->playbook->path, run_hosts(playing->run),
		run_task_count(playing->run));
	if (!playing->options->check)
		give_text(playing, revision);
	result = run_execute(playing->run, report, err);
	if (!playing->options->check)
		write_down(playing, revision, report);
	revision_close(revision);
	report_orphans(report, run_orphans(playing->run));
	tell_others(playing, report, affected);
	totals = report_recap(report);
	*ret_changes = totals.changed > 0;
	if (result < 0)
		return err->kind == ERROR_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_TEXT;
	return (totals.failed ? EXIT_FAILED : 0) | (totals.unreachable ? EXIT_UNREACHABLE : 0);
}

/* start: options, the playbook, past, undo, plan, only, and the arena of affected, to which the names of hosts
 * outside the limit are added that would change, too. */
static int play_once(const struct playing *start, struct value *affected, bool *ret_changes)
{
	const struct apply_options *options = start->options;
	struct playing playing = *start;
	FILE *nowhere = start->plan && start->plan->quiet ? fopen("/dev/null", "w") : NULL;
	struct report *report = make_report(options, nowhere);
	struct report *loud = nowhere ? make_report(options, NULL) : NULL;
	struct error err = {0};
	int code = EXIT_GOOD;

	playing.arena = arena_new();
	if (load(&playing, &err) < 0 || texts_agree(&playing, false, &err) < 0)
		code = EXIT_TEXT;
	else if (!lists(options))
		code = execute(&playing, report, affected, ret_changes, &err);
	else if (options->syntax_check)
		printf("playbook: %s\n", playing.playbook->path);
	else if (listing_print(playing.arena, options, playing.playbook, playing.inventory,
			playing.variables, playing.limit_text ? &playing.limit : NULL, &err) < 0)
		code = EXIT_TEXT;
	if (playing.plan && playing.run && code != EXIT_TEXT) {
		keep_found(&playing);
		if (options->check && texts_agree(&playing, true, &err) < 0)
			code = EXIT_TEXT;
	}
	if (err.kind != ERROR_NONE && err.kind != ERROR_INTERRUPTED)
		say_error(&playing, loud ? loud : report, &err);
	report_free(report);
	if (loud)
		report_free(loud);
	if (nowhere)
		fclose(nowhere);
	if (playing.run)
		run_free(playing.run);
	arena_free(playing.arena);
	return code;
}

/* With those that are affected, as long as there are any and all goes well. */
static int play(const struct apply_options *options, const char *playbook,
	const struct playing_past *past, const struct playing_undo *undo, bool *ret_changes)
{
	struct arena *arena = arena_new();
	struct playing start = { .outer = arena, .options = options, .typed = playbook, .past = past,
		.undo = undo };
	unsigned most = !options->with_affected ? 1 : options->check ? 2 : PASSES_MOST;
	int code = EXIT_GOOD;

	*ret_changes = false;
	for (unsigned pass = 0; pass < most && (pass == 0 || start.only->count > 0); pass++) {
		struct value *affected = value_list(arena);
		bool changes = false;
		int result = play_once(&start, affected, &changes);

		*ret_changes = *ret_changes || changes;
		code = result == EXIT_TEXT || result == EXIT_INTERRUPTED ? result : code | result;
		start.only = affected;
		if (result != EXIT_GOOD && result != EXIT_UNREACHABLE)
			break;
	}
	arena_free(arena);
	return code;
}

int playing_run(const struct apply_options *options, const char *playbook,
	const struct playing_past *past, const struct playing_undo *undo)
{
	bool ignored;

	return play(options, playbook, past, undo, &ignored);
}

int playing_check(const struct apply_options *options, const char *playbook, bool *ret_changes)
{
	return play(options, playbook, NULL, NULL, ret_changes);
}

int playing_plan(struct arena *arena, const struct apply_options *options, const char *playbook,
	const struct playing_past *past, struct playing_plan *plan)
{
	const struct playing start = { .outer = arena, .options = options, .typed = playbook,
		.past = past, .plan = plan };
	bool ignored;

	return play_once(&start, value_list(arena), &ignored);
}

int playing_look(struct arena *arena, const struct apply_options *options, const char *playbook,
	const char *text, struct value **ret_looked, struct value **ret_lost)
{
	struct apply_options quiet = *options;
	struct playing playing = { .arena = arena, .options = &quiet, .typed = playbook,
		.look = true, .look_text = text };
	FILE *nowhere = fopen("/dev/null", "w");
	struct report *report;
	const struct value *outcome;
	struct error err = {0};
	int code = EXIT_GOOD;

	quiet.check = true;
	report = report_new(&(struct report_options){ .out = nowhere, .errors = stderr });
	*ret_lost = value_list(arena);
	if (load(&playing, &err) < 0) {
		say_error(&playing, report, &err);
		code = EXIT_TEXT;
	} else {
		report_run(report, playing.playbook->path, run_hosts(playing.run), 1);
		if (run_execute(playing.run, report, &err) < 0)
			code = EXIT_INTERRUPTED;
		outcome = run_outcome(playing.run);
		*ret_looked = value_map(arena);
		for (size_t i = 0; i < outcome->count; i++) {
			const char *host = outcome->pairs[i].key;
			const struct value *looked = value_get(run_looked(playing.run), host);

			if (looked)
				value_set(arena, *ret_looked, host, value_copy(arena, looked));
			else
				value_append(arena, *ret_lost, value_string(arena, host));
		}
		run_free(playing.run);
	}
	report_free(report);
	if (nowhere)
		fclose(nowhere);
	return code;
}

int playing_owner(struct arena *arena, const struct apply_options *options, const char *playbook,
	const char **ret_project, const char **ret_owner, const char **ret_folder, struct error *err)
{
	struct project project;

	if (project_find(arena, source_directory(arena, NULL), playbook, options->inventories,
			&project, err) < 0)
		return -1;
	*ret_project = project.name;
	*ret_owner = project.playbook;
	*ret_folder = project.folder;
	return 0;
}

void playing_complain(const struct error *err)
{
	fprintf(stderr, "beoplay: %s\n", err->message);
	if (err->remedy[0])
		fprintf(stderr, "  → %s\n", err->remedy);
}
