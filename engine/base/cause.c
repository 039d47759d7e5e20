/* cause: why something isn't known yet. */
#include "base/cause.h"

#include "base/buffer.h"

#include <string.h>

const char *const cause_words[] = {
	[CAUSE_UNNAMED] = "", [CAUSE_RESULT] = "result", [CAUSE_RESULT_PASSED] = "result passed",
	[CAUSE_BEFORE] = "before", [CAUSE_BEFORE_SHOWN] = "before, shown", [CAUSE_DONE] = "done",
	[CAUSE_DUE] = "due", [CAUSE_ONCE] = "once", [CAUSE_END] = "end", [CAUSE_LOOP] = "loop",
	[CAUSE_EXPRESSION] = "expression", [CAUSE_ANSWER] = "answer", [CAUSE_OUTPUT] = "output",
	[CAUSE_VARIABLE] = "variable", [CAUSE_VARIABLE_OF] = "variable of", [CAUSE_FACTS] = "facts",
	[CAUSE_PUBLISHED] = "published", [CAUSE_LOST] = "lost", [CAUSE_SAID] = "said",
	[CAUSE_KINDS] = NULL,
};

/* N stands for the name, H for the host, W for why. */
static const char *const texts[CAUSE_KINDS] = {
	[CAUSE_UNNAMED] = "an earlier task",
	[CAUSE_RESULT] = "the result of 'N'",
	[CAUSE_RESULT_PASSED] = "the result of 'N', which isn't run again",
	[CAUSE_BEFORE] = "can't be told yet: 'N' comes before it",
	[CAUSE_BEFORE_SHOWN] = "can't be told yet: 'N' comes before it; as things are now:",
	[CAUSE_DONE] = "whether it is done",
	[CAUSE_DUE] = "whether 'N' is due",
	[CAUSE_ONCE] = "which host does 'N'",
	[CAUSE_END] = "whether 'N' comes before it: W",
	[CAUSE_LOOP] = "the items of its loop",
	[CAUSE_EXPRESSION] = "an expression",
	[CAUSE_ANSWER] = "the answer for 'N'",
	[CAUSE_OUTPUT] = "what 'N' prints on the controller",
	[CAUSE_VARIABLE] = "what sets 'N'",
	[CAUSE_VARIABLE_OF] = "what 'N' is on H",
	[CAUSE_FACTS] = "the facts of H",
	[CAUSE_PUBLISHED] = "N of H",
	[CAUSE_LOST] = "H, W",
	[CAUSE_SAID] = "W",
};

const struct cause *cause_copy(struct arena *arena, const struct cause *cause)
{
	struct cause *copy;

	if (!cause)
		return NULL;
	copy = arena_alloc(arena, sizeof(*copy));
	*copy = (struct cause){ .kind = cause->kind, .name = arena_string(arena, cause->name),
		.host = arena_string(arena, cause->host), .why = arena_string(arena, cause->why) };
	return copy;
}

/* What a letter stands for; NULL: for itself. */
static const char *stands_for(const struct cause *cause, char letter)
{
	const char *what = letter == 'N' ? cause->name : letter == 'H' ? cause->host : cause->why;

	return !strchr("NHW", letter) ? NULL : what ? what : "?";
}

const char *cause_text(struct arena *arena, const struct cause *cause)
{
	struct buffer text = { 0 };
	const char *made;

	if (!cause)
		return NULL;
	if (cause->kind == CAUSE_SAID && cause->why)
		return cause->why;
	for (const char *c = texts[cause->kind]; *c; c++) {
		const char *what = stands_for(cause, *c);

		buffer_add(&text, what ? what : c, what ? strlen(what) : 1);
	}
	made = arena_bytes(arena, text.data, text.size);
	buffer_free(&text);
	return made;
}
