/*
 * USARTs as UARTs (RM0008 chapter 27): registers, flags, interrupts and DMA
 * requests. The lines: line.c.
 */
#include "private.h"

#include <stddef.h>

/* SR: as with the timers, what is cleared by writing 0 is left by writing 1. */
#define USART_REGISTERS(CR1_reserved, CR3_reserved)                                                          \
    {                                                                                                        \
        AT(0x00) = {"SR", RW | STABLE, 0, SR_RESET}, AT(0x04) = {"DR", RW, 0xFFFFFE00},                      \
        AT(0x08) = {"BRR", RW | STABLE, 0xFFFF0000}, AT(0x0C) = {"CR1", RW | STABLE, CR1_reserved},          \
        AT(0x10) = {"CR2", RW | STABLE, 0xFFFF8090}, AT(0x14) = {"CR3", RW | STABLE, CR3_reserved},          \
        AT(0x18) = {"GTPR", RW | STABLE, 0xFFFF0000},                                                        \
    }
static const struct device_register registers[] = USART_REGISTERS(0xFFFFC000, 0xFFFFF800);
/* With OVER8 and ONEBIT (RM0038, USART). */
static const struct device_register over8_registers[] = USART_REGISTERS(0xFFFF4000, 0xFFFFF000);

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

void usart_update(struct device *device)
{
    const struct usart *usart = usart_of(device);
    device_drive(device, USART_V1_IRQ, wants_interrupt(usart));
    device_drive(device, USART_V1_DMA_TX,
                 usart->SR & SR_TXE && usart->CR3 & CR3_DMAT && usart_is_on(usart, CR1_TE));
    device_drive(device, USART_V1_DMA_RX, usart->SR & SR_RXNE && usart->CR3 & CR3_DMAR);
}

/* Data */

static void write_data(struct device *device, uint32_t value)
{
    struct usart *usart = usart_of(device);
    if (!(usart->CR1 & CR1_UE) || !(usart->CR1 & CR1_TE)) {
        device_violation(device, SUSPICIOUS, "usart-off",
                         "%s_DR = 0x%X: the transmitter is off, UE and TE in CR1 0x%X (RM0008 27.3.2)",
                         device_name(device), (unsigned)value, (unsigned)usart->CR1);
    } else if (!(usart->SR & SR_TXE)) {
        device_violation(device, SUSPICIOUS, "usart-overwrite",
                         "%s_DR = 0x%X while TXE is 0: the byte before is lost (RM0008 27.3.2)",
                         device_name(device), (unsigned)value);
    }
    if (usart->flags_seen & SR_TC)
        usart->SR &= ~(uint32_t)SR_TC; /* reading SR, then writing DR */
    usart->flags_seen = 0;
    usart->TDR = (uint16_t)(value & 0x1FF);
    usart->SR &= ~(uint32_t)SR_TXE;
    usart_start_frame(device);
    usart_update(device);
}

static uint32_t read_data(struct device *device)
{
    struct usart *usart = usart_of(device);
    usart->SR &= ~(usart->flags_seen & SR_BY_SEQUENCE) & ~(uint32_t)SR_RXNE;
    usart->flags_seen = 0;
    usart_update(device);
    return usart->RDR;
}

/* Registers */

static void check_modes(struct device *device)
{
    const struct usart *usart = usart_of(device);
    const char *what = usart->CR1 & CR1_OVER8             ? "oversampling by 8"
                       : usart->CR1 & (CR1_SBK | CR1_RWU) ? "break and mute mode (27.3.6, 27.3.8)"
                       : usart->CR2 & CR2_LINEN           ? "LIN (27.3.8)"
                       : usart->CR2 & CR2_CLKEN           ? "synchronous mode (27.3.9)"
                       : usart->CR3 & CR3_HDSEL           ? "half duplex (27.3.10)"
                       : usart->CR3 & CR3_SCEN            ? "smartcard mode (27.3.11)"
                       : usart->CR3 & CR3_IREN            ? "IrDA (27.3.12)"
                       : usart->CR3 & CR3_CTSE            ? "CTS (27.3.14)"
                                                          : NULL;
    if (what) {
        device_violation(device, SUSPICIOUS, "unmodelled",
                         "%s_CR1 0x%X CR2 0x%X CR3 0x%X: %s is not modelled (RM0008 chapter 27)",
                         device_name(device), (unsigned)usart->CR1, (unsigned)usart->CR2,
                         (unsigned)usart->CR3, what);
    }
}

/* Harmless until a frame starts, which usart_start_frame looks at: programs set UE first and BRR then. */
static void check_BRR(struct device *device)
{
    const struct usart *usart = usart_of(device);
    if (usart->CR1 & CR1_UE && usart->CR1 & (CR1_TE | CR1_RE) && usart->BRR < MIN_BRR) {
        device_violation(device, SUSPICIOUS, "usart-baud-rate",
                         "%s is on, CR1 0x%X, with BRR 0x%X: USARTDIV must be at least 1 (RM0008 27.3.4)",
                         device_name(device), (unsigned)usart->CR1, (unsigned)usart->BRR);
    }
}

static void write_CR1(struct device *device, uint32_t value)
{
    struct usart *usart = usart_of(device);
    uint32_t before = usart->CR1;
    usart->CR1 = value & ~(uint32_t)CR1_SBK;
    if (value & ~before & (CR1_SBK | CR1_RWU | CR1_OVER8))
        check_modes(device);
    bool was_on = (before & (CR1_UE | CR1_TE)) == (CR1_UE | CR1_TE);
    if (!was_on) {
        check_BRR(device);
        usart_start_idle_frame(device);
    }
    if (!usart_is_on(usart, CR1_TE) && usart->shifting && !(value & CR1_UE)) {
        usart->shifting = usart->idle_frame = false; /* UE off stops at the end of the byte; here: now */
        usart->SR |= SR_TC;
        device_schedule(device, EVENT_TX, TICKS_NEVER);
    }
    chip_outputs_changed(device_chip(device));
}

static void write_register(struct device *device, uint32_t offset, uint32_t value)
{
    struct usart *usart = usart_of(device);
    switch (offset) {
    case SR: usart->SR &= value | ~(uint32_t)SR_BY_ZERO; break;
    case BRR:
        usart->BRR = value;
        check_BRR(device);
        break;
    case CR1: write_CR1(device, value); break;
    case CR2:
        usart->CR2 = value;
        check_modes(device);
        break;
    case CR3:
        usart->CR3 = value;
        check_modes(device);
        break;
    default: usart->GTPR = value; break;
    }
    usart_start_frame(device);
    usart_listen(device);
    usart_update(device);
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    if (offset == DR)
        write_data(device, value);
    else
        write_register(device, offset, value);
}

static uint32_t read_status(struct device *device)
{
    struct usart *usart = usart_of(device);
    if (usart->flags_seen != usart->SR)
        device_changed(device);
    usart->flags_seen = usart->SR;
    return usart->SR;
}

static uint32_t read(struct device *device, uint32_t offset)
{
    const struct usart *usart = usart_of(device);
    switch (offset) {
    case SR: return read_status(device);
    case DR: return read_data(device);
    case BRR: return usart->BRR;
    case CR1: return usart->CR1;
    case CR2: return usart->CR2;
    case CR3: return usart->CR3;
    default: return usart->GTPR;
    }
}

/* What the world outside has sent and not yet put on the wire is not the chip's to lose. */
static void reset(struct device *device)
{
    struct usart *usart = usart_of(device);
    usart->SR = SR_RESET;
    usart->CR1 = usart->CR2 = usart->CR3 = usart->GTPR = usart->BRR = 0;
    usart->TDR = usart->RDR = usart->sending = 0;
    usart->flags_seen = 0;
    usart->shifting = usart->idle_frame = usart->idle_due = usart->pin_told = false;
    usart->paused_tx = usart->paused_rx = TICKS_NEVER;
    device_schedule(device, EVENT_TX, TICKS_NEVER);
    device_schedule(device, EVENT_RX, TICKS_NEVER);
    usart_update(device);
}

#define USART_CLASS(table)                                                                                   \
    {                                                                                                        \
        .state = sizeof(struct usart), REGISTERS(table), .sizes = HALF_WORDS_TOO, .events = 2, .read = read, \
        .write = write, .reset = reset, .event = usart_event, .clock_changed = usart_clock_changed,          \
        .pin_level = usart_pin_level, .serial = &usart_port                                                  \
    }
const struct device_class usart_v1_class = USART_CLASS(registers);
const struct device_class usart_v1_over8_class = USART_CLASS(over8_registers);
