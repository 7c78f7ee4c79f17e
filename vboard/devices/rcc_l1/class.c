/* RCC as a device: its registers, and what the chip calls. */
#include "private.h"

static const struct device_register registers[] = {
    AT(0x00) = {"CR", RW | STABLE, 0x8CF8FCFC, CR_RESET},
    AT(0x04) = {"ICSCR", RW | STABLE | OPEN_RESET, 0, ICSCR_RESET},
    AT(0x08) = {"CFGR", RW | STABLE, 0x8802C000},
    AT(0x0C) = {"CIR", RW | STABLE, 0xFF008000},
    AT(0x10) = {"AHBRSTR", RW | STABLE, 0xFCFF6F00},
    AT(0x14) = {"APB2RSTR", RW | STABLE, 0xFFFFADE2},
    AT(0x18) = {"APB1RSTR", RW | STABLE, 0x4F1935C0},
    AT(0x1C) = {"AHBENR", RW | STABLE, 0xFCFF6F00, AHBENR_RESET},
    AT(0x20) = {"APB2ENR", RW | STABLE, 0xFFFFADE2},
    AT(0x24) = {"APB1ENR", RW | STABLE, 0x4F1935C0},
    AT(0x28) = {"AHBLPENR", RW | STABLE, 0xFCFE6F00, AHBLPENR_RESET},
    AT(0x2C) = {"APB2LPENR", RW | STABLE, 0xFFFFADE2},
    AT(0x30) = {"APB1LPENR", RW | STABLE, 0x4F1935C0},
    AT(0x34) = {"CSR", RW | STABLE, 0x003CE0FC, CSR_PINRSTF | CSR_PORRSTF},
};

static void line(struct device *device, unsigned input, bool level)
{
    if (input == RCC_L1_STOP) {
        rcc_l1_enter_stop(device);
        return;
    }
    rcc_of(device)->lsi_needed = level;
    if (level)
        rcc_l1_force_lsi(device);
}

const struct device_class rcc_l1_class = {
    .state = sizeof(struct rcc),
    REGISTERS(registers),
    .sizes = ANY_SIZE,
    .events = 1,
    .read = rcc_l1_read,
    .write = rcc_l1_write,
    .reset = rcc_l1_reset,
    .started = rcc_l1_started,
    .backup_reset = rcc_l1_backup_reset,
    .event = rcc_l1_event,
    .check_clocks = rcc_l1_check_limits,
    .line = line,
};
