/* From reset to the application or to DFU: the boot decision, then one endless loop. */
#include "application.h"      // application_is_valid
#include "dfu.h"              // dfu_idle, dfu_tick
#include "image_writer.h"     // image_step
#include "port.h"             // port_*
#include "signed/signature.h" // signature_of_application
#include "usb_device.h"       // usb_device_poll, usb_device_tick

/* Runs from RAM. */
FAR NOINLINE static _Noreturn void serve(void)
{
    dfu_idle();
    for (;;) {
        image_step();
        usb_device_poll();
        if (port_tick()) {
            dfu_tick();
            usb_device_tick();
        }
    }
}

/* On a fast clock, from RAM; afterwards the chip is as after reset again. */
FROM_FLASH static bool application_is_genuine(void)
{
    port_begin_check();

    bool genuine = signature_of_application(image_read(0, FLASH_PAGE_SIZE));

    port_end_check();
    return genuine;
}

/* The reset vector. Until port_start_serving there is no data in RAM, only a stack. */
FROM_FLASH _Noreturn void main(void)
{
    /* ask everything, whatever the first answer: a boot command must not outlive this reset */
    bool stay = port_boot_command();

    if (HAVE_BUTTON)
        stay |= port_button_held();
    if (APP_WATCHDOG_MS)
        stay |= port_watchdog_has_bitten();
    if (APPLICATION_MAY_BE_BEHIND)
        stay |= !port_flash_is_there();
    if (!stay && (!FLASH_MARKS || !application_has_marks()) &&
        application_is_valid(application_start_words()) && (!VERIFY_AT_START || application_is_genuine())) {
        if (HAVE_DOUBLE_TAP)
            port_wait_for_second_reset();
        if (APP_WATCHDOG_MS)
            port_start_watchdog();

        const uint32_t *words = application_start_words();

        port_start_application(stack_pointer(words), words[1]);
    }
    port_start_serving();
    serve();
}
