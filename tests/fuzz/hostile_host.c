/* See hostile_host.h. */
#include "hostile_host.h"

#include "../dfu_protocol.h" // DFU_DNLOAD, dfuIDLE
#include "../usb_protocol.h" // GET_DESCRIPTOR

#include <string.h>

enum { RETRIES = 64, RETRY_US = 100, WAITS = 40 };

void hostile_host_start(struct hostile_host *host, const uint8_t *bytes, size_t length)
{
    memset(host, 0, sizeof *host);
    host->bytes = bytes;
    host->left = length;
}

static uint8_t next(struct hostile_host *host)
{
    if (!host->left)
        return 0;
    host->left--;
    return *host->bytes++;
}

static uint16_t next_word(struct hostile_host *host)
{
    uint16_t low = next(host);
    return (uint16_t)(low | next(host) << 8);
}

static void make_setup(uint8_t setup[8], uint8_t bmRequestType, uint8_t bRequest, uint16_t wValue,
                       uint16_t wIndex, uint16_t wLength)
{
    const uint8_t bytes[8] = {bmRequestType,   bRequest,    wValue & 0xFF,    wValue >> 8,
                              (uint8_t)wIndex, wIndex >> 8, (uint8_t)wLength, wLength >> 8};
    memcpy(setup, bytes, sizeof bytes);
}

/* An application for this board: its first two words are right, the rest is never blank. */
static uint8_t image_byte(const struct hostile_host *host, const struct bus *bus, uint32_t offset)
{
    uint32_t words[2] = {0x20001000 + 4 * (host->variety & 0xFF), (bus->app_base + 0x100) | 1};

    if (host->variety % 2 == 0 && bus->genuine[0]) {
        unsigned blocks = host->variety / 2 % GENUINE;

        return offset < (blocks + 1) * bus->block ? bus->genuine[blocks][offset] : 0xFF;
    }
    if (offset < sizeof words)
        return (uint8_t)(words[offset / 4] >> offset % 4 * 8);
    return (uint8_t)((offset * 2654435761u + host->variety) >> 13 & 0x7F);
}

/* Tokens again and again while the device says NAK, as a host's hardware does. */
static int patient_out(const struct bus *bus, const uint8_t *data, unsigned length)
{
    int answer = ANSWER_NAK;
    for (unsigned i = 0; i < RETRIES && answer == ANSWER_NAK; i++) {
        bus->pass(bus->context, RETRY_US);
        answer = bus->out(bus->context, data, length);
    }
    return answer;
}

static int patient_in(const struct bus *bus, uint8_t data[PACKET])
{
    int answer = ANSWER_NAK;
    for (unsigned i = 0; i < RETRIES && answer == ANSWER_NAK; i++) {
        bus->pass(bus->context, RETRY_US);
        answer = bus->in(bus->context, data);
    }
    return answer;
}

/* A whole control transfer, as wLength and bmRequestType say. Data that is sent belongs to the image if
 * `image`, else it is `fill`. True if it succeeded; what came is in `received` if not NULL, up to 6 bytes. */
static bool control(struct hostile_host *host, const struct bus *bus, const uint8_t setup[8], bool image,
                    uint8_t fill, uint8_t received[6])
{
    uint32_t length = setup[6] | (uint32_t)setup[7] << 8, done = 0;
    uint8_t packet[PACKET];
    bool in = setup[0] & 0x80 && length;

    bus->setup(bus->context, setup);
    for (bool more = length != 0; more;) {
        uint32_t now = length - done < PACKET ? length - done : PACKET;
        int answer;

        if (in) {
            answer = patient_in(bus, packet);
            if (answer > 0 && done == 0 && received)
                memcpy(received, packet, answer < 6 ? (size_t)answer : 6);
        } else {
            for (uint32_t i = 0; i < now; i++)
                packet[i] = image ? image_byte(host, bus, host->sent + done + i) : fill;
            answer = patient_out(bus, packet, now);
        }
        if (answer < 0)
            return false;
        done += (uint32_t)answer;
        more = done < length && (!in || answer == PACKET);
    }
    return (in ? patient_out(bus, packet, 0) : patient_in(bus, packet)) >= 0;
}

static void get_status(struct hostile_host *host, const struct bus *bus)
{
    uint8_t setup[8];

    make_setup(setup, 0xA1, DFU_GETSTATUS, 0, 0, 6);
    memset(host->status, 0, sizeof host->status);
    control(host, bus, setup, false, 0, host->status);
}

/* Until the device is not busy, as a client does. */
static void settle(struct hostile_host *host, const struct bus *bus)
{
    for (unsigned i = 0; i < WAITS; i++) {
        get_status(host, bus);
        uint8_t state = host->status[4];
        if (state == dfuIDLE || state == dfuDNLOAD_IDLE || state == dfuERROR || state == 0)
            return;
        bus->pass(bus->context, 1000 * (host->status[1] + 1u));
    }
}

/* wValue 0xFFFF: the number that is due. */
static void download(struct hostile_host *host, const struct bus *bus, uint16_t wLength)
{
    uint8_t setup[8];

    make_setup(setup, 0x21, DFU_DNLOAD, host->number, 0, wLength);
    if (control(host, bus, setup, true, 0, NULL)) {
        host->number++;
        host->sent += wLength;
    }
}

/* From whatever state to dfuIDLE, and another image. */
static void begin_anew(struct hostile_host *host, const struct bus *bus)
{
    uint8_t setup[8];

    get_status(host, bus);
    make_setup(setup, 0x21, host->status[4] == dfuERROR ? DFU_CLRSTATUS : DFU_ABORT, 0, 0, 0);
    control(host, bus, setup, false, 0, NULL);
    host->number = 0;
    host->sent = 0;
    host->variety = next(host);
}

static void dfu_request(struct hostile_host *host, const struct bus *bus)
{
    uint8_t what = next(host), setup[8];
    uint16_t wValue = what & 0x10 ? next_word(host) : host->number, wLength = next_word(host) & 0xFFF;
    uint8_t request = what & 7;
    bool in = request == DFU_UPLOAD || request == DFU_GETSTATUS || request == DFU_GETSTATE;

    make_setup(setup, (uint8_t)((in ? 0xA1 : 0x21) ^ (what & 0x80)), request, wValue, what >> 5 & 1, wLength);
    control(host, bus, setup, !(what & 0x40), what, NULL);
}

static void standard_request(struct hostile_host *host, const struct bus *bus)
{
    uint8_t what = next(host), setup[8];
    uint16_t wValue = next(host), wLength = next(host);

    make_setup(setup, what >> 6 | (what & 0x20 ? 0x80 : 0), what & 0xF, wValue, 0, what & 0x10 ? wLength : 0);
    control(host, bus, setup, false, 0, NULL);
}

static void get_descriptor(struct hostile_host *host, const struct bus *bus)
{
    uint8_t index = next(host), type = next(host), setup[8];
    bool vendor = type & 0x40;

    if (vendor)
        make_setup(setup, 0xC0, type & 0x80 ? index : 0x21, index & 0xF, type & 0xF, next_word(host));
    else
        make_setup(setup, 0x80, GET_DESCRIPTOR, (uint16_t)(index | (type & 0x3F) << 8), 0, next_word(host));
    control(host, bus, setup, false, 0, NULL);
}

static void upload(struct hostile_host *host, const struct bus *bus)
{
    uint8_t count = next(host), setup[8];

    for (uint16_t number = 0; number <= (count & 0x1F); number++) {
        make_setup(setup, 0xA1, DFU_UPLOAD, number, 0,
                   count & 0x80 ? (uint16_t)(count * 3) : (uint16_t)bus->block);
        control(host, bus, setup, false, 0, NULL);
    }
}

static void blocks(struct hostile_host *host, const struct bus *bus)
{
    for (uint8_t count = next(host) & 0x1F; count; count--) {
        download(host, bus, (uint16_t)bus->block);
        settle(host, bus);
    }
}

static void packet_out(struct hostile_host *host, const struct bus *bus)
{
    uint8_t data[PACKET], length = next(host) % (PACKET + 1);

    for (unsigned i = 0; i < length; i++)
        data[i] = image_byte(host, bus, host->sent + i);
    bus->out(bus->context, data, length);
}

static void setup_token(struct hostile_host *host, uint8_t setup[8])
{
    for (unsigned i = 0; i < 8; i++)
        setup[i] = next(host);
}

void hostile_host_play(struct hostile_host *host, const struct bus *bus)
{
    uint8_t data[PACKET], setup[8];

    while (host->left) {
        switch (next(host) & 0xF) {
        case 0:
            setup_token(host, setup);
            bus->setup(bus->context, setup);
            break;
        case 1: packet_out(host, bus); break;
        case 2: bus->in(bus->context, data); break;
        case 3: bus->reset(bus->context); break;
        case 4: bus->pass(bus->context, next(host) * 20u); break;
        case 5: bus->pass(bus->context, next(host) * 1000u); break;
        case 6:
            setup_token(host, setup);
            setup[7] &= 0x1F; /* 8 KiB are enough to be too much */
            control(host, bus, setup, false, setup[2], NULL);
            break;
        case 7: dfu_request(host, bus); break;
        case 8: download(host, bus, (uint16_t)(next(host) * 8u)); break;
        case 9: download(host, bus, 0); break;
        case 10: get_status(host, bus); break;
        case 11: get_descriptor(host, bus); break;
        case 12: standard_request(host, bus); break;
        case 13: blocks(host, bus); break;
        case 14: upload(host, bus); break;
        case 15:
            if (next(host) & 1)
                bus->power_cycle(bus->context);
            else
                begin_anew(host, bus);
            break;
        }
    }
}
