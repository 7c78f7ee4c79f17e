#!/bin/bash
# The command `vboard` as people use it: what it prints and how it ends. Its firmware is a few instructions made here.
set -u

# shellcheck source=tests/vboard/common.sh
. "$(dirname "$0")/common.sh"
cd "$work" || exit

# it_says SENTENCE STATUS TEXT ARGUMENT...: the command ends so and its output has the text. $input goes to it.
input=''
it_says() {
    local sentence=$1 text=$3
    wanted=$2
    shift 3
    timeout "$patience" "$vboard" "$@" <<<"$input" >said 2>&1
    status=$?
    if [ "$status" -eq "$wanted" ] && grep -q -F -e "$text" said; then
        result "$sentence" 0
    else
        result "$sentence ('$text' was expected, and status $wanted; it was $status)" 1
    fi
}

# The output of the command before has no such text.
and_not() {
    ! grep -q -F -e "$1" said
    result "'$1' is not said" $?
}

# half_words HEX...: as they are in memory
half_words() {
    local half_word
    for half_word; do
        # shellcheck disable=SC2059 # the escape is the data
        printf "\\x${half_word:2:2}\\x${half_word:0:2}"
    done
}

# program HALF-WORD...: stack pointer, reset vector, then instructions from 0x08000008 on
program() {
    half_words 5000 2000 0009 0800 "$@"
}

program e7fe >loop.bin                # b .
program de00 >undefined.bin           # udf #0; its fault handler is not there either
program 4800 6801 0c00 4001 e7fe >clock.bin # ldr r0, =0x40010C00; ldr r1, [r0]: port B without its clock
program 4801 6000 e7fe bf00 2010 4002 >locked.bin # ldr r0, =0x40022010; str r0, [r0]; b .: FLASH_CR, which is locked
program 4801 6801 e7fd bf00 0c00 4001 >clocks.bin # the same, over and over
: >empty.bin
head -c 131073 /dev/zero >large.bin
echo "not an ELF file" >fake.elf
echo "int main(void) { return 0; }" >main.c
printf 'UF2\nWQ]\236' >app.uf2

it_says "help says what there is" 0 "vboard run FIRMWARE" --help
it_says "no command is help too" 0 "vboard run FIRMWARE"
it_says "help on running lists the options" 0 "--flash-file FILE" run --help
it_says "the version is told" 0 "vboard " --version
it_says "the boards are listed" 0 "BLUEPILL" boards
it_says "an unknown command is explained" 2 "run or boards" fly

it_says "a firmware must be named" 2 "say which firmware" run
it_says "a missing firmware is named" 2 "there is no file nowhere.elf" run nowhere.elf
it_says "an empty firmware is refused" 2 "empty.bin is empty" run empty.bin
it_says "text is no firmware" 2 "does not look like firmware: it is text" run main.c
it_says "nor beside one" 2 "is a UF2 file" run loop.bin --load app.uf2
it_says "a firmware that does not fit is refused" 2 "does not fit" run large.bin
# A sanitizer needs more than any limit.
if (ulimit -v 60000 && exec "$vboard" --version) >/dev/null 2>&1; then
    head -c 40000000 /dev/zero >huge.bin
    (ulimit -v 60000 && exec "$vboard" run huge.bin) >said 2>&1
    [ $? -eq 2 ] && grep -q 'vboard: out of memory' said
    result "running out of memory is told, and ends with status 2" $?
    rm huge.bin
fi
it_says "a false ELF file is refused" 2 "fake.elf is not an ELF file" run fake.elf
it_says "two firmwares are refused" 2 "one firmware at a time" run loop.bin loop.bin
it_says "an unknown option is named" 2 "--fly" run --fly loop.bin
it_says "an unknown board is named" 2 "no board TEAPOT" run --board TEAPOT loop.bin
it_says "and the known ones are listed" 2 "MAPLEMINI" run --board TEAPOT loop.bin
it_says "a wrong time is refused" 2 "--max-time takes" run loop.bin --max-time soon
it_says "a negative time is refused" 2 "--max-time takes" run loop.bin --max-time -1
it_says "a wrong flash size is refused" 2 "--flash-size takes" run loop.bin --flash-size 100000
it_says "a wrong serial number is refused" 2 "24 hexadecimal digits" run loop.bin --serial 12
it_says "a wrong trace is refused" 2 "not 'everything'" run loop.bin --trace usb,everything
it_says "a wrong button is refused" 2 "only 'pressed'" run loop.bin --button maybe
it_says "a wrong backup register is refused" 2 "from 1 to 42" run loop.bin --backup 43=1
it_says "a wrong backup value is refused" 2 "16 bits" run loop.bin --backup 1=0x10000
it_says "a wrong seed is refused" 2 "--seed takes" run loop.bin --seed x
it_says "a crystal has a frequency" 2 "--crystal takes" run loop.bin --crystal quartz
it_says "the oscillator's range is told" 2 "4 to 16 MHz" run loop.bin --crystal 3.9
it_says "a crystal that only a fed clock could be is refused with the reason" 2 "OSC_IN" run loop.bin --crystal 25
it_says "a fraction of a MHz is a crystal" 0 "--max-time is over" run loop.bin --crystal 7.3728 --max-time 0.01
it_says "the oscillator of another family has another range" 2 "1 to 24 MHz" run loop.bin --board STM32L1 --crystal 25
it_says "another family has another crystal" 0 "--max-time is over" run loop.bin --board STM32L1 --crystal 24 --max-time 0.01
it_says "a chip is only what chips of its family can be" 2 "cannot be 'late-bsy'" run loop.bin --board STM32L1 --chip late-bsy
it_says "another family has other backup registers" 2 "from 0 to 31" run loop.bin --board STM32L1 --backup 32=1
it_says "a backup register of 32 bits takes them" 0 "--max-time is over" \
    run loop.bin --board STM32L1 --backup 1=0x544F4F42 --max-time 0.01
it_says "the families of the boards are listed" 0 "STM32L1    128 KiB   PB6   PA0    inside" boards
it_says "a board has a crystal or none" 2 "--crystal or --no-crystal" run loop.bin --crystal 12 --no-crystal
it_says "a pin is a pin" 2 "--led takes a pin" run loop.bin --led PQ13
it_says "a pin has sixteen numbers" 2 "--pullup takes a pin" run loop.bin --pullup PA16
it_says "a level is low or high" 2 "--button-pin takes a pin" run loop.bin --button-pin PA0=up
it_says "two things on one pin are refused" 2 "--led and --button-pin are one pin, PA0" run loop.bin --led PA0 --button-pin pa0=high
it_says "a wrong port is refused" 2 "--usbredir takes" run loop.bin --usbredir 65536
it_says "a wrong stack limit is refused" 2 "--stack-limit takes" run loop.bin --stack-limit low
it_says "a second binary needs an address" 2 "where it goes" run loop.bin --load loop.bin
it_says "two files at one place are refused" 2 "both want address" run loop.bin --load undefined.bin@0x08000000
it_says "a file that does not fit a smaller flash is refused" 2 "(64 KiB)" run loop.bin --flash-size 64 --load loop.bin@0x08010000

it_says "a firmware without 'run' is met with the right command" 2 "vboard run loop.bin" loop.bin
it_says "-h is help, too" 0 "vboard run FIRMWARE" -h
it_says "-h of a run is its help" 0 "--flash-file FILE" run -h
it_says "a board's name may be in small letters" 0 "--max-time is over" run loop.bin --board mapleMini --max-time 0.01
it_says "the longest time is told" 2 "up to 345600" run loop.bin --max-time 1e9
it_says "a folder is no firmware" 2 "Is a directory" run .
it_says "a USART leads to one place" 2 "USART1 leads to one place" run loop.bin --usart 1=terminal --usart 1=log
it_says "ports of several boards stay below 65536" 2 "there are only 2" run loop.bin --count 3 --gdb 65534
it_says "two servers cannot have one port" 2 "--usbredir (4000 to 4002) and --gdb (4002 to 4004) want the same port" \
    run loop.bin --count 3 --usbredir 4000 --gdb 4002
it_says "a USART's port counts, too" 2 "--gdb (4000 to 4000) and --usart 2 (4000 to 4000)" run loop.bin --gdb 4000 --usart 2=tcp:4000
it_says "two recordings cannot be one file" 2 "--vcd and --pcap are one file" run loop.bin --vcd same --pcap same
cp loop.bin firmware.bin
it_says "a recording does not overwrite the firmware" 2 "the firmware and --vcd are one file" run firmware.bin --vcd ./firmware.bin
cmp -s loop.bin firmware.bin
result "and the firmware is as before" $?
it_says "a disk that is full is told, with the file" 2 "/dev/full could not be written to its end" run loop.bin --max-time 0.1 --vcd /dev/full
it_says "packets as well" 2 "/dev/full could not be written to its end" run loop.bin --max-time 0.1 --pcap /dev/full
"$vboard" run loop.bin --max-time 0.1 >/dev/full 2>said </dev/null
[ $? -eq 2 ] && grep -q 'not all of the output' said
result "output that cannot be written is told" $?
"$vboard" run loop.bin --trace all --realtime 2>said </dev/null | head -n 1 >/dev/null
status=${PIPESTATUS[0]}
holds "a reader that has seen enough ends the run" [ "$status, $(wc -c <said) bytes" = '0, 0 bytes' ]

# What cannot start is told before the page of faults that follows.
half_words 5000 2000 2009 0800 e7fe >elsewhere.bin
half_words ffff ffff ffff ffff >blank.bin
it_says "a program for another address is told" 1 "the reset vector is 0x08002009" run elsewhere.bin --max-time 1
it_says "an application without its bootloader is told" 1 "begins at 0x08002000" run --load loop.bin@0x08002000 --max-time 1
it_says "a blank flash is told" 1 "the flash is blank" run blank.bin --max-time 1
it_says "a program that starts is not doubted" 0 "--max-time is over" run loop.bin --max-time 0.01
and_not "vboard: note"

it_says "a run ends at its time" 0 "[   0.250000 s] end: --max-time is over" run loop.bin --max-time .25
it_says "a second file is loaded" 0 "--max-time" run loop.bin --load undefined.bin@0x08002000 --max-time 0.01
it_says "an undefined instruction locks up without a handler" 1 "locked up" run undefined.bin --max-time 1
it_says "a fault is told with its registers" 1 "r0 " run undefined.bin --max-time 1
it_says "a broken rule ends the run" 3 "a rule of the chip's manual was broken" run locked.bin --max-time 1
it_says "a broken rule is told and passed over when lenient" 0 "--max-time is over" run locked.bin --max-time 1 --lenient
it_says "what a chip forgives is told and does not end the run" 0 "SUSPICIOUS unclocked-peripheral" run clock.bin --max-time 1
it_says "unless the run is pedantic" 3 "a rule of the chip's manual was broken" run clock.bin --max-time 1 --pedantic
it_says "what is broken over and over is told three times" 0 "3 times by now" run clocks.bin --max-time 0.0001 --lenient
and_not "4 times by now"
it_says "then the tenth time" 0 ", 10 times by now" run clocks.bin --max-time 1 --lenient
it_says "on request it is told each time" 0 "unclocked-peripheral" run clocks.bin --max-time 0.0001 --lenient --trace violations
and_not "times by now"
it_says "a rule can be waived by its name" 0 "ALLOWED unclocked-peripheral" run clock.bin --max-time 1 --allow unclocked-peripheral,reserved-bits
it_says "also one that would end the run" 0 "ALLOWED flash-locked" run locked.bin --max-time 1 --allow flash-locked
it_says "at the end it is told which rules were broken and how often" 0 "rules broken: unclocked-peripheral (1)" \
    run clock.bin --max-time 1 --allow unclocked-peripheral
it_says "another rule still counts" 3 "a rule of the chip's manual was broken" run clock.bin --max-time 1 --allow reserved-bits --pedantic
it_says "the rule to waive is named" 3 "(--allow flash-locked or --lenient goes on)" run locked.bin --max-time 1
it_says "a rule that is none is met with the nearest" 2 "do you mean unclocked-peripheral?" run clock.bin --allow unclocked-periferal
it_says "a list has no gaps" 2 "--allow: there is no rule ''" run clock.bin --allow reserved-bits,
it_says "nobody is lenient and pedantic" 2 "choose one" run clock.bin --lenient --pedantic
it_says "registers are told on request" 0 "GPIOB" run clock.bin --trace registers --max-time 1

input='quit'
it_says "quit ends" 0 "end: quit" run loop.bin --max-time 5
input=$'wait 0.5\nreset\nwait 0.25\nquit'
it_says "commands can wait for the board's time" 0 "[   0.500000 s] reset pin" run loop.bin --max-time 5
it_says "and other commands with them" 0 "[   0.75" run loop.bin --max-time 5
input=$'reset \r\nquit\r'
it_says "spaces and ends of lines as Windows has them do no harm" 0 "reset pin" run loop.bin --max-time 5
and_not "no such command"
input=$'power off\nwait 0.1\npower on\nquit'
it_says "power can be switched" 0 "[   0.100000 s] power on" run loop.bin --max-time 5
input=$'dance\nquit'
it_says "an unknown command is explained and the run goes on" 0 "there is no such command" run loop.bin
input=$'pin PA9\npin pa9 high\npin PA9\npin PA9 low\npin PA9\nquit'
it_says "a pin's level can be asked for" 0 "PA9 is open" run loop.bin
it_says "a pin can be driven high" 0 "PA9 is high" run loop.bin
it_says "a pin can be driven low" 0 "PA9 is low" run loop.bin
input=$'pin PC13 high\npin PC13 open\npin PC13\nquit'
it_says "a pin can be let go" 0 "PC13 is open" run loop.bin
input=$'pin PG1\nquit'
it_says "a pin that the chip lacks is told" 0 "no pin 'PG1'" run loop.bin
it_says "a large chip has it" 0 "PG1 is open" run loop.bin --board STM32F103xE
input=$'pin PA9 up\nquit'
it_says "a level that is none is explained" 0 "pin PIN [low|high|open]" run loop.bin
input=$'send 4 x\nquit'
it_says "a serial port that the chip lacks is told" 0 "no USART4" run loop.bin
input=$'send hello\nquit'
it_says "text for no serial port is explained" 0 "send N TEXT" run loop.bin
input=$(printf 'x%.0s' {1..20000})$'\nquit'
it_says "a line that is too long does no harm" 0 "end: quit" run loop.bin
input=''

# What one run leaves in its flash file, the next one finds.
it_says "a chip can leave unstable cells" 0 "--max-time" run loop.bin --chip unstable-cells --max-time 0.01
it_says "a flash file is made" 0 "--max-time" run loop.bin --flash-file chip --max-time 0.01
cmp -s -n 10 chip loop.bin && [ "$(stat -c %s chip)" -eq 131072 ]
result "a flash file holds the whole flash" $?
it_says "a flash file can be all there is" 0 "--max-time" run --flash-file chip --max-time 0.01
it_says "what is in a flash file stays" 0 "--max-time" run --flash-file chip --load undefined.bin@0x08001000 --max-time 0.01
cmp -s -n 10 chip loop.bin && cmp -s <(tail -c +4097 chip | head -c 10) undefined.bin
result "a flash file holds what was there and what came" $?
it_says "a flash file of another size is refused" 2 "of another chip" run --flash-file chip --flash-size 64
ln -s chip link
it_says "a link to a flash file stays a link" 0 "--max-time" run --flash-file link --load undefined.bin@0x08001400 --max-time 0.01
[ -L link ] && cmp -s <(tail -c +5121 chip | head -c 10) undefined.bin
result "and its file gets the flash" $?
mkfifo pipe
it_says "a pipe is no flash file" 2 "a folder or a device" run loop.bin --flash-file pipe --max-time 0.01
it_says "that a flash file cannot be written is told before the run" 2 "cannot be written" run loop.bin --flash-file nowhere/chip
and_not "power on"
it_says "a flash file that cannot be written is named" 2 "nowhere/chip" run loop.bin --flash-file nowhere/chip --max-time 0.01
holds "no half-written flash file is left" [ -z "$(find . -name 'chip.*')" ]

# Ctrl-C and kill end a run in order.
for signal in INT TERM HUP; do
    rm -f chip said
    env --default-signal=INT "$vboard" run loop.bin --flash-file chip --usbip 0 >said 2>&1 </dev/null &
    board=$!
    port_of said USB/IP >/dev/null
    kill "-$signal" "$board"
    wait "$board" && [ -s chip ] && grep -q 'end: interrupted' said
    result "SIG$signal ends a run and the flash is saved" $?
    board=''
done

# In real time, virtual time is not ahead of the clock.
start=$(date +%s%N)
it_says "real time is kept" 0 "--max-time is over" run loop.bin --realtime --max-time 0.5
took_ms=$((($(date +%s%N) - start) / 1000000))
holds "real time is not too fast (it took $took_ms ms)" [ "$took_ms" -ge 500 ]

start=$(date +%s%N)
it_says "slow motion is kept" 0 "--max-time is over" run loop.bin --slow-motion 5 --max-time 0.2
took_ms=$((($(date +%s%N) - start) / 1000000))
holds "slow motion is not too fast (it took $took_ms ms)" [ "$took_ms" -ge 1000 ]
start=$(date +%s%N)
input=$'slow-motion 10\nwait 0.1\nslow-motion 1\nwait 0.1\nquit'
it_says "a command begins and ends slow motion" 0 "end: quit" run loop.bin
took_ms=$((($(date +%s%N) - start) / 1000000))
holds "slow motion by a command is not too fast (it took $took_ms ms)" [ "$took_ms" -ge 1000 ]
input='slow-motion 101'
it_says "a command for slow motion has the same limit" 0 "there is no such command" run loop.bin --max-time 0.1
input=
it_says "slow motion has a limit" 2 "--slow-motion takes a whole number from 1 to 100, not '0'" run loop.bin --slow-motion 0

# A port that is taken is named; port 0 finds one.
"$vboard" run loop.bin --usbredir 0 >first 2>&1 </dev/null &
board=$!
port=$(port_of first usb-redir)
it_says "a port in use is named" 2 "port $port on 127.0.0.1 is in use" run loop.bin --usbredir "$port"
stop_board

# The same input gives the same output, every time.
"$vboard" run loop.bin --trace all --max-time 0.5 >first </dev/null
it_says "a run is told" 0 "power on" run loop.bin --trace all --max-time 0.5
cmp -s first said
result "two runs are the same, line by line" $?
and_not "LED on"

finish
