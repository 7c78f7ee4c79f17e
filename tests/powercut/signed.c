/* See signed.h. */
#include "signed.h"

#include <string.h>

#include "signed_file.h"

enum { MAGIC_LOW = 0x4C56, MAGIC_HIGH = 0x474F, MOST_PAGE = 2048, WORD = 4, HALF_WORD = 2 };

void signed_finish(const struct rig *rig, const struct scenario *scenario, uint8_t *file, uint32_t length,
                   bool new)
{
    uint16_t version = new && scenario->maker != OLDER ? NEW_VERSION : new ? OLD_VERSION - 1 : OLD_VERSION;
    const struct trailer_head trailer = trailer_of(rig->target, rig->app_base, length, version);

    if (new && scenario->maker == STRANGER)
        sign_as_stranger(file, length, &trailer);
    else
        rig_sign(rig, file, length, version);
}

void signed_burn_log(struct rig *rig, const struct scenario *scenario)
{
    uint16_t page[MOST_PAGE / HALF_WORD];

    if (scenario->junk_log) {
        memset(page, 0x3C, sizeof page);
    } else if (scenario->old_length) {
        memset(page, rig->blank, sizeof page);
        page[0] = MAGIC_LOW;
        page[1] = MAGIC_HIGH;
        page[2] = OLD_VERSION;
        page[3] = (uint16_t)~OLD_VERSION;
    } else {
        return;
    }
    rig_burn(rig, rig->app_base + rig->app_bytes, page, rig->log_bytes);
}

unsigned signed_floor(const struct rig *rig)
{
    uint16_t entry[2];
    const uint8_t *log = rig_flash(rig, rig->app_base + rig->app_bytes);
    unsigned floor = 0;

    memcpy(entry, log, sizeof entry);
    if (entry[0] != MAGIC_LOW || entry[1] != MAGIC_HIGH)
        return 0;
    for (uint32_t at = WORD; at < rig->log_bytes; at += WORD) {
        memcpy(entry, log + at, sizeof entry);
        if ((entry[0] ^ entry[1]) == 0xFFFF && entry[0] > floor)
            floor = entry[0];
    }
    return floor;
}

unsigned signed_spoilt_entries(const struct rig *rig)
{
    const uint8_t *log = rig_flash(rig, rig->app_base + rig->app_bytes);
    unsigned spoilt = 0;

    for (uint32_t at = WORD; signed_floor(rig) != 0 && at < rig->log_bytes; at += WORD) {
        uint16_t entry[2];

        memcpy(entry, log + at, sizeof entry);
        bool blank = rig->blank ? (entry[0] & entry[1]) == 0xFFFF : (entry[0] | entry[1]) == 0;

        spoilt += !blank && (entry[0] ^ entry[1]) != 0xFFFF;
    }
    return spoilt;
}
