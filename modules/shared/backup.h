/* backup: the file that was there before, kept beside the new one as NAME.DATE~. */
#ifndef MODULES_BACKUP_H
#define MODULES_BACKUP_H

#include "module/module.h"

/* What it is called if it is made now; a name that is free. */
int backup_path(struct host *host, const char *path, const char **ret_backup, struct error *err);
/* An undo brings the file itself back; then its backup goes. */
void backup_invert(struct inverses *inverses, const char *backup);

#endif
