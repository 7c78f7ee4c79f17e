/* Power control (RM0008 chapter 5): here mostly the lock of the backup domain. */
#include "chip.h"

enum { CR = 0x00, CSR = 0x04 };
enum { CR_CWUF = 1 << 2, CR_CSBF = 1 << 3, CR_PVDE = 1 << 4, CR_DBP = 1 << 8 };
enum { CSR_WUF = 1 << 0, CSR_SBF = 1 << 1, CSR_EWUP = 1 << 8 };

bool pwr_backup_writable(struct chip *chip, const char *what, uint32_t value)
{
    if (chip->pwr.CR & CR_DBP) {
        return true;
    }
    chip_violation(chip, FORBIDDEN, "backup-write-protected",
                   "%s = 0x%X is ignored: PWR_CR.DBP must be set first (RM0008 5.1.2, 6.1)", what,
                   (unsigned)value);
    return false;
}

uint32_t pwr_read(struct chip *chip, uint32_t offset)
{
    return offset == CR ? chip->pwr.CR : chip->pwr.CSR;
}

void pwr_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    if (offset == CSR) {
        chip->pwr.CSR = (chip->pwr.CSR & ~(uint32_t)CSR_EWUP) | (value & CSR_EWUP);
        return;
    }
    if (value & CR_PVDE) {
        chip_violation(chip, SUSPICIOUS, "unmodelled",
                       "PWR_CR = 0x%X: the voltage detector (RM0008 5.2.3) is not modelled", (unsigned)value);
    }
    chip->pwr.CSR &= ~(value & CR_CWUF ? CSR_WUF : 0u) & ~(value & CR_CSBF ? CSR_SBF : 0u);
    chip->pwr.CR = value & ~(uint32_t)(CR_CWUF | CR_CSBF);
}

/* WUF and SBF outlive a system reset (RM0008 5.4.2). */
void pwr_reset(struct chip *chip)
{
    chip->pwr.CR = 0;
    chip->pwr.CSR &= CSR_WUF | CSR_SBF;
}
