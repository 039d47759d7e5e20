/* lineinfile: what the files of lineinfile share. */
#ifndef MODULES_LINEINFILE_H
#define MODULES_LINEINFILE_H

#include "base/regex.h"
#include "modules/shared/text_file.h"

enum { BACK_MOST = 1000 };

/* A line that went, as an undo brings it back. */
struct line_back {
	char *line;              /* without its newline */
	char *instead;           /* the line that took its place; NULL: none */
	char *after;             /* the line before it; NULL: none, or no text */
	int number;              /* which line it was, from 0 */
	int copies;              /* it is back when there are so many of it */
	bool bare;               /* it ended the file, without a newline */
};

struct line_params {
	char *path;
	char *line;
	char *regexp;
	char *search_string;
	char *insertafter;
	char *insertbefore;
	bool firstmatch;
	bool backrefs;
	bool present;
	bool create;
	bool backup;
	char *validate;
	char *owner;
	char *group;
	char *mode;
	/* Internal, of an undo: */
	bool undo;
	bool made;               /* the file was not there before */
	bool bare;               /* the line came behind one without a newline */
	char *pattern;           /* by which the task knew its line */
	char *kept;              /* what tasks before had made of the line; NULL: nothing */
	int seen;                /* what went before the task, by its number, was gone anyway */
	struct line_back *back;
	unsigned back_count;
};

struct line_state {
	struct text_file file;
	struct value *back;      /* records of lines that go */
	bool bare;               /* the new line comes behind one without a newline */
	const char *line;        /* of the task, or what backrefs make of it; NULL: none */
	const char *ours;        /* an undo: what later runs have made of the line; NULL: the same */
	const struct value *known;   /* what gone.c keeps of the line; or NULL */
	const char *inserted;    /* an undo: the line that comes back without taking another's place */
	const char *reason;      /* why the lines can't come back; NULL: they can */
};

/* Before the digest of a line, where that stands for it. */
#define LINE_DIGEST_MARK "sha256:"

struct pattern {
	struct regex *regex;
	size_t steps;            /* that are left, for all lines */
	bool lost;               /* they weren't enough: what matches isn't known */
};

struct line {
	const char *text;
	size_t size;             /* without the newline */
	bool bare;               /* at the end, without a newline */
};

struct lines {
	struct line *items;
	size_t count;
};

/* pattern.c */
int pattern_compile(const char *text, struct pattern *ret_pattern, struct error *err);
bool pattern_matches(struct pattern *pattern, const char *line, size_t size);
/* The line that backrefs make of one that matches. */
int pattern_expand(struct arena *arena, struct pattern *pattern, const char *text, const char *line,
	size_t size, const char **ret_line, struct error *err);
/* An error if a reference in a line with backrefs is to no group of the pattern. */
int pattern_check_references(const struct pattern *pattern, const struct value *line, struct error *err);
/* Gives the pattern back. A line that may match is neither taken for one that does nor for one that
 * doesn't. */
int pattern_finish(struct pattern *pattern, const char *text, struct error *err);

/* lines.c */
/* The lines of a text, in place, with room for so many more. */
struct lines lines_split(struct arena *arena, const char *text, size_t more);
/* text: a line, or its digest. A single line that ends as on DOS is the same line. */
bool line_is(const struct line *line, const char *text);
/* How often they have this one. */
int lines_count(const struct lines *lines, const char *text);
int line_change(struct arena *arena, const struct line_params *want,
	struct line_state *have, struct error *err);

/* gone.c */
/* What is known of the line beyond single tasks, for those that know it by a pattern: fills ours and
 * known. An undo may lead behind several runs at once, of other playbooks, too. */
int line_recall(struct host *host, const struct line_params *want, struct line_state *have,
	struct error *err);
/* What runs have made of it last; NULL: nothing. */
const char *line_made(const struct line_state *have);
/* The number of what goes next. */
int64_t line_gone_next(const struct line_state *have);
/* What went since then, as an undo brings it back. */
size_t line_gone_since(struct arena *arena, const struct line_state *have, int64_t number,
	struct line_back **ret_back);
/* Notes what the task, or the undo, has done. */
int line_remember(struct host *host, const struct line_params *want, const struct line_state *have,
	struct error *err);

/* lineinfile.c */
/* By what the task knows its line; NULL: the line itself is all that is known of it. */
const char *line_pattern(const struct line_params *want);
/* Our line in what a node keeps of a file that isn't for everybody: enough to find it again. */
const char *line_kept(struct arena *arena, const struct line_params *want,
	const struct line_state *have, const char *line);

#endif
