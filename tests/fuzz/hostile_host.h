/*
 * A hostile host, made of bytes: each says what happens next on the bus, from single tokens that make no
 * sense to whole downloads, so that chance gets far into the device as well as all around it. The same bytes
 * are played to the portable core and to the real image.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Answers to a token, where it is no length. */
enum { ANSWER_STALL = -1, ANSWER_NAK = -2, ANSWER_NONE = -3 };
enum { PACKET = 64, GENUINE = 4 };

/* What it plays on. Tokens go to the address that the device has, or had. */
struct bus {
    void *context;
    uint32_t app_base, app_bytes, block; /* wTransferSize */
    /* for a device that wants them signed: images of 1 to GENUINE blocks that are,
     * each a newer version; or NULL */
    const uint8_t *genuine[GENUINE];
    void (*setup)(void *context, const uint8_t setup[8]);
    int (*out)(void *context, const uint8_t *data, unsigned length);
    int (*in)(void *context, uint8_t data[PACKET]);
    void (*reset)(void *context);
    void (*pass)(void *context, unsigned us);
    void (*power_cycle)(void *context);
};

/* Where it is; a device that restarts in the middle is gone on with by playing again. */
struct hostile_host {
    const uint8_t *bytes;
    size_t left;
    uint16_t number;   /* wBlockNum that a well-behaved client would use next */
    uint32_t sent;     /* bytes of the image it would have sent so far */
    uint32_t variety;  /* of the image */
    uint8_t status[6]; /* last read */
};

void hostile_host_start(struct hostile_host *host, const uint8_t *bytes, size_t length);
/* Until there are no bytes left. */
void hostile_host_play(struct hostile_host *host, const struct bus *bus);
