# What the scripts share that run inside the guest with a board (see `run`). Sourcing it changes to a folder for
# what they write.
# shellcheck shell=bash

readonly device=1209:db42
readonly ram_top=0x20005000 application=0x08002000 # of a Blue Pill with the standard variant
# Seconds, for anything that takes well under one on a quiet machine. A board that leaves within 30 ms of a bus reset stalls the
# guest's xHCI driver for a minute; and a busy machine is no reason to fail.
readonly waiting=300

work=$(mktemp -d)
readonly work
cd "$work" || exit

passed=0 failed=0

# What a failed test shows beside its own output.
show_board() {
    echo "--- the board since its last command:"
    board since | tail -n 15
}

# test_that SENTENCE FUNCTION [ARGUMENT...]: the function passes when none of its commands fails.
test_that() {
    local sentence=$1 status
    shift
    (
        set -e
        "$@"
    ) >log 2>&1
    status=$?
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok    $sentence"
    else
        failed=$((failed + 1))
        echo "FAIL  $sentence"
        { tail -n 40 log; show_board; } | sed 's/^/      /'
    fi
}

finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}

die() {
    echo "$*"
    exit 1
}

# For what must not succeed: `!` alone does not end a test.
refute() {
    if "$@"; then
        die "this should have failed: $*"
    fi
}

# What it prints is in the file `said`, and shown.
saying() {
    local status=0
    "$@" >said 2>&1 || status=$?
    cat said
    return "$status"
}

wait_until() {
    local until=$((SECONDS + waiting))
    until "$@"; do
        [ "$SECONDS" -lt "$until" ] || die "waited $waiting seconds for: $*"
        sleep 0.3 # each look takes a guest without KVM a good part of that
    done
}

present() {
    grep -qsx "${device#*:}" /sys/bus/usb/devices/*/idProduct
}

absent() {
    ! present
}

dfu_listed() {
    dfu-util -d "$device" -l | grep -q '^Found DFU'
}

dfu() {
    dfu-util -d "$device" "$@"
}

# Whatever the board does now, it then waits for a download; the button stays held. Without power nobody sees the button before:
# an application that does restarts, and would be interrupted in that.
enter_dfu() {
    board power off
    board press
    board power on
    board wait 'USB: configured' "$waiting"
    wait_until dfu_listed
}

little_endian() {
    local byte
    for byte in 0 8 16 24; do
        # shellcheck disable=SC2059 # the escape is the data
        printf "\\x$(printf %02x $(($1 >> byte & 255)))"
    done
}

# image BYTES [RESET-VECTOR] [SALT]: begins as a valid application does, every place in it is different.
image() {
    little_endian "$ram_top"
    little_endian "${2:-$((application + 5))}"
    yes "" | head -n "$1" | awk -v salt="${3:-1}" '{ print NR * salt }' | head -c $(($1 - 8))
}

# half_period MILLISECONDS: from now on the LED changes as often, to the millisecond. That of the bootloader does every 512.
half_period() {
    local until=$((SECONDS + waiting))
    board mark
    until board since | awk -v ms="$1" '
        / LED (on|off)$/ { gsub(/[^0-9.]/, " "); time[++n] = $1 }
        END { exit !(n >= 4 && same(time[n] - time[n - 1]) && same(time[n - 1] - time[n - 2])) }
        function same(d) { return d * 1000 > ms - 1 && d * 1000 < ms + 1 }'; do
        [ "$SECONDS" -lt "$until" ] || die "the LED does not change every $1 ms"
        sleep 1 # it takes 4 changes
    done
}

# slowly TIMES COMMAND...: meanwhile the board is so many times slower than the clock.
slowly() {
    local times=$1 status=0
    shift
    board slow-motion "$times"
    "$@" || status=$?
    board slow-motion 1
    return "$status"
}

# The blink example.
runs_application() {
    wait_until absent
    half_period 500
}

# What dfu-util said sounds like no trouble to its user, but for the missing suffix of a plain .bin and the error of a
# test before.
no_complaint() {
    sed '/dfuERROR/{N;/Clearing status/d}' said | grep -v -e 'No error condition' -e 'DFU suffix' >rest
    refute grep -i -E 'error|cannot|fail|unable|invalid|warning' rest
}

# lsusb finds nothing odd about the device VENDOR:PRODUCT; what it says is in `described`.
describes_itself_well() {
    lsusb -v -d "$1" >described 2>complaints
    cat described complaints
    [ ! -s complaints ]
    # newer ones name class 0, "given by the interfaces", and subclass 0, "none", so
    sed -E 's/^( *b(Device|Interface)(Sub)?Class  *0 )\[unknown\]$/\1/' described >looked_at
    refute grep -i -E "warning|unrecognized|can't|cannot|couldn't|error|junk|unknown|invalid" looked_at
}

# kernel_is_content DRIVER...
kernel_is_content() {
    dmesg | grep -i -E "$(IFS='|' && echo "$*")" | tee kernel.log
    refute grep -i -E "error|fail|unable|not accepting|timed out|timeout|cannot|can't|bad|WARN|invalid" kernel.log
}

# What was plugged in before it began is announced again.
start_udev() {
    /lib/systemd/systemd-udevd --daemon >/dev/null 2>&1
    udevadm trigger --action=add --subsystem-match=usb
    udevadm settle --timeout="$waiting"
}
