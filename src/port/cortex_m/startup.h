/* From reset into RAM. Internal to the ports. */
#pragma once

/* Copies the serving half into RAM and clears its variables; until then no code or data of it may be used. */
void startup_fill_ram(void);
