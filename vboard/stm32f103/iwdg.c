/*
 * Independent watchdog (RM0008 chapter 19). A reload is not a side effect, so that an idle loop that reloads
 * the watchdog can be skipped over. The skipped reloads are not seen here; therefore the event comes first at
 * half the time: a program that is alive reloads again before it may be skipped to the bite.
 */
#include "chip.h"

enum { KR = 0x00, PR = 0x04, RLR = 0x08, SR = 0x0C };
enum { KEY_RELOAD = 0xAAAA, KEY_ACCESS = 0x5555, KEY_START = 0xCCCC };
enum { SR_PVU = 1, SR_RVU = 2, RLR_RESET = 0xFFF, UPDATE_LSI_CYCLES = 5 };

static ticks lsi_cycles(const struct chip *chip, uint64_t count)
{
    return count * (TICKS_PER_SECOND / rcc_lsi_hz(chip));
}

static ticks count_time(const struct chip *chip, uint32_t PR_value)
{
    return lsi_cycles(chip, PR_value >= 6 ? 256 : 4u << PR_value);
}

static void watch(struct chip *chip)
{
    ticks now = chip_now(chip);
    chip_schedule(chip, EVENT_IWDG, now + (chip->iwdg.bites - now) / 2);
}

static void reload(struct chip *chip, uint32_t counts)
{
    if (chip->iwdg.running) {
        chip->iwdg.bites = chip_now(chip) + (counts + 1) * count_time(chip, chip->iwdg.PR);
        watch(chip);
    }
}

void iwdg_start(struct chip *chip)
{
    if (!chip->iwdg.running) {
        chip->iwdg.running = true;
        rcc_force_lsi(chip);
        reload(chip, RLR_RESET);
        chip->cpu.side_effects++;
    }
}

void iwdg_event(struct chip *chip)
{
    if (chip_now(chip) >= chip->iwdg.bites) {
        chip_reset(chip, RESET_IWDG);
        return;
    }
    chip->cpu.side_effects++;
    chip_schedule(chip, EVENT_IWDG, chip->iwdg.bites);
}

static bool updating(struct chip *chip, ticks until)
{
    return until != 0 && (!rcc_lsi_on(chip) || chip_now(chip) < until);
}

static uint32_t status(struct chip *chip)
{
    uint32_t value = (updating(chip, chip->iwdg.PVU_until) ? SR_PVU : 0) |
                     (updating(chip, chip->iwdg.RVU_until) ? SR_RVU : 0);
    if (value) {
        chip->cpu.side_effects++;
    }
    return value;
}

uint32_t iwdg_read(struct chip *chip, uint32_t offset)
{
    switch (offset) {
    case PR: return chip->iwdg.PR;
    case RLR: return chip->iwdg.RLR;
    case SR: return status(chip);
    default: return 0;
    }
}

static void write_key(struct chip *chip, uint32_t value)
{
    struct iwdg *iwdg = &chip->iwdg;
    bool unlocked = value == KEY_ACCESS;
    chip->cpu.side_effects += unlocked != iwdg->unlocked;
    iwdg->unlocked = unlocked;
    if (value == KEY_RELOAD) {
        reload(chip, iwdg->RLR);
    } else if (value == KEY_START) {
        iwdg_start(chip);
    }
}

/* The count goes on with the new prescaler. */
static void change_prescaler(struct chip *chip, uint32_t value)
{
    struct iwdg *iwdg = &chip->iwdg;
    if (iwdg->running) {
        ticks now = chip_now(chip);
        iwdg->bites = now + (iwdg->bites - now) / count_time(chip, iwdg->PR) * count_time(chip, value);
    }
    iwdg->PR = value;
    if (iwdg->running) {
        watch(chip);
    }
}

static void write_setting(struct chip *chip, uint32_t offset, uint32_t value)
{
    struct iwdg *iwdg = &chip->iwdg;
    const char *name = offset == PR ? "PR" : "RLR";
    ticks *until = offset == PR ? &iwdg->PVU_until : &iwdg->RVU_until;
    chip->cpu.side_effects++;
    if (!iwdg->unlocked) {
        chip_violation(chip, FORBIDDEN, "iwdg-write-protected",
                       "IWDG_%s = 0x%X is ignored: 0x5555 must be written to KR first (RM0008 19.3.2)", name,
                       (unsigned)value);
        return;
    }
    if (updating(chip, *until)) {
        chip_violation(chip, FORBIDDEN, "iwdg-update",
                       "IWDG_%s = 0x%X while SR says the last update is not done (RM0008 19.4.2)", name,
                       (unsigned)value);
        return;
    }
    *until = chip_now(chip) + lsi_cycles(chip, UPDATE_LSI_CYCLES);
    if (offset == PR) {
        change_prescaler(chip, value);
    } else {
        iwdg->RLR = value;
    }
}

void iwdg_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    if (offset == KR) {
        write_key(chip, value);
    } else {
        write_setting(chip, offset, value);
    }
}

void iwdg_reset(struct chip *chip)
{
    chip->iwdg = (struct iwdg){.RLR = RLR_RESET, .bites = TICKS_NEVER};
    chip->due[EVENT_IWDG] = TICKS_NEVER;
}
