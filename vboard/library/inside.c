/* libvboard: memory, rules, power cuts, snapshots. */
#include <stdlib.h>
#include <string.h>

#include "base/allocate.h"
#include "files/image.h"
#include "private.h"

static bool is_within(uint32_t address, size_t length, uint32_t base, uint32_t size)
{
    uint32_t offset = address - base;
    return offset <= size && length <= size - offset;
}

enum vboard_status vboard_read(struct vboard *board, uint32_t address, void *bytes, size_t length)
{
    const struct chip *chip = &board->board->chip;
    const uint8_t *from = NULL;
    if (is_within(address, length, RAM_BASE, chip->config.ram_bytes)) {
        from = chip->ram + (address - RAM_BASE);
    } else if (is_within(address, length, FLASH_BASE, chip->config.flash_bytes)) {
        from = chip->flash_bytes + (address - FLASH_BASE);
    } else {
        return library_fail(board, VBOARD_WRONG,
                            "0x%08X and %zu bytes from there are not all in flash (0x%08X, %u KiB) or RAM "
                            "(0x%08X, %u KiB)",
                            (unsigned)address, length, (unsigned)FLASH_BASE,
                            (unsigned)(chip->config.flash_bytes / 1024), (unsigned)RAM_BASE,
                            (unsigned)(chip->config.ram_bytes / 1024));
    }
    if (length)
        memcpy(bytes, from, length);
    return VBOARD_OK;
}

uint64_t vboard_flash_operations(const struct vboard *board)
{
    return board->board->chip.flash.operations;
}

/* Rules */

uint64_t vboard_violations(const struct vboard *board)
{
    return board->board->violations;
}

const char *vboard_first_violation(const struct vboard *board)
{
    return board->board->first_violation;
}

const char *vboard_rule_name(unsigned index)
{
    for (const char *const *name = rule_names; *name; name++)
        if (index-- == 0)
            return *name;
    return NULL;
}

uint32_t vboard_rule_count(const struct vboard *board, const char *rule)
{
    int index = rule_find(rule, strlen(rule));
    return index == RULE_UNKNOWN ? 0 : board->board->broken[index];
}

enum vboard_status vboard_allow(struct vboard *board, const char *rule)
{
    int index = rule_find(rule, strlen(rule));
    if (index == RULE_UNKNOWN) {
        return library_fail(board, VBOARD_WRONG, "there is no rule '%s'; is '%s' meant?", rule,
                            rule_nearest(rule, strlen(rule)));
    }
    board->board->allowed[index] = true;
    return VBOARD_OK;
}

/* Power cuts */

enum vboard_status vboard_cut_power(struct vboard *board, uint64_t n, enum vboard_cut moment)
{
    static const enum power_cut_phase phases[] = {CUT_BEFORE, CUT_INSIDE, CUT_AFTER};
    struct chip *chip = &board->board->chip;
    if ((unsigned)moment > VBOARD_CUT_AFTER) {
        return library_fail(board, VBOARD_WRONG,
                            "a moment is VBOARD_CUT_BEFORE, VBOARD_CUT_INSIDE or VBOARD_CUT_AFTER");
    }
    chip->power_cut_operation = n ? chip->flash.operations + n : 0;
    chip->power_cut_phase = phases[moment];
    return VBOARD_OK;
}

/* Snapshots */

struct vboard_snapshot {
    const struct vboard *of;
    struct vboard state; /* its pointers to what changes are not used */
    void *board;
    struct serial_buffer serial[USARTS + 1];
};

static struct serial_buffer copy_of(const struct serial_buffer *buffer)
{
    struct serial_buffer copy = {.used = buffer->used, .room = buffer->used};
    if (buffer->used) {
        copy.bytes = reallocate(NULL, buffer->used);
        memcpy(copy.bytes, buffer->bytes, buffer->used);
    }
    return copy;
}

static bool may_save(struct vboard *board)
{
    if (!library_usb_is_busy(board, ANY_ENDPOINT))
        return true;
    library_fail(board, VBOARD_WRONG,
                 "a USB transfer is under way, which a snapshot cannot hold: vboard_usb_finish() first");
    return false;
}

struct vboard_snapshot *vboard_save(struct vboard *board)
{
    if (!may_save(board))
        return NULL;
    struct vboard_snapshot *snapshot = allocate(sizeof *snapshot);
    snapshot->of = board;
    snapshot->state = *board;
    snapshot->board = board_save(board->board);
    for (unsigned i = 0; i <= USARTS; i++)
        snapshot->serial[i] = copy_of(&board->serial[i]);
    return snapshot;
}

enum vboard_status vboard_restore(struct vboard *board, const struct vboard_snapshot *snapshot)
{
    if (snapshot->of != board)
        return library_fail(board, VBOARD_WRONG, "the snapshot is of another board");
    if (!may_save(board))
        return VBOARD_WRONG;
    uint32_t wanted = board->board->chip.report_wanted;
    board_restore(board->board, snapshot->board);
    board->board->chip.report_wanted = wanted;
    board->enumerator = snapshot->state.enumerator;
    board->enumeration = snapshot->state.enumeration;
    board->found = snapshot->state.found;
    board->configure = snapshot->state.configure;
    board->enumerated = snapshot->state.enumerated;
    memcpy(board->alternate, snapshot->state.alternate, sizeof board->alternate);
    for (unsigned i = 0; i <= USARTS; i++) {
        free(board->serial[i].bytes);
        board->serial[i] = copy_of(&snapshot->serial[i]);
    }
    return VBOARD_OK;
}

void vboard_snapshot_free(struct vboard_snapshot *snapshot)
{
    if (!snapshot)
        return;
    for (unsigned i = 0; i <= USARTS; i++)
        free(snapshot->serial[i].bytes);
    free(snapshot->board);
    free(snapshot);
}
