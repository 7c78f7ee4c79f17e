/*
 * Packet memory and the buffer description table in it (RM0008 23.4.2, 23.5.3): 512 bytes that the processor
 * sees as half-words 4 bytes apart and the USB peripheral as plain bytes. Both use it at once, so the rules
 * on who may touch what are here too.
 */
#include "usb_registers.h"

enum {
    TABLE_ENTRY = 8, /* bytes of an endpoint */
    TABLE_HALF = 4,  /* address, count */
    TABLE_COUNT = 2, /* offset of the count */
    COUNT_BYTES = 0x3FF,
    COUNT_NUM_BLOCK_SHIFT = 10,
    COUNT_NUM_BLOCK = 31,
    COUNT_BL_SIZE = 1 << 15,
    SMALL_BLOCK = 2,
    LARGE_BLOCK = 32,
    RESERVED_LARGE_BLOCKS = 16, /* 512 bytes and more: beyond the memory */
    MAX_ORDINARY_PACKET = 64,   /* USB 2.0 5.5.3, 5.7.3, 5.8.3 */
    CRC_BYTES = 2
};

struct range {
    unsigned start, size;
};

static bool ranges_meet(struct range a, struct range b)
{
    return a.start < b.start + b.size && b.start < a.start + a.size;
}

static bool was_written(const struct usb *usb, unsigned half_word)
{
    return usb->written[half_word / 32] >> half_word % 32 & 1;
}

static void put(struct usb *usb, unsigned half_word, uint16_t value)
{
    usb->packet_memory[half_word] = value;
    usb->written[half_word / 32] |= 1u << half_word % 32;
}

static unsigned table_address(const struct usb *usb, unsigned n, unsigned half)
{
    return usb->BTABLE + n * TABLE_ENTRY + half * TABLE_HALF;
}

static uint16_t look(const struct usb *usb, unsigned address)
{
    return usb->packet_memory[address % USB_MEMORY_BYTES / 2];
}

static unsigned buffer_address(const struct usb *usb, unsigned n, unsigned half)
{
    return look(usb, table_address(usb, n, half));
}

static uint16_t buffer_count(const struct usb *usb, unsigned n, unsigned half)
{
    return look(usb, table_address(usb, n, half) + TABLE_COUNT);
}

static unsigned count_to_size(uint16_t count)
{
    unsigned blocks = count >> COUNT_NUM_BLOCK_SHIFT & COUNT_NUM_BLOCK;
    return count & COUNT_BL_SIZE ? (blocks + 1) * LARGE_BLOCK : blocks * SMALL_BLOCK;
}

unsigned usb_half(uint16_t epr, enum usb_direction direction)
{
    if (!usb_double_buffered(epr))
        return direction;
    return (epr & (direction == USB_RX ? EPR_DTOG_RX : EPR_DTOG_TX)) != 0;
}

/* The peripheral may read or write the direction's buffer at any moment. A control endpoint takes a SETUP
 * whatever STAT_RX says, unless it is disabled. */
static bool in_use(uint16_t epr, enum usb_direction direction)
{
    enum usb_stat stat = usb_stat(epr, direction);
    if (direction == USB_RX && (epr & EPR_EP_TYPE) == EPR_CONTROL)
        return stat != STAT_DISABLED;
    return stat == STAT_VALID;
}

/* Enabled halves of the entry; a half that no direction uses may hold anything (23.5.3). */
static bool half_enabled(uint16_t epr, unsigned half)
{
    bool tx = usb_stat(epr, USB_TX) != STAT_DISABLED, rx = usb_stat(epr, USB_RX) != STAT_DISABLED;
    if (usb_double_buffered(epr))
        return tx || rx;
    return half == USB_RX ? rx : tx;
}

static struct range table_range(const struct usb *usb, unsigned n, unsigned half)
{
    return (struct range){half_enabled(usb->EPR[n], half) ? table_address(usb, n, half) : 0,
                          half_enabled(usb->EPR[n], half) ? TABLE_HALF : 0};
}

/* The memory behind one half, empty when the peripheral does not use it. */
static struct range buffer_range(const struct usb *usb, unsigned n, unsigned half)
{
    uint16_t epr = usb->EPR[n];
    bool both = usb_double_buffered(epr);
    if (in_use(epr, USB_RX) && (both || half == USB_RX))
        return (struct range){buffer_address(usb, n, half), count_to_size(buffer_count(usb, n, half))};
    if (in_use(epr, USB_TX) && half == usb_half(epr, USB_TX))
        return (struct range){buffer_address(usb, n, half), buffer_count(usb, n, half) & COUNT_BYTES};
    return (struct range){0, 0};
}

static void check_count(struct stm32f103 *chip, unsigned n, unsigned half)
{
    uint16_t epr = chip->usb.EPR[n], count = buffer_count(&chip->usb, n, half);
    unsigned blocks = count >> COUNT_NUM_BLOCK_SHIFT & COUNT_NUM_BLOCK;
    bool receives = in_use(epr, USB_RX) && (usb_double_buffered(epr) || half == USB_RX);
    if (receives && count & COUNT_BL_SIZE && blocks >= RESERVED_LARGE_BLOCKS)
        stm32f103_violation(chip, FORBIDDEN, "usb-buffer-size",
                            "EP%uR: count 0x%04x has a reserved NUM_BLOCK", n, count);
    else if (receives && count_to_size(count) == 0)
        stm32f103_violation(chip, FORBIDDEN, "usb-buffer-size", "EP%uR: a receive buffer of 0 bytes", n);
    else if (!receives && count > (usb_isochronous(epr) ? USB_MAX_PACKET : MAX_ORDINARY_PACKET))
        stm32f103_violation(chip, FORBIDDEN, "usb-transmit-length",
                            "EP%uR: %u bytes to be sent in one packet", n, count);
}

static void check_buffer(struct stm32f103 *chip, unsigned n, unsigned half)
{
    struct usb *usb = &chip->usb;
    struct range buffer = buffer_range(usb, n, half);
    if (buffer.size == 0)
        return;
    if (buffer.start % 2 != 0)
        stm32f103_violation(chip, FORBIDDEN, "usb-buffer-alignment", "EP%uR: buffer at odd address 0x%x", n,
                            buffer.start);
    if (buffer.start + buffer.size > USB_MEMORY_BYTES)
        stm32f103_violation(chip, FORBIDDEN, "usb-buffer-range", "EP%uR: buffer 0x%x..0x%x leaves the memory",
                            n, buffer.start, buffer.start + buffer.size - 1);
    for (unsigned m = 0; m < USB_ENDPOINT_REGISTERS; m++)
        for (unsigned other = 0; other < 2; other++) {
            if (ranges_meet(buffer, table_range(usb, m, other)))
                stm32f103_violation(chip, FORBIDDEN, "usb-buffer-overlap",
                                    "EP%uR: buffer at 0x%x lies on the table entry of EP%uR", n, buffer.start,
                                    m);
            struct range second = buffer_range(usb, m, other);
            if ((m != n || other != half) && second.size && ranges_meet(buffer, second))
                stm32f103_violation(chip, FORBIDDEN, "usb-buffer-overlap",
                                    "EP%uR: buffer at 0x%x lies on the one of EP%uR at 0x%x", n, buffer.start,
                                    m, second.start);
        }
}

static bool half_in_use(uint16_t epr, unsigned half)
{
    if (in_use(epr, USB_RX) && (usb_double_buffered(epr) || half == USB_RX))
        return true;
    return in_use(epr, USB_TX) && half == usb_half(epr, USB_TX);
}

void usb_check_layout(struct stm32f103 *chip, unsigned n)
{
    struct usb *usb = &chip->usb;
    for (unsigned half = 0; half < 2; half++) {
        if (!half_in_use(usb->EPR[n], half))
            continue;
        unsigned entry = table_address(usb, n, half);
        if (entry + TABLE_HALF > USB_MEMORY_BYTES) {
            stm32f103_violation(chip, FORBIDDEN, "usb-table-range", "EP%uR: table entry at 0x%x", n, entry);
            continue;
        }
        if (!was_written(usb, entry / 2) || !was_written(usb, (entry + TABLE_COUNT) / 2)) {
            stm32f103_violation(chip, FORBIDDEN, "usb-table-unset", "EP%uR in use before its table entry is",
                                n);
            continue;
        }
        check_count(chip, n, half);
        check_buffer(chip, n, half);
    }
}

/* The peripheral owns this half-word now: what is read or written there races with it. */
static const char *owner(const struct usb *usb, unsigned address, bool write, unsigned *n)
{
    if (!(usb->DADDR & DADDR_EF))
        return NULL; /* it answers nobody, as after a bus reset (RM0008 23.4.2) */
    struct range touched = {address, 2};
    for (*n = 0; *n < USB_ENDPOINT_REGISTERS; ++*n) {
        uint16_t epr = usb->EPR[*n];
        bool rx = usb_stat(epr, USB_RX) == STAT_VALID, tx = usb_stat(epr, USB_TX) == STAT_VALID;
        bool conflict =
            usb_double_buffered(epr) && !usb_isochronous(epr) && !(epr & EPR_DTOG_RX) == !(epr & EPR_DTOG_TX);
        if (conflict)
            continue;
        unsigned rx_half = usb_half(epr, USB_RX), tx_half = usb_half(epr, USB_TX);
        struct range rx_buffer = {buffer_address(usb, *n, rx_half),
                                  count_to_size(buffer_count(usb, *n, rx_half))};
        struct range tx_buffer = {buffer_address(usb, *n, tx_half),
                                  buffer_count(usb, *n, tx_half) & COUNT_BYTES};
        struct range rx_entry = {table_address(usb, *n, rx_half), TABLE_HALF};
        struct range tx_entry = {table_address(usb, *n, tx_half), TABLE_HALF};
        if (rx && ranges_meet(touched, rx_buffer))
            return "the receive buffer";
        if (write && tx && tx_buffer.size && ranges_meet(touched, tx_buffer))
            return "the transmit buffer";
        if (write && ((rx && ranges_meet(touched, rx_entry)) || (tx && ranges_meet(touched, tx_entry))))
            return "the table entry";
    }
    return NULL;
}

uint32_t usb_memory_read(struct stm32f103 *chip, uint32_t offset)
{
    struct usb *usb = &chip->usb;
    unsigned half_word = (offset - USB_MEMORY_OFFSET) / 4, n;
    if (offset % 4) {
        stm32f103_violation(chip, FORBIDDEN, "usb-memory-access", "read of the gap at offset 0x%03x", offset);
        return 0;
    }
    if (!was_written(usb, half_word))
        stm32f103_violation(chip, SUSPICIOUS, "usb-memory-unset", "packet memory 0x%03x read, never written",
                            half_word * 2);
    const char *what = owner(usb, half_word * 2, false, &n);
    if (what)
        stm32f103_violation(chip, SUSPICIOUS, "packet-memory-race",
                            "0x%03x read: %s of EP%uR, which is VALID", half_word * 2, what, n);
    return usb->packet_memory[half_word];
}

void usb_memory_write(struct stm32f103 *chip, uint32_t offset, uint32_t value)
{
    struct usb *usb = &chip->usb;
    unsigned half_word = (offset - USB_MEMORY_OFFSET) / 4, n;
    if (offset % 4 || value > UINT16_MAX) {
        stm32f103_violation(chip, FORBIDDEN, "usb-memory-access",
                            "write of 0x%08x at offset 0x%03x: only the low half-word is there", value,
                            offset);
        if (offset % 4)
            return;
    }
    const char *what = owner(usb, half_word * 2, true, &n);
    if (what)
        stm32f103_violation(chip, FORBIDDEN, "packet-memory-race",
                            "0x%03x written: %s of EP%uR, which is VALID", half_word * 2, what, n);
    if (!was_written(usb, half_word) || usb->packet_memory[half_word] != (uint16_t)value)
        chip->cpu.side_effects++;
    put(usb, half_word, (uint16_t)value);
}

unsigned usb_receive_size(struct stm32f103 *chip, unsigned n, unsigned half)
{
    return count_to_size(buffer_count(&chip->usb, n, half));
}

static uint16_t crc16(const uint8_t *data, unsigned length)
{
    enum { REVERSED_POLYNOMIAL = 0xA001 }; /* USB 2.0 8.3.5.2 */
    uint16_t crc = 0xFFFF;
    for (unsigned i = 0; i < length; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc >> 1 ^ (crc & 1 ? REVERSED_POLYNOMIAL : 0));
    }
    return (uint16_t)~crc;
}

void usb_store(struct stm32f103 *chip, unsigned n, unsigned half, const uint8_t *data, unsigned length)
{
    struct usb *usb = &chip->usb;
    unsigned start = buffer_address(usb, n, half), size = usb_receive_size(chip, n, half);
    uint16_t crc = crc16(data, length);
    for (unsigned i = 0; i < length + CRC_BYTES && i < size; i++) {
        unsigned address = (start + i) % USB_MEMORY_BYTES;
        uint8_t byte = i < length ? data[i] : (uint8_t)(crc >> 8 * (i - length));
        uint16_t old = usb->packet_memory[address / 2];
        put(usb, address / 2, (uint16_t)(address % 2 ? (old & 0xFF) | byte << 8 : (old & 0xFF00) | byte));
    }
}

void usb_set_received(struct stm32f103 *chip, unsigned n, unsigned half, unsigned length)
{
    unsigned address = (table_address(&chip->usb, n, half) + TABLE_COUNT) % USB_MEMORY_BYTES;
    put(&chip->usb, address / 2, (uint16_t)((look(&chip->usb, address) & ~COUNT_BYTES) | length));
}

unsigned usb_fetch(struct stm32f103 *chip, unsigned n, unsigned half, uint8_t data[USB_MAX_PACKET])
{
    const struct usb *usb = &chip->usb;
    unsigned start = buffer_address(usb, n, half), length = buffer_count(usb, n, half) & COUNT_BYTES;
    bool unset = false;
    for (unsigned i = 0; i < length; i++) {
        unsigned address = (start + i) % USB_MEMORY_BYTES;
        data[i] = (uint8_t)(usb->packet_memory[address / 2] >> (address % 2 ? 8 : 0));
        unset |= !was_written(usb, address / 2);
    }
    if (unset)
        stm32f103_violation(chip, SUSPICIOUS, "usb-memory-unset", "EP%uR sends %u bytes, some never written",
                            n, length);
    return length;
}
