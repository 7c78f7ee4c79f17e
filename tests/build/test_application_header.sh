#!/bin/bash
# include/dapboot.h chooses the chip by what projects define anyway, and says so where there is no dapboot.
set -u
# shellcheck source=tests/build/common.sh
. "$(dirname "$0")/common.sh"

cat > "$work/application.c" << 'END'
#include "dapboot.h"
void ask(void) { dapboot_request(); }
void enter(void) { dapboot_enter(); }
void feed(void) { dapboot_feed_watchdog(); }
END
# compile NAMES... [-x c++]: what comes of it is $work/application.o
compile() {
    arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -Os -Wall -Wextra -Wundef -Wconversion -Werror -Iinclude "${@/#STM32/-DSTM32}" \
        -c "$work/application.c" -o "$work/application.o"
}
code() { arm-none-eabi-objcopy -O binary "$work/application.o" "$work/$1"; }
same_code() { compile "${@:2}" && code other && cmp "$work/$1" "$work/other"; }
# the words of the code, with the constants among it
has_word() { od -An -v -tx4 -w4 "$work/$1" | grep -q "$2"; }

it 'without a name it is for the STM32F103' compile
code f103
it 'of its 16 bits' test -z "$(od -An -v -tx4 -w4 "$work/f103" | grep 544f4f42)"
for name in STM32F1 STM32F103xB STM32F103xE STM32F10X_MD STM32F1xx; do
    it "$name: the same" same_code f103 $name
done
it 'STM32L1' compile STM32L1
code l1
it 'its boot command is 0x544F4F42' has_word l1 544f4f42
for name in STM32L1xx STM32L1XX_MD STM32L1XX_MDP STM32L100xB STM32L100xBA STM32L100xC STM32L151xB STM32L151xBA STM32L151xC \
    STM32L151xCA STM32L152xB STM32L152xBA STM32L152xC STM32L152xCA STM32L162xC STM32L162xCA; do
    it "$name: the same" same_code l1 $name
    it "$name with STM32L1, as ST's header defines it: the same" same_code l1 $name STM32L1
done
it 'another register and number' compile STM32L1 -DDAPBOOT_REGISTER=19 -DDAPBOOT_COMMAND=0x12345678
code own
it 'is in the code' has_word own 12345678
it 'C++' compile STM32L1 -x c++

for name in STM32F0 STM32F2 STM32F3 STM32F4 STM32F4xx STM32F7 STM32G0 STM32G4 STM32H7 STM32L0 STM32L4 STM32L4xx STM32WB; do
    refuses "$name" 'there is no dapboot for this family; there are STM32F103 and STM32L1' compile $name
done
for name in STM32L151xD STM32L152xE STM32L162xDX; do
    refuses "$name" 'there is no dapboot for the STM32L1 of categories 4 to 6' compile $name STM32L1
done
refuses 'two families' 'names of two families' compile STM32L1 STM32F1
finish
