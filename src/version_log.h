/*
 * The rule against going back: the newest version that was ever accepted, in a log on the page behind the
 * application area. DFU neither reads nor writes that page. Entries are only added, so no power cut lowers
 * what was recorded before; one that was cut off counts for nothing. A page that holds something else, such
 * as the rest of an older application, becomes a log when there is a first version to record.
 */
#pragma once

#include <stdint.h>

/* The version below which nothing is accepted; 0 if nothing was ever recorded. To be asked before the other.
 */
uint32_t version_log_floor(void);
/*
 * Makes `version` the floor unless it is already, or the page is full. Call again and again while it returns
 * errNOTDONE and the flash rests, until STATUS_OK or what went wrong. Starts at most one flash operation.
 */
uint32_t version_log_raise(uint32_t version);
