#!/bin/bash
# What `vboard run` runs together: serial ports, several boards, the live picture on a terminal.
set -u

# shellcheck source=tests/vboard/common.sh
. "$(dirname "$0")/common.sh"
cd "$work" || exit

# it_says SENTENCE TEXT: in `said`
it_says() {
    grep -q -F -e "$2" said
    result "$1" $?
}

# Says hello on USART1 (9600 baud on the 8 MHz of reset, PA9 and PA10), then sends back what comes, each one higher.
cat >echo.c <<'END'
#include <stdint.h>
#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SR REGISTER(0x40013800)
#define DR REGISTER(0x40013804)
static void put(char c)
{
    while (!(SR & 1 << 7))
        ;
    DR = (uint8_t)c;
}
void reset(void)
{
    static const char hello[] = "hello\nworld\n";
    REGISTER(0x40021018) = 1 << 14 | 1 << 2; /* clocks of USART1, GPIOA */
    REGISTER(0x40010804) = 0x444444B4;       /* PA9 is its TX */
    REGISTER(0x40013808) = 833;
    REGISTER(0x4001380C) = 1 << 13 | 1 << 3 | 1 << 2;
    for (const char *c = hello; *c; c++)
        put(*c);
    for (;;)
        if (SR & 1 << 5)
            put((char)DR + 1);
}
__attribute__((section(".vectors"), used)) static const void *vectors[] = {(void *)0x20005000, reset};
END
arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -Os -ffreestanding -nostdlib -Wl,-e,reset -Wl,--section-start=.vectors=0x08000000 \
    -Wl,-Ttext=0x08000100 echo.c -o echo.elf || exit 1

# ---- serial ports ----

"$vboard" run echo.elf --usart 1=terminal --max-time 0.1 >said 2>&1 </dev/null
it_says "serial output is shown line by line" "serial: hello"
it_says "with every line" "serial: world"
"$vboard" run echo.elf --usart 1=output --max-time 0.1 >said 2>&1 </dev/null
printf 'hello\nworld\n' | cmp -s - output
result "serial output goes into a file" $?
"$vboard" run echo.elf --usart 4=output >said 2>&1 </dev/null
it_says "a UART that the chip lacks is refused" "has no USART4"
"$vboard" run echo.elf --usart 6=output >said 2>&1 </dev/null
it_says "a USART that is not there is refused" "--usart takes a USART"
"$vboard" run echo.elf --usart 1=tcp:x >said 2>&1 </dev/null
it_says "a port that is none is refused" "takes a port up to 65535 (0: any that is free), not 'x'"

"$vboard" run echo.elf --usart 1=tcp:0 >said 2>&1 </dev/null &
board=$!
port=$(port_of said USART1)
exec 5<>"/dev/tcp/127.0.0.1/$port"
# works_both_ways: what it says comes behind as much of the greeting as we were in time for. As long as it greets it does not
# listen, so it is told again.
works_both_ways() {
    printf 'HAL' >&5
    answer=''
    IFS= read -r -t 2 -d'M' answer <&5
    [[ $answer == *IB ]]
}
wait_for works_both_ways
result "a TCP port works both ways (it said '$answer')" $?
exec 5>&-
stop_board

# expects SENTENCE STATUS TEXT COMMANDS ARGUMENT...: the run ends so, and says so
expects() {
    local sentence=$1 wanted=$2 text=$3 status
    timeout "$patience" "$vboard" run echo.elf --max-time 5 "${@:5}" >said 2>&1 <<<"$4"
    status=$?
    [ "$status" -eq "$wanted" ] && grep -q -F -e "$text" said
    result "$sentence (status $status)" $?
}

expects "a script waits for a text" 0 "USART1 sent 'world'" $'expect 1 1 world\nquit'
expects "which may have come before" 0 "[   1.000000 s] USART1 sent 'hello'" $'wait 1\nexpect 1 0 hello\nquit'
expects "it goes on when the text has come" 0 "USART1 sent 'IBM'" $'expect 1 1 world\nsend 1 HAL\nexpect 1 1 IBM\nquit'
expects "a text is taken once" 4 "USART1 did not send 'hello': the time for it is over" $'expect 1 1 hello\nexpect 1 1 hello\nquit'
expects "nor is there one from before it" 4 "did not send 'hello'" $'expect 1 1 world\nexpect 1 1 hello\nquit'
expects "the time for a text is the board's own" 4 "[   2.500000 s] USART1 did not" $'expect 1 2.5 nothing\nquit'
expects "a run that ends before fails, too" 4 "--max-time is over" 'expect 1 60 nothing'
expects "the port must be there" 4 "the chip has no such port" 'expect 4 1 hello'
expects "an expectation has a port, a time and a text" 0 "expect N SECONDS TEXT" $'expect 1 hello\nexpect 1 1\nexpect x\nquit'
expects "all boards are expected to send it" 0 "USART1 sent 'IBM'" $'wait 0.1\nsend 1 HAL\nexpect 1 1 IBM\nquit' --count 2
expects "or one of them" 4 "board 2: USART1 did not send 'IBM'" $'wait 0.1\n1 send 1 HAL\n1 expect 1 1 IBM\n2 expect 1 1 IBM\nquit' \
    --count 2

# ---- several boards ----

printf '2 power off\nwait 0.01\nquit\n' | "$vboard" run echo.elf --count 3 --usart 1=lines --max-time 1 >said 2>&1
it_says "each of several boards is told apart" "board 3: power on"
it_says "a command can be for one of them" "board 2: power off"
! grep -q 'board 1: power off' said
result "and not for the others" $?
[ -f lines.1 ] && [ -f lines.3 ]
result "each has its own files" $?
"$vboard" run echo.elf --count 3 --usbip 0 --usbredir 0 >said 2>&1 </dev/null
it_says "one cable is enough" "--usbredir or --usbip"
"$vboard" run echo.elf --count 0 >said 2>&1 </dev/null
it_says "no board at all is refused" "--count takes"
"$vboard" run echo.elf --halt >said 2>&1 </dev/null
it_says "waiting for a debugger needs a server for it" "--halt waits for a debugger"

# ---- the picture ----

"$vboard" run echo.elf --display --max-time 1 >said 2>&1 </dev/null
it_says "the picture needs a terminal" "needs a terminal"
# shows TEXT: the picture does, by now
shows() {
    wait_for grep -q -F -e "$1" said
}

# on_screen ROWS COLUMNS: the picture, its keys from the standard input, what is painted in `said`
on_screen() {
    TERM=xterm script -qefc "stty rows $1 cols $2; $vboard run echo.elf --display --usart 1=terminal" /dev/null >said 2>&1
}

: >said
(
    shows world
    printf b
    shows '[#] pressed'
    printf p
    shows 'no power'
    printf q
) | on_screen 24 80
result "the picture ends in order" $?
it_says "the picture shows the LED" "( ) off"
it_says "it shows serial output" "world"
it_says "a key presses the button" "[#] pressed"
it_says "a key switches the power" "no power"
it_says "a key ends" "end: quit"
it_says "what a hand did is told" "you press the button"
# behind the last switch to the normal screen
sed -n 's/.*\x1b\[?1049l//; t found; b; :found; p; :rest; n; p; b rest' said >after
grep -q 'power on' after && grep -q 'end: quit' after
result "the messages stay on the terminal" $?

# picture ROWS COLUMNS KEYS: what was painted, without its escape sequences, in `painted`
picture() {
    : >said
    (
        shows LED
        printf '%b' "$3"
        # what comes with an arrow key counts as part of it
        while printf q; do
            sleep 0.2
        done
    ) | on_screen "$1" "$2"
    sed '/\x1b\[?1049l/q' said | sed 's/\x1b\[?1049l.*//; s/\x1b\[H/\n/g; s/\x1b\[[0-9;?]*[a-zA-Z]//g; s/\r//g' >painted
}

picture 24 40 '\033[A\033Ox'
! grep -q 'you ' said
result "arrow keys press nothing" $?
awk 'length($0) > 40 { exit 1 }' painted && grep -q 'b button r reset u cable p power q quit' painted
result "it fits 40 columns, keys and all" $?
picture 5 80 b
grep -q '^LED' painted && ! grep -q -- '--- messages' painted
result "it fits 5 rows" $?

finish
