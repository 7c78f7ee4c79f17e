/*
 * MCU debug component (RM0008 31.16). Without a debugger, programs on these chips read zeros from it and
 * cannot write (ST errata ES096 and ES0340, "debug registers cannot be read by user software").
 */
#include "chip.h"

enum { IDCODE = 0x00 };

uint32_t dbgmcu_read(struct chip *chip, uint32_t offset)
{
    chip_violation(chip, SUSPICIOUS, "debug-registers",
                   "DBGMCU_%s reads as 0 for a program, only a debugger sees 0x%08X (ST errata sheet ES096)",
                   offset == IDCODE ? "IDCODE" : "CR",
                   (unsigned)(offset == IDCODE ? chip->config.idcode : chip->dbgmcu.CR));
    return 0;
}

void dbgmcu_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    (void)offset;
    chip_violation(chip, SUSPICIOUS, "debug-registers",
                   "DBGMCU_CR = 0x%X does nothing without a debugger (ST errata sheet ES096)",
                   (unsigned)value);
}

/* CR is reset by power only, and power-up clears the chip (RM0008 31.16.3). */
void dbgmcu_reset(struct chip *chip)
{
    if (chip->reset_cause == RESET_POWER) {
        chip->dbgmcu.CR = 0;
    }
}
