/* Errors of the ledger on a machine, which holds what beoplay has changed there. */
#define ERRORS_OF_LEDGER(X) \
	X(LEDGER_DAMAGED, "ledger.damaged", TASK, \
		"the ledger on the host is damaged", \
		"restore it from a backup, or move it away: earlier changes then can't be undone") \
	X(LEDGER_UNWRITABLE, "ledger.unwritable", TASK, \
		"the ledger on the host can't be written", "check the disk: is it full or read-only?") \
	X(LEDGER_UNUSABLE, "ledger.unusable", TASK, \
		"the ledger on the host can't be opened", "the message says why") \
	X(LEDGER_UNTRUSTED, "ledger.untrusted", TASK, \
		"the ledger, or the directory it is in, could have been written by someone else", \
		"find out who did, then restore its owner and permissions") \
	X(LEDGER_NEWER, "ledger.newer", TASK, \
		"the ledger was written by a newer beoplay", "use that version or a later one") \
	X(LEDGER_FOREIGN, "ledger.foreign", TASK, \
		"the ledger belongs to another machine, as on a cloned disk", \
		"remove it: it says nothing about this machine") \
	X(LEDGER_CONFLICT, "ledger.conflict", TASK, \
		"two playbooks have conflicting definitions of the same resource", \
		"remove the resource from one of them") \
	X(UNDO_DRIFTED, "undo.drifted", TASK, \
		"a change isn't undone, because somebody has changed the same thing since", \
		"--discard-drift undoes it all the same") \
	X(LEDGER_NOT_KEPT, "ledger.not-kept", TASK, \
		"something that an undo would need can't be kept, or isn't there", \
		"check the free space below /var/lib/beoplay")
