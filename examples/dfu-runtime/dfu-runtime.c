/*
 * An application that can be replaced while it runs. Besides blinking the LED it has a DFU run-time interface
 * (DFU 1.1 chapter 4.1), so that
 *
 *     dfu-util -D new.dfu
 *
 * alone takes the board from here to the bootloader, writes the new application and starts it. The build
 * makes it twice, VERSION 1 and 2, told apart by the product string and by how fast the LED blinks.
 */
#include <stddef.h>

#include "clock.h"
#include "dapboot.h" // dapboot_enter
#include "descriptors.h"
#include "led.h"
#include "startup.h"
#include "usb.h"
#include "windows.h"

#define TEXT(number)  TEXT_(number)
#define TEXT_(number) #number

enum { TICKS_PER_SECOND = 1000, HALF_PERIOD = 500 / VERSION };
/* Time for the host to see the end of DFU_DETACH, and then that the device is gone. */
enum { GOODBYE = 5, DISCONNECTED = 20 };

/* DFU 1.1 table 3.2 and 6.1.2 */
enum { DFU_DETACH, DFU_GETSTATUS = 3, DFU_GETSTATE = 5 };
enum { appIDLE, appDETACH };
enum { DFU_FUNCTIONAL = 0x21, DFU_FUNCTIONAL_BYTES = 9 };
enum { CLASS_APPLICATION = 0xFE, SUBCLASS_DFU = 1, PROTOCOL_RUN_TIME = 1 };
/* bitCanDnload, bitCanUpload, bitManifestationTolerant, bitWillDetach: what the bootloader can do, and that
 * this application leaves the bus by itself */
enum { ATTRIBUTES = 15, DETACH_TIMEOUT_MS = 1000, TRANSFER_BYTES = 1024 };
/* What is class-specific, to or from an interface; here there is but one. */
enum { TO_INTERFACE = 0x21, FROM_INTERFACE = 0xA1 };

enum { LENGTH = USB_CONFIGURATION_BYTES + USB_INTERFACE_BYTES + DFU_FUNCTIONAL_BYTES };

static const uint8_t device[] = {USB_DEVICE_DESCRIPTOR(0, VERSION << 8)};
/* clang-format off */
static const uint8_t configuration[] = {
    USB_CONFIGURATION_DESCRIPTOR(LENGTH, 1),
    USB_INTERFACE_BYTES, USB_INTERFACE, 0, 0, 0, CLASS_APPLICATION, SUBCLASS_DFU, PROTOCOL_RUN_TIME, 4,
    DFU_FUNCTIONAL_BYTES, DFU_FUNCTIONAL, ATTRIBUTES, U16(DETACH_TIMEOUT_MS), U16(TRANSFER_BYTES), U16(0x0110),
};
/* clang-format on */
_Static_assert(sizeof configuration == LENGTH, "wTotalLength");

static const char *const strings[] = {"dapboot", "DFU run-time example " TEXT(VERSION), NULL, "Update"};

static volatile uint32_t now;
static volatile bool detaching;

static bool request(struct usb_control *control)
{
    static uint8_t state, status[6]; /* bStatus OK, bwPollTimeout 0, bState, iString */
    const struct usb_setup *setup = &control->setup;

    if (windows_request(control))
        return true;
    if (setup->wIndex != 0)
        return false;
    state = status[4] = detaching ? appDETACH : appIDLE;
    if (setup->bmRequestType == TO_INTERFACE && setup->bRequest == DFU_DETACH)
        return setup->wLength == 0;
    if (setup->bmRequestType == FROM_INTERFACE && setup->bRequest == DFU_GETSTATUS) {
        control->answer = status;
        control->length = sizeof status;
        return true;
    }
    if (setup->bmRequestType == FROM_INTERFACE && setup->bRequest == DFU_GETSTATE) {
        control->answer = &state;
        control->length = sizeof state;
        return true;
    }
    return false;
}

static void completed(const struct usb_control *control)
{
    if (control->setup.bmRequestType == TO_INTERFACE)
        detaching = true;
}

static const struct usb_application application = {
    .device = device,
    .configuration = configuration,
    .strings = strings,
    .string_count = sizeof strings / sizeof strings[0],
    .request = request,
    .completed = completed,
};

void sys_tick(void)
{
    now++;
    led_set(now / HALF_PERIOD % 2);
}

static void wait(uint32_t ticks)
{
    for (uint32_t start = now; now - start < ticks;)
        __asm__ volatile("wfi");
}

void main(void)
{
    led_start();
    clock_start();
    clock_tick(TICKS_PER_SECOND);
    usb_start(&application);
    while (!detaching)
        __asm__ volatile("wfi");
    wait(GOODBYE);
    usb_stop();
    wait(DISCONNECTED);
    dapboot_enter();
}
