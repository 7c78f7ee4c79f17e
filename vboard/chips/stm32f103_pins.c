/* Which signal is on which pin of an STM32F103 (RM0008 9.3 and AFIO_MAPR in 9.4.2). */
#include "stm32f103_devices.h"

#include "base/pin.h"
#include "devices/bxcan/bxcan.h"
#include "devices/dac_v1.h"
#include "devices/spi_v1.h"
#include "devices/tim/tim.h"
#include "devices/usart_v1/usart_v1.h"
#include "devices/usb_fsdev/usb_fsdev.h"

#define P(port, number) BOARD_PIN(port, number)
/* Fields of MAPR. */
enum {
    SHIFT_SPI1 = 0,
    SHIFT_USART1 = 2,
    SHIFT_USART2,
    SHIFT_USART3,
    SHIFT_TIM1 = 6,
    SHIFT_TIM2 = 8,
    SHIFT_TIM3 = 10,
    SHIFT_TIM4 = 12,
    SHIFT_CAN = 13,
    FIXED = 0 /* with a mask of 0 */
};

const struct pin_function stm32f103_pin_functions[] = {
    {TIM1, TIM_CH1, SHIFT_TIM1, 3, {P('A', 8), P('A', 8), RESERVED_PIN, P('E', 9)}},
    {TIM1, TIM_CH2, SHIFT_TIM1, 3, {P('A', 9), P('A', 9), RESERVED_PIN, P('E', 11)}},
    {TIM1, TIM_CH3, SHIFT_TIM1, 3, {P('A', 10), P('A', 10), RESERVED_PIN, P('E', 13)}},
    {TIM1, TIM_CH4, SHIFT_TIM1, 3, {P('A', 11), P('A', 11), RESERVED_PIN, P('E', 14)}},
    {TIM1, TIM_CH1N, SHIFT_TIM1, 3, {P('B', 13), P('A', 7), RESERVED_PIN, P('E', 8)}},
    {TIM1, TIM_CH2N, SHIFT_TIM1, 3, {P('B', 14), P('B', 0), RESERVED_PIN, P('E', 10)}},
    {TIM1, TIM_CH3N, SHIFT_TIM1, 3, {P('B', 15), P('B', 1), RESERVED_PIN, P('E', 12)}},
    {TIM2, TIM_CH1, SHIFT_TIM2, 3, {P('A', 0), P('A', 15), P('A', 0), P('A', 15)}},
    {TIM2, TIM_CH2, SHIFT_TIM2, 3, {P('A', 1), P('B', 3), P('A', 1), P('B', 3)}},
    {TIM2, TIM_CH3, SHIFT_TIM2, 3, {P('A', 2), P('A', 2), P('B', 10), P('B', 10)}},
    {TIM2, TIM_CH4, SHIFT_TIM2, 3, {P('A', 3), P('A', 3), P('B', 11), P('B', 11)}},
    {TIM3, TIM_CH1, SHIFT_TIM3, 3, {P('A', 6), RESERVED_PIN, P('B', 4), P('C', 6)}},
    {TIM3, TIM_CH2, SHIFT_TIM3, 3, {P('A', 7), RESERVED_PIN, P('B', 5), P('C', 7)}},
    {TIM3, TIM_CH3, SHIFT_TIM3, 3, {P('B', 0), RESERVED_PIN, P('B', 0), P('C', 8)}},
    {TIM3, TIM_CH4, SHIFT_TIM3, 3, {P('B', 1), RESERVED_PIN, P('B', 1), P('C', 9)}},
    {TIM4, TIM_CH1, SHIFT_TIM4, 1, {P('B', 6), P('D', 12), NO_PIN, NO_PIN}},
    {TIM4, TIM_CH2, SHIFT_TIM4, 1, {P('B', 7), P('D', 13), NO_PIN, NO_PIN}},
    {TIM4, TIM_CH3, SHIFT_TIM4, 1, {P('B', 8), P('D', 14), NO_PIN, NO_PIN}},
    {TIM4, TIM_CH4, SHIFT_TIM4, 1, {P('B', 9), P('D', 15), NO_PIN, NO_PIN}},
    {TIM5, TIM_CH1, FIXED, 0, {P('A', 0)}},
    {TIM5, TIM_CH2, FIXED, 0, {P('A', 1)}},
    {TIM5, TIM_CH3, FIXED, 0, {P('A', 2)}},
    {TIM5, TIM_CH4, FIXED, 0, {P('A', 3)}},
    {TIM8, TIM_CH1, FIXED, 0, {P('C', 6)}},
    {TIM8, TIM_CH2, FIXED, 0, {P('C', 7)}},
    {TIM8, TIM_CH3, FIXED, 0, {P('C', 8)}},
    {TIM8, TIM_CH4, FIXED, 0, {P('C', 9)}},
    {TIM8, TIM_CH1N, FIXED, 0, {P('A', 7)}},
    {TIM8, TIM_CH2N, FIXED, 0, {P('B', 0)}},
    {TIM8, TIM_CH3N, FIXED, 0, {P('B', 1)}},
    {USART1, USART_V1_TX, SHIFT_USART1, 1, {P('A', 9), P('B', 6), NO_PIN, NO_PIN}},
    {USART1, USART_V1_RX, SHIFT_USART1, 1, {P('A', 10), P('B', 7), NO_PIN, NO_PIN}},
    {USART2, USART_V1_TX, SHIFT_USART2, 1, {P('A', 2), P('D', 5), NO_PIN, NO_PIN}},
    {USART2, USART_V1_RX, SHIFT_USART2, 1, {P('A', 3), P('D', 6), NO_PIN, NO_PIN}},
    {USART3, USART_V1_TX, SHIFT_USART3, 3, {P('B', 10), P('C', 10), RESERVED_PIN, P('D', 8)}},
    {USART3, USART_V1_RX, SHIFT_USART3, 3, {P('B', 11), P('C', 11), RESERVED_PIN, P('D', 9)}},
    {USART4, USART_V1_TX, FIXED, 0, {P('C', 10)}},
    {USART4, USART_V1_RX, FIXED, 0, {P('C', 11)}},
    {USART5, USART_V1_TX, FIXED, 0, {P('C', 12)}},
    {USART5, USART_V1_RX, FIXED, 0, {P('D', 2)}},
    {CAN, BXCAN_RX, SHIFT_CAN, 3, {P('A', 11), RESERVED_PIN, P('B', 8), P('D', 0)}},
    {CAN, BXCAN_TX, SHIFT_CAN, 3, {P('A', 12), RESERVED_PIN, P('B', 9), P('D', 1)}},
    {SPI1, SPI_V1_MISO, SHIFT_SPI1, 1, {P('A', 6), P('B', 4), NO_PIN, NO_PIN}},
    {SPI2, SPI_V1_MISO, FIXED, 0, {P('B', 14)}},
    {SPI3, SPI_V1_MISO, FIXED, 0, {P('B', 4)}},
    {DAC, DAC_V1_OUT1, FIXED, 0, {P('A', 4)}},
    {DAC, DAC_V1_OUT2, FIXED, 0, {P('A', 5)}},
    {USB, USB_FSDEV_DM, FIXED, 0, {P('A', 11)}},
    {USB, USB_FSDEV_DP, FIXED, 0, {P('A', 12)}},
    {.device = NO_DEVICE},
};
