/* The loop that runs the processor from one event to the next, and what it is told to do. */
#include "private.h"

static void wake(struct chip *chip)
{
    chip->sleep_state = AWAKE;
    chip->wakes_at = TICKS_NEVER;
    clocks_changed(chip);
    chip_report(chip, REPORT_NOTE, "wakes from Stop mode");
}

/* Time passes; the clocks come back once somebody has called. */
static void sleep_on(struct chip *chip, ticks limit)
{
    chip_pass_asleep(chip, limit < chip->wakes_at ? limit : chip->wakes_at);
    if (chip_core_time(chip) >= chip->wakes_at)
        wake(chip);
}

static void fall_asleep(struct chip *chip)
{
    struct device *controller = chip_device(chip, chip->info->power_controller);
    if (chip->slept_cycle != UINT64_MAX) {
        chip_rewind(chip, chip->slept_cycle);
        chip->slept_cycle = UINT64_MAX;
    }
    if (controller)
        controller->info->class->deep_sleep(controller);
}

static void run_core(struct chip *chip, ticks limit)
{
    if (!chip->powered || chip->nrst_low) {
        chip_pass_time(chip, limit);
        return;
    }
    if (chip->sleep_state != AWAKE) {
        sleep_on(chip, limit);
        return;
    }
    chip->run_limit = limit;
    chip->core_runs = true;
    cortex_m3_run(&chip->cpu, chip_cycle_at(chip, limit));
    chip->core_runs = false;
    chip->run_limit = 0;
    if (chip->replan) {
        chip->replan = false;
        chip->cpu.stop = chip->halt;
    }
    if (chip_sleeps_deeply(chip))
        fall_asleep(chip);
}

void chip_run(struct chip *chip, ticks until)
{
    chip->cpu.stop = false;
    chip->halt = false;
    while (!chip->cpu.stop) {
        if (chip->reset_requested) {
            chip_reset(chip, chip->reset_cause);
            continue;
        }
        ticks now = chip_core_time(chip);
        unsigned slot = chip_next_event(chip);
        ticks due = chip->due[slot];
        if (due <= now) {
            chip_handle_event(chip, slot);
            continue;
        }
        if (now >= until)
            return;
        run_core(chip, due < until ? due : until);
        if (chip->cpu.at_breakpoint)
            return;
    }
}
