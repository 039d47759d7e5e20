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

/* --- The fields of libcyaml, from the table --- */

static const cyaml_schema_field_t *make_fields(struct arena *arena, const struct param *table);

static const cyaml_schema_value_t word = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};
static const cyaml_schema_field_t pair_fields[] = {
	CYAML_FIELD_STRING_PTR("key", CYAML_FLAG_POINTER, struct param_pair, key, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("value", CYAML_FLAG_POINTER, struct param_pair, value, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t pair = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct param_pair, pair_fields),
};

static const cyaml_schema_value_t *make_entry(struct arena *arena, const struct param *param)
{
	cyaml_schema_value_t *entry;

	if (!param->entries)
		return param->into.type == INTO_PAIRS ? &pair : &word;
	entry = arena_alloc(arena, sizeof(*entry));
	*entry = (cyaml_schema_value_t){ .type = CYAML_MAPPING,
		.data_size = (uint32_t)param->into.size,
		.mapping = { .fields = make_fields(arena, param->entries) } };
	return entry;
}

static void set_type(struct arena *arena, const struct param *param, cyaml_schema_value_t *value)
{
	const struct param_into *into = &param->into;

	switch (into->type) {
	case INTO_NOTHING: break;
	case INTO_A_TEXT:
		value->type = CYAML_STRING;
		value->string.max = CYAML_UNLIMITED;
		break;
	case INTO_A_BOOL: value->type = CYAML_BOOL; break;
	case INTO_A_NUMBER: value->type = CYAML_INT; break;
	case INTO_A_CHOICE:
		value->type = CYAML_ENUM;
		value->flags |= CYAML_FLAG_STRICT;
		value->enumeration.strings = into->words;
		value->enumeration.count = (uint32_t)into->word_count;
		break;
	case INTO_A_LIST:
	case INTO_PAIRS:
		value->type = CYAML_SEQUENCE;
		value->sequence.entry = make_entry(arena, param);
		value->sequence.max = CYAML_UNLIMITED;
		break;
	}
}

static const cyaml_schema_field_t *make_fields(struct arena *arena, const struct param *table)
{
	size_t count = 0, used = 0;
	cyaml_schema_field_t *fields;

	while (table[count].name)
		count++;
	fields = arena_array(arena, count + 1, sizeof(*fields));
	for (const struct param *param = table; param->name; param++) {
		const struct param_into *into = &param->into;
		bool always = (param->flags & PARAM_REQUIRED) || param->otherwise;

		if (into->type == INTO_NOTHING)
			continue;
		fields[used] = (cyaml_schema_field_t){ .key = param->name,
			.data_offset = (uint32_t)into->at, .count_offset = (uint32_t)into->count_at,
			.count_size = (uint8_t)into->count_size };
		fields[used].value.data_size = (uint32_t)into->size;
		fields[used].value.flags = (into->pointer ? CYAML_FLAG_POINTER : CYAML_FLAG_DEFAULT)
			| (always ? CYAML_FLAG_DEFAULT : CYAML_FLAG_OPTIONAL);
		set_type(arena, param, &fields[used++].value);
	}
	fields[used] = (cyaml_schema_field_t)CYAML_FIELD_END;
	return fields;
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
		.mapping = { .fields = module->params_size ? make_fields(arena, module->params) : NULL },
	};
	cyaml_data_t *params = NULL;
	cyaml_err_t result;

	if (module->params_size == 0) {
		*ret_params = arena_alloc(arena, 1);
		return 0;
	}
	result = cyaml_load_data((const uint8_t *)yaml, size, &config, &schema, &params, NULL);
	if (result != CYAML_OK) {
		join_lines(message);
		return error_set(err, AGENT_BAD_TASK, "the parameters of %s can't be loaded: %s%s%s",
			module->name, cyaml_strerror(result), message[0] ? ": " : "", message);
	}
	if (!params)
		return error_set(err, BEOPLAY_BUG, "there are no parameters for %s", module->name);
	*ret_params = params;
	return 0;
}
