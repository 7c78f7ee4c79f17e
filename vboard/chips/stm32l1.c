/*
 * STM32L151, L152 and L100 of categories 1 to 3. Sources: ST RM0038, data sheets DS6876 and DS8928, device
 * headers. Routes and pins are in files of their own.
 */
#include "stm32l1.h"

#include "base/addresses.h"
#include "base/pin.h"
#include "devices/crc.h"
#include "devices/dac_v1.h"
#include "devices/dbgmcu_l1.h"
#include "devices/dma_v1.h"
#include "devices/exti_v1.h"
#include "devices/flash_l1/flash_l1.h"
#include "devices/gpio_v2.h"
#include "devices/i2c_v1.h"
#include "devices/iwdg.h"
#include "devices/pwr/pwr.h"
#include "devices/rcc_l1/rcc_l1.h"
#include "devices/rtc_v2/rtc_v2.h"
#include "devices/spi_v1.h"
#include "devices/syscfg_l1.h"
#include "devices/tim/tim.h"
#include "devices/unmodelled.h"
#include "devices/usart_v1/usart_v1.h"
#include "devices/usb_fsdev/usb_fsdev.h"
#include "devices/wwdg.h"
#include "stm32l1_devices.h"

#define P(port, number) BOARD_PIN(port, number)

static const struct gpio_v2_info port_a = {0}, port_b = {1}, port_c = {2}, port_d = {3}, port_e = {4},
                                 port_h = {7};
static const struct usb_fsdev_info usb = {.memory_bytes = 512, .stride = 4, .rival = NO_DEVICE};
static const struct usb_fsdev_memory_info usb_memory = {.usb = USB};
static const struct flash_l1_info flash = {
    .signature = {[CATEGORY_1] = 0x1FF8004C, [CATEGORY_2] = 0x1FF8004C, [CATEGORY_3] = 0x1FF800CC},
    .eeprom_bytes = {[CATEGORY_1] = 4096, [CATEGORY_2] = 4096, [CATEGORY_3] = 8192},
    .system_bytes = {[CATEGORY_1] = 4096, [CATEGORY_2] = 4096, [CATEGORY_3] = 8192},
};
static const struct pwr_info pwr = {.wkup_pin = {P('A', 0), P('C', 13), P('E', 6)},
                                    .waker = {{EXTI, "EXTI_PR"},
                                              {EXTI_CAT3, "EXTI_PR"},
                                              {RTC_CAT1, "RTC_ISR"},
                                              {RTC_CAT2, "RTC_ISR"},
                                              {RTC_CAT3, "RTC_ISR"}}};

/* Clock bits: 6.3.8 to 6.3.10. */
#define ON_APB1(bit)   .bus = BUS_APB1, .gate_bank = RCC_L1_APB1, .gate_bit = (bit), .clock = RCC_L1_PCLK1
#define ON_APB2(bit)   .bus = BUS_APB2, .gate_bank = RCC_L1_APB2, .gate_bit = (bit), .clock = RCC_L1_PCLK2
#define ON_AHB(bit)    .bus = BUS_AHB, .gate_bank = RCC_L1_AHB, .gate_bit = (bit), .clock = RCC_L1_HCLK
#define ON_PPB(bit)    .bus = BUS_PPB, .gate_bank = RCC_L1_AHB, .gate_bit = (bit), .clock = RCC_L1_HCLK
#define TIMER_ON_1     .kernel = RCC_L1_TIMCLK1
#define TIMER_ON_2     .kernel = RCC_L1_TIMCLK2
#define ONLY(category) .variants = 1 << (category)
#define CATEGORY_1_2   .variants = 1 << CATEGORY_1 | 1 << CATEGORY_2

/* RM0038 table 5. */
static const struct device_info devices[STM32L1_DEVICES] = {
    [TIM2] = {.class = &tim_both_edges_class, .name = "TIM2", .base = 0x40000000, ON_APB1(0), TIMER_ON_1},
    [TIM3] = {.class = &tim_both_edges_class, .name = "TIM3", .base = 0x40000400, ON_APB1(1), TIMER_ON_1},
    [TIM4] = {.class = &tim_both_edges_class, .name = "TIM4", .base = 0x40000800, ON_APB1(2), TIMER_ON_1},
    [TIM5] = {.class = &tim_both_edges_class,
              .name = "TIM5",
              .base = 0x40000C00,
              ON_APB1(3),
              TIMER_ON_1,
              ONLY(CATEGORY_3)},
    [TIM6] = {.class = &tim_basic_class, .name = "TIM6", .base = 0x40001000, ON_APB1(4), TIMER_ON_1},
    [TIM7] = {.class = &tim_basic_class, .name = "TIM7", .base = 0x40001400, ON_APB1(5), TIMER_ON_1},
    [LCD] = {.class = &unmodelled_lcd_class, .name = "LCD", .base = 0x40002400, ON_APB1(9)},
    [RTC_CAT1] = {.class = &rtc_v2_20_plain_class,
                  .name = "RTC",
                  .base = 0x40002800,
                  ON_APB1(ALWAYS_CLOCKED),
                  .kernel = RCC_L1_RTCCLK,
                  ONLY(CATEGORY_1)},
    [RTC_CAT2] = {.class = &rtc_v2_20_class,
                  .name = "RTC",
                  .base = 0x40002800,
                  ON_APB1(ALWAYS_CLOCKED),
                  .kernel = RCC_L1_RTCCLK,
                  ONLY(CATEGORY_2)},
    [RTC_CAT3] = {.class = &rtc_v2_32_class,
                  .name = "RTC",
                  .base = 0x40002800,
                  ON_APB1(ALWAYS_CLOCKED),
                  .kernel = RCC_L1_RTCCLK,
                  ONLY(CATEGORY_3)},
    [WWDG] = {.class = &wwdg_class, .name = "WWDG", .base = 0x40002C00, ON_APB1(11)},
    [IWDG] = {.class = &iwdg_class,
              .name = "IWDG",
              .base = 0x40003000,
              ON_APB1(ALWAYS_CLOCKED),
              .kernel = RCC_L1_LSI},
    [SPI2] = {.class = &spi_v1_frf_class, .name = "SPI2", .base = 0x40003800, ON_APB1(14)},
    [SPI3] = {.class = &spi_v1_frf_class, .name = "SPI3", .base = 0x40003C00, ON_APB1(15), ONLY(CATEGORY_3)},
    [USART2] = {.class = &usart_v1_over8_class, .name = "USART2", .base = 0x40004400, ON_APB1(17)},
    [USART3] = {.class = &usart_v1_over8_class, .name = "USART3", .base = 0x40004800, ON_APB1(18)},
    [I2C1] = {.class = &i2c_v1_class, .name = "I2C1", .base = 0x40005400, ON_APB1(21)},
    [I2C2] = {.class = &i2c_v1_class, .name = "I2C2", .base = 0x40005800, ON_APB1(22)},
    [USB] = {.class = &usb_fsdev_class,
             .name = "USB",
             .base = 0x40005C00,
             ON_APB1(23),
             .kernel = RCC_L1_USBCLK,
             .config = &usb},
    [USB_MEMORY] = {.class = &usb_fsdev_memory_class,
                    .name = "USB packet memory",
                    .base = 0x40006000,
                    ON_APB1(23),
                    .config = &usb_memory},
    [PWR] = {.class = &pwr_l1_class, .name = "PWR", .base = 0x40007000, ON_APB1(28), .config = &pwr},
    [DAC] = {.class = &dac_v1_class, .name = "DAC", .base = 0x40007400, ON_APB1(29)},
    [COMP] = {.class = &unmodelled_comp_l1_class, .name = "COMP", .base = 0x40007C00, ON_APB1(31)},
    [SYSCFG] = {.class = &syscfg_l1_class, .name = "SYSCFG", .base = 0x40010000, ON_APB2(0)},
    [EXTI] = {.class = &exti_v1_23_class,
              .name = "EXTI",
              .base = 0x40010400,
              ON_APB2(ALWAYS_CLOCKED),
              CATEGORY_1_2},
    [EXTI_CAT3] = {.class = &exti_v1_24_class,
                   .name = "EXTI",
                   .base = 0x40010400,
                   ON_APB2(ALWAYS_CLOCKED),
                   ONLY(CATEGORY_3)},
    [TIM9] = {.class = &tim_two_channels_class, .name = "TIM9", .base = 0x40010800, ON_APB2(2), TIMER_ON_2},
    [TIM10] = {.class = &tim_one_channel_class, .name = "TIM10", .base = 0x40010C00, ON_APB2(3), TIMER_ON_2},
    [TIM11] = {.class = &tim_one_channel_class, .name = "TIM11", .base = 0x40011000, ON_APB2(4), TIMER_ON_2},
    [ADC] = {.class = &unmodelled_adc_l1_class, .name = "ADC", .base = 0x40012400, ON_APB2(9)},
    [SPI1] = {.class = &spi_v1_frf_class, .name = "SPI1", .base = 0x40013000, ON_APB2(12)},
    [USART1] = {.class = &usart_v1_over8_class, .name = "USART1", .base = 0x40013800, ON_APB2(14)},
    [GPIOA] =
        {.class = &gpio_v2_port_a_class, .name = "GPIOA", .base = 0x40020000, ON_AHB(0), .config = &port_a},
    [GPIOB] =
        {.class = &gpio_v2_port_b_class, .name = "GPIOB", .base = 0x40020400, ON_AHB(1), .config = &port_b},
    [GPIOC] = {.class = &gpio_v2_class, .name = "GPIOC", .base = 0x40020800, ON_AHB(2), .config = &port_c},
    [GPIOD] = {.class = &gpio_v2_class, .name = "GPIOD", .base = 0x40020C00, ON_AHB(3), .config = &port_d},
    [GPIOE] = {.class = &gpio_v2_class, .name = "GPIOE", .base = 0x40021000, ON_AHB(4), .config = &port_e},
    [GPIOH] = {.class = &gpio_v2_class, .name = "GPIOH", .base = 0x40021400, ON_AHB(5), .config = &port_h},
    [CRC] = {.class = &crc_class, .name = "CRC", .base = 0x40023000, ON_AHB(12)},
    [RCC] = {.class = &rcc_l1_class, .name = "RCC", .base = 0x40023800, ON_AHB(ALWAYS_CLOCKED)},
    [FLASH] = {.class = &flash_l1_class, .name = "FLASH", .base = 0x40023C00, ON_AHB(15), .config = &flash},
    [DMA1] = {.class = &dma_v1_class, .name = "DMA1", .base = 0x40026000, ON_AHB(24)},
    [DMA2] = {.class = &dma_v1_small_class, .name = "DMA2", .base = 0x40026400, ON_AHB(25), ONLY(CATEGORY_3)},
    [DBGMCU] = {.class = &dbgmcu_l1_class, .name = "DBGMCU", .base = 0xE0042000, ON_PPB(ALWAYS_CLOCKED)},
};

static const struct memory_region memories[] = {
    {.base = FLASH_BASE, .kind = MEMORY_FLASH, .device = FLASH, .executes = true},
    {.base = 0x00000000, .kind = MEMORY_FLASH, .device = FLASH, .executes = true}, /* BOOT0 is low */
    {.base = RAM_BASE, .kind = MEMORY_RAM, .device = NO_DEVICE, .executes = true},
    {.base = 0x08080000, .size = 0x2000, .kind = MEMORY_OTHER, .device = FLASH}, /* data EEPROM */
    {.base = 0x1FF00000,
     .size = 0x2000,
     .kind = MEMORY_OTHER,
     .device = FLASH,
     .executes = true},                                                         /* system */
    {.base = 0x1FF80000, .size = 0x100, .kind = MEMORY_OTHER, .device = FLASH}, /* options, signature */
};

static const uint8_t event_order[] = {
    FLASH, RCC,   PWR,    IWDG,   USB,    EVENT_OF_HOST, TIM2, TIM3, TIM4, TIM5, TIM6, TIM7, TIM9,
    TIM10, TIM11, USART1, USART2, USART3, DMA1,          DMA2, WWDG, SPI1, SPI2, SPI3, I2C1, I2C2,
};

static const struct citation citations[] = {
    {4, "RM0038, CRC"},
    {5, "RM0038, PWR"},
    {10, "RM0038, EXTI"},
    {12, "RM0038, DAC"},
    {13, "RM0038, DMA"},
    {14, "RM0038, TIMx"},
    {15, "RM0038, TIMx"},
    {17, "RM0038, TIM6 and TIM7"},
    {19, "RM0038, IWDG"},
    {20, "RM0038, WWDG"},
    {23, "RM0038, USB"},
    {25, "RM0038, SPI"},
    {26, "RM0038, I2C"},
    {27, "RM0038, USART"},
    {0},
};

enum { DEVICE_ID = 0xFFF, DEVICE_ID_CATEGORY_2 = 0x429, DEVICE_ID_CATEGORY_3 = 0x427 };

static unsigned variant(const struct chip_config *config)
{
    switch (config->idcode & DEVICE_ID) {
    case DEVICE_ID_CATEGORY_2: return CATEGORY_2;
    case DEVICE_ID_CATEGORY_3: return CATEGORY_3;
    default: return CATEGORY_1;
    }
}

const struct chip_info stm32l1 = {
    .name = "STM32L1",
    .variant = variant,
    .irqs = {[CATEGORY_1] = 45, [CATEGORY_2] = 45, [CATEGORY_3] = 57},
    .reset_hz = 2097152,
    .flash_blank = 0,
    /* DS6876, flash memory characteristics: each operation takes tprog, 3.28 ms, at most 3.94 ms. */
    .flash_fast = {.page_erase_us = 3280, .program_ns = 3280000},
    .flash_usual = {.page_erase_us = 3280, .program_ns = 3280000},
    .flash_slow = {.page_erase_us = 3940, .program_ns = 3940000},
    .hse = {1000000, 24000000, 32000000, 16000000, "RM0038 6.2.1"},
    .most_lsi_hz = 56000,
    .backup_range = {0, 31, 0xFFFFFFFF},
    .most_flash_kib = 256,
    .devices = devices,
    .device_count = STM32L1_DEVICES,
    .routes = stm32l1_routes,
    .pin_functions = stm32l1_pin_functions,
    .memories = memories,
    .memory_count = sizeof memories / sizeof memories[0],
    .regions = {{0x40000000, 0x28000}, {0xE0042000, 0x400}},
    .flash_base = FLASH_BASE,
    .alias_base = 0x00000000,
    .ram_base = RAM_BASE,
    .event_order = event_order,
    .event_order_count = sizeof event_order,
    .ports = {GPIOA, GPIOB, GPIOC, GPIOD, GPIOE, NO_DEVICE, NO_DEVICE, GPIOH},
    .serials = {USART1, USART2, USART3, NO_DEVICE, NO_DEVICE},
    .clock_controller = RCC,
    .power_controller = PWR,
    .flash = FLASH,
    .usb = USB,
    .backup = {[CATEGORY_1] = RTC_CAT1, [CATEGORY_2] = RTC_CAT2, [CATEGORY_3] = RTC_CAT3},
    .manual =
        {
            .citations = citations,
            .map = "RM0038 table 5",
            .enables = "RM0038 6.3.8 to 6.3.10",
            .resets = "RM0038 6.3.5 to 6.3.7",
            .chapters = "RM0038, the chapter's register map",
            .reserved_bits = "RM0038 1.1",
            .backup = "RM0038 5.1.2, 20.3.5",
        },
};
