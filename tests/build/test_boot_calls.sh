#!/bin/bash
# What runs before RAM is filled calls nothing in RAM: boot_calls.py looks at every image.
set -u
# shellcheck source=tests/build/common.sh
. "$(dirname "$0")/common.sh"
look=$root/tests/build/boot_calls.py

# What is older than the sources is nothing that the system tests have built.
newest=$(find "$root/src" -name '*.[ch]' -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2-)
mapfile -t targets < <(make -s -C src list-targets)
images=()
for name in "${targets[@]}" $(cd "$root/build/firmware" && printf '%s\n' [a-z]*/); do
    image=$root/build/firmware/${name%/}/dapboot.elf
    [ ! "$image" -nt "$newest" ] || images+=("$image")
done
it "the system tests have built many images, here ${#images[@]}" test "${#images[@]}" -gt 60
it 'none of them does' python3 "$look" "${images[@]}"

# A function of the boot decision that the compiler may put into RAM
sed -i 's/^FROM_FLASH \(bool port_boot_command\)/NOINLINE \1/' src/port/stm32/boot_request.c
it 'an image that does' make
refuses 'is told' 'main calls __port_boot_command_veneer before RAM is filled' python3 "$look" build/firmware/BLUEPILL/dapboot.elf
refuses 'no image' 'Usage: tests/build/boot_calls.py IMAGE.elf' python3 "$look"
finish
