/* foreign: settings of Ansible's that stand around, and that beoplay doesn't read. */
#ifndef COMMAND_FOREIGN_H
#define COMMAND_FOREIGN_H

#include "report/report.h"

/* Warns, once in a program, of ./ansible.cfg and of ANSIBLE_… in the environment, and says where
 * beoplay has what they set. */
void foreign_warn(struct report *report);

#endif
