/*
 * Turns a stream of blocks into a complete, verified image in flash. At every instant, power cut or not, the
 * flash holds either a whole application or none: docs/design.md says how.
 */
#pragma once

#include "dfu_status.h"

/* Forgets the image so far. Flash that was written stays as it is. */
void image_begin(void);
/* True if the next block, of up to TARGET_DFU_WTRANSFERSIZE bytes, can be buffered. */
bool image_has_room(void);
/* True if so many more bytes fit into the application area. */
bool image_fits(uint32_t length);
/*
 * Buffers `length` bytes that come `ahead` bytes after the last accepted block;
 * image_has_room and image_fits were true.
 */
void image_put(uint32_t ahead, const uint8_t *bytes, uint32_t length);
/* Ends the block: `length` bytes were put since the previous one. */
void image_accept(uint32_t length);
/* The image is whole: write what is left, the first page last. */
void image_finish(void);

/* Starts at most one flash operation; call again and again. */
void image_step(void);
/* Call once per millisecond. */
void image_tick(void);

/* STATUS_OK, or what went wrong; nothing is written after that. */
image_result image_status(void);
/* True from image_finish until the image is complete or failed. */
bool image_working(void);
/* True once the image is in flash, whole and compared. */
bool image_complete(void);
/* Milliseconds that the page in work takes at least from now on, 1 or more. */
uint32_t image_busy_ms(void);

/* `length` bytes of the application as it was downloaded; valid until the next call or image_put. */
const uint8_t *image_read(uint32_t offset, uint32_t length);
