/* A device in each state of USB 2.0 9.1.1, and requests to it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../usb_protocol.h"
#include "rig.h"

/* Feature selectors, table 9-6. */
enum { ENDPOINT_HALT, DEVICE_REMOTE_WAKEUP, TEST_MODE };
/* bmRequestType. */
enum { DEVICE = 0x00, INTERFACE = 0x01, ENDPOINT = 0x02, IN = 0x80, CLASS = 0x20, VENDOR = 0x40 };

/* Device states, 9.1.1. */
enum device_state { DEFAULT, ADDRESS, CONFIGURED, STATES };
static const char *const state_names[] = {"Default", "Address", "Configured"};
enum { OWN_ADDRESS = 5 };

static struct rig rig;
static void *snapshot[STATES];

static inline enum usb_host_status request(uint8_t type, uint8_t bRequest, uint16_t wValue, uint16_t wIndex,
                                           uint16_t wLength, void *data, uint32_t *actual)
{
    return rig_request(&rig, type, bRequest, wValue, wIndex, wLength, data, actual);
}

static inline void reset_bus(void)
{
    usb_host_reset(rig.host, 10);
    rig_run_ms(&rig, 25);
    assert_int_equal(rig.host->port, USB_PORT_ENABLED);
}

static inline void go_to(enum device_state state)
{
    board_restore(rig.board, snapshot[state]);
}

static inline int take_snapshots(void **state)
{
    (void)state;
    rig = rig_new("BLUEPILL");
    assert_true(rig_enter_dfu(&rig));
    reset_bus();
    snapshot[DEFAULT] = board_save(rig.board);
    assert_int_equal(request(DEVICE, SET_ADDRESS, OWN_ADDRESS, 0, 0, NULL, NULL), USB_DONE);
    snapshot[ADDRESS] = board_save(rig.board);
    assert_int_equal(request(DEVICE, SET_CONFIGURATION, 1, 0, 0, NULL, NULL), USB_DONE);
    snapshot[CONFIGURED] = board_save(rig.board);
    return 0;
}

static inline int free_snapshots(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STATES; i++)
        free(snapshot[i]);
    rig_free(&rig);
    return 0;
}

/* Nothing forbidden was done, and the device still answers. */
static inline void expect_alive(void)
{
    uint8_t data[18];
    uint32_t actual = 0;

    rig_assert_clean(&rig);
    assert_int_equal(request(IN | DEVICE, GET_DESCRIPTOR, 0x0100, 0, 18, data, &actual), USB_DONE);
    assert_int_equal(actual, 18);
}

static inline uint8_t configuration(void)
{
    uint8_t value = 0xFF;

    assert_int_equal(request(IN | DEVICE, GET_CONFIGURATION, 0, 0, 1, &value, NULL), USB_DONE);
    return value;
}

enum { LONG_ANSWER = 162 /* Microsoft OS 2.0 descriptor set */, PACKET = 64 };
