#!/bin/sh
# The first evening with a machine that has systemd, as Debian's installer leaves it: tests/vm, in namespaces of
# this machine; make test-vm does the same with emulated ones. Prints "ok NAME" or "not ok NAME: why".
VM_WAY=contained exec "${0%/*}/../vm/test_netinst.sh"
