#!/bin/bash
# Keys, signed files and signed targets, as a maker makes them: what there is at the end, and what is refused with which sentence.
set -u
# shellcheck source=tests/build/common.sh
. "$(dirname "$0")/common.sh"

# Keys
it 'make keys' make keys
says 'key.pem     private'
it 'the private one is for nobody else' test "$(stat -c %a key.pem)" = 600
cp key.pem "$work/before"
refuses 'keys that are there' 'key.pem is there already, and is left as it is' make keys
it 'are left as they are' cmp key.pem "$work/before"
it 'other keys' make keys KEY=other.pem
rm other.pem
refuses 'a public key alone is kept, too' 'other.pub.pem is there already' make keys KEY=other.pem
it 'make keys KEY=third.pem' make keys KEY=third.pem
refuses 'the name of a public key' 'looks like the name of a public key' make keys KEY=fourth.pub.pem
it 'what openssl makes is the same' openssl pkey -in key.pem -pubout -out by-hand.pub.pem
it 'as the public key' cmp by-hand.pub.pem key.pub.pem

# Building with them
test_key=$root/tests/maker.pub.pem
it 'the key of the tests' tools/public-key "$test_key"
says 'warning: this is the test key, whose private half is public'
it 'another key' tools/public-key key.pub.pem
says_not 'warning'
refuses 'a signed target without a key' 'BLUEPILL_SIGNED needs the public key of whoever signs for it: PUBLIC_KEY=key.pub.pem' make TARGET=BLUEPILL_SIGNED
says 'make keys'
refuses 'a key that is not there' 'there is no file' make TARGET=BLUEPILL_SIGNED PUBLIC_KEY=none.pem
refuses 'a private key' 'private' make TARGET=BLUEPILL_SIGNED PUBLIC_KEY=key.pem
refuses 'a variant there is not' 'There is no TARGET "BLUEPILL_4K_SIGNED"' make TARGET=BLUEPILL_4K_SIGNED PUBLIC_KEY=key.pub.pem
image_of() {
    "$@" | sed -n 's/^  LD //p' | sed 's|^\.\./||; s/elf$/bin/'
}
one=$(image_of make TARGET=BLUEPILL_SIGNED PUBLIC_KEY=key.pub.pem)
two=$(image_of make TARGET=BLUEPILL_SIGNED PUBLIC_KEY=third.pub.pem)
three=$(image_of make -C src TARGET=BLUEPILL_SIGNED PUBLIC_KEY=../key.pub.pem DEFS=-DHAVE_LED=0)
it 'an image' test -s "$one"
it 'each key has a folder of its own' test "$one" != "$two" -a "$one" != "$three" -a -s "$two" -a -s "$three"
refuses 'and another image' 'differ' cmp "$one" "$two"
it 'nothing to do the second time' make TARGET=BLUEPILL_SIGNED PUBLIC_KEY=key.pub.pem
says_not '  CC '
# Each option in a low or in a high variant, with DEEP=1 in both. config_checks.h refuses PROTECT_BOOTLOADER in high ones.
with_option() {
    it "$1 with $2" make -s TARGET="$1" DEFS="-D$2" PUBLIC_KEY=key.pub.pem
}
low=BTTSKRMINIE3V2_SIGNED high=OLIMEXSTM32H103_HIGH_SIGNED
with_option $high HAVE_DOUBLE_TAP=1
with_option $low APP_WATCHDOG_MS=1000
with_option $low PROTECT_BOOTLOADER=1
with_option $high HAVE_DS20=1
with_option $low VERIFY_AT_START=1
if [ -n "${DEEP:-}" ]; then
    with_option $low HAVE_DOUBLE_TAP=1
    with_option $high APP_WATCHDOG_MS=1000
    with_option $low HAVE_DS20=1
    with_option $high VERIFY_AT_START=1
fi

# All of them: signed targets are built for the tests on the virtual board too, with the same limit, so here once in a while.
if [ -n "${DEEP:-}" ]; then
    it 'make release with a key' make release PUBLIC_KEY=key.pub.pem
    for target in $(make -s -C src TARGET=BLUEPILL list-targets); do
        row=$(grep "^$target " build/release/sizes.txt) || fail "a row for $target"
        limit=3584
        case $target in *_SIGNED) limit=6656 ;; esac
        awk -v limit=$limit 'NF < 6 || $(NF - 1) > limit || $NF > 16 * 1024 { exit 1 }' <<< "$row" || fail "footprint of $target: $row"
        pass
    done
    it 'the image of a signed target' cmp "$one" build/release/dapboot-1.0-bluepill-signed.bin
fi

# Signing
printf '\x00\x10\x00\x20\x41\x20\x00\x08' > low.bin
head -c 1201 /dev/zero >> low.bin
it 'make sign' make sign APP=low.bin KEY=key.pem VERSION=3
signed=build/signed/low-3.bin
says "$signed: version 3 for BLUEPILL_SIGNED, 1316 bytes"
it 'the application is as it was' cmp -n 1209 low.bin $signed
it 'filled up to whole words' test "$(tail -c +1210 $signed | head -c 3 | od -An -tx1)" = ' ff ff ff'
# as docs/signing.md has it
expected='44 42 53 31 00 20 00 08 09 12 42 db 42 4c 55 45 50 49 4c 4c 00 00 00 00 00 00 00 00 00 00 00 00 24 05 00 00 03 00 00 00'
it 'the trailer' test "$(tail -c 104 $signed | head -c 40 | od -An -v -w40 -tx1)" = " $expected"
head -c -64 $signed > message
tail -c 64 $signed > signature
it 'openssl alone can check it' openssl pkeyutl -verify -rawin -pubin -inkey key.pub.pem -in message -sigfile signature
it 'and make it' openssl pkeyutl -sign -rawin -inkey key.pem -in message -out signature-by-hand
it 'the same' cmp signature signature-by-hand
it 'a file for dfu-util' sh -c 'dfu-suffix -c build/signed/low-3.dfu | grep -q "Vendor ID:.*0x1209"'
it 'which is the same but for its suffix' cmp -n 1316 $signed build/signed/low-3.dfu
it 'for another target with other options' make sign APP=low.bin KEY=key.pem VERSION=4 TARGET=STLINK DEFS='-DUSB_PID=0x1234 -DUSB_PRODUCT_STRING="\"a b\""'
it 'of which it tells' test "$(tail -c 100 build/signed/low-4.bin | head -c 16 | od -An -v -w16 -tx1)" = \
    ' 00 20 00 08 09 12 34 12 53 54 4c 49 4e 4b 00 00'
it 'a leading zero is no octal' make sign APP=low.bin KEY=key.pem VERSION=010
says 'version 10 '

not_signed() {
    local sentence=$1 text=$2
    shift 2
    refuses "$sentence" "$text" make sign "$@"
    it "and nothing is written" test ! -e build/signed/none-7.bin
}
refuses 'a missing argument' 'make sign APP=application.bin KEY=key.pem VERSION=1' make sign APP=low.bin
cp low.bin none.bin
for version in 0 65535 65536 1.2 x 99999999999; do
    refuses "version $version" "VERSION is a number from 1 to 65534, not '$version'" make sign APP=none.bin KEY=key.pem VERSION=$version
done
not_signed 'a key that is not there' 'cannot read the key none.pem' APP=none.bin KEY=none.pem VERSION=7
not_signed 'a public key' 'is the public key; signing takes the private one' APP=none.bin KEY=key.pub.pem VERSION=7
openssl genpkey -algorithm RSA -out rsa.pem 2> /dev/null
not_signed 'a key of another kind' 'is another kind of key' APP=none.bin KEY=rsa.pem VERSION=7
not_signed 'no key at all' 'openssl cannot read the key none.bin' APP=none.bin KEY=none.bin VERSION=7
not_signed 'a target there is not' 'There is no TARGET "BLUEPILL_4K_SIGNED"' APP=none.bin KEY=key.pem VERSION=7 TARGET=BLUEPILL_4K
not_signed 'an application that is not there' 'cannot read missing.bin' APP=missing.bin KEY=key.pem VERSION=7
not_signed 'an application for another address' 'which wants it linked at 0x08004000' APP=none.bin KEY=key.pem VERSION=7 DEFS=-DAPP_BASE_ADDRESS=0x08004000
cp README.md none.bin 2> /dev/null || echo 'not an application at all' > none.bin
not_signed 'no application' 'its stack would begin at' APP=none.bin KEY=key.pem VERSION=7
printf 1234 > none.bin
not_signed 'less than that' 'has 4 bytes: that is no application' APP=none.bin KEY=key.pem VERSION=7
cp $signed none.bin
not_signed 'a signed file' 'is signed already' APP=none.bin KEY=key.pem VERSION=7
cp build/signed/low-3.dfu none.bin
not_signed 'a file with a DFU suffix' 'has a DFU suffix' APP=none.bin KEY=key.pem VERSION=7
{ cat low.bin; head -c $((119 * 1024 - 1209 - 104)) /dev/zero; } > fits.bin
it 'the largest that fits' make sign APP=fits.bin KEY=key.pem VERSION=7
{ cat fits.bin; printf x; } > none.bin
not_signed 'one that is too large' 'is too large: signed it would have 121860 bytes, and BLUEPILL_SIGNED leaves room for 121856' \
    APP=none.bin KEY=key.pem VERSION=7
for low_bits in 1 2 3; do
    # shellcheck disable=SC2059 # the format is the bytes
    { printf "\\x0$low_bits"; tail -c +2 low.bin; } > odd.bin
    it "a stack pointer that ends in $low_bits, which the processor ignores" make sign APP=odd.bin KEY=key.pem VERSION=7
done
# RAM of a Blue Pill ends at 0x20005000
{ printf '\x03\x50'; tail -c +3 low.bin; } > odd.bin
it 'also at the end of RAM' make sign APP=odd.bin KEY=key.pem VERSION=7
{ printf '\x04\x50'; tail -c +3 low.bin; } > none.bin
not_signed 'a word behind it' 'its stack would begin at 0x20005004' APP=none.bin KEY=key.pem VERSION=7
{ printf '\x03\x00'; tail -c +3 low.bin; } > none.bin
not_signed 'the start of RAM' 'its stack would begin at 0x20000003' APP=none.bin KEY=key.pem VERSION=7

head -c 64 low.bin > none.bin
not_signed 'an application that was cut off' 'none.bin ends at 0x08002040, before its reset vector 0x08002041: it is not whole' \
    APP=none.bin KEY=key.pem VERSION=7
head -c 66 low.bin > least.bin
it 'the shortest that has its entry' make sign APP=least.bin KEY=key.pem VERSION=7

# trailer LENGTH: 104 bytes that say so
trailer() {
    printf DBS1
    head -c 28 /dev/zero
    # shellcheck disable=SC2059 # the format is the bytes
    printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8)))\\x00\\x00"
    head -c 68 /dev/zero
}
# with_trailer OFFSET LENGTH BYTES: an application with a trailer at OFFSET that says LENGTH, and so many bytes behind it
with_trailer() {
    head -c "$1" low.bin
    trailer "$2"
    head -c "$3" /dev/zero
}
with_trailer 200 304 40 > none.bin
not_signed 'a signed file with more behind it' 'none.bin has a signed file of 304 bytes at its beginning' APP=none.bin KEY=key.pem VERSION=7
with_trailer 200 304 0 > none.bin
not_signed 'and without' 'is signed already' APP=none.bin KEY=key.pem VERSION=7
{ with_trailer 100 77 40; trailer 348; printf xyz; } > none.bin
not_signed 'behind a trailer that is elsewhere' 'has a signed file of 348 bytes' APP=none.bin KEY=key.pem VERSION=7
for other in '200 308 40' '202 306 40' '200 300 40'; do
    # shellcheck disable=SC2086 # three words
    with_trailer $other > holds.bin
    it "no trailer: at, says, and behind it $other" make sign APP=holds.bin KEY=key.pem VERSION=7
done
{ head -c 100 low.bin; printf DBS1DBS1; } > holds.bin
it 'nor its first word alone' make sign APP=holds.bin KEY=key.pem VERSION=7

printf '\x00\x10\x00\x20\x09\x00\x00\x08' > none.bin
printf x >> none.bin
not_signed 'less than a vector table' 'none.bin has 9 bytes; BLUEPILL_HIGH_SIGNED needs the first 9 words of a vector table, 36 bytes' \
    APP=none.bin KEY=key.pem VERSION=7 TARGET=BLUEPILL_HIGH
head -c 27 /dev/zero >> none.bin
mv none.bin least.bin
it 'just as much' make sign APP=least.bin KEY=key.pem VERSION=7 TARGET=BLUEPILL_HIGH

cp low.bin ./-low.bin
cp key.pem ./-key.pem
it 'names that begin with -' make sign APP=-low.bin KEY=-key.pem VERSION=7
it 'also the result' tools/sign -- -low.bin -key.pem 7 -signed.bin
it 'is signed' cmp ./-signed.bin build/signed/-low-7.bin
it 'with a suffix' test -s ./-signed.dfu
refuses 'without --' 'there is no option -low.bin; a file whose name begins with - is ./-low.bin' tools/sign -low.bin key.pem 7 x.bin

printf '\x00\x10\x00\x20\x41\x00\x00\x08' > none.bin
head -c 200 /dev/zero | tr '\0' x >> none.bin
not_signed 'reserved vectors in use' 'has something in words 7 and 8' APP=none.bin KEY=key.pem VERSION=7 TARGET=BLUEPILL_HIGH
finish
