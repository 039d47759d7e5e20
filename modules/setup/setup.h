/* setup: which facts there are. Nothing else that a node tells is a fact. */
#ifndef MODULES_SETUP_H
#define MODULES_SETUP_H

#include "base/shape.h"

/* The short names (hostname, default_ipv4), each with its kind and most size; ends with {0}. */
extern const struct shape setup_facts[];

#endif
