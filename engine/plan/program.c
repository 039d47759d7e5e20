/* program: what a text says is to be done, as a tree of blocks and steps in one order. */
#include "plan/program.h"

#include <string.h>

#define LABEL_GAP (UINT64_C(1) << 32)

struct host_set host_set_new(struct arena *arena, size_t hosts)
{
	struct host_set set = { .count = hosts / 64 + 1 };

	set.words = arena_array(arena, set.count, sizeof(*set.words));
	return set;
}

bool host_set_has(const struct host_set *set, size_t host)
{
	return host / 64 < set->count && (set->words[host / 64] >> host % 64 & 1);
}

void host_set_add(struct host_set *set, size_t host)
{
	set->words[host / 64] |= UINT64_C(1) << host % 64;
}

/* --- The tree --- */

struct program *program_new(struct arena *arena)
{
	struct program *program = arena_alloc(arena, sizeof(*program));

	program->arena = arena;
	return program;
}

static struct node *nodes_add(struct arena *arena, struct nodes *nodes)
{
	if (nodes->count == nodes->capacity) {
		size_t capacity = nodes->capacity ? 2 * nodes->capacity : 4;

		nodes->nodes = arena_grow(arena, nodes->nodes, nodes->count * sizeof(*nodes->nodes),
			capacity * sizeof(*nodes->nodes));
		nodes->capacity = capacity;
	}
	return &nodes->nodes[nodes->count++];
}

struct block *program_block(struct program *program, struct block *parent, enum section section)
{
	struct block *block = arena_alloc(program->arena, sizeof(*block));

	if (!parent)
		return block;
	block->parent = parent;
	block->section = section;
	block->index = parent->sections[section].count;
	nodes_add(program->arena, &parent->sections[section])->block = block;
	return block;
}

struct step *program_step(struct program *program, struct block *block, enum section section)
{
	struct step *step = arena_alloc(program->arena, sizeof(*step));

	step->block = block;
	step->section = section;
	step->index = block->sections[section].count;
	nodes_add(program->arena, &block->sections[section])->step = step;
	return step;
}

struct block *block_around(const struct block *block, enum section *ret_section)
{
	if (block->opened_by) {
		*ret_section = block->opened_by->section;
		return block->opened_by->block;
	}
	*ret_section = block->section;
	return block->parent;
}

/* --- The order --- */

bool step_before(const struct step *step, const struct step *other)
{
	return step->label < other->label;
}

/* Links all steps of a block behind one; returns the last. */
static struct step *link_steps(struct program *program, struct block *block, struct step *behind)
{
	for (size_t section = 0; section < SECTION_COUNT; section++) {
		const struct nodes *nodes = &block->sections[section];

		for (size_t i = 0; i < nodes->count; i++) {
			struct step *step = nodes->nodes[i].step;

			if (!step) {
				behind = link_steps(program, nodes->nodes[i].block, behind);
				continue;
			}
			step->before = behind;
			if (behind)
				behind->after = step;
			else
				program->first = step;
			program->step_count++;
			behind = step;
		}
	}
	return behind;
}

static void label_all(struct program *program)
{
	uint64_t label = 0;

	for (struct step *step = program->first; step; step = step->after)
		step->label = label += LABEL_GAP;
	program->relabelled++;
}

/* Those behind a step and before another one (NULL: the end). */
static void label_between(struct program *program, struct step *from, struct step *until,
	size_t count)
{
	uint64_t low = from ? from->label : 0, gap = LABEL_GAP;
	struct step *step = from ? from->after : program->first;

	if (until)
		gap = (until->label - low) / (count + 1);
	if (gap < 2) {
		label_all(program);
		return;
	}
	for (; step != until; step = step->after)
		step->label = low += gap;
}

static void insert(struct program *program, struct step *behind, struct block *block)
{
	struct step *next = behind ? behind->after : program->first;
	size_t count = program->step_count;
	struct step *last = link_steps(program, block, behind);

	if (last == behind)
		return;
	last->after = next;
	if (next)
		next->before = last;
	else
		program->last = last;
	label_between(program, behind, next, program->step_count - count);
}

void program_add(struct program *program, struct block *block)
{
	insert(program, program->last, block);
}

/* NULL: there is none in it. */
static struct step *last_step(const struct block *block)
{
	for (size_t section = SECTION_COUNT; section-- > 0;) {
		const struct nodes *nodes = &block->sections[section];

		for (size_t i = nodes->count; i-- > 0;) {
			struct step *last = nodes->nodes[i].step ? nodes->nodes[i].step
				: last_step(nodes->nodes[i].block);

			if (last)
				return last;
		}
	}
	return NULL;
}

struct group *program_open(struct program *program, struct step *include,
	const struct batch *batch, const char *key, struct block *block, size_t hosts)
{
	struct group *group = arena_alloc(program->arena, sizeof(*group)), **end = &include->groups;
	struct step *behind = include;

	for (; *end; end = &(*end)->next) {
		struct step *last = (*end)->batch == batch ? last_step((*end)->block) : NULL;

		if (last)
			behind = last;
	}
	*end = group;
	group->batch = batch;
	group->key = arena_string(program->arena, key);
	group->block = block;
	group->hosts = host_set_new(program->arena, hosts);
	block->opened_by = include;
	insert(program, behind, block);
	return group;
}

struct group *program_group(const struct step *include, const struct batch *batch,
	const char *key, size_t host)
{
	struct group *group = include->groups;

	while (group && (group->batch != batch || host_set_has(&group->hosts, host)
			|| strcmp(group->key, key) != 0))
		group = group->next;
	return group;
}
