/* Rules on how packet memory is laid out: table entries and buffers of endpoints that are in use
 * (RM0008 23.4.2, 23.5.3). */
#include "table.h"

enum {
    RESERVED_LARGE_BLOCKS = 16, /* 512 bytes and more: beyond the memory */
    MAX_ORDINARY_PACKET = 64    /* USB 2.0 5.5.3, 5.7.3, 5.8.3 */
};

/* The peripheral may read or write the direction's buffer at any moment. A control endpoint takes a SETUP
 * whatever STAT_RX says, unless it is disabled. */
static bool in_use(uint16_t epr, enum usb_direction direction)
{
    enum usb_stat stat = fsdev_stat(epr, direction);
    if (direction == USB_RX && (epr & EPR_EP_TYPE) == EPR_CONTROL)
        return stat != STAT_DISABLED;
    return stat == STAT_VALID;
}

/* Enabled halves of the entry; a half that no direction uses may hold anything (23.5.3). */
static bool half_enabled(uint16_t epr, unsigned half)
{
    bool tx = fsdev_stat(epr, USB_TX) != STAT_DISABLED, rx = fsdev_stat(epr, USB_RX) != STAT_DISABLED;
    if (fsdev_double_buffered(epr))
        return tx || rx;
    return half == USB_RX ? rx : tx;
}

static struct usb_range table_range(const struct usb *usb, unsigned n, unsigned half)
{
    return (struct usb_range){half_enabled(usb->EPR[n], half) ? fsdev_table_address(usb, n, half) : 0,
                              half_enabled(usb->EPR[n], half) ? TABLE_HALF : 0};
}

/* The memory behind one half, empty when the peripheral does not use it. */
static struct usb_range buffer_range(const struct usb *usb, unsigned n, unsigned half)
{
    uint16_t epr = usb->EPR[n];
    bool both = fsdev_double_buffered(epr);
    if (in_use(epr, USB_RX) && (both || half == USB_RX))
        return (struct usb_range){fsdev_buffer_address(usb, n, half), fsdev_allotted(usb, n, half)};
    if (in_use(epr, USB_TX) && half == fsdev_half(epr, USB_TX))
        return (struct usb_range){fsdev_buffer_address(usb, n, half),
                                  fsdev_buffer_count(usb, n, half) & COUNT_BYTES};
    return (struct usb_range){0, 0};
}

static bool receives(uint16_t epr, unsigned half)
{
    return in_use(epr, USB_RX) && (fsdev_double_buffered(epr) || half == USB_RX);
}

static void check_count(struct device *device, unsigned n, unsigned half)
{
    uint16_t epr = usb_of(device)->EPR[n], count = fsdev_buffer_count(usb_of(device), n, half);
    unsigned blocks = count >> COUNT_NUM_BLOCK_SHIFT & COUNT_NUM_BLOCK;
    bool rx = receives(epr, half);
    if (rx && count & COUNT_BL_SIZE && blocks >= RESERVED_LARGE_BLOCKS)
        device_violation(device, FORBIDDEN, "usb-buffer-size", "EP%uR: count 0x%04x has a reserved NUM_BLOCK",
                         n, count);
    else if (rx && fsdev_count_to_size(count) == 0)
        device_violation(device, FORBIDDEN, "usb-buffer-size", "EP%uR: a receive buffer of 0 bytes", n);
    else if (!rx && (count & COUNT_BYTES) > (fsdev_isochronous(epr) ? USB_MAX_PACKET : MAX_ORDINARY_PACKET))
        device_violation(device, FORBIDDEN, "usb-transmit-length", "EP%uR: %u bytes to be sent in one packet",
                         n, count & COUNT_BYTES);
}

static void check_buffer(struct device *device, unsigned n, unsigned half)
{
    struct usb *usb = usb_of(device);
    struct usb_range buffer = buffer_range(usb, n, half);
    if (buffer.size == 0)
        return;
    if (buffer.start % 2 != 0)
        device_violation(device, FORBIDDEN, "usb-buffer-alignment", "EP%uR: buffer at odd address 0x%x", n,
                         buffer.start);
    if (buffer.start + buffer.size > usb->memory_bytes)
        device_violation(device, FORBIDDEN, "usb-buffer-range", "EP%uR: buffer 0x%x..0x%x leaves the memory",
                         n, buffer.start, buffer.start + buffer.size - 1);
    for (unsigned m = 0; m < USB_ENDPOINT_REGISTERS; m++)
        for (unsigned other = 0; other < 2; other++) {
            if (fsdev_ranges_meet(buffer, table_range(usb, m, other)))
                device_violation(device, FORBIDDEN, "usb-buffer-overlap",
                                 "EP%uR: buffer at 0x%x lies on the table entry of EP%uR", n, buffer.start,
                                 m);
            struct usb_range second = buffer_range(usb, m, other);
            if ((m != n || other != half) && second.size && fsdev_ranges_meet(buffer, second))
                device_violation(device, FORBIDDEN, "usb-buffer-overlap",
                                 "EP%uR: buffer at 0x%x lies on the one of EP%uR at 0x%x", n, buffer.start, m,
                                 second.start);
        }
}

static bool half_in_use(uint16_t epr, unsigned half)
{
    if (receives(epr, half))
        return true;
    return in_use(epr, USB_TX) && half == fsdev_half(epr, USB_TX);
}

void fsdev_check_layout(struct device *device, unsigned n)
{
    struct usb *usb = usb_of(device);
    if (!(usb->DADDR & DADDR_EF))
        return; /* it answers nobody yet */
    for (unsigned half = 0; half < 2; half++) {
        if (!half_in_use(usb->EPR[n], half))
            continue;
        unsigned entry = fsdev_table_address(usb, n, half);
        if (entry + TABLE_HALF > usb->memory_bytes) {
            device_violation(device, FORBIDDEN, "usb-table-range", "EP%uR: table entry at 0x%x", n, entry);
            continue;
        }
        bool address = fsdev_is_marked(usb->software_wrote, entry / 2);
        bool count = fsdev_is_marked(usb->software_wrote, (entry + TABLE_COUNT) / 2);
        bool size_only = address && receives(usb->EPR[n], half);
        if (!address || !count) {
            device_violation(device, size_only ? SUSPICIOUS : FORBIDDEN, "usb-table-unset",
                             "EP%uR in use before the %s of its table entry is written", n,
                             size_only ? "receive size" : "address or count");
            continue;
        }
        check_count(device, n, half);
        check_buffer(device, n, half);
    }
}
