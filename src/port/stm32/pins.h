/* The pins of the board: button, LED and what pulls D+ up. Internal to the port. */
#pragma once

/* Turns the clocks of the board's pins on and takes the pins from JTAG and SWD where the board needs them. */
void pins_start(void);
/* Off the bus: the pull-up disconnected or, where it is fixed, D+ driven low. */
void pins_disconnect(void);
void pins_connect(void);
