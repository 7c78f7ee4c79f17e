/*
 * The rule against going back: the newest version that was ever accepted, in a log on the page behind
 * the application area. DFU neither reads nor writes that page. Entries are only added, two for each
 * version, so no power cut lowers what was recorded before; one that was cut off counts for nothing. A
 * page that holds something else, such as the rest of an older application, becomes a log when there
 * is a first version to record.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The version below which nothing is accepted; 0 if nothing was ever recorded. To be asked before the others,
 * while the log rests. */
uint32_t version_log_floor(void);
/*
 * Makes `version` the floor unless it is already, or the page is full. Call again and again while it returns
 * errNOTDONE and the log rests, until STATUS_OK or what went wrong.
 */
uint32_t version_log_raise(uint32_t version);
/*
 * False: an operation was started. Once begun a version is recorded to the end, whatever becomes of the
 * download: call it whenever the flash rests, so that no host can spoil an entry.
 */
bool version_log_rests(void);
