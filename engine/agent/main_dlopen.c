/* main_dlopen: the agent loads nothing at run time.
 *
 * A static program that calls dlopen would look for the libraries of another glibc on the node.
 * Only SQLite knows these calls, for extensions, which the ledger never has: they fail. */
#include <stddef.h>

void *__wrap_dlopen(const char *file, int mode);
void *__wrap_dlsym(void *handle, const char *name);
char *__wrap_dlerror(void);
int __wrap_dlclose(void *handle);

void *__wrap_dlopen(const char *file, int mode)
{
	(void)file;
	(void)mode;
	return NULL;
}

void *__wrap_dlsym(void *handle, const char *name)
{
	(void)handle;
	(void)name;
	return NULL;
}

char *__wrap_dlerror(void)
{
	return NULL;
}

int __wrap_dlclose(void *handle)
{
	(void)handle;
	return -1;
}
