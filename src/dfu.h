/* The DFU 1.1 state machine, in DFU mode. Knows requests and states, no registers and no flash. */
#pragma once

#include "usb_request.h"

/* dfuIDLE, without an image: where it begins, too. */
void dfu_idle(void);
/*
 * A class request to the interface; a wrong one leads to dfuERROR. `own`: the alternate setting selected is
 * USB_DFU_ALTN; those below it move no firmware.
 */
enum usb_answer dfu_request(struct usb_request *request, bool own);
/* Bytes of a DFU_DNLOAD's data stage, `offset` from its start; dfu_block when all have come. */
void dfu_data(uint32_t offset, const uint8_t *bytes, uint32_t length);
void dfu_block(uint32_t length);
void dfu_bus_reset(void);
/* Call once per millisecond. */
void dfu_tick(void);
