/*
 * MCU debug component (RM0038 30.16). Programs can read it, unlike that of the F103. What stops in a halt is
 * a debugger's matter: the bits are kept and do nothing.
 */
#include "dbgmcu_l1.h"

#include "chip/chip.h"

enum { IDCODE = 0x00, CR = 0x04, APB1FZ = 0x08 };

struct dbgmcu {
    uint32_t CR, APB1FZ, APB2FZ;
};

static inline struct dbgmcu *dbgmcu_of(const struct device *device)
{
    return device_state(device);
}

static const struct device_register registers[] = {
    AT(0x00) = {"IDCODE", READ_ONLY | STABLE | OPEN_RESET, 0},
    AT(0x04) = {"CR", RW | STABLE, 0xFFFFFF18},
    AT(0x08) = {"APB1FZ", RW | STABLE, 0xFF9FE3C0},
    AT(0x0C) = {"APB2FZ", RW | STABLE, 0xFFFFFFE3},
};

static uint32_t *register_at(const struct device *device, uint32_t offset)
{
    struct dbgmcu *dbgmcu = dbgmcu_of(device);
    return offset == CR ? &dbgmcu->CR : offset == APB1FZ ? &dbgmcu->APB1FZ : &dbgmcu->APB2FZ;
}

static uint32_t read(struct device *device, uint32_t offset)
{
    return offset == IDCODE ? device_chip(device)->config.idcode : *register_at(device, offset);
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    *register_at(device, offset) = value;
}

/* By power only (30.16.3). */
static void reset(struct device *device)
{
    if (device_chip(device)->reset_cause == RESET_POWER)
        *dbgmcu_of(device) = (struct dbgmcu){0};
}

const struct device_class dbgmcu_l1_class = {
    .state = sizeof(struct dbgmcu),
    REGISTERS(registers),
    .sizes = ONLY_WORDS,
    .read = read,
    .write = write,
    .reset = reset,
};
