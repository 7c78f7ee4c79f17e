/* Independent watchdog: iwdg.c. Its kernel clock is LSI. */
#pragma once

#include "chip/device.h"

enum iwdg_output { IWDG_RUNS }; /* LSI is forced on */
enum iwdg_input { IWDG_START };

extern const struct device_class iwdg_class;
