/* Errors of a YAML text, whatever is in it. */
#define ERRORS_OF_YAML(X) \
	X(YAML_SYNTAX, "yaml.syntax", TEXT, \
		"the text is not valid YAML", "look at the marked line and the one above it") \
	X(YAML_INDENTATION, "yaml.indentation", TEXT, \
		"a key or a tab is where YAML doesn't allow it", \
		"indent with spaces like the surrounding lines, and quote values that hold ': '") \
	X(YAML_UNQUOTED, "yaml.unquoted", TEXT, \
		"a value begins with a character that YAML reserves, such as {{", "quote the value") \
	X(YAML_AMBIGUOUS_VALUE, "yaml.ambiguous-value", TEXT, \
		"YAML 1.1 reads an unquoted value as something else than it looks like", \
		"quote the value, or write it without ambiguity") \
	X(YAML_INVALID_NUMBER, "yaml.invalid-number", TEXT, \
		"a number is malformed or too large", "correct or quote it") \
	X(YAML_INVALID_ENCODING, "yaml.invalid-encoding", TEXT, \
		"the text is not valid UTF-8, or holds a NUL byte or another control character", \
		"save the file as UTF-8") \
	X(YAML_DUPLICATE_KEY, "yaml.duplicate-key", TEXT, \
		"a map has the same key twice", "remove or rename one of them") \
	X(YAML_INVALID_KEY, "yaml.invalid-key", TEXT, \
		"the key of a map is not a plain string, or '<<' doesn't name maps", "use a string as the key") \
	X(YAML_INVALID_ALIAS, "yaml.invalid-alias", TEXT, \
		"an alias (*name) has no anchor (&name), or refers to itself", "define the anchor first") \
	X(YAML_UNSUPPORTED_TAG, "yaml.unsupported-tag", TEXT, \
		"a tag such as !python is not supported", "write the value without the tag") \
	X(YAML_VAULT, "yaml.vault", TEXT, \
		"what ansible-vault has encrypted can't be decrypted", \
		"give its password with --ask-vault-pass or --vault-password-file") \
	X(YAML_SEVERAL_DOCUMENTS, "yaml.several-documents", TEXT, \
		"the file holds a second document, after '---'", "move it into a file of its own") \
	X(YAML_TOO_LARGE, "yaml.too-large", TEXT, \
		"the text has too many values or anchors, or is nested too deeply", \
		"split it, and use fewer aliases")
