/* A bare processor with flash at 0 and RAM, and a bus that has one register, for the tests of the core. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cortex_m3.h"

enum {
    FLASH_SIZE = 0x4000,
    RAM_BASE = 0x20000000,
    RAM_SIZE = 0x2000,
    STACK_TOP = 0x20001000,
    MAIN = 0x200,      /* where programs are put */
    HANDLERS = 0x1000, /* of exception n at HANDLERS + 16 * n: a branch to itself */
    HANDLER_BYTES = 16,
    DEVICE = 0x40000000,  /* a register that holds what is written */
    NOWHERE = 0x30000000, /* bus error */
    IRQS = 43,
    BRANCH_TO_ITSELF = 0xE7FE,
};

struct machine {
    struct cortex_m3 cpu;
    uint8_t flash[FLASH_SIZE], ram[RAM_SIZE];
    uint32_t device;
    unsigned accesses;
    char rule[64], text[256], fault[1024];
    unsigned violations;
    enum violation_level level; /* of the last one */
    bool reset_requested;
};

static bool bus_read(void *context, uint32_t address, unsigned size, uint32_t *value)
{
    struct machine *m = context;
    (void)size;
    m->accesses++;
    *value = m->device >> 8 * (address & 3);
    if (size < 4)
        *value &= (1u << 8 * size) - 1;
    return (address & ~3u) == DEVICE;
}

static bool bus_write(void *context, uint32_t address, unsigned size, uint32_t value)
{
    struct machine *m = context;
    (void)size;
    m->accesses++;
    if (address != DEVICE)
        return false;
    if (m->device != value)
        m->cpu.side_effects++;
    m->device = value;
    return true;
}

static bool bus_fetch(void *context, uint32_t address, uint16_t *half_word)
{
    (void)context, (void)address, (void)half_word;
    return false;
}

static void bus_reset(void *context)
{
    ((struct machine *)context)->reset_requested = true;
}

static void bus_report(void *context, enum report_kind kind, const char *text)
{
    struct machine *m = context;
    if (kind == REPORT_FAULT)
        snprintf(m->fault, sizeof(m->fault), "%s", text);
}

static void bus_violation(void *context, enum violation_level level, const char *rule, const char *text)
{
    struct machine *m = context;
    m->level = level;
    m->violations++;
    snprintf(m->rule, sizeof(m->rule), "%s", rule);
    snprintf(m->text, sizeof(m->text), "%s", text);
}

static inline void poke(struct machine *m, uint32_t address, uint32_t value)
{
    if (address >= RAM_BASE)
        memcpy(m->ram + address - RAM_BASE, &value, 4);
    else
        memcpy(m->flash + address, &value, 4);
}

static inline uint32_t peek(const struct machine *m, uint32_t address)
{
    uint32_t value = 0;
    assert_true(cortex_m3_peek(&m->cpu, address, &value, 4));
    return value;
}

static inline uint32_t handler_of(unsigned exception)
{
    return HANDLERS + HANDLER_BYTES * exception;
}

static void machine_start(struct machine *m)
{
    memset(m, 0, sizeof(*m));
    poke(m, 0, STACK_TOP);
    poke(m, 4, MAIN | 1);
    for (unsigned i = 2; i < 16 + IRQS; i++) {
        poke(m, 4 * i, handler_of(i) | 1);
        poke(m, handler_of(i), BRANCH_TO_ITSELF);
    }
    struct cortex_m3_bus bus = {m, bus_read, bus_write, bus_fetch, bus_reset, bus_report, bus_violation};
    m->cpu.window[0] = (struct cortex_m3_window){.base = 0, .size = FLASH_SIZE, .bytes = m->flash};
    m->cpu.window[1] =
        (struct cortex_m3_window){.base = RAM_BASE, .size = RAM_SIZE, .bytes = m->ram, .writable = true};
    cortex_m3_init(&m->cpu, &bus, IRQS);
}

static inline int machine_setup(void **state)
{
    struct machine *m = malloc(sizeof(*m));
    assert_non_null(m);
    machine_start(m);
    *state = m;
    return 0;
}

static inline int machine_teardown(void **state)
{
    free(*state);
    return 0;
}

static inline void load(struct machine *m, uint32_t address, const uint16_t *code, size_t bytes)
{
    memcpy(m->flash + address, code, bytes);
}

/* PROGRAM(m, MAIN, 0x..., ...) puts half-words into flash. */
#define PROGRAM(machine, address, ...)                                                                       \
    load(machine, address, (const uint16_t[]){__VA_ARGS__}, sizeof((const uint16_t[]){__VA_ARGS__}))

/* Executes so many instructions or entries of exceptions. */
static inline void step(struct machine *m, unsigned count)
{
    while (count--)
        cortex_m3_run(&m->cpu, m->cpu.cycles + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, machine_setup, machine_teardown)
