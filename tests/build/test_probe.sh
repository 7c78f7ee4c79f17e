#!/bin/bash
# What a programmer is given: images with the right bytes at the right addresses, and commands that OpenOCD and st-flash
# understand, as far as that shows without a board.
set -u
# shellcheck source=tests/build/common.sh
. "$(dirname "$0")/common.sh"

# Lines "ADDRESS BYTES" of the parts of a .hex.
parts() {
    tr -d '\r' < "$1" | awk '
        function number(hex,  i, n) {
            for (i = 1; i <= length(hex); i++) n = 16 * n + index("0123456789ABCDEF", substr(hex, i, 1)) - 1
            return n
        }
        {
            bytes = number(substr($0, 2, 2)); type = substr($0, 8, 2)
            if (type == "04") high = number(substr($0, 10, 4)) * 65536
            if (type != "00") next
            at = high + number(substr($0, 4, 4))
            if (at != end) { if (length_of) printf "0x%08x %d\n", start, length_of; start = at; length_of = 0 }
            end = at + bytes
            length_of += bytes
        }
        END { printf "0x%08x %d\n", start, length_of }'
}
elf_parts() {
    arm-none-eabi-readelf -lW "$1" | awk '$1 == "LOAD" && $5 != "0x00000" { print $4 }' | sort
}
word() {
    od -An -v -t x4 -j "$2" -N 4 "$1" | tr -d ' '
}

while read -r target base end; do
    it "$target" make TARGET="$target"
    image=build/firmware/$target/dapboot
    flash=$(sed -n 's/.* flash *\([0-9]*\) of .*/\1/p' "$said")
    parts "$image.hex" > "$said"
    bytes=$(stat -c %s "$image.bin")
    case $target in
    *_HIGH*)
        it "$target.hex: the hook and the bootloader, nothing else" test "$(cat "$said")" = "0x08000000 8
$base $((flash - 8))"
        it "$target.elf: the same" test "$(elf_parts "$image.elf" | head -n 2 | tr '\n' ' ')" = "0x08000000 $base "
        it "$target.bin: from the start of flash to the end of the bootloader" test "$bytes" -eq $((base - 0x08000000 + flash - 8))
        # what is between is blank
        it "$target.bin: padded with 0xFF" test "$(head -c $((base - 0x08000000)) "$image.bin" | tail -c +9 | tr -d '\377' | wc -c)" -eq 0
        it "$target: the hook is the bootloader's own vectors" test "$(word "$image.bin" 0) $(word "$image.bin" 4)" = \
            "$(word "$image.bin" $((base - 0x08000000))) $(word "$image.bin" $((base - 0x08000000 + 4)))"
        ;;
    *)
        it "$target.hex: from the start of flash" test "$(cat "$said")" = "0x08000000 $flash"
        it "$target.elf: the same" test "$(elf_parts "$image.elf" | head -n 1)" = 0x08000000
        it "$target.bin: all of it" test "$bytes" -eq "$flash"
        ;;
    esac
    it "$target: the reset vector is in it" test $((0x$(word "$image.bin" 4) & 1 && 0x$(word "$image.bin" 4) >= base && 0x$(word "$image.bin" 4) < base + flash)) = 1
    it "$target: it stays in its place" test $((base + flash <= end)) = 1
    arm-none-eabi-objcopy -I ihex -O binary --gap-fill 0xFF "$image.hex" "$work/from-hex"
    it "$target: .hex and .bin say the same" cmp "$work/from-hex" "$image.bin"
done << 'END'
BLUEPILL 0x08000000 0x08002000
BLUEPILL_4K 0x08000000 0x08001000
BLUEPILL_HIGH 0x0800e400 0x08010000
BLUEPILL_HIGH_128 0x0801e400 0x08020000
BTTSKRMINIE3V2_HIGH_256 0x0803e400 0x08040000
STM32L1 0x08000000 0x08002000
STM32L152DISCOVERY_4K 0x08000000 0x08001000
END

# OpenOCD with an adapter that is not there: it gets as far as asking the chip.
printf 'adapter driver dummy\ntransport select jtag\n' > "$work/dummy.cfg"
understood() {
    says_not 'invalid command name'
    says_not 'wrong # args'
    says_not "Can't find"
    says_not 'Unexpected command line argument'
    says_not 'syntax error'
}
if command -v openocd > /dev/null; then
    refuses 'make flash' 'OpenOCD init failed' timeout 1200 make flash OOCD_INTERFACE="$work/dummy.cfg"
    understood
    refuses 'make erase' 'JTAG' timeout 1200 make erase OOCD_INTERFACE="$work/dummy.cfg"
    understood
    if command -v gdb-multiarch > /dev/null; then
        refuses 'make debug' 'Remote communication error' timeout 1200 make debug OOCD_INTERFACE="$work/dummy.cfg" GDB='gdb-multiarch -batch'
        understood
        it 'OpenOCD, started by gdb, went to the chip' grep -q 'JTAG' build/firmware/BLUEPILL/openocd.log
    fi
    # of each family, as the makefile calls OpenOCD
    for target in BLUEPILL STM32L1; do
        it "make erase TARGET=$target" make erase TARGET=$target OOCD='echo ran'
        configuration=$(sed -n 's/^ran .* -f \(target[^ ]*\) .*/\1/p' "$said")
        erase=$(sed -n 's/^ran .*reset halt; \(.* mass_erase\) 0; exit.*/\1/p' "$said")
        it "$target: the commands of flash, erase and debug are known" openocd -f "$work/dummy.cfg" -f "$configuration" -c noinit \
            -c 'usage program' -c "usage $erase" -c 'usage reset' -c 'usage gdb_port' -c 'usage log_output' -c 'flash banks' -c shutdown
        says 'program <filename>'
        says "$erase "
        says ".flash (${erase% *}) at 0x08000000"
    done
    refuses 'make flash TARGET=STM32L1' 'OpenOCD init failed' timeout 1200 make flash TARGET=STM32L1 OOCD_INTERFACE="$work/dummy.cfg"
    understood
    it 'FLASH_SIZE for chips that hold more than they say' openocd -c 'set FLASH_SIZE 0x20000' -f "$work/dummy.cfg" \
        -f target/stm32f1x.cfg -c noinit -c 'flash banks' -c shutdown
    says 'size 0x00020000'
else
    echo 'no openocd here: its commands were not tried'
fi
if command -v st-flash > /dev/null; then
    refuses 'make stlink-flash' "Couldn't find any ST-Link devices" timeout 1200 make stlink-flash TARGET=BLUEPILL_HIGH
    says_not 'invalid command line'
fi
finish
