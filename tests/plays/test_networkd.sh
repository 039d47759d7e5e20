#!/bin/sh
# A machine of systemd-networkd's moves to another address: tests/vm, in namespaces of this machine; make test-vm
# does the same with emulated ones. Prints "ok NAME" or "not ok NAME: why".
VM_WAY=contained exec "${0%/*}/../vm/test_networkd_moves.sh"
