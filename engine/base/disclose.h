/* disclose: what a place that is written to may know of a value: the one way there for values with
 * a level.
 *
 *                                     private          secret
 *     terminal                        as it is         "(secret)"
 *     JSON, journal                   "(private)"      "(secret)"
 *     history, packs, plans           keyed digest     keyed digest
 *     ledger                          left out         left out
 *
 * Texts are looked through for the strings of the run's secrets as well. The keyed digest tells,
 * with the key alone, whether a value is still the same. */
#ifndef BASE_DISCLOSE_H
#define BASE_DISCLOSE_H

#include "base/secrets.h"

enum audience { FOR_TERMINAL, FOR_JSON, FOR_HISTORY, FOR_PACK, FOR_PLAN, FOR_LEDGER };

struct disclosure {
	enum audience audience;
	const struct secrets *secrets;   /* or NULL */
	const unsigned char *key;        /* 32 bytes; NULL: without digests */
};

/* A value without what the audience mustn't see; it shares what needed nothing. NULL: nothing of
 * it. */
struct value *disclose(struct arena *arena, const struct disclosure *to, const struct value *value);
/* A text that isn't a value; NULL gives NULL. */
const char *disclose_text(struct arena *arena, const struct disclosure *to, const char *text);
/* The same of any bytes. */
const char *disclose_bytes(struct arena *arena, const struct disclosure *to, const char *bytes,
	size_t size, size_t *ret_size);
/* From which level on the audience sees nothing. */
enum level disclose_least(enum audience audience);
/* "(secret 9f2c…)": what stands for these bytes, DISCLOSE_DIGITS hexadecimal digits. */
enum { DISCLOSE_DIGITS = 32 };
char *disclose_digest(struct arena *arena, const struct disclosure *to, const void *bytes, size_t size,
	enum level level);

/* Where such a word stands first in a text, and how long it is; NULL: nowhere. */
const char *disclose_find(const char *text, size_t size, size_t *ret_size);
/* The same of a value and all inside. */
bool disclose_inside(const struct value *value);

#endif
