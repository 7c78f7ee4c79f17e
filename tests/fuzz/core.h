/* The portable core as one unit, so that a fuzzer can put it back to power-up and look inside. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* As after power-up. */
void core_reset(void);
/* Bytes of the image accepted so far, with what fills its last page once it is whole. */
uint32_t core_received(void);
bool core_is_finishing(void);
/* Every variable has a value that the sources promise; else says which has not. */
const char *core_broken(void);
