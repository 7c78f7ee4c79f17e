/* Registers of a USART (RM0008 27.6), and what usart.c and usart_line.c share. */
#pragma once

#include "chip.h"

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

/* The manual's name for it, before its number. */
static inline const char *usart_kind(unsigned n)
{
    enum { SYNCHRONOUS_ONES = 3 };
    return n < SYNCHRONOUS_ONES ? "USART" : "UART";
}

static inline bool usart_is_on(const struct usart *usart, uint32_t direction)
{
    return usart->CR1 & CR1_UE && usart->CR1 & direction && usart->clocked && usart->BRR >= MIN_BRR;
}

/* usart.c */
/* Flags or enables changed: the interrupt line and DMA's requests follow. */
void usart_update(struct chip *chip, unsigned n);

/* usart_line.c */
extern const uint32_t usart_base[USARTS];
/* The data register's content moves on into the shift register, if it can. */
void usart_start_frame(struct chip *chip, unsigned n);
/* Setting TE sends a frame of ones first. */
void usart_start_idle_frame(struct chip *chip, unsigned n);
/* The receiver or what is to be received changed. */
void usart_listen(struct chip *chip, unsigned n);
