#!/bin/bash
# libvboard as others use it: installed into a folder of its own, found by pkg-config, linked by a program that knows no more.
set -u

# shellcheck source=tests/vboard/common.sh
. "$(dirname "$0")/common.sh"
cd "$(dirname "$0")/../.." || exit
readonly prefix=/usr/some\ where destdir="$work/root"
readonly root=$destdir$prefix

# says COMMAND...: keeps what it says, for result
says() {
    "$@" >"$work/said" 2>&1
}

# like result, with what was said
tell() {
    local status=$2
    [ ! -f "$work/said" ] || [ "$status" -eq 0 ] || cat "$work/said"
    result "$1" "$status"
}

says make -s install prefix="$prefix" DESTDIR="$destdir"
tell "make install installs below DESTDIR" $?
(cd "$root" && find . -type f | sort) >"$work/files"
cat >"$work/wanted" <<'FILES'
./bin/vboard
./include/vboard.h
./lib/libvboard.a
./lib/pkgconfig/vboard.pc
./share/man/man1/vboard.1
FILES
says diff "$work/wanted" "$work/files"
tell "it installs the command, the library, its header, its pkg-config file and the manual, and nothing else" $?
"$root/bin/vboard" --version >"$work/version"
holds "the command runs where it is" [ -s "$work/version" ]

# names of the library
nm -g --defined-only "$root/lib/libvboard.a" | awk 'NF == 3 && $3 !~ /^vboard_/ { print $3 }' >"$work/said"
holds "every global name of the library begins with vboard_" [ ! -s "$work/said" ]
sed -n '/^typedef/d; s/^[a-z].*[ *]\(vboard_[a-z_]*\)(.*/\1/p' vboard/library/vboard.h | sort >"$work/declared"
nm -g --defined-only "$root/lib/libvboard.a" | awk 'NF == 3 { print $3 }' | sort >"$work/defined"
says diff "$work/declared" "$work/defined"
tell "what the header declares is what the library has" $?

# what vboard-inside.md says of all files of the project's own library, which has this one's and the servers
# variables that can be written; those of a thread are in sections of their own
variables() { objdump -t "$1" | sed -nE 's/^[0-9a-f]+ .{6}O \.(data|bss)(\.[^r][^ \t]*)?[ \t].* //p' | grep -v '^__'; }
echo 'int counter = 1; int *const fixed = &counter; static int hits; int hit(void) { return hits++; }' >"$work/state.c"
says gcc -c "$work/state.c" -o "$work/state.o"
tell "a program with state compiles" $?
holds "its state is found" [ "$(variables "$work/state.o" | sort | xargs)" = "counter hits" ]
variables build/host/libvboard.a >"$work/said"
holds "no file of the library has state of its own" [ ! -s "$work/said" ]
nm -A build/host/libvboard.a | grep -E ' U (clock_gettime|gettimeofday|time|clock)$' | grep -v ':pace\.o:' >"$work/said"
holds "only pace.c asks for the time of the PC" [ ! -s "$work/said" ]

# the header
for compiler in "gcc -std=c11 -x c" "clang -std=c++11 -x c++"; do
    read -ra words <<<"$compiler"
    printf '#include <vboard.h>\n#include <vboard.h>\n' |
        says "${words[@]}" -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I "$root/include" -
    tell "the header compiles alone with $compiler" $?
done

# the example: its own Makefile, pkg-config and the installed files only. pkg-config takes no blank in a folder.
says make -s install prefix=/usr DESTDIR="$work/plain"
export PKG_CONFIG_PATH="$work/plain/usr/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$work/plain"
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
mkdir "$work/out"
says make -s -C examples/libvboard OUT="$work/out" "$work/out/check" "$work/out/serial.elf"
tell "the example compiles against what was installed" $?
examples=build/examples
says "$work/out/check" $examples/blink/blink-high.elf "$work/out/serial.elf" $examples/cdc-echo/cdc-echo-high.elf
tell "its tests pass" $?
holds "and say so" grep -qx '3 passed, 0 failed' "$work/said"
"$work/out/check" "$work/out/serial.elf" "$work/out/serial.elf" "$work/out/serial.elf" >"$work/said" 2>&1
holds "its tests fail with firmware that does not do it" [ $? -eq 1 ]
holds "and say what was expected" grep -q 'expected: the LED goes on' "$work/said"
printf 'wait 0.01\nsend 1 hello\nwait 0.01\nquit\n' |
    "$root/bin/vboard" run "$work/out/serial.elf" --usart 1=terminal >"$work/said" 2>&1
holds "the command gives a serial port a line, and tells the answer" grep -q 'serial: HELLO' "$work/said"

# docs/libvboard.md: what stands there is what is compiled and run here
mkdir "$work/first"
awk '/^    #include <assert.h>/ { on = 1 } on && !NF { blank = 1; next } on && /^[^ ]/ { exit }
    on && /^    cc / { exit } on { if (blank) print ""; blank = 0; print substr($0, 5) }' docs/libvboard.md >"$work/first/test.c"
command=$(sed -n 's/^    \(cc .*\)/\1/p' docs/libvboard.md)
cp $examples/blink/blink-high.elf "$work/first/firmware.elf"
cd "$work/first" || exit
says sh -c "$command"
tell "the first test of docs/libvboard.md passes, by the command there" $?
cp "$work/out/serial.elf" firmware.elf
says ./test
holds "and fails with firmware that does not blink" [ $? -ne 0 ]
cd - >/dev/null || exit
awk '/^      struct vboard_snapshot/ { on = 1 } on && /^[^ ]/ { exit } on' docs/libvboard.md >"$work/loop.inc"
# shellcheck disable=SC2046 # words for the compiler
says gcc -Wall -Werror -I "$work" tests/vboard/manual/power_cuts.c $(pkg-config --cflags --libs vboard) -o "$work/cuts"
tell "its loop over power cuts compiles" $?
says "$work/cuts" build/firmware/BLUEPILL/dapboot.elf
tell "and ends, with the bootloader and a download" $?
holds "after a cut at each of many flash operations" grep -qE '^[0-9]{2,} cuts' "$work/said"

# the manual
sed -n 's/^ *\(--[a-z-]*\).*/\1/p' <("$vboard" run --help) | sort -u >"$work/options"
sed 's/\\-/-/g' "$root/share/man/man1/vboard.1" | grep -oE -e '--[a-z-]+' | sort -u >"$work/manual"
comm -23 "$work/options" "$work/manual" >"$work/said"
holds "the manual has every option of the help" [ ! -s "$work/said" ]
holds "of which there are many" [ "$(wc -l <"$work/options")" -gt 20 ]
sed -n '/^Commands on/,/^With/s/^  \([a-z]*\).*/\1/p' <("$vboard" run --help) >"$work/commands"
while read -r command; do
    says grep -q "^\.B $command" "$root/share/man/man1/vboard.1"
    tell "the manual has the command $command" $?
done <"$work/commands"
if command -v groff >/dev/null; then
    groff -man -ww -z "$root/share/man/man1/vboard.1" >"$work/said" 2>&1
    holds "groff takes the manual without a word" [ ! -s "$work/said" ]
fi

# what is wrong
says make -s install prefix=relative DESTDIR="$work/other"
holds "a relative prefix is refused" [ $? -ne 0 ]
holds "and the message says how it is to be" grep -q "prefix is a path from / on" "$work/said"
: >"$work/file"
says make -s install prefix=/file/there DESTDIR="$work"
holds "a prefix below a file is refused" [ $? -ne 0 ]
holds "and the message says why" grep -q "is not a folder" "$work/said"
if [ "$(id -u)" -ne 0 ]; then
    mkdir -m 555 "$work/closed"
    says make -s install prefix=/closed DESTDIR="$work"
    holds "a folder that may not be written is refused" [ $? -ne 0 ]
    holds "and the message says what to do" grep -q "sudo make install" "$work/said"
fi

# and away with it
: >"$root/lib/of-another"
says make -s uninstall prefix="$prefix" DESTDIR="$destdir"
tell "make uninstall works" $?
(cd "$root" && find . -type f) >"$work/files"
holds "it removes what was installed, and nothing else" [ "$(cat "$work/files")" = ./lib/of-another ]
says make -s uninstall prefix="$prefix" DESTDIR="$destdir"
tell "and may be repeated" $?

finish
