/*
 * ADC1 to ADC3 (RM0008 chapter 11): registers. Conversions are in adc_conversion.c, what timers and pins
 * start in adc_trigger.c. Dual and discontinuous modes are not modelled and reported when they are chosen.
 */
#include "adc_registers.h"

enum { HTR_AFTER_RESET = 0xFFF };

static bool wants_interrupt(struct adc *adc)
{
    uint32_t SR = *adc_register(adc, ADC_SR), CR1 = *adc_register(adc, ADC_CR1);
    return (SR & SR_EOC && CR1 & CR1_EOCIE) || (SR & SR_AWD && CR1 & CR1_AWDIE) ||
           (SR & SR_JEOC && CR1 & CR1_JEOCIE);
}

void adc_update_interrupt(struct chip *chip)
{
    cortex_m3_set_irq(&chip->cpu, IRQ_ADC1_2,
                      wants_interrupt(&chip->adc[0]) || wants_interrupt(&chip->adc[1]));
    cortex_m3_set_irq(&chip->cpu, IRQ_ADC3, wants_interrupt(&chip->adc[2]));
}

static void unmodelled(struct chip *chip, unsigned n, const char *name, uint32_t value, const char *what)
{
    chip_violation(chip, SUSPICIOUS, "unmodelled", "ADC%u_%s = 0x%X: %s", n + 1, name, (unsigned)value, what);
}

static void write_CR1(struct chip *chip, unsigned n, uint32_t value)
{
    uint32_t set = value & ~*adc_register(&chip->adc[n], ADC_CR1);
    if (set & CR1_DUALMOD)
        unmodelled(chip, n, "CR1", value, "dual mode (RM0008 11.9): each ADC converts for itself");
    if (set & (CR1_DISCEN | CR1_JDISCEN))
        unmodelled(chip, n, "CR1", value,
                   "discontinuous mode (RM0008 11.3.11): the whole group is converted");
    *adc_register(&chip->adc[n], ADC_CR1) = value;
}

static bool by_software(uint32_t CR2, uint32_t trigger, unsigned shift)
{
    return CR2 & trigger && (CR2 >> shift & CR2_EXTSEL) == CR2_EXTSEL;
}

static void write_CR2(struct chip *chip, unsigned n, uint32_t value)
{
    const uint32_t momentary = CR2_CAL | CR2_RSTCAL | CR2_JSWSTART | CR2_SWSTART;
    struct adc *adc = &chip->adc[n];
    uint32_t before = *adc_register(adc, ADC_CR2);
    adc_set_control(chip, n, (value & ~momentary) | (before & (CR2_CAL | CR2_RSTCAL)));
    if (!(value & CR2_ADON)) {
        adc_stop(chip, n);
        return;
    }
    if (!(before & CR2_ADON))
        rcc_check_adc_clock(chip);
    for (uint32_t bit = CR2_CAL; bit <= CR2_RSTCAL; bit <<= 1)
        if (value & ~before & bit)
            adc_calibrate(chip, n, bit);
    if (value & CR2_SWSTART && by_software(value, CR2_EXTTRIG, CR2_EXTSEL_SHIFT))
        adc_start_regular(chip, n);
    else if (value == before) /* ADON alone, once more (11.12.3) */
        adc_start_regular(chip, n);
    if (value & CR2_JSWSTART && by_software(value, CR2_JEXTTRIG, CR2_JEXTSEL_SHIFT))
        adc_start_injected(chip, n);
}

void adc_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    unsigned n = offset / INSTANCE_SIZE;
    offset %= INSTANCE_SIZE;
    switch (offset) {
    case ADC_SR: *adc_register(&chip->adc[n], ADC_SR) &= value; break;
    case ADC_CR1: write_CR1(chip, n, value); break;
    case ADC_CR2: write_CR2(chip, n, value); break;
    default: *adc_register(&chip->adc[n], offset) = value; break;
    }
    adc_update_interrupt(chip);
}

uint32_t adc_read(struct chip *chip, uint32_t offset)
{
    unsigned n = offset / INSTANCE_SIZE;
    struct adc *adc = &chip->adc[n];
    offset %= INSTANCE_SIZE;
    uint32_t *SR = adc_register(adc, ADC_SR);
    if (offset == ADC_DR) {
        chip->cpu.side_effects += (*SR & SR_EOC) != 0;
        *SR &= ~(uint32_t)SR_EOC;
        dma_request(chip, adc_dma_line[n], false);
        adc_update_interrupt(chip);
    }
    return *adc_register(adc, offset);
}

void adc_reset(struct chip *chip, unsigned n)
{
    adc_stop(chip, n);
    chip->adc[n] = (struct adc){0};
    *adc_register(&chip->adc[n], ADC_HTR) = HTR_AFTER_RESET;
    adc_update_interrupt(chip);
}
