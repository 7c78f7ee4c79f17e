/* The log of versions: see version_log.h. */
#include "version_log.h"

#include "application.h"  // application_size
#include "image_writer.h" // enum dfu_status
#include "port.h"         // port_flash_*

/*
 * The page: a word that says what it is, then entries: a version, and its complement in the upper half-word.
 * A page that is no log yet is erased before, in two parts in case the chip's pages are half as large as the
 * build says.
 */
enum { ENTRIES = FLASH_PAGE_SIZE / 4, MAGIC = 0x474F4C56, SMALLEST_PAGE = 1024 };

/* In this order; the odd ones concern an upper half, of the page or of a word. */
enum { ERASE_LOWER_HALF, ERASE, MAGIC_LOW, MAGIC_HIGH, VERSION_LOW, COMPLEMENT_HIGH, DONE };

static struct {
    uint32_t floor;
    uint32_t entry; /* the next one that is blank; ENTRIES: none is */
    uint32_t step;
} recorded;

NOINLINE static uint32_t page(void)
{
    return APP_BASE_ADDRESS + application_size();
}

uint32_t version_log_floor(void)
{
    const volatile uint32_t *words = port_flash(page());

    recorded.floor = 0;
    recorded.entry = 1;
    recorded.step = FLASH_PAGE_SIZE > SMALLEST_PAGE ? ERASE_LOWER_HALF : ERASE;
    if (words[0] != MAGIC)
        return 0;
    for (uint32_t i = 1; i < ENTRIES; i++) {
        uint32_t version = words[i] & 0xFFFF;

        if ((words[i] >> 16 ^ version) == 0xFFFF && version > recorded.floor) {
            recorded.floor = version;
            recorded.step = VERSION_LOW; /* before, there was nothing to lose: the page is made a log again */
        }
        if (recorded.floor && ~words[i])
            recorded.entry = i + 1;
    }
    return recorded.floor;
}

uint32_t version_log_raise(uint32_t version)
{
    if (version <= recorded.floor || recorded.entry == ENTRIES)
        return STATUS_OK;
    if (recorded.step == DONE)
        return version_log_floor() == version ? STATUS_OK : errVERIFY;

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
    return errNOTDONE;
}
