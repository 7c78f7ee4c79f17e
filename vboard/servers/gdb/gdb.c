/* The debugger's connection, and the frames of its protocol. */
#include "gdb.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/allocate.h"
#include "private.h"
#include "servers/loopback.h"

enum { INTERRUPT = 3, ESCAPE = '}', ESCAPED = 0x20, NOT_HEX = 16 };

static const char digits[] = "0123456789abcdef";

/* The answer */

void gdb_say(struct gdb *gdb, const char *format, ...)
{
    size_t room = sizeof gdb->answer - gdb->answered;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(&gdb->answer[gdb->answered], room, format, arguments);
    va_end(arguments);
    if (length > 0)
        gdb->answered += (size_t)length < room ? (size_t)length : room - 1;
}

void gdb_say_hex(struct gdb *gdb, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < length && gdb->answered + 2 < sizeof gdb->answer; i++) {
        gdb->answer[gdb->answered++] = digits[at[i] >> 4];
        gdb->answer[gdb->answered++] = digits[at[i] & 15];
    }
}

static void hang_up(struct gdb *gdb)
{
    close(gdb->client);
    gdb->client = -1;
    if (!gdb->spoken)
        return; /* it was none, and changed nothing */
    gdb->spoken = false;
    gdb_detach(gdb);
    chip_report(&gdb->board->chip, REPORT_NOTE, "gdb: debugger gone");
}

/* gdb always reads: waiting for it is short. */
static void send_all(struct gdb *gdb, const char *bytes, size_t length)
{
    while (length && gdb->client >= 0) {
        ssize_t sent = send(gdb->client, bytes, length, MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            length -= (size_t)sent;
            continue;
        }
        struct pollfd fd = {.fd = gdb->client, .events = POLLOUT};
        bool full = sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
        if (!full || (poll(&fd, 1, -1) < 0 && errno != EINTR)) {
            hang_up(gdb);
            return;
        }
    }
}

void gdb_send(struct gdb *gdb, const char *packet, size_t length)
{
    char frame[2 * GDB_PACKET + 4];
    uint8_t sum = 0;
    size_t used = 0;
    frame[used++] = '$';
    for (size_t i = 0; i < length; i++) {
        bool escape = packet[i] == '$' || packet[i] == '#' || packet[i] == '*' || packet[i] == ESCAPE;
        if (escape)
            frame[used++] = ESCAPE;
        frame[used++] = (char)(escape ? packet[i] ^ ESCAPED : packet[i]);
    }
    for (size_t i = 1; i < used; i++)
        sum = (uint8_t)(sum + (uint8_t)frame[i]);
    frame[used++] = '#';
    frame[used++] = digits[sum >> 4];
    frame[used++] = digits[sum & 15];
    send_all(gdb, frame, used);
}

void gdb_send_answer(struct gdb *gdb)
{
    gdb_send(gdb, gdb->answer, gdb->answered);
    gdb->answered = 0;
}

/* What comes in */

static unsigned hex_digit(char c)
{
    const char *at = c ? strchr(digits, c | 0x20) : NULL;
    return at ? (unsigned)(at - digits) : NOT_HEX;
}

/* Undoes escapes in place. */
static size_t unescape(char *packet, size_t length)
{
    size_t to = 0;
    for (size_t from = 0; from < length; from++)
        packet[to++] =
            (char)(packet[from] == ESCAPE && from + 1 < length ? packet[++from] ^ ESCAPED : packet[from]);
    return to;
}

/* frame: $packet#xx */
static void take_frame(struct gdb *gdb, char *frame, size_t length)
{
    uint8_t sum = 0;
    size_t packet = length - 4;
    for (size_t i = 1; i <= packet; i++)
        sum = (uint8_t)(sum + (uint8_t)frame[i]);
    bool good = hex_digit(frame[length - 2]) == sum >> 4 && hex_digit(frame[length - 1]) == (sum & 15u);
    if (!gdb->no_acknowledgements)
        send_all(gdb, good ? "+" : "-", 1);
    if (!good)
        return;
    packet = unescape(frame + 1, packet);
    frame[1 + packet] = '\0';
    gdb->answered = 0;
    if (gdb_packet(gdb, frame + 1, packet))
        gdb_send_answer(gdb);
}

/* Length of the frame that the text begins with; 0: it is not complete. */
static size_t frame_length(const char *text, size_t length)
{
    const char *end = memchr(text, '#', length);
    return end && (size_t)(end - text) + 3 <= length ? (size_t)(end - text) + 3 : 0;
}

/* How much of the input is dealt with. */
static size_t take_one(struct gdb *gdb)
{
    if (gdb->in[0] != '$') {
        if (gdb->in[0] == INTERRUPT && !gdb->held)
            gdb_hold(gdb, GDB_SIGINT);
        return 1;
    }
    size_t length = frame_length(gdb->in, gdb->received);
    if (length)
        take_frame(gdb, gdb->in, length);
    return length;
}

/*
 * A debugger begins with an acknowledgement, a packet or Ctrl-C. Anything else comes from a client of another
 * protocol, such as a web page's request to this port, and must not be searched for packets.
 */
static bool is_greeting(char c)
{
    return c == '+' || c == '-' || c == '$' || c == INTERRUPT;
}

static void greet(struct gdb *gdb)
{
    if (!is_greeting(gdb->in[0])) {
        hang_up(gdb);
        chip_report(&gdb->board->chip, REPORT_NOTE,
                    "gdb: a client that does not speak gdb's protocol is turned away");
        return;
    }
    gdb->spoken = true;
    gdb->hit.length = 0;
    gdb_hold(gdb, GDB_SIGTRAP);
    chip_report(&gdb->board->chip, REPORT_NOTE, "gdb: debugger connected, the board stands still");
}

static void take_input(struct gdb *gdb)
{
    size_t taken;
    if (!gdb->spoken)
        greet(gdb);
    while (gdb->client >= 0 && gdb->received && (taken = take_one(gdb))) {
        gdb->received -= taken;
        memmove(gdb->in, gdb->in + taken, gdb->received);
    }
}

static void receive(struct gdb *gdb)
{
    ssize_t got = recv(gdb->client, &gdb->in[gdb->received], sizeof gdb->in - gdb->received, 0);
    if (got > 0) {
        gdb->received += (size_t)got;
        take_input(gdb);
    } else if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
        hang_up(gdb); /* also a packet without an end, which leaves no room */
    }
}

static void take_client(struct gdb *gdb)
{
    gdb->client = loopback_accept(gdb->listener);
    if (gdb->client < 0)
        return;
    gdb->received = 0;
    gdb->no_acknowledgements = gdb->extended = false;
}

/* There is one debugger at a time: a second one is told at once, by the end of its connection. One that has
 * said nothing yet makes room. */
static void take_another(struct gdb *gdb)
{
    if (!gdb->spoken) {
        hang_up(gdb);
        take_client(gdb);
        return;
    }
    int another = loopback_accept(gdb->listener);
    if (another < 0)
        return;
    close(another);
    chip_report(&gdb->board->chip, REPORT_NOTE,
                "gdb: another debugger is turned away, one is connected already");
}

void gdb_poll(struct gdb *gdb, int timeout_ms)
{
    struct pollfd fds[] = {{.fd = gdb->listener, .events = POLLIN}, {.fd = gdb->client, .events = POLLIN}};
    if (poll(fds, 2, timeout_ms) <= 0)
        return;
    if (fds[1].revents)
        receive(gdb);
    if (fds[0].revents && gdb->client >= 0)
        take_another(gdb);
    else if (fds[0].revents)
        take_client(gdb);
}

/* Life */

struct gdb *gdb_listen(struct board *board, unsigned port, bool halted, char *error, size_t error_size)
{
    int listener = loopback_listen(port, error, error_size);
    if (listener < 0)
        return NULL;
    struct gdb *gdb = allocate(sizeof *gdb);
    struct chip *copy = allocate(sizeof *copy);
    gdb->board = board;
    gdb->copy = copy;
    gdb->listener = listener;
    gdb->client = -1;
    gdb->held = halted;
    gdb->signal = GDB_SIGTRAP;
    return gdb;
}

unsigned gdb_port(const struct gdb *gdb)
{
    return loopback_port(gdb->listener);
}

bool gdb_holds(const struct gdb *gdb)
{
    return gdb->held;
}

bool gdb_connected(const struct gdb *gdb)
{
    return gdb->spoken;
}

bool gdb_killed(const struct gdb *gdb)
{
    return gdb->killed;
}

void gdb_close(struct gdb *gdb)
{
    if (gdb->client >= 0)
        close(gdb->client);
    gdb->client = -1;
    gdb->spoken = false;
    gdb_detach(gdb);
    gdb_arm(gdb, false);
    close(gdb->listener);
    free(gdb->copy);
    free(gdb);
}
