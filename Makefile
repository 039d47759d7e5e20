# beoplay: what is built from what, and how it is tested.
#
#   make            the libraries, and build/beoplay once engine/main.c is there
#   make deps       installs what building and testing need (Debian, as root)
#   make test       all tests; ends "N passed, N failed"
#   make SANITIZE=1 test    the same with AddressSanitizer and UndefinedBehaviorSanitizer

ifeq ($(origin CC),default)
CC := gcc
endif
BUILD := build
OPTIMIZE ?= -O2 -g

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wvla -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wformat=2 -Werror
FLAGS := -std=c11 -D_GNU_SOURCE $(OPTIMIZE) $(WARNINGS) -I. -Iengine
LIBRARIES := -lssh -lcyaml -lyaml -lgit2 -lmsgpackc -lzstd -lsodium -ljson-c

ifdef SANITIZE
BUILD := build/sanitize
FLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

SOURCES := $(filter-out engine/agent/main.c,$(wildcard engine/*/*.c modules/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
HELPERS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/unit/test_%.c,$(wildcard tests/unit/*.c)))

PACKAGES := gcc libc6-dev libssh-dev libcyaml-dev libyaml-dev libgit2-dev libmsgpack-dev \
	libzstd-dev libsodium-dev libjson-c-dev libcmocka-dev libxxhash-dev \
	mmdebstrap apt-utils iproute2 nftables openssh-client openssh-server sudo

.PHONY: all deps test clean
all: $(BUILD)/deps $(BUILD)/libbeoplay.a

# Once a working copy; nothing is asked of the network where all is there already.
deps:
	@if dpkg-query -W -f '$${db:Status-Abbrev}\n' $(PACKAGES) 2>/dev/null | grep -qv '^ii' || \
		! dpkg-query -W $(PACKAGES) >/dev/null 2>&1; then \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -q --no-install-recommends $(PACKAGES); \
	fi

$(BUILD)/deps: Makefile
	@$(MAKE) --no-print-directory deps
	@mkdir -p $(@D) && touch $@

$(BUILD)/%.o: %.c | $(BUILD)/deps
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -MMD -MP -c $< -o $@

$(BUILD)/libbeoplay.a: $(OBJECTS)
	rm -f $@ && ar rcs $@ $^

# An archive, so that a test is linked with the helpers that it uses and not with all.
$(BUILD)/tests/unit/helpers.a: $(HELPERS)
	rm -f $@ && ar rcs $@ $^

$(BUILD)/tests/unit/test_%: $(BUILD)/tests/unit/test_%.o $(BUILD)/tests/unit/helpers.a \
		$(BUILD)/libbeoplay.a
	$(CC) $(FLAGS) $^ $(LIBRARIES) -lcmocka -o $@

test: $(BUILD)/deps $(TESTS)
	@tests/run $(TESTS)

clean:
	rm -rf $(BUILD)

.SECONDARY:
-include $(OBJECTS:.o=.d) $(TESTS:=.d) $(HELPERS:.o=.d)
