/* pattern: "workers:&rack1:!node3" → hosts. */
#include "inventory/inventory.h"

#include "inventory/build.h"
#include "base/glob.h"
#include "base/regex.h"
#include "base/suggest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { TERM_ADD, TERM_AND, TERM_NOT };

struct term {
	int how;
	const char *text;       /* without its sign */
	struct place place;
};

struct matcher {
	const struct inventory *inventory;
	struct arena *arena;
	struct place place;
	struct error *err;
};

/* --- Terms ------------------------------------------------------------------------------------ */

static struct place moved(struct place place, size_t columns)
{
	if (place.line)
		place.column += (unsigned)columns;
	return place;
}

static int refuse(struct place place, const char *pattern, const char *what, struct error *err)
{
	return error_at(err, INVENTORY_INVALID_PATTERN, place, "in the pattern '%s' %s", pattern, what);
}

/* The end of the term that begins at text: ',' and ':' inside brackets don't count. */
static const char *term_end(const char *text)
{
	unsigned depth = 0;

	for (; *text; text++) {
		if (strchr("[({", *text))
			depth++;
		else if (strchr("])}", *text) && depth)
			depth--;
		else if (!depth && (*text == ',' || *text == ':'))
			break;
	}
	return text;
}

/* pattern: with its ~ */
static struct regex *compile(const char *pattern, struct place place, struct error *err)
{
	struct regex_problem problem;
	struct regex *regex = regex_compile(pattern + 1, strlen(pattern + 1), 0, &problem);

	if (!regex)
		error_at(err, INVENTORY_INVALID_PATTERN, place, "invalid regular expression '%s': %s at "
			"character %zu", pattern, problem.message, problem.offset + 1);
	return regex;
}

/* group[0], group[-1], group[1:3], group[1:]: whether the brackets hold only these. */
static bool read_subscript(const char *open, long *ret_first, long *ret_last)
{
	char *end;

	*ret_first = strtol(open + 1, &end, 10);
	if (end == open + 1 || !(isdigit((unsigned char)open[1]) || open[1] == '-'))
		return false;
	*ret_last = *ret_first;
	if (*end == ':') {
		const char *last = end + 1;

		*ret_last = *last == ']' ? -1 : strtol(last, &end, 10);
		if (*last == ']')
			end++;
	}
	return end[0] == ']' && end[1] == '\0';
}

static int check_term(struct arena *arena, const char *pattern, const struct term *term,
	struct error *err)
{
	const char *open = strchr(term->text, '[');
	long first, last;

	if (!term->text[0])
		return refuse(term->place, pattern, "a name is missing", err);
	if (term->text[0] == '~') {
		struct regex *regex = compile(term->text, term->place, err);

		regex_free(regex);
		return regex ? 0 : -1;
	}
	if (strchr(term->text, ' '))
		return refuse(term->place, pattern, "a name holds a space", err),
			error_remedy(err, "separate names with ',' or ':'");
	if (open == term->text)
		return refuse(term->place, pattern, "a [ has no name before it", err);
	if (open && !read_subscript(open, &first, &last) && !strpbrk(term->text, "*?"))
		return inventory_expand(arena, term->text, term->place, value_list(arena), err);
	if (!open && strchr(term->text, ']'))
		return refuse(term->place, pattern, "a ] has no [", err);
	return 0;
}

static int split(struct arena *arena, const char *pattern, struct place place,
	struct term **ret_terms, size_t *ret_count, struct error *err)
{
	struct term *terms = arena_array(arena, strlen(pattern) + 1, sizeof(*terms));
	size_t count = 0;

	for (const char *at = pattern; *at;) {
		struct term term = { .how = TERM_ADD };
		const char *end;

		at += strspn(at, " \t");
		term.place = moved(place, (size_t)(at - pattern));
		if (*at == '!' || *at == '&')
			term.how = *at++ == '!' ? TERM_NOT : TERM_AND;
		end = term_end(at);
		term.text = arena_bytes(arena, at, (size_t)(end - at));
		for (size_t size = strlen(term.text); size > 0 && term.text[size - 1] == ' '; size--)
			((char *)(uintptr_t)term.text)[size - 1] = '\0';
		at = end + (*end != '\0');
		if (!term.text[0] && term.how == TERM_ADD)
			continue;   /* "h1,h2," */
		if (check_term(arena, pattern, &term, err) < 0)
			return -1;
		terms[count++] = term;
	}
	if (count == 0)
		return error_at(err, INVENTORY_INVALID_PATTERN, place, "the pattern is empty");
	*ret_terms = terms;
	*ret_count = count;
	return 0;
}

int pattern_check(const char *pattern, struct place place, struct error *err)
{
	struct arena *arena = arena_new();
	struct term *terms;
	size_t count;
	int result = split(arena, pattern, place, &terms, &count, err);

	arena_free(arena);
	return result;
}

/* --- Matching --------------------------------------------------------------------------------- */

static void mark_group(const struct inventory_group *group, bool *marked)
{
	for (size_t i = 0; i < group->host_count; i++)
		marked[group->hosts[i]->index] = true;
}

/* Groups and hosts whose names a regular expression matches from their beginning, as Python's
 * match. */
static int mark_matching(const struct matcher *matcher, struct regex *regex, const char *pattern,
	struct place place, bool *marked)
{
	const struct inventory *inventory = matcher->inventory;
	size_t steps = REGEX_STEPS_MOST;
	int result = 0;

	for (size_t i = 0; result >= 0 && i < inventory->group_count; i++) {
		const char *name = inventory->groups[i]->name;

		result = regex_match(regex, name, strlen(name), 0, REGEX_HERE, &steps);
		if (result > 0)
			mark_group(inventory->groups[i], marked);
	}
	for (size_t i = 0; result >= 0 && i < inventory->host_count; i++) {
		const char *name = inventory->hosts[i]->name;

		result = regex_match(regex, name, strlen(name), 0, REGEX_HERE, &steps);
		if (result > 0)
			marked[i] = true;
	}
	if (result >= 0)
		return 0;
	error_at(matcher->err, INVENTORY_INVALID_PATTERN, place, "'%s' has too many ways to match a "
		"name", pattern);
	return error_remedy(matcher->err, "write a simpler pattern, or name the hosts");
}

static int mark_regex(const struct matcher *matcher, const struct term *term, bool *marked)
{
	struct regex *regex = compile(term->text, term->place, matcher->err);
	int result = regex ? mark_matching(matcher, regex, term->text, term->place, marked) : -1;

	regex_free(regex);
	return result;
}

static void mark_glob(const struct matcher *matcher, const char *glob, bool *marked)
{
	const struct inventory *inventory = matcher->inventory;

	for (size_t i = 0; i < inventory->group_count; i++) {
		if (glob_match(glob, strlen(glob), inventory->groups[i]->name, GLOB_SETS))
			mark_group(inventory->groups[i], marked);
	}
	for (size_t i = 0; i < inventory->host_count; i++) {
		if (glob_match(glob, strlen(glob), inventory->hosts[i]->name, GLOB_SETS))
			marked[i] = true;
	}
}

static int refuse_unknown(const struct matcher *matcher, const char *name, struct place place)
{
	const struct inventory *inventory = matcher->inventory;
	struct suggestion suggestion = { .word = name };

	for (size_t i = 0; i < inventory->group_count; i++)
		suggest_offer(&suggestion, inventory->groups[i]->name);
	for (size_t i = 0; i < inventory->host_count; i++)
		suggest_offer(&suggestion, inventory->hosts[i]->name);
	error_at(matcher->err, INVENTORY_UNKNOWN_HOST, place, "the inventory has no host and no group "
		"'%s'", name);
	if (suggestion.nearest)
		return error_remedy(matcher->err, "did you mean '%s'?", suggestion.nearest);
	if (strcmp(name, "localhost") == 0)
		return error_remedy(matcher->err,
			"add it to the inventory, with ansible_connection: local");
	return error_remedy(matcher->err, "see what it has: beoplay inventory --graph");
}

/* A name without brackets: a group, a host, or a glob. */
static int mark_name(const struct matcher *matcher, const char *name, struct place place,
	bool *marked)
{
	const struct inventory_group *group = inventory_group(matcher->inventory, name);
	const struct inventory_host *host = inventory_find(matcher->inventory, name);

	if (group)
		mark_group(group, marked);
	else if (host)
		marked[host->index] = true;
	else if (strpbrk(name, "*?["))
		mark_glob(matcher, name, marked);
	else
		return refuse_unknown(matcher, name, place);
	return 0;
}

static int mark_subscript(const struct matcher *matcher, const struct term *term, long first,
	long last, bool *marked)
{
	size_t hosts = matcher->inventory->host_count;
	bool *inside = arena_array(matcher->arena, hosts + 1, sizeof(*inside));
	char *name = arena_bytes(matcher->arena, term->text,
		(size_t)(strchr(term->text, '[') - term->text));
	long count = 0, index = 0;

	if (mark_name(matcher, name, term->place, inside) < 0)
		return -1;
	for (size_t i = 0; i < hosts; i++)
		count += inside[i];
	first += first < 0 ? count : 0;
	last += last < 0 ? count : 0;
	for (size_t i = 0; i < hosts; i++) {
		if (!inside[i])
			continue;
		if (index >= first && index <= last)
			marked[i] = true;
		index++;
	}
	return 0;
}

static int mark_range(const struct matcher *matcher, const struct term *term, bool *marked)
{
	struct value *names = value_list(matcher->arena);

	if (inventory_expand(matcher->arena, term->text, term->place, names, matcher->err) < 0)
		return -1;
	for (size_t i = 0; i < names->count; i++) {
		if (mark_name(matcher, names->items[i]->text, term->place, marked) < 0)
			return -1;
	}
	return 0;
}

/* Whether what stands before the bracket is a group or a glob: then it counts, else it names. */
static bool counts(const struct matcher *matcher, const char *text, const char *open)
{
	char *name = arena_bytes(matcher->arena, text, (size_t)(open - text));

	return inventory_group(matcher->inventory, name) || inventory_find(matcher->inventory, name) ||
		strpbrk(name, "*?");
}

static int mark_term(const struct matcher *matcher, const struct term *term, bool *marked)
{
	const char *open = strchr(term->text, '[');
	long first, last;

	if (term->text[0] == '~')
		return mark_regex(matcher, term, marked);
	if (!open)
		return mark_name(matcher, term->text, term->place, marked);
	if (read_subscript(open, &first, &last) && counts(matcher, term->text, open))
		return mark_subscript(matcher, term, first, last, marked);
	if (strpbrk(term->text, "*?"))
		return mark_name(matcher, term->text, term->place, marked);
	return mark_range(matcher, term, marked);
}

static int apply_terms(const struct matcher *matcher, const struct term *terms, size_t count,
	int how, bool *chosen)
{
	size_t hosts = matcher->inventory->host_count;

	for (size_t i = 0; i < count; i++) {
		bool *marked;

		if (terms[i].how != how)
			continue;
		marked = arena_array(matcher->arena, hosts + 1, sizeof(*marked));
		if (mark_term(matcher, &terms[i], marked) < 0)
			return -1;
		for (size_t j = 0; j < hosts; j++) {
			if (how == TERM_ADD)
				chosen[j] = chosen[j] || marked[j];
			else
				chosen[j] = chosen[j] && marked[j] == (how == TERM_AND);
		}
	}
	return 0;
}

static int choose_terms(const struct matcher *matcher, const struct term *terms, size_t count,
	bool *chosen)
{
	bool adds = false;

	for (size_t i = 0; i < count; i++)
		adds = adds || terms[i].how == TERM_ADD;
	for (size_t i = 0; !adds && i < matcher->inventory->host_count; i++)
		chosen[i] = true;
	if (apply_terms(matcher, terms, count, TERM_ADD, chosen) < 0 ||
		apply_terms(matcher, terms, count, TERM_AND, chosen) < 0)
		return -1;
	return apply_terms(matcher, terms, count, TERM_NOT, chosen);
}

static int choose(const struct matcher *matcher, const char *pattern, bool *chosen)
{
	const struct inventory_host *whole = inventory_find(matcher->inventory, pattern);
	struct term *terms;
	size_t count;

	if (whole) {   /* an IPv6 address is full of colons */
		chosen[whole->index] = true;
		return 0;
	}
	if (split(matcher->arena, pattern, matcher->place, &terms, &count, matcher->err) < 0)
		return -1;
	return choose_terms(matcher, terms, count, chosen);
}

static void list_chosen(const struct matcher *matcher, const bool *chosen,
	struct inventory_list *ret_list)
{
	size_t hosts = matcher->inventory->host_count;

	*ret_list = (struct inventory_list){
		.hosts = arena_array(matcher->arena, hosts + 1, sizeof(struct inventory_host *)),
	};
	for (size_t i = 0; i < hosts; i++) {
		if (chosen[i])
			ret_list->hosts[ret_list->count++] = matcher->inventory->hosts[i];
	}
}

int inventory_match(const struct inventory *inventory, struct arena *arena, const char *pattern,
	struct place place, struct inventory_list *ret_list, struct error *err)
{
	struct matcher matcher = { inventory, arena, place, err };
	bool *chosen = arena_array(arena, inventory->host_count + 1, sizeof(*chosen));

	if (choose(&matcher, pattern, chosen) < 0)
		return -1;
	list_chosen(&matcher, chosen, ret_list);
	return 0;
}

/* The lines of a file, each a pattern: as if they were one, with commas. */
static int choose_lines(struct matcher *matcher, struct source *source, const char *path,
	bool *chosen)
{
	struct term *terms = NULL, *more;
	size_t count = 0, capacity = 0, more_count, size;
	const char *bytes;

	if (source_read(source, path, &bytes, &size, matcher->err) < 0)
		return -1;
	matcher->place = (struct place){ arena_string(matcher->arena, path), 0, 1 };
	for (size_t at = 0; at < size;) {
		size_t length = strcspn(bytes + at, "\n");
		char *line = arena_bytes(matcher->arena, bytes + at, length);

		at += length + 1;
		matcher->place.line++;
		line[strcspn(line, "#\r")] = '\0';
		if (!line[strspn(line, " \t")])
			continue;
		if (split(matcher->arena, line, matcher->place, &more, &more_count, matcher->err) < 0)
			return -1;
		if (count + more_count > capacity) {
			capacity = 2 * (count + more_count);
			terms = arena_grow(matcher->arena, terms, count * sizeof(*terms),
				capacity * sizeof(*terms));
		}
		memcpy(terms + count, more, more_count * sizeof(*terms));
		count += more_count;
	}
	return count ? choose_terms(matcher, terms, count, chosen) : 0;
}

int inventory_limit(const struct inventory *inventory, struct arena *arena, struct source *source,
	const char *pattern, struct inventory_list *ret_list, struct error *err)
{
	struct matcher matcher = { inventory, arena, { "-l", 1, 1 }, err };
	bool *chosen = arena_array(arena, inventory->host_count + 1, sizeof(*chosen));

	if ((pattern[0] == '@' ? choose_lines(&matcher, source, pattern + 1, chosen) :
		choose(&matcher, pattern, chosen)) < 0)
		return -1;
	list_chosen(&matcher, chosen, ret_list);
	return 0;
}
