/*
 * What libFuzzer calls: plays its bytes as a hostile host to the portable core on a fake chip. Sanitizers see
 * to memory, the fake chip to the rules of flash and endpoint, and this file to what must be true of the
 * image: what was accepted is what the host sent, what is complete is in flash, and whatever would be started
 * is a whole application.
 */
#include "application.h"
#include "core.h"
#include "fake_port.h"
#include "hostile_host.h"
#include "image_writer.h"

#include <sanitizer/asan_interface.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TURN_US = 250,
    TURNS_PER_MS = 1000 / TURN_US,
    OLD_LENGTH = 3 * FLASH_PAGE_SIZE + 100,
    VECTORS = 8,
    HOOK = 4
};

static struct {
    uint8_t area[FAKE_FLASH_SIZE]; /* the application that would be started, all of the area */
    bool application;              /* there is one */
    uint8_t sent[FAKE_FLASH_SIZE]; /* blocks that the device accepted, as the host sent them */
    uint32_t length;
    uint8_t block[TARGET_DFU_WTRANSFERSIZE]; /* data stage under way */
    uint32_t block_length;
    uint8_t
        whole[FAKE_FLASH_SIZE]; /* the same as it must be in flash, once all was sent; length 0: not yet */
    uint32_t whole_length;
    bool complete; /* the core says so */
} expected;

static struct hostile_host host;

/* What fake_port.c calls when a rule is broken: libFuzzer keeps the input. */
void print_error(const char *const format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
}

/* What cmocka calls it from 1.1.8 on. */
void cm_print_error(const char *const format, ...) __attribute__((alias("print_error")));

_Noreturn void _fail(const char *const file, const int line)
{
    (void)fprintf(stderr, "\n%s:%d\n", file, line);
    abort();
}

static _Noreturn void broken(const char *what)
{
    (void)fprintf(stderr, "broken: %s\n", what);
    abort();
}

/* The image ---------------------------------------------------------------------------------------------- */

/* Makes what must be in flash once all is done: whole pages; in the high variant with the hook. */
static void make_whole(void)
{
    expected.whole_length = core_received();
    memcpy(expected.whole, expected.sent, expected.length);
    memset(expected.whole + expected.length, 0xFF, expected.whole_length - expected.length);
    if (HIGH) {
        memcpy(expected.whole + START_WORDS_OFFSET, expected.sent, VECTORS);
        memcpy(expected.whole + HOOK, fake_area() + fake_area_size() + HOOK, 4);
    }
}

/* All that was sent is in flash: if so, from now on it is what the board starts. */
static bool take_whole(void)
{
    if (!expected.whole_length || memcmp(fake_area(), expected.whole, expected.whole_length) != 0)
        return false;
    /* nothing that a fuzzer thinks of is signed: all it can do is send again what is there */
    if (SIGNED && !(expected.application && memcmp(expected.area, fake_area(), fake_area_size()) == 0))
        broken("an image was taken that nobody signed");
    expected.application = true;
    memcpy(expected.area, fake_area(), fake_area_size());
    return true;
}

static void follow_image(void)
{
    uint32_t received = core_received();

    if (received < expected.length) {
        /* its last half-word may be in flash, while the core was told to forget it before it looked */
        (void)take_whole();
        expected.length = expected.whole_length = 0;
    }
    if (core_is_finishing()) {
        if (!expected.whole_length && expected.length)
            make_whole();
    } else if (received != expected.length) {
        uint32_t length = received - expected.length;

        if (length != expected.block_length)
            broken("a block was accepted of which not all was sent");
        memcpy(expected.sent + expected.length, expected.block, length);
        expected.length = received;
    }
    if (image_complete() && !expected.complete && !take_whole())
        broken("the image is complete but not in flash");
    expected.complete = image_complete();
}

/* At power-up: would the board start something that is no application? */
static void check_start(void)
{
    if (!application_is_valid(application_start_words()) || take_whole())
        return;
    if (!expected.application || memcmp(expected.area, fake_area(), fake_area_size()) != 0)
        broken("an application would be started that is not whole");
}

/* The bus ------------------------------------------------------------------------------------------------ */

static void turn(void)
{
    fake_turn();
    follow_image();

    const char *what = core_broken();
    if (what)
        broken(what);
}

static void pass(void *context, unsigned us)
{
    (void)context;
    for (unsigned turns = us / TURN_US + 1; turns; turns--)
        turn();
}

static void setup(void *context, const uint8_t bytes[8])
{
    struct fake_endpoint *endpoint = &fake.endpoint;

    (void)context;
    /* while a packet waits, the peripheral takes no other: the host tries again */
    while (endpoint->reset || endpoint->out || endpoint->setup)
        turn();
    memcpy(endpoint->received, bytes, 8);
    endpoint->received_length = 8;
    endpoint->setup = true;
    endpoint->sent = false;
    endpoint->rx = endpoint->tx = FAKE_NAK;
    expected.block_length = 0;
}

static int out(void *context, const uint8_t *data, unsigned length)
{
    struct fake_endpoint *endpoint = &fake.endpoint;

    (void)context;
    if (endpoint->rx == FAKE_STALL)
        return ANSWER_STALL;
    if (endpoint->rx != FAKE_VALID || endpoint->setup || endpoint->out)
        return ANSWER_NAK;
    memcpy(endpoint->received, data, length);
    endpoint->received_length = length;
    endpoint->out = true;
    endpoint->rx = FAKE_NAK;
    if (expected.block_length + length <= sizeof expected.block)
        memcpy(expected.block + expected.block_length, data, length);
    expected.block_length += length;
    return (int)length;
}

static int in(void *context, uint8_t data[PACKET])
{
    struct fake_endpoint *endpoint = &fake.endpoint;

    (void)context;
    if (endpoint->tx == FAKE_STALL)
        return ANSWER_STALL;
    if (endpoint->tx != FAKE_VALID)
        return ANSWER_NAK;
    memcpy(data, endpoint->sending, endpoint->sending_length);
    endpoint->tx = FAKE_NAK;
    endpoint->sent = true;
    return (int)endpoint->sending_length;
}

static void reset(void *context)
{
    (void)context;
    fake.endpoint.reset = true;
    turn();
}

/* The first bytes say what chip it is. */
static void choose_chip(const uint8_t choice[4])
{
    uint32_t address = APP_BASE_ADDRESS + (choice[2] >> 4 & 3) * FLASH_PAGE_SIZE;

    fake_set_clock(TURNS_PER_MS);
    fake.erase_turns = choice[0];
    fake.program_turns = choice[1] & 0xF;
    fake.refuses_zero = choice[1] & 0x10;
    fake.crystal_dead = choice[1] & 0x20;
    switch (choice[2] & 0xF) {
    case 1: fake.protected_page = address; break;
    case 2: fake.worn_page = address; break;
    case 3: fake.worn_unit = address + 2 * choice[3]; break;
    case 4: fake.programming_fails_at = address + 2 * choice[3]; break;
    case 5: fake.pages_too_large = true; break;
    }
    /* the smallest chip that the board may carry; a board that says what it has is what it says */
    if (!HIGH && !FLASH_SIZE_OVERRIDE && choice[2] & 0x40)
        fake.flash_size = 16 * 1024;
}

static void power_up(const uint8_t choice[4])
{
    check_start();
    core_reset();
    fake_power_cycle();
    choose_chip(choice);
    core_reset(); /* the fake chip talks to the core when it powers up */
    expected.length = expected.whole_length = expected.block_length = 0;
    expected.complete = false;
}

static uint8_t chip[4];

static _Noreturn void power_cycle(void *context)
{
    (void)context;
    longjmp(fake.end, FAKE_POWER_CUT);
}

static void play(void *context)
{
    hostile_host_play(&host, context);
}

/* The bootloader's own flash is nothing that the core may read, but for the hook that it copies. */
static void hide_bootloader(bool hide)
{
    uint8_t *bootloader =
        HIGH ? fake_area() + fake_area_size() + VECTORS : fake_area() - (APP_BASE_ADDRESS - FLASH_BASE);
    uint32_t size = HIGH ? BOOTLOADER_SIZE - VECTORS : APP_BASE_ADDRESS - FLASH_BASE;

    if (hide)
        ASAN_POISON_MEMORY_REGION(bootloader, size);
    else
        ASAN_UNPOISON_MEMORY_REGION(bootloader, size);
}

static void install_old_application(void)
{
    const uint32_t words[2] = {RAM_BASE + RAM_SIZE, APP_BASE_ADDRESS + 0x41};

    for (uint32_t i = HIGH ? VECTORS : 0; i < OLD_LENGTH; i++)
        fake_area()[i] = (uint8_t)(i * 7 + 1);
    memcpy(fake_area() + START_WORDS_OFFSET, words, sizeof words);
    expected.application = true;
    memcpy(expected.area, fake_area(), fake_area_size());
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const struct bus bus = {
        .app_base = APP_BASE_ADDRESS,
        .block = TARGET_DFU_WTRANSFERSIZE,
        .setup = setup,
        .out = out,
        .in = in,
        .reset = reset,
        .pass = pass,
        .power_cycle = power_cycle,
    };

    if (length < sizeof chip)
        return 0;
    memcpy(chip, bytes, sizeof chip);
    hostile_host_start(&host, bytes + sizeof chip, length - sizeof chip);
    expected.application = false;
    hide_bootloader(false);
    core_reset();
    fake_power_on();
    if (chip[2] & 0x80)
        install_old_application();
    power_up(chip);
    hide_bootloader(true);
    do {
        (void)fake_session(play, (void *)&bus);
        while (fake_flash_busy())
            fake.turns++;
        power_up(chip);
    } while (host.left);
    hide_bootloader(false);
    return 0;
}
