/*
 * A keyboard of one key, for every system's own driver: the Blue Pill's BOOT1 jumper is Caps Lock (moved to 1
 * and back), and the LED shows what the host makes of it.
 */
#include <stddef.h>

#include "clock.h"
#include "descriptors.h"
#include "hid_descriptors.h"
#include "led.h"
#include "startup.h"
#include "usb.h"

enum { BUTTON_PIN = 2, DEBOUNCE_MS = 5, CAPS_LOCK_KEY = 0x39, CAPS_LOCK_LED = 1 << 1, FIRST_KEY = 2 };
/* HID 1.11 7.2 */
enum { GET_REPORT = 1, GET_IDLE, GET_PROTOCOL, SET_REPORT = 9, SET_IDLE, SET_PROTOCOL };
enum { TO_INTERFACE = 0x21, FROM_INTERFACE = 0xA1, STANDARD_FROM_INTERFACE = 0x81, GET_DESCRIPTOR = 6 };
enum { INPUT_REPORT = 1, OUTPUT_REPORT = 2, REPORT_PROTOCOL = 1, IDLE_UNIT_MS = 4 };

static const char *const strings[] = {"dapboot", "HID example", NULL};

static uint8_t input[INPUT_REPORT_BYTES], output[OUTPUT_REPORT_BYTES];
static uint8_t idle, protocol = REPORT_PROTOCOL; /* idle: in units of 4 ms, 0: only changes are told */
static bool is_configured, sending, pressed, untold;
static unsigned differs_ms, quiet_ms;

/* Every millisecond: has the jumper moved for good, does the host have to hear of it. */
static void frame(void)
{
    bool is = GPIOB->IDR & BIT(BUTTON_PIN);

    differs_ms = is == pressed ? 0 : differs_ms + 1;
    if (differs_ms == DEBOUNCE_MS) {
        pressed = is;
        input[FIRST_KEY] = pressed ? CAPS_LOCK_KEY : 0;
        untold = true;
    }
    quiet_ms++;
    if (is_configured && !sending && (untold || (idle && quiet_ms >= idle * IDLE_UNIT_MS))) {
        untold = false;
        quiet_ms = 0;
        sending = true;
        usb_send(KEYBOARD_IN, input, sizeof input);
    }
}

static void sent(uint8_t endpoint)
{
    (void)endpoint;
    sending = false;
}

static void configured(bool is)
{
    is_configured = is;
    sending = untold = false;
    idle = 0;
    protocol = REPORT_PROTOCOL;
}

static bool answer(struct usb_control *control, const uint8_t *data, uint16_t length)
{
    control->answer = data;
    control->length = length;
    return true;
}

static bool get_report(struct usb_control *control)
{
    switch (control->setup.wValue >> 8) {
    case INPUT_REPORT: return answer(control, input, sizeof input);
    case OUTPUT_REPORT: return answer(control, output, sizeof output);
    default: return false;
    }
}

static bool set_report(struct usb_control *control)
{
    control->room = output;
    control->length = sizeof output;
    return control->setup.wValue >> 8 == OUTPUT_REPORT && control->setup.wLength == sizeof output;
}

static bool get_descriptor(struct usb_control *control)
{
    switch (control->setup.wValue) {
    case HID_DESCRIPTOR << 8: return answer(control, keyboard_hid, HID_DESCRIPTOR_BYTES);
    case REPORT_DESCRIPTOR << 8: return answer(control, keyboard_report, sizeof keyboard_report);
    default: return false;
    }
}

static bool request(struct usb_control *control)
{
    const struct usb_setup *setup = &control->setup;

    if (setup->wIndex != 0)
        return false;
    switch (setup->bmRequestType << 8 | setup->bRequest) {
    case STANDARD_FROM_INTERFACE << 8 | GET_DESCRIPTOR: return get_descriptor(control);
    case FROM_INTERFACE << 8 | GET_REPORT: return get_report(control);
    case FROM_INTERFACE << 8 | GET_IDLE: return answer(control, &idle, sizeof idle);
    case FROM_INTERFACE << 8 | GET_PROTOCOL: return answer(control, &protocol, sizeof protocol);
    case TO_INTERFACE << 8 | SET_REPORT: return set_report(control);
    case TO_INTERFACE << 8 | SET_IDLE: idle = (uint8_t)(setup->wValue >> 8); return true;
    case TO_INTERFACE << 8 | SET_PROTOCOL:
        protocol = (uint8_t)setup->wValue;
        return setup->wValue <= REPORT_PROTOCOL;
    default: return false;
    }
}

static void completed(const struct usb_control *control)
{
    (void)control;
    led_set(output[0] & CAPS_LOCK_LED);
}

static const struct usb_application application = {
    .device = keyboard_device,
    .configuration = keyboard_configuration,
    .strings = strings,
    .string_count = sizeof strings / sizeof strings[0],
    .request = request,
    .completed = completed,
    .configured = configured,
    .sent = sent,
    .frame = frame,
};

void main(void)
{
    led_start();
    RCC->APB2ENR |= RCC_APB2_IOPB;
    clock_start();
    usb_start(&application);
    for (;;)
        __asm__ volatile("wfi");
}
