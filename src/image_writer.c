/* Turns a stream of blocks into a complete, verified image in flash. docs/design.md has the pictures. */
#include "image_writer.h"

#include "application.h" // application_is_valid
#include "port.h"        // port_flash_*
#include "signature.h"   // signature_*

enum {
    PAGE = FLASH_PAGE_SIZE,
    HALF_WORDS = PAGE / 2,
    BLANK = 0xFFFF,
    /* the half-word of a page that is written last: of the first page, the upper half of the stack pointer */
    KEY = START_WORDS_OFFSET / 2 + 1,
    /* shortest times of the data sheet (DS5319 table 28), so that no host waits longer than it must */
    ERASE_MS = 20 - 1, /* the first tick may come at once */
    /*
     * half-words looked at in one step: meanwhile a host that starts a request finds nobody home, and gives
     * up when that happens three times, which may be within a frame
     */
    STRIDE = 64,
    HALF_WORDS_PER_MS = 1000 / 40,
    LEAST = SIGNED ? sizeof(struct trailer) : 8, /* bytes of an image */
};

static struct {
    uint32_t received; /* bytes of the image accepted from the host */
    uint32_t written;  /* bytes of it known to be in flash: whole pages, the first one after all others */
    uint32_t done;  /* steps of the page in work: HALF_WORDS to see that they are blank, as many to program */
    bool working;   /* the image can be an application, and nothing went wrong */
    bool finishing; /* the host has sent everything */
    bool tried;     /* what makes the next step right was done once */
    bool old_is_gone;       /* there is no other application in flash any more */
    uint32_t invalidations; /* attempts to make the old application invalid */
    uint16_t blanks;        /* half-words of the page in work that are blank in the image */
    uint8_t erase_ms;       /* until the erase under way can end */
    image_result result;
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

static void fail(image_result result)
{
    image.result = result;
    image.working = false;
}

void image_begin(void)
{
    image.received = image.written = image.done = 0;
    image.working = image.finishing = image.old_is_gone = image.tried = false;
    image.invalidations = 0;
    image.result = STATUS_OK;
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
    bool looked = image.received >= 8;

    image.received += length;
    if (looked || image.received < 8)
        return;
    image.working = application_is_valid(buffer.words);
    if (!image.working)
        fail(errTARGET);
}

void image_finish(void)
{
    if (image.received < LEAST)
        fail(SIGNED ? NOT_SIGNED : errTARGET);
    if (SIGNED)
        signature_begin(image.received);
    while (image.received % PAGE)
        buffer.bytes[buffered(image.received++)] = 0xFF;
    image.finishing = true;
}

/* The n-th half-word of a page in the order of writing, KEY being the last. */
static uint32_t in_order(uint32_t n)
{
    return (n + KEY + 1) % HALF_WORDS;
}

/*
 * Erases the page that holds the half-word at `offset`. Where the chip's pages are half as large as
 * FLASH_PAGE_SIZE, the other half is erased when something is found there.
 */
static void erase(uint32_t offset)
{
    image.erase_ms = ERASE_MS;
    port_flash_erase(APP_BASE_ADDRESS + offset);
}

/*
 * Whatever is in flash is no application, and cannot become one before KEY is written: KEY is blank or 0. If
 * not it is made so before anything else changes: 0 can be programmed over anything (PM0075 2.3.3). On clones
 * that refuse it the first page is erased. False: an operation was started, or it cannot be done.
 */
static bool old_application_is_gone(void)
{
    if (image.old_is_gone)
        return true;

    uint32_t key = *(const volatile uint16_t *)port_flash(APP_BASE_ADDRESS + 2 * KEY);

    image.old_is_gone = key == BLANK || key == 0;
    if (image.old_is_gone)
        return true;
    image.done = 0; /* the page in work may be the first one, and need an erase now */
    image.invalidations++;
    if (image.invalidations == 1)
        port_flash_program(APP_BASE_ADDRESS + 2 * KEY, 0);
    else if (image.invalidations == 2)
        erase(0);
    else
        fail(errWRITE);
    return false;
}

/*
 * The high variant has its reset vector in the application's first page. Whenever that was erased it is put
 * back at once, whatever became of the erase, of the download and of the host: until then the board survives
 * no reset. False: an operation was started.
 */
static bool hook_is_back(void)
{
    for (uint32_t at = 0; HIGH && at < 8; at += 2)
        if (*(const volatile uint16_t *)port_flash(APP_BASE_ADDRESS + at) == BLANK &&
            port_flash_error() == STATUS_OK) {
            port_flash_program(APP_BASE_ADDRESS + at,
                               *(const volatile uint16_t *)port_flash(BOOTLOADER_BASE + at));
            return false;
        }
    return true;
}

/* The first page as it is to be in flash: the start words hide behind the bootloader's own. */
static void hide_start_words(void)
{
    if (!HIGH)
        return;

    const volatile uint32_t *own = port_flash(BOOTLOADER_BASE);

    if (buffer.words[1] == own[1])
        return; /* done already: an application's entry is never inside the bootloader */
    for (uint32_t i = 0; i < 2; i++) {
        buffer.words[START_WORDS_OFFSET / 4 + i] = buffer.words[i];
        buffer.words[i] = own[i];
    }
}

/* What nobody signed never gets as far as the first page. False: not known yet, or refused. */
static bool is_genuine(void)
{
    image_result result = SIGNED ? signature_step(buffer.bytes) : STATUS_OK;

    if (result != STATUS_OK && result != errNOTDONE)
        fail(result);
    return result == STATUS_OK;
}

/*
 * One rule does it all: if the flash is right go on; if it was tried already it is an error; if there may
 * still be an application invalidate it; else try.
 */
void image_step(void)
{
    uint32_t page = image.written + PAGE;

    if (port_flash_busy() || !hook_is_back() || !image.working)
        return;
    if (page + PAGE > image.received) {
        if (!image.finishing)
            return;
        if (!is_genuine())
            return;
        page = 0; /* all others are done */
        hide_start_words();
    }

    const uint16_t *wanted = &buffer.half_words[buffered(page) / 2];
    const volatile uint16_t *present = port_flash(APP_BASE_ADDRESS + page);
    bool tried = image.tried;
    uint32_t n = image.done;

    __asm__("" : "+r"(wanted)); /* computed once, not in every pass */

    image.tried = false;
    if (n == 0) {
        const uint32_t *words = (const uint32_t *)wanted;
        uint32_t blanks = 0;

        for (uint32_t i = 0; i < PAGE / 4; i++)
            if (words[i] == 0xFFFFFFFF)
                blanks += 2;
        image.blanks = blanks;
    }
    do {
        uint32_t i = in_order(n);
        uint32_t now = present[i];

        if (now != wanted[i] && (now != BLANK || n >= HALF_WORDS)) {
            image.done = n;
            if (tried) {
                uint8_t error = port_flash_error();

                fail(error != STATUS_OK ? error : n < HALF_WORDS ? errERASE : errVERIFY);
            } else if (old_application_is_gone()) {
                image.tried = true;
                if (n < HALF_WORDS)
                    erase(page + 2 * i);
                else
                    port_flash_program(APP_BASE_ADDRESS + page + 2 * i, wanted[i]);
            }
            return;
        }
        tried = false;
    } while (++n % STRIDE);
    image.done = n;
    if (n < 2 * HALF_WORDS)
        return;
    image.done = 0;
    image.written += PAGE;
    image.working = page != 0;
}

void image_tick(void)
{
    if (image.erase_ms)
        image.erase_ms--;
    if (SIGNED)
        signature_tick();
}

image_result image_status(void)
{
    return image.result;
}

bool image_working(void)
{
    return image.finishing && image.working;
}

bool image_complete(void)
{
    return image.finishing && image.written == image.received;
}

uint32_t image_busy_ms(void)
{
    uint32_t left = 2 * HALF_WORDS - (image.done < HALF_WORDS ? HALF_WORDS : image.done);

    /* blank half-words take no time; where they are does not matter here, rather too short than too long */
    left = left > image.blanks ? left - image.blanks : 0;
    return image.erase_ms + left / HALF_WORDS_PER_MS + 1 + (SIGNED ? signature_busy_ms() : 0);
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
