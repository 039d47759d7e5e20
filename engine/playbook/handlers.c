/* handlers: which handlers a name notifies. */
#include "playbook/build.h"

#include "expression/expression.h"
#include "base/suggest.h"
#include "yaml/tree.h"

#include <string.h>

static bool listens(const struct task *handler, const char *name)
{
	for (size_t i = 0; handler->listen && i < handler->listen->count; i++) {
		if (strcmp(handler->listen->items[i]->text, name) == 0)
			return true;
	}
	return false;
}

/* By its name, or that with the role's in front. */
static bool is_named(const struct task *handler, const char *name)
{
	return (handler->name && strcmp(handler->name, name) == 0)
		|| (handler->name && handler->title && strcmp(handler->title, name) == 0);
}

/* The handlers that have a word as name or listen to it, in their order. */
struct called {
	struct task **handlers;
	size_t count;
};

static void add_word(struct arena *arena, struct play *play, const char *word, struct task *handler)
{
	struct called *called = word ? lookup_get(&play->handler_words, word) : NULL;

	if (!word || (called && called->handlers[called->count - 1] == handler))
		return;
	if (!called) {
		called = arena_alloc(arena, sizeof(*called));
		lookup_put(arena, &play->handler_words, word, called);
	}
	*ARENA_PUSH(arena, &called->handlers, &called->count) = handler;
}

static void index_words(struct arena *arena, struct play *play)
{
	for (size_t i = 0; i < play->handler_count; i++) {
		struct task *handler = play->handlers[i];

		add_word(arena, play, handler->name, handler);
		add_word(arena, play, handler->name ? handler->title : NULL, handler);
		for (size_t k = 0; handler->listen && k < handler->listen->count; k++)
			add_word(arena, play, handler->listen->items[k]->text, handler);
	}
}

struct task **play_notified(struct arena *arena, const struct play *play, const char *name,
	size_t *ret_count)
{
	const struct called *called = lookup_get(&play->handler_words, name);
	const struct task *named = NULL;
	struct task **found;

	*ret_count = 0;
	if (!called)
		return NULL;
	found = arena_array(arena, called->count, sizeof(*found));
	for (size_t i = called->count; i-- > 0 && !named;)
		named = is_named(called->handlers[i], name) ? called->handlers[i] : NULL;
	for (size_t i = 0; i < called->count; i++) {
		if (called->handlers[i] == named || listens(called->handlers[i], name))
			found[(*ret_count)++] = called->handlers[i];
	}
	return found;
}

/* Whether some handler's name is known only on a host. */
static bool names_open(const struct play *play)
{
	for (size_t i = 0; i < play->handler_count; i++) {
		const struct task *handler = play->handlers[i];

		if ((handler->name_value && expression_inside(handler->name_value)) ||
			(handler->listen && expression_inside(handler->listen)))
			return true;
	}
	return false;
}

static int refuse_notify(struct play_reader *reader, const struct value *name)
{
	struct suggestion suggestion = { .word = name->text };

	for (size_t i = 0; i < reader->play->handler_count; i++) {
		const struct task *handler = reader->play->handlers[i];

		if (handler->name)
			suggest_offer(&suggestion, handler->name);
		if (handler->title)
			suggest_offer(&suggestion, handler->title);
		for (size_t j = 0; handler->listen && j < handler->listen->count; j++)
			suggest_offer(&suggestion, handler->listen->items[j]->text);
	}
	error_at(reader->err, PLAYBOOK_UNKNOWN_HANDLER, name->place, "this play has no handler '%s'",
		name->text);
	if (suggestion.nearest)
		return error_remedy(reader->err, "did you mean '%s'?", suggestion.nearest);
	return error_remedy(reader->err, "write one with this name under 'handlers'");
}

static int check_notify(struct play_reader *reader, const struct task *task)
{
	for (size_t i = 0; task->notify && i < task->notify->count; i++) {
		const struct value *name = task->notify->items[i];
		size_t count;

		if (expression_inside(name))
			continue;
		play_notified(reader->arena, reader->play, name->text, &count);
		if (count == 0 && !names_open(reader->play))
			return refuse_notify(reader, name);
	}
	return 0;
}

/* Its parts wait for what other hosts tell, and each host runs its handlers alone. */
static int check_parts(struct play_reader *reader, const struct task *handler)
{
	if (!handler->module || !handler->module->parts)
		return 0;
	error_at(reader->err, PLAYBOOK_MISPLACED_KEYWORD, handler->place, "%s can't be a handler: it waits "
		"for other hosts", handler->module->name);
	return error_remedy(reader->err, "make it a task behind the others: 'register' their result, and "
		"'when: RESULT is changed'");
}

static int check_name(struct play_reader *reader, const struct task *handler)
{
	const struct called *called = handler->name ? lookup_get(&reader->play->handler_words,
		handler->name) : NULL;

	if (!handler->name && !handler->listen) {
		error_at(reader->err, PLAYBOOK_UNNAMED_HANDLER, handler->place, "a handler without a name "
			"can't be notified");
		return error_remedy(reader->err, "give it a name");
	}
	for (size_t i = 0; called && called->handlers[i] != handler; i++) {
		const struct task *other = called->handlers[i];

		if (!other->name || strcmp(other->name, handler->name) != 0 || other->role != handler->role)
			continue;
		error_at(reader->err, PLAYBOOK_DUPLICATE, handler->name_value->place, "duplicate handler "
			"'%s' (first defined in line %u)", handler->name, other->place.line);
		return error_remedy(reader->err, "rename one; several may 'listen' to the same word");
	}
	return 0;
}

int handlers_check_tasks(struct play_reader *reader, struct task *const *tasks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (check_notify(reader, tasks[i]) < 0)
			return -1;
	}
	return 0;
}

int handlers_check(struct play_reader *reader)
{
	struct play *play = reader->play;

	index_words(reader->arena, play);
	for (size_t i = 0; i < play->handler_count; i++) {
		if (check_name(reader, play->handlers[i]) < 0 || check_parts(reader, play->handlers[i]) < 0)
			return -1;
	}
	if (handlers_check_tasks(reader, play->tasks, play->task_count) < 0)
		return -1;
	return handlers_check_tasks(reader, play->handlers, play->handler_count);
}
