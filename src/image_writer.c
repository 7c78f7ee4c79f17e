/* Turns a stream of blocks into a complete, verified image in flash. docs/design.md has the pictures. */
#include "image_writer.h"

#include "big.h" // BIG

#include "application.h" // application_is_valid
#include "port.h"        // port_flash_*
#include "signature.h"   // signature_*
#include "version_log.h" // version_log_rests

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
    HOOK_OFFSET = 4, /* of the reset vector in a vector table */
};

static struct {
    uint32_t received; /* bytes of the image accepted from the host */
    uint32_t written;  /* bytes of it known to be in flash: whole pages, the first one after all others */
    uint32_t done;  /* steps of the page in work: HALF_WORDS to see that they are blank, as many to program */
    bool working;   /* the image can be an application, and nothing went wrong */
    bool finishing; /* the host has sent everything */
    bool tried;     /* what makes the next step right was done once */
    bool old_is_gone;      /* there is no other application in flash any more */
    uint8_t invalidations; /* attempts to make the old application invalid */
    bool doubtful;         /* a download before this one did not end: pages are erased whatever they read */
    bool erased;           /* the page in work was */
    bool looked;           /* at the page in work; signed variants */
    uint16_t blanks;       /* half-words of the page in work that are blank in the image */
    uint8_t erase_ms;      /* until the erase under way can end */
    image_result result;
} image;

/* The first page waits here until the end, the others take turns in the two places behind it. */
static union {
    uint8_t bytes[3 * PAGE];
    uint16_t half_words[3 * HALF_WORDS];
    uint32_t words[3 * PAGE / 4];
} buffer BIG;

NOINLINE static uint32_t buffered(uint32_t offset)
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
    image.working = image.finishing = image.old_is_gone = image.tried = image.erased = image.looked = false;
    image.invalidations = 0;
    image.result = STATUS_OK;
    buffer.words[1] = 0;
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

/*
 * The first page as it is to be in flash: the start words where they hide, and the bootloader's reset vector
 * in the place of the application's. Word 0 stays, as programs look there for the end of their stack.
 */
static void hide_start_words(void)
{
    uint32_t *words = buffer.words;

    if (!HIGH || words[1] == port_reset_vector())
        return; /* or done already: an application's entry is never inside the bootloader */
    words[START_WORDS_OFFSET / 4] = words[0];
    words[START_WORDS_OFFSET / 4 + 1] = words[1];
    words[1] = port_reset_vector();
}

void image_finish(void)
{
    /* less than two words, or it would start behind its own end; signature.c asks the latter of signed files
     */
    if (SIGNED ? image.received < sizeof(struct trailer)
               : buffer.words[1] - APP_BASE_ADDRESS >= image.received)
        fail(SIGNED ? NOT_SIGNED : errTARGET);
    if (SIGNED)
        signature_begin(image.received);
    while (image.received % PAGE)
        buffer.bytes[buffered(image.received++)] = 0xFF;
    image.finishing = true;
    if (!SIGNED)
        hide_start_words();
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

/* The half-word in flash that decides whether there is an application. */
static uint32_t key(void)
{
    return *(const volatile uint16_t *)port_flash(APP_BASE_ADDRESS + 2 * KEY);
}

/*
 * Before anything else changes KEY is made 0, whatever it reads: after a power cut it may read 0 or blank now
 * and as before later. 0 can be programmed over anything (PM0075 2.3.3); for clones that refuse it over data
 * the first page is erased before. Then nothing is an application, nor can become one before KEY is written.
 * False: an operation was started, or it cannot be done.
 */
static bool old_application_is_gone(void)
{
    if (!image.old_is_gone && image.invalidations && key() == 0)
        image.old_is_gone = true;
    if (image.old_is_gone)
        return true;
    image.done = 0; /* the page in work may be the first one, and need an erase now */
    if (++image.invalidations > 3)
        fail(errWRITE);
    else if (image.invalidations == 2)
        erase(0);
    else
        port_flash_program(APP_BASE_ADDRESS + 2 * KEY, 0);
    return false;
}

/*
 * The high variant has its reset vector in the application's first page. Whenever that was erased it is put
 * back at once, whatever became of the erase, of the download and of the host: until then the board survives
 * no reset. False: an operation was started.
 */
static bool hook_is_back(void)
{
    if (!HIGH)
        return true;

    const volatile uint16_t *hook = port_flash(APP_BASE_ADDRESS + HOOK_OFFSET);
    uint32_t i = hook[0] != BLANK; /* the half-word to look at */

    if (hook[i] != BLANK || port_flash_error() != STATUS_OK)
        return true;
    port_flash_program(APP_BASE_ADDRESS + HOOK_OFFSET + 2 * i, port_reset_vector() >> 16 * i);
    return false;
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
 * Behind a genuine image nothing stays that somebody else chose: the rest of the area becomes pages of the
 * image, blank ones. False: it was not so yet.
 */
static bool ends_with_the_area(void)
{
    if (!SIGNED)
        return true;
    hide_start_words();
    if (image.received == application_size())
        return true;
    image.received = application_size();
    for (uint32_t i = PAGE / 4; i < 3 * PAGE / 4; i++)
        buffer.words[i] = 0xFFFFFFFF;
    return false;
}

/*
 * Counts what of a page is blank, and tells from the flash how the last download went. If all is blank so
 * far, there never was one, nor an application: nothing has to be invalidated. If there is no application
 * though, it did not end.
 */
static void look_at_page(const volatile uint16_t *present, const uint16_t *wanted)
{
    const volatile uint32_t *flash = (const volatile uint32_t *)present;
    const uint32_t *words = (const uint32_t *)wanted, *start = application_start_words();
    uint32_t blanks = 0, all = start[0] & start[1];

    for (uint32_t i = 0; i < PAGE / 4; i++) {
        if (words[i] == 0xFFFFFFFF)
            blanks += 2;
        all &= flash[i];
    }
    image.blanks = blanks;
    if (image.invalidations)
        return;
    image.old_is_gone = all == 0xFFFFFFFF;
    image.doubtful = !image.old_is_gone && (uint16_t)(key() + 1) <= 1 /* 0 or blank */;
}

/*
 * One rule does it all: if the flash is right go on; if it was tried already it is an error; if there may
 * still be an application invalidate it; else try. After a download that did not end, power may have failed
 * within any operation, and its cells read one thing now and another later: every page is erased first.
 */
void image_step(void)
{
    uint32_t page = image.written + PAGE;

    if (port_flash_busy() || !hook_is_back() || (SIGNED && !version_log_rests()) || !image.working)
        return;
    if (page + PAGE > image.received) {
        if (!image.finishing)
            return;
        if (!is_genuine() || !ends_with_the_area())
            return;
        page = 0; /* all others are done */
    }

    const uint16_t *wanted = &buffer.half_words[buffered(page) / 2];
    const volatile uint16_t *present = port_flash(APP_BASE_ADDRESS + page);
    bool tried = image.tried;
    uint32_t n = image.done;

    __asm__("" : "+r"(wanted)); /* computed once, not in every pass */

    image.tried = false;
    if (n == 0 && !image.looked) {
        look_at_page(present, wanted);
        if (SIGNED) {
            /* a step of its own: what a signature adds to the others leaves a host less time */
            image.looked = true;
            image.tried = tried;
            return;
        }
    }

    bool doubt = image.doubtful && !image.erased;

    do {
        uint32_t i = in_order(n);
        uint32_t now = present[i];

        if (doubt || (now != wanted[i] && (now != BLANK || n >= HALF_WORDS))) {
            image.done = n;
            if (tried) {
                uint8_t error = port_flash_error();

                fail(error != STATUS_OK ? error : n < HALF_WORDS ? errERASE : errVERIFY);
            } else if (old_application_is_gone()) {
                image.tried = true;
                if (n >= HALF_WORDS) {
                    port_flash_program(APP_BASE_ADDRESS + page + 2 * i, wanted[i]);
                } else {
                    image.erased = true;
                    erase(page + 2 * i);
                }
            }
            return;
        }
        tried = false;
    } while (++n % STRIDE);
    image.done = n;
    if (n < 2 * HALF_WORDS)
        return;
    image.done = 0;
    image.erased = image.looked = false;
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
    return image.erase_ms + left / HALF_WORDS_PER_MS + 1 +
           (SIGNED && image.finishing ? signature_busy_ms() : 0);
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
