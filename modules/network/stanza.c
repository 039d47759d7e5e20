/* stanza: what another one has written about an interface into a file of ifupdown's (interfaces(5)). */
#include "modules/network/network.h"

#include "base/buffer.h"

#include <string.h>

static bool begins(const char *line, const char *word)
{
	size_t size = strlen(word);

	line += strspn(line, " \t");
	return strncmp(line, word, size) == 0 && line[size] && strchr(" \t", line[size]);
}

/* Whatever ends a stanza. */
static bool is_keyword(const char *line)
{
	static const char *const words[] = { "iface", "mapping", "auto", "source", "source-directory",
		"rename", "no-auto-down", "no-scripts", "template" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (begins(line, words[i]))
			return true;
	}
	return strncmp(line + strspn(line, " \t"), "allow-", 6) == 0;
}

static bool is_own(const char *line, const char *interface)
{
	size_t size = strlen(interface);
	const char *word = line + strspn(line, " \t") + 5;

	if (!begins(line, "iface"))
		return false;
	word += strspn(word, " \t");
	if (strncmp(word, interface, size) != 0 || !strchr(" \t", word[size]))
		return false;
	word += size + strspn(word + size, " \t");
	return strncmp(word, "inet", 4) == 0 && strchr(" \t", word[4]);
}

static bool is_empty(const char *line)
{
	line += strspn(line, " \t");
	return *line == '#' || *line == '\n' || *line == '\0';
}

/* A backslash at its end makes a line go on, unless it is a comment. */
static const char *next_line(const char *line)
{
	bool goes_on = line[strspn(line, " \t")] != '#';

	do {
		const char *end = line + strcspn(line, "\n");

		goes_on = goes_on && *end == '\n' && end > line && end[-1] == '\\';
		line = end + (*end == '\n');
	} while (goes_on);
	return line;
}

/* Behind its last option: comments and empty lines belong to what follows. */
static const char *end_of(const char *stanza)
{
	const char *end = next_line(stanza);

	for (const char *line = end; *line && !is_keyword(line); line = next_line(line)) {
		if (!is_empty(line))
			end = next_line(line);
	}
	return end;
}

const char *network_stanza_replace(struct arena *arena, const char *text, const char *interface,
	const char *with, const char **ret_old)
{
	struct buffer result = {0}, old = {0};
	const char *line = text, *whole;

	while (*line) {
		const char *next = is_own(line, interface) ? end_of(line) : next_line(line);

		if (!is_own(line, interface)) {
			buffer_add(&result, line, (size_t)(next - line));
		} else {
			if (old.size == 0)
				buffer_add_string(&result, with);
			buffer_add(&old, line, (size_t)(next - line));
		}
		line = next;
	}
	*ret_old = old.size > 0 ? arena_bytes(arena, old.data, old.size) : NULL;
	whole = arena_bytes(arena, result.size > 0 ? result.data : "", result.size);
	buffer_free(&result);
	buffer_free(&old);
	return whole;
}

/* Words of a line that names the ports of a bridge or of a bond. */
static bool names_port(const char *line, const char *interface)
{
	static const char *const options[] = { "bridge_ports", "bridge-ports", "bond-slaves", "slaves",
		"bond_slaves", "vlan-raw-device", "vlan_raw_device" };
	size_t size = strlen(interface);

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		const char *end = line + strcspn(line, "\n");

		for (const char *at = begins(line, options[i]) ? strstr(line, interface) : NULL;
				at && at < end; at = strstr(at + 1, interface)) {
			if (strchr(" \t", at[-1]) && strchr(" \t\n", at[size]))
				return true;
		}
	}
	return false;
}

/* "iface eth0:1 …", which would bring up an address of its own beside. */
static bool is_alias(const char *line, const char *interface)
{
	size_t size = strlen(interface);
	const char *word = line + strspn(line, " \t") + 5;

	if (!begins(line, "iface"))
		return false;
	word += strspn(word, " \t");
	return strncmp(word, interface, size) == 0 && word[size] == ':';
}

static bool is_mapped(const char *line, const char *interface)
{
	size_t size = strlen(interface);
	const char *end = line + strcspn(line, "\n");

	for (const char *at = begins(line, "mapping") ? strstr(line, interface) : NULL; at && at < end;
			at = strstr(at + 1, interface)) {
		if (strchr(" \t", at[-1]) && strchr(" \t\n", at[size]))
			return true;
	}
	return false;
}

const char *network_stanza_keeps(const char *text, const char *interface, const char *old)
{
	for (const char *line = text; *line; line = next_line(line)) {
		if (names_port(line, interface))
			return "is part of a bridge, a bond or a VLAN";
		if (is_alias(line, interface))
			return "has an alias with a stanza of its own";
		if (is_mapped(line, interface))
			return "is mapped to other names";
	}
	for (const char *line = old ? old : ""; *line; line = next_line(line)) {
		const char *word = line + strspn(line, " \t");

		if (strncmp(word, "wpa-", 4) == 0 || strncmp(word, "wireless-", 9) == 0)
			return "is a wireless one";
	}
	return NULL;
}
