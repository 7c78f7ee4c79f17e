/*
 * The chip as a whole: power, reset, virtual time and the loop that runs the processor from one event to the
 * next.
 */
#include "chip.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    HSI_HZ = 8000000,
    IRQS_MEDIUM_DENSITY = 43,
    IRQS_HIGH_DENSITY = 60,
    MEDIUM_DENSITY_FLASH = 128 * 1024
};
enum { SCR_SLEEPDEEP = 1 << 2 };

/* Time */

/* Time by the processor's cycles, which is ahead of an event that is handled late. */
static ticks core_time(const struct stm32f103 *chip)
{
    return chip->clock_time + (chip->cpu.cycles - chip->clock_cycles) * chip->ticks_per_cycle;
}

ticks stm32f103_now(const struct stm32f103 *chip)
{
    return chip->event_time != TICKS_NEVER ? chip->event_time : core_time(chip);
}

/* The first cycle that begins at this time or after it. */
static uint64_t cycle_at(const struct stm32f103 *chip, ticks time)
{
    if (time == TICKS_NEVER) {
        return UINT64_MAX;
    }
    if (time <= chip->clock_time) {
        return chip->clock_cycles;
    }
    ticks ahead = time - chip->clock_time;
    return chip->clock_cycles + ahead / chip->ticks_per_cycle + (ahead % chip->ticks_per_cycle != 0);
}

static void pass_time(struct stm32f103 *chip, ticks until)
{
    uint64_t cycle = cycle_at(chip, until);
    if (cycle > chip->cpu.cycles) {
        chip->cpu.cycles = cycle;
    }
}

/* Makes the core return so that the events are looked at again. */
static void ask_replan(struct stm32f103 *chip)
{
    if (!chip->core_runs) {
        return;
    }
    if (chip->cpu.stop && !chip->replan) {
        chip->halt = true;
    }
    chip->replan = true;
    chip->cpu.stop = true;
}

void stm32f103_stop(struct stm32f103 *chip)
{
    chip->halt = true;
    chip->cpu.stop = true;
}

bool stm32f103_begin_call(struct stm32f103 *chip)
{
    bool stopped = chip->cpu.stop;
    chip->cpu.stop = false;
    return stopped;
}

void stm32f103_end_call(struct stm32f103 *chip, bool stopped)
{
    chip->halt |= chip->cpu.stop;
    chip->cpu.stop |= stopped;
}

void stm32f103_set_clock(struct stm32f103 *chip, ticks ticks_per_cycle)
{
    if (ticks_per_cycle == chip->ticks_per_cycle) {
        return;
    }
    chip->clock_time = core_time(chip);
    chip->clock_cycles = chip->cpu.cycles;
    chip->ticks_per_cycle = ticks_per_cycle;
    ask_replan(chip); /* the limit in cycles is of the old clock */
}

uint32_t stm32f103_hclk_hz(const struct stm32f103 *chip)
{
    return (uint32_t)(TICKS_PER_SECOND / chip->ticks_per_cycle);
}

/* Messages */

/* Between instructions r[15] is the next one. */
uint32_t stm32f103_pc(const struct stm32f103 *chip)
{
    return chip->core_runs ? chip->cpu.private_state.at : chip->cpu.r[15];
}

static void report_text(void *context, enum report_kind kind, const char *text)
{
    struct stm32f103 *chip = context;
    chip->board.report(chip->board.context, kind, text);
}

static void violation_text(void *context, enum violation_level level, const char *rule, const char *text)
{
    struct stm32f103 *chip = context;
    chip->violations++;
    chip->board.violation(chip->board.context, level, rule, text);
}

void stm32f103_report(struct stm32f103 *chip, enum report_kind kind, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    report_text(chip, kind, text);
}

void stm32f103_violation(struct stm32f103 *chip, enum violation_level level, const char *rule,
                         const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof text) {
        (void)snprintf(text + length, sizeof text - (size_t)length, " (PC 0x%08X)",
                       (unsigned)stm32f103_pc(chip));
    }
    violation_text(chip, level, rule, text);
}

/* xorshift64* */
uint32_t stm32f103_random(struct stm32f103 *chip)
{
    uint64_t x = chip->random_state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    chip->random_state = x;
    return (uint32_t)(x * 0x2545F4914F6CDD1Dull >> 32);
}

/* Events */

void stm32f103_schedule(struct stm32f103 *chip, enum event event, ticks at)
{
    chip->due[event] = at;
    if (at < chip->run_limit) {
        ask_replan(chip);
    }
}

static enum event next_event(const struct stm32f103 *chip)
{
    unsigned first = 0;
    for (unsigned i = 1; i < EVENT_COUNT; i++) {
        if (chip->due[i] < chip->due[first]) {
            first = i;
        }
    }
    return (enum event)first;
}

static void handle_event(struct stm32f103 *chip, enum event event)
{
    ticks due = chip->due[event];
    chip->due[event] = TICKS_NEVER;
    chip->event_time = due;
    switch (event) {
    case EVENT_FLASH: flash_event(chip); break;
    case EVENT_CLOCK: rcc_event(chip); break;
    case EVENT_IWDG: iwdg_event(chip); break;
    case EVENT_USB: usb_event(chip); break;
    case EVENT_HOST: {
        bool stopped = stm32f103_begin_call(chip);
        chip->board.host_event(chip->board.context, due);
        stm32f103_end_call(chip, stopped);
        break;
    }
    case EVENT_COUNT: break;
    }
    chip->event_time = TICKS_NEVER;
}

void stm32f103_stall(struct stm32f103 *chip, ticks until)
{
    while (chip->powered && !chip->reset_requested) {
        enum event event = next_event(chip);
        if (chip->due[event] > until) {
            pass_time(chip, until);
            return;
        }
        pass_time(chip, chip->due[event]);
        handle_event(chip, event);
    }
}

/* Power and reset */

static void request_reset(struct stm32f103 *chip, enum reset_cause cause)
{
    chip->reset_requested = true;
    chip->reset_cause = cause;
    ask_replan(chip);
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
    .report = report_text,
    .violation = violation_text,
};

/* The core's own cold start, which must not turn back time nor forget what a debugger set. */
static void start_core(struct stm32f103 *chip)
{
    struct cortex_m3 *cpu = &chip->cpu;
    struct cortex_m3 old = *cpu;
    struct cortex_m3_bus bus = core_bus;
    bus.context = chip;
    cortex_m3_init(cpu, &bus,
                   chip->config.flash_bytes > MEDIUM_DENSITY_FLASH ? IRQS_HIGH_DENSITY : IRQS_MEDIUM_DENSITY);
    memcpy(cpu->window, old.window, sizeof cpu->window);
    cpu->cycles = old.cycles;
    cpu->instructions = old.instructions;
    cpu->stack_limit = old.stack_limit;
    cpu->every_pass = old.every_pass;
    cpu->breakpoint_count = old.breakpoint_count;
    memcpy(cpu->breakpoint, old.breakpoint, sizeof cpu->breakpoint);
    cpu->stop = old.stop;
}

static const char *cause_name(enum reset_cause cause)
{
    switch (cause) {
    case RESET_POWER: return "power on";
    case RESET_PIN: return "reset pin";
    case RESET_SOFTWARE: return "software reset";
    case RESET_IWDG: return "independent watchdog reset";
    case RESET_WWDG: return "window watchdog reset";
    }
    return "reset";
}

/* RM0008 7.1.1: everything but the backup domain and the flags in RCC_CSR. */
static void reset_peripherals(struct stm32f103 *chip, enum reset_cause cause)
{
    chip->reset_requested = false;
    chip->bus_error = false;
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

void stm32f103_reset(struct stm32f103 *chip, enum reset_cause cause)
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
    stm32f103_report(chip, REPORT_RESET, "%s", cause_name(cause));
    reset_peripherals(chip, cause);
    cortex_m3_reset(&chip->cpu);
}

static void fill_random(struct stm32f103 *chip, void *bytes, size_t size)
{
    uint8_t *to = bytes;
    for (size_t i = 0; i < size; i++) {
        to[i] = (uint8_t)stm32f103_random(chip);
    }
}

static void power_on(struct stm32f103 *chip)
{
    chip->powered = true;
    chip->nrst_low = false;
    chip->reset_cause = RESET_POWER;
    chip->stop_mode_seen = false;
    fill_random(chip, chip->ram, chip->config.ram_bytes);
    memset(&chip->usb, 0, sizeof chip->usb);
    memset(&chip->pwr, 0, sizeof chip->pwr);
    rcc_reset_backup_domain(chip);
    chip->rcc.CSR = 0;
    stm32f103_report(chip, REPORT_RESET, "%s", cause_name(RESET_POWER));
    reset_peripherals(chip, RESET_POWER);
    fill_random(chip, chip->usb.packet_memory, sizeof chip->usb.packet_memory);
    start_core(chip);
}

static void power_off(struct stm32f103 *chip)
{
    flash_power_lost(chip);
    stm32f103_report(chip, REPORT_RESET, "power off");
    reset_peripherals(chip, RESET_POWER);
    chip->powered = false;
    for (unsigned i = 0; i < EVENT_COUNT; i++) {
        if (i != EVENT_HOST) {
            chip->due[i] = TICKS_NEVER;
        }
    }
    chip->board.pins_changed(chip->board.context);
    chip->board.usb_changed(chip->board.context);
    stm32f103_stop(chip);
}

void stm32f103_power(struct stm32f103 *chip, bool on)
{
    if (on && !chip->powered) {
        power_on(chip);
    } else if (!on && chip->powered) {
        power_off(chip);
    }
}

void stm32f103_init(struct stm32f103 *chip, const struct stm32f103_config *config,
                    const struct stm32f103_board *board)
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
    memset(chip->flash_bytes, 0xFF, sizeof chip->flash_bytes);
    flash_options_factory(chip);
    flash_options_load(chip);
}

/* The run loop */

static void notice_stop_mode(struct stm32f103 *chip)
{
    if (chip->cpu.sleeping && chip->cpu.system.scr & SCR_SLEEPDEEP && !chip->stop_mode_seen) {
        chip->stop_mode_seen = true;
        stm32f103_violation(
            chip, SUSPICIOUS, "stop-mode-unmodelled",
            "SCR 0x%X: Stop and Standby (RM0008 5.3) are not modelled, the chip merely sleeps",
            (unsigned)chip->cpu.system.scr);
    }
}

static void run_core(struct stm32f103 *chip, ticks limit)
{
    if (!chip->powered || chip->nrst_low) {
        pass_time(chip, limit);
        return;
    }
    chip->run_limit = limit;
    chip->core_runs = true;
    cortex_m3_run(&chip->cpu, cycle_at(chip, limit));
    chip->core_runs = false;
    chip->run_limit = 0;
    if (chip->replan) {
        chip->replan = false;
        chip->cpu.stop = chip->halt;
    }
    notice_stop_mode(chip);
}

void stm32f103_run(struct stm32f103 *chip, ticks until)
{
    chip->cpu.stop = false;
    chip->halt = false;
    while (!chip->cpu.stop) {
        if (chip->reset_requested) {
            stm32f103_reset(chip, chip->reset_cause);
            continue;
        }
        ticks now = core_time(chip);
        enum event event = next_event(chip);
        ticks due = chip->due[event];
        if (due <= now) {
            handle_event(chip, event);
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
