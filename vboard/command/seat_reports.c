/* What a board tells: to the terminal, the display and the recordings. */
#include <stdio.h>
#include <string.h>

#include "console.h"
#include "display.h"
#include "records/pcap.h"
#include "records/vcd.h"
#include "seat.h"

enum { LINE_SIZE = 1024 };

static const uint32_t always_told = 1 << REPORT_USB | 1 << REPORT_LED | 1 << REPORT_RESET |
                                    1 << REPORT_FAULT | 1 << REPORT_VIOLATION | 1 << REPORT_NOTE;

static void show(const struct seat *seat, enum report_kind kind, ticks at, const char *text)
{
    static const char *const about[REPORT_KINDS] = {[REPORT_USB] = "USB: ", [REPORT_FLASH] = "flash: "};
    char line[LINE_SIZE], number[16] = "";
    if (!((always_told | seat->options->trace) >> kind & 1))
        return;
    if (seat->options->count > 1)
        snprintf(number, sizeof number, "board %u: ", seat->number);
    snprintf(line, sizeof line, "%s%s%s", number, about[kind] ? about[kind] : "", text);
    if (seat->display)
        display_add(seat->display, at, line);
    else
        console_print(at, line);
}

/* All of them with --trace violations. */
static void show_violation(struct seat *seat, ticks at, const char *text)
{
    enum { SOME = 3 };
    char line[LINE_SIZE];
    uint32_t times = 1;
    if (seat->options->trace >> REPORT_VIOLATION & 1 || repeats_wanted(&seat->repeats, text, &times)) {
        if (times < SOME)
            snprintf(line, sizeof line, "%s", text);
        else
            snprintf(line, sizeof line, "%s, %u times by now%s", text, (unsigned)times,
                     times == SOME ? "; --trace violations tells each" : "");
        show(seat, REPORT_VIOLATION, at, line);
    }
}

void seat_tell_rules(const struct seat *seat)
{
    char line[LINE_SIZE] = "rules broken:";
    size_t used = strlen(line), before = used;
    for (unsigned i = 0; rule_names[i]; i++)
        if (seat->board->broken[i] && used < sizeof line)
            used += (size_t)snprintf(line + used, sizeof line - used, "%s %s (%u)", used > before ? "," : "",
                                     rule_names[i], (unsigned)seat->board->broken[i]);
    if (used > before)
        show(seat, REPORT_NOTE, board_now(seat->board), line);
}

static void report(void *watcher, enum report_kind kind, ticks at, const char *text)
{
    struct seat *seat = watcher;
    if (kind == REPORT_USB)
        snprintf(seat->usb, sizeof seat->usb, "%s", text);
    if (kind == REPORT_FLASH && seat->vcd)
        vcd_flash(seat->vcd, text);
    if (kind == REPORT_VIOLATION)
        show_violation(seat, at, text);
    else
        show(seat, kind, at, text);
}

static void changed(void *watcher)
{
    vcd_sample(((struct seat *)watcher)->vcd);
}

static void slept(void *watcher, bool asleep)
{
    (void)asleep;
    changed(watcher);
}

static void record(void *recorder, ticks at, const uint8_t *packet, unsigned length)
{
    const struct seat *seat = recorder;
    if (seat->vcd)
        vcd_packet(seat->vcd, at, packet, length);
    if (seat->pcap && length)
        pcap_packet(seat->pcap, at, packet, length);
}

static void sent(void *watcher, unsigned usart, ticks at, uint16_t word)
{
    const struct seat *seat = watcher;
    if (usart <= USARTS && seat->serial[usart])
        serial_sent(seat->serial[usart], at, word);
}

static void show_serial(void *context, ticks at, const char *text)
{
    const struct seat *seat = context;
    char line[LINE_SIZE];
    if (seat->display) {
        display_add_serial(seat->display, text);
        return;
    }
    if (seat->options->count > 1)
        snprintf(line, sizeof line, "board %u: serial: %s", seat->number, text);
    else
        snprintf(line, sizeof line, "serial: %s", text);
    console_print(at, line);
}

void seat_watch(struct seat *seat)
{
    struct board *board = seat->board;
    board->watcher = seat;
    board->report = report;
    board->chip.report_wanted |= always_told | seat->options->trace;
    board->serial_watcher = seat;
    board->serial = sent;
    for (unsigned usart = 1; usart <= USARTS; usart++)
        if (seat->serial[usart])
            serial_show(seat->serial[usart], show_serial, seat);
    if (seat->vcd) {
        board->changes_watcher = seat;
        board->changed = changed;
        board->slept = slept;
        board->chip.report_wanted |= 1 << REPORT_FLASH;
    }
    if (seat->vcd || seat->pcap) {
        board->host.recorder = seat;
        board->host.record = record;
    }
}
