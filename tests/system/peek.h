/* What registers of a chip hold, without a trace: the chip that is read is a copy. */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chip/chip.h"

static inline void peek_report(void *context, enum report_kind kind, const char *text)
{
    (void)context, (void)kind, (void)text;
}

static inline void peek_violation(void *context, enum violation_level level, const char *rule,
                                  const char *text)
{
    (void)context, (void)level, (void)rule, (void)text;
}

static inline void peek_change(void *context)
{
    (void)context;
}

static inline void peek_event(void *context, ticks now)
{
    (void)context, (void)now;
}

static inline void peek_serial(void *context, unsigned usart, uint16_t data)
{
    (void)context, (void)usart, (void)data;
}

/* A chip of which nobody hears, with all clocks on, to be read, written and freed. */
static inline struct chip *peek_copy(const struct chip *chip)
{
    struct chip *copy = malloc(sizeof *copy);
    memcpy(copy, chip, sizeof *copy);
    chip_moved(copy);
    copy->board.report = peek_report;
    copy->board.violation = peek_violation;
    copy->board.pins_changed = peek_change;
    copy->board.usb_changed = peek_change;
    copy->board.host_event = peek_event;
    copy->board.slept = NULL;
    copy->board.serial_sent = peek_serial;
    copy->report_wanted = 0;
    for (unsigned i = 0; i < CHIP_BANKS; i++)
        copy->gates[i] = (struct clock_gates){.enabled = UINT32_MAX};
    return copy;
}

/* Bytes of memory or of registers, whose clocks may be off. */
static inline void peek_bytes(const struct chip *chip, uint32_t address, void *bytes, uint32_t length)
{
    struct chip *copy = peek_copy(chip);
    uint8_t *to = bytes;
    for (uint32_t i = 0; i < length; i += 4) {
        uint32_t word = 0;
        if (!bus_read(copy, address + i, 4, &word))
            abort();
        memcpy(to + i, &word, length - i < 4 ? length - i : 4);
    }
    free(copy);
}

static inline uint32_t peek(const struct chip *chip, uint32_t address)
{
    uint32_t word;
    peek_bytes(chip, address, &word, sizeof word);
    return word;
}

#define PEEK_RCC(chip, offset)   peek(chip, 0x40021000u + (offset))
#define PEEK_FLASH(chip, offset) peek(chip, 0x40022000u + (offset))

/* AFIO_MAPR.SWJ_CFG, which no program can read, by the pins that the debug port still has. */
static inline uint32_t peek_swj_cfg(const struct chip *chip)
{
    enum { PA13 = 1 << 13, PA15 = 1 << 15, PB4 = 1 << 4 };
    const uint16_t *debug = chip->pins.debug;
    unsigned cfg = debug[1] & PB4 ? 0 : debug[0] & PA15 ? 1 : debug[0] & PA13 ? 2 : 4;
    return cfg << 24;
}
