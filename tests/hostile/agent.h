/* agent: an agent's end of the conversation, for lies to use. It speaks on stdin and stdout. */
#ifndef HOSTILE_AGENT_H
#define HOSTILE_AGENT_H

#include "wire/wire.h"

#include <stdbool.h>

extern struct arena *agent_arena;      /* for as long as the program lives */

/* False: nobody reads any more. */
bool agent_write(const void *bytes, size_t size);
bool agent_send(enum frame_type type, const void *message);
/* What no table allows. */
bool agent_send_value(enum frame_type type, const struct value *body);
void agent_say_magic(void);
void agent_greet(void);                /* magic and HELLO */
/* The next frame of this type; pings are answered, all else passed over. Ends the program when the
 * other end is gone. */
const void *agent_wait(enum frame_type type);
void agent_read_on(void);              /* until the other end is gone or says BYE */
void agent_stay(void);                 /* reads nothing; until killed, or two minutes are over */
/* Answers each task of each stage with this status and what more has; does nothing. */
void agent_answer_all(enum status status, const struct result *more);
/* Greets, and answers the first stage: all is ok. */
void agent_answer_first(void);
/* From the stage that was seen last on: all is ok. */
void agent_answer_rest(void);
/* Answers a question for facts with these (NULL: it fails), all else is ok. */
void agent_tell_facts(struct value *facts);
/* A digest that a task of the stage names; else the text's. */
const char *agent_body_of(const struct wire_stage *stage);

#endif
