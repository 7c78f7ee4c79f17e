/*
 * The application's part: main(), and the exceptions it handles. Those it leaves out lead to the bootloader.
 */
#pragma once

/* Returning from it leads to the bootloader too. */
void main(void);

void sv_call(void);
void pend_sv(void);
void sys_tick(void);
void usb_lp(void);

void unexpected(void);
