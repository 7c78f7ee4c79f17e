/*
 * STM32F103 of medium and high density. Sources: ST RM0008, PM0075, data sheets DS5319 and DS5792. Routes and
 * pins are in files of their own.
 */
#include "stm32f103.h"

#include "base/addresses.h"
#include "base/pin.h"
#include "devices/adc_v1/adc_v1.h"
#include "devices/afio.h"
#include "devices/bkp_f1.h"
#include "devices/bxcan/bxcan.h"
#include "devices/crc.h"
#include "devices/dac_v1.h"
#include "devices/dbgmcu_f1.h"
#include "devices/dma_v1.h"
#include "devices/exti_v1.h"
#include "devices/flash_f1/flash_f1.h"
#include "devices/fsmc.h"
#include "devices/gpio_v1.h"
#include "devices/i2c_v1.h"
#include "devices/iwdg.h"
#include "devices/pwr/pwr.h"
#include "devices/rcc_f1/rcc_f1.h"
#include "devices/rtc_v1.h"
#include "devices/sdio.h"
#include "devices/spi_v1.h"
#include "devices/tim/tim.h"
#include "devices/usart_v1/usart_v1.h"
#include "devices/usb_fsdev/usb_fsdev.h"
#include "devices/wwdg.h"
#include "stm32f103_devices.h"

#define P(port, number) BOARD_PIN(port, number)

/* Of ADC1 and ADC2, then of ADC3, which has fewer (11.2, DS5319 table 5). */
#define ADC_PINS                                                                                             \
    {                                                                                                        \
        P('A', 0), P('A', 1), P('A', 2), P('A', 3), P('A', 4), P('A', 5), P('A', 6), P('A', 7), P('B', 0),   \
            P('B', 1), P('C', 0), P('C', 1), P('C', 2), P('C', 3), P('C', 4), P('C', 5)                      \
    }
static const struct adc_v1_info adc1 = {.pin = ADC_PINS, .inside = true}, adc2 = {.pin = ADC_PINS};
static const struct adc_v1_info adc3 = {.pin = {P('A', 0), P('A', 1), P('A', 2), P('A', 3), P('F', 6),
                                                P('F', 7), P('F', 8), P('F', 9), P('F', 10), NO_PIN,
                                                P('C', 0), P('C', 1), P('C', 2), P('C', 3), NO_PIN, NO_PIN}};
static const struct gpio_v1_info ports[] = {{0}, {1}, {2}, {3}, {4}, {5}, {6}};
static const struct usb_fsdev_info usb = {.memory_bytes = 512, .stride = 4, .rival = CAN};
static const struct usb_fsdev_memory_info usb_memory = {.usb = USB};
static const struct flash_f1_info flash = {.hsi = RCC_F1_HSI};
static const struct pwr_info pwr = {.wkup_pin = {P('A', 0), NO_PIN, NO_PIN},
                                    .waker = {{EXTI, "EXTI_PR"}, {RTC, "RTC_CRL"}}};

/* Clock bits: 7.3.6 to 7.3.8. */
#define ON_APB1(bit) .bus = BUS_APB1, .gate_bank = RCC_F1_APB1, .gate_bit = (bit), .clock = RCC_F1_PCLK1
#define ON_APB2(bit) .bus = BUS_APB2, .gate_bank = RCC_F1_APB2, .gate_bit = (bit), .clock = RCC_F1_PCLK2
#define ON_AHB(bit)  .bus = BUS_AHB, .gate_bank = RCC_F1_AHB, .gate_bit = (bit), .clock = RCC_F1_HCLK
#define ON_PPB(bit)  .bus = BUS_PPB, .gate_bank = RCC_F1_AHB, .gate_bit = (bit), .clock = RCC_F1_HCLK

/* RM0008 table 3. Timers 9 to 14 are on larger chips only. */
static const struct device_info devices[STM32F103_DEVICES] = {
    [TIM2] = {.class = &tim_general_class,
              .name = "TIM2",
              .base = 0x40000000,
              ON_APB1(0),
              .kernel = RCC_F1_TIMCLK1},
    [TIM3] = {.class = &tim_general_class,
              .name = "TIM3",
              .base = 0x40000400,
              ON_APB1(1),
              .kernel = RCC_F1_TIMCLK1},
    [TIM4] = {.class = &tim_general_class,
              .name = "TIM4",
              .base = 0x40000800,
              ON_APB1(2),
              .kernel = RCC_F1_TIMCLK1},
    [TIM5] = {.class = &tim_general_class,
              .name = "TIM5",
              .base = 0x40000C00,
              ON_APB1(3),
              .kernel = RCC_F1_TIMCLK1,
              .variants = 1 << HIGH_DENSITY},
    [TIM6] = {.class = &tim_basic_class,
              .name = "TIM6",
              .base = 0x40001000,
              ON_APB1(4),
              .kernel = RCC_F1_TIMCLK1,
              .variants = 1 << HIGH_DENSITY},
    [TIM7] = {.class = &tim_basic_class,
              .name = "TIM7",
              .base = 0x40001400,
              ON_APB1(5),
              .kernel = RCC_F1_TIMCLK1,
              .variants = 1 << HIGH_DENSITY},
    [TIM12] = {.name = "TIM12", .base = 0x40001800, ON_APB1(6)},
    [TIM13] = {.name = "TIM13", .base = 0x40001C00, ON_APB1(7)},
    [TIM14] = {.name = "TIM14", .base = 0x40002000, ON_APB1(8)},
    [RTC] = {.class = &rtc_v1_class, .name = "RTC", .base = 0x40002800, ON_APB1(27), .kernel = RCC_F1_RTCCLK},
    [WWDG] = {.class = &wwdg_class, .name = "WWDG", .base = 0x40002C00, ON_APB1(11)},
    [IWDG] = {.class = &iwdg_class,
              .name = "IWDG",
              .base = 0x40003000,
              ON_APB1(ALWAYS_CLOCKED),
              .kernel = RCC_F1_LSI},
    [SPI2] = {.class = &spi_v1_class, .name = "SPI2", .base = 0x40003800, ON_APB1(14)},
    [SPI3] = {.class = &spi_v1_class,
              .name = "SPI3",
              .base = 0x40003C00,
              ON_APB1(15),
              .variants = 1 << HIGH_DENSITY},
    [USART2] = {.class = &usart_v1_class, .name = "USART2", .base = 0x40004400, ON_APB1(17)},
    [USART3] = {.class = &usart_v1_class, .name = "USART3", .base = 0x40004800, ON_APB1(18)},
    [USART4] = {.class = &usart_v1_class,
                .name = "UART4",
                .base = 0x40004C00,
                ON_APB1(19),
                .variants = 1 << HIGH_DENSITY},
    [USART5] = {.class = &usart_v1_class,
                .name = "UART5",
                .base = 0x40005000,
                ON_APB1(20),
                .variants = 1 << HIGH_DENSITY},
    [I2C1] = {.class = &i2c_v1_class, .name = "I2C1", .base = 0x40005400, ON_APB1(21)},
    [I2C2] = {.class = &i2c_v1_class, .name = "I2C2", .base = 0x40005800, ON_APB1(22)},
    [USB] = {.class = &usb_fsdev_class,
             .name = "USB",
             .base = 0x40005C00,
             ON_APB1(23),
             .kernel = RCC_F1_USBCLK,
             .config = &usb},
    [USB_MEMORY] = {.class = &usb_fsdev_memory_class,
                    .name = "USB packet memory",
                    .base = 0x40006000,
                    ON_APB1(23),
                    .config = &usb_memory},
    [CAN] = {.class = &bxcan_class, .name = "CAN", .base = 0x40006400, ON_APB1(25)},
    [BKP] = {.class = &bkp_f1_class,
             .name = "BKP",
             .base = 0x40006C00,
             ON_APB1(27),
             .variants = 1 << MEDIUM_DENSITY},
    [BKP_LARGE] = {.class = &bkp_f1_large_class,
                   .name = "BKP",
                   .base = 0x40006C00,
                   ON_APB1(27),
                   .variants = 1 << HIGH_DENSITY},
    [PWR] = {.class = &pwr_f1_class, .name = "PWR", .base = 0x40007000, ON_APB1(28), .config = &pwr},
    [DAC] = {.class = &dac_v1_class,
             .name = "DAC",
             .base = 0x40007400,
             ON_APB1(29),
             .variants = 1 << HIGH_DENSITY},
    [AFIO] = {.class = &afio_class,
              .name = "AFIO",
              .base = 0x40010000,
              ON_APB2(0),
              .variants = 1 << MEDIUM_DENSITY},
    [AFIO_LARGE] = {.class = &afio_large_class,
                    .name = "AFIO",
                    .base = 0x40010000,
                    ON_APB2(0),
                    .variants = 1 << HIGH_DENSITY},
    [EXTI] = {.class = &exti_v1_class, .name = "EXTI", .base = 0x40010400, ON_APB2(ALWAYS_CLOCKED)},
    [GPIOA] = {.class = &gpio_v1_class, .name = "GPIOA", .base = 0x40010800, ON_APB2(2), .config = &ports[0]},
    [GPIOB] = {.class = &gpio_v1_class, .name = "GPIOB", .base = 0x40010C00, ON_APB2(3), .config = &ports[1]},
    [GPIOC] = {.class = &gpio_v1_class, .name = "GPIOC", .base = 0x40011000, ON_APB2(4), .config = &ports[2]},
    [GPIOD] = {.class = &gpio_v1_class, .name = "GPIOD", .base = 0x40011400, ON_APB2(5), .config = &ports[3]},
    [GPIOE] = {.class = &gpio_v1_class, .name = "GPIOE", .base = 0x40011800, ON_APB2(6), .config = &ports[4]},
    [GPIOF] = {.class = &gpio_v1_class,
               .name = "GPIOF",
               .base = 0x40011C00,
               ON_APB2(7),
               .variants = 1 << HIGH_DENSITY,
               .config = &ports[5]},
    [GPIOG] = {.class = &gpio_v1_class,
               .name = "GPIOG",
               .base = 0x40012000,
               ON_APB2(8),
               .variants = 1 << HIGH_DENSITY,
               .config = &ports[6]},
    [ADC1] = {.class = &adc_v1_class,
              .name = "ADC1",
              .base = 0x40012400,
              ON_APB2(9),
              .kernel = RCC_F1_ADCCLK,
              .config = &adc1},
    [ADC2] = {.class = &adc_v1_class,
              .name = "ADC2",
              .base = 0x40012800,
              ON_APB2(10),
              .kernel = RCC_F1_ADCCLK,
              .config = &adc2},
    [TIM1] = {.class = &tim_advanced_class,
              .name = "TIM1",
              .base = 0x40012C00,
              ON_APB2(11),
              .kernel = RCC_F1_TIMCLK2},
    [SPI1] = {.class = &spi_v1_class, .name = "SPI1", .base = 0x40013000, ON_APB2(12)},
    [TIM8] = {.class = &tim_advanced_class,
              .name = "TIM8",
              .base = 0x40013400,
              ON_APB2(13),
              .kernel = RCC_F1_TIMCLK2,
              .variants = 1 << HIGH_DENSITY},
    [USART1] = {.class = &usart_v1_class, .name = "USART1", .base = 0x40013800, ON_APB2(14)},
    [ADC3] = {.class = &adc_v1_class,
              .name = "ADC3",
              .base = 0x40013C00,
              ON_APB2(15),
              .kernel = RCC_F1_ADCCLK,
              .variants = 1 << HIGH_DENSITY,
              .config = &adc3},
    [TIM9] = {.name = "TIM9", .base = 0x40014C00, ON_APB2(19)},
    [TIM10] = {.name = "TIM10", .base = 0x40015000, ON_APB2(20)},
    [TIM11] = {.name = "TIM11", .base = 0x40015400, ON_APB2(21)},
    [SDIO] =
        {.class = &sdio_class, .name = "SDIO", .base = 0x40018000, ON_AHB(10), .variants = 1 << HIGH_DENSITY},
    [DMA1] = {.class = &dma_v1_class, .name = "DMA1", .base = 0x40020000, ON_AHB(0)},
    [DMA2] = {.class = &dma_v1_small_class,
              .name = "DMA2",
              .base = 0x40020400,
              ON_AHB(1),
              .variants = 1 << HIGH_DENSITY},
    [RCC] = {.class = &rcc_f1_class, .name = "RCC", .base = 0x40021000, ON_AHB(ALWAYS_CLOCKED)},
    [FLASH] = {.class = &flash_f1_class,
               .name = "FLASH",
               .base = 0x40022000,
               ON_AHB(ALWAYS_CLOCKED),
               .kernel = RCC_F1_SYSCLK,
               .config = &flash},
    [CRC] = {.class = &crc_class, .name = "CRC", .base = 0x40023000, ON_AHB(6)},
    [FSMC] = {.class = &fsmc_class,
              .name = "FSMC",
              .base = 0xA0000000,
              ON_AHB(8),
              .variants = 1 << HIGH_DENSITY,
              .size = 0x1000},
    [DBGMCU] = {.class = &dbgmcu_f1_class, .name = "DBGMCU", .base = 0xE0042000, ON_PPB(ALWAYS_CLOCKED)},
};

static const struct memory_region memories[] = {
    {.base = FLASH_BASE, .kind = MEMORY_FLASH, .device = FLASH, .executes = true},
    {.base = 0x00000000, .kind = MEMORY_FLASH, .device = FLASH, .executes = true}, /* BOOT0 is low */
    {.base = RAM_BASE, .kind = MEMORY_RAM, .device = NO_DEVICE, .executes = true},
    {.base = 0x1FFFF000, .size = 0x800, .kind = MEMORY_OTHER, .device = FLASH, .executes = true}, /* system */
    {.base = 0x1FFFF800, .size = 16, .kind = MEMORY_OTHER, .device = FLASH, .executes = true}, /* options */
    {.base = 0x60000000, .size = 0x40000000, .kind = MEMORY_OTHER, .device = FSMC},
};

static const uint8_t event_order[] = {
    FLASH, RCC,  IWDG,   USB,    EVENT_OF_HOST, TIM1,   TIM2,   TIM3, TIM4, TIM5, TIM6,
    TIM7,  TIM8, USART1, USART2, USART3,        USART4, USART5, DMA1, DMA2, RTC,  WWDG,
    ADC1,  ADC2, ADC3,   SPI1,   SPI2,          SPI3,   I2C1,   I2C2, CAN,  SDIO,
};

static unsigned variant(const struct chip_config *config)
{
    return config->flash_bytes > 128 * 1024 ? HIGH_DENSITY : MEDIUM_DENSITY;
}

const struct chip_info stm32f103 = {
    .name = "STM32F103",
    .variant = variant,
    .irqs = {[MEDIUM_DENSITY] = 43, [HIGH_DENSITY] = 60},
    .reset_hz = 8000000,
    .flash_blank = 0xFF,
    /* DS5319 table 28. */
    .flash_fast = {.page_erase_us = 20000, .program_ns = 40000},
    .flash_usual = {.page_erase_us = 20000, .program_ns = 52500},
    .flash_slow = {.page_erase_us = 40000, .program_ns = 70000},
    .hse = {4000000, 16000000, 25000000, 8000000, "DS5319 5.3.6"},
    .most_lsi_hz = 60000,
    .backup_range = {1, 42, 0xFFFF},
    .most_flash_kib = 512,
    .quirks = QUIRK_BUSY_LATE | QUIRK_LOCK_READS_0 | QUIRK_ZERO_NEEDS_ERASE,
    .devices = devices,
    .device_count = STM32F103_DEVICES,
    .routes = stm32f103_routes,
    .pin_functions = stm32f103_pin_functions,
    .memories = memories,
    .memory_count = sizeof memories / sizeof memories[0],
    .regions = {{0x40000000, 0x24000}, {0xA0000000, 0x1000}, {0xE0042000, 0x400}},
    .flash_base = FLASH_BASE,
    .alias_base = 0x00000000,
    .ram_base = RAM_BASE,
    .event_order = event_order,
    .event_order_count = sizeof event_order,
    .ports = {GPIOA, GPIOB, GPIOC, GPIOD, GPIOE, GPIOF, GPIOG, NO_DEVICE},
    .serials = {USART1, USART2, USART3, USART4, USART5},
    .clock_controller = RCC,
    .power_controller = PWR,
    .flash = FLASH,
    .usb = USB,
    .backup = {BKP, BKP_LARGE},
    .manual =
        {
            .map = "RM0008 table 3",
            .enables = "RM0008 7.3.6 to 7.3.8",
            .resets = "RM0008 7.3.4, 7.3.5",
            .chapters = "RM0008, the chapter's register map",
            .reserved_bits = "RM0008 2.1",
            .backup = "RM0008 5.1.2, 6.1",
        },
};
