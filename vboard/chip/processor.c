/* What the processor asks of the chip around it, and what devices ask of the processor. */
#include "private.h"

enum { SCR_SLEEPDEEP = 1 << 2 };

void chip_request_reset(struct chip *chip, enum reset_cause cause)
{
    chip->reset_requested = true;
    chip->reset_cause = cause;
    chip_ask_replan(chip);
}

static void reset_request(void *context)
{
    chip_request_reset(context, RESET_SOFTWARE);
}

const struct cortex_m3_bus chip_core_bus = {
    .read = bus_read,
    .write = bus_write,
    .fetch = bus_fetch,
    .reset_request = reset_request,
    .report = chip_report_text,
    .violation = chip_violation_text,
};

bool chip_sleeps_deeply(const struct chip *chip)
{
    return chip->cpu.sleeping && chip->cpu.system.scr & SCR_SLEEPDEEP;
}

void chip_core_slept(void *context, bool asleep)
{
    struct chip *chip = context;
    if (asleep && chip_sleeps_deeply(chip)) {
        chip->slept_cycle = chip->cpu.cycles;
        chip_ask_replan(chip);
    }
    if (chip->board.slept)
        chip->board.slept(chip->board.context, asleep);
}

void chip_cancel_sleep(struct chip *chip)
{
    chip->cpu.sleeping = false;
}

void chip_send_event(struct chip *chip)
{
    cortex_m3_send_event(&chip->cpu);
}

void device_changed(struct device *device)
{
    device_chip(device)->cpu.side_effects++;
}
