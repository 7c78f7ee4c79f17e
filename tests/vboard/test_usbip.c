/* The USB/IP server, talked to over real loopback sockets as Linux's usbip command and its vhci_hcd would. */
#include "usb_model.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "servers/usbip/usbip.h"

enum { BOARDS = 2, VERSION = 0x0111, LIST = 5, IMPORT = 3, REQUEST = 0x8000, PREFIX = 8, RECORD = 312 };
enum { HEADER = 48, SUBMIT = 1, UNLINK = 2, SUBMITTED = 3, UNLINKED = 4, PACKET = 16, ROOM = 65536 };
enum { IN = 1, OUT = 0, ISO_IN = 3, ISO_OUT = 4, NOT_ISOCHRONOUS = -1 };
enum { INVALID = -22, BROKEN_PIPE = -32, RESET = -104 };

struct client {
    int socket;
    uint32_t sequence;
    uint8_t in[ROOM];
    uint32_t used;
};

struct setting {
    struct model *model[BOARDS];
    struct usbip *server;
    struct client client[BOARDS];
    int64_t clock_us; /* of the PC */
};

/* ---- boards and a client ---- */

static int setup_boards(void **state)
{
    struct setting *setting = test_calloc(1, sizeof *setting);
    struct board *boards[BOARDS];
    char error[200];
    for (unsigned i = 0; i < BOARDS; i++) {
        void *device;
        model_setup_device(&device);
        setting->model[i] = device;
        boards[i] = setting->model[i]->board;
        setting->client[i].socket = -1;
    }
    setting->server = usbip_listen(boards, BOARDS, 0, error, sizeof error);
    assert_non_null(setting->server);
    *state = setting;
    return 0;
}

static void leave(struct client *client)
{
    if (client->socket >= 0)
        close(client->socket);
    client->socket = -1;
}

static int teardown_desk(void **state)
{
    struct setting *setting = *state;
    for (unsigned i = 0; i < BOARDS; i++)
        leave(&setting->client[i]);
    usbip_close(setting->server);
    for (unsigned i = 0; i < BOARDS; i++) {
        void *device = setting->model[i];
        model_teardown(&device);
    }
    test_free(setting);
    return 0;
}

static void receive(struct client *client)
{
    if (client->socket < 0)
        return;
    ssize_t got = recv(client->socket, client->in + client->used, ROOM - client->used, 0);
    assert_true(got >= 0 || errno == EAGAIN);
    client->used += got > 0 ? (uint32_t)got : 0;
}

/* A millisecond of every board, and whatever is on the sockets. */
static void pump(struct setting *setting)
{
    usbip_poll(setting->server, setting->clock_us);
    for (unsigned i = 0; i < BOARDS; i++) {
        model_now = setting->model[i];
        model_run_us(setting->model[i], 1000);
    }
    setting->clock_us += 1000;
    usbip_poll(setting->server, setting->clock_us);
    for (unsigned i = 0; i < BOARDS; i++)
        receive(&setting->client[i]);
}

static void pump_ms(struct setting *setting, unsigned milliseconds)
{
    while (milliseconds--)
        pump(setting);
}

/* Waits for as many bytes; a socket may take a little of the PC's time. */
static void wait_for(struct setting *setting, const struct client *client, uint32_t bytes)
{
    enum { HURRY = 200, PATIENCE = 5000 };
    for (unsigned slices = 0; client->used < bytes; slices++) {
        pump(setting);
        if (slices > HURRY)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        assert_true(slices < PATIENCE);
    }
}

/* ---- the protocol ---- */

static uint32_t get(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void put(uint8_t *bytes, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void take(struct client *client, uint32_t bytes)
{
    client->used -= bytes;
    memmove(client->in, client->in + bytes, client->used);
}

static void say(const struct client *client, const void *bytes, size_t length)
{
    assert_int_equal(send(client->socket, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

static void join(struct setting *setting, struct client *client)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)usbip_port(setting->server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    client->used = 0;
    client->socket = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(client->socket, (struct sockaddr *)&address, sizeof address), 0);
    fcntl(client->socket, F_SETFL, O_NONBLOCK);
}

static void ask_to_import(struct setting *setting, struct client *client, const char *busid)
{
    uint8_t message[PREFIX + 32] = {VERSION >> 8, VERSION & 0xFF, REQUEST >> 8, IMPORT};
    snprintf((char *)message + PREFIX, 32, "%s", busid);
    join(setting, client);
    say(client, message, sizeof message);
}

/* The status of an import that was asked for. */
static uint32_t import_status(struct setting *setting, struct client *client)
{
    wait_for(setting, client, PREFIX);
    uint32_t status = get(client->in + 4);
    if (status == 0) {
        wait_for(setting, client, PREFIX + RECORD);
        take(client, PREFIX + RECORD);
    }
    return status;
}

static struct client *import(struct setting *setting, unsigned number)
{
    struct client *client = &setting->client[number - 1];
    char busid[8];
    snprintf(busid, sizeof busid, "1-%u", number);
    pump_ms(setting, 300); /* until it is enumerated */
    ask_to_import(setting, client, busid);
    assert_int_equal(import_status(setting, client), 0);
    return client;
}

struct urb {
    uint8_t direction, endpoint;
    uint8_t setup[8];
    uint32_t length;
    int packets;            /* NOT_ISOCHRONOUS, or how many */
    uint32_t packet_length; /* of each; they lie behind each other */
    const uint8_t *data;
};

/* Returns its number. */
static uint32_t submit(struct client *client, const struct urb *urb)
{
    static uint8_t message[ROOM];
    uint32_t sent = HEADER;
    memset(message, 0, sizeof message);
    put(message, SUBMIT);
    put(message + 4, ++client->sequence);
    put(message + 12, urb->direction);
    put(message + 16, urb->endpoint);
    put(message + 24, urb->length);
    put(message + 32, (uint32_t)urb->packets);
    memcpy(message + 40, urb->setup, 8);
    if (urb->direction == OUT && urb->length) {
        memcpy(message + sent, urb->data, urb->length);
        sent += urb->length;
    }
    for (int i = 0; i < urb->packets; i++, sent += PACKET) {
        put(message + sent, (uint32_t)i * urb->packet_length);
        put(message + sent + 4, urb->packet_length);
    }
    say(client, message, sent);
    return client->sequence;
}

/* The header of the next answer, which must be to this request, and be of this status. */
static void expect(struct setting *setting, struct client *client, uint32_t command, uint32_t sequence,
                   int status, uint8_t header[HEADER])
{
    wait_for(setting, client, HEADER);
    memcpy(header, client->in, HEADER);
    take(client, HEADER);
    assert_int_equal(get(header), command);
    assert_int_equal(get(header + 4), sequence);
    assert_int_equal((int)get(header + 20), status);
}

static void control(struct setting *setting, struct client *client, const uint8_t setup[8], int status)
{
    struct urb urb = {.direction = setup[0] & 0x80 ? IN : OUT, .packets = NOT_ISOCHRONOUS};
    uint8_t header[HEADER];
    memcpy(urb.setup, setup, 8);
    urb.length = setup[6] | (uint32_t)setup[7] << 8;
    uint32_t sequence = submit(client, &urb);
    expect(setting, client, SUBMITTED, sequence, status, header);
    wait_for(setting, client, get(header + 24));
}

static void configure(struct setting *setting, struct client *client)
{
    static const uint8_t set_configuration[8] = {0, 9, 1, 0, 0, 0, 0, 0};
    control(setting, client, set_configuration, 0);
}

/* ---- who gets a board, and when ---- */

static void test_boards_are_listed_and_given_once(void **state)
{
    struct setting *setting = *state;
    const uint8_t list[PREFIX] = {VERSION >> 8, VERSION & 0xFF, REQUEST >> 8, LIST};
    struct client *one = import(setting, 1), *other = &setting->client[1];
    configure(setting, one);
    join(setting, other);
    say(other, list, sizeof list);
    wait_for(setting, other, PREFIX + 4);
    assert_int_equal(get(other->in + PREFIX), BOARDS);
    leave(other);
    ask_to_import(setting, other, "1-1");
    assert_int_not_equal(import_status(setting, other), 0);
    leave(other);
    ask_to_import(setting, other, "1-3");
    assert_int_not_equal(import_status(setting, other), 0);
}

/* Linux's usbip cannot attach anything while the kernel enumerates another device of vhci_hcd. */
static void test_the_next_board_is_given_when_the_one_before_is_configured(void **state)
{
    struct setting *setting = *state;
    struct client *one = import(setting, 1), *other = &setting->client[1];
    ask_to_import(setting, other, "1-2");
    pump_ms(setting, 200);
    assert_int_equal(other->used, 0);
    configure(setting, one);
    assert_int_equal(import_status(setting, other), 0);
}

static void test_the_next_board_is_given_when_the_one_before_is_left(void **state)
{
    struct setting *setting = *state;
    struct client *one = import(setting, 1), *other = &setting->client[1];
    ask_to_import(setting, other, "1-2");
    pump_ms(setting, 200);
    assert_int_equal(other->used, 0);
    leave(one);
    assert_int_equal(import_status(setting, other), 0);
}

static void test_a_board_that_nobody_configures_does_not_hold_up_others_for_ever(void **state)
{
    struct setting *setting = *state;
    struct client *other = &setting->client[1];
    import(setting, 1);
    ask_to_import(setting, other, "1-2");
    pump_ms(setting, 4000);
    assert_int_equal(other->used, 0);
    pump_ms(setting, 2000);
    assert_int_equal(import_status(setting, other), 0);
}

/* ---- transfers ---- */

/*
 * How much a client can send before it is turned away or its socket takes no more, with the server at work.
 */
static size_t flood(struct setting *setting, struct client *client, size_t most)
{
    static uint8_t bytes[65536];
    size_t sent = 0;
    for (unsigned idle = 0; sent < most && idle < 50;) {
        ssize_t now = send(client->socket, bytes, sizeof bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (now > 0)
            sent += (size_t)now;
        idle = now > 0 ? 0 : idle + 1;
        usbip_poll(setting->server, setting->clock_us);
    }
    return sent;
}

/* The kernel's buffers take some MB. */
static void test_a_client_that_waits_for_a_board_cannot_fill_the_memory(void **state)
{
    enum { MOST = 64 * 1024 * 1024 };
    struct setting *setting = *state;
    struct client *first = import(setting, 1), *second = &setting->client[1];
    ask_to_import(setting, second, "1-2");
    assert_true(flood(setting, second, MOST) < MOST);
    leave(second);
    leave(first);
    pump_ms(setting, 10);
    import(setting, 2); /* nobody has it */
}

/* Reads of an endpoint that has nothing, until nobody believes that a kernel asks. */
static void test_requests_without_end_are_not_taken(void **state)
{
    enum { MOST = 400 * 1024 * 1024 / 48, LARGE = 1 << 20 };
    struct setting *setting = *state;
    struct client *client = import(setting, 1);
    unsigned asked = 0;
    configure(setting, client);
    for (unsigned idle = 0; asked < MOST && idle < 50;) {
        uint8_t message[HEADER] = {0};
        put(&message[0], SUBMIT);
        put(&message[4], 1000 + asked);
        put(&message[12], IN);
        put(&message[16], 1);
        put(&message[24], LARGE);
        put(&message[32], UINT32_MAX);
        bool sent =
            send(client->socket, message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof message;
        asked += sent;
        idle = sent ? 0 : idle + 1;
        if (asked % 64 == 0 || !sent)
            usbip_poll(setting->server, setting->clock_us);
    }
    assert_true(asked < MOST);
    leave(client);
    pump_ms(setting, 10);
    import(setting, 1); /* its requests are gone with it */
}

static void test_control_and_bulk_transfers_pass(void **state)
{
    struct setting *setting = *state;
    static const uint8_t nonsense[8] = {0xC0, 0x99, 0, 0, 0, 0, 4, 0};
    uint8_t header[HEADER], data[50];
    struct urb out = {
        .direction = OUT, .endpoint = 1, .length = sizeof data, .packets = NOT_ISOCHRONOUS, .data = data};
    struct urb in = {.direction = IN, .endpoint = 1, .length = 512, .packets = NOT_ISOCHRONOUS};
    struct client *client = import(setting, 1);
    configure(setting, client);
    control(setting, client, nonsense, BROKEN_PIPE);
    memset(data, 0x3C, sizeof data);
    expect(setting, client, SUBMITTED, submit(client, &out), 0, header);
    assert_int_equal(get(header + 24), sizeof data);
    expect(setting, client, SUBMITTED, submit(client, &in), 0, header);
    assert_int_equal(get(header + 24), sizeof data);
    wait_for(setting, client, sizeof data);
    assert_memory_equal(client->in, data, sizeof data);
}

static void test_a_request_that_is_unlinked_is_not_answered_otherwise(void **state)
{
    struct setting *setting = *state;
    uint8_t header[HEADER], message[HEADER] = {0};
    struct urb in = {.direction = IN, .endpoint = 1, .length = 64, .packets = NOT_ISOCHRONOUS};
    struct client *client = import(setting, 1);
    configure(setting, client);
    put(message, UNLINK);
    put(message + 20, submit(client, &in));
    put(message + 4, ++client->sequence);
    pump_ms(setting, 5);
    say(client, message, sizeof message);
    expect(setting, client, UNLINKED, client->sequence, RESET, header);
    pump_ms(setting, 5);
    assert_int_equal(client->used, 0);
}

/* ---- a PC that is too slow for the board ---- */

/* The milliseconds that the board lives from its last answer to the next, of which the kernel waits some by
 * the PC's clock, while the board stands still. */
static uint64_t between_answers(struct setting *setting, unsigned waited_ms)
{
    static const uint8_t get_configuration[8] = {0x80, 8, 0, 0, 0, 0, 1, 0};
    struct client *client = &setting->client[0];
    const struct usb_host *host = &setting->model[0]->board->host;
    control(setting, client, get_configuration, 0);
    take(client, 1);
    uint64_t before = ticks_to_us(board_now(setting->model[0]->board));
    assert_int_equal(host->queued, 0);
    setting->clock_us += 1000 * (int64_t)waited_ms;
    control(setting, client, get_configuration, 0);
    take(client, 1);
    return (ticks_to_us(board_now(setting->model[0]->board)) - before) / 1000;
}

static void test_a_board_lives_through_what_the_kernel_waits(void **state)
{
    struct setting *setting = *state;
    import(setting, 1);
    assert_in_range(between_answers(setting, 0), 1, 3);
    assert_in_range(between_answers(setting, 20), 20, 23);
    assert_in_range(between_answers(setting, 100), 100, 103);
    /* who waited for long is not kept waiting for as long again */
    assert_in_range(between_answers(setting, 5000), 250, 253);
}

/* ---- isochronous transfers ---- */

enum { PACKETS = 8 };

static struct client *import_isochronous(struct setting *setting)
{
    static const uint8_t start[8] = {0x40, MODEL_ISO_START, 0, 0, 0, 0, 0, 0};
    struct client *client = import(setting, 1);
    configure(setting, client);
    control(setting, client, start, 0);
    return client;
}

/* Room between them in the kernel's buffer, none on the way. */
static void test_isochronous_packets_come_one_a_frame(void **state)
{
    enum { SPACE = 2 * MODEL_ISO_BYTES, GOT = PACKETS * MODEL_ISO_BYTES, TAIL = PACKETS * PACKET };
    struct setting *setting = *state;
    struct client *client = import_isochronous(setting);
    const struct urb urb = {.direction = IN,
                            .endpoint = ISO_IN,
                            .length = PACKETS * SPACE,
                            .packets = PACKETS,
                            .packet_length = SPACE};
    uint32_t first = submit(client, &urb), second = submit(client, &urb), frame = 0;
    uint8_t header[HEADER];
    for (uint32_t sequence = first; sequence <= second; sequence++) {
        expect(setting, client, SUBMITTED, sequence, 0, header);
        assert_int_equal(get(header + 24), GOT);
        assert_int_equal(get(header + 32), PACKETS);
        assert_int_equal(get(header + 36), 0);
        if (sequence == second)
            assert_int_equal((get(header + 28) - frame) % 2048, PACKETS);
        frame = get(header + 28);
        wait_for(setting, client, GOT + TAIL);
        for (unsigned i = 0; i < GOT; i++)
            assert_int_equal(client->in[i], 0x77);
        for (unsigned i = 0; i < PACKETS; i++) {
            const uint8_t *packet = client->in + GOT + i * PACKET;
            assert_int_equal(get(packet), i * SPACE);
            assert_int_equal(get(packet + 8), MODEL_ISO_BYTES);
            assert_int_equal(get(packet + 12), 0);
        }
        take(client, GOT + TAIL);
    }
    model_expect_clean(setting->model[0]);
}

static void test_isochronous_packets_go_out(void **state)
{
    enum { SIZE = 24, SENT = PACKETS * SIZE, TAIL = PACKETS * PACKET };
    struct setting *setting = *state;
    struct client *client = import_isochronous(setting);
    uint8_t data[SENT], header[HEADER];
    for (unsigned i = 0; i < SENT; i++)
        data[i] = (uint8_t)(i * 5);
    const struct urb urb = {.direction = OUT,
                            .endpoint = ISO_OUT,
                            .length = SENT,
                            .packets = PACKETS,
                            .packet_length = SIZE,
                            .data = data};
    expect(setting, client, SUBMITTED, submit(client, &urb), 0, header);
    assert_int_equal(get(header + 24), SENT);
    wait_for(setting, client, TAIL);
    assert_int_equal(get(client->in + TAIL - PACKET + 8), SIZE);
    assert_int_equal(setting->model[0]->heard, SENT);
    assert_memory_equal(setting->model[0]->data, data, SENT);
    model_expect_clean(setting->model[0]);
}

/* The device has no such endpoint yet: silence, which ends one packet and not the rest. */
static void test_an_isochronous_packet_that_fails_is_told_of(void **state)
{
    struct setting *setting = *state;
    struct client *client = import(setting, 1);
    const struct urb urb = {
        .direction = IN, .endpoint = ISO_IN, .length = 64, .packets = 2, .packet_length = 32};
    uint8_t header[HEADER];
    configure(setting, client);
    expect(setting, client, SUBMITTED, submit(client, &urb), 0, header);
    assert_int_equal(get(header + 24), 0);
    assert_int_equal(get(header + 36), 2);
    wait_for(setting, client, 2 * PACKET);
    assert_int_not_equal(get(client->in + 12), 0);
    assert_int_not_equal(get(client->in + PACKET + 12), 0);
}

static void test_isochronous_requests_that_make_no_sense_are_refused(void **state)
{
    struct setting *setting = *state;
    struct client *client = import_isochronous(setting);
    static const struct urb wrong[] = {
        {.direction = IN, .endpoint = ISO_IN, .length = 64, .packets = 3, .packet_length = 32},
        {.direction = IN, .endpoint = 1, .length = 64, .packets = 1, .packet_length = 64},
        {.direction = IN, .endpoint = ISO_IN, .length = 64, .packets = NOT_ISOCHRONOUS},
        {.direction = IN, .endpoint = 9, .length = 64, .packets = 1, .packet_length = 64},
    };
    uint8_t header[HEADER];
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect(setting, client, SUBMITTED, submit(client, &wrong[i]), INVALID, header);
}

static void test_a_client_that_leaves_takes_its_isochronous_requests_along(void **state)
{
    struct setting *setting = *state;
    struct client *client = import_isochronous(setting);
    const struct urb urb = {
        .direction = IN, .endpoint = ISO_IN, .length = 64 * 32, .packets = 64, .packet_length = 32};
    submit(client, &urb);
    submit(client, &urb);
    pump_ms(setting, 10);
    assert_true(setting->model[0]->board->host.queued > 0);
    leave(client);
    pump_ms(setting, 50);
    assert_int_equal(setting->model[0]->board->host.queued, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_boards, teardown_desk)
    const struct CMUnitTest tests[] = {
        TEST(test_boards_are_listed_and_given_once),
        TEST(test_the_next_board_is_given_when_the_one_before_is_configured),
        TEST(test_the_next_board_is_given_when_the_one_before_is_left),
        TEST(test_a_board_that_nobody_configures_does_not_hold_up_others_for_ever),
        TEST(test_a_client_that_waits_for_a_board_cannot_fill_the_memory),
        TEST(test_requests_without_end_are_not_taken),
        TEST(test_control_and_bulk_transfers_pass),
        TEST(test_a_request_that_is_unlinked_is_not_answered_otherwise),
        TEST(test_a_board_lives_through_what_the_kernel_waits),
        TEST(test_isochronous_packets_come_one_a_frame),
        TEST(test_isochronous_packets_go_out),
        TEST(test_an_isochronous_packet_that_fails_is_told_of),
        TEST(test_isochronous_requests_that_make_no_sense_are_refused),
        TEST(test_a_client_that_leaves_takes_its_isochronous_requests_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
