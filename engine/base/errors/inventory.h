/* Errors of the inventory, of patterns of hosts, and of connection variables. */
#define ERRORS_OF_INVENTORY(X) \
	X(INVENTORY_NOT_FOUND, "inventory.not-found", TEXT, \
		"no inventory was found, or the one named doesn't exist", \
		"create inventory/ in the playbook's directory, or name one with -i") \
	X(INVENTORY_UNKNOWN_HOST, "inventory.unknown-host", TEXT, \
		"the inventory has no such host", "check the spelling; beoplay inventory --list lists all") \
	X(INVENTORY_UNKNOWN_GROUP, "inventory.unknown-group", TEXT, \
		"a group isn't defined in the inventory", "define it, or check the spelling") \
	X(INVENTORY_NO_MATCH, "inventory.no-match", TEXT, \
		"a pattern matches no host", "beoplay inventory PATTERN shows what a pattern matches") \
	X(INVENTORY_INVALID_PATTERN, "inventory.invalid-pattern", TEXT, \
		"a pattern of hosts is malformed", "correct the pattern") \
	X(INVENTORY_INVALID_NAME, "inventory.invalid-name", TEXT, \
		"a host or group can't have this name, or a name range is malformed", "rename it") \
	X(INVENTORY_INVALID_FORMAT, "inventory.invalid-format", TEXT, \
		"a line or value of an inventory is not what is expected there", \
		"write it as the message says") \
	X(INVENTORY_UNKNOWN_KEYWORD, "inventory.unknown-keyword", TEXT, \
		"a group has a key or section that doesn't exist", "a group has hosts, vars and children") \
	X(INVENTORY_INVALID_VALUE, "inventory.invalid-value", TEXT, \
		"a connection variable such as ansible_port has a value that it can't have", \
		"write a value that the message allows") \
	X(INVENTORY_UNKNOWN_VARIABLE, "inventory.unknown-variable", TEXT, \
		"a variable is named like one of Ansible's connection variables, but there is none such", \
		"check the spelling") \
	X(INVENTORY_UNSUPPORTED, "inventory.unsupported", TEXT, \
		"a connection variable, connection type or kind of inventory is not supported yet", \
		"write it in another way, or leave it out") \
	X(INVENTORY_MISPLACED_VARIABLE, "inventory.misplaced-variable", TEXT, \
		"a connection variable is set for a task alone", "set it for the host, the group or the play") \
	X(INVENTORY_CYCLE, "inventory.cycle", TEXT, \
		"a group is a child of itself, or 'all' a child of another group", "remove one of the children") \
	X(INVENTORY_TOO_LARGE, "inventory.too-large", TEXT, \
		"the inventory has too many hosts, or is nested too deeply", "split it") \
	X(INVENTORY_ADDRESS_CONFLICT, "inventory.address-conflict", TEXT, \
		"two hosts have the same address, name or claim", "give each its own")
