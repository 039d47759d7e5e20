#!/bin/sh
# A machine is cut off while a change of what carries the login is tried: tests/vm, in namespaces of this machine; make
# test-vm does the same with emulated ones. Prints "ok NAME" or "not ok NAME: why".
VM_WAY=contained exec "${0%/*}/../vm/test_guard_cut.sh"
