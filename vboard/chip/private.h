/* What the files of chip/ share. */
#pragma once

#include "chip.h"

/* processor.c */
/* Reset between two instructions. */
void chip_request_reset(struct chip *chip, enum reset_cause cause);
extern const struct cortex_m3_bus chip_core_bus;
bool chip_sleeps_deeply(const struct chip *chip);
/* Stop and Standby begin in this very cycle: the run ends, to go on without clocks. */
void chip_core_slept(void *context, bool asleep);

/* time.c */
/* Time by the processor's cycles, which is ahead of an event that is handled late. */
ticks chip_core_time(const struct chip *chip);
/* The first cycle that begins at this time or after it. */
uint64_t chip_cycle_at(const struct chip *chip, ticks time);
void chip_pass_time(struct chip *chip, ticks until);
/* The processor slept since then: back to that cycle and its time. */
void chip_rewind(struct chip *chip, uint64_t cycles);
/* Makes the core return so that the events are looked at again. */
void chip_ask_replan(struct chip *chip);
/* The slot of the event that is due first. */
unsigned chip_next_event(const struct chip *chip);
void chip_handle_event(struct chip *chip, unsigned slot);
void chip_forget_events(struct chip *chip);

/* messages.c: the core's own messages, its ways to the two kinds. */
void chip_report_text(void *context, enum report_kind kind, const char *text);
void chip_violation_text(void *context, enum violation_level level, const char *rule, const char *text);

/* build.c: from the tables to the struct. */
void chip_build(struct chip *chip);
/* What is at this address, on the chip or only in its table; NULL: nothing. */
struct device *chip_device_at(struct chip *chip, uint32_t address);

/* registers.c: an access to a block of registers. */
bool chip_read_register(struct chip *chip, struct device *device, uint32_t address, unsigned size,
                        uint32_t *value);
bool chip_write_register(struct chip *chip, struct device *device, uint32_t address, unsigned size,
                         uint32_t value);

/* lines.c */
void chip_forget_lines(struct chip *chip);
