# architectures: agents for machines of other architectures than the builder's own, and their tests.
#
# They are compiled by Debian's cross compilers, with Debian's libraries unpacked below build/sysroot.
# Names are those of uname -m, but for armhf.

ARCHITECTURES ?= $(HERE)
OTHERS := $(filter-out $(HERE),$(ARCHITECTURES))
KNOWN := x86_64 aarch64 armhf
DEBIAN_x86_64 := amd64
DEBIAN_aarch64 := arm64
DEBIAN_armhf := armhf
TRIPLET_x86_64 := x86_64-linux-gnu
TRIPLET_aarch64 := aarch64-linux-gnu
TRIPLET_armhf := arm-linux-gnueabihf
SYSROOT := build/sysroot

ifneq ($(filter-out $(KNOWN),$(OTHERS)),)
$(error no agent can be built here for $(filter-out $(KNOWN),$(OTHERS)): ARCHITECTURES may be $(KNOWN))
endif

# What make deps installs for them.
cross_packages = gcc-$(subst _,-,$(TRIPLET_$(1))) libc6-dev-$(DEBIAN_$(1))-cross
OTHERS_PACKAGES := $(foreach architecture,$(OTHERS),$(call cross_packages,$(architecture)))

SYSROOT_PACKAGES := $(foreach package,$(AGENT_PACKAGES),$(if $(filter msgpack-c,$(MSGPACK)),$(lastword \
	$(subst /, ,$(package))),$(firstword $(subst /, ,$(package)))))
$(eval $(call remember,$(BUILD)/architectures,ARCHITECTURES))
$(eval $(call remember,$(BUILD)/other-flags,PLAIN_FLAGS))
$(eval $(call remember,$(SYSROOT)/packages,SYSROOT_PACKAGES))

agents_flags = -DARCHITECTURES='$(foreach name,$(ARCHITECTURES),AGENT($(name)))' -DHERE='"$(1)"'
AGENTS_FLAGS := $(call agents_flags,$(HERE))

# Of an architecture: flags, and the libraries behind them.
other_flags = $(PLAIN_FLAGS) $(HARDENING_$(1)) -isystem $(SYSROOT)/$(1)/usr/include
other_link = $(call static_link,$(1)) -L$(SYSROOT)/$(1)/usr/lib/$(TRIPLET_$(1))

define other_agent
$(SYSROOT)/$(1)/done: engine/agent/sysroot $(SYSROOT)/packages | $$(STAMP)
	@echo GET libraries for $(1)
	@engine/agent/sysroot $(DEBIAN_$(1)) $$(@D) $(SYSROOT_PACKAGES)
	@touch $$@

$(BUILD)/$(1)/%.o: %.c $(BUILD)/other-flags $(SYSROOT)/$(1)/done
	@mkdir -p $$(@D)
	@echo CC $(1) $$<
	@$(TRIPLET_$(1))-gcc $(other_flags) -MMD -MP -c $$< -o $$@

$(BUILD)/agent-$(1): $(SHARED:%.c=$(BUILD)/$(1)/%.o)
	@echo LD $$@
	@$(TRIPLET_$(1))-gcc $(other_flags) $(other_link) $$^ $(AGENT_LIBRARIES) -o $$@
	@$(TRIPLET_$(1))-strip $$@

-include $(SHARED:%.c=$(BUILD)/$(1)/%.d)
endef
$(foreach architecture,$(OTHERS),$(eval $(call other_agent,$(architecture))))

# --- All unit tests, built for another architecture, with UndefinedBehaviorSanitizer ---

LOADER_x86_64 := ld-linux-x86-64.so.2
LOADER_aarch64 := ld-linux-aarch64.so.1
LOADER_armhf := ld-linux-armhf.so.3
EMULATOR_x86_64 := qemu-x86_64-static
EMULATOR_aarch64 := qemu-aarch64-static
EMULATOR_armhf := qemu-arm-static
TESTED := $(filter-out $(HERE),$(KNOWN))
TESTED_PACKAGES := qemu-user-static $(foreach architecture,$(TESTED),$(call cross_packages,$(architecture)))
TESTED_SYSROOT_PACKAGES := $(foreach package,$(filter-out gcc libc6-dev git,$(PACKAGES)) libcmocka-dev, \
	$(firstword $(subst /, ,$(package))))
$(eval $(call remember,$(SYSROOT)/tested-packages,TESTED_SYSROOT_PACKAGES))

tested_libraries = $(CURDIR)/$(SYSROOT)/test-$(1)/usr/lib/$(TRIPLET_$(1))
tested_cflags = -fsanitize=undefined -fno-sanitize-recover=all \
	-isystem $(SYSROOT)/test-$(1)/usr/include -isystem $(SYSROOT)/test-$(1)/usr/include/$(TRIPLET_$(1))
tested_ldflags = -static-libubsan -L$(tested_libraries) -Wl,--disable-new-dtags \
	-Wl,-rpath=$(tested_libraries):/usr/$(TRIPLET_$(1))/lib \
	-Wl,--dynamic-linker=/usr/$(TRIPLET_$(1))/lib/$(LOADER_$(1))

define tested_architecture
$(SYSROOT)/test-$(1)/done: engine/agent/sysroot $(SYSROOT)/tested-packages | $$(STAMP)
	@echo GET libraries for tests on $(1)
	@engine/agent/sysroot --with-depends $(DEBIAN_$(1)) $$(@D) $(TESTED_SYSROOT_PACKAGES)
	@cp -a $$(@D)/lib/. $$(@D)/usr/lib/
	@touch $$@

.PHONY: test-$(1)
test-$(1): $(SYSROOT)/test-$(1)/done
	@+$(MAKE) --no-print-directory unit-tests BUILD=$(BUILD)/test-$(1) CC=$(TRIPLET_$(1))-gcc ARCHITECTURES= \
		CFLAGS='$(tested_cflags)' LDFLAGS='$(tested_ldflags)' EMULATOR=$(EMULATOR_$(1))
endef
$(foreach architecture,$(TESTED),$(eval $(call tested_architecture,$(architecture))))

.PHONY: unit-tests test-architectures
unit-tests: $(TESTS)
	@EMULATOR='$(EMULATOR)' tests/run $(TESTS)
test-architectures: $(TESTED:%=test-%)
