/* tree: bytes of YAML → typed values that know their place.
 *
 * YAML 1.1, typed as PyYAML's safe loader does: yes/no/on/off/true/false are booleans, ~ and null
 * null, 012 and 0o12 (a string there too) as there, 1_000 and 0x1f integers. Where PyYAML surprises
 * (sexagesimal 12:30, dates) the text is refused with the remedy to quote it. Every scalar keeps how
 * it was written in value->text. Maps keep their order; keys are scalars, taken as text; duplicate
 * keys are refused; "<<" merges. What ansible-vault has encrypted, a file or a value (!vault), is read
 * with the passwords that vault.h knows, and is secret. Other tags, NUL, a second document, depth above TREE_DEPTH_MOST and
 * aliases that grow beyond TREE_NODES_MOST values are refused. Places count columns in bytes from 1.
 *
 * PyYAML's resolver: github.com/yaml/pyyaml lib/yaml/resolver.py, constructor.py. */
#ifndef TEXT_TREE_H
#define TEXT_TREE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"

#include <stddef.h>

enum {
	TREE_DEPTH_MOST = 64,
	TREE_NODES_MOST = 1 << 20,   /* values, each use of an alias counted anew */
};

/* The one document in bytes, or null for an empty one. file is what places name; it and bytes are
 * copied. 0, or -1 with err (kind TEXT, with the place). */
int tree_parse(struct arena *arena, const char *file, const char *bytes, size_t size,
	struct value **ret_root, struct error *err);

/* Types a plain scalar as tree_parse would (for -e and INI inventories). */
int tree_scalar(struct arena *arena, const char *text, size_t size, struct place place,
	struct value **ret_value, struct error *err);

/* The place of the byte at offset of a scalar's text: exact in plain and quoted scalars and in
 * literal blocks, the right line in folded ones. Without raw: the value's own place. */
struct place tree_place(const struct value *scalar, size_t offset);

#endif
