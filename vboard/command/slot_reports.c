/* What a board tells: to the terminal, the display and the recordings. */
#include <stdio.h>
#include <string.h>

#include "console.h"
#include "display.h"
#include "records/pcap.h"
#include "records/vcd.h"
#include "slot.h"

/* A transfer of a command is told with all of its bytes, three characters each. */
enum { LINE_SIZE = 3 * USB_PC_BYTES + 256 };

static const uint32_t always_told = 1 << REPORT_USB | 1 << REPORT_LED | 1 << REPORT_RESET |
                                    1 << REPORT_FAULT | 1 << REPORT_VIOLATION | 1 << REPORT_NOTE;

static void show(const struct slot *slot, enum report_kind kind, ticks at, const char *text)
{
    static const char *const about[REPORT_KINDS] = {[REPORT_USB] = "USB: ", [REPORT_FLASH] = "flash: "};
    char line[LINE_SIZE], number[16] = "";
    if (!((always_told | slot->options->trace) >> kind & 1))
        return;
    if (slot->options->count > 1)
        snprintf(number, sizeof number, "board %u: ", slot->number);
    snprintf(line, sizeof line, "%s%s%s", number, about[kind] ? about[kind] : "", text);
    if (slot->display)
        display_add(slot->display, at, line);
    else
        console_print(at, line);
}

/* All of them with --trace violations. */
static void show_violation(struct slot *slot, ticks at, const char *text)
{
    enum { SOME = 3 };
    char line[LINE_SIZE];
    uint32_t times = 1;
    if (slot->options->trace >> REPORT_VIOLATION & 1 || repeats_wanted(&slot->repeats, text, &times)) {
        if (times < SOME)
            snprintf(line, sizeof line, "%s", text);
        else
            snprintf(line, sizeof line, "%s, %u times by now%s", text, (unsigned)times,
                     times == SOME ? "; --trace violations tells each" : "");
        show(slot, REPORT_VIOLATION, at, line);
    }
}

void slot_tell_rules(const struct slot *slot)
{
    char line[LINE_SIZE] = "rules broken:";
    size_t used = strlen(line), before = used;
    for (unsigned i = 0; rule_names[i]; i++)
        if (slot->board->broken[i] && used < sizeof line)
            used += (size_t)snprintf(line + used, sizeof line - used, "%s %s (%u)", used > before ? "," : "",
                                     rule_names[i], (unsigned)slot->board->broken[i]);
    if (used > before)
        show(slot, REPORT_NOTE, board_now(slot->board), line);
}

static void report(void *watcher, enum report_kind kind, ticks at, const char *text)
{
    struct slot *slot = watcher;
    if (kind == REPORT_USB)
        snprintf(slot->usb, sizeof slot->usb, "%s", text);
    if (kind == REPORT_FLASH && slot->vcd)
        vcd_flash(slot->vcd, text);
    if (kind == REPORT_VIOLATION)
        show_violation(slot, at, text);
    else
        show(slot, kind, at, text);
}

static void changed(void *watcher)
{
    vcd_sample(((struct slot *)watcher)->vcd);
}

static void slept(void *watcher, bool asleep)
{
    (void)asleep;
    changed(watcher);
}

static void record(void *recorder, ticks at, const uint8_t *packet, unsigned length)
{
    const struct slot *slot = recorder;
    if (slot->vcd)
        vcd_packet(slot->vcd, at, packet, length);
    if (slot->pcap && length)
        pcap_packet(slot->pcap, at, packet, length);
}

static void sent(void *watcher, unsigned usart, ticks at, uint16_t word)
{
    struct slot *slot = watcher;
    if (usart > USARTS)
        return;
    hearing_add(&slot->hearing, usart, (char)word);
    if (slot->serial[usart])
        serial_sent(slot->serial[usart], at, word);
}

static void show_serial(void *context, ticks at, const char *text)
{
    const struct slot *slot = context;
    char line[LINE_SIZE];
    if (slot->display) {
        display_add_serial(slot->display, text);
        return;
    }
    if (slot->options->count > 1)
        snprintf(line, sizeof line, "board %u: serial: %s", slot->number, text);
    else
        snprintf(line, sizeof line, "serial: %s", text);
    console_print(at, line);
}

void slot_watch(struct slot *slot)
{
    struct board *board = slot->board;
    board->watcher = slot;
    board->report = report;
    board->chip.report_wanted |= always_told | slot->options->trace;
    board->serial_watcher = slot;
    board->serial = sent;
    for (unsigned usart = 1; usart <= USARTS; usart++)
        if (slot->serial[usart])
            serial_show(slot->serial[usart], show_serial, slot);
    if (slot->vcd) {
        board->changes_watcher = slot;
        board->changed = changed;
        board->slept = slept;
        board->chip.report_wanted |= 1 << REPORT_FLASH;
    }
    if (slot->vcd || slot->pcap) {
        board->host.recorder = slot;
        board->host.record = record;
    }
}
