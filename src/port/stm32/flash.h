/* The flash as a whole; its operations are in port.h. Internal to the ports. */
#pragma once

/* Unlocks the flash. */
void flash_start(void);
