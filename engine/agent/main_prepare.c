/* main_prepare: the half of modules that only a controller needs isn't in the agent. */
#include "module/module.h"

#include <stdlib.h>

/* Modules name these functions in their prepare hooks, which the agent never calls. */
#define NOT_HERE(type, name, ...) \
	type name(__VA_ARGS__); \
	type name(__VA_ARGS__) { abort(); }

#pragma GCC diagnostic ignored "-Wunused-parameter"

NOT_HERE(struct arena *, prepare_arena, struct prepare *prepare)
NOT_HERE(const char *, prepare_host, struct prepare *prepare)
NOT_HERE(const char *, prepare_part, struct prepare *prepare, const char *item)
NOT_HERE(const char *, prepare_user, struct prepare *prepare)
NOT_HERE(int, prepare_hosts, struct prepare *prepare, const char *pattern,
	struct value **ret_names, struct error *err)
NOT_HERE(int, prepare_is_among, struct prepare *prepare, const char *pattern, bool *ret_among,
	struct error *err)
NOT_HERE(bool, prepare_in_play, struct prepare *prepare, const char *host)
NOT_HERE(int, prepare_variable, struct prepare *prepare, const char *host, const char *name,
	struct value **ret_value, struct error *err)
NOT_HERE(int, prepare_give, struct prepare *prepare, const char *address, struct error *err)
NOT_HERE(int, prepare_claim, struct prepare *prepare, const char *host,
	const struct value *name, struct error *err)
NOT_HERE(int, prepare_address, struct prepare *prepare, const char *host,
	const char **ret_address, struct error *err)
NOT_HERE(struct value *, prepare_published, struct prepare *prepare, const char *host,
	const char *module, const char *key)
NOT_HERE(struct value *, prepare_heard, struct prepare *prepare, const char *host,
	const char *module, const char *key)
NOT_HERE(bool, prepare_absent, struct prepare *prepare, const char *host)
NOT_HERE(bool, prepare_lost, struct prepare *prepare, const char *host)
NOT_HERE(struct value *, prepare_host_keys, struct prepare *prepare, const char *host)
NOT_HERE(int, prepare_vars, struct prepare *prepare, const char *path, struct value **ret_vars,
	struct error *err)
NOT_HERE(int, prepare_find, struct prepare *prepare, const char *source, const char *kind,
	const char **ret_path, struct error *err)
NOT_HERE(int, prepare_body, struct prepare *prepare, const char *path, const char **ret_digest,
	int64_t *ret_size, struct error *err)
NOT_HERE(int, prepare_body_bytes, struct prepare *prepare, const void *bytes, size_t size,
	const char **ret_digest, struct error *err)
NOT_HERE(int, prepare_offer, struct prepare *prepare, const char *host, const char *digest,
	int64_t size, struct error *err)
NOT_HERE(int, prepare_keep, struct prepare *prepare, const char *path, const char *result,
	const char **ret_digest, struct error *err)
NOT_HERE(int, prepare_content, struct prepare *prepare, const char *path, struct value **ret_digest,
	int64_t *ret_size, struct error *err)
NOT_HERE(int, prepare_text, struct prepare *prepare, const char *path, struct value **ret_text,
	struct error *err)
NOT_HERE(int, prepare_list, struct prepare *prepare, const char *path,
	struct prepare_entry **ret_entries, size_t *ret_count, struct error *err)
NOT_HERE(int, prepare_stat, struct prepare *prepare, const char *path,
	struct prepare_entry *ret_entry, struct error *err)
NOT_HERE(int, prepare_template, struct prepare *prepare, const char *text, size_t size,
	const char *path, const struct value *settings,
	struct value **ret_text, struct error *err)
NOT_HERE(int, prepare_expression, struct prepare *prepare, const struct value *expression,
	struct value **ret_value, struct error *err)
NOT_HERE(int, prepare_condition, struct prepare *prepare, const struct value *condition,
	struct value **ret_truth, struct error *err)
NOT_HERE(unsigned, prepare_verbosity, struct prepare *prepare)
NOT_HERE(void, prepare_warn, struct prepare *prepare, const char *format, ...)
