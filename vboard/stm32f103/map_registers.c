/* Names, offsets and reserved bits of registers: the register maps at the ends of RM0008's chapters. */
#include "map_registers.h"

const struct map_register rcc_registers[] = {
    {"CR", 0x00, RW, 0xFCF00004},
    {"CFGR", 0x04, RW, 0xF8800000},
    {"CIR", 0x08, RW, 0xFF60E060},
    {"APB2RSTR", 0x0C, RW, 0xFFC70002},
    {"APB1RSTR", 0x10, RW, 0xC5013600},
    {"AHBENR", 0x14, RW, 0xFFFFFAA8},
    {"APB2ENR", 0x18, RW, 0xFFC70002},
    {"APB1ENR", 0x1C, RW, 0xC5013600},
    {"BDCR", 0x20, RW, 0xFFFE7CF8},
    {"CSR", 0x24, RW, 0x02FFFFFC},
    {0},
};

const struct map_register flash_registers[] = {
    {"ACR", 0x00, RW, 0xFFFFFFC0}, {"KEYR", 0x04, WRITE_ONLY, 0}, {"OPTKEYR", 0x08, WRITE_ONLY, 0},
    {"SR", 0x0C, RW, 0xFFFFFFCA},  {"CR", 0x10, RW, 0xFFFFE908},  {"AR", 0x14, WRITE_ONLY, 0},
    {"OBR", 0x1C, READ_ONLY, 0},   {"WRPR", 0x20, READ_ONLY, 0},  {0},
};

const struct map_register gpio_registers[] = {
    {"CRL", 0x00, RW, 0},           {"CRH", 0x04, RW, 0},
    {"IDR", 0x08, READ_ONLY, 0},    {"ODR", 0x0C, RW, 0xFFFF0000},
    {"BSRR", 0x10, WRITE_ONLY, 0},  {"BRR", 0x14, WRITE_ONLY, 0xFFFF0000},
    {"LCKR", 0x18, RW, 0xFFFE0000}, {0},
};

const struct map_register afio_registers[] = {
    {"EVCR", 0x00, RW, 0xFFFFFF00},
    {"MAPR", 0x04, RW, 0xF8E00000},
    {"EXTICR1", 0x08, RW, 0xFFFF0000},
    {"EXTICR2", 0x0C, RW, 0xFFFF0000},
    {"EXTICR3", 0x10, RW, 0xFFFF0000},
    {"EXTICR4", 0x14, RW, 0xFFFF0000},
    {"MAPR2", 0x1C, HIGH_DENSITY_RW, 0xFFFFF81F},
    {0},
};

const struct map_register exti_registers[] = {
    {"IMR", 0x00, RW, 0xFFF80000},
    {"EMR", 0x04, RW, 0xFFF80000},
    {"RTSR", 0x08, RW, 0xFFF80000},
    {"FTSR", 0x0C, RW, 0xFFF80000},
    {"SWIER", 0x10, RW, 0xFFF80000},
    {"PR", 0x14, RW, 0}, /* ones only clear: ST's own library writes more of them than there are lines */
    {0},
};

const struct map_register pwr_registers[] = {
    {"CR", 0x00, RW, 0xFFFFFE00},
    {"CSR", 0x04, RW, 0xFFFFFEF8},
    {0},
};

#define DR(number, at)                                                                                       \
    {                                                                                                        \
        "DR" #number, at, RW, 0xFFFF0000                                                                     \
    }
#define DR_HIGH(number, at)                                                                                  \
    {                                                                                                        \
        "DR" #number, at, HIGH_DENSITY_RW, 0xFFFF0000                                                        \
    }
const struct map_register bkp_registers[] = {
    DR(1, 0x04),
    DR(2, 0x08),
    DR(3, 0x0C),
    DR(4, 0x10),
    DR(5, 0x14),
    DR(6, 0x18),
    DR(7, 0x1C),
    DR(8, 0x20),
    DR(9, 0x24),
    DR(10, 0x28),
    {"RTCCR", 0x2C, RW, 0xFFFFFC00},
    {"CR", 0x30, RW, 0xFFFFFFFC},
    {"CSR", 0x34, RW, 0xFFFFFCF8},
    DR_HIGH(11, 0x40),
    DR_HIGH(12, 0x44),
    DR_HIGH(13, 0x48),
    DR_HIGH(14, 0x4C),
    DR_HIGH(15, 0x50),
    DR_HIGH(16, 0x54),
    DR_HIGH(17, 0x58),
    DR_HIGH(18, 0x5C),
    DR_HIGH(19, 0x60),
    DR_HIGH(20, 0x64),
    DR_HIGH(21, 0x68),
    DR_HIGH(22, 0x6C),
    DR_HIGH(23, 0x70),
    DR_HIGH(24, 0x74),
    DR_HIGH(25, 0x78),
    DR_HIGH(26, 0x7C),
    DR_HIGH(27, 0x80),
    DR_HIGH(28, 0x84),
    DR_HIGH(29, 0x88),
    DR_HIGH(30, 0x8C),
    DR_HIGH(31, 0x90),
    DR_HIGH(32, 0x94),
    DR_HIGH(33, 0x98),
    DR_HIGH(34, 0x9C),
    DR_HIGH(35, 0xA0),
    DR_HIGH(36, 0xA4),
    DR_HIGH(37, 0xA8),
    DR_HIGH(38, 0xAC),
    DR_HIGH(39, 0xB0),
    DR_HIGH(40, 0xB4),
    DR_HIGH(41, 0xB8),
    DR_HIGH(42, 0xBC),
    {0},
};

const struct map_register iwdg_registers[] = {
    {"KR", 0x00, WRITE_ONLY, 0xFFFF0000},
    {"PR", 0x04, RW, 0xFFFFFFF8},
    {"RLR", 0x08, RW, 0xFFFFF000},
    {"SR", 0x0C, READ_ONLY, 0},
    {0},
};

/* usb.c judges what is written; here are only the names. */
const struct map_register usb_registers[] = {
    {"EP0R", 0x00, RW, 0},   {"EP1R", 0x04, RW, 0},
    {"EP2R", 0x08, RW, 0},   {"EP3R", 0x0C, RW, 0},
    {"EP4R", 0x10, RW, 0},   {"EP5R", 0x14, RW, 0},
    {"EP6R", 0x18, RW, 0},   {"EP7R", 0x1C, RW, 0},
    {"CNTR", 0x40, RW, 0},   {"ISTR", 0x44, RW, 0},
    {"FNR", 0x48, RW, 0},    {"DADDR", 0x4C, RW, 0},
    {"BTABLE", 0x50, RW, 0}, {0},
};

const struct map_register dbgmcu_registers[] = {
    {"IDCODE", 0x00, READ_ONLY, 0},
    {"CR", 0x04, RW, 0xFFE00018},
    {0},
};

const struct map_register rtc_registers[] = {
    {"CRH", 0x00, RW, 0xFFFFFFF8},
    {"CRL", 0x04, RW, 0xFFFFFFC0},
    {"PRLH", 0x08, WRITE_ONLY, 0xFFFFFFF0},
    {"PRLL", 0x0C, WRITE_ONLY, 0xFFFF0000},
    {"DIVH", 0x10, READ_ONLY, 0},
    {"DIVL", 0x14, READ_ONLY, 0},
    {"CNTH", 0x18, RW, 0xFFFF0000},
    {"CNTL", 0x1C, RW, 0xFFFF0000},
    {"ALRH", 0x20, WRITE_ONLY, 0xFFFF0000},
    {"ALRL", 0x24, WRITE_ONLY, 0xFFFF0000},
    {0},
};

const struct map_register wwdg_registers[] = {
    {"CR", 0x00, RW, 0xFFFFFF00},
    {"CFR", 0x04, RW, 0xFFFFFC00},
    {"SR", 0x08, RW, 0xFFFFFFFE},
    {0},
};

const struct map_register crc_registers[] = {
    {"DR", 0x00, RW, 0},
    {"IDR", 0x04, RW_ANY_SIZE, 0xFFFFFF00},
    {"CR", 0x08, WRITE_ONLY, 0xFFFFFFFE},
    {0},
};

/* SR's bits are cleared by writing 0 and left by writing 1, so that programs write ones to all the others. */
const struct map_register tim1_registers[] = {
    {"CR1", 0x00, RW, 0xFFFFFC00},
    {"CR2", 0x04, RW, 0xFFFF8002},
    {"SMCR", 0x08, RW, 0xFFFF0008},
    {"DIER", 0x0C, RW, 0xFFFF8000},
    {"SR", 0x10, RW, 0},
    {"EGR", 0x14, WRITE_ONLY, 0xFFFFFF00},
    {"CCMR1", 0x18, RW, 0xFFFF0000},
    {"CCMR2", 0x1C, RW, 0xFFFF0000},
    {"CCER", 0x20, RW, 0xFFFFC000},
    {"CNT", 0x24, RW, 0xFFFF0000},
    {"PSC", 0x28, RW, 0xFFFF0000},
    {"ARR", 0x2C, RW, 0xFFFF0000},
    {"RCR", 0x30, RW, 0xFFFFFF00},
    {"CCR1", 0x34, RW, 0xFFFF0000},
    {"CCR2", 0x38, RW, 0xFFFF0000},
    {"CCR3", 0x3C, RW, 0xFFFF0000},
    {"CCR4", 0x40, RW, 0xFFFF0000},
    {"BDTR", 0x44, RW, 0xFFFF0000},
    {"DCR", 0x48, RW, 0xFFFFE0E0},
    {"DMAR", 0x4C, RW, 0xFFFF0000},
    {0},
};

const struct map_register tim_registers[] = {
    {"CR1", 0x00, RW, 0xFFFFFC00},
    {"CR2", 0x04, RW, 0xFFFFFF07},
    {"SMCR", 0x08, RW, 0xFFFF0008},
    {"DIER", 0x0C, RW, 0xFFFFA0A0},
    {"SR", 0x10, RW, 0},
    {"EGR", 0x14, WRITE_ONLY, 0xFFFFFFA0},
    {"CCMR1", 0x18, RW, 0xFFFF0000},
    {"CCMR2", 0x1C, RW, 0xFFFF0000},
    {"CCER", 0x20, RW, 0xFFFFCCCC},
    {"CNT", 0x24, RW, 0xFFFF0000},
    {"PSC", 0x28, RW, 0xFFFF0000},
    {"ARR", 0x2C, RW, 0xFFFF0000},
    {"CCR1", 0x34, RW, 0xFFFF0000},
    {"CCR2", 0x38, RW, 0xFFFF0000},
    {"CCR3", 0x3C, RW, 0xFFFF0000},
    {"CCR4", 0x40, RW, 0xFFFF0000},
    {"DCR", 0x48, RW, 0xFFFFE0E0},
    {"DMAR", 0x4C, RW, 0xFFFF0000},
    {0},
};

const struct map_register i2c_registers[] = {
    {"CR1", 0x00, RW, 0xFFFF4004},   {"CR2", 0x04, RW, 0xFFFFE0C0},
    {"OAR1", 0x08, RW, 0xFFFF3C00},  {"OAR2", 0x0C, RW, 0xFFFFFF00},
    {"DR", 0x10, RW, 0xFFFFFF00},    {"SR1", 0x14, RW, 0},
    {"SR2", 0x18, READ_ONLY, 0},     {"CCR", 0x1C, RW, 0xFFFF3000},
    {"TRISE", 0x20, RW, 0xFFFFFFC0}, {0},
};

/* RXCRCR and TXCRCR stay 0: CRC has no model. */
const struct map_register spi_registers[] = {
    {"CR1", 0x00, RW, 0xFFFF0000},
    {"CR2", 0x04, RW, 0xFFFFFF18},
    {"SR", 0x08, RW, 0},
    {"DR", 0x0C, RW, 0xFFFF0000},
    {"CRCPR", 0x10, RW, 0xFFFF0000},
    {"RXCRCR", 0x14, READ_ONLY, 0},
    {"TXCRCR", 0x18, READ_ONLY, 0},
    {"I2SCFGR", 0x1C, RW, 0xFFFFF040},
    {"I2SPR", 0x20, RW, 0xFFFFFC00},
    {0},
};

const struct map_register adc_registers[] = {
    {"SR", 0x00, RW, 0},
    {"CR1", 0x04, RW, 0xFF300000},
    {"CR2", 0x08, RW, 0xFF0106F0},
    {"SMPR1", 0x0C, RW, 0xFF000000},
    {"SMPR2", 0x10, RW, 0xC0000000},
    {"JOFR1", 0x14, RW, 0xFFFFF000},
    {"JOFR2", 0x18, RW, 0xFFFFF000},
    {"JOFR3", 0x1C, RW, 0xFFFFF000},
    {"JOFR4", 0x20, RW, 0xFFFFF000},
    {"HTR", 0x24, RW, 0xFFFFF000},
    {"LTR", 0x28, RW, 0xFFFFF000},
    {"SQR1", 0x2C, RW, 0xFF000000},
    {"SQR2", 0x30, RW, 0xC0000000},
    {"SQR3", 0x34, RW, 0xC0000000},
    {"JSQR", 0x38, RW, 0xFFC00000},
    {"JDR1", 0x3C, READ_ONLY, 0},
    {"JDR2", 0x40, READ_ONLY, 0},
    {"JDR3", 0x44, READ_ONLY, 0},
    {"JDR4", 0x48, READ_ONLY, 0},
    {"DR", 0x4C, READ_ONLY, 0},
    {0},
};

/* SR: as with the timers. */
const struct map_register usart_registers[] = {
    {"SR", 0x00, RW, 0},
    {"DR", 0x04, RW, 0xFFFFFE00},
    {"BRR", 0x08, RW, 0xFFFF0000},
    {"CR1", 0x0C, RW, 0xFFFFC000},
    {"CR2", 0x10, RW, 0xFFFF8090},
    {"CR3", 0x14, RW, 0xFFFFF800},
    {"GTPR", 0x18, RW, 0xFFFF0000},
    {0},
};

const struct map_register dma_registers[] = {
    {"ISR", 0x00, READ_ONLY, 0}, {"IFCR", 0x04, WRITE_ONLY, 0},
    DMA_CHANNEL(1, 0x08),        DMA_CHANNEL(2, 0x1C),
    DMA_CHANNEL(3, 0x30),        DMA_CHANNEL(4, 0x44),
    DMA_CHANNEL(5, 0x58),        DMA_CHANNEL(6, 0x6C),
    DMA_CHANNEL(7, 0x80),        {0},
};
