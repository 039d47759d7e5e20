/* record: all that a run has read, kept so that the same run can be made again from it. */
#include "source/record.h"

#include "base/digest.h"
#include "base/lookup.h"
#include "base/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* --- Paths --- */

/* Real directories by how they were called, so that each is looked for once. */
struct naming {
	struct arena *arena;
	const char *folder;        /* the project's, without links; NULL: there is none */
	struct lookup directories;
};

static const char *real_path(struct arena *arena, const char *path)
{
	char real[PATH_MAX];

	return realpath(path, real) ? arena_string(arena, real) : NULL;
}

static struct naming naming_begin(struct arena *arena, const char *folder)
{
	return (struct naming){ .arena = arena,
		.folder = real_path(arena, folder && *folder ? folder : ".") };
}

static const char *real_directory(struct naming *naming, const char *directory)
{
	const char *real = lookup_get(&naming->directories, directory);

	if (!real && (real = real_path(naming->arena, directory)))
		lookup_put(naming->arena, &naming->directories, directory, (void *)(uintptr_t)real);
	return real;
}

/* The real directory, and the name in it, which may be that of a link. */
static const char *absolute_path(struct naming *naming, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *real;

	if (strcmp(name, "..") == 0 || strcmp(name, ".") == 0 || !*name)
		return real_path(naming->arena, path);
	real = real_directory(naming, path_directory(naming->arena, path));
	if (!real)
		return NULL;
	return arena_printf(naming->arena, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name);
}

static const char *name_in_record(struct naming *naming, const char *path)
{
	const char *full = absolute_path(naming, path), *above = naming->folder;
	size_t size;

	if (!full || access(full, F_OK) < 0 || !above)
		return path;
	size = strcmp(above, "/") == 0 ? 0 : strlen(above);
	if (strncmp(full, above, size) == 0 && full[size] == '/')
		return arena_string(naming->arena, full + size + 1);
	return strcmp(full, above) == 0 ? "." : full;
}

const char *record_path(struct arena *arena, const char *folder, const char *path)
{
	struct naming naming = naming_begin(arena, folder);

	return name_in_record(&naming, path);
}

const char **record_paths(struct arena *arena, const char *folder, const struct value *paths)
{
	struct naming naming = naming_begin(arena, folder);
	const char **names = arena_array(arena, paths->count + 1, sizeof(*names));

	for (size_t i = 0; i < paths->count; i++)
		names[i] = name_in_record(&naming, paths->pairs[i].key);
	return names;
}

/* --- What was read --- */

struct record *record_new(struct arena *arena)
{
	return arena_alloc(arena, sizeof(struct record));
}

struct record_file *record_add(struct arena *arena, struct record *record,
	const struct record_file *file)
{
	struct record_file *added = ARENA_PUSH(arena, &record->files, &record->count);

	*added = *file;
	return added;
}

struct recorder {
	struct arena *arena;
	struct source *source;
	record_leaves_out *leaves_out;
	void *context;
	struct naming naming;
	struct record *record;
	struct lookup known;       /* paths in the record */
	size_t texts, bodies, directories;   /* how many that the source was asked for are in it */
};

static const char private_key[] = "it is a private key", too_large[] = "it is larger than 1 MiB";

static bool is_private_key(const char *bytes, size_t size)
{
	const char *line = size > 11 && strncmp(bytes, "-----BEGIN ", 11) == 0 ? bytes : NULL;

	return line && memmem(line, size < 80 ? size : 80, "PRIVATE KEY-----", 16);
}

/* file->path becomes what the record calls it; whether it isn't in it yet. */
static bool is_new(struct recorder *recorder, const char *path, struct record_file *file)
{
	file->path = name_in_record(&recorder->naming, path);
	if (lookup_get(&recorder->known, file->path))
		return false;
	lookup_put(recorder->arena, &recorder->known, file->path, recorder);
	return true;
}

static void take(struct recorder *recorder, const char *path, struct record_file file)
{
	const char *why = NULL;

	if (file.bytes && is_private_key(file.bytes, file.size))
		why = private_key;
	else if (file.mode && recorder->leaves_out)
		recorder->leaves_out(recorder->context, path, &why);
	if (why) {
		file.bytes = file.from = NULL;
		file.left_out = why;
	}
	record_add(recorder->arena, recorder->record, &file);
}

static void take_text(struct recorder *recorder, const struct source_file *text)
{
	struct record_file file = { .kind = SOURCE_FILE, .bytes = text->bytes, .size = text->size };
	struct source_entry entry = {0};
	struct error ignored = {0};

	if (!is_new(recorder, text->path, &file))
		return;
	source_stat(recorder->source, text->path, true, &entry, &ignored);
	if (entry.kind == SOURCE_FILE)
		file.mode = entry.mode ? entry.mode : 0644;
	take(recorder, text->path, file);
}

static void take_body(struct recorder *recorder, const char *path)
{
	struct record_file file = { .kind = SOURCE_FILE, .body = true };
	const char *digest = source_body_digest(recorder->source, path);
	struct source_entry entry;
	struct error ignored = {0};
	char *bytes;

	if (source_stat(recorder->source, path, true, &entry, &ignored) < 0
			|| entry.kind != SOURCE_FILE || !is_new(recorder, path, &file))
		return;
	file.mode = entry.mode ? entry.mode : 0644;
	file.size = (size_t)entry.size;
	if (digest && file.size <= RECORD_BODY_MOST) {
		file.from = path;
		file.digest = digest;
	} else if (source_read_body(recorder->source, recorder->arena, path, RECORD_BODY_MOST, &bytes,
			&file.size, &ignored) < 0) {
		file.left_out = too_large;
	} else {
		file.bytes = bytes;
	}
	take(recorder, path, file);
}

struct record_file record_load(struct arena *arena, const struct record *record,
	const struct record_file *file)
{
	struct record_file loaded = *file;
	char hex[DIGEST_HEX_SIZE], *bytes;
	struct error ignored = {0};

	if (!file->from)
		return loaded;
	loaded.from = NULL;
	if (source_read_body(record->source, arena, file->from, RECORD_BODY_MOST, &bytes, &loaded.size,
			&ignored) < 0) {
		loaded.left_out = "it couldn't be read any more";
		return loaded;
	}
	digest_bytes(bytes, loaded.size, hex);
	if (strcmp(hex, file->digest) != 0)
		loaded.left_out = "it was changed meanwhile";
	else if (is_private_key(bytes, loaded.size))
		loaded.left_out = private_key;
	else
		loaded.bytes = bytes;
	return loaded;
}

static void take_directory(struct recorder *recorder, const char *path)
{
	struct source_entry *entries;
	struct error ignored = {0};
	size_t count;

	if (source_list(recorder->source, path, &entries, &count, &ignored) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct source_entry *entry = &entries[i];
		struct record_file file = { .kind = entry->kind, .body = true, .mode = entry->mode,
			.target = entry->target };
		const char *inner = path_join(recorder->arena, path, entry->name);

		if ((entry->kind == SOURCE_DIRECTORY || entry->kind == SOURCE_LINK)
				&& is_new(recorder, inner, &file))
			take(recorder, inner, file);
	}
}

struct recorder *recorder_new(struct arena *arena, struct source *source, const char *folder,
	record_leaves_out *leaves_out, void *context)
{
	struct recorder *recorder = arena_alloc(arena, sizeof(*recorder));

	*recorder = (struct recorder){ .arena = arena, .source = source, .leaves_out = leaves_out,
		.context = context, .naming = naming_begin(arena, folder), .record = record_new(arena) };
	recorder->record->source = source;
	return recorder;
}

const struct record *recorder_read(struct recorder *recorder)
{
	size_t count;
	const struct source_file *texts = source_files(recorder->source, &count);
	const char *const *paths;

	for (; recorder->texts < count; recorder->texts++)
		take_text(recorder, &texts[recorder->texts]);
	paths = source_asked(recorder->source, SOURCE_FILE, &count);
	for (; recorder->bodies < count; recorder->bodies++)
		take_body(recorder, paths[recorder->bodies]);
	/* Listing them here asks the source for no more. */
	paths = source_asked(recorder->source, SOURCE_DIRECTORY, &count);
	for (; recorder->directories < count; recorder->directories++)
		take_directory(recorder, paths[recorder->directories]);
	return recorder->record;
}

/* --- A source made of it --- */

/* What is in a directory, each name once. */
struct folder {
	const char **names;
	size_t count;
};

/* A record by paths. */
struct shelf {
	struct lookup files;       /* path → struct record_file */
	struct lookup folders;     /* path → struct folder */
	const char *root;          /* what paths are below, where they are absolute; or NULL */
};

static const char *name_on(const struct shelf *shelf, struct arena *arena, const char *path)
{
	const char *plain = path_plain(arena, path);
	size_t size = shelf->root ? strlen(shelf->root) : 0;

	if (size == 0 || strncmp(plain, shelf->root, size) != 0)
		return plain;
	return plain[size] == '/' ? plain + size + 1 : plain[size] ? plain : "";
}

static struct folder *folder_of(struct arena *arena, struct shelf *shelf, const char *path)
{
	struct folder *folder = lookup_get(&shelf->folders, path);

	if (!folder) {
		folder = arena_alloc(arena, sizeof(*folder));
		lookup_put(arena, &shelf->folders, path, folder);
	}
	return folder;
}

/* Into its directory, and that into the one above, up to one that stands there already. "" is the
 * project's. */
static void shelve(struct arena *arena, struct shelf *shelf, const char *path)
{
	for (;;) {
		const char *slash = strrchr(path, '/');
		const char *above = slash ? arena_bytes(arena, path, (size_t)(slash - path)) : "";
		bool stands = lookup_get(&shelf->folders, above);
		struct folder *folder = slash == path ? NULL : folder_of(arena, shelf, above);

		if (!folder)
			return;
		*ARENA_PUSH(arena, &folder->names, &folder->count) = slash ? slash + 1 : path;
		if (stands || !*above || lookup_get(&shelf->files, above))
			return;
		path = above;
	}
}

static struct shelf *shelf_new(struct arena *arena, const struct record *record)
{
	struct shelf *shelf = arena_alloc(arena, sizeof(*shelf));

	for (size_t i = 0; i < record->count; i++) {
		struct record_file *file = &record->files[i];

		if (lookup_get(&shelf->files, file->path))
			continue;
		lookup_put(arena, &shelf->files, file->path, file);
		if (!lookup_get(&shelf->folders, file->path))
			shelve(arena, shelf, file->path);
	}
	return shelf;
}

static int look(void *context, struct arena *arena, const char *path, bool follow,
	struct source_entry *ret_entry, struct error *err)
{
	const struct shelf *shelf = context;
	const char *plain = name_on(shelf, arena, path);
	const struct record_file *file = lookup_get(&shelf->files, plain);

	*ret_entry = (struct source_entry){ .name = path };
	if (file && file->kind == SOURCE_LINK && follow && file->target)
		return look(context, arena, path_join(arena, path_directory(arena, plain), file->target),
			false, ret_entry, err);
	if (file) {
		ret_entry->kind = file->kind;
		ret_entry->mode = file->mode ? file->mode : 0644;
		ret_entry->size = (int64_t)file->size;
		ret_entry->target = file->target;
		return 0;
	}
	if (lookup_get(&shelf->folders, plain)) {
		ret_entry->kind = SOURCE_DIRECTORY;
		ret_entry->mode = 0755;
	}
	return 0;
}

static int find_bytes(void *context, struct arena *arena, const char *path,
	const struct record_file **ret_file, struct error *err)
{
	const struct shelf *shelf = context;
	const struct record_file *file = lookup_get(&shelf->files, name_on(shelf, arena, path));

	if (file && file->kind == SOURCE_LINK && file->target)
		file = lookup_get(&shelf->files, name_on(shelf, arena, path_join(arena,
			path_directory(arena, path), file->target)));
	if (!file)
		return error_set(err, HISTORY_LEFT_OUT, "cannot read '%s': it wasn't part of that run",
			path);
	if (!file->bytes) {
		error_set(err, record_keeps_back(file->left_out) ? HISTORY_KEPT_BACK : HISTORY_LEFT_OUT,
			"cannot read '%s': it was left out of the history, as %s", path,
			file->left_out ? file->left_out : "it is not a file");
		return error_remedy(err, "bring that text back by other means, and apply it");
	}
	*ret_file = file;
	return 0;
}

static int read_bytes(void *context, struct arena *arena, const char *path, size_t most,
	char **ret_bytes, size_t *ret_size, struct error *err)
{
	const struct record_file *file;

	if (find_bytes(context, arena, path, &file, err) < 0)
		return -1;
	if (file->size > most)
		return error_set(err, FILE_TOO_LARGE, "'%s' is larger than %zu bytes", path, most);
	*ret_bytes = arena_bytes(arena, file->bytes, file->size);
	*ret_size = file->size;
	return 0;
}

static int open_bytes(void *context, const char *path, int64_t *ret_size, struct error *err)
{
	struct arena *arena = arena_new();
	const struct record_file *file;
	int fd = -1;

	if (find_bytes(context, arena, path, &file, err) == 0) {
		fd = memfd_create("beoplay", MFD_CLOEXEC);
		*ret_size = (int64_t)file->size;
		if (fd < 0 || whole_put(fd, file->bytes, file->size) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
			error_errno(err, FILE_UNREADABLE, "cannot read '%s'", path);
			if (fd >= 0)
				close(fd);
			fd = -1;
		}
	}
	arena_free(arena);
	return fd;
}

static int by_name(const void *one, const void *other)
{
	const struct source_entry *left = one, *right = other;

	return strcmp(left->name, right->name);
}

static int list_names(void *context, struct arena *arena, const char *path,
	struct source_entry **ret_entries, size_t *ret_count, struct error *err)
{
	const struct shelf *shelf = context;
	const char *plain = name_on(shelf, arena, path);
	const struct folder *folder = lookup_get(&shelf->folders, plain);
	size_t count = folder ? folder->count : 0;

	*ret_entries = arena_array(arena, count + 1, sizeof(**ret_entries));
	for (size_t i = 0; i < count; i++) {
		if (look(context, arena, path_join(arena, plain, folder->names[i]), false,
				&(*ret_entries)[i], err) < 0)
			return -1;
		(*ret_entries)[i].name = folder->names[i];
	}
	if (count > 0)
		qsort(*ret_entries, count, sizeof(**ret_entries), by_name);
	*ret_count = count;
	return 0;
}

struct source *record_source(struct arena *arena, const struct record *record, const char *folder)
{
	static const struct source_calls calls = {
		.read = read_bytes, .list = list_names, .stat = look, .open = open_bytes,
	};

	struct shelf *shelf = shelf_new(arena, record);

	shelf->root = folder ? real_path(arena, folder) : NULL;
	return source_new(arena, &calls, shelf);
}

/* --- As one value --- */

static const char *const kind_words[] = {
	[SOURCE_NONE] = "", [SOURCE_FILE] = "file", [SOURCE_DIRECTORY] = "directory",
	[SOURCE_LINK] = "link", [SOURCE_OTHER] = "",
};

/* Bytes of contents of at most so many each. */
static size_t bytes_of_bodies(const struct record *record, size_t most)
{
	size_t bytes = 0;

	for (size_t i = 0; i < record->count; i++) {
		if (record->files[i].body && record->files[i].size <= most)
			bytes += record->files[i].size;
	}
	return bytes;
}

struct value *record_pack(struct arena *arena, const struct record *record, size_t most,
	size_t bodies_most)
{
	struct value *packed = value_list(arena);
	bool bodies = bytes_of_bodies(record, most) <= bodies_most;

	for (size_t i = 0; i < record->count; i++) {
		const struct record_file *file = &record->files[i];
		struct value *one = value_map(arena);
		struct record_file loaded;

		if (file->size <= most && (bodies || !file->body)) {
			loaded = record_load(arena, record, file);
			file = &loaded;
		}
		value_set_string(arena, one, "path", file->path);
		value_set_string(arena, one, "kind", kind_words[file->kind]);
		value_set_bool(arena, one, "body", file->body);
		value_set_integer(arena, one, "mode", file->mode);
		value_set_string(arena, one, "target", file->target);
		if (file->bytes && file->size <= most && (bodies || !file->body))
			value_set(arena, one, "bytes", value_bytes(arena, file->bytes, file->size));
		else if (file->kind == SOURCE_FILE)
			value_set_string(arena, one, "left_out", file->left_out ? file->left_out
				: "it is too large");
		value_append(arena, packed, one);
	}
	return packed;
}

enum { PACKED_MOST = 64 << 20 };

#define TEXT(key) { key, SHAPE_TEXT, 0, PACKED_MOST, NULL, NULL }
#define END { NULL, SHAPE_END, 0, 0, NULL, NULL }

static const struct shape one_text[] = { TEXT(NULL) };

const struct shape record_how[] = {
	{ "inventories", SHAPE_LIST, 0, PACKED_MOST, one_text, NULL },
	{ "extra", SHAPE_LIST, 0, PACKED_MOST, one_text, NULL },
	{ "roles", SHAPE_LIST, 0, PACKED_MOST, one_text, NULL },
	TEXT("key"), TEXT("undo"), TEXT("limit"), TEXT("head"), TEXT("dirty"),
	/* What other versions have beside it. */
	{ "*", SHAPE_ANY, SHAPE_MANY_KEYS, PACKED_MOST, NULL, NULL },
	END,
};

static const struct shape file_keys[] = {
	{ "path", SHAPE_TEXT, SHAPE_NEEDED, PACKED_MOST, NULL, NULL }, TEXT("kind"),
	{ "body", SHAPE_BOOL, 0, 0, NULL, NULL }, { "mode", SHAPE_INTEGER, 0, 07777, NULL, NULL },
	TEXT("target"), { "bytes", SHAPE_BYTES, 0, PACKED_MOST, NULL, NULL }, TEXT("left_out"),
	{ "*", SHAPE_ANY, SHAPE_MANY_KEYS, PACKED_MOST, NULL, NULL },
	END,
};
static const struct shape one_file[] = { { NULL, SHAPE_MAP, 0, 0, file_keys, NULL } };

const struct shape record_packed[] = {
	{ "playbook", SHAPE_TEXT, SHAPE_NEEDED, PACKED_MOST, NULL, NULL },
	{ "how", SHAPE_MAP, SHAPE_NEEDED, 0, record_how, NULL },
	{ "files", SHAPE_LIST, SHAPE_NEEDED, PACKED_MOST, one_file, NULL },
	{ "*", SHAPE_ANY, SHAPE_MANY_KEYS, PACKED_MOST, NULL, NULL },
	END,
};

int record_unpack(struct arena *arena, const struct value *packed, struct record **ret_record,
	struct error *err)
{
	struct record *record = record_new(arena);
	struct lookup known = {0};

	if (!packed || packed->kind != VALUE_LIST)
		return error_set(err, HISTORY_DAMAGED, "this is not the record of a run");
	for (size_t i = 0; i < packed->count; i++) {
		const struct value *one = packed->items[i], *bytes = value_get(one, "bytes");
		const char *kind = value_get_string(one, "kind");
		struct record_file file = { .path = value_get_string(one, "path"),
			.body = value_get_bool(one, "body"),
			.mode = (unsigned)value_get_integer(one, "mode", 0) & 07777,
			.target = value_get_string(one, "target"),
			.left_out = value_get_string(one, "left_out") };

		for (int k = SOURCE_FILE; kind && k <= SOURCE_LINK; k++) {
			if (strcmp(kind_words[k], kind) == 0)
				file.kind = (enum source_kind)k;
		}
		if (!file.path || file.kind == SOURCE_NONE || lookup_get(&known, file.path))
			return error_set(err, HISTORY_DAMAGED, "the record of a run is damaged");
		if (bytes && value_text(bytes)) {
			file.bytes = bytes->text;
			file.size = bytes->size;
		}
		lookup_put(arena, &known, file.path, record_add(arena, record, &file));
	}
	*ret_record = record;
	return 0;
}
