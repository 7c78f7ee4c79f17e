/* Alternate functions (RM0008 9.4): who owns the debug pins, which port feeds which EXTI line. */
#include "base/pin.h"
#include "chip.h"

enum { EVCR = 0x00, MAPR = 0x04, EXTICR1 = 0x08, EXTICR4 = 0x14, MAPR2 = 0x1C };
enum { SWJ_CFG_SHIFT = 24, SWJ_CFG_MASK = 7 };
enum swj_cfg { SWJ_FULL = 0, SWJ_NO_NJTRST = 1, SWJ_ONLY_SW = 2, SWJ_NONE = 4 };

static unsigned swj_cfg(uint32_t value)
{
    return value >> SWJ_CFG_SHIFT & SWJ_CFG_MASK;
}

bool afio_pin_is_debug(const struct chip *chip, unsigned port, unsigned pin)
{
    unsigned cfg = swj_cfg(chip->afio.MAPR);
    if (port > 1) {
        return false;
    }
    switch (BOARD_PIN('A' + port, pin)) {
    case BOARD_PIN('A', 13):
    case BOARD_PIN('A', 14): return cfg != SWJ_NONE;
    case BOARD_PIN('A', 15):
    case BOARD_PIN('B', 3): return cfg == SWJ_FULL || cfg == SWJ_NO_NJTRST;
    case BOARD_PIN('B', 4): return cfg == SWJ_FULL;
    default: return false;
    }
}

uint32_t afio_read(struct chip *chip, uint32_t offset)
{
    const struct afio *afio = &chip->afio;
    switch (offset) {
    case EVCR: return afio->EVCR;
    /* SWJ_CFG cannot be read back; the manual leaves open what comes (RM0008 9.4.2). Here: zero. */
    case MAPR: return afio->MAPR & ~((uint32_t)SWJ_CFG_MASK << SWJ_CFG_SHIFT);
    case MAPR2: return afio->MAPR2;
    default: return offset >= EXTICR1 && offset <= EXTICR4 ? afio->EXTICR[(offset - EXTICR1) / 4] : 0;
    }
}

static void write_mapr(struct chip *chip, uint32_t value)
{
    unsigned before = swj_cfg(chip->afio.MAPR), after = swj_cfg(value);
    if (after != SWJ_FULL && after != SWJ_NO_NJTRST && after != SWJ_ONLY_SW && after != SWJ_NONE) {
        chip_violation(chip, SUSPICIOUS, "swj-cfg",
                       "AFIO_MAPR = 0x%08X: SWJ_CFG %u has no effect, the debug pins stay as they are "
                       "(RM0008 9.4.2)",
                       (unsigned)value, after);
        after = before;
    } else if (after == SWJ_FULL && before != SWJ_FULL) {
        chip_violation(
            chip, SUSPICIOUS, "swj-cfg-lost",
            "AFIO_MAPR = 0x%08X gives the debug pins back; SWJ_CFG cannot be read, a read-modify-write "
            "loses it (RM0008 9.4.2)",
            (unsigned)value);
    }
    pin_functions_check(chip, value);
    chip->afio.MAPR = (value & ~((uint32_t)SWJ_CFG_MASK << SWJ_CFG_SHIFT)) | after << SWJ_CFG_SHIFT;
    chip->board.pins_changed(chip->board.context);
}

void afio_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case EVCR: chip->afio.EVCR = value; break;
    case MAPR: write_mapr(chip, value); break;
    case MAPR2: chip->afio.MAPR2 = value; break;
    default: chip->afio.EXTICR[(offset - EXTICR1) / 4 % 4] = value; break;
    }
    tim_replan(chip);
    gpio_inputs_changed(chip);
}

void afio_reset(struct chip *chip)
{
    chip->afio = (struct afio){0};
    chip->board.pins_changed(chip->board.context);
    gpio_inputs_changed(chip);
}
