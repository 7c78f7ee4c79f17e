/* Which signal is on which pin of an STM32L1, by the pin's function number (data sheet DS6876 table 9). */
#include "stm32l1_devices.h"

#include "base/pin.h"
#include "devices/dac_v1.h"
#include "devices/spi_v1.h"
#include "devices/tim/tim.h"
#include "devices/usart_v1/usart_v1.h"
#include "devices/usb_fsdev/usb_fsdev.h"

#define P(port, number) BOARD_PIN(port, number)
enum { AF_TIM2 = 1, AF_TIM3_TO_5 = 2, AF_TIM9_TO_11 = 3, AF_SPI1_SPI2 = 5, AF_SPI3 = 6, AF_USART = 7 };
#define BY_NUMBER(number) (number), PIN_BY_NUMBER
/* Of analog parts: whatever the port says. */
#define FIXED 0, 0

const struct pin_function stm32l1_pin_functions[] = {
    {TIM2, TIM_CH1, BY_NUMBER(AF_TIM2), {P('A', 0), P('A', 5), P('A', 15), P('E', 9)}},
    {TIM2, TIM_CH2, BY_NUMBER(AF_TIM2), {P('A', 1), P('B', 3), P('E', 10), NO_PIN}},
    {TIM2, TIM_CH3, BY_NUMBER(AF_TIM2), {P('A', 2), P('B', 10), P('E', 11), NO_PIN}},
    {TIM2, TIM_CH4, BY_NUMBER(AF_TIM2), {P('A', 3), P('B', 11), P('E', 12), NO_PIN}},
    {TIM3, TIM_CH1, BY_NUMBER(AF_TIM3_TO_5), {P('A', 6), P('B', 4), P('C', 6), P('E', 3)}},
    {TIM3, TIM_CH2, BY_NUMBER(AF_TIM3_TO_5), {P('A', 7), P('B', 5), P('C', 7), P('E', 4)}},
    {TIM3, TIM_CH3, BY_NUMBER(AF_TIM3_TO_5), {P('B', 0), P('C', 8), NO_PIN, NO_PIN}},
    {TIM3, TIM_CH4, BY_NUMBER(AF_TIM3_TO_5), {P('B', 1), P('C', 9), NO_PIN, NO_PIN}},
    {TIM4, TIM_CH1, BY_NUMBER(AF_TIM3_TO_5), {P('B', 6), P('D', 12), NO_PIN, NO_PIN}},
    {TIM4, TIM_CH2, BY_NUMBER(AF_TIM3_TO_5), {P('B', 7), P('D', 13), NO_PIN, NO_PIN}},
    {TIM4, TIM_CH3, BY_NUMBER(AF_TIM3_TO_5), {P('B', 8), P('D', 14), NO_PIN, NO_PIN}},
    {TIM4, TIM_CH4, BY_NUMBER(AF_TIM3_TO_5), {P('B', 9), P('D', 15), NO_PIN, NO_PIN}},
    {TIM5, TIM_CH1, BY_NUMBER(AF_TIM3_TO_5), {P('A', 0), NO_PIN, NO_PIN, NO_PIN}},
    {TIM5, TIM_CH2, BY_NUMBER(AF_TIM3_TO_5), {P('A', 1), NO_PIN, NO_PIN, NO_PIN}},
    {TIM5, TIM_CH3, BY_NUMBER(AF_TIM3_TO_5), {P('A', 2), NO_PIN, NO_PIN, NO_PIN}},
    {TIM5, TIM_CH4, BY_NUMBER(AF_TIM3_TO_5), {P('A', 3), NO_PIN, NO_PIN, NO_PIN}},
    {TIM9, TIM_CH1, BY_NUMBER(AF_TIM9_TO_11), {P('A', 2), P('B', 13), P('D', 0), P('E', 5)}},
    {TIM9, TIM_CH2, BY_NUMBER(AF_TIM9_TO_11), {P('A', 3), P('B', 14), P('D', 7), P('E', 6)}},
    {TIM10, TIM_CH1, BY_NUMBER(AF_TIM9_TO_11), {P('A', 6), P('B', 8), P('B', 12), P('E', 0)}},
    {TIM11, TIM_CH1, BY_NUMBER(AF_TIM9_TO_11), {P('A', 7), P('B', 9), P('B', 15), P('E', 1)}},
    {USART1, USART_V1_TX, BY_NUMBER(AF_USART), {P('A', 9), P('B', 6), NO_PIN, NO_PIN}},
    {USART1, USART_V1_RX, BY_NUMBER(AF_USART), {P('A', 10), P('B', 7), NO_PIN, NO_PIN}},
    {USART2, USART_V1_TX, BY_NUMBER(AF_USART), {P('A', 2), P('D', 5), NO_PIN, NO_PIN}},
    {USART2, USART_V1_RX, BY_NUMBER(AF_USART), {P('A', 3), P('D', 6), NO_PIN, NO_PIN}},
    {USART3, USART_V1_TX, BY_NUMBER(AF_USART), {P('B', 10), P('C', 10), P('D', 8), NO_PIN}},
    {USART3, USART_V1_RX, BY_NUMBER(AF_USART), {P('B', 11), P('C', 11), P('D', 9), NO_PIN}},
    {SPI1, SPI_V1_MISO, BY_NUMBER(AF_SPI1_SPI2), {P('A', 6), P('A', 11), P('B', 4), P('E', 14)}},
    {SPI2, SPI_V1_MISO, BY_NUMBER(AF_SPI1_SPI2), {P('B', 14), P('D', 3), NO_PIN, NO_PIN}},
    {SPI3, SPI_V1_MISO, BY_NUMBER(AF_SPI3), {P('B', 4), P('C', 11), NO_PIN, NO_PIN}},
    {DAC, DAC_V1_OUT1, FIXED, {P('A', 4)}},
    {DAC, DAC_V1_OUT2, FIXED, {P('A', 5)}},
    {USB, USB_FSDEV_DM, FIXED, {P('A', 11)}},
    {USB, USB_FSDEV_DP, FIXED, {P('A', 12)}},
    {.device = NO_DEVICE},
};
