/* Control transfers and the requests of USB 2.0 chapter 9. */
#include <stddef.h>

#include "chip.h" // unique_id_byte
#include "usb_endpoints.h"

enum { MAX_TEXT = 126, IN = 0x80 };
/* USB 2.0 tables 9-2, 9-4, 9-5 */
enum { TYPE = 3 << 5, STANDARD = 0, RECIPIENT = 31, OF_DEVICE = 0, OF_INTERFACE, OF_ENDPOINT };
enum {
    GET_STATUS,
    CLEAR_FEATURE,
    SET_FEATURE = 3,
    SET_ADDRESS = 5,
    GET_DESCRIPTOR,
    GET_CONFIGURATION = 8,
    SET_CONFIGURATION,
    GET_INTERFACE,
    SET_INTERFACE
};
enum { DEVICE = 1, CONFIGURATION, STRING, INTERFACE, ENDPOINT };
enum { ENDPOINT_HALT = 0 };
/* Places in descriptors. */
enum { bLength, bDescriptorType, wTotalLength, bNumInterfaces = 4, bmAttributes = 7, SELF_POWERED = 1 << 6 };
enum { UNIQUE_ID_BYTES = 12 };

const struct usb_application *usb_application;

static enum { IDLE, DATA_IN, DATA_OUT, STATUS_IN, STATUS_OUT } stage;
static struct usb_control control;
static uint16_t moved;        /* bytes of the data stage so far */
static bool zero_packet;      /* must end the data stage */
static bool for_application;  /* the request is its own */
static uint8_t new_address;   /* to be set after the status stage */
static uint8_t configuration; /* bConfigurationValue, 0: none */
static uint8_t small_answer[2];

static struct {
    uint8_t bLength, bDescriptorType;
    uint16_t bString[MAX_TEXT];
} string;

static uint16_t total_length(void)
{
    const uint8_t *descriptor = usb_application->configuration;

    return (uint16_t)(descriptor[wTotalLength] | descriptor[wTotalLength + 1] << 8);
}

/* ---- standard requests: false, and nothing changed, where the standard asks for a stall ---- */

static bool answer(const void *data, uint16_t length)
{
    control.answer = data;
    control.length = length;
    return true;
}

static bool answer_small(uint8_t low, uint16_t length)
{
    small_answer[0] = low;
    return answer(small_answer, length);
}

static void set_text(const char *ascii)
{
    unsigned length = 0;

    for (; length < MAX_TEXT && ascii[length]; length++)
        string.bString[length] = (uint8_t)ascii[length];
    string.bLength = (uint8_t)(2 + 2 * length);
}

static void set_unique_id(void)
{
    for (unsigned i = 0; i < 2 * UNIQUE_ID_BYTES; i++) {
        unsigned digit = unique_id_byte(i / 2) >> (i % 2 ? 0 : 4) & 15;

        string.bString[i] = (uint16_t)(digit < 10 ? '0' + digit : 'A' - 10 + digit);
    }
    string.bLength = 2 + 4 * UNIQUE_ID_BYTES;
}

static bool get_string(unsigned index)
{
    static const uint8_t languages[] = {4, STRING, 0x09, 0x04}; /* English */

    if (index == 0)
        return answer(languages, sizeof languages);
    if (index > usb_application->string_count)
        return false;
    string.bDescriptorType = STRING;
    if (usb_application->strings[index - 1])
        set_text(usb_application->strings[index - 1]);
    else
        set_unique_id();
    return answer(&string, string.bLength);
}

static bool get_descriptor(const struct usb_setup *setup)
{
    switch (setup->wValue >> 8) {
    case DEVICE: return answer(usb_application->device, usb_application->device[bLength]);
    case CONFIGURATION:
        return !(setup->wValue & 0xFF) && answer(usb_application->configuration, total_length());
    case STRING: return get_string(setup->wValue & 0xFF);
    default: return false;
    }
}

static bool set_configuration(uint16_t value)
{
    const uint8_t *descriptor = usb_application->configuration, *end = descriptor + total_length();

    if (value > 1)
        return false;
    usb_endpoints_close();
    for (; value && descriptor < end; descriptor += descriptor[bLength])
        if (descriptor[bDescriptorType] == ENDPOINT)
            usb_endpoint_open(descriptor);
    configuration = (uint8_t)value;
    if (usb_application->configured)
        usb_application->configured(value);
    return true;
}

static bool device_request(const struct usb_setup *setup)
{
    switch (setup->bRequest) {
    case GET_STATUS:
        return answer_small(usb_application->configuration[bmAttributes] & SELF_POWERED ? 1 : 0, 2);
    case SET_ADDRESS: new_address = setup->wValue & 127; return true;
    case GET_DESCRIPTOR: return get_descriptor(setup);
    case GET_CONFIGURATION: return answer_small(configuration, 1);
    case SET_CONFIGURATION: return set_configuration(setup->wValue);
    default: return false;
    }
}

/* No interface here has alternate settings. */
static bool interface_request(const struct usb_setup *setup)
{
    if (!configuration || setup->wIndex >= usb_application->configuration[bNumInterfaces])
        return false;
    switch (setup->bRequest) {
    case GET_STATUS: return answer_small(0, 2);
    case GET_INTERFACE: return answer_small(0, 1);
    case SET_INTERFACE: return setup->wValue == 0;
    default: return false;
    }
}

static bool endpoint_request(const struct usb_setup *setup)
{
    uint8_t endpoint = (uint8_t)setup->wIndex;
    bool is_control = !(endpoint & 127);

    if (!is_control && !(configuration && usb_endpoint_exists(endpoint)))
        return false;
    switch (setup->bRequest) {
    case GET_STATUS: return answer_small(!is_control && usb_endpoint_halted(endpoint), 2);
    case CLEAR_FEATURE:
    case SET_FEATURE:
        if (setup->wValue != ENDPOINT_HALT)
            return false;
        if (!is_control)
            usb_endpoint_halt(endpoint, setup->bRequest == SET_FEATURE);
        return true;
    default: return false;
    }
}

static bool standard_request(const struct usb_setup *setup)
{
    if ((setup->bmRequestType & TYPE) != STANDARD)
        return false;
    switch (setup->bmRequestType & RECIPIENT) {
    case OF_DEVICE: return device_request(setup);
    case OF_INTERFACE: return interface_request(setup);
    case OF_ENDPOINT: return endpoint_request(setup);
    default: return false;
    }
}

/* ---- stages of a control transfer ---- */

static void send_part(void)
{
    uint16_t part = control.length - moved;

    if (part > USB_CONTROL_PACKET)
        part = USB_CONTROL_PACKET;
    usb_send(0, control.answer + moved, part);
    moved += part;
}

static void send_status(void)
{
    stage = STATUS_IN;
    usb_send(0, NULL, 0);
}

static void finish(void)
{
    stage = IDLE;
    if (new_address) {
        usb_set_address(new_address);
        new_address = 0;
    }
    if (for_application && usb_application->completed)
        usb_application->completed(&control);
}

static void begin_data_stage(void)
{
    uint16_t wLength = control.setup.wLength;

    if (control.setup.bmRequestType & IN) {
        /* less than was asked for, in full packets: one without data says so (USB 2.0 5.5.3) */
        zero_packet = control.length < wLength && control.length % USB_CONTROL_PACKET == 0;
        if (control.length > wLength)
            control.length = wLength;
        stage = DATA_IN;
        usb_receive(0); /* the host may have enough at any time */
        send_part();
    } else {
        stage = DATA_OUT;
        usb_receive(0);
    }
}

void usb_device_setup(const uint8_t packet[8])
{
    control = (struct usb_control){
        .setup = {packet[0], packet[1], (uint16_t)(packet[2] | packet[3] << 8),
                  (uint16_t)(packet[4] | packet[5] << 8), (uint16_t)(packet[6] | packet[7] << 8)},
    };
    stage = IDLE;
    moved = 0;
    new_address = 0;

    bool standard = standard_request(&control.setup);

    for_application = !standard && usb_application->request && usb_application->request(&control);
    if (!standard && !for_application)
        usb_control_stall();
    else if (control.setup.wLength == 0)
        send_status();
    else if (control.setup.bmRequestType & IN ? control.answer != NULL
                                              : control.room && control.setup.wLength <= control.length)
        begin_data_stage();
    else
        usb_control_stall();
}

void usb_device_control_sent(bool superseded)
{
    if (stage == STATUS_IN) {
        finish();
    } else if (stage == DATA_IN && !superseded) {
        if (moved < control.length) {
            send_part();
        } else if (zero_packet) {
            zero_packet = false;
            send_part();
        } else {
            stage = STATUS_OUT;
        }
    }
}

void usb_device_control_received(const uint8_t *data, uint16_t length)
{
    if (stage == DATA_IN || stage == STATUS_OUT) {
        finish();
    } else if (stage == DATA_OUT) {
        for (unsigned i = 0; i < length && moved < control.setup.wLength; i++)
            control.room[moved++] = data[i];
        if (moved == control.setup.wLength)
            send_status();
        else
            usb_receive(0);
    }
}

void usb_device_reset(void)
{
    bool was_configured = configuration;

    stage = IDLE;
    configuration = 0;
    if (was_configured && usb_application->configured)
        usb_application->configured(false);
}

/* ---- passed on ---- */

void usb_device_received(uint8_t endpoint, const uint8_t *data, uint16_t length)
{
    if (usb_application->received)
        usb_application->received(endpoint, data, length);
}

void usb_device_sent(uint8_t endpoint)
{
    if (usb_application->sent)
        usb_application->sent(endpoint);
}

void usb_device_frame(void)
{
    if (usb_application->frame)
        usb_application->frame();
}
