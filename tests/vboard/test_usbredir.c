/* The usb-redir server, talked to over a real loopback socket by
 * libusbredirparser's other side, as QEMU would.
 */
#include "usb_model.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <usbredirparser.h>

#include "servers/usbredir/usbredir.h"

struct guest {
    struct model *model;
    struct usbredir *server;
    struct usbredirparser *parser;
    int64_t clock_us; /* of the PC, as the server is told */
    int socket;
    unsigned connects, disconnects, answers, interrupts, isos;
    struct usb_redir_device_connect_header device;
    struct usb_redir_interface_info_header interfaces;
    struct usb_redir_ep_info_header endpoints;
    uint64_t id; /* of the last answer */
    int status;
    int value; /* configuration or alternate setting */
    uint8_t data[65536];
    int length;
};

static void on_connect(void *context, struct usb_redir_device_connect_header *header)
{
    struct guest *guest = context;
    guest->connects++;
    guest->device = *header;
}

static void on_disconnect(void *context)
{
    struct guest *guest = context;
    guest->disconnects++;
}

static void on_interfaces(void *context, struct usb_redir_interface_info_header *header)
{
    ((struct guest *)context)->interfaces = *header;
}

static void on_endpoints(void *context, struct usb_redir_ep_info_header *header)
{
    ((struct guest *)context)->endpoints = *header;
}

static void answered(struct guest *guest, uint64_t id, int status, uint8_t *data, int length)
{
    guest->answers++;
    guest->id = id;
    guest->status = status;
    guest->length = length;
    if (length > 0)
        memcpy(guest->data, data, (size_t)length);
    usbredirparser_free_packet_data(guest->parser, data);
}

static void on_control(void *context, uint64_t id, struct usb_redir_control_packet_header *header,
                       uint8_t *data, int length)
{
    answered(context, id, header->status, data, length);
}

static void on_bulk(void *context, uint64_t id, struct usb_redir_bulk_packet_header *header, uint8_t *data,
                    int length)
{
    answered(context, id, header->status, data, length);
}

static void on_interrupt(void *context, uint64_t id, struct usb_redir_interrupt_packet_header *header,
                         uint8_t *data, int length)
{
    ((struct guest *)context)->interrupts++;
    answered(context, id, header->status, data, length);
}

static void on_iso(void *context, uint64_t id, struct usb_redir_iso_packet_header *header, uint8_t *data,
                   int length)
{
    ((struct guest *)context)->isos++;
    answered(context, id, header->status, data, length);
}

static void on_configuration(void *context, uint64_t id, struct usb_redir_configuration_status_header *header)
{
    ((struct guest *)context)->value = header->configuration;
    answered(context, id, header->status, NULL, 0);
}

static void on_alternate(void *context, uint64_t id, struct usb_redir_alt_setting_status_header *header)
{
    ((struct guest *)context)->value = header->alt;
    answered(context, id, header->status, NULL, 0);
}

static void on_interrupt_status(void *context, uint64_t id,
                                struct usb_redir_interrupt_receiving_status_header *header)
{
    answered(context, id, header->status, NULL, 0);
}

static void on_iso_status(void *context, uint64_t id, struct usb_redir_iso_stream_status_header *header)
{
    answered(context, id, header->status, NULL, 0);
}

static void on_hello(void *context, struct usb_redir_hello_header *header)
{
    (void)context, (void)header;
}

static void on_log(void *context, int level, const char *message)
{
    (void)context;
    if (level <= usbredirparser_warning)
        fprintf(stderr, "guest: %s\n", message);
}

static int outcome(ssize_t moved)
{
    return moved >= 0 ? (int)moved : errno == EAGAIN ? 0 : -1;
}

static int on_read(void *context, uint8_t *data, int count)
{
    return outcome(recv(((struct guest *)context)->socket, data, (size_t)count, 0));
}

static int on_write(void *context, uint8_t *data, int count)
{
    return outcome(send(((struct guest *)context)->socket, data, (size_t)count, MSG_NOSIGNAL));
}

static void connect_guest(struct guest *guest)
{
    static const int capabilities_offered[] = {
        usb_redir_cap_connect_device_version,  usb_redir_cap_filter,     usb_redir_cap_device_disconnect_ack,
        usb_redir_cap_ep_info_max_packet_size, usb_redir_cap_64bits_ids, usb_redir_cap_32bits_bulk_length};
    uint32_t capabilities[USB_REDIR_CAPS_SIZE] = {0};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)usbredir_port(guest->server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    guest->socket = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(guest->socket, (struct sockaddr *)&address, sizeof address), 0);
    fcntl(guest->socket, F_SETFL, O_NONBLOCK);
    struct usbredirparser *parser = guest->parser = usbredirparser_create();
    parser->priv = guest;
    parser->log_func = on_log;
    parser->read_func = on_read;
    parser->write_func = on_write;
    parser->hello_func = on_hello;
    parser->device_connect_func = on_connect;
    parser->device_disconnect_func = on_disconnect;
    parser->interface_info_func = on_interfaces;
    parser->ep_info_func = on_endpoints;
    parser->configuration_status_func = on_configuration;
    parser->alt_setting_status_func = on_alternate;
    parser->interrupt_receiving_status_func = on_interrupt_status;
    parser->iso_stream_status_func = on_iso_status;
    parser->control_packet_func = on_control;
    parser->bulk_packet_func = on_bulk;
    parser->interrupt_packet_func = on_interrupt;
    parser->iso_packet_func = on_iso;
    for (unsigned i = 0; i < sizeof capabilities_offered / sizeof capabilities_offered[0]; i++)
        usbredirparser_caps_set_cap(capabilities, capabilities_offered[i]);
    usbredirparser_init(parser, "test", capabilities, USB_REDIR_CAPS_SIZE, 0);
}

static void disconnect_guest(struct guest *guest)
{
    usbredirparser_destroy(guest->parser);
    close(guest->socket);
}

static void nap(long microseconds)
{
    nanosleep(&(struct timespec){.tv_nsec = microseconds * 1000}, NULL);
}

/* One slice: a millisecond of the board and of the PC's clock, and whatever is on the socket. What the guest
 * says has arrived before the board goes on, so that neither order nor time depends on the real PC. */
static void pump(struct guest *guest)
{
    enum { SLICE_US = 1000, ARRIVAL_MS = 10000 };
    bool spoke = usbredirparser_has_data_to_write(guest->parser);
    while (usbredirparser_has_data_to_write(guest->parser) && usbredirparser_do_write(guest->parser) == 0)
        continue;
    usbredir_poll(guest->server, guest->clock_us, spoke ? ARRIVAL_MS : 0);
    model_run_us(guest->model, SLICE_US);
    guest->clock_us += SLICE_US;
    usbredir_poll(guest->server, guest->clock_us, 0);
    usbredirparser_do_read(guest->parser);
}

static void wait_until(struct guest *guest, const unsigned *counter, unsigned value)
{
    enum { HURRY = 2500, PATIENCE = 7500 };
    for (unsigned slices = 0; *counter < value; slices++) {
        pump(guest);
        if (slices > HURRY)
            nap(1000);
        assert_true(slices < PATIENCE);
    }
}

/* Returns the milliseconds that it took by the clock of the PC. */
static unsigned ms_until(struct guest *guest, const unsigned *counter, unsigned value)
{
    int64_t start_us = guest->clock_us;
    wait_until(guest, counter, value);
    return (unsigned)((guest->clock_us - start_us) / 1000);
}

static int setup_guest(void **state)
{
    char error[200];
    void *device;
    model_setup_device(&device);
    struct guest *guest = test_calloc(1, sizeof *guest);
    guest->model = device;
    guest->server = usbredir_listen(guest->model->board, 0, error, sizeof error);
    assert_non_null(guest->server);
    connect_guest(guest);
    wait_until(guest, &guest->connects, 1);
    *state = guest;
    return 0;
}

static int teardown_guest(void **state)
{
    struct guest *guest = *state;
    void *device = guest->model;
    disconnect_guest(guest);
    usbredir_close(guest->server);
    test_free(guest);
    return model_teardown(&device);
}

static void send_control(struct guest *guest, uint64_t id, uint8_t type, uint8_t request, uint16_t value,
                         uint16_t length, uint8_t *data)
{
    struct usb_redir_control_packet_header header = {
        .endpoint = type & 0x80, .request = request, .requesttype = type, .value = value, .length = length};
    bool out = !(type & 0x80);
    usbredirparser_send_control_packet(guest->parser, id, &header, out ? data : NULL, out ? length : 0);
}

static void control(struct guest *guest, uint8_t type, uint8_t request, uint16_t value, uint16_t length,
                    uint8_t *data)
{
    unsigned before = guest->answers;
    send_control(guest, 77 + before, type, request, value, length, data);
    wait_until(guest, &guest->answers, before + 1);
    assert_int_equal(guest->id, 77 + before);
}

static void configure(struct guest *guest)
{
    struct usb_redir_set_configuration_header header = {1};
    unsigned before = guest->answers;
    usbredirparser_send_set_configuration(guest->parser, 1, &header);
    wait_until(guest, &guest->answers, before + 1);
    assert_int_equal(guest->status, usb_redir_success);
    assert_int_equal(guest->value, 1);
    assert_int_equal(guest->model->configuration, 1);
}

static void test_the_guest_is_told_what_the_descriptors_say(void **state)
{
    struct guest *guest = *state;
    assert_int_equal(guest->device.speed, usb_redir_speed_full);
    assert_int_equal(guest->device.vendor_id, 0x1209);
    assert_int_equal(guest->device.product_id, 0xDB42);
    assert_int_equal(guest->device.device_version_bcd, 0x0123);
    assert_int_equal(guest->interfaces.interface_count, 1);
    assert_int_equal(guest->interfaces.interface_class[0], 0xFF);
    assert_int_equal(guest->endpoints.type[0x01], usb_redir_type_bulk);
    assert_int_equal(guest->endpoints.type[0x11], usb_redir_type_bulk);
    assert_int_equal(guest->endpoints.type[0x12], usb_redir_type_interrupt);
    assert_int_equal(guest->endpoints.type[0x13], usb_redir_type_iso);
    assert_int_equal(guest->endpoints.type[0x02], usb_redir_type_invalid);
    assert_int_equal(guest->endpoints.max_packet_size[0x12], 8);
    assert_int_equal(guest->endpoints.interval[0x12], 4);
    assert_int_equal(usb_state(guest->model->board)->DADDR, DADDR_EF | 5);
    assert_int_equal(guest->model->configuration, 0);
    model_expect_clean(guest->model);
}

static void test_control_transfers_pass(void **state)
{
    struct guest *guest = *state;
    static uint8_t data[65535];
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 3);
    control(guest, 0x80, 6, 0x100, 18, NULL);
    assert_int_equal(guest->status, usb_redir_success);
    assert_int_equal(guest->length, 18);
    control(guest, 0x40, MODEL_STORE, 0, 65535, data);
    assert_int_equal(guest->status, usb_redir_success);
    assert_memory_equal(guest->model->data, data, 65535);
    control(guest, 0x40, MODEL_STORE, 0, 0, NULL);
    assert_int_equal(guest->status, usb_redir_success);
    control(guest, 0xC0, MODEL_PATTERN, 0, 65535, NULL);
    assert_int_equal(guest->length, 65535);
    assert_int_equal(guest->data[1000], (uint8_t)7000);
    control(guest, 0xC0, 0x99, 0, 4, NULL);
    assert_int_equal(guest->status, usb_redir_stall);
    model_expect_clean(guest->model);
}

static void test_control_requests_keep_their_order(void **state)
{
    struct guest *guest = *state;
    unsigned before = guest->answers;
    for (unsigned i = 0; i < 20; i++)
        send_control(guest, 1000 + i, 0x80, 6, 0x100, 18, NULL);
    for (unsigned i = 0; i < 20; i++) {
        unsigned target = before + i + 1;
        wait_until(guest, &guest->answers, target);
    }
    assert_int_equal(guest->id, 1019);
}

static void test_bulk_interrupt_and_isochronous_pass(void **state)
{
    struct guest *guest = *state;
    uint8_t data[50];
    struct usb_redir_bulk_packet_header out = {.endpoint = 0x01, .length = sizeof data};
    struct usb_redir_bulk_packet_header in = {.endpoint = 0x81, .length = 512};
    struct usb_redir_start_interrupt_receiving_header start = {0x82};
    struct usb_redir_stop_interrupt_receiving_header stop = {0x82};
    struct usb_redir_start_iso_stream_header start_iso = {0x83, 8, 2};
    struct usb_redir_stop_iso_stream_header stop_iso = {0x83};
    memset(data, 0x3C, sizeof data);
    configure(guest);
    unsigned before = guest->answers;
    usbredirparser_send_bulk_packet(guest->parser, 50, &out, data, sizeof data);
    wait_until(guest, &guest->answers, before + 1);
    assert_int_equal(guest->status, usb_redir_success);
    usbredirparser_send_bulk_packet(guest->parser, 51, &in, NULL, 0);
    wait_until(guest, &guest->answers, before + 2);
    assert_int_equal(guest->id, 51);
    assert_int_equal(guest->length, sizeof data);
    assert_memory_equal(guest->data, data, sizeof data);
    usbredirparser_send_start_interrupt_receiving(guest->parser, 52, &start);
    wait_until(guest, &guest->interrupts, 1);
    assert_int_equal(guest->data[1], 0xA5);
    before = guest->answers;
    usbredirparser_send_stop_interrupt_receiving(guest->parser, 53, &stop);
    wait_until(guest, &guest->answers, before + 1);
    control(guest, 0x40, MODEL_ISO_START, 0, 0, NULL);
    usbredirparser_send_start_iso_stream(guest->parser, 54, &start_iso);
    wait_until(guest, &guest->isos, 20);
    assert_int_equal(guest->length, MODEL_ISO_BYTES);
    usbredirparser_send_stop_iso_stream(guest->parser, 55, &stop_iso);
    for (unsigned i = 0; i < 5; i++)
        pump(guest);
    unsigned isos = guest->isos;
    for (unsigned i = 0; i < 10; i++)
        pump(guest);
    assert_int_equal(guest->isos, isos);
    model_expect_clean(guest->model);
}

static void test_configuration_and_alternate_setting_are_the_devices(void **state)
{
    struct guest *guest = *state;
    struct usb_redir_set_alt_setting_header set = {0, 1};
    struct usb_redir_get_alt_setting_header get = {0};
    configure(guest);
    unsigned before = guest->answers;
    usbredirparser_send_get_configuration(guest->parser, 2);
    wait_until(guest, &guest->answers, before + 1);
    assert_int_equal(guest->value, 1);
    usbredirparser_send_set_alt_setting(guest->parser, 3, &set);
    wait_until(guest, &guest->answers, before + 2);
    assert_int_equal(guest->interfaces.interface_class[0], 0xFE);
    assert_int_equal(guest->endpoints.type[0x01], usb_redir_type_invalid);
    guest->value = 99;
    usbredirparser_send_get_alt_setting(guest->parser, 4, &get);
    wait_until(guest, &guest->answers, before + 3);
    assert_int_equal(guest->value, 1);
}

static void test_a_cancelled_request_is_answered_as_cancelled(void **state)
{
    struct guest *guest = *state;
    struct usb_redir_bulk_packet_header in = {.endpoint = 0x81, .length = 64};
    configure(guest);
    unsigned before = guest->answers;
    usbredirparser_send_bulk_packet(guest->parser, 60, &in, NULL, 0);
    usbredirparser_send_bulk_packet(guest->parser, 61, &in, NULL, 0);
    for (unsigned i = 0; i < 5; i++)
        pump(guest);
    assert_int_equal(guest->answers, before);
    usbredirparser_send_cancel_data_packet(guest->parser, 61);
    wait_until(guest, &guest->answers, before + 1);
    assert_int_equal(guest->id, 61);
    assert_int_equal(guest->status, usb_redir_cancelled);
    usbredirparser_send_cancel_data_packet(guest->parser, 60);
    wait_until(guest, &guest->answers, before + 2);
    assert_int_equal(guest->id, 60);
    assert_int_equal(guest->status, usb_redir_cancelled);
}

static void test_a_burst_of_resets_is_one_and_requests_wait_for_it(void **state)
{
    struct guest *guest = *state;
    configure(guest);
    unsigned resets = guest->model->resets, before = guest->answers;
    usbredirparser_send_reset(guest->parser);
    pump(guest);
    usbredirparser_send_reset(guest->parser);
    send_control(guest, 90, 0x80, 6, 0x100, 18, NULL);
    pump(guest);
    usbredirparser_send_reset(guest->parser);
    wait_until(guest, &guest->answers, before + 1);
    assert_int_equal(guest->status, usb_redir_success);
    assert_int_equal(guest->model->resets, resets + 1);
    assert_int_equal(guest->model->configuration, 0);
    assert_int_equal(guest->model->board->host.address, 5);
    assert_int_equal(guest->disconnects, 0);
}

static void test_a_reset_of_an_untouched_device_is_none(void **state)
{
    struct guest *guest = *state;
    unsigned resets = guest->model->resets;
    usbredirparser_send_reset(guest->parser);
    for (unsigned i = 0; i < 50; i++)
        pump(guest);
    assert_int_equal(guest->model->resets, resets);
}

static void test_unplugging_and_plugging_are_told_with_time_between(void **state)
{
    struct guest *guest = *state;
    struct usb_redir_bulk_packet_header in = {.endpoint = 0x81, .length = 64};
    configure(guest);
    unsigned before = guest->answers;
    usbredirparser_send_bulk_packet(guest->parser, 70, &in, NULL, 0);
    for (unsigned i = 0; i < 3; i++)
        pump(guest);
    board_plug(guest->model->board, false);
    ms_until(guest, &guest->disconnects, 1);
    assert_int_equal(guest->answers, before);
    send_control(guest, 71, 0x80, 6, 0x100, 18, NULL);
    board_plug(guest->model->board, true);
    for (unsigned i = 0; i < 300; i++)
        pump(guest);
    assert_int_equal(guest->connects, 1); /* the acknowledgement is missing */
    usbredirparser_do_write(guest->parser);
    unsigned took = ms_until(guest, &guest->connects, 2);
    assert_in_range(took, 300, 3000);
    assert_int_equal(guest->answers, before);
    control(guest, 0x80, 6, 0x100, 18, NULL);
    assert_int_equal(guest->length, 18);
}

static void test_a_reset_keeps_the_plug_still_for_a_while(void **state)
{
    struct guest *guest = *state;
    configure(guest);
    usbredirparser_send_reset(guest->parser);
    for (unsigned i = 0; i < 60; i++)
        pump(guest);
    board_plug(guest->model->board, false);
    assert_in_range(ms_until(guest, &guest->disconnects, 1), 300, 1000);
}

/* The guest is about to reset the bus. */
static void test_a_device_that_has_just_come_stays_for_a_while(void **state)
{
    struct guest *guest = *state;
    for (unsigned i = 0; i < 60; i++)
        pump(guest);
    board_plug(guest->model->board, false);
    assert_in_range(ms_until(guest, &guest->disconnects, 1), 300, 1000);
}

static void test_a_device_that_is_another_after_a_reset_is_plugged_anew(void **state)
{
    struct guest *guest = *state;
    configure(guest);
    guest->model->product = 0x43;
    usbredirparser_send_reset(guest->parser);
    ms_until(guest, &guest->connects, 2);
    assert_int_equal(guest->disconnects, 1);
    assert_int_equal(guest->device.product_id, 0xDB43);
}

static void test_a_guest_may_leave_and_another_come(void **state)
{
    struct guest *guest = *state;
    struct usb_redir_bulk_packet_header in = {.endpoint = 0x81, .length = 64};
    configure(guest);
    usbredirparser_send_bulk_packet(guest->parser, 80, &in, NULL, 0);
    pump(guest);
    disconnect_guest(guest);
    for (unsigned i = 0; i < 60; i++) {
        usbredir_poll(guest->server, guest->clock_us, 0);
        model_run_us(guest->model, 1000);
    }
    assert_int_equal(guest->model->board->host.queued, 0);
    assert_int_equal(guest->model->configuration, 0);
    connect_guest(guest);
    wait_until(guest, &guest->connects, 2);
    control(guest, 0x80, 6, 0x100, 18, NULL);
}

static void test_a_request_that_makes_no_sense_is_refused(void **state)
{
    struct guest *guest = *state;
    struct usb_redir_bulk_packet_header nowhere = {.endpoint = 0x85, .length = 64};
    struct usb_redir_bulk_packet_header huge = {.endpoint = 0x81, .length = 0xFFFF, .length_high = 0x1FF};
    struct usb_redir_start_interrupt_receiving_header bulk = {0x81};
    unsigned before = guest->answers;
    usbredirparser_send_bulk_packet(guest->parser, 1, &nowhere, NULL, 0);
    wait_until(guest, &guest->answers, before + 1);
    assert_int_not_equal(guest->status, usb_redir_success);
    usbredirparser_send_bulk_packet(guest->parser, 2, &huge, NULL, 0);
    wait_until(guest, &guest->answers, before + 2);
    assert_int_not_equal(guest->status, usb_redir_success);
    usbredirparser_send_start_interrupt_receiving(guest->parser, 3, &bulk);
    wait_until(guest, &guest->answers, before + 3);
    assert_int_not_equal(guest->status, usb_redir_success);
}

static void test_a_port_in_use_is_said_to_be(void **state)
{
    struct guest *guest = *state;
    char error[200] = "", expected[200];
    unsigned port = usbredir_port(guest->server);
    assert_null(usbredir_listen(guest->model->board, port, error, sizeof error));
    snprintf(expected, sizeof expected, "port %u on 127.0.0.1 is in use", port);
    assert_string_equal(error, expected);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_guest, teardown_guest)
    const struct CMUnitTest tests[] = {
        TEST(test_the_guest_is_told_what_the_descriptors_say),
        TEST(test_control_transfers_pass),
        TEST(test_control_requests_keep_their_order),
        TEST(test_bulk_interrupt_and_isochronous_pass),
        TEST(test_configuration_and_alternate_setting_are_the_devices),
        TEST(test_a_cancelled_request_is_answered_as_cancelled),
        TEST(test_a_burst_of_resets_is_one_and_requests_wait_for_it),
        TEST(test_a_reset_of_an_untouched_device_is_none),
        TEST(test_unplugging_and_plugging_are_told_with_time_between),
        TEST(test_a_reset_keeps_the_plug_still_for_a_while),
        TEST(test_a_device_that_has_just_come_stays_for_a_while),
        TEST(test_a_device_that_is_another_after_a_reset_is_plugged_anew),
        TEST(test_a_guest_may_leave_and_another_come),
        TEST(test_a_request_that_makes_no_sense_is_refused),
        TEST(test_a_port_in_use_is_said_to_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
