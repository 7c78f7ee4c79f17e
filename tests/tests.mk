# Tests, in suites: the portable core, the virtual board itself, the real image on the virtual board, real clients in a real Linux.

# Where a sweep is too long for every day, `make test` runs a sample of it, the same each time, and `make test-deep` all of it:
# DEEP=1, which every test program finds in its environment.
DEEP ?=
export DEEP

.PHONY: test-all test-programs test-unit test-vboard test-system test-linux test-powercut swept-images test-fuzz fuzz coverage test-signature

# Warnings are errors here. cmocka 2 has new names for what version 1 knows by its old ones only.
TEST_WARNINGS = $(HOST_WARNINGS) -Werror -Wno-deprecated-declarations
$(HOST)/tests/%.o $(HOST)/bench/%.o: HOST_WARNINGS += -Werror -Wno-deprecated-declarations

# names-GROUP-GROUP: says which Debian packages of these groups are missing. Whether it works without is for the tools to say.
NAMES := names-tests names-tests-signing names-tests-guest names-tests-guest-npm-web names-tests-npm-web names-tests-site-web names-probe-tests
.PHONY: $(NAMES)
$(NAMES): names-%:
	@! command -v dpkg-query > /dev/null || tools/deps --check $(subst -, ,$*) > /dev/null || tools/deps --check $(subst -, ,$*) >&2 || true

test-all:
	$(Q)$(MAKE) --no-print-directory -j2 vboard blue-pill
	$(Q)$(MAKE) --no-print-directory system-images swept-images
	$(Q)$(MAKE) --no-print-directory -j2 test-programs
	$(Q)tests/summary \
	    browser "$(MAKE) --no-print-directory test-web PARTS=flashing" \
	    power  "$(MAKE) --no-print-directory test-powercut" \
	    linux  "$(MAKE) --no-print-directory test-linux" \
	    build  "$(MAKE) --no-print-directory test-build" \
	    web    "$(MAKE) --no-print-directory test-web PARTS=unit,looks,try,speed,updates" \
	    system "$(MAKE) --no-print-directory test-system" \
	    vboard "$(MAKE) --no-print-directory test-vboard" \
	    cover  "$(MAKE) --no-print-directory coverage" \
	    signed "$(MAKE) --no-print-directory test-signature" \
	    unit   "$(MAKE) --no-print-directory test-unit" \
	    npm    "$(MAKE) --no-print-directory test-npm" \
	    site   "$(MAKE) --no-print-directory test-site" \
	    fuzz   "$(MAKE) --no-print-directory test-fuzz" \
	    bench  "$(MAKE) --no-print-directory bench"

# All that the suites run (each adds its own), so that two of them at a time have nothing to build. First what is long and of one piece:
# the browser in its guest and the power cuts take a processor each. Then what is long, and what is short to fill the end.
test-programs:

# Suite 1: the portable core against a fake port, every test in each of four builds: the Blue Pill as it is; its high variant; a board
# with large pages, three alternate settings, DFU_WILL_DETACH 0 and the descriptor for fwupd; a chip whose flash has marks and bursts.
CORE_SOURCES := src/application.c src/descriptors.c src/dfu.c src/image_writer.c src/usb_device.c src/usb_request.c
# a fake chip takes the port's place; what options may say, and how flash is, comes from this one
core_includes = -Isrc -Isrc/port -Isrc/port/$1
CORE_FLAGS := -std=gnu11 -g -O1 $(TEST_WARNINGS) -fsanitize=address,undefined -MMD -MP
CORE_FLAGS_low := $(call core_includes,stm32f103) -DBOARD_FILE='"boards/BLUEPILL.h"' -Itests/unit
CORE_FLAGS_high := $(call core_includes,stm32f103) -DBOARD_FILE='"boards/BLUEPILL.h"' -Itests/unit/high -Itests/unit
CORE_FLAGS_skr := $(call core_includes,stm32f103) -DBOARD_FILE='"boards/BTTSKRMINIE3V2.h"' -DHAVE_DS20=1 -Itests/unit
CORE_FLAGS_l1 := $(call core_includes,stm32l1) -DBOARD_FILE='"boards/STM32L1.h"' -Itests/unit
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
UNIT_COMMON := $(CORE_SOURCES:%.c=%.o) $(patsubst %.c,%.o,$(filter-out tests/unit/test_%.c,$(wildcard tests/unit/*.c)))

define UNIT_BUILD
UNIT_PROGRAMS += $(UNIT_TESTS:%=$(HOST)/unit/$1/%)

.PRECIOUS: $(HOST)/unit/$1/%.o
$(HOST)/unit/$1/%.o: %.c
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(HOST_CC) $$(CORE_FLAGS) $$(CORE_FLAGS_$1) -c $$< -o $$@

$(HOST)/unit/$1/test_%: $(HOST)/unit/$1/tests/unit/test_%.o $(UNIT_COMMON:%=$(HOST)/unit/$1/%)
	$$(Q)$$(HOST_CC) -fsanitize=address,undefined $$^ -lcmocka -o $$@
endef
$(foreach build,low high skr l1,$(eval $(call UNIT_BUILD,$(build))))
-include $(shell find $(HOST)/unit -name '*.d' 2>/dev/null)

# Signed variants: tests of their own, in a low and a high build.
SIGNED_TESTS := $(patsubst tests/unit/signed/%.c,%,$(wildcard tests/unit/signed/test_*.c))
SIGNED_CORE := $(CORE_SOURCES) $(wildcard src/signed/*.c)
SIGNED_COMMON := $(SIGNED_CORE:%.c=%.o) tests/unit/fake_port.o tests/unit/host.o tests/system/signed_file.o
CORE_FLAGS_signed := $(call core_includes,stm32f103) -DBOARD_FILE='"boards/BLUEPILL.h"' -Itests/unit/signed -Itests/unit -I$(HOST)/unit
CORE_FLAGS_signed-high := $(call core_includes,stm32f103) -DBOARD_FILE='"boards/BLUEPILL.h"' -Itests/unit/signed-high -Itests/unit -I$(HOST)/unit

$(HOST)/unit/public_key.h: tools/public-key tests/maker.pub.pem
	$(Q)mkdir -p $(@D)
	$(Q)tools/public-key tests/maker.pub.pem > $@

define SIGNED_BUILD
UNIT_PROGRAMS += $(SIGNED_TESTS:%=$(HOST)/unit/$1/%)

.PRECIOUS: $(HOST)/unit/$1/%.o
$(HOST)/unit/$1/%.o: %.c $(HOST)/unit/public_key.h
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(HOST_CC) $$(CORE_FLAGS) $$(CORE_FLAGS_$1) -c $$< -o $$@

$(SIGNED_TESTS:%=$(HOST)/unit/$1/%): $(HOST)/unit/$1/test_%: $(HOST)/unit/$1/tests/unit/signed/test_%.o $(SIGNED_COMMON:%=$(HOST)/unit/$1/%)
	$$(Q)$$(HOST_CC) -fsanitize=address,undefined $$^ -lcmocka -lcrypto -o $$@
endef
$(foreach build,signed signed-high,$(eval $(call SIGNED_BUILD,$(build))))

test-unit: names-tests $(UNIT_PROGRAMS) ## the portable core alone, milliseconds
	$(Q)tests/run $(UNIT_PROGRAMS)

test-programs: $(UNIT_PROGRAMS)

# The verifier of signatures alone: on the PC against OpenSSL, under sanitizers; then on the virtual board.
SIGNATURE_SOURCES := $(addprefix src/signed/,ed25519.c number.c sha512.c cube_root.c)
SIGNATURE_FLAGS := -std=gnu11 -g -O2 $(TEST_WARNINGS) -fsanitize=address,undefined -fno-sanitize-recover=all -Isrc -Isrc/signed -Ivboard \
                   -Itests/signature -MMD -MP
SIGNATURE_TESTS := $(patsubst tests/signature/%.c,$(HOST)/signature/%,$(wildcard tests/signature/test_*.c))
SIGNATURE_COMMON := $(patsubst %.c,$(HOST)/signature/%.o,$(SIGNATURE_SOURCES) $(addprefix tests/signature/,curve.c signer.c vectors.c))
SIGNATURE_FIRMWARE := $(HOST)/signature/firmware.elf

test-signature: names-tests-signing $(SIGNATURE_TESTS) $(SIGNATURE_FIRMWARE) $(HOST)/signature/verify ## the verifier of signatures, against OpenSSL and on the virtual board
	$(Q)tests/run $(SIGNATURE_TESTS) $(wildcard tests/signature/test_*.sh)

test-programs: $(SIGNATURE_TESTS) $(SIGNATURE_FIRMWARE)

.PRECIOUS: $(HOST)/signature/%.o
$(HOST)/signature/%.o: %.c
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CC) $(SIGNATURE_FLAGS) -c $< -o $@

$(HOST)/signature/test_%: $(HOST)/signature/tests/signature/test_%.o $(SIGNATURE_COMMON) $(VBOARD_LIB)
	$(Q)$(HOST_CC) -fsanitize=address,undefined $^ -lcmocka -lcrypto $(USBREDIR_LIBS) -o $@

$(HOST)/signature/verify: $(HOST)/signature/tests/signature/verify.o $(SIGNATURE_COMMON)
	$(Q)$(HOST_CC) -fsanitize=address,undefined $^ -lcmocka -lcrypto -o $@

.PHONY: verify
verify: $(HOST)/signature/verify ## the verifier's answers to your own test vectors, VECTORS=FILE (docs/signing.md)
	$(Q)$< $(if $(value VECTORS),$(call quoted,$(call given,VECTORS)),--help)

# as src/Makefile has it, as far as it matters here
$(SIGNATURE_FIRMWARE): tests/signature/firmware.c tests/signature/firmware.ld $(SIGNATURE_SOURCES) $(wildcard src/*.h src/signed/*.h tests/signature/*.h)
	$(Q)mkdir -p $(@D)
	$(Q)$(or $(PREFIX),arm-none-eabi-)gcc -mcpu=cortex-m3 -mthumb -mno-unaligned-access -std=c11 -ffreestanding -Os -flto \
	    -fno-tree-loop-distribute-patterns -fno-tree-loop-im -fno-move-loop-invariants -fno-inline-small-functions \
	    -nostdlib -Wl,--gc-sections -Wl,--no-warn-rwx-segments -Isrc -Isrc/signed -T tests/signature/firmware.ld $(filter %.c,$^) -o $@

-include $(shell find $(HOST)/signature -name '*.d' 2>/dev/null)

# Suite 2: the virtual board against the manuals.
VBOARD_TESTS := $(patsubst tests/vboard/%.c,%,$(wildcard tests/vboard/test_*.c))

test-vboard: names-tests blue-pill $(VBOARD_TESTS:%=$(HOST)/tests/vboard/%) vboard $(VBOARD_PUBLIC_LIB) $(VBOARD_MAN) ## the virtual board itself, against the manuals and Unicorn
	$(Q)tests/run $(VBOARD_TESTS:%=$(HOST)/tests/vboard/%) $(wildcard tests/vboard/test_*.sh)

test-programs: $(VBOARD_TESTS:%=$(HOST)/tests/vboard/%)

# Suite 3: the firmware image on the virtual board, with a scripted host, in virtual time.
SYSTEM_TESTS := $(patsubst tests/system/%.c,%,$(wildcard tests/system/test_*.c))

test-system: names-tests blue-pill system-images $(SYSTEM_TESTS:%=$(HOST)/tests/system/%) ## the real image on the virtual board, in virtual time
	$(Q)tests/run $(SYSTEM_TESTS:%=$(HOST)/tests/system/%)

test-programs: $(SYSTEM_TESTS:%=$(HOST)/tests/system/%)

# The images it runs: every target as it is shipped, and builds with options, each in build/firmware/NAME.
long_text := $(subst x,0123456789abcdef,xxxxxxx)
OPTION_BUILDS := hsi crystal-4 crystal-12 crystal-16 stay no-upload no-download alternate-2 no-led led-swd led-jtag flash-64k flash-register app-16k app-64k app-64k-register transfer-128 \
                 long-strings empty-strings packet-string delay-0 delay-100ms bkp5 double-tap app-watchdog protect ds20 everything \
                 verify-at-start verify-at-start-high verify-at-start-2k
DEFS_hsi := -DUSE_HSI
DEFS_crystal-4 := -DHSE_MHZ=4
DEFS_crystal-12 := -DHSE_MHZ=12 -DHSE_BYPASS=1
DEFS_crystal-16 := -DHSE_MHZ=16
DEFS_stay := -DDFU_WILL_DETACH=0
DEFS_no-upload := -DDFU_UPLOAD_AVAILABLE=0
DEFS_no-download := -DDFU_DOWNLOAD_AVAILABLE=0
DEFS_alternate-2 := -DUSB_DFU_ALTN=2
DEFS_no-led := -DHAVE_LED=0
DEFS_led-swd := -DLED_GPIO_PORT=GPIOA -DLED_GPIO_PIN=GPIO13 -DLED_OPEN_DRAIN=0 -DLED_ACTIVE_HIGH=0
DEFS_led-jtag := -DLED_GPIO_PORT=GPIOB -DLED_GPIO_PIN=GPIO3 -DLED_OPEN_DRAIN=0
DEFS_flash-64k := -DFLASH_SIZE_OVERRIDE=0x10000
DEFS_flash-register := -DFLASH_SIZE_OVERRIDE=0
DEFS_app-16k := -DAPP_BASE_ADDRESS=0x08004000
DEFS_app-64k := -DAPP_BASE_ADDRESS=0x08010000
DEFS_app-64k-register := -DAPP_BASE_ADDRESS=0x08010000 -DFLASH_SIZE_OVERRIDE=0
DEFS_transfer-128 := -DTARGET_DFU_WTRANSFERSIZE=128
DEFS_long-strings := '-DUSB_VENDOR_STRING="$(long_text)0123456789abcd"' '-DUSB_PRODUCT_STRING="$(long_text)ABCDEFGHIJKLMN"' \
                     '-DUSB_INTERFACE_STRING="$(long_text)nopqrstuvwxyz-"'
DEFS_empty-strings := '-DUSB_VENDOR_STRING=""' '-DUSB_PRODUCT_STRING=""' '-DUSB_INTERFACE_STRING=""' '-DLANDING_PAGE_URL=""'
DEFS_packet-string := '-DUSB_PRODUCT_STRING="exactly thirty-one characters !"'
DEFS_delay-0 := -DBUTTON_SAMPLE_DELAY_CYCLES=0
DEFS_delay-100ms := -DBUTTON_SAMPLE_DELAY_CYCLES=7200000
DEFS_double-tap := -DHAVE_DOUBLE_TAP=1
DEFS_app-watchdog := -DAPP_WATCHDOG_MS=1000
DEFS_protect := -DPROTECT_BOOTLOADER=1
DEFS_ds20 := -DHAVE_DS20=1
DEFS_everything := $(DEFS_double-tap) $(DEFS_app-watchdog) $(DEFS_protect) $(DEFS_ds20)
DEFS_verify-at-start := -DVERIFY_AT_START=1
DEFS_verify-at-start-high := -DVERIFY_AT_START=1
DEFS_verify-at-start-2k := -DVERIFY_AT_START=1
TARGET_verify-at-start := BLUEPILL_SIGNED
TARGET_verify-at-start-high := BLUEPILL_HIGH_SIGNED
TARGET_verify-at-start-2k := BTTSKRMINIE3V2_SIGNED
DEFS_bkp5 := -DREG_BOOT=BKP5 -DCMD_BOOT=0x1234
# What docs/options.md says of sizes: about 3.5 KiB with any option, 4 KiB with those that are off by default. Long texts come on top.
OPTION_LIMIT = $(or $(LIMIT_$1),3584)
$(foreach build,double-tap app-watchdog protect ds20 everything,$(eval LIMIT_$(build) := 4096))
LIMIT_long-strings := 8192
LIMIT_app-64k-register := 3648
LIMIT_verify-at-start := 7168
LIMIT_verify-at-start-high := 7168
LIMIT_verify-at-start-2k := 7168

# What signs for them; tests/maker.pem is the other half.
MAKER_KEY := tests/maker.pub.pem
FIRMWARE_SOURCES := tests/tests.mk src/Makefile tools/public-key $(MAKER_KEY) $(wildcard src/*.[ch] src/boards/*.h src/signed/* src/port/*/*)
from_src = $(if $(filter /%,$1),$1,../$1)
images_of = $(patsubst %,$(BUILD)/firmware/%/dapboot.elf,$1)

# Of the signed targets a sample (signed_sample of tests/system/rig.c), unless DEEP=1.
SIGNED_SAMPLE := BLUEPILL_SIGNED BLUEPILL_HIGH_SIGNED BLUEPILLPLUSSTM32_HIGH_128_SIGNED BLUEPILLPLUSGD32_SIGNED BTTSKRMINIE3V2_SIGNED \
                 BTTSKRMINIE3V2_HIGH_256_SIGNED STM32L152DISCOVERY_SIGNED
ALL_TARGETS = $(shell $(MAKE) -s -C src TARGET=BLUEPILL list-targets)
SYSTEM_TARGETS = $(if $(filter 1,$(DEEP)),$(ALL_TARGETS),$(filter-out %_SIGNED,$(ALL_TARGETS)) $(SIGNED_SAMPLE))

.PHONY: system-images
system-images:
	$(Q)$(MAKE) --no-print-directory -s -j2 $(call images_of,$(OPTION_BUILDS) $(SYSTEM_TARGETS))

$(BUILD)/firmware/%/dapboot.elf: $(FIRMWARE_SOURCES)
	$(Q)echo "  FIRMWARE $*"
	$(Q)mkdir -p $(@D)
	$(Q)$(MAKE) --no-print-directory -s -C src OUT=$(call from_src,$(@D)) LDSCRIPT= \
	    $(if $(filter $*,$(OPTION_BUILDS)),TARGET=$(or $(TARGET_$*),BLUEPILL) FLASH_LIMIT=$(call OPTION_LIMIT,$*),TARGET=$*) \
	    PUBLIC_KEY=../$(MAKER_KEY) WERROR=1 DEFS=$(call quoted,$(DEFS_$*)) > $(@D)/log 2>&1 || { cat $(@D)/log; rm -f $@; exit 1; }
	$(Q)touch $@

$(HOST)/tests/vboard/test_%: $(HOST)/tests/vboard/test_%.o $(VBOARD_LIB)
	$(Q)$(HOST_CC) $(SANITIZE) $^ -lcmocka $(USBREDIR_LIBS) -lunicorn -o $@

SYSTEM_COMMON := $(patsubst %.c,$(HOST)/%.o,$(filter-out tests/system/test_%.c,$(wildcard tests/system/*.c)))

$(HOST)/tests/system/test_%: $(HOST)/tests/system/test_%.o $(SYSTEM_COMMON) $(VBOARD_LIB)
	$(Q)$(HOST_CC) $(SANITIZE) $^ -lcmocka -lcrypto $(USBREDIR_LIBS) -o $@

$(HOST)/bench/bench: $(HOST)/bench/bench.o $(SYSTEM_COMMON) $(VBOARD_LIB)
	$(Q)$(HOST_CC) $(SANITIZE) $^ -lcmocka -lcrypto $(USBREDIR_LIBS) -o $@

# The build itself: targets, options, what must stop it, a covering set of options, what a programmer is given, the figures in the
# manuals. It builds in copies.
BUILD_TESTS := $(wildcard tests/build/test_*.sh) $(patsubst tests/build/%.c,$(HOST)/tests/build/%,$(wildcard tests/build/test_*.c))

.PHONY: test-build
test-build: names-probe-tests blue-pill system-images vboard $(BUILD_TESTS) ## the build: every target, options by pairs, values that must stop it
	$(Q)tests/run $(BUILD_TESTS)

test-programs: $(filter $(HOST)/%,$(BUILD_TESTS))

$(HOST)/tests/build/test_%: $(HOST)/tests/build/test_%.o $(SYSTEM_COMMON) $(VBOARD_LIB)
	$(Q)$(HOST_CC) $(SANITIZE) $^ -lcmocka -lcrypto $(USBREDIR_LIBS) -o $@

# Power cuts at every flash operation, of the image of each variant.
SWEPT_TARGETS := BLUEPILL BLUEPILL_4K BLUEPILL_HIGH BTTSKRMINIE3V2_HIGH_256
POWERCUT := $(HOST)/tests/powercut/powercut

swept-images: $(call images_of,BLUEPILL_SIGNED BLUEPILL_HIGH_SIGNED)
	$(Q)mkdir -p $(BUILD)
	$(Q)(for target in $(SWEPT_TARGETS); do \
	    $(MAKE) --no-print-directory -C src TARGET=$$target DEFS= LDSCRIPT= || exit 1; \
	done) > $(BUILD)/swept-images.log 2>&1 || { cat $(BUILD)/swept-images.log; exit 1; }

test-powercut: names-tests swept-images $(POWERCUT) ## the power fails at every flash operation of every kind of download
	$(Q)$(POWERCUT)

test-programs: $(POWERCUT)

$(POWERCUT): $(patsubst %.c,$(HOST)/%.o,$(wildcard tests/powercut/*.c)) $(SYSTEM_COMMON) $(VBOARD_LIB)
	$(Q)$(HOST_CC) $(SANITIZE) $^ -lcmocka -lcrypto $(USBREDIR_LIBS) -o $@

# Hostile hosts: libFuzzer against the portable core, in the builds of suite 1, and what it finds worth keeping against the image.
FUZZ_CC ?= clang
FUZZ_RUNS ?= $(if $(DEEP),40000,4000)
FUZZ_MIXTURES ?= $(if $(DEEP),2500,250)
FUZZ_SOURCES := tests/fuzz/core_target.c tests/fuzz/core.c tests/fuzz/hostile_host.c tests/unit/fake_port.c
# the signed core has more sources than FUZZ_SOURCES name, and a key
FUZZ_SOURCES_signed := $(filter-out $(CORE_SOURCES),$(SIGNED_CORE))
FUZZERS := $(foreach build,low high skr signed,$(HOST)/fuzz/core_$(build))
IMAGE_TARGET := $(HOST)/tests/fuzz/image_target
SIGNATURE_FUZZER := $(HOST)/fuzz/signature

test-fuzz: names-tests swept-images $(FUZZERS) $(IMAGE_TARGET) $(SIGNATURE_FUZZER) ## hostile hosts, a fixed number: the portable core under sanitizers, then the image
	$(Q)tests/fuzz/run $(HOST) $(FUZZ_RUNS) $(FUZZ_MIXTURES)

test-programs: $(FUZZERS) $(IMAGE_TARGET) $(SIGNATURE_FUZZER)

fuzz: swept-images $(FUZZERS) $(IMAGE_TARGET) $(SIGNATURE_FUZZER) ## the same until something is found
	$(Q)tests/fuzz/run $(HOST) forever

$(HOST)/fuzz/core_%: $(FUZZ_SOURCES) $(wildcard src/*.[ch] src/signed/*.[ch] src/port/*/*.h src/boards/*.h tests/fuzz/*.h tests/unit/*.h tests/unit/*/*.h) $(HOST)/unit/public_key.h
	$(Q)mkdir -p $(@D)
	$(Q)$(FUZZ_CC) -std=gnu11 -g -O1 $(TEST_WARNINGS) -Wno-constant-logical-operand -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	    $(CORE_FLAGS_$*) $(FUZZ_SOURCES) $(FUZZ_SOURCES_$*) -o $@

# what OpenSSL says of a signature is what ours must say
$(SIGNATURE_FUZZER): tests/fuzz/signature_target.c $(SIGNATURE_SOURCES) tests/signature/curve.c tests/signature/signer.c $(wildcard src/*.h src/signed/*.h tests/signature/*.h)
	$(Q)mkdir -p $(@D)
	$(Q)$(FUZZ_CC) -std=gnu11 -g -O2 $(TEST_WARNINGS) -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	    -Isrc -Isrc/signed -Itests/signature $(filter %.c,$^) -lcmocka -lcrypto -o $@

$(IMAGE_TARGET): $(addprefix $(HOST)/tests/fuzz/,image_target.o hostile_host.o) $(SYSTEM_COMMON) $(VBOARD_LIB)
	$(Q)$(HOST_CC) $(SANITIZE) $^ -lcmocka -lcrypto $(USBREDIR_LIBS) -o $@

# What of the portable core the tests of suite 1 and the fuzzer's corpus reach, in a build of its own.
COVERAGE := $(BUILD)/coverage
COVERAGE_CC := $(HOST_CC) --coverage
# without sanitizers, whose checks are branches too
COVERAGE_FLAGS := $(patsubst -O1,-O0,$(filter-out -fsanitize=%,$(CORE_FLAGS)))
REPLAY_SOURCES := $(FUZZ_SOURCES) tests/fuzz/replay.c

coverage: ## lines and branches of the portable core that suite 1 and the fuzzer's corpus reach, and those they do not
	$(Q)rm -rf $(COVERAGE)
	$(Q)$(MAKE) --no-print-directory -j2 BUILD=$(COVERAGE) HOST_CC='$(COVERAGE_CC)' CORE_FLAGS='$(COVERAGE_FLAGS)' test-unit
	$(Q)for build in low high skr; do \
	    $(MAKE) --no-print-directory BUILD=$(COVERAGE) $(COVERAGE)/replay_$$build && \
	    $(COVERAGE)/replay_$$build tests/fuzz/corpus/* || exit 1; \
	done
	$(Q)tests/fuzz/coverage $(COVERAGE)

$(BUILD)/replay_%: $(REPLAY_SOURCES)
	$(Q)mkdir -p $(@D)
	$(Q)$(COVERAGE_CC) $(COVERAGE_FLAGS) $(CORE_FLAGS_$*) $^ -fsanitize=address -o $@

# Suite 4: Debian's own kernel and clients.
test-linux: names-tests-guest blue-pill $(call images_of,ds20 stay BLUEPILL_SIGNED STM32L152DISCOVERY) vboard $(HOST)/bench/bench ## dfu-util and others in a stock Debian kernel (KINDS="clients usbip": only these)
	$(Q)tests/linux/run $(KINDS)

test-programs: $(HOST)/bench/bench $(HOST)/bench/mips $(HOST)/bench/mips.elf

.PRECIOUS: $(HOST)/%.o
