/* module_things: what a test puts on the machine in memory, and finds there. */
#include "module_bench.h"

#include "base/digest.h"

#include <stdlib.h>
#include <string.h>

struct bench_file *bench_find(struct bench *bench, const char *path)
{
	for (size_t i = 0; i < bench->file_count; i++) {
		if (strcmp(bench->files[i].path, path) == 0)
			return &bench->files[i];
	}
	return NULL;
}

struct bench_file *bench_place(struct bench *bench, const char *path)
{
	struct bench_file *file = bench_find(bench, path);

	if (!file) {
		if (bench->file_count == BENCH_FILES)
			abort();
		file = &bench->files[bench->file_count++];
		*file = (struct bench_file){ .path = arena_string(bench->arena, path) };
		file->info.uid = bench->uid;
		file->info.gid = bench->uid;
	}
	return file;
}

void bench_put(struct bench *bench, const char *path, unsigned mode, const char *bytes,
	size_t size)
{
	struct bench_file *file = bench_place(bench, path);

	file->info.kind = FILE_REGULAR;
	file->info.mode = mode;
	file->info.size = (int64_t)size;
	file->info.links = 1;
	file->info.target = NULL;
	file->bytes = arena_bytes(bench->arena, bytes, size);
	file->size = size;
}

void bench_file(struct bench *bench, const char *path, unsigned mode, const char *text)
{
	bench_put(bench, path, mode, text, strlen(text));
}

void bench_directory(struct bench *bench, const char *path, unsigned mode)
{
	struct bench_file *file = bench_place(bench, path);

	file->info.kind = FILE_DIRECTORY;
	file->info.mode = mode;
}

void bench_link(struct bench *bench, const char *path, const char *target)
{
	struct bench_file *file = bench_place(bench, path);

	file->info.kind = FILE_LINK;
	file->info.mode = 0777;
	file->info.target = arena_string(bench->arena, target);
}

void bench_remove(struct bench *bench, const char *path)
{
	struct bench_file *file = bench_find(bench, path);

	if (file)
		*file = bench->files[--bench->file_count];
}

const char *bench_text(struct bench *bench, const char *path)
{
	struct bench_file *file = bench_find(bench, path);

	return file && file->info.kind == FILE_REGULAR ? file->bytes : NULL;
}

static int by_path(const void *one, const void *other)
{
	return strcmp(((const struct bench_file *)one)->path,
		((const struct bench_file *)other)->path);
}

static int by_user(const void *one, const void *other)
{
	return strcmp(((const struct user_info *)one)->name, ((const struct user_info *)other)->name);
}

static int by_group(const void *one, const void *other)
{
	return strcmp(((const struct group_info *)one)->name,
		((const struct group_info *)other)->name);
}

const char *bench_snapshot(struct bench *bench)
{
	struct bench *copy = arena_alloc(bench->arena, sizeof(*copy));
	struct buffer text = { 0 };
	const char *snapshot;

	*copy = *bench;
	qsort(copy->files, copy->file_count, sizeof(*copy->files), by_path);
	qsort(copy->users, copy->user_count, sizeof(*copy->users), by_user);
	qsort(copy->groups, copy->group_count, sizeof(*copy->groups), by_group);
	buffer_printf(&text, "name %s\n", copy->name);
	for (size_t i = 0; i < copy->user_count; i++) {
		const struct user_info *user = &copy->users[i];

		buffer_printf(&text, "user %s %u:%u %s %s %s\n", user->name, user->uid, user->gid,
			user->comment, user->home, user->shell);
	}
	for (size_t i = 0; i < copy->group_count; i++)
		buffer_printf(&text, "group %s %u\n", copy->groups[i].name, copy->groups[i].gid);
	for (size_t i = 0; i < copy->file_count; i++) {
		const struct bench_file *file = &copy->files[i];

		buffer_printf(&text, "file %s %d %04o %u:%u %s\n%s\n", file->path,
			(int)file->info.kind, file->info.mode, file->info.uid, file->info.gid,
			file->info.target ? file->info.target : "",
			file->info.kind == FILE_REGULAR ? file->bytes : "");
	}
	snapshot = arena_bytes(bench->arena, text.data, text.size);
	buffer_free(&text);
	return snapshot;
}

void bench_user(struct bench *bench, const char *name, uid_t uid, const char *home)
{
	bench->users[bench->user_count++] = (struct user_info){
		.exists = true, .name = name, .uid = uid, .gid = uid, .comment = "", .home = home,
		.shell = "/bin/sh",
	};
	bench->groups[bench->group_count++] = (struct group_info){
		.exists = true, .name = name, .gid = uid,
	};
}

const char *bench_body(struct bench *bench, const char *text)
{
	char digest[DIGEST_HEX_SIZE];

	digest_bytes(text, strlen(text), digest);
	value_set_string(bench->arena, bench->bodies, digest, text);
	return arena_string(bench->arena, digest);
}

struct bench_command *bench_command(struct bench *bench, const char *begins, int status,
	const char *output)
{
	struct bench_command *command = &bench->commands[bench->command_count++];

	*command = (struct bench_command){
		.begins = begins, .status = status, .output = output, .errors = "",
	};
	return command;
}
