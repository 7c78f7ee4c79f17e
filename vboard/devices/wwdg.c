/*
 * Window watchdog (RM0008 chapter 20): counts down from PCLK1/4096, resets below 0x40, when it is refreshed
 * too early, and when somebody writes less than 0x40.
 */
#include "wwdg.h"

#include "chip/chip.h"

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

struct wwdg {
    uint32_t CR, CFR, SR;
    ticks clock; /* of one PCLK1 cycle; 0: off */
    ticks since; /* when the counter took its value */
    bool polled;
};

static inline struct wwdg *wwdg_of(const struct device *device)
{
    return device_state(device);
}

static const struct device_register registers[] = {
    AT(0x00) = {"CR", RW, 0xFFFFFF00, RESET_VALUE},
    AT(0x04) = {"CFR", RW | STABLE, 0xFFFFFC00, RESET_VALUE},
    AT(0x08) = {"SR", RW | STABLE, 0xFFFFFFFE},
};

static ticks count_time(const struct wwdg *wwdg)
{
    return wwdg->clock * PRESCALER << (wwdg->CFR >> CFR_WDGTB_SHIFT & 3);
}

static void update_irq(struct device *device)
{
    const struct wwdg *wwdg = wwdg_of(device);
    device_drive(device, WWDG_IRQ, wwdg->SR & SR_EWIF && wwdg->CFR & CFR_EWI);
}

/* The counter runs whether the watchdog is on or not (20.3). */
static void settle(struct device *device)
{
    struct wwdg *wwdg = wwdg_of(device);
    ticks now = device_now(device);
    if (wwdg->clock == 0 || now <= wwdg->since)
        return;
    uint64_t counts = (now - wwdg->since) / count_time(wwdg);
    uint32_t T = wwdg->CR & CR_T;
    wwdg->since += counts * count_time(wwdg);
    if (counts > 0 && ((T - CR_T6) & CR_T) != 0 && counts >= ((T - CR_T6) & CR_T))
        wwdg->SR |= SR_EWIF;
    wwdg->CR = (wwdg->CR & ~(uint32_t)CR_T) | ((T - (uint32_t)(counts & CR_T)) & CR_T);
    update_irq(device);
}

static void plan(struct device *device)
{
    const struct wwdg *wwdg = wwdg_of(device);
    uint32_t T = wwdg->CR & CR_T;
    bool on = wwdg->CR & CR_WDGA;
    bool warns = (wwdg->CFR & CFR_EWI || wwdg->polled) && !(wwdg->SR & SR_EWIF);
    if (wwdg->clock == 0 || (!on && !warns)) {
        device_schedule(device, 0, TICKS_NEVER);
        return;
    }
    uint32_t to_warning = (T - CR_T6) & CR_T;
    uint32_t counts = to_warning ? to_warning : on ? 1 : CR_T + 1;
    device_schedule(device, 0, wwdg->since + counts * count_time(wwdg));
}

static void event(struct device *device, unsigned n)
{
    (void)n;
    settle(device);
    if (wwdg_of(device)->CR & CR_WDGA && !(wwdg_of(device)->CR & CR_T6)) {
        chip_reset(device_chip(device), RESET_WWDG);
        return;
    }
    plan(device);
}

static void write_CR(struct device *device, uint32_t value)
{
    struct wwdg *wwdg = wwdg_of(device);
    bool on = wwdg->CR & CR_WDGA, early = (wwdg->CR & CR_T) > (wwdg->CFR & CFR_W);
    if (on && early) {
        device_violation(
            device, SUSPICIOUS, "wwdg-window",
            "WWDG_CR = 0x%X while the counter 0x%X is above the window 0x%X: reset (RM0008 20.4)",
            (unsigned)value, (unsigned)(wwdg->CR & CR_T), (unsigned)(wwdg->CFR & CFR_W));
    }
    wwdg->CR = value | (wwdg->CR & CR_WDGA);
    if (wwdg->CR & CR_WDGA && ((on && early) || !(value & CR_T6)))
        chip_reset(device_chip(device), RESET_WWDG);
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    struct wwdg *wwdg = wwdg_of(device);
    settle(device);
    switch (offset) {
    case CR: write_CR(device, value); break;
    case CFR: wwdg->CFR = value | (wwdg->CFR & CFR_EWI); break; /* EWI stays until reset */
    default: wwdg->SR &= value; break;
    }
    wwdg->polled = false;
    update_irq(device);
    plan(device);
}

static uint32_t read(struct device *device, uint32_t offset)
{
    struct wwdg *wwdg = wwdg_of(device);
    settle(device);
    switch (offset) {
    case CR: return wwdg->CR;
    case CFR: return wwdg->CFR;
    default:
        wwdg->polled = true;
        plan(device);
        return wwdg->SR;
    }
}

static void clock_changed(struct device *device)
{
    struct wwdg *wwdg = wwdg_of(device);
    ticks clock = device_clock(device), now = device_now(device);
    if (clock == wwdg->clock)
        return;
    settle(device);
    /* while it stands still, `since` is how far the present count has come */
    ticks had = wwdg->clock ? now - wwdg->since : wwdg->since;
    if (wwdg->clock && clock)
        had = had / wwdg->clock * clock;
    wwdg->since = clock ? now - had : had;
    wwdg->clock = clock;
    plan(device);
}

static void reset(struct device *device)
{
    struct wwdg *wwdg = wwdg_of(device);
    *wwdg = (struct wwdg){.CR = RESET_VALUE, .CFR = RESET_VALUE, .clock = wwdg->clock};
    wwdg->since = wwdg->clock ? device_now(device) : 0;
    update_irq(device);
    plan(device);
}

const struct device_class wwdg_class = {
    .state = sizeof(struct wwdg),
    REGISTERS(registers),
    .sizes = HALF_WORDS_TOO,
    .events = 1,
    .read = read,
    .write = write,
    .reset = reset,
    .event = event,
    .clock_changed = clock_changed,
};
