/* Turns a stream of blocks into a complete, verified image in flash. docs/design.md has the pictures. */
#include "image_writer.h"

#include "big.h" // BIG

#include "application.h"        // application_is_valid
#include "port.h"               // port_flash_*
#include "signed/signature.h"   // signature_*
#include "signed/version_log.h" // version_log_rests

enum {
    PAGE = FLASH_PAGE_SIZE,
    UNIT = FLASH_UNIT,
    PIECE = UNIT * FLASH_BURST, /* what is compared and programmed at a time */
    PIECES = PAGE / PIECE,
    BLANK = FLASH_BLANK,
    BLANK_WORD = BLANK ? -1 : 0,
    /* the piece of a page that is written last: of the first page, the one with the upper half of the stack
     * pointer, unless marks say whether it is valid */
    KEY = FLASH_MARKS ? PIECES - 1 : (START_WORDS_OFFSET + 2) / PIECE,
    ERASE_MS = FLASH_ERASE_MS - 1, /* the first tick may come at once; 0: not counted */
    /*
     * pieces looked at in one step, 64 units: meanwhile a host that starts a request finds nobody home, and
     * gives up when that happens three times, which may be within a frame
     */
    STRIDE = 64 / FLASH_BURST,
    HOOK_OFFSET = 4, /* of the reset vector in a vector table */
};
_Static_assert(!HIGH || PIECE <= 4, "_HIGH variants need flash in which their hook can be programmed alone");

static struct {
    uint32_t received;     /* bytes of the image accepted from the host */
    uint32_t page;         /* the page in work: its offset; the first one comes after all others */
    uint16_t done;         /* steps of it: PIECES to see that they are blank, as many to program */
    bool looked;           /* it is in the buffer, and it was looked at as it was in flash */
    bool erased;           /* and erased, or it need not be */
    bool tried;            /* what makes the next step right was done once */
    bool working;          /* the image can be an application, and nothing went wrong */
    bool finishing;        /* the host has sent everything */
    bool complete;         /* and it is in flash */
    bool behind;           /* the page in work is behind a signed image */
    bool old_is_gone;      /* there is no other application in flash any more */
    bool trusted;          /* the download before this one ended; else pages are erased whatever they read */
    uint8_t invalidations; /* attempts to make the old application invalid; or the mark that was set, and more
                              for each attempt to erase it */
    uint8_t erase_ms;      /* until the erase under way can end */
    image_result result;
} image;

/* The first page waits here until the end, the others take turns in the two places behind it. */
static union {
    uint8_t bytes[3 * PAGE];
    uint32_t words[3 * PAGE / 4];
} buffer BIG;

NOINLINE static uint8_t *buffered(uint32_t offset)
{
    return buffer.bytes + (offset < PAGE ? offset : PAGE + offset % (2 * PAGE));
}

static void fail(image_result result)
{
    image.result = result;
    image.working = false;
}

void image_begin(void)
{
    image.received = image.done = image.invalidations = 0;
    image.page = PAGE;
    image.looked = image.tried = image.working = image.finishing = image.complete = image.old_is_gone = false;
    if (SIGNED)
        image.behind = false;
    image.result = STATUS_OK;
    buffer.words[1] = 0;
}

bool image_has_room(void)
{
    return image.received + TARGET_DFU_WTRANSFERSIZE <= image.page + 2 * PAGE;
}

bool image_fits(uint32_t length)
{
    return image.received + length <= application_size();
}

void image_put(uint32_t ahead, const uint8_t *bytes, uint32_t length)
{
    for (uint32_t offset = image.received + ahead; length; length--)
        *buffered(offset++) = *bytes++;
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
    if (!HIGH || (SIGNED && buffer.words[1] == port_reset_vector()))
        return; /* or done already: an application's entry is never inside the bootloader */

    uint32_t *words = buffer.words;
    words[START_WORDS_OFFSET / 4] = words[0];
    words[START_WORDS_OFFSET / 4 + 1] = words[1];
    words[1] = port_reset_vector();
}

void image_finish(void)
{
    /*
     * less than two words, or it would start behind its own end; signature.c asks the latter of signed files
     */
    if (SIGNED ? image.received < sizeof(struct trailer)
               : image.received < 8 || buffer.words[1] - APP_BASE_ADDRESS >= image.received)
        fail(SIGNED ? NOT_SIGNED : errTARGET);
    if (SIGNED)
        signature_begin(image.received);
    while (image.received % PAGE)
        *buffered(image.received++) = (uint8_t)BLANK;
    image.finishing = true;
    if (!SIGNED)
        hide_start_words();
}

/* The page in work is behind the image; signed ones are made to end with the area. */
static inline bool is_behind(void)
{
    return !SIGNED && image.page >= image.received;
}

/* Of the page in work. */
static const flash_unit *wanted_units(void)
{
    return (const flash_unit *)buffered(image.page);
}

static inline bool is_blank(const flash_unit *piece)
{
    bool blank = true;

    for (uint32_t i = 0; i < FLASH_BURST; i++)
        blank &= piece[i] == BLANK;
    return blank;
}

/* The n-th piece of a page in the order of writing, KEY being the last. */
static uint32_t in_order(uint32_t n)
{
    return (n + KEY + 1) % PIECES;
}

/*
 * Erases the page that holds the unit at this address. Where the chip's pages are half as large as
 * FLASH_PAGE_SIZE, the other half is erased when something is found there.
 */
static void erase(uint32_t address)
{
    if (ERASE_MS > 0)
        image.erase_ms = ERASE_MS;
    port_flash_erase(address);
}

/* The unit in flash that decides whether there is an application. */
static flash_unit key(void)
{
    return *(const volatile flash_unit *)port_flash(APP_BASE_ADDRESS + PIECE * KEY);
}

/*
 * Where flash has marks: before anything else changes the one that reads blank is set; the other may read as
 * it does now and otherwise later, after a power cut. Then that one is erased, so that it is surely blank
 * when in the end a cut leaves this one in doubt. If both read set, a cut fell into that erase, and one of
 * them is set for sure (docs/design.md tells of the exception). False: an operation was started, or it cannot
 * be done.
 */
static inline bool download_is_marked(void)
{
    uint32_t n = image.invalidations;

    if (n) {
        if (!application_is_marked(n)) {
            fail(errWRITE);
        } else {
            image.old_is_gone = true;
            erase(application_mark(n ^ OTHER_MARK));
        }
        return false;
    }
    n = application_is_marked(FIRST_MARK) ? SECOND_MARK : FIRST_MARK;
    image.invalidations = (uint8_t)n;
    if (application_is_marked(n)) {
        image.old_is_gone = true;
        return true;
    }
    port_flash_program(application_mark(n), FLASH_MARK);
    return false;
}

/* When all is in flash. False: an operation was started, or it cannot be done. */
static inline bool marks_are_gone(void)
{
    enum { MOST = SECOND_MARK + 2 };

    if (!FLASH_MARKS || !application_has_marks())
        return true;
    if (image.invalidations > MOST)
        fail(errERASE);
    else /* the one that was set, and then in turns */
        erase(application_mark(image.invalidations++ % 2 ? FIRST_MARK : SECOND_MARK));
    return false;
}

/*
 * Where KEY can be programmed over data: before anything else changes KEY is made FLASH_RETIRED, whatever it
 * reads: after a power cut it may read that or blank now and as before later. For clones that refuse it over
 * data the first page is erased before. Then nothing is an application, nor can become one before KEY is
 * written. False: an operation was started, or it cannot be done.
 */
static bool key_is_retired(void)
{
    if (!image.old_is_gone && image.invalidations && key() == FLASH_RETIRED)
        image.old_is_gone = true;
    if (image.old_is_gone)
        return true;
    image.done = 0; /* the page in work may be the first one, and need an erase now */
    if (++image.invalidations > 3)
        fail(errWRITE);
    else if (image.invalidations == 2)
        erase(APP_BASE_ADDRESS);
    else
        port_flash_program(APP_BASE_ADDRESS + PIECE * KEY, FLASH_RETIRED);
    return false;
}

static inline bool old_application_is_gone(void)
{
    return FLASH_MARKS ? image.old_is_gone || download_is_marked() : key_is_retired();
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

    const volatile flash_unit *hook = port_flash(APP_BASE_ADDRESS + HOOK_OFFSET);
    uint32_t i = UNIT < 4 && hook[0] != BLANK; /* the unit to look at */

    if (hook[i] != BLANK || port_flash_error() != STATUS_OK)
        return true;
    port_flash_program(APP_BASE_ADDRESS + HOOK_OFFSET + UNIT * i, port_reset_vector() >> 8 * UNIT * i);
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
    /* one page at a time, as the host must not wait long */
    uint32_t *wanted = (uint32_t *)buffered(image.page);

    for (uint32_t i = 0; i < PAGE / 4; i++)
        *wanted++ = BLANK_WORD;
    image.received += PAGE;
    image.behind = true;
    return false;
}

/* BLANK_WORD if both are. */
static inline uint32_t both(uint32_t word, uint32_t other)
{
    return BLANK ? word & other : word | other;
}

/* The page in work, and the first word of the application, of which KEY is a part. */
static inline bool all_is_blank(void)
{
    /* as there are many pages; images for chips with larger ones are the fullest */
    enum { AT_A_TIME = PAGE > 1024 ? 2 : 4 };
    const uint32_t *flash = (const uint32_t *)port_flash(APP_BASE_ADDRESS + image.page);
    uint32_t all = *application_start_words();

    for (uint32_t i = PAGE / 4 / AT_A_TIME; i > 0; i--, flash += AT_A_TIME) {
        all = both(both(all, flash[0]), flash[1]);
        if (AT_A_TIME > 2)
            all = both(both(all, flash[2]), flash[3]);
    }
    return all == (uint32_t)BLANK_WORD;
}

/*
 * Tells from the flash how the last download went. If there is no application, it did not end; but if all is
 * blank so far, there never was one: nothing has to be invalidated, nothing erased. The first page may be
 * blank because power failed in its erase, so that one proves nothing.
 */
static void look_at_page(void)
{
    if (image.invalidations)
        return;
    if (FLASH_MARKS) {
        image.trusted = !application_has_marks();
        return;
    }
    image.old_is_gone = false;
    image.trusted = application_is_valid(application_start_words());
    if (!image.trusted && image.page && all_is_blank()) {
        image.trusted = image.old_is_gone = true;
        image.done = PIECES;
    }
}

static void end_page(void)
{
    if (!image.page && !marks_are_gone())
        return;
    image.done = 0;
    image.erased = image.looked = false;
    if (image.page) {
        image.page += PAGE;
    } else {
        image.working = false;
        image.complete = true;
    }
}

/*
 * Takes the next page, if it has come: the first one after all others, and after those behind the image. What
 * is there stays, except after a download that did not end: a page may be in doubt that a later, longer image
 * would trust, so they are erased, too. A step of its own, so that a host that asks something meanwhile waits
 * no longer than it must.
 */
static void take_page(void)
{
    if (image.page + PAGE > image.received) {
        if (!image.finishing || !is_genuine() || !ends_with_the_area())
            return;
        if (image.page == application_size())
            image.page = 0;
    }
    if (!SIGNED || !image.behind || image.page <= PAGE)
        look_at_page(); /* behind, it is known by then, and a host must not wait for it page after page */
    image.erased = image.trusted;
    image.looked = true;
    if (image.trusted && is_behind())
        end_page();
}

/*
 * What the piece of step n of a page wants, when it reads `now` and is to be `wanted`:
 *
 *   step                 reads       wants
 *   n < PIECES           wanted      nothing
 *   (is it blank?)       blank       nothing
 *                        else        an erase of its page
 *   in doubt             anything    an erase of its page, once
 *   n >= PIECES          wanted      nothing
 *   (program it)         else        to be programmed
 *
 * In doubt: after a download that did not end. Power may have failed within any operation, and its cells read
 * one thing now and another later.
 *
 * A want is also the error that there is if that was done in vain.
 */
enum want { NOTHING, AN_ERASE = errERASE, TO_BE_PROGRAMMED = errVERIFY };
static inline enum want wants(uint32_t n, bool doubt, const volatile flash_unit *now,
                              const flash_unit *wanted)
{
    flash_unit wrong = 0, used = 0; /* bits that are not as wanted, or as in a blank one */

    for (uint32_t i = 0; i < FLASH_BURST; i++) {
        flash_unit unit = now[i];

        wrong |= unit ^ wanted[i];
        used |= unit ^ BLANK;
    }
    if (!doubt && (!wrong || (!used && n < PIECES)))
        return NOTHING;
    return n < PIECES ? AN_ERASE : TO_BE_PROGRAMMED;
}

/*
 * Gives the piece at `offset` what it wants: if that was tried already it is an error; if there may still be
 * an application, that is made invalid first.
 */
static inline void give(enum want want, uint32_t offset, const flash_unit *wanted, bool tried)
{
    if (tried) {
        uint8_t error = port_flash_error();

        fail(error != STATUS_OK ? error : want);
    } else if (old_application_is_gone()) {
        image.tried = true;
        if (want == AN_ERASE) {
            image.erased = true;
            /* where half pages are programmed, only its first word names a page (RM0038 3.4) */
            erase(APP_BASE_ADDRESS + (FLASH_BURST > 1 ? image.page : offset));
        } else if (FLASH_BURST > 1) {
            port_flash_program_burst(APP_BASE_ADDRESS + offset, wanted);
        } else {
            port_flash_program(APP_BASE_ADDRESS + offset, *wanted);
        }
    }
}

void image_step(void)
{
    if (port_flash_busy() || !hook_is_back() || (SIGNED && !version_log_rests()) || !image.working)
        return;
    if (!image.looked) {
        take_page();
        return;
    }

    const volatile flash_unit *present = port_flash(APP_BASE_ADDRESS + image.page);
    /* what is behind is wanted as it is, even if it cannot be erased: an image that reaches there says so */
    const flash_unit *wanted = is_behind() ? (const flash_unit *)present : wanted_units();
    bool tried = image.tried;
    uint32_t n = image.done;

    image.tried = false;
    if (PAGE > SMALLEST_FLASH_PAGE && n == PIECES / 2 && !tried)
        image.erased = image.trusted; /* what follows may be another page of the chip */
    do {
        uint32_t i = in_order(n);
        enum want want = wants(n, !image.erased, present + i * FLASH_BURST, wanted + i * FLASH_BURST);

        if (want != NOTHING) {
            image.done = n;
            give(want, image.page + PIECE * i, wanted + i * FLASH_BURST, tried);
            return;
        }
        tried = false;
    } while (++n % STRIDE);
    image.done = n;
    if (n >= 2 * PIECES)
        end_page();
}

void image_tick(void)
{
    if (ERASE_MS > 0 && image.erase_ms)
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
    return image.complete;
}

uint32_t image_busy_ms(void)
{
    const flash_unit *wanted = wanted_units();
    uint32_t left = 0;

    /* the page in work, unless it is behind, whose blank pieces take no time; where they are does not matter:
     * rather too short than too long */
    for (uint32_t n = image.done % PIECES; n < PIECES && !is_behind(); n++)
        left += !is_blank(wanted + n * FLASH_BURST);
    return (ERASE_MS > 0 ? image.erase_ms : 0) + FLASH_PROGRAM_MS(left) + 1 +
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
