/*
 * The USB peripheral, which STM32F103 and STM32L1 share, down to its addresses. Source: RM0008 23.5,
 * RM0038 23.5.
 */
#pragma once

#include "cortex_m.h" // reg32

struct usb {
    reg32 EPR[8], reserved[8], CNTR, ISTR, FNR, DADDR, BTABLE;
};
#define USB             ((struct usb *)0x40005C00)
#define USB_CNTR_FRES   BIT(0)
#define USB_CNTR_PDWN   BIT(1)
#define USB_CNTR_LPMODE BIT(2)
#define USB_CNTR_FSUSP  BIT(3)
/* the same bits in CNTR and ISTR */
#define USB_SOF        BIT(9)
#define USB_RESET      BIT(10)
#define USB_SUSP       BIT(11)
#define USB_WKUP       BIT(12)
#define USB_CTR        BIT(15)
#define USB_ISTR_EP_ID 15u
#define USB_DADDR_EF   BIT(7)
#define USB_EP_CTR_RX  BIT(15)
#define USB_EP_DTOG_RX BIT(14)
#define USB_EP_STAT_RX (3u << 12)
#define USB_EP_SETUP   BIT(11)
#define USB_EP_TYPE    (3u << 9)
#define USB_EP_KIND    BIT(8)
#define USB_EP_CTR_TX  BIT(7)
#define USB_EP_DTOG_TX BIT(6)
#define USB_EP_STAT_TX (3u << 4)
#define USB_EP_EA      15u
#define USB_RX_STALL   (1u << 12)
#define USB_RX_NAK     (2u << 12)
#define USB_RX_VALID   (3u << 12)
#define USB_TX_STALL   (1u << 4)
#define USB_TX_NAK     (2u << 4)
#define USB_TX_VALID   (3u << 4)
/* packet memory: 256 half-words, one at every fourth byte */
#define USB_PACKET_MEMORY ((reg32 *)0x40006000)
#define USB_COUNT_RX      0x3FFu
