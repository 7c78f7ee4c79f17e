/* What chip.c, chip_time.c and chip_messages.c share. */
#pragma once

#include "chip.h"

/* Time by the processor's cycles, which is ahead of an event that is handled late. */
ticks chip_core_time(const struct chip *chip);
/* The first cycle that begins at this time or after it. */
uint64_t chip_cycle_at(const struct chip *chip, ticks time);
void chip_pass_time(struct chip *chip, ticks until);
/* The processor slept since then: back to that cycle and its time. */
void chip_rewind(struct chip *chip, uint64_t cycles);
/* Makes the core return so that the events are looked at again. */
void chip_ask_replan(struct chip *chip);
enum event chip_next_event(const struct chip *chip);
void chip_handle_event(struct chip *chip, enum event event);
/* The core's own messages: its doors to the two kinds. */
void chip_report_text(void *context, enum report_kind kind, const char *text);
void chip_violation_text(void *context, enum violation_level level, const char *rule, const char *text);
