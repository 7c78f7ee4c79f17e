/* See vcd.h. */
#include "vcd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORTS = 5, PORT_PINS = 16, PINS = PORTS * PORT_PINS };

/* Signals, in the order of the file; the pins come first. */
enum {
    LED = PINS,
    BUTTON,
    POWER,
    SLEEP,
    FLASH_BUSY,
    DPLUS,
    DMINUS,
    PACKET,
    PID,
    ADDRESS,
    ENDPOINT,
    LENGTH,
    SIGNALS
};

static const struct {
    const char *name;
    unsigned bits;
} others[SIGNALS - PINS] = {
    [LED - PINS] = {"led", 1},
    [BUTTON - PINS] = {"button", 1},
    [POWER - PINS] = {"power", 1},
    [SLEEP - PINS] = {"sleep", 1},
    [FLASH_BUSY - PINS] = {"flash_busy", 1},
    [DPLUS - PINS] = {"usb_dplus", 1},
    [DMINUS - PINS] = {"usb_dminus", 1},
    [PACKET - PINS] = {"usb_packet", 1},
    [PID - PINS] = {"usb_pid", 8},
    [ADDRESS - PINS] = {"usb_address", 7},
    [ENDPOINT - PINS] = {"usb_endpoint", 4},
    [LENGTH - PINS] = {"usb_data_bytes", 10},
};

/* Values that are no number. */
enum { FLOATING = -1, UNKNOWN = -2 };

struct change {
    ticks at;
    int signal, value;
};

/* A transaction is told when it is over, so changes come out of order, but by no more than a frame. */
enum { WAITING = 4096 };
#define LATEST (2 * TICKS_PER_MILLISECOND)

struct vcd {
    FILE *file;
    struct board *board;
    ticks flash_ends;   /* 0: no operation goes on */
    int last[SIGNALS];  /* as put down */
    int value[SIGNALS]; /* as written */
    uint64_t time_written;
    unsigned waiting;
    struct change change[WAITING]; /* in the order of time */
};

static uint64_t nanoseconds(ticks at)
{
    return at / TICKS_PER_MICROSECOND * 1000 + at % TICKS_PER_MICROSECOND * 1000 / TICKS_PER_MICROSECOND;
}

/* Two printable characters name a signal in the file. */
static void name_of(int signal, char name[3])
{
    enum { FIRST = '!', CHARACTERS = 94 };
    name[0] = (char)(FIRST + signal % CHARACTERS);
    name[1] = (char)(FIRST + signal / CHARACTERS);
    name[2] = '\0';
}

static unsigned bits_of(int signal)
{
    return signal < PINS ? 1 : others[signal - PINS].bits;
}

static void write_value(struct vcd *vcd, int signal, int value)
{
    char name[3];
    char digit = value == FLOATING ? 'z' : 'x';
    name_of(signal, name);
    if (bits_of(signal) == 1) {
        fprintf(vcd->file, "%c%s\n", value >= 0 ? '0' + value : digit, name);
        return;
    }
    fputc('b', vcd->file);
    for (unsigned bit = bits_of(signal); bit-- > 0;)
        fputc(value >= 0 ? '0' + (value >> bit & 1) : digit, vcd->file);
    fprintf(vcd->file, " %s\n", name);
}

static void write_change(struct vcd *vcd, const struct change *change)
{
    uint64_t time = nanoseconds(change->at);
    if (vcd->value[change->signal] == change->value)
        return;
    if (time != vcd->time_written)
        fprintf(vcd->file, "#%" PRIu64 "\n", time);
    vcd->time_written = time;
    vcd->value[change->signal] = change->value;
    write_value(vcd, change->signal, change->value);
}

static void write_until(struct vcd *vcd, ticks until)
{
    unsigned written = 0;
    while (written < vcd->waiting && vcd->change[written].at <= until)
        write_change(vcd, &vcd->change[written++]);
    vcd->waiting -= written;
    memmove(vcd->change, &vcd->change[written], vcd->waiting * sizeof vcd->change[0]);
}

static void put(struct vcd *vcd, ticks at, int signal, int value)
{
    if (vcd->waiting == WAITING)
        write_until(vcd, vcd->change[WAITING / 2].at);
    unsigned place = vcd->waiting++;
    for (; place > 0 && vcd->change[place - 1].at > at; place--)
        vcd->change[place] = vcd->change[place - 1];
    vcd->change[place] = (struct change){at, signal, value};
}

static void put_if_new(struct vcd *vcd, int signal, int value)
{
    if (vcd->last[signal] != value)
        put(vcd, board_now(vcd->board), signal, value);
    vcd->last[signal] = value;
}

static int pin_value(const struct stm32f103 *chip, unsigned port, unsigned pin)
{
    struct pin_drive drive = gpio_pin_drive(chip, port, pin);
    if (!chip->powered)
        return FLOATING;
    if (drive.output >= 0)
        return drive.output;
    int outside = chip->board.pin_level(chip->board.context, port, pin);
    if (outside >= 0)
        return outside;
    return drive.pull >= 0 ? drive.pull : FLOATING;
}

static void sample_flash(struct vcd *vcd, ticks now)
{
    if (flash_is_busy(&vcd->board->chip))
        vcd->flash_ends = vcd->board->chip.flash.operation.ends;
    if (vcd->flash_ends && !flash_is_busy(&vcd->board->chip)) {
        put(vcd, vcd->flash_ends < now ? vcd->flash_ends : now, FLASH_BUSY, 0);
        vcd->flash_ends = 0;
    }
}

/* Full speed: J is D+ high, K is D- high, a reset is both low. */
static void sample_line(struct vcd *vcd)
{
    const struct board *board = vcd->board;
    bool attached = board->cable && board->dplus, reset = board->host.line == USB_LINE_RESET;
    bool resume = board->host.line == USB_LINE_RESUME;
    put_if_new(vcd, DPLUS, attached && !reset && !resume);
    put_if_new(vcd, DMINUS, attached && resume);
}

void vcd_sample(struct vcd *vcd)
{
    struct board *board = vcd->board;
    ticks now = board_now(board);
    for (int pin = 0; pin < PINS; pin++)
        put_if_new(vcd, pin, pin_value(&board->chip, (unsigned)pin / PORT_PINS, (unsigned)pin % PORT_PINS));
    put_if_new(vcd, LED, board->led_on);
    put_if_new(vcd, BUTTON, board->button_pressed);
    put_if_new(vcd, POWER, board->chip.powered);
    put_if_new(vcd, SLEEP, board->chip.powered && board->chip.cpu.sleeping);
    sample_line(vcd);
    sample_flash(vcd, now);
    if (now > LATEST)
        write_until(vcd, now - LATEST);
}

void vcd_flash(struct vcd *vcd)
{
    ticks now = board_now(vcd->board);
    sample_flash(vcd, now);
    put(vcd, now, FLASH_BUSY, 1);
}

/* The frame number of a SOF is where others have address and endpoint (USB 2.0 8.4). */
static void put_token(struct vcd *vcd, ticks at, const uint8_t *packet)
{
    enum { PID_BITS = 0xF, SOF = 5, ADDRESS_BITS = 7 };
    unsigned body = packet[1] | (unsigned)packet[2] << 8;
    if ((packet[0] & PID_BITS) == SOF)
        return;
    put(vcd, at, ADDRESS, (int)(body & 0x7F));
    put(vcd, at, ENDPOINT, (int)(body >> ADDRESS_BITS & 0xF));
}

void vcd_packet(struct vcd *vcd, ticks at, const uint8_t *packet, unsigned length)
{
    enum { KIND = 3, HANDSHAKE = 2, TOKEN = 1, CRC_AND_PID = 3 };
    if (length == 0) {
        sample_line(vcd);
        return;
    }
    ticks lasts = usb_handshake_time();
    put(vcd, at, PACKET, 1);
    put(vcd, at, PID, packet[0]);
    if ((packet[0] & KIND) == TOKEN) {
        lasts = usb_token_time();
        put_token(vcd, at, packet);
    } else if ((packet[0] & KIND) != HANDSHAKE) {
        lasts = usb_data_time(length - CRC_AND_PID);
        put(vcd, at, LENGTH, (int)(length - CRC_AND_PID));
    }
    put(vcd, at + lasts, PACKET, 0);
}

static void write_header(struct vcd *vcd)
{
    char name[3];
    fputs("$timescale 1 ns $end\n$scope module board $end\n", vcd->file);
    for (int signal = PINS; signal < SIGNALS; signal++) {
        name_of(signal, name);
        fprintf(vcd->file, "$var wire %u %s %s $end\n", bits_of(signal), name, others[signal - PINS].name);
    }
    for (int pin = 0; pin < PINS; pin++) {
        name_of(pin, name);
        if (pin % PORT_PINS == 0)
            fprintf(vcd->file, "$scope module GPIO%c $end\n", 'A' + pin / PORT_PINS);
        fprintf(vcd->file, "$var wire 1 %s P%c%d $end\n", name, 'A' + pin / PORT_PINS, pin % PORT_PINS);
        if (pin % PORT_PINS == PORT_PINS - 1)
            fputs("$upscope $end\n", vcd->file);
    }
    fputs("$upscope $end\n$enddefinitions $end\n", vcd->file);
}

struct vcd *vcd_open(struct board *board, const char *path, char *error, size_t error_size)
{
    FILE *file = fopen(path, "w");
    if (!file) {
        snprintf(error, error_size, "%s cannot be written: %s", path, strerror(errno));
        return NULL;
    }
    struct vcd *vcd = calloc(1, sizeof *vcd);
    if (!vcd)
        abort();
    vcd->file = file;
    vcd->board = board;
    vcd->time_written = UINT64_MAX;
    for (int signal = 0; signal < SIGNALS; signal++)
        vcd->last[signal] = vcd->value[signal] = UNKNOWN;
    write_header(vcd);
    put(vcd, 0, PACKET, 0);
    put(vcd, 0, FLASH_BUSY, 0);
    vcd_sample(vcd);
    return vcd;
}

bool vcd_close(struct vcd *vcd)
{
    vcd_sample(vcd);
    write_until(vcd, TICKS_NEVER);
    fprintf(vcd->file, "#%" PRIu64 "\n", nanoseconds(board_now(vcd->board)));
    bool good = !ferror(vcd->file);
    good = fclose(vcd->file) == 0 && good;
    free(vcd);
    return good;
}
