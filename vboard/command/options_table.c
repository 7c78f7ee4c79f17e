/* See options_table.h. */
#include "options_table.h"

#include <string.h>

static bool take_button(struct options *options, char *text)
{
    options->button_pressed = true;
    return strcmp(text, "pressed") == 0 || options_wrong("--button takes only 'pressed', not '%s'", text);
}

static bool take_gdb(struct options *options, char *text)
{
    return options_parse_port("--gdb", text, &options->gdb, &options->gdb_port);
}

static bool take_usbip(struct options *options, char *text)
{
    return options_parse_port("--usbip", text, &options->usbip, &options->usbip_port);
}

static bool take_usbredir(struct options *options, char *text)
{
    return options_parse_port("--usbredir", text, &options->usbredir, &options->usbredir_port);
}

static bool take_seed(struct options *options, char *text)
{
    return options_parse_number(text, 0, UINT64_MAX, &options->config.seed) ||
           options_wrong("--seed takes a number, not '%s'", text);
}

static bool take_stack_limit(struct options *options, char *text)
{
    uint64_t value;
    if (!options_parse_number(text, 0, UINT32_MAX, &value))
        return options_wrong("--stack-limit takes an address, such as 0x20000400, not '%s'", text);
    options->stack_limit = (uint32_t)value;
    return true;
}

/* clang-format off */
#define HEADING(words)      {.heading = (words)}
#define NOTE(words, said)   {.note = (words), .help = (said)}
#define OPTION(title, takes, said, ...) {.name = (title), .value = (takes), .help = (said), __VA_ARGS__}
#define FLAG(field)         .flag = offsetof(struct options, field)
#define TEXT(field)         .text = offsetof(struct options, field)

const struct option_row options_table[] = {
    HEADING("The board"),
    OPTION("board", "NAME", "which board (default " DEFAULT_BOARD "; 'vboard boards' lists them)", .take = NULL),
    OPTION("load", "FILE[@ADDRESS]", "a second file into the flash, such as an application; .bin needs the address",
        .take = options_parse_load),
    OPTION("flash-file", "FILE", "the chip's flash: read at the start if it exists, written at the end", TEXT(flash_file)),
    OPTION("flash-size", "KIB", "a chip with another flash than the board's", .take = options_parse_flash_size),
    OPTION("serial", "HEX", "the chip's unique id, 24 hexadecimal digits", .take = options_parse_serial),
    OPTION("chip", "KIND,...",
        "a chip that differs from a new one of ST's: fast-flash, slow-flash,\n"
        "slowest-flash, slow-crystal, late-crystal, read-protected, hardware-watchdog,\n"
        "fast-lsi, late-bsy, lock-reads-0, zero-needs-erase, masked-ctr, unmasked-ctr,\n"
        "unstable-cells",
        .take = options_parse_chip),
    OPTION("crystal", "MHZ", "another crystal than the board's, such as 12 or 7.3728", .take = options_parse_crystal),
    OPTION("no-crystal", NULL, "no crystal is fitted, or it does not start", FLAG(no_crystal)),
    OPTION("led", "PIN[=LEVEL]", "the LED's pin and the level that lights it, such as PC13=low; or none",
        .take = options_parse_led),
    OPTION("button-pin", "PIN[=LEVEL]", "the button's pin and its level while pressed, such as PA0=high; or none",
        .take = options_parse_button_pin),
    OPTION("pullup", "PIN[=LEVEL]",
        "the pin and the level that switch the pull-up of D+ on; or fixed\n"
        "(LEVEL is low or high; low unless told)",
        .take = options_parse_pullup),
    OPTION("button", "pressed", "hold the button from power-up on", .take = take_button),
    OPTION("backup", "N=VALUE", "backup register N at power-up, as the chip's manual counts them,\n"
        "for example 1=0x4F42", .take = options_parse_backup),
    OPTION("seed", "NUMBER", "what RAM holds at power-up and how a torn flash write ends", .take = take_seed),
    OPTION("stack-limit", "ADDRESS", "a push below it is a violation", .take = take_stack_limit),

    HEADING("Time"),
    OPTION("max-time", "SECONDS", "end after that long in the board's own time (0.25 is fine)", .take = options_parse_time),
    OPTION("realtime", NULL, "never faster than the clock on the wall (implied by every port and --display)", FLAG(realtime)),
    OPTION("slow-motion", "N", "N times slower than that clock, for a host that is emulated itself, or for the eye",
        .take = options_parse_slow_motion),

    HEADING("The other end of the USB cable (nobody, else)"),
    OPTION("enumerate", NULL, "a PC that enumerates and configures the device, in the board's own time", FLAG(enumerate)),
    NOTE("--usbip, --usbredir", "a real one: see below"),

    HEADING("Servers, all on 127.0.0.1; port 0: any that is free, which one is said"),
    OPTION("usbip", "PORT", "let this PC's own Linux kernel plug the board in (usbip attach -r 127.0.0.1 -b 1-1)",
        .take = take_usbip),
    OPTION("usbredir", "PORT", "let a QEMU guest plug the board in", .take = take_usbredir),
    OPTION("gdb", "PORT", "let gdb-multiarch debug the firmware (target remote :PORT)", .take = take_gdb),
    OPTION("halt", NULL, "wait for gdb before the first instruction", FLAG(halt)),

    HEADING("Several boards"),
    OPTION("count", "N",
        "N boards that differ in their serial numbers, 1 higher from one to the next:\n"
        "USB/IP has them as 1-1 to 1-N; the other ports count up from PORT;\n"
        "files that are written get .1 to .N",
        .take = options_parse_count),

    HEADING("What is told"),
    OPTION("display", NULL, "a live picture on the terminal, with keys for button, reset, cable and power", FLAG(display)),
    OPTION("usart", "N=WHERE",
        "what USART N (1 to 3, on large chips to 5) sends: 'terminal', the name of a\n"
        "file, or tcp:PORT, which works both ways",
        .take = options_parse_usart),
    OPTION("vcd", "FILE", "a waveform of pins, USB and flash, for GTKWave or PulseView", TEXT(vcd)),
    OPTION("pcap", "FILE", "the packets on the USB cable, for Wireshark", TEXT(pcap)),
    OPTION("allow", "RULE,...", "report these rules of the chip's manual and go on; docs/vboard-rules.md lists all",
        .take = options_parse_allow),
    OPTION("lenient", NULL, "report violations of any rule and go on (otherwise the first one ends the run)", FLAG(lenient)),
    OPTION("pedantic", NULL, "end the run at what is merely suspicious, too", FLAG(pedantic)),
    OPTION("trace", "LIST", "tell more: usb, led, violations (each), flash, registers, packets, all",
        .take = options_parse_trace),
};
/* clang-format on */

const unsigned options_table_rows = sizeof options_table / sizeof options_table[0];
