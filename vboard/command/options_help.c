/* What `vboard run --help` and `vboard boards` print. */
#include <stdio.h>

#include "options_private.h"

static const char help[] =
    "Usage: vboard run [FIRMWARE] [OPTIONS]\n"
    "\n"
    "Runs a firmware image on a virtual board, unchanged, and tells what the board does.\n"
    "FIRMWARE is any program for an STM32F103: .elf, .hex, or .bin (which goes to 0x08000000).\n"
    "It can be left out when --flash-file names a flash that holds one, or gdb is to load it (--halt).\n"
    "\n"
    "The board\n"
    "  --board NAME            which board (default " DEFAULT_BOARD "; 'vboard boards' lists them)\n"
    "  --load FILE[@ADDRESS]   a second file into the flash, such as an application; .bin needs the address\n"
    "  --flash-file FILE       the chip's flash: read at the start if it exists, written at the end\n"
    "  --flash-size KIB        a chip with another flash than the board's\n"
    "  --serial HEX            the chip's unique id, 24 hexadecimal digits\n"
    "  --chip KIND,...         a chip that differs from a new one of ST's: fast-flash, slow-flash,\n"
    "                          slowest-flash, slow-crystal, late-crystal, read-protected, "
    "hardware-watchdog,\n"
    "                          fast-lsi, late-bsy, lock-reads-0, zero-needs-erase, masked-ctr, "
    "unmasked-ctr,\n"
    "                          unstable-cells\n"
    "  --crystal MHZ           another crystal than 8 MHz, from 4 to 16, such as 12 or 7.3728\n"
    "  --no-crystal            no crystal is fitted, or it does not start\n"
    "  --led PIN[=LEVEL]       the LED's pin and the level that lights it, such as PC13=low; or none\n"
    "  --button-pin PIN[=LEVEL] the button's pin and its level while pressed, such as PA0=high; or none\n"
    "  --pullup PIN[=LEVEL]    the pin and the level that switch the pull-up of D+ on; or fixed\n"
    "                          (LEVEL is low or high; low unless told)\n"
    "  --button pressed        hold the button from power-up on\n"
    "  --backup N=VALUE        backup register N (1 to 42) at power-up, for example 1=0x4F42\n"
    "  --seed NUMBER           what RAM holds at power-up and how a torn flash write ends\n"
    "  --stack-limit ADDRESS   a push below it is a violation\n"
    "\n"
    "Time\n"
    "  --max-time SECONDS      end after that long in the board's own time (0.25 is fine)\n"
    "  --realtime              never faster than the clock on the wall (implied by every port and "
    "--display)\n"
    "\n"
    "The other end of the USB cable (nobody, else)\n"
    "  --enumerate             a PC that enumerates and configures the device, in the board's own time\n"
    "  --usbip, --usbredir     a real one: see below\n"
    "\n"
    "Servers, all on 127.0.0.1; port 0: any that is free, which one is said\n"
    "  --usbip PORT            let this PC's own Linux kernel plug the board in (usbip attach -r 127.0.0.1 "
    "-b 1-1)\n"
    "  --usbredir PORT         let a QEMU guest plug the board in\n"
    "  --gdb PORT              let gdb-multiarch debug the firmware (target remote :PORT)\n"
    "  --halt                  wait for gdb before the first instruction\n"
    "\n"
    "Several boards\n"
    "  --count N               N boards that differ in their serial numbers, 1 higher from one to the next:\n"
    "                          USB/IP has them as 1-1 to 1-N; the other ports count up from PORT;\n"
    "                          files that are written get .1 to .N\n"
    "\n"
    "What is told\n"
    "  --display               a live picture on the terminal, with keys for button, reset, cable and power\n"
    "  --usart N=WHERE         what USART N (1 to 3, on large chips to 5) sends: 'terminal', the name of a\n"
    "                          file, or tcp:PORT, which works both ways\n"
    "  --vcd FILE              a waveform of pins, USB and flash, for GTKWave or PulseView\n"
    "  --pcap FILE             the packets on the USB cable, for Wireshark\n"
    "  --allow RULE,...        report these rules of the chip's manual and go on; docs/vboard-rules.md lists "
    "all\n"
    "  --lenient               report violations of any rule and go on (otherwise the first one ends the "
    "run)\n"
    "  --pedantic              end the run at what is merely suspicious, too\n"
    "  --trace LIST            tell more: usb, led, violations (each), flash, registers, packets, "
    "all\n"
    "\n"
    "Commands on standard input, one a line\n"
    "  unplug, plug            the USB cable\n"
    "  press, release          the button\n"
    "  reset                   the reset pin, low and released\n"
    "  power off, power on\n"
    "  wait SECONDS            take the next command that much later, in the board's own time\n"
    "  quit                    end\n"
    "With several boards a command is for all of them, or for one: 2 reset\n"
    "\n"
    "Exit status: 0 ended by request or --max-time, 1 the processor locked up after a fault,\n"
    "2 wrong use, or a file could not be written, 3 a rule of the chip's manual was broken.\n";

void options_print_help(void)
{
    fputs(help, stdout);
}

static const char *pin_name(uint8_t pin, char name[8])
{
    if (pin == PIN_NONE)
        return "none";
    snprintf(name, 8, "P%c%u", 'A' + (pin >> 4), pin & 15u);
    return name;
}

void options_print_boards(void)
{
    printf("%-18s %-32s %-14s %-9s %-5s %-6s %s\n", "NAME", "BOARD", "CHIP", "FLASH", "LED", "BUTTON",
           "USB PULL-UP");
    for (const struct board_info *board = board_list; board->name; board++) {
        char led[8], button[8], pullup[8];
        printf("%-18s %-32s %-14s %3u KiB   %-5s %-6s %s\n", board->name, board->title, board->chip,
               board->flash_kib, pin_name(board->led, led), pin_name(board->button, button),
               board->pullup == PIN_NONE ? "fixed" : pin_name(board->pullup, pullup));
    }
}
