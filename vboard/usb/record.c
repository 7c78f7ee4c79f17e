/* Packets as they are on the wire (USB 2.0 8.3, 8.4), for whoever records the bus. */
#include <stddef.h>
#include <string.h>

#include "chip/chip.h"
#include "host_private.h"

enum { PID_OUT = 1, PID_IN = 9, PID_SOF = 5, PID_SETUP = 13 };
enum { PID_DATA0 = 3, PID_DATA1 = 11, PID_ACK = 2, PID_NAK = 10, PID_STALL = 14 };
enum { TOKEN_BYTES = 3, TOKEN_BITS = 11, ADDRESS_BITS = 7, CRC5_ONES = 0x1F, CRC16_ONES = 0xFFFF };
/* The polynomials of 8.3.5, for bits that come least significant first. */
enum { CRC5_POLYNOMIAL = 0x14, CRC16_POLYNOMIAL = 0xA001 };

/* The check field is the PID's complement (8.3.1). */
static uint8_t with_check(uint8_t pid)
{
    return (uint8_t)(pid | (~pid & 0xF) << 4);
}

static uint16_t crc5(uint16_t bits)
{
    uint16_t crc = CRC5_ONES;
    for (unsigned i = 0; i < TOKEN_BITS; i++)
        crc = (uint16_t)(crc >> 1 ^ ((crc ^ bits >> i) & 1 ? CRC5_POLYNOMIAL : 0));
    return crc ^ CRC5_ONES;
}

static uint16_t crc16(const uint8_t *data, unsigned length)
{
    uint16_t crc = CRC16_ONES;
    for (unsigned i = 0; i < 8 * length; i++)
        crc = (uint16_t)(crc >> 1 ^ ((crc ^ data[i / 8] >> i % 8) & 1 ? CRC16_POLYNOMIAL : 0));
    return crc ^ CRC16_ONES;
}

static void record_token(const struct usb_host *host, ticks at, uint8_t pid, uint16_t bits)
{
    uint16_t body = (uint16_t)(bits | crc5(bits) << TOKEN_BITS);
    const uint8_t packet[TOKEN_BYTES] = {with_check(pid), (uint8_t)body, (uint8_t)(body >> 8)};
    host->record(host->recorder, at, packet, sizeof packet);
}

static void record_handshake(const struct usb_host *host, ticks at, uint8_t pid)
{
    uint8_t packet = with_check(pid);
    host->record(host->recorder, at, &packet, sizeof packet);
}

static void record_data(const struct usb_host *host, ticks at, unsigned toggle, const uint8_t *data,
                        unsigned length)
{
    uint8_t packet[1 + USB_MAX_PACKET + 2];
    uint16_t crc = crc16(data, length);
    packet[0] = with_check(toggle ? PID_DATA1 : PID_DATA0);
    if (length)
        memcpy(&packet[1], data, length);
    packet[length + 1] = (uint8_t)crc;
    packet[length + 2] = (uint8_t)(crc >> 8);
    host->record(host->recorder, at, packet, length + 3);
}

static bool record_answer(const struct usb_host *host, ticks at, enum usb_answer answer)
{
    static const uint8_t pids[] = {[USB_ACK] = PID_ACK, [USB_NAK] = PID_NAK, [USB_STALL] = PID_STALL};
    bool handshake = answer == USB_ACK || answer == USB_NAK || answer == USB_STALL;
    if (handshake)
        record_handshake(host, at, pids[answer]);
    return handshake;
}

void usb_record_frame(const struct usb_host *host, ticks start)
{
    if (host->record)
        record_token(host, start, PID_SOF, host->frame);
}

static void record_in(const struct usb_host *host, const struct usb_transfer *transfer, ticks answered,
                      enum usb_answer answer, const uint8_t *data, unsigned length)
{
    if (record_answer(host, answered, answer) || answer == USB_SILENCE)
        return;
    record_data(host, answered, answer == USB_DATA1, data, length);
    if (transfer->type != USB_ISOCHRONOUS && usb_transfer_accepts(transfer, length))
        record_handshake(host, answered + usb_data_time(length) + usb_gap_time(), PID_ACK);
}

void usb_record_transaction(const struct usb_host *host, const struct usb_transfer *transfer,
                            const struct usb_next *next, enum usb_answer answer, const uint8_t *data,
                            unsigned length)
{
    static const uint8_t pids[] = {
        [USB_TOKEN_SETUP] = PID_SETUP, [USB_TOKEN_OUT] = PID_OUT, [USB_TOKEN_IN] = PID_IN};
    ticks start = host->wire.started, second = start + usb_token_time() + usb_gap_time();
    record_token(host, start, pids[next->token], (uint16_t)(host->address | next->endpoint << ADDRESS_BITS));
    if (next->token == USB_TOKEN_IN) {
        record_in(host, transfer, second, answer, data, length);
        return;
    }
    record_data(host, second, next->toggle, data, length);
    if (transfer->type != USB_ISOCHRONOUS)
        record_answer(host, second + usb_data_time(length) + usb_gap_time(), answer);
}

void usb_record_line(const struct usb_host *host)
{
    if (host->record)
        host->record(host->recorder, chip_now(host->chip), NULL, 0);
}
