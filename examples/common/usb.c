/* The USB peripheral: endpoints, packet memory, interrupt (RM0008 23, RM0038 23). */
#include "usb.h"

#include "chip.h" // usb_connect, RCC
#include "clock.h"
#include "startup.h"
#include "usb_double.h"
#include "usb_endpoints.h"
#include "usb_registers.h"

enum { ENDPOINTS = 8, MAX_PACKET = 64 };
/* Packet memory, in bytes: buffer table, then buffers from the bottom up. */
enum { TABLE_BYTES = 64, MEMORY_BYTES = 512 };
/* Half-words of an endpoint in the buffer table. */
enum { ADDR_TX, COUNT_TX, ADDR_RX, COUNT_RX, TABLE_ENTRY };
/* Fields of an endpoint descriptor (USB 2.0 table 9-13). */
enum { bEndpointAddress = 2, bmAttributes, wMaxPacketSize };
enum { IN = 0x80, NUMBER = 15, BULK = 2 };

#define CONTROL_TYPE (1u << 9)

static uint16_t memory_used;

static reg32 *table(unsigned number)
{
    return &USB_PACKET_MEMORY[number * TABLE_ENTRY];
}

/* Bits of `mask` become as in `bits`: they toggle where 1 is written. Writing 1 to a CTR flag keeps it. */
static void change(unsigned number, uint32_t mask, uint32_t bits)
{
    uint32_t now = USB->EPR[number];

    USB->EPR[number] = ((now ^ bits) & mask) | (now & (USB_EP_TYPE | USB_EP_KIND | USB_EP_EA)) |
                       USB_EP_CTR_RX | USB_EP_CTR_TX;
}

static void clear_flag(unsigned number, uint32_t flag)
{
    uint32_t now = USB->EPR[number];

    USB->EPR[number] =
        (now & (USB_EP_TYPE | USB_EP_KIND | USB_EP_EA)) | (USB_EP_CTR_RX ^ USB_EP_CTR_TX ^ flag);
}

static bool is_double(unsigned number)
{
    return USB_DOUBLE_BUFFERED && (USB->EPR[number] & (USB_EP_TYPE | USB_EP_KIND)) == USB_EP_KIND;
}

static uint16_t allocate(uint16_t bytes)
{
    uint16_t at = memory_used;

    memory_used += bytes;
    return at;
}

static void give_transmit_buffer(unsigned number, uint16_t bytes)
{
    table(number)[ADDR_TX] = allocate((bytes + 1u) & ~1u);
    table(number)[COUNT_TX] = 0;
}

/* Blocks of 2 bytes up to 62, of 32 above (RM0008 table 174). */
static void give_receive_buffer(unsigned number, uint16_t bytes)
{
    unsigned large = bytes > 62, block = large ? 32 : 2, blocks = (bytes + block - 1) / block;

    table(number)[ADDR_RX] = allocate((uint16_t)(blocks * block));
    table(number)[COUNT_RX] = large << 15 | (blocks - large) << 10;
}

void usb_endpoint_open(const uint8_t *descriptor)
{
    static const uint16_t type[] = {1u << 9, 2u << 9, 0u << 9, 3u << 9}; /* by bmAttributes: table 163 */
    uint8_t address = descriptor[bEndpointAddress];
    unsigned number = address & NUMBER;
    uint16_t bytes = (uint16_t)(descriptor[wMaxPacketSize] | descriptor[wMaxPacketSize + 1] << 8);

    if (USB_DOUBLE_BUFFERED && descriptor[bmAttributes] == BULK) {
        usb_double_open(address, allocate(2 * bytes), bytes);
        return;
    }
    USB->EPR[number] = type[descriptor[bmAttributes] & 3] | number | USB_EP_CTR_RX | USB_EP_CTR_TX;
    if (address & IN) {
        give_transmit_buffer(number, bytes);
        change(number, USB_EP_STAT_TX | USB_EP_DTOG_TX, USB_TX_NAK);
    } else {
        give_receive_buffer(number, bytes);
        change(number, USB_EP_STAT_RX | USB_EP_DTOG_RX, USB_RX_VALID);
    }
}

void usb_endpoints_close(void)
{
    for (unsigned number = 1; number < ENDPOINTS; number++)
        if (USB->EPR[number] & (USB_EP_STAT_RX | USB_EP_STAT_TX)) {
            change(number, USB_EP_STAT_RX | USB_EP_STAT_TX, 0);
            clear_flag(number, USB_EP_CTR_RX);
            clear_flag(number, USB_EP_CTR_TX);
        }
    memory_used = TABLE_BYTES + 2 * USB_CONTROL_PACKET;
}

bool usb_endpoint_exists(uint8_t endpoint)
{
    unsigned number = endpoint & NUMBER;

    return number < ENDPOINTS && USB->EPR[number] & (endpoint & IN ? USB_EP_STAT_TX : USB_EP_STAT_RX);
}

bool usb_endpoint_halted(uint8_t endpoint)
{
    uint32_t now = USB->EPR[endpoint & NUMBER];

    return endpoint & IN ? (now & USB_EP_STAT_TX) == USB_TX_STALL : (now & USB_EP_STAT_RX) == USB_RX_STALL;
}

/* Clearing it resets the data toggle, halted or not (USB 2.0 9.4.5); what waited to be sent is lost. */
void usb_endpoint_halt(uint8_t endpoint, bool halt)
{
    unsigned number = endpoint & NUMBER;

    if (!halt && is_double(number)) {
        usb_double_restart(endpoint);
        return;
    }
    if (endpoint & IN)
        change(number, USB_EP_STAT_TX | USB_EP_DTOG_TX, halt ? USB_TX_STALL : USB_TX_NAK);
    else
        change(number, USB_EP_STAT_RX | USB_EP_DTOG_RX, halt ? USB_RX_STALL : USB_RX_VALID);
}

void usb_control_stall(void)
{
    change(0, USB_EP_STAT_TX | USB_EP_STAT_RX, USB_TX_STALL | USB_RX_STALL);
}

void usb_set_address(uint8_t address)
{
    USB->DADDR = USB_DADDR_EF | address;
}

void usb_send(uint8_t endpoint, const uint8_t *data, uint16_t length)
{
    unsigned number = endpoint & NUMBER;
    reg32 *to = &USB_PACKET_MEMORY[table(number)[ADDR_TX] / 2];

    if (is_double(number)) {
        usb_double_send(number, data, length);
        return;
    }
    for (unsigned i = 0; i < length; i += 2)
        *to++ = data[i] | (i + 1 < length ? data[i + 1] << 8 : 0);
    table(number)[COUNT_TX] = length;
    change(number, USB_EP_STAT_TX, USB_TX_VALID);
}

void usb_receive(uint8_t endpoint)
{
    if (is_double(endpoint & NUMBER))
        usb_double_receive(endpoint & NUMBER);
    else
        change(endpoint & NUMBER, USB_EP_STAT_RX, USB_RX_VALID);
}

/* The flag goes last: until then no other SETUP gets into the buffer (RM0008 23.4.3). */
static uint16_t take_packet(unsigned number, uint8_t packet[MAX_PACKET])
{
    uint16_t length = table(number)[COUNT_RX] & USB_COUNT_RX;
    const reg32 *from = &USB_PACKET_MEMORY[table(number)[ADDR_RX] / 2];

    for (unsigned i = 0; i < length && i < MAX_PACKET; i += 2) {
        uint32_t half_word = *from++;

        packet[i] = (uint8_t)half_word;
        packet[i + 1] = (uint8_t)(half_word >> 8);
    }
    clear_flag(number, USB_EP_CTR_RX);
    return length;
}

static void control_transfer(void)
{
    uint8_t packet[MAX_PACKET];
    uint32_t now = USB->EPR[0];

    if (now & USB_EP_CTR_TX) {
        clear_flag(0, USB_EP_CTR_TX);
        usb_device_control_sent(now & USB_EP_CTR_RX && now & USB_EP_SETUP);
    }
    if (now & USB_EP_CTR_RX) {
        uint16_t length = take_packet(0, packet);

        if (now & USB_EP_SETUP)
            usb_device_setup(packet);
        else
            usb_device_control_received(packet, length);
    }
}

static void transfer(unsigned number)
{
    uint8_t packet[MAX_PACKET];
    uint32_t now = USB->EPR[number];

    if (number == 0) {
        control_transfer();
        return;
    }
    if (is_double(number)) {
        usb_double_transfer(number, now);
        return;
    }
    if (now & USB_EP_CTR_TX) {
        clear_flag(number, USB_EP_CTR_TX);
        usb_device_sent((uint8_t)(number | IN));
    }
    if (now & USB_EP_CTR_RX)
        usb_device_received((uint8_t)number, packet, take_packet(number, packet));
}

static void bus_reset(void)
{
    USB->BTABLE = 0;
    usb_endpoints_close();
    memory_used = TABLE_BYTES;
    give_transmit_buffer(0, USB_CONTROL_PACKET);
    give_receive_buffer(0, USB_CONTROL_PACKET);
    USB->EPR[0] = CONTROL_TYPE;
    change(0, USB_EP_STAT_RX | USB_EP_STAT_TX, USB_RX_NAK | USB_TX_NAK);
    usb_device_reset();
    usb_set_address(0);
}

void usb_lp(void)
{
    uint32_t flags = USB->ISTR;

    if (flags & USB_WKUP) {
        USB->CNTR &= ~USB_CNTR_FSUSP;
        USB->ISTR = (uint16_t)~USB_WKUP;
    }
    if (flags & USB_RESET) {
        USB->ISTR = (uint16_t)~USB_RESET;
        bus_reset();
    }
    if (flags & USB_SUSP) { /* RM0008 23.4.5 */
        USB->CNTR |= USB_CNTR_FSUSP;
        USB->ISTR = (uint16_t)~USB_SUSP;
        USB->CNTR |= USB_CNTR_LPMODE;
    }
    if (flags & USB_SOF) {
        USB->ISTR = (uint16_t)~USB_SOF;
        usb_device_frame();
    }
    while ((flags = USB->ISTR) & USB_CTR)
        transfer(flags & USB_ISTR_EP_ID);
}

/* Or longer: a pass takes 3 cycles at least. */
static void wait_us(unsigned us)
{
    for (unsigned passes = us * (CLOCK_HZ / 1000000) / 3; passes; passes--)
        __asm__ volatile("");
}

void usb_start(const struct usb_application *application)
{
    enum { DISCONNECTED_MS = 20 };

    usb_application = application;
    usb_disconnect();
    wait_us(DISCONNECTED_MS * 1000);
    RCC->APB1ENR |= RCC_APB1_USB;
    USB->CNTR = USB_CNTR_FRES;
    wait_us(1); /* tSTARTUP (DS5319 table 43) */
    USB->CNTR = 0;
    USB->ISTR = 0;
    usb_connect();
    USB->CNTR = USB_CTR | USB_WKUP | USB_SUSP | USB_RESET | (application->frame ? USB_SOF : 0);
    NVIC->ISER[USB_LP_IRQ / 32] = BIT(USB_LP_IRQ % 32);
}

void usb_stop(void)
{
    NVIC->ICER[USB_LP_IRQ / 32] = BIT(USB_LP_IRQ % 32);
    usb_disconnect();
    USB->CNTR = USB_CNTR_FRES | USB_CNTR_PDWN;
}
