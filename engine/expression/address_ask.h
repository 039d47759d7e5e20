/* address_ask: what can be asked of an address, by netaddr's words. Private to this room. */
#ifndef TEXT_EXPRESSION_ADDRESS_ASK_H
#define TEXT_EXPRESSION_ADDRESS_ASK_H

#include "expression/address.h"
#include "expression/evaluate.h"

enum { IP_ANY = 0 };

/* A question about an address, and where it stands. */
struct asking {
	struct evaluation *evaluation;
	size_t offset;
	struct arena *arena;
	const char *query;
	int version;                   /* 4, 6, or IP_ANY */
	bool failed;                   /* there is an error */
};

/* A string or an integer. */
bool address_is_text(const struct value *value);
/* ret_value: the answer; false: it is no address, or not of that version; null: it isn't what was asked for. */
int address_ask(struct asking *asking, struct value *input, struct value **ret_value);

#endif
