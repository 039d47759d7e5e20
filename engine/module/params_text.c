/* params_text: the canonical text of parameters, as it travels and as wishes are compared. */
#include "module/params.h"

#include "base/quote.h"

#include <string.h>

static int write_value(struct buffer *out, const char *name, const struct value *value,
	struct error *err)
{
	switch (value->kind) {
	case VALUE_STRING:
		quote_yaml(out, value->text, value->size);
		return 0;
	case VALUE_LIST:
		buffer_add_string(out, "[");
		for (size_t i = 0; i < value->count; i++) {
			if (i > 0)
				buffer_add_string(out, ", ");
			if (write_value(out, name, value->items[i], err) < 0)
				return -1;
		}
		buffer_add_string(out, "]");
		return 0;
	case VALUE_MAP:
		buffer_add_string(out, "{");
		for (size_t i = 0; i < value->count; i++) {
			buffer_printf(out, "%s%s: ", i > 0 ? ", " : "", value->pairs[i].key);
			if (write_value(out, name, value_at(value, i), err) < 0)
				return -1;
		}
		buffer_add_string(out, "}");
		return 0;
	default:
		return error_set(err, BEOPLAY_BUG, "the parameter '%s' holds %s", name,
			value_kind_name(value));
	}
}

int params_write(struct buffer *out, const struct module *module, const struct value *params,
	struct error *err)
{
	bool empty = true;

	for (const struct param *param = module->params; param && param->name; param++) {
		const struct value *value = value_get(params, param->name);

		if (!value || param->kind == PARAM_ANY)
			continue;
		empty = false;
		buffer_add_string(out, param->name);
		buffer_add_string(out, ": ");
		if (write_value(out, param->name, value, err) < 0)
			return -1;
		buffer_add_string(out, "\n");
	}
	if (empty)
		buffer_add_string(out, "{}\n");
	return 0;
}

static const struct param *host_param(const struct module *module)
{
	const struct param *param = module->params;

	while (param && param->name && !(param->flags & PARAM_HOST))
		param++;
	return param && param->name ? param : NULL;
}

bool params_want_host(const struct module *module)
{
	return host_param(module) != NULL;
}

const char *params_with_host(struct arena *arena, const struct module *module, const char *written,
	const char *host)
{
	const struct param *param = host_param(module);
	struct buffer text = {0};
	const char *with;

	if (!param)
		return written;
	buffer_add_string(&text, written);
	buffer_printf(&text, "%s: ", param->name);
	quote_yaml(&text, host, strlen(host));
	buffer_add_string(&text, "\n");
	with = arena_bytes(arena, text.data, text.size);
	buffer_free(&text);
	return with;
}

static bool is_wish(const struct module *module, const char *line)
{
	size_t size = strcspn(line, ":\n");

	for (const struct param *param = module->params; param && param->name; param++) {
		if (strlen(param->name) == size && strncmp(param->name, line, size) == 0)
			return !(param->flags & PARAM_ASIDE) && param->kind != PARAM_SOURCE;
	}
	return true;
}

void params_wish(struct buffer *out, const struct module *module, const char *written)
{
	while (written && *written) {
		size_t size = strcspn(written, "\n");

		if (is_wish(module, written))
			buffer_add(out, written, size + (written[size] == '\n'));
		written += size + (written[size] == '\n');
	}
}
