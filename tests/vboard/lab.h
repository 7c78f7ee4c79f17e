/* A board for tests of a chip: its program does nothing, the test itself is on the bus
 * and sees which rules it breaks. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "board/board.h"

#define FLASH_AT 0x08000000u
#define RAM_AT   0x20000000u

struct lab {
    struct board *board;
    unsigned violations;
    char last[1024];   /* violation */
    char heard[65536]; /* every report but violations, a line each */
};

static void lab_report(void *watcher, enum report_kind kind, ticks at, const char *text)
{
    struct lab *lab = watcher;
    (void)at;
    if (kind == REPORT_VIOLATION) {
        lab->violations++;
        snprintf(lab->last, sizeof lab->last, "%s", text);
        return;
    }
    size_t used = strlen(lab->heard);
    snprintf(lab->heard + used, sizeof lab->heard - used, "%s\n", text);
}

/* Vector table, and a loop that does nothing. */
static const uint8_t idle_program[] = {0x00, 0x50, 0x00, 0x20, 0x09, 0x00, 0x00, 0x08, 0xFE, 0xE7};

static inline struct lab *lab_with(const char *name, const struct chip_config *config)
{
    struct lab *lab = calloc(1, sizeof *lab);
    const struct board_info *info = board_find(name);
    struct chip_config usual = board_default_config(info);
    lab->board = board_new(info, config ? config : &usual);
    lab->board->watcher = lab;
    lab->board->report = lab_report;
    assert_true(flash_load(&lab->board->chip, FLASH_AT, idle_program, sizeof idle_program));
    board_power(lab->board, true);
    return lab;
}

static inline void lab_free(struct lab *lab)
{
    board_free(lab->board);
    free(lab);
}

static inline uint32_t get_size(struct lab *lab, uint32_t address, unsigned size)
{
    uint32_t value = 0xDEADBEEF;
    assert_true(bus_read(&lab->board->chip, address, size, &value));
    return value;
}

static inline uint32_t get(struct lab *lab, uint32_t address)
{
    return get_size(lab, address, 4);
}

static inline void put(struct lab *lab, uint32_t address, uint32_t value)
{
    assert_true(bus_write(&lab->board->chip, address, 4, value));
}

static inline bool put_size(struct lab *lab, uint32_t address, unsigned size, uint32_t value)
{
    return bus_write(&lab->board->chip, address, size, value);
}

static inline void set_bits(struct lab *lab, uint32_t address, uint32_t bits)
{
    put(lab, address, get(lab, address) | bits);
}

/* Exactly the rules broken since the last look: `line` begins the report of one, or NULL for none. */
static inline void expect_violation(struct lab *lab, const char *line)
{
    if (!line) {
        if (lab->violations)
            fail_msg("unexpected: %s", lab->last);
        return;
    }
    if (lab->violations == 0 || strncmp(lab->last, line, strlen(line)) != 0)
        fail_msg("expected %s, got %s", line, lab->violations ? lab->last : "nothing");
    assert_int_equal(lab->violations, 1);
    lab->violations = 0;
    lab->last[0] = '\0';
}

static inline void wait_us(struct lab *lab, uint64_t us)
{
    board_run(lab->board, ticks_from_us(us));
}

static inline bool irq(struct lab *lab, unsigned number)
{
    return lab->board->chip.cpu.nvic.line[number];
}

static inline bool heard(const struct lab *lab, const char *text)
{
    return strstr(lab->heard, text) != NULL;
}
