/* Power control: what all have in their registers (RM0008 5.4, RM0038 5.4). */
#include "private.h"

uint32_t pwr_read(struct device *device, uint32_t offset)
{
    return offset == CR ? pwr_of(device)->CR : pwr_of(device)->CSR;
}

void pwr_write_CR(struct device *device, uint32_t value)
{
    if (value & CR_PVDE) {
        device_violation(device, SUSPICIOUS, "unmodelled",
                         "PWR_CR = 0x%X: the voltage detector (RM0008 5.2.3) is not modelled",
                         (unsigned)value);
    }
    pwr_of(device)->CSR &= ~(value & CR_CWUF ? CSR_WUF : 0u) & ~(value & CR_CSBF ? CSR_SBF : 0u);
    pwr_of(device)->CR = value & ~(uint32_t)(CR_CWUF | CR_CSBF);
    device_chip(device)->backup_writable = value & CR_DBP;
}

void pwr_write_CSR(struct device *device, uint32_t value)
{
    pwr_of(device)->CSR = (pwr_of(device)->CSR & ~(uint32_t)CSR_EWUP_ALL) | (value & CSR_EWUP_ALL);
}

void pwr_reset(struct device *device, uint32_t CR_reset)
{
    pwr_of(device)->CR = CR_reset;
    device_chip(device)->backup_writable = false;
    device_listen(device, 0);
    pwr_of(device)->CSR &= CSR_WUF | CSR_SBF;
}

void pwr_powered_up(struct device *device)
{
    pwr_of(device)->CSR &= ~(uint32_t)(CSR_WUF | CSR_SBF);
}
