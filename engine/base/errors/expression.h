/* Errors of expressions and templates. */
#define ERRORS_OF_EXPRESSION(X) \
	X(EXPRESSION_SYNTAX, "expression.syntax", TEXT, \
		"an expression or template is malformed", "look at the marked character") \
	X(EXPRESSION_UNDEFINED_VARIABLE, "expression.undefined-variable", TEXT, \
		"an expression uses a variable or attribute that isn't defined", \
		"define it, check its spelling, or give it a value with default()") \
	X(EXPRESSION_UNKNOWN_FUNCTION, "expression.unknown-function", TEXT, \
		"there is no filter, test, function or method of this name", "check the spelling") \
	X(EXPRESSION_UNSUPPORTED, "expression.unsupported", TEXT, \
		"a filter, test, function, method or setting of Jinja is not supported yet", \
		"write it without, or pass the value as a variable") \
	X(EXPRESSION_INVALID_ARGUMENT, "expression.invalid-argument", TEXT, \
		"a filter, test, function or method is called with the wrong arguments", \
		"pass the arguments that the message names") \
	X(EXPRESSION_FAILED, "expression.failed", TEXT, \
		"an expression can't be evaluated with the values it was given", \
		"check the types of the values") \
	X(EXPRESSION_TOO_EXPENSIVE, "expression.too-expensive", TEXT, \
		"an expression takes more steps or memory than allowed, or is nested too deeply", \
		"simplify it") \
	X(EXPRESSION_INVALID_CONDITION, "expression.invalid-condition", TEXT, \
		"a condition is neither an expression nor true or false", \
		"write an expression without {{ }}") \
	X(EXPRESSION_UNKNOWN_YET, "expression.unknown-yet", TEXT, \
		"a value must be known before the run, but is only known after a task", \
		"use a value from the inventory or from variables") \
	X(EXPRESSION_DUPLICATE_KEY, "expression.duplicate-key", TEXT, \
		"two keys of a map become the same once they are evaluated", "rename one of them") \
	X(EXPRESSION_INVALID_SETTING, "expression.invalid-setting", TEXT, \
		"a template begins with a #jinja2: line that holds no setting of Jinja", \
		"correct or remove the setting")
