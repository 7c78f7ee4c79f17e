/* What is soldered around the chip: LED, button, pull-up of D+, crystal, cable; and where messages go. */
#include "board.h"

#include "base/allocate.h"
#include "chip/usb_port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* DS5319 5.3.6 gives 2 ms as typical for the crystal's start and no limit; programs of ST's own give up after
 * 1.35 ms and run on their boards. */
enum { CRYSTAL_STARTUP_US = 500 };
enum { PORT_A = 0, PIN_DPLUS = 12, DUTY_STEP = DUTY_FULL / 100 };

static unsigned port_of(uint8_t pin)
{
    return pin >> 4;
}

static unsigned number_of(uint8_t pin)
{
    return pin & 0xF;
}

/* Messages */

static void tell(struct board *board, enum report_kind kind, const char *text)
{
    if (board->report) {
        bool stopped = chip_begin_call(&board->chip);
        board->report(board->watcher, kind, board_now(board), text);
        chip_end_call(&board->chip, stopped);
    }
}

static void report_of_chip(void *context, enum report_kind kind, const char *text)
{
    tell(context, kind, text);
}

/* True: the rule is waived. */
static bool count(struct board *board, const char *rule)
{
    int index = rule_find(rule, strlen(rule));
    if (index == RULE_UNKNOWN)
        return false;
    board->broken[index]++;
    return board->allowed[index];
}

static void violation_of_chip(void *context, enum violation_level level, const char *rule, const char *text)
{
    static const char *const names[] = {"FORBIDDEN", "UNDEFINED", "SUSPICIOUS"};
    struct board *board = context;
    char line[sizeof board->first_violation];
    bool allowed = count(board, rule);
    bool counts = !allowed && (level != SUSPICIOUS || board->stop_on_suspicion);
    (void)snprintf(line, sizeof line, "%s %s: %s", allowed ? "ALLOWED" : names[level], rule, text);
    board->violations += counts;
    if (counts && board->first_violation[0] == '\0')
        memcpy(board->first_violation, line, sizeof line);
    if (counts && board->stop_on_violation) {
        board->failed = true;
        chip_stop(&board->chip);
    }
    tell(board, REPORT_VIOLATION, line);
}

/* Pins */

static bool driven_to(const struct board *board, uint8_t pin, bool level)
{
    return chip_pin_drive(&board->chip, port_of(pin), number_of(pin)).output == (int)level;
}

/* Whole per cent: what an eye can tell apart. */
static unsigned led_duty(const struct board *board)
{
    const struct board_info *info = board->info;
    int high = chip_pin_duty(&board->chip, port_of(info->led), number_of(info->led));
    if (high < 0)
        return 0;
    unsigned duty = info->led_active_high ? (unsigned)high : DUTY_FULL - (unsigned)high;
    return duty < DUTY_STEP && duty > 0 ? DUTY_STEP : duty / DUTY_STEP * DUTY_STEP;
}

static void tell_led(struct board *board)
{
    char text[32];
    if (board->led_duty == 0 || board->led_duty == DUTY_FULL) {
        tell(board, REPORT_LED, board->led_on ? "LED on" : "LED off");
        return;
    }
    (void)snprintf(text, sizeof text, "LED at %u %%", board->led_duty / DUTY_STEP);
    tell(board, REPORT_LED, text);
}

static void update_led(struct board *board)
{
    const struct board_info *info = board->info;
    unsigned duty = info->led == PIN_NONE ? 0 : led_duty(board);
    if (duty == board->led_duty)
        return;
    board->led_duty = duty;
    board->led_on = duty != 0;
    board->led_changes++;
    board->led_changed = board_now(board);
    tell_led(board);
}

/* A switched pull-up is off while nothing drives its transistor. PA12 at ground beats any pull-up. */
static bool dplus_is_up(const struct board *board)
{
    const struct board_info *info = board->info;
    if (!board->chip.powered || driven_to(board, BOARD_PIN('A', PIN_DPLUS), false))
        return false;
    if (info->pullup_inside)
        return usb_pulls_up(&board->chip);
    return info->pullup == PIN_NONE || driven_to(board, info->pullup, info->pullup_active_high);
}

static void tell_host(struct board *board, bool before)
{
    bool now = board->dplus && board->cable;
    if (now != before)
        usb_host_line(&board->host, now);
}

static void update_usb_line(struct board *board)
{
    bool before = board->dplus && board->cable;
    board->dplus = dplus_is_up(board);
    tell_host(board, before);
}

static void tell_change(const struct board *board)
{
    if (board->changed)
        board->changed(board->changes_watcher);
}

static void pins_changed(void *context)
{
    update_led(context);
    update_usb_line(context);
    tell_change(context);
}

static void usb_changed(void *context)
{
    update_usb_line(context);
    tell_change(context);
}

static int button_level(const struct board *board)
{
    const struct board_info *info = board->info;
    if (board->button_pressed)
        return info->button_active_high;
    return info->button_floats ? PIN_FLOATS : !info->button_active_high;
}

static int pin_level(void *context, unsigned port, unsigned pin)
{
    const struct board *board = context;
    uint8_t id = (uint8_t)(port << 4 | pin);
    if (board->driven[port] >> pin & 1)
        return board->driven_high[port] >> pin & 1;
    if (board->info->button != PIN_NONE && id == board->info->button)
        return button_level(board);
    if (id == BOARD_PIN('A', PIN_DPLUS) && board->info->pullup == PIN_NONE && !board->info->pullup_inside)
        return 1;
    return -1;
}

static void host_event(void *context, ticks now)
{
    struct board *board = context;
    usb_host_event(&board->host, now);
}

static void slept(void *context, bool asleep)
{
    const struct board *board = context;
    if (board->slept)
        board->slept(board->changes_watcher, asleep);
}

static void serial_sent(void *context, unsigned usart, uint16_t data)
{
    const struct board *board = context;
    if (board->serial)
        board->serial(board->serial_watcher, usart, board_now(board), data);
}

bool board_has_serial(const struct chip_config *config, unsigned usart)
{
    return chip_info_has(config->family, config, config->family->serials[usart - 1]);
}

unsigned board_serial_send(struct board *board, unsigned usart, const void *bytes, unsigned length)
{
    return chip_serial_send(&board->chip, usart, bytes, length);
}

void board_serial_baud(struct board *board, unsigned usart, uint32_t baud)
{
    chip_serial_baud(&board->chip, usart, baud);
}

/* Life */

struct chip_config board_default_config(const struct board_info *info)
{
    return (struct chip_config){
        .family = info->family,
        .flash_bytes = info->flash_kib * 1024u,
        .flash_size_register = info->flash_size_register,
        .page_bytes = info->page_bytes,
        .ram_bytes = info->ram_kib * 1024u,
        .idcode = info->idcode,
        .unique_id = {0x35, 0xFF, 0xD8, 0x05, 0x42, 0x4E, 0x36, 0x33, 0x51, 0x27, 0x09, 0x43},
        .hse_hz = info->crystal_hz ? info->crystal_hz : info->family->hse.usual,
        .hse_startup_us = CRYSTAL_STARTUP_US,
        .page_erase_us = info->family->flash_usual.page_erase_us,
        .program_ns = info->family->flash_usual.program_ns,
        .seed = 1,
        .ctr_masked = info->usb_ctr_masked,
    };
}

struct board *board_new(const struct board_info *info, const struct chip_config *config)
{
    struct board *board = allocate(sizeof *board);
    const struct chip_board callbacks = {
        .context = board,
        .report = report_of_chip,
        .violation = violation_of_chip,
        .pins_changed = pins_changed,
        .pin_level = pin_level,
        .usb_changed = usb_changed,
        .host_event = host_event,
        .slept = slept,
        .serial_sent = serial_sent,
    };
    memset(board, 0, sizeof *board);
    board->info = info;
    board->cable = true;
    chip_init(&board->chip, config->family, config, &callbacks);
    usb_host_init(&board->host, &board->chip);
    return board;
}

void board_free(struct board *board)
{
    free(board);
}

void board_power(struct board *board, bool on)
{
    chip_power(&board->chip, on);
}

void board_reset_button(struct board *board)
{
    chip_reset(&board->chip, RESET_PIN);
}

void board_press(struct board *board, bool pressed)
{
    board->button_pressed = pressed;
    chip_inputs_changed(&board->chip);
}

bool board_has_pin(const struct board *board, uint8_t pin)
{
    return port_of(pin) < PORTS && chip_device(&board->chip, board->chip.info->ports[port_of(pin)]);
}

void board_drive(struct board *board, uint8_t pin, int level)
{
    uint16_t bit = (uint16_t)(1u << number_of(pin)), *driven = &board->driven[port_of(pin)];
    uint16_t *high = &board->driven_high[port_of(pin)];
    *driven = (uint16_t)(level < 0 ? *driven & ~bit : *driven | bit);
    *high = (uint16_t)(level > 0 ? *high | bit : *high & ~bit);
    chip_inputs_changed(&board->chip);
}

void board_plug(struct board *board, bool in)
{
    bool before = board->dplus && board->cable;
    board->cable = in;
    tell_host(board, before);
}

void board_run(struct board *board, ticks duration)
{
    if (!board_failed(board))
        chip_run(&board->chip, board_now(board) + duration);
}

void *board_save(const struct board *board)
{
    void *snapshot = allocate(sizeof *board);
    memcpy(snapshot, board, sizeof *board);
    return snapshot;
}

void board_restore(struct board *board, const void *snapshot)
{
    memcpy(board, snapshot, sizeof *board);
    chip_moved(&board->chip);
    board->chip.board.context = board;
    board->host.chip = &board->chip;
}
