/* The pins of the board: button, LED and what pulls D+ up. */
#include "pins.h"

#include "cortex_m/systick.h" // systick_wait
#include "port.h"
#include "registers.h" // gpio_*

/*
 * What pulls D+ up: a pin of the board; else the chip, if it can; else a resistor to 3.3 V, which D+ itself
 * has to be held down against.
 */
enum {
    PULLED_INSIDE = !HAVE_USB_PULLUP_CONTROL && USB_PULLUP_INSIDE,
    PULLED_ALWAYS = !(HAVE_USB_PULLUP_CONTROL || USB_PULLUP_INSIDE),
    DPLUS_PORT = GPIOA,
    DPLUS_PIN = 12
};

/* Pins that are the debug port's after reset: SWDIO and SWCLK; JTDI, JTDO and NJTRST. */
#define IS_SWD(port, pin) ((port) == GPIOA && ((pin) == 13 || (pin) == 14))
#define IS_JTAG(port, pin)                                                                                   \
    (((port) == GPIOA && (pin) == 15) || ((port) == GPIOB && ((pin) == 3 || (pin) == 4)))
#define ANY_PIN(is)                                                                                          \
    ((HAVE_LED && is(LED_GPIO_PORT, LED_GPIO_PIN)) ||                                                        \
     (HAVE_BUTTON && is(BUTTON_GPIO_PORT, BUTTON_GPIO_PIN)) ||                                               \
     (HAVE_USB_PULLUP_CONTROL && is(USB_PULLUP_GPIO_PORT, USB_PULLUP_GPIO_PIN)))

enum {
    CLOCKS = (PULLED_INSIDE ? 0 : GPIO_CLOCK(DPLUS_PORT)) | (HAVE_LED ? GPIO_CLOCK(LED_GPIO_PORT) : 0) |
             (HAVE_USB_PULLUP_CONTROL ? GPIO_CLOCK(USB_PULLUP_GPIO_PORT) : 0) |
             (ANY_PIN(IS_SWD) || ANY_PIN(IS_JTAG) ? DEBUG_PINS_CLOCK : 0),
};

/*
 * The modes of all pins that share a register with this one, while serving: as after reset except for the
 * board's. Of constants the compiler makes a constant.
 */
static inline gpio_modes modes_beside(unsigned port, unsigned pin, bool connected)
{
#define SHARES(gpio_port, gpio_pin) ((gpio_port) == port && gpio_shares_modes(gpio_pin, pin))
    gpio_modes modes = gpio_reset_modes(port);

    if (HAVE_LED && SHARES(LED_GPIO_PORT, LED_GPIO_PIN))
        modes =
            gpio_with(modes, LED_GPIO_PIN, LED_OPEN_DRAIN ? GPIO_OUTPUT_OPEN_DRAIN : GPIO_OUTPUT_PUSH_PULL);
    if (HAVE_USB_PULLUP_CONTROL && SHARES(USB_PULLUP_GPIO_PORT, USB_PULLUP_GPIO_PIN))
        modes = gpio_with(modes, USB_PULLUP_GPIO_PIN,
                          USB_PULLUP_OPEN_DRAIN ? GPIO_OUTPUT_OPEN_DRAIN : GPIO_OUTPUT_PUSH_PULL);
    if (PULLED_ALWAYS && !connected && SHARES(DPLUS_PORT, DPLUS_PIN))
        modes = gpio_with(modes, DPLUS_PIN, GPIO_OUTPUT_PUSH_PULL);
#undef SHARES
    return modes;
}

static inline void set_mode(unsigned port, unsigned pin, bool connected)
{
    gpio_set_modes(port, pin, modes_beside(port, pin, connected));
}

FROM_FLASH bool port_button_held(void)
{
    enum {
        BUTTON_CLOCK = GPIO_CLOCK(BUTTON_GPIO_PORT),
        CYCLES = BUTTON_SAMPLE_DELAY_CYCLES / (72000 / RESET_KHZ)
    };

    gpio_clocks(BUTTON_CLOCK);
    if (BUTTON_USES_PULL) {
        gpio_set_pull(BUTTON_GPIO_PORT, BUTTON_GPIO_PIN, !BUTTON_ACTIVE_HIGH);
        gpio_set_modes(BUTTON_GPIO_PORT, BUTTON_GPIO_PIN,
                       gpio_with(gpio_reset_modes(BUTTON_GPIO_PORT), BUTTON_GPIO_PIN, GPIO_INPUT_PULL));
    }
    if (CYCLES > 0)
        systick_wait(CYCLES);

    bool high = gpio_is_high(BUTTON_GPIO_PORT, BUTTON_GPIO_PIN);

    if (BUTTON_USES_PULL)
        gpio_reset(BUTTON_CLOCK);
    gpio_clocks(0);
    return high == BUTTON_ACTIVE_HIGH;
}

/* In a fault before RAM is filled, too. */
IN_FLASH void pins_disconnect(void)
{
    if (HAVE_USB_PULLUP_CONTROL) {
        gpio_set(USB_PULLUP_GPIO_PORT, USB_PULLUP_GPIO_PIN, !USB_PULLUP_ACTIVE_HIGH);
        set_mode(USB_PULLUP_GPIO_PORT, USB_PULLUP_GPIO_PIN, false);
    } else if (PULLED_INSIDE) {
        usb_pull_up(false);
    } else {
        set_mode(DPLUS_PORT, DPLUS_PIN, false);
    }
}

void pins_start(void)
{
    gpio_clocks(CLOCKS);
    if (PULLED_INSIDE)
        usb_pull_up_start();
    take_debug_pins(ANY_PIN(IS_SWD), ANY_PIN(IS_JTAG));
    if (HAVE_LED) {
        if (!LED_ACTIVE_HIGH) /* else it is off after reset */
            port_led(false);
        set_mode(LED_GPIO_PORT, LED_GPIO_PIN, false);
    }
    if (!PULLED_INSIDE) /* else nothing pulls D+ up after reset */
        pins_disconnect();
}

void pins_connect(void)
{
    if (HAVE_USB_PULLUP_CONTROL)
        gpio_set(USB_PULLUP_GPIO_PORT, USB_PULLUP_GPIO_PIN, USB_PULLUP_ACTIVE_HIGH);
    else if (PULLED_INSIDE)
        usb_pull_up(true);
    else
        set_mode(DPLUS_PORT, DPLUS_PIN, true);
}

void port_led(bool on)
{
    gpio_set(LED_GPIO_PORT, LED_GPIO_PIN, on == LED_ACTIVE_HIGH);
}
