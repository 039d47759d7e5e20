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
