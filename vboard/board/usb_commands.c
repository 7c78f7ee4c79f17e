/* See usb_commands.h. */
#include "usb_commands.h"

#include <stdlib.h>
#include <string.h>

#include "usb_pc.h"

enum { IN = 0x80, ENDPOINT_NUMBER = 15 };

struct arguments {
    const char *at;
    bool wrong;
};

static bool any_left(struct arguments *arguments)
{
    arguments->at += strspn(arguments->at, " ");
    return arguments->at[0] != '\0';
}

/* Decimal or, with 0x, hexadecimal; not below 0 and up to `most`. */
static unsigned number(struct arguments *arguments, unsigned most)
{
    char *end = NULL;
    bool digit = any_left(arguments) && arguments->at[0] >= '0' && arguments->at[0] <= '9';
    int base = digit && arguments->at[0] == '0' && (arguments->at[1] | ' ') == 'x' ? 16 : 10;
    unsigned long value = digit ? strtoul(arguments->at, &end, base) : 0;
    arguments->wrong |= !digit || value > most || (*end != ' ' && *end != '\0');
    arguments->at = end ? end : arguments->at;
    return arguments->wrong ? 0 : (unsigned)value;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = strchr(digits, c >= 'A' && c <= 'F' ? c | ' ' : c);
    return found && *found ? (int)(found - digits) : -1;
}

/* 0A 0b0C "text": what is left. Returns how many bytes. */
static uint32_t bytes(struct arguments *arguments, uint8_t data[USB_PC_BYTES])
{
    uint32_t length = 0;
    bool quoted = false;
    while ((quoted ? arguments->at[0] != '\0' : any_left(arguments)) && !arguments->wrong) {
        const char *at = arguments->at;
        int high = hex_digit(at[0]), low = high < 0 ? -1 : hex_digit(at[1]);
        bool quote = at[0] == '"';
        arguments->wrong = !quote && ((!quoted && low < 0) || length == USB_PC_BYTES);
        if (quote)
            quoted = !quoted;
        else if (!arguments->wrong)
            data[length++] = quoted ? (uint8_t)at[0] : (uint8_t)(high << 4 | low);
        arguments->at += quote || quoted ? 1 : 2;
    }
    arguments->wrong |= quoted;
    return length;
}

static struct usb_pc *pc_of(struct board *board)
{
    if (!board->pc)
        chip_report(&board->chip, REPORT_USB, "no PC is at the cable that takes commands: --enumerate");
    return board->pc;
}

bool usb_command_control(struct board *board, const char *arguments)
{
    struct arguments left = {.at = arguments};
    uint8_t data[USB_PC_BYTES];
    unsigned type = number(&left, UINT8_MAX), request = number(&left, UINT8_MAX);
    unsigned value = number(&left, UINT16_MAX), index = number(&left, UINT16_MAX);
    if (left.wrong)
        return false;
    unsigned length = type & IN ? number(&left, USB_PC_BYTES) : bytes(&left, data);
    const uint8_t setup[8] = {(uint8_t)type,  (uint8_t)request,      (uint8_t)value,  (uint8_t)(value >> 8),
                              (uint8_t)index, (uint8_t)(index >> 8), (uint8_t)length, (uint8_t)(length >> 8)};
    if (left.wrong || any_left(&left))
        return false;
    struct usb_pc *pc = pc_of(board);
    if (pc)
        usb_pc_control(pc, setup, data);
    return true;
}

bool usb_command_in(struct board *board, const char *arguments)
{
    struct arguments left = {.at = arguments};
    unsigned endpoint = number(&left, UINT8_MAX) | IN;
    unsigned length = any_left(&left) ? number(&left, USB_PC_BYTES) : 0;
    if (left.wrong || any_left(&left))
        return false;
    struct usb_pc *pc = pc_of(board);
    if (pc)
        usb_pc_transfer(pc, (uint8_t)endpoint, NULL, length);
    return true;
}

bool usb_command_out(struct board *board, const char *arguments)
{
    struct arguments left = {.at = arguments};
    uint8_t data[USB_PC_BYTES];
    unsigned endpoint = number(&left, ENDPOINT_NUMBER);
    if (left.wrong)
        return false;
    uint32_t length = bytes(&left, data);
    if (left.wrong)
        return false;
    struct usb_pc *pc = pc_of(board);
    if (pc)
        usb_pc_transfer(pc, (uint8_t)endpoint, data, length);
    return true;
}
