/* Registers of an ADC (RM0008 11.12), and what the files of this folder share. */
#pragma once

#include "adc_v1.h"
#include "chip/chip.h"

enum adc_register {
    ADC_SR = 0x00,
    ADC_CR1 = 0x04,
    ADC_CR2 = 0x08,
    ADC_SMPR1 = 0x0C,
    ADC_SMPR2 = 0x10,
    ADC_JOFR1 = 0x14,
    ADC_HTR = 0x24,
    ADC_LTR = 0x28,
    ADC_SQR1 = 0x2C,
    ADC_SQR3 = 0x34,
    ADC_JSQR = 0x38,
    ADC_JDR1 = 0x3C,
    ADC_DR = 0x4C
};

/* SR; the interrupt enables of CR1 are EOC, AWD, JEOC from bit 5 on. */
enum {
    SR_AWD = 1 << 0,
    SR_EOC = 1 << 1,
    SR_JEOC = 1 << 2,
    SR_JSTRT = 1 << 3,
    SR_STRT = 1 << 4,
    SR_ALL = 0x1F
};

enum {
    CR1_AWDCH = 0x1F,
    CR1_EOCIE = 1 << 5,
    CR1_AWDIE = 1 << 6,
    CR1_JEOCIE = 1 << 7,
    CR1_SCAN = 1 << 8,
    CR1_AWDSGL = 1 << 9,
    CR1_JAUTO = 1 << 10,
    CR1_DISCEN = 1 << 11,
    CR1_JDISCEN = 1 << 12,
    CR1_DUALMOD = 0xF << 16,
    CR1_JAWDEN = 1 << 22,
    CR1_AWDEN = 1 << 23
};

enum {
    CR2_ADON = 1 << 0,
    CR2_CONT = 1 << 1,
    CR2_CAL = 1 << 2,
    CR2_RSTCAL = 1 << 3,
    CR2_DMA = 1 << 8,
    CR2_ALIGN = 1 << 11,
    CR2_JEXTSEL_SHIFT = 12,
    CR2_JEXTTRIG = 1 << 15,
    CR2_EXTSEL_SHIFT = 17,
    CR2_EXTSEL = 7, /* both, shifted down; as a value: by software */
    CR2_EXTTRIG = 1 << 20,
    CR2_JSWSTART = 1 << 21,
    CR2_SWSTART = 1 << 22,
    CR2_TSVREFE = 1 << 23
};

struct adc {
    bool remapped[2]; /* the trigger of the regular, of the injected group is a timer in the place of a pin */
    uint32_t registers[20];
    bool calibrating, regular, injected;   /* what is going on; injected before regular */
    uint8_t regular_place, injected_place; /* in their sequences */
};

static inline struct adc *adc_of(const struct device *device)
{
    return device_state(device);
}

/* registers.c */
static inline uint32_t *adc_register(struct adc *adc, uint32_t offset)
{
    return &adc->registers[offset / 4];
}

void adc_update_interrupt(struct device *device);

/* trigger.c */
/* Writes CR2: what starts conversions may be another trigger now. */
void adc_set_control(struct device *device, uint32_t control);
void adc_line(struct device *device, unsigned input, bool level);

/* conversion.c */
void adc_start_regular(struct device *device);
void adc_start_injected(struct device *device);
void adc_stop(struct device *device);
/* CAL or RSTCAL was set. */
void adc_calibrate(struct device *device, uint32_t bit);
void adc_event(struct device *device, unsigned n);
