/* A board of libvboard for tests of its functions. Where no example's firmware does what a test needs, the
 * test itself works the registers while the processor goes in a loop. */
#pragma once

#include "../usb_protocol.h"
#include "chip_test.h"
#include "library/private.h"

#include <unistd.h>

static const char blink[] = "build/examples/blink/blink-high.elf";
static const char cdc_echo[] = "build/examples/cdc-echo/cdc-echo-high.elf";
static const char bulk_echo[] = "build/examples/bulk-echo/bulk-echo-high.elf";

enum { SECOND = 1000000, MILLISECOND = 1000, HSI_MHZ = 8 };
enum { STALL_REQUEST = 0x7F, DATA_OUT = 0x01, DATA_IN = 0x81, NOTIFICATION_IN = 0x82 };

/* The stack pointer, the reset vector, and from 0x08000008 on what it points to. */
static const uint8_t loop[] = {0x00, 0x50, 0x00, 0x20, 0x09, 0x00, 0x00, 0x08, 0xFE, 0xE7};      /* b . */
static const uint8_t undefined[] = {0x00, 0x50, 0x00, 0x20, 0x09, 0x00, 0x00, 0x08, 0x00, 0xDE}; /* udf #0 */

#define assert_ok(board, call)                                                                               \
    do {                                                                                                     \
        enum vboard_status status_ = (call);                                                                 \
        if (status_ != VBOARD_OK)                                                                            \
            fail_msg("%s: %d, %s", #call, status_, vboard_error(board));                                     \
    } while (0)

#define assert_says(board, text)                                                                             \
    do {                                                                                                     \
        if (!strstr(vboard_error(board), text))                                                              \
            fail_msg("'%s' does not say '%s'", vboard_error(board), text);                                   \
    } while (0)

static inline struct vboard *running(const char *name, const struct vboard_options *options,
                                     const void *program, size_t length)
{
    struct vboard *board = vboard_new(name, options);
    assert_non_null(board);
    assert_ok(board, vboard_load(board, FLASH_AT, program, length));
    vboard_power(board, true);
    return board;
}

static inline struct vboard *looping(void)
{
    return running("BLUEPILL", NULL, loop, sizeof loop);
}

static inline struct vboard *with_file(const char *path)
{
    struct vboard *board = vboard_new("BLUEPILL", NULL);
    assert_non_null(board);
    assert_ok(board, vboard_load_file(board, path, 0));
    vboard_power(board, true);
    return board;
}

static inline void write_register(struct vboard *board, uint32_t address, unsigned size, uint32_t value)
{
    assert_true(bus_write(&board->board->chip, address, size, value));
}

static inline void set(struct vboard *board, uint32_t address, uint32_t value)
{
    write_register(board, address, 4, value);
}

static inline uint32_t value_of(struct vboard *board, uint32_t address)
{
    uint32_t value = 0;
    assert_true(bus_read(&board->board->chip, address, 4, &value));
    return value;
}

static inline bool never(struct vboard *board, void *context)
{
    (void)board, (void)context;
    return false;
}

enum { UE_TE_RE = 0x200C, RXNE = 1 << 5 };

static inline void open_usart1(struct vboard *board)
{
    set(board, RCC(RCC_APB2ENR), APB2ENR_ALL_PORTS | 1 << 14);
    set(board, GPIO('A', GPIO_CRH), 0x444444B4); /* PA9: alternate function, push-pull */
    set(board, USART1(USART_BRR), 69);           /* 115200 baud */
    set(board, USART1(USART_CR1), UE_TE_RE);
    assert_ok(board, vboard_run(board, MILLISECOND));
}

static inline void program(struct vboard *board, uint32_t address, uint16_t value)
{
    if (value_of(board, FLASH(FLASH_CR)) & 1 << 7) {
        set(board, FLASH(FLASH_KEYR), 0x45670123);
        set(board, FLASH(FLASH_KEYR), 0xCDEF89AB);
        set(board, FLASH(FLASH_CR), 1);
    }
    write_register(board, address, 2, value);
    assert_ok(board, vboard_run(board, MILLISECOND));
}
