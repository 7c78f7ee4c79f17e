/* Conversions of the ADCs (RM0008 11.3 to 11.6, 11.10): what is on a channel, how
 * long it takes, what comes of it. */
#include "private.h"

enum { FULL_SCALE = 0xFFF, MIDDLE = 0x800 };
enum { CHANNEL_TEMPERATURE = 16, CHANNEL_REFERENCE = 17 };
/* At VDDA = 3.3 V: 1.43 V at 25 degrees and 1.20 V (DS5319 5.3.19 and table 13). */
enum { TEMPERATURE = 1775, REFERENCE = 1489 };
/* In half cycles of ADCCLK: 11.6 and 11.12.4; calibration: DS5319 table 46. */
enum { CONVERSION = 25, CALIBRATION = 2 * 83, CALIBRATION_RESET = 2 * 4 };

static ticks half_cycles(const struct device *device, unsigned count)
{
    return count * device_kernel_clock(device) / 2;
}

static unsigned sample_half_cycles(const struct adc *adc, unsigned channel)
{
    static const uint16_t times[] = {3, 15, 27, 57, 83, 111, 143, 479};
    enum { SMPR2_CHANNELS = 10, BITS = 3 };
    bool first = channel < SMPR2_CHANNELS;
    uint32_t SMPR = adc->registers[(first ? ADC_SMPR2 : ADC_SMPR1) / 4];
    return times[SMPR >> BITS * (first ? channel : channel - SMPR2_CHANNELS) & 7];
}

/* Volts are not modelled: what is driven is at one of the ends, what is not in the middle. */
static uint32_t pin_value(const struct chip *chip, uint8_t pin)
{
    unsigned port = pin >> 4, number = pin & 15;
    struct pin_drive drive = chip_pin_drive(chip, port, number);
    int level = drive.output, analog = chip_pin_analog(chip, port, number);
    if (analog >= 0)
        return (uint32_t)analog;
    if (level < 0)
        level = chip_outside_level(chip, port, number);
    if (level < 0)
        level = drive.pull;
    return level < 0 ? MIDDLE : level ? FULL_SCALE : 0;
}

/* What has no pin is at VSS, but for the two channels inside of the chip. */
static uint32_t sample(const struct device *device, unsigned channel)
{
    const struct adc_v1_info *info = device_config(device);
    uint8_t pin = channel < ADC_V1_PINS ? info->pin[channel] : NO_PIN;
    bool inside = info->inside && adc_of(device)->registers[ADC_CR2 / 4] & CR2_TSVREFE;
    if (pin != NO_PIN)
        return pin_value(device_chip(device), pin);
    return !inside                          ? 0
           : channel == CHANNEL_TEMPERATURE ? TEMPERATURE
           : channel == CHANNEL_REFERENCE   ? REFERENCE
                                            : 0;
}

/* The regular sequence: 16 places of 5 bits, 6 in SQR3, 6 in SQR2, 4 in SQR1, with L above them. */
static unsigned regular_channel(const struct adc *adc, unsigned place)
{
    enum { PLACES = 6, BITS = 5 };
    return adc->registers[ADC_SQR3 / 4 - place / PLACES] >> BITS * (place % PLACES) & 0x1F;
}

static unsigned length(const struct adc *adc, uint32_t offset, uint32_t mask)
{
    enum { L_SHIFT = 20 };
    return adc->registers[ADC_CR1 / 4] & CR1_SCAN ? (adc->registers[offset / 4] >> L_SHIFT & mask) + 1 : 1;
}

static unsigned regular_length(const struct adc *adc)
{
    return length(adc, ADC_SQR1, 0xF);
}

static unsigned injected_length(const struct adc *adc)
{
    return length(adc, ADC_JSQR, 3);
}

/* The injected sequence ends at JSQ4: with fewer than four it begins later (11.12.12). */
static unsigned injected_channel(const struct adc *adc, unsigned place)
{
    enum { PLACES = 4, BITS = 5 };
    unsigned from = PLACES - ((adc->registers[ADC_JSQR / 4] >> 20 & 3) + 1);
    return adc->registers[ADC_JSQR / 4] >> BITS * (from + place) & 0x1F;
}

static unsigned next_channel(const struct adc *adc)
{
    return adc->injected ? injected_channel(adc, adc->injected_place)
                         : regular_channel(adc, adc->regular_place);
}

static void schedule(struct device *device)
{
    const struct adc *adc = adc_of(device);
    ticks due = TICKS_NEVER;
    if (adc->injected || adc->regular)
        due =
            device_now(device) + half_cycles(device, sample_half_cycles(adc, next_channel(adc)) + CONVERSION);
    device_schedule(device, 0, due);
}

void adc_stop(struct device *device)
{
    struct adc *adc = adc_of(device);
    adc->regular = adc->injected = adc->calibrating = false;
    *adc_register(adc, ADC_CR2) &= ~(uint32_t)(CR2_CAL | CR2_RSTCAL);
    device_schedule(device, 0, TICKS_NEVER);
}

void adc_calibrate(struct device *device, uint32_t bit)
{
    struct adc *adc = adc_of(device);
    *adc_register(adc, ADC_CR2) |= bit;
    adc->calibrating = true;
    device_schedule(device, 0,
                    device_now(device) +
                        half_cycles(device, bit == CR2_CAL ? CALIBRATION : CALIBRATION_RESET));
}

void adc_start_regular(struct device *device)
{
    struct adc *adc = adc_of(device);
    adc->regular = true;
    adc->regular_place = 0;
    *adc_register(adc, ADC_SR) |= SR_STRT;
    if (!adc->calibrating && !adc->injected)
        schedule(device);
}

/* A regular conversion that is under way begins again afterwards (11.3.9). */
void adc_start_injected(struct device *device)
{
    struct adc *adc = adc_of(device);
    adc->injected = true;
    adc->injected_place = 0;
    *adc_register(adc, ADC_SR) |= SR_JSTRT;
    if (!adc->calibrating)
        schedule(device);
}

static uint32_t aligned(const struct adc *adc, uint32_t value, bool injected)
{
    enum { REGULAR_SHIFT = 4, INJECTED_SHIFT = 3 };
    bool left = adc->registers[ADC_CR2 / 4] & CR2_ALIGN;
    return (left ? value << (injected ? INJECTED_SHIFT : REGULAR_SHIFT) : value) & UINT16_MAX;
}

static void watch(struct adc *adc, uint32_t value, unsigned channel, bool injected)
{
    uint32_t CR1 = adc->registers[ADC_CR1 / 4];
    bool watched =
        CR1 & (injected ? CR1_JAWDEN : CR1_AWDEN) && (!(CR1 & CR1_AWDSGL) || (CR1 & CR1_AWDCH) == channel);
    if (watched && (value > adc->registers[ADC_HTR / 4] || value < adc->registers[ADC_LTR / 4]))
        adc->registers[ADC_SR / 4] |= SR_AWD;
}

static void convert_injected(struct device *device)
{
    struct adc *adc = adc_of(device);
    unsigned place = adc->injected_place, channel = injected_channel(adc, place);
    uint32_t value = sample(device, channel);
    watch(adc, value, channel, true);
    adc->registers[ADC_JDR1 / 4 + place] = aligned(adc, value - adc->registers[ADC_JOFR1 / 4 + place], true);
    if (++adc->injected_place == injected_length(adc)) {
        adc->injected = false;
        adc->registers[ADC_SR / 4] |= SR_JEOC;
    }
}

static void regular_group_over(struct adc *adc)
{
    adc->registers[ADC_SR / 4] |= SR_EOC;
    adc->regular_place = 0;
    adc->regular = adc->registers[ADC_CR2 / 4] & CR2_CONT;
    if (adc->registers[ADC_CR1 / 4] & CR1_JAUTO) {
        adc->injected = true;
        adc->injected_place = 0;
    }
}

static void convert_regular(struct device *device)
{
    struct adc *adc = adc_of(device);
    unsigned channel = regular_channel(adc, adc->regular_place);
    uint32_t value = sample(device, channel);
    watch(adc, value, channel, false);
    adc->registers[ADC_DR / 4] = aligned(adc, value, false);
    if (++adc->regular_place >= regular_length(adc))
        regular_group_over(adc);
    if (adc->registers[ADC_CR2 / 4] & CR2_DMA)
        device_drive(device, ADC_V1_DMA, true);
}

void adc_event(struct device *device, unsigned n)
{
    (void)n;
    struct adc *adc = adc_of(device);
    if (adc->calibrating) {
        adc->calibrating = false;
        adc->registers[ADC_CR2 / 4] &= ~(uint32_t)(CR2_CAL | CR2_RSTCAL);
    } else if (adc->injected) {
        convert_injected(device);
    } else {
        convert_regular(device);
    }
    schedule(device);
    adc_update_interrupt(device);
}
