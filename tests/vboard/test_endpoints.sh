#!/bin/bash
# Commands that use endpoints and wait for serial output, on the bootloader and the examples as they are shipped.
set -u

# shellcheck source=tests/vboard/common.sh
. "$(dirname "$0")/common.sh"
examples=$(realpath build/examples)
cd "$work" || exit

# run ARGUMENT...: with the commands of the standard input
run() {
    timeout "$patience" "$vboard" run "$@" --max-time 30 >said 2>&1
    status=$?
}

# it_says SENTENCE LINE: one of `said`, behind its time
it_says() {
    grep -q -x -F -e "$2" <(sed 's/^\[[^]]*\] //' said)
    result "$1" $?
}

# ---- the bootloader ----

head -c 4096 /dev/urandom >noise
{ printf '\0\120\0\040\011\040\0\010' && tail -c +9 noise; } >application.bin
run "$bootloader" --load application.bin@0x08002000 --backup 1=0x4F42 --backup 2=0x544F --enumerate <<'END'
wait 0.5
control 0x80 0 0 0 2
control 0xA1 3 0 0 6
control 0xA1 2 0 0 1024
wait 0.1
control 0xA1 2 1 0 1024
control 0xA1 5 0 0 1
control 0xA1 9 0 0 1
wait 0.1
quit
END
it_says "a bootloader answers GET_STATUS" "USB: control 0x80 0: 2 bytes: 00 00"
it_says "it answers DFU_GETSTATUS" "USB: control 0xA1 3: 6 bytes: 00 00 00 00 02 00"
it_says "a block is uploaded" "USB: control 0xA1 2: 1024 bytes: $(head -c 1024 application.bin | od -An -v -tx1 | tr -d '\n' | tr a-f A-F | cut -c 2-)"
it_says "and the next one" "USB: control 0xA1 2: 1024 bytes: $(tail -c +1025 application.bin | head -c 1024 | od -An -v -tx1 | tr -d '\n' | tr a-f A-F | cut -c 2-)"
it_says "requests come in the order of their commands" "USB: control 0xA1 5: 1 byte: 09"
it_says "a request that the device refuses is told" "USB: control 0xA1 9: the device answered STALL"
holds "and ends no run" [ "$status" -eq 0 ]

run "$bootloader" <<<'control 0x80 0 0 0 2'$'\nquit'
it_says "without a PC at the cable there are no transfers" "USB: no PC is at the cable that takes commands: --enumerate"
run "$bootloader" --enumerate <<<'in 0x81'$'\nquit'
it_says "before the device is configured, neither" "USB: no device is configured; 'wait' until one is"
run "$bootloader" --enumerate <<<'in 0x81 x'$'\nquit'
grep -q 'there is no such command; .* in ENDPOINT \[LENGTH\]' said
result "wrong arguments are met with the right ones" $?

# ---- the examples ----

run "$bootloader" --load "$examples/cdc-echo/cdc-echo.elf" --enumerate <<'END'
wait 1
control 0x21 0x22 3 0
in 0x81 64
out 1 "hello" 0D 0A
wait 0.1
in 1 64
wait 6
quit
END
it_says "bytes go out by bulk" "USB: out 0x01: 7 bytes"
it_says "and come back, to whom waited for them" "USB: in 0x81: 7 bytes: 68 65 6C 6C 6F 0D 0A"
it_says "when none come, that is told after five seconds" "USB: in 0x81: not over within 5 s"
grep -q '^\[   7.100000 s\] command: quit' said
result "a transfer under way holds up nothing" $?

run "$bootloader" --load "$examples/hid-device/hid-device.elf" --enumerate <<'END'
wait 1
in 1
pin PB2 high
wait 0.1
in 1
wait 0.1
unplug
quit
END
it_says "an interrupt endpoint tells of a key" "USB: in 0x81: 8 bytes: 00 00 39 00 00 00 00 00"
it_says "unplugging ends a transfer" "USB: in 0x81: no device on the bus, or it left meanwhile"

run "$bootloader" --load "$examples/cdc-echo/cdc-echo.elf" --enumerate --count 2 <<'END'
wait 1
2 out 1 "x"
in 1
wait 0.1
quit
END
it_says "each of several boards has endpoints of its own" "board 2: USB: in 0x81: 1 byte: 78"
! grep -q 'board 1: USB: in' said
result "and the other one waits" $?

finish
