/* The flash as a whole; its operations are in port.h. Internal to the port. */
#pragma once

/* Unlocks the flash and finds out how much of it there is. */
void flash_start(void);
