/* secrets: the strings of a run that aren't for everybody, and texts with those cut out.
 *
 * What a node says may repeat what it was told: a command shows its arguments, an error the line
 * that it didn't understand. So each string of a value with a level is noted here, and every text
 * is looked through for them before it is shown or written down. Only strings of at least
 * SECRET_SIZE_LEAST bytes are looked for, and lines of longer ones, SECRETS_MOST of them. */
#ifndef BASE_SECRETS_H
#define BASE_SECRETS_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/value.h"

#include <stdbool.h>
#include <stddef.h>

enum { SECRET_SIZE_LEAST = 6, SECRETS_MOST = 20000 };

struct secrets;

/* NULL stands for none in all that follows. What is noted is overwritten when it is freed. */
struct secrets *secrets_new(void);
void secrets_free(struct secrets *secrets);

/* Notes the strings and numbers with a level in a value; _as: all of them, as of at least this
 * level. */
void secrets_note(struct secrets *secrets, const struct value *value);
void secrets_note_as(struct secrets *secrets, const struct value *value, enum level level);
void secrets_note_text(struct secrets *secrets, const char *text, size_t size, enum level level);
/* Notes a string with a level only if no noted one of that level is in it: else that one is
 * enough. */
void secrets_note_made(struct secrets *secrets, const struct value *value);
/* The highest level of strings in a text that were noted, but are too short to be looked for. */
enum level secrets_short(const struct secrets *secrets, const char *text);
/* Whether a text could hold any of them. */
bool secrets_any(const struct secrets *secrets);
/* Whether there were more than are looked for. */
bool secrets_full(const struct secrets *secrets);

/* The highest level of the strings in a text. */
enum level secrets_level(const struct secrets *secrets, const char *text, size_t size);
/* The text with "(secret)" or "(private)" instead of each string of at least this level; the very
 * text if there is none. */
const char *secrets_cut(const struct secrets *secrets, struct arena *arena, const char *text,
	size_t size, enum level least, size_t *ret_size);
/* The same with words of the caller's. */
typedef void secrets_word(void *context, struct buffer *out, const char *secret, size_t size,
	enum level level);
const char *secrets_replace(const struct secrets *secrets, struct arena *arena, const char *text,
	size_t size, enum level least, secrets_word *word, void *context, size_t *ret_size);
/* Each string that is noted. */
void secrets_each(const struct secrets *secrets, void (*each)(void *context, const char *secret,
	size_t size, enum level level), void *context);
/* A name whose values are secret: where it stands in a text, short ones are found, too. */
void secrets_note_name(struct secrets *secrets, const char *name);
/* Where such a name has a short value in a text, and how long that is; NULL: nowhere. */
const char *secrets_find_named(const struct secrets *secrets, const char *text, size_t size,
	size_t *ret_size);
/* A file of the controller whose content isn't for everybody. */
void secrets_note_file(struct secrets *secrets, const char *path);
/* A map of their paths; NULL: none. */
const struct value *secrets_files(const struct secrets *secrets);
/* Raises the strings in a value in which some are, each to its level. */
void secrets_mark(const struct secrets *secrets, struct value *value);

/* "(private)", "(secret)": what stands for a value of this level. */
const char *level_word(enum level level);

#endif
