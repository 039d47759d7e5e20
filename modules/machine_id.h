/* machine_id: what the module and the ledger both know. */
#ifndef MODULES_MACHINE_ID_H
#define MODULES_MACHINE_ID_H

/* The record {id} that says which machine-id this machine is about to get. */
#define MACHINE_ID_NEXT "machine-id:next"

#endif
