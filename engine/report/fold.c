/* fold: many host names in few characters, as ClusterShell and pdsh write them.
 * clustershell.readthedocs.io/en/latest/tools/nodeset.html */
#include "base/buffer.h"
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

/* A name as its prefix, a number with its width, and what follows. */
struct part {
	const char *name;
	size_t prefix;           /* bytes before the number */
	size_t digits;           /* 0: no number */
	unsigned long number;
	bool done;
};

static struct part split(const char *name)
{
	struct part part = { .name = name };
	size_t end = strlen(name);

	/* The last number of the first label: node12.lan → node, 12, .lan */
	end = strcspn(name, ".");
	while (end > 0 && !(name[end - 1] >= '0' && name[end - 1] <= '9'))
		end--;
	part.prefix = end;
	while (part.prefix > 0 && name[part.prefix - 1] >= '0' && name[part.prefix - 1] <= '9')
		part.prefix--;
	if (end > part.prefix && end - part.prefix < 10 && strspn(name, "0123456789.:") < strlen(name)) {
		part.digits = end - part.prefix;
		part.number = strtoul(name + part.prefix, NULL, 10);
	} else {
		part.prefix = strlen(name);
	}
	return part;
}

static bool is_padded(const struct part *part)
{
	return part->digits > 1 && part->name[part->prefix] == '0';
}

/* 8 and 10 go together, 08 and 10, too, but not 08 and 8. */
static bool same_width(const struct part *one, const struct part *other)
{
	return one->digits == other->digits || (!is_padded(one) && !is_padded(other));
}

static bool alike(const struct part *one, const struct part *other)
{
	return one->digits && other->digits && one->prefix == other->prefix
		&& same_width(one, other)
		&& strncmp(one->name, other->name, one->prefix) == 0
		&& strcmp(one->name + one->prefix + one->digits,
			other->name + other->prefix + other->digits) == 0;
}

static int by_number(const void *one, const void *other)
{
	const struct part *left = *(struct part *const *)one, *right = *(struct part *const *)other;

	return left->number < right->number ? -1 : left->number > right->number;
}

static void add_numbers(struct buffer *out, struct part **parts, size_t count)
{
	qsort(parts, count, sizeof(*parts), by_number);
	for (size_t i = 0; i < count;) {
		size_t last = i;

		while (last + 1 < count && parts[last + 1]->number == parts[last]->number + 1
				&& same_width(parts[last], parts[last + 1]))
			last++;
		buffer_printf(out, "%s%.*s", i ? "," : "", (int)parts[i]->digits,
			parts[i]->name + parts[i]->prefix);
		if (last > i)
			buffer_printf(out, "-%.*s", (int)parts[last]->digits,
				parts[last]->name + parts[last]->prefix);
		i = last + 1;
	}
}

static void add_group(struct buffer *out, struct part *parts, size_t count, size_t first,
	struct part **same)
{
	size_t found = 0;

	for (size_t i = first; i < count; i++) {
		if (!parts[i].done && (i == first || alike(&parts[first], &parts[i]))) {
			parts[i].done = true;
			same[found++] = &parts[i];
		}
	}
	if (out->size > 0)
		buffer_add_char(out, ',');
	if (found == 1) {
		buffer_add_string(out, parts[first].name);
		return;
	}
	buffer_add(out, parts[first].name, parts[first].prefix);
	buffer_add_char(out, '[');
	add_numbers(out, same, found);
	buffer_add_char(out, ']');
	buffer_add_string(out, parts[first].name + parts[first].prefix + parts[first].digits);
}

char *report_fold(struct arena *arena, const struct value *names)
{
	struct arena *scratch = arena_new();
	struct part *parts = arena_array(scratch, names->count + 1, sizeof(*parts));
	struct part **same = arena_array(scratch, names->count + 1, sizeof(*same));
	struct buffer out = {0};
	char *folded;

	for (size_t i = 0; i < names->count; i++)
		parts[i] = split(value_text(value_item(names, i)));
	for (size_t i = 0; i < names->count; i++) {
		if (!parts[i].done)
			add_group(&out, parts, names->count, i, same);
	}
	folded = arena_bytes(arena, out.data ? out.data : "", out.size);
	buffer_free(&out);
	arena_free(scratch);
	return folded;
}
