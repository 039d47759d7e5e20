/* ledger_schema: the tables of a ledger.
 *
 * LEDGER_VERSION (user_version) is this form; meta.oldest_reader is the oldest program that may
 * read it. A table or column more is a version more; where the meaning of one changes,
 * oldest_reader is that version, too. tests/formats has a ledger of each form.
 *
 * meta      machine_id, oldest_reader, incarnation
 * owner     a playbook of a project
 * run       one that wrote something here; text is the digest of the packed text that was run, seal
 *           what the controller gave to it; those that are too old have neither
 * resource  what is managed. path: the file whose content it is about, for "line:/etc/x:a" /etc/x.
 *           parent: of which resource's task it is a part that no text names (a file that a sync took
 *           away). since: the run in which it was taken up by an owner while it had none. reason: why
 *           there is no undo
 * claim     an owner has it. gone: the run after which it had not any more, regained: since which it
 *           has it again. open: a change was begun; 2: its agent died then, and what came of it isn't
 *           known: somebody else may have done it since. differs: it was left
 *           so, though its wish alone would have it otherwise
 * wish      what the owner wants of it by a module. params: digest of the task's parameters; wanted:
 *           digest of what they say of this resource alone; over: the owner who has overwritten it
 * params    parameters of wishes, but for secret ones
 * undo      what leads back behind a run: parameters of a module, or the reason why that can't be.
 *           before: what its owner wished until then, {MODULE: digest of parameters}. gap: the last run
 *           before this whose undo isn't kept any more
 * file      a file in which wishes meet, and what a task left there (an image of image.h)
 * way       what was there before a run, and the notes about it; first: until then its owner had
 *           changed nothing in it, or all of that was undone (2: nor had anybody else); touched:
 *           somebody else changed it between this run's first change and the next (2: another owner)
 * body      bytes that are kept, by their digest; NULL: in a file of bodies/
 * due       handlers to be run
 * failed    where an owner's last run stopped
 * note      what modules remember: path as of resources */
#ifndef AGENT_LEDGER_SCHEMA_H
#define AGENT_LEDGER_SCHEMA_H

enum { LEDGER_VERSION = 2, LEDGER_OLDEST_READER = 2, LEDGER_APPLICATION = 0x62656F4C };

#define LEDGER_SCHEMA \
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;" \
	"CREATE TABLE owner(id INTEGER PRIMARY KEY, project TEXT NOT NULL, playbook TEXT NOT NULL," \
	" UNIQUE(project, playbook)) STRICT;" \
	"CREATE TABLE run(sequence INTEGER PRIMARY KEY, owner INTEGER NOT NULL REFERENCES owner," \
	" name TEXT NOT NULL, revision TEXT, who TEXT, time INTEGER NOT NULL, text TEXT, seal BLOB," \
	" UNIQUE(owner, name)) STRICT;" \
	"CREATE INDEX run_owner ON run(owner, sequence);" \
	"CREATE INDEX run_text ON run(text) WHERE text IS NOT NULL;" \
	"CREATE TABLE resource(id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE," \
	" module TEXT NOT NULL, path TEXT, parent TEXT, since INTEGER NOT NULL, reason TEXT) STRICT;" \
	"CREATE INDEX resource_path ON resource(path) WHERE path IS NOT NULL;" \
	"CREATE TABLE claim(resource INTEGER NOT NULL REFERENCES resource," \
	" owner INTEGER NOT NULL REFERENCES owner, since INTEGER NOT NULL, run INTEGER NOT NULL," \
	" gone INTEGER, regained INTEGER, live INTEGER NOT NULL, open INTEGER NOT NULL, differs TEXT," \
	" user TEXT, notify BLOB, PRIMARY KEY(resource, owner)) STRICT, WITHOUT ROWID;" \
	"CREATE INDEX claim_owner ON claim(owner, live, gone);" \
	"CREATE INDEX claim_open ON claim(open) WHERE open;" \
	"CREATE TABLE wish(resource INTEGER NOT NULL REFERENCES resource," \
	" owner INTEGER NOT NULL REFERENCES owner, module TEXT NOT NULL, params TEXT NOT NULL," \
	" wanted TEXT, over INTEGER, PRIMARY KEY(resource, owner, module)) STRICT, WITHOUT ROWID;" \
	"CREATE INDEX wish_params ON wish(params);" \
	"CREATE TABLE params(digest TEXT NOT NULL UNIQUE, text TEXT NOT NULL) STRICT;" \
	"CREATE TABLE undo(id INTEGER PRIMARY KEY, resource INTEGER NOT NULL REFERENCES resource," \
	" sequence INTEGER NOT NULL, module TEXT, params BLOB, body TEXT, user TEXT, before BLOB," \
	" reason TEXT, gap INTEGER, UNIQUE(resource, sequence)) STRICT;" \
	"CREATE INDEX undo_sequence ON undo(sequence);" \
	"CREATE INDEX undo_body ON undo(body) WHERE body IS NOT NULL;" \
	"CREATE TABLE file(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, image TEXT," \
	" owner INTEGER REFERENCES owner) STRICT;" \
	"CREATE TABLE way(file INTEGER NOT NULL REFERENCES file, sequence INTEGER NOT NULL," \
	" image TEXT NOT NULL, body TEXT, notes BLOB, first INTEGER NOT NULL, touched INTEGER NOT NULL," \
	" PRIMARY KEY(file, sequence)) STRICT, WITHOUT ROWID;" \
	"CREATE INDEX way_sequence ON way(sequence);" \
	"CREATE INDEX way_body ON way(body) WHERE body IS NOT NULL;" \
	"CREATE TABLE body(digest TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, bytes BLOB) STRICT;" \
	"CREATE TABLE due(owner INTEGER NOT NULL REFERENCES owner, handler TEXT NOT NULL, run TEXT," \
	" PRIMARY KEY(owner, handler)) STRICT, WITHOUT ROWID;" \
	"CREATE TABLE failed(owner INTEGER PRIMARY KEY REFERENCES owner, run TEXT, task TEXT NOT NULL," \
	" message TEXT) STRICT;" \
	"CREATE TABLE note(key TEXT NOT NULL UNIQUE, path TEXT, value BLOB NOT NULL) STRICT;" \
	"CREATE INDEX note_path ON note(path) WHERE path IS NOT NULL;"

#endif
