/* Microsoft OS 1.0 Descriptors Specification: the string of index 0xEE, and the extended compatible ID. */
#include "windows.h"

#include "descriptors.h"

enum { GET_DESCRIPTOR = 6, STRING_INDEX = 0xEE, VENDOR_CODE = 0x21, COMPATIBLE_ID = 4 };
enum { FROM_DEVICE = 0x80, VENDOR_FROM_DEVICE = 0xC0 };

/* clang-format off */
static const uint8_t signature[] = {
    18, USB_STRING, 'M', 0, 'S', 0, 'F', 0, 'T', 0, '1', 0, '0', 0, '0', 0, VENDOR_CODE, 0,
};
static const uint8_t compatible_id[] = {
    40, 0, 0, 0, U16(0x0100), U16(COMPATIBLE_ID), 1, 0, 0, 0, 0, 0, 0, 0,
    0 /* interface */, 1, 'W', 'I', 'N', 'U', 'S', 'B', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
};
/* clang-format on */
_Static_assert(sizeof signature == 18 && sizeof compatible_id == 40, "as the specification has them");

static bool answer(struct usb_control *control, const uint8_t *data, uint16_t length)
{
    control->answer = data;
    control->length = length;
    return true;
}

bool windows_request(struct usb_control *control)
{
    const struct usb_setup *setup = &control->setup;

    if (setup->bmRequestType == FROM_DEVICE && setup->bRequest == GET_DESCRIPTOR &&
        setup->wValue == (USB_STRING << 8 | STRING_INDEX))
        return answer(control, signature, sizeof signature);
    if (setup->bmRequestType == VENDOR_FROM_DEVICE && setup->bRequest == VENDOR_CODE &&
        setup->wIndex == COMPATIBLE_ID)
        return answer(control, compatible_id, sizeof compatible_id);
    return false;
}
