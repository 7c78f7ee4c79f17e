/* See vcd.h. What is sampled; the format is in vcd_writer.c. */
#include "vcd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/allocate.h"
#include "vcd_writer.h"

enum { PINS = PORTS * PORT_PINS };

/* Signals, in the order of the file; the pins come last. */
enum {
    LED,
    BUTTON,
    POWER,
    SLEEP,
    FLASH_BUSY,
    FLASH_WORK,
    USB,
    DPLUS,
    DMINUS,
    PACKET,
    FIRST_PIN,
    SIGNALS = FIRST_PIN + PINS
};
enum { NOTHING_YET = -2 };

static const struct vcd_signal named[FIRST_PIN] = {
    [LED] = {"", "led", false},
    [BUTTON] = {"", "button", false},
    [POWER] = {"", "power", false},
    [SLEEP] = {"", "sleep", false},
    [FLASH_BUSY] = {"flash", "flash_busy", false},
    [FLASH_WORK] = {"flash", "flash_work", true},
    [USB] = {"usb", "usb", true},
    [DPLUS] = {"usb", "usb_dplus", false},
    [DMINUS] = {"usb", "usb_dminus", false},
    [PACKET] = {"usb", "usb_packet", false},
};

/* A transaction is told when it is over, so changes come out of order, but by no more than a frame. */
#define LATEST (2 * TICKS_PER_MILLISECOND)

struct vcd {
    struct vcd_writer *writer;
    struct board *board;
    unsigned pins;
    ticks flash_ends;  /* 0: no operation goes on */
    int last[SIGNALS]; /* as put down */
};

/* ---- pins and states ---- */

static void put_if_new(struct vcd *vcd, unsigned signal, int value)
{
    if (vcd->last[signal] != value)
        vcd_put(vcd->writer, board_now(vcd->board), signal, value);
    vcd->last[signal] = value;
}

static int pin_value(const struct chip *chip, unsigned port, unsigned pin)
{
    struct pin_drive drive = chip_pin_drive(chip, port, pin);
    if (!chip->powered)
        return VCD_FLOATING;
    if (drive.output >= 0)
        return drive.output;
    int outside = chip->board.pin_level(chip->board.context, port, pin);
    if (outside >= 0)
        return outside;
    return drive.pull >= 0 ? drive.pull : VCD_FLOATING;
}

static void sample_flash(struct vcd *vcd, ticks now)
{
    if (chip_flash_is_busy(&vcd->board->chip))
        vcd->flash_ends = vcd->board->chip.flash.operation.ends;
    if (vcd->flash_ends && !chip_flash_is_busy(&vcd->board->chip)) {
        ticks ended = vcd->flash_ends < now ? vcd->flash_ends : now;
        vcd_put(vcd->writer, ended, FLASH_BUSY, 0);
        vcd_put_text(vcd->writer, ended, FLASH_WORK, "");
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
    for (unsigned pin = 0; pin < vcd->pins; pin++)
        put_if_new(vcd, FIRST_PIN + pin, pin_value(&board->chip, pin / PORT_PINS, pin % PORT_PINS));
    put_if_new(vcd, LED, board->led_on);
    put_if_new(vcd, BUTTON, board->button_pressed);
    put_if_new(vcd, POWER, board->chip.powered);
    put_if_new(vcd, SLEEP, board->chip.powered && board->chip.cpu.sleeping);
    sample_line(vcd);
    sample_flash(vcd, now);
    if (now > LATEST)
        vcd_writer_until(vcd->writer, now - LATEST);
}

void vcd_flash(struct vcd *vcd, const char *operation)
{
    ticks now = board_now(vcd->board);
    sample_flash(vcd, now);
    vcd_put(vcd->writer, now, FLASH_BUSY, 1);
    vcd_put_text(vcd->writer, now, FLASH_WORK, operation);
}

/* ---- packets ---- */

/* Kinds of packets by the low bits of their PID (USB 2.0 8.3.1), and what is around the data of one. */
enum {
    KIND = 3,
    HANDSHAKE = 2,
    TOKEN = 1,
    PID_BITS = 0xF,
    SOF = 5,
    CRC_AND_PID = 3,
    MAX_ADDRESS = 0x7F,
    ADDRESS_BITS = 7
};

static const char *const pid_names[PID_BITS + 1] = {
    [1] = "OUT",    [9] = "IN",  [SOF] = "SOF", [13] = "SETUP", [3] = "DATA0",
    [11] = "DATA1", [2] = "ACK", [10] = "NAK",  [14] = "STALL"};

static unsigned token_body(const uint8_t *packet)
{
    return packet[1] | (unsigned)packet[2] << 8;
}

/* "SETUP 5.0", "SOF 1027", "DATA0 80 06 00 01 00 00 40 00", "DATA1 64: 12 01 ...", "ACK" */
static void describe(const uint8_t *packet, unsigned length, char text[VCD_TEXT_SIZE])
{
    enum { SHOWN = 10, FRAME_NUMBER = 0x7FF };
    const unsigned pid = packet[0] & PID_BITS;
    const char *name = pid_names[pid] ? pid_names[pid] : "?";
    if ((packet[0] & KIND) == HANDSHAKE) {
        snprintf(text, VCD_TEXT_SIZE, "%s", name);
    } else if (pid == SOF) {
        snprintf(text, VCD_TEXT_SIZE, "%s %u", name, token_body(packet) & FRAME_NUMBER);
    } else if ((packet[0] & KIND) == TOKEN) {
        snprintf(text, VCD_TEXT_SIZE, "%s %u.%u", name, token_body(packet) & MAX_ADDRESS,
                 token_body(packet) >> ADDRESS_BITS & 0xF);
    } else {
        const unsigned bytes = length - CRC_AND_PID;
        int used = snprintf(text, VCD_TEXT_SIZE, "%s %u:", name, bytes);
        for (unsigned i = 0; i < bytes && i < SHOWN; i++)
            used += snprintf(text + used, (size_t)(VCD_TEXT_SIZE - used), " %02X", packet[1 + i]);
        if (bytes > SHOWN)
            snprintf(text + used, (size_t)(VCD_TEXT_SIZE - used), "...");
    }
}

void vcd_packet(struct vcd *vcd, ticks at, const uint8_t *packet, unsigned length)
{
    char text[VCD_TEXT_SIZE];
    if (length == 0) {
        sample_line(vcd);
        return;
    }
    ticks lasts = usb_handshake_time();
    vcd_put(vcd->writer, at, PACKET, 1);
    describe(packet, length, text);
    vcd_put_text(vcd->writer, at, USB, text);
    if ((packet[0] & KIND) == TOKEN)
        lasts = usb_token_time();
    else if ((packet[0] & KIND) != HANDSHAKE)
        lasts = usb_data_time(length - CRC_AND_PID);
    vcd_put(vcd->writer, at + lasts, PACKET, 0);
    vcd_put_text(vcd->writer, at + lasts, USB, "");
}

/* ---- life ---- */

/* Of the ports up to the last one that chips of the family have. */
static unsigned count_pins(const struct board *board)
{
    unsigned ports = PORTS;
    while (ports && board->chip.info->ports[ports - 1] == NO_DEVICE)
        ports--;
    return ports * PORT_PINS;
}

static void name_pins(struct vcd_signal signals[SIGNALS])
{
    for (unsigned pin = 0; pin < PINS; pin++) {
        struct vcd_signal *signal = &signals[FIRST_PIN + pin];
        const char port = (char)('A' + pin / PORT_PINS);
        signal->is_text = false;
        snprintf(signal->scope, sizeof signal->scope, "GPIO%c", port);
        snprintf(signal->name, sizeof signal->name, "P%c%u", port, pin % PORT_PINS);
    }
}

struct vcd *vcd_open(struct board *board, const char *path, char *error, size_t error_size)
{
    struct vcd_signal signals[SIGNALS];
    memcpy(signals, named, sizeof named);
    name_pins(signals);
    unsigned pins = count_pins(board);
    struct vcd_writer *writer = vcd_writer_open(path, signals, FIRST_PIN + pins, error, error_size);
    if (!writer)
        return NULL;
    struct vcd *vcd = allocate(sizeof *vcd);
    vcd->writer = writer;
    vcd->board = board;
    vcd->pins = pins;
    for (unsigned signal = 0; signal < SIGNALS; signal++)
        vcd->last[signal] = NOTHING_YET;
    vcd_put(writer, 0, PACKET, 0);
    vcd_put(writer, 0, FLASH_BUSY, 0);
    vcd_put_text(writer, 0, USB, "");
    vcd_put_text(writer, 0, FLASH_WORK, "");
    vcd_sample(vcd);
    return vcd;
}

bool vcd_close(struct vcd *vcd, char *error, size_t error_size)
{
    vcd_sample(vcd);
    bool good = vcd_writer_close(vcd->writer, board_now(vcd->board), error, error_size);
    free(vcd);
    return good;
}
