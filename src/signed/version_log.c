/* The log of versions: see version_log.h. */
#include "version_log.h"

#include "application.h" // application_size
#include "dfu_status.h"  // errVERIFY...
#include "port.h"        // port_flash_*

/*
 * The log: a word that says what it is, then entries: a version, and its complement in the upper half-word.
 * What is no log yet is erased before, in parts, as the chip's pages may be smaller than the build says.
 */
enum {
    ENTRIES = VERSION_LOG_SIZE / 4,
    MAGIC = 0x474F4C56,
    BLANK_WORD = FLASH_BLANK ? -1 : 0,
    PARTS = VERSION_LOG_SIZE / SMALLEST_FLASH_PAGE,
    UNITS = 4 / FLASH_UNIT, /* of a word */
};

_Static_assert(FLASH_UNIT <= 4, "an entry is a word: with larger units it needs one of its own");

/* Steps in this order, as many as it says: PARTS, UNITS, UNITS. */
enum { ERASE, WRITE_MAGIC = PARTS, WRITE_ENTRY = WRITE_MAGIC + UNITS, DONE = WRITE_ENTRY + UNITS };

/* Entries that say the same: a power cut can leave one of them in doubt, not two. */
enum { COPIES = 2 };

static struct {
    uint32_t floor;
    uint32_t copies; /* entries that have it */
    uint32_t entry;  /* the next one that is blank; ENTRIES: none is */
    uint32_t step;
    uint32_t version; /* being recorded; 0: none */
    uint32_t worn;    /* an entry that did not read back while it is recorded, and is passed over; 0: none */
    bool failed;      /* what was written last does not read back */
} recorded;

NOINLINE static uint32_t log_address(void)
{
    return APP_BASE_ADDRESS + application_size();
}

uint32_t version_log_floor(void)
{
    const volatile uint32_t *words = port_flash(log_address());

    recorded.floor = recorded.copies = 0;
    recorded.failed = false;
    recorded.entry = recorded.worn + 1;
    recorded.step = ERASE;
    if (words[0] != MAGIC)
        return 0;
    for (uint32_t i = 1; i < ENTRIES; i++) {
        uint32_t version = words[i] & 0xFFFF;

        if ((words[i] >> 16 ^ version) == 0xFFFF && version && version >= recorded.floor) {
            recorded.copies = version > recorded.floor ? 1 : recorded.copies + 1;
            recorded.floor = version;
            recorded.step = WRITE_ENTRY; /* before, there was nothing to lose: the page is made a log again */
        }
        if (recorded.floor && words[i] != (uint32_t)BLANK_WORD && i >= recorded.entry)
            recorded.entry = i + 1;
    }
    return recorded.floor;
}

static bool is_recorded(uint32_t version)
{
    return version < recorded.floor + (recorded.copies >= COPIES) || recorded.entry == ENTRIES;
}

uint32_t version_log_raise(uint32_t version)
{
    if (recorded.failed)
        return errVERIFY;
    if (is_recorded(version))
        return STATUS_OK;
    recorded.version = version;
    return errNOTDONE;
}

bool version_log_rests(void)
{
    uint32_t version = recorded.version, entry = recorded.entry;

    if (!version)
        return true;
    if (recorded.step == DONE) {
        if (version_log_floor() != version || recorded.entry == entry) {
            recorded.failed = recorded.worn; /* two in a row are no matter of wear */
            recorded.worn = entry;
            recorded.entry = entry + 1;
        }
        if (recorded.failed || is_recorded(version)) {
            recorded.version = recorded.worn = 0;
            return true;
        }
    }

    uint32_t address = log_address(), word = MAGIC, step = recorded.step++;

    if (step < WRITE_MAGIC) {
        port_flash_erase(address + step * SMALLEST_FLASH_PAGE);
    } else {
        uint32_t unit = (step - WRITE_MAGIC) % UNITS;

        if (step >= WRITE_ENTRY) {
            address += 4 * recorded.entry;
            word = version | ~version << 16;
        }
        port_flash_program(address + unit * FLASH_UNIT, word >> 8 * FLASH_UNIT * unit);
    }
    return false;
}
