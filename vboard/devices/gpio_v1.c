/* A port of pins as the F1 has it (RM0008 chapter 9): modes, outputs, inputs, the lock. */
#include "gpio_v1.h"

#include "chip/chip.h"

enum { CRL = 0x00, CRH = 0x04, IDR = 0x08, ODR = 0x0C, BSRR = 0x10, BRR = 0x14, LCKR = 0x18 };
enum { PINS = 16, MODE_MASK = 3, CNF_RESERVED_INPUT = 0xC, LCKK = 1 << 16 };
enum { CR_RESET = 0x44444444 };
enum input_cnf { INPUT_ANALOG, INPUT_FLOATING, INPUT_PULL, INPUT_RESERVED };
enum output_cnf { OUTPUT_PUSH_PULL, OUTPUT_OPEN_DRAIN, OUTPUT_AF_PUSH_PULL, OUTPUT_AF_OPEN_DRAIN };
/* LCKR's key (RM0008 9.2.7): LCKK written 1, 0, 1, then read. */
enum lock_step { LOCK_IDLE, LOCK_1, LOCK_10, LOCK_101 };

struct gpio {
    uint32_t CRL, CRH, ODR, LCKR;
    uint32_t lock_step;      /* how far the sequence of LCKR has come */
    uint16_t float_reported; /* pins whose floating was reported */
};

static inline struct gpio *gpio_of(const struct device *device)
{
    return device_state(device);
}

static const struct device_register registers[] = {
    AT(0x00) = {"CRL", RW | STABLE, 0, CR_RESET},
    AT(0x04) = {"CRH", RW | STABLE, 0, CR_RESET},
    AT(0x08) = {"IDR", READ_ONLY | STABLE | OPEN_RESET, 0},
    AT(0x0C) = {"ODR", RW | STABLE, 0xFFFF0000},
    AT(0x10) = {"BSRR", WRITE_ONLY, 0},
    AT(0x14) = {"BRR", WRITE_ONLY, 0xFFFF0000},
    AT(0x18) = {"LCKR", RW | STABLE, 0xFFFE0000},
};

static unsigned port_of(const struct device *device)
{
    return ((const struct gpio_v1_info *)device_config(device))->port;
}

static unsigned pin_bits(const struct gpio *gpio, unsigned pin)
{
    uint32_t bits = pin < 8 ? gpio->CRL : gpio->CRH;
    return bits >> 4 * (pin % 8) & 0xF;
}

static struct pin_drive drive(const struct device *device, unsigned pin)
{
    struct pin_drive drives = {-1, -1};
    const struct gpio *gpio = gpio_of(device);
    unsigned bits = pin_bits(gpio, pin), mode = bits & MODE_MASK, cnf = bits >> 2;
    bool high = gpio->ODR >> pin & 1;
    if (mode == 0 && cnf == INPUT_PULL) {
        drives.pull = high;
    } else if (mode != 0 && cnf == OUTPUT_PUSH_PULL) {
        drives.output = high;
    } else if (mode != 0 && cnf == OUTPUT_OPEN_DRAIN && !high) {
        drives.output = 0;
    } else if (mode != 0 && cnf >= OUTPUT_AF_PUSH_PULL) {
        int level = chip_function_level(device_chip(device), port_of(device), pin);
        drives.output = level == 1 && cnf == OUTPUT_AF_OPEN_DRAIN ? -1 : level;
    }
    return drives;
}

static bool is_alternate(const struct device *device, unsigned pin)
{
    unsigned bits = pin_bits(gpio_of(device), pin);
    return bits & MODE_MASK && bits >> 2 >= OUTPUT_AF_PUSH_PULL;
}

static void tell_floating(struct device *device, unsigned pin)
{
    struct gpio *gpio = gpio_of(device);
    if (gpio->float_reported >> pin & 1)
        return;
    gpio->float_reported |= (uint16_t)(1u << pin);
    device_violation(
        device, SUSPICIOUS, "floating-input",
        "%s_IDR: P%c%u is read while nothing drives it; its mode 0x%X has no pull (RM0008 9.1.7)",
        device_name(device), 'A' + (int)port_of(device), pin, pin_bits(gpio, pin));
}

/* A level that moves by itself is another one at each read. */
static void look_at_function(struct device *device, unsigned pin)
{
    const struct chip *chip = device_chip(device);
    unsigned port = port_of(device);
    if (chip_pin_is_alternate(chip, port, pin) && chip_function_moves(chip, port, pin))
        device_changed(device);
}

/*
 * The input of an analog pin is off and reads as 0 (RM0008 9.1.12). Only a pin that something is connected to
 * is worth a complaint if it floats: whoever reads IDR reads all 16, and most of them float on any board.
 */
static uint32_t read_inputs(struct device *device)
{
    const struct gpio *gpio = gpio_of(device);
    const struct chip *chip = device_chip(device);
    unsigned port = port_of(device);
    uint32_t value = 0;
    for (unsigned pin = 0; pin < PINS; pin++) {
        if ((pin_bits(gpio, pin) & 0xF) == INPUT_ANALOG)
            continue;
        int level = chip_pin_level(chip, port, pin);
        if (is_alternate(device, pin))
            look_at_function(device, pin);
        if (level == PIN_FLOATS)
            tell_floating(device, pin);
        value |= (uint32_t)(level > 0) << pin;
    }
    return value;
}

static uint32_t read_lock(struct device *device)
{
    struct gpio *gpio = gpio_of(device);
    if (gpio->lock_step == LOCK_101) {
        gpio->lock_step = LOCK_IDLE;
        gpio->LCKR |= LCKK;
        device_changed(device);
    }
    return gpio->LCKR;
}

static uint32_t read(struct device *device, uint32_t offset)
{
    const struct gpio *gpio = gpio_of(device);
    switch (offset) {
    case CRL: return gpio->CRL;
    case CRH: return gpio->CRH;
    case IDR: return read_inputs(device);
    case ODR: return gpio->ODR;
    case LCKR: return read_lock(device);
    default: return 0;
    }
}

/* Programs that change CNF in two steps pass through the reserved mode, and no chip minds. */
static void check_mode(struct device *device, unsigned pin, unsigned bits)
{
    const char *cr = pin < 8 ? "CRL" : "CRH";
    if (bits == CNF_RESERVED_INPUT) {
        device_violation(device, SUSPICIOUS, "gpio-reserved-mode",
                         "%s_%s: mode 0x%X of pin %u is reserved (RM0008 9.2.1)", device_name(device), cr,
                         bits, pin);
    }
    if (bits & MODE_MASK && (device_chip(device)->pins.debug[port_of(device)] >> pin & 1)) {
        device_violation(device, SUSPICIOUS, "pin-owned-by-debug",
                         "%s_%s: mode 0x%X makes P%c%u an output, but it is the debug port's until "
                         "AFIO_MAPR.SWJ_CFG frees it (RM0008 9.3.5)",
                         device_name(device), cr, bits, 'A' + (int)port_of(device), pin);
    }
}

/* CRL or CRH, from pin `first` on. */
static uint32_t configure(struct device *device, unsigned first, uint32_t old, uint32_t value)
{
    const struct gpio *gpio = gpio_of(device);
    for (unsigned i = 0; i < 8; i++) {
        uint32_t mask = 0xFu << 4 * i;
        if (!((old ^ value) & mask))
            continue;
        if (gpio->LCKR & LCKK && gpio->LCKR >> (first + i) & 1) {
            device_violation(device, SUSPICIOUS, "gpio-locked",
                             "%s_%s = 0x%08X: pin %u is locked until reset by LCKR 0x%05X (RM0008 9.2.7)",
                             device_name(device), first ? "CRH" : "CRL", (unsigned)value, first + i,
                             (unsigned)gpio->LCKR);
            value = (value & ~mask) | (old & mask);
            continue;
        }
        check_mode(device, first + i, value >> 4 * i & 0xF);
    }
    return value;
}

static void write_lock(struct device *device, uint32_t value)
{
    struct gpio *gpio = gpio_of(device);
    if (gpio->LCKR & LCKK) {
        device_violation(device, SUSPICIOUS, "gpio-locked",
                         "%s_LCKR = 0x%05X: locked already, stays so until reset (RM0008 9.2.7)",
                         device_name(device), (unsigned)value);
        return;
    }
    bool key = value & LCKK, same = (value & 0xFFFF) == gpio->LCKR;
    if (key && (gpio->lock_step == LOCK_IDLE || !same))
        gpio->lock_step = LOCK_1;
    else if (!key && gpio->lock_step == LOCK_1 && same)
        gpio->lock_step = LOCK_10;
    else if (key && gpio->lock_step == LOCK_10 && same)
        gpio->lock_step = LOCK_101;
    else
        gpio->lock_step = LOCK_IDLE;
    gpio->LCKR = value & 0xFFFF;
}

static void outputs_changed(struct device *device)
{
    chip_outputs_changed(device_chip(device));
    chip_inputs_changed(device_chip(device));
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    struct gpio *gpio = gpio_of(device);
    uint32_t CRL_before = gpio->CRL, CRH_before = gpio->CRH, ODR_before = gpio->ODR;
    switch (offset) {
    case CRL: gpio->CRL = configure(device, 0, gpio->CRL, value); break;
    case CRH: gpio->CRH = configure(device, 8, gpio->CRH, value); break;
    case ODR: gpio->ODR = value & 0xFFFF; break;
    case BSRR: gpio->ODR = (gpio->ODR & ~(value >> 16)) | (value & 0xFFFF); break;
    case BRR: gpio->ODR &= ~value; break;
    case LCKR:
        write_lock(device, value);
        device_changed(device);
        break;
    default: break;
    }
    if (CRL_before != gpio->CRL || CRH_before != gpio->CRH || ODR_before != gpio->ODR) {
        device_changed(device);
        outputs_changed(device);
    }
    if (CRL_before != gpio->CRL || CRH_before != gpio->CRH)
        chip_pins_configured(device_chip(device));
}

static void reset(struct device *device)
{
    uint16_t reported = gpio_of(device)->float_reported;
    *gpio_of(device) = (struct gpio){.CRL = CR_RESET, .CRH = CR_RESET, .float_reported = reported};
    outputs_changed(device);
}

static const struct gpio_port port = {.drive = drive, .is_alternate = is_alternate};

const struct device_class gpio_v1_class = {
    .state = sizeof(struct gpio),
    REGISTERS(registers),
    .sizes = ONLY_WORDS,
    .counts_writes = true,
    .read = read,
    .write = write,
    .reset = reset,
    .gpio = &port,
};
