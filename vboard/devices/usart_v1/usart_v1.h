/* USARTs of the F1 as UARTs */
#pragma once

#include "chip/device.h"

enum usart_v1_output { USART_V1_IRQ, USART_V1_DMA_TX, USART_V1_DMA_RX };
enum usart_v1_signal { USART_V1_TX, USART_V1_RX };

/* The second has OVER8 and ONEBIT, as the L1 and F4. */
extern const struct device_class usart_v1_class, usart_v1_over8_class;
