/* The other end of the cable: tokens, control transfers, and a DFU client that does what dfu-util does. */
#pragma once

#include "../dfu_protocol.h" // DFU_DNLOAD, dfuIDLE
#include "fake_port.h"
#include "image_writer.h" // enum dfu_status
#include "usb_request.h"  // struct usb_setup

/* Answers to a token, where it is no length. */
enum { HOST_STALL = -1, HOST_NAK = -2 };

/* The largest that fits into wLength. */
enum { HOST_MOST = 0xFFFF };

void host_bus_reset(void);
/* Tokens. SETUP is always taken; the others return a length, HOST_STALL, or HOST_NAK at once. */
void host_setup(uint8_t bmRequestType, uint8_t bRequest, uint16_t wValue, uint16_t wIndex, uint16_t wLength);
int host_out_once(const void *data, uint32_t length);
int host_in_once(void *packet);
/* The same, again and again while the device says NAK, for a second. */
int host_out(const void *data, uint32_t length);
int host_in(void *packet);

/*
 * A whole control transfer: the bytes moved in the data stage, or HOST_STALL or HOST_NAK. Data that comes in
 * must be whole packets of 64 bytes and then a shorter one unless wLength bytes are full.
 */
int host_control(uint8_t bmRequestType, uint8_t bRequest, uint16_t wValue, uint16_t wIndex, uint16_t wLength,
                 void *data);
/* Bus reset, SET_ADDRESS 5, SET_CONFIGURATION 1, SET_INTERFACE where there are several. */
void host_enumerate(void);
void host_choose_alternate(uint16_t alternate);

/* DFU 1.1 */
struct dfu_reply {
    uint8_t bStatus, bState;
    uint32_t bwPollTimeout;
};

int dfu_dnload(uint16_t block, const void *data, uint16_t length);
int dfu_upload(uint16_t block, void *data, uint16_t length);
int dfu_out(uint8_t bRequest); /* DETACH, CLRSTATUS, ABORT */
struct dfu_reply dfu_get_status(void);
uint8_t dfu_get_state(void);
/* GETSTATUS until it is neither dfuDNBUSY nor dfuMANIFEST, waiting as told. */
struct dfu_reply dfu_wait(void);
/* The same after the last, empty block, where an error first stalls the question. */
struct dfu_reply dfu_wait_last(void);

/* Checks a GETSTATUS and fails with the caller's line. */
#define assert_dfu(state, status)                                                                            \
    do {                                                                                                     \
        struct dfu_reply reply_ = dfu_get_status();                                                          \
        assert_int_equal(reply_.bState, state);                                                              \
        assert_int_equal(reply_.bStatus, status);                                                            \
    } while (0)

struct image {
    uint32_t length;
    uint8_t bytes[FAKE_FLASH_SIZE];
};

/* A valid application of random bytes. */
void image_make(struct image *image, uint32_t length, uint32_t seed);
/* What flash holds where a page has something of it: padded with 0xFF, and with the hook of the high variant.
 * Until the next call. */
const struct image *image_in_flash(const struct image *image);
/* Puts it into flash as if it were there always. */
void image_install(const struct image *image);
bool image_is_in_flash(const struct image *image);

/* Sends blocks until the device is told that it was all; bStatus of the end. */
uint8_t client_send(const struct image *image, uint32_t block);
/* The same up to, but without the last, empty block; bStatus so far. */
uint8_t client_send_blocks(const struct image *image, uint32_t block, uint16_t *next);
