/* doc_errors: what each code of an error means, and what to do about it. */
#include "command/command.h"
#include "command/doc.h"

#include "base/suggest.h"
#include "module/module.h"

#include <stdio.h>
#include <string.h>

static const struct error_code *const *const tables[] = { engine_errors, modules_errors, NULL };

static const struct { enum error_kind kind; const char *exits, *doc; } kinds[] = {
	{ ERROR_TEXT, "1", "the files or the command line are wrong; found before any host is contacted" },
	{ ERROR_KEPT_BACK, "1", "a record of the past lacks what wasn't for everybody to read" },
	{ ERROR_BUG, "1", "beoplay itself, or the system it runs on, failed (2 if that was on a host)" },
	{ ERROR_TASK, "2", "a task failed on a host" },
	{ ERROR_PROTOCOL, "2", "a host's agent said what beoplay's agent never says" },
	{ ERROR_HOST, "2", "a host is reached, but its agent couldn't be started, or has ended" },
	{ ERROR_UNREACHABLE, "4", "no SSH connection leads to a host, or the one to it was lost" },
	{ ERROR_INTERRUPTED, "130", "the run was interrupted" },
};

static void print_kinds(void)
{
	puts("kind         exit  meaning");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		printf("%-12s %-5s %s\n", error_kind_name(kinds[i].kind), kinds[i].exits, kinds[i].doc);
}

static void print_code(const struct error_code *code)
{
	printf("%s (%s)\n    %s\n", code->name, error_kind_name(code->kind), code->meaning);
	if (*code->remedy)
		printf("    → %s\n", code->remedy);
}

static int unknown_code(const char *name)
{
	struct suggestion suggestion = { .word = name };

	for (size_t i = 0; tables[i]; i++) {
		for (size_t k = 0; tables[i][k]; k++)
			suggest_offer(&suggestion, tables[i][k]->name);
	}
	fprintf(stderr, "beoplay: there is no error '%s'", name);
	if (suggestion.nearest)
		fprintf(stderr, "; did you mean '%s'?", suggestion.nearest);
	fputc('\n', stderr);
	return EXIT_TEXT;
}

int doc_errors(char **names)
{
	if (!*names) {
		print_kinds();
		putchar('\n');
		for (size_t i = 0; tables[i]; i++) {
			for (size_t k = 0; tables[i][k]; k++)
				print_code(tables[i][k]);
		}
	}
	for (; *names; names++) {
		const struct error_code *code = error_named(*names);

		if (!code)
			return unknown_code(*names);
		print_code(code);
	}
	return EXIT_GOOD;
}
