/*
 * ADC (RM0008 chapter 11): registers. Conversions are in conversion.c, what timers and pins start in
 * trigger.c. Dual and discontinuous modes are not modelled and reported when they are chosen.
 */
#include "private.h"

enum { HTR_AFTER_RESET = 0xFFF };

static const struct device_register registers[] = {
    AT(0x00) = {"SR", RW | STABLE, 0},
    AT(0x04) = {"CR1", RW | STABLE, 0xFF300000},
    AT(0x08) = {"CR2", RW | STABLE, 0xFF0106F0},
    AT(0x0C) = {"SMPR1", RW | STABLE, 0xFF000000},
    AT(0x10) = {"SMPR2", RW | STABLE, 0xC0000000},
    AT(0x14) = {"JOFR1", RW | STABLE, 0xFFFFF000},
    AT(0x18) = {"JOFR2", RW | STABLE, 0xFFFFF000},
    AT(0x1C) = {"JOFR3", RW | STABLE, 0xFFFFF000},
    AT(0x20) = {"JOFR4", RW | STABLE, 0xFFFFF000},
    AT(0x24) = {"HTR", RW | STABLE, 0xFFFFF000, HTR_AFTER_RESET},
    AT(0x28) = {"LTR", RW | STABLE, 0xFFFFF000},
    AT(0x2C) = {"SQR1", RW | STABLE, 0xFF000000},
    AT(0x30) = {"SQR2", RW | STABLE, 0xC0000000},
    AT(0x34) = {"SQR3", RW | STABLE, 0xC0000000},
    AT(0x38) = {"JSQR", RW | STABLE, 0xFFC00000},
    AT(0x3C) = {"JDR1", READ_ONLY | STABLE, 0},
    AT(0x40) = {"JDR2", READ_ONLY | STABLE, 0},
    AT(0x44) = {"JDR3", READ_ONLY | STABLE, 0},
    AT(0x48) = {"JDR4", READ_ONLY | STABLE, 0},
    AT(0x4C) = {"DR", READ_ONLY, 0},
};

static bool wants_interrupt(struct adc *adc)
{
    uint32_t SR = *adc_register(adc, ADC_SR), CR1 = *adc_register(adc, ADC_CR1);
    return (SR & SR_EOC && CR1 & CR1_EOCIE) || (SR & SR_AWD && CR1 & CR1_AWDIE) ||
           (SR & SR_JEOC && CR1 & CR1_JEOCIE);
}

void adc_update_interrupt(struct device *device)
{
    device_drive(device, ADC_V1_IRQ, wants_interrupt(adc_of(device)));
}

static void unmodelled(struct device *device, const char *name, uint32_t value, const char *what)
{
    device_violation(device, SUSPICIOUS, "unmodelled", "%s_%s = 0x%X: %s", device_name(device), name,
                     (unsigned)value, what);
}

static void write_CR1(struct device *device, uint32_t value)
{
    uint32_t set = value & ~*adc_register(adc_of(device), ADC_CR1);
    if (set & CR1_DUALMOD)
        unmodelled(device, "CR1", value, "dual mode (RM0008 11.9): each ADC converts for itself");
    if (set & (CR1_DISCEN | CR1_JDISCEN))
        unmodelled(device, "CR1", value, "discontinuous mode (RM0008 11.3.11): the whole group is converted");
    *adc_register(adc_of(device), ADC_CR1) = value;
}

static bool by_software(uint32_t CR2, uint32_t trigger, unsigned shift)
{
    return CR2 & trigger && (CR2 >> shift & CR2_EXTSEL) == CR2_EXTSEL;
}

static void write_CR2(struct device *device, uint32_t value)
{
    const uint32_t momentary = CR2_CAL | CR2_RSTCAL | CR2_JSWSTART | CR2_SWSTART;
    struct adc *adc = adc_of(device);
    uint32_t before = *adc_register(adc, ADC_CR2);
    adc_set_control(device, (value & ~momentary) | (before & (CR2_CAL | CR2_RSTCAL)));
    if (!(value & CR2_ADON)) {
        adc_stop(device);
        device_use_kernel_clock(device, false);
        return;
    }
    if (!(before & CR2_ADON))
        device_use_kernel_clock(device, true);
    for (uint32_t bit = CR2_CAL; bit <= CR2_RSTCAL; bit <<= 1)
        if (value & ~before & bit)
            adc_calibrate(device, bit);
    if (value & CR2_SWSTART && by_software(value, CR2_EXTTRIG, CR2_EXTSEL_SHIFT))
        adc_start_regular(device);
    else if (value == before) /* ADON alone, once more (11.12.3) */
        adc_start_regular(device);
    if (value & CR2_JSWSTART && by_software(value, CR2_JEXTTRIG, CR2_JEXTSEL_SHIFT))
        adc_start_injected(device);
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case ADC_SR: *adc_register(adc_of(device), ADC_SR) &= value; break;
    case ADC_CR1: write_CR1(device, value); break;
    case ADC_CR2: write_CR2(device, value); break;
    default: *adc_register(adc_of(device), offset) = value; break;
    }
    adc_update_interrupt(device);
}

static uint32_t read(struct device *device, uint32_t offset)
{
    struct adc *adc = adc_of(device);
    uint32_t *SR = adc_register(adc, ADC_SR);
    if (offset == ADC_DR) {
        *SR &= ~(uint32_t)SR_EOC;
        device_drive(device, ADC_V1_DMA, false);
        adc_update_interrupt(device);
    }
    return *adc_register(adc, offset);
}

static void reset(struct device *device)
{
    adc_stop(device);
    device_use_kernel_clock(device, false);
    device_listen(device, 0);
    *adc_of(device) = (struct adc){.remapped = {adc_of(device)->remapped[0], adc_of(device)->remapped[1]}};
    *adc_register(adc_of(device), ADC_HTR) = HTR_AFTER_RESET;
    adc_update_interrupt(device);
}

const struct device_class adc_v1_class = {
    .state = sizeof(struct adc),
    REGISTERS(registers),
    .sizes = ONLY_WORDS,
    .events = 1,
    .read = read,
    .write = write,
    .reset = reset,
    .event = adc_event,
    .line = adc_line,
};
