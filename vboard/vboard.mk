# The virtual board: build/vboard, and the library of it that the tests link.

HOST := $(BUILD)/host
HOST_CC ?= gcc
# As errors where WERROR=1: in the tests, but not for those who just use it, with a compiler that may know more warnings.
# Strings in descriptors have no NUL at their end; clang knows no such warning.
HOST_WARNINGS = -Wall -Wextra -Wshadow -Wundef -Wstrict-prototypes -Wno-unknown-warning-option \
                -Wno-unterminated-string-initialization $(if $(filter 1,$(WERROR)),-Werror)
HOST_CFLAGS = -std=gnu11 -O2 -g $(HOST_WARNINGS) -MMD -MP $(SANITIZE)
USBREDIR_LIBS := -lusbredirparser

VBOARD_SOURCES := $(wildcard vboard/*/*.c vboard/*/*/*.c)
# what belongs to the command only
VBOARD_MAIN := $(filter-out vboard/command/repeats.c,$(wildcard vboard/command/*.c))
VBOARD_LIB := $(HOST)/libvboard.a
# What others link: the same, with vboard_* as its only names.
VBOARD_PUBLIC_LIB := $(BUILD)/libvboard.a
VBOARD_MAN := $(BUILD)/vboard.1
HOST_LD ?= ld
HOST_OBJCOPY ?= objcopy

.PHONY: vboard
vboard: $(BUILD)/vboard ## the virtual board, a command: build/vboard --help

.PHONY: debug-vboard
debug-vboard: vboard firmware ## gdb on TARGET's bootloader, which runs on the virtual board
	$(Q)where=$$($(MAKE) -s --no-print-directory -C src where) && \
	    tools/debug-vboard "$$(printf '%s\n' "$$where" | head -n 1)" --board "$$(printf '%s\n' "$$where" | tail -n 1)"

$(BUILD)/vboard: $(VBOARD_MAIN:%.c=$(HOST)/%.o) $(VBOARD_LIB)
	$(Q)echo "  LD $@"
	$(Q)$(HOST_CC) $(SANITIZE) $^ $(USBREDIR_LIBS) -o $@

$(VBOARD_LIB): $(patsubst %.c,$(HOST)/%.o,$(filter-out $(VBOARD_MAIN),$(VBOARD_SOURCES)))
	$(Q)echo "  AR $@"
	$(Q)rm -f $@ && ar qcs $@ $^

# One object of what library/ needs, and nothing of the servers and the command; its names are hidden from the program that it is linked into.
$(VBOARD_PUBLIC_LIB): $(patsubst %.c,$(HOST)/%.o,$(wildcard vboard/library/*.c)) $(VBOARD_LIB)
	$(Q)echo "  AR $@"
	$(Q)$(HOST_LD) -r $^ -o $(HOST)/libvboard.o
	$(Q)$(HOST_OBJCOPY) --strip-debug --wildcard --keep-global-symbol='vboard_*' $(HOST)/libvboard.o
	$(Q)rm -f $@ && ar qcs $@ $(HOST)/libvboard.o

# from the help, so that it says the same
$(VBOARD_MAN): $(BUILD)/vboard tools/man-vboard
	$(Q)echo "  MAN $@"
	$(Q)tools/man-vboard $< > $@

# `prefix` as GNU has it: PREFIX is the cross compiler's here.
prefix ?= /usr/local
DESTDIR ?=

.PHONY: install uninstall
install: $(BUILD)/vboard $(VBOARD_PUBLIC_LIB) $(VBOARD_MAN) ## vboard, libvboard and their manual into prefix=/usr/local (DESTDIR=: below that folder)
	$(Q)tools/install-vboard install $(call quoted,$(call given,prefix)) $(call quoted,$(call given,DESTDIR)) $(BUILD)

uninstall: ## remove what make install installed there
	$(Q)tools/install-vboard uninstall $(call quoted,$(call given,prefix)) $(call quoted,$(call given,DESTDIR))

# says what is missing
.PHONY: host-toolchain
host-toolchain:
	$(Q)printf '#include <usbredirparser.h>\n' | $(HOST_CC) -E -x c - > /dev/null 2>&1 || { \
	    if ! command -v $(firstword $(HOST_CC)) > /dev/null; then echo "$(firstword $(HOST_CC)) is missing: apt-get install gcc libc6-dev,"; \
	    else echo "usbredirparser.h is missing: apt-get install libusbredirparser-dev,"; fi; \
	    echo "or: make deps FOR=vboard"; exit 1; } >&2

$(HOST)/%.o: %.c | host-toolchain
	$(Q)mkdir -p $(@D)
	$(Q)echo "  CC $<"
	$(Q)$(HOST_CC) $(HOST_CFLAGS) -Ivboard -Itests/system -c $< -o $@

# How fast it is: a program that never rests.
$(HOST)/bench/mips: $(HOST)/bench/mips.o $(VBOARD_LIB)
	$(Q)$(HOST_CC) $(SANITIZE) $^ $(USBREDIR_LIBS) -o $@

$(HOST)/bench/mips.elf: bench/mips_firmware.c
	$(Q)mkdir -p $(@D)
	$(Q)$(or $(PREFIX),arm-none-eabi-)gcc -mcpu=cortex-m3 -mthumb -O2 -ffreestanding -nostdlib -Wl,-e,reset -Wl,--section-start=.vectors=0x08000000 \
	    -Wl,-Ttext=0x08000100 -Wl,-Tbss=0x20000000 $< -o $@

-include $(wildcard $(HOST)/*/*.d $(HOST)/*/*/*.d $(HOST)/*/*/*/*.d)
