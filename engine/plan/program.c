/* program: what a text says is to be done, as a tree of blocks and units in one order. */
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

void host_set_remove(struct host_set *set, size_t host)
{
	set->words[host / 64] &= ~(UINT64_C(1) << host % 64);
}

struct host_set *host_set_copy(struct arena *arena, const struct host_set *set)
{
	struct host_set *copy = arena_alloc(arena, sizeof(*copy));

	*copy = *set;
	copy->words = arena_array(arena, set->count, sizeof(*set->words));
	memcpy(copy->words, set->words, set->count * sizeof(*set->words));
	return copy;
}

bool unit_has(const struct unit *unit, size_t host)
{
	return !unit->only || host_set_has(unit->only, host);
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

struct unit *program_unit(struct program *program, struct block *block, enum section section)
{
	struct unit *unit = arena_alloc(program->arena, sizeof(*unit));

	unit->block = block;
	unit->section = section;
	unit->place = block->sections[section].count;
	nodes_add(program->arena, &block->sections[section])->unit = unit;
	return unit;
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

bool unit_is_rescued(const struct unit *unit)
{
	const struct block *block = unit->block;
	enum section section = unit->section;

	while (block && (section != SECTION_MAIN || block->sections[SECTION_RESCUE].count == 0))
		block = block_around(block, &section);
	return block;
}

bool unit_rescues(const struct unit *unit)
{
	enum section section = unit->section;

	for (const struct block *block = unit->block; block; block = block_around(block, &section)) {
		if (section == SECTION_RESCUE)
			return true;
	}
	return false;
}

/* --- The order --- */

bool unit_before(const struct unit *unit, const struct unit *other)
{
	return unit->label < other->label;
}

/* Links all units of a block behind one; returns the last. */
static struct unit *link_units(struct program *program, struct block *block, struct unit *behind)
{
	for (size_t section = 0; section < SECTION_COUNT; section++) {
		const struct nodes *nodes = &block->sections[section];

		for (size_t i = 0; i < nodes->count; i++) {
			struct unit *unit = nodes->nodes[i].unit;

			if (!unit) {
				behind = link_units(program, nodes->nodes[i].block, behind);
				continue;
			}
			unit->before = behind;
			if (behind)
				behind->after = unit;
			else
				program->first = unit;
			program->unit_count++;
			behind = unit;
		}
	}
	return behind;
}

static void label_all(struct program *program)
{
	uint64_t label = 0;

	for (struct unit *unit = program->first; unit; unit = unit->after)
		unit->label = label += LABEL_GAP;
	program->relabelled++;
}

/* Those behind a unit and before another one (NULL: the end). */
static void label_between(struct program *program, struct unit *from, struct unit *until,
	size_t count)
{
	uint64_t low = from ? from->label : 0, gap = LABEL_GAP;
	struct unit *unit = from ? from->after : program->first;

	if (until)
		gap = (until->label - low) / (count + 1);
	if (gap < 2) {
		label_all(program);
		return;
	}
	for (; unit != until; unit = unit->after)
		unit->label = low += gap;
}

static void insert(struct program *program, struct unit *behind, struct block *block)
{
	struct unit *next = behind ? behind->after : program->first;
	size_t count = program->unit_count;
	struct unit *last = link_units(program, block, behind);

	if (last == behind)
		return;
	last->after = next;
	if (next)
		next->before = last;
	else
		program->last = last;
	label_between(program, behind, next, program->unit_count - count);
}

void program_add(struct program *program, struct block *block)
{
	insert(program, program->last, block);
}

/* NULL: there is none in it. */
static struct unit *last_unit(const struct block *block)
{
	for (size_t section = SECTION_COUNT; section-- > 0;) {
		const struct nodes *nodes = &block->sections[section];

		for (size_t i = nodes->count; i-- > 0;) {
			struct unit *last = nodes->nodes[i].unit ? nodes->nodes[i].unit
				: last_unit(nodes->nodes[i].block);

			if (last)
				return last;
		}
	}
	return NULL;
}

struct group *program_open(struct program *program, struct unit *include,
	const struct batch *batch, const char *key, struct block *block, size_t hosts)
{
	struct group *group = arena_alloc(program->arena, sizeof(*group)), **end = &include->groups;
	struct unit *behind = include;

	for (; *end; end = &(*end)->next) {
		struct unit *last = (*end)->batch == batch ? last_unit((*end)->block) : NULL;

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

struct group *program_group(const struct unit *include, const struct batch *batch,
	const char *key, size_t host)
{
	struct group *group = include->groups;

	while (group && (group->batch != batch || host_set_has(&group->hosts, host)
			|| strcmp(group->key, key) != 0))
		group = group->next;
	return group;
}
