/* Pins as people name them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* "PC13", in letters of either size, `length` characters of it: BOARD_PIN(), or PIN_NONE
 * if that is no pin of any chip. */
uint8_t pin_find(const char *name, size_t length);
