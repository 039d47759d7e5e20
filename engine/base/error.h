/* error: what went wrong, where in the user's text, and what to do about it. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/error_code.h"

#include <stdarg.h>

struct arena;

/* A place in a text. file is borrowed and lives as long as the text; line and column count from 1,
 * columns in bytes; line 0: no place. */
struct place {
	const char *file;
	unsigned line;
	unsigned column;
};

struct error {
	const struct error_code *code;   /* NULL: no error */
	enum error_kind kind;            /* the code's */
	struct place place;
	char message[2048];
	char remedy[1024];   /* what to do; "" if nothing is known */
	const struct error *next;   /* a further error of the same text; NULL: none; in the text's arena */
};

/* All return -1, so that failing is one line. An error that is already set is kept: the inner one
 * knows more. err may be NULL. */
int error_set(struct error *err, const struct error_code *code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int error_at(struct error *err, const struct error_code *code, struct place place,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
int error_errno(struct error *err, const struct error_code *code, const char *format, ...)
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
