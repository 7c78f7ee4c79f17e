/*
 * A USB device in C for the tests of the USB peripheral, the host and usb-redir: it works the peripheral's
 * registers through the chip's bus as firmware would, from a hook that runs after each event of the host.
 * The processor itself spins on a branch to itself.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/addresses.h"
#include "board/board.h"
#include "chips/stm32f103.h"
#include "devices/rcc_f1/rcc_f1.h"
#include "devices/usb_fsdev/private.h"

enum {
    MODEL_TABLE = 0,
    MODEL_TX0 = 0x40,
    MODEL_RX0 = 0x80,
    MODEL_TX1 = 0xC4,
    MODEL_RX1 = 0x104,
    MODEL_TX2 = 0x150,
    MODEL_TX3 = 0x160,
    MODEL_RX4 = 0x1A0,
    MODEL_ISO_BYTES = 32,
    MODEL_BLOCKS_32 = 0x8000, /* COUNT_RX of a buffer of 32 bytes */
    MODEL_PACKET = 64,
    MODEL_BLOCKS_64 = 0x8400, /* COUNT_RX of a buffer of 64 bytes */
    MODEL_RULES = 32
};

enum { MODEL_STORE = 1, MODEL_PATTERN = 2, MODEL_DETACH = 3, MODEL_ISO_START = 4 }; /* vendor requests */

struct model {
    struct board *board;
    bool control; /* answers on endpoint 0 */
    ticks delay;  /* from a packet to the answer */
    ticks ready;
    uint8_t setup[8];
    uint8_t data[65536];
    uint32_t at, length; /* of the data stage */
    uint8_t new_address, configuration, alternate;
    uint8_t product;        /* low byte of idProduct */
    uint8_t control_packet; /* bMaxPacketSize0; 0: MODEL_PACKET */
    unsigned resets, setups;
    uint8_t loop[MODEL_PACKET];
    bool interrupt_wanted;
    bool isochronous;
    uint32_t heard; /* bytes of isochronous packets, which are in data */
    unsigned violations;
    enum violation_level level[MODEL_RULES];
    char rule[MODEL_RULES][40];
};

enum { USB_BASE = 0x40005C00 };

/* What the peripheral knows. */
static inline struct usb *usb_state(struct board *board)
{
    return device_state(chip_device(&board->chip, board->chip.info->usb));
}

/* Its registers, past the bus. */
static inline uint32_t usb_read(struct chip *chip, uint32_t offset)
{
    struct device *device = chip_device(chip, chip->info->usb);
    return device->info->class->read(device, offset);
}

static inline void usb_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    struct device *device = chip_device(chip, chip->info->usb);
    if (offset >= USB_MEMORY_OFFSET)
        fsdev_memory_write(device, offset, value);
    else
        device->info->class->write(device, offset, value);
}

static struct model *model_now; /* the chip's hooks know the board only */

static inline uint32_t model_read(struct model *model, uint32_t offset)
{
    uint32_t value = 0;
    assert_true(bus_read(&model->board->chip, USB_BASE + offset, 2, &value));
    return value;
}

static inline void model_write(struct model *model, uint32_t offset, uint32_t value)
{
    assert_true(bus_write(&model->board->chip, USB_BASE + offset, 2, value & 0xFFFF));
}

static inline void model_poke(struct model *model, unsigned address, uint16_t value)
{
    model_write(model, USB_MEMORY_OFFSET + address * 2, value);
}

static inline uint16_t model_peek(struct model *model, unsigned address)
{
    return (uint16_t)model_read(model, USB_MEMORY_OFFSET + address * 2);
}

/* Sets STAT of one direction, leaves everything else of the register alone. */
static inline void model_stat(struct model *model, unsigned n, enum usb_direction direction,
                              enum usb_stat stat)
{
    uint16_t epr = (uint16_t)model_read(model, n * 4);
    uint16_t mask = direction == USB_RX ? EPR_STAT_RX : EPR_STAT_TX;
    uint16_t toggles = (fsdev_with_stat(epr, direction, stat) ^ epr) & mask;
    model_write(model, n * 4, (epr & EPR_READ_WRITE) | EPR_CTR | toggles);
}

static inline void model_clear_ctr(struct model *model, unsigned n, uint16_t flag)
{
    uint16_t epr = (uint16_t)model_read(model, n * 4);
    model_write(model, n * 4, (epr & EPR_READ_WRITE) | (EPR_CTR & ~flag));
}

static inline void model_table(struct model *model, unsigned n, unsigned tx, unsigned rx)
{
    model_poke(model, MODEL_TABLE + n * 8, (uint16_t)tx);
    model_poke(model, MODEL_TABLE + n * 8 + 2, 0);
    model_poke(model, MODEL_TABLE + n * 8 + 4, (uint16_t)rx);
    model_poke(model, MODEL_TABLE + n * 8 + 6, MODEL_BLOCKS_64);
}

static inline void model_copy_in(struct model *model, unsigned n, unsigned address, const uint8_t *data,
                                 unsigned length)
{
    for (unsigned i = 0; i < length; i += 2)
        model_poke(model, address + i, (uint16_t)(data[i] | (i + 1 < length ? data[i + 1] << 8 : 0)));
    model_poke(model, MODEL_TABLE + n * 8 + 2, (uint16_t)length);
}

static inline unsigned model_copy_out(struct model *model, unsigned n, unsigned address, uint8_t *data)
{
    unsigned length = model_peek(model, MODEL_TABLE + n * 8 + 6) & 0x3FF;
    for (unsigned i = 0; i < length; i++)
        data[i] = (uint8_t)(model_peek(model, address + (i & ~1u)) >> (i % 2 ? 8 : 0));
    return length;
}

static inline void model_send(struct model *model, unsigned n, unsigned address, const uint8_t *data,
                              unsigned length)
{
    model_copy_in(model, n, address, data, length);
    model_stat(model, n, USB_TX, STAT_VALID);
}

static inline void model_configure_endpoints(struct model *model)
{
    static const uint8_t status[2] = {0x5A, 0xA5};
    for (unsigned n = 1; n < 5; n++) { /* back to DISABLED and DATA0 */
        uint16_t epr = (uint16_t)model_read(model, n * 4);
        model_write(model, n * 4, (epr & (EPR_READ_WRITE | EPR_TOGGLE)));
    }
    if (!model->configuration || model->alternate)
        return;
    model_table(model, 1, MODEL_TX1, MODEL_RX1);
    model_write(model, 4, EPR_BULK | 1);
    model_stat(model, 1, USB_TX, STAT_NAK);
    model_stat(model, 1, USB_RX, STAT_VALID);
    model_table(model, 2, MODEL_TX2, 0);
    model_write(model, 8, EPR_INTERRUPT | 2);
    model_send(model, 2, MODEL_TX2, status, sizeof status);
}

static inline void model_bus_reset(struct model *model)
{
    model->resets++;
    model->length = model->at = 0;
    model->configuration = model->alternate = 0;
    model->isochronous = false;
    model_write(model, USB_ISTR, (uint16_t)~ISTR_RESET);
    for (unsigned n = 0; n < 5; n++)
        model_clear_ctr(model, n, EPR_CTR);
    model_write(model, USB_BTABLE, MODEL_TABLE);
    model_table(model, 0, MODEL_TX0, MODEL_RX0);
    model_write(model, 0, EPR_CONTROL);
    model_stat(model, 0, USB_TX, STAT_NAK);
    model_stat(model, 0, USB_RX, STAT_VALID);
    model_write(model, USB_DADDR, DADDR_EF);
}

static inline unsigned model_control_packet(const struct model *model)
{
    return model->control_packet ? model->control_packet : MODEL_PACKET;
}

static inline const uint8_t *model_descriptor(struct model *model, unsigned kind, uint32_t *length)
{
    static uint8_t device[18] = {18, 1, 0x10, 2, 0, 0, 0, 64, 0x09, 0x12, 0x42, 0xDB, 0x23, 0x01, 0, 0, 0, 1};
    static const uint8_t configuration[] = {
        9,
        2,
        62,
        0,
        1,
        1,
        0,
        0x80,
        50, /* configuration 1 */
        9,
        4,
        0,
        0,
        5,
        0xFF,
        1,
        2,
        0, /* interface 0 */
        7,
        5,
        0x01,
        2,
        64,
        0,
        0,
        7,
        5,
        0x81,
        2,
        64,
        0,
        0, /* bulk */
        7,
        5,
        0x82,
        3,
        8,
        0,
        4,
        7,
        5,
        0x83,
        1,
        MODEL_ISO_BYTES,
        0,
        1, /* interrupt, isochronous */
        7,
        5,
        0x04,
        1,
        MODEL_ISO_BYTES,
        0,
        1,
        9,
        4,
        0,
        1,
        0,
        0xFE,
        1,
        2,
        0, /* its alternate setting */
    };
    device[7] = (uint8_t)model_control_packet(model);
    device[10] = model->product;
    *length = kind == 1 ? sizeof device : kind == 2 ? sizeof configuration : 0;
    return kind == 1 ? device : configuration;
}

static inline void model_next_packet(struct model *model)
{
    uint32_t left = model->length - model->at;
    uint32_t now = left < model_control_packet(model) ? left : model_control_packet(model);
    model_send(model, 0, MODEL_TX0, model->data + model->at, now);
    model->at += now;
    model_stat(model, 0, USB_RX, STAT_VALID); /* the host may end the data stage early */
}

static inline void model_answer(struct model *model, const uint8_t *data, uint32_t length)
{
    uint32_t wanted = model->setup[6] | (uint32_t)model->setup[7] << 8;
    model->length = length < wanted ? length : wanted;
    model->at = 0;
    if (data != model->data)
        memcpy(model->data, data, model->length);
    model_next_packet(model);
}

static inline void model_status(struct model *model)
{
    model_send(model, 0, MODEL_TX0, NULL, 0);
    model_stat(model, 0, USB_RX, STAT_VALID);
}

static inline void model_stall(struct model *model)
{
    model_stat(model, 0, USB_TX, STAT_STALL);
    model_stat(model, 0, USB_RX, STAT_STALL);
}

static inline void model_start_iso(struct model *model)
{
    uint8_t bytes[MODEL_ISO_BYTES];
    memset(bytes, 0x77, sizeof bytes);
    model_table(model, 3, MODEL_TX3, MODEL_TX3 + MODEL_ISO_BYTES);
    model_copy_in(model, 3, MODEL_TX3, bytes, sizeof bytes);
    model_copy_in(model, 3, MODEL_TX3 + MODEL_ISO_BYTES, bytes, sizeof bytes);
    model_poke(model, MODEL_TABLE + 3 * 8 + 6, MODEL_ISO_BYTES);
    model_write(model, 12, EPR_ISOCHRONOUS | 3);
    model_stat(model, 3, USB_TX, STAT_VALID);
    model_table(model, 4, MODEL_RX4, MODEL_RX4 + MODEL_ISO_BYTES);
    model_poke(model, MODEL_TABLE + 4 * 8 + 2, MODEL_BLOCKS_32);
    model_poke(model, MODEL_TABLE + 4 * 8 + 6, MODEL_BLOCKS_32);
    model_write(model, 16, EPR_ISOCHRONOUS | 4);
    model_stat(model, 4, USB_RX, STAT_VALID);
    model->isochronous = true;
    model->heard = 0;
}

/* The isochronous packet is in the buffer that the peripheral has left. */
static inline void model_hear(struct model *model)
{
    uint16_t epr = (uint16_t)model_read(model, 16);
    if (!(epr & EPR_CTR_RX))
        return;
    unsigned second = epr & EPR_DTOG_RX ? 0 : 1;
    unsigned length = model_peek(model, MODEL_TABLE + 4 * 8 + 2 + 4 * second) & 0x3FF;
    for (unsigned i = 0; i < length; i++) {
        uint16_t pair = model_peek(model, MODEL_RX4 + second * MODEL_ISO_BYTES + (i & ~1u));
        model->data[model->heard++] = (uint8_t)(pair >> (i % 2 ? 8 : 0));
    }
    model_clear_ctr(model, 4, EPR_CTR_RX);
}

static inline void model_request(struct model *model)
{
    const uint8_t *setup = model->setup;
    uint32_t length = 0, wanted = setup[6] | (uint32_t)setup[7] << 8;
    model->length = model->at = 0;
    switch (setup[0] << 8 | setup[1]) {
    case 0x8006: {
        const uint8_t *descriptor = model_descriptor(model, setup[3], &length);
        if (length)
            model_answer(model, descriptor, length);
        else
            model_stall(model);
        break;
    }
    case 0x8008: model_answer(model, &model->configuration, 1); break;
    case 0x810A: model_answer(model, &model->alternate, 1); break;
    case 0x0005:
        model->new_address = setup[2];
        model_status(model);
        break;
    case 0x0009:
        model->configuration = setup[2];
        model_configure_endpoints(model);
        model_status(model);
        break;
    case 0x010B:
        model->alternate = setup[2];
        model_configure_endpoints(model);
        model_status(model);
        break;
    case 0x4000 | MODEL_STORE:
        model->length = wanted;
        if (wanted)
            model_stat(model, 0, USB_RX, STAT_VALID);
        else
            model_status(model);
        break;
    case 0xC000 | MODEL_PATTERN:
        for (uint32_t i = 0; i < wanted; i++)
            model->data[i] = (uint8_t)(i * 7);
        model_answer(model, model->data, wanted);
        break;
    case 0x4000 | MODEL_ISO_START:
        model_start_iso(model);
        model_status(model);
        break;
    default: model_stall(model);
    }
}

static inline void model_control_received(struct model *model, uint16_t epr)
{
    if (epr & EPR_SETUP) {
        model_copy_out(model, 0, MODEL_RX0, model->setup);
        model->setups++;
        model_clear_ctr(model, 0, EPR_CTR_RX);
        model_request(model);
        return;
    }
    bool storing = model->setup[0] == 0x40 && model->at < model->length;
    if (storing)
        model->at += model_copy_out(model, 0, MODEL_RX0, model->data + model->at);
    model_clear_ctr(model, 0, EPR_CTR_RX);
    if (storing && model->at == model->length)
        model_status(model);
    else
        model_stat(model, 0, USB_RX, STAT_VALID);
}

static inline void model_control_sent(struct model *model)
{
    model_clear_ctr(model, 0, EPR_CTR_TX);
    if (model->new_address) {
        model_write(model, USB_DADDR, DADDR_EF | model->new_address);
        model->new_address = 0;
    }
    if (model->setup[0] & 0x80 && model->at < model->length)
        model_next_packet(model);
}

static inline void model_data_endpoints(struct model *model)
{
    uint16_t epr = (uint16_t)model_read(model, 4);
    if (epr & EPR_CTR_TX) {
        model_clear_ctr(model, 1, EPR_CTR_TX);
        model_stat(model, 1, USB_RX, STAT_VALID);
    }
    if (epr & EPR_CTR_RX) { /* bulk is sent back */
        unsigned length = model_copy_out(model, 1, MODEL_RX1, model->loop);
        model_clear_ctr(model, 1, EPR_CTR_RX);
        model_send(model, 1, MODEL_TX1, model->loop, length);
    }
    if (model_read(model, 8) & EPR_CTR_TX)
        model_clear_ctr(model, 2, EPR_CTR_TX);
    if (!model->isochronous)
        return;
    if (model_read(model, 12) & EPR_CTR_TX)
        model_clear_ctr(model, 3, EPR_CTR_TX);
    model_hear(model);
}

/* One turn of the device's main loop. */
static inline void model_step(struct model *model)
{
    ticks now = board_now(model->board);
    if (!fsdev_powered(chip_device(&model->board->chip, model->board->chip.info->usb)))
        return;
    if (model_read(model, USB_ISTR) & ISTR_RESET) {
        model_bus_reset(model);
        return;
    }
    if (!model->control)
        return;
    uint16_t epr = (uint16_t)model_read(model, 0);
    if (epr & EPR_CTR && model->delay && model->ready == 0)
        model->ready = now + model->delay;
    if (now >= model->ready) {
        model->ready = 0;
        if (epr & EPR_CTR_TX)
            model_control_sent(model);
        if (epr & EPR_CTR_RX)
            model_control_received(model, epr);
    }
    model_data_endpoints(model);
}

static inline void model_host_event(void *context, ticks now)
{
    struct board *board = context;
    usb_host_event(&board->host, now);
    model_step(model_now);
}

static inline void model_violation(void *context, enum violation_level level, const char *rule,
                                   const char *text)
{
    (void)context, (void)text;
    struct model *model = model_now;
    if (model->violations < MODEL_RULES) {
        model->level[model->violations] = level;
        strncpy(model->rule[model->violations], rule, sizeof model->rule[0] - 1);
        model->violations++;
    }
}

static inline bool model_broke(const struct model *model, const char *rule)
{
    for (unsigned i = 0; i < model->violations; i++)
        if (strcmp(model->rule[i], rule) == 0)
            return true;
    return false;
}

static inline void model_expect_clean(const struct model *model)
{
    if (model->violations)
        fail_msg("broke %s", model->rule[0]);
}

static inline void model_run_us(struct model *model, uint64_t us)
{
    board_run(model->board, ticks_from_us(us));
}

/* PLL from HSI: 48 MHz for core and USB, 24 for APB1. */
static inline void model_clocks(struct model *model)
{
    enum { RCC = 0x40021000, FLASH_INTERFACE = 0x40022000 };
    enum { CFGR = 10 << 18 | 1 << 22 | 4 << 8, PLL = 2, PLLON = 1 << 24, USBEN = 1 << 23 };
    struct chip *chip = &model->board->chip;
    uint32_t control;
    bus_write(chip, FLASH_INTERFACE, 4, 0x11);
    bus_write(chip, RCC + 4, 4, CFGR);
    bus_read(chip, RCC, 4, &control);
    bus_write(chip, RCC, 4, control | PLLON);
    model_run_us(model, 1000);
    bus_write(chip, RCC + 4, 4, CFGR | PLL);
    model_run_us(model, 10);
    bus_write(chip, RCC + 0x1C, 4, USBEN);
}

static inline void model_enable_usb(struct model *model)
{
    model_write(model, USB_CNTR, CNTR_FRES);
    model_run_us(model, 2);
    model_write(model, USB_CNTR, 0);
    model_write(model, USB_ISTR, 0);
}

/* A board with power and the right clocks, its USB peripheral as after reset. */
static inline int model_setup(void **state)
{
    static const uint8_t spin[] = {0x00, 0x10, 0x00, 0x20, 0x09, 0x00, 0x00, 0x08, 0xFE, 0xE7};
    const struct board_info *info = board_find("BLUEPILL");
    struct chip_config config = board_default_config(info);
    struct model *model = test_calloc(1, sizeof *model);
    model->board = board_new(info, &config);
    model->product = 0x42;
    model_now = model;
    model->board->chip.board.host_event = model_host_event;
    model->board->chip.board.violation = model_violation;
    flash_load(&model->board->chip, FLASH_BASE, spin, sizeof spin);
    board_power(model->board, true);
    model_clocks(model);
    model_expect_clean(model);
    *state = model;
    return 0;
}

static inline int model_teardown(void **state)
{
    struct model *model = *state;
    board_free(model->board);
    test_free(model);
    return 0;
}

/* The same, running and attached, and answering on endpoint 0. */
static inline int model_setup_device(void **state)
{
    model_setup(state);
    struct model *model = *state;
    model->control = true;
    model_enable_usb(model);
    return 0;
}
