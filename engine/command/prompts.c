/* prompts: vars_prompt: what plays ask whoever sits at the terminal before a run. */
#include "command/playing_state.h"

#include "command/passphrase.h"

#include <string.h>

static bool said(const struct value *prompt, const char *key, bool otherwise)
{
	const struct value *value = value_get(prompt, key);
	const char *text = value ? value->text : NULL;

	if (!value)
		return otherwise;
	return value->kind == VALUE_BOOL ? value->truth : text && strchr("yYtT1oO", *text)
		&& strcmp(text, "off") != 0;
}

static int no_terminal(const struct play *play, const struct value *prompt, const char *name,
	struct error *err)
{
	error_at(err, CLI_NO_TERMINAL, value_pair(prompt, "name")->place, "the play '%s' asks for '%s', "
		"and there is no terminal", play->name ? play->name : value_text(play->hosts), name);
	return error_remedy(err, "give it with -e %s=VALUE", name);
}

static int ask_twice(struct playing *playing, const struct value *prompt, const char *question,
	const char **ret_answer, struct error *err)
{
	const char *again;

	if (passphrase_ask(playing->arena, question, ret_answer, err) < 0)
		return -1;
	if (!said(prompt, "confirm", false))
		return 0;
	if (passphrase_ask(playing->arena, arena_printf(playing->arena, "%s once more", question), &again,
			err) < 0)
		return -1;
	return strcmp(again, *ret_answer) == 0 ? 0 : error_set(err, CLI_NO_ANSWER,
		"the two answers differ");
}

/* The answer, else what the prompt has in place of one. */
static int ask(struct playing *playing, const struct play *play, const struct value *prompt,
	struct value **ret_value, struct error *err)
{
	const char *name = value_get_string(prompt, "name"), *text = value_get_string(prompt, "prompt");
	struct value *otherwise = value_get(prompt, "default");
	struct error problem = {0};
	const char *answer;

	*ret_value = otherwise;
	if (!passphrase_terminal())
		return otherwise ? 0 : no_terminal(play, prompt, name, err);
	if (ask_twice(playing, prompt, text ? text : name, &answer, &problem) == 0) {
		*ret_value = value_string(playing->arena, answer);
		return 0;
	}
	if (otherwise && problem.code == CLI_NO_ANSWER && !value_get_bool(prompt, "confirm"))
		return 0;
	if (err)
		*err = problem;
	return -1;
}

static int ask_play(struct playing *playing, struct play *play, const struct value *extra,
	struct error *err)
{
	bool silent = playing->unasked || playing->options->syntax_check || playing->options->list_hosts
		|| playing->options->list_tasks || playing->options->list_tags;

	for (size_t i = 0; i < value_item_count(play->vars_prompt); i++) {
		const struct value *prompt = play->vars_prompt->items[i];
		const char *name = value_get_string(prompt, "name");
		struct value *value;

		if (value_get(extra, name))
			continue;
		if (silent)
			value = value_unknown(playing->arena, &(struct cause){ .kind = CAUSE_ANSWER, .name = name });
		else if (ask(playing, play, prompt, &value, err) < 0)
			return -1;
		value = value_copy(playing->arena, value);
		if (!silent) {
			value_mark_data(value);
			value_raise(value, said(prompt, "private", true) ? LEVEL_SECRET : LEVEL_PRIVATE);
			secrets_note(playing->secrets, value);
		}
		value_set(playing->arena, play->vars, name, value);
	}
	return 0;
}

int playing_ask(struct playing *playing, const struct value *extra, struct error *err)
{
	for (size_t i = 0; i < playing->playbook->play_count; i++) {
		if (ask_play(playing, playing->playbook->plays[i], extra, err) < 0)
			return -1;
	}
	return 0;
}
