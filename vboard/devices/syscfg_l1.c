/* System configuration (RM0038 8.5): what is at address 0, USB's pull-up, which port feeds which EXTI line.
 */
#include "syscfg_l1.h"

#include "chip/chip.h"

enum { MEMRMP = 0x00, PMC = 0x04, EXTICR1 = 0x08 };
enum { MEM_MODE = 3, PMC_USB_PU = 1 << 0, PMC_LCD_CAPA = 0x3E };
/* EXTICR counts ports A to E, H, F, G. */
enum { PORT_NONE = 0xFF };
static const uint8_t port_by_number[] = {0, 1, 2, 3, 4, 7, 5, 6};

struct syscfg {
    uint32_t MEMRMP, PMC, EXTICR[4];
};

static inline struct syscfg *syscfg_of(const struct device *device)
{
    return device_state(device);
}

/* LCD_CAPA is there on every chip, for what is on none of an L151's pins. */
static const struct device_register registers[] = {
    AT(0x00) = {"MEMRMP", RW | STABLE, 0xFFFFFCFC},  AT(0x04) = {"PMC", RW | STABLE, 0xFFFFFFC0},
    AT(0x08) = {"EXTICR1", RW | STABLE, 0xFFFF0000}, AT(0x0C) = {"EXTICR2", RW | STABLE, 0xFFFF0000},
    AT(0x10) = {"EXTICR3", RW | STABLE, 0xFFFF0000}, AT(0x14) = {"EXTICR4", RW | STABLE, 0xFFFF0000},
};

static void apply(struct device *device)
{
    const struct syscfg *syscfg = syscfg_of(device);
    struct pin_state *pins = &device_chip(device)->pins;
    for (unsigned line = 0; line < PORT_PINS; line++) {
        unsigned number = syscfg->EXTICR[line / 4] >> 4 * (line % 4) & 0xF;
        pins->line_port[line] = number < sizeof port_by_number ? port_by_number[number] : PORT_NONE;
    }
    device_drive(device, SYSCFG_L1_USB_PULL_UP, syscfg->PMC & PMC_USB_PU);
}

static uint32_t read(struct device *device, uint32_t offset)
{
    switch (offset) {
    case MEMRMP: return syscfg_of(device)->MEMRMP; /* BOOT_MODE is 0: BOOT0 is low */
    case PMC: return syscfg_of(device)->PMC;
    default: return syscfg_of(device)->EXTICR[(offset - EXTICR1) / 4 % 4];
    }
}

static void write_MEMRMP(struct device *device, uint32_t value)
{
    if (value & MEM_MODE) {
        device_violation(device, SUSPICIOUS, "unmodelled",
                         "SYSCFG_MEMRMP = 0x%X: another memory at address 0 (RM0038 8.5.1) is not modelled",
                         (unsigned)value);
    }
    syscfg_of(device)->MEMRMP = value & MEM_MODE;
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case MEMRMP: write_MEMRMP(device, value); break;
    case PMC: syscfg_of(device)->PMC = value & (PMC_USB_PU | PMC_LCD_CAPA); break;
    default: syscfg_of(device)->EXTICR[(offset - EXTICR1) / 4 % 4] = value; break;
    }
    apply(device);
    chip_pins_configured(device_chip(device));
    chip_inputs_changed(device_chip(device));
}

static void reset(struct device *device)
{
    *syscfg_of(device) = (struct syscfg){0};
    apply(device);
    chip_inputs_changed(device_chip(device));
}

const struct device_class syscfg_l1_class = {
    .state = sizeof(struct syscfg),
    REGISTERS(registers),
    .sizes = ANY_SIZE,
    .read = read,
    .write = write,
    .reset = reset,
};
