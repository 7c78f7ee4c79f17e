/* libvboard (vboard.h): making boards, and what people do to them. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/allocate.h"
#include "base/version.h"
#include "files/image.h"
#include "private.h"

/* A board that was not made cannot keep its error. */
static _Thread_local const char *not_made = "";

enum vboard_status library_fail(struct vboard *board, enum vboard_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(board->error, sizeof board->error, format, arguments);
    va_end(arguments);
    return status;
}

const char *vboard_error(const struct vboard *board)
{
    return board ? board->error : not_made;
}

const char *vboard_version(void)
{
    return VBOARD_VERSION;
}

static const struct board_info *board_at(unsigned index)
{
    for (const struct board_info *info = board_list; info->name; info++)
        if (index-- == 0)
            return info;
    return NULL;
}

const char *vboard_board_name(unsigned index)
{
    const struct board_info *info = board_at(index);
    return info ? info->name : NULL;
}

const char *vboard_board_title(unsigned index)
{
    const struct board_info *info = board_at(index);
    return info ? info->title : NULL;
}

/* Life */

static bool set_flash(struct chip_config *config, uint32_t kib)
{
    enum { LEAST_KIB = 16 };
    static _Thread_local char text[80];
    if (kib == 0)
        return true;
    if (kib < LEAST_KIB || kib > config->family->most_flash_kib || kib * 1024 % config->page_bytes != 0) {
        (void)snprintf(text, sizeof text, "flash_kib is %u to %u, in whole pages of %u bytes, or 0",
                       (unsigned)LEAST_KIB, (unsigned)config->family->most_flash_kib,
                       (unsigned)config->page_bytes);
        not_made = text;
        return false;
    }
    config->flash_bytes = kib * 1024;
    config->flash_size_register = (uint16_t)kib;
    return true;
}

static bool set_crystal(struct chip_config *config, uint32_t hz)
{
    const struct hse_limits *limits = &config->family->hse;
    static _Thread_local char text[160];
    if (hz == 0)
        return true;
    if (hz != VBOARD_NO_CRYSTAL && (hz < limits->least || hz > limits->most)) {
        (void)snprintf(text, sizeof text,
                       "crystal_hz is %u to %u (%s), VBOARD_NO_CRYSTAL, or 0 for what the board has",
                       (unsigned)limits->least, (unsigned)limits->most, limits->section);
        not_made = text;
        return false;
    }
    config->hse_hz = hz == VBOARD_NO_CRYSTAL ? 0 : hz;
    return true;
}

static bool set_options(struct chip_config *config, const struct vboard_options *options)
{
    if ((unsigned)options->strictness > VBOARD_PEDANTIC) {
        not_made = "strictness is VBOARD_STRICT, VBOARD_LENIENT or VBOARD_PEDANTIC";
        return false;
    }
    if (options->seed)
        config->seed = options->seed;
    return set_flash(config, options->flash_kib) && set_crystal(config, options->crystal_hz);
}

/* Made only if somebody wants them. */
static const unsigned frequent = 1u << REPORT_PACKET | 1u << REPORT_FLASH | 1u << REPORT_REGISTER;

static void tell(void *watcher, enum report_kind kind, ticks at, const char *text)
{
    const struct vboard *board = watcher;
    bool is_frequent = frequent >> kind & 1;
    if (board->listener && !is_frequent)
        board->listener(board->listener_context, ticks_to_us(at), text);
    if (board->watched >> kind & 1)
        board->watcher(board->watcher_context, (enum vboard_event)kind, ticks_to_us(at), text);
}

static struct vboard *wrap(struct board *inner, enum vboard_strictness strictness)
{
    struct vboard *board = allocate(sizeof *board);
    board->board = inner;
    inner->stop_on_violation = strictness != VBOARD_LENIENT;
    inner->stop_on_suspicion = strictness == VBOARD_PEDANTIC;
    inner->watcher = board;
    inner->report = tell;
    inner->serial_watcher = board;
    inner->serial = library_serial_sent;
    library_usb_attach(board);
    return board;
}

struct vboard *vboard_new(const char *name, const struct vboard_options *options)
{
    const struct board_info *info = name ? board_find(name) : NULL;
    const struct vboard_options none = {0};
    if (!info) {
        not_made = "there is no board of this name; vboard_board_name() tells all";
        return NULL;
    }
    struct chip_config config = board_default_config(info);
    if (!set_options(&config, options ? options : &none))
        return NULL;
    return wrap(board_new(info, &config), options ? options->strictness : VBOARD_STRICT);
}

void vboard_free(struct vboard *board)
{
    if (!board)
        return;
    library_usb_forget(board);
    for (unsigned i = 0; i <= USARTS; i++)
        free(board->serial[i].bytes);
    board_free(board->board);
    free(board);
}

void vboard_listen(struct vboard *board, vboard_listener *listener, void *context)
{
    board->listener = listener;
    board->listener_context = context;
}

_Static_assert(1u << VBOARD_EVENT_USB == 1u << REPORT_USB && 1u << VBOARD_EVENT_NOTE == 1u << REPORT_NOTE,
               "events are the board's kinds of reports");

void vboard_watch(struct vboard *board, unsigned events, vboard_watcher *watcher, void *context)
{
    board->watched = watcher ? events : 0;
    board->watcher = watcher;
    board->watcher_context = context;
    board->board->chip.report_wanted = board->watched & frequent;
}

/* Firmware */

enum vboard_status vboard_load(struct vboard *board, uint32_t address, const void *bytes, size_t length)
{
    uint32_t size = board->board->chip.config.flash_bytes, offset = address - FLASH_BASE;
    if (offset > size || length > size - offset) {
        return library_fail(board, VBOARD_WRONG,
                            "0x%08X and %zu bytes from there are not all in flash (0x%08X, %u KiB)",
                            (unsigned)address, length, (unsigned)FLASH_BASE, (unsigned)(size / 1024));
    }
    if (length)
        flash_load(&board->board->chip, address, bytes, (uint32_t)length);
    return VBOARD_OK;
}

/* Into whole pages, as a programmer does; frees the image. good: whether it could be read. */
static enum vboard_status burn(struct vboard *board, struct image *image, bool good)
{
    struct chip *chip = &board->board->chip;
    uint32_t size = chip->config.flash_bytes;
    uint8_t *flash = allocate(size);
    memcpy(flash, chip->flash_bytes, size);
    good = good && image_burn(image, flash, size, chip->config.page_bytes, chip->info->flash_blank,
                              board->error, sizeof board->error);
    if (good)
        flash_load(chip, FLASH_BASE, flash, size);
    image_free(image);
    free(flash);
    return good ? VBOARD_OK : VBOARD_WRONG;
}

enum vboard_status vboard_load_file(struct vboard *board, const char *path, uint32_t address)
{
    struct image image = {0};
    bool good = image_add(&image, path, address ? address : FLASH_BASE, board->error, sizeof board->error);
    return burn(board, &image, good);
}

enum vboard_status vboard_load_image(struct vboard *board, const char *name, const void *bytes, size_t length,
                                     uint32_t address)
{
    struct image image = {0};
    bool good = image_add_memory(&image, name, bytes, length, address ? address : FLASH_BASE, board->error,
                                 sizeof board->error);
    return burn(board, &image, good);
}

/* A person at the board */

void vboard_power(struct vboard *board, bool on)
{
    board_power(board->board, on);
}

bool vboard_is_powered(const struct vboard *board)
{
    return board->board->chip.powered;
}

void vboard_reset(struct vboard *board)
{
    board_reset_button(board->board);
}

enum vboard_status vboard_press(struct vboard *board, bool pressed)
{
    if (board->board->info->button == PIN_NONE)
        return library_fail(board, VBOARD_WRONG, "%s has no button", board->board->info->title);
    board_press(board->board, pressed);
    return VBOARD_OK;
}

void vboard_plug(struct vboard *board, bool in)
{
    board_plug(board->board, in);
}
