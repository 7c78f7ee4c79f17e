/* Turns a stream of blocks into a complete, verified image in flash. */
#include "image_writer.h"

#include "application.h" // application_is_valid
#include "port.h"        // port_flash_*

enum {
    PAGE = FLASH_PAGE_SIZE,
    HALF_WORDS = PAGE / 2,
    /* shortest times of the data sheet (DS5319 table 28), so that no host waits longer than it must */
    ERASE_MS = 20,
    PROGRAM_MS = HALF_WORDS * 40 / 1000,
    /* the half-word of a page that is written last: of the first page, the upper half of the stack pointer */
    KEY = START_WORDS_OFFSET / 2 + 1,
};

static struct {
    uint32_t received;     /* bytes of the image accepted from the host */
    uint32_t written;      /* bytes of it known to be in flash: whole pages, the first one after all others */
    uint16_t done;         /* half-words of the page in work known to be right */
    bool erased;           /* the page in work needs no erase, or no further one */
    bool tried;            /* the operation that makes the next thing right was done once */
    bool finishing;        /* the host has sent everything */
    uint8_t invalidations; /* attempts to make the old application invalid */
    uint8_t status, busy_ms;
} image;

/* The first page waits here until the end, the others take turns in the two places behind it. */
static union {
    uint8_t bytes[3 * PAGE];
    uint16_t half_words[3 * HALF_WORDS];
    uint32_t words[3 * PAGE / 4];
} buffer;

static uint32_t buffered(uint32_t offset)
{
    return offset < PAGE ? offset : PAGE + offset % (2 * PAGE);
}

static uint16_t present(uint32_t offset)
{
    return *(const volatile uint16_t *)port_flash(APP_BASE_ADDRESS + offset);
}

/* What flash is to hold at an even offset of the image. */
static uint16_t wanted(uint32_t offset)
{
#if HIGH
    if (offset < 8) /* the hook: the bootloader's own stack pointer and reset vector */
        return *(const volatile uint16_t *)port_flash(BOOTLOADER_BASE + offset);
    if (offset - START_WORDS_OFFSET < 8)
        offset -= START_WORDS_OFFSET;
#endif
    return buffer.half_words[buffered(offset) / 2];
}

void image_begin(void)
{
    image.received = image.written = 0;
    image.done = 0;
    image.erased = image.tried = image.finishing = false;
    image.invalidations = 0;
    image.status = STATUS_OK;
    image.busy_ms = 1;
}

bool image_has_room(void)
{
    return image.received + TARGET_DFU_WTRANSFERSIZE <= image.written + 3 * PAGE;
}

bool image_fits(uint32_t length)
{
    return image.received + length <= application_size();
}

void image_put(uint32_t ahead, const uint8_t *bytes, uint32_t length)
{
    for (uint32_t offset = image.received + ahead; length; length--)
        buffer.bytes[buffered(offset++)] = *bytes++;
}

void image_accept(uint32_t length)
{
    image.received += length;
}

void image_finish(void)
{
    while (image.received % PAGE || !image.received)
        buffer.bytes[buffered(image.received++)] = 0xFF;
    image.finishing = true;
}

/* Offset of the n-th half-word of a page in the order of writing: KEY changes places with the last one. */
static uint32_t in_order(uint32_t n)
{
    return 2 * (n == KEY ? HALF_WORDS - 1 : n == HALF_WORDS - 1 ? KEY : n);
}

static bool can_be_programmed(uint32_t page)
{
    for (uint32_t offset = page; offset < page + PAGE; offset += 2)
        if (present(offset) != 0xFFFF && present(offset) != wanted(offset))
            return false;
    return true;
}

static void erase(uint32_t page)
{
    image.busy_ms = ERASE_MS + PROGRAM_MS;
    port_flash_erase(APP_BASE_ADDRESS + page);
}

/* Makes the old application invalid: 0 can be programmed over anything (PM0075 2.3.3), if not on clones. */
static void invalidate(void)
{
    image.invalidations++;
    if (image.invalidations == 1)
        port_flash_program(APP_BASE_ADDRESS + 2 * KEY, 0);
    else if (image.invalidations == 2 && !HIGH)
        erase(0);
    else
        image.status = errWRITE;
}

/* The page to work on now: any but the first as soon as it is there, the first when all others are done. */
static bool choose_page(uint32_t *page)
{
    uint32_t next = image.written + PAGE;

    if (next < image.received) {
        *page = next;
        return image.received - next >= PAGE;
    }
    *page = 0;
    return image.finishing && !image_complete();
}

/*
 * One rule does it all: if the flash is right go on, if it was tried already it is an error, if the old
 * application is still valid invalidate it, else try.
 */
void image_step(void)
{
    uint32_t page;

    if (port_flash_busy() || image.status || image.received < 8)
        return;
    if (!application_is_valid(buffer.words)) {
        image.status = errTARGET;
        return;
    }
    if (!choose_page(&page))
        return;
    for (;;) {
        uint32_t offset = page + in_order(image.done);
        bool right = image.erased ? present(offset) == wanted(offset) : can_be_programmed(page);

        if (right) {
            image.tried = false;
            if (!image.erased) {
                image.erased = true;
                image.busy_ms = PROGRAM_MS;
            } else if (++image.done == HALF_WORDS) {
                image.erased = false;
                image.done = 0;
                image.written += PAGE;
                return;
            }
        } else if (image.tried) {
            image.status = port_flash_error();
            if (image.status == STATUS_OK)
                image.status = image.erased ? errVERIFY : errERASE;
            return;
        } else if (application_is_valid(application_start_words())) {
            invalidate();
            return;
        } else {
            image.tried = true;
            if (image.erased)
                port_flash_program(APP_BASE_ADDRESS + offset, wanted(offset));
            else
                erase(page);
            return;
        }
    }
}

void image_tick(void)
{
    if (image.busy_ms > 1)
        image.busy_ms--;
}

enum dfu_status image_status(void)
{
    return image.status;
}

bool image_complete(void)
{
    return image.finishing && image.written == image.received;
}

uint32_t image_busy_ms(void)
{
    return image.busy_ms;
}

const uint8_t *image_read(uint32_t offset, uint32_t length)
{
    const uint8_t *flash = (const uint8_t *)port_flash(APP_BASE_ADDRESS + offset);

    if (!HIGH)
        return flash;
    for (uint32_t i = 0; i < length; i++, offset++) {
        /* the application's own first words, and nothing where they are hidden */
        buffer.bytes[i] = offset < 8                        ? flash[i + START_WORDS_OFFSET]
                          : offset - START_WORDS_OFFSET < 8 ? 0
                                                            : flash[i];
    }
    return buffer.bytes;
}
