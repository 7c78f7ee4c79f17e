# What the scripts share that run inside the guest with a board (see `run`). Sourcing it changes to a folder for
# what they write.
# shellcheck shell=bash

readonly device=1209:db42
readonly waiting=20 # seconds, for anything that takes well under one
readonly patience=100 # seconds: a board that leaves within 30 ms of a bus reset stalls the guest's xHCI driver for a minute

work=$(mktemp -d)
readonly work
cd "$work" || exit

passed=0 failed=0

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
        grep -v '] LED o' log | tail -n 40 | sed 's/^/      /'
        echo "      --- the board since its last command:"
        board since | tail -n 15 | sed 's/^/      /'
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
        sleep 0.05
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

# Whatever the board does now, it then waits for a download; the button stays held.
enter_dfu() {
    board press
    board reset
    board wait 'USB: configured' "$patience"
    wait_until dfu_listed
}

# The blink example: on and off every 500 ms to the microsecond, unlike the bootloader's 512.
blinks() {
    local until=$((SECONDS + waiting))
    until board since | awk '
        / LED (on|off)$/ { gsub(/[^0-9.]/, " "); time[++n] = $1 }
        END { exit !(n >= 4 && same(time[n] - time[n - 1]) && same(time[n - 1] - time[n - 2])) }
        function same(d) { return d > 0.4999 && d < 0.5001 }'; do
        [ "$SECONDS" -lt "$until" ] || die "no LED blinking at 1 Hz within $waiting seconds"
        sleep 0.2
    done
}

runs_application() {
    wait_until absent
    board mark
    blinks
}

# What was plugged in before it began is announced again.
start_udev() {
    /lib/systemd/systemd-udevd --daemon >/dev/null 2>&1
    udevadm trigger --action=add --subsystem-match=usb
    udevadm settle --timeout=30
}
