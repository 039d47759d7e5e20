#!/bin/sh
# From three machines as installers leave them to programs that communicate over all, and over restarts: tests/vm, in
# namespaces of this machine; make test-vm does the same with emulated ones. Prints "ok NAME" or "not ok NAME: why".
VM_WAY=contained exec "${0%/*}/../vm/test_cluster_evening.sh"
