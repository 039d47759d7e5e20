/* vault: what ansible-vault has encrypted, formats 1.1 and 1.2.
 *
 * A line "$ANSIBLE_VAULT;1.1;AES256" (1.2: and a label), then hexadecimal digits of three lines, each
 * hexadecimal again: salt, HMAC-SHA256, and what AES-256-CTR made of the text, padded as PKCS #7 says.
 * PBKDF2 makes the two keys and the counter's start of password and salt. Source:
 * github.com/ansible/ansible lib/ansible/parsing/vault/__init__.py, VaultAES256. */
#ifndef YAML_VAULT_H
#define YAML_VAULT_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* One more password that is tried from here on, whatever label a text has; copied, for as long as the
 * program lives. */
void vault_know(const char *password);

/* Whether that is how an encrypted text begins. */
bool vault_is(const char *bytes, size_t size);

/* What was encrypted, with a NUL behind it. 0, or -1 with err (YAML_VAULT, at place). */
int vault_decrypt(struct arena *arena, const char *bytes, size_t size, struct place place,
	char **ret_text, size_t *ret_size, struct error *err);

#endif
