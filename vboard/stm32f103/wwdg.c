/*
 * Window watchdog (RM0008 chapter 20): counts down from PCLK1/4096, resets below 0x40, when it is refreshed
 * too early, and when somebody writes less than 0x40.
 */
#include "chip.h"

enum { CR = 0x00, CFR = 0x04, SR = 0x08 };
enum {
    CR_T = 0x7F,
    CR_T6 = 0x40,
    CR_WDGA = 0x80,
    CFR_W = 0x7F,
    CFR_WDGTB_SHIFT = 7,
    CFR_EWI = 1 << 9,
    SR_EWIF = 1
};
enum { RESET_VALUE = 0x7F, PRESCALER = 4096 };
#define WWDG_BASE 0x40002C00u

static ticks count_time(const struct wwdg *wwdg)
{
    return wwdg->clock * PRESCALER << (wwdg->CFR >> CFR_WDGTB_SHIFT & 3);
}

static void update_irq(struct chip *chip)
{
    const struct wwdg *wwdg = &chip->wwdg;
    cortex_m3_set_irq(&chip->cpu, IRQ_WWDG, wwdg->SR & SR_EWIF && wwdg->CFR & CFR_EWI);
}

/* The counter runs whether the watchdog is on or not (20.3). */
static void settle(struct chip *chip)
{
    struct wwdg *wwdg = &chip->wwdg;
    ticks now = chip_now(chip);
    if (wwdg->clock == 0 || now <= wwdg->since) {
        return;
    }
    uint64_t counts = (now - wwdg->since) / count_time(wwdg);
    uint32_t T = wwdg->CR & CR_T;
    wwdg->since += counts * count_time(wwdg);
    if (counts > 0 && ((T - CR_T6) & CR_T) != 0 && counts >= ((T - CR_T6) & CR_T)) {
        wwdg->SR |= SR_EWIF;
    }
    wwdg->CR = (wwdg->CR & ~(uint32_t)CR_T) | ((T - (uint32_t)(counts & CR_T)) & CR_T);
    update_irq(chip);
}

static void plan(struct chip *chip)
{
    const struct wwdg *wwdg = &chip->wwdg;
    uint32_t T = wwdg->CR & CR_T;
    bool on = wwdg->CR & CR_WDGA;
    bool warns = (wwdg->CFR & CFR_EWI || wwdg->polled) && !(wwdg->SR & SR_EWIF);
    if (wwdg->clock == 0 || (!on && !warns)) {
        chip_schedule(chip, EVENT_WWDG, TICKS_NEVER);
        return;
    }
    uint32_t to_warning = (T - CR_T6) & CR_T;
    uint32_t counts = to_warning ? to_warning : on ? 1 : CR_T + 1;
    chip_schedule(chip, EVENT_WWDG, wwdg->since + counts * count_time(wwdg));
}

void wwdg_event(struct chip *chip)
{
    settle(chip);
    if (chip->wwdg.CR & CR_WDGA && !(chip->wwdg.CR & CR_T6)) {
        chip_reset(chip, RESET_WWDG);
        return;
    }
    plan(chip);
}

static void write_CR(struct chip *chip, uint32_t value)
{
    struct wwdg *wwdg = &chip->wwdg;
    bool on = wwdg->CR & CR_WDGA, early = (wwdg->CR & CR_T) > (wwdg->CFR & CFR_W);
    if (on && early) {
        chip_violation(chip, SUSPICIOUS, "wwdg-window",
                       "WWDG_CR = 0x%X while the counter 0x%X is above the window 0x%X: reset (RM0008 20.4)",
                       (unsigned)value, (unsigned)(wwdg->CR & CR_T), (unsigned)(wwdg->CFR & CFR_W));
    }
    wwdg->CR = value | (wwdg->CR & CR_WDGA);
    if (wwdg->CR & CR_WDGA && ((on && early) || !(value & CR_T6))) {
        chip_reset(chip, RESET_WWDG);
    }
}

void wwdg_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    struct wwdg *wwdg = &chip->wwdg;
    settle(chip);
    switch (offset) {
    case CR: write_CR(chip, value); break;
    case CFR: wwdg->CFR = value | (wwdg->CFR & CFR_EWI); break; /* EWI stays until reset */
    default: wwdg->SR &= value; break;
    }
    wwdg->polled = false;
    update_irq(chip);
    plan(chip);
}

uint32_t wwdg_read(struct chip *chip, uint32_t offset)
{
    struct wwdg *wwdg = &chip->wwdg;
    settle(chip);
    switch (offset) {
    case CR: chip->cpu.side_effects += wwdg->clock != 0; return wwdg->CR;
    case CFR: return wwdg->CFR;
    default:
        wwdg->polled = true;
        plan(chip);
        return wwdg->SR;
    }
}

void wwdg_clock_changed(struct chip *chip)
{
    struct wwdg *wwdg = &chip->wwdg;
    ticks clock = rcc_peripheral_clock(chip, WWDG_BASE), now = chip_now(chip);
    if (clock == wwdg->clock) {
        return;
    }
    settle(chip);
    /* while it stands still, `since` is how far the present count has come */
    ticks had = wwdg->clock ? now - wwdg->since : wwdg->since;
    if (wwdg->clock && clock) {
        had = had / wwdg->clock * clock;
    }
    wwdg->since = clock ? now - had : had;
    wwdg->clock = clock;
    plan(chip);
}

void wwdg_reset(struct chip *chip)
{
    struct wwdg *wwdg = &chip->wwdg;
    *wwdg = (struct wwdg){.CR = RESET_VALUE, .CFR = RESET_VALUE, .clock = wwdg->clock};
    wwdg->since = wwdg->clock ? chip_now(chip) : 0;
    update_irq(chip);
    plan(chip);
}
