/* Names, offsets and reserved bits of registers: CAN's, and those of large chips. See map_registers.c. */
#include "map_registers.h"

/* FMR and the flags that ones clear: the bits that are reserved read as ones, or may be written as read. */
#define CAN_MAILBOX(number, at)                                                                              \
    {"TI" #number "R", at, RW, 0}, {"TDT" #number "R", at + 4, RW, 0x0000FEF0},                              \
        {"TDL" #number "R", at + 8, RW, 0},                                                                  \
    {                                                                                                        \
        "TDH" #number "R", at + 12, RW, 0                                                                    \
    }
#define CAN_FIFO(number, at)                                                                                 \
    {"RI" #number "R", at, READ_ONLY, 0}, {"RDT" #number "R", at + 4, READ_ONLY, 0},                         \
        {"RDL" #number "R", at + 8, READ_ONLY, 0},                                                           \
    {                                                                                                        \
        "RDH" #number "R", at + 12, READ_ONLY, 0                                                             \
    }
#define CAN_BANK(number)                                                                                     \
    {"F" #number "R1", 0x240 + 8 * number, RW, 0},                                                           \
    {                                                                                                        \
        "F" #number "R2", 0x244 + 8 * number, RW, 0                                                          \
    }
const struct map_register can_registers[] = {
    {"MCR", 0x000, RW, 0xFFFE7F00},
    {"MSR", 0x004, RW, 0},
    {"TSR", 0x008, RW, 0},
    {"RF0R", 0x00C, RW, 0xFFFFFFC4},
    {"RF1R", 0x010, RW, 0xFFFFFFC4},
    {"IER", 0x014, RW, 0xFFFC7080},
    {"ESR", 0x018, RW, 0x0000FF88},
    {"BTR", 0x01C, RW, 0x3C80FC00},
    CAN_MAILBOX(0, 0x180),
    CAN_MAILBOX(1, 0x190),
    CAN_MAILBOX(2, 0x1A0),
    CAN_FIFO(0, 0x1B0),
    CAN_FIFO(1, 0x1C0),
    {"FMR", 0x200, RW, 0},
    {"FM1R", 0x204, RW, 0xFFFFC000},
    {"FS1R", 0x20C, RW, 0xFFFFC000},
    {"FFA1R", 0x214, RW, 0xFFFFC000},
    {"FA1R", 0x21C, RW, 0xFFFFC000},
    CAN_BANK(0),
    CAN_BANK(1),
    CAN_BANK(2),
    CAN_BANK(3),
    CAN_BANK(4),
    CAN_BANK(5),
    CAN_BANK(6),
    CAN_BANK(7),
    CAN_BANK(8),
    CAN_BANK(9),
    CAN_BANK(10),
    CAN_BANK(11),
    CAN_BANK(12),
    CAN_BANK(13),
    {0},
};

/* TIM6 and TIM7 (17.4). */
const struct map_register tim_basic_registers[] = {
    {"CR1", 0x00, RW, 0xFFFFFF70}, {"CR2", 0x04, RW, 0xFFFFFF8F},         {"DIER", 0x0C, RW, 0xFFFFFEFE},
    {"SR", 0x10, RW, 0},           {"EGR", 0x14, WRITE_ONLY, 0xFFFFFFFE}, {"CNT", 0x24, RW, 0xFFFF0000},
    {"PSC", 0x28, RW, 0xFFFF0000}, {"ARR", 0x2C, RW, 0xFFFF0000},         {0},
};

const struct map_register dma2_registers[] = {
    {"ISR", 0x00, READ_ONLY, 0}, {"IFCR", 0x04, WRITE_ONLY, 0}, DMA_CHANNEL(1, 0x08), DMA_CHANNEL(2, 0x1C),
    DMA_CHANNEL(3, 0x30),        DMA_CHANNEL(4, 0x44),          DMA_CHANNEL(5, 0x58), {0},
};

const struct map_register dac_registers[] = {
    {"CR", 0x00, RW, 0xE000E000},      {"SWTRIGR", 0x04, WRITE_ONLY, 0xFFFFFFFC},
    {"DHR12R1", 0x08, RW, 0xFFFFF000}, {"DHR12L1", 0x0C, RW, 0xFFFF000F},
    {"DHR8R1", 0x10, RW, 0xFFFFFF00},  {"DHR12R2", 0x14, RW, 0xFFFFF000},
    {"DHR12L2", 0x18, RW, 0xFFFF000F}, {"DHR8R2", 0x1C, RW, 0xFFFFFF00},
    {"DHR12RD", 0x20, RW, 0xF000F000}, {"DHR12LD", 0x24, RW, 0x000F000F},
    {"DHR8RD", 0x28, RW, 0xFFFF0000},  {"DOR1", 0x2C, READ_ONLY, 0},
    {"DOR2", 0x30, READ_ONLY, 0},      {0},
};

/* ICR: ST's library writes ones to more bits than there are flags. */
const struct map_register sdio_registers[] = {
    {"POWER", 0x00, RW, 0xFFFFFFFC},
    {"CLKCR", 0x04, RW, 0xFFFF8000},
    {"ARG", 0x08, RW, 0},
    {"CMD", 0x0C, RW, 0xFFFF8000},
    {"RESPCMD", 0x10, READ_ONLY, 0},
    {"RESP1", 0x14, READ_ONLY, 0},
    {"RESP2", 0x18, READ_ONLY, 0},
    {"RESP3", 0x1C, READ_ONLY, 0},
    {"RESP4", 0x20, READ_ONLY, 0},
    {"DTIMER", 0x24, RW, 0},
    {"DLEN", 0x28, RW, 0xFE000000},
    {"DCTRL", 0x2C, RW, 0xFFFFF000},
    {"DCOUNT", 0x30, READ_ONLY, 0},
    {"STA", 0x34, READ_ONLY, 0},
    {"ICR", 0x38, RW, 0},
    {"MASK", 0x3C, RW, 0xFF000000},
    {"FIFOCNT", 0x48, READ_ONLY, 0},
    {"FIFO", 0x80, RW, 0},
    {"FIFO", 0x84, RW, 0},
    {"FIFO", 0x88, RW, 0},
    {"FIFO", 0x8C, RW, 0},
    {"FIFO", 0x90, RW, 0},
    {"FIFO", 0x94, RW, 0},
    {"FIFO", 0x98, RW, 0},
    {"FIFO", 0x9C, RW, 0},
    {"FIFO", 0xA0, RW, 0},
    {"FIFO", 0xA4, RW, 0},
    {"FIFO", 0xA8, RW, 0},
    {"FIFO", 0xAC, RW, 0},
    {"FIFO", 0xB0, RW, 0},
    {"FIFO", 0xB4, RW, 0},
    {"FIFO", 0xB8, RW, 0},
    {"FIFO", 0xBC, RW, 0},
    {"FIFO", 0xC0, RW, 0},
    {"FIFO", 0xC4, RW, 0},
    {"FIFO", 0xC8, RW, 0},
    {"FIFO", 0xCC, RW, 0},
    {"FIFO", 0xD0, RW, 0},
    {"FIFO", 0xD4, RW, 0},
    {"FIFO", 0xD8, RW, 0},
    {"FIFO", 0xDC, RW, 0},
    {"FIFO", 0xE0, RW, 0},
    {"FIFO", 0xE4, RW, 0},
    {"FIFO", 0xE8, RW, 0},
    {"FIFO", 0xEC, RW, 0},
    {"FIFO", 0xF0, RW, 0},
    {"FIFO", 0xF4, RW, 0},
    {"FIFO", 0xF8, RW, 0},
    {"FIFO", 0xFC, RW, 0},
    {0},
};

/* Bit 7 of BCR is reserved and reads as 1 after reset. */
#define FSMC_BANK(number, at)                                                                                \
    {"BCR" #number, at, RW, 0xFFF70000}, {"BTR" #number, at + 4, RW, 0xC0000000},                            \
    {                                                                                                        \
        "BWTR" #number, at + 0x104, RW, 0xC0000000                                                           \
    }
#define FSMC_NAND(number, at)                                                                                \
    {"PCR" #number, at, RW, 0xFFF00181}, {"SR" #number, at + 4, RW, 0xFFFFFF80},                             \
        {"PMEM" #number, at + 8, RW, 0},                                                                     \
    {                                                                                                        \
        "PATT" #number, at + 12, RW, 0                                                                       \
    }
const struct map_register fsmc_registers[] = {
    FSMC_BANK(1, 0x00),
    FSMC_BANK(2, 0x08),
    FSMC_BANK(3, 0x10),
    FSMC_BANK(4, 0x18),
    FSMC_NAND(2, 0x60),
    {"ECCR2", 0x74, READ_ONLY, 0},
    FSMC_NAND(3, 0x80),
    {"ECCR3", 0x94, READ_ONLY, 0},
    FSMC_NAND(4, 0xA0),
    {"PIO4", 0xB0, RW, 0},
    {0},
};
