#!/bin/bash
# The build as people use it: from either folder, with their options, scripts, toolchains and habits.
set -u
# shellcheck source=tests/build/common.sh
. "$(dirname "$0")/common.sh"

in_src() { (cd src && "$@"); }
has_files() { ls "$1/dapboot.elf" "$1/dapboot.bin" "$1/dapboot.hex"; }
# The folder that the build before said it linked in, as seen from the top.
built() { sed -n 's,^  LD .*\(build/firmware/.*\)/dapboot.elf$,\1,p' "$said" | tail -n 1; }
contains() { grep -qaF -e "$1" "$2/dapboot.bin"; }
same() { cmp "$1/dapboot.bin" "$2/dapboot.bin"; }
differ() { ! cmp -s "$1/dapboot.bin" "$2/dapboot.bin"; }
unchanged() { [ "$sum" = "$(sha256sum < $plain/dapboot.elf)" ]; }
linked_with() { arm-none-eabi-nm "$2/dapboot.elf" | grep -q " $1\$"; }
plain=build/firmware/BLUEPILL

# From either folder
it 'cd src && make builds a BLUEPILL' in_src make
it 'three files' has_files $plain
it 'make in the top folder finds that done' make
says_not '  CC '
it 'cd src && make TARGET=STLINK' in_src make TARGET=STLINK
says '  LD ../build/firmware/STLINK/dapboot.elf' # a path from where one stands
it 'three files' has_files build/firmware/STLINK
it 'TARGET may come from the environment' env TARGET=STLINK make
says 'STLINK '
says_not '  CC '
refuses 'an unknown TARGET' 'There is no TARGET "BLUEPIL"; BLUEPILL is probably meant. Choose one of:' make TARGET=BLUEPIL
says '    BLUEPILL BLUEPILL_4K BLUEPILL_HIGH'
it 'lists those there are, a board a line' test "$(grep -cw BLUEPILL_HIGH "$said")$(awk 'length > 110' "$said")" = 1
refuses 'in lower case' 'There is no TARGET "stlink_high"; STLINK_HIGH is probably meant.' make TARGET=stlink_high
refuses 'from src' 'BLUEPILL is probably meant' in_src make TARGET=BLUEPIL
refuses 'a variant that a board has not is unknown' 'There is no TARGET "STM32F103_HIGH"' make TARGET=STM32F103_HIGH
refuses 'no TARGET at all' 'TARGET must be one name' make TARGET=

# Nothing is built twice, nothing is left old
sum=$(sha256sum < $plain/dapboot.elf)
it 'back to the first TARGET without make clean' make
says_not '  CC '
says_not '  LD '
it 'its image is the same' unchanged
touch src/dfu.h
it 'a header that changed' make
says '  CC BLUEPILL dfu.c'
says_not '  CC BLUEPILL port/stm32f103/clock.c'
touch src/boards/BLUEPILL.h
it 'a board file that changed' make
says '  CC BLUEPILL port/stm32/pins.c'
it 'built again, byte for byte the same' unchanged
rm -rf $plain
it 'eight jobs at a time, and V=1 shows the commands' make -j8 V=1
says '-mcpu=cortex-m3'
it 'eight jobs make the same image' unchanged
refuses 'over the limit' 'bytes over its limit of 3000 bytes of flash' env FLASH_LIMIT=3000 make

# DEFS
it 'DEFS in the environment' env DEFS=-DUSB_PID=0x1234 make
says '  LD build/firmware/BLUEPILL-'
changed=$(built)
it 'has an effect' differ "$changed" $plain
it 'DEFS on the command line' make DEFS=-DUSB_PID=0x1234
says_not '  CC '
it 'DEFS from src' in_src make DEFS=-DUSB_PID=0x1234
says_not '  CC '
it 'the plain image is not touched by it' make
says_not '  CC '
it 'of two values the last counts, as for a compiler' make DEFS='-DUSB_PID=1 -DUSB_PID=0x1234'
it 'that one' same "$(built)" "$changed"
it 'a string with spaces, quoted for the shell' make DEFS="-DUSB_PRODUCT_STRING='\"Two  spaces\"'"
it 'is in the image' contains 'Two  spaces' "$(built)"
it 'the other way to quote' env DEFS='-DUSB_PRODUCT_STRING="\"It'\''s mine, 100% (#1)\""' make
it 'is in the image' contains "It's mine, 100% (#1)" "$(built)"
it 'from src' env DEFS='-DUSB_VENDOR_STRING="\"Example & Sons; Inc.\""' make -C src
it 'is in the image' contains 'Example & Sons; Inc.' "$(built)"
it 'macros of old board files, and of others' make DEFS='-DUSES_GPIOA -DUSES_GPIOB=1 -DMY_OWN_MACRO'
says_not 'note: USES'
says 'note: MY_OWN_MACRO is no option of dapboot and changes nothing'
it 'change nothing' same "$(built)" $plain
it 'the old way to say USE_HSI, with a word that belongs to the one before' make DEFS='-D USE_HSI'
it 'has an effect' differ "$(built)" $plain
refuses 'a word without -D' 'DEFS takes -DNAME=VALUE: "HAVE_LED=0" does not begin with -D' make DEFS=HAVE_LED=0
it 'an option that is off by default may take more than 3584 bytes' make DEFS='-DHAVE_DOUBLE_TAP=1 -DAPP_WATCHDOG_MS=100 -DPROTECT_BOOTLOADER=1 -DHAVE_DS20=1'
says ' of 8192 bytes'
it 'all of them fit into the 4 KiB that docs/options.md promises' make FLASH_LIMIT=4096 DEFS='-DHAVE_DOUBLE_TAP=1 -DAPP_WATCHDOG_MS=100 -DPROTECT_BOOTLOADER=1 -DHAVE_DS20=1'
# What is reserved is for whoever configures
texts=
for name in USB_VENDOR_STRING USB_PRODUCT_STRING USB_INTERFACE_STRING; do texts+=" -D$name='\"$(printf '%0126d' 0)\"'"; done
for variant in BLUEPILL_4K=4096 BLUEPILLPLUSSTM32_HIGH=7168 ${DEEP:+BLUEPILL=8192 BLUEPILL_HIGH=7168}; do
    it "texts as long as may be, in ${variant%=*}" make TARGET="${variant%=*}" DEFS="$texts"
    says " of ${variant#*=} bytes"
done
url="-DLANDING_PAGE_URL='\"$(printf '%0252d' 0)\"'"
refuses 'more than there is' 'BLUEPILL_4K does not fit with these options: it needs' make TARGET=BLUEPILL_4K \
    DEFS="$texts $url -DHAVE_DOUBLE_TAP=1 -DAPP_WATCHDOG_MS=100 -DPROTECT_BOOTLOADER=1 -DHAVE_DS20=1"
says 'bytes of flash more than there are for the bootloader'
says_not 'overflowed'
it 'in one sentence' test "$(grep -vcE '^  (CC|LD) |^make' "$said")" = 1

# local.mk
echo 'TARGET ?= STLINK' > local.mk
it 'local.mk beside the Makefile' make
says 'STLINK '
it 'counts in src too' in_src make
says 'STLINK '
it 'less than the command line' make TARGET=BLUEPILL
says 'BLUEPILL '
it 'less than the environment' env TARGET=BLUEPILL make
says 'BLUEPILL '
mv local.mk src/local.mk
it 'local.mk in src' in_src make
says 'STLINK '
it 'counts in the top folder too' make
says 'STLINK '
printf '%s\n' 'DEFS ?= -DUSB_PID=0x1234' 'OOCD_INTERFACE ?= interface/stlink.cfg' 'OOCD := echo ran' > src/local.mk
it 'DEFS in local.mk' make
says_not '  CC '
it 'is the build with those DEFS' make FLASH_LIMIT=9999
it 'and the probe' make flash
says 'ran -f interface/stlink.cfg -f target/stm32f1x.cfg'
says "${changed##*/}/dapboot.elf"
it 'but not over the environment' env OOCD_INTERFACE=interface/jlink.cfg make flash
says 'ran -f interface/jlink.cfg'
rm src/local.mk

# LDSCRIPT
mkdir own
{ cat $plain/bootloader.ld; echo 'own_script = 1;'; } > own/own.ld
it 'LDSCRIPT as an absolute path' make LDSCRIPT="$tree/own/own.ld"
it 'is used' linked_with own_script "$(built)"
it 'LDSCRIPT as seen from the top folder' make LDSCRIPT=own/own.ld
says_not '  CC '
it 'in the environment' env LDSCRIPT=own/own.ld make
says_not '  CC '
it 'LDSCRIPT as seen from src' in_src make LDSCRIPT=../own/own.ld
it 'is used' linked_with own_script "$(built)"
echo 'changed_script = 1;' >> own/own.ld
it 'a script that changed' make LDSCRIPT=own/own.ld
says '  LD '
it 'is used' linked_with changed_script "$(built)"
refuses 'a script that is not there' 'LDSCRIPT: there is no file' make LDSCRIPT=none.ld
says 'none.ld'
says_not '  CC '
printf 'INCLUDE libopencm3_stm32f1.ld\n' > own/old.ld
refuses 'a script of an earlier dapboot' 'own/old.ld is made for an earlier dapboot and libopencm3' make LDSCRIPT=own/old.ld
says 'begin with a copy of build/firmware/TARGET/bootloader.ld'
sed s/ram_image/other/ own/own.ld > own/lacks.ld
refuses 'a script without a symbol' 'own/lacks.ld does not define ram_image' make LDSCRIPT=own/lacks.ld
refuses 'a folder' 'cannot be read' make LDSCRIPT=own
sed 's/LENGTH = 0x2000/LENGTH = 0x800/' own/own.ld > own/small.ld
refuses 'a region that is too small' 'does not fit with these options: it needs' make LDSCRIPT=own/small.ld
it 'a script for 16 KiB' make LDSCRIPT=own/own.ld DEFS=-DAPP_BASE_ADDRESS=0x08004000
says ' of 16384 bytes'
it 'and the plain build is still plain' make
says_not '  LD '

# Compilers that know more warnings
it 'warnings are no errors for a user' make -n WERROR= TARGET=BLUEPILL_4K
says '-Wextra'
says_not '-Werror'
says_not 'fatal-warnings'

# PREFIX
mkdir "$work/toolchain" # PREFIX is part of commands: no space in it
for tool in gcc objcopy objdump nm; do
    printf '#!/bin/sh\necho %s >> "%s/used"\nexec arm-none-eabi-%s "$@"\n' $tool "$work" $tool > "$work/toolchain/mine-$tool"
    chmod +x "$work/toolchain/mine-$tool"
done
it 'PREFIX' make PREFIX="$work/toolchain/mine-"
it 'makes the same image' same "$(built)" $plain
it 'with that toolchain' grep -q gcc "$work/used"
it 'in all of its parts' test "$(sort -u "$work/used" | tr '\n' ' ')" = 'gcc objcopy objdump '
it 'of which the plain build knows nothing' make
says_not '  CC '
mkdir "$work/bare"
# shellcheck disable=SC2016 # the program expands it
printf '#!/bin/sh\nif [ "$1" = -ffreestanding ]; then exit 1; fi\n' > "$work/bare/mine-gcc"
chmod +x "$work/bare/mine-gcc"
refuses 'a toolchain that is not there' 'none-gcc is missing: PREFIX says' make PREFIX=none-
refuses 'a compiler without stdint.h' 'mine-gcc has no stdint.h: apt-get install picolibc-arm-none-eabi' make PREFIX="$work/bare/mine-"

# A probe's commands
refuses 'a probe that is not there' 'Is the probe (interface/cmsis-dap.cfg) plugged in' make flash OOCD=false
refuses 'when erasing' 'Is the probe (interface/cmsis-dap.cfg) plugged in' make erase OOCD=false
refuses 'when debugging' 'Is the probe (interface/cmsis-dap.cfg) plugged in' make debug OOCD=true GDB=false
says 'What OpenOCD says goes into build/firmware/BLUEPILL/openocd.log'
refuses 'an ST-Link that is not there' 'Is the ST-Link plugged in' make stlink-flash ST_FLASH=false
it 'make flash' make flash OOCD='echo ran' OOCD_BOARD=board/mine.cfg
says 'ran -f interface/cmsis-dap.cfg -f board/mine.cfg -c program'
it 'make OOCD_INTERFACE=interface/stlink.cfg flash' make OOCD='echo ran' OOCD_INTERFACE=interface/stlink.cfg flash
says 'ran -f interface/stlink.cfg -f target/stm32f1x.cfg'
it 'from src' in_src make OOCD='echo ran' flash
it 'make erase' make erase OOCD='echo ran'
says 'mass_erase'
it 'make debug' make debug OOCD='echo ran' GDB='echo gdb'
says 'gdb ../build/firmware/BLUEPILL/dapboot.elf'
it 'make stlink-flash' make stlink-flash ST_FLASH='echo ran --flash=128k' TARGET=STLINK
says 'STLINK/dapboot.hex'
refuses 'a program that is not there' 'no-such-openocd is not installed: apt-get install openocd' make flash OOCD=no-such-openocd

# Sizes
it 'make size' make size
says ' of 3584 bytes'
it 'make size REPORT=1' make size REPORT=1
says answer_request
says records
it 'from src' in_src make size REPORT=1
says vectors

# A board of one's own is one file
{ sed 's/BOARD_TITLE .*/BOARD_TITLE "Mine"/; s/BOARD_VARIANTS .*/BOARD_VARIANTS "_4K"/' src/boards/STM32F103.h; echo '#define USES_GPIOC 1'; } > src/boards/MINE.h
it 'a new board' make TARGET=MINE_4K
says_not 'note:'
echo '#define HAVE_LET 1' >> src/boards/MINE.h
refuses 'a misspelt option in its file' 'boards/MINE.h: there is no option HAVE_LET; HAVE_LED is probably meant.' make TARGET=MINE
sed -i '$d; s/_4K/_8K/' src/boards/MINE.h
refuses 'a variant that does not exist' 'BOARD_VARIANTS of a file in src/boards names _8K' make TARGET=MINE
rm src/boards/MINE.h

# All of them
targets=$(make -s -C src TARGET=BLUEPILL list-targets | grep -v _SIGNED) # these are test_signing.sh's
readonly targets
# Most of them were built for the other tests, from the same sources.
if [ -z "${DEEP:-}" ]; then
    for target in $targets; do
        [ -e "build/firmware/$target" ] || [ ! -e "$root/build/firmware/$target/dapboot.elf" ] ||
            { cp -Rp "$root/build/firmware/$target" build/firmware/ && rm -f "build/firmware/$target/log"; }
    done
fi
it 'make list, with DEFS set, which do not count' make list DEFS=-DHAVE_LED=0
for target in $targets; do
    row=$(grep "^$target " "$said") || fail "a row for $target"
    grep -qE '0x0800(0000 +0x0800[12]000|e400 +0x08000000) |0x080[13]e400 +0x08000000 ' <<< "$row" || fail "addresses of $target: $row"
    awk 'NF < 6 || $(NF - 1) > 3584 || $NF > 12 * 1024 { exit 1 }' <<< "$row" || fail "footprint of $target: $row"
    pass
done
cp "$said" "$work/list"
it 'signed targets are named without a key' grep -qE '^BLUEPILL_HIGH_128_SIGNED .* 0x0801e400 +0x08000000 +- +-$' "$work/list"
it 'make release' make release DEFS=-DHAVE_LED=0 LDSCRIPT=none.ld
released=build/release
count=$(wc -w <<< "$targets")
it "three files of each of the $count targets" test "$(find $released -name 'dapboot-*' | wc -l)" -eq $((3 * count))
it 'checksums' sh -c "cd $released && sha256sum --status -c SHA256SUMS"
it 'all of them' test "$(wc -l < $released/SHA256SUMS)" -eq $((3 * count))
it 'the image of a target' cmp $plain/dapboot.bin $released/dapboot-1.0-bluepill.bin
it 'sizes for people' grep -q '^BLUEPILL_HIGH_128 .* 0x0801e400 ' $released/sizes.txt
it 'sizes in Markdown' grep -q '^| .BLUEPILL_HIGH_128. | Blue Pill | ' $released/sizes.md
it 'a table for programs' grep -qx 'BLUEPILL_HIGH_128	Blue Pill	STM32F103C8/CB	0x0801e400	0x08000000	dapboot-1.0-bluepill-high-128	[0-9]*	[0-9]*' $released/images.tsv
it 'with every target' test "$(wc -l < $released/images.tsv)" -eq "$count"
sed -i 's/^#define VERSION .*/#define VERSION 0x1205/' src/config.h
it 'another version' test "$(tools/release --version)" = 12.05
it 'is in the image' make
it 'as bcdDevice' env LC_ALL=C grep -qaP '\x09\x12\x42\xDB\x05\x12\x01\x02\x03\x01' $plain/dapboot.bin

# Two at a time
two_at_once() {
    make TARGET=STLINK_HIGH > "$work/one" 2>&1 &
    make TARGET=STLINK_HIGH > "$work/two" 2>&1 && wait $!
}
rm -rf build/firmware/STLINK_HIGH # it was copied, perhaps with what an older makefile left
it 'two makes at a time' two_at_once
it 'and again, with nothing to do' two_at_once
listing() { (cd build/firmware && find "$1" ! -name openocd.log | sed "s/^$1//" | sort); }
alike() { diff <(listing "$1") <(listing "$2"); }
it 'leave nothing but what one would' alike STLINK_HIGH BLUEPILL
it 'make -j2' make -j2 TARGET=STLINK
says_not 'warning'

it 'cd examples && make rtos' make -C examples rtos
it 'makes it' test -s build/examples/rtos/rtos.bin -a ! -e build/examples/blink

# it has a makefile of its own, which gets names of files from the one at the top
it 'firmware for tests of the npm package, in a folder with a blank' make build/npm/serial.elf
it 'makes it' test -s build/npm/serial.elf

it 'cd src && make clean' in_src make clean
it 'removes the images' test ! -e build/firmware -a -e build/examples
it 'make clean' make clean
it 'removes what was built' test ! -e build
finish
