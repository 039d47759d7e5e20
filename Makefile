# beoplay: what is built from what, and how it is tested.
#
#   make deps       installs the packages that building needs (Debian, as root)
#   make            build/beoplay, with the agent inside; installs nothing
#   make WERROR=1   the same, where a warning is an error, as CI has it
#   make demo       three blank nodes on this machine become a cluster that runs MPI programs
#   make test       the tests of a few minutes, JOBS= of them at a time; ends "N passed, N failed"
#   make test-all   all tests but WITHOUT="NAME…"; CI: .ci/run
#                   demo, test and bench are run as root and install what they need
#   make ARCHITECTURES="x86_64 aarch64 armhf"   agents for machines of these architectures inside;
#                   plain make has that of the builder's own
#   make SANITIZE=1 test    the same with AddressSanitizer and UndefinedBehaviorSanitizer
#   make fuzz       looks for bytes that break a reader, SECONDS= long for each (TARGETS= of them), with
#                   libFuzzer; goes on where it was; tests/fuzz/RESULTS.md
#   make coverage   which share of the lines of each room the unit tests run
#   make test-architectures   the unit tests on other architectures, emulated
#   make test-vm    real Debian machines, emulated, with systemd, restarts and power cuts; goes on where it was;
#                   tests/vm/README.md, tests/vm/RESULTS.md
#   make test-network   addresses moved over the connection that they carry, COUNT= times, each with something
#                   breaking at a random moment; goes on where it was; STACK=networkd; tests/network/RESULTS.md
#   make test-guard     the same for changes that lock everybody out; tests/guard/RESULTS.md
#   make bench      measures against others, on 20 lab nodes; tests/bench/RESULTS.md
#   make bench-files   file-sync against rsync; tests/bench/FILES.md (SMALL= LARGE= RUNS= NODES=)
#   make bench-against BASE=REVISION    what this tree costs against another revision
#   make install    beoplay, its man page and completion, below $(DESTDIR)$(PREFIX)

.DEFAULT_GOAL := all
ifeq ($(origin CC),default)
CC := gcc
endif
BUILD := build
PREFIX ?= /usr/local
OPTIMIZE ?= $(if $(COVERAGE),-O0,-O2) -g

# Of the machine that the compiler compiles for: x86_64, aarch64, armhf.
HERE := $(patsubst arm%,armhf,$(firstword $(subst -, ,$(shell $(CC) -dumpmachine))))

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wvla -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wformat=2 -Wno-unused-result $(if $(WERROR),-Werror)
# It runs as root everywhere. CPPFLAGS, CFLAGS and LDFLAGS come after, and win.
HARDENING_x86_64 := -fcf-protection
HARDENING_aarch64 := -mbranch-protection=standard
HARDENING := -fstack-protector-strong -fstack-clash-protection -fPIE
# FORTIFY needs an optimizer, and keeps sanitizers from seeing calls.
ifeq ($(findstring FORTIFY,$(CPPFLAGS) $(CFLAGS))$(findstring -O0,$(OPTIMIZE) $(CFLAGS))$(SANITIZE),)
HARDENING += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
endif
NOW := -Wl,-z,relro,-z,now
LINK := -pie $(NOW)
PLAIN_FLAGS := -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 $(OPTIMIZE) \
	$(HARDENING) $(WARNINGS) -I. -Iengine
FLAGS := $(PLAIN_FLAGS) $(HARDENING_$(HERE)) $(CPPFLAGS) $(CFLAGS)
# Debian 13 calls it msgpack-c. The compiler prints a path where it knows a library of that name.
MSGPACK := $(if $(findstring /,$(shell $(CC) -print-file-name=libmsgpack-c.a)),msgpack-c,msgpackc)
LIBRARIES := -lssh -lcyaml -lyaml -lgit2 -lcrypto -l$(MSGPACK) -lzstd -lsodium -ljson-c -lpcre2-8 \
	-lsqlite3 -l:libnettle.a -lcrypt -lm
AGENT_LIBRARIES := -l:libcyaml.a -l:libyaml.a -l:lib$(MSGPACK).a -l:libzstd.a -l:libsodium.a \
	-l:libpcre2-8.a -l:libsqlite3.a -l:libnettle.a -lm
# Debian's glibc for armhf has no static-pie.
static_link = $(if $(filter armhf,$(1)),-static,-static-pie) $(NOW) \
	-Wl,--wrap=dlopen,--wrap=dlsym,--wrap=dlerror,--wrap=dlclose
AGENT_LINK := $(call static_link,$(HERE))

ifdef SANITIZE
BUILD := build/sanitize
FLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# clang has its sanitizers in one library, which is static anyway.
AGENT_LINK := $(if $(findstring clang,$(CC)),,-static-libasan -static-libubsan) $(LINK)
endif

ifdef COVERAGE
BUILD := build/coverage
FLAGS += --coverage -fprofile-update=atomic -Wl,-u,__gcov_dump
endif

# A file holds what a variable is; it changes only where that is another than last time.
define remember
ifneq ($$(wildcard $(1)):$$(file <$(1)),$(1):$$($(2)))
$$(shell mkdir -p $(dir $(1)))
$$(file >$(1),$$($(2)))
endif
$(1): ;
endef

# Other flags than last time: all is compiled anew.
COMMANDS := $(CC) $(FLAGS) $(AGENT_LINK) $(LDFLAGS)
$(eval $(call remember,$(BUILD)/flags,COMMANDS))

# What is only in the agent, and what is only in the program.
AGENT_ONLY := $(wildcard engine/agent/main*.c)
SHARED := $(wildcard $(addsuffix /*.c,engine/base engine/wire engine/module engine/agent modules modules/*))
AGENT := $(BUILD)/agent-$(HERE)
AGENTS = $(ARCHITECTURES:%=$(BUILD)/agent-%)
SOURCES := $(filter-out $(AGENT_ONLY),$(wildcard engine/*/*.c modules/*.c modules/*/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/engine/fleet/agents_content.o
AGENT_OBJECTS := $(SHARED:%.c=$(BUILD)/%.o)
TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
HELPERS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/unit/test_%.c,$(wildcard tests/unit/*.c)))
SCRIPTS := $(wildcard tests/tree/test_*.sh tests/plays/test_*.sh)
# What takes longest, or looks for what is rare: in `make test-all`, which CI runs.
LONG := $(addprefix tests/plays/test_,$(addsuffix .sh,addresses children hostile kills flops login_guard \
	mathematics mpi_preflight mpi_run network networkd networkmanager random reboot silent systemd versions \
	versions_packages))

# A/B: the package's name in Debian 12, and in 13.
AGENT_PACKAGES := libcyaml-dev libyaml-dev libmsgpack-dev/libmsgpack-c-dev libzstd-dev libsodium-dev \
	libpcre2-dev libsqlite3-dev nettle-dev
PACKAGES := gcc libc6-dev git libssh-dev libssl-dev libgit2-dev libjson-c-dev $(AGENT_PACKAGES)
FUZZ_PACKAGES := clang libclang-rt-14-dev/libclang-rt-19-dev
TEST_PACKAGES := libcmocka-dev zstd mmdebstrap apt-utils iproute2 nftables openssh-client openssh-server \
	sudo dnsmasq-base
VM_PACKAGES := qemu-system-x86 qemu-utils e2fsprogs

include engine/agent/architectures.mk

# What the goals of this call may install: nothing, unless one of them says so.
NEEDED := $(PACKAGES) $(OTHERS_PACKAGES)
STAMP := $(BUILD)/deps
INSTALLS := $(filter deps test test-all test-network test-guard test-vm test-architectures demo coverage fuzz \
	bench bench-files bench-against,$(MAKECMDGOALS))
ifneq ($(filter-out deps fuzz,$(INSTALLS)),)
NEEDED += $(TEST_PACKAGES) $(if $(filter test-architectures,$(INSTALLS)),$(TESTED_PACKAGES))
STAMP := $(BUILD)/test-deps
endif
ifneq ($(filter test-vm,$(MAKECMDGOALS)),)
NEEDED += $(VM_PACKAGES)
STAMP := $(BUILD)/vm-deps
endif
ifneq ($(filter fuzz,$(MAKECMDGOALS)),)
NEEDED += $(FUZZ_PACKAGES)
STAMP := $(BUILD)/fuzz-deps
endif

.PHONY: all deps demo test test-all test-vm coverage fuzz bench bench-files bench-against test-network test-guard install clean
all: $(BUILD)/beoplay

# Nothing is asked of the network where all is there already.
deps:
	@missing=$$(for package in $(NEEDED); do \
		dpkg-query -W -f '$${db:Status-Abbrev}\n' $$(echo $$package | tr / ' ') 2>/dev/null | \
		grep -q '^ii' || printf ' %s' $$package; done); \
	if [ -n "$$missing" ] && [ -z "$(INSTALLS)" ]; then \
		echo "these packages are missing:$$missing" >&2; \
		echo "  → as root: make deps" >&2; exit 1; \
	elif [ -n "$$missing" ]; then \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -q --no-install-recommends $$(for package in $$missing; do \
			apt-cache show $$(echo $$package | tr / ' ') 2>/dev/null | \
			sed -n '/^Package: /{s///p;q}'; done); \
	fi

$(STAMP): Makefile $(BUILD)/architectures
	@$(MAKE) --no-print-directory deps INSTALLS='$(INSTALLS)' NEEDED='$(NEEDED)'
	@mkdir -p $(@D) && touch $@
# Read as a makefile, so that all is asked of the compiler once more after one was installed.
ifneq ($(filter-out deps clean,$(or $(MAKECMDGOALS),all)),)
include $(STAMP)
endif

$(BUILD)/%.o: %.c $(BUILD)/flags | $(STAMP)
	@mkdir -p $(@D)
	@echo CC $<
	@$(CC) $(FLAGS) -MMD -MP -c $< -o $@

# The agent: one static program for every Debian node of this architecture.
$(AGENT): $(AGENT_OBJECTS)
	@echo LD $@
	@$(CC) $(FLAGS) $(AGENT_LINK) $(LDFLAGS) $^ $(AGENT_LIBRARIES) -o $@
	@strip $@

$(BUILD)/agent-%.digest: $(BUILD)/agent-%
	@sha256sum $< | cut -c 1-64 | tr -d '\n' > $@

$(BUILD)/engine/fleet/agents.o: FLAGS += $(AGENTS_FLAGS)
$(BUILD)/engine/fleet/agents.o: $(BUILD)/architectures
$(BUILD)/engine/fleet/agents_content.o: engine/fleet/agents.S $(AGENTS) $(AGENTS:=.digest) \
		$(BUILD)/architectures | $(STAMP)
	@mkdir -p $(@D)
	@$(CC) $(FLAGS) $(AGENTS_FLAGS) -Wa,-I$(BUILD) -c $< -o $@

$(BUILD)/engine/command/example.o: $(wildcard playbooks/*)

$(BUILD)/libbeoplay.a: $(OBJECTS)
	@rm -f $@ && ar qcs $@ $^

$(BUILD)/beoplay: $(BUILD)/engine/main.o $(BUILD)/libbeoplay.a
	@echo LD $@
	@$(CC) $(FLAGS) $(LINK) $(LDFLAGS) $^ $(LIBRARIES) -o $@

# A library: a test has only the helpers that it calls.
$(BUILD)/tests/unit/helpers.a: $(HELPERS)
	@rm -f $@ && ar qcs $@ $^

$(BUILD)/tests/unit/test_%: $(BUILD)/tests/unit/test_%.o $(BUILD)/tests/unit/helpers.a \
		$(BUILD)/libbeoplay.a
	@echo LD $@
	@$(CC) $(FLAGS) $(LINK) $(LDFLAGS) $^ $(LIBRARIES) -lcmocka -o $@

# An agent that lies, for any node, and what tries its lies on the program.
HOSTILE_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/hostile/*.c engine/base/*.c engine/wire/*.c))
$(BUILD)/hostile: $(HOSTILE_OBJECTS)
	@echo LD $@
	@$(CC) $(FLAGS) $(AGENT_LINK) $(LDFLAGS) $^ $(AGENT_LIBRARIES) -o $@

# What reads others' bytes: in `make test` over the corpora, in `make fuzz` with libFuzzer.
FUZZ_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/fuzz/libfuzzer.c tests/fuzz/smoke.c,\
	$(wildcard tests/fuzz/*.c)) $(wildcard tests/unit/module_*.c))
$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(FUZZ_OBJECTS) $(BUILD)/libbeoplay.a
	@echo LD $@
	@$(CC) $(FLAGS) $(LINK) $(FUZZ) $(LDFLAGS) $^ $(LIBRARIES) -o $@

fuzz: $(STAMP)
	@$(MAKE) --no-print-directory CC=clang SANITIZE=1 BUILD=build/fuzz FUZZ=-fsanitize=fuzzer \
		CFLAGS=-fsanitize=fuzzer-no-link build/fuzz/tests/fuzz/libfuzzer
	@SECONDS_EACH=$(or $(SECONDS),60) tests/fuzz/run build/fuzz/tests/fuzz/libfuzzer $(TARGETS)

TESTS += $(BUILD)/tests/fuzz/smoke
test: RUN_SCRIPTS = $(filter-out $(LONG),$(SCRIPTS))
test-all: RUN_SCRIPTS = $(SCRIPTS)
KNOWN = $(patsubst test_%,%,$(basename $(notdir $(TESTS) $(SCRIPTS))))
test test-all: $(STAMP) $(BUILD)/beoplay $(BUILD)/hostile $(TESTS)
	$(foreach name,$(filter-out $(KNOWN),$(WITHOUT)),$(error no test is called '$(name)'))
	@BEOPLAY=$(CURDIR)/$(BUILD)/beoplay TIMES=$(BUILD)/times tests/run \
		$(filter-out $(addprefix %/test_,$(WITHOUT) $(WITHOUT:=.sh)),$(TESTS) $(RUN_SCRIPTS))

test-vm: $(STAMP) $(BUILD)/beoplay
	@BEOPLAY=$(CURDIR)/$(BUILD)/beoplay nice tests/vm/all

coverage: $(STAMP)
	@$(MAKE) --no-print-directory COVERAGE=1 build/coverage/run-units

$(BUILD)/run-units: $(BUILD)/beoplay $(TESTS)
	@find $(BUILD) -name '*.gcda' -delete
	@BEOPLAY=$(CURDIR)/$(BUILD)/beoplay TIMES=$(BUILD)/times tests/run $(TESTS)
	@tests/tree/coverage $(BUILD)

demo: $(STAMP) $(BUILD)/beoplay
	@BEOPLAY=$(CURDIR)/$(BUILD)/beoplay tests/lab/demo

test-network: $(STAMP) $(BUILD)/beoplay
	@BEOPLAY=$(CURDIR)/$(BUILD)/beoplay nice -n 19 tests/network/run

test-guard: $(STAMP) $(BUILD)/beoplay
	@BEOPLAY=$(CURDIR)/$(BUILD)/beoplay nice -n 19 tests/guard/run

bench: $(STAMP) $(BUILD)/beoplay $(BUILD)/floor $(BUILD)/thousand
	@dpkg-query -W ansible-mitogen time >/dev/null 2>&1 || DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -q --no-install-recommends ansible-core ansible-mitogen time python3-apt
	@tests/bench/run

bench-files: $(STAMP) $(BUILD)/beoplay
	@dpkg-query -W rsync >/dev/null 2>&1 || DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -q --no-install-recommends rsync
	@tests/bench/run-files

bench-against: $(STAMP) $(BUILD)/beoplay
	@tests/bench/against $(BASE)

$(BUILD)/floor: $(BUILD)/tests/bench/floor.o $(BUILD)/libbeoplay.a
	@$(CC) $(FLAGS) $(LINK) $(LDFLAGS) $^ $(LIBRARIES) -o $@

$(BUILD)/thousand: $(BUILD)/tests/bench/thousand.o $(BUILD)/tests/unit/helpers.a $(BUILD)/libbeoplay.a
	@$(CC) $(FLAGS) $(LINK) $(LDFLAGS) $^ $(LIBRARIES) -lcmocka -o $@

install: $(BUILD)/beoplay
	install -D -m 755 $(BUILD)/beoplay $(DESTDIR)$(PREFIX)/bin/beoplay
	install -D -m 644 engine/command/beoplay.1 $(DESTDIR)$(PREFIX)/share/man/man1/beoplay.1
	install -D -m 644 engine/command/beoplay.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/beoplay

clean:
	rm -rf $(BUILD)

.SECONDARY:
-include $(OBJECTS:.o=.d) $(AGENT_OBJECTS:.o=.d) $(TESTS:=.d) $(HELPERS:.o=.d) $(HOSTILE_OBJECTS:.o=.d) \
	$(FUZZ_OBJECTS:.o=.d)
