/* Backup registers (RM0008 chapter 6): 16 bits each, they outlive a reset and are locked by PWR_CR.DBP. */
#include "chip.h"

#include <stdio.h>

enum { DR1 = 0x04, DR10 = 0x28, RTCCR = 0x2C, CR = 0x30, CSR = 0x34, DR11 = 0x40, DR42 = 0xBC };
enum {
    CR_TPE = 1,
    CSR_CTE = 1 << 0,
    CSR_CTI = 1 << 1,
    CSR_TPIE = 1 << 2,
    CSR_TEF = 1 << 8,
    CSR_TIF = 1 << 9
};

/* 0: not a data register. */
static unsigned data_register(uint32_t offset)
{
    if (offset >= DR1 && offset <= DR10) {
        return (offset - DR1) / 4 + 1;
    }
    return offset >= DR11 && offset <= DR42 ? (offset - DR11) / 4 + 11 : 0;
}

uint32_t bkp_read(struct chip *chip, uint32_t offset)
{
    switch (offset) {
    case RTCCR: return chip->bkp.RTCCR;
    case CR: return chip->bkp.CR;
    case CSR: return chip->bkp.CSR;
    default: return chip->bkp.DR[data_register(offset)];
    }
}

static void write_csr(struct bkp *bkp, uint32_t value)
{
    bkp->CSR &= ~(value & CSR_CTE ? CSR_TEF : 0u) & ~(value & CSR_CTI ? CSR_TIF : 0u);
    bkp->CSR = (bkp->CSR & ~(uint32_t)CSR_TPIE) | (value & CSR_TPIE);
}

void bkp_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    unsigned number = data_register(offset);
    char name[24];
    (void)snprintf(name, sizeof name, number ? "BKP_DR%u" : "BKP register 0x%X",
                   number ? number : (unsigned)offset);
    if (!pwr_backup_writable(chip, name, value)) {
        return;
    }
    if (number) {
        chip->bkp.DR[number] = (uint16_t)value;
    } else if (offset == CSR) {
        write_csr(&chip->bkp, value);
    } else if (offset == RTCCR) {
        chip->bkp.RTCCR = value;
    } else {
        chip->bkp.CR = value;
        if (value & CR_TPE) {
            chip_violation(chip, SUSPICIOUS, "unmodelled",
                           "BKP_CR = 0x%X: tamper detection (RM0008 6.3.1) is not modelled", (unsigned)value);
        }
    }
}

/* Of a system reset: only TPIE goes (RM0008 6.4.4). The data: rcc_reset_backup_domain. */
void bkp_reset(struct chip *chip)
{
    chip->bkp.CSR &= ~(uint32_t)CSR_TPIE;
}
