/* Window watchdog: wwdg.c */
#pragma once

#include "chip/device.h"

enum wwdg_output { WWDG_IRQ };

extern const struct device_class wwdg_class;
