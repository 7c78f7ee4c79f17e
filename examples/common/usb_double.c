/*
 * Two buffers for a bulk endpoint (RM0008 23.4.3). DTOG names the buffer that the peripheral works on,
 * SW_BUF, which is the DTOG of the direction that is not used, the program's. Where both name the same one
 * the peripheral says NAK.
 */
#include "usb_double.h"

#include "usb_endpoints.h"
#include "usb_registers.h"

enum { ENDPOINTS = 8, MAX_PACKET = 64, IN = 0x80, NUMBER = 15 };
/* Half-words in the buffer table, of buffer 0 and 1. */
enum { ADDR, COUNT, HALF, TABLE_ENTRY = 2 * HALF, TWO_LARGE_BLOCKS = 1 << 15 | 1 << 10 };

/* Of an OUT endpoint: a packet waits, and may be handed over. Of an IN one: a packet is with the peripheral,
 * and one more is in the program's buffer. */
static bool waits[ENDPOINTS], wanted[ENDPOINTS], busy[ENDPOINTS], filled[ENDPOINTS];

static reg32 *buffer_entry(unsigned number, unsigned buffer)
{
    return &USB_PACKET_MEMORY[number * TABLE_ENTRY + buffer * HALF];
}

/* Toggles these bits, leaves all else. */
static void toggle(unsigned number, uint32_t bits)
{
    uint32_t now = USB->EPR[number];

    USB->EPR[number] = (now & (USB_EP_TYPE | USB_EP_KIND | USB_EP_EA)) | USB_EP_CTR_RX | USB_EP_CTR_TX | bits;
}

/* Makes all bits that toggle as in `bits`. */
static void begin(unsigned number, uint32_t bits)
{
    const uint32_t all = USB_EP_STAT_RX | USB_EP_STAT_TX | USB_EP_DTOG_RX | USB_EP_DTOG_TX;

    toggle(number, (USB->EPR[number] ^ bits) & all);
}

/* EP_KIND is set anew, so that the first transaction is one without flow control again. */
void usb_double_restart(uint8_t endpoint)
{
    unsigned number = endpoint & NUMBER;

    waits[number] = busy[number] = filled[number] = false;
    wanted[number] = true;
    begin(number, 0);
    USB->EPR[number] = number; /* bulk; CTR flags cleared */
    USB->EPR[number] = number | USB_EP_KIND;
    begin(number, endpoint & IN ? USB_TX_NAK : USB_RX_VALID | USB_EP_DTOG_TX);
}

void usb_double_open(uint8_t endpoint, uint16_t at, uint16_t bytes)
{
    unsigned number = endpoint & NUMBER;

    for (unsigned buffer = 0; buffer < 2; buffer++) {
        buffer_entry(number, buffer)[ADDR] = at + buffer * bytes;
        buffer_entry(number, buffer)[COUNT] = endpoint & IN ? 0 : TWO_LARGE_BLOCKS;
    }
    usb_double_restart(endpoint);
}

/* The peripheral gets the program's buffer, which is empty, for the one that it has filled. */
static void hand_over(unsigned number)
{
    uint8_t packet[MAX_PACKET];

    if (!waits[number] || !wanted[number])
        return;
    waits[number] = wanted[number] = false;
    toggle(number, USB_EP_DTOG_TX);
    const reg32 *entry = buffer_entry(number, (USB->EPR[number] & USB_EP_DTOG_TX) != 0);
    const reg32 *from = &USB_PACKET_MEMORY[entry[ADDR] / 2];
    uint16_t length = entry[COUNT] & USB_COUNT_RX;
    for (unsigned i = 0; i < length && i < MAX_PACKET; i += 2) {
        uint32_t half_word = *from++;

        packet[i] = (uint8_t)half_word;
        packet[i + 1] = (uint8_t)(half_word >> 8);
    }
    usb_device_received((uint8_t)number, packet, length);
}

void usb_double_receive(unsigned number)
{
    wanted[number] = true;
    hand_over(number);
}

/* The other buffer is the program's from now on. The first packet of all starts the endpoint. */
static void give(unsigned number)
{
    bool first = (USB->EPR[number] & USB_EP_STAT_TX) != USB_TX_VALID;

    busy[number] = true;
    toggle(number, USB_EP_DTOG_RX | (first ? USB_TX_NAK ^ USB_TX_VALID : 0));
}

void usb_double_send(unsigned number, const uint8_t *data, uint16_t length)
{
    reg32 *entry = buffer_entry(number, (USB->EPR[number] & USB_EP_DTOG_RX) != 0);
    reg32 *to = &USB_PACKET_MEMORY[entry[ADDR] / 2];

    for (unsigned i = 0; i < length; i += 2)
        *to++ = data[i] | (i + 1 < length ? data[i + 1] << 8 : 0);
    entry[COUNT] = length;
    if (busy[number])
        filled[number] = true;
    else
        give(number);
}

void usb_double_transfer(unsigned number, uint32_t EPR)
{
    USB->EPR[number] = EPR & (USB_EP_TYPE | USB_EP_KIND | USB_EP_EA); /* clears the flags */
    if (EPR & USB_EP_CTR_RX) {
        waits[number] = true;
        hand_over(number);
    }
    if (EPR & USB_EP_CTR_TX) {
        busy[number] = false;
        if (filled[number]) {
            filled[number] = false;
            give(number);
        }
        usb_device_sent((uint8_t)(number | IN));
    }
}
