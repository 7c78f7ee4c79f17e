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

# make demo without its guest, in a folder with a blank in its name. The guest's command is played; it ends as STATUS says.
mkdir -p tests/linux build/firmware
printf '#!/bin/sh\n' > tests/linux/prepare
# shellcheck disable=SC2016 # the program expands it
printf '#!/bin/sh\nprintf "<%%s>" "$@" > given\nexit "${STATUS:-0}"\n' > tests/linux/guest
chmod +x tests/linux/*
for board in BLUEPILL STLINK; do cp -Rp "$root/build/firmware/$board" build/firmware/; done
it 'what make demo builds' make blue-pill
it 'the demonstration, of the Blue Pill' tools/demo
says 'BLUEPILL '
it 'the guest gets its image' grep -qF "<--board BLUEPILL  '$tree/build/firmware/BLUEPILL/dapboot.elf'>" given
it 'of another board' tools/demo STLINK
it 'the guest gets its image' grep -qF "'$tree/build/firmware/STLINK/dapboot.elf'>" given
it 'and its blink' grep -qF "<$tree/build/examples/blink/blink-STLINK.bin>" given
mkdir -p build/guest
touch -d yesterday build/guest/board.log
ends_with() {
    local status=0
    STATUS=$1 tools/demo || status=$?
    [ "$status" -eq "$1" ]
}
for status in 129 130 143; do
    it "a demonstration that is ended from outside, with $status," ends_with $status
    says_not 'demo:'
done
it 'one that fails' ends_with 1
says 'demo: it went wrong, see above'
says_not 'board.log'
it 'one that takes too long' ends_with 124
says 'demo: the guest took too long'
finish
