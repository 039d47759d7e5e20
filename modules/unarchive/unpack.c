/* unpack: archives are read by tar and unzip, on the machine, and never by anything of our own. */
#include "modules/unarchive/unarchive.h"

#include "base/quote.h"
#include "modules/errors.h"
#include "modules/shared/download.h"

#include <stdlib.h>
#include <string.h>

bool unarchive_is_url(const char *src)
{
	return strncmp(src, "http://", 7) == 0 || strncmp(src, "https://", 8) == 0;
}

/* --- The script --- */

/* A new directory, in which nobody else can put anything; $1: where, which only whoever owns it can rename. */
static const char own_directory[] = "umask 077; d=$(mktemp -d \"$1/.beoplay-unarchive.XXXXXXXX\") || exit 1\n"
	"shift; cd -P -- \"$d\" && [ \"$(stat -c %u:%a .)\" = \"$(id -u):700\" ] || exit 1\n";
/* It is kept in place of what is asked about once all is well. */
static const char passing[] = "trap 'cd /; rm -rf -- \"$d\"' EXIT; trap 'exit 129' HUP INT TERM\n";
/* $1: the archive; "": it is what stdin gives; more words: the command that fetches it. */
static const char archive[] = "a=$1; shift\n"
	"if [ $# -gt 0 ]; then a=$d/archive; \"$@\" \"$a\" >&2 || exit 90\n"
	"elif [ -z \"$a\" ]; then a=$d/archive; cat >\"$a\" || exit 1; fi\n"
	"mkdir x && cd x && case $(od -An -tx1 -N4 -- \"$a\" | tr -d ' \\n') in\n";
/* Records that end with NUL, so that names may hold anything. */
static const char list[] = "find . -mindepth 1 -printf '%y %m %U %G %s %T@ %P\\0%l\\0' && printf '\\0' &&\n"
	"find . -type f -print0 | xargs -0 -r sha256sum -z --\n";

static void add_words(struct buffer *out, const char *before, char *const *words, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		buffer_printf(out, " %s", before);
		quote_shell(out, words[i]);
	}
}

/* The two commands: tar finds out by itself how the archive is compressed. */
static void add_commands(struct buffer *out, const struct unarchive_params *want)
{
	buffer_add_string(out, "504b0304|504b0506) command -v unzip >/dev/null || { echo 'unzip is missing' >&2; exit 1; }\n"
		"unzip -q -o");
	add_words(out, "", want->extra_opts, want->extra_opts_count);
	buffer_add_string(out, " \"$a\"");
	add_words(out, "", want->include, want->include_count);
	if (want->exclude_count > 0)
		add_words(out, "-x ", want->exclude, want->exclude_count);
	buffer_add_string(out, " >&2;;\n*) tar -x -p");
	add_words(out, "--exclude=", want->exclude, want->exclude_count);
	add_words(out, "", want->extra_opts, want->extra_opts_count);
	buffer_add_string(out, " -f \"$a\"");
	add_words(out, "", want->include, want->include_count);
	buffer_add_string(out, " >&2;;\nesac || exit 1\n");
}

static char *script_of(struct arena *arena, const struct unarchive_params *want, bool passes)
{
	struct buffer out = {0};
	char *script;

	buffer_add_string(&out, own_directory);
	buffer_add_string(&out, passes ? passing : "trap '[ $? = 0 ] || { cd /; rm -rf -- \"$d\"; }' EXIT\n");
	buffer_add_string(&out, archive);
	add_commands(&out, want);
	buffer_add_string(&out, passes ? list : "rm -f -- \"$d/archive\"; printf '%s' \"$d\"\n");
	script = arena_bytes(arena, out.data, out.size);
	buffer_free(&out);
	return script;
}

/* Runs it, in looking or changing; where: the directory of its own directory. */
static int run(struct host *host, const struct unarchive_params *want, const char *where, bool passes,
	struct command_result *told, struct error *err)
{
	struct arena *arena = host_arena(host);
	const struct download download = { want->src, 60, want->validate_certs, true };
	const char *argv[6 + DOWNLOAD_WORDS_MOST] = { "sh", "-c", script_of(arena, want, passes), "sh", where,
		want->body || unarchive_is_url(want->src) ? "" : want->src };
	struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS, .most = ARCHIVE_LIST_MOST,
		.timeout = ARCHIVE_SECONDS };
	const char *const *fetch = download_command(arena, &download, NULL);
	char *bytes;

	for (size_t i = 0; !want->body && unarchive_is_url(want->src) && fetch[i]; i++)
		argv[6 + i] = fetch[i];
	if (want->body) {
		if (host_body(host, want->body, ARCHIVE_FROM_CONTROLLER_MOST, &bytes, &command.input_size, err) < 0)
			return -1;
		command.input = bytes;
	}
	if ((passes ? host_look(host_quiet(host), &command, told, err) : host_run(host, &command, told, err)) < 0)
		return -1;
	if (told->status == 90)
		return download_failed(arena, want->src, told, err);
	if (told->status == 0)
		return 0;
	error_set(err, UNARCHIVE_FAILED, "'%s' can't be unpacked: %s", want->src, command_last_words(arena, told));
	return error_remedy(err, strstr(told->errors, "unzip is missing") || strstr(told->errors, "Cannot exec")
		? "install what is missing with an apt-packages task" : "look at the file by hand");
}

/* --- What it tells --- */

/* "f 644 0 0 12 1700000000.5 name", "target" */
static int take_entry(struct arena *arena, char *record, const char *target, const char *dest,
	struct unarchive_entry *ret_entry)
{
	static const char kinds[] = "fdl";
	static const enum file_kind kind_of[] = { FILE_REGULAR, FILE_DIRECTORY, FILE_LINK };
	const char *kind = *record ? strchr(kinds, *record) : NULL;
	char *at = record + 1;
	struct unarchive_entry entry = { .kind = kind ? kind_of[kind - kinds] : FILE_OTHER };

	entry.mode = (unsigned)strtoul(at, &at, 8);
	entry.uid = strtoll(at, &at, 10);
	entry.gid = strtoll(at, &at, 10);
	entry.size = strtoll(at, &at, 10);
	entry.mtime = strtoll(at, &at, 10);
	at = strchr(at, ' ');
	if (!at)
		return -1;
	entry.name = arena_string(arena, at + 1);
	entry.path = arena_printf(arena, "%s%s%s", dest, dest[1] ? "/" : "", entry.name);
	entry.target = entry.kind == FILE_LINK ? arena_string(arena, target) : NULL;
	*ret_entry = entry;
	return 0;
}

static const char *next_record(const char *at, const char *end)
{
	const char *nul = memchr(at, '\0', (size_t)(end - at));

	return nul ? nul + 1 : end;
}

static struct unarchive_entry *entry_named(struct unarchive_state *have, const struct value *numbers,
	const char *name)
{
	const struct value *number = value_get(numbers, name);

	return number ? &have->entries[number->integer] : NULL;
}

/* "DIGEST  ./name" */
static void take_digests(struct arena *arena, struct unarchive_state *have, const char *at, const char *end)
{
	struct value *numbers = value_map(arena);

	for (size_t i = 0; i < have->count; i++)
		value_set_integer(arena, numbers, have->entries[i].name, (int64_t)i);
	for (; at < end; at = next_record(at, end)) {
		size_t size = strcspn(at, " ");
		struct unarchive_entry *entry = strlen(at) > size + 4 ? entry_named(have, numbers, at + size + 4) : NULL;

		if (entry)
			entry->digest = arena_bytes(arena, at, size);
	}
}

int unarchive_list(struct host *host, const struct unarchive_params *want, struct unarchive_state *have,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	struct command_result told;
	const char *end;
	size_t most = 0;

	if (run(host, want, "/var/tmp", true, &told, err) < 0)
		return -1;
	end = told.output + told.output_size;
	for (const char *at = told.output; at < end; at = next_record(at, end))
		most++;
	have->entries = arena_array(arena, most + 1, sizeof(*have->entries));
	for (char *at = told.output; at < end;) {
		const char *target = next_record(at, end);

		if (!*at) {
			take_digests(arena, have, at + 1, end);
			return 0;
		}
		if (take_entry(arena, at, target, want->dest, &have->entries[have->count]) < 0)
			break;
		have->count++;
		at = told.output + (next_record(target, end) - told.output);
	}
	return error_set(err, UNARCHIVE_FAILED, "what is in '%s' can't be understood", want->src);
}

int unarchive_unpack(struct host *host, const struct unarchive_params *want, const struct unarchive_state *have,
	struct error *err)
{
	struct command_result told;

	if (run(host, want, want->dest, false, &told, err) < 0)
		return -1;
	*have->staging = told.output;
	return 0;
}

int unarchive_clean(struct host *host, const struct unarchive_state *have, struct error *err)
{
	const char *const argv[] = { "rm", "-rf", "--", *have->staging, NULL };
	const struct command command = { .argv = argv };
	struct command_result told;

	if (!*have->staging)
		return 0;
	*have->staging = NULL;
	return host_run(host, &command, &told, err);
}
