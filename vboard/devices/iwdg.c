/*
 * Independent watchdog (RM0008 chapter 19). A reload is not a side effect, so that an idle loop that reloads
 * the watchdog can be skipped over. The skipped reloads are not seen here; therefore the event comes first at
 * half the time: a program that is alive reloads again before it may be skipped to the bite.
 */
#include "iwdg.h"

#include "chip/chip.h"

enum { KR = 0x00, PR = 0x04, RLR = 0x08, SR = 0x0C };
enum { KEY_RELOAD = 0xAAAA, KEY_ACCESS = 0x5555, KEY_START = 0xCCCC };
enum { SR_PVU = 1, SR_RVU = 2, RLR_RESET = 0xFFF, UPDATE_LSI_CYCLES = 5 };

struct iwdg {
    uint32_t PR, RLR;
    bool running, unlocked;
    ticks bites;
    ticks PVU_until, RVU_until; /* SR: an update is under way */
};

static inline struct iwdg *iwdg_of(const struct device *device)
{
    return device_state(device);
}

static const struct device_register registers[] = {
    AT(0x00) = {"KR", WRITE_ONLY, 0xFFFF0000},
    AT(0x04) = {"PR", RW | STABLE, 0xFFFFFFF8},
    AT(0x08) = {"RLR", RW | STABLE, 0xFFFFF000, RLR_RESET},
    AT(0x0C) = {"SR", READ_ONLY | STABLE, 0},
};

static ticks lsi_cycles(const struct device *device, uint64_t count)
{
    return count * (TICKS_PER_SECOND / device_kernel_hz(device));
}

static ticks count_time(const struct device *device, uint32_t PR_value)
{
    return lsi_cycles(device, PR_value >= 6 ? 256 : 4u << PR_value);
}

static void watch(struct device *device)
{
    ticks now = device_now(device);
    device_schedule(device, 0, now + (iwdg_of(device)->bites - now) / 2);
}

static void reload(struct device *device, uint32_t counts)
{
    if (iwdg_of(device)->running) {
        iwdg_of(device)->bites = device_now(device) + (counts + 1) * count_time(device, iwdg_of(device)->PR);
        watch(device);
    }
}

static void start(struct device *device)
{
    if (!iwdg_of(device)->running) {
        iwdg_of(device)->running = true;
        device_drive(device, IWDG_RUNS, true);
        reload(device, RLR_RESET);
        device_changed(device);
    }
}

static void event(struct device *device, unsigned n)
{
    (void)n;
    if (device_now(device) >= iwdg_of(device)->bites) {
        chip_reset(device_chip(device), RESET_IWDG);
        return;
    }
    device_schedule(device, 0, iwdg_of(device)->bites);
}

static bool updating(struct device *device, ticks until)
{
    return until != 0 && (device_kernel_clock(device) == 0 || device_now(device) < until);
}

static uint32_t status(struct device *device)
{
    uint32_t value = (updating(device, iwdg_of(device)->PVU_until) ? SR_PVU : 0) |
                     (updating(device, iwdg_of(device)->RVU_until) ? SR_RVU : 0);
    if (value)
        device_changed(device);
    return value;
}

static uint32_t read(struct device *device, uint32_t offset)
{
    switch (offset) {
    case PR: return iwdg_of(device)->PR;
    case RLR: return iwdg_of(device)->RLR;
    case SR: return status(device);
    default: return 0;
    }
}

static void write_key(struct device *device, uint32_t value)
{
    struct iwdg *iwdg = iwdg_of(device);
    bool unlocked = value == KEY_ACCESS;
    if (unlocked != iwdg->unlocked)
        device_changed(device);
    iwdg->unlocked = unlocked;
    if (value == KEY_RELOAD)
        reload(device, iwdg->RLR);
    else if (value == KEY_START)
        start(device);
}

/* The count goes on with the new prescaler. */
static void change_prescaler(struct device *device, uint32_t value)
{
    struct iwdg *iwdg = iwdg_of(device);
    if (iwdg->running) {
        ticks now = device_now(device);
        iwdg->bites = now + (iwdg->bites - now) / count_time(device, iwdg->PR) * count_time(device, value);
    }
    iwdg->PR = value;
    if (iwdg->running)
        watch(device);
}

static void write_setting(struct device *device, uint32_t offset, uint32_t value)
{
    struct iwdg *iwdg = iwdg_of(device);
    const char *name = offset == PR ? "PR" : "RLR";
    ticks *until = offset == PR ? &iwdg->PVU_until : &iwdg->RVU_until;
    device_changed(device);
    if (!iwdg->unlocked) {
        device_violation(device, FORBIDDEN, "iwdg-write-protected",
                         "IWDG_%s = 0x%X is ignored: 0x5555 must be written to KR first (RM0008 19.3.2)",
                         name, (unsigned)value);
        return;
    }
    if (updating(device, *until)) {
        device_violation(device, FORBIDDEN, "iwdg-update",
                         "IWDG_%s = 0x%X while SR says the last update is not done (RM0008 19.4.2)", name,
                         (unsigned)value);
        return;
    }
    *until = device_now(device) + lsi_cycles(device, UPDATE_LSI_CYCLES);
    if (offset == PR)
        change_prescaler(device, value);
    else
        iwdg->RLR = value;
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    if (offset == KR)
        write_key(device, value);
    else
        write_setting(device, offset, value);
}

static void reset(struct device *device)
{
    *iwdg_of(device) = (struct iwdg){.RLR = RLR_RESET, .bites = TICKS_NEVER};
    device_schedule(device, 0, TICKS_NEVER);
    device_drive(device, IWDG_RUNS, false);
}

/* The option byte that starts it at each reset. */
static void line(struct device *device, unsigned input, bool level)
{
    if (input == IWDG_START && level && device_chip(device)->powered)
        start(device);
}

static bool will_reset(const struct device *device)
{
    return iwdg_of(device)->running;
}

const struct device_class iwdg_class = {
    .state = sizeof(struct iwdg),
    REGISTERS(registers),
    .sizes = HALF_WORDS_TOO,
    .counts_writes = true,
    .events = 1,
    .read = read,
    .write = write,
    .reset = reset,
    .event = event,
    .line = line,
    .will_reset = will_reset,
};
