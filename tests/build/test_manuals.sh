#!/bin/bash
# What the manuals say in numbers is what is built: the bytes of the examples and of the options that are off by default, the first
# run of the virtual board.
set -u
# shellcheck source=tests/build/common.sh
. "$(dirname "$0")/common.sh"

# The figures are what GCC ARM 12.2 makes. With another compiler they are held to 16 bytes: examples and options of GCC 14 differ
# by 8 at most.
[[ $(arm-none-eabi-gcc -dumpversion) == 12.2.* ]] && slack=0 || slack=16
# about BYTES FIGURE
about() {
    local difference=$(($1 - $2))
    [ "${difference#-}" -le "$slack" ]
}

# docs/applications.md: rows "| [NAME](../examples/NAME) | ... | BYTES |"
it 'the examples' make examples
rows=$(sed -n 's/^| \[[^]]*\](..\/examples\/\([a-z-]*\)) |.*| \([0-9]*\) |$/\1 \2/p' "$root/docs/applications.md")
examples=$(printf '%s\n' examples/*/*.c | sed -n 's,^examples/\(.*\)/\1\.c$,\1,p')
it 'docs/applications.md has a row for every example' test "$(cut -d ' ' -f 1 <<< "$rows" | sort)" = "$(sort <<< "$examples")"
while read -r name bytes; do
    is=$(stat -c %s "build/examples/$name/$name.bin")
    it "docs/applications.md: $name has $is bytes, not $bytes" about "$is" "$bytes"
done <<< "$rows"

# docs/applications.md: rows "| `FUNCTION()` | ... | BYTES |" of include/dapboot.h, each function once in a program for an STM32F103
functions=$(sed -n 's/^static inline void \([a-z_]*\)(void)$/\1/p' include/dapboot.h)
it 'three at least' test "$(wc -l <<< "$functions")" -ge 3
for name in $functions; do
    printf '#include "dapboot.h"\nvoid call(void);\nvoid call(void) { %s(); }\n' "$name" > "$work/calls.c"
    it "$name() compiles" arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -Os -Wall -Iinclude -c "$work/calls.c" -o "$work/calls.o"
    is=$((0x$(arm-none-eabi-nm -S "$work/calls.o" | sed -n 's/^[0-9a-f]* \([0-9a-f]*\) T call$/\1/p')))
    bytes=$(sed -n "s/^| \`$name()\` |.*| \([0-9]*\) |\$/\1/p" "$root/docs/applications.md")
    it "docs/applications.md: $name() takes $is bytes, not ${bytes:-(no row)}" about "$is" "${bytes:-0}"
done

# docs/options.md: "What each costs on a Blue Pill: 1, 2, 3 and 4 bytes.", in the order of the table below
said_costs=$(tr '\n' ' ' < "$root/docs/options.md" | sed -n 's/.*What each costs on a Blue Pill: \([0-9, and]*\) bytes\..*/\1/p' | tr -c '0-9\n' ' ' | xargs)
bytes_with() {
    make DEFS="$1" 2>&1 | sed -n 's/^BLUEPILL  *flash *\([0-9]*\) of .*/\1/p'
}
plain=$(bytes_with '')
read -r -a said_cost <<< "$said_costs"
it 'docs/options.md says what four options cost' test "${#said_cost[@]}" = 4
for defs in -DHAVE_DOUBLE_TAP=1 -DAPP_WATCHDOG_MS=1000 -DPROTECT_BOOTLOADER=1 -DHAVE_DS20=1; do
    is=$(($(bytes_with $defs) - plain))
    it "docs/options.md: $defs costs $is bytes, not ${said_cost[0]:-none}" about "$is" "${said_cost[0]:-0}"
    said_cost=("${said_cost[@]:1}")
done
it 'docs/fleet.md: what HAVE_DS20 costs' grep -q "the lines above as text, for ${said_costs##* } bytes" "$root/docs/fleet.md"

# docs/signing.md: "0.3 to 0.4 KiB", what VERIFY_AT_START adds to three targets
flash_of() {
    local figures
    figures=$("$root/tools/footprint" --numbers "$root/build/firmware/$1/dapboot.elf")
    echo "${figures% *}"
}
# tenths_more BUILD TARGET: tenths of a KiB that BUILD is larger
tenths_more() { echo $((($(flash_of "$1") - $(flash_of "$2")) * 10 + 512 >> 10)); }
cost=$(for pair in verify-at-start:BLUEPILL_SIGNED verify-at-start-high:BLUEPILL_HIGH_SIGNED verify-at-start-2k:BTTSKRMINIE3V2_SIGNED; do
    tenths_more "${pair%:*}" "${pair#*:}"
done | sort -n | sed -n '1p;$p' | sed 's/^/0./' | xargs)
it "docs/signing.md: VERIFY_AT_START costs $cost KiB" grep -qF "${cost/ / to } KiB, and RAM" <(tr -s '\n ' ' ' < "$root/docs/signing.md")

# docs/design.md: the functions of port.h, the main loop, the suites of make test
functions=$(grep -cE '^[A-Za-z][^(]* \**port_[a-z_0-9]+\(' "$root/src/port.h")
it "docs/design.md: port.h has $functions functions" grep -qF ": $functions functions for flash" "$root/docs/design.md"
calls() { sed -n '/for (;;) {/,/^}/p' "$1" | grep -oE '[a-z_]+\(\)' | xargs; }
# shellcheck disable=SC2016 # backquotes are Markdown's
it 'docs/design.md: the main loop' test "$(calls <(sed -n '/^```c/,/^```/p' "$root/docs/design.md" | sed '/^```$/s/.*/}/'))" = "$(calls "$root/src/main.c")"
suites=$(sed -n '/^test-all:/,/^$/s/.*--no-print-directory \([a-z-]*\)[ "].*/\1/p' "$root/tests/tests.mk" | grep -vxE 'system-images|test-programs' | sort -u)
it 'docs/design.md: suites were found' test "$(wc -l <<< "$suites")" -ge 12
for suite in $suites; do
    it "docs/design.md: the table of suites has make $suite" grep -qE "^\|.*\`make $suite\`.*\|.*\|" "$root/docs/design.md"
done

# docs/vboard.md: its first command, after "$", and what follows up to an empty line; to the hundredth of a second
to_hundredths() {
    sed 's/^\(\[ *[0-9]*\.[0-9][0-9]\)[0-9]*/\1/'
}
awk 'sub(/^    \$ /, "") { on = 1 } on && !NF { exit } on { sub(/^    /, ""); print }' "$root/docs/vboard.md" > "$work/manual"
read -r -a command < "$work/manual"
it 'the first command of docs/vboard.md is a run' test "${command[*]:0:2}" = 'build/vboard run'
tail -n +2 "$work/manual" | to_hundredths > "$work/expected"
(cd "$root" && "${command[@]}" 2>&1) | to_hundredths > "$work/run"
it 'the first run of docs/vboard.md' diff "$work/expected" "$work/run"
finish
