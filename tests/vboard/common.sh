# Sourced by the tests of the command: a folder to work in, a board in the background, counting.
# shellcheck shell=bash disable=SC2034 # what the tests use
vboard=$(realpath "${VBOARD:-build/vboard}")
bootloader=${BOOTLOADER:-build/firmware/BLUEPILL/dapboot.elf}
[ -f "$bootloader" ] || make -s blue-pill >/dev/null
bootloader=$(realpath "$bootloader")
work=$(mktemp -d)
readonly vboard bootloader work

readonly patience=120 # seconds, for what takes well under one on a quiet machine

passed=0 failed=0
board='' # the process in the background

stop_board() {
    [ -z "$board" ] || kill "$board" 2>/dev/null
    [ -z "$board" ] || wait "$board" 2>/dev/null
    board=''
}
trap 'stop_board; rm -rf "$work"' EXIT

# result SENTENCE STATUS: with what the last command said, in `said`
result() {
    if [ "$2" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL  $1"
        [ ! -f said ] || sed 's/^/      /' said
    fi
}

# holds SENTENCE COMMAND...: the same for a condition, such as [ A = B ]. shellcheck 0.10 takes
# `$?` of a condition for a mistake.
holds() {
    local sentence=$1
    shift
    "$@"
    result "$sentence" $?
}

# port_of LOG SERVER: the port that a board in the background listens on
port_of() {
    local port='' until=$((SECONDS + patience))
    while [ "$SECONDS" -lt "$until" ]; do
        [ ! -f "$1" ] || port=$(sed -n "s#^$2: waiting on 127.0.0.1:\([0-9]*\)\$#\1#p" "$1")
        [ -z "$port" ] || break
        sleep 0.05
    done
    echo "$port"
}

# wait_for COMMAND...: until it succeeds; false: it did not within `patience`
wait_for() {
    local until=$((SECONDS + patience))
    until "$@"; do
        [ "$SECONDS" -lt "$until" ] || return
        sleep 0.05
    done
}

finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}
