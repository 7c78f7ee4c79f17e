/* USB 2.0 chapter 9 on the control endpoint, the only one there is. */
#pragma once

/* Does what has happened on the bus since the last call. */
void usb_device_poll(void);
/* Call once per millisecond: asks again what was answered with USB_LATER. */
void usb_device_tick(void);
