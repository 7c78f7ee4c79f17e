/*
 * What becomes of an image, as DFU_GETSTATUS tells it: bStatus, and iString, which says more where an image
 * is refused. Everything may include this; it includes nothing but the options.
 */
#pragma once

#include "config.h"

/* bStatus of DFU 1.1, 6.1.2. */
enum dfu_status {
    STATUS_OK,
    errTARGET,
    errFILE,
    errWRITE,
    errERASE,
    errCHECK_ERASED,
    errPROG,
    errVERIFY,
    errADDRESS,
    errNOTDONE,
    errFIRMWARE,
    errVENDOR,
    errUSBR,
    errPOR,
    errUNKNOWN,
    errSTALLEDPKT
};

/* bStatus; in the signed variants iString in the upper byte. */
#if SIGNED
typedef uint16_t image_result;
#else
typedef uint8_t image_result;
#endif

/* String descriptors; from STRING_REASONS on, why an image was refused (signature.h). */
enum { STRING_LANGUAGES, STRING_VENDOR, STRING_PRODUCT, STRING_SERIAL, STRING_INTERFACE, STRING_REASONS };

/* Why an image is refused: bStatus, and above it iString. */
enum {
    NOT_SIGNED = STRING_REASONS << 8 | errFILE,
    OLDER_VERSION = (STRING_REASONS + 1) << 8 | errVENDOR,
    FORGED_SIGNATURE = (STRING_REASONS + 2) << 8 | errVENDOR,
};
