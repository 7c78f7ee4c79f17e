/*
 * Peripherals of which only the registers are there: they keep what is written, and do nothing. The first
 * write to one is reported.
 */
#include "unmodelled.h"

#include "chip/chip.h"

enum { MOST_REGISTERS = 0x308 / 4 };

struct unmodelled {
    uint32_t reg[MOST_REGISTERS];
    bool told;
};

static inline struct unmodelled *state_of(const struct device *device)
{
    return device_state(device);
}

/* RM0038 12.15. */
static const struct device_register adc_l1_registers[] = {
    AT(0x00) = {"SR", RW | STABLE, 0},
    AT(0x04) = {"CR1", RW | STABLE, 0xF83C0000},
    AT(0x08) = {"CR2", RW | STABLE, 0x8080F088},
    AT(0x0C) = {"SMPR1", RW | STABLE, 0},
    AT(0x10) = {"SMPR2", RW | STABLE, 0},
    AT(0x14) = {"SMPR3", RW | STABLE, 0},
    AT(0x18) = {"JOFR1", RW | STABLE, 0xFFFFF000},
    AT(0x1C) = {"JOFR2", RW | STABLE, 0xFFFFF000},
    AT(0x20) = {"JOFR3", RW | STABLE, 0xFFFFF000},
    AT(0x24) = {"JOFR4", RW | STABLE, 0xFFFFF000},
    AT(0x28) = {"HTR", RW | STABLE, 0xFFFFF000, 0xFFF},
    AT(0x2C) = {"LTR", RW | STABLE, 0xFFFFF000},
    AT(0x30) = {"SQR1", RW | STABLE, 0xFE000000},
    AT(0x34) = {"SQR2", RW | STABLE, 0xC0000000},
    AT(0x38) = {"SQR3", RW | STABLE, 0xC0000000},
    AT(0x3C) = {"SQR4", RW | STABLE, 0xC0000000},
    AT(0x40) = {"SQR5", RW | STABLE, 0xC0000000},
    AT(0x44) = {"JSQR", RW | STABLE, 0xFFC00000},
    AT(0x48) = {"JDR1", READ_ONLY | STABLE, 0},
    AT(0x4C) = {"JDR2", READ_ONLY | STABLE, 0},
    AT(0x50) = {"JDR3", READ_ONLY | STABLE, 0},
    AT(0x54) = {"JDR4", READ_ONLY | STABLE, 0},
    AT(0x58) = {"DR", READ_ONLY | STABLE, 0},
    AT(0x5C) = {"SMPR0", RW | STABLE, 0},
    AT(0x300) = {"CSR", READ_ONLY | STABLE, 0},
    AT(0x304) = {"CCR", RW | STABLE, 0xFF7CFFFF},
};

/* RM0038 16.5. */
static const struct device_register lcd_registers[] = {
    AT(0x00) = {"CR", RW | STABLE, 0xFFFFFF00}, AT(0x04) = {"FCR", RW | STABLE, 0xFC000004},
    AT(0x08) = {"SR", RW | STABLE, 0, 0x20},    AT(0x0C) = {"CLR", WRITE_ONLY, 0xFFFFFFF5},
    AT(0x14) = {"RAM_COM0", RW | STABLE, 0},    AT(0x18) = {"RAM_COM0H", RW | STABLE, 0},
    AT(0x1C) = {"RAM_COM1", RW | STABLE, 0},    AT(0x20) = {"RAM_COM1H", RW | STABLE, 0},
    AT(0x24) = {"RAM_COM2", RW | STABLE, 0},    AT(0x28) = {"RAM_COM2H", RW | STABLE, 0},
    AT(0x2C) = {"RAM_COM3", RW | STABLE, 0},    AT(0x30) = {"RAM_COM3H", RW | STABLE, 0},
    AT(0x34) = {"RAM_COM4", RW | STABLE, 0},    AT(0x38) = {"RAM_COM4H", RW | STABLE, 0},
    AT(0x3C) = {"RAM_COM5", RW | STABLE, 0},    AT(0x40) = {"RAM_COM5H", RW | STABLE, 0},
    AT(0x44) = {"RAM_COM6", RW | STABLE, 0},    AT(0x48) = {"RAM_COM6H", RW | STABLE, 0},
    AT(0x4C) = {"RAM_COM7", RW | STABLE, 0},    AT(0x50) = {"RAM_COM7H", RW | STABLE, 0},
};

/* RM0038 14.9 and 8.5.7 on. */
static const struct device_register comp_l1_registers[] = {
    AT(0x00) = {"COMP_CSR", RW | STABLE, 0x0300CF40}, AT(0x04) = {"RI_ICR", RW | STABLE, 0xFFC00000},
    AT(0x08) = {"RI_ASCR1", RW | STABLE, 0x00020000}, AT(0x0C) = {"RI_ASCR2", RW | STABLE, 0xC000F000},
    AT(0x10) = {"RI_HYSCR1", RW | STABLE, 0},         AT(0x14) = {"RI_HYSCR2", RW | STABLE, 0},
    AT(0x18) = {"RI_HYSCR3", RW | STABLE, 0},
};

static uint32_t read(struct device *device, uint32_t offset)
{
    return state_of(device)->reg[offset / 4];
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    if (!state_of(device)->told) {
        state_of(device)->told = true;
        device_violation(device, SUSPICIOUS, "unmodelled",
                         "%s = 0x%X: of %s only the registers are there, it does nothing",
                         device->info->class->registers[offset / 4].name, (unsigned)value,
                         device_name(device));
    }
    state_of(device)->reg[offset / 4] = value;
}

static void reset(struct device *device)
{
    const struct device_class *class = device->info->class;
    for (unsigned i = 0; i < class->register_count; i++)
        state_of(device)->reg[i] = class->registers[i].reset;
}

#define UNMODELLED_CLASS(table)                                                                              \
    {                                                                                                        \
        .state = sizeof(struct unmodelled), REGISTERS(table), .sizes = ANY_SIZE, .read = read,               \
        .write = write, .reset = reset                                                                       \
    }
const struct device_class unmodelled_adc_l1_class = UNMODELLED_CLASS(adc_l1_registers);
const struct device_class unmodelled_lcd_class = UNMODELLED_CLASS(lcd_registers);
const struct device_class unmodelled_comp_l1_class = UNMODELLED_CLASS(comp_l1_registers);
_Static_assert(sizeof adc_l1_registers / sizeof adc_l1_registers[0] <= MOST_REGISTERS, "as many as any has");
