/* Pins by port and number, in a byte. */
#pragma once

#include <stdint.h>

enum { PIN_NONE = 0xFF };
#define BOARD_PIN(port, number) ((uint8_t)(((port) - 'A') << 4 | (number)))
