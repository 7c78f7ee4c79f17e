/* See chip_kinds.h. */
#include "chip_kinds.h"

#include <string.h>

const char chip_kinds[] =
    "fast-flash, slow-flash, slowest-flash, slow-crystal, late-crystal, read-protected, hardware-watchdog, "
    "fast-lsi, late-bsy, lock-reads-0, zero-needs-erase, masked-ctr, unmasked-ctr, unstable-cells";

/* Limits of the data sheet, and ten times the longest. */
static void flash_times(struct chip_config *config, const struct flash_times *times, uint32_t factor)
{
    config->page_erase_us = times->page_erase_us * factor;
    config->program_ns = times->program_ns * factor;
}

static void fast_flash(struct chip_config *config)
{
    flash_times(config, &config->family->flash_fast, 1);
}

static void slow_flash(struct chip_config *config)
{
    flash_times(config, &config->family->flash_slow, 1);
}

static void slowest_flash(struct chip_config *config)
{
    flash_times(config, &config->family->flash_slow, 10);
}

/* The typical value of DS5319 5.3.6, and a crystal that hardly starts. */
static void slow_crystal(struct chip_config *config)
{
    config->hse_startup_us = 2000;
}

static void late_crystal(struct chip_config *config)
{
    config->hse_startup_us = 50000;
}

static void read_protected(struct chip_config *config)
{
    config->read_protected = true;
}

static void hardware_watchdog(struct chip_config *config)
{
    config->hardware_watchdog = true;
}

static void fast_lsi(struct chip_config *config)
{
    config->lsi_hz = config->family->most_lsi_hz;
}

static void late_bsy(struct chip_config *config)
{
    config->busy_late_cycles = 8;
}

static void lock_reads_0(struct chip_config *config)
{
    config->lock_reads_0 = true;
}

static void zero_needs_erase(struct chip_config *config)
{
    config->zero_needs_erase = true;
}

static void masked_ctr(struct chip_config *config)
{
    config->ctr_masked = true;
}

static void unmasked_ctr(struct chip_config *config)
{
    config->ctr_masked = false;
}

static void unstable_cells(struct chip_config *config)
{
    config->torn = TORN_UNSTABLE;
}

struct chip_kind {
    const char *name;
    void (*apply)(struct chip_config *config);
    uint8_t quirk; /* that the family must be known for; 0: any family */
};
static const struct chip_kind kinds[] = {
    {"fast-flash", fast_flash, 0},
    {"slow-flash", slow_flash, 0},
    {"slowest-flash", slowest_flash, 0},
    {"slow-crystal", slow_crystal, 0},
    {"late-crystal", late_crystal, 0},
    {"read-protected", read_protected, 0},
    {"hardware-watchdog", hardware_watchdog, 0},
    {"fast-lsi", fast_lsi, 0},
    {"late-bsy", late_bsy, QUIRK_BUSY_LATE},
    {"lock-reads-0", lock_reads_0, QUIRK_LOCK_READS_0},
    {"zero-needs-erase", zero_needs_erase, QUIRK_ZERO_NEEDS_ERASE},
    {"masked-ctr", masked_ctr, 0},
    {"unmasked-ctr", unmasked_ctr, 0},
    {"unstable-cells", unstable_cells, 0},
};

static const struct chip_kind *find(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strlen(kinds[i].name) == length && strncmp(kinds[i].name, name, length) == 0)
            return &kinds[i];
    return NULL;
}

static bool is_of_family(const struct chip_kind *kind, const struct chip_config *config)
{
    return (kind->quirk & ~config->family->quirks) == 0;
}

bool chip_kind_is_foreign(const struct chip_config *config, const char *name, size_t length)
{
    const struct chip_kind *kind = find(name, length);
    return kind && !is_of_family(kind, config);
}

bool chip_kind_apply(struct chip_config *config, const char *name, size_t length)
{
    const struct chip_kind *kind = find(name, length);
    if (!kind || !is_of_family(kind, config))
        return false;
    kind->apply(config);
    return true;
}
