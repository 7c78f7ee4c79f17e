/*
 * Packet memory (RM0008 23.4.2, 23.5.3): 512 bytes that the processor sees as half-words 4 bytes apart and
 * the USB peripheral as plain bytes. Both use it at once, so the rules on who may touch what are here too.
 */
#include "usb_table.h"

enum { CRC_BYTES = 2 };

static void mark(uint32_t bits[8], unsigned half_word)
{
    bits[half_word / 32] |= 1u << half_word % 32;
}

static bool was_written(const struct usb *usb, unsigned half_word)
{
    return usb_is_marked(usb->written, half_word);
}

static void put(struct usb *usb, unsigned half_word, uint16_t value)
{
    usb->packet_memory[half_word] = value;
    mark(usb->written, half_word);
}

unsigned usb_half(uint16_t epr, enum usb_direction direction)
{
    if (!usb_double_buffered(epr))
        return direction;
    return (epr & (direction == USB_RX ? EPR_DTOG_RX : EPR_DTOG_TX)) != 0;
}

/* The peripheral owns this half-word now: what is read or written there races with it. */
static const char *owner(const struct usb *usb, unsigned address, bool write, unsigned *n)
{
    if (!(usb->DADDR & DADDR_EF))
        return NULL; /* it answers nobody, as after a bus reset (RM0008 23.4.2) */
    struct usb_range touched = {address, 2};
    for (*n = 0; *n < USB_ENDPOINT_REGISTERS; ++*n) {
        uint16_t epr = usb->EPR[*n];
        bool rx = usb_stat(epr, USB_RX) == STAT_VALID, tx = usb_stat(epr, USB_TX) == STAT_VALID;
        if (usb_has_no_buffer(usb, *n))
            continue;
        unsigned rx_half = usb_half(epr, USB_RX), tx_half = usb_half(epr, USB_TX);
        struct usb_range rx_buffer = {usb_buffer_address(usb, *n, rx_half), usb_allotted(usb, *n, rx_half)};
        struct usb_range tx_buffer = {usb_buffer_address(usb, *n, tx_half),
                                      usb_buffer_count(usb, *n, tx_half) & COUNT_BYTES};
        struct usb_range rx_entry = {usb_table_address(usb, *n, rx_half), TABLE_HALF};
        struct usb_range tx_entry = {usb_table_address(usb, *n, tx_half), TABLE_HALF};
        if (rx && usb_ranges_meet(touched, rx_buffer))
            return "the receive buffer";
        if (write && tx && tx_buffer.size && usb_ranges_meet(touched, tx_buffer))
            return "the transmit buffer";
        if (write &&
            ((rx && usb_ranges_meet(touched, rx_entry)) || (tx && usb_ranges_meet(touched, tx_entry))))
            return "the table entry";
    }
    return NULL;
}

/* Bits 9:0 of COUNTn_RX are the peripheral's to write; what counts of a write is the size of the buffer
 * (23.5.3). ST's own library writes the size again while the endpoint is VALID. */
static bool keeps_receive_size(const struct usb *usb, unsigned n, unsigned address, uint16_t value)
{
    unsigned entry = usb_table_address(usb, n, usb_half(usb->EPR[n], USB_RX));
    return usb_stat(usb->EPR[n], USB_RX) == STAT_VALID && address == entry + TABLE_COUNT &&
           !((usb_look(usb, address) ^ value) & ~COUNT_BYTES);
}

uint32_t usb_memory_read(struct chip *chip, uint32_t offset)
{
    struct usb *usb = &chip->usb;
    unsigned half_word = (offset - USB_MEMORY_OFFSET) / 4, n;
    if (offset % 4) {
        chip_violation(chip, SUSPICIOUS, "usb-memory-access", "read of the gap at offset 0x%03x", offset);
        return 0;
    }
    if (!was_written(usb, half_word))
        chip_violation(chip, SUSPICIOUS, "usb-memory-unset", "packet memory 0x%03x read, never written",
                       half_word * 2);
    const char *what = owner(usb, half_word * 2, false, &n);
    if (what)
        chip_violation(chip, SUSPICIOUS, "packet-memory-race", "0x%03x read: %s of EP%uR, which is VALID",
                       half_word * 2, what, n);
    return usb->packet_memory[half_word];
}

void usb_memory_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    struct usb *usb = &chip->usb;
    unsigned half_word = (offset - USB_MEMORY_OFFSET) / 4, n;
    if (offset % 4 || value > UINT16_MAX)
        chip_violation(chip, offset % 4 ? FORBIDDEN : SUSPICIOUS, "usb-memory-access",
                       "write of 0x%08x at offset 0x%03x: only the low half-word is there", value, offset);
    if (offset % 4)
        return;
    bool same = was_written(usb, half_word) && usb->packet_memory[half_word] == (uint16_t)value;
    const char *what = owner(usb, half_word * 2, true, &n);
    bool harmless = same || (what && keeps_receive_size(usb, n, half_word * 2, (uint16_t)value));
    if (what)
        chip_violation(chip, harmless ? SUSPICIOUS : FORBIDDEN, "packet-memory-race",
                       "0x%03x written: %s of EP%uR, which is VALID", half_word * 2, what, n);
    if (!same)
        chip->cpu.side_effects++;
    put(usb, half_word, (uint16_t)value);
    mark(usb->software_wrote, half_word);
}

unsigned usb_receive_size(struct chip *chip, unsigned n, unsigned half)
{
    bool known = usb_is_size_known(&chip->usb, n, half);
    return known ? usb_allotted(&chip->usb, n, half) : USB_MEMORY_BYTES;
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

void usb_store(struct chip *chip, unsigned n, unsigned half, const uint8_t *data, unsigned length)
{
    struct usb *usb = &chip->usb;
    unsigned start = usb_buffer_address(usb, n, half), size = usb_receive_size(chip, n, half);
    uint16_t crc = crc16(data, length);
    for (unsigned i = 0; i < length + CRC_BYTES && i < size; i++) {
        unsigned address = (start + i) % USB_MEMORY_BYTES;
        uint8_t byte = i < length ? data[i] : (uint8_t)(crc >> 8 * (i - length));
        uint16_t old = usb->packet_memory[address / 2];
        put(usb, address / 2, (uint16_t)(address % 2 ? (old & 0xFF) | byte << 8 : (old & 0xFF00) | byte));
    }
}

void usb_set_received(struct chip *chip, unsigned n, unsigned half, unsigned length)
{
    unsigned address = (usb_table_address(&chip->usb, n, half) + TABLE_COUNT) % USB_MEMORY_BYTES;
    put(&chip->usb, address / 2, (uint16_t)((usb_look(&chip->usb, address) & ~COUNT_BYTES) | length));
}

unsigned usb_fetch(struct chip *chip, unsigned n, unsigned half, uint8_t data[USB_MAX_PACKET])
{
    const struct usb *usb = &chip->usb;
    unsigned start = usb_buffer_address(usb, n, half), length = usb_buffer_count(usb, n, half) & COUNT_BYTES;
    bool unset = false;
    for (unsigned i = 0; i < length; i++) {
        unsigned address = (start + i) % USB_MEMORY_BYTES;
        data[i] = (uint8_t)(usb->packet_memory[address / 2] >> (address % 2 ? 8 : 0));
        unset |= !was_written(usb, address / 2);
    }
    if (unset)
        chip_violation(chip, SUSPICIOUS, "usb-memory-unset", "EP%uR sends %u bytes, some never written", n,
                       length);
    return length;
}
