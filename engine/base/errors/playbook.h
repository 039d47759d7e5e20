/* Errors of playbooks: plays, blocks, tasks, handlers, roles and their keywords. */
#define ERRORS_OF_PLAYBOOK(X) \
	X(PLAYBOOK_INVALID_FORMAT, "playbook.invalid-format", TEXT, \
		"a playbook, play, block, task or role is not the list or map that it must be", \
		"write it as the message says") \
	X(PLAYBOOK_EMPTY, "playbook.empty", TEXT, "the playbook has no plays", "write a play") \
	X(PLAYBOOK_NO_HOSTS, "playbook.no-hosts", TEXT, \
		"a play doesn't name its hosts", "add hosts: to the play") \
	X(PLAYBOOK_NO_MODULE, "playbook.no-module", TEXT, \
		"a task doesn't name a module", "name the module that does the task's work") \
	X(PLAYBOOK_SEVERAL_MODULES, "playbook.several-modules", TEXT, \
		"a task names two modules or actions", "make it two tasks") \
	X(PLAYBOOK_UNKNOWN_MODULE, "playbook.unknown-module", TEXT, \
		"a key of a task is neither a module nor a keyword", \
		"check the spelling; beoplay doc lists the modules") \
	X(PLAYBOOK_UNKNOWN_KEYWORD, "playbook.unknown-keyword", TEXT, \
		"a keyword doesn't exist here", "check the spelling") \
	X(PLAYBOOK_MISPLACED_KEYWORD, "playbook.misplaced-keyword", TEXT, \
		"a keyword belongs to a play, task, block or handler, and is used elsewhere", "move it") \
	X(PLAYBOOK_CONFLICTING_KEYWORDS, "playbook.conflicting-keywords", TEXT, \
		"two keywords can't be used together", "remove one of them") \
	X(PLAYBOOK_INVALID_VALUE, "playbook.invalid-value", TEXT, \
		"a keyword has a value that it can't have", "write a value that the message allows") \
	X(PLAYBOOK_UNSUPPORTED, "playbook.unsupported", TEXT, \
		"a module, keyword or value of Ansible's is not supported yet", \
		"use what the message suggests, or leave it out") \
	X(PLAYBOOK_DUPLICATE, "playbook.duplicate", TEXT, \
		"a handler, parameter or loop is given twice", "remove or rename one of them") \
	X(PLAYBOOK_UNKNOWN_HANDLER, "playbook.unknown-handler", TEXT, \
		"a task notifies a handler that the play doesn't have", "check the name, or add the handler") \
	X(PLAYBOOK_UNNAMED_HANDLER, "playbook.unnamed-handler", TEXT, \
		"a handler has no name, so nothing can notify it", "name it") \
	X(PLAYBOOK_UNKNOWN_ROLE, "playbook.unknown-role", TEXT, \
		"a role was not found", "check the name; roles lie in roles/ or where roles_path says") \
	X(PLAYBOOK_ROLE_FILE_MISSING, "playbook.role-file-missing", TEXT, \
		"a role has no file of the name given with tasks_from or the like", "create the file") \
	X(PLAYBOOK_CYCLE, "playbook.cycle", TEXT, \
		"a file or role imports itself", "remove one of the imports") \
	X(PLAYBOOK_DYNAMIC_IMPORT, "playbook.dynamic-import", TEXT, \
		"an import or a role's name depends on a variable", "write the name out") \
	X(PLAYBOOK_TOO_DEEP, "playbook.too-deep", TEXT, \
		"blocks, imports and roles are nested too deeply", "flatten them") \
	X(PLAYBOOK_TARGET_UNKNOWN, "playbook.target-unknown", TEXT, \
		"how a host is reached depends on what only the run will know", \
		"let inventory variables or constants say it") \
	X(VARIABLE_INVALID_NAME, "variable.invalid-name", TEXT, \
		"a variable can't have this name", "use letters, digits and underscores") \
	X(VARIABLE_RESERVED, "variable.reserved", TEXT, \
		"a variable has a name that beoplay itself gives a value", "use another name") \
	X(VARIABLE_INVALID_FORMAT, "variable.invalid-format", TEXT, \
		"a file of variables, or a value of -e, is not what is expected there", \
		"write name: value lines, or -e name=value") \
	X(VARIABLE_SECRET_IN_NAME, "variable.secret-in-name", TEXT, \
		"a secret is part of a name, path or identity that others can read", \
		"use a value that isn't secret") \
	X(TASK_UNKNOWN_PARAMETER, "task.unknown-parameter", TEXT, \
		"a module has no parameter of this name", "check the spelling; beoplay doc MODULE lists them") \
	X(TASK_UNSUPPORTED_PARAMETER, "task.unsupported-parameter", TEXT, \
		"a parameter, or one of its values, is not supported yet", \
		"use what the message suggests, or leave it out") \
	X(TASK_MISSING_PARAMETER, "task.missing-parameter", TEXT, \
		"a task lacks a parameter that its module needs", "add the parameter") \
	X(TASK_CONFLICTING_PARAMETERS, "task.conflicting-parameters", TEXT, \
		"two parameters can't be used together, or are the same one", "remove one of them") \
	X(TASK_INVALID_VALUE, "task.invalid-value", TEXT, \
		"a parameter has a value that it can't have", "write a value that the message allows") \
	X(TASK_INVALID_NAME, "task.invalid-name", TEXT, \
		"a user, group, host, package or service can't have this name", "correct the name") \
	X(TASK_INVALID_PATH, "task.invalid-path", TEXT, \
		"a path isn't absolute, holds '..', or names something that can't be managed", \
		"write an absolute path") \
	X(TASK_PROTECTED, "task.protected", TEXT, \
		"a task would remove something that the system or beoplay needs", \
		"name something below it, or check whether a variable in the path is empty")
