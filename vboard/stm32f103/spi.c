/*
 * SPI1 to SPI3 as masters (RM0008 chapter 25). Nothing is connected: what comes in is the level of the MISO
 * pin. As slaves they wait for a clock that never comes. CRC and I2S are not modelled and reported.
 */
#include "base/pin.h"
#include "chip.h"

enum {
    CR1 = 0x00,
    CR2 = 0x04,
    SR = 0x08,
    DR = 0x0C,
    CRCPR = 0x10,
    RXCRCR = 0x14,
    TXCRCR = 0x18,
    I2SCFGR = 0x1C,
    I2SPR = 0x20
};
enum {
    CR1_MSTR = 1 << 2,
    CR1_BR_SHIFT = 3,
    CR1_SPE = 1 << 6,
    CR1_SSI = 1 << 8,
    CR1_SSM = 1 << 9,
    CR1_RXONLY = 1 << 10,
    CR1_DFF = 1 << 11,
    CR1_CRCEN = 1 << 13,
    CR1_BIDIOE = 1 << 14,
    CR1_BIDIMODE = 1 << 15
};
enum {
    CR2_RXDMAEN = 1,
    CR2_TXDMAEN = 2,
    CR2_SSOE = 4,
    CR2_ERRIE = 1 << 5,
    CR2_RXNEIE = 1 << 6,
    CR2_TXEIE = 1 << 7
};
enum { SR_RXNE = 1, SR_TXE = 2, SR_CRCERR = 1 << 4, SR_MODF = 1 << 5, SR_OVR = 1 << 6, SR_BSY = 1 << 7 };
enum { MAX_HZ = 18000000 };
enum { CRCPR_AFTER_RESET = 7, I2SPR_AFTER_RESET = 2, I2SCFGR_I2SMOD = 1 << 11, REMAP_SPI1 = 1 };

static const uint32_t bases[SPIS] = {0x40013000, 0x40003800, 0x40003C00};
/* RM0008 tables 63, 78 and 79. */
static const uint8_t irqs[SPIS] = {IRQ_SPI1, IRQ_SPI2, IRQ_SPI3};
static const uint8_t dma_rx[SPIS] = {2, 4, DMA2_CHANNEL + 1}, dma_tx[SPIS] = {3, 5, DMA2_CHANNEL + 2};

static void update(struct chip *chip, unsigned n)
{
    const struct spi *spi = &chip->spi[n];
    bool wanted = (spi->SR & SR_TXE && spi->CR2 & CR2_TXEIE) ||
                  (spi->SR & SR_RXNE && spi->CR2 & CR2_RXNEIE) ||
                  (spi->SR & (SR_OVR | SR_MODF | SR_CRCERR) && spi->CR2 & CR2_ERRIE);
    cortex_m3_set_irq(&chip->cpu, irqs[n], wanted);
    dma_request(chip, dma_rx[n], spi->SR & SR_RXNE && spi->CR2 & CR2_RXDMAEN);
    dma_request(chip, dma_tx[n], spi->SR & SR_TXE && spi->CR2 & CR2_TXDMAEN && spi->CR1 & CR1_SPE);
}

static bool is_master(const struct spi *spi)
{
    return (spi->CR1 & (CR1_SPE | CR1_MSTR)) == (CR1_SPE | CR1_MSTR);
}

/* A clock without data to send: receive-only, or one line turned inwards (25.3.4). */
static bool only_receives(const struct spi *spi)
{
    return spi->CR1 & CR1_BIDIMODE ? !(spi->CR1 & CR1_BIDIOE) : (spi->CR1 & CR1_RXONLY) != 0;
}

static bool only_sends(const struct spi *spi)
{
    return spi->CR1 & CR1_BIDIMODE && spi->CR1 & CR1_BIDIOE;
}

static unsigned divider_of(uint32_t CR1_value)
{
    return 2u << (CR1_value >> CR1_BR_SHIFT & 7);
}

static void start_frame(struct chip *chip, unsigned n)
{
    struct spi *spi = &chip->spi[n];
    bool full = !(spi->SR & SR_TXE);
    if (spi->shifting || !is_master(spi) || !(full || only_receives(spi)))
        return;
    if (!only_receives(spi))
        spi->SR |= SR_TXE;
    spi->shifting = true;
    spi->SR |= SR_BSY;
    unsigned bits = spi->CR1 & CR1_DFF ? 16 : 8, divider = divider_of(spi->CR1);
    chip_schedule(chip, (enum event)(EVENT_SPI + n),
                  chip_now(chip) + bits * divider * rcc_peripheral_clock(chip, bases[n]));
}

/* All ones or all zeros: the line does not change. One that nothing drives is taken to be high. */
static uint16_t received(const struct chip *chip, unsigned n)
{
    static const uint8_t miso[SPIS] = {BOARD_PIN('A', 6), BOARD_PIN('B', 14), BOARD_PIN('B', 4)};
    bool remapped = n == 0 && chip->afio.MAPR & REMAP_SPI1;
    uint8_t pin = remapped ? BOARD_PIN('B', 4) : miso[n];
    int level = chip->board.pin_level(chip->board.context, pin >> 4, pin & 15);
    if (level < 0)
        level = gpio_pin_drive(chip, pin >> 4, pin & 15).pull;
    uint16_t mask = chip->spi[n].CR1 & CR1_DFF ? UINT16_MAX : UINT8_MAX;
    return level == 0 ? 0 : mask;
}

void spi_event(struct chip *chip, unsigned n)
{
    struct spi *spi = &chip->spi[n];
    spi->shifting = false;
    chip->cpu.side_effects++;
    if (spi->SR & SR_RXNE && !only_sends(spi)) {
        spi->SR |= SR_OVR; /* what came first stays */
    } else if (!only_sends(spi)) {
        spi->received = received(chip, n);
        spi->SR |= SR_RXNE;
    }
    start_frame(chip, n);
    if (!spi->shifting)
        spi->SR &= ~(uint32_t)SR_BSY;
    update(chip, n);
}

static void unmodelled(struct chip *chip, unsigned n, const char *name, uint32_t value, const char *what)
{
    chip_violation(chip, SUSPICIOUS, "unmodelled", "SPI%u_%s = 0x%X: %s", n + 1, name, (unsigned)value, what);
}

static void check_speed(struct chip *chip, unsigned n)
{
    ticks clock = rcc_peripheral_clock(chip, bases[n]);
    uint64_t hz = clock ? TICKS_PER_SECOND / (clock * divider_of(chip->spi[n].CR1)) : 0;
    if (is_master(&chip->spi[n]) && hz > MAX_HZ) {
        chip_violation(chip, FORBIDDEN, "spi-too-fast",
                       "SPI%u_CR1 = 0x%X: %u Hz, at most 18 MHz (DS5319 5.3.17)", n + 1,
                       (unsigned)chip->spi[n].CR1, (unsigned)hz);
    }
}

static void write_CR1(struct chip *chip, unsigned n, uint32_t value)
{
    struct spi *spi = &chip->spi[n];
    bool changed = value != spi->CR1;
    if (value & ~spi->CR1 & CR1_CRCEN)
        unmodelled(chip, n, "CR1", value, "CRC (RM0008 25.3.6): none is sent or checked");
    if (value & CR1_SPE && !(value & CR1_MSTR) && !(spi->CR1 & CR1_SPE))
        unmodelled(chip, n, "CR1", value, "a slave is never clocked, for there is no master");
    spi->CR1 = value;
    bool selected_by_another = value & CR1_SSM && !(value & CR1_SSI);
    if (is_master(spi) && selected_by_another) {
        spi->CR1 &= ~(uint32_t)(CR1_SPE | CR1_MSTR); /* mode fault (25.3.10) */
        spi->SR |= SR_MODF;
    }
    if (changed) {
        check_speed(chip, n);
    }
    start_frame(chip, n);
}

void spi_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    unsigned n = offset / INSTANCE_SIZE;
    struct spi *spi = &chip->spi[n];
    switch (offset % INSTANCE_SIZE) {
    case CR1:
        if (spi->status_read)
            spi->SR &= ~(uint32_t)SR_MODF;
        write_CR1(chip, n, value);
        break;
    case CR2: spi->CR2 = value; break;
    case SR: spi->SR &= value | ~(uint32_t)SR_CRCERR; break;
    case DR:
        spi->SR &= ~(uint32_t)SR_TXE;
        start_frame(chip, n);
        break;
    case CRCPR: spi->CRCPR = value; break;
    case I2SCFGR:
        if (value & I2SCFGR_I2SMOD)
            unmodelled(chip, n, "I2SCFGR", value, "I2S is on large chips only and not modelled");
        spi->I2SCFGR = value;
        break;
    default: spi->I2SPR = value; break;
    }
    spi->status_read = false;
    update(chip, n);
}

/* Reading DR, then SR, clears OVR (25.3.10). */
static uint32_t read_status(struct chip *chip, unsigned n)
{
    struct spi *spi = &chip->spi[n];
    uint32_t value = spi->SR;
    chip->cpu.side_effects += (spi->data_read && value & SR_OVR) || (!spi->status_read && value & SR_MODF);
    if (spi->data_read)
        spi->SR &= ~(uint32_t)SR_OVR;
    spi->data_read = false;
    spi->status_read = true;
    update(chip, n);
    return value;
}

uint32_t spi_read(struct chip *chip, uint32_t offset)
{
    unsigned n = offset / INSTANCE_SIZE;
    struct spi *spi = &chip->spi[n];
    switch (offset % INSTANCE_SIZE) {
    case CR1: return spi->CR1;
    case CR2: return spi->CR2;
    case SR: return read_status(chip, n);
    case DR:
        chip->cpu.side_effects += (spi->SR & (SR_RXNE | SR_OVR)) != 0;
        spi->SR &= ~(uint32_t)SR_RXNE;
        spi->data_read = true;
        update(chip, n);
        return spi->received;
    case CRCPR: return spi->CRCPR;
    case I2SCFGR: return spi->I2SCFGR;
    case I2SPR: return spi->I2SPR;
    default: return 0; /* the CRC registers */
    }
}

void spi_reset(struct chip *chip, unsigned n)
{
    chip->spi[n] = (struct spi){.SR = SR_TXE, .CRCPR = CRCPR_AFTER_RESET, .I2SPR = I2SPR_AFTER_RESET};
    chip_schedule(chip, (enum event)(EVENT_SPI + n), TICKS_NEVER);
    update(chip, n);
}
