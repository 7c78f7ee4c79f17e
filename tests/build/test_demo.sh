#!/bin/bash
# `make demo BOARD=...`: which boards there are, and that blink blinks the LED of each. The guest itself is test-linux's.
set -u
# shellcheck source=tests/build/common.sh
. "$(dirname "$0")/common.sh"

# the checks of packages that make demo begins with come after that of the board
refuses 'an unknown board' 'there is no board "MAPLEMIN"; MAPLEMINI is probably meant. Choose one of:' make demo BOARD=MAPLEMIN
says '    STM32L152DISCOVERY'
refuses 'a variant' 'there is no board "BLUEPILL_4K"' make demo BOARD=BLUEPILL_4K
refuses 'tools/demo, an unknown board' 'Choose one of:' tools/demo NOPE
refuses 'two boards' 'Usage:' tools/demo BLUEPILL STLINK
it 'a known one' tools/demo --check STM32L1
it 'the default' tools/demo --check
it 'BOARD in the environment is of something else' env BOARD=nucleo_l152re make -s demo-board

blinks() {
    local board=$1 led=()
    # as tools/demo has it
    case $board in
    STM32F103) led=(--led PC13=low) ;;
    STM32L1) led=(--led PB6=high) ;;
    esac
    make -s -C examples blink BOARD="$board"
    "$root/build/vboard" run "$root/build/firmware/$board/dapboot.elf" --board "$board" "${led[@]}" --pedantic --max-time 4 \
        --load "build/examples/blink/blink-$board.elf" | tee "$work/log"
    [ "${PIPESTATUS[0]}" -eq 0 ] && [ "$(grep -c ' LED on$' "$work/log")" -eq 4 ]
}
for file in "$root"/src/boards/*.h; do
    board=$(basename "$file" .h)
    it "blink at 1 Hz on $board" blinks "$board"
done
finish
