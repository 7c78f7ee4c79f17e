/* Signed firmware: trailer, signature and version of an image that is complete but for its first page. */
#include "signature.h"

#include "big.h" // BIG

#include "application.h" // application_size
#include "ed25519.h"     // ed25519_*
#include "port.h"        // port_flash, port_tick
#include "public_key.h"  // PUBLIC_KEY, made by the build
#include "version_log.h" // version_log_*

enum {
    PAGE = FLASH_PAGE_SIZE,
    TRAILER = sizeof(struct trailer),
    SIGNATURE = sizeof((struct trailer *)0)->signature,
    PIECE = 64, /* what ed25519_message takes without hashing; a part of PAGE, so that none is half in RAM */
    /*
     * Shortest times, so that no host waits longer than it must. At 72 MHz hashing takes 1 ms for 512 bytes.
     * All else takes at least 240 ms with GCC 12 (the curve alone: 150 ms): a faster compiler has some room.
     */
    BYTES_PER_MS = SERVING_KHZ * 64 / 9000,
    CURVE_MS = 180 * 72000 / SERVING_KHZ,
};
_Static_assert(TRAILER == 104, "as in docs/signing.md");
_Static_assert(PAGE % PIECE == 0, "no piece is half in RAM");
_Static_assert(sizeof BOARD_NAME - 1 <= sizeof((struct product *)0)->board, "the board's name is too long");

static const struct ed25519_key public_key = PUBLIC_KEY;
static const struct product own_product = {TRAILER_MAGIC, APP_BASE_ADDRESS, USB_VID, USB_PID, BOARD_NAME};

static struct {
    uint32_t length; /* of the file */
    uint32_t hashed; /* bytes of it; 0: its trailer was not looked at yet */
    uint16_t busy_ms;
    uint8_t verdict;
    bool at_start; /* the application is there already: its version was accepted when it came */
    struct trailer trailer;
} check BIG;

void signature_begin(uint32_t length)
{
    check.length = length;
    check.hashed = 0;
    check.busy_ms = length / BYTES_PER_MS + CURVE_MS;
    check.verdict = ED25519_WORKING;
    check.at_start = false;
}

void signature_tick(void)
{
    if (check.busy_ms)
        check.busy_ms--;
}

uint32_t signature_busy_ms(void)
{
    return check.busy_ms;
}

static bool is_at_start(void)
{
    return VERIFY_AT_START && check.at_start;
}

/* The byte of the file at `offset`, and those behind it on its page. */
static const uint8_t *file(const uint8_t *first_page, uint32_t offset)
{
    return offset < PAGE ? first_page + offset : (const uint8_t *)port_flash(APP_BASE_ADDRESS + offset);
}

static bool read_trailer(const uint8_t *first_page)
{
    uint8_t *to = (uint8_t *)&check.trailer, differences = 0;
    uint32_t length = check.length;

    for (uint32_t i = 0; i < TRAILER; i++) {
        to[i] = *file(first_page, length - TRAILER + i);
        if (i < sizeof own_product)
            differences |= to[i] ^ ((const uint8_t *)&own_product)[i];
    }
    /* a program that starts behind its own end would run what nobody signed */
    return !(differences | (check.trailer.length ^ length) | length % 4) &&
           ((const uint32_t *)first_page)[1] - APP_BASE_ADDRESS < length - TRAILER;
}

image_result signature_step(const uint8_t *first_page)
{
    uint32_t left = check.length - SIGNATURE - check.hashed;

    if (!check.hashed) {
        if (!read_trailer(first_page))
            return NOT_SIGNED;
        if (!is_at_start() && check.trailer.version < version_log_floor())
            return OLDER_VERSION;
        ed25519_begin(&public_key, check.trailer.signature);
    }
    if (left) {
        if (ed25519_hashed()) {
            uint32_t piece = left < PIECE ? left : PIECE;

            ed25519_message(file(first_page, check.hashed), piece);
            check.hashed += piece;
        }
    } else if (check.verdict == ED25519_WORKING) {
        check.verdict = ed25519_step();
    } else if (check.verdict == ED25519_FORGED) {
        return FORGED_SIGNATURE;
    } else {
        return is_at_start() ? STATUS_OK : version_log_raise(check.trailer.version);
    }
    return errNOTDONE;
}

static uint32_t word(const uint8_t *first_page, uint32_t offset)
{
    return *(const uint32_t *)file(first_page, offset);
}

/* The length of the signed file in flash: up to the first trailer that says it is at
 * that place. 0: there is none. */
static uint32_t find_length(const uint8_t *first_page)
{
    uint32_t area = application_size();

    for (uint32_t length = TRAILER; length <= area; length += 4) {
        uint32_t trailer = length - TRAILER;

        if (word(first_page, trailer) == TRAILER_MAGIC &&
            word(first_page, trailer + offsetof(struct trailer, length)) == length)
            return length;
    }
    return 0;
}

bool signature_of_application(const uint8_t *first_page)
{
    uint32_t length = find_length(first_page);
    image_result result = length ? errNOTDONE : NOT_SIGNED;

    signature_begin(length);
    check.at_start = true;
    while (result == errNOTDONE) {
        result = signature_step(first_page);
        port_tick();
    }
    return result == STATUS_OK;
}
