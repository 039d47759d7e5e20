/* example: the files of playbooks/, carried inside the program: what beoplay init begins a project with. */
#ifndef COMMAND_EXAMPLE_H
#define COMMAND_EXAMPLE_H

struct example_file {
	const char *name;          /* NULL: the end */
	const char *bytes, *end;
};

extern const struct example_file example_files[];

#endif
