/* libvboard: serial ports. */
#include <string.h>

#include "base/allocate.h"
#include "private.h"

static bool has(const struct vboard *board, unsigned usart)
{
    return usart >= 1 && usart <= USARTS && board_has_serial(&board->board->chip.config, usart);
}

static enum vboard_status no_such(struct vboard *board, unsigned usart)
{
    return library_fail(board, VBOARD_WRONG, "the chip has no USART%u; 1 to 3, on large chips to 5", usart);
}

void library_serial_sent(void *context, unsigned usart, ticks at, uint16_t word)
{
    enum { FIRST_ROOM = 256 };
    struct vboard *board = context;
    struct serial_buffer *buffer = &board->serial[usart];
    (void)at;
    if (buffer->used == buffer->room) {
        buffer->room = buffer->room ? 2 * buffer->room : FIRST_ROOM;
        buffer->bytes = reallocate(buffer->bytes, buffer->room);
    }
    buffer->bytes[buffer->used++] = (uint8_t)word;
}

size_t vboard_serial_read(struct vboard *board, unsigned usart, void *bytes, size_t size)
{
    struct serial_buffer *buffer = usart <= USARTS ? &board->serial[usart] : NULL;
    size_t taken = !buffer ? 0 : buffer->used < size ? buffer->used : size;
    if (taken == 0)
        return 0;
    memcpy(bytes, buffer->bytes, taken);
    buffer->used -= taken;
    memmove(buffer->bytes, buffer->bytes + taken, buffer->used);
    return taken;
}

enum vboard_status vboard_serial_send(struct vboard *board, unsigned usart, const void *bytes, size_t length,
                                      uint64_t timeout)
{
    enum { AT_ONCE = 4096 };
    const uint8_t *next = bytes;
    ticks end = library_after(board, timeout);
    if (!has(board, usart))
        return no_such(board, usart);
    for (;;) {
        unsigned part = length > AT_ONCE ? AT_ONCE : (unsigned)length;
        unsigned taken = part ? board_serial_send(board->board, usart, next, part) : 0;
        next += taken;
        length -= taken;
        if (length == 0)
            return VBOARD_OK;
        if (board_now(board->board) >= end) {
            return library_fail(board, VBOARD_TIMED_OUT, "USART%u had no room for %zu bytes within %llu us",
                                usart, length, (unsigned long long)timeout);
        }
        ticks soon = library_after(board, 100);
        enum vboard_status status = library_run_to(board, soon < end ? soon : end);
        if (status != VBOARD_OK)
            return status;
    }
}

enum vboard_status vboard_serial_baud(struct vboard *board, unsigned usart, uint32_t baud)
{
    if (!has(board, usart))
        return no_such(board, usart);
    board_serial_baud(board->board, usart, baud);
    return VBOARD_OK;
}
