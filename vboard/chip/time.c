/* Virtual time: cycles of the processor, whatever a cycle lasts, and the events that
 * are due at a time of their own. */
#include "private.h"

ticks chip_core_time(const struct chip *chip)
{
    return chip->clock_time + (chip->cpu.cycles - chip->clock_cycles) * chip->ticks_per_cycle;
}

ticks chip_now(const struct chip *chip)
{
    return chip->event_time != TICKS_NEVER ? chip->event_time : chip_core_time(chip);
}

uint64_t chip_cycle_at(const struct chip *chip, ticks time)
{
    if (time == TICKS_NEVER)
        return UINT64_MAX;
    if (time <= chip->clock_time)
        return chip->clock_cycles;
    ticks ahead = time - chip->clock_time;
    return chip->clock_cycles + ahead / chip->ticks_per_cycle + (ahead % chip->ticks_per_cycle != 0);
}

void chip_pass_time(struct chip *chip, ticks until)
{
    uint64_t cycle = chip_cycle_at(chip, until);
    if (cycle > chip->cpu.cycles)
        chip->cpu.cycles = cycle;
}

void chip_ask_replan(struct chip *chip)
{
    if (!chip->core_runs)
        return;
    if (chip->cpu.stop && !chip->replan)
        chip->halt = true;
    chip->replan = true;
    chip->cpu.stop = true;
}

void chip_stop(struct chip *chip)
{
    chip->halt = true;
    chip->cpu.stop = true;
}

bool chip_begin_call(struct chip *chip)
{
    bool stopped = chip->cpu.stop;
    chip->cpu.stop = false;
    return stopped;
}

void chip_end_call(struct chip *chip, bool stopped)
{
    chip->halt |= chip->cpu.stop;
    chip->cpu.stop |= stopped;
}

/* Whatever time passes now is not counted in cycles. */
static void rebase(struct chip *chip, ticks now)
{
    chip->clock_time = now;
    chip->clock_cycles = chip->cpu.cycles;
}

void chip_pass_asleep(struct chip *chip, ticks until)
{
    if (until > chip_core_time(chip))
        rebase(chip, until);
}

void chip_rewind(struct chip *chip, uint64_t cycles)
{
    ticks now = chip_core_time(chip) - (chip->cpu.cycles - cycles) * chip->ticks_per_cycle;
    chip->cpu.cycles = cycles;
    rebase(chip, now);
}

void chip_set_clock(struct chip *chip, ticks ticks_per_cycle)
{
    if (ticks_per_cycle == chip->ticks_per_cycle)
        return;
    rebase(chip, chip_core_time(chip));
    chip->ticks_per_cycle = ticks_per_cycle;
    chip_ask_replan(chip); /* the limit in cycles is of the old clock */
}

uint32_t chip_hclk_hz(const struct chip *chip)
{
    return (uint32_t)(TICKS_PER_SECOND / chip->ticks_per_cycle);
}

/* Events */

static void schedule(struct chip *chip, unsigned slot, ticks at)
{
    chip->due[slot] = at;
    if (at < chip->run_limit)
        chip_ask_replan(chip);
}

void device_schedule(struct device *device, unsigned n, ticks at)
{
    schedule(device_chip(device), device->first_event + n, at);
}

ticks device_due(const struct device *device, unsigned n)
{
    return device_chip(device)->due[device->first_event + n];
}

ticks device_now(const struct device *device)
{
    return chip_now(device_chip(device));
}

void chip_schedule_host(struct chip *chip, ticks at)
{
    schedule(chip, chip->host_slot, at);
}

ticks chip_host_due(const struct chip *chip)
{
    return chip->due[chip->host_slot];
}

void chip_forget_events(struct chip *chip)
{
    for (unsigned i = 0; i < chip->events; i++)
        if (i != chip->host_slot)
            chip->due[i] = TICKS_NEVER;
}

unsigned chip_next_event(const struct chip *chip)
{
    unsigned first = 0;
    for (unsigned i = 1; i < chip->events; i++)
        if (chip->due[i] < chip->due[first])
            first = i;
    return first;
}

static void host_event(struct chip *chip)
{
    bool stopped = chip_begin_call(chip);
    chip->board.host_event(chip->board.context, chip->event_time);
    chip_end_call(chip, stopped);
}

/* Whatever an event does, a program may see it: nothing is as it was. */
void chip_handle_event(struct chip *chip, unsigned slot)
{
    chip->event_time = chip->due[slot];
    chip->due[slot] = TICKS_NEVER;
    chip->cpu.side_effects++;
    if (slot == chip->host_slot) {
        host_event(chip);
    } else {
        struct device *device = &chip->device[chip->event_device[slot]];
        device->info->class->event(device, slot - device->first_event);
    }
    chip->event_time = TICKS_NEVER;
}

void chip_stall(struct chip *chip, ticks until)
{
    while (chip->powered && !chip->reset_requested) {
        unsigned slot = chip_next_event(chip);
        if (chip->due[slot] > until) {
            chip_pass_time(chip, until);
            return;
        }
        chip_pass_time(chip, chip->due[slot]);
        chip_handle_event(chip, slot);
    }
}

uint64_t device_cycles(const struct device *device)
{
    return device_chip(device)->cpu.cycles;
}
