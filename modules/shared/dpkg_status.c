/* dpkg_status: which packages a machine has, as dpkg and apt wrote it down. */
#include "modules/shared/dpkg_status.h"
#include "modules/errors.h"

#include <stdlib.h>
#include <string.h>

#define UPDATES_PATH "/var/lib/dpkg/updates"
#define AUTOMATIC_PATH "/var/lib/apt/extended_states"

enum { LIST_MOST = 16 << 20 };

/* --- Stanzas */

struct reader {
	char *at;
	char *end;
	unsigned line;
};

struct field {
	const char *name;
	char *value;
};

/* The next field, its value cut off at the end of its first line: continuations hold nothing that
 * is read here. 1: a field; 0: the stanza ends; -1. */
static int next_field(struct reader *reader, struct field *ret_field, struct error *err)
{
	char *line = reader->at;
	char *end;
	char *colon;

	do {
		line = reader->at;
		if (line >= reader->end)
			return 0;
		end = memchr(line, '\n', (size_t)(reader->end - line));
		if (!end)
			return error_set(err, HOST_FILE_INVALID, "it ends within line %u", reader->line + 1);
		reader->at = end + 1;
		reader->line++;
	} while (*line == ' ' || *line == '\t');
	if (line == end)
		return 0;
	*end = '\0';
	colon = memchr(line, ':', (size_t)(end - line));
	if (!colon || strlen(line) != (size_t)(end - line))
		return error_set(err, HOST_FILE_INVALID, "line %u is malformed", reader->line);
	*colon = '\0';
	*ret_field = (struct field){ line, colon + 1 + strspn(colon + 1, " \t") };
	return 1;
}

static enum dpkg_state state_of(const char *flag, const char *state)
{
	if (strcmp(state, "not-installed") == 0)
		return DPKG_ABSENT;
	if (strcmp(state, "config-files") == 0)
		return DPKG_CONFIG_FILES;
	if (strcmp(flag, "ok") == 0 && strcmp(state, "installed") == 0)
		return DPKG_INSTALLED;
	return DPKG_BROKEN;
}

/* "install ok installed" */
static int take_status(struct dpkg_package *package, char *text, unsigned line, struct error *err)
{
	char *flag = strchr(text, ' ');
	char *state = flag ? strchr(flag + 1, ' ') : NULL;

	if (!state || strchr(state + 1, ' '))
		return error_set(err, HOST_FILE_INVALID, "the status in line %u is malformed", line);
	*flag++ = '\0';
	*state++ = '\0';
	package->held = strcmp(text, "hold") == 0;
	package->state = state_of(flag, state);
	return 0;
}

static int take_field(struct dpkg_package *package, const struct field *field, unsigned line,
	struct error *err)
{
	const struct {
		const char *name;
		const char **value;
	} plain[] = {
		{ "Package", &package->name },
		{ "Architecture", &package->architecture },
		{ "Version", &package->version },
		{ "Depends", &package->depends },
		{ "Pre-Depends", &package->pre_depends },
		{ "Recommends", &package->recommends },
		{ "Provides", &package->provides },
		{ "Section", &package->section },
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (strcmp(field->name, plain[i].name) == 0) {
			*plain[i].value = field->value;
			return 0;
		}
	}
	if (strcmp(field->name, "Status") == 0)
		return take_status(package, field->value, line, err);
	if (strcmp(field->name, "Essential") == 0 || strcmp(field->name, "Protected") == 0)
		package->essential |= strcmp(field->value, "yes") == 0;
	return 0;
}

/* 1: a package; 0: the end; -1. */
static int next_package(struct reader *reader, struct dpkg_package *ret_package, struct error *err)
{
	struct dpkg_package package = { .architecture = "" };
	struct field field;
	unsigned begin;
	int result;

	while (reader->at < reader->end && *reader->at == '\n') {
		reader->at++;
		reader->line++;
	}
	begin = reader->line + 1;
	if (reader->at >= reader->end)
		return 0;
	while ((result = next_field(reader, &field, err)) > 0) {
		if (take_field(&package, &field, reader->line, err) < 0)
			return -1;
	}
	if (result < 0)
		return -1;
	if (!package.name || !package.name[0])
		return error_set(err, TASK_MISSING_PARAMETER, "what begins in line %u names no package",
			begin);
	*ret_package = package;
	return 1;
}

static int compare(const void *left, const void *right)
{
	const struct dpkg_package *one = left;
	const struct dpkg_package *other = right;
	int order = strcmp(one->name, other->name);

	return order ? order : strcmp(one->architecture, other->architecture);
}

int dpkg_status_parse(struct arena *arena, char *text, size_t size,
	struct dpkg_status *ret_status, struct error *err)
{
	struct reader reader = { .at = text, .end = text + size };
	struct dpkg_status status = { 0 };
	size_t capacity = 0;
	struct dpkg_package package;
	int result;

	while ((result = next_package(&reader, &package, err)) > 0) {
		if (status.count >= DPKG_PACKAGES_MOST)
			return error_set(err, HOST_FILE_INVALID, "it holds too many packages");
		if (status.count == capacity) {
			capacity = capacity ? 2 * capacity : 512;
			status.packages = arena_grow(arena, status.packages,
				status.count * sizeof(package), capacity * sizeof(package));
		}
		status.packages[status.count++] = package;
		status.interrupted |= package.state == DPKG_BROKEN;
	}
	if (result < 0)
		return -1;
	if (status.count > 0)
		qsort(status.packages, status.count, sizeof(package), compare);
	*ret_status = status;
	return 0;
}

/* apt writes the machine's own architecture for packages that are for all. */
static void mark_automatic(struct dpkg_status *status, struct dpkg_package key)
{
	struct dpkg_package *found;

	if (status->count == 0)
		return;
	found = bsearch(&key, status->packages, status->count, sizeof(key), compare);
	if (!found) {
		key.architecture = "all";
		found = bsearch(&key, status->packages, status->count, sizeof(key), compare);
	}
	if (found)
		found->automatic = true;
}

int dpkg_status_parse_automatic(struct dpkg_status *status, char *text, size_t size,
	struct error *err)
{
	struct reader reader = { .at = text, .end = text + size };
	struct dpkg_package key = { .architecture = "" };
	struct field field;
	bool automatic = false;
	int result;

	do {
		result = next_field(&reader, &field, err);
		if (result > 0 && strcmp(field.name, "Package") == 0)
			key.name = field.value;
		if (result > 0 && strcmp(field.name, "Architecture") == 0)
			key.architecture = field.value;
		if (result > 0 && strcmp(field.name, "Auto-Installed") == 0)
			automatic = strcmp(field.value, "1") == 0;
		if (result > 0)
			continue;
		if (key.name && automatic)
			mark_automatic(status, key);
		key = (struct dpkg_package){ .architecture = "" };
		automatic = false;
	} while (result > 0 || (result == 0 && reader.at < reader.end));
	return result;
}

static int read_automatic(struct host *host, struct dpkg_status *status, struct error *err)
{
	struct file_info info;
	char *text;
	size_t size;

	if (host_stat(host, AUTOMATIC_PATH, &info, err) < 0)
		return -1;
	if (info.kind != FILE_REGULAR)
		return 0;
	if (host_read(host, AUTOMATIC_PATH, DPKG_STATUS_MOST, &text, &size, err) < 0)
		return -1;
	return dpkg_status_parse_automatic(status, text, size, err);
}

/* What dpkg notes while it works lies there as long as it has not ended well. */
static int look_at_updates(struct host *host, struct dpkg_status *status, struct error *err)
{
	struct file_info info;
	struct file_name *names;
	size_t count;

	if (host_stat(host, UPDATES_PATH, &info, err) < 0)
		return -1;
	if (info.kind != FILE_DIRECTORY)
		return 0;
	if (host_list(host, UPDATES_PATH, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		status->interrupted |= names[i].name[strspn(names[i].name, "0123456789")] == '\0';
	return 0;
}

int dpkg_status_read(struct host *host, struct dpkg_status *ret_status, struct error *err)
{
	struct file_info info;
	struct error inner = { 0 };
	char *text;
	size_t size;

	if (host_stat(host, DPKG_STATUS_PATH, &info, err) < 0)
		return -1;
	if (info.kind != FILE_REGULAR) {
		error_set(err, APT_PACKAGES_NOT_DEBIAN, "there is no '"
			DPKG_STATUS_PATH "': this is not a Debian machine");
		return error_remedy(err, "packages are managed on Debian and what is made from it");
	}
	if (host_read(host, DPKG_STATUS_PATH, DPKG_STATUS_MOST, &text, &size, err) < 0)
		return -1;
	if (dpkg_status_parse(host_arena(host), text, size, ret_status, &inner) < 0)
		return error_set(err, HOST_FILE_INVALID, "cannot understand '" DPKG_STATUS_PATH "': %s",
			inner.message);
	if (read_automatic(host, ret_status, err) < 0)
		return -1;
	return look_at_updates(host, ret_status, err);
}

int dpkg_files(struct host *host, const struct dpkg_package *package, char **ret_text,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *list = arena_printf(arena, "/var/lib/dpkg/info/%s.list", package->name);
	struct file_info info;
	size_t size;

	*ret_text = NULL;
	if (host_stat(host, list, &info, err) < 0)
		return -1;
	if (info.kind == FILE_NONE) {
		list = arena_printf(arena, "/var/lib/dpkg/info/%s:%s.list", package->name,
			package->architecture);
		if (host_stat(host, list, &info, err) < 0)
			return -1;
	}
	return info.kind == FILE_REGULAR ? host_read(host, list, LIST_MOST, ret_text, &size, err) : 0;
}

/* --- Finding */

static size_t first_of(const struct dpkg_status *status, const char *name, size_t size)
{
	size_t low = 0;
	size_t high = status->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strncmp(status->packages[middle].name, name, size);

		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool name_is(const struct dpkg_package *package, const char *name, size_t size)
{
	return strncmp(package->name, name, size) == 0 && package->name[size] == '\0';
}

const struct dpkg_package *dpkg_find(const struct dpkg_status *status, const char *name)
{
	size_t size = strcspn(name, ":");
	const char *architecture = name[size] ? name + size + 1 : NULL;
	const struct dpkg_package *found = NULL;

	for (size_t i = first_of(status, name, size); i < status->count; i++) {
		const struct dpkg_package *package = &status->packages[i];

		if (!name_is(package, name, size))
			break;
		if (architecture && strcmp(architecture, "any") != 0 &&
		    strcmp(architecture, package->architecture) != 0)
			continue;
		if (!found || package->state > found->state)
			found = package;
	}
	return found;
}

bool dpkg_is_installed(const struct dpkg_status *status, const char *name)
{
	const struct dpkg_package *package = dpkg_find(status, name);

	return package && package->state == DPKG_INSTALLED;
}

const struct dpkg_package *dpkg_same(const struct dpkg_status *status,
	const struct dpkg_package *package)
{
	if (status->count == 0)
		return NULL;
	return bsearch(package, status->packages, status->count, sizeof(*package), compare);
}

/* --- Relations: "a (>= 1) | b:any, c" */

struct relation {
	const char *name;
	size_t size;
	bool alternative;       /* another one of the same group follows */
};

/* The next name at *at; false at the end. */
static bool next_relation(const char **at, struct relation *ret_relation)
{
	const char *text = *at + strspn(*at, " \t,|");
	size_t rest;

	if (!*text)
		return false;
	ret_relation->name = text;
	ret_relation->size = strcspn(text, " \t(:,|[<");
	rest = ret_relation->size + strcspn(text + ret_relation->size, ",|");
	ret_relation->alternative = text[rest] == '|';
	*at = text + rest;
	return true;
}

static bool provides(const struct dpkg_package *package, const char *name, size_t size)
{
	const char *at = package->provides;
	struct relation relation;

	while (at && next_relation(&at, &relation)) {
		if (relation.size == size && memcmp(relation.name, name, size) == 0)
			return true;
	}
	return false;
}

const struct dpkg_package *dpkg_provider(const struct dpkg_status *status, const char *virtual)
{
	for (size_t i = 0; i < status->count; i++) {
		if (status->packages[i].state == DPKG_INSTALLED &&
		    provides(&status->packages[i], virtual, strlen(virtual)))
			return &status->packages[i];
	}
	return NULL;
}

/* --- What is needed */

struct keeper {
	const struct dpkg_status *status;
	bool *candidates;
	const bool *only;        /* NULL: any candidate may be kept */
	bool again;
};

static bool here(const struct dpkg_package *package)
{
	return package->state == DPKG_INSTALLED || package->state == DPKG_BROKEN;
}

/* Whether one that stays fulfils it; if none does, a candidate that would. */
static bool fulfilled(struct keeper *keeper, const struct relation *relation, size_t *candidate)
{
	const struct dpkg_status *status = keeper->status;

	for (size_t i = 0; i < status->count; i++) {
		const struct dpkg_package *package = &status->packages[i];

		if (!here(package) || (!name_is(package, relation->name, relation->size) &&
				!provides(package, relation->name, relation->size)))
			continue;
		if (!keeper->candidates[i])
			return true;
		if (*candidate == status->count)
			*candidate = i;
	}
	return false;
}

static void keep_related(struct keeper *keeper, const char *relations)
{
	const char *at = relations;
	struct relation relation;
	size_t candidate = keeper->status->count;
	bool met = false;

	while (at && next_relation(&at, &relation)) {
		met = met || fulfilled(keeper, &relation, &candidate);
		if (relation.alternative)
			continue;
		if (!met && candidate < keeper->status->count &&
		    (!keeper->only || keeper->only[candidate])) {
			keeper->candidates[candidate] = false;
			keeper->again = true;
		}
		candidate = keeper->status->count;
		met = false;
	}
}

/* A relation can matter only if a candidate's name, or what it provides, is in it: most packages of
 * a machine have nothing to do with the few candidates. */
static bool may_matter(const struct keeper *keeper, const char *relations)
{
	if (!relations)
		return false;
	for (size_t i = 0; i < keeper->status->count; i++) {
		if (keeper->candidates[i] && (keeper->status->packages[i].provides ||
				strstr(relations, keeper->status->packages[i].name)))
			return true;
	}
	return false;
}

static void keep_for(struct keeper *keeper, const char *relations)
{
	if (may_matter(keeper, relations))
		keep_related(keeper, relations);
}

void dpkg_keep_needed(const struct dpkg_status *status, bool *candidates, const bool *recommended)
{
	struct keeper keeper = { .status = status, .candidates = candidates };

	do {
		keeper.again = false;
		for (size_t i = 0; i < status->count; i++) {
			const struct dpkg_package *package = &status->packages[i];

			if (candidates[i] || !here(package))
				continue;
			keeper.only = NULL;
			keep_for(&keeper, package->pre_depends);
			keep_for(&keeper, package->depends);
			keeper.only = recommended;
			if (recommended)
				keep_for(&keeper, package->recommends);
		}
	} while (keeper.again);
}
