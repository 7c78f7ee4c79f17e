/*
 * What bench/mips.c runs: the mix of an ordinary program (byte-wise CRC with a table, sorting, string and
 * structure handling, multiplication and division) in an endless loop, at 72 MHz. No peripheral, no sleep.
 */
#include <stddef.h>
#include <stdint.h>

enum { WORDS = 256, TABLE = 256, TOP_OF_RAM = 0x20005000 };

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define RCC_CR            REGISTER(0x40021000)
#define RCC_CFGR          REGISTER(0x40021004)
#define FLASH_ACR         REGISTER(0x40022000)

struct item {
    struct item *next;
    uint32_t key;
    uint8_t name[8];
};

static uint32_t table[TABLE];
static struct item items[WORDS];
volatile uint32_t result;

static void fill_table(void)
{
    for (uint32_t i = 0; i < TABLE; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
        table[i] = crc;
    }
}

static uint32_t crc32(const uint8_t *bytes, size_t length)
{
    uint32_t crc = UINT32_MAX;
    while (length--)
        crc = crc >> 8 ^ table[(crc ^ *bytes++) & 0xFF];
    return ~crc;
}

static void name(struct item *item)
{
    uint32_t number = item->key;
    for (int i = 7; i >= 0; i--) {
        item->name[i] = (uint8_t)('0' + number % 10);
        number /= 10;
    }
}

static void make_items(uint32_t seed)
{
    for (int i = 0; i < WORDS; i++) {
        seed = seed * 1664525 + 1013904223;
        items[i].key = seed;
        items[i].next = i ? &items[i - 1] : NULL;
        name(&items[i]);
    }
}

static struct item *sort(struct item *list)
{
    struct item *sorted = NULL;
    while (list) {
        struct item *item = list, **at = &sorted;
        list = list->next;
        while (*at && (*at)->key < item->key)
            at = &(*at)->next;
        item->next = *at;
        *at = item;
    }
    return sorted;
}

/* HSE times 9, two wait states with the prefetch buffer on. */
static void run_at_72_mhz(void)
{
    FLASH_ACR = 0x12;
    RCC_CR |= 1 << 16;
    while (!(RCC_CR & 1 << 17))
        ;
    RCC_CFGR = 7 << 18 | 1 << 16 | 4 << 8;
    RCC_CR |= 1 << 24;
    while (!(RCC_CR & 1 << 25))
        ;
    RCC_CFGR |= 2;
}

_Noreturn void reset(void)
{
    run_at_72_mhz();
    fill_table();
    for (uint32_t seed = 1;; seed++) {
        make_items(seed);
        uint32_t sum = sort(&items[WORDS - 1])->key;
        result = sum + crc32((const uint8_t *)items, sizeof items);
    }
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {(void *)TOP_OF_RAM,
                                                                                 (void *)reset};
