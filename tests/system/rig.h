/*
 * The bench that system tests and measurements work on: a virtual board with a firmware image in its flash,
 * and a DFU client that does what dfu-util does, request by request, in virtual time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../dfu_protocol.h" // DFU_DNLOAD, dfuIDLE
#include "base/addresses.h"  // FLASH_BASE
#include "board/board.h"

struct rig {
    struct board *board;
    struct usb_host *host;
    /* the area that the bootloader leaves to the application: whole pages, for no page is erased in part */
    uint32_t app_base, app_bytes;
    uint32_t bootloader; /* its address */
    uint32_t transfer_size;
    const char *target;    /* of a signed variant; else NULL */
    uint32_t boot_command; /* what CMD_BOOT is unless the board says otherwise */
    uint8_t blank;         /* what erased flash reads */
    uint32_t marks;        /* address of their two pages; 0: none, as something can be programmed over data */
    uint32_t log_bytes;    /* of a signed variant, behind the area */
};

/* bStatus, DFU 1.1 6.1.2. */
enum {
    OK,
    errTARGET,
    errFILE,
    errWRITE,
    errERASE,
    errCHECK_ERASED,
    errPROG,
    errVERIFY,
    errADDRESS,
    errVENDOR = 11,
    errSTALLEDPKT = 15
};

struct dfu_status {
    uint8_t bStatus, bState, iString;
    uint32_t poll_ms;
};

/* How a download or upload went. */
struct dfu_result {
    bool done;              /* all requests were answered, no error */
    struct dfu_status last; /* the last status read */
    uint32_t bytes;         /* sent and acknowledged, or received */
    ticks time;             /* from the first request to the last answer */
    uint32_t polls;         /* of DFU_GETSTATUS */
    uint32_t longest_poll_ms;
};

/*
 * A board without power, the image of TARGET in its flash, strict. The image is
 * build/firmware/TARGET/dapboot.elf; a missing one ends the program with a sentence.
 */
struct rig rig_new(const char *target);
/* The same with another chip on the board. */
struct rig rig_new_with(const char *target, const struct chip_config *config);
struct chip_config rig_config(const char *target);
/* DEEP=1 in the environment: everything, where else a sample does. */
bool rig_deep(void);
/* Targets, NULL at the end: all that take any application; of those that want it signed a
 * sample, or all with rig_deep(). */
extern const char *const rig_targets[];
const char *const *rig_signed_targets(void);
bool rig_is_high(const char *target);
bool rig_is_signed(const char *target);
/* The same with an image built with options: build/firmware/BUILD/dapboot.elf (tests/tests.mk names them). */
struct rig rig_new_build(const char *build, const char *target, const struct chip_config *config);
void rig_free(struct rig *rig);

/* Puts bytes into flash with a programmer. */
void rig_burn(struct rig *rig, uint32_t address, const void *bytes, uint32_t length);
const uint8_t *rig_flash(const struct rig *rig, uint32_t address);
void rig_power_cycle(struct rig *rig);
/* Address, configuration, and the alternate setting that takes firmware; the port is attached. */
bool rig_enumerate(struct rig *rig);
/* Power on and enumerated; false: nobody answers within a second. */
bool rig_enter_dfu(struct rig *rig);
void rig_run_ms(struct rig *rig, unsigned milliseconds);
/*
 * Runs until the processor is about to execute the instruction at the address; false: not within that time.
 */
bool rig_run_to(struct rig *rig, uint32_t address, ticks within);
/* Runs until rig_application() runs. */
bool rig_starts_application(struct rig *rig, ticks within);
/* Nothing was forbidden or undefined so far; if it was, says what. */
/* The rig is pedantic: what the test itself makes of the chip may allow a rule. */
void rig_allow(struct rig *rig, const char *rule);
void rig_assert_clean(const struct rig *rig);

enum usb_host_status rig_request(struct rig *rig, uint8_t bmRequestType, uint8_t bRequest, uint16_t wValue,
                                 uint16_t wIndex, uint16_t wLength, void *data, uint32_t *actual);
enum usb_host_status dfu_get_status(struct rig *rig, struct dfu_status *status);
enum usb_host_status dfu_send(struct rig *rig, uint8_t request, uint16_t wValue, const void *data,
                              uint16_t length);
/* 0xFF: no answer. */
uint8_t dfu_get_state(struct rig *rig);
/* A DFU_DNLOAD and what a client does until it can go on. */
bool dfu_send_block(struct rig *rig, uint16_t number, const void *data, uint16_t length);
struct dfu_result dfu_download(struct rig *rig, const void *image, uint32_t length, uint32_t block);
struct dfu_result dfu_upload(struct rig *rig, void *image, uint32_t room, uint32_t block);

/*
 * Single transactions, past the host, for what no proper host would do; a NAK is asked again for 100 ms, and
 * then the answer.
 */
enum usb_answer wire_setup(struct rig *rig, uint8_t bmRequestType, uint8_t bRequest, uint16_t wValue,
                           uint16_t wIndex, uint16_t wLength);
enum usb_answer wire_out(struct rig *rig, unsigned toggle, const void *data, unsigned length);
/* data has room for 64 bytes or more. */
enum usb_answer wire_in(struct rig *rig, uint8_t *data, unsigned *length);

/* build/examples/blink/blink.bin, followed by pseudo-random bytes up to `length`;
 * an image that runs. malloced. */
uint8_t *blink_image(uint32_t length, unsigned seed);
uint32_t blink_length(void);

/*
 * The smallest application for the board of the rig: start words, noise, an endless loop. malloced. On a
 * board that wants it signed it is, as FIRST_VERSION; its last TRAILER bytes are the trailer.
 */
enum { APPLICATION_LOOP = 0x40, APPLICATION_LEAST = APPLICATION_LOOP + 2, FIRST_VERSION = 1 };
uint8_t *rig_application(const struct rig *rig, uint32_t length, unsigned seed);
/* Signs it again as the maker would, as a version, for the board of the rig. */
void rig_sign(const struct rig *rig, uint8_t *image, uint32_t length, uint16_t version);
