/* libvboard: time. */
#include "private.h"

uint64_t vboard_now(const struct vboard *board)
{
    return ticks_to_us(board_now(board->board));
}

uint64_t vboard_instructions(const struct vboard *board)
{
    return board->board->chip.cpu.instructions;
}

ticks library_after(const struct vboard *board, uint64_t us)
{
    ticks now = board_now(board->board);
    return us > ticks_to_us(TICKS_NEVER - 1 - now) ? TICKS_NEVER - 1 : now + ticks_from_us(us);
}

enum vboard_status library_trouble(struct vboard *board)
{
    const struct board *inner = board->board;
    if (board_failed(inner))
        return library_fail(board, VBOARD_BROKEN, "%s", inner->first_violation);
    if (inner->chip.powered && inner->chip.cpu.locked_up && !chip_will_reset(&inner->chip))
        return library_fail(board, VBOARD_LOCKED_UP, "the processor is locked up, and no watchdog runs");
    return VBOARD_OK;
}

enum vboard_status library_run_to(struct vboard *board, ticks until)
{
    enum vboard_status trouble = library_trouble(board);
    if (trouble == VBOARD_OK) {
        chip_run(&board->board->chip, until);
        trouble = library_trouble(board);
    }
    return trouble;
}

/* In pieces: a processor that has locked up would stay so to the end. */
enum vboard_status vboard_run(struct vboard *board, uint64_t us)
{
    const ticks piece = TICKS_PER_MILLISECOND;
    ticks end = library_after(board, us), now;
    enum vboard_status status = library_trouble(board);
    while (status == VBOARD_OK && (now = board_now(board->board)) < end)
        status = library_run_to(board, end - now > piece ? now + piece : end);
    return status;
}

/* By the grid of the beginning: the overshoot of an instruction does not add up. */
enum vboard_status vboard_run_until(struct vboard *board, vboard_condition *condition, void *context,
                                    uint64_t timeout)
{
    const ticks piece = 10 * TICKS_PER_MICROSECOND;
    ticks end = library_after(board, timeout), next = board_now(board->board);
    enum vboard_status status = library_trouble(board);
    if (!condition)
        return library_fail(board, VBOARD_WRONG, "vboard_run_until() needs a condition");
    while (!condition(board, context)) {
        if (status != VBOARD_OK)
            return status;
        if (board_now(board->board) >= end) {
            return library_fail(board, VBOARD_TIMED_OUT, "the condition was not true within %llu us",
                                (unsigned long long)timeout);
        }
        next = end - next > piece ? next + piece : end;
        status = library_run_to(board, next);
    }
    return VBOARD_OK;
}
