/* core: a process that knows secrets leaves no image of its memory behind, and lets no other
 * process of its user look into it. */
#ifndef BASE_CORE_H
#define BASE_CORE_H

void core_forbid(void);
/* What the limit was before: for the programs that are run. They are seen into as they were,
 * too. */
void core_allow(void);

#endif
