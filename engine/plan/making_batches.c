/* making_batches: which hosts of a play go together. */
#include "plan/making.h"

#include "expression/expression.h"

#include <stdlib.h>
#include <string.h>

static int read_share(struct run *run, const struct value *value, struct serial *ret_serial,
	struct error *err)
{
	const char *text = value_text(value);
	char *end = NULL;
	long number = text ? strtol(text, &end, 10) : value->kind == VALUE_INTEGER ? value->integer : -1;

	(void)run;
	*ret_serial = (struct serial){ .percent = end && *end == '%' };
	if (number < 0 || (text && (end == text || end[ret_serial->percent] || number > INT32_MAX))
			|| (ret_serial->percent && number > 100))
		return error_at(err, PLAYBOOK_INVALID_VALUE, value->place, "'serial' is a number of hosts "
			"or a percentage");
	ret_serial->number = (size_t)number;
	return 0;
}

static int read_serial(struct run *run, const struct play *play, struct serial **ret_serial,
	size_t *ret_count, struct error *err)
{
	struct value *filled, *list = value_list(run->arena);

	*ret_count = 0;
	if (!play->serial)
		return 0;
	if (expression_fill(run->arena, scope_new(run->arena, run->options.variables, NULL, play, NULL),
			play->serial, &filled, err) < 0)
		return -1;
	/* An expression may give a list of its own. */
	for (size_t i = 0; i < filled->count; i++) {
		const struct value *one = filled->items[i];

		for (size_t k = 0; one->kind == VALUE_LIST && k < one->count; k++)
			value_append(run->arena, list, one->items[k]);
		if (one->kind != VALUE_LIST)
			value_append(run->arena, list, filled->items[i]);
	}
	*ret_serial = arena_array(run->arena, list->count + 1, sizeof(**ret_serial));
	for (; *ret_count < list->count; ++*ret_count) {
		if (read_share(run, list->items[*ret_count], &(*ret_serial)[*ret_count], err) < 0)
			return -1;
	}
	return 0;
}

static int read_max_fail(struct run *run, const struct play *play, int *ret_percent,
	struct error *err)
{
	struct serial share;
	struct value *filled;

	*ret_percent = PERCENT_NONE;
	if (!play->max_fail_percentage)
		return 0;
	if (expression_fill(run->arena, scope_new(run->arena, run->options.variables, NULL, play, NULL),
			play->max_fail_percentage, &filled, err) < 0)
		return -1;
	if (read_share(run, filled, &share, err) < 0 || share.number > 100)
		return error_at(err, PLAYBOOK_INVALID_VALUE, play->max_fail_percentage->place,
			"'max_fail_percentage' is a number from 0 to 100");
	*ret_percent = (int)share.number;
	return 0;
}

int making_batches(struct run *run, size_t play_index, struct block *root, struct error *err)
{
	const struct play *play = run->options.playbook->plays[play_index];
	size_t total = 0, done = 0, next = 0, count;
	struct serial *serial = NULL;
	int max_fail;

	if (read_serial(run, play, &serial, &count, err) < 0
			|| read_max_fail(run, play, &max_fail, err) < 0)
		return -1;
	for (size_t i = 0; i < run->host_count; i++)
		total += !run->hosts[i].bystander && host_set_has(&run->play_sets[play_index], i);
	for (size_t number = 0; number == 0 || done < total; number++) {
		struct batch *batch = schedule_batch(run->schedule, play_index, root);
		size_t size = batch_size(serial, count, number, total, done);

		batch->waits = number > 0;
		batch->free = play->free;
		batch->max_fail_percentage = max_fail;
		for (size_t i = 0; number == 0 && i < run->host_count; i++) {
			if (run->hosts[i].bystander && host_set_has(&run->play_sets[play_index], i))
				host_set_add(&batch->hosts, i);
		}
		for (size_t taken = 0; taken < size; next++) {
			if (run->hosts[next].bystander || !host_set_has(&run->play_sets[play_index], next))
				continue;
			host_set_add(&batch->hosts, next);
			taken++;
		}
		done += size;
	}
	return 0;
}
