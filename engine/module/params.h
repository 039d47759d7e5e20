/* params: what a user may write as parameters → complete, strict, canonical ones.
 *
 * The table of a module (struct param) says names, kinds, defaults. A normalised map holds only
 * canonical names; a parameter that wasn't given and has no default is absent. Values by kind:
 *     STRING PATH SOURCE PATTERN CHOICE   string
 *     BOOL                                string "true" or "false"
 *     INTEGER DURATION                    string, decimal (seconds)
 *     MODE                                string, "0644" or "u=rw,g=r"
 *     LIST                                list of strings
 *     MAP                                 list of {key, value}
 *     RECORDS                             list of maps, normalised in turn
 * or UNKNOWN, wherever something isn't known yet. Secret and data flags stay.
 * params_write gives the one text that both ends load with libcyaml (module/module.h). */
#ifndef MODULES_PARAMS_H
#define MODULES_PARAMS_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/value.h"
#include "module/module.h"

#include <stdbool.h>

/* raw is filled in already. Internal parameters may be given too (allow_internal: for inverses,
 * which are stored as a user would write them). Patterns are taken as they are, and module->check
 * isn't called: see playbook/task_params.h. */
int params_canonical(struct arena *arena, const struct module *module, const struct value *raw,
	struct place place, bool allow_internal, struct value **ret_params, struct error *err);

/* Appends normalised params as YAML, all scalars double quoted; a value that is unknown is an error
 * (kind BUG): ask value_unknown_inside before. Empty lists and maps are written as []. */
int params_write(struct buffer *out, const struct module *module, const struct value *params,
	struct error *err);

/* Whether it has a parameter with PARAM_HOST. What is written of it is the same for all hosts: a machine
 * adds its own name where it is used. */
bool params_want_host(const struct module *module);
/* What params_write has written, with that name, if the module wants it. */
const char *params_with_host(struct arena *arena, const struct module *module, const char *written,
	const char *host);

/* Appends those lines of written params that say what is wished: none of PARAM_ASIDE, and not where
 * on the controller it came from. */
void params_wish(struct buffer *out, const struct module *module, const char *written);

/* What params, as a user wrote them, have for it, under its name or an alias; or NULL. */
const struct value *param_value(const struct param *param, const struct value *params);
/* The parameter with this name or alias (dashes and underscores differ here); NULL: none. */
const struct param *param_find(const struct param *table, const char *name);
/* "a string", "a list of strings", "true or false", … */
const char *param_kind_name(enum param_kind kind);

/* Strict readings of a scalar, also for keywords of plays. -1 with err. */
int param_bool(const struct value *value, bool *ret_truth, struct error *err);
int param_integer(const struct value *value, int64_t *ret_integer, struct error *err);
int param_duration(const struct value *value, int64_t *ret_seconds, struct error *err);
/* "0644" or canonical symbolic text. */
int param_mode(struct arena *arena, const struct value *value, const char **ret_mode,
	struct error *err);

#endif
