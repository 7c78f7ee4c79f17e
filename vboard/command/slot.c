/* See slot.h. */
#include "slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/flash_file.h"
#include "files/image.h"
#include "records/pcap.h"
#include "records/vcd.h"
#include "servers/gdb/gdb.h"
#include "servers/pace.h"
#include "servers/serial.h"
#include "servers/usbredir/usbredir.h"

enum { PATH_SIZE = 4096, HELD_WAIT_MS = 10 };

/* Setting up */

/* A file of this board's own: FILE, or FILE.N when there are several boards. */
static const char *own_path(const struct slot *slot, const char *file, char path[PATH_SIZE])
{
    if (slot->options->count == 1)
        return file;
    snprintf(path, PATH_SIZE, "%s.%u", file, slot->number);
    return path;
}

static unsigned own_port(const struct slot *slot, unsigned port)
{
    return port ? port + slot->number - 1 : 0;
}

static void tell_ram(const struct image *image, const char *path)
{
    const char *section = image->ram.section;
    if (image->ram.length)
        fprintf(stderr,
                "vboard: %s: %s%s0x%08X (%u bytes in all) is for the RAM and not loaded: a board has lost it "
                "when "
                "its power comes\n",
                path, section, section[0] ? " at " : "", (unsigned)image->ram.address,
                (unsigned)image->ram.length);
}

static bool fill_flash(const struct slot *slot, uint8_t *flash, char *error)
{
    const struct options *options = slot->options;
    const struct chip_config *config = &options->config;
    struct image image = {0};
    char path[PATH_SIZE];
    memset(flash, config->family->flash_blank, config->flash_bytes);
    bool good = !options->flash_file || flash_file_read(own_path(slot, options->flash_file, path), flash,
                                                        config->flash_bytes, error, SLOT_ERROR);
    for (unsigned i = 0; good && i < options->file_count; i++) {
        good = image_add(&image, options->files[i].path, options->files[i].address, error, SLOT_ERROR);
        if (good && slot->number == 1)
            tell_ram(&image, options->files[i].path);
    }
    good = good && image_burn(&image, flash, config->flash_bytes, config->page_bytes,
                              config->family->flash_blank, error, SLOT_ERROR);
    image_free(&image);
    return good;
}

/* Serial numbers apart: the unique id, taken as one number as it is written, counts up. */
static void count_up(uint8_t id[12], unsigned by)
{
    for (int i = 11; i >= 0 && by; i--) {
        by += id[i];
        id[i] = (uint8_t)by;
        by >>= 8;
    }
}

static void make_board(struct slot *slot, const uint8_t *flash)
{
    const struct options *options = slot->options;
    struct chip_config config = options->config;
    count_up(config.unique_id, slot->number - 1);
    struct board *board = board_new(&options->board, &config);
    board->stop_on_violation = !options->lenient;
    board->stop_on_suspicion = options->pedantic;
    memcpy(board->allowed, options->allowed, sizeof board->allowed);
    flash_load(&board->chip, FLASH_BASE, flash, config.flash_bytes);
    slot->board = board;
}

static bool open_files(struct slot *slot, char *error)
{
    const struct options *options = slot->options;
    char path[PATH_SIZE];
    if (options->vcd) {
        slot->vcd = vcd_open(slot->board, own_path(slot, options->vcd, path), error, SLOT_ERROR);
        if (!slot->vcd)
            return false;
    }
    if (options->pcap) {
        slot->pcap = pcap_open(own_path(slot, options->pcap, path), error, SLOT_ERROR);
        if (!slot->pcap)
            return false;
    }
    return true;
}

/* A port of its own, a file of its own, or the one terminal. */
static struct serial_end own_line(const struct slot *slot, struct serial_end end, char path[PATH_SIZE])
{
    end.port = own_port(slot, end.port);
    if (end.path)
        end.path = own_path(slot, end.path, path);
    return end;
}

static bool open_serial(struct slot *slot, char *error)
{
    char path[PATH_SIZE];
    for (unsigned usart = 1; usart <= USARTS; usart++) {
        if (slot->options->usart[usart].kind == SERIAL_NOWHERE)
            continue;
        const struct serial_end end = own_line(slot, slot->options->usart[usart], path);
        slot->serial[usart] = serial_open(slot->board, usart, &end, error, SLOT_ERROR);
        if (!slot->serial[usart])
            return false;
    }
    return true;
}

static bool open_ports(struct slot *slot, char *error)
{
    const struct options *options = slot->options;
    if (options->enumerate)
        usb_pc_attach(&slot->pc, slot->board);
    if (options->usbredir) {
        slot->usbredir =
            usbredir_listen(slot->board, own_port(slot, options->usbredir_port), error, SLOT_ERROR);
        if (!slot->usbredir)
            return false;
    }
    if (options->gdb) {
        slot->gdb =
            gdb_listen(slot->board, own_port(slot, options->gdb_port), options->halt, error, SLOT_ERROR);
        if (!slot->gdb)
            return false;
    }
    return true;
}

/* A debugger may load the program; the first of several boards speaks for the others. */
static void warn_of_flash(const struct options *options, unsigned number, const uint8_t *flash)
{
    char doubt[SLOT_ERROR];
    if (!options->halt && number == 1 &&
        !image_may_start(flash, options->config.flash_bytes, options->config.family->flash_blank, doubt,
                         sizeof doubt))
        fprintf(stderr, "vboard: note: %s\n", doubt);
}

bool slot_open(struct slot *slot, const struct options *options, unsigned number, char error[SLOT_ERROR])
{
    static uint8_t flash[MAX_FLASH];
    *slot = (struct slot){.options = options, .number = number, .usb = "nothing yet"};
    if (!fill_flash(slot, flash, error))
        return false;
    warn_of_flash(options, number, flash);
    make_board(slot, flash);
    bool good = open_files(slot, error) && open_serial(slot, error) && open_ports(slot, error);
    slot_watch(slot);
    return good;
}

void slot_tell_servers(const struct slot *slot)
{
    char number[32] = "";
    if (slot->options->count > 1)
        snprintf(number, sizeof number, " for board %u", slot->number);
    if (slot->usbredir)
        printf("usb-redir: waiting on 127.0.0.1:%u%s\n", usbredir_port(slot->usbredir), number);
    for (unsigned usart = 1; usart <= USARTS; usart++)
        if (slot->serial[usart] && serial_port(slot->serial[usart]))
            printf("USART%u: waiting on 127.0.0.1:%u%s\n", usart, serial_port(slot->serial[usart]), number);
    if (slot->gdb)
        printf("gdb: waiting on 127.0.0.1:%u%s\n", gdb_port(slot->gdb), number);
}

void slot_switch_on(struct slot *slot)
{
    const struct options *options = slot->options;
    struct board *board = slot->board;
    board->chip.cpu.stack_limit = options->stack_limit;
    board_press(board, options->button_pressed);
    board_power(board, true);
    for (unsigned i = 0; i <= BACKUP_REGISTERS; i++)
        if (options->backup_given[i])
            chip_backup_set(&board->chip, i, options->backup[i]);
}

/* Running */

void slot_poll(struct slot *slot)
{
    if (slot->usbredir)
        usbredir_poll(slot->usbredir, pace_clock_us(), 0);
    for (unsigned usart = 1; usart <= USARTS; usart++)
        if (slot->serial[usart])
            serial_poll(slot->serial[usart]);
    if (slot->gdb)
        gdb_poll(slot->gdb, gdb_holds(slot->gdb) ? HELD_WAIT_MS : 0);
}

void slot_run(struct slot *slot, ticks duration)
{
    if (slot->vcd)
        vcd_sample(slot->vcd);
    if (slot->gdb)
        gdb_run(slot->gdb, duration);
    else
        board_run(slot->board, duration);
}

bool slot_is_held(const struct slot *slot)
{
    return slot->gdb && gdb_holds(slot->gdb);
}

bool slot_is_debugged(const struct slot *slot)
{
    return slot->gdb && gdb_connected(slot->gdb) && !gdb_killed(slot->gdb);
}

/* The end */

static bool save_flash(const struct slot *slot, char *error)
{
    char path[PATH_SIZE];
    const struct options *options = slot->options;
    return !options->flash_file ||
           flash_file_write(own_path(slot, options->flash_file, path), slot->board->chip.flash_bytes,
                            options->config.flash_bytes, error, SLOT_ERROR);
}

static bool close_files(struct slot *slot, char *error)
{
    bool good = true;
    if (slot->vcd)
        good = vcd_close(slot->vcd, error, SLOT_ERROR);
    if (slot->pcap)
        good = pcap_close(slot->pcap, error, SLOT_ERROR) && good;
    for (unsigned usart = 1; usart <= USARTS; usart++)
        if (slot->serial[usart])
            good = serial_close(slot->serial[usart], error, SLOT_ERROR) && good;
    slot->vcd = NULL;
    slot->pcap = NULL;
    memset(slot->serial, 0, sizeof slot->serial);
    return good;
}

bool slot_close(struct slot *slot, bool keep, char error[SLOT_ERROR])
{
    struct board *board = slot->board;
    if (!board)
        return true;
    if (slot->usbredir)
        usbredir_close(slot->usbredir);
    if (slot->gdb)
        gdb_close(slot->gdb);
    if (board->pc)
        usb_pc_detach(board->pc);
    board->changed = NULL;
    board->slept = NULL;
    board->serial = NULL;
    board->host.record = NULL;
    bool written = close_files(slot, error);
    bool saved = !keep || save_flash(slot, error);
    board_free(board);
    return written && saved;
}
