/* See seat.h. */
#include "seat.h"

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
static const char *own_path(const struct seat *seat, const char *file, char path[PATH_SIZE])
{
    if (seat->options->count == 1)
        return file;
    snprintf(path, PATH_SIZE, "%s.%u", file, seat->number);
    return path;
}

static unsigned own_port(const struct seat *seat, unsigned port)
{
    return port ? port + seat->number - 1 : 0;
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

static bool fill_flash(const struct seat *seat, uint8_t *flash, char *error)
{
    const struct options *options = seat->options;
    const struct chip_config *config = &options->config;
    struct image image = {0};
    char path[PATH_SIZE];
    memset(flash, 0xFF, config->flash_bytes);
    bool good = !options->flash_file || flash_file_read(own_path(seat, options->flash_file, path), flash,
                                                        config->flash_bytes, error, SEAT_ERROR);
    for (unsigned i = 0; good && i < options->file_count; i++) {
        good = image_add(&image, options->files[i].path, options->files[i].address, error, SEAT_ERROR);
        if (good && seat->number == 1)
            tell_ram(&image, options->files[i].path);
    }
    good = good && image_burn(&image, flash, config->flash_bytes, config->page_bytes, error, SEAT_ERROR);
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

static void make_board(struct seat *seat, const uint8_t *flash)
{
    const struct options *options = seat->options;
    struct chip_config config = options->config;
    count_up(config.unique_id, seat->number - 1);
    struct board *board = board_new(&options->board, &config);
    board->stop_on_violation = !options->lenient;
    board->stop_on_suspicion = options->pedantic;
    memcpy(board->allowed, options->allowed, sizeof board->allowed);
    flash_load(&board->chip, FLASH_BASE, flash, config.flash_bytes);
    seat->board = board;
}

static bool open_files(struct seat *seat, char *error)
{
    const struct options *options = seat->options;
    char path[PATH_SIZE];
    if (options->vcd) {
        seat->vcd = vcd_open(seat->board, own_path(seat, options->vcd, path), error, SEAT_ERROR);
        if (!seat->vcd)
            return false;
    }
    if (options->pcap) {
        seat->pcap = pcap_open(own_path(seat, options->pcap, path), error, SEAT_ERROR);
        if (!seat->pcap)
            return false;
    }
    return true;
}

/* A port of its own, a file of its own, or the one terminal. */
static struct serial_end own_line(const struct seat *seat, struct serial_end end, char path[PATH_SIZE])
{
    end.port = own_port(seat, end.port);
    if (end.path)
        end.path = own_path(seat, end.path, path);
    return end;
}

static bool open_serial(struct seat *seat, char *error)
{
    char path[PATH_SIZE];
    for (unsigned usart = 1; usart <= USARTS; usart++) {
        if (seat->options->usart[usart].kind == SERIAL_NOWHERE)
            continue;
        const struct serial_end end = own_line(seat, seat->options->usart[usart], path);
        seat->serial[usart] = serial_open(seat->board, usart, &end, error, SEAT_ERROR);
        if (!seat->serial[usart])
            return false;
    }
    return true;
}

static bool open_ports(struct seat *seat, char *error)
{
    const struct options *options = seat->options;
    if (options->enumerate)
        usb_pc_attach(&seat->pc, seat->board);
    if (options->usbredir) {
        seat->usbredir =
            usbredir_listen(seat->board, own_port(seat, options->usbredir_port), error, SEAT_ERROR);
        if (!seat->usbredir)
            return false;
    }
    if (options->gdb) {
        seat->gdb =
            gdb_listen(seat->board, own_port(seat, options->gdb_port), options->halt, error, SEAT_ERROR);
        if (!seat->gdb)
            return false;
    }
    return true;
}

/* A debugger may load the program; the first of several boards speaks for the others. */
static void warn_of_flash(const struct options *options, unsigned number, const uint8_t *flash)
{
    char doubt[SEAT_ERROR];
    if (!options->halt && number == 1 &&
        !image_may_start(flash, options->config.flash_bytes, doubt, sizeof doubt))
        fprintf(stderr, "vboard: note: %s\n", doubt);
}

bool seat_open(struct seat *seat, const struct options *options, unsigned number, char error[SEAT_ERROR])
{
    static uint8_t flash[MAX_FLASH];
    *seat = (struct seat){.options = options, .number = number, .usb = "nothing yet"};
    if (!fill_flash(seat, flash, error))
        return false;
    warn_of_flash(options, number, flash);
    make_board(seat, flash);
    bool good = open_files(seat, error) && open_serial(seat, error) && open_ports(seat, error);
    seat_watch(seat);
    return good;
}

void seat_tell_doors(const struct seat *seat)
{
    char number[32] = "";
    if (seat->options->count > 1)
        snprintf(number, sizeof number, " for board %u", seat->number);
    if (seat->usbredir)
        printf("usb-redir: waiting on 127.0.0.1:%u%s\n", usbredir_port(seat->usbredir), number);
    for (unsigned usart = 1; usart <= USARTS; usart++)
        if (seat->serial[usart] && serial_port(seat->serial[usart]))
            printf("USART%u: waiting on 127.0.0.1:%u%s\n", usart, serial_port(seat->serial[usart]), number);
    if (seat->gdb)
        printf("gdb: waiting on 127.0.0.1:%u%s\n", gdb_port(seat->gdb), number);
}

void seat_switch_on(struct seat *seat)
{
    const struct options *options = seat->options;
    struct board *board = seat->board;
    board->chip.cpu.stack_limit = options->stack_limit;
    board_press(board, options->button_pressed);
    board_power(board, true);
    for (unsigned i = 1; i <= BACKUP_REGISTERS; i++)
        if (options->backup_given[i])
            chip_backup_set(&board->chip, i, options->backup[i]);
}

/* Running */

void seat_poll(struct seat *seat)
{
    if (seat->usbredir)
        usbredir_poll(seat->usbredir, pace_clock_us(), 0);
    for (unsigned usart = 1; usart <= USARTS; usart++)
        if (seat->serial[usart])
            serial_poll(seat->serial[usart]);
    if (seat->gdb)
        gdb_poll(seat->gdb, gdb_holds(seat->gdb) ? HELD_WAIT_MS : 0);
}

void seat_run(struct seat *seat, ticks duration)
{
    if (seat->vcd)
        vcd_sample(seat->vcd);
    if (seat->gdb)
        gdb_run(seat->gdb, duration);
    else
        board_run(seat->board, duration);
}

bool seat_is_held(const struct seat *seat)
{
    return seat->gdb && gdb_holds(seat->gdb);
}

bool seat_is_debugged(const struct seat *seat)
{
    return seat->gdb && gdb_connected(seat->gdb) && !gdb_killed(seat->gdb);
}

/* The end */

static bool save_flash(const struct seat *seat, char *error)
{
    char path[PATH_SIZE];
    const struct options *options = seat->options;
    return !options->flash_file ||
           flash_file_write(own_path(seat, options->flash_file, path), seat->board->chip.flash_bytes,
                            options->config.flash_bytes, error, SEAT_ERROR);
}

static bool close_files(struct seat *seat, char *error)
{
    bool good = true;
    if (seat->vcd)
        good = vcd_close(seat->vcd, error, SEAT_ERROR);
    if (seat->pcap)
        good = pcap_close(seat->pcap, error, SEAT_ERROR) && good;
    for (unsigned usart = 1; usart <= USARTS; usart++)
        if (seat->serial[usart])
            good = serial_close(seat->serial[usart], error, SEAT_ERROR) && good;
    seat->vcd = NULL;
    seat->pcap = NULL;
    memset(seat->serial, 0, sizeof seat->serial);
    return good;
}

bool seat_close(struct seat *seat, bool keep, char error[SEAT_ERROR])
{
    struct board *board = seat->board;
    if (!board)
        return true;
    if (seat->usbredir)
        usbredir_close(seat->usbredir);
    if (seat->gdb)
        gdb_close(seat->gdb);
    board->changed = NULL;
    board->slept = NULL;
    board->serial = NULL;
    board->host.record = NULL;
    bool written = close_files(seat, error);
    bool saved = !keep || save_flash(seat, error);
    board_free(board);
    return written && saved;
}
