/*
 * Packet memory (RM0008 23.4.2, 23.5.3): 512 bytes that the processor sees as half-words 4 bytes apart and
 * the USB peripheral as plain bytes. Both use it at once, so the rules on who may touch what are here too.
 */
#include "table.h"

enum { CRC_BYTES = 2 };

static void mark(uint32_t *bits, unsigned half_word)
{
    bits[half_word / 32] |= 1u << half_word % 32;
}

static bool was_written(const struct usb *usb, unsigned half_word)
{
    return fsdev_is_marked(usb->written, half_word);
}

static void put(struct usb *usb, unsigned half_word, uint16_t value)
{
    usb->packet_memory[half_word] = value;
    mark(usb->written, half_word);
}

unsigned fsdev_half(uint16_t epr, enum usb_direction direction)
{
    if (!fsdev_double_buffered(epr))
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
        bool rx = fsdev_stat(epr, USB_RX) == STAT_VALID, tx = fsdev_stat(epr, USB_TX) == STAT_VALID;
        if (fsdev_has_no_buffer(usb, *n))
            continue;
        unsigned rx_half = fsdev_half(epr, USB_RX), tx_half = fsdev_half(epr, USB_TX);
        struct usb_range rx_buffer = {fsdev_buffer_address(usb, *n, rx_half),
                                      fsdev_allotted(usb, *n, rx_half)};
        struct usb_range tx_buffer = {fsdev_buffer_address(usb, *n, tx_half),
                                      fsdev_buffer_count(usb, *n, tx_half) & COUNT_BYTES};
        struct usb_range rx_entry = {fsdev_table_address(usb, *n, rx_half), TABLE_HALF};
        struct usb_range tx_entry = {fsdev_table_address(usb, *n, tx_half), TABLE_HALF};
        if (rx && fsdev_ranges_meet(touched, rx_buffer))
            return "the receive buffer";
        if (write && tx && tx_buffer.size && fsdev_ranges_meet(touched, tx_buffer))
            return "the transmit buffer";
        if (write &&
            ((rx && fsdev_ranges_meet(touched, rx_entry)) || (tx && fsdev_ranges_meet(touched, tx_entry))))
            return "the table entry";
    }
    return NULL;
}

/* Bits 9:0 of COUNTn_RX are the peripheral's to write; what counts of a write is the size of the buffer
 * (23.5.3). ST's own library writes the size again while the endpoint is VALID. */
static bool keeps_receive_size(const struct usb *usb, unsigned n, unsigned address, uint16_t value)
{
    unsigned entry = fsdev_table_address(usb, n, fsdev_half(usb->EPR[n], USB_RX));
    return fsdev_stat(usb->EPR[n], USB_RX) == STAT_VALID && address == entry + TABLE_COUNT &&
           !((fsdev_look(usb, address) ^ value) & ~COUNT_BYTES);
}

uint32_t fsdev_memory_read(struct device *device, uint32_t offset)
{
    struct usb *usb = usb_of(device);
    unsigned half_word = (offset - USB_MEMORY_OFFSET) / usb->stride, n;
    if (offset % usb->stride) {
        device_violation(device, SUSPICIOUS, "usb-memory-access", "read of the gap at offset 0x%03x", offset);
        return 0;
    }
    if (!was_written(usb, half_word))
        device_violation(device, SUSPICIOUS, "usb-memory-unset", "packet memory 0x%03x read, never written",
                         half_word * 2);
    const char *what = owner(usb, half_word * 2, false, &n);
    if (what)
        device_violation(device, SUSPICIOUS, "packet-memory-race", "0x%03x read: %s of EP%uR, which is VALID",
                         half_word * 2, what, n);
    return usb->packet_memory[half_word];
}

void fsdev_memory_write(struct device *device, uint32_t offset, uint32_t value)
{
    struct usb *usb = usb_of(device);
    unsigned half_word = (offset - USB_MEMORY_OFFSET) / usb->stride, n;
    if (offset % usb->stride || value > UINT16_MAX)
        device_violation(device, offset % usb->stride ? FORBIDDEN : SUSPICIOUS, "usb-memory-access",
                         "write of 0x%08x at offset 0x%03x: only the low half-word is there", value, offset);
    if (offset % usb->stride)
        return;
    bool same = was_written(usb, half_word) && usb->packet_memory[half_word] == (uint16_t)value;
    const char *what = owner(usb, half_word * 2, true, &n);
    bool harmless = same || (what && keeps_receive_size(usb, n, half_word * 2, (uint16_t)value));
    if (what)
        device_violation(device, harmless ? SUSPICIOUS : FORBIDDEN, "packet-memory-race",
                         "0x%03x written: %s of EP%uR, which is VALID", half_word * 2, what, n);
    if (!same)
        device_changed(device);
    put(usb, half_word, (uint16_t)value);
    mark(usb->software_wrote, half_word);
}

unsigned fsdev_receive_size(struct device *device, unsigned n, unsigned half)
{
    const struct usb *usb = usb_of(device);
    bool known = fsdev_is_size_known(usb_of(device), n, half);
    return known ? fsdev_allotted(usb_of(device), n, half) : usb->memory_bytes;
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

void fsdev_store(struct device *device, unsigned n, unsigned half, const uint8_t *data, unsigned length)
{
    struct usb *usb = usb_of(device);
    unsigned start = fsdev_buffer_address(usb, n, half), size = fsdev_receive_size(device, n, half);
    uint16_t crc = crc16(data, length);
    for (unsigned i = 0; i < length + CRC_BYTES && i < size; i++) {
        unsigned address = (start + i) % usb->memory_bytes;
        uint8_t byte = i < length ? data[i] : (uint8_t)(crc >> 8 * (i - length));
        uint16_t old = usb->packet_memory[address / 2];
        put(usb, address / 2, (uint16_t)(address % 2 ? (old & 0xFF) | byte << 8 : (old & 0xFF00) | byte));
    }
}

void fsdev_set_received(struct device *device, unsigned n, unsigned half, unsigned length)
{
    struct usb *usb = usb_of(device);
    unsigned address = (fsdev_table_address(usb, n, half) + TABLE_COUNT) % usb->memory_bytes;
    put(usb, address / 2, (uint16_t)((fsdev_look(usb_of(device), address) & ~COUNT_BYTES) | length));
}

unsigned fsdev_fetch(struct device *device, unsigned n, unsigned half, uint8_t data[USB_MAX_PACKET])
{
    const struct usb *usb = usb_of(device);
    unsigned start = fsdev_buffer_address(usb, n, half),
             length = fsdev_buffer_count(usb, n, half) & COUNT_BYTES;
    bool unset = false;
    for (unsigned i = 0; i < length; i++) {
        unsigned address = (start + i) % usb->memory_bytes;
        data[i] = (uint8_t)(usb->packet_memory[address / 2] >> (address % 2 ? 8 : 0));
        unset |= !was_written(usb, address / 2);
    }
    if (unset)
        device_violation(device, SUSPICIOUS, "usb-memory-unset", "EP%uR sends %u bytes, some never written",
                         n, length);
    return length;
}
