/* An example on a board, and its host. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

enum { DFU_PID = 0xDB42, EXAMPLE_PID = 0x0001, MAX_IMAGE = 16 * 1024 };
enum { USB_IN = 0x80 };

static struct rig rig;

static inline uint8_t *read_example(const char *path, uint32_t *length)
{
    char full[128];
    uint8_t *bytes = malloc(MAX_IMAGE);

    snprintf(full, sizeof full, "build/examples/%s.bin", path);
    FILE *file = fopen(full, "rb");
    if (!file || !bytes)
        fail_msg("%s is missing: `make examples` builds it", full);
    *length = (uint32_t)fread(bytes, 1, MAX_IMAGE, file);
    fclose(file);
    return bytes;
}

/* A board that was flashed with the example, powered. */
static inline void start_on(const char *target, const char *path)
{
    uint32_t length;
    uint8_t *image = read_example(path, &length);

    rig = rig_new(target);
    rig_burn(&rig, rig.app_base, image, length);
    board_power(rig.board, true);
    free(image);
}

static inline void start(const char *path)
{
    start_on("BLUEPILL", path);
}

static inline void finish(void)
{
    rig_assert_clean(&rig);
    rig_free(&rig);
}

/* Enumerates whoever appears, within a second; its product id. */
static inline uint16_t enumerate(void)
{
    uint8_t device[18];

    if (!rig.board->chip.powered)
        board_power(rig.board, true);
    for (unsigned ms = 0; ms < 1000; ms += 10) {
        rig_run_ms(&rig, 10);
        if (rig.host->port >= USB_PORT_ATTACHED && usb_host_enumerate(rig.host) == USB_DONE) {
            assert_int_equal(rig_request(&rig, USB_IN, 6, 0x0100, 0, sizeof device, device, NULL), USB_DONE);
            return (uint16_t)(device[10] | device[11] << 8);
        }
    }
    rig_assert_clean(&rig);
    fail_msg("no device appears");
    return 0;
}

static inline void expect_text(unsigned index, const char *text)
{
    uint8_t string[255];
    uint32_t actual = 0;
    char ascii[128] = "";

    assert_int_equal(rig_request(&rig, USB_IN, 6, (uint16_t)(0x0300 | index), 0x0409, 255, string, &actual),
                     USB_DONE);
    assert_int_equal(actual, string[0]);
    for (uint32_t i = 2; i < actual; i += 2)
        ascii[i / 2 - 1] = (char)string[i];
    assert_string_equal(ascii, text);
}

static inline void assert_half_period(unsigned milliseconds)
{
    enum { CHANGES = 12 };
    uint64_t before = rig.board->led_changes;

    rig_run_ms(&rig, CHANGES * milliseconds);
    assert_in_range(rig.board->led_changes - before, CHANGES - 1, CHANGES + 1);
}

/* An example that needs its crystal, on a board where it is dead. */
static inline void assert_makes_way_without_crystal(const char *target, const char *path)
{
    struct chip_config config = rig_config(target);
    uint32_t length;
    uint8_t *image = read_example(path, &length);

    config.hse_hz = 0;
    rig = rig_new_with(target, &config);
    rig_burn(&rig, rig.app_base, image, length);
    board_power(rig.board, true);
    assert_int_equal(enumerate(), DFU_PID);
    free(image);
    finish();
}

/* As dfu-util -D does: DFU_DETACH answered, then the device leaves by itself and comes back as another. */
static inline void detach(void)
{
    assert_int_equal(dfu_send(&rig, DFU_DETACH, 1000, NULL, 0), USB_DONE);
    rig_run_ms(&rig, 15);
    assert_int_equal(rig.host->port, USB_PORT_EMPTY);
    assert_int_equal(enumerate(), DFU_PID);
}

static inline void download(const char *path)
{
    uint32_t length;
    uint8_t *image = read_example(path, &length);

    assert_true(dfu_download(&rig, image, length, rig.transfer_size).done);
    for (unsigned ms = 0; ms < 500 && rig.host->port != USB_PORT_EMPTY; ms++)
        rig_run_ms(&rig, 1);
    assert_int_equal(rig.host->port, USB_PORT_EMPTY);
    free(image);
}

/* A transfer other than control; what came of it, USB_PENDING if nothing did in the time. */
static inline enum usb_host_status move(enum usb_transfer_type type, uint8_t endpoint, uint16_t max_packet,
                                        void *data, uint32_t length, unsigned milliseconds, uint32_t *actual)
{
    struct usb_transfer transfer = {.type = type,
                                    .endpoint = endpoint,
                                    .data = data,
                                    .length = length,
                                    .max_packet = max_packet,
                                    .interval = 10};

    assert_true(usb_host_submit(rig.host, &transfer));
    for (unsigned ms = 0; ms < milliseconds && transfer.status == USB_PENDING; ms++)
        rig_run_ms(&rig, 1);
    enum usb_host_status status = transfer.status;
    if (status == USB_PENDING)
        usb_host_cancel(rig.host, &transfer);
    if (actual)
        *actual = transfer.actual;
    return status;
}
