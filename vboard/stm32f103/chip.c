/*
 * The chip as a whole: power, reset, virtual time and the loop that runs the processor from one event to the
 * next.
 */
#include "chip_private.h"

#include <string.h>

enum { HSI_HZ = 8000000, IRQS_MEDIUM_DENSITY = 43, IRQS_HIGH_DENSITY = 60 };
enum { SCR_SLEEPDEEP = 1 << 2 };

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

static void request_reset(struct chip *chip, enum reset_cause cause)
{
    chip->reset_requested = true;
    chip->reset_cause = cause;
    chip_ask_replan(chip);
}

static void reset_request(void *context)
{
    request_reset(context, RESET_SOFTWARE);
}

static const struct cortex_m3_bus core_bus = {
    .read = bus_read,
    .write = bus_write,
    .fetch = bus_fetch,
    .reset_request = reset_request,
    .report = chip_report_text,
    .violation = chip_violation_text,
};

static bool sleeps_deeply(const struct chip *chip)
{
    return chip->cpu.sleeping && chip->cpu.system.scr & SCR_SLEEPDEEP;
}

/* Stop and Standby begin in this very cycle: the run ends, to go on without clocks. */
static void core_slept(void *context, bool asleep)
{
    struct chip *chip = context;
    if (asleep && sleeps_deeply(chip)) {
        chip->slept_cycle = chip->cpu.cycles;
        chip_ask_replan(chip);
    }
    if (chip->board.slept) {
        chip->board.slept(chip->board.context, asleep);
    }
}

/* The core's own cold start, which must not turn back time nor forget what a debugger set. */
static void start_core(struct chip *chip)
{
    struct cortex_m3 *cpu = &chip->cpu;
    struct cortex_m3 old = *cpu;
    struct cortex_m3_bus bus = core_bus;
    bus.context = chip;
    cortex_m3_init(cpu, &bus, chip_is_high_density(chip) ? IRQS_HIGH_DENSITY : IRQS_MEDIUM_DENSITY);
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
    cpu->slept = core_slept;
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
    case RESET_STANDBY: return "wake-up from Standby";
    }
    return "reset";
}

/* RM0008 7.1.1: everything but the backup domain and the flags in RCC_CSR. */
static void reset_peripherals(struct chip *chip, enum reset_cause cause)
{
    chip->reset_requested = false;
    chip->bus_error = false;
    chip->sleep_state = AWAKE;
    chip->wakes_at = TICKS_NEVER;
    chip->slept_cycle = UINT64_MAX;
    for (unsigned i = 0; i < EVENT_COUNT; i++) {
        if (i != EVENT_HOST) {
            chip->due[i] = TICKS_NEVER;
        }
    }
    memset(chip->cpu.nvic.line, 0, sizeof chip->cpu.nvic.line);
    bus_reset_all(chip);
    rcc_set_reset_flags(chip, cause);
    flash_options_load(chip);
    bus_open_flash(chip, true);
    chip->board.pins_changed(chip->board.context);
    chip->board.usb_changed(chip->board.context);
}

static void fill_random(struct chip *chip, void *bytes, size_t size)
{
    uint8_t *to = bytes;
    for (size_t i = 0; i < size; i++) {
        to[i] = (uint8_t)chip_random(chip);
    }
}

void chip_reset(struct chip *chip, enum reset_cause cause)
{
    if (!chip->powered) {
        chip->reset_requested = false;
        return;
    }
    if (chip->core_runs || chip->event_time != TICKS_NEVER) {
        request_reset(chip, cause); /* the core is in the middle of an instruction */
        return;
    }
    chip->reset_cause = cause;
    flash_power_lost(chip); /* a reset ends an operation no better than a loss of power */
    chip_report(chip, REPORT_RESET, "%s", cause_name(cause));
    reset_peripherals(chip, cause);
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
    memset(&chip->usb, 0, sizeof chip->usb);
    memset(&chip->pwr, 0, sizeof chip->pwr);
    rcc_reset_backup_domain(chip);
    chip->rcc.CSR = 0;
    chip_report(chip, REPORT_RESET, "%s", cause_name(RESET_POWER));
    reset_peripherals(chip, RESET_POWER);
    fill_random(chip, chip->usb.packet_memory, sizeof chip->usb.packet_memory);
    start_core(chip);
}

static void power_off(struct chip *chip)
{
    flash_power_lost(chip);
    chip_report(chip, REPORT_RESET, "power off");
    reset_peripherals(chip, RESET_POWER);
    chip->powered = false;
    for (unsigned i = 0; i < EVENT_COUNT; i++) {
        if (i != EVENT_HOST) {
            chip->due[i] = TICKS_NEVER;
        }
    }
    chip->board.pins_changed(chip->board.context);
    chip->board.usb_changed(chip->board.context);
    chip_stop(chip);
}

void chip_power(struct chip *chip, bool on)
{
    if (on && !chip->powered) {
        power_on(chip);
    } else if (!on && chip->powered) {
        power_off(chip);
    }
}

void chip_init(struct chip *chip, const struct chip_config *config, const struct chip_board *board)
{
    memset(chip, 0, sizeof *chip);
    chip->config = *config;
    chip->board = *board;
    chip->event_time = TICKS_NEVER;
    chip->ticks_per_cycle = TICKS_PER_SECOND / HSI_HZ;
    chip->random_state = config->seed * 0x9E3779B97F4A7C15ull + 0xD1B54A32D192ED03ull;
    if (chip->random_state == 0) {
        chip->random_state = 1; /* the one state xorshift never leaves */
    }
    for (unsigned i = 0; i < EVENT_COUNT; i++) {
        chip->due[i] = TICKS_NEVER;
    }
    chip->wakes_at = TICKS_NEVER;
    chip->slept_cycle = UINT64_MAX;
    memset(chip->flash_bytes, 0xFF, sizeof chip->flash_bytes);
    flash_options_factory(chip);
    flash_options_load(chip);
}

/* The run loop */

/* Time passes; the clocks come back once somebody has called. */
static void sleep_on(struct chip *chip, ticks limit)
{
    chip_pass_asleep(chip, limit < chip->wakes_at ? limit : chip->wakes_at);
    if (chip_core_time(chip) >= chip->wakes_at) {
        low_power_wake(chip);
    }
}

static void fall_asleep(struct chip *chip)
{
    if (chip->slept_cycle != UINT64_MAX) {
        chip_rewind(chip, chip->slept_cycle);
        chip->slept_cycle = UINT64_MAX;
    }
    low_power_enter(chip);
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
    if (sleeps_deeply(chip)) {
        fall_asleep(chip);
    }
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
        enum event event = chip_next_event(chip);
        ticks due = chip->due[event];
        if (due <= now) {
            chip_handle_event(chip, event);
            continue;
        }
        if (now >= until) {
            return;
        }
        run_core(chip, due < until ? due : until);
        if (chip->cpu.at_breakpoint) {
            return;
        }
    }
}
