/* The other end of the cable. */
#include "host.h"

#include "application.h" // START_WORDS_OFFSET

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { INTERFACE = 0, PATIENCE_MS = 1000 };

/* Tokens and transfers ----------------------------------------------------------------------------------- */

void host_bus_reset(void)
{
    fake.endpoint.reset = true;
    fake_turn();
}

static void settle(void)
{
    while (!fake_usb_idle())
        fake_turn();
}

void host_setup(uint8_t bmRequestType, uint8_t bRequest, uint16_t wValue, uint16_t wIndex, uint16_t wLength)
{
    struct usb_setup setup = {bmRequestType, bRequest, wValue, wIndex, wLength};
    struct fake_endpoint *endpoint = &fake.endpoint;

    /* while a packet waits, the peripheral takes no other: the host tries again */
    while (endpoint->reset || endpoint->out || endpoint->setup)
        fake_turn();
    memcpy(endpoint->received, &setup, sizeof setup);
    endpoint->received_length = sizeof setup;
    endpoint->setup = true;
    endpoint->sent = false;
    endpoint->rx = endpoint->tx = FAKE_NAK;
}

int host_out_once(const void *data, uint32_t length)
{
    struct fake_endpoint *endpoint = &fake.endpoint;

    if (endpoint->rx == FAKE_STALL)
        return HOST_STALL;
    if (endpoint->rx != FAKE_VALID || endpoint->setup || endpoint->out)
        return HOST_NAK;
    if (length)
        memcpy(endpoint->received, data, length);
    endpoint->received_length = length;
    endpoint->out = true;
    endpoint->rx = FAKE_NAK;
    return (int)length;
}

int host_in_once(void *packet)
{
    struct fake_endpoint *endpoint = &fake.endpoint;

    if (endpoint->tx == FAKE_STALL)
        return HOST_STALL;
    if (endpoint->tx != FAKE_VALID)
        return HOST_NAK;
    if (packet)
        memcpy(packet, endpoint->sending, endpoint->sending_length);
    endpoint->tx = FAKE_NAK;
    endpoint->sent = true;
    return (int)endpoint->sending_length;
}

int host_out(const void *data, uint32_t length)
{
    for (uint32_t start = fake.ms; fake.ms - start < PATIENCE_MS;) {
        fake_turn();

        int answer = host_out_once(data, length);

        if (answer != HOST_NAK)
            return answer;
    }
    return HOST_NAK;
}

int host_in(void *packet)
{
    for (uint32_t start = fake.ms; fake.ms - start < PATIENCE_MS;) {
        fake_turn();

        int answer = host_in_once(packet);

        if (answer != HOST_NAK)
            return answer;
    }
    return HOST_NAK;
}

static int control_in(uint16_t wLength, uint8_t *data)
{
    uint32_t total = 0;
    int length;

    do {
        uint8_t packet[PORT_USB_PACKET];

        length = host_in(packet);
        if (length < 0)
            return length;
        if (total + (uint32_t)length > wLength)
            fail_msg("the device sends more than the %u bytes that were asked for", wLength);
        memcpy(data + total, packet, (size_t)length);
        total += (uint32_t)length;
    } while (length == PORT_USB_PACKET && total < wLength);
    length = host_out(NULL, 0);
    return length < 0 ? length : (int)total;
}

static int control_out(uint16_t wLength, const uint8_t *data)
{
    uint32_t total = 0;

    while (total < wLength) {
        uint32_t length = wLength - total < PORT_USB_PACKET ? wLength - total : PORT_USB_PACKET;
        int answer = host_out(data + total, length);

        if (answer < 0)
            return answer;
        total += length;
    }

    int answer = host_in(NULL);

    if (answer > 0)
        fail_msg("%d bytes in the status stage", answer);
    return answer < 0 ? answer : (int)total;
}

int host_control(uint8_t bmRequestType, uint8_t bRequest, uint16_t wValue, uint16_t wIndex, uint16_t wLength,
                 void *data)
{
    host_setup(bmRequestType, bRequest, wValue, wIndex, wLength);

    int answer = bmRequestType & 0x80 && wLength ? control_in(wLength, data) : control_out(wLength, data);

    settle();
    return answer;
}

void host_enumerate(void)
{
    host_bus_reset();
    assert_int_equal(host_control(0x00, 5, 5, 0, 0, NULL), 0);
    assert_int_equal(fake.address, 5);
    assert_int_equal(host_control(0x00, 9, 1, 0, 0, NULL), 0);
    if (USB_DFU_ALTN)
        host_choose_alternate(USB_DFU_ALTN);
}

void host_choose_alternate(uint16_t alternate)
{
    assert_int_equal(host_control(0x01, 11, alternate, INTERFACE, 0, NULL), 0);
}

/* DFU 1.1 ------------------------------------------------------------------------------------------------ */

int dfu_dnload(uint16_t block, const void *data, uint16_t length)
{
    return host_control(0x21, DFU_DNLOAD, block, INTERFACE, length, (void *)data);
}

int dfu_upload(uint16_t block, void *data, uint16_t length)
{
    return host_control(0xA1, DFU_UPLOAD, block, INTERFACE, length, data);
}

int dfu_out(uint8_t bRequest)
{
    return host_control(0x21, bRequest, 0, INTERFACE, 0, NULL);
}

struct dfu_reply dfu_get_status(void)
{
    uint8_t bytes[6];
    int length = host_control(0xA1, DFU_GETSTATUS, 0, INTERFACE, sizeof bytes, bytes);

    if (length != sizeof bytes)
        fail_msg("DFU_GETSTATUS was answered with %d", length);
    if (!SIGNED)
        assert_int_equal(bytes[5], 0);
    return (struct dfu_reply){bytes[0], bytes[4], bytes[1] | bytes[2] << 8 | (uint32_t)bytes[3] << 16};
}

uint8_t dfu_get_state(void)
{
    uint8_t state;
    int length = host_control(0xA1, DFU_GETSTATE, 0, INTERFACE, 1, &state);

    if (length != 1)
        fail_msg("DFU_GETSTATE was answered with %d", length);
    return state;
}

struct dfu_reply dfu_wait_last(void)
{
    uint8_t bytes[6];
    uint32_t start = fake.ms;

    for (;;) {
        int length = host_control(0xA1, DFU_GETSTATUS, 0, INTERFACE, sizeof bytes, bytes);

        if (length == HOST_STALL) {
            struct dfu_reply reply = dfu_get_status();

            assert_int_equal(reply.bState, dfuERROR);
            assert_int_not_equal(reply.bStatus, STATUS_OK);
            return reply;
        }
        assert_int_equal(length, sizeof bytes);
        if (bytes[4] != dfuMANIFEST)
            break;
        if (fake.ms - start > 60000)
            fail_msg("the device is busy for a minute");
        fake_wait_ms(bytes[1] | bytes[2] << 8);
    }
    assert_int_equal(bytes[0], STATUS_OK); /* an error is never told without a stall before */
    return (struct dfu_reply){bytes[0], bytes[4], 0};
}

struct dfu_reply dfu_wait(void)
{
    uint32_t start = fake.ms;
    struct dfu_reply reply = dfu_get_status();

    while (reply.bState == dfuDNBUSY || reply.bState == dfuMANIFEST) {
        if (fake.ms - start > 60000)
            fail_msg("the device is busy for a minute");
        assert_in_range(reply.bwPollTimeout, 1, SIGNED ? 1000 : 100);
        fake_wait_ms(reply.bwPollTimeout);
        reply = dfu_get_status();
    }
    assert_int_equal(reply.bwPollTimeout, 0);
    return reply;
}

uint8_t client_send_blocks(const struct image *image, uint32_t block, uint16_t *next)
{
    uint16_t number = 0;

    for (uint32_t offset = 0; offset < image->length; number++) {
        uint32_t length = image->length - offset < block ? image->length - offset : block;
        int answer = dfu_dnload(number, image->bytes + offset, (uint16_t)length);
        struct dfu_reply reply = dfu_wait();

        if (reply.bStatus) {
            assert_int_equal(reply.bState, dfuERROR);
            return reply.bStatus;
        }
        assert_int_equal(answer, length);
        assert_int_equal(reply.bState, dfuDNLOAD_IDLE);
        offset += length;
    }
    *next = number;
    return STATUS_OK;
}

uint8_t client_send(const struct image *image, uint32_t block)
{
    uint16_t number;
    uint8_t status = client_send_blocks(image, block, &number);

    if (status)
        return status;
    assert_int_equal(dfu_dnload(number, NULL, 0), 0);

    struct dfu_reply reply = dfu_wait_last();

    assert_int_equal(reply.bState, reply.bStatus ? dfuERROR : dfuIDLE);
    return reply.bStatus;
}

/* Images ------------------------------------------------------------------------------------------------- */

void image_make(struct image *image, uint32_t length, uint32_t seed)
{
    const uint32_t words[2] = {RAM_BASE + RAM_SIZE - 4 * (seed % 64),
                               APP_BASE_ADDRESS + (length > 0x41 ? 0x41 : 1)};
    uint32_t x = seed * 2654435761u + 1;

    image->length = length;
    for (uint32_t i = 0; i < length; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        image->bytes[i] = (uint8_t)x;
    }
    memcpy(image->bytes, words, length < sizeof words ? length : sizeof words);
    /* words 7 and 8 are reserved by ARMv7-M, and 0 in every linked image */
    if (length >= 36)
        memset(image->bytes + 28, 0, 8);
}

const struct image *image_in_flash(const struct image *image)
{
    static struct image flash;

    memset(flash.bytes, BLANK_BYTE, sizeof flash.bytes);
    memcpy(flash.bytes, image->bytes, image->length);
    flash.length = (image->length + FLASH_PAGE_SIZE - 1) / FLASH_PAGE_SIZE * FLASH_PAGE_SIZE;
    if (HIGH) {
        memcpy(flash.bytes + START_WORDS_OFFSET, image->bytes, 8);
        memcpy(flash.bytes + 4, fake_area() + (BOOTLOADER_BASE - FLASH_BASE) + 4, 4);
    }
    return &flash;
}

void image_install(const struct image *image)
{
    const struct image *flash = image_in_flash(image);

    memcpy(fake_area(), flash->bytes, flash->length);
}

bool image_is_in_flash(const struct image *image)
{
    const struct image *flash = image_in_flash(image);

    return !memcmp(fake_area(), flash->bytes, flash->length);
}
