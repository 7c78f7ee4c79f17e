/* See serial.h. */
#include "serial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/allocate.h"
#include "loopback.h"
#include "records/output.h"

enum { LINE = 160, AT_ONCE = 1024 };

struct serial {
    struct board *board;
    unsigned usart;
    struct output output; /* open if it leads into a file */
    int listener, client; /* -1: not there */
    size_t kept;          /* came from the client, and the chip had no room for it yet */
    char in[AT_ONCE];
    serial_line *show;
    void *context;
    size_t used;
    char line[LINE];
};

static bool lead(struct serial *serial, const struct serial_end *end, char *error, size_t error_size)
{
    if (end->kind == SERIAL_FILE)
        return output_open(&serial->output, end->path, error, error_size);
    if (end->kind == SERIAL_PORT)
        serial->listener = loopback_listen(end->port, error, error_size);
    return end->kind == SERIAL_TERMINAL || serial->listener >= 0;
}

struct serial *serial_open(struct board *board, unsigned usart, const struct serial_end *end, char *error,
                           size_t error_size)
{
    struct serial *serial = allocate(sizeof *serial);
    serial->board = board;
    serial->usart = usart;
    serial->listener = serial->client = -1;
    if (lead(serial, end, error, error_size))
        return serial;
    free(serial);
    return NULL;
}

void serial_show(struct serial *serial, serial_line *show, void *context)
{
    serial->show = show;
    serial->context = context;
}

unsigned serial_port(const struct serial *serial)
{
    return serial->listener >= 0 ? loopback_port(serial->listener) : 0;
}

/* Nobody there, or nobody who reads: the line goes nowhere, as without a cable. */
static void send_byte(const struct serial *serial, char byte)
{
    if (serial->client >= 0 && send(serial->client, &byte, sizeof byte, MSG_NOSIGNAL) < 0)
        return;
}

static void show_byte(struct serial *serial, ticks at, char byte)
{
    bool printable = (unsigned char)byte >= ' ' && byte != 0x7F;
    if (printable)
        serial->line[serial->used++] = byte;
    if (byte != '\n' && serial->used < sizeof serial->line - 1)
        return;
    serial->line[serial->used] = '\0';
    serial->used = 0;
    if (serial->show)
        serial->show(serial->context, at, serial->line);
}

void serial_sent(struct serial *serial, ticks at, uint16_t word)
{
    char byte = (char)word;
    if (serial->output.file)
        fputc(byte, serial->output.file);
    else if (serial->listener >= 0)
        send_byte(serial, byte);
    else
        show_byte(serial, at, byte);
}

static void hang_up(struct serial *serial)
{
    close(serial->client);
    serial->client = -1;
    serial->kept = 0;
}

/* What the chip has no room for is kept: the client waits once we are full. */
void serial_poll(struct serial *serial)
{
    if (serial->listener < 0)
        return;
    if (serial->client < 0)
        serial->client = loopback_accept(serial->listener);
    if (serial->client < 0)
        return;
    size_t room = sizeof serial->in - serial->kept;
    ssize_t got = room ? recv(serial->client, serial->in + serial->kept, room, 0) : 0;
    if (room && (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))) {
        hang_up(serial);
        return;
    }
    serial->kept += got > 0 ? (size_t)got : 0;
    unsigned taken = board_serial_send(serial->board, serial->usart, serial->in, (unsigned)serial->kept);
    serial->kept -= taken;
    memmove(serial->in, serial->in + taken, serial->kept);
}

bool serial_close(struct serial *serial, char *error, size_t error_size)
{
    if (serial->used)
        show_byte(serial, board_now(serial->board), '\n');
    bool good = output_close(&serial->output, error, error_size);
    if (serial->client >= 0)
        close(serial->client);
    if (serial->listener >= 0)
        close(serial->listener);
    free(serial);
    return good;
}
