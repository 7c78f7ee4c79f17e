#!/bin/bash
# tools/public-key: what makers have passes and makes the verifier accept what OpenSSL signs; all else is refused in words.
set -u

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# check SENTENCE COMMAND...
check() {
    local sentence=$1
    shift
    if "$@" > "$work/said" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL  $sentence"
        tail -n 5 "$work/said"
    fi
}

# refuses SENTENCE WORDS FILE: exit status 1, says WORDS, and nothing that could be taken for a header
refuses() {
    local status
    tools/public-key "$3" > "$work/header" 2> "$work/said"
    status=$?
    if [ "$status" -eq 1 ] && [ ! -s "$work/header" ] && grep -qF -e "$2" "$work/said" && [ "$(wc -l < "$work/said")" -eq 1 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL  $1 (exit status $status, should say: $2)"
        cat "$work/header" "$work/said"
    fi
}

# pem HEX: those 32 bytes as an Ed25519 key
pem() {
    python3 - "$1" <<'END' > "$work/made.pem"
import base64, sys
der = bytes.fromhex("302a300506032b6570032100" + sys.argv[1])
print("-----BEGIN PUBLIC KEY-----", base64.b64encode(der).decode(), "-----END PUBLIC KEY-----", sep="\n")
END
}

# From a maker's key to a verdict.
cat > "$work/main.c" <<'END'
#include <stdio.h>
#include "ed25519.h"
#include "public_key.h"

int main(void)
{
    static const struct ed25519_key key = PUBLIC_KEY;
    enum ed25519_verdict verdict = ED25519_WORKING;
    uint8_t bytes[64];
    int length = (int)fread(bytes, 1, sizeof bytes, stdin);

    ed25519_begin(&key, bytes);
    while ((length = (int)fread(bytes, 1, sizeof bytes, stdin)) > 0)
        ed25519_message(bytes, (unsigned)length);
    while (verdict == ED25519_WORKING)
        verdict = ed25519_step();
    return verdict == ED25519_GENUINE ? 0 : 1;
}
END

# key N: makes a key, its header and a verifier that knows it
key() {
    openssl genpkey -algorithm ed25519 -out "$work/key$1.pem" &&
        openssl pkey -in "$work/key$1.pem" -pubout -out "$work/key$1.pub.pem" &&
        tools/public-key "$work/key$1.pub.pem" > "$work/public_key.h" &&
        gcc -Wall -Wextra -Werror -Isrc -Isrc/signed "-I$work" "$work/main.c" src/signed/{ed25519,number,sha512,cube_root}.c -o "$work/verifier$1"
}

# verify N SIGNATURE MESSAGE
verify() {
    cat "$2" "$3" | "$work/verifier$1"
}

refused() {
    ! verify "$@"
}

head -c 3000 /dev/zero | openssl enc -aes-128-ctr -K 00 -iv 00 > "$work/message" 2> /dev/null
for n in 1 2 3; do
    check "the key that openssl makes is taken" key "$n"
    check "openssl signs" openssl pkeyutl -sign -rawin -inkey "$work/key$n.pem" -in "$work/message" -out "$work/signature$n"
    check "what openssl signs passes" verify "$n" "$work/signature$n" "$work/message"
done
check "what another key signed does not" refused 1 "$work/signature2" "$work/message"
check "nor the same after a change" refused 1 "$work/signature1" "$work/main.c"
tools/public-key "$work/key1.pub.pem" > "$work/once"
{ echo "text before"; tr -d '\r' < "$work/key1.pub.pem" | sed 's/$/\r/'; } > "$work/dos.pem"
check "line ends and text around do not matter" sh -c "tools/public-key '$work/dos.pem' | cmp - '$work/once'"

refuses "a private key has no business here" "is a private key" "$work/key1.pem"
refuses "nor has a file that is not there" "cannot be read" "$work/nothing.pem"
refuses "nor a folder" "cannot be read" "$work"
refuses "nor something else" "is not a public key in PEM form" "$work/message"
refuses "nor nothing" "is not a public key in PEM form" /dev/null
cat "$work/key1.pub.pem" "$work/key2.pub.pem" > "$work/two.pem"
refuses "nor two keys" "is not a public key in PEM form" "$work/two.pem"
sed '2s/^..../!!!!/' "$work/key1.pub.pem" > "$work/damaged.pem"
refuses "nor a damaged one" "is damaged" "$work/damaged.pem"
LC_ALL=C sed '2s/^../\xC3\xA9/' "$work/key1.pub.pem" > "$work/letters.pem"
refuses "nor one with letters that are not ASCII" "is damaged" "$work/letters.pem"
sed '2s/^....//' "$work/key1.pub.pem" > "$work/short.pem"
refuses "nor one that lacks bytes" "is not an Ed25519 key" "$work/short.pem"
for kind in x25519 ed448 'EC -pkeyopt ec_paramgen_curve:P-256' 'RSA -pkeyopt rsa_keygen_bits:1024'; do
    # shellcheck disable=SC2086 # its words are arguments
    openssl genpkey -algorithm $kind 2> /dev/null | openssl pkey -pubout -out "$work/other.pem"
    refuses "a key of another kind: $kind" "is not an Ed25519 key" "$work/other.pem"
done

ff=ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
zeros=000000000000000000000000000000000000000000000000000000000000
refuse_point() {
    pem "$3"
    refuses "$1" "$2" "$work/made.pem"
}
refuse_point "y = 0, order 4" "small order" "00${zeros}00"
refuse_point "y = 0, order 4, the other" "small order" "00${zeros}80"
refuse_point "the neutral point" "small order" "01${zeros}00"
refuse_point "y = -1, order 2" "small order" "ec${ff}7f"
for half in 26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03; do
    sign=$([ "${half#26}" = "$half" ] && echo '7a fa' || echo '05 85')
    for last in $sign; do
        refuse_point "order 8, ends with $last" "small order" "$half$last"
    done
done
refuse_point "x = 0 but odd" "not a canonical encoding" "01${zeros}80"
refuse_point "y = -1, x = 0 but odd" "not a canonical encoding" "ec${ff}ff"
for first in ed ee f0 ff; do
    for last in 7f ff; do
        refuse_point "y is p or more: $first..$last" "not a canonical encoding" "$first$ff$last"
    done
done
refuse_point "y = 2" "is no point of the curve" "02${zeros}00"
refuse_point "y = 7" "is no point of the curve" "07${zeros}80"
# a maker's key and a point of order 8, from a paper on how verifiers differ (Chalkias, Garillot, Nikolaenko 2020)
refuse_point "mixed order" "mixed order" cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d
# y = 3 and y = 4 are points, and the base point is one a fool could sign for; of those the order decides
refuse_point "y = 3" "mixed order" "03${zeros}00"

tools/public-key > /dev/null 2>&1
check "wrong use is exit status 2" test $? -eq 2
check "help is help" tools/public-key --help
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
