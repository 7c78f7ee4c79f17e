/* Registers of the timers (RM0008 14.4, 15.4, 17.4), and what the files of this folder share. */
#pragma once

#include "chip/chip.h"
#include "tim.h"

enum { CR1 = 0x00, CR2 = 0x04, SMCR = 0x08, DIER = 0x0C, SR = 0x10, EGR = 0x14, CCMR1 = 0x18, CCMR2 = 0x1C };
enum { CCER = 0x20, CNT = 0x24, PSC = 0x28, ARR = 0x2C, RCR = 0x30, CCR1 = 0x34, CCR4 = 0x40, BDTR = 0x44 };
enum { DCR = 0x48, DMAR = 0x4C };
enum {
    CR1_CEN = 1 << 0,
    CR1_UDIS = 1 << 1,
    CR1_URS = 1 << 2,
    CR1_OPM = 1 << 3,
    CR1_DIR = 1 << 4,
    CR1_CMS = 3 << 5,
    CR1_CMS_SHIFT = 5,
    CR1_ARPE = 1 << 7
};
enum { CR2_CCPC = 1 << 0, CR2_CCDS = 1 << 3, CR2_TI1S = 1 << 7, CR2_OIS1 = 1 << 8 };
enum { SMCR_SMS = 7, SMCR_ECE = 1 << 14 };
/* DIER: the DMA request's enable is 8 bits above the interrupt's. SR: overcaptures are 8 bits above CCxIF. */
enum { UIF = 1 << 0, CC1IF = 1 << 1, COMIF = 1 << 5, TIF = 1 << 6, BIF = 1 << 7, CC1OF = 1 << 9 };
enum { CC_FLAGS = 0x1E, DMA_SHIFT = 8 };
enum { UG = 1 << 0, CC1G = 1 << 1, COMG = 1 << 5, TG = 1 << 6, BG = 1 << 7 };
enum { CCS_OUTPUT = 0, CCS_DIRECT = 1, CCS_CROSSED = 2, CCMR_OCPE = 1 << 3 };
enum { OC_FROZEN, OC_ACTIVE, OC_INACTIVE, OC_TOGGLE, OC_FORCE_LOW, OC_FORCE_HIGH, OC_PWM1, OC_PWM2 };
enum { CCER_CCE = 1 << 0, CCER_CCP = 1 << 1, CCER_CCNE = 1 << 2, CCER_CCNP = 1 << 3 };
enum { BDTR_LOCK = 3 << 8, BDTR_OSSI = 1 << 10, BDTR_BKE = 1 << 12, BDTR_AOE = 1 << 14, BDTR_MOE = 1 << 15 };
enum { COUNTS = 0x10000 };

enum { TIMER_CHANNELS = 4 };

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

static inline struct tim *tim_of(const struct device *device)
{
    return device_state(device);
}

/* With complementary outputs, repetitions and four interrupt lines (RM0008 chapter 14). */
static inline bool tim_is_advanced(const struct device *device)
{
    return device->info->class == &tim_advanced_class;
}

/* Without channels (RM0008 chapter 17). */
static inline bool tim_is_basic(const struct device *device)
{
    return device->info->class == &tim_basic_class;
}

static inline bool tim_is_centred(const struct tim *tim)
{
    return tim->CR1 & CR1_CMS;
}

static inline bool tim_counts_down(const struct tim *tim)
{
    return tim->CR1 & CR1_DIR;
}

/* CCMR's byte of a channel. */
static inline uint32_t tim_channel_mode(const struct tim *tim, unsigned channel)
{
    return tim->CCMR[channel / 2] >> 8 * (channel % 2) & 0xFF;
}

static inline bool tim_channel_is_output(const struct tim *tim, unsigned channel)
{
    return (tim_channel_mode(tim, channel) & 3) == CCS_OUTPUT;
}

static inline uint32_t tim_channel_enables(const struct tim *tim, unsigned channel)
{
    return tim->CCER >> 4 * channel & 0xF;
}

/* counter.c */
/* Counts up to now: flags, update events, requests. */
void tim_settle(struct device *device);
/* The same for a copy that nobody sees. */
void tim_settle_copy(struct tim *tim, ticks now);
/* Makes the next event that somebody waits for come at its time. */
void tim_plan(struct device *device);
bool tim_is_counting(const struct tim *tim);
void tim_event(struct device *device, unsigned n);
/* An update event, by the counter or by EGR.UG: what was preloaded comes into effect. */
void tim_load(struct tim *tim);
/* How many counts until the counter is where it is now again. */
uint32_t tim_period_counts(const struct tim *tim);
/* Sets flags and makes the DMA requests that belong to them. */
void tim_raise(struct device *device, uint32_t flags);
/* As if they were raised, for DMA only. */
void tim_request_dma(struct device *device, uint32_t flags);
void tim_update_irqs(struct device *device);

/* output.c */
/* The counter came to a channel's compare value. */
void tim_output_match(struct tim *tim, unsigned channel);
/* Somebody may see this channel's edges one by one. */
int tim_output_level(const struct device *device, unsigned signal);
int tim_output_duty(const struct device *device, unsigned signal);
bool tim_output_is_visible(const struct device *device, unsigned channel);

/* What a trigger output stands for (14.4.2 MMS): the update or a match of channel 1; 0: something else. */
uint32_t tim_trigger_output(const struct tim *tim);

/* capture.c */
/* The levels of the channels' pins now, a bit each. */
uint8_t tim_input_levels(const struct device *device);
/* By an edge or by EGR. */
void tim_capture(struct device *device, unsigned channel);
void tim_inputs_changed(struct device *device);

/* registers.c */
uint32_t tim_read(struct device *device, uint32_t offset);
void tim_write(struct device *device, uint32_t offset, uint32_t value);
void tim_tell_pins(struct device *device);
