/* Backup registers (RM0008 chapter 6): 16 bits each, they outlive a reset and are locked by PWR_CR.DBP. */
#include "bkp_f1.h"

#include "chip/chip.h"

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

struct bkp {
    uint16_t DR[43]; /* 1..42 */
    uint32_t RTCCR, CR, CSR;
};

static inline struct bkp *bkp_of(const struct device *device)
{
    return device_state(device);
}

static const struct device_register registers[] = {
    AT(0x04) = {"DR1", RW | STABLE, 0xFFFF0000},   AT(0x08) = {"DR2", RW | STABLE, 0xFFFF0000},
    AT(0x0C) = {"DR3", RW | STABLE, 0xFFFF0000},   AT(0x10) = {"DR4", RW | STABLE, 0xFFFF0000},
    AT(0x14) = {"DR5", RW | STABLE, 0xFFFF0000},   AT(0x18) = {"DR6", RW | STABLE, 0xFFFF0000},
    AT(0x1C) = {"DR7", RW | STABLE, 0xFFFF0000},   AT(0x20) = {"DR8", RW | STABLE, 0xFFFF0000},
    AT(0x24) = {"DR9", RW | STABLE, 0xFFFF0000},   AT(0x28) = {"DR10", RW | STABLE, 0xFFFF0000},
    AT(0x2C) = {"RTCCR", RW | STABLE, 0xFFFFFC00}, AT(0x30) = {"CR", RW | STABLE, 0xFFFFFFFC},
    AT(0x34) = {"CSR", RW | STABLE, 0xFFFFFCF8},
};

static const struct device_register large_registers[] = {
    AT(0x04) = {"DR1", RW | STABLE, 0xFFFF0000},   AT(0x08) = {"DR2", RW | STABLE, 0xFFFF0000},
    AT(0x0C) = {"DR3", RW | STABLE, 0xFFFF0000},   AT(0x10) = {"DR4", RW | STABLE, 0xFFFF0000},
    AT(0x14) = {"DR5", RW | STABLE, 0xFFFF0000},   AT(0x18) = {"DR6", RW | STABLE, 0xFFFF0000},
    AT(0x1C) = {"DR7", RW | STABLE, 0xFFFF0000},   AT(0x20) = {"DR8", RW | STABLE, 0xFFFF0000},
    AT(0x24) = {"DR9", RW | STABLE, 0xFFFF0000},   AT(0x28) = {"DR10", RW | STABLE, 0xFFFF0000},
    AT(0x2C) = {"RTCCR", RW | STABLE, 0xFFFFFC00}, AT(0x30) = {"CR", RW | STABLE, 0xFFFFFFFC},
    AT(0x34) = {"CSR", RW | STABLE, 0xFFFFFCF8},   AT(0x40) = {"DR11", RW | STABLE, 0xFFFF0000},
    AT(0x44) = {"DR12", RW | STABLE, 0xFFFF0000},  AT(0x48) = {"DR13", RW | STABLE, 0xFFFF0000},
    AT(0x4C) = {"DR14", RW | STABLE, 0xFFFF0000},  AT(0x50) = {"DR15", RW | STABLE, 0xFFFF0000},
    AT(0x54) = {"DR16", RW | STABLE, 0xFFFF0000},  AT(0x58) = {"DR17", RW | STABLE, 0xFFFF0000},
    AT(0x5C) = {"DR18", RW | STABLE, 0xFFFF0000},  AT(0x60) = {"DR19", RW | STABLE, 0xFFFF0000},
    AT(0x64) = {"DR20", RW | STABLE, 0xFFFF0000},  AT(0x68) = {"DR21", RW | STABLE, 0xFFFF0000},
    AT(0x6C) = {"DR22", RW | STABLE, 0xFFFF0000},  AT(0x70) = {"DR23", RW | STABLE, 0xFFFF0000},
    AT(0x74) = {"DR24", RW | STABLE, 0xFFFF0000},  AT(0x78) = {"DR25", RW | STABLE, 0xFFFF0000},
    AT(0x7C) = {"DR26", RW | STABLE, 0xFFFF0000},  AT(0x80) = {"DR27", RW | STABLE, 0xFFFF0000},
    AT(0x84) = {"DR28", RW | STABLE, 0xFFFF0000},  AT(0x88) = {"DR29", RW | STABLE, 0xFFFF0000},
    AT(0x8C) = {"DR30", RW | STABLE, 0xFFFF0000},  AT(0x90) = {"DR31", RW | STABLE, 0xFFFF0000},
    AT(0x94) = {"DR32", RW | STABLE, 0xFFFF0000},  AT(0x98) = {"DR33", RW | STABLE, 0xFFFF0000},
    AT(0x9C) = {"DR34", RW | STABLE, 0xFFFF0000},  AT(0xA0) = {"DR35", RW | STABLE, 0xFFFF0000},
    AT(0xA4) = {"DR36", RW | STABLE, 0xFFFF0000},  AT(0xA8) = {"DR37", RW | STABLE, 0xFFFF0000},
    AT(0xAC) = {"DR38", RW | STABLE, 0xFFFF0000},  AT(0xB0) = {"DR39", RW | STABLE, 0xFFFF0000},
    AT(0xB4) = {"DR40", RW | STABLE, 0xFFFF0000},  AT(0xB8) = {"DR41", RW | STABLE, 0xFFFF0000},
    AT(0xBC) = {"DR42", RW | STABLE, 0xFFFF0000},
};

/* 0: not a data register. */
static unsigned data_register(uint32_t offset)
{
    if (offset >= DR1 && offset <= DR10)
        return (offset - DR1) / 4 + 1;
    return offset >= DR11 && offset <= DR42 ? (offset - DR11) / 4 + 11 : 0;
}

static uint32_t read(struct device *device, uint32_t offset)
{
    switch (offset) {
    case RTCCR: return bkp_of(device)->RTCCR;
    case CR: return bkp_of(device)->CR;
    case CSR: return bkp_of(device)->CSR;
    default: return bkp_of(device)->DR[data_register(offset)];
    }
}

static void write_csr(struct bkp *bkp, uint32_t value)
{
    bkp->CSR &= ~(value & CSR_CTE ? CSR_TEF : 0u) & ~(value & CSR_CTI ? CSR_TIF : 0u);
    bkp->CSR = (bkp->CSR & ~(uint32_t)CSR_TPIE) | (value & CSR_TPIE);
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    unsigned number = data_register(offset);
    char name[24];
    (void)snprintf(name, sizeof name, number ? "BKP_DR%u" : "BKP register 0x%X",
                   number ? number : (unsigned)offset);
    if (!device_backup_writable(device, name, value))
        return;
    if (number) {
        bkp_of(device)->DR[number] = (uint16_t)value;
    } else if (offset == CSR) {
        write_csr(bkp_of(device), value);
    } else if (offset == RTCCR) {
        bkp_of(device)->RTCCR = value;
    } else {
        bkp_of(device)->CR = value;
        if (value & CR_TPE) {
            device_violation(device, SUSPICIOUS, "unmodelled",
                             "BKP_CR = 0x%X: tamper detection (RM0008 6.3.1) is not modelled",
                             (unsigned)value);
        }
    }
}

/* Of a system reset: only TPIE goes (RM0008 6.4.4). The data: backup_reset(). */
static void reset(struct device *device)
{
    bkp_of(device)->CSR &= ~(uint32_t)CSR_TPIE;
}

static void backup_reset(struct device *device)
{
    *bkp_of(device) = (struct bkp){0};
}

static uint32_t get(const struct device *device, unsigned number)
{
    return bkp_of(device)->DR[number];
}

static void set(struct device *device, unsigned number, uint32_t value)
{
    bkp_of(device)->DR[number] = (uint16_t)value;
}

static const struct backup_port port = {.get = get, .set = set};

#define BKP_CLASS(table)                                                                                     \
    {                                                                                                        \
        .state = sizeof(struct bkp), REGISTERS(table), .sizes = HALF_WORDS_TOO, .read = read,                \
        .write = write, .reset = reset, .backup_reset = backup_reset, .backup = &port                        \
    }
const struct device_class bkp_f1_class = BKP_CLASS(registers);
const struct device_class bkp_f1_large_class = BKP_CLASS(large_registers);
