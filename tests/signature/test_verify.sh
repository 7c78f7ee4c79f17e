#!/bin/bash
# What `make verify` says to vectors that are right, wrong, or none.
set -u
cd "$(dirname "$0")/../.." || exit 1
verify=build/host/signature/verify
vectors=tests/signature/rfc8032.txt
passed=0 failed=0

it() {
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL  $what"
    fi
}

# exits_with CODE WORDS INPUT: its exit code, and what it prints.
exits_with() {
    local output code
    output=$(printf '%s\n' "$3" | $verify - 2>&1)
    code=$?
    if [ "$code" -eq "$1" ] && [[ $output == *"$2"* ]]; then
        return 0
    fi
    echo "exit code $code: $output"
    return 1
}

first=$(grep -m 1 '^TEST-1 ' $vectors)
count=$(grep -vc '^#' $vectors)
it 'all of RFC 8032 are valid' test "$($verify $vectors | grep -c ' valid$')" -eq "$count"
it 'a vector that is as expected is no error' exits_with 0 'TEST-1 valid' "$first valid"
it 'one that is not is' exits_with 1 'TEST-1 valid  DIFFERS' "$first invalid"
it 'another message is invalid' exits_with 0 'TEST-1 invalid' "${first/ - / 00 }"
it 'capital letters are digits, too' exits_with 0 'valid' "$(printf 'x '; echo "${first#* }" | tr a-f A-F)"
it 'a short signature is no vector' exits_with 2 'line 1 is not' "${first%??}"
it 'an odd number of digits is no message' exits_with 2 'line 1 is not' "${first/ - / 123 }"
it 'remarks and empty lines are passed over' exits_with 0 '' $'# nothing\n'
it 'a file that is not there is an error' test "$($verify /nonexistent 2> /dev/null; echo $?)" -eq 2

# make takes a file of any name, and runs nothing of it
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2016 # that is what this is about
for name in 'two  blanks' "one'quote and two\"" '$(touch ran)' '$(shell touch ran)' '`touch ran`;touch ran;&touch ran|#' 'a$b $$ 100%'; do
    cp $vectors "$work/$name"
    make -s verify VECTORS="$work/$name" > "$work.said" 2>&1
    it "make verify VECTORS='$name'" test "$(grep -c ' valid$' "$work.said")" -eq "$count"
    VECTORS="$work/$name" make -s verify > "$work.said" 2>&1
    it 'in the environment' test "$(grep -c ' valid$' "$work.said")" -eq "$count"
    it 'one that is not there is an error' test "$(make -s verify VECTORS="$work/none $name" > /dev/null 2>&1; echo $?)" -ne 0
    it 'nothing of it ran' test ! -e ran -a ! -e "$work/ran"
done
rm -f "$work.said"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
