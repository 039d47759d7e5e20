/* vars_file: a file of variables. */
#include "playbook/build.h"

#include "yaml/tree.h"

int playbook_vars(struct arena *arena, const char *path, const char *bytes, size_t size,
	struct value **ret_vars, struct error *err)
{
	struct play_reader reader = { .arena = arena, .err = err };
	struct value_pair pair = { .key = path };

	*ret_vars = value_map(arena);
	if (tree_parse(arena, path, bytes, size, &pair.value, err) < 0)
		return -1;
	if (pair.value->kind == VALUE_NULL || pair.value->kind == VALUE_MAP)
		return keyword_vars(&reader, &pair, ret_vars);
	return error_at(err, VARIABLE_INVALID_FORMAT, pair.value->place, "a file of variables holds "
		"'name: value' lines, this is %s", value_kind_name(pair.value));
}
