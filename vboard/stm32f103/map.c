/* The address map: see map.h. */
#include "map.h"
#include "chip.h"
#include "map_registers.h"

#include <stddef.h>

static void tim1_reset(struct chip *chip)
{
    tim_reset(chip, 0);
}

static void tim2_reset(struct chip *chip)
{
    tim_reset(chip, 1);
}

static void tim3_reset(struct chip *chip)
{
    tim_reset(chip, 2);
}

static void tim4_reset(struct chip *chip)
{
    tim_reset(chip, 3);
}

static void tim5_reset(struct chip *chip)
{
    tim_reset(chip, 4);
}

static void tim6_reset(struct chip *chip)
{
    tim_reset(chip, 5);
}

static void tim7_reset(struct chip *chip)
{
    tim_reset(chip, 6);
}

static void tim8_reset(struct chip *chip)
{
    tim_reset(chip, 7);
}

static void i2c1_reset(struct chip *chip)
{
    i2c_reset(chip, 0);
}

static void i2c2_reset(struct chip *chip)
{
    i2c_reset(chip, 1);
}

static void spi1_reset(struct chip *chip)
{
    spi_reset(chip, 0);
}

static void spi2_reset(struct chip *chip)
{
    spi_reset(chip, 1);
}

static void spi3_reset(struct chip *chip)
{
    spi_reset(chip, 2);
}

static void adc1_reset(struct chip *chip)
{
    adc_reset(chip, 0);
}

static void adc2_reset(struct chip *chip)
{
    adc_reset(chip, 1);
}

static void adc3_reset(struct chip *chip)
{
    adc_reset(chip, 2);
}

static void usart1_reset(struct chip *chip)
{
    usart_reset(chip, 0);
}

static void usart2_reset(struct chip *chip)
{
    usart_reset(chip, 1);
}

static void usart3_reset(struct chip *chip)
{
    usart_reset(chip, 2);
}

static void usart4_reset(struct chip *chip)
{
    usart_reset(chip, 3);
}

static void usart5_reset(struct chip *chip)
{
    usart_reset(chip, 4);
}

/* On chips above 512 KiB only. */
#define ABSENT(title, at, on, bit)                                                                           \
    {                                                                                                        \
        .name = title, .base = at, .size = 0x400, .bus = on, .clock_bit = bit, .port = NOT_A_PORT,           \
        .absent = true                                                                                       \
    }
#define MODEL_FIELDS(title, at, on, bit, widths, is_quiet, model)                                            \
    .name = title, .base = at, .size = 0x400, .bus = on, .clock_bit = bit, .port = NOT_A_PORT,               \
    .sizes = widths, .quiet = is_quiet, .registers = model##_registers, .read = model##_read,                \
    .write = model##_write, .reset = model##_reset
#define MODEL(...)                                                                                           \
    {                                                                                                        \
        MODEL_FIELDS(__VA_ARGS__)                                                                            \
    }
/* The number-th of several peripherals of a kind. */
#define INSTANCE_FIELDS(title, at, on, bit, names, kind, number)                                             \
    .name = title, .base = at, .size = 0x400, .bus = on, .clock_bit = bit, .port = NOT_A_PORT,               \
    .sizes = HALF_WORDS_TOO, .model_offset = ((number)-1) * INSTANCE_SIZE, .quiet = false,                   \
    .registers = names##_registers, .read = kind##_read, .write = kind##_write,                              \
    .reset = kind##number##_reset
#define INSTANCE(...)                                                                                        \
    {                                                                                                        \
        INSTANCE_FIELDS(__VA_ARGS__)                                                                         \
    }
/* Half-words and words by the book (25.5); the HAL of ST's own writes bytes to DR. */
#define SERIAL_FIELDS(title, at, on, bit, number)                                                            \
    .name = title, .base = at, .size = 0x400, .bus = on, .clock_bit = bit, .port = NOT_A_PORT,               \
    .sizes = ANY_SIZE, .model_offset = ((number)-1) * INSTANCE_SIZE, .quiet = false,                         \
    .registers = spi_registers, .read = spi_read, .write = spi_write, .reset = spi##number##_reset
#define SERIAL(...)                                                                                          \
    {                                                                                                        \
        SERIAL_FIELDS(__VA_ARGS__)                                                                           \
    }
#define CONVERTER_FIELDS(title, at, bit, number)                                                             \
    .name = title, .base = at, .size = 0x400, .bus = BUS_APB2, .clock_bit = bit, .port = NOT_A_PORT,         \
    .sizes = ONLY_WORDS, .model_offset = ((number)-1) * INSTANCE_SIZE, .quiet = false,                       \
    .registers = adc_registers, .read = adc_read, .write = adc_write, .reset = adc##number##_reset
#define CONVERTER(...)                                                                                       \
    {                                                                                                        \
        CONVERTER_FIELDS(__VA_ARGS__)                                                                        \
    }
#define PORT_FIELDS(title, at, bit, number)                                                                  \
    .name = title, .base = at, .size = 0x400, .bus = BUS_APB2, .clock_bit = bit, .port = number,             \
    .sizes = ONLY_WORDS, .quiet = true, .registers = gpio_registers
#define PORT(...)                                                                                            \
    {                                                                                                        \
        PORT_FIELDS(__VA_ARGS__)                                                                             \
    }

/* A row of chips above 128 KiB only. */
#define HIGH_DENSITY(kind, ...)                                                                              \
    {                                                                                                        \
        kind##_FIELDS(__VA_ARGS__), .high_density = true                                                     \
    }

/* RM0008 table 3. Clock bits: 7.3.6 to 7.3.8. Access sizes: the first lines of each chapter's section on
 * registers; FLASH: PM0075 chapter 3; DMA1: RM0041 9.4, the manual of a chip with the same controller. */
const struct map_region map[] = {
    INSTANCE("TIM2", 0x40000000, BUS_APB1, 0, tim, tim, 2),
    INSTANCE("TIM3", 0x40000400, BUS_APB1, 1, tim, tim, 3),
    INSTANCE("TIM4", 0x40000800, BUS_APB1, 2, tim, tim, 4),
    HIGH_DENSITY(INSTANCE, "TIM5", 0x40000C00, BUS_APB1, 3, tim, tim, 5),
    HIGH_DENSITY(INSTANCE, "TIM6", 0x40001000, BUS_APB1, 4, tim_basic, tim, 6),
    HIGH_DENSITY(INSTANCE, "TIM7", 0x40001400, BUS_APB1, 5, tim_basic, tim, 7),
    ABSENT("TIM12", 0x40001800, BUS_APB1, 6),
    ABSENT("TIM13", 0x40001C00, BUS_APB1, 7),
    ABSENT("TIM14", 0x40002000, BUS_APB1, 8),
    MODEL("RTC", 0x40002800, BUS_APB1, 27, HALF_WORDS_TOO, false, rtc),
    MODEL("WWDG", 0x40002C00, BUS_APB1, 11, HALF_WORDS_TOO, false, wwdg),
    MODEL("IWDG", 0x40003000, BUS_APB1, ALWAYS_CLOCKED, HALF_WORDS_TOO, true, iwdg),
    SERIAL("SPI2", 0x40003800, BUS_APB1, 14, 2),
    HIGH_DENSITY(SERIAL, "SPI3", 0x40003C00, BUS_APB1, 15, 3),
    INSTANCE("USART2", 0x40004400, BUS_APB1, 17, usart, usart, 2),
    INSTANCE("USART3", 0x40004800, BUS_APB1, 18, usart, usart, 3),
    HIGH_DENSITY(INSTANCE, "UART4", 0x40004C00, BUS_APB1, 19, usart, usart, 4),
    HIGH_DENSITY(INSTANCE, "UART5", 0x40005000, BUS_APB1, 20, usart, usart, 5),
    INSTANCE("I2C1", 0x40005400, BUS_APB1, 21, i2c, i2c, 1),
    INSTANCE("I2C2", 0x40005800, BUS_APB1, 22, i2c, i2c, 2),
    {
        .name = "USB",
        .base = 0x40005C00,
        .size = 0x400,
        .bus = BUS_APB1,
        .clock_bit = 23,
        .port = NOT_A_PORT,
        .sizes = HALF_WORDS_TOO,
        .quiet = true,
        .own_rules = true,
        .registers = usb_registers,
        .read = usb_read,
        .write = usb_write,
        .reset = usb_reset,
    },
    {
        .name = "USB packet memory",
        .base = 0x40006000,
        .size = 0x400,
        .bus = BUS_APB1,
        .clock_bit = 23,
        .port = NOT_A_PORT,
        .sizes = HALF_WORDS_TOO,
        .model_offset = 0x400,
        .quiet = true,
        .own_rules = true,
        .read = usb_read,
        .write = usb_write,
    },
    MODEL("CAN", CAN_BASE, BUS_APB1, 25, ONLY_WORDS, false, can),
    MODEL("BKP", 0x40006C00, BUS_APB1, 27, HALF_WORDS_TOO, false, bkp),
    MODEL("PWR", 0x40007000, BUS_APB1, 28, HALF_WORDS_TOO, false, pwr),
    HIGH_DENSITY(MODEL, "DAC", 0x40007400, BUS_APB1, 29, ONLY_WORDS, false, dac),
    MODEL("AFIO", 0x40010000, BUS_APB2, 0, ONLY_WORDS, false, afio),
    MODEL("EXTI", 0x40010400, BUS_APB2, ALWAYS_CLOCKED, ONLY_WORDS, false, exti),
    PORT("GPIOA", 0x40010800, 2, 0),
    PORT("GPIOB", 0x40010C00, 3, 1),
    PORT("GPIOC", 0x40011000, 4, 2),
    PORT("GPIOD", 0x40011400, 5, 3),
    PORT("GPIOE", 0x40011800, 6, 4),
    HIGH_DENSITY(PORT, "GPIOF", 0x40011C00, 7, 5),
    HIGH_DENSITY(PORT, "GPIOG", 0x40012000, 8, 6),
    CONVERTER("ADC1", 0x40012400, 9, 1),
    CONVERTER("ADC2", 0x40012800, 10, 2),
    INSTANCE("TIM1", 0x40012C00, BUS_APB2, 11, tim1, tim, 1),
    SERIAL("SPI1", 0x40013000, BUS_APB2, 12, 1),
    HIGH_DENSITY(INSTANCE, "TIM8", 0x40013400, BUS_APB2, 13, tim1, tim, 8),
    INSTANCE("USART1", 0x40013800, BUS_APB2, 14, usart, usart, 1),
    HIGH_DENSITY(CONVERTER, "ADC3", 0x40013C00, 15, 3),
    ABSENT("TIM9", 0x40014C00, BUS_APB2, 19),
    ABSENT("TIM10", 0x40015000, BUS_APB2, 20),
    ABSENT("TIM11", 0x40015400, BUS_APB2, 21),
    HIGH_DENSITY(MODEL, "SDIO", SDIO_BASE, BUS_AHB, 10, ONLY_WORDS, false, sdio),
    MODEL("DMA1", DMA1_BASE, BUS_AHB, 0, ANY_SIZE, false, dma),
    {
        .name = "DMA2",
        .base = DMA2_BASE,
        .size = 0x400,
        .bus = BUS_AHB,
        .clock_bit = 1,
        .high_density = true,
        .port = NOT_A_PORT,
        .sizes = ANY_SIZE,
        .model_offset = INSTANCE_SIZE,
        .registers = dma2_registers,
        .read = dma_read,
        .write = dma_write,
    },
    MODEL("RCC", 0x40021000, BUS_AHB, ALWAYS_CLOCKED, ANY_SIZE, false, rcc),
    MODEL("FLASH", 0x40022000, BUS_AHB, ALWAYS_CLOCKED, ONLY_WORDS, false, flash),
    MODEL("CRC", 0x40023000, BUS_AHB, 6, ONLY_WORDS, false, crc),
    {
        .name = "FSMC",
        .base = FSMC_BASE,
        .size = 0x1000,
        .bus = BUS_AHB,
        .clock_bit = 8,
        .port = NOT_A_PORT,
        .high_density = true,
        .sizes = ONLY_WORDS,
        .registers = fsmc_registers,
        .read = fsmc_read,
        .write = fsmc_write,
        .reset = fsmc_reset,
    },
    MODEL("DBGMCU", 0xE0042000, BUS_PPB, ALWAYS_CLOCKED, ONLY_WORDS, false, dbgmcu),
    {0},
};

const struct map_region *map_find(uint32_t address)
{
    for (const struct map_region *region = map; region->name; region++) {
        if (address - region->base < region->size) {
            return region;
        }
    }
    return NULL;
}

const struct map_register *map_find_register(const struct map_region *region, uint32_t offset,
                                             bool high_density)
{
    for (const struct map_register *r = region->registers; r->name; r++) {
        if (r->offset == offset && (high_density || r->access != HIGH_DENSITY_RW)) {
            return r;
        }
    }
    return NULL;
}
