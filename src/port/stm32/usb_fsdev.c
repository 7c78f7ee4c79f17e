/* Endpoint 0 of the USB peripheral (RM0008 23). */
#include "usb_fsdev.h"

#include "cortex_m/systick.h" // systick_wait
#include "port.h"
#include "registers.h" // RCC
#include "usb.h"

/* Packet memory, in bytes: buffer table of one endpoint, then its two buffers. */
enum { TX_BUFFER = 0x40, RX_BUFFER = TX_BUFFER + PORT_USB_PACKET };
/* Half-words of the buffer table. */
enum { ADDR_TX, COUNT_TX, ADDR_RX, COUNT_RX };

enum { STARTUP_CYCLES = SERVING_KHZ / 1000 }; /* tSTARTUP, 1 us (DS5319 table 43) */

void usb_start(void)
{
    RCC->APB1ENR = RCC_APB1_USB;
    USB->CNTR = USB_CNTR_FRES;
    systick_wait(STARTUP_CYCLES);
    USB->CNTR = 0;
    USB->ISTR = 0;
}

void usb_stop(void)
{
    USB->CNTR = USB_CNTR_FRES | USB_CNTR_PDWN;
}

/*
 * Status bits toggle where 1 is written, so the difference is; writing 1 to the CTR bits keeps them. A SETUP
 * that came meanwhile has set both directions to NAK and is no part of what was answered: it stays so until
 * it is read.
 */
NOINLINE static void write_endpoint(uint32_t wanted)
{
    uint32_t endpoint = USB->EPR[0];

    if (endpoint & USB_EP_CTR_RX && endpoint & USB_EP_SETUP)
        return;
    USB->EPR[0] = (endpoint & USB_EP_STAT) ^ wanted;
}

static inline void set_status(uint32_t status)
{
    write_endpoint(status | USB_EP_CONTROL | USB_EP_CTR_RX | USB_EP_CTR_TX);
}

enum port_usb_event port_usb_event(void)
{
    if (USB->ISTR & USB_ISTR_RESET) {
        USB->ISTR = (uint16_t)~USB_ISTR_RESET;
        USB->packet_memory[ADDR_TX] = TX_BUFFER;
        USB->packet_memory[ADDR_RX] = RX_BUFFER;
        USB->packet_memory[COUNT_RX] = USB_COUNT_RX_64;
        /* what ended before the reset is no news any more, though CTR bits survive it (RM0008 23.5.2) */
        USB->EPR[0] = USB_EP_CONTROL;
        set_status(USB_RX_NAK | USB_TX_NAK);
        USB->DADDR = USB_DADDR_EF;
        return PORT_USB_RESET;
    }

    uint32_t endpoint = USB->EPR[0];

    /* a SETUP ends whatever was going on before, so it goes before the news that a packet was taken */
    if (endpoint & USB_EP_CTR_RX && endpoint & USB_EP_SETUP)
        return PORT_USB_SETUP;
    if (endpoint & USB_EP_CTR_TX) {
        USB->EPR[0] = USB_EP_CONTROL | USB_EP_CTR_RX;
        return PORT_USB_SENT;
    }
    return endpoint & USB_EP_CTR_RX ? PORT_USB_OUT : PORT_USB_NOTHING;
}

uint32_t port_usb_read(void *to, uint32_t room)
{
    uint16_t *half_words = to;
    packet_memory_cell *from = &USB->packet_memory[RX_BUFFER / 2];
    __asm__("" : "+r"(from));
    uint32_t length = USB->packet_memory[COUNT_RX] & USB_COUNT_RX;

    if (length > room)
        length = room;
    for (uint32_t i = 0; i < length; i += 2)
        *half_words++ = (uint16_t)*from++;
    /* only now: until CTR_RX is cleared no other SETUP gets into the buffer (RM0008 23.4.3) */
    USB->EPR[0] = USB_EP_CONTROL | (USB->EPR[0] & USB_EP_SETUP ? 0 : USB_EP_CTR_TX);
    return length;
}

void port_usb_send(const uint8_t *data, uint32_t length)
{
    packet_memory_cell *to = &USB->packet_memory[TX_BUFFER / 2];

    for (uint32_t half_words = length / 2; half_words--; data += 2)
        *to++ = data[0] | data[1] << 8;
    if (length % 2)
        *to = data[0]; /* behind it, at the end of flash, there is nothing to read */
    USB->packet_memory[COUNT_TX] = length;
    set_status(USB_TX_VALID | USB_RX_VALID);
}

void port_usb_receive(void)
{
    set_status(USB_TX_NAK | USB_RX_VALID);
}

void port_usb_stall(void)
{
    set_status(USB_TX_STALL | USB_RX_STALL);
}

void port_usb_set_address(uint8_t address)
{
    USB->DADDR = USB_DADDR_EF | address;
}
