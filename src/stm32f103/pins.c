/* The pins of the board: button, LED and what pulls D+ up. */
#include "pins.h"

#include "clock.h" // wait_cycles
#include "port.h"
#include "registers.h"

/* D+, with a resistor to 3.3 V on most boards. */
enum { DPLUS_PORT = GPIOA, DPLUS_PIN = 12 };

/* Pins that are the debug port's until taken from it (RM0008 9.3.5). */
#define IS_SWD(port, pin) ((port) == GPIOA && ((pin) == 13 || (pin) == 14))
#define IS_JTAG(port, pin)                                                                                   \
    (((port) == GPIOA && (pin) == 15) || ((port) == GPIOB && ((pin) == 3 || (pin) == 4)))
#define ANY_PIN(is)                                                                                          \
    ((HAVE_LED && is(LED_GPIO_PORT, LED_GPIO_PIN)) ||                                                        \
     (HAVE_BUTTON && is(BUTTON_GPIO_PORT, BUTTON_GPIO_PIN)) ||                                               \
     (HAVE_USB_PULLUP_CONTROL && is(USB_PULLUP_GPIO_PORT, USB_PULLUP_GPIO_PIN)))

enum {
    CLOCKS = RCC_APB2_IOP(DPLUS_PORT) | (HAVE_LED ? RCC_APB2_IOP(LED_GPIO_PORT) : 0) |
             (HAVE_USB_PULLUP_CONTROL ? RCC_APB2_IOP(USB_PULLUP_GPIO_PORT) : 0) |
             (ANY_PIN(IS_SWD) || ANY_PIN(IS_JTAG) ? RCC_APB2_AFIO : 0),
};

/* CRL or CRH of a port, as after reset but for one pin. */
static inline uint32_t with_pin(uint32_t cr, bool there, unsigned pin, uint32_t mode)
{
    unsigned shift = pin % 8 * 4;

    return there ? (cr & ~(15u << shift)) | mode << shift : cr;
}

/* What CRL (half 0) or CRH (half 1) of a port holds while serving. Of constants the compiler makes a
 * constant. */
static inline uint32_t modes(unsigned port, unsigned half, bool connected)
{
#define IS_HERE(gpio_port, pin) ((gpio_port) == port && (pin) / 8 == half)
    uint32_t cr = with_pin(GPIO_CR_RESET, HAVE_LED && IS_HERE(LED_GPIO_PORT, LED_GPIO_PIN), LED_GPIO_PIN,
                           LED_OPEN_DRAIN ? GPIO_MODE_OUTPUT_OPEN_DRAIN : GPIO_MODE_OUTPUT_PUSH_PULL);

    if (HAVE_USB_PULLUP_CONTROL)
        return with_pin(cr, IS_HERE(USB_PULLUP_GPIO_PORT, USB_PULLUP_GPIO_PIN), USB_PULLUP_GPIO_PIN,
                        USB_PULLUP_OPEN_DRAIN ? GPIO_MODE_OUTPUT_OPEN_DRAIN : GPIO_MODE_OUTPUT_PUSH_PULL);
    return with_pin(cr, !connected && IS_HERE(DPLUS_PORT, DPLUS_PIN), DPLUS_PIN, GPIO_MODE_OUTPUT_PUSH_PULL);
#undef IS_HERE
}

static inline void set_modes(unsigned port, unsigned pin, bool connected)
{
    GPIO[port].CR[pin / 8] = modes(port, pin / 8, connected);
}

static inline void set_level(unsigned port, unsigned pin, bool high)
{
    GPIO[port].BSRR = high ? BIT(pin) : BIT(pin + 16);
}

FROM_FLASH bool port_button_held(void)
{
    enum { BUTTON_CLOCK = RCC_APB2_IOP(BUTTON_GPIO_PORT) };

    RCC->APB2ENR = BUTTON_CLOCK;
    if (BUTTON_USES_PULL) {
        set_level(BUTTON_GPIO_PORT, BUTTON_GPIO_PIN, !BUTTON_ACTIVE_HIGH);
        GPIO[BUTTON_GPIO_PORT].CR[BUTTON_GPIO_PIN / 8] =
            with_pin(GPIO_CR_RESET, true, BUTTON_GPIO_PIN, GPIO_MODE_INPUT_PULL);
    }
    if (BUTTON_SAMPLE_DELAY_CYCLES >= 9)
        wait_cycles(BUTTON_SAMPLE_DELAY_CYCLES / 9); /* given for 72 MHz, waited for at 8 MHz */

    bool high = GPIO[BUTTON_GPIO_PORT].IDR & BIT(BUTTON_GPIO_PIN);

    if (BUTTON_USES_PULL) {
        RCC->APB2RSTR = BUTTON_CLOCK;
        RCC->APB2RSTR = 0;
    }
    RCC->APB2ENR = 0;
    return high == BUTTON_ACTIVE_HIGH;
}

void pins_start(void)
{
    RCC->APB2ENR = CLOCKS;
    if (ANY_PIN(IS_SWD))
        AFIO->MAPR = AFIO_MAPR_NO_SWJ;
    else if (ANY_PIN(IS_JTAG))
        AFIO->MAPR = AFIO_MAPR_NO_JTAG;
    if (HAVE_LED) {
        port_led(false);
        set_modes(LED_GPIO_PORT, LED_GPIO_PIN, false);
    }
}

void pins_disconnect(void)
{
    if (HAVE_USB_PULLUP_CONTROL) {
        set_level(USB_PULLUP_GPIO_PORT, USB_PULLUP_GPIO_PIN, !USB_PULLUP_ACTIVE_HIGH);
        set_modes(USB_PULLUP_GPIO_PORT, USB_PULLUP_GPIO_PIN, false);
    } else {
        set_modes(DPLUS_PORT, DPLUS_PIN, false);
    }
}

void pins_connect(void)
{
    if (HAVE_USB_PULLUP_CONTROL)
        set_level(USB_PULLUP_GPIO_PORT, USB_PULLUP_GPIO_PIN, USB_PULLUP_ACTIVE_HIGH);
    else
        set_modes(DPLUS_PORT, DPLUS_PIN, true);
}

void port_led(bool on)
{
    set_level(LED_GPIO_PORT, LED_GPIO_PIN, on == LED_ACTIVE_HIGH);
}
