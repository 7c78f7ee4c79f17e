/* The log of versions: see version_log.h. */
#include "version_log.h"

#include "application.h" // application_size
#include "dfu_status.h"  // errVERIFY...
#include "port.h"        // port_flash_*

/*
 * The page: a word that says what it is, then entries: a version, and its complement in the upper half-word.
 * A page that is no log yet is erased before, in two parts in case the chip's pages are half as large as the
 * build says.
 */
enum { ENTRIES = FLASH_PAGE_SIZE / 4, MAGIC = 0x474F4C56, SMALLEST_PAGE = 1024 };

/* In this order; the odd ones concern an upper half, of the page or of a word. */
enum { ERASE_LOWER_HALF, ERASE, MAGIC_LOW, MAGIC_HIGH, VERSION_LOW, COMPLEMENT_HIGH, DONE };

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

NOINLINE static uint32_t page(void)
{
    return APP_BASE_ADDRESS + application_size();
}

uint32_t version_log_floor(void)
{
    const volatile uint32_t *words = port_flash(page());

    recorded.floor = recorded.copies = 0;
    recorded.failed = false;
    recorded.entry = recorded.worn + 1;
    recorded.step = FLASH_PAGE_SIZE > SMALLEST_PAGE ? ERASE_LOWER_HALF : ERASE;
    if (words[0] != MAGIC)
        return 0;
    for (uint32_t i = 1; i < ENTRIES; i++) {
        uint32_t version = words[i] & 0xFFFF;

        if ((words[i] >> 16 ^ version) == 0xFFFF && version && version >= recorded.floor) {
            recorded.copies = version > recorded.floor ? 1 : recorded.copies + 1;
            recorded.floor = version;
            recorded.step = VERSION_LOW; /* before, there was nothing to lose: the page is made a log again */
        }
        if (recorded.floor && ~words[i] && i >= recorded.entry)
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

    uint32_t upper = recorded.step % 2, address = page(), word = MAGIC;

    if (recorded.step < MAGIC_LOW) {
        port_flash_erase(address + upper * FLASH_PAGE_SIZE / 2);
    } else {
        if (recorded.step >= VERSION_LOW) {
            address += 4 * recorded.entry;
            word = version | ~version << 16;
        }
        port_flash_program(address + 2 * upper, word >> 16 * upper);
    }
    recorded.step++;
    return false;
}
