/* What happens on a board as a waveform (IEEE 1364 value change dump), for GTKWave and PulseView: pins, LED,
 * button, power, sleep, flash operations, USB line and packets. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "board/board.h"

struct vcd;

/* NULL: error says why. */
struct vcd *vcd_open(struct board *board, const char *path, char *error, size_t error_size);
/* Something may have changed: whoever runs the board calls this often, and from board.changed. */
void vcd_sample(struct vcd *vcd);
/* usb_host.record */
void vcd_packet(struct vcd *vcd, ticks at, const uint8_t *packet, unsigned length);
/* A flash operation begins (REPORT_FLASH); the report's text. */
void vcd_flash(struct vcd *vcd, const char *operation);
/* false: not all of it could be written; error names the file. */
bool vcd_close(struct vcd *vcd, char *error, size_t error_size);
