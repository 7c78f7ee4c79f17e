# Sourced by the tests of the build: a copy of the sources to build in, where nobody's local.mk or DEFS have a say; counting.
# shellcheck shell=bash
unset MAKEFLAGS MFLAGS MAKELEVEL TARGET DEFS PREFIX LDSCRIPT BUILD FLASH_LIMIT REPORT V PUBLIC_KEY APP KEY VERSION CAB VECTORS
export WERROR=1
unset OOCD OOCD_INTERFACE OOCD_BOARD ST_FLASH GDB

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
readonly root work
trap 'rm -rf "$work"' EXIT
tree="$work/a tree" # somebody has a space in the name of a folder
mkdir "$tree"
(cd "$root" && tar -c --exclude=local.mk Makefile src tools examples include packages.txt ./[a-z]*/*.mk) | tar -x -C "$tree"
cd "$tree" || exit
said=$work/said

passed=0 failed=0
pass() {
    passed=$((passed + 1))
}
# fail SENTENCE: what should have been; with what the last command said
fail() {
    failed=$((failed + 1))
    echo "FAIL  $1"
    sed 's/^/      /' "$said" | tail -n 20
}
# it SENTENCE COMMAND...: the command succeeds
it() {
    local sentence=$1
    shift
    if "$@" > "$said" 2>&1; then pass; else fail "$sentence"; fi
}
# refuses SENTENCE TEXT COMMAND...: the command fails and says so
refuses() {
    local sentence=$1 text=$2
    shift 2
    if "$@" > "$said" 2>&1; then
        fail "$sentence (it did not fail)"
    elif grep -qF -e "$text" "$said"; then
        pass
    else
        fail "$sentence (it did not say: $text)"
    fi
}
# says TEXT, says_not TEXT: of the command before
says() {
    if grep -qF -e "$1" "$said"; then pass; else fail "should say: $1"; fi
}
says_not() {
    if grep -qF -e "$1" "$said"; then fail "should not say: $1"; else pass; fi
}
finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}
