/* error_code: the stable name that each error has, for scripts, with what it means.
 *
 * A code is what a user or a script would tell apart; many messages share one. Names are
 * "area.name" and never change. The engine's are the tables in base/errors, those of modules stand in
 * the table modules_errors. As each is an array of one, its symbol is a pointer to it. */
#ifndef BASE_ERROR_CODE_H
#define BASE_ERROR_CODE_H

#include "base/errors/cli.h"
#include "base/errors/expression.h"
#include "base/errors/file.h"
#include "base/errors/history.h"
#include "base/errors/host.h"
#include "base/errors/inventory.h"
#include "base/errors/ledger.h"
#include "base/errors/playbook.h"
#include "base/errors/ssh.h"
#include "base/errors/yaml.h"

/* Each kind has a reader: TEXT stops before any host is contacted, TASK fails a task on one host.
 * These three lose a host: to UNREACHABLE no SSH connection leads (any more); HOST is reached, but has
 * no agent (any more); what PROTOCOL's agent says no agent says. BUG is ours, INTERRUPTED is ^C. */
enum error_kind {
	ERROR_NONE,
	ERROR_TEXT,
	ERROR_UNREACHABLE,
	ERROR_HOST,
	ERROR_TASK,
	ERROR_PROTOCOL,
	ERROR_BUG,
	ERROR_INTERRUPTED,
	ERROR_KEPT_BACK,     /* a text of the past lacks what wasn't for everybody to read */
};

struct error_code {
	const char *name;
	enum error_kind kind;
	const char *meaning;
	const char *remedy;          /* "" if there is none to name */
};

/* What the rows X(SYMBOL, "area.name", KIND, "meaning", "remedy") of a table are made into. */
#define ERROR_CODE_DECLARE(symbol, the_name, the_kind, the_meaning, the_remedy) \
	extern const struct error_code symbol[1];
#define ERROR_CODE_DEFINE(symbol, the_name, the_kind, the_meaning, the_remedy) \
	const struct error_code symbol[1] = { { the_name, ERROR_##the_kind, the_meaning, the_remedy } };
#define ERROR_CODE_ROW(symbol, the_name, the_kind, the_meaning, the_remedy) symbol,

#define ERRORS_OF_ENGINE(X) \
	ERRORS_OF_CLI(X) ERRORS_OF_FILE(X) ERRORS_OF_YAML(X) ERRORS_OF_EXPRESSION(X) \
	ERRORS_OF_INVENTORY(X) ERRORS_OF_PLAYBOOK(X) ERRORS_OF_SSH(X) ERRORS_OF_HOST(X) \
	ERRORS_OF_LEDGER(X) ERRORS_OF_HISTORY(X)

ERRORS_OF_ENGINE(ERROR_CODE_DECLARE)

/* All of the engine's; ends with NULL. */
extern const struct error_code *const engine_errors[];

/* The one of this name in a table; NULL if there is none. */
const struct error_code *error_code_find(const struct error_code *const *table, const char *name);

const char *error_kind_name(enum error_kind kind);

#endif
