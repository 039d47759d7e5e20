/* agents: the agent of each architecture, and the name of its content, inside this program. */
	.section .rodata
	.balign 16
	.global agent_x86_64
	.global agent_x86_64_end
	.global agent_x86_64_digest
agent_x86_64:
	.incbin AGENT_X86_64
agent_x86_64_end:
agent_x86_64_digest:
	.incbin AGENT_X86_64_DIGEST
	.byte 0
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
