/*
 * Signed firmware: whether an image may be started at all. It may if the maker's key signed it for this
 * product, and if it is no older than the newest one that was ever accepted. docs/signing.md has the format.
 */
#pragma once

#include "dfu_status.h" // image_result
#include "port.h"       // FAR

/* What stands at the very end of a signed file, little endian. */
struct trailer {
    struct product {
        uint32_t magic;
        uint32_t address; /* at which the application begins */
        uint16_t vendor, product;
        char board[20]; /* padded with 0 */
    } product;
    uint32_t length; /* of the file, this trailer included */
    uint16_t version;
    uint16_t reserved;     /* 0 */
    uint8_t signature[64]; /* Ed25519, of all before it */
};
#define TRAILER_MAGIC 0x31534244u /* "DBS1" */

/* A file of so many bytes has come. */
void signature_begin(uint32_t length);
/*
 * Looks, hashes, computes, takes note of the version, a bit at each call while the flash rests: errNOTDONE
 * until it is STATUS_OK, genuine, or a reason to refuse the image. Starts at most one flash operation. The
 * first page is in RAM, the others are in flash.
 */
image_result signature_step(const uint8_t *first_page);
/* Call once per millisecond. */
void signature_tick(void);
/* Milliseconds that it takes at least from now on. */
uint32_t signature_busy_ms(void);

/* True if the application in flash is genuine, whatever its version; `first_page` as it was downloaded. Takes
 * a while; feeds the watchdog. */
FAR bool signature_of_application(const uint8_t *first_page);
