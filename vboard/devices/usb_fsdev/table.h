/* The buffer description table in packet memory as the USB peripheral reads it (RM0008 23.5.3). */
#pragma once

#include "private.h"

enum {
    TABLE_ENTRY = 8, /* bytes of an endpoint */
    TABLE_HALF = 4,  /* address, count */
    TABLE_COUNT = 2, /* offset of the count */
    COUNT_BYTES = 0x3FF,
    COUNT_NUM_BLOCK_SHIFT = 10,
    COUNT_NUM_BLOCK = 31,
    COUNT_BL_SIZE = 1 << 15,
    SMALL_BLOCK = 2,
    LARGE_BLOCK = 32
};

struct usb_range {
    unsigned start, size;
};

static inline bool fsdev_ranges_meet(struct usb_range a, struct usb_range b)
{
    return a.start < b.start + b.size && b.start < a.start + a.size;
}

static inline bool fsdev_is_marked(const uint32_t *bits, unsigned half_word)
{
    return bits[half_word / 32] >> half_word % 32 & 1;
}

static inline unsigned fsdev_table_address(const struct usb *usb, unsigned n, unsigned half)
{
    return usb->BTABLE + n * TABLE_ENTRY + half * TABLE_HALF;
}

static inline uint16_t fsdev_look(const struct usb *usb, unsigned address)
{
    return usb->packet_memory[address % usb->memory_bytes / 2];
}

static inline unsigned fsdev_buffer_address(const struct usb *usb, unsigned n, unsigned half)
{
    return fsdev_look(usb, fsdev_table_address(usb, n, half));
}

static inline uint16_t fsdev_buffer_count(const struct usb *usb, unsigned n, unsigned half)
{
    return fsdev_look(usb, fsdev_table_address(usb, n, half) + TABLE_COUNT);
}

static inline unsigned fsdev_count_to_size(uint16_t count)
{
    unsigned blocks = count >> COUNT_NUM_BLOCK_SHIFT & COUNT_NUM_BLOCK;
    return count & COUNT_BL_SIZE ? (blocks + 1) * LARGE_BLOCK : blocks * SMALL_BLOCK;
}

/* Whether the software ever said the size of the buffer. */
static inline bool fsdev_is_size_known(const struct usb *usb, unsigned n, unsigned half)
{
    unsigned entry = (fsdev_table_address(usb, n, half) + TABLE_COUNT) % usb->memory_bytes;
    return fsdev_is_marked(usb->software_wrote, entry / 2);
}

/* Bytes set aside for reception; 0 where that is not known. */
static inline unsigned fsdev_allotted(const struct usb *usb, unsigned n, unsigned half)
{
    return fsdev_is_size_known(usb, n, half) ? fsdev_count_to_size(fsdev_buffer_count(usb, n, half)) : 0;
}
