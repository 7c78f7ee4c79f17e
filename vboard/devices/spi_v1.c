/*
 * SPI1 to SPI3 as masters (RM0008 chapter 25). Nothing is connected: what comes in is the level of the MISO
 * pin. As slaves they wait for a clock that never comes. CRC and I2S are not modelled and reported.
 */
#include "spi_v1.h"

#include "chip/chip.h"

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
    CR2_FRF = 1 << 4,
    CR2_ERRIE = 1 << 5,
    CR2_RXNEIE = 1 << 6,
    CR2_TXEIE = 1 << 7
};
enum { SR_RXNE = 1, SR_TXE = 2, SR_CRCERR = 1 << 4, SR_MODF = 1 << 5, SR_OVR = 1 << 6, SR_BSY = 1 << 7 };
enum { MAX_HZ = 18000000 };
enum { CRCPR_AFTER_RESET = 7, I2SPR_AFTER_RESET = 2, I2SCFGR_I2SMOD = 1 << 11 };

/* Of a slave it is told when it has been one for a while: ST's StdPeriph library sets SPE before MSTR. */
enum { FRAME, SLAVE, EVENTS };
enum { SLAVE_SINCE = 1000 }; /* us */

struct spi {
    uint32_t CR1, CR2, SR, CRCPR, I2SCFGR, I2SPR;
    uint16_t received;
    bool shifting;
    bool data_read, status_read; /* DR, SR: what was read last, for the flags that two steps clear */
};

static inline struct spi *spi_of(const struct device *device)
{
    return device_state(device);
}

/* RXCRCR and TXCRCR stay 0: CRC has no model. */
#define SPI_REGISTERS(CR2_reserved)                                                                          \
    {                                                                                                        \
        AT(0x00) = {"CR1", RW | STABLE, 0xFFFF0000}, AT(0x04) = {"CR2", RW | STABLE, CR2_reserved},          \
        AT(0x08) = {"SR", RW | STABLE, 0, SR_TXE}, AT(0x0C) = {"DR", RW, 0xFFFF0000},                        \
        AT(0x10) = {"CRCPR", RW | STABLE, 0xFFFF0000, CRCPR_AFTER_RESET},                                    \
        AT(0x14) = {"RXCRCR", READ_ONLY | STABLE, 0}, AT(0x18) = {"TXCRCR", READ_ONLY | STABLE, 0},          \
        AT(0x1C) = {"I2SCFGR", RW | STABLE, 0xFFFFF040},                                                     \
        AT(0x20) = {"I2SPR", RW | STABLE, 0xFFFFFC00, I2SPR_AFTER_RESET},                                    \
    }
static const struct device_register registers[] = SPI_REGISTERS(0xFFFFFF18);
/* With FRF (RM0038, SPI). */
static const struct device_register frf_registers[] = SPI_REGISTERS(0xFFFFFF08);

static void update(struct device *device)
{
    const struct spi *spi = spi_of(device);
    bool wanted = (spi->SR & SR_TXE && spi->CR2 & CR2_TXEIE) ||
                  (spi->SR & SR_RXNE && spi->CR2 & CR2_RXNEIE) ||
                  (spi->SR & (SR_OVR | SR_MODF | SR_CRCERR) && spi->CR2 & CR2_ERRIE);
    device_drive(device, SPI_V1_IRQ, wanted);
    device_drive(device, SPI_V1_DMA_RX, spi->SR & SR_RXNE && spi->CR2 & CR2_RXDMAEN);
    device_drive(device, SPI_V1_DMA_TX, spi->SR & SR_TXE && spi->CR2 & CR2_TXDMAEN && spi->CR1 & CR1_SPE);
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

static void start_frame(struct device *device)
{
    struct spi *spi = spi_of(device);
    bool full = !(spi->SR & SR_TXE);
    if (spi->shifting || !is_master(spi) || !(full || only_receives(spi)))
        return;
    if (!only_receives(spi))
        spi->SR |= SR_TXE;
    spi->shifting = true;
    spi->SR |= SR_BSY;
    unsigned bits = spi->CR1 & CR1_DFF ? 16 : 8, divider = divider_of(spi->CR1);
    device_schedule(device, FRAME, device_now(device) + bits * divider * device_clock(device));
}

/* All ones or all zeros: the line does not change. One that nothing drives is taken to be high. */
static uint16_t received(const struct device *device)
{
    const struct chip *chip = device_chip(device);
    int at = device_pin(device, SPI_V1_MISO);
    unsigned port = (unsigned)at >> 4, pin = (unsigned)at & 0xF;
    int level = chip_outside_level(chip, port, pin);
    if (level < 0)
        level = chip_pin_drive(chip, port, pin).pull;
    uint16_t mask = spi_of(device)->CR1 & CR1_DFF ? UINT16_MAX : UINT8_MAX;
    return level == 0 ? 0 : mask;
}

static void unmodelled(struct device *device, const char *name, uint32_t value, const char *what)
{
    device_violation(device, SUSPICIOUS, "unmodelled", "%s_%s = 0x%X: %s", device_name(device), name,
                     (unsigned)value, what);
}

static void frame_is_over(struct device *device)
{
    struct spi *spi = spi_of(device);
    spi->shifting = false;
    if (spi->SR & SR_RXNE && !only_sends(spi)) {
        spi->SR |= SR_OVR; /* what came first stays */
    } else if (!only_sends(spi)) {
        spi->received = received(device);
        spi->SR |= SR_RXNE;
    }
    start_frame(device);
    if (!spi->shifting)
        spi->SR &= ~(uint32_t)SR_BSY;
    update(device);
}

static void event(struct device *device, unsigned n)
{
    const struct spi *spi = spi_of(device);
    if (n == FRAME)
        frame_is_over(device);
    else if (spi->CR1 & CR1_SPE && !is_master(spi))
        unmodelled(device, "CR1", spi->CR1, "a slave is never clocked, for there is no master");
}

static void check_speed(struct device *device)
{
    ticks clock = device_clock(device);
    uint64_t hz = clock ? TICKS_PER_SECOND / (clock * divider_of(spi_of(device)->CR1)) : 0;
    if (is_master(spi_of(device)) && hz > MAX_HZ) {
        device_violation(device, FORBIDDEN, "spi-too-fast",
                         "%s_CR1 = 0x%X: %u Hz, at most 18 MHz (DS5319 5.3.17)", device_name(device),
                         (unsigned)spi_of(device)->CR1, (unsigned)hz);
    }
}

static void write_CR1(struct device *device, uint32_t value)
{
    struct spi *spi = spi_of(device);
    bool changed = value != spi->CR1;
    if (value & ~spi->CR1 & CR1_CRCEN)
        unmodelled(device, "CR1", value, "CRC (RM0008 25.3.6): none is sent or checked");
    if (value & CR1_SPE && !(value & CR1_MSTR) && !(spi->CR1 & CR1_SPE))
        device_schedule(device, SLAVE, device_now(device) + SLAVE_SINCE * TICKS_PER_MICROSECOND);
    spi->CR1 = value;
    bool selected_by_another = value & CR1_SSM && !(value & CR1_SSI);
    if (is_master(spi) && selected_by_another) {
        spi->CR1 &= ~(uint32_t)(CR1_SPE | CR1_MSTR); /* mode fault (25.3.10) */
        spi->SR |= SR_MODF;
    }
    if (changed)
        check_speed(device);
    start_frame(device);
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    struct spi *spi = spi_of(device);
    switch (offset) {
    case CR1:
        if (spi->status_read)
            spi->SR &= ~(uint32_t)SR_MODF;
        write_CR1(device, value);
        break;
    case CR2:
        if (value & ~spi->CR2 & CR2_FRF)
            unmodelled(device, "CR2", value, "the TI frame format is not modelled");
        spi->CR2 = value;
        break;
    case SR: spi->SR &= value | ~(uint32_t)SR_CRCERR; break;
    case DR:
        spi->SR &= ~(uint32_t)SR_TXE;
        start_frame(device);
        break;
    case CRCPR: spi->CRCPR = value; break;
    case I2SCFGR:
        if (value & I2SCFGR_I2SMOD)
            unmodelled(device, "I2SCFGR", value, "I2S is on large chips only and not modelled");
        spi->I2SCFGR = value;
        break;
    default: spi->I2SPR = value; break;
    }
    spi->status_read = false;
    update(device);
}

/* Reading DR, then SR, clears OVR (25.3.10). */
static uint32_t read_status(struct device *device)
{
    struct spi *spi = spi_of(device);
    uint32_t value = spi->SR;
    if ((spi->data_read && value & SR_OVR) || (!spi->status_read && value & SR_MODF))
        device_changed(device);
    if (spi->data_read)
        spi->SR &= ~(uint32_t)SR_OVR;
    spi->data_read = false;
    spi->status_read = true;
    update(device);
    return value;
}

static uint32_t read(struct device *device, uint32_t offset)
{
    struct spi *spi = spi_of(device);
    switch (offset) {
    case CR1: return spi->CR1;
    case CR2: return spi->CR2;
    case SR: return read_status(device);
    case DR:
        spi->SR &= ~(uint32_t)SR_RXNE;
        spi->data_read = true;
        update(device);
        return spi->received;
    case CRCPR: return spi->CRCPR;
    case I2SCFGR: return spi->I2SCFGR;
    case I2SPR: return spi->I2SPR;
    default: return 0; /* the CRC registers */
    }
}

static void reset(struct device *device)
{
    *spi_of(device) = (struct spi){.SR = SR_TXE, .CRCPR = CRCPR_AFTER_RESET, .I2SPR = I2SPR_AFTER_RESET};
    device_schedule(device, FRAME, TICKS_NEVER);
    device_schedule(device, SLAVE, TICKS_NEVER);
    update(device);
}

/* Half-words and words by the book (25.5); the HAL of ST's own writes bytes to DR. */
#define SPI_CLASS(table)                                                                                     \
    {                                                                                                        \
        .state = sizeof(struct spi), REGISTERS(table), .sizes = ANY_SIZE, .events = EVENTS, .read = read,    \
        .write = write, .reset = reset, .event = event                                                       \
    }
const struct device_class spi_v1_class = SPI_CLASS(registers);
const struct device_class spi_v1_frf_class = SPI_CLASS(frf_registers);
