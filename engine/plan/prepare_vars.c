/* prepare_vars: a file of variables, each filled in with those beside it that it reads. */
#include "plan/preparing.h"

#include "expression/expression.h"
#include "playbook/play.h"

#include <string.h>

/* Whether it reads one of the file's that isn't there yet. */
static bool waits(struct prepare *prepare, const struct value *vars, const bool *done,
	const struct value *value)
{
	struct value *names = value_list(prepare->arena);
	struct error ignored = {0};

	if (expression_names(prepare->arena, value, names, &ignored) < 0)
		return false;
	for (size_t i = 0; i < names->count; i++) {
		for (size_t k = 0; k < vars->count; k++) {
			if (!done[k] && strcmp(vars->pairs[k].key, value_text(names->items[i])) == 0)
				return true;
		}
	}
	return false;
}

/* All that can be done now; last: what waits for itself isn't waited for. */
static int fill_some(struct prepare *prepare, const struct value *vars, bool *done, bool last,
	struct value *filled, struct error *err)
{
	for (size_t i = 0; i < vars->count; i++) {
		const struct value_pair *pair = value_pair_at(vars, i);
		struct value *value;

		if (done[i] || (!last && waits(prepare, vars, done, pair->value)))
			continue;
		if (expression_fill(prepare->arena, prepare->scope, pair->value, &value, err) < 0)
			return error_place(err, pair->place);
		value_set_at(prepare->arena, filled, pair->key, pair->place, value);
		scope_expect(prepare->scope, pair->key, value);
		done[i] = true;
	}
	return 0;
}

int prepare_vars(struct prepare *prepare, const char *path, struct value **ret_vars,
	struct error *err)
{
	struct value *vars, *text, *filled = value_map(prepare->arena);
	size_t before;
	bool *done;

	if (prepare_text(prepare, path, &text, err) < 0
			|| playbook_vars(prepare->arena, path, text->text, text->size, &vars, err) < 0)
		return -1;
	if (text->level > LEVEL_OPEN)
		value_raise(vars, text->level);
	done = arena_array(prepare->arena, vars->count + 1, sizeof(*done));
	do {
		before = filled->count;
		if (fill_some(prepare, vars, done, false, filled, err) < 0)
			return -1;
	} while (filled->count > before);
	*ret_vars = filled;
	return fill_some(prepare, vars, done, true, filled, err);
}
