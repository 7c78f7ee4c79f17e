/* See serial.h. */
#include "serial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loopback.h"

enum { LINE = 160, AT_ONCE = 1024 };

struct serial {
    struct board *board;
    unsigned usart;
    FILE *file;           /* NULL: does not lead into one */
    int listener, client; /* -1: not there */
    size_t kept;          /* came from the client, and the chip had no room for it yet */
    char in[AT_ONCE];
    serial_line *show;
    void *context;
    size_t used;
    char line[LINE];
};

static bool lead(struct serial *serial, const char *where, char *error, size_t error_size)
{
    static const char tcp[] = "tcp:";
    char *end;
    if (strcmp(where, "terminal") == 0)
        return true;
    if (strncmp(where, tcp, strlen(tcp)) == 0) {
        unsigned long port = strtoul(where + strlen(tcp), &end, 10);
        if (*end != '\0' || end == where + strlen(tcp) || port > UINT16_MAX) {
            snprintf(error, error_size, "'%s' is no port; tcp:4000 is", where);
            return false;
        }
        serial->listener = loopback_listen((unsigned)port, error, error_size);
        return serial->listener >= 0;
    }
    serial->file = fopen(where, "wb");
    if (!serial->file)
        snprintf(error, error_size, "%s cannot be written: %s", where, strerror(errno));
    return serial->file != NULL;
}

struct serial *serial_open(struct board *board, unsigned usart, const char *where, char *error,
                           size_t error_size)
{
    struct serial *serial = calloc(1, sizeof *serial);
    if (!serial)
        abort();
    serial->board = board;
    serial->usart = usart;
    serial->listener = serial->client = -1;
    if (lead(serial, where, error, error_size))
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
    if (serial->file)
        fputc(byte, serial->file);
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

bool serial_close(struct serial *serial)
{
    bool good = true;
    if (serial->used)
        show_byte(serial, board_now(serial->board), '\n');
    if (serial->file) {
        good = !ferror(serial->file);
        good = fclose(serial->file) == 0 && good;
    }
    if (serial->client >= 0)
        close(serial->client);
    if (serial->listener >= 0)
        close(serial->listener);
    free(serial);
    return good;
}
