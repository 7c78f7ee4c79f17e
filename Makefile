# Where to begin: `make help` lists the targets.

-include local.mk

.DEFAULT_GOAL := firmware

BUILD := build
# No defaults here, nor for TARGET and DEFS any export: src/Makefile reads the same places, and local.mk beside it.
ifdef PREFIX
export PREFIX
endif
# Names of files that people give may hold anything. As they were given: make would expand a "$" in one, unless a makefile
# says it. As one word for the shell. And as seen from every folder.
given = $(if $(filter command environment,$(firstword $(origin $1))),$(value $1),$($1))
quoted = '$(subst ','\'',$1)'
from_here = $(call quoted,$(if $1,$(if $(filter /%,$(firstword $1)),$1,$(CURDIR)/$1)))
# make would expand them for the environment of each recipe, too
unexport APP BOARD KEY VERSION PUBLIC_KEY LDSCRIPT CAB VECTORS SOURCES_URL prefix DESTDIR
# src/Makefile runs in its own folder
FIRMWARE = $(MAKE) --no-print-directory -C src FROM_TOP=1 \
           $(if $(value LDSCRIPT),LDSCRIPT=$(call from_here,$(call given,LDSCRIPT))) \
           $(if $(value PUBLIC_KEY),PUBLIC_KEY=$(call from_here,$(call given,PUBLIC_KEY)))
# For signed variants, whose bootloaders hold the maker's public key.
WITH_KEY = PUBLIC_KEY=$(call from_here,$(call given,PUBLIC_KEY))

.DELETE_ON_ERROR:

ifneq ($(V),1)
Q := @
endif

# Firmware -------------------------------------------------------------------------------------------------------------

.PHONY: firmware size list release examples
firmware: ## the bootloader for TARGET (default BLUEPILL): .elf, .bin and .hex in build/firmware
	+$(Q)$(FIRMWARE)

size: ## flash and RAM that TARGET takes, and its limit; with REPORT=1 where the bytes go
	+$(Q)$(FIRMWARE) size

list: ## every TARGET there is: board, chip, addresses, flash and RAM
	$(Q)$(WITH_KEY) tools/list

release: ## every TARGET into build/release, with checksums and a table of sizes
	$(Q)$(WITH_KEY) tools/release $(BUILD)/release

# Signed firmware: docs/signing.md.
.PHONY: keys sign
keys: ## a pair of keys to sign firmware with, key.pem and key.pub.pem (KEY=other.pem)
	$(Q)tools/keys $(if $(value KEY),$(call quoted,$(call given,KEY)))

sign: ## sign APP=application.bin with KEY=key.pem as VERSION=1 for TARGET, into build/signed
	$(Q)$(if $(and $(value APP),$(value KEY),$(value VERSION)),,echo 'make sign APP=application.bin KEY=key.pem VERSION=1 [TARGET=...]' >&2; exit 2)
	$(Q)mkdir -p $(BUILD)/signed
	$(Q)name=$(call quoted,$(call given,APP)) version=$(call quoted,$(call given,VERSION)); \
	    name=$${name##*/}; \
	    tools/sign --target $(call quoted,$(or $(TARGET),BLUEPILL_SIGNED)) --defs $(call quoted,$(DEFS)) -- \
	    $(call quoted,$(call given,APP)) $(call quoted,$(call given,KEY)) "$$version" "$(BUILD)/signed/$${name%.*}-$$version.bin"

# With a board and a debug probe on the desk.
.PHONY: flash stlink-flash erase debug
flash: ## write TARGET through OpenOCD (OOCD_INTERFACE=interface/stlink.cfg for an ST-Link)
	+$(Q)$(FIRMWARE) flash

stlink-flash: ## write TARGET through st-flash
	+$(Q)$(FIRMWARE) stlink-flash

erase: ## wipe the flash of a board through OpenOCD
	+$(Q)$(FIRMWARE) erase

debug: ## gdb on a board through OpenOCD
	+$(Q)$(FIRMWARE) debug

examples: ## the example applications
	$(Q)$(MAKE) --no-print-directory -C examples

# What the tests and the demonstration run: always the Blue Pill as it is shipped, whatever TARGET and DEFS say.
.PHONY: blue-pill
blue-pill: examples
	$(Q)$(MAKE) --no-print-directory -C src TARGET=BLUEPILL DEFS= LDSCRIPT= > $(BUILD)/blue-pill.log 2>&1 \
	    || { cat $(BUILD)/blue-pill.log; exit 1; }

# Virtual board and tests ----------------------------------------------------------------------------------------------

include vboard/vboard.mk
include tests/tests.mk
include web/web.mk
include web/site.mk
include npm/npm.mk
include web/try.mk

.PHONY: demo picture test test-deep bench lint format deps clean help
# BOARD is given on the command line, as others have a variable of that name in their environment. src/Makefile has one of its own.
MAKEOVERRIDES := $(filter-out BOARD=%,$(MAKEOVERRIDES))
DEMO_BOARD = $(if $(filter command,$(firstword $(origin BOARD))),$(call quoted,$(call given,BOARD)))
demo: demo-board deps-demo blue-pill vboard ## see it work: flash blink over USB in a real Linux, watch the LED (BOARD=NAME: of another board)
	$(Q)tools/demo $(DEMO_BOARD)

.PHONY: demo-board
demo-board:
	$(Q)tools/demo --check $(DEMO_BOARD)

picture: blue-pill vboard ## the recording of make demo in README.md, made anew
	$(Q)tools/picture docs/demo.svg

test: deps-test ## every test there is, with the compilers' warnings as errors
	$(Q)$(MAKE) --no-print-directory WERROR=1 test-all

test-deep: deps-test ## the same, and all of what make test only samples: sweeps and fuzzing; takes far longer
	$(Q)$(MAKE) --no-print-directory WERROR=1 test-all DEEP=1

bench: blue-pill system-images $(BUILD)/host/bench/bench $(BUILD)/host/bench/mips $(BUILD)/host/bench/mips.elf ## speed in virtual time, and the limits it is held to
	$(Q)$(BUILD)/host/bench/bench
	$(Q)$(BUILD)/host/bench/mips $(BUILD)/host/bench/mips.elf

# For those who use the board --------------------------------------------------------------------------------------------

.PHONY: install-udev cab
install-udev: ## let ordinary users of this machine flash boards (IDS="vid:pid ..." for others than dapboot's)
	$(Q)tools/install-udev $(IDS)

cab: ## an archive for fwupd and LVFS of APP=application.bin (CAB="options", docs/fleet.md)
	$(Q)mkdir -p $(BUILD)
	$(Q)app=$(call quoted,$(call given,APP)); name=$${app##*/}; \
	    printf '%s\n' $(call quoted,$(call given,CAB)) | xargs tools/cab $(if $(value APP),"$$app" "$(BUILD)/$${name%.*}.cab")

# Housekeeping ---------------------------------------------------------------------------------------------------------

.PHONY: deps-demo deps-test
deps: ## install the Debian packages that are missing (packages.txt; FOR="firmware vboard": only these groups)
	$(Q)tools/deps $(FOR)

deps-demo:
	$(Q)tools/deps firmware vboard guest

deps-test:
	$(Q)tools/deps firmware signing probe fleet vboard guest tests web npm site

lint: ## layout, static analysis, shell scripts
	$(Q)tools/lint

format: ## lay out every C file as .clang-format says
	$(Q)tools/lint --format

clean: ## remove everything that was built (the cached Linux guest too)
	rm -rf $(BUILD)

help: ## this list
	@echo "dapboot: a USB DFU bootloader for STM32F103 and STM32L1, and the virtual board it is proven on."
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/    make \1\t\2/p' Makefile vboard/vboard.mk web/web.mk web/try.mk web/site.mk npm/npm.mk tests/tests.mk | expand -t 24
	@echo
	@echo "    make TARGET=STLINK DEFS=\"-DHAVE_LED=0\"   another board, other options (docs/options.md)"
	@echo "    make V=1 ...                             show the commands"
