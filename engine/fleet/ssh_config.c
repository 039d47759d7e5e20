/* ssh_config: what ~/.ssh/config and /etc/ssh/ssh_config say for one host. */
#include "fleet/ssh_config.h"

#include "base/buffer.h"
#include "base/glob.h"
#include "fleet/ssh_config_options.h"
#include "source/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MOST = 16, WORDS_MOST = 64, FILE_MOST = 1 << 20 };

struct reader {
	struct arena *arena;
	const struct ssh_config_asked *asked;
	struct ssh_config *config;
	struct error *err;
	const char *home;               /* of the user who runs this */
	const char *local_user;
	const char *host_name;          /* as written, for tokens */
	const char *ignored;            /* IgnoreUnknown */
	const char *path;
	unsigned line;
	bool system;                    /* the machine's, not the user's */
	bool active;                    /* the block is for this host */
	bool never;                     /* in a file that a block for other hosts includes */
	bool family_said, hash_said, only_said, proxy_said, users_said, global_said;
};

static int refuse(struct reader *reader, const char *what, const char *remedy)
{
	error_set(reader->err, SSH_CONFIG_INVALID, "%s:%u: %s", reader->path, reader->line, what);
	return error_remedy(reader->err, "%s", remedy);
}

static void warn(struct reader *reader, const char *before, const char *name, const char *behind)
{
	if (reader->asked->warn)
		reader->asked->warn(reader->asked->context, arena_printf(reader->arena, "%s%s in %s %s",
			before, name, reader->path, behind));
}

/* --- Words --- */

/* "Key value", "Key=value", quotes, a comment behind. The number of words; -1: a quote is open. */
static int split(struct arena *arena, const char *text, const char *words[WORDS_MOST])
{
	int count = 0;

	for (const char *at = text; count < WORDS_MOST; count++) {
		struct buffer word = {0};
		char quote = 0;

		at += strspn(at, " \t\r\n\f");
		if (count == 1 && *at == '=')
			at += 1 + strspn(at + 1, " \t");
		if (!*at || *at == '#')
			return count;
		for (; *at && (quote || !strchr(" \t\r\n\f", *at)); at++) {
			if (count == 0 && *at == '=')
				break;
			if (*at == '\\' && at[1] && strchr("\"'\\ ", at[1]))
				buffer_add_char(&word, *++at);
			else if (quote ? *at == quote : *at == '"' || *at == '\'')
				quote = quote ? 0 : *at;
			else
				buffer_add_char(&word, *at);
		}
		words[count] = arena_string(arena, word.data ? word.data : "");
		buffer_free(&word);
		if (quote)
			return -1;
	}
	return count;
}

static bool in_words(const char *const *words, int count, const char *text)
{
	bool found = false;

	for (int i = 0; i < count; i++) {
		bool negated = words[i][0] == '!';

		if (!glob_match(words[i] + negated, strlen(words[i] + negated), text, 0))
			continue;
		if (negated)
			return false;
		found = true;
	}
	return found;
}

static bool in_list(struct reader *reader, const char *list, const char *text)
{
	const char *words[WORDS_MOST];
	char *copy = arena_string(reader->arena, list), *rest = NULL;
	int count = 0;

	for (char *word = strtok_r(copy, ",", &rest); word && count < WORDS_MOST;
			word = strtok_r(NULL, ",", &rest))
		words[count++] = word;
	return in_words(words, count, text);
}

/* --- Tokens --- */

static const char *current_host(const struct reader *reader)
{
	return reader->config->host ? reader->config->host : reader->asked->address;
}

static const char *token(struct reader *reader, char letter)
{
	const struct ssh_config *config = reader->config;
	unsigned port = reader->asked->port ? reader->asked->port : config->port ? config->port : 22;
	const char *user = reader->asked->user ? reader->asked->user : config->user;
	static char name[256];

	switch (letter) {
	case '%': return "%";
	case 'd': return reader->home;
	case 'h': return current_host(reader);
	case 'n': return reader->asked->address;
	case 'p': return arena_printf(reader->arena, "%u", port);
	case 'r': return user ? user : reader->local_user;
	case 'u': return reader->local_user;
	case 'i': return arena_printf(reader->arena, "%u", (unsigned)getuid());
	case 'k': return config->host_key_alias ? config->host_key_alias : reader->asked->address;
	case 'l': return gethostname(name, sizeof(name) - 1) == 0 ? name : "";
	case 'L':
		if (gethostname(name, sizeof(name) - 1) == 0)
			name[strcspn(name, ".")] = '\0';
		return name;
	default: return NULL;
	}
}

/* ~, %h and the like, ${NAME}. NULL: a token isn't known; said. */
static const char *expand(struct reader *reader, const char *text)
{
	struct buffer out = {0};
	const char *kept = NULL;

	if (text[0] == '~' && (text[1] == '/' || !text[1])) {
		buffer_add_string(&out, reader->home);
		text++;
	}
	for (; *text; text++) {
		const char *end = text[0] == '$' && text[1] == '{' ? strchr(text, '}') : NULL;
		const char *value = NULL;

		if (end) {
			value = getenv(arena_bytes(reader->arena, text + 2, (size_t)(end - text) - 2));
			text = end;
		} else if (*text == '%' && text[1]) {
			value = token(reader, *++text);
		} else {
			buffer_add_char(&out, *text);
			continue;
		}
		if (!value)
			break;
		buffer_add_string(&out, value);
	}
	if (*text)
		warn(reader, "", text, "has a token that is not supported, and is left out");
	else
		kept = arena_string(reader->arena, out.data ? out.data : "");
	buffer_free(&out);
	return kept;
}

/* HostName, else what was asked for: also where HostName has a token that isn't known. */
static const char *named_host(struct reader *reader)
{
	const char *name = reader->host_name ? expand(reader, reader->host_name) : NULL;

	return name ? name : reader->asked->address;
}

/* --- Setting --- */

static void set_text(const char **option, const char *text)
{
	if (!*option)
		*option = text;
}

static void set_files(const char **files, bool *said, const char *const *words, int count)
{
	int kept = 0;

	if (*said)
		return;
	*said = true;
	for (int i = 0; i < count && kept < SSH_FILES_MOST; i++) {
		if (strcasecmp(words[i], "none") != 0)
			files[kept++] = words[i];
	}
	files[kept] = NULL;
}

static bool is_yes(const char *word)
{
	return strcasecmp(word, "yes") == 0 || strcasecmp(word, "true") == 0;
}

static void set_flag(bool *flag, bool *said, const char *word)
{
	if (!*said)
		*flag = is_yes(word);
	*said = true;
}

static void add_identity(struct reader *reader, const char *word)
{
	const char **identities = reader->config->identities;
	size_t count = 0;

	while (identities[count])
		count++;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(identities[i], word) == 0)
			return;
	}
	if (count < SSH_FILES_MOST)
		identities[count] = word;
}

static void set_family(struct reader *reader, const char *word)
{
	if (!reader->family_said)
		reader->config->family = strcasecmp(word, "inet") == 0 ? AF_INET
			: strcasecmp(word, "inet6") == 0 ? AF_INET6 : AF_UNSPEC;
	reader->family_said = true;
}

static int set_port(struct reader *reader, const char *word)
{
	char *end;
	unsigned long port = strtoul(word, &end, 10);

	if (*end || port < 1 || port > 65535 || !*word || *word == '-')
		return refuse(reader, "this is not a port", "write a number from 1 to 65535");
	if (!reader->config->port)
		reader->config->port = (unsigned)port;
	return 0;
}

/* Whose value isn't followed, where it makes a difference. */
static void set_refused(struct reader *reader, const struct ssh_config_option *option,
	const char *word)
{
	if (!option->harmless || strcasecmp(option->harmless, word) != 0)
		warn(reader, "", option->name, "is not supported, and has no effect here");
}

static int set(struct reader *reader, const struct ssh_config_option *option,
	const char *const *words, int count)
{
	struct ssh_config *config = reader->config;
	const char *word = words[0];

	switch (option->does) {
	case CONFIG_HOST_NAME:
		reader->host_name = reader->host_name ? reader->host_name : word;
		return 0;
	case CONFIG_USER: set_text(&config->user, word); return 0;
	case CONFIG_PORT: return set_port(reader, word);
	case CONFIG_IDENTITY: add_identity(reader, word); return 0;
	case CONFIG_IDENTITIES_ONLY:
		set_flag(&config->identities_only, &reader->only_said, word);
		return 0;
	case CONFIG_AGENT: set_text(&config->identity_agent, word); return 0;
	case CONFIG_KNOWN_HOSTS:
		set_files(config->known_hosts, &reader->users_said, words, count);
		return 0;
	case CONFIG_GLOBAL_KNOWN_HOSTS:
		set_files(config->global_known_hosts, &reader->global_said, words, count);
		return 0;
	case CONFIG_REVOKED: set_text(&config->revoked_host_keys, word); return 0;
	case CONFIG_ALIAS: set_text(&config->host_key_alias, word); return 0;
	case CONFIG_HASH: set_flag(&config->hash_known_hosts, &reader->hash_said, word); return 0;
	case CONFIG_CIPHERS: set_text(&config->ciphers, word); return 0;
	case CONFIG_MACS: set_text(&config->macs, word); return 0;
	case CONFIG_KEY_EXCHANGES: set_text(&config->key_exchanges, word); return 0;
	case CONFIG_HOST_KEYS: set_text(&config->host_keys, word); return 0;
	case CONFIG_PUBLIC_KEYS: set_text(&config->public_keys, word); return 0;
	case CONFIG_FAMILY: set_family(reader, word); return 0;
	case CONFIG_PROXY:
		if (!reader->proxy_said && strcasecmp(word, "none") != 0)
			config->proxy = option->name;
		reader->proxy_said = true;
		return 0;
	case CONFIG_UNKNOWN_IGNORED: set_text(&reader->ignored, word); return 0;
	case CONFIG_STRICT:
		if (strcasecmp(word, "yes") != 0 && strcasecmp(word, "ask") != 0)
			warn(reader, "", option->name, "is not followed: host keys are always checked");
		return 0;
	case CONFIG_REFUSED: set_refused(reader, option, word); return 0;
	default: return 0;
	}
}

/* --- Blocks and files --- */

/* The next criterion of Match. count: the words that are left; ret_used: how many it takes. */
static bool matches(struct reader *reader, const char *const *words, int count, int *ret_used)
{
	const char *user = reader->asked->user ? reader->asked->user : reader->config->user;
	bool negated = words[0][0] == '!', found;
	const char *what = words[0] + negated, *list = count > 1 ? words[1] : "";

	*ret_used = 2;
	if (strcasecmp(what, "all") == 0) {
		*ret_used = 1;
		found = true;
	} else if (strcasecmp(what, "host") == 0) {
		found = in_list(reader, list, named_host(reader));
	} else if (strcasecmp(what, "originalhost") == 0) {
		found = in_list(reader, list, reader->asked->address);
	} else if (strcasecmp(what, "user") == 0) {
		found = in_list(reader, list, user ? user : reader->local_user);
	} else if (strcasecmp(what, "localuser") == 0) {
		found = in_list(reader, list, reader->local_user);
	} else {
		warn(reader, "Match ", what, "is not supported: its block has no effect here");
		*ret_used = count;
		return false;
	}
	return found != negated;
}

static bool match_all(struct reader *reader, const char *const *words, int count)
{
	bool all = count > 0;

	for (int i = 0, used = 1; i < count; i += used)
		all = matches(reader, words + i, count - i, &used) && all;
	return all;
}

static int read_file(struct reader *reader, const char *path, unsigned depth);

static int include(struct reader *reader, const char *word, unsigned depth)
{
	const char *path = expand(reader, word);
	struct reader outer = *reader;
	glob_t found;
	int result = 0;

	if (!path)
		return 0;
	if (path[0] != '/')
		path = arena_printf(reader->arena, "%s/%s", reader->system ? "/etc/ssh"
			: arena_printf(reader->arena, "%s/.ssh", reader->home), path);
	if (glob(path, 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; result == 0 && i < found.gl_pathc; i++) {
		reader->never = outer.never || !outer.active;
		reader->active = outer.active;
		result = read_file(reader, arena_string(reader->arena, found.gl_pathv[i]), depth + 1);
	}
	globfree(&found);
	reader->path = outer.path;
	reader->line = outer.line;
	reader->active = outer.active;
	reader->never = outer.never;
	return result;
}

static int read_line(struct reader *reader, const char *text, unsigned depth)
{
	const char *words[WORDS_MOST];
	int count = split(reader->arena, text, words);
	const struct ssh_config_option *option = count > 0 ? ssh_config_option(words[0]) : NULL;

	if (count < 0)
		return refuse(reader, "a quote is not closed", "close it");
	if (count == 0)
		return 0;
	if (!option && reader->ignored && in_list(reader, reader->ignored, words[0]))
		return 0;
	if (!option) {
		if (reader->active && !reader->never)
			warn(reader, "the option ", words[0], "is not known here, and has no effect");
		return 0;
	}
	if (count < 2)
		return refuse(reader, "the option has no value", "give it one, or remove the line");
	if (option->does == CONFIG_HOST)
		reader->active = !reader->never && in_words(words + 1, count - 1,
			reader->asked->address);
	else if (option->does == CONFIG_MATCH)
		reader->active = !reader->never && match_all(reader, words + 1, count - 1);
	else if (option->does == CONFIG_INCLUDE)
		for (int i = 1; i < count; i++) {
			if (include(reader, words[i], depth) < 0)
				return -1;
		}
	else if (reader->active && !reader->never)
		return set(reader, option, words + 1, count - 1);
	return 0;
}

/* ssh doesn't read what others can write, either. */
static int check_file(const struct reader *reader, int fd, const char *path)
{
	struct error why = {0};
	struct stat info;

	if (fstat(fd, &info) < 0)
		return error_errno(reader->err, SSH_CONFIG_INVALID, "cannot read '%s'", path);
	if (!S_ISREG(info.st_mode) || info.st_size > FILE_MOST)
		return error_set(reader->err, SSH_CONFIG_INVALID, "'%s' is not a regular file of at most "
			"1 MiB", path);
	if (trust_check(&info, path, geteuid(), false, &why) == 0)
		return 0;
	error_set(reader->err, SSH_CONFIG_INVALID, "%s", why.message);
	return error_remedy(reader->err, "chown it to yourself, and chmod 600 '%s'", path);
}

static int read_file(struct reader *reader, const char *path, unsigned depth)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), result;
	size_t capacity = 0;
	char *text = NULL;
	FILE *file;

	if (fd < 0)
		return 0;
	if (depth > DEPTH_MOST || check_file(reader, fd, path) < 0) {
		close(fd);
		return error_set(reader->err, SSH_CONFIG_INVALID, "'%s' is included too deeply", path);
	}
	file = fdopen(fd, "r");
	result = file ? 0 : error_errno(reader->err, SSH_CONFIG_INVALID, "cannot read '%s'", path);
	reader->path = path;
	for (reader->line = 1; result == 0 && getline(&text, &capacity, file) > 0; reader->line++)
		result = read_line(reader, text, depth);
	free(text);
	if (file)
		fclose(file);
	return result;
}

/* --- All together --- */

static void expand_files(struct reader *reader, const char **files)
{
	size_t kept = 0;

	for (size_t i = 0; files[i]; i++) {
		const char *path = expand(reader, files[i]);

		if (path)
			files[kept++] = path;
	}
	files[kept] = NULL;
}

static void finish(struct reader *reader)
{
	static const char *const users[] = { "~/.ssh/known_hosts", "~/.ssh/known_hosts2" };
	static const char *const globals[] = { "/etc/ssh/ssh_known_hosts",
		"/etc/ssh/ssh_known_hosts2" };
	struct ssh_config *config = reader->config;
	const char *path;

	set_files(config->known_hosts, &reader->users_said, users, 2);
	set_files(config->global_known_hosts, &reader->global_said, globals, 2);
	config->host = named_host(reader);
	expand_files(reader, config->identities);
	expand_files(reader, config->known_hosts);
	expand_files(reader, config->global_known_hosts);
	if (config->revoked_host_keys && strcasecmp(config->revoked_host_keys, "none") == 0)
		config->revoked_host_keys = NULL;
	/* As it stands it can't be read, so that no key is accepted. */
	if (config->revoked_host_keys && (path = expand(reader, config->revoked_host_keys)))
		config->revoked_host_keys = path;
	if (config->identity_agent && strcmp(config->identity_agent, "SSH_AUTH_SOCK") == 0)
		config->identity_agent = NULL;
	if (config->identity_agent && config->identity_agent[0] == '$')
		config->identity_agent = getenv(config->identity_agent + 1);
	else if (config->identity_agent)
		config->identity_agent = expand(reader, config->identity_agent);
}

int ssh_config_read(struct arena *arena, const struct ssh_config_asked *asked,
	struct ssh_config *ret_config, struct error *err)
{
	const struct passwd *user = getpwuid(getuid());
	const char *home = getenv("HOME");
	struct reader reader = { .arena = arena, .asked = asked, .config = ret_config, .err = err,
		.active = true };

	*ret_config = (struct ssh_config){ .family = AF_UNSPEC };
	reader.local_user = user ? arena_string(arena, user->pw_name) : "";
	reader.home = home && *home == '/' ? home : user ? arena_string(arena, user->pw_dir) : "/";
	if (read_file(&reader, arena_printf(arena, "%s/.ssh/config", reader.home), 0) < 0)
		return -1;
	reader.system = reader.active = true;
	if (read_file(&reader, "/etc/ssh/ssh_config", 0) < 0)
		return -1;
	finish(&reader);
	return 0;
}
