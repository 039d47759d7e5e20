#!/bin/sh
# Each known_hosts file of tests/unit/test_hostkeys.c is put to OpenSSH, too: beoplay never accepts what ssh
# refuses. Prints "ok NAME" or "not ok NAME".
set -u
cd "$(dirname "$0")/../.."
build=$(dirname "${BEOPLAY:-build/beoplay}")
ORACLE=1 CMOCKA_MESSAGE_OUTPUT=TAP exec "$build/tests/unit/test_hostkeys"
