/* The full-speed device peripheral of many STM32 (RM0008 23.5). */
#pragma once

#include "chip.h"              // USB_BASE, USB_MEMORY_STRIDE
#include "cortex_m/cortex_m.h" // reg32

/* Half-words, each at the start of USB_MEMORY_STRIDE bytes. */
#if USB_MEMORY_STRIDE == 4
typedef reg32 packet_memory_cell;
#else
typedef reg16 packet_memory_cell;
#endif

struct usb {
    reg32 EPR[8], reserved[8], CNTR, ISTR, FNR, DADDR, BTABLE, reserved2[235];
    packet_memory_cell packet_memory[256];
};
#define USB            ((struct usb *)USB_BASE)
#define USB_CNTR_FRES  BIT(0)
#define USB_CNTR_PDWN  BIT(1)
#define USB_ISTR_RESET BIT(10)
#define USB_DADDR_EF   BIT(7)
#define USB_EP_CTR_RX  BIT(15)
#define USB_EP_STAT_RX (3u << 12)
#define USB_EP_SETUP   BIT(11)
#define USB_EP_CONTROL (1u << 9)
#define USB_EP_CTR_TX  BIT(7)
#define USB_EP_STAT_TX (3u << 4)
/* both, and once more in the upper half, which reads 0: a constant that fits into one instruction */
#define USB_EP_STAT     ((USB_EP_STAT_RX | USB_EP_STAT_TX) * 0x10001)
#define USB_RX_STALL    (1u << 12)
#define USB_RX_NAK      (2u << 12)
#define USB_RX_VALID    (3u << 12)
#define USB_TX_STALL    (1u << 4)
#define USB_TX_NAK      (2u << 4)
#define USB_TX_VALID    (3u << 4)
#define USB_COUNT_RX    0x3FFu
#define USB_COUNT_RX_64 0x8400u /* BL_SIZE 1, NUM_BLOCK 1: two blocks of 32 bytes */
