/* Errors of a task on a machine: files, users, processes, and what a module wants of them. */
#define ERRORS_OF_HOST(X) \
	X(HOST_FILE_NOT_FOUND, "host.file-not-found", TASK, \
		"a file on the host does not exist", "create it with an earlier task, or check the path") \
	X(HOST_NO_DIRECTORY, "host.no-directory", TASK, \
		"the directory of a file does not exist on the host", \
		"create it first with a file task (state: directory)") \
	X(HOST_FILE_EXISTS, "host.file-exists", TASK, \
		"something on the host is where something else is to be made", \
		"remove it, or choose another path") \
	X(HOST_FILE_UNREADABLE, "host.file-unreadable", TASK, \
		"a file on the host can't be read or inspected", "become: yes may be needed") \
	X(HOST_FILE_UNWRITABLE, "host.file-unwritable", TASK, \
		"a file on the host can't be changed", \
		"become: yes may be needed; check the free space and whether the disk is read-only") \
	X(HOST_FILE_WRONG_TYPE, "host.file-wrong-type", TASK, \
		"a path on the host is a directory, link, socket or device where a file is needed", \
		"name a file of the right type, or remove what is there") \
	X(HOST_FILE_TOO_LARGE, "host.file-too-large", TASK, \
		"a file or output on the host is larger than beoplay reads", "use a smaller file") \
	X(HOST_FILE_CHANGED, "host.file-changed", TASK, \
		"a file changed while the task was working on it", "apply again; find out who else changes it") \
	X(HOST_FILE_INVALID, "host.file-invalid", TASK, \
		"a file on the host has a format that can't be understood", "repair the file") \
	X(HOST_LINK_NOT_FOLLOWED, "host.link-not-followed", TASK, \
		"a path leads through a symbolic link that is a loop, or that an ordinary user could have made", \
		"name the real path") \
	X(HOST_VALIDATION_FAILED, "host.validation-failed", TASK, \
		"the command given with validate rejected the new content", "correct the content") \
	X(HOST_CONTENT_LOST, "host.content-lost", TASK, \
		"content for a file didn't arrive as it was sent, or isn't available any more", "apply again") \
	X(HOST_TRIAL_RETURNED, "host.trial-returned", TASK, \
		"a change was taken back, as it wasn't confirmed over a new connection in time", \
		"all is as before; correct what the task wishes") \
	X(HOST_TRIAL_STUCK, "host.trial-stuck", TASK, \
		"a change was taken back, but not everything is as it was before", \
		"look at the machine; its log is below /run/beoplay") \
	X(HOST_TRIAL_FAILED, "host.trial-failed", TASK, \
		"a change that can cut the connection could not be tried, and nothing was changed", \
		"see what the message names") \
	X(HOST_LOGIN_LOST, "host.login-lost", TASK, \
		"a change of what carries the login was taken back, as no new login was possible with it", \
		"all is as before; correct what the task wishes, so that the user can log in and become root") \
	X(HOST_UNKNOWN_USER, "host.unknown-user", TASK, \
		"the host has no such user, or the user has no home", "create it first with a user task") \
	X(HOST_UNKNOWN_GROUP, "host.unknown-group", TASK, \
		"the host has no such group", "create it first with a group task") \
	X(HOST_CANNOT_BECOME, "host.cannot-become", TASK, \
		"the task can't run as this user", "check become_user") \
	X(HOST_COMMAND_NOT_RUN, "host.command-not-run", TASK, \
		"a command couldn't be started on the host", "check that its package is installed") \
	X(HOST_COMMAND_FAILED, "host.command-failed", TASK, \
		"a command on the host failed", "the message has the last lines of its output") \
	X(HOST_COMMAND_TIMEOUT, "host.command-timeout", TASK, \
		"a command on the host didn't end in time", "allow more time, or find out what it waits for") \
	X(HOST_TASK_TIMEOUT, "host.task-timeout", TASK, \
		"a task wasn't done within its 'timeout' or 'async'", "allow more time, or find out what it waits for") \
	X(HOST_PROCESS_KILLED, "host.process-killed", TASK, \
		"a process that worked for the task was killed", \
		"apply again; the log of the host may say who did it") \
	X(HOST_SYSTEM, "host.system", TASK, \
		"the host's system refused something that the agent can't work without", \
		"check the host's memory, disk and limits") \
	X(HOST_SAME_MACHINE, "host.same-machine", TASK, \
		"two names of the inventory are one machine", "take one of them out of the inventory") \
	X(HOST_LOCKED, "host.locked", TASK, \
		"another run is changing this host", "wait for it, or use --lock-wait SECONDS") \
	X(HOST_NOT_CONVERGED, "host.not-converged", TASK, \
		"after the changes the host still isn't as the task wants it", \
		"look for something else that changes it too") \
	X(HOST_REFUSED, "host.refused", TASK, \
		"the task can't be fulfilled on this host as it is, so nothing was changed", \
		"the message says what is in the way") \
	X(HOST_PROTECTED, "host.protected", TASK, \
		"the task would remove something that the system or beoplay needs", \
		"name something below it, or check whether a variable in the path is empty") \
	X(TASK_FAILED, "task.failed", TASK, \
		"a condition of the task (failed_when, assert, fail) says that it failed", "") \
	X(TASK_WAITS_FOR_ITSELF, "task.waits-for-itself", TASK, \
		"a task needs facts of a host that waits for this very task", \
		"read the facts in an earlier play, or use another order")
