/*
 * SDIO (RM0008 chapter 22) with an empty slot: no command is answered, no data come, and what is written is
 * not confirmed. Each ends with its error after its time, so that programs go on.
 */
#include "sdio.h"

#include "chip/chip.h"

enum { POWER = 0x00, CLKCR = 0x04, ARG = 0x08, CMD = 0x0C, DTIMER = 0x24, DLEN = 0x28, DCTRL = 0x2C };
enum { DCOUNT = 0x30, STA = 0x34, ICR = 0x38, MASK = 0x3C, FIFOCNT = 0x48, FIFO = 0x80 };
enum {
    POWER_ON = 3,
    CLKCR_CLKDIV = 0xFF,
    CLKCR_CLKEN = 1 << 8,
    CLKCR_BYPASS = 1 << 10,
    CLKCR_WIDBUS_SHIFT = 11
};
enum { CMD_WAITRESP_SHIFT = 6, CMD_WAITINT = 1 << 8, CMD_WAITPEND = 1 << 9, CMD_CPSMEN = 1 << 10 };
enum { DCTRL_DTEN = 1 << 0, DCTRL_DTDIR = 1 << 1 };
enum {
    STA_DCRCFAIL = 1 << 1,
    STA_CTIMEOUT = 1 << 2,
    STA_DTIMEOUT = 1 << 3,
    STA_CMDSENT = 1 << 7,
    STA_CMDACT = 1 << 11,
    STA_TXACT = 1 << 12,
    STA_RXACT = 1 << 13,
    STA_TXFIFOHE = 1 << 14,
    STA_TXFIFOE = 1 << 18,
    STA_RXFIFOE = 1 << 19,
    STA_TX = STA_TXACT | STA_TXFIFOHE | STA_TXFIFOE,
    STA_RX = STA_RXACT | STA_RXFIFOE,
    STA_CLEARED = 0x00C007FF
};
/* A command and the time an answer may take; CRC, start and end of a block of data (22.3, 22.4.5). */
enum { COMMAND_BITS = 48, RESPONSE_TIMEOUT = 64, BLOCK_BITS = 16 + 2 };
enum { COMMAND, DATA };

struct sdio {
    uint32_t POWER, CLKCR, ARG, CMD, DTIMER, DLEN, DCTRL, DCOUNT, STA, MASK;
    bool told; /* that there is no card */
};

static inline struct sdio *sdio_of(const struct device *device)
{
    return device_state(device);
}

static const struct device_register registers[] = {
    AT(0x00) = {"POWER", RW | STABLE, 0xFFFFFFFC},
    AT(0x04) = {"CLKCR", RW | STABLE, 0xFFFF8000},
    AT(0x08) = {"ARG", RW | STABLE, 0},
    AT(0x0C) = {"CMD", RW | STABLE, 0xFFFF8000},
    AT(0x10) = {"RESPCMD", READ_ONLY | STABLE, 0},
    AT(0x14) = {"RESP1", READ_ONLY | STABLE, 0},
    AT(0x18) = {"RESP2", READ_ONLY | STABLE, 0},
    AT(0x1C) = {"RESP3", READ_ONLY | STABLE, 0},
    AT(0x20) = {"RESP4", READ_ONLY | STABLE, 0},
    AT(0x24) = {"DTIMER", RW | STABLE, 0},
    AT(0x28) = {"DLEN", RW | STABLE, 0xFE000000},
    AT(0x2C) = {"DCTRL", RW | STABLE, 0xFFFFF000},
    AT(0x30) = {"DCOUNT", READ_ONLY | STABLE, 0},
    AT(0x34) = {"STA", READ_ONLY | STABLE, 0},
    AT(0x38) = {"ICR", RW | STABLE, 0},
    AT(0x3C) = {"MASK", RW | STABLE, 0xFF000000},
    AT(0x48) = {"FIFOCNT", READ_ONLY | STABLE, 0},
    AT(0x80) = {"FIFO", RW | STABLE, 0},
    AT(0x84) = {"FIFO", RW | STABLE, 0},
    AT(0x88) = {"FIFO", RW | STABLE, 0},
    AT(0x8C) = {"FIFO", RW | STABLE, 0},
    AT(0x90) = {"FIFO", RW | STABLE, 0},
    AT(0x94) = {"FIFO", RW | STABLE, 0},
    AT(0x98) = {"FIFO", RW | STABLE, 0},
    AT(0x9C) = {"FIFO", RW | STABLE, 0},
    AT(0xA0) = {"FIFO", RW | STABLE, 0},
    AT(0xA4) = {"FIFO", RW | STABLE, 0},
    AT(0xA8) = {"FIFO", RW | STABLE, 0},
    AT(0xAC) = {"FIFO", RW | STABLE, 0},
    AT(0xB0) = {"FIFO", RW | STABLE, 0},
    AT(0xB4) = {"FIFO", RW | STABLE, 0},
    AT(0xB8) = {"FIFO", RW | STABLE, 0},
    AT(0xBC) = {"FIFO", RW | STABLE, 0},
    AT(0xC0) = {"FIFO", RW | STABLE, 0},
    AT(0xC4) = {"FIFO", RW | STABLE, 0},
    AT(0xC8) = {"FIFO", RW | STABLE, 0},
    AT(0xCC) = {"FIFO", RW | STABLE, 0},
    AT(0xD0) = {"FIFO", RW | STABLE, 0},
    AT(0xD4) = {"FIFO", RW | STABLE, 0},
    AT(0xD8) = {"FIFO", RW | STABLE, 0},
    AT(0xDC) = {"FIFO", RW | STABLE, 0},
    AT(0xE0) = {"FIFO", RW | STABLE, 0},
    AT(0xE4) = {"FIFO", RW | STABLE, 0},
    AT(0xE8) = {"FIFO", RW | STABLE, 0},
    AT(0xEC) = {"FIFO", RW | STABLE, 0},
    AT(0xF0) = {"FIFO", RW | STABLE, 0},
    AT(0xF4) = {"FIFO", RW | STABLE, 0},
    AT(0xF8) = {"FIFO", RW | STABLE, 0},
    AT(0xFC) = {"FIFO", RW | STABLE, 0},
};

static void update_irq(struct device *device)
{
    device_drive(device, SDIO_IRQ, sdio_of(device)->STA & sdio_of(device)->MASK);
}

/* One cycle of SDIO_CK (22.9.2); 0: it stands still. */
static ticks card_clock(const struct device *device)
{
    const struct sdio *sdio = sdio_of(device);
    ticks clock = device_clock(device);
    if (sdio->POWER != POWER_ON || !(sdio->CLKCR & CLKCR_CLKEN))
        return 0;
    return sdio->CLKCR & CLKCR_BYPASS ? clock : clock * ((sdio->CLKCR & CLKCR_CLKDIV) + 2);
}

static void finish_in(struct device *device, unsigned what, uint64_t cycles)
{
    device_schedule(device, what, device_now(device) + cycles * card_clock(device));
}

static bool is_planned(const struct device *device, unsigned what)
{
    return device_due(device, what) != TICKS_NEVER;
}

static void cancel(struct device *device, unsigned what)
{
    device_schedule(device, what, TICKS_NEVER);
}

static bool expects_response(const struct sdio *sdio)
{
    return sdio->CMD >> CMD_WAITRESP_SHIFT & 1; /* 01 short, 11 long */
}

static void tell_empty(struct device *device)
{
    if (!sdio_of(device)->told) {
        sdio_of(device)->told = true;
        device_report(device, REPORT_NOTE, "SDIO: no card is in the slot, every command times out");
    }
}

/* What waits for the clock begins with it. An interrupt or the end of data that is waited for never comes. */
static void proceed(struct device *device)
{
    struct sdio *sdio = sdio_of(device);
    if (card_clock(device) == 0)
        return;
    if (sdio->STA & STA_CMDACT && !is_planned(device, COMMAND) && !(sdio->CMD & (CMD_WAITINT | CMD_WAITPEND)))
        finish_in(device, COMMAND, COMMAND_BITS + (expects_response(sdio) ? RESPONSE_TIMEOUT : 0));
    if (sdio->STA & STA_RXACT && !is_planned(device, DATA))
        finish_in(device, DATA, sdio->DTIMER);
}

static void event(struct device *device, unsigned what)
{
    struct sdio *sdio = sdio_of(device);
    if (what == COMMAND) {
        sdio->STA &= ~(uint32_t)STA_CMDACT;
        sdio->STA |= expects_response(sdio) ? STA_CTIMEOUT : STA_CMDSENT;
        tell_empty(device);
    } else {
        sdio->STA |= sdio->STA & STA_RXACT ? STA_DTIMEOUT : STA_DCRCFAIL;
        sdio->STA &= ~(uint32_t)(STA_RX | STA_TX);
    }
    update_irq(device);
}

static void write_CMD(struct device *device, uint32_t value)
{
    struct sdio *sdio = sdio_of(device);
    cancel(device, COMMAND);
    sdio->CMD = value;
    sdio->STA &= ~(uint32_t)STA_CMDACT;
    sdio->STA |= value & CMD_CPSMEN ? STA_CMDACT : 0;
}

static void write_DCTRL(struct device *device, uint32_t value)
{
    struct sdio *sdio = sdio_of(device);
    bool begins = value & ~sdio->DCTRL & DCTRL_DTEN;
    sdio->DCTRL = value;
    if (!(value & DCTRL_DTEN) || begins) {
        cancel(device, DATA);
        sdio->STA &= ~(uint32_t)(STA_RX | STA_TX);
    }
    if (begins) {
        sdio->DCOUNT = sdio->DLEN;
        sdio->STA |= value & DCTRL_DTDIR ? STA_RX : STA_TX;
    }
}

/* The first word sends the block on its way. */
static void write_FIFO(struct device *device)
{
    static const uint8_t widths[] = {1, 4, 8, 1};
    const struct sdio *sdio = sdio_of(device);
    unsigned width = widths[sdio->CLKCR >> CLKCR_WIDBUS_SHIFT & 3], block = 1u << (sdio->DCTRL >> 4 & 0xF);
    if (sdio->STA & STA_TXACT && card_clock(device) != 0 && !is_planned(device, DATA))
        finish_in(device, DATA, 8ull * block / width + BLOCK_BITS);
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    struct sdio *sdio = sdio_of(device);
    switch (offset) {
    case POWER: sdio->POWER = value; break;
    case CLKCR: sdio->CLKCR = value; break;
    case ARG: sdio->ARG = value; break;
    case CMD: write_CMD(device, value); break;
    case DTIMER: sdio->DTIMER = value; break;
    case DLEN: sdio->DLEN = value; break;
    case DCTRL: write_DCTRL(device, value); break;
    case ICR: sdio->STA &= ~(value & STA_CLEARED); break;
    case MASK: sdio->MASK = value; break;
    default: write_FIFO(device); break;
    }
    proceed(device);
    update_irq(device);
}

static uint32_t read(struct device *device, uint32_t offset)
{
    const struct sdio *sdio = sdio_of(device);
    switch (offset) {
    case POWER: return sdio->POWER;
    case CLKCR: return sdio->CLKCR;
    case ARG: return sdio->ARG;
    case CMD: return sdio->CMD;
    case DTIMER: return sdio->DTIMER;
    case DLEN: return sdio->DLEN;
    case DCTRL: return sdio->DCTRL;
    case DCOUNT: return sdio->DCOUNT;
    case STA: return sdio->STA;
    case MASK: return sdio->MASK;
    case FIFOCNT: return (sdio->DCOUNT + 3) / 4;
    default: return 0; /* responses, and a FIFO that is empty */
    }
}

static void reset(struct device *device)
{
    *sdio_of(device) = (struct sdio){0};
    cancel(device, COMMAND);
    cancel(device, DATA);
    update_irq(device);
}

const struct device_class sdio_class = {
    .state = sizeof(struct sdio),
    REGISTERS(registers),
    .sizes = ONLY_WORDS,
    .events = 2,
    .read = read,
    .write = write,
    .reset = reset,
    .event = event,
};
