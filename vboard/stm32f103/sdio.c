/*
 * SDIO (RM0008 chapter 22) with an empty slot: no command is answered, no data come, and what is written is
 * not confirmed. Each ends with its error after its time, so that programs go on.
 */
#include "chip.h"

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

static void update_irq(struct chip *chip)
{
    cortex_m3_set_irq(&chip->cpu, IRQ_SDIO, chip->sdio.STA & chip->sdio.MASK);
}

/* One cycle of SDIO_CK (22.9.2); 0: it stands still. */
static ticks card_clock(const struct chip *chip)
{
    const struct sdio *sdio = &chip->sdio;
    ticks clock = rcc_peripheral_clock(chip, SDIO_BASE);
    if (sdio->POWER != POWER_ON || !(sdio->CLKCR & CLKCR_CLKEN))
        return 0;
    return sdio->CLKCR & CLKCR_BYPASS ? clock : clock * ((sdio->CLKCR & CLKCR_CLKDIV) + 2);
}

static void finish_in(struct chip *chip, unsigned what, uint64_t cycles)
{
    chip_schedule(chip, (enum event)(EVENT_SDIO + what), chip_now(chip) + cycles * card_clock(chip));
}

static bool is_planned(const struct chip *chip, unsigned what)
{
    return chip->due[EVENT_SDIO + what] != TICKS_NEVER;
}

static void cancel(struct chip *chip, unsigned what)
{
    chip_schedule(chip, (enum event)(EVENT_SDIO + what), TICKS_NEVER);
}

static bool expects_response(const struct sdio *sdio)
{
    return sdio->CMD >> CMD_WAITRESP_SHIFT & 1; /* 01 short, 11 long */
}

static void tell_empty(struct chip *chip)
{
    if (!chip->sdio.told) {
        chip->sdio.told = true;
        chip_report(chip, REPORT_NOTE, "SDIO: no card is in the slot, every command times out");
    }
}

/* What waits for the clock begins with it. An interrupt or the end of data that is waited for never comes. */
static void proceed(struct chip *chip)
{
    struct sdio *sdio = &chip->sdio;
    if (card_clock(chip) == 0)
        return;
    if (sdio->STA & STA_CMDACT && !is_planned(chip, COMMAND) && !(sdio->CMD & (CMD_WAITINT | CMD_WAITPEND)))
        finish_in(chip, COMMAND, COMMAND_BITS + (expects_response(sdio) ? RESPONSE_TIMEOUT : 0));
    if (sdio->STA & STA_RXACT && !is_planned(chip, DATA))
        finish_in(chip, DATA, sdio->DTIMER);
}

void sdio_event(struct chip *chip, unsigned what)
{
    struct sdio *sdio = &chip->sdio;
    chip->cpu.side_effects++;
    if (what == COMMAND) {
        sdio->STA &= ~(uint32_t)STA_CMDACT;
        sdio->STA |= expects_response(sdio) ? STA_CTIMEOUT : STA_CMDSENT;
        tell_empty(chip);
    } else {
        sdio->STA |= sdio->STA & STA_RXACT ? STA_DTIMEOUT : STA_DCRCFAIL;
        sdio->STA &= ~(uint32_t)(STA_RX | STA_TX);
    }
    update_irq(chip);
}

static void write_CMD(struct chip *chip, uint32_t value)
{
    struct sdio *sdio = &chip->sdio;
    cancel(chip, COMMAND);
    sdio->CMD = value;
    sdio->STA &= ~(uint32_t)STA_CMDACT;
    sdio->STA |= value & CMD_CPSMEN ? STA_CMDACT : 0;
}

static void write_DCTRL(struct chip *chip, uint32_t value)
{
    struct sdio *sdio = &chip->sdio;
    bool begins = value & ~sdio->DCTRL & DCTRL_DTEN;
    sdio->DCTRL = value;
    if (!(value & DCTRL_DTEN) || begins) {
        cancel(chip, DATA);
        sdio->STA &= ~(uint32_t)(STA_RX | STA_TX);
    }
    if (begins) {
        sdio->DCOUNT = sdio->DLEN;
        sdio->STA |= value & DCTRL_DTDIR ? STA_RX : STA_TX;
    }
}

/* The first word sends the block on its way. */
static void write_FIFO(struct chip *chip)
{
    static const uint8_t widths[] = {1, 4, 8, 1};
    const struct sdio *sdio = &chip->sdio;
    unsigned width = widths[sdio->CLKCR >> CLKCR_WIDBUS_SHIFT & 3], block = 1u << (sdio->DCTRL >> 4 & 0xF);
    if (sdio->STA & STA_TXACT && card_clock(chip) != 0 && !is_planned(chip, DATA))
        finish_in(chip, DATA, 8ull * block / width + BLOCK_BITS);
}

void sdio_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    struct sdio *sdio = &chip->sdio;
    switch (offset) {
    case POWER: sdio->POWER = value; break;
    case CLKCR: sdio->CLKCR = value; break;
    case ARG: sdio->ARG = value; break;
    case CMD: write_CMD(chip, value); break;
    case DTIMER: sdio->DTIMER = value; break;
    case DLEN: sdio->DLEN = value; break;
    case DCTRL: write_DCTRL(chip, value); break;
    case ICR: sdio->STA &= ~(value & STA_CLEARED); break;
    case MASK: sdio->MASK = value; break;
    default: write_FIFO(chip); break;
    }
    proceed(chip);
    update_irq(chip);
}

uint32_t sdio_read(struct chip *chip, uint32_t offset)
{
    const struct sdio *sdio = &chip->sdio;
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

void sdio_reset(struct chip *chip)
{
    chip->sdio = (struct sdio){0};
    cancel(chip, COMMAND);
    cancel(chip, DATA);
    update_irq(chip);
}
