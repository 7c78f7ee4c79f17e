/* What the keyboard says of itself. */
#pragma once

#include <stdint.h>

enum { KEYBOARD_IN = 0x81, INPUT_REPORT_BYTES = 8, OUTPUT_REPORT_BYTES = 1, REPORT_DESCRIPTOR_BYTES = 63 };

extern const uint8_t keyboard_device[];
extern const uint8_t keyboard_configuration[];
extern const uint8_t *const keyboard_hid; /* the HID descriptor inside it */
extern const uint8_t keyboard_report[REPORT_DESCRIPTOR_BYTES];

enum { HID_DESCRIPTOR = 0x21, REPORT_DESCRIPTOR, HID_DESCRIPTOR_BYTES = 9 };
