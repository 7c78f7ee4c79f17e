/* An example on a Blue Pill, and its host. */
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

/* A Blue Pill that was flashed with the example, powered. */
static inline void start(const char *path)
{
    uint32_t length;
    uint8_t *image = read_example(path, &length);

    rig = rig_new("BLUEPILL");
    rig_burn(&rig, rig.app_base, image, length);
    board_power(rig.board, true);
    free(image);
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
