/* The chip as a whole: power and reset. */
#include "private.h"

#include <string.h>

/* Power and reset */

/* xorshift64* */
uint32_t chip_random(struct chip *chip)
{
    uint64_t x = chip->random_state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    chip->random_state = x;
    return (uint32_t)(x * 0x2545F4914F6CDD1Dull >> 32);
}

/* The core's own cold start, which must not turn back time nor forget what a debugger set. */
static void start_core(struct chip *chip)
{
    struct cortex_m3 *cpu = &chip->cpu;
    struct cortex_m3 old = *cpu;
    struct cortex_m3_bus bus = chip_core_bus;
    bus.context = chip;
    cortex_m3_init(cpu, &bus, chip->info->irqs[chip->variant]);
    memcpy(cpu->window, old.window, sizeof cpu->window);
    cpu->cycles = old.cycles;
    cpu->instructions = old.instructions;
    cpu->stack_limit = old.stack_limit;
    cpu->every_pass = old.every_pass;
    cpu->phase_mask = old.phase_mask;
    cpu->breakpoint_count = old.breakpoint_count;
    memcpy(cpu->breakpoint, old.breakpoint, sizeof cpu->breakpoint);
    cpu->stop = old.stop;
    cpu->closed_windows = old.closed_windows;
    cpu->debugger = old.debugger;
    cpu->slept = chip_core_slept;
}

static const char *cause_name(enum reset_cause cause)
{
    switch (cause) {
    case RESET_POWER: return "power on";
    case RESET_PIN: return "reset pin";
    case RESET_SOFTWARE: return "software reset";
    case RESET_IWDG: return "independent watchdog reset";
    case RESET_WWDG: return "window watchdog reset";
    case RESET_LOW_POWER: return "low-power management reset";
    case RESET_OPTIONS: return "option byte loading";
    case RESET_STANDBY: return "wake-up from Standby";
    }
    return "reset";
}

/* For each device of the chip, in the order of its table. */
enum moment { MADE, CUT_OFF, RESET_DEVICE, STARTED, POWERED_UP, BACKUP_RESET };

static void tell(struct chip *chip, enum moment moment)
{
    for (unsigned i = 0; i < chip->info->device_count; i++) {
        struct device *device = &chip->device[i];
        const struct device_class *class = device->info->class;
        if (!device->present)
            continue;
        void (*const callbacks[])(struct device *) = {
            [MADE] = class->made,
            [CUT_OFF] = class->cut_off,
            [RESET_DEVICE] = class->reset,
            [STARTED] = class->started,
            [POWERED_UP] = class->powered_up,
            [BACKUP_RESET] = class->backup_reset,
        };
        if (callbacks[moment])
            callbacks[moment](device);
    }
}

void chip_reset_backup_domain(struct chip *chip)
{
    tell(chip, BACKUP_RESET);
}

/* Everything but the backup domain and what devices keep by themselves. */
static void reset_devices(struct chip *chip, enum reset_cause cause)
{
    chip->reset_cause = cause;
    chip->reset_requested = false;
    chip->bus_error = false;
    chip->sleep_state = AWAKE;
    chip->wakes_at = TICKS_NEVER;
    chip->slept_cycle = UINT64_MAX;
    chip_forget_events(chip);
    chip_forget_lines(chip);
    tell(chip, RESET_DEVICE);
    tell(chip, STARTED);
    chip->board.pins_changed(chip->board.context);
    chip->board.usb_changed(chip->board.context);
}

static void fill_random(struct chip *chip, void *bytes, size_t size)
{
    uint8_t *to = bytes;
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)chip_random(chip);
}

void chip_reset(struct chip *chip, enum reset_cause cause)
{
    if (!chip->powered) {
        chip->reset_requested = false;
        return;
    }
    if (chip->core_runs || chip->event_time != TICKS_NEVER) {
        chip_request_reset(chip, cause); /* the core is in the middle of an instruction */
        return;
    }
    chip->reset_cause = cause;
    tell(chip, CUT_OFF); /* a reset ends an operation no better than a loss of power */
    chip_report(chip, REPORT_RESET, "%s", cause_name(cause));
    reset_devices(chip, cause);
    if (cause == RESET_STANDBY) {
        fill_random(chip, chip->ram, chip->config.ram_bytes);
        start_core(chip);
    } else {
        cortex_m3_reset(&chip->cpu);
    }
}

static void power_on(struct chip *chip)
{
    chip->powered = true;
    chip->nrst_low = false;
    chip->reset_cause = RESET_POWER;
    fill_random(chip, chip->ram, chip->config.ram_bytes);
    chip_reset_backup_domain(chip);
    chip_report(chip, REPORT_RESET, "%s", cause_name(RESET_POWER));
    reset_devices(chip, RESET_POWER);
    tell(chip, POWERED_UP);
    start_core(chip);
}

static void power_off(struct chip *chip)
{
    tell(chip, CUT_OFF);
    chip_report(chip, REPORT_RESET, "power off");
    reset_devices(chip, RESET_POWER);
    chip->powered = false;
    chip_forget_events(chip);
    chip->board.pins_changed(chip->board.context);
    chip->board.usb_changed(chip->board.context);
    chip_stop(chip);
}

void chip_power(struct chip *chip, bool on)
{
    if (on && !chip->powered)
        power_on(chip);
    else if (!on && chip->powered)
        power_off(chip);
}

void chip_init(struct chip *chip, const struct chip_info *info, const struct chip_config *config,
               const struct chip_board *board)
{
    memset(chip, 0, sizeof *chip);
    chip->info = info;
    chip->home = chip;
    chip->config = *config;
    chip->board = *board;
    chip->event_time = TICKS_NEVER;
    chip->ticks_per_cycle = TICKS_PER_SECOND / info->reset_hz;
    chip->random_state = config->seed * 0x9E3779B97F4A7C15ull + 0xD1B54A32D192ED03ull;
    if (chip->random_state == 0)
        chip->random_state = 1; /* the one state xorshift never leaves */
    chip->bus_master = NO_DEVICE;
    chip_build(chip);
    for (unsigned i = 0; i < chip->events; i++)
        chip->due[i] = TICKS_NEVER;
    chip->wakes_at = TICKS_NEVER;
    chip->slept_cycle = UINT64_MAX;
    memset(chip->flash_bytes, info->flash_blank, sizeof chip->flash_bytes);
    tell(chip, MADE);
}

void chip_moved(struct chip *chip)
{
    ptrdiff_t way = (char *)chip - (const char *)chip->home;
    struct cortex_m3 *cpu = &chip->cpu;
    for (unsigned i = 0; i < CORTEX_M3_WINDOWS; i++)
        cpu->window[i].bytes += cpu->window[i].bytes ? way : 0;
    cpu->private_state.code += cpu->private_state.code ? way : 0;
    cpu->bus.context = chip;
    chip->home = chip;
}
