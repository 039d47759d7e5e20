/* doc: what modules there are and what they take, from the same tables that check playbooks. */
#include "command/command.h"
#include "command/doc.h"
#include "module/module.h"
#include "module/params.h"
#include "base/suggest.h"

#include <stdio.h>
#include <string.h>

static void print_param(const struct param *param, int indent)
{
	printf("%*s%s", indent, "", param->name);
	if (param->alias)
		printf(" (or %s)", param->alias);
	printf(": %s", param_kind_name(param->kind));
	if (param->flags & PARAM_REQUIRED)
		fputs(", required", stdout);
	else if (param->otherwise && *param->otherwise)
		printf(", default %s", param->otherwise);
	if (param->flags & PARAM_NOT_YET)
		fputs(", not supported yet", stdout);
	putchar('\n');
	printf("%*s%s\n", indent + 4, "", param->doc);
	for (size_t i = 0; param->choices && param->choices[i]; i++)
		printf("%*s%s%s", i ? 0 : indent + 4, "", i ? " | " : "", param->choices[i]);
	if (param->choices)
		putchar('\n');
	for (const struct param *entry = param->entries; entry && entry->name; entry++)
		print_param(entry, indent + 4);
}

static void print_remains(const struct remains *const *tables)
{
	printf("\nwhat an undo leaves behind:\n");
	for (; *tables; tables++) {
		for (const struct remains *one = *tables; one->path; one++)
			printf("  %-30s %s\n", one->path, one->doc);
	}
}

static void print_module(const struct module *module)
{
	printf("%s: %s\n", module->name, module->summary);
	if (module->aliases) {
		fputs("aliases:", stdout);
		for (size_t i = 0; module->aliases[i]; i++)
			printf(" %s", module->aliases[i]);
		putchar('\n');
	}
	putchar('\n');
	for (const struct param *param = module->params; param && param->name; param++) {
		if (!(param->flags & PARAM_INTERNAL))
			print_param(param, 2);
	}
	if (module->remains)
		print_remains(module->remains);
}

static int unknown_module(const char *name)
{
	struct suggestion suggestion = { .word = name };

	for (size_t i = 0; modules_all[i]; i++) {
		if (!(modules_all[i]->flags & MODULE_INTERNAL))
			suggest_offer(&suggestion, modules_all[i]->name);
	}
	fprintf(stderr, "beoplay: there is no module '%s'", name);
	if (suggestion.nearest)
		fprintf(stderr, "; did you mean '%s'?", suggestion.nearest);
	fputc('\n', stderr);
	return EXIT_TEXT;
}

int command_doc(int argc, char **argv)
{
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		puts("usage: beoplay doc [MODULE…]\n"
			"       beoplay doc errors [CODE…]\n"
			"\n"
			"List the modules, or show the parameters of some; list the codes of errors, or show what\n"
			"some of them mean and what to do about them.");
		return EXIT_GOOD;
	}
	if (argc > 1 && strcmp(argv[1], "errors") == 0)
		return doc_errors(argv + 2);
	for (size_t i = 0; argc < 2 && modules_all[i]; i++) {
		if (!(modules_all[i]->flags & MODULE_INTERNAL))
			printf("%-14s %s\n", modules_all[i]->name, modules_all[i]->summary);
	}
	for (int i = 1; i < argc; i++) {
		const struct module *module = module_find(argv[i]);

		if (!module || (module->flags & MODULE_INTERNAL))
			return unknown_module(argv[i]);
		if (i > 1)
			putchar('\n');
		print_module(module);
	}
	return EXIT_GOOD;
}
