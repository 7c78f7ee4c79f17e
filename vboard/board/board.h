/* A whole board: the chip, what is soldered around it, a USB cable and whoever watches. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/pin.h"
#include "base/rules.h"
#include "chip/chip.h"
#include "usb/host.h"

/* One board, by the name that the bootloader's build uses as TARGET. */
struct board_info {
    const char *name;
    const char *title; /* as people call it */
    const char *chip;  /* STM32F103C8 */
    const struct chip_info *family;
    uint16_t flash_kib; /* really there */
    uint16_t flash_size_register;
    uint16_t page_bytes;
    uint16_t ram_kib;
    uint32_t idcode;
    uint32_t crystal_hz;         /* 0: what boards of the family have as a rule */
    uint8_t led, button, pullup; /* BOARD_PIN() or PIN_NONE; pullup PIN_NONE: fixed resistor */
    bool pullup_inside;          /* D+ has the chip's own pull-up and no other */
    bool led_active_high;
    bool button_active_high;
    bool button_floats; /* released, nothing drives the pin: the firmware must use the chip's pull */
    bool pullup_active_high;
    bool usb_ctr_masked; /* a clone: chip_config.ctr_masked */
};

/* NULL-name-terminated. */
extern const struct board_info board_list[];
const struct board_info *board_find(const char *name);

struct board {
    struct chip chip;
    const struct board_info *info;
    bool button_pressed;
    uint16_t driven[PORTS], driven_high[PORTS]; /* pins that somebody drives from outside: board_drive() */
    bool cable;        /* USB plugged in; the board keeps its power when it is pulled */
    bool led_on;       /* at all */
    unsigned led_duty; /* share of the time it is on, 0 to DUTY_FULL: 1000 when it is steadily on */
    uint64_t led_changes;
    ticks led_changed; /* time of the last change */
    bool dplus;        /* D+ pulled up: the host sees a full-speed device */
    struct usb_host host;
    struct usb_pc *pc; /* usb_pc.h: makes the transfers that commands ask for; NULL: none is at the cable */

    /* Whoever watches. May be NULL. */
    void *watcher;
    void (*report)(void *watcher, enum report_kind kind, ticks at, const char *text);
    void *changes_watcher;
    void (*changed)(void *changes_watcher); /* a pin's output, mode or pull, or the transceiver */
    void (*slept)(void *changes_watcher, bool asleep);
    /* Serial ports, USART1 is 1: a word has left the chip, at that time. */
    void *serial_watcher;
    void (*serial)(void *serial_watcher, unsigned usart, ticks at, uint16_t data);
    bool stop_on_violation;  /* strict: chip_run ends, board_failed() is true; not for SUSPICIOUS ones */
    bool stop_on_suspicion;  /* pedantic, if strict: for these, too */
    bool allowed[RULES_MAX]; /* rules (rules.h) that are waived: told, and nothing follows */
    bool failed;
    char first_violation[512];
    uint64_t violations;        /* that count: not waived ones, suspicions only with stop_on_suspicion */
    uint32_t broken[RULES_MAX]; /* how often each rule was */
};

/* Config as the board's name implies; change what you like before board_new. */
struct chip_config board_default_config(const struct board_info *info);
/* Without power, cable plugged in, flash erased. Never NULL (ends the program when there is no memory). */
struct board *board_new(const struct board_info *info, const struct chip_config *config);
void board_free(struct board *board);

void board_power(struct board *board, bool on);
void board_reset_button(struct board *board); /* NRST low and released */
void board_press(struct board *board, bool pressed);
void board_plug(struct board *board, bool in);
/* A wire from outside puts this level on the pin (BOARD_PIN()); -1 takes it away. An output of the chip wins
 * against it, and it wins against the button. */
void board_drive(struct board *board, uint8_t pin, int level);
/* Whether the board's chip has the pin. */
bool board_has_pin(const struct board *board, uint8_t pin);
/* Runs for a while; stops early if chip.cpu.stop is set by anyone. */
void board_run(struct board *board, ticks duration);
static inline ticks board_now(const struct board *board)
{
    return chip_now(&board->chip);
}

/* Strict and a rule was broken: first_violation says which. */
static inline bool board_failed(const struct board *board)
{
    return board->failed;
}

/*
 * Bytes for the RX pin of USART 1 to 5: they follow each other on the wire as fast as frames
 * do, once the receiver is on. Returns how many there is room for. serial_baud: what the
 * sender's rate is; 0: the chip's own.
 */
unsigned board_serial_send(struct board *board, unsigned usart, const void *bytes, unsigned length);
void board_serial_baud(struct board *board, unsigned usart, uint32_t baud);
/* Whether the chip of a board with this config has it. */
bool board_has_serial(const struct chip_config *config, unsigned usart);

/*
 * Snapshots: a copy of the chip, what is around it and the host's side of the cable, to be restored into this
 * board or another one, as often as you like; free() ends it. It does not hold what the board only points to:
 * the data and progress of transfers under way, who watches, and what they wrote down. Those are as they were
 * at the time, so that with transfers under way a snapshot is for the same board while they live.
 */
void *board_save(const struct board *board);
void board_restore(struct board *board, const void *snapshot);
