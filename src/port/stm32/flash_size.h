/* How much flash there is, which port_flash_size says afterwards. Internal to the ports. */
#pragma once

/* Takes bus faults from then on as answers. */
void flash_size_find(void);
/* The same; leaves the processor as it was. */
void flash_size_find_for_check(void);
