/* suggest: "did you mean …?" by edit distance. */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

/* Collects the nearest of the names offered. Zeroed, with word set, it is ready. */
struct suggestion {
	const char *word;      /* what was written */
	const char *nearest;   /* the best so far, NULL: nothing near enough */
	size_t distance;       /* of nearest */
};

/* Dashes, underscores and letter case don't count. A name further away than a third of the word is
 * not near. name is borrowed. */
void suggest_offer(struct suggestion *suggestion, const char *name);

/* Whether a word is another one but for one slip of the finger, or two in a long word: a letter too
 * many, too few, wrong, or swapped. The same word is none. */
bool suggest_slip(const char *word, const char *other);

#endif
