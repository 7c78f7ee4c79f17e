#!/bin/bash
# The debugger's server, with the real gdb: the bootloader source line by line, and a small program made for it.
set -u

# shellcheck source=tests/vboard/common.sh
. "$(dirname "$0")/common.sh"
sources=$(realpath src)
readonly sources
cd "$work" || exit

# A new board that waits for its debugger; sets port. Suspicions stop it if pedantic is set.
pedantic=
start_board() {
    local firmware=$1
    rm -f board.log
    "$vboard" run ${firmware:+"$firmware"} ${pedantic:+--pedantic} --gdb 0 --halt --max-time 20 >board.log 2>&1 </dev/null &
    board=$!
    port=$(port_of board.log gdb)
}

# debug FIRMWARE COMMAND...: gdb on a new board; what it says is in `said`.
debug() {
    local firmware=$1 command arguments=()
    shift
    start_board "$firmware"
    for command; do
        arguments+=(-ex "$command")
    done
    timeout "$patience" gdb-multiarch -q -nx -batch -ex "set confirm off" -ex "set directories $sources" -ex "file $firmware" \
        -ex "target remote :$port" "${arguments[@]}" >said 2>&1 </dev/null
}

# it_says SENTENCE TEXT...: all of them, in this order.
it_says() {
    local sentence=$1 line=1 text found
    shift
    for text; do
        found=$(tail -n "+$line" said | grep -n -m 1 -F -e "$text" | cut -d : -f 1)
        if [ -z "$found" ]; then
            result "$sentence ('$text' was expected)" 1
            return
        fi
        line=$((line + found))
    done
    result "$sentence" 0
}

ended_with() {
    local status
    wait "$board"
    status=$?
    board=''
    [ "$status" -eq "$1" ]
    result "the board ends with status $1 (it was $status)" $?
}

# ---- a program that is not optimised ----

cat >program.c <<'END'
#include <stdint.h>
volatile uint32_t counter, twice;
static volatile uint32_t *const unclocked = (uint32_t *)0x40010C00;
static uint32_t doubled(uint32_t number)
{
    return 2 * number;
}
void reset(void)
{
    counter = 0;
    for (;;) {
        counter++;
        twice = doubled(counter);
        if (counter == 100)
            __asm__ volatile("bkpt 1");
        if (counter == 200)
            *unclocked = 1;
        if (counter == 300)
            __asm__ volatile("wfi");
    }
}
__attribute__((section(".vectors"), used)) static const void *vectors[] = {(void *)0x20005000, reset};
END
arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -g -O0 -nostdlib -Wl,-e,reset -Wl,--section-start=.vectors=0x08000000 \
    -Wl,-Ttext=0x08000100 -Wl,-Tbss=0x20000000 program.c -o program.elf || exit 1

debug program.elf "info registers" "break doubled" "continue" "backtrace" "info locals" "delete" "next" \
    "watch twice" "continue" "continue" "delete" "rwatch counter" "continue" "delete" "awatch counter" "continue" "kill"
it_says "registers are read by their names" "sp             0x20005000" "pc             0x8000" "msp            0x20005000" \
    "psp " "primask        0x0" "control        0x0"
it_says "a breakpoint stops at its line" "Breakpoint 1, doubled (number=1) at program.c:6"
it_says "a watchpoint tells old and new value" "Hardware watchpoint 2: twice" "New value = 2" "Old value = 2" "New value = 4"
it_says "a watchpoint sees reads" "Hardware read watchpoint 3: counter" "Value = 2"
it_says "a watchpoint sees any access" "Hardware access (read/write) watchpoint 4: counter" "Value = 2"
ended_with 0

debug program.elf "break 13 if counter == 50" "continue" "print counter" "step" "print number" "finish" "set var counter = 70" \
    "delete" "tbreak 13" "continue" "print counter" "stepi" "print \$pc" "set \$r7 = 0x1234" "print/x \$r7" "kill"
it_says "a condition decides" "Breakpoint 1, reset () at program.c:13" "= 50"
it_says "steps go source line by source line" "doubled (number=50) at program.c:6" "= 50" "Value returned is \$3 = 100"
it_says "variables and registers can be set" "Temporary breakpoint 2, reset () at program.c:13" "= 71" "= 0x1234"
ended_with 0

pedantic=1
debug program.elf "continue" "print counter" "tbreak 12" "continue" "print counter" "delete" "continue" "kill"
it_says "a BKPT instruction stops, and going on passes it" "Program received signal SIGTRAP" "= 100" "Temporary breakpoint" "= 100"
it_says "a broken rule stops the program and is told" "SUSPICIOUS unclocked-peripheral" "Program received signal SIGABRT"
ended_with 0
pedantic=

debug program.elf "x/2wx 0x08000000" "x/wx 0x40021000" "x/wx 0x40010C00" "x/wx 0xE000ED00" "x/3wx 0x1FFFF7E8" "x/wx 0x30000000" \
    "set {int}0x20000800 = 0x12345678" "x/hx 0x20000802" "x/wx 0x22010000" "set {int}0x40006C04 = 1" "compare-sections" "kill"
it_says "memory, registers and the unique id are read" "0x20005000	0x080001" "0x40021000:	0x0000" \
    "0x40010c00:	0x00000000" "0x411fc231" "0x05d8ff35"
it_says "what is not there cannot be read" "Cannot access memory at address 0x30000000"
it_says "memory is written" "0x1234"
it_says "the flash holds what the file says" "matched."

debug program.elf "tbreak 13" "continue" "monitor reset" "maintenance flush register-cache" "print \$pc" "info registers sp" \
    "monitor power off" "monitor power on" "maintenance flush register-cache" "print \$pc" "monitor press" "monitor dance" "load" \
    "tbreak 13" "continue" "kill"
it_says "monitor resets" "reset, PC 0x080001" "reset"
it_says "monitor switches power and presses the button" "power off: done" "power on: done" "reset" "press: done"
it_says "monitor says what it knows" "monitor reset   " "monitor reset run" "monitor version" "monitor power off" "monitor unplug" "monitor press"
it_says "load writes flash" "Transfer rate" "Temporary breakpoint 2"
ended_with 0

# ---- the protocol itself, where gdb's batch mode cannot go ----

# packet TEXT: sends it with its sum and without waiting for a `+`.
packet() {
    local text=$1 sum=0 i
    for ((i = 0; i < ${#text}; i++)); do
        sum=$((sum + $(printf '%d' "'${text:i:1}")))
    done
    printf '$%s#%02x' "$text" $((sum % 256)) >&5
}

# answered TEXT: the next packet has it.
answered() {
    local answer
    IFS= read -r -t "$patience" -d '#' answer <&5
    printf '%s\n' "$answer" >>said
    [[ $answer == *"$1"* ]]
}

: >said
start_board "$bootloader"
exec 5<>"/dev/tcp/127.0.0.1/$port"
packet '?' && answered 'T05'
result "a board that waits says that it stands still" $?
packet 'Z0,8000100,2' && answered 'OK' && packet 'z0,8000100,2' && answered 'OK' && packet 'z0,8000100,2' && answered 'E01'
result "breakpoints come and go" $?
packet 'Z7,0,0' && answered '$'
result "an unknown packet gets an empty answer" $?
packet 'mzzz' && answered 'E01' && packet 'm20000000,xyz' && answered 'E01' && packet 'P99=0' && answered 'E01'
result "packets that make no sense are refused" $?
printf '%s' "\$g#00" >&5
answered '-$' || packet 'qC' && answered 'QC1'
result "a packet with a wrong sum is asked for again" $?
packet 'P10=fe000001' && answered 'E01' && packet 'P10=00000001' && answered 'OK'
result "xPSR takes no exception number that is not active" $?
packet 'qMemoryRegionInfo:8000100' && answered 'start:8000000;size:20000;permissions:rx;' &&
    packet 'qMemoryRegionInfo:20005000' && answered 'start:20005000;size:1ffb000;' &&
    packet 'qMemoryRegionInfo:e0100000' && answered 'start:e0100000;size:ffffffff1fefffff;' &&
    packet 'qMemoryRegionInfo:ffffffffffffff00' && answered 'start:e0100000;' && packet 'qMemoryRegionInfo:' && answered 'E01'
result "LLDB is told of every address, also where nothing is" $?
exec 6<>"/dev/tcp/127.0.0.1/$port"
read -r -t 10 -u 6 _
[ $? -eq 1 ] && grep -q 'another debugger is turned away' board.log && packet 'qC' && answered 'QC1'
result "a second debugger is turned away at once, and the first one goes on" $?
exec 6>&-
packet 'c'
sleep 0.2
printf '\003' >&5
answered 'T02'
result "the running program is interrupted" $?
packet 'k'
exec 5>&-
wait "$board" && grep -q 'killed by the debugger' board.log
result "killing it ends the board" $?
board=''

# A web page may send a request to any port of this PC, with anything in it.
start_board "$bootloader"
exec 5<>"/dev/tcp/127.0.0.1/$port"
# shellcheck disable=SC2016 # a packet of gdb begins with a "$"
printf 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n\r\n$vFlashErase:8000000,400#0a$k#6b' >request
cat request >&5
read -r -t 10 -u 5 _
[ $? -eq 1 ] && grep -q 'does not speak gdb' board.log && kill -0 "$board"
result "a request of another protocol is not searched for packets" $?
exec 5>&-
exec 5<>"/dev/tcp/127.0.0.1/$port" # says nothing, and makes room
exec 6<>"/dev/tcp/127.0.0.1/$port"
exec 5>&-
exec 5<&6 6>&-
packet 'm8000000,4' && answered '0020'
result "the board still waits for its debugger, its flash as it was" $?
packet 'k'
exec 5>&-
wait "$board"
board=''

# ---- what only a debugger changes ----

cat >aware.c <<'END'
#include <stdint.h>
volatile uint32_t debugger, runs;
void reset(void)
{
    for (;;) {
        debugger = *(volatile uint32_t *)0xE000EDF0 & 1;
        runs++;
    }
}
__attribute__((section(".vectors"), used)) static const void *vectors[] = {(void *)0x20005000, reset};
END
arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -g -O0 -nostdlib -Wl,-e,reset -Wl,--section-start=.vectors=0x08000000 \
    -Wl,-Ttext=0x08000100 -Wl,-Tbss=0x20000000 aware.c -o aware.elf || exit 1
debug aware.elf "tbreak 7" "continue" "print debugger" "monitor version" "set var runs = 0" "monitor reset run" "detach"
it_says "a program sees that a debugger is there" "Temporary breakpoint 1" "= 1"
it_says "monitor tells the version" "vboard "
it_says "monitor reset run lets the board run" "reset, and it runs"
exec 5<>"/dev/tcp/127.0.0.1/$port"
sleep 0.3
packet 'm20000004,4' && ! answered '00000000'
result "and it does run" $?
packet 'k'
exec 5>&-
wait "$board"
board=''

# ---- the bootloader ----

debug "$bootloader" "tbreak port_start_serving" "continue" "info source" "next" "next" "watch dfu" "delete" "hbreak serve" \
    "continue" "monitor reset" "maintenance flush register-cache" "info symbol \$pc" "x/i \$pc" "detach"
it_says "the bootloader is debugged source line by source line" "Temporary breakpoint 1, " "Current source file is " 
it_says "its reset vector is where monitor reset ends" "main in section"
it_says "detaching lets it run" "[Inferior 1 (Remote target) detached]"
stop_board

# ---- as IDEs do it: no program until gdb loads one, and run again as often as one likes ----

start_board ''
timeout "$patience" gdb-multiarch -q -nx -batch -ex "set confirm off" -ex "file program.elf" -ex "target extended-remote :$port" \
    -ex "load" -ex "compare-sections" -ex "break doubled" -ex "run" -ex "print number" -ex "continue" -ex "print number" \
    -ex "run" -ex "print number" -ex "kill" >said 2>&1 </dev/null
it_says "a program is loaded and run twice" "Transfer rate" "matched." "= 1" "= 2" "= 1"
! grep -q 'MIS-MATCHED\|closed' said && ! grep -q 'killed by the debugger' board.log
result "the board outlives what is killed" $?
stop_board

# ---- make debug-vboard ----

# gdb, told at once what a person would type
cat >fake <<'END'
#!/bin/sh
exec gdb-multiarch -nx -batch "$@" -ex 'tbreak serve' -ex 'continue' -ex 'monitor reset' -ex 'print $pc' -ex 'kill'
END
chmod +x fake
for choice in TARGET= TARGET=MAPLEMINI_HIGH; do
    target=${choice#TARGET=} first=main
    case $target in *_HIGH*) first=reset ;; esac
    # shellcheck disable=SC2086 # nothing at all when empty
    (unset MAKEFLAGS TARGET && cd "$sources/.." && make -s debug-vboard GDB="$work/fake" ${target:+"$choice"}) >said 2>&1
    it_says "make debug-vboard debugs the image of ${target:-the default target}, and shows where monitor reset ends" \
        "Temporary breakpoint 1, serve" "reset, PC 0x080" "$first () at" "<$first>"
    ! grep -q 'Undefined command' said
    result "and gdb understands its commands" $?
done
# as a checkout with a blank in its name
ln -s "$(realpath "$sources/..")" "a checkout"
GDB=$work/fake "a checkout/tools/debug-vboard" "a checkout/build/firmware/BLUEPILL/dapboot.elf" >said 2>&1 </dev/null
it_says "tools/debug-vboard finds image and sources below a folder with a blank" "Temporary breakpoint 1, serve" "reset, PC 0x080"
! grep -q 'No such file' said
result "all of them" $?

finish
