/* Errors of the files on the controller: playbooks, variables, sources of copies. */
#define ERRORS_OF_FILE(X) \
	X(FILE_NOT_FOUND, "file.not-found", TEXT, \
		"a file that the text names does not exist", \
		"check the path and the directories that were searched") \
	X(FILE_UNREADABLE, "file.unreadable", TEXT, \
		"a file on the controller can't be read", "check its permissions and those above it") \
	X(FILE_UNWRITABLE, "file.unwritable", TEXT, \
		"a file on the controller can't be written", \
		"check the permissions of its directory and the free space") \
	X(FILE_WRONG_TYPE, "file.wrong-type", TEXT, \
		"a path names a directory, a socket or a device where a file is needed, or the reverse", \
		"name a file of the right type") \
	X(FILE_TOO_LARGE, "file.too-large", TEXT, \
		"a file or directory on the controller is larger than beoplay reads", \
		"split it, or fetch large data on the hosts themselves") \
	X(FILE_INVALID_NAME, "file.invalid-name", TEXT, \
		"the name of a file is not valid UTF-8, or has a part that isn't expanded", \
		"rename the file, or write the path out") \
	X(FILE_OUTSIDE_PROJECT, "file.outside-project", TEXT, \
		"a path leads to a file outside the project's directory", \
		"move the file into the project, or name its directory in beoplay.yml") \
	X(FILE_UNTRUSTED, "file.untrusted", TEXT, \
		"a file belongs to another user, or other users can write to it", \
		"make it yours alone: chown, chmod go-w")
