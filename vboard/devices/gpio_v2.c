/* A port of pins (RM0038 chapter 7): modes, outputs, inputs, the lock, and the function of each pin. */
#include "gpio_v2.h"

#include "chip/chip.h"

enum { MODER = 0x00, OTYPER = 0x04, OSPEEDR = 0x08, PUPDR = 0x0C, IDR = 0x10, ODR = 0x14, BSRR = 0x18 };
enum { LCKR = 0x1C, AFRL = 0x20, AFRH = 0x24 };
enum { PINS = 16, LCKK = 1 << 16, NO_FUNCTION = 0xFF };
enum mode { MODE_INPUT, MODE_OUTPUT, MODE_ALTERNATE, MODE_ANALOG };
enum pull { PULL_NONE, PULL_UP, PULL_DOWN, PULL_RESERVED };
/* LCKR's key (7.4.8): LCKK written 1, 0, 1, then read. */
enum lock_step { LOCK_IDLE, LOCK_1, LOCK_10, LOCK_101 };

struct gpio {
    uint32_t MODER, OTYPER, OSPEEDR, PUPDR, ODR, LCKR, AFR[2];
    uint32_t lock_step;      /* how far the sequence of LCKR has come */
    uint16_t float_reported; /* pins whose floating was reported */
};

static inline struct gpio *gpio_of(const struct device *device)
{
    return device_state(device);
}

#define GPIO_REGISTERS(moder, ospeedr, pupdr)                                                                \
    {                                                                                                        \
        AT(0x00) = {"MODER", RW | STABLE, 0, moder}, AT(0x04) = {"OTYPER", RW | STABLE, 0xFFFF0000},         \
        AT(0x08) = {"OSPEEDR", RW | STABLE, 0, ospeedr}, AT(0x0C) = {"PUPDR", RW | STABLE, 0, pupdr},        \
        AT(0x10) = {"IDR", READ_ONLY | STABLE | OPEN_RESET, 0}, AT(0x14) = {"ODR", RW | STABLE, 0xFFFF0000}, \
        AT(0x18) = {"BSRR", WRITE_ONLY, 0}, AT(0x1C) = {"LCKR", RW | STABLE, 0xFFFE0000},                    \
        AT(0x20) = {"AFRL", RW | STABLE, 0}, AT(0x24) = {"AFRH", RW | STABLE, 0},                            \
    }
/* JTMS, JTCK and JTDI are PA13 to PA15, JTDO and NJTRST are PB3 and PB4 (7.4.1, 7.4.3, 7.4.4). */
static const struct device_register registers[] = GPIO_REGISTERS(0, 0, 0);
static const struct device_register port_a_registers[] = GPIO_REGISTERS(0xA8000000, 0, 0x64000000);
static const struct device_register port_b_registers[] = GPIO_REGISTERS(0x280, 0xC0, 0x100);

static unsigned port_of(const struct device *device)
{
    return ((const struct gpio_v2_info *)device_config(device))->port;
}

static unsigned field(uint32_t value, unsigned pin)
{
    return value >> 2 * pin & 3;
}

static enum mode mode_of(const struct device *device, unsigned pin)
{
    return field(gpio_of(device)->MODER, pin);
}

static int pull_of(const struct gpio *gpio, unsigned pin)
{
    unsigned pull = field(gpio->PUPDR, pin);
    return pull == PULL_UP ? 1 : pull == PULL_DOWN ? 0 : -1;
}

static struct pin_drive drive(const struct device *device, unsigned pin)
{
    const struct gpio *gpio = gpio_of(device);
    struct pin_drive drives = {-1, pull_of(gpio, pin)};
    bool open_drain = gpio->OTYPER >> pin & 1;
    switch (mode_of(device, pin)) {
    case MODE_INPUT: return drives;
    case MODE_OUTPUT: drives.output = gpio->ODR >> pin & 1 ? 1 : 0; break;
    case MODE_ALTERNATE:
        drives.output = chip_function_level(device_chip(device), port_of(device), pin);
        break;
    case MODE_ANALOG: return (struct pin_drive){-1, -1};
    }
    if (open_drain && drives.output == 1)
        drives.output = -1;
    return drives;
}

static bool is_alternate(const struct device *device, unsigned pin)
{
    return mode_of(device, pin) == MODE_ALTERNATE;
}

static unsigned function(const struct device *device, unsigned pin)
{
    return is_alternate(device, pin) ? gpio_of(device)->AFR[pin / 8] >> 4 * (pin % 8) & 0xF : NO_FUNCTION;
}

static void tell_floating(struct device *device, unsigned pin)
{
    struct gpio *gpio = gpio_of(device);
    if (gpio->float_reported >> pin & 1)
        return;
    gpio->float_reported |= (uint16_t)(1u << pin);
    device_violation(
        device, SUSPICIOUS, "floating-input",
        "%s_IDR: P%c%u is read while nothing drives it, and PUPDR gives it no pull (RM0038 7.3.9)",
        device_name(device), 'A' + (int)port_of(device), pin);
}

/* As gpio_v1 does it: the input of an analog pin is off and reads as 0 (7.3.12). */
static uint32_t read_inputs(struct device *device)
{
    const struct chip *chip = device_chip(device);
    unsigned port = port_of(device);
    uint32_t value = 0;
    for (unsigned pin = 0; pin < PINS; pin++) {
        if (mode_of(device, pin) == MODE_ANALOG)
            continue;
        int level = chip_pin_level(chip, port, pin);
        if (is_alternate(device, pin) && chip_function_moves(chip, port, pin))
            device_changed(device);
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
    case MODER: return gpio->MODER;
    case OTYPER: return gpio->OTYPER;
    case OSPEEDR: return gpio->OSPEEDR;
    case PUPDR: return gpio->PUPDR;
    case IDR: return read_inputs(device);
    case ODR: return gpio->ODR;
    case LCKR: return read_lock(device);
    case AFRL: return gpio->AFR[0];
    case AFRH: return gpio->AFR[1];
    default: return 0;
    }
}

/* Fields of `bits` each, from pin `first` on: those of locked pins stay. */
static uint32_t spare_locked(struct device *device, const char *name, uint32_t old, uint32_t value,
                             unsigned bits, unsigned first)
{
    const struct gpio *gpio = gpio_of(device);
    for (unsigned pin = first; gpio->LCKR & LCKK && pin < PINS && bits * (pin - first) < 32; pin++) {
        uint32_t mask = ((1u << bits) - 1) << bits * (pin - first);
        if (gpio->LCKR >> pin & 1 && (old ^ value) & mask) {
            device_violation(device, SUSPICIOUS, "gpio-locked",
                             "%s_%s = 0x%08X: pin %u is locked until reset by LCKR 0x%05X (RM0038 7.3.8)",
                             device_name(device), name, (unsigned)value, pin, (unsigned)gpio->LCKR);
            value = (value & ~mask) | (old & mask);
        }
    }
    return value;
}

static void write_PUPDR(struct device *device, uint32_t value)
{
    for (unsigned pin = 0; pin < PINS; pin++) {
        if (field(value, pin) == PULL_RESERVED) {
            device_violation(device, SUSPICIOUS, "gpio-reserved-mode",
                             "%s_PUPDR = 0x%08X: 3 is reserved, pin %u (RM0038 7.4.4)", device_name(device),
                             (unsigned)value, pin);
        }
    }
    gpio_of(device)->PUPDR = value;
}

static void write_lock(struct device *device, uint32_t value)
{
    struct gpio *gpio = gpio_of(device);
    if (gpio->LCKR & LCKK) {
        device_violation(device, SUSPICIOUS, "gpio-locked",
                         "%s_LCKR = 0x%05X: locked already, stays so until reset (RM0038 7.4.8)",
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

static void configure(struct device *device, uint32_t offset, uint32_t value)
{
    struct gpio *gpio = gpio_of(device);
    switch (offset) {
    case MODER: gpio->MODER = spare_locked(device, "MODER", gpio->MODER, value, 2, 0); break;
    case OTYPER: gpio->OTYPER = spare_locked(device, "OTYPER", gpio->OTYPER, value, 1, 0); break;
    case OSPEEDR: gpio->OSPEEDR = spare_locked(device, "OSPEEDR", gpio->OSPEEDR, value, 2, 0); break;
    case PUPDR: write_PUPDR(device, spare_locked(device, "PUPDR", gpio->PUPDR, value, 2, 0)); break;
    case AFRL: gpio->AFR[0] = spare_locked(device, "AFRL", gpio->AFR[0], value, 4, 0); break;
    default: gpio->AFR[1] = spare_locked(device, "AFRH", gpio->AFR[1], value, 4, 8); break;
    }
}

static void outputs_changed(struct device *device)
{
    chip_outputs_changed(device_chip(device));
    chip_inputs_changed(device_chip(device));
}

static void write_outputs(struct device *device, uint32_t value)
{
    if (gpio_of(device)->ODR != value) {
        gpio_of(device)->ODR = value;
        device_changed(device);
        outputs_changed(device);
    }
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    const struct gpio *gpio = gpio_of(device);
    switch (offset) {
    case ODR: write_outputs(device, value & 0xFFFF); break;
    case BSRR: write_outputs(device, (gpio->ODR & ~(value >> 16)) | (value & 0xFFFF)); break;
    case LCKR:
        write_lock(device, value);
        device_changed(device);
        break;
    default:
        configure(device, offset, value);
        device_changed(device);
        outputs_changed(device);
        chip_pins_configured(device_chip(device));
        break;
    }
}

static void reset(struct device *device)
{
    const struct device_register *table = device->info->class->registers;
    uint16_t reported = gpio_of(device)->float_reported;
    *gpio_of(device) = (struct gpio){.MODER = table[MODER / 4].reset,
                                     .OSPEEDR = table[OSPEEDR / 4].reset,
                                     .PUPDR = table[PUPDR / 4].reset,
                                     .float_reported = reported};
    outputs_changed(device);
}

static const struct gpio_port port = {.drive = drive, .is_alternate = is_alternate, .function = function};

#define GPIO_CLASS(table)                                                                                    \
    {                                                                                                        \
        .state = sizeof(struct gpio), REGISTERS(table), .sizes = ANY_SIZE, .counts_writes = true,            \
        .read = read, .write = write, .reset = reset, .gpio = &port                                          \
    }
const struct device_class gpio_v2_class = GPIO_CLASS(registers);
const struct device_class gpio_v2_port_a_class = GPIO_CLASS(port_a_registers);
const struct device_class gpio_v2_port_b_class = GPIO_CLASS(port_b_registers);
