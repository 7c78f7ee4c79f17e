/* The USB peripheral as a whole; its control endpoint is in port.h. Internal to the port. */
#pragma once

/* Powers the transceiver and waits for a bus reset; the 48 MHz clock must run. */
void usb_start(void);
/* Gives the pins back to GPIO. */
void usb_stop(void);
