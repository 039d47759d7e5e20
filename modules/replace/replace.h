/* replace: all that matches a regular expression in a file becomes something else. */
#ifndef MODULES_REPLACE_H
#define MODULES_REPLACE_H

#include "modules/shared/text_file.h"

/* More than that of a file isn't kept for an undo. */
enum { PIECES_MOST = 4000, PIECES_BYTES_MOST = 256 << 10 };

/* Whole lines that were changed, as an undo brings them back. */
struct replace_piece {
	char *old;               /* with their newlines */
	char *now;               /* what they became; "": they went */
	char *after;             /* the line before them; NULL: none, or no text */
	int number;              /* of the first, from 0, in the new text */
	int place;               /* and in the old one */
};

struct replace_params {
	char *path;
	char *regexp;
	char *replace;
	char *after, *before;    /* only between them; NULL: the beginning, the end */
	bool backup;
	char *validate;
	char *owner, *group, *mode;
	/* Internal, of an undo: */
	bool undo;
	struct replace_piece *pieces;
	unsigned pieces_count;
};

struct replace_state {
	struct text_file file;
	size_t count;            /* of replacements */
	bool nowhere;            /* neither after nor before is in the file */
	bool endless;            /* what comes of it matches again, and becomes something else again */
	int lost;                /* an undo: the number of a piece that isn't there any more; 0: none */
	struct value *pieces;    /* records of what changes */
	const char *reason;      /* why it can't come back; NULL: it can */
};

/* A change in a text: of the old one's bytes, and of the new one's. */
struct replace_edit {
	size_t from, to;
	size_t now_from, now_to;
};

struct replace_edits {
	struct replace_edit *items;
	size_t count, capacity;
};

/* substitute.c: the text after it; where nothing changes, itself. ret_nowhere may be NULL. */
int replace_in(struct arena *arena, const struct replace_params *want, const char *text,
	const char **ret_text, struct replace_edits *ret_edits, bool *ret_nowhere, struct error *err);
/* Of the text of the playbook: whether the patterns are ones. */
int replace_check_pattern(const struct value *pattern, struct error *err);

/* pieces.c */
void replace_note_pieces(struct arena *arena, const char *text, const char *now,
	const struct replace_edits *edits, struct replace_state *have);
const char *replace_restored(struct arena *arena, const struct replace_params *want,
	const char *text, int *ret_lost);

/* replace.c: pieces as parameters of an undo, and what such an undo leads back to. */
extern const struct param replace_piece_table[];
const struct value *replace_pieces_again(struct arena *arena, const struct replace_params *want);

#endif
