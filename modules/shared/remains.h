/* remains: what an undo leaves on a Debian machine, whatever it does. */
#ifndef MODULES_REMAINS_H
#define MODULES_REMAINS_H

#include "module/module.h"

extern const struct remains *const remains_of_accounts[];
extern const struct remains *const remains_of_packages[];   /* packages bring accounts, too */

#endif
