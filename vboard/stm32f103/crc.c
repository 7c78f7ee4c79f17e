/* CRC unit (RM0008 chapter 4): polynomial 0x04C11DB7 over words, as in Ethernet but neither reflected nor
 * inverted. */
#include "chip.h"

enum { DR = 0x00, IDR = 0x04, CR = 0x08, CR_RESET = 1 };
#define POLYNOMIAL 0x04C11DB7u

uint32_t crc_read(struct chip *chip, uint32_t offset)
{
    return offset == DR ? chip->crc.DR : offset == IDR ? chip->crc.IDR : 0;
}

static uint32_t fold(uint32_t crc, uint32_t word)
{
    crc ^= word;
    for (unsigned bit = 0; bit < 32; bit++) {
        crc = crc << 1 ^ (crc >> 31 ? POLYNOMIAL : 0);
    }
    return crc;
}

void crc_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    if (offset == DR) {
        chip->crc.DR = fold(chip->crc.DR, value);
    } else if (offset == IDR) {
        chip->crc.IDR = value & 0xFF;
    } else if (value & CR_RESET) {
        chip->crc.DR = UINT32_MAX;
    }
}

void crc_reset(struct chip *chip)
{
    chip->crc = (struct crc){.DR = UINT32_MAX};
}
