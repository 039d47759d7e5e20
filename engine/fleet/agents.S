/* agents: the agent of each architecture, and the name of its content, inside this program. */
	.macro agent architecture
	.global agent_\architecture, agent_\architecture\()_end, agent_\architecture\()_digest
	.balign 16
agent_\architecture:
	.incbin "agent-\architecture"
agent_\architecture\()_end:
agent_\architecture\()_digest:
	.incbin "agent-\architecture\().digest"
	.byte 0
	.endm

	.section .rodata
#define AGENT(architecture) agent architecture;
	ARCHITECTURES
	.section .note.GNU-stack,"",%progbits

/* One object without this mark, and the whole program does without these protections. */
#ifdef __CET__
#include <cet.h>
#elif defined(__ARM_FEATURE_BTI_DEFAULT)
	.section .note.gnu.property,"a"
	.balign 8
	.long 4, 16, 5
	.asciz "GNU"
	.long 0xc0000000, 4, 3, 0
#endif
