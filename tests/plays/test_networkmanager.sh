#!/bin/sh
# A machine of NetworkManager's, netplan's and cloud-init's moves to another address: tests/vm, in namespaces of this
# machine; make test-vm does the same with emulated ones. Prints "ok NAME" or "not ok NAME: why".
VM_WAY=contained exec "${0%/*}/../vm/test_pi_moves.sh"
