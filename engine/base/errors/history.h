/* Errors of the history of runs, of keys and sealed texts, and of saved plans. */
#define ERRORS_OF_HISTORY(X) \
	X(HISTORY_NONE, "history.none", TEXT, \
		"no history was found: nothing was applied from here", \
		"run the command in the playbook's directory") \
	X(HISTORY_UNKNOWN_RUN, "history.unknown-run", TEXT, \
		"the history has no such run, playbook, host or file", "beoplay log lists the runs") \
	X(HISTORY_NOT_WRITTEN, "history.not-written", TEXT, \
		"the history can't be read or written", "check the permissions of .beoplay") \
	X(HISTORY_UNTRUSTED, "history.untrusted", TEXT, \
		"the history isn't used, because others could have written it", "make it yours alone") \
	X(HISTORY_DAMAGED, "history.damaged", TEXT, \
		"the record of a run is damaged", "use another run") \
	X(HISTORY_NEWER, "history.newer", TEXT, \
		"the history was written by a newer version of beoplay", "use that version, or a later one") \
	X(HISTORY_LEFT_OUT, "history.left-out", TEXT, \
		"a file was not part of a past run, or was left out of the record", "name it in the next run") \
	X(HISTORY_KEPT_BACK, "history.kept-back", KEPT_BACK, \
		"the record of a past run leaves out what wasn't for everybody to read", \
		"give the value or file again, or use a sealed text") \
	X(HISTORY_GIT, "history.git", BUG, \
		"git, which keeps the history, reported an error", "check .beoplay/history.git with git fsck") \
	X(HISTORY_DISAGREEMENT, "history.disagreement", TEXT, \
		"the hosts don't have the same run as their newest", "apply again, or name the run with --to") \
	X(SEAL_NO_TEXT, "seal.no-text", TEXT, \
		"no host has the text that is needed for going back", "name a run of the history instead") \
	X(SEAL_OTHER_KEY, "seal.other-key", TEXT, \
		"a text is sealed with a key that you don't have, or belongs to another project", \
		"import the key with beoplay key import") \
	X(SEAL_ALTERED, "seal.altered", TEXT, \
		"a text that a node kept was altered or is damaged", "use another host's, or the history") \
	X(SEAL_TOO_LARGE, "seal.too-large", TEXT, \
		"the text of a run is too large for nodes to keep", "keep large files out of the project") \
	X(KEY_NOT_FOUND, "key.not-found", TEXT, \
		"there is no such key", "beoplay key list lists your keys") \
	X(KEY_UNUSABLE, "key.unusable", TEXT, \
		"a key, or the directory of the keys, can't be read or written", "check its permissions") \
	X(KEY_UNTRUSTED, "key.untrusted", TEXT, \
		"a key must belong to you and be readable by you alone", "chmod go= FILE") \
	X(KEY_DAMAGED, "key.damaged", TEXT, \
		"a key is damaged, or the file is no exported key", "use a backup of the key") \
	X(KEY_WRONG_PASSPHRASE, "key.wrong-passphrase", TEXT, \
		"the passphrase is wrong, or the exported key was altered", "try again") \
	X(KEY_INVALID_PASSPHRASE, "key.invalid-passphrase", TEXT, \
		"a new passphrase is too short, or its file is empty", "use a longer one") \
	X(KEY_TOO_EXPENSIVE, "key.too-expensive", TEXT, \
		"opening the exported key takes more memory or time than is available or allowed", \
		"open it on a machine with more memory") \
	X(PLAN_UNUSABLE, "plan.unusable", TEXT, \
		"a saved plan can't be read or written", "check the path and its permissions") \
	X(PLAN_NOT_MADE, "plan.not-made", TEXT, \
		"no plan was saved, since no host finished without an error", "correct the errors first") \
	X(PLAN_DAMAGED, "plan.damaged", TEXT, \
		"the file is not a complete plan", "make a new plan") \
	X(PLAN_ALTERED, "plan.altered", TEXT, \
		"the plan was altered, or made by somebody else", "make a new plan") \
	X(PLAN_OTHER_VERSION, "plan.other-version", TEXT, \
		"the plan was made by another version of beoplay", "make a new plan with this one") \
	X(PLAN_STALE_TEXT, "plan.stale-text", TEXT, \
		"a file or value has changed since the plan was made", "make a new plan") \
	X(PLAN_STALE_HOST, "plan.stale-host", TASK, \
		"the host has changed since the plan was made, so nothing was done there", "make a new plan")
