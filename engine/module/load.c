/* load: normalised text → a module's parameters, through libcyaml, all memory in an arena. */
#include "module/module.h"

#include <cyaml/cyaml.h>
#include <stdio.h>
#include <string.h>

/* What libcyaml allocates knows its capacity, as it grows lists by one entry at a time. */
struct block {
	size_t capacity;
	max_align_t start[];
};

static void *block_resize(void *context, void *pointer, size_t size)
{
	struct block *old = pointer ? (struct block *)(void *)((char *)pointer - offsetof(struct block,
		start)) : NULL;
	struct block *block;

	if (size == 0)
		return NULL;   /* given back with the arena */
	if (old && old->capacity >= size)
		return pointer;
	block = arena_alloc(context, sizeof(*block) + (old ? 2 * size : size));
	block->capacity = old ? 2 * size : size;
	if (old)
		memcpy(block->start, old->start, old->capacity);
	return block->start;
}

/* Keeps the first lines that libcyaml says: the problem, and where it is. */
static void keep_message(cyaml_log_t level, void *context, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));
static void keep_message(cyaml_log_t level, void *context, const char *format, va_list args)
{
	char *message = context;
	size_t used = strlen(message);

	(void)level;
	if (used < 512)
		vsnprintf(message + used, 1024 - used, format, args);
}

static void join_lines(char *message)
{
	size_t size = strlen(message);

	while (size > 0 && message[size - 1] == '\n')
		message[--size] = '\0';
	for (; *message; message++) {
		if (*message == '\n')
			*message = ';';
	}
}

int module_load(struct arena *arena, const struct module *module, const char *yaml, size_t size,
	void **ret_params, struct error *err)
{
	char message[1024] = "";
	const cyaml_config_t config = {
		.log_fn = keep_message,
		.log_ctx = message,
		.mem_fn = block_resize,
		.mem_ctx = arena,
		.log_level = CYAML_LOG_ERROR,
	};
	const cyaml_schema_value_t schema = {
		.type = CYAML_MAPPING,
		.flags = CYAML_FLAG_POINTER,
		.data_size = (uint32_t)module->params_size,
		.mapping = { .fields = module->fields },
	};
	cyaml_data_t *params = NULL;
	cyaml_err_t result;

	if (!module->fields || module->params_size == 0) {
		*ret_params = arena_alloc(arena, 1);
		return 0;
	}
	result = cyaml_load_data((const uint8_t *)yaml, size, &config, &schema, &params, NULL);
	if (result != CYAML_OK) {
		join_lines(message);
		return error_set(err, ERROR_TASK, "the parameters of %s can't be loaded: %s%s%s",
			module->name, cyaml_strerror(result), message[0] ? ": " : "", message);
	}
	if (!params)
		return error_set(err, ERROR_BUG, "there are no parameters for %s", module->name);
	*ret_params = params;
	return 0;
}
