/* Which peripheral's signal is on which pin (RM0008 9.3 and AFIO_MAPR in 9.4.2). */
#include "base/pin.h"
#include "chip.h"

enum { NO_PIN = 0xFF, MAX_MAPPINGS = 4, RESERVED = 0xFE };

/* Pins of a signal for each value of its field in MAPR. */
struct mapping {
    struct pin_signal signal;
    uint8_t shift, mask;
    uint8_t pin[MAX_MAPPINGS];
};

#define P(port, number) BOARD_PIN(port, number)
#define TIMER(number, channel)                                                                               \
    {                                                                                                        \
        SIGNAL_TIM, (number)-1, (channel)-1                                                                  \
    }
#define TIMER_N(number, channel)                                                                             \
    {                                                                                                        \
        SIGNAL_TIM_N, (number)-1, (channel)-1                                                                \
    }
#define TX(number)                                                                                           \
    {                                                                                                        \
        SIGNAL_USART_TX, (number)-1, 0                                                                       \
    }
#define RX(number)                                                                                           \
    {                                                                                                        \
        SIGNAL_USART_RX, (number)-1, 0                                                                       \
    }
#define CAN(direction)                                                                                       \
    {                                                                                                        \
        SIGNAL_CAN_##direction, 0, 0                                                                         \
    }
enum {
    SHIFT_USART1 = 2,
    SHIFT_USART2,
    SHIFT_USART3,
    SHIFT_TIM1 = 6,
    SHIFT_TIM2 = 8,
    SHIFT_TIM3 = 10,
    SHIFT_TIM4 = 12,
    SHIFT_CAN = 13,
    FIXED = 0 /* with a mask of 0 */
};

static const struct mapping mappings[] = {
    {TIMER(1, 1), SHIFT_TIM1, 3, {P('A', 8), P('A', 8), RESERVED, P('E', 9)}},
    {TIMER(1, 2), SHIFT_TIM1, 3, {P('A', 9), P('A', 9), RESERVED, P('E', 11)}},
    {TIMER(1, 3), SHIFT_TIM1, 3, {P('A', 10), P('A', 10), RESERVED, P('E', 13)}},
    {TIMER(1, 4), SHIFT_TIM1, 3, {P('A', 11), P('A', 11), RESERVED, P('E', 14)}},
    {TIMER_N(1, 1), SHIFT_TIM1, 3, {P('B', 13), P('A', 7), RESERVED, P('E', 8)}},
    {TIMER_N(1, 2), SHIFT_TIM1, 3, {P('B', 14), P('B', 0), RESERVED, P('E', 10)}},
    {TIMER_N(1, 3), SHIFT_TIM1, 3, {P('B', 15), P('B', 1), RESERVED, P('E', 12)}},
    {TIMER(2, 1), SHIFT_TIM2, 3, {P('A', 0), P('A', 15), P('A', 0), P('A', 15)}},
    {TIMER(2, 2), SHIFT_TIM2, 3, {P('A', 1), P('B', 3), P('A', 1), P('B', 3)}},
    {TIMER(2, 3), SHIFT_TIM2, 3, {P('A', 2), P('A', 2), P('B', 10), P('B', 10)}},
    {TIMER(2, 4), SHIFT_TIM2, 3, {P('A', 3), P('A', 3), P('B', 11), P('B', 11)}},
    {TIMER(3, 1), SHIFT_TIM3, 3, {P('A', 6), RESERVED, P('B', 4), P('C', 6)}},
    {TIMER(3, 2), SHIFT_TIM3, 3, {P('A', 7), RESERVED, P('B', 5), P('C', 7)}},
    {TIMER(3, 3), SHIFT_TIM3, 3, {P('B', 0), RESERVED, P('B', 0), P('C', 8)}},
    {TIMER(3, 4), SHIFT_TIM3, 3, {P('B', 1), RESERVED, P('B', 1), P('C', 9)}},
    {TIMER(4, 1), SHIFT_TIM4, 1, {P('B', 6), P('D', 12), NO_PIN, NO_PIN}},
    {TIMER(4, 2), SHIFT_TIM4, 1, {P('B', 7), P('D', 13), NO_PIN, NO_PIN}},
    {TIMER(4, 3), SHIFT_TIM4, 1, {P('B', 8), P('D', 14), NO_PIN, NO_PIN}},
    {TIMER(4, 4), SHIFT_TIM4, 1, {P('B', 9), P('D', 15), NO_PIN, NO_PIN}},
    {TIMER(5, 1), FIXED, 0, {P('A', 0)}},
    {TIMER(5, 2), FIXED, 0, {P('A', 1)}},
    {TIMER(5, 3), FIXED, 0, {P('A', 2)}},
    {TIMER(5, 4), FIXED, 0, {P('A', 3)}},
    {TIMER(8, 1), FIXED, 0, {P('C', 6)}},
    {TIMER(8, 2), FIXED, 0, {P('C', 7)}},
    {TIMER(8, 3), FIXED, 0, {P('C', 8)}},
    {TIMER(8, 4), FIXED, 0, {P('C', 9)}},
    {TIMER_N(8, 1), FIXED, 0, {P('A', 7)}},
    {TIMER_N(8, 2), FIXED, 0, {P('B', 0)}},
    {TIMER_N(8, 3), FIXED, 0, {P('B', 1)}},
    {TX(1), SHIFT_USART1, 1, {P('A', 9), P('B', 6), NO_PIN, NO_PIN}},
    {RX(1), SHIFT_USART1, 1, {P('A', 10), P('B', 7), NO_PIN, NO_PIN}},
    {TX(2), SHIFT_USART2, 1, {P('A', 2), P('D', 5), NO_PIN, NO_PIN}},
    {RX(2), SHIFT_USART2, 1, {P('A', 3), P('D', 6), NO_PIN, NO_PIN}},
    {TX(3), SHIFT_USART3, 3, {P('B', 10), P('C', 10), RESERVED, P('D', 8)}},
    {RX(3), SHIFT_USART3, 3, {P('B', 11), P('C', 11), RESERVED, P('D', 9)}},
    {TX(4), FIXED, 0, {P('C', 10)}},
    {RX(4), FIXED, 0, {P('C', 11)}},
    {TX(5), FIXED, 0, {P('C', 12)}},
    {RX(5), FIXED, 0, {P('D', 2)}},
    {CAN(RX), SHIFT_CAN, 3, {P('A', 11), RESERVED, P('B', 8), P('D', 0)}},
    {CAN(TX), SHIFT_CAN, 3, {P('A', 12), RESERVED, P('B', 9), P('D', 1)}},
};
enum { MAPPINGS = sizeof mappings / sizeof mappings[0] };

static uint8_t mapped_pin(const struct mapping *mapping, uint32_t MAPR)
{
    return mapping->pin[MAPR >> mapping->shift & mapping->mask];
}

void pin_functions_check(struct chip *chip, uint32_t MAPR)
{
    uint32_t told = 0;
    for (unsigned i = 0; i < MAPPINGS; i++) {
        if (mapped_pin(&mappings[i], MAPR) == RESERVED && !(told >> mappings[i].shift & 1)) {
            told |= 1u << mappings[i].shift;
            chip_violation(chip, UNDEFINED, "afio-remap",
                           "AFIO_MAPR = 0x%08X: %u in the field at bit %u is not used (RM0008 9.4.2)",
                           (unsigned)MAPR, (unsigned)(MAPR >> mappings[i].shift & mappings[i].mask),
                           mappings[i].shift);
        }
    }
}

unsigned pin_signals(const struct chip *chip, unsigned port, unsigned pin,
                     struct pin_signal signals[MAX_PIN_SIGNALS])
{
    unsigned count = 0;
    for (unsigned i = 0; i < MAPPINGS && count < MAX_PIN_SIGNALS; i++) {
        if (mapped_pin(&mappings[i], chip->afio.MAPR) == (port << 4 | pin)) {
            signals[count++] = mappings[i].signal;
        }
    }
    return count;
}

int pin_of_signal(const struct chip *chip, struct pin_signal signal)
{
    for (unsigned i = 0; i < MAPPINGS; i++) {
        const struct pin_signal *s = &mappings[i].signal;
        if (s->kind == signal.kind && s->instance == signal.instance && s->channel == signal.channel) {
            uint8_t pin = mapped_pin(&mappings[i], chip->afio.MAPR);
            return pin == RESERVED ? -1 : pin;
        }
    }
    return -1;
}

/* A transmitter that is on holds its line high between frames; the bits of a frame are not made. CAN's is
 * recessive, high, as soon as it is clocked. */
static int signal_level(const struct chip *chip, const struct pin_signal *signal)
{
    switch (signal->kind) {
    case SIGNAL_TIM:
    case SIGNAL_TIM_N:
        return tim_output_level(chip, signal->instance, signal->channel, signal->kind == SIGNAL_TIM_N);
    case SIGNAL_USART_TX: return usart_transmits(chip, signal->instance) ? 1 : -1;
    case SIGNAL_CAN_TX: return chip->can.clocked ? 1 : -1;
    default: return -1;
    }
}

static int signal_duty(const struct chip *chip, const struct pin_signal *signal)
{
    if (signal->kind == SIGNAL_TIM || signal->kind == SIGNAL_TIM_N) {
        return tim_output_duty(chip, signal->instance, signal->channel, signal->kind == SIGNAL_TIM_N);
    }
    return signal_level(chip, signal) == 1 ? DUTY_FULL : -1;
}

int pin_function_level(const struct chip *chip, unsigned port, unsigned pin)
{
    struct pin_signal signals[MAX_PIN_SIGNALS];
    unsigned count = pin_signals(chip, port, pin, signals);
    for (unsigned i = 0; i < count; i++) {
        int level = signal_level(chip, &signals[i]);
        if (level >= 0) {
            return level;
        }
    }
    return -1;
}

int pin_function_duty(const struct chip *chip, unsigned port, unsigned pin)
{
    struct pin_signal signals[MAX_PIN_SIGNALS];
    unsigned count = pin_signals(chip, port, pin, signals);
    for (unsigned i = 0; i < count; i++) {
        int duty = signal_duty(chip, &signals[i]);
        if (duty >= 0) {
            return duty;
        }
    }
    return -1;
}

bool pin_function_moves(const struct chip *chip, unsigned port, unsigned pin)
{
    struct pin_signal signals[MAX_PIN_SIGNALS];
    unsigned count = pin_signals(chip, port, pin, signals);
    for (unsigned i = 0; i < count; i++) {
        bool timer = signals[i].kind == SIGNAL_TIM || signals[i].kind == SIGNAL_TIM_N;
        if (timer && tim_is_counting(&chip->tim[signals[i].instance])) {
            return true;
        }
    }
    return false;
}
