/* Registers of a USART (RM0008 27.6), and what the files of this folder share. */
#pragma once

#include "chip/chip.h"
#include "usart_v1.h"

enum { SR = 0x00, DR = 0x04, BRR = 0x08, CR1 = 0x0C, CR2 = 0x10, CR3 = 0x14, GTPR = 0x18 };
enum {
    SR_PE = 1 << 0,
    SR_FE = 1 << 1,
    SR_NE = 1 << 2,
    SR_ORE = 1 << 3,
    SR_IDLE = 1 << 4,
    SR_RXNE = 1 << 5,
    SR_TC = 1 << 6,
    SR_TXE = 1 << 7,
    SR_LBD = 1 << 8,
    SR_CTS = 1 << 9
};
enum {
    SR_RESET = SR_TXE | SR_TC,
    SR_BY_SEQUENCE = SR_PE | SR_FE | SR_NE | SR_ORE | SR_IDLE, /* cleared by reading SR, then DR */
    SR_BY_ZERO = SR_RXNE | SR_TC | SR_LBD | SR_CTS
};
enum {
    CR1_SBK = 1 << 0,
    CR1_RWU = 1 << 1,
    CR1_OVER8 = 1 << 15,
    CR1_RE = 1 << 2,
    CR1_TE = 1 << 3,
    CR1_IDLEIE = 1 << 4,
    CR1_RXNEIE = 1 << 5,
    CR1_TCIE = 1 << 6,
    CR1_TXEIE = 1 << 7,
    CR1_PEIE = 1 << 8,
    CR1_PS = 1 << 9,
    CR1_PCE = 1 << 10,
    CR1_M = 1 << 12,
    CR1_UE = 1 << 13
};
enum { CR2_STOP_SHIFT = 12, CR2_CLKEN = 1 << 11, CR2_LINEN = 1 << 14 };
enum {
    CR3_EIE = 1 << 0,
    CR3_IREN = 1 << 1,
    CR3_HDSEL = 1 << 3,
    CR3_SCEN = 1 << 5,
    CR3_DMAR = 1 << 6,
    CR3_DMAT = 1 << 7,
    CR3_CTSE = 1 << 9
};
enum { MIN_BRR = 16 };

enum { SERIAL_QUEUE = 4096, EVENT_TX = 0, EVENT_RX };

struct usart {
    uint32_t SR, CR1, CR2, CR3, GTPR, BRR;
    uint16_t TDR, RDR, sending;
    uint32_t flags_seen; /* of SR, at its last read */
    bool shifting;       /* a frame is being sent */
    bool idle_frame;     /* it is the one that setting TE sends */
    bool clocked;
    bool pin_told;
    ticks paused_tx, paused_rx; /* what was left when the clock stopped */
    bool idle_due;              /* a frame was received and the line has been silent since */
    uint32_t peer_baud;         /* 0: as the chip */
    unsigned queued, queue_head;
    uint8_t queue[SERIAL_QUEUE]; /* what the world outside sends, not yet on the wire */
};

static inline struct usart *usart_of(const struct device *device)
{
    return device_state(device);
}

static inline bool usart_is_on(const struct usart *usart, uint32_t direction)
{
    return usart->CR1 & CR1_UE && usart->CR1 & direction && usart->clocked && usart->BRR >= MIN_BRR;
}

/* registers.c */
/* Flags or enables changed: the interrupt line and DMA's requests follow. */
void usart_update(struct device *device);

/* line.c */
/* The data register's content moves on into the shift register, if it can. */
void usart_start_frame(struct device *device);
/* Setting TE sends a frame of ones first. */
void usart_start_idle_frame(struct device *device);
/* The receiver or what is to be received changed. */
void usart_listen(struct device *device);
void usart_event(struct device *device, unsigned n);
void usart_clock_changed(struct device *device);
/* Its TX line is held. */
int usart_pin_level(const struct device *device, unsigned signal);
extern const struct serial_port usart_port;
