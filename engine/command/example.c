/* example: the files of playbooks/, carried inside the program. */
#include "command/example.h"

#include <stddef.h>

/* The linker's section has what stands in the file, byte for byte. */
#define CARRIED(symbol, path) \
	__asm__(".pushsection .rodata\n" #symbol ":\n.incbin \"playbooks/" path "\"\n" \
		#symbol "_end:\n.popsection\n"); \
	extern const char symbol[] __attribute__((visibility("hidden"))), \
		symbol##_end[] __attribute__((visibility("hidden")));

CARRIED(example_site, "site.yml")
CARRIED(example_hello, "hello_cluster.c")
CARRIED(example_ring, "ring_cluster.c")

const struct example_file example_files[] = {
	{ "site.yml", example_site, example_site_end },
	{ "hello_cluster.c", example_hello, example_hello_end },
	{ "ring_cluster.c", example_ring, example_ring_end },
	{ NULL, NULL, NULL },
};
