/* Ports A to G (RM0008 chapter 9): modes, outputs, inputs, the lock. */
#include "base/pin.h"
#include "chip.h"

enum { CRL = 0x00, CRH = 0x04, IDR = 0x08, ODR = 0x0C, BSRR = 0x10, BRR = 0x14, LCKR = 0x18 };
enum { PINS = 16, MODE_MASK = 3, CNF_RESERVED_INPUT = 0xC, LCKK = 1 << 16 };
enum { CR_RESET = 0x44444444 };
enum input_cnf { INPUT_ANALOG, INPUT_FLOATING, INPUT_PULL, INPUT_RESERVED };
enum output_cnf { OUTPUT_PUSH_PULL, OUTPUT_OPEN_DRAIN, OUTPUT_AF_PUSH_PULL, OUTPUT_AF_OPEN_DRAIN };
/* LCKR's key (RM0008 9.2.7): LCKK written 1, 0, 1, then read. */
enum lock_step { LOCK_IDLE, LOCK_1, LOCK_10, LOCK_101 };

static unsigned pin_bits(const struct gpio *gpio, unsigned pin)
{
    uint32_t bits = pin < 8 ? gpio->CRL : gpio->CRH;
    return bits >> 4 * (pin % 8) & 0xF;
}

static bool owned_by_usb(const struct chip *chip, unsigned port, unsigned pin)
{
    return port == 0 && (pin == 11 || pin == 12) && usb_transceiver_on(chip);
}

/* RM0008 9.3.5: the pulls of the debug pins while they are the debug port's. */
static int debug_pull(unsigned port, unsigned pin)
{
    switch (BOARD_PIN('A' + port, pin)) {
    case BOARD_PIN('A', 14): return 0;
    case BOARD_PIN('B', 3): return -1;
    default: return 1;
    }
}

struct pin_drive gpio_pin_drive(const struct chip *chip, unsigned port, unsigned pin)
{
    struct pin_drive drive = {-1, -1};
    const struct gpio *gpio = &chip->gpio[port];
    unsigned bits = pin_bits(gpio, pin), mode = bits & MODE_MASK, cnf = bits >> 2;
    bool high = gpio->ODR >> pin & 1;
    if (!chip->powered || owned_by_usb(chip, port, pin)) {
        return drive;
    }
    if (afio_pin_is_debug(chip, port, pin)) {
        drive.pull = debug_pull(port, pin);
    } else if (mode == 0 && cnf == INPUT_PULL) {
        drive.pull = high;
    } else if (mode != 0 && cnf == OUTPUT_PUSH_PULL) {
        drive.output = high;
    } else if (mode != 0 && cnf == OUTPUT_OPEN_DRAIN && !high) {
        drive.output = 0;
    } else if (mode != 0 && cnf >= OUTPUT_AF_PUSH_PULL) {
        int level = pin_function_level(chip, port, pin);
        drive.output = level == 1 && cnf == OUTPUT_AF_OPEN_DRAIN ? -1 : level;
    }
    return drive;
}

bool gpio_pin_is_alternate(const struct chip *chip, unsigned port, unsigned pin)
{
    unsigned bits = pin_bits(&chip->gpio[port], pin);
    return bits & MODE_MASK && bits >> 2 >= OUTPUT_AF_PUSH_PULL && !afio_pin_is_debug(chip, port, pin);
}

int gpio_pin_duty(const struct chip *chip, unsigned port, unsigned pin)
{
    struct pin_drive drive = gpio_pin_drive(chip, port, pin);
    if (!gpio_pin_is_alternate(chip, port, pin)) {
        return drive.output < 0 ? -1 : drive.output * DUTY_FULL;
    }
    return pin_function_duty(chip, port, pin);
}

/* PIN_FLOATS or -1 as pin_level() of the board says when nothing decides. */
static int pin_level(const struct chip *chip, unsigned port, unsigned pin)
{
    struct pin_drive drive = gpio_pin_drive(chip, port, pin);
    if (drive.output >= 0) {
        return drive.output;
    }
    int outside = chip->board.pin_level(chip->board.context, port, pin);
    return outside >= 0 ? outside : drive.pull >= 0 ? drive.pull : outside;
}

bool gpio_peek_level(const struct chip *chip, unsigned port, unsigned pin)
{
    return pin_level(chip, port, pin) > 0;
}

/* The input of an analog pin is off and reads as 0 (RM0008 9.1.12). */
static bool input_is_on(const struct chip *chip, unsigned port, unsigned pin)
{
    return (pin_bits(&chip->gpio[port], pin) & 0xF) != INPUT_ANALOG;
}

/*
 * Only a pin that something is connected to is worth a complaint: whoever reads IDR reads all 16, and most of
 * them float on any board.
 */
bool gpio_pin_level(struct chip *chip, unsigned port, unsigned pin)
{
    struct gpio *gpio = &chip->gpio[port];
    if (!input_is_on(chip, port, pin)) {
        return false;
    }
    int level = pin_level(chip, port, pin);
    if (gpio_pin_is_alternate(chip, port, pin) && pin_function_moves(chip, port, pin)) {
        chip->cpu.side_effects++;
    }
    if (level == PIN_FLOATS && !(gpio->float_reported >> pin & 1)) {
        gpio->float_reported |= (uint16_t)(1u << pin);
        chip_violation(
            chip, SUSPICIOUS, "floating-input",
            "GPIO%c_IDR: P%c%u is read while nothing drives it; its mode 0x%X has no pull (RM0008 9.1.7)",
            'A' + port, 'A' + port, pin, pin_bits(gpio, pin));
    }
    return level > 0;
}

static uint32_t read_inputs(struct chip *chip, unsigned port)
{
    uint32_t value = 0;
    for (unsigned pin = 0; pin < PINS; pin++) {
        value |= (uint32_t)gpio_pin_level(chip, port, pin) << pin;
    }
    return value;
}

static uint32_t read_lock(struct chip *chip, unsigned port)
{
    struct gpio *gpio = &chip->gpio[port];
    if (gpio->lock_step == LOCK_101) {
        gpio->lock_step = LOCK_IDLE;
        gpio->LCKR |= LCKK;
        chip->cpu.side_effects++;
    }
    return gpio->LCKR;
}

uint32_t gpio_read(struct chip *chip, unsigned port, uint32_t offset)
{
    const struct gpio *gpio = &chip->gpio[port];
    switch (offset) {
    case CRL: return gpio->CRL;
    case CRH: return gpio->CRH;
    case IDR: return read_inputs(chip, port);
    case ODR: return gpio->ODR;
    case LCKR: return read_lock(chip, port);
    default: return 0;
    }
}

/* Programs that change CNF in two steps pass through the reserved mode, and no chip minds. */
static void check_mode(struct chip *chip, unsigned port, unsigned pin, unsigned bits)
{
    const char *cr = pin < 8 ? "CRL" : "CRH";
    if (bits == CNF_RESERVED_INPUT) {
        chip_violation(chip, SUSPICIOUS, "gpio-reserved-mode",
                       "GPIO%c_%s: mode 0x%X of pin %u is reserved (RM0008 9.2.1)", 'A' + port, cr, bits,
                       pin);
    }
    if (bits & MODE_MASK && afio_pin_is_debug(chip, port, pin)) {
        chip_violation(chip, SUSPICIOUS, "pin-owned-by-debug",
                       "GPIO%c_%s: mode 0x%X makes P%c%u an output, but it is the debug port's until "
                       "AFIO_MAPR.SWJ_CFG frees it (RM0008 9.3.5)",
                       'A' + port, cr, bits, 'A' + port, pin);
    }
}

/* CRL or CRH, from pin `first` on. */
static uint32_t configure(struct chip *chip, unsigned port, unsigned first, uint32_t old, uint32_t value)
{
    const struct gpio *gpio = &chip->gpio[port];
    for (unsigned i = 0; i < 8; i++) {
        uint32_t mask = 0xFu << 4 * i;
        if (!((old ^ value) & mask)) {
            continue;
        }
        if (gpio->LCKR & LCKK && gpio->LCKR >> (first + i) & 1) {
            chip_violation(chip, SUSPICIOUS, "gpio-locked",
                           "GPIO%c_%s = 0x%08X: pin %u is locked until reset by LCKR 0x%05X (RM0008 9.2.7)",
                           'A' + port, first ? "CRH" : "CRL", (unsigned)value, first + i,
                           (unsigned)gpio->LCKR);
            value = (value & ~mask) | (old & mask);
            continue;
        }
        check_mode(chip, port, first + i, value >> 4 * i & 0xF);
    }
    return value;
}

static void write_lock(struct chip *chip, unsigned port, uint32_t value)
{
    struct gpio *gpio = &chip->gpio[port];
    if (gpio->LCKR & LCKK) {
        chip_violation(chip, SUSPICIOUS, "gpio-locked",
                       "GPIO%c_LCKR = 0x%05X: locked already, stays so until reset (RM0008 9.2.7)",
                       'A' + port, (unsigned)value);
        return;
    }
    bool key = value & LCKK, same = (value & 0xFFFF) == gpio->LCKR;
    if (key && (gpio->lock_step == LOCK_IDLE || !same)) {
        gpio->lock_step = LOCK_1;
    } else if (!key && gpio->lock_step == LOCK_1 && same) {
        gpio->lock_step = LOCK_10;
    } else if (key && gpio->lock_step == LOCK_10 && same) {
        gpio->lock_step = LOCK_101;
    } else {
        gpio->lock_step = LOCK_IDLE;
    }
    gpio->LCKR = value & 0xFFFF;
}

static void outputs_changed(struct chip *chip)
{
    chip->board.pins_changed(chip->board.context);
    gpio_inputs_changed(chip);
}

void gpio_write(struct chip *chip, unsigned port, uint32_t offset, uint32_t value)
{
    struct gpio *gpio = &chip->gpio[port];
    uint32_t CRL_before = gpio->CRL, CRH_before = gpio->CRH, ODR_before = gpio->ODR;
    switch (offset) {
    case CRL: gpio->CRL = configure(chip, port, 0, gpio->CRL, value); break;
    case CRH: gpio->CRH = configure(chip, port, 8, gpio->CRH, value); break;
    case ODR: gpio->ODR = value & 0xFFFF; break;
    case BSRR: gpio->ODR = (gpio->ODR & ~(value >> 16)) | (value & 0xFFFF); break;
    case BRR: gpio->ODR &= ~value; break;
    case LCKR:
        write_lock(chip, port, value);
        chip->cpu.side_effects++;
        break;
    default: break;
    }
    if (CRL_before != gpio->CRL || CRH_before != gpio->CRH || ODR_before != gpio->ODR) {
        chip->cpu.side_effects++;
        outputs_changed(chip);
    }
    if (CRL_before != gpio->CRL || CRH_before != gpio->CRH) {
        tim_replan(chip);
    }
}

void gpio_reset(struct chip *chip, unsigned port)
{
    uint16_t reported = chip->gpio[port].float_reported;
    chip->gpio[port] = (struct gpio){.CRL = CR_RESET, .CRH = CR_RESET, .float_reported = reported};
    outputs_changed(chip);
}
