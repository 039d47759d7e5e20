/* boot: which files set a key when the machine starts.
 *
 * With systemd: those of four folders, by their names, each name once (sysctl.d(5)). Else sysctl(8)
 * --system, which reads /etc/sysctl.conf behind them. */
#include "modules/sysctl/sysctl.h"

#include <stdlib.h>
#include <string.h>

enum { FILES_MOST = 256, SIZE_MOST = 1 << 20 };

struct boot_file {
	const char *name;
	const char *path;        /* where its content is: of a link what it leads to */
};

struct boot_files {
	struct boot_file items[FILES_MOST];
	size_t count;
};

static void add(struct boot_files *files, const char *name, const char *path)
{
	size_t size = strlen(name);

	if (files->count == FILES_MOST || size < 5 || strcmp(name + size - 5, ".conf") != 0)
		return;
	for (size_t i = 0; i < files->count; i++) {
		if (strcmp(files->items[i].name, name) == 0)
			return;
	}
	files->items[files->count++] = (struct boot_file){ name, path };
}

/* "../sysctl.conf" of /etc/sysctl.d is /etc/sysctl.conf. */
static const char *led_to(struct arena *arena, const char *folder, const char *target)
{
	size_t size = strlen(folder);

	if (*target == '/')
		return target;
	while (strncmp(target, "../", 3) == 0) {
		target += 3;
		while (size > 0 && folder[--size] != '/')
			;
	}
	return arena_printf(arena, "%.*s/%s", (int)size, folder, target);
}

/* path: a file that may not be there yet. */
static int add_folder(struct host *host, struct boot_files *files, const char *folder,
	const char *path, struct error *err)
{
	struct arena *arena = host_arena(host);
	struct file_name *names;
	struct file_info info;
	size_t count, size = strlen(folder);

	if (strncmp(path, folder, size) == 0 && path[size] == '/' && !strchr(path + size + 1, '/'))
		add(files, path + size + 1, path);
	if (host_stat(host, folder, &info, err) < 0)
		return -1;
	if (info.kind != FILE_DIRECTORY)
		return 0;
	if (host_list(host, folder, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		add(files, names[i].name, names[i].info.kind == FILE_LINK
			? led_to(arena, folder, names[i].info.target)
			: arena_printf(arena, "%s/%s", folder, names[i].name));
	return 0;
}

static int by_name(const void *one, const void *other)
{
	return strcmp(((const struct boot_file *)one)->name, ((const struct boot_file *)other)->name);
}

/* "" for what can't be read: it is no more than a hint. */
static const char *text_of(struct host *host, const char *path)
{
	struct error ignored = {0};
	struct file_info info;
	char *text;

	if (host_stat(host, path, &info, &ignored) < 0 || info.kind != FILE_REGULAR
			|| info.size > SIZE_MOST
			|| host_read_text(host, path, SIZE_MOST, &text, &ignored) < 0)
		return "";
	return text;
}

static void judge(struct host *host, const struct boot_files *files,
	const struct sysctl_params *want, struct sysctl_state *have)
{
	struct sysctl_boot *boot = &have->boot;

	boot->unread = true;
	for (size_t i = 0; i < files->count; i++) {
		const char *path = files->items[i].path;
		struct sysctl_line line;

		if (strcmp(path, want->file) == 0) {
			*boot = (struct sysctl_boot){0};
			continue;
		}
		line = sysctl_last(text_of(host, path), have->key);
		if (!line.at || boot->unread)
			continue;
		boot->file = path;
		boot->value = arena_bytes(host_arena(host), line.value, line.value_size);
	}
}

int sysctl_look_at_boot(struct host *host, const struct sysctl_params *want,
	struct sysctl_state *have, struct error *err)
{
	static const char *const folders[] = {
		"/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d",
	};
	/* A task before that writes another file there has no say in what this one changes. */
	struct host *quiet = host_quiet(host);
	struct boot_files *files = arena_alloc(host_arena(host), sizeof(*files));
	struct file_info systemd;

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		if (add_folder(quiet, files, folders[i], want->file, err) < 0)
			return -1;
	}
	qsort(files->items, files->count, sizeof(*files->items), by_name);
	if (host_stat(quiet, "/run/systemd/system", &systemd, err) < 0)
		return -1;
	if (systemd.kind == FILE_NONE && files->count < FILES_MOST)
		files->items[files->count++] = (struct boot_file){ "sysctl.conf", "/etc/sysctl.conf" };
	judge(quiet, files, want, have);
	return 0;
}
