/* error: what went wrong, where in the user's text, and what to do about it. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>

struct arena;

/* Each kind has a reader: TEXT stops before any host is contacted, UNREACHABLE drops a host,
 * TASK fails a task on one host, PROTOCOL fails a host whose agent says what none says, BUG is
 * ours, INTERRUPTED is ^C. */
enum error_kind {
	ERROR_NONE,
	ERROR_TEXT,
	ERROR_UNREACHABLE,
	ERROR_TASK,
	ERROR_PROTOCOL,
	ERROR_BUG,
	ERROR_INTERRUPTED,
	ERROR_KEPT_BACK,     /* a text of the past lacks what wasn't for everybody to read */
};

/* A place in a text. file is borrowed and lives as long as the text; line and column count from 1,
 * columns in bytes; line 0: no place. */
struct place {
	const char *file;
	unsigned line;
	unsigned column;
};

struct error {
	enum error_kind kind;
	struct place place;
	char message[2048];
	char remedy[1024];   /* what to do; "" if nothing is known */
	const struct error *next;   /* a further error of the same text; NULL: none; in the text's arena */
};

/* All return -1, so that failing is one line. An error that is already set is kept: the inner one
 * knows more. err may be NULL. */
int error_set(struct error *err, enum error_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int error_at(struct error *err, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));   /* kind TEXT */
int error_errno(struct error *err, enum error_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));   /* appends ": strerror(errno)" */

/* Adds a remedy to an error that has none yet; returns -1. */
int error_remedy(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Gives an error without a place this one; returns -1. */
int error_place(struct error *err, struct place place);

void error_clear(struct error *err);

/* Errors of a text behind which reading went on. Zeroed, it is empty. */
enum { ERRORS_TOLD_MOST = 200 };

struct error_list {
	struct error *first, *last;
	unsigned count;
};

/* Notes an error and clears it; nothing where there is none. */
void error_keep(struct arena *arena, struct error_list *list, struct error *err);
/* 0, or -1 with the first of them, which leads to the others by next. */
int error_tell(const struct error_list *list, struct error *err);

#endif
