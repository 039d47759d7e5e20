/* suggest: "did you mean …?" by edit distance. */
#include "base/suggest.h"

#include <ctype.h>
#include <string.h>

enum { WORD_MOST = 64 };

static size_t least(size_t one, size_t other)
{
	return one < other ? one : other;
}

static int plain(char c)
{
	return c == '_' ? '-' : tolower((unsigned char)c);
}

/* Levenshtein's distance, where swapping two neighbours is one step too. */
static size_t distance(const char *one, size_t one_size, const char *other, size_t other_size)
{
	size_t rows[3][WORD_MOST + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t i = 0; i <= other_size; i++)
		above[i] = i;
	memcpy(before, above, sizeof(rows[0]));
	for (size_t i = 1; i <= one_size; i++) {
		size_t *oldest = before;

		row[0] = i;
		for (size_t j = 1; j <= other_size; j++) {
			size_t differs = plain(one[i - 1]) != plain(other[j - 1]);

			row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + differs);
			if (i > 1 && j > 1 && plain(one[i - 1]) == plain(other[j - 2]) &&
				plain(one[i - 2]) == plain(other[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = above;
		above = row;
		row = oldest;
	}
	return above[other_size];
}

/* "pakage" in "apt-packages": a dashed part of the name that is near counts almost as much. */
static size_t distance_to_parts(const char *word, size_t size, const char *name)
{
	size_t best = WORD_MOST;

	while (*name) {
		size_t part = strcspn(name, "-_");

		if (part < WORD_MOST && part > 2)
			best = least(best, distance(word, size, name, part) + 1);
		name += part + (name[part] != '\0');
	}
	return best;
}

static bool same_word(const char *one, const char *other)
{
	while (*one && plain(*one) == plain(*other)) {
		one++;
		other++;
	}
	return *one == *other;
}

/* Words that remove something: nobody should be talked into one by a slip of the finger. */
static bool destroys(const char *name)
{
	static const char *const words[] = {
		"absent", "delete", "discard-drift", "exclusive", "expunge", "forget", "prune", "purge",
		"remove", "stopped", NULL,
	};

	name += strspn(name, "-");
	for (size_t i = 0; words[i]; i++) {
		if (same_word(words[i], name))
			return true;
	}
	return false;
}

void suggest_offer(struct suggestion *suggestion, const char *name)
{
	size_t size = strlen(suggestion->word);
	size_t name_size = strlen(name);
	size_t found;

	if (size == 0 || size >= WORD_MOST || name_size >= WORD_MOST)
		return;
	found = least(distance(suggestion->word, size, name, name_size),
		distance_to_parts(suggestion->word, size, name));
	if (found > (size < 4 ? 1 : 1 + size / 3))
		return;
	if ((!suggestion->nearest || found < suggestion->distance) && !destroys(name)) {
		suggestion->nearest = name;
		suggestion->distance = found;
	}
}

bool suggest_slip(const char *word, const char *other)
{
	size_t size = strlen(word), other_size = strlen(other), found;

	if (size == 0 || size >= WORD_MOST || other_size >= WORD_MOST)
		return false;
	found = distance(word, size, other, other_size);
	return found > 0 && found <= (size > 20 ? 2 : 1);
}
