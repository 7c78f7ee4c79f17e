/* Timers as devices: their registers, and what the chip calls. */
#include "private.h"

/* SR's bits are cleared by writing 0 and left by writing 1, so that programs write ones to all the others. */
static const struct device_register advanced_registers[] = {
    AT(0x00) = {"CR1", RW | STABLE, 0xFFFFFC00},
    AT(0x04) = {"CR2", RW | STABLE, 0xFFFF8002},
    AT(0x08) = {"SMCR", RW | STABLE, 0xFFFF0008},
    AT(0x0C) = {"DIER", RW | STABLE, 0xFFFF8000},
    AT(0x10) = {"SR", RW | STABLE, 0},
    AT(0x14) = {"EGR", WRITE_ONLY, 0xFFFFFF00},
    AT(0x18) = {"CCMR1", RW | STABLE, 0xFFFF0000},
    AT(0x1C) = {"CCMR2", RW | STABLE, 0xFFFF0000},
    AT(0x20) = {"CCER", RW | STABLE, 0xFFFFC000},
    AT(0x24) = {"CNT", RW, 0xFFFF0000},
    AT(0x28) = {"PSC", RW | STABLE, 0xFFFF0000},
    AT(0x2C) = {"ARR", RW | STABLE, 0xFFFF0000, 0xFFFF},
    AT(0x30) = {"RCR", RW | STABLE, 0xFFFFFF00},
    AT(0x34) = {"CCR1", RW | STABLE, 0xFFFF0000},
    AT(0x38) = {"CCR2", RW | STABLE, 0xFFFF0000},
    AT(0x3C) = {"CCR3", RW | STABLE, 0xFFFF0000},
    AT(0x40) = {"CCR4", RW | STABLE, 0xFFFF0000},
    AT(0x44) = {"BDTR", RW | STABLE, 0xFFFF0000},
    AT(0x48) = {"DCR", RW | STABLE, 0xFFFFE0E0},
    AT(0x4C) = {"DMAR", RW, 0xFFFF0000},
};

#define GENERAL_REGISTERS(SMCR_reserved, CCER_reserved)                                                      \
    {                                                                                                        \
        AT(0x00) = {"CR1", RW | STABLE, 0xFFFFFC00}, AT(0x04) = {"CR2", RW | STABLE, 0xFFFFFF07},            \
        AT(0x08) = {"SMCR", RW | STABLE, SMCR_reserved}, AT(0x0C) = {"DIER", RW | STABLE, 0xFFFFA0A0},       \
        AT(0x10) = {"SR", RW | STABLE, 0}, AT(0x14) = {"EGR", WRITE_ONLY, 0xFFFFFFA0},                       \
        AT(0x18) = {"CCMR1", RW | STABLE, 0xFFFF0000}, AT(0x1C) = {"CCMR2", RW | STABLE, 0xFFFF0000},        \
        AT(0x20) = {"CCER", RW | STABLE, CCER_reserved}, AT(0x24) = {"CNT", RW, 0xFFFF0000},                 \
        AT(0x28) = {"PSC", RW | STABLE, 0xFFFF0000}, AT(0x2C) = {"ARR", RW | STABLE, 0xFFFF0000, 0xFFFF},    \
        AT(0x34) = {"CCR1", RW | STABLE, 0xFFFF0000}, AT(0x38) = {"CCR2", RW | STABLE, 0xFFFF0000},          \
        AT(0x3C) = {"CCR3", RW | STABLE, 0xFFFF0000}, AT(0x40) = {"CCR4", RW | STABLE, 0xFFFF0000},          \
        AT(0x48) = {"DCR", RW | STABLE, 0xFFFFE0E0}, AT(0x4C) = {"DMAR", RW, 0xFFFF0000},                    \
    }
static const struct device_register general_registers[] = GENERAL_REGISTERS(0xFFFF0008, 0xFFFFCCCC);
/* With CCxNP and OCCS (RM0038 17.4). */
static const struct device_register both_edges_registers[] = GENERAL_REGISTERS(0xFFFF0000, 0xFFFF4444);

/* TIM9 of the L1 (RM0038 18.4). */
static const struct device_register two_channels_registers[] = {
    AT(0x00) = {"CR1", RW | STABLE, 0xFFFFFC70},
    AT(0x04) = {"CR2", RW | STABLE, 0xFFFFFF8F},
    AT(0x08) = {"SMCR", RW | STABLE, 0xFFFF0008},
    AT(0x0C) = {"DIER", RW | STABLE, 0xFFFFFFB8},
    AT(0x10) = {"SR", RW | STABLE, 0},
    AT(0x14) = {"EGR", WRITE_ONLY, 0xFFFFFFB8},
    AT(0x18) = {"CCMR1", RW | STABLE, 0xFFFF0000},
    AT(0x20) = {"CCER", RW | STABLE, 0xFFFFFF44},
    AT(0x24) = {"CNT", RW, 0xFFFF0000},
    AT(0x28) = {"PSC", RW | STABLE, 0xFFFF0000},
    AT(0x2C) = {"ARR", RW | STABLE, 0xFFFF0000, 0xFFFF},
    AT(0x34) = {"CCR1", RW | STABLE, 0xFFFF0000},
    AT(0x38) = {"CCR2", RW | STABLE, 0xFFFF0000},
};

/* TIM10 and TIM11 of the L1 (RM0038 18.5). */
static const struct device_register one_channel_registers[] = {
    AT(0x00) = {"CR1", RW | STABLE, 0xFFFFFC78},
    AT(0x0C) = {"DIER", RW | STABLE, 0xFFFFFFFC},
    AT(0x10) = {"SR", RW | STABLE, 0},
    AT(0x14) = {"EGR", WRITE_ONLY, 0xFFFFFFFC},
    AT(0x18) = {"CCMR1", RW | STABLE, 0xFFFFFF00},
    AT(0x20) = {"CCER", RW | STABLE, 0xFFFFFFF4},
    AT(0x24) = {"CNT", RW, 0xFFFF0000},
    AT(0x28) = {"PSC", RW | STABLE, 0xFFFF0000},
    AT(0x2C) = {"ARR", RW | STABLE, 0xFFFF0000, 0xFFFF},
    AT(0x34) = {"CCR1", RW | STABLE, 0xFFFF0000},
};

/* TIM6 and TIM7 (17.4). */
static const struct device_register basic_registers[] = {
    AT(0x00) = {"CR1", RW | STABLE, 0xFFFFFF70},  AT(0x04) = {"CR2", RW | STABLE, 0xFFFFFF8F},
    AT(0x0C) = {"DIER", RW | STABLE, 0xFFFFFEFE}, AT(0x10) = {"SR", RW | STABLE, 0},
    AT(0x14) = {"EGR", WRITE_ONLY, 0xFFFFFFFE},   AT(0x24) = {"CNT", RW, 0xFFFF0000},
    AT(0x28) = {"PSC", RW | STABLE, 0xFFFF0000},  AT(0x2C) = {"ARR", RW | STABLE, 0xFFFF0000, 0xFFFF},
};

static void clock_changed(struct device *device)
{
    struct tim *tim = tim_of(device);
    ticks now = device_now(device), clock = device_clock(device) ? device_kernel_clock(device) : 0;
    if (clock == tim->clock)
        return;
    tim_settle(device);
    ticks had = tim_is_counting(tim) ? now - tim->since : tim->since;
    if (tim->clock != 0 && clock != 0)
        had = had / tim->clock * clock;
    tim->clock = clock;
    tim->since = tim_is_counting(tim) ? now - had : had;
    tim_plan(device);
}

static void pins_configured(struct device *device)
{
    if (tim_of(device)->CCER != 0) {
        tim_settle(device);
        tim_plan(device);
    }
}

static void listeners_changed(struct device *device)
{
    tim_settle(device);
    tim_plan(device);
}

static bool pin_moves(const struct device *device, unsigned signal)
{
    (void)signal;
    return tim_is_counting(tim_of(device));
}

static void reset(struct device *device)
{
    struct tim *tim = tim_of(device);
    bool drove = tim->CCER != 0;
    *tim = (struct tim){.ARR = COUNTS - 1, .ARR_now = COUNTS - 1, .clock = tim->clock};
    tim_update_irqs(device);
    device_schedule(device, 0, TICKS_NEVER);
    if (drove)
        tim_tell_pins(device);
}

#define TIM_CALLBACKS                                                                                        \
    .state = sizeof(struct tim), .sizes = HALF_WORDS_TOO, .events = 1, .read = tim_read, .write = tim_write, \
    .reset = reset, .event = tim_event, .clock_changed = clock_changed,                                      \
    .listeners_changed = listeners_changed
#define TIM_PIN_CALLBACKS                                                                                    \
    .pins_changed = tim_inputs_changed, .pins_configured = pins_configured, .pin_level = tim_output_level,   \
    .pin_duty = tim_output_duty, .pin_moves = pin_moves
const struct device_class tim_advanced_class = {REGISTERS(advanced_registers), TIM_CALLBACKS,
                                                TIM_PIN_CALLBACKS};
const struct device_class tim_general_class = {REGISTERS(general_registers), TIM_CALLBACKS,
                                               TIM_PIN_CALLBACKS};
const struct device_class tim_both_edges_class = {REGISTERS(both_edges_registers), TIM_CALLBACKS,
                                                  TIM_PIN_CALLBACKS};
const struct device_class tim_two_channels_class = {REGISTERS(two_channels_registers), TIM_CALLBACKS,
                                                    TIM_PIN_CALLBACKS};
const struct device_class tim_one_channel_class = {REGISTERS(one_channel_registers), TIM_CALLBACKS,
                                                   TIM_PIN_CALLBACKS};
const struct device_class tim_basic_class = {REGISTERS(basic_registers), TIM_CALLBACKS};
