/* Timers of the F1 and of most families after it */
#pragma once

#include "chip/device.h"

/* Of the simple ones TIM_IRQ only. Triggers: TRGO and matches of the channels. */
enum tim_output {
    TIM_IRQ = 0,
    TIM_IRQ_BRK = 0,
    TIM_IRQ_UP,
    TIM_IRQ_TRG,
    TIM_IRQ_CC,
    TIM_DMA_UP,
    TIM_DMA_CC1,
    TIM_DMA_CC2,
    TIM_DMA_CC3,
    TIM_DMA_CC4,
    TIM_TRGO,
    TIM_CC1,
    TIM_CC2,
    TIM_CC3,
    TIM_CC4
};
enum tim_signal { TIM_CH1, TIM_CH2, TIM_CH3, TIM_CH4, TIM_CH1N, TIM_CH2N, TIM_CH3N };

/* Kernel clock: what they count. With complementary outputs and four interrupts (RM0008 chapter 14); with
 * four channels (15), the same that also capture both edges (L1); with two channels or one and no DMA (TIM9
 * to TIM11 of the L1); without channels (17). */
extern const struct device_class tim_advanced_class, tim_general_class, tim_both_edges_class,
    tim_two_channels_class, tim_one_channel_class, tim_basic_class;
