/*
 * What a sweep over a signed target needs besides: signatures of all kinds, and the log of versions in flash.
 */
#pragma once

#include "sweep.h"

enum { OLD_VERSION = 4, NEW_VERSION = 5 };

/* Signs a file of the old application, or of the new one, which the scenario may want refused. */
void signed_finish(const struct rig *rig, const struct scenario *scenario, uint8_t *file, uint32_t length,
                   bool new);
/* What is behind the application area before the download: the version of the old
 * application, or the rest of another. */
void signed_burn_log(struct rig *rig, const struct scenario *scenario);
/* The highest version in flash; 0: none. */
unsigned signed_floor(const struct rig *rig);
/* Entries of a log that holds a version which are neither blank nor a version. */
unsigned signed_spoilt_entries(const struct rig *rig);
