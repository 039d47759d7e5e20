/* history_run: one run as a tree, and back. */
#include "history/state.h"

#include "base/buffer.h"
#include "base/quote.h"
#include "base/shape.h"
#include "yaml/tree.h"

#include <stdlib.h>
#include <string.h>

enum { RUN_MOST = 16 << 20, CAUSE_MOST = 64 };

#define VERSION_KEY "version: "

#define TIME_MOST INT64_C(253402300799)   /* the year 9999 */

/* --- Writing --- */

/* Whether a path may stand in the tree as it is. */
static bool inside(const char *path)
{
	if (path[0] == '/' || path[0] == '\0')
		return false;
	while (*path) {
		size_t size = strcspn(path, "/");

		if (size == 0 || (size <= 2 && strspn(path, ".") >= size)
				|| (size == 4 && strncasecmp(path, ".git", 4) == 0))
			return false;
		path += size + (path[size] == '/');
	}
	return true;
}

static const char *place_of(struct arena *arena, const char *path, size_t number)
{
	const char *name = strrchr(path, '/');

	while (path[0] == '.' && path[1] == '/')
		path += 2;
	if (inside(path))
		return arena_printf(arena, "text/%s", path);
	name = name && name[1] ? name + 1 : path;
	return arena_printf(arena, "text/_outside/%zu-%s", number, strspn(name, ".") == strlen(name)
		? "text" : name);
}

static void add_quoted(struct buffer *out, const char *before, const char *text, size_t size,
	const char *after)
{
	buffer_add_string(out, before);
	quote_yaml(out, text ? text : "", size);
	buffer_add_string(out, after);
}

static void add_text(struct buffer *out, const char *before, const char *text,
	const char *after)
{
	add_quoted(out, before, text, strlen(text ? text : ""), after);
}

static void add_list(struct buffer *out, const char *key, const struct value *list)
{
	buffer_printf(out, "  %s: [", key);
	for (size_t i = 0; list && i < list->count; i++)
		add_quoted(out, i ? ", " : "", list->items[i]->text, list->items[i]->size, "");
	buffer_add_string(out, "]\n");
}

static void add_how(struct buffer *out, const struct value *how)
{
	static const char *const words[] = { "key", "undo", "limit", "head", "dirty" };

	buffer_add_string(out, "how:\n");
	add_list(out, "inventories", value_get(how, "inventories"));
	add_list(out, "extra", value_get(how, "extra"));
	if (value_get(how, "roles"))
		add_list(out, "roles", value_get(how, "roles"));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (value_get_string(how, words[i])) {
			buffer_printf(out, "  %s: ", words[i]);
			add_text(out, "", value_get_string(how, words[i]), "\n");
		}
	}
}

static void add_hosts(struct buffer *out, const struct value *hosts)
{
	buffer_printf(out, "hosts:%s\n", hosts->count > 0 ? "" : " {}");
	for (size_t i = 0; i < hosts->count; i++) {
		const struct value *host = hosts->pairs[i].value;

		add_text(out, "  ", hosts->pairs[i].key, "");
		buffer_printf(out, ": {state: %s, changed: %lld", value_get_string(host, "state"),
			(long long)value_get_integer(host, "changed", 0));
		if (value_get_string(host, "cause"))
			buffer_printf(out, ", cause: %s", value_get_string(host, "cause"));
		buffer_add_string(out, "}\n");
	}
}

static void add_left(struct buffer *out, const struct value *left)
{
	for (size_t i = 0; left && left->kind == VALUE_MAP && i < left->count; i++) {
		add_text(out, i ? "  " : "left:\n  ", left->pairs[i].key, ": ");
		add_text(out, "", value_text(left->pairs[i].value), "\n");
	}
}

static void add_file(struct arena *arena, struct buffer *out, const struct record_file *file,
	size_t number)
{
	add_text(out, "  - {path: ", file->path, "");
	if (file->body)
		buffer_add_string(out, ", body: true");
	if (file->mode)
		buffer_printf(out, ", mode: \"%04o\"", file->mode);
	if (file->kind == SOURCE_DIRECTORY)
		buffer_add_string(out, ", kind: directory");
	else if (file->kind == SOURCE_LINK)
		add_text(out, ", kind: link, target: ", file->target, "");
	else if (file->bytes)
		add_text(out, ", in: ", place_of(arena, file->path, number), "");
	else
		add_text(out, ", left_out: ", file->left_out, "");
	buffer_add_string(out, "}\n");
}

static char *describe(struct arena *arena, const struct history_run *run,
	const struct record *record)
{
	struct buffer out = {0};
	char *text;

	buffer_printf(&out, VERSION_KEY "%d\nnumber: %lld\n", RUN_VERSION, (long long)run->number);
	add_text(&out, "run: ", run->run, "\n");
	add_text(&out, "project: ", run->project, "\n");
	add_text(&out, "playbook: ", run->playbook, "\n");
	add_text(&out, "who: ", run->who, "\n");
	buffer_printf(&out, "time: %lld\n", (long long)run->time);
	add_how(&out, run->how);
	add_hosts(&out, run->hosts);
	add_left(&out, run->left);
	facts_write(&out, run->facts);
	buffer_printf(&out, "files:%s\n", record->count > 0 ? "" : " []");
	for (size_t i = 0; i < record->count; i++)
		add_file(arena, &out, &record->files[i], i);
	text = arena_bytes(arena, out.data, out.size);
	buffer_free(&out);
	return text;
}

static int add_blob(git_repository *repository, git_index *index, const char *path,
	const void *bytes, size_t size, unsigned mode)
{
	git_index_entry entry = { .path = path,
		.mode = mode & 0100 ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB };

	if (git_blob_create_from_buffer(&entry.id, repository, bytes, size) < 0)
		return -1;
	return git_index_add(index, &entry);
}

int run_write(git_repository *repository, struct arena *arena, const struct history_run *run,
	const struct record *record, git_oid *ret_tree)
{
	const char *about = describe(arena, run, record);
	git_index *index = NULL;
	int result = git_index_new(&index);

	if (result == 0)
		result = add_blob(repository, index, "run.yml", about, strlen(about), 0);
	for (size_t i = 0; result == 0 && i < record->count; i++) {
		const struct record_file *file = &record->files[i];

		if (file->bytes)
			result = add_blob(repository, index, place_of(arena, file->path, i), file->bytes,
				file->size, file->mode);
	}
	if (result == 0)
		result = git_index_write_tree_to(ret_tree, index, repository);
	git_index_free(index);
	return result;
}

/* --- Reading --- */

static int read_blob(git_repository *repository, git_tree *tree, const char *path,
	struct arena *arena, const char **ret_bytes, size_t *ret_size)
{
	git_tree_entry *entry = NULL;
	git_blob *blob = NULL;
	git_odb *objects = NULL;
	git_object_t kind = GIT_OBJECT_INVALID;
	size_t size = 0;
	int result = git_tree_entry_bypath(&entry, tree, path);

	/* Its size, before it is in memory. */
	if (result == 0)
		result = git_repository_odb(&objects, repository);
	if (result == 0)
		result = git_odb_read_header(&size, &kind, objects, git_tree_entry_id(entry));
	if (result == 0 && size > RUN_MOST)
		result = -1;
	if (result == 0)
		result = git_blob_lookup(&blob, repository, git_tree_entry_id(entry));
	if (result == 0) {
		*ret_size = (size_t)git_blob_rawsize(blob);
		*ret_bytes = arena_bytes(arena, git_blob_rawcontent(blob), *ret_size);
	}
	git_blob_free(blob);
	git_odb_free(objects);
	git_tree_entry_free(entry);
	return result;
}

/* All that readers count on. */
#define TEXT(key, most) { key, SHAPE_TEXT, 0, most, NULL, NULL }
#define NEEDED(key, most) { key, SHAPE_TEXT, SHAPE_NEEDED, most, NULL, NULL }
#define NUMBER(key, most) { key, SHAPE_INTEGER, SHAPE_NEEDED, most, NULL, NULL }
#define MAP(key, keys) { key, SHAPE_MAP, 0, 0, keys, NULL }
#define LIST(key, item) { key, SHAPE_LIST, 0, RUN_MOST, item, NULL }
#define TABLE(key, flags, item) { key, SHAPE_TABLE, flags, RUN_MOST, item, NULL }
/* What other versions have beside it. */
#define OTHERS { "*", SHAPE_ANY, SHAPE_MANY_KEYS, RUN_MOST, NULL, NULL }
#define END { NULL, SHAPE_END, 0, 0, NULL, NULL }

static const struct shape one_text[] = { TEXT(NULL, RUN_MOST) };

static const struct shape host_keys[] = {
	NEEDED("state", RUN_MOST), { "changed", SHAPE_INTEGER, 0, 0, NULL, NULL },
	TEXT("cause", CAUSE_MOST),
	OTHERS, END,
};
static const struct shape one_host[] = { MAP(NULL, host_keys) };

static const struct shape one_published[] = {
	{ NULL, SHAPE_ANY, SHAPE_MANY_KEYS, RUN_MOST, NULL, NULL },
};
static const struct shape told_keys[] = {
	TEXT("host_key", RUN_MOST), TABLE("published", 0, one_published),
	{ "targets", SHAPE_ANY_MAP, SHAPE_MANY_KEYS, RUN_MOST, NULL, NULL },
	{ "facts", SHAPE_ANY_MAP, SHAPE_MANY_KEYS, RUN_MOST, NULL, NULL },
	OTHERS, END,
};
static const struct shape one_told[] = { MAP(NULL, told_keys) };

static const struct shape file_keys[] = {
	NEEDED("path", RUN_MOST), { "body", SHAPE_BOOL, 0, 0, NULL, NULL }, TEXT("mode", RUN_MOST),
	TEXT("kind", RUN_MOST), TEXT("target", RUN_MOST), TEXT("in", RUN_MOST),
	TEXT("left_out", RUN_MOST),
	OTHERS, END,
};
static const struct shape one_file[] = { MAP(NULL, file_keys) };

static const struct shape run_keys[] = {
	NUMBER("number", TIME_MOST), NUMBER("time", TIME_MOST), NEEDED("run", RUN_MOST),
	NEEDED("project", RUN_MOST), NEEDED("playbook", RUN_MOST), NEEDED("who", RUN_MOST),
	MAP("how", record_how), TABLE("hosts", SHAPE_NEEDED, one_host), TABLE("left", 0, one_text),
	TABLE("facts", 0, one_told), LIST("files", one_file),
	OTHERS, END,
};

static int read_file(git_repository *repository, git_tree *tree, struct arena *arena,
	const struct value *about, struct record *record)
{
	const char *kind = value_get_string(about, "kind"), *mode = value_get_string(about, "mode");
	const char *in = value_get_string(about, "in");
	struct record_file file = { .kind = SOURCE_FILE, .path = value_get_string(about, "path"),
		.body = value_get_bool(about, "body"), .target = value_get_string(about, "target"),
		.mode = mode ? (unsigned)strtoul(mode, NULL, 8) & 07777 : 0,
		.left_out = value_get_string(about, "left_out") };

	if (!file.path)
		return -1;
	if (kind && strcmp(kind, "directory") == 0)
		file.kind = SOURCE_DIRECTORY;
	else if (kind)
		file.kind = SOURCE_LINK;
	/* A path that was expunged has no blob any more. */
	if (in && read_blob(repository, tree, in, arena, &file.bytes, &file.size) < 0) {
		file.bytes = NULL;
		file.left_out = "it was expunged";
	}
	record_add(arena, record, &file);
	return 0;
}

static int read_files(git_repository *repository, git_tree *tree, struct arena *arena,
	const struct value *files, struct record **ret_record)
{
	*ret_record = record_new(arena);
	for (size_t i = 0; files && files->kind == VALUE_LIST && i < files->count; i++) {
		if (read_file(repository, tree, arena, files->items[i], *ret_record) < 0)
			return -1;
	}
	return 0;
}

int run_read(git_repository *repository, struct arena *arena, git_commit *commit,
	struct history_run *ret_run, struct record **ret_record)
{
	char id[GIT_OID_HEXSZ + 1];
	struct error ignored = {0};
	git_tree *tree = NULL;
	struct value *root = NULL;
	const char *bytes;
	size_t size;
	int result = git_commit_tree(&tree, commit);

	if (result == 0)
		result = read_blob(repository, tree, "run.yml", arena, &bytes, &size);
	if (result == 0)
		result = tree_parse(arena, "run.yml", bytes, size, &root, &ignored);
	if (result == 0)
		result = shape_check_map(root, run_keys, "run.yml", HISTORY_DAMAGED, &ignored);
	if (result == 0 && value_get_integer(root, "number", 0) < 1)
		result = -1;
	if (result == 0) {
		git_oid_tostr(id, sizeof(id), git_commit_id(commit));
		*ret_run = (struct history_run){
			.number = value_get_integer(root, "number", 0),
			.id = arena_string(arena, id),
			.run = value_get_string(root, "run"),
			.project = value_get_string(root, "project"),
			.playbook = value_get_string(root, "playbook"),
			.who = value_get_string(root, "who"),
			.time = value_get_integer(root, "time", 0),
			.how = value_get(root, "how"),
			.hosts = value_get(root, "hosts"),
			.left = value_get(root, "left"),
			.facts = value_get(root, "facts"),
		};
	}
	if (result == 0 && ret_record)
		result = read_files(repository, tree, arena, value_get(root, "files"), ret_record);
	git_tree_free(tree);
	return result;
}

/* Of the newest run; 0: there is none, or none that can be read. */
static long newest_version(git_repository *repository, struct arena *arena)
{
	git_commit *commit = NULL;
	git_tree *tree = NULL;
	const char *bytes;
	size_t size;
	git_oid id;
	long version = 0;

	if (git_reference_name_to_id(&id, repository, HISTORY_RUNS) == 0
			&& git_commit_lookup(&commit, repository, &id) == 0
			&& git_commit_tree(&tree, commit) == 0
			&& read_blob(repository, tree, "run.yml", arena, &bytes, &size) == 0)
		version = strncmp(bytes, VERSION_KEY, sizeof(VERSION_KEY) - 1) == 0
			? strtol(bytes + sizeof(VERSION_KEY) - 1, NULL, 10) : 1;
	git_tree_free(tree);
	git_commit_free(commit);
	return version;
}

int run_check_version(git_repository *repository, struct error *err)
{
	struct arena *arena = arena_new();
	long version = newest_version(repository, arena);

	arena_free(arena);
	if (version <= RUN_VERSION)
		return 0;
	error_set(err, HISTORY_NEWER, "the history was written by a newer version of beoplay: its runs have form "
		"%ld, and this version reads forms up to %d", version, RUN_VERSION);
	return error_remedy(err, "use that version, or a later one");
}
