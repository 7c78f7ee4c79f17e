/* See options.h. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chip_kinds.h"

#define DEFAULT_BOARD "BLUEPILL"

enum { MAX_SECONDS = 4 * 24 * 3600 }; /* what fits into ticks */

static const char help[] =
    "Usage: vboard run [FIRMWARE] [OPTIONS]\n"
    "\n"
    "Runs a firmware image on a virtual board, unchanged, and tells what the board does.\n"
    "FIRMWARE is any program for an STM32F103: .elf, .hex, or .bin (which goes to 0x08000000).\n"
    "It can be left out when --flash-file names a flash that holds one.\n"
    "\n"
    "The board\n"
    "  --board NAME            which board (default " DEFAULT_BOARD "; 'vboard boards' lists them)\n"
    "  --load FILE[@ADDRESS]   a second file into the flash, such as an application; .bin needs the address\n"
    "  --flash-file FILE       the chip's flash: read at the start if it exists, written at the end\n"
    "  --flash-size KIB        a chip with another flash than the board's\n"
    "  --serial HEX            the chip's unique id, 24 hexadecimal digits\n"
    "  --chip KIND,...         a chip that differs from a new one of ST's: fast-flash, slow-flash,\n"
    "                          slowest-flash, late-crystal, read-protected, hardware-watchdog, fast-lsi,\n"
    "                          late-bsy, lock-reads-0, zero-needs-erase\n"
    "  --no-crystal            no crystal is fitted, or it does not start\n"
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
    "Doors, all on 127.0.0.1; port 0: any that is free, which one is said\n"
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
    "  --usart N=WHERE         what USART N (1 to 3) sends: 'terminal', the name of a file, or tcp:PORT, "
    "which\n"
    "                          works both ways\n"
    "  --vcd FILE              a waveform of pins, USB and flash, for GTKWave or PulseView\n"
    "  --pcap FILE             the packets on the USB cable, for Wireshark\n"
    "  --lenient               report violations of the chip's manual and go on (otherwise the first one "
    "ends the run)\n"
    "  --trace LIST            tell more: usb, led, violations (always told), flash, registers, packets, "
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
    "2 wrong use, 3 a rule of the chip's manual was broken.\n";

enum option_code {
    OPTION_BACKUP = 256,
    OPTION_BOARD,
    OPTION_BUTTON,
    OPTION_COUNT,
    OPTION_DISPLAY,
    OPTION_FLASH_FILE,
    OPTION_FLASH_SIZE,
    OPTION_GDB,
    OPTION_HALT,
    OPTION_HELP,
    OPTION_LENIENT,
    OPTION_LOAD,
    OPTION_MAX_TIME,
    OPTION_CHIP,
    OPTION_NO_CRYSTAL,
    OPTION_PCAP,
    OPTION_REALTIME,
    OPTION_SEED,
    OPTION_SERIAL,
    OPTION_STACK_LIMIT,
    OPTION_TRACE,
    OPTION_USART,
    OPTION_USBIP,
    OPTION_USBREDIR,
    OPTION_VCD,
};

static const struct option long_options[] = {
    {"backup", required_argument, NULL, OPTION_BACKUP},
    {"board", required_argument, NULL, OPTION_BOARD},
    {"button", required_argument, NULL, OPTION_BUTTON},
    {"count", required_argument, NULL, OPTION_COUNT},
    {"display", no_argument, NULL, OPTION_DISPLAY},
    {"flash-file", required_argument, NULL, OPTION_FLASH_FILE},
    {"flash-size", required_argument, NULL, OPTION_FLASH_SIZE},
    {"gdb", required_argument, NULL, OPTION_GDB},
    {"halt", no_argument, NULL, OPTION_HALT},
    {"help", no_argument, NULL, OPTION_HELP},
    {"lenient", no_argument, NULL, OPTION_LENIENT},
    {"load", required_argument, NULL, OPTION_LOAD},
    {"max-time", required_argument, NULL, OPTION_MAX_TIME},
    {"chip", required_argument, NULL, OPTION_CHIP},
    {"no-crystal", no_argument, NULL, OPTION_NO_CRYSTAL},
    {"pcap", required_argument, NULL, OPTION_PCAP},
    {"realtime", no_argument, NULL, OPTION_REALTIME},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"serial", required_argument, NULL, OPTION_SERIAL},
    {"stack-limit", required_argument, NULL, OPTION_STACK_LIMIT},
    {"trace", required_argument, NULL, OPTION_TRACE},
    {"usart", required_argument, NULL, OPTION_USART},
    {"usbip", required_argument, NULL, OPTION_USBIP},
    {"usbredir", required_argument, NULL, OPTION_USBREDIR},
    {"vcd", required_argument, NULL, OPTION_VCD},
    {0},
};

void options_print_help(void)
{
    fputs(help, stdout);
}

__attribute__((format(printf, 1, 2))) static bool wrong(const char *format, ...)
{
    va_list arguments;
    fputs("vboard: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return false;
}

/* ---- boards ---- */

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

static bool unknown_board(const char *name)
{
    wrong("there is no board %s; these are known:", name);
    for (const struct board_info *board = board_list; board->name; board++)
        fprintf(stderr, "  %s\n", board->name);
    return false;
}

/* ---- values ---- */

/* All of the text is one number, decimal or 0x..., from low to high. */
static bool parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *value)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *value = strtoull(text, &end, 0);
    return errno == 0 && *end == '\0' && *value >= low && *value <= high;
}

bool options_parse_seconds(const char *text, ticks *time)
{
    char *end;
    if ((*text < '0' || *text > '9') && *text != '.')
        return false;
    double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds >= 0 && seconds <= MAX_SECONDS))
        return false;
    *time = ticks_from_us((uint64_t)(seconds * 1e6 + 0.5));
    return true;
}

static bool parse_backup(struct options *options, const char *text)
{
    char number[4] = "";
    uint64_t index, value;
    const char *equals = strchr(text, '=');
    if (equals && equals - text < (long)sizeof number)
        memcpy(number, text, (size_t)(equals - text));
    if (!equals || !parse_number(number, 1, BACKUP_REGISTERS, &index) ||
        !parse_number(equals + 1, 0, UINT16_MAX, &value))
        return wrong("--backup takes a register from 1 to %u and 16 bits, such as 1=0x4F42, not '%s'",
                     BACKUP_REGISTERS, text);
    options->backup_given[index] = true;
    options->backup[index] = (uint16_t)value;
    return true;
}

static bool parse_serial(struct options *options, const char *text)
{
    uint8_t *id = options->config.unique_id;
    size_t bytes = sizeof options->config.unique_id;
    if (strlen(text) != 2 * bytes || strspn(text, "0123456789abcdefABCDEF") != 2 * bytes)
        return wrong("--serial takes %zu hexadecimal digits, not '%s'", 2 * bytes, text);
    for (size_t i = 0; i < bytes; i++) {
        const char digits[3] = {text[2 * i], text[2 * i + 1], 0};
        id[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return true;
}

static bool trace_kind(const char *name, size_t length, uint32_t *kinds)
{
    static const struct {
        const char *name;
        uint32_t kinds;
    } names[] = {
        {"usb", 1 << REPORT_USB},
        {"led", 1 << REPORT_LED},
        {"violations", 1 << REPORT_VIOLATION},
        {"flash", 1 << REPORT_FLASH},
        {"registers", 1 << REPORT_REGISTER},
        {"packets", 1 << REPORT_PACKET},
        {"all", (1 << REPORT_KINDS) - 1},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i].name) == length && strncmp(names[i].name, name, length) == 0) {
            *kinds |= names[i].kinds;
            return true;
        }
    return false;
}

static bool parse_trace(struct options *options, const char *text)
{
    for (const char *name = text;; name++) {
        size_t length = strcspn(name, ",");
        if (!trace_kind(name, length, &options->trace))
            return wrong("--trace takes usb, led, violations, flash, registers, packets or all, "
                         "with commas between them, not '%.*s'",
                         (int)length, name);
        name += length;
        if (*name == '\0')
            return true;
    }
}

/* Cuts FILE@ADDRESS in two. An ELF or HEX file needs no address. */
static bool parse_load(struct options *options, char *text)
{
    uint64_t address = FLASH_BASE;
    char *at = strrchr(text, '@');
    size_t length = strlen(text);
    if (at && parse_number(at + 1, 0, UINT32_MAX, &address))
        *at = '\0';
    else if (at || (length > 4 && strcasecmp(text + length - 4, ".bin") == 0))
        return wrong("--load takes a file and where it goes, such as blink.bin@0x08002000, not '%s'", text);
    if (options->file_count == OPTIONS_MAX_FILES)
        return wrong("--load can be given at most %d times", OPTIONS_MAX_FILES - 1);
    options->files[options->file_count++] = (struct file_to_load){text, (uint32_t)address};
    return true;
}

static bool parse_chip(struct options *options, const char *text)
{
    for (const char *name = text;; name++) {
        size_t length = strcspn(name, ",");
        if (!chip_kind_apply(&options->config, name, length))
            return wrong("--chip takes %s, with commas between them, not '%.*s'", chip_kinds, (int)length,
                         name);
        name += length;
        if (*name == '\0')
            return true;
    }
}

static bool parse_flash_size(struct options *options, const char *text)
{
    uint64_t kib;
    if (!parse_number(text, 16, MAX_FLASH / 1024, &kib) || kib * 1024 % options->config.page_bytes != 0)
        return wrong("--flash-size takes 16 to %d KiB in whole pages, not '%s'", MAX_FLASH / 1024, text);
    options->config.flash_bytes = (uint32_t)kib * 1024;
    options->config.flash_size_register = (uint16_t)kib;
    return true;
}

static bool parse_port(const char *option, const char *text, bool *wanted, unsigned *port)
{
    uint64_t value;
    if (!parse_number(text, 0, UINT16_MAX, &value))
        return wrong("%s takes a port up to 65535 (0: any that is free), not '%s'", option, text);
    *wanted = true;
    *port = (unsigned)value;
    return true;
}

static bool parse_count(struct options *options, const char *text)
{
    uint64_t value;
    if (!parse_number(text, 1, OPTIONS_MAX_COUNT, &value))
        return wrong("--count takes 1 to %d boards, not '%s'", OPTIONS_MAX_COUNT, text);
    options->count = (unsigned)value;
    return true;
}

static bool parse_usart(struct options *options, const char *text)
{
    unsigned number = (unsigned)(text[0] - '0');
    if (number < 1 || number > USARTS || text[1] != '=' || text[2] == '\0')
        return wrong("--usart takes a USART and where it leads, such as 1=terminal, not '%s'", text);
    options->usart[number] = text + 2;
    return true;
}

/* ---- the command line ---- */

/* The board comes first, whatever its place on the command line: the others change what it implies. */
static bool choose_board(struct options *options, const char *name)
{
    options->board = board_find(name);
    if (!options->board)
        return unknown_board(name);
    options->config = board_default_config(options->board);
    return true;
}

static bool apply(struct options *options, int code, char *text)
{
    uint64_t value;
    switch (code) {
    case OPTION_BACKUP: return parse_backup(options, text);
    case OPTION_BOARD: return true;
    case OPTION_BUTTON:
        options->button_pressed = true;
        return strcmp(text, "pressed") == 0 || wrong("--button takes only 'pressed', not '%s'", text);
    case OPTION_COUNT: return parse_count(options, text);
    case OPTION_DISPLAY: options->display = true; return true;
    case OPTION_FLASH_FILE: options->flash_file = text; return true;
    case OPTION_FLASH_SIZE: return parse_flash_size(options, text);
    case OPTION_GDB: return parse_port("--gdb", text, &options->gdb, &options->gdb_port);
    case OPTION_HALT: options->halt = true; return true;
    case OPTION_LENIENT: options->lenient = true; return true;
    case OPTION_LOAD: return parse_load(options, text);
    case OPTION_MAX_TIME:
        return options_parse_seconds(text, &options->max_time) ||
               wrong("--max-time takes a number of seconds, such as 2.5, not '%s'", text);
    case OPTION_CHIP: return parse_chip(options, text);
    case OPTION_NO_CRYSTAL: options->config.hse_hz = 0; return true;
    case OPTION_PCAP: options->pcap = text; return true;
    case OPTION_REALTIME: options->realtime = true; return true;
    case OPTION_SEED:
        return parse_number(text, 0, UINT64_MAX, &options->config.seed) ||
               wrong("--seed takes a number, not '%s'", text);
    case OPTION_SERIAL: return parse_serial(options, text);
    case OPTION_STACK_LIMIT:
        if (!parse_number(text, 0, UINT32_MAX, &value))
            return wrong("--stack-limit takes an address, such as 0x20000400, not '%s'", text);
        options->stack_limit = (uint32_t)value;
        return true;
    case OPTION_TRACE: return parse_trace(options, text);
    case OPTION_USART: return parse_usart(options, text);
    case OPTION_USBIP: return parse_port("--usbip", text, &options->usbip, &options->usbip_port);
    case OPTION_USBREDIR: return parse_port("--usbredir", text, &options->usbredir, &options->usbredir_port);
    case OPTION_VCD: options->vcd = text; return true;
    default: return false;
    }
}

/* Calls `take` for each option; getopt has already complained of what it does not know. */
static enum options_result each_option(struct options *options, int argc, char **argv,
                                       bool (*take)(struct options *, int code, char *text))
{
    int code;
    optind = 0; /* glibc: start anew */
    while ((code = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (code == OPTION_HELP)
            return OPTIONS_HELP;
        if (code == '?') {
            fputs("vboard: 'vboard run --help' lists what there is\n", stderr);
            return OPTIONS_WRONG;
        }
        if (!take(options, code, optarg))
            return OPTIONS_WRONG;
    }
    return OPTIONS_RUN;
}

static bool take_board(struct options *options, int code, char *text)
{
    return code != OPTION_BOARD || choose_board(options, text);
}

static bool take_firmware(struct options *options, int count, char **names)
{
    if (count > 1)
        return wrong("one firmware at a time, and '%s' comes after '%s'; --load adds an application",
                     names[1], names[0]);
    if (count == 1) {
        if (options->file_count == OPTIONS_MAX_FILES)
            return wrong("at most %d files can be loaded", OPTIONS_MAX_FILES);
        options->files[options->file_count++] = (struct file_to_load){names[0], FLASH_BASE};
    }
    if (options->file_count == 0 && !options->flash_file)
        return wrong("say which firmware to run: vboard run FIRMWARE (or --flash-file)");
    return true;
}

static bool fit_together(const struct options *options)
{
    if (options->usbredir && options->usbip)
        return wrong("a board has one USB cable: --usbredir or --usbip");
    if (options->halt && !options->gdb)
        return wrong("--halt waits for a debugger: it needs --gdb PORT");
    if (options->display && options->count > 1)
        return wrong("--display shows one board, not %u", options->count);
    return true;
}

enum options_result options_parse(struct options *options, int argc, char **argv)
{
    static char name[] = "vboard run";
    *options = (struct options){.max_time = TICKS_NEVER, .count = 1};
    argv[0] = name; /* for getopt's messages */
    choose_board(options, DEFAULT_BOARD);
    enum options_result result = each_option(options, argc, argv, take_board);
    if (result == OPTIONS_RUN)
        result = each_option(options, argc, argv, apply);
    if (result == OPTIONS_RUN &&
        (!take_firmware(options, argc - optind, argv + optind) || !fit_together(options)))
        result = OPTIONS_WRONG;
    return result;
}
