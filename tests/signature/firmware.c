/* The verifier on a Cortex-M3 at 72 MHz, and how long it takes there. Started and read by test_board.c. */
#include "firmware.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define RCC_CR            REGISTER(0x40021000)
#define RCC_CFGR          REGISTER(0x40021004)
#define FLASH_ACR         REGISTER(0x40022000)
#define DEMCR             REGISTER(0xE000EDFC)
#define DWT_CTRL          REGISTER(0xE0001000)
#define DWT_CYCCNT        REGISTER(0xE0001004)
#define report            (*(volatile struct report *)REPORT_AT)

enum { BLANK = 0xFFFFFFFF };

extern uint32_t ram_image[], ram_start[], ram_end[], bss_end[];

static uint32_t longest;

/* Cycles since `begin`. */
static uint32_t since(uint32_t begin)
{
    uint32_t cycles = DWT_CYCCNT - begin;

    if (cycles > longest)
        longest = cycles;
    return cycles;
}

static uint32_t hash_all(const struct record *record)
{
    const uint8_t *message = (const uint8_t *)(record + 1);
    uint32_t cycles = 0;
    bool hashed = false;

    for (uint32_t at = 0; at < record->length || !hashed;) {
        uint32_t begin = DWT_CYCCNT;

        hashed = ed25519_hashed();
        if (hashed && at < record->length) {
            uint32_t left = record->length - at;

            ed25519_message(message + at, left < PIECE ? left : PIECE);
            at += PIECE;
            hashed = false;
        }
        cycles += since(begin);
    }
    return cycles;
}

static void verify(const struct record *record, volatile struct outcome *outcome)
{
    enum ed25519_verdict verdict = ED25519_WORKING;
    uint32_t cycles = 0;

    longest = 0;
    ed25519_begin(&record->key, record->signature);
    outcome->hashing = hash_all(record);
    while (verdict == ED25519_WORKING) {
        uint32_t begin = DWT_CYCCNT;

        verdict = ed25519_step();
        cycles += since(begin);
    }
    outcome->curve = cycles;
    outcome->longest_step = longest;
    outcome->verdict = verdict;
}

/* The first block ever, and the constants it needs; the cost of a block more is known from messages. */
static void prepare(const struct record *record)
{
    bool hashed = false;

    ed25519_begin(&record->key, record->signature);
    ed25519_message(record->signature, sizeof record->signature);
    longest = report.preparation = 0;
    while (!hashed) {
        uint32_t begin = DWT_CYCCNT;

        hashed = ed25519_hashed();
        report.preparation += since(begin);
    }
    report.longest_preparation = longest;
}

__attribute__((noinline)) static _Noreturn void run(void)
{
    const struct record *record = (const struct record *)RECORDS_AT;

    prepare(record);
    for (report.done = 0; record->length != BLANK; report.done++) {
        verify(record, &report.outcomes[report.done]);
        record = (const struct record *)((const uint8_t *)(record + 1) + (record->length + 3) / 4 * 4);
    }
    report.complete = 1;
    for (;;) {}
}

/* HSE times 9, two wait states with the prefetch buffer on; the cycle counter on. */
__attribute__((section(".boot"))) _Noreturn void reset(void)
{
    uint32_t *to = ram_start;
    void (*volatile in_ram)(void) = run;

    for (const uint32_t *from = ram_image; to < ram_end;)
        *to++ = *from++;
    while (to < bss_end)
        *to++ = 0;
    report.complete = 0;
    FLASH_ACR = 0x12;
    RCC_CR |= 1 << 16;
    while (!(RCC_CR & 1 << 17)) {}
    RCC_CFGR = 7 << 18 | 1 << 16 | 4 << 8;
    RCC_CR |= 1 << 24;
    while (!(RCC_CR & 1 << 25)) {}
    RCC_CFGR |= 2;
    DEMCR |= 1 << 24;
    DWT_CTRL |= 1;
    in_ram();
    __builtin_unreachable();
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {(void *)STACK_TOP,
                                                                                 (void *)reset};
