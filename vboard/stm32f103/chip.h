/*
 * The chip: an STM32F103 around the processor. One plain struct without pointers to other memory than itself,
 * so that a copy of it is a snapshot of the whole chip (restored to the same address). Source: ST RM0008,
 * PM0075, data sheet DS5319.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/report.h"
#include "base/ticks.h"
#include "core/cortex_m3.h"
#include "usb.h"

enum { MAX_FLASH = 512 * 1024, MAX_RAM = 64 * 1024, MAX_PAGES = MAX_FLASH / 1024 };
enum {
    TIMERS = 8,
    TIMER_CHANNELS = 4,
    USARTS = 5,
    ADCS = 3,
    SPIS = 3,
    I2CS = 2,
    DMAS = 2,
    DMA_CHANNELS = 7 + 5,
    PORTS = 7,
    SERIAL_QUEUE = 4096
};

/*
 * A half-word of flash that is worn out. What is stuck shows only once it is worked on: what was burnt before
 * stays.
 */
enum { MAX_WORN = 4 };
struct flash_wear {
    uint32_t address; /* absolute; 0: none */
    uint16_t stays_0; /* bits that no erase sets any more */
    uint16_t stays_1; /* bits that no programming clears */
    bool refuses;     /* programming it ends with PGERR, nothing programmed */
};

/* What an operation on the flash leaves when power or a reset cuts it off. */
enum torn_flash {
    TORN_NOISE,   /* noise, which then reads the same ever after */
    TORN_UNSTABLE /* unstable cells too: flash_cells.c. Option bytes and mass erases: noise */
};

/* How unstable cells read: all alike between two resets, or each read of each cell by itself. */
enum unstable_cells {
    CELLS_BY_CHANCE, /* one of the following, drawn at each reset */
    CELLS_READ_0,
    CELLS_READ_1,
    CELLS_READ_EITHER
};

/* What differs from chip to chip and from day to day. All times as in the data sheet. */
struct chip_config {
    uint32_t flash_bytes;         /* really there */
    uint16_t flash_size_register; /* KiB, as at 0x1FFFF7E0 */
    uint32_t page_bytes;          /* 1024 or 2048 */
    uint32_t ram_bytes;
    uint32_t idcode; /* DBGMCU_IDCODE */
    uint8_t unique_id[12];
    uint32_t hse_hz; /* 0: no crystal, or a dead one */
    uint32_t hse_startup_us;
    uint32_t page_erase_us; /* 20000 to 40000 */
    uint32_t half_word_ns;  /* 40000 to 70000, typically 52500 */
    uint64_t seed;          /* of RAM at power-up and of torn flash operations */
    enum torn_flash torn;
    enum unstable_cells unstable_cells;

    /* Option bytes as somebody left them (PM0075 2.5); all 0: as from the factory. */
    bool read_protected;
    bool hardware_watchdog;   /* WDG_SW = 0 */
    uint32_t write_protected; /* units of 4 KiB, a bit each, the last one all the rest: WRPR inverted */

    /* Age. */
    struct flash_wear worn[MAX_WORN];

    /* What clones do otherwise than ST's chips, and ST's at the ends of their tolerances; all 0: ST's. */
    uint32_t lsi_hz;           /* 30000 to 60000 (DS5319 table 25); 0: 40000 */
    uint16_t busy_late_cycles; /* SR.BSY reads 0 for so long after any operation begins */
    bool lock_reads_0;         /* FLASH_CR.LOCK does, locked or not */
    bool ctr_masked;           /* CNTR.CTRM masks USB's CTR, as RM0008 23.5.1 says */
    bool zero_needs_erase;     /* 0x0000 over data is refused as any other value: PGERR */
};

enum { PIN_FLOATS = -2 };

/* What the chip asks of the board around it, and tells it. */
struct chip_board {
    void *context;
    void (*report)(void *context, enum report_kind kind, const char *text);
    void (*violation)(void *context, enum violation_level level, const char *rule, const char *text);
    /* A pin's output, mode or pull changed: look at gpio_pin_drive(). */
    void (*pins_changed)(void *context);
    /* Level that the world outside puts on a pin: 0, 1, or -1 when nothing is connected, or PIN_FLOATS when
     * something is that drives nothing now (a released button). port 0 is A. */
    int (*pin_level)(void *context, unsigned port, unsigned pin);
    /* Something that concerns the USB host changed: transceiver on or off, pull-up. */
    void (*usb_changed)(void *context);
    /* The board's own event (EVENT_HOST) is due. */
    void (*host_event)(void *context, ticks now);
    /* The processor fell asleep or woke. May be NULL. */
    void (*slept)(void *context, bool asleep);
    /* A frame has left the TX pin of USART 1 to 5: its data bits without parity. */
    void (*serial_sent)(void *context, unsigned usart, uint16_t data);
};

/* Everything that happens at a time of its own. */
enum event {
    EVENT_FLASH,                              /* flash operation ends */
    EVENT_CLOCK,                              /* an oscillator or the PLL gets ready */
    EVENT_IWDG,                               /* watchdog bites */
    EVENT_USB,                                /* USB peripheral: power-up time, suspend detection */
    EVENT_HOST,                               /* USB host: the next packet on the wire */
    EVENT_TIM,                                /* a timer's update or compare; TIM1 to TIM8 in turn */
    EVENT_USART_TX = EVENT_TIM + TIMERS,      /* a frame has left; USART1 to UART5 in turn */
    EVENT_USART_RX = EVENT_USART_TX + USARTS, /* a frame, or the silence after one, has arrived */
    EVENT_DMA = EVENT_USART_RX + USARTS,      /* the next transfer is made; DMA1, DMA2 */
    EVENT_RTC = EVENT_DMA + DMAS,             /* second, alarm, overflow, end of a write */
    EVENT_WWDG,                               /* early wake-up, reset */
    EVENT_ADC,                                /* a conversion or a calibration ends; ADC1 to ADC3 */
    EVENT_SPI = EVENT_ADC + ADCS,             /* a frame has gone over; SPI1 to SPI3 */
    EVENT_I2C = EVENT_SPI + SPIS,             /* a condition or an address is over; I2C1, I2C2 */
    EVENT_CAN = EVENT_I2C + I2CS,             /* synchronized, a frame or an error is over */
    EVENT_SDIO,                               /* a command times out; data do */
    EVENT_COUNT = EVENT_SDIO + 2
};

/* Where in a flash operation the power is to fail. */
enum power_cut_phase { CUT_BEFORE, CUT_INSIDE, CUT_AFTER };

enum reset_cause {
    RESET_POWER,
    RESET_PIN,
    RESET_SOFTWARE,
    RESET_IWDG,
    RESET_WWDG,
    RESET_LOW_POWER, /* Stop or Standby was entered while an option byte forbids it */
    RESET_STANDBY    /* the way out of Standby: a power reset that spares the backup domain */
};

struct rcc {
    uint32_t CR, CFGR, CIR, APB2RSTR, APB1RSTR, AHBENR, APB2ENR, APB1ENR, BDCR, CSR;
    ticks hsi_ready, hse_ready, pll_ready, lsi_ready, lse_ready; /* TICKS_NEVER: off */
};

struct flash_operation {
    enum {
        FLASH_NOTHING,
        FLASH_PROGRAM,
        FLASH_PAGE_ERASE,
        FLASH_MASS_ERASE,
        FLASH_OPTION_ERASE,
        FLASH_OPTION_PROGRAM
    } kind;
    uint32_t address; /* absolute */
    uint16_t value;
    ticks ends;
};

/* Cells of a page that read either way, a bit each. */
enum { FLASH_UNSTABLE_PAGES = 8, MAX_PAGE_HALF_WORDS = 1024 };
struct flash_unstable_page {
    uint32_t page; /* number */
    uint16_t mask[MAX_PAGE_HALF_WORDS];
};

struct flash {
    uint32_t ACR, SR, CR, AR, OBR, WRPR;
    uint8_t key_step, option_key_step;
    bool locked_until_reset; /* a wrong key */
    uint64_t started_cycle;  /* processor cycle in which CR.STRT was set */
    uint64_t begun_cycle;    /* the same of any operation */
    struct flash_operation operation;
    uint8_t option_bytes[16];
    uint64_t operations;          /* programs and erases begun since power was first applied */
    uint64_t erases, programs;    /* the same, apart */
    uint32_t erased[MAX_PAGES];   /* how often each page was */
    enum unstable_cells readings; /* since the last reset */
    unsigned unstable_pages;      /* the oldest first */
    struct flash_unstable_page unstable[FLASH_UNSTABLE_PAGES];
};

struct gpio {
    uint32_t CRL, CRH, ODR, LCKR;
    uint32_t lock_step;      /* how far the sequence of LCKR has come */
    uint16_t float_reported; /* pins whose floating was reported */
};

struct afio {
    uint32_t EVCR, MAPR, EXTICR[4], MAPR2;
};

struct pwr {
    uint32_t CR, CSR;
};

struct bkp {
    uint16_t DR[43]; /* 1..42 */
    uint32_t RTCCR, CR, CSR;
};

struct iwdg {
    uint32_t PR, RLR;
    bool running, unlocked;
    ticks bites;
    ticks PVU_until, RVU_until; /* SR: an update is under way */
};

struct exti {
    uint32_t IMR, EMR, RTSR, FTSR, SWIER, PR;
    uint32_t level; /* of each line, as last seen */
};

struct dbgmcu {
    uint32_t CR;
};

struct tim {
    uint32_t CR1, CR2, SMCR, DIER, SR, CCMR[2], CCER, CNT, PSC, ARR, RCR, CCR[TIMER_CHANNELS], BDTR, DCR;
    /* What is in effect until the next update event: */
    uint32_t PSC_now, ARR_now, CCR_now[TIMER_CHANNELS], repetitions;
    ticks clock;        /* of one cycle of CK_INT; 0 while it stands still */
    ticks since;        /* when CNT took its value; while the counter stands still: how long it has had it */
    uint8_t references; /* OCxREF of the modes that remember it, a bit each */
    uint8_t inputs;     /* levels of the channels' pins */
    uint8_t captured[TIMER_CHANNELS]; /* edges since the last capture, for ICxPSC */
    uint8_t burst;                    /* accesses to DMAR since the burst began */
    bool polled;                      /* SR was read: its flags come at their exact times from now on */
};

struct usart {
    uint32_t SR, CR1, CR2, CR3, GTPR, BRR;
    uint16_t TDR, RDR, sending;
    uint32_t flags_seen; /* of SR, at its last read */
    bool shifting;       /* a frame is being sent */
    bool idle_frame;     /* it is the one that setting TE sends */
    bool clocked;
    bool pin_told;
    ticks paused_tx, paused_rx; /* what was left when the clock stopped */
    bool idle_due;              /* a frame was received and the line has been silent since */
    uint32_t peer_baud;         /* 0: as the chip */
    unsigned queued, queue_head;
    uint8_t queue[SERIAL_QUEUE]; /* what the world outside sends, not yet on the wire */
};

struct dma_channel {
    uint32_t CCR, CNDTR, CPAR, CMAR;
    uint32_t count;              /* CNDTR when the channel was enabled */
    uint32_t peripheral, memory; /* addresses of the next transfer */
};

/* DMA1's seven channels, then the five of DMA2. */
struct dma {
    uint64_t ISR;
    uint16_t requests; /* waiting, a bit for each channel */
    struct dma_channel channel[DMA_CHANNELS];
};

struct rtc {
    uint32_t CRH, CRL, PRL, ALR, CNT, DIV;
    uint32_t new_PRL, new_ALR, new_CNT; /* written in configuration mode */
    uint8_t written;                    /* which of them */
    ticks busy_until;                   /* RTOFF */
    ticks synchronized;                 /* RSF, again */
    uint32_t hz;                        /* of RTCCLK; 0: none */
    ticks since;                        /* when CNT and DIV were as they are */
    bool polled;
};

struct wwdg {
    uint32_t CR, CFR, SR;
    ticks clock; /* of one PCLK1 cycle; 0: off */
    ticks since; /* when the counter took its value */
    bool polled;
};

struct crc {
    uint32_t DR, IDR;
};

struct i2c {
    uint32_t CR1, CR2, OAR1, OAR2, DR, SR1, SR2, CCR, TRISE;
    enum { I2C_NOTHING, I2C_START, I2C_ADDRESS, I2C_STOP } doing;
    bool start_seen; /* SR1 was read with SB */
};

struct spi {
    uint32_t CR1, CR2, SR, CRCPR, I2SCFGR, I2SPR;
    uint16_t received;
    bool shifting;
    bool data_read, status_read; /* DR, SR: what was read last, for the flags that two steps clear */
};

struct adc {
    uint32_t registers[20];
    bool calibrating, regular, injected;   /* what is going on; injected before regular */
    uint8_t regular_place, injected_place; /* in their sequences */
};

/* A transmit or receive mailbox: TIxR or RIxR and the three after it. */
struct can_message {
    uint32_t IR, DTR, DLR, DHR;
};

enum { CAN_MAILBOXES = 3, CAN_FIFO_PLACES = 3, CAN_BANKS = 14 };
struct can_fifo {
    struct can_message message[CAN_FIFO_PLACES];
    uint8_t first, count;
    uint8_t flags; /* FULL and FOVR of RFxR */
};

enum can_doing { CAN_STILL, CAN_SYNCHRONIZES, CAN_SENDS, CAN_RESTS, CAN_RECOVERS };
struct can {
    uint32_t MCR, MSR, TSR, IER, ESR, BTR, FMR, FM1R, FS1R, FFA1R, FA1R;
    uint32_t filter[CAN_BANKS][2];
    struct can_message mailbox[CAN_MAILBOXES];
    struct can_fifo fifo[2];
    uint32_t requests, requested[CAN_MAILBOXES]; /* in which order they were, for TXFP */
    uint8_t aborting;                            /* a bit for each mailbox */
    enum can_doing doing;
    uint8_t sending;     /* the mailbox; */
    uint8_t error;       /* the code of LEC that the frame on the bus will end with, 0: none; */
    uint16_t sof_time;   /* when it began, in bit times */
    ticks running_since; /* when the counter of bit times was 0 */
    bool clocked;
    ticks paused;         /* what was left when the clock stopped */
    bool tx_irq, rx0_irq; /* on the lines that CAN shares with USB */
    bool pin_told, alone_told, dominant_told, memory_told;
};

enum { DAC_CHANNELS = 2 };
struct dac_channel {
    uint16_t DHR, DOR;
    uint16_t LFSR, triangle;
    bool falls; /* the triangle */
};
struct dac {
    uint32_t CR;
    struct dac_channel channel[DAC_CHANNELS];
};

struct sdio {
    uint32_t POWER, CLKCR, ARG, CMD, DTIMER, DLEN, DCTRL, DCOUNT, STA, MASK;
    bool told; /* that there is no card */
};

/* Of the memory behind it, pages are kept in the order in which they are written first. */
enum { FSMC_PAGE = 512, FSMC_PAGES = 128 };
struct fsmc {
    uint32_t registers[0x120 / 4];
    uint32_t page[FSMC_PAGES]; /* address / FSMC_PAGE; 0: free */
    uint8_t memory[FSMC_PAGES][FSMC_PAGE];
    bool told, full_told;
};

enum sleep_state { AWAKE, IN_STOP, IN_STANDBY };

struct chip {
    struct cortex_m3 cpu;
    struct chip_config config;
    struct chip_board board;

    /* time = clock_time + (cpu.cycles - clock_cycles) * ticks_per_cycle */
    ticks clock_time;
    uint64_t clock_cycles;
    ticks ticks_per_cycle;
    ticks due[EVENT_COUNT]; /* TICKS_NEVER: not scheduled */
    ticks event_time;       /* inside an event's handler: its own time; else TICKS_NEVER */
    ticks run_limit;        /* what the core was told to run to */
    bool core_runs;         /* inside cortex_m3_run */
    bool replan;            /* cpu.stop was set only to look at the events again */
    bool halt;              /* cpu.stop was meant for the caller of chip_run */
    bool bus_error;         /* a peripheral refuses the access under way */
    uint64_t bridge_free;   /* processor cycle in which the last write through a bridge to APB is over */
    uint8_t bus_master;     /* who makes the access under way: 0 the core, else a channel of DMA, from 1 */
    enum sleep_state sleep_state;
    ticks wakes_at;       /* from Stop; TICKS_NEVER: nothing calls yet */
    uint64_t slept_cycle; /* in which the core fell asleep with SLEEPDEEP; UINT64_MAX: it did not */

    bool powered;
    bool reset_requested;
    enum reset_cause reset_cause;
    bool nrst_low;

    struct rcc rcc;
    struct flash flash;
    struct gpio gpio[PORTS]; /* A..G */
    struct afio afio;
    struct pwr pwr;
    struct bkp bkp;
    struct iwdg iwdg;
    struct exti exti;
    struct dbgmcu dbgmcu;
    struct tim tim[TIMERS];     /* TIM1 first */
    struct usart usart[USARTS]; /* USART1 first */
    struct dma dma;
    struct rtc rtc;
    struct wwdg wwdg;
    struct crc crc;
    struct i2c i2c[I2CS];
    struct spi spi[SPIS]; /* SPI1 first */
    struct adc adc[ADCS]; /* ADC1 first */
    struct usb usb;
    struct can can;
    struct dac dac;
    struct sdio sdio;
    struct fsmc fsmc;
    bool system_memory_told; /* that ST's boot loader is not there */

    /* The power fails at the flash operation of this number (flash.operations, from 1), once; 0: never. */
    uint64_t power_cut_operation;
    enum power_cut_phase power_cut_phase;

    uint64_t violations;    /* of any level */
    uint32_t report_wanted; /* 1 << report_kind: which of the frequent ones (packet, flash, register) are to
                               be made */
    uint64_t random_state;

    uint8_t ram[MAX_RAM];
    uint8_t flash_bytes[MAX_FLASH];
};

/* More than 128 KiB of flash: the peripherals of large chips, too (RM0008 2.2). */
enum { MEDIUM_DENSITY_FLASH = 128 * 1024 };
static inline bool chip_is_high_density(const struct chip *chip)
{
    return chip->config.flash_bytes > MEDIUM_DENSITY_FLASH;
}

/* A new chip, without power, its flash erased. */
void chip_init(struct chip *chip, const struct chip_config *config, const struct chip_board *board);

/* Power on and off. Flash, option bytes and (as on a board without a battery) nothing else outlives power. */
void chip_power(struct chip *chip, bool on);
/* System reset; what it leaves (backup registers, RCC_CSR flags, RAM) is as RM0008 7.1 says. */
void chip_reset(struct chip *chip, enum reset_cause cause);
/* Runs until the time given, or until cpu.stop is set. Time passes for a chip without power too. */
void chip_run(struct chip *chip, ticks until);

/* chip_run returns soon: like setting cpu.stop, but safe from inside of whatever happens in a run. */
void chip_stop(struct chip *chip);
/* Around a call of somebody who may set cpu.stop: it is then told apart from the chip's own use of it. */
bool chip_begin_call(struct chip *chip);
void chip_end_call(struct chip *chip, bool stopped);

/* Virtual time now; inside an event, the event's own time. */
ticks chip_now(const struct chip *chip);
void chip_schedule(struct chip *chip, enum event event, ticks at);
/* The clock tree changed: a processor cycle lasts this long from now on. */
void chip_set_clock(struct chip *chip, ticks ticks_per_cycle);
uint32_t chip_hclk_hz(const struct chip *chip);
/* Holds the processor until the time given (wait states, a busy flash): adds to cpu.cycles. Events on the way
 * are handled at their times. */
void chip_stall(struct chip *chip, ticks until);
/* Time passes without a cycle of the processor: in Stop and Standby. */
void chip_pass_asleep(struct chip *chip, ticks until);
/* Deterministic pseudo-random bits from config.seed. */
uint32_t chip_random(struct chip *chip);

/* printf-like; reports at the chip's present time. */
void chip_report(struct chip *chip, enum report_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void chip_violation(struct chip *chip, enum violation_level level, const char *rule, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Address of the instruction being executed. */
uint32_t chip_pc(const struct chip *chip);
static inline bool chip_wants(const struct chip *chip, enum report_kind kind)
{
    return chip->report_wanted >> kind & 1;
}

/* Interrupt lines the modelled peripherals use (RM0008 table 63). */
enum { IRQ_WWDG = 0, IRQ_RTC = 3, IRQ_FLASH = 4, IRQ_RCC = 5, IRQ_DMA1_CHANNEL1 = 11 };
enum { IRQ_ADC1_2 = 18, IRQ_USB_HP = 19, IRQ_USB_LP = 20, IRQ_USB_WAKEUP = 42 };
enum { IRQ_CAN_TX = IRQ_USB_HP, IRQ_CAN_RX0 = IRQ_USB_LP, IRQ_CAN_RX1 = 21, IRQ_CAN_SCE = 22 };
enum { IRQ_TIM1_BRK = 24, IRQ_TIM1_UP, IRQ_TIM1_TRG_COM, IRQ_TIM1_CC, IRQ_TIM2, IRQ_TIM3, IRQ_TIM4 };
enum { IRQ_I2C1_EV = 31, IRQ_SPI1 = 35, IRQ_SPI2, IRQ_USART1, IRQ_USART2, IRQ_USART3 };
enum {
    IRQ_TIM8_BRK = 43,
    IRQ_TIM8_UP,
    IRQ_TIM8_TRG_COM,
    IRQ_TIM8_CC,
    IRQ_ADC3,
    IRQ_FSMC,
    IRQ_SDIO,
    IRQ_TIM5
};
enum { IRQ_SPI3 = 51, IRQ_UART4, IRQ_UART5, IRQ_TIM6, IRQ_TIM7, IRQ_DMA2_CHANNEL1, IRQ_DMA2_CHANNEL4_5 = 59 };

/*
 * A peripheral is a file with these three; offsets are multiples of 4 inside its block, value is the whole
 * register. The bus (bus.c) has checked clock, address, access size and reset state before.
 */
#define PERIPHERAL(name)                                                                                     \
    uint32_t name##_read(struct chip *chip, uint32_t offset);                                                \
    void name##_write(struct chip *chip, uint32_t offset, uint32_t value);                                   \
    void name##_reset(struct chip *chip)
PERIPHERAL(rcc);
PERIPHERAL(flash);
PERIPHERAL(afio);
PERIPHERAL(pwr);
PERIPHERAL(bkp);
PERIPHERAL(iwdg);
PERIPHERAL(exti);
PERIPHERAL(dbgmcu);
PERIPHERAL(dma);
PERIPHERAL(rtc);
PERIPHERAL(wwdg);
PERIPHERAL(crc);
PERIPHERAL(usb);
PERIPHERAL(can);
PERIPHERAL(dac);
PERIPHERAL(sdio);
PERIPHERAL(fsmc);
#define DMA1_BASE 0x40020000u
#define DMA2_BASE 0x40020400u
#define CAN_BASE  0x40006400u
#define SDIO_BASE 0x40018000u
#define FSMC_BASE 0xA0000000u
/* Several of a kind: the offset tells which, INSTANCE_SIZE apart. */
enum { INSTANCE_SIZE = 0x400 };
uint32_t tim_read(struct chip *chip, uint32_t offset);
void tim_write(struct chip *chip, uint32_t offset, uint32_t value);
void tim_reset(struct chip *chip, unsigned timer);
uint32_t usart_read(struct chip *chip, uint32_t offset);
void usart_write(struct chip *chip, uint32_t offset, uint32_t value);
uint32_t i2c_read(struct chip *chip, uint32_t offset);
void i2c_write(struct chip *chip, uint32_t offset, uint32_t value);
void i2c_reset(struct chip *chip, unsigned n);
void i2c_event(struct chip *chip, unsigned n);
uint32_t spi_read(struct chip *chip, uint32_t offset);
void spi_write(struct chip *chip, uint32_t offset, uint32_t value);
void spi_reset(struct chip *chip, unsigned n);
void spi_event(struct chip *chip, unsigned n);
uint32_t adc_read(struct chip *chip, uint32_t offset);
void adc_write(struct chip *chip, uint32_t offset, uint32_t value);
void adc_reset(struct chip *chip, unsigned n);
void adc_event(struct chip *chip, unsigned n);
/* Flags of a timer that start conversions, and that they have come. */
uint32_t adc_awaits(const struct chip *chip, unsigned timer);
void adc_trigger(struct chip *chip, unsigned timer, uint32_t flags);
/* Lines of EXTI that have risen. */
void adc_exti(struct chip *chip, uint32_t lines);
void usart_reset(struct chip *chip, unsigned n);
uint32_t gpio_read(struct chip *chip, unsigned port, uint32_t offset);
void gpio_write(struct chip *chip, unsigned port, uint32_t offset, uint32_t value);
void gpio_reset(struct chip *chip, unsigned port);

/* gpio.c: what a pin does to the world: */
struct pin_drive {
    int output; /* 0 or 1 driven, -1 not driven */
    int pull;   /* 0 down, 1 up, -1 none */
};
struct pin_drive gpio_pin_drive(const struct chip *chip, unsigned port, unsigned pin);
/*
 * Share of the time that the chip drives this pin high, 0 to DUTY_FULL: what an LED makes of PWM. A steady
 * output gives one of the ends; -1 while the pin is not driven high at any time.
 */
enum { DUTY_FULL = 1000 };
int gpio_pin_duty(const struct chip *chip, unsigned port, unsigned pin);
/* The pin is an output of the peripherals (AF push-pull or open-drain). */
bool gpio_pin_is_alternate(const struct chip *chip, unsigned port, unsigned pin);
/* Level seen on a pin by the chip: its own drive, the outside, pulls; a floating one reads as 0 and, if read,
 * is a violation. */
bool gpio_pin_level(struct chip *chip, unsigned port, unsigned pin);

/* The outside changed: lets EXTI look at its pins. */
void gpio_inputs_changed(struct chip *chip);
/* Level without complaint about a floating pin. */
bool gpio_peek_level(const struct chip *chip, unsigned port, unsigned pin);

/* afio.c: the pin belongs to the debug port until SWJ_CFG frees it. */
bool afio_pin_is_debug(const struct chip *chip, unsigned port, unsigned pin);

/* pin_functions.c: alternate functions by AFIO_MAPR. */
enum signal_kind {
    SIGNAL_NONE,
    SIGNAL_TIM,
    SIGNAL_TIM_N,
    SIGNAL_USART_TX,
    SIGNAL_USART_RX,
    SIGNAL_CAN_TX,
    SIGNAL_CAN_RX
};
struct pin_signal {
    enum signal_kind kind;
    uint8_t instance; /* from 0 */
    uint8_t channel;  /* of a timer, from 0 */
};
enum { MAX_PIN_SIGNALS = 4 };
/* Everything that is wired to a pin now; returns how many. */
unsigned pin_signals(const struct chip *chip, unsigned port, unsigned pin,
                     struct pin_signal signals[MAX_PIN_SIGNALS]);
/* Which pin has the signal: port << 4 | pin, or -1. */
int pin_of_signal(const struct chip *chip, struct pin_signal signal);
/* Level and duty a peripheral drives the pin with; -1: none does. */
int pin_function_level(const struct chip *chip, unsigned port, unsigned pin);
int pin_function_duty(const struct chip *chip, unsigned port, unsigned pin);
/* A level that changes by itself in time: reads of it are all different. */
bool pin_function_moves(const struct chip *chip, unsigned port, unsigned pin);
/* MAPR selects a mapping that the manual reserves. */
void pin_functions_check(struct chip *chip, uint32_t MAPR);

/* tim*.c; timers from 0 (TIM1) */
void tim_event(struct chip *chip, unsigned timer);
/* RCC changed the clock of the timers. */
void tim_clock_changed(struct chip *chip);
/* Pins, or who looks at them, changed. */
void tim_replan(struct chip *chip);
int tim_output_level(const struct chip *chip, unsigned timer, unsigned channel, bool complementary);
int tim_output_duty(const struct chip *chip, unsigned timer, unsigned channel, bool complementary);
bool tim_is_counting(const struct tim *tim);
/* The world outside moved pins: input capture. */
void tim_inputs_changed(struct chip *chip);

/* usart.c, usart_line.c; n from 0 (USART1) */
void usart_tx_event(struct chip *chip, unsigned n);
void usart_rx_event(struct chip *chip, unsigned n);
/* Its TX line is held. */
bool usart_transmits(const struct chip *chip, unsigned n);
void usart_clock_changed(struct chip *chip);
/* The world outside sends: bytes follow each other on the wire, at peer_baud. Returns how many fit. */
unsigned usart_send_to(struct chip *chip, unsigned n, const uint8_t *bytes, unsigned length);

/* dma.c: a peripheral requests, or no longer requests, a transfer; 0: it has no channel. */
enum dma_line { DMA1_CHANNEL = 0, DMA2_CHANNEL = 7 }; /* plus the number of the channel, from 1 */
void dma_request(struct chip *chip, unsigned line, bool wanted);
void dma_event(struct chip *chip, unsigned n);
void dma_clock_changed(struct chip *chip);

/* dac.c: timers' flags that it waits for, that they have come, and lines of EXTI that have risen. */
uint32_t dac_awaits(const struct chip *chip, unsigned timer);
void dac_trigger(struct chip *chip, unsigned timer, uint32_t flags);
void dac_exti(struct chip *chip, uint32_t lines);
/* What it makes of the pin, 0 to 0xFFF; -1: it does not drive it. */
int dac_output(const struct chip *chip, uint8_t pin);

/* sdio.c: 0 a command, 1 data */
void sdio_event(struct chip *chip, unsigned what);

/* fsmc.c: memory outside of the chip, on chips that have an FSMC; false: bus error. */
bool fsmc_has(const struct chip *chip, uint32_t address);
bool fsmc_memory_read(struct chip *chip, uint32_t address, unsigned size, uint32_t *value);
bool fsmc_memory_write(struct chip *chip, uint32_t address, unsigned size, uint32_t value);

/* can_bus.c */
void can_event(struct chip *chip);
void can_clock_changed(struct chip *chip);

/* rtc.c */
void rtc_event(struct chip *chip);
/* RTCCLK was selected, started or stopped. */
void rtc_clock_changed(struct chip *chip);
void rtc_reset_backup_domain(struct chip *chip);
/* Somebody begins to wait for the alarm. */
void rtc_plan(struct chip *chip);

/* wwdg.c */
void wwdg_event(struct chip *chip);
void wwdg_clock_changed(struct chip *chip);

/* exti.c: level of a line that is not a pin: 16 PVD, 17 RTC alarm, 18 USB wake-up. */
void exti_set_line(struct chip *chip, unsigned line, bool level);

/* pwr.c: the backup domain may be written. */
bool pwr_backup_writable(struct chip *chip, const char *what, uint32_t value);

/* flash.c */
bool flash_is_busy(const struct chip *chip);
/* A write to the flash array by the processor: starts a program operation, or is refused. false: bus error.
 */
bool flash_array_write(struct chip *chip, uint32_t address, unsigned size, uint32_t value);
/* Power fails in the middle of an operation: what was worked on is left in doubt. */
void flash_power_lost(struct chip *chip);
void flash_event(struct chip *chip);
/* Enough wait states, and the prefetch buffer as PM0075 3.1 wants, for the clock now? */
void flash_check_clock(struct chip *chip);
/* flash_options.c: option bytes as a chip comes from the factory; into OBR and WRPR, as at each reset. */
void flash_options_factory(struct chip *chip);
void flash_options_load(struct chip *chip);
/* OBR or WRPR forbids to change the page of this address. */
bool flash_is_protected(const struct chip *chip, uint32_t address);
/* Puts bytes into flash (or option bytes) as a programmer on the bench would; address absolute. false: not
 * flash. */
bool flash_load(struct chip *chip, uint32_t address, const void *bytes, uint32_t length);
/*
 * Bits of the half-word at an absolute, even address that are unstable; 0: none. flash_bytes has them as they
 * were read last.
 */
uint16_t flash_unstable_bits(const struct chip *chip, uint32_t address);
/* Makes exactly these bits of it unstable. false: not flash. At most FLASH_UNSTABLE_PAGES pages have such
 * bits at a time; the one that got them first keeps what it reads. */
bool flash_make_unstable(struct chip *chip, uint32_t address, uint16_t bits);

/* rcc.c */
void rcc_event(struct chip *chip);
uint32_t rcc_usb_hz(const struct chip *chip); /* 0 when the PLL is off */
uint32_t rcc_pclk1_hz(const struct chip *chip);
/* How long a cycle of a peripheral's clock lasts now; 0 while it is off or the chip is in Stop. */
ticks rcc_peripheral_clock(const struct chip *chip, uint32_t peripheral_base);
/* One cycle of ADCCLK; and whether it is within its limit, if an ADC is on. */
ticks rcc_adc_clock(const struct chip *chip);
void rcc_check_adc_clock(struct chip *chip);
/* The same of a timer: twice as fast as its APB if that has a prescaler (RM0008 figure 8). */
ticks rcc_timer_clock(const struct chip *chip, uint32_t peripheral_base);
/* Of RTCCLK, 0: none. */
uint32_t rcc_rtc_hz(const struct chip *chip);
/* Stop mode turns HSI, HSE and PLL off and wakes up on HSI (RM0008 5.3.5). */
void rcc_enter_stop(struct chip *chip);
uint32_t rcc_sysclk_hz(const struct chip *chip);
uint32_t rcc_lsi_hz(const struct chip *chip);
bool rcc_lsi_on(const struct chip *chip);
/* The watchdog runs: LSI is forced on. */
void rcc_force_lsi(struct chip *chip);
/* Tells the peripherals that count time. */
void rcc_clocks_changed(struct chip *chip);
void rcc_set_reset_flags(struct chip *chip, enum reset_cause cause);
/* Backup domain reset: at power-up and by BDCR.BDRST. */
void rcc_reset_backup_domain(struct chip *chip);
bool rcc_clock_enabled(const struct chip *chip, uint32_t peripheral_base);

/* low_power.c */
/* The core sleeps with SLEEPDEEP: Stop or Standby. */
void low_power_enter(struct chip *chip);
/* It is wakes_at. */
void low_power_wake(struct chip *chip);
/* An EXTI line asks for attention, or the WKUP pin or the alarm in Standby. */
void low_power_exti(struct chip *chip);
void low_power_alarm(struct chip *chip);
void low_power_inputs_changed(struct chip *chip);

/* iwdg.c */
void iwdg_event(struct chip *chip);
/* By software, or by the option byte at reset. */
void iwdg_start(struct chip *chip);

/* bus.c */
bool bus_read(void *chip, uint32_t address, unsigned size, uint32_t *value);
bool bus_write(void *chip, uint32_t address, unsigned size, uint32_t value);
bool bus_fetch(void *chip, uint32_t address, uint16_t *half_word);
/* Opens the flash windows of the core, or closes them while the flash is busy. */
void bus_open_flash(struct chip *chip, bool open);
/* Resets every modelled peripheral (but not the backup domain). */
void bus_reset_all(struct chip *chip);
