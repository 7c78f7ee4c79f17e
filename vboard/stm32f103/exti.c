/* External interrupts and events (RM0008 10.2). */
#include "chip.h"

enum { IMR = 0x00, EMR = 0x04, RTSR = 0x08, FTSR = 0x0C, SWIER = 0x10, PR = 0x14 };
enum { PIN_LINES = 16, LINE_PVD = 16, LINE_RTC = 17, LINE_USB_WAKEUP = 18 };
enum { IRQ_PVD = 1, IRQ_EXTI0 = 6, IRQ_EXTI9_5 = 23, IRQ_EXTI15_10 = 40, IRQ_RTC_ALARM = 41 };

static uint32_t lines(unsigned first, unsigned last)
{
    return (2u << last) - (1u << first);
}

static void update_irqs(struct chip *chip)
{
    uint32_t active = chip->exti.PR & chip->exti.IMR;
    for (unsigned line = 0; line <= 4; line++) {
        cortex_m3_set_irq(&chip->cpu, IRQ_EXTI0 + line, active >> line & 1);
    }
    cortex_m3_set_irq(&chip->cpu, IRQ_EXTI9_5, active & lines(5, 9));
    cortex_m3_set_irq(&chip->cpu, IRQ_EXTI15_10, active & lines(10, 15));
    cortex_m3_set_irq(&chip->cpu, IRQ_PVD, active >> LINE_PVD & 1);
    cortex_m3_set_irq(&chip->cpu, IRQ_RTC_ALARM, active >> LINE_RTC & 1);
    cortex_m3_set_irq(&chip->cpu, IRQ_USB_WAKEUP, active >> LINE_USB_WAKEUP & 1);
}

/* An edge on a line that only makes events leaves its pending bit alone (RM0008 10.2.4). */
static void trigger(struct chip *chip, uint32_t mask)
{
    struct exti *exti = &chip->exti;
    adc_exti(chip, mask);
    dac_exti(chip, mask);
    exti->PR |= mask & ~(exti->EMR & ~exti->IMR);
    if (exti->EMR & mask) {
        cortex_m3_send_event(&chip->cpu);
    }
    update_irqs(chip);
    if ((exti->EMR | exti->IMR) & mask) {
        low_power_exti(chip);
    }
}

void exti_set_line(struct chip *chip, unsigned line, bool level)
{
    struct exti *exti = &chip->exti;
    uint32_t mask = 1u << line;
    if (level == !!(exti->level & mask)) {
        return;
    }
    exti->level ^= mask;
    if ((level ? exti->RTSR : exti->FTSR) & mask) {
        trigger(chip, mask);
    }
}

static bool line_level(const struct chip *chip, unsigned line)
{
    unsigned port = chip->afio.EXTICR[line / 4] >> 4 * (line % 4) & 0xF;
    return port < PORTS && gpio_peek_level(chip, port, line);
}

void gpio_inputs_changed(struct chip *chip)
{
    uint32_t watched = chip->exti.RTSR | chip->exti.FTSR;
    for (unsigned line = 0; line < PIN_LINES; line++) {
        if (watched >> line & 1) {
            exti_set_line(chip, line, line_level(chip, line));
        }
    }
    tim_inputs_changed(chip);
    low_power_inputs_changed(chip);
}

/* Lines watched from now on start from the level they have, not with an edge. */
static void sample(struct chip *chip)
{
    uint32_t watched = chip->exti.RTSR | chip->exti.FTSR;
    for (unsigned line = 0; line < PIN_LINES; line++) {
        if (!(watched >> line & 1)) {
            uint32_t mask = 1u << line;
            chip->exti.level = (chip->exti.level & ~mask) | (line_level(chip, line) ? mask : 0);
        }
    }
}

uint32_t exti_read(struct chip *chip, uint32_t offset)
{
    const struct exti *exti = &chip->exti;
    switch (offset) {
    case IMR: return exti->IMR;
    case EMR: return exti->EMR;
    case RTSR: return exti->RTSR;
    case FTSR: return exti->FTSR;
    case SWIER: return exti->SWIER;
    default: return exti->PR;
    }
}

void exti_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    struct exti *exti = &chip->exti;
    uint32_t risen;
    switch (offset) {
    case IMR: exti->IMR = value; break;
    case EMR: exti->EMR = value; break;
    case RTSR:
        sample(chip);
        exti->RTSR = value;
        break;
    case FTSR:
        sample(chip);
        exti->FTSR = value;
        break;
    case SWIER:
        risen = value & ~exti->SWIER;
        exti->SWIER |= value;
        trigger(chip, risen & (exti->IMR | exti->EMR));
        break;
    case PR:
        exti->PR &= ~value;
        exti->SWIER &= ~value; /* cleared along with PR (RM0008 10.3.5) */
        break;
    default: break;
    }
    update_irqs(chip);
    if (offset == RTSR || offset == FTSR) {
        tim_replan(chip);
        rtc_plan(chip);
    }
}

void exti_reset(struct chip *chip)
{
    chip->exti = (struct exti){.level = chip->exti.level & ~lines(0, 15)};
    update_irqs(chip);
}
