# The virtual board in WebAssembly, and the npm package of it: build/npm/package, packed as build/npm/*.tgz.

NPM := $(BUILD)/npm
WASM := $(NPM)/package/vboard.wasm
WASM_CC ?= clang
# What every instruction goes through is compiled for speed, all else for size.
WASM_FAST ?= -O2
WASM_SMALL ?= -Oz
WASM_HOT := vboard/core vboard/chip
wasm_optimize = $(if $(filter $(WASM_HOT),$(patsubst %/,%,$(dir $1))),$(WASM_FAST),$(WASM_SMALL))
WASM_SOURCES := npm/exports.c $(wildcard vboard/library/*.c vboard/files/image*.c vboard/base/*.c vboard/board/*.c \
                vboard/usb/*.c vboard/chips/*.c vboard/chip/*.c vboard/core/*.c vboard/devices/*.c vboard/devices/*/*.c)
# What JavaScript calls as vboard.h has it.
VBOARD_EXPORTS := allow board_name board_title cut_power drive error first_violation flash_operations free instructions \
                  is_powered led led_changes load load_image now pin plug power press read reset restore rule_count \
                  rule_name run save serial_baud serial_read serial_send snapshot_free usb_control usb_enumerate usb_finish \
                  usb_detachments usb_finish_enumeration usb_in usb_is_attached usb_is_configured usb_is_enumerating usb_is_pending usb_out \
                  usb_start usb_start_enumeration version violations
WASM_FLAGS = --target=wasm32-wasi -std=gnu11 $(HOST_WARNINGS) -Wno-missing-field-initializers -Ivboard -Ivboard/library -MMD -MP
# No message has a fraction. The stack is at the front, so that one that overflows traps instead of writing into data.
WASM_LINK = --target=wasm32-wasi -mexec-model=reactor -lc-printscan-no-floating-point \
            -Wl,--gc-sections,--strip-all,--stack-first,-z,stack-size=262144 $(VBOARD_EXPORTS:%=-Wl,--export=vboard_%)
WASM_OBJECTS := $(WASM_SOURCES:%.c=$(NPM)/objects/%.o)

.PHONY: wasm
wasm: $(WASM)

$(NPM)/objects/%.o: %.c npm/npm.mk | wasm-toolchain
	$(Q)mkdir -p $(@D)
	$(Q)echo "  WASM $<"
	$(Q)$(WASM_CC) $(WASM_FLAGS) $(call wasm_optimize,$<) -c $< -o $@

$(WASM): $(WASM_OBJECTS) npm/npm.mk
	$(Q)mkdir -p $(@D)
	$(Q)echo "  LD $@"
	$(Q)$(WASM_CC) $(WASM_OBJECTS) $(WASM_LINK) -o $@

# says what is missing
.PHONY: wasm-toolchain
wasm-toolchain:
	$(Q)printf 'int main(void) { return 0; }\n' | $(WASM_CC) --target=wasm32-wasi -x c - -o /dev/null 2> /dev/null || { \
	    echo "$(WASM_CC) cannot make WebAssembly here: make deps FOR=npm" >&2; exit 1; }

-include $(WASM_OBJECTS:.o=.d)

# The package: sources as they are, types made of their comments.
NPM_VERSION ?= 0.0.0-development
NPM_PACKAGE := $(NPM)/package/package.json
NPM_TARBALL := $(NPM)/dapboot-vboard.tgz
FLASHER_PACKAGE := $(NPM)/flasher/package.json
FLASHER_TARBALL := $(NPM)/dapboot-flasher.tgz

.PHONY: npm test-npm
npm: $(NPM_TARBALL) $(FLASHER_TARBALL) ## npm packages: the virtual board, and what the browser flasher does without its page

$(NPM_PACKAGE): $(WASM) $(WEB_MODULES) npm/package.json npm/README.md npm/tsconfig.json npm/node.d.ts LICENSE $(wildcard npm/src/*.js) npm/npm.mk
	$(Q)echo "  NPM $(NPM)/package"
	$(Q)rm -rf $(NPM)/package/src $(NPM)/package/types
	$(Q)web/node_modules/.bin/tsc -p npm --outDir $(NPM)/package/types
	$(Q)cp -R npm/src npm/README.md LICENSE $(NPM)/package
	$(Q)sed 's/"version": "[^"]*"/"version": "$(NPM_VERSION)"/' npm/package.json > $@

# $(call pack,FOLDER): into build/npm
pack = cd $(NPM) && npm pack --silent --offline --ignore-scripts ./$1 > packed-$1 && mv $$(cat packed-$1) $(notdir $@) && rm packed-$1

$(NPM_TARBALL): $(NPM_PACKAGE)
	$(Q)$(call pack,package)
	$(Q)echo "  NPM $@: $$(wc -c < $@) bytes, vboard.wasm $$(wc -c < $(WASM)), $$(gzip -9c $(WASM) | wc -c) with gzip"

# Of the page's sources those that its two entries need, as the compiler found them.
$(FLASHER_PACKAGE): $(WEB_MODULES) $(wildcard web/src/*.js web/src/*.d.ts web/flasher/*) LICENSE npm/npm.mk
	$(Q)echo "  NPM $(@D)"
	$(Q)rm -rf $(@D)
	$(Q)mkdir -p $(@D)/src
	$(Q)web/node_modules/.bin/tsc -p web/flasher --outDir $(@D)/types
	$(Q)cd $(@D)/types && for file in *.d.ts; do cp "$(CURDIR)/web/src/$${file%.d.ts}.js" ../src; done
	$(Q)cp web/flasher/README.md LICENSE $(@D)
	$(Q)sed 's/"version": "[^"]*"/"version": "$(NPM_VERSION)"/' web/flasher/package.json > $@

$(FLASHER_TARBALL): $(FLASHER_PACKAGE)
	$(Q)$(call pack,flasher)
	$(Q)echo "  NPM $@: $$(wc -c < $@) bytes"

# a target cannot have a blank in its name, and the checkout's folder may have one
from_libvboard = $(if $(filter /%,$1),$1,../../$1)

$(NPM)/serial.elf: examples/libvboard/serial.c
	$(Q)mkdir -p $(@D)
	$(Q)$(MAKE) --no-print-directory -s -C examples/libvboard OUT=$(call from_libvboard,$(@D)) $(call from_libvboard,$@)

# the native board, to compare with
$(NPM)/native: tests/npm/native.c $(VBOARD_PUBLIC_LIB)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CC) -std=gnu11 -O2 $(TEST_WARNINGS) -Ivboard/library $^ -o $@

test-programs: $(NPM)/native $(NPM)/serial.elf $(NPM_TARBALL) $(FLASHER_TARBALL)

# what its tests and the page's run, besides the Blue Pill as it is shipped
NPM_IMAGES := $(call images_of,BLUEPILL_4K BLUEPILL_HIGH STM32L1 STM32L1_4K no-upload no-download)

# its boards are these
test-web: $(NPM_TARBALL) $(NPM_IMAGES)

# for its tests only
DENO := tests/npm/deno/node_modules/.package-lock.json

$(DENO): tests/npm/deno/package.json tests/npm/deno/package-lock.json tests/npm/deno/.npmrc
	$(Q)$(call npm_ci,tests/npm/deno)
	$(Q)touch $@

test-npm: names-tests-npm-web npm blue-pill vboard $(DENO) $(NPM_IMAGES) $(NPM)/serial.elf $(NPM)/native ## the npm package of the virtual board: installed, in Node, against the native board
	$(Q)tests/npm/run

# as `make bench`: of this machine, so it never fails
.PHONY: bench-npm
bench-npm: npm $(HOST)/bench/mips $(HOST)/bench/mips.elf ## how fast the virtual board is in Node, and natively
	$(Q)$(HOST)/bench/mips $(HOST)/bench/mips.elf
	$(Q)node bench/mips.mjs $(NPM)/package $(HOST)/bench/mips.elf
