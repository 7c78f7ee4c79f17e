/* Virtual time: cycles of the processor, whatever a cycle lasts, and the events that are due at a time of
 * their own. */
#include "chip_private.h"

ticks chip_core_time(const struct chip *chip)
{
    return chip->clock_time + (chip->cpu.cycles - chip->clock_cycles) * chip->ticks_per_cycle;
}

ticks chip_now(const struct chip *chip)
{
    return chip->event_time != TICKS_NEVER ? chip->event_time : chip_core_time(chip);
}

uint64_t chip_cycle_at(const struct chip *chip, ticks time)
{
    if (time == TICKS_NEVER) {
        return UINT64_MAX;
    }
    if (time <= chip->clock_time) {
        return chip->clock_cycles;
    }
    ticks ahead = time - chip->clock_time;
    return chip->clock_cycles + ahead / chip->ticks_per_cycle + (ahead % chip->ticks_per_cycle != 0);
}

void chip_pass_time(struct chip *chip, ticks until)
{
    uint64_t cycle = chip_cycle_at(chip, until);
    if (cycle > chip->cpu.cycles) {
        chip->cpu.cycles = cycle;
    }
}

void chip_ask_replan(struct chip *chip)
{
    if (!chip->core_runs) {
        return;
    }
    if (chip->cpu.stop && !chip->replan) {
        chip->halt = true;
    }
    chip->replan = true;
    chip->cpu.stop = true;
}

void chip_stop(struct chip *chip)
{
    chip->halt = true;
    chip->cpu.stop = true;
}

bool chip_begin_call(struct chip *chip)
{
    bool stopped = chip->cpu.stop;
    chip->cpu.stop = false;
    return stopped;
}

void chip_end_call(struct chip *chip, bool stopped)
{
    chip->halt |= chip->cpu.stop;
    chip->cpu.stop |= stopped;
}

/* Whatever time passes now is not counted in cycles. */
static void rebase(struct chip *chip, ticks now)
{
    chip->clock_time = now;
    chip->clock_cycles = chip->cpu.cycles;
}

void chip_pass_asleep(struct chip *chip, ticks until)
{
    if (until > chip_core_time(chip)) {
        rebase(chip, until);
    }
}

void chip_rewind(struct chip *chip, uint64_t cycles)
{
    ticks now = chip_core_time(chip) - (chip->cpu.cycles - cycles) * chip->ticks_per_cycle;
    chip->cpu.cycles = cycles;
    rebase(chip, now);
}

void chip_set_clock(struct chip *chip, ticks ticks_per_cycle)
{
    if (ticks_per_cycle == chip->ticks_per_cycle) {
        return;
    }
    rebase(chip, chip_core_time(chip));
    chip->ticks_per_cycle = ticks_per_cycle;
    chip_ask_replan(chip); /* the limit in cycles is of the old clock */
}

uint32_t chip_hclk_hz(const struct chip *chip)
{
    return (uint32_t)(TICKS_PER_SECOND / chip->ticks_per_cycle);
}

/* Events */

void chip_schedule(struct chip *chip, enum event event, ticks at)
{
    chip->due[event] = at;
    if (at < chip->run_limit) {
        chip_ask_replan(chip);
    }
}

enum event chip_next_event(const struct chip *chip)
{
    unsigned first = 0;
    for (unsigned i = 1; i < EVENT_COUNT; i++) {
        if (chip->due[i] < chip->due[first]) {
            first = i;
        }
    }
    return (enum event)first;
}

static void board_event(struct chip *chip)
{
    bool stopped = chip_begin_call(chip);
    chip->board.host_event(chip->board.context, chip->event_time);
    chip_end_call(chip, stopped);
}

/* Events of peripherals of which there are several. */
static const struct {
    unsigned first, count;
    void (*handle)(struct chip *chip, unsigned n);
} several[] = {
    {EVENT_TIM, TIMERS, tim_event},
    {EVENT_USART_TX, USARTS, usart_tx_event},
    {EVENT_USART_RX, USARTS, usart_rx_event},
    {EVENT_DMA, DMAS, dma_event},
    {EVENT_ADC, ADCS, adc_event},
    {EVENT_SPI, SPIS, spi_event},
    {EVENT_I2C, I2CS, i2c_event},
    {EVENT_SDIO, 2, sdio_event},
};

static void dispatch(struct chip *chip, enum event event)
{
    for (unsigned i = 0; i < sizeof several / sizeof several[0]; i++) {
        if (event - several[i].first < several[i].count) {
            several[i].handle(chip, event - several[i].first);
            return;
        }
    }
    switch ((unsigned)event) {
    case EVENT_FLASH: flash_event(chip); break;
    case EVENT_CLOCK: rcc_event(chip); break;
    case EVENT_IWDG: iwdg_event(chip); break;
    case EVENT_USB: usb_event(chip); break;
    case EVENT_HOST: board_event(chip); break;
    case EVENT_RTC: rtc_event(chip); break;
    case EVENT_WWDG: wwdg_event(chip); break;
    case EVENT_CAN: can_event(chip); break;
    default: break;
    }
}

void chip_handle_event(struct chip *chip, enum event event)
{
    ticks due = chip->due[event];
    chip->due[event] = TICKS_NEVER;
    chip->event_time = due;
    dispatch(chip, event);
    chip->event_time = TICKS_NEVER;
}

void chip_stall(struct chip *chip, ticks until)
{
    while (chip->powered && !chip->reset_requested) {
        enum event event = chip_next_event(chip);
        if (chip->due[event] > until) {
            chip_pass_time(chip, until);
            return;
        }
        chip_pass_time(chip, chip->due[event]);
        chip_handle_event(chip, event);
    }
}
