/* doc: what `beoplay doc` prints besides modules. */
#ifndef COMMAND_DOC_H
#define COMMAND_DOC_H

/* All codes of errors, or those named, which end with NULL. Returns the exit code. */
int doc_errors(char **names);

#endif
