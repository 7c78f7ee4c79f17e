/* The bench of system tests and measurements. */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../usb_protocol.h"
#include "files/image.h"
#include "signed_file.h"

static const char signed_suffix[] = "_SIGNED";
static const char blink_path[] = "build/examples/blink/blink.bin";

static const struct {
    const char *suffix;
    uint32_t offset, kept_at_top;
} variants[] = {
    {"_HIGH_256", 0, 7 * 1024}, {"_HIGH_128", 0, 7 * 1024}, {"_HIGH", 0, 7 * 1024},
    {"_4K", 4 * 1024, 0},       {"", 8 * 1024, 0},
};

const char *const rig_targets[] = {
    "BLUEPILL",
    "BLUEPILL_4K",
    "BLUEPILL_HIGH",
    "BLUEPILL_HIGH_128",
    "MAPLEMINI",
    "MAPLEMINI_4K",
    "MAPLEMINI_HIGH",
    "MAPLEMINI_HIGH_128",
    "STLINK",
    "STLINK_4K",
    "STLINK_HIGH",
    "STLINK_HIGH_128",
    "OLIMEXSTM32H103",
    "OLIMEXSTM32H103_4K",
    "OLIMEXSTM32H103_HIGH",
    "OLIMEXSTM32H103_HIGH_128",
    "BLUEPILLPLUSSTM32",
    "BLUEPILLPLUSSTM32_4K",
    "BLUEPILLPLUSSTM32_HIGH",
    "BLUEPILLPLUSSTM32_HIGH_128",
    "BLUEPILLPLUSGD32",
    "BLUEPILLPLUSGD32_4K",
    "BTTSKRMINIE3V2",
    "BTTSKRMINIE3V2_4K",
    "BTTSKRMINIE3V2_HIGH_256",
    "STM32F103",
    "STM32F103_4K",
    "STM32L1",
    "STM32L1_4K",
    "STM32L152DISCOVERY",
    "STM32L152DISCOVERY_4K",
    NULL,
};

/* SIGNED_SAMPLE of tests/tests.mk: each kind of layout, each page size, the largest image. */
static const char *const signed_sample[] = {
    "BLUEPILL_SIGNED",
    "BLUEPILL_HIGH_SIGNED",
    "BLUEPILLPLUSSTM32_HIGH_128_SIGNED",
    "BLUEPILLPLUSGD32_SIGNED",
    "BTTSKRMINIE3V2_SIGNED",
    "BTTSKRMINIE3V2_HIGH_256_SIGNED",
    "STM32L152DISCOVERY_SIGNED",
    NULL,
};

static const char *const signed_targets[] = {
    "BLUEPILL_SIGNED",
    "BLUEPILL_HIGH_SIGNED",
    "BLUEPILL_HIGH_128_SIGNED",
    "MAPLEMINI_SIGNED",
    "MAPLEMINI_HIGH_SIGNED",
    "MAPLEMINI_HIGH_128_SIGNED",
    "STLINK_SIGNED",
    "STLINK_HIGH_SIGNED",
    "STLINK_HIGH_128_SIGNED",
    "OLIMEXSTM32H103_SIGNED",
    "OLIMEXSTM32H103_HIGH_SIGNED",
    "OLIMEXSTM32H103_HIGH_128_SIGNED",
    "BLUEPILLPLUSSTM32_SIGNED",
    "BLUEPILLPLUSSTM32_HIGH_SIGNED",
    "BLUEPILLPLUSSTM32_HIGH_128_SIGNED",
    "BLUEPILLPLUSGD32_SIGNED",
    "BTTSKRMINIE3V2_SIGNED",
    "BTTSKRMINIE3V2_HIGH_256_SIGNED",
    "STM32F103_SIGNED",
    "STM32L1_SIGNED",
    "STM32L152DISCOVERY_SIGNED",
    NULL,
};

bool rig_deep(void)
{
    const char *deep = getenv("DEEP");

    return deep && strcmp(deep, "1") == 0;
}

const char *const *rig_signed_targets(void)
{
    return rig_deep() ? signed_targets : signed_sample;
}

bool rig_is_high(const char *target)
{
    return strstr(target, "_HIGH") != NULL;
}

bool rig_is_signed(const char *target)
{
    return strstr(target, signed_suffix) != NULL;
}

/* Splits BOARD and suffix. */
static const struct board_info *find_board(const char *target, size_t *variant)
{
    size_t length = strlen(target) - (rig_is_signed(target) ? strlen(signed_suffix) : 0);

    for (*variant = 0;; ++*variant) {
        const char *suffix = variants[*variant].suffix;
        size_t tail = strlen(suffix);

        if (length >= tail && strncmp(target + length - tail, suffix, tail) == 0) {
            char name[64] = "";
            memcpy(name, target, length - tail);
            const struct board_info *info = board_find(name);
            if (!info)
                fail_msg("there is no board \"%s\"", name);
            return info;
        }
    }
}

struct chip_config rig_config(const char *target)
{
    size_t variant;
    return board_default_config(find_board(target, &variant));
}

/* RIG_TRACE=1 in the environment shows what the board reports: to see why a test fails. */
static void trace(void *watcher, enum report_kind kind, ticks at, const char *text)
{
    (void)watcher;
    (void)kind;
    fprintf(stderr, "[%12.6f s] %s\n", (double)ticks_to_us(at) / 1e6, text);
}

void rig_allow(struct rig *rig, const char *rule)
{
    int index = rule_find(rule, strlen(rule));

    assert_int_not_equal(index, RULE_UNKNOWN);
    rig->board->allowed[index] = true;
}

/*
 * A chip that refuses what a new one takes is found out by trying: these are the suspicions of the attempt.
 */
static void allow_what_the_chip_is(struct rig *rig, const struct chip_config *config)
{
    if (config->write_protected || config->read_protected)
        rig_allow(rig, "flash-write-protected");
    if (config->zero_needs_erase)
        rig_allow(rig, "program-over-data");
}

struct rig rig_new_build(const char *build, const char *target, const struct chip_config *config)
{
    size_t variant;
    const struct board_info *info = find_board(target, &variant);
    struct rig rig = {.board = board_new(info, config), .transfer_size = config->page_bytes};
    char path[256], error[512];
    struct image image = {0};

    rig.host = &rig.board->host;
    rig.board->stop_on_violation = true;
    rig.board->stop_on_suspicion = true; /* the bootloader breaks no rule of any level */
    allow_what_the_chip_is(&rig, config);
    if (getenv("RIG_TRACE"))
        rig.board->report = trace;
    uint32_t flash = config->flash_bytes;
    if (strcmp(variants[variant].suffix, "_HIGH") == 0)
        flash = 64 * 1024;
    rig.app_base = FLASH_BASE + variants[variant].offset;
    rig.bootloader = FLASH_BASE + (variants[variant].kept_at_top ? flash - variants[variant].kept_at_top : 0);
    rig.app_bytes = flash - variants[variant].offset - variants[variant].kept_at_top;
    rig.app_bytes -= rig.app_bytes % config->page_bytes;
    rig.blank = config->family->flash_blank;
    rig.boot_command = rig.blank == 0 ? 0x544F4F42 : 0x4F42;
    rig.marks = rig.blank == 0 ? rig.app_base - 2 * config->page_bytes : 0;
    if (rig_is_signed(target)) {
        rig.target = target;
        rig.log_bytes = config->page_bytes > 1024 ? config->page_bytes : 1024;
        rig.app_bytes -= rig.log_bytes;
    }
    snprintf(path, sizeof path, "build/firmware/%s/dapboot.elf", build);
    if (!image_add(&image, path, 0, error, sizeof error) ||
        !image_burn(&image, rig.board->chip.flash_bytes, config->flash_bytes, config->page_bytes,
                    config->family->flash_blank, error, sizeof error))
        fail_msg("%s (`make system-images` builds it)", error);
    image_free(&image);
    return rig;
}

struct rig rig_new_with(const char *target, const struct chip_config *config)
{
    return rig_new_build(target, target, config);
}

struct rig rig_new(const char *target)
{
    struct chip_config config = rig_config(target);
    return rig_new_with(target, &config);
}

void rig_free(struct rig *rig)
{
    board_free(rig->board);
}

void rig_burn(struct rig *rig, uint32_t address, const void *bytes, uint32_t length)
{
    assert_true(flash_load(&rig->board->chip, address, bytes, length));
}

const uint8_t *rig_flash(const struct rig *rig, uint32_t address)
{
    return rig->board->chip.flash_bytes + (address - FLASH_BASE);
}

void rig_run_ms(struct rig *rig, unsigned milliseconds)
{
    board_run(rig->board, milliseconds * TICKS_PER_MILLISECOND);
}

void rig_power_cycle(struct rig *rig)
{
    board_power(rig->board, false);
    rig_run_ms(rig, 10);
    board_power(rig->board, true);
}

bool rig_enumerate(struct rig *rig)
{
    enum { CONFIGURATION = 2 << 8, ONE_ALTERNATE = 27, ALTERNATE = 9 };
    uint8_t head[9];
    uint32_t actual;

    if (usb_host_enumerate(rig->host) != USB_DONE)
        return false;
    /* the firmware goes through the last alternate setting */
    if (rig_request(rig, 0x80, GET_DESCRIPTOR, CONFIGURATION, 0, sizeof head, head, &actual) != USB_DONE ||
        actual != sizeof head)
        return false;

    uint16_t last = (uint16_t)((head[2] | head[3] << 8) - ONE_ALTERNATE) / ALTERNATE;

    return !last || rig_request(rig, 0x01, SET_INTERFACE, last, 0, 0, NULL, NULL) == USB_DONE;
}

bool rig_enter_dfu(struct rig *rig)
{
    if (!rig->board->chip.powered)
        board_power(rig->board, true);
    for (unsigned ms = 0; ms < 1000; ms += 10) {
        rig_run_ms(rig, 10);
        /* a pull-up that is always there shows before anyone answers */
        if (rig->host->port >= USB_PORT_ATTACHED && rig_enumerate(rig))
            return true;
    }
    return false;
}

bool rig_starts_application(struct rig *rig, ticks within)
{
    return rig_run_to(rig, rig->app_base + APPLICATION_LOOP, within);
}

bool rig_run_to(struct rig *rig, uint32_t address, ticks within)
{
    struct cortex_m3 *cpu = &rig->board->chip.cpu;

    cpu->breakpoint[0] = address;
    cpu->breakpoint_count = 1;
    board_run(rig->board, within);
    bool there = cpu->at_breakpoint;
    cpu->breakpoint_count = 0;
    cpu->stop = cpu->at_breakpoint = false;
    return there;
}

void rig_assert_clean(const struct rig *rig)
{
    if (rig->board->failed)
        fail_msg("violation: %s", rig->board->first_violation);
    assert_false(rig->board->chip.cpu.locked_up);
}

enum usb_host_status rig_request(struct rig *rig, uint8_t bmRequestType, uint8_t bRequest, uint16_t wValue,
                                 uint16_t wIndex, uint16_t wLength, void *data, uint32_t *actual)
{
    const uint8_t setup[8] = {bmRequestType, bRequest,    wValue & 0xFF,  wValue >> 8,
                              wIndex & 0xFF, wIndex >> 8, wLength & 0xFF, wLength >> 8};
    return usb_host_control(rig->host, setup, data, actual, 5 * TICKS_PER_SECOND);
}

enum usb_host_status dfu_get_status(struct rig *rig, struct dfu_status *status)
{
    uint8_t data[6] = {0};
    uint32_t actual = 0;
    enum usb_host_status result = rig_request(rig, DFU_IN, DFU_GETSTATUS, 0, 0, sizeof data, data, &actual);

    if (result == USB_DONE && actual != sizeof data)
        result = USB_ERROR;
    *status = (struct dfu_status){data[0], data[4], data[5],
                                  data[1] | (uint32_t)data[2] << 8 | (uint32_t)data[3] << 16};
    return result;
}

enum usb_host_status dfu_send(struct rig *rig, uint8_t request, uint16_t wValue, const void *data,
                              uint16_t length)
{
    return rig_request(rig, DFU_OUT, request, wValue, 0, length, (void *)data, NULL);
}

uint8_t dfu_get_state(struct rig *rig)
{
    uint8_t state = 0xFF;
    uint32_t actual = 0;

    if (rig_request(rig, DFU_IN, DFU_GETSTATE, 0, 0, 1, &state, &actual) != USB_DONE || actual != 1)
        return 0xFF;
    return state;
}

/* Asks for the status until the device is in the state wanted or in dfuERROR, waiting as it says. */
static bool settle(struct rig *rig, struct dfu_result *result, uint8_t wanted)
{
    enum { MOST = 100000 }; /* a guard: some tests have a flash that is slow */

    for (unsigned tries = 0; tries < MOST; tries++) {
        enum usb_host_status answer = dfu_get_status(rig, &result->last);

        /* an error after the last block stalls the question, and is told by the next answer */
        if (answer == USB_STALLED && wanted == dfuIDLE)
            return dfu_get_status(rig, &result->last) == USB_DONE && result->last.bStatus == OK;
        if (answer != USB_DONE)
            return false;
        result->polls++;
        if (result->last.poll_ms > result->longest_poll_ms)
            result->longest_poll_ms = result->last.poll_ms;
        if (result->last.bState == wanted)
            return result->last.bStatus == OK;
        if (result->last.bState == dfuERROR)
            return false;
        rig_run_ms(rig, result->last.poll_ms);
        if (rig->board->failed)
            return false;
    }
    return false;
}

bool dfu_send_block(struct rig *rig, uint16_t number, const void *data, uint16_t length)
{
    struct dfu_result result = {0};

    return dfu_send(rig, DFU_DNLOAD, number, data, length) == USB_DONE &&
           settle(rig, &result, length ? dfuDNLOAD_IDLE : dfuIDLE);
}

struct dfu_result dfu_download(struct rig *rig, const void *image, uint32_t length, uint32_t block)
{
    struct dfu_result result = {0};
    ticks start = board_now(rig->board);
    const uint8_t *from = image;

    for (uint16_t number = 0;; number++) {
        uint16_t now = length - result.bytes < block ? length - result.bytes : block;
        bool sent = dfu_send(rig, DFU_DNLOAD, number, from + result.bytes, now) == USB_DONE;

        if (!sent) {
            dfu_get_status(rig, &result.last);
            break;
        }
        if (!settle(rig, &result, now ? dfuDNLOAD_IDLE : dfuIDLE))
            break;
        result.bytes += now;
        if (!now) {
            result.done = true;
            break;
        }
    }
    result.time = board_now(rig->board) - start;
    return result;
}

struct dfu_result dfu_upload(struct rig *rig, void *image, uint32_t room, uint32_t block)
{
    struct dfu_result result = {0};
    ticks start = board_now(rig->board);
    uint8_t *to = image;

    for (uint16_t number = 0; result.bytes + block <= room; number++) {
        uint32_t actual = 0;

        if (rig_request(rig, DFU_IN, DFU_UPLOAD, number, 0, block, to + result.bytes, &actual) != USB_DONE) {
            dfu_get_status(rig, &result.last);
            break;
        }
        result.bytes += actual;
        if (actual < block) {
            result.done = true;
            break;
        }
    }
    result.time = board_now(rig->board) - start;
    return result;
}

enum { WIRE_TRIES = 2000, WIRE_PAUSE_US = 50 };

/* Long enough for the firmware to take what came, whatever the flash does. */
static void pause_wire(struct rig *rig)
{
    board_run(rig->board, ticks_from_us(WIRE_PAUSE_US));
}

enum usb_answer wire_setup(struct rig *rig, uint8_t bmRequestType, uint8_t bRequest, uint16_t wValue,
                           uint16_t wIndex, uint16_t wLength)
{
    const uint8_t setup[8] = {bmRequestType, bRequest,    wValue & 0xFF,  wValue >> 8,
                              wIndex & 0xFF, wIndex >> 8, wLength & 0xFF, wLength >> 8};
    enum usb_answer answer = USB_SILENCE;

    for (unsigned tries = 0; answer == USB_SILENCE && tries < WIRE_TRIES; tries++) {
        answer = usb_setup(&rig->board->chip, rig->host->address, 0, setup);
        pause_wire(rig);
    }
    return answer;
}

enum usb_answer wire_out(struct rig *rig, unsigned toggle, const void *data, unsigned length)
{
    enum usb_answer answer = USB_NAK;

    for (unsigned tries = 0; answer == USB_NAK && tries < WIRE_TRIES; tries++) {
        answer = usb_out(&rig->board->chip, rig->host->address, 0, toggle, data, length);
        pause_wire(rig);
    }
    return answer;
}

enum usb_answer wire_in(struct rig *rig, uint8_t *data, unsigned *length)
{
    enum usb_answer answer = USB_NAK;

    for (unsigned tries = 0; answer == USB_NAK && tries < WIRE_TRIES; tries++) {
        answer = usb_in(&rig->board->chip, rig->host->address, 0, data, length, true);
        pause_wire(rig);
    }
    return answer;
}

static uint8_t *read_blink(uint32_t *length)
{
    FILE *file = fopen(blink_path, "rb");
    uint8_t *bytes = malloc(4096);

    if (!file || !bytes)
        fail_msg("%s is missing: `make examples` builds it", blink_path);
    *length = (uint32_t)fread(bytes, 1, 4096, file);
    fclose(file);
    return bytes;
}

uint32_t blink_length(void)
{
    uint32_t length;
    free(read_blink(&length));
    return length;
}

/* Noise without 0xFF, so that every half-word has to be programmed. */
static uint8_t *noise(uint32_t length, unsigned seed)
{
    uint8_t *bytes = malloc(length ? length : 1);
    uint32_t state = seed * 2654435761u + 1;

    for (uint32_t i = 0; i < length; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (state >> 24) % 255;
    }
    return bytes;
}

uint8_t *blink_image(uint32_t length, unsigned seed)
{
    uint32_t code;
    uint8_t *blink = read_blink(&code), *image = noise(length, seed);

    memcpy(image, blink, code < length ? code : length);
    free(blink);
    return image;
}

void rig_sign(const struct rig *rig, uint8_t *image, uint32_t length, uint16_t version)
{
    const struct trailer_head trailer = trailer_of(rig->target, rig->app_base, length, version);

    if (rig_is_high(rig->target))
        memset(image + 28, 0, 8); /* words 7 and 8, reserved in the vector table */
    sign(image, length, &trailer);
}

uint8_t *rig_application(const struct rig *rig, uint32_t length, unsigned seed)
{
    enum { STACK = 0x20001000, THUMB = 1 };
    static const uint16_t endless_loop = 0xE7FE; /* b . */
    const uint32_t start[2] = {STACK, (rig->app_base + APPLICATION_LOOP) | THUMB};
    uint8_t *image = noise(length, seed);

    assert_true(length >= APPLICATION_LOOP + sizeof endless_loop);
    memcpy(image, start, sizeof start);
    memcpy(image + APPLICATION_LOOP, &endless_loop, sizeof endless_loop);
    if (rig->target)
        rig_sign(rig, image, length, FIRST_VERSION);
    return image;
}
