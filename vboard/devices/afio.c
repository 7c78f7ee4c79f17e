/* Alternate functions (RM0008 9.4): who owns the debug pins, which port feeds which EXTI line. */
#include "afio.h"

#include "base/pin.h"
#include "chip/chip.h"

enum { EVCR = 0x00, MAPR = 0x04, EXTICR1 = 0x08, EXTICR4 = 0x14, MAPR2 = 0x1C };
enum { SWJ_CFG_SHIFT = 24, SWJ_CFG_MASK = 7, ADC_REMAPS_SHIFT = 17 };
enum swj_cfg { SWJ_FULL = 0, SWJ_NO_NJTRST = 1, SWJ_ONLY_SW = 2, SWJ_NONE = 4 };

struct afio {
    uint32_t EVCR, MAPR, EXTICR[4], MAPR2;
};

static inline struct afio *afio_of(const struct device *device)
{
    return device_state(device);
}

static const struct device_register registers[] = {
    AT(0x00) = {"EVCR", RW | STABLE, 0xFFFFFF00},    AT(0x04) = {"MAPR", RW | STABLE, 0xF8E00000},
    AT(0x08) = {"EXTICR1", RW | STABLE, 0xFFFF0000}, AT(0x0C) = {"EXTICR2", RW | STABLE, 0xFFFF0000},
    AT(0x10) = {"EXTICR3", RW | STABLE, 0xFFFF0000}, AT(0x14) = {"EXTICR4", RW | STABLE, 0xFFFF0000},
};

static const struct device_register large_registers[] = {
    AT(0x00) = {"EVCR", RW | STABLE, 0xFFFFFF00},    AT(0x04) = {"MAPR", RW | STABLE, 0xF8E00000},
    AT(0x08) = {"EXTICR1", RW | STABLE, 0xFFFF0000}, AT(0x0C) = {"EXTICR2", RW | STABLE, 0xFFFF0000},
    AT(0x10) = {"EXTICR3", RW | STABLE, 0xFFFF0000}, AT(0x14) = {"EXTICR4", RW | STABLE, 0xFFFF0000},
    AT(0x1C) = {"MAPR2", RW | STABLE, 0xFFFFF81F},
};

static unsigned swj_cfg(uint32_t value)
{
    return value >> SWJ_CFG_SHIFT & SWJ_CFG_MASK;
}

/*
 * The debug port's pins, with their pulls (9.3.5), and the last of SWJ_CFG's values that leaves them to it.
 */
static const struct debug_pin {
    uint8_t pin;
    enum { UP, DOWN, NO_PULL } pull;
    enum swj_cfg last;
} debug_pins[] = {
    {BOARD_PIN('A', 13), UP, SWJ_ONLY_SW},   {BOARD_PIN('A', 14), DOWN, SWJ_ONLY_SW},
    {BOARD_PIN('A', 15), UP, SWJ_NO_NJTRST}, {BOARD_PIN('B', 3), NO_PULL, SWJ_NO_NJTRST},
    {BOARD_PIN('B', 4), UP, SWJ_FULL},
};

static void set_bit(uint16_t *bits, unsigned number, bool level)
{
    uint16_t bit = (uint16_t)(1u << number);
    *bits = level ? *bits | bit : *bits & (uint16_t)~bit;
}

/* Tells those whom it concerns what its registers say. */
static void apply(struct device *device)
{
    const struct afio *afio = afio_of(device);
    struct pin_state *pins = &device_chip(device)->pins;
    for (unsigned i = 0; i < sizeof debug_pins / sizeof debug_pins[0]; i++) {
        const struct debug_pin *pin = &debug_pins[i];
        set_bit(&pins->debug[pin->pin >> 4], pin->pin & 0xF, swj_cfg(afio->MAPR) <= pin->last);
        set_bit(&pins->pulled_up[pin->pin >> 4], pin->pin & 0xF, pin->pull == UP);
        set_bit(&pins->pulled_down[pin->pin >> 4], pin->pin & 0xF, pin->pull == DOWN);
    }
    for (unsigned line = 0; line < PORT_PINS; line++)
        pins->line_port[line] = afio->EXTICR[line / 4] >> 4 * (line % 4) & 0xF;
    chip_remap_pins(device_chip(device), afio->MAPR);
    for (unsigned i = 0; i < AFIO_ADC_REMAPS; i++)
        device_drive(device, AFIO_ADC1_ETRGINJ + i, afio->MAPR >> (ADC_REMAPS_SHIFT + i) & 1);
}

static void tell_reserved(struct device *device, uint32_t MAPR_value, unsigned shift, unsigned mask)
{
    device_violation(device, UNDEFINED, "afio-remap",
                     "AFIO_MAPR = 0x%08X: %u in the field at bit %u is not used (RM0008 9.4.2)",
                     (unsigned)MAPR_value, (unsigned)(MAPR_value >> shift & mask), shift);
}

static uint32_t read(struct device *device, uint32_t offset)
{
    const struct afio *afio = afio_of(device);
    switch (offset) {
    case EVCR: return afio->EVCR;
    /* SWJ_CFG cannot be read back; the manual leaves open what comes (RM0008 9.4.2). Here: zero. */
    case MAPR: return afio->MAPR & ~((uint32_t)SWJ_CFG_MASK << SWJ_CFG_SHIFT);
    case MAPR2: return afio->MAPR2;
    default: return offset >= EXTICR1 && offset <= EXTICR4 ? afio->EXTICR[(offset - EXTICR1) / 4] : 0;
    }
}

static void write_mapr(struct device *device, uint32_t value)
{
    unsigned before = swj_cfg(afio_of(device)->MAPR), after = swj_cfg(value);
    if (after != SWJ_FULL && after != SWJ_NO_NJTRST && after != SWJ_ONLY_SW && after != SWJ_NONE) {
        device_violation(device, SUSPICIOUS, "swj-cfg",
                         "AFIO_MAPR = 0x%08X: SWJ_CFG %u has no effect, the debug pins stay as they are "
                         "(RM0008 9.4.2)",
                         (unsigned)value, after);
        after = before;
    } else if (after == SWJ_FULL && before != SWJ_FULL) {
        device_violation(
            device, SUSPICIOUS, "swj-cfg-lost",
            "AFIO_MAPR = 0x%08X gives the debug pins back; SWJ_CFG cannot be read, a read-modify-write "
            "loses it (RM0008 9.4.2)",
            (unsigned)value);
    }
    chip_check_remap(device, value, tell_reserved);
    afio_of(device)->MAPR = (value & ~((uint32_t)SWJ_CFG_MASK << SWJ_CFG_SHIFT)) | after << SWJ_CFG_SHIFT;
    apply(device);
    chip_outputs_changed(device_chip(device));
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case EVCR: afio_of(device)->EVCR = value; break;
    case MAPR: write_mapr(device, value); break;
    case MAPR2: afio_of(device)->MAPR2 = value; break;
    default: afio_of(device)->EXTICR[(offset - EXTICR1) / 4 % 4] = value; break;
    }
    apply(device);
    chip_pins_configured(device_chip(device));
    chip_inputs_changed(device_chip(device));
}

static void reset(struct device *device)
{
    *afio_of(device) = (struct afio){0};
    apply(device);
    chip_outputs_changed(device_chip(device));
    chip_inputs_changed(device_chip(device));
}

static void made(struct device *device)
{
    apply(device);
}

#define AFIO_CLASS(table)                                                                                    \
    {                                                                                                        \
        .state = sizeof(struct afio), REGISTERS(table), .sizes = ONLY_WORDS, .made = made, .read = read,     \
        .write = write, .reset = reset                                                                       \
    }
const struct device_class afio_class = AFIO_CLASS(registers);
const struct device_class afio_large_class = AFIO_CLASS(large_registers);
