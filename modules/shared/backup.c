/* backup: the file that was there before, kept beside the new one as NAME.DATE~. */
#include "modules/shared/backup.h"

#include <time.h>

/* Two in one second: the later one gets the next. */
int backup_path(struct host *host, const char *path, const char **ret_backup, struct error *err)
{
	struct file_info info;
	time_t now = time(NULL);

	do {
		char date[32] = "";
		struct tm parts;

		if (localtime_r(&now, &parts))
			strftime(date, sizeof(date), "%Y-%m-%d@%H:%M:%S", &parts);
		*ret_backup = arena_printf(host_arena(host), "%s.%s~", path, date);
		if (host_stat(host, *ret_backup, &info, err) < 0)
			return -1;
		now++;
	} while (info.kind != FILE_NONE);
	return 0;
}

void backup_invert(struct inverses *inverses, const char *backup)
{
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);

	value_set_string(arena, back, "path", backup);
	value_set_string(arena, back, "state", "absent");
	value_set_string(arena, back, "up_to", backup);
	/* No path: whether the file itself is as it was left says nothing about this one. */
	inverses_add(inverses, &(struct inverses_entry){
		.resource = arena_printf(arena, "backup:%s", backup + 1), .module = "file",
		.params = back });
}
