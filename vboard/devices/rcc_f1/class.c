/* RCC as a device: its registers, and what the chip calls. */
#include "private.h"

static const struct device_register registers[] = {
    AT(0x00) = {"CR", RW | STABLE, 0xFCF00004, CR_RESET},
    AT(0x04) = {"CFGR", RW | STABLE, 0xF8800000},
    AT(0x08) = {"CIR", RW | STABLE, 0xFF60E060},
    AT(0x0C) = {"APB2RSTR", RW | STABLE, 0xFFC70002},
    AT(0x10) = {"APB1RSTR", RW | STABLE, 0xC5013600},
    AT(0x14) = {"AHBENR", RW | STABLE, 0xFFFFFAA8, AHBENR_RESET},
    AT(0x18) = {"APB2ENR", RW | STABLE, 0xFFC70002},
    AT(0x1C) = {"APB1ENR", RW | STABLE, 0xC5013600},
    AT(0x20) = {"BDCR", RW | STABLE, 0xFFFE7CF8},
    AT(0x24) = {"CSR", RW | STABLE, 0x02FFFFFC, CSR_PINRSTF | CSR_PORRSTF},
};

static void line(struct device *device, unsigned input, bool level)
{
    if (input == RCC_F1_STOP) {
        rcc_enter_stop(device);
        return;
    }
    rcc_of(device)->lsi_needed = level;
    if (level)
        rcc_force_lsi(device);
}

const struct device_class rcc_f1_class = {
    .state = sizeof(struct rcc),
    REGISTERS(registers),
    .sizes = ANY_SIZE,
    .events = 1,
    .read = rcc_read,
    .write = rcc_write,
    .reset = rcc_reset,
    .started = rcc_started,
    .backup_reset = rcc_backup_reset,
    .event = rcc_event,
    .node_used = rcc_check_node,
    .line = line,
};
