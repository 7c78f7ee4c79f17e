/* CRC unit (RM0008 chapter 4): polynomial 0x04C11DB7 over words, as in Ethernet but
 * neither reflected nor inverted. */
#include "crc.h"

enum { DR = 0x00, IDR = 0x04, CR = 0x08, CR_RESET = 1 };
#define POLYNOMIAL 0x04C11DB7u

struct crc {
    uint32_t DR, IDR;
};

static inline struct crc *crc_of(const struct device *device)
{
    return device_state(device);
}

static const struct device_register registers[] = {
    AT(0x00) = {"DR", RW | STABLE, 0, 0xFFFFFFFF},
    AT(0x04) = {"IDR", RW | STABLE | BYTES_TOO, 0xFFFFFF00},
    AT(0x08) = {"CR", WRITE_ONLY, 0xFFFFFFFE},
};

static uint32_t read(struct device *device, uint32_t offset)
{
    return offset == DR ? crc_of(device)->DR : offset == IDR ? crc_of(device)->IDR : 0;
}

static uint32_t fold(uint32_t crc, uint32_t word)
{
    crc ^= word;
    for (unsigned bit = 0; bit < 32; bit++)
        crc = crc << 1 ^ (crc >> 31 ? POLYNOMIAL : 0);
    return crc;
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    if (offset == DR)
        crc_of(device)->DR = fold(crc_of(device)->DR, value);
    else if (offset == IDR)
        crc_of(device)->IDR = value & 0xFF;
    else if (value & CR_RESET)
        crc_of(device)->DR = UINT32_MAX;
}

static void reset(struct device *device)
{
    *crc_of(device) = (struct crc){.DR = UINT32_MAX};
}

const struct device_class crc_class = {
    .state = sizeof(struct crc),
    REGISTERS(registers),
    .sizes = ONLY_WORDS,
    .read = read,
    .write = write,
    .reset = reset,
};
