/* The test as the host of the USB peripheral, token by token. */
#pragma once

#include "usb_model.h"

enum { EP = 3, ADDRESS = 9 }; /* register and address used by most tests */

static inline struct chip *chip_of(struct model *model)
{
    return &model->board->chip;
}

static inline uint16_t epr(struct model *model, unsigned n)
{
    return (uint16_t)model_read(model, n * 4);
}

/* Without a host of its own: the test is the host. */
static inline int setup_enabled(void **state)
{
    model_setup(state);
    struct model *model = *state;
    board_plug(model->board, false);
    model_enable_usb(model);
    model_write(model, USB_BTABLE, MODEL_TABLE);
    model_write(model, USB_DADDR, DADDR_EF | ADDRESS);
    model_expect_clean(model);
    return 0;
}

static inline void open_endpoint(struct model *model, unsigned n, uint16_t type, enum usb_stat rx,
                                 enum usb_stat tx)
{
    model_table(model, n, MODEL_TX1, MODEL_RX1);
    model_write(model, n * 4, (uint16_t)(type | n));
    model_stat(model, n, USB_TX, tx);
    model_stat(model, n, USB_RX, rx);
}

static inline enum usb_answer out(struct model *model, unsigned endpoint, unsigned toggle, unsigned length)
{
    static const uint8_t data[USB_MAX_PACKET] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    return usb_out(chip_of(model), ADDRESS, (uint8_t)endpoint, toggle, data, length);
}

static inline enum usb_answer in(struct model *model, unsigned endpoint, uint8_t data[USB_MAX_PACKET],
                                 unsigned *length, bool acknowledge)
{
    return usb_in(chip_of(model), ADDRESS, (uint8_t)endpoint, data, length, acknowledge);
}

static inline enum usb_answer setup_token(struct model *model, unsigned endpoint)
{
    static const uint8_t data[8] = {0x80, 6, 0, 1, 0, 0, 18, 0};
    return usb_setup(chip_of(model), ADDRESS, (uint8_t)endpoint, data);
}
