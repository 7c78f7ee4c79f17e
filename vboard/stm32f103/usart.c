/*
 * USART1 to USART3, UART4 and UART5 as UARTs (RM0008 chapter 27): registers, flags, interrupts and DMA
 * requests. The lines: usart_line.c.
 */
#include "usart_registers.h"

#include <stddef.h>

/* RM0008 tables 78, 79 and 63. */
static const uint8_t dma_tx[USARTS] = {4, 7, 2, DMA2_CHANNEL + 5, 0};
static const uint8_t dma_rx[USARTS] = {5, 6, 3, DMA2_CHANNEL + 3, 0};
static const uint8_t irqs[USARTS] = {IRQ_USART1, IRQ_USART2, IRQ_USART3, IRQ_UART4, IRQ_UART5};

/* Requests */

static bool wants_interrupt(const struct usart *usart)
{
    uint32_t flags = usart->SR, CR1_value = usart->CR1;
    bool error_by_dma = usart->CR3 & CR3_EIE && usart->CR3 & CR3_DMAR && flags & (SR_FE | SR_NE | SR_ORE);
    return (flags & SR_TXE && CR1_value & CR1_TXEIE) || (flags & SR_TC && CR1_value & CR1_TCIE) ||
           (flags & (SR_RXNE | SR_ORE) && CR1_value & CR1_RXNEIE) ||
           (flags & SR_IDLE && CR1_value & CR1_IDLEIE) || (flags & SR_PE && CR1_value & CR1_PEIE) ||
           error_by_dma;
}

void usart_update(struct chip *chip, unsigned n)
{
    const struct usart *usart = &chip->usart[n];
    cortex_m3_set_irq(&chip->cpu, irqs[n], wants_interrupt(usart));
    dma_request(chip, dma_tx[n], usart->SR & SR_TXE && usart->CR3 & CR3_DMAT && usart_is_on(usart, CR1_TE));
    dma_request(chip, dma_rx[n], usart->SR & SR_RXNE && usart->CR3 & CR3_DMAR);
}

/* Data */

static void write_data(struct chip *chip, unsigned n, uint32_t value)
{
    struct usart *usart = &chip->usart[n];
    if (!(usart->CR1 & CR1_UE) || !(usart->CR1 & CR1_TE)) {
        chip_violation(chip, SUSPICIOUS, "usart-off",
                       "%s%u_DR = 0x%X: the transmitter is off, UE and TE in CR1 0x%X (RM0008 27.3.2)",
                       usart_kind(n), n + 1, (unsigned)value, (unsigned)usart->CR1);
    } else if (!(usart->SR & SR_TXE)) {
        chip_violation(chip, SUSPICIOUS, "usart-overwrite",
                       "%s%u_DR = 0x%X while TXE is 0: the byte before is lost (RM0008 27.3.2)",
                       usart_kind(n), n + 1, (unsigned)value);
    }
    if (usart->flags_seen & SR_TC) {
        usart->SR &= ~(uint32_t)SR_TC; /* reading SR, then writing DR */
    }
    usart->flags_seen = 0;
    usart->TDR = (uint16_t)(value & 0x1FF);
    usart->SR &= ~(uint32_t)SR_TXE;
    usart_start_frame(chip, n);
    usart_update(chip, n);
}

static uint32_t read_data(struct chip *chip, unsigned n)
{
    struct usart *usart = &chip->usart[n];
    uint32_t before = usart->SR;
    usart->SR &= ~(usart->flags_seen & SR_BY_SEQUENCE) & ~(uint32_t)SR_RXNE;
    usart->flags_seen = 0;
    chip->cpu.side_effects += before != usart->SR;
    usart_update(chip, n);
    return usart->RDR;
}

/* Registers */

static void check_modes(struct chip *chip, unsigned n)
{
    const struct usart *usart = &chip->usart[n];
    const char *what = usart->CR1 & (CR1_SBK | CR1_RWU) ? "break and mute mode (27.3.6, 27.3.8)"
                       : usart->CR2 & CR2_LINEN         ? "LIN (27.3.8)"
                       : usart->CR2 & CR2_CLKEN         ? "synchronous mode (27.3.9)"
                       : usart->CR3 & CR3_HDSEL         ? "half duplex (27.3.10)"
                       : usart->CR3 & CR3_SCEN          ? "smartcard mode (27.3.11)"
                       : usart->CR3 & CR3_IREN          ? "IrDA (27.3.12)"
                       : usart->CR3 & CR3_CTSE          ? "CTS (27.3.14)"
                                                        : NULL;
    if (what) {
        chip_violation(chip, SUSPICIOUS, "unmodelled",
                       "%s%u_CR1 0x%X CR2 0x%X CR3 0x%X: %s is not modelled (RM0008 chapter 27)",
                       usart_kind(n), n + 1, (unsigned)usart->CR1, (unsigned)usart->CR2, (unsigned)usart->CR3,
                       what);
    }
}

/* Harmless until a frame starts, which usart_start_frame looks at: programs set UE first and BRR then. */
static void check_BRR(struct chip *chip, unsigned n)
{
    const struct usart *usart = &chip->usart[n];
    if (usart->CR1 & CR1_UE && usart->CR1 & (CR1_TE | CR1_RE) && usart->BRR < MIN_BRR) {
        chip_violation(chip, SUSPICIOUS, "usart-baud-rate",
                       "%s%u is on, CR1 0x%X, with BRR 0x%X: USARTDIV must be at least 1 (RM0008 27.3.4)",
                       usart_kind(n), n + 1, (unsigned)usart->CR1, (unsigned)usart->BRR);
    }
}

static void write_CR1(struct chip *chip, unsigned n, uint32_t value)
{
    struct usart *usart = &chip->usart[n];
    uint32_t before = usart->CR1;
    usart->CR1 = value & ~(uint32_t)CR1_SBK;
    if (value & ~before & (CR1_SBK | CR1_RWU)) {
        check_modes(chip, n);
    }
    bool was_on = (before & (CR1_UE | CR1_TE)) == (CR1_UE | CR1_TE);
    if (!was_on) {
        check_BRR(chip, n);
        usart_start_idle_frame(chip, n);
    }
    if (!usart_is_on(usart, CR1_TE) && usart->shifting && !(value & CR1_UE)) {
        usart->shifting = usart->idle_frame = false; /* UE off stops at the end of the byte; here: now */
        usart->SR |= SR_TC;
        chip_schedule(chip, (enum event)(EVENT_USART_TX + n), TICKS_NEVER);
    }
    chip->board.pins_changed(chip->board.context);
}

static void write_register(struct chip *chip, unsigned n, uint32_t offset, uint32_t value)
{
    struct usart *usart = &chip->usart[n];
    switch (offset) {
    case SR: usart->SR &= value | ~(uint32_t)SR_BY_ZERO; break;
    case BRR:
        usart->BRR = value;
        check_BRR(chip, n);
        break;
    case CR1: write_CR1(chip, n, value); break;
    case CR2:
        usart->CR2 = value;
        check_modes(chip, n);
        break;
    case CR3:
        usart->CR3 = value;
        check_modes(chip, n);
        break;
    default: usart->GTPR = value; break;
    }
    usart_start_frame(chip, n);
    usart_listen(chip, n);
    usart_update(chip, n);
}

void usart_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    unsigned n = offset / INSTANCE_SIZE;
    offset %= INSTANCE_SIZE;
    if (offset == DR) {
        write_data(chip, n, value);
    } else {
        write_register(chip, n, offset, value);
    }
}

static uint32_t read_status(struct chip *chip, unsigned n)
{
    struct usart *usart = &chip->usart[n];
    chip->cpu.side_effects += usart->flags_seen != usart->SR;
    usart->flags_seen = usart->SR;
    return usart->SR;
}

uint32_t usart_read(struct chip *chip, uint32_t offset)
{
    unsigned n = offset / INSTANCE_SIZE;
    const struct usart *usart = &chip->usart[n];
    switch (offset % INSTANCE_SIZE) {
    case SR: return read_status(chip, n);
    case DR: return read_data(chip, n);
    case BRR: return usart->BRR;
    case CR1: return usart->CR1;
    case CR2: return usart->CR2;
    case CR3: return usart->CR3;
    default: return usart->GTPR;
    }
}

/* What the world outside has sent and not yet put on the wire is not the chip's to lose. */
void usart_reset(struct chip *chip, unsigned n)
{
    struct usart *usart = &chip->usart[n];
    usart->SR = SR_RESET;
    usart->CR1 = usart->CR2 = usart->CR3 = usart->GTPR = usart->BRR = 0;
    usart->TDR = usart->RDR = usart->sending = 0;
    usart->flags_seen = 0;
    usart->shifting = usart->idle_frame = usart->idle_due = usart->pin_told = false;
    usart->paused_tx = usart->paused_rx = TICKS_NEVER;
    chip_schedule(chip, (enum event)(EVENT_USART_TX + n), TICKS_NEVER);
    chip_schedule(chip, (enum event)(EVENT_USART_RX + n), TICKS_NEVER);
    usart_update(chip, n);
}
