/*
 * The hostile host against the real image on the virtual board: every sequence of the corpus, then as many
 * mixtures of them as asked for. Nothing forbidden may happen, no fault; nothing outside of the application
 * area may change; every answer must consist of what was asked for and nothing else; and after a bus reset
 * the board must be a DFU device like any other.
 *
 * image_target CORPUS MIXTURES [SEED]
 */
#define _GNU_SOURCE /* memmem */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>

#include "hostile_host.h"
#include "rig.h"

enum {
    MAX_LENGTH = 400,
    MAX_FILES = 4096,
    CHIP = 4, /* bytes at the start of a sequence that say what chip it is */
    MAX_ANSWER = 512,
    ANSWERS = 16,
    POISON_RUN = 4,
    HOOK = 4,
    OLD_LENGTH = 5000,
    FIRST_REASON = 5, /* strings of signed targets */
    LAST_REASON = 7,
};

/* What RAM and flash hold where no answer may come from. */
static const uint8_t poison_byte = 0xC5;

struct sequence {
    char name[300];
    uint8_t bytes[MAX_LENGTH];
    size_t length;
};

static struct {
    struct sequence *files;
    size_t count;
    unsigned long mixtures;
    uint32_t random;
} corpus;

struct victim {
    const char *target;
    struct rig rig;
    struct hostile_host host;
    uint8_t address, toggle;
    uint8_t setup[8]; /* the request under way */
    bool fault;
    char fault_text[256];
    /* what the device may say: answers to all requests for descriptors */
    struct {
        uint8_t bytes[MAX_ANSWER];
        uint32_t length;
    } answer[ANSWERS];
    unsigned answers;
    uint8_t *genuine[GENUINE]; /* for a target that wants images signed */
    uint64_t accepted;
    uint64_t tokens, bytes_in;
    char name[400];
};

static uint32_t chance(uint32_t limit)
{
    corpus.random = corpus.random * 1664525u + 1013904223u;
    return (corpus.random >> 8) % limit;
}

/* What is checked ---------------------------------------------------------------------------------------- */

static void assert_unharmed(struct victim *victim)
{
    struct board *board = victim->rig.board;

    if (victim->fault)
        fail_msg("%s: %s", victim->name, victim->fault_text);
    if (board->failed)
        fail_msg("%s: violation: %s", victim->name, board->first_violation);
    if (board->chip.cpu.locked_up)
        fail_msg("%s: the processor is locked up", victim->name);
}

static bool is_high(const struct victim *victim)
{
    return victim->rig.app_base == FLASH_BASE;
}

/* The application area as an upload shows it. */
static void make_view(const struct victim *victim, uint8_t *view)
{
    enum { START_WORDS = 7 * 4 };
    const uint8_t *area = rig_flash(&victim->rig, victim->rig.app_base);

    memcpy(view, area, victim->rig.app_bytes);
    if (is_high(victim)) {
        memcpy(view, area + START_WORDS, 8);
        memset(view + START_WORDS, 0, 8);
    }
}

static bool is_part_of_upload(const struct victim *victim, const uint8_t *packet, unsigned length)
{
    uint8_t *view = malloc(victim->rig.app_bytes);

    assert_non_null(view);
    make_view(victim, view);
    bool found = memmem(view, victim->rig.app_bytes, packet, length) != NULL;
    free(view);
    return found;
}

static bool is_part_of_descriptor(const struct victim *victim, const uint8_t *packet, unsigned length)
{
    for (unsigned i = 0; i < victim->answers; i++)
        if (memmem(victim->answer[i].bytes, victim->answer[i].length, packet, length))
            return true;
    return false;
}

static bool is_dfu_status(const struct victim *victim, const uint8_t *packet, unsigned length)
{
    enum { MOST_CHECK_MS = 512 };
    static const uint8_t any[6] = {errSTALLEDPKT, 255, 0, 0, dfuERROR, 0},
                         of_signed[6] = {errSTALLEDPKT, 255, MOST_CHECK_MS >> 8, 0, dfuERROR, LAST_REASON};
    const uint8_t *most = rig_is_signed(victim->target) ? of_signed : any;

    for (unsigned i = 0; i < length; i++)
        if (length > sizeof any || packet[i] > most[i])
            return false;
    return true;
}

/* Small numbers: GET_STATUS, GET_CONFIGURATION, GET_INTERFACE, DFU_GETSTATE. */
static bool is_small(const uint8_t *packet, unsigned length)
{
    return length <= 2 && packet[0] <= dfuERROR && (length < 2 || packet[1] == 0);
}

static void check_answer(struct victim *victim, const uint8_t *packet, unsigned length)
{
    const uint8_t *setup = victim->setup;
    bool class_request = setup[0] == DFU_IN, expected;
    unsigned run = 0;

    for (unsigned i = 0; i < length; i++) {
        run = packet[i] == poison_byte ? run + 1 : 0;
        if (run == POISON_RUN)
            fail_msg("%s: memory that nobody asked for was sent", victim->name);
    }
    if (!length)
        return;
    if (class_request && setup[1] == DFU_UPLOAD)
        expected = is_part_of_upload(victim, packet, length);
    else if (class_request && setup[1] == DFU_GETSTATUS)
        expected = is_dfu_status(victim, packet, length);
    else
        expected = is_small(packet, length) || is_part_of_descriptor(victim, packet, length);
    if (!expected)
        fail_msg("%s: request %02X %02X %02X%02X %02X%02X %02X%02X was answered with %u bytes that it may "
                 "not see: "
                 "%02X %02X %02X...",
                 victim->name, setup[0], setup[1], setup[3], setup[2], setup[5], setup[4], setup[7], setup[6],
                 length, packet[0], length > 1 ? packet[1] : 0, length > 2 ? packet[2] : 0);
}

/* The bus ------------------------------------------------------------------------------------------------ */

/* As a host does with a device that came anew. */
static void welcome(struct victim *victim)
{
    if (victim->rig.host->port != USB_PORT_ATTACHED)
        return;
    usb_host_reset(victim->rig.host, 10);
    victim->address = 0;
}

static void pass(void *context, unsigned us)
{
    struct victim *victim = context;

    for (unsigned slice; us; us -= slice) {
        slice = us < 1000 ? us : 1000;
        board_run(victim->rig.board, ticks_from_us(slice));
        assert_unharmed(victim);
        welcome(victim);
    }
}

static void reset(void *context)
{
    struct victim *victim = context;

    if (victim->rig.host->port >= USB_PORT_ATTACHED)
        usb_host_reset(victim->rig.host, 10);
    victim->address = 0;
    pass(victim, 25000);
}

static bool enabled(const struct victim *victim)
{
    return victim->rig.host->port == USB_PORT_ENABLED;
}

static void setup(void *context, const uint8_t bytes[8])
{
    struct victim *victim = context;

    victim->tokens++;
    memcpy(victim->setup, bytes, 8);
    victim->toggle = 1;
    /* while a packet waits to be read the peripheral does not answer: a host tries three times */
    for (unsigned tries = 0; tries < 3 && enabled(victim); tries++) {
        if (usb_setup(&victim->rig.board->chip, victim->address, 0, bytes) == USB_ACK)
            break;
        pass(victim, 50);
    }
    pass(victim, 10);
}

static int out(void *context, const uint8_t *data, unsigned length)
{
    struct victim *victim = context;

    if (!enabled(victim))
        return ANSWER_NONE;
    victim->tokens++;

    enum usb_answer answer =
        usb_out(&victim->rig.board->chip, victim->address, 0, victim->toggle, data, length);
    pass(victim, 10);
    switch (answer) {
    case USB_ACK: victim->toggle ^= 1; return (int)length;
    case USB_STALL: return ANSWER_STALL;
    case USB_NAK: return ANSWER_NAK;
    default: return ANSWER_NONE;
    }
}

static void take_address(struct victim *victim)
{
    if (victim->setup[0] == 0 && victim->setup[1] == 5 && victim->setup[6] == 0 && victim->setup[7] == 0) {
        victim->address = victim->setup[2] & 0x7F;
        victim->setup[1] = 0xFF; /* once */
        pass(victim, 2000);
    }
}

static int in(void *context, uint8_t data[PACKET])
{
    struct victim *victim = context;
    uint8_t packet[USB_MAX_PACKET];
    unsigned length = 0;

    if (!enabled(victim))
        return ANSWER_NONE;
    victim->tokens++;

    enum usb_answer answer = usb_in(&victim->rig.board->chip, victim->address, 0, packet, &length, true);
    pass(victim, 10);
    switch (answer) {
    case USB_DATA0:
    case USB_DATA1: break;
    case USB_STALL: return ANSWER_STALL;
    case USB_NAK: return ANSWER_NAK;
    default: return ANSWER_NONE;
    }
    if (length > PACKET)
        fail_msg("%s: a packet of %u bytes", victim->name, length);
    victim->bytes_in += length;
    check_answer(victim, packet, length);
    memcpy(data, packet, length);
    if (!length)
        take_address(victim);
    return (int)length;
}

/* The high variant's: until it is back, a power cut is the end (docs/design.md, What remains). */
static bool has_reset_vector(const struct victim *victim)
{
    const struct rig *rig = &victim->rig;

    return !is_high(victim) ||
           memcmp(rig_flash(rig, FLASH_BASE + HOOK), rig_flash(rig, rig->bootloader + HOOK), 4) == 0;
}

/* Power cuts in the midst of things are tests/powercut's; here they are one more thing a user does. */
static void power_cycle(void *context)
{
    enum { PATIENCE_MS = 200 };
    struct victim *victim = context;

    for (unsigned ms = 0;
         ms < PATIENCE_MS && (!has_reset_vector(victim) || chip_flash_is_busy(&victim->rig.board->chip));
         ms++)
        pass(victim, 1000);
    if (!has_reset_vector(victim))
        fail_msg("%s: no reset vector, and it stays so", victim->name);
    rig_power_cycle(&victim->rig);
    victim->address = 0;
    pass(victim, 250000);
}

/* One sequence ------------------------------------------------------------------------------------------- */

static void watch(void *watcher, enum report_kind kind, ticks at, const char *text)
{
    struct victim *victim = watcher;

    (void)at;
    if (kind != REPORT_FAULT || victim->fault)
        return;
    victim->fault = true;
    (void)snprintf(victim->fault_text, sizeof victim->fault_text, "%s", text);
}

/*
 * A bus reset, and it is a DFU device in dfuIDLE; if it has a whole image to start, only after it left the
 * bus for that a while later and came back, as the button is held.
 */
static void assert_recovers(struct victim *victim)
{
    enum { LEAVES_WITHIN_MS = 700, CHECK_MS = 800, COMES_BACK_WITHIN_MS = 1000, PAGE = 1024, ERASE_MS = 40 };
    /*
     * signed: a third time if the first came in the midst of a check that ended badly: the second is told so;
     * others: when the image before did not end, all pages behind this one are erased at its end
     */
    bool is_signed = rig_is_signed(victim->target);
    unsigned resets = is_signed ? 3 : 2;
    unsigned leaves_within_ms =
        LEAVES_WITHIN_MS + (is_signed ? CHECK_MS : victim->rig.app_bytes / PAGE * ERASE_MS);
    struct dfu_status status = {0};

    for (unsigned tries = 0; tries < resets; tries++) {
        reset(victim);
        for (unsigned ms = 0; ms < COMES_BACK_WITHIN_MS && !enabled(victim); ms++)
            pass(victim, 1000);
        if (rig_enumerate(&victim->rig) && dfu_get_status(&victim->rig, &status) == USB_DONE &&
            status.bState == dfuIDLE && status.bStatus == OK)
            return;
        pass(victim, leaves_within_ms * 1000);
    }
    fail_msg("%s: a bus reset does not help: port %d, status %u, state %u", victim->name,
             (int)victim->rig.host->port, status.bStatus, status.bState);
}

static void assert_nothing_changed_outside(const struct victim *victim, const struct board *before)
{
    const struct rig *rig = &victim->rig;
    uint32_t first = rig->app_base - FLASH_BASE, end = first + rig->app_bytes;
    const uint8_t *now = rig->board->chip.flash_bytes, *then = before->chip.flash_bytes;

    if (rig_is_signed(victim->target))
        end += rig->transfer_size; /* the log of versions */
    if (memcmp(now, then, first) != 0 ||
        memcmp(now + end, then + end, rig->board->chip.config.flash_bytes - end) != 0)
        fail_msg("%s: flash outside of the application area was changed", victim->name);
}

static uint8_t old_byte(unsigned offset)
{
    return (uint8_t)((offset * 2654435761u) >> 11 & 0x7F);
}

/* What the bootloader would start is what the maker signed, or was there before; its version was recorded. */
static void assert_only_genuine(struct victim *victim, const struct board *before, bool old)
{
    enum { MAGIC_LOW = 0x4C56, KEY = 2, VALID = 0x2000, HIDDEN = 7 * 4, BEHIND = HIDDEN + 8, OLD_BEGIN = 64 };
    const struct rig *rig = &victim->rig;
    const uint8_t *area = rig_flash(rig, rig->app_base), *log = area + rig->app_bytes;
    const uint8_t *then = before->chip.flash_bytes + (log - rig->board->chip.flash_bytes);
    uint16_t key, magic;
    bool found = false;

    memcpy(&key, area + (is_high(victim) ? HIDDEN : 0) + KEY, sizeof key);
    memcpy(&magic, log, sizeof magic);
    if (memcmp(log, then, rig->transfer_size) != 0 && magic != MAGIC_LOW && magic != 0xFFFF)
        fail_msg("%s: the log of versions was written over", victim->name);
    if (key != VALID)
        return;
    for (unsigned i = 0; i < GENUINE && !found; i++)
        found =
            memcmp(area + BEHIND, victim->genuine[i] + BEHIND, (i + 1) * rig->transfer_size - BEHIND) == 0;
    if (found && magic != MAGIC_LOW)
        fail_msg("%s: an image is valid whose version was not recorded", victim->name);
    for (unsigned i = OLD_BEGIN; i < OLD_LENGTH; i++)
        old &= area[i] == old_byte(i);
    if (!found && !old)
        fail_msg("%s: an image is valid that nobody signed", victim->name);
    victim->accepted += found;
}

static void install_old_application(struct victim *victim)
{
    uint8_t bytes[OLD_LENGTH];
    uint32_t words[2] = {0x20005000, (victim->rig.app_base + 0x101)};

    for (unsigned i = 0; i < OLD_LENGTH; i++)
        bytes[i] = old_byte(i);
    if (is_high(victim))
        rig_burn(&victim->rig, victim->rig.app_base + 7 * 4, words, sizeof words);
    else
        rig_burn(&victim->rig, victim->rig.app_base, words, sizeof words);
    rig_burn(&victim->rig, victim->rig.app_base + 64, bytes + 64, OLD_LENGTH - 64);
}

static void choose_chip(struct victim *victim, const uint8_t choice[CHIP])
{
    struct chip_config *config = &victim->rig.board->chip.config;

    config->page_erase_us = 20000 + choice[0] * 80u;
    config->program_ns = 40000 + (choice[1] & 0xF) * 2000u;
    if (choice[2] & 0x80)
        install_old_application(victim);
}

static void play(struct victim *victim, const struct board *start, const struct sequence *sequence)
{
    const struct bus bus = {
        .context = victim,
        .app_base = victim->rig.app_base,
        .block = victim->rig.transfer_size,
        .genuine = {victim->genuine[0], victim->genuine[1], victim->genuine[2], victim->genuine[3]},
        .setup = setup,
        .out = out,
        .in = in,
        .reset = reset,
        .pass = pass,
        .power_cycle = power_cycle,
    };

    if (sequence->length < CHIP)
        return;
    (void)snprintf(victim->name, sizeof victim->name, "%s, %s", victim->target, sequence->name);
    board_restore(victim->rig.board, start);
    choose_chip(victim, sequence->bytes);
    victim->address = victim->rig.host->address;
    hostile_host_start(&victim->host, sequence->bytes + CHIP, sequence->length - CHIP);
    hostile_host_play(&victim->host, &bus);
    assert_recovers(victim);
    assert_unharmed(victim);
    assert_nothing_changed_outside(victim, start);
    if (rig_is_signed(victim->target))
        assert_only_genuine(victim, start, sequence->bytes[2] & 0x80);
}

/* Preparation -------------------------------------------------------------------------------------------- */

/* Flash behind the bootloader's code, and what belongs to nobody. */
static void poison_flash(struct victim *victim)
{
    const struct rig *rig = &victim->rig;
    uint8_t *flash = rig->board->chip.flash_bytes;
    uint32_t first = rig->app_base - FLASH_BASE, end = first + rig->app_bytes;

    for (uint32_t i = rig->board->chip.config.flash_bytes; i-- > end && flash[i] == 0xFF;)
        flash[i] = poison_byte;
    for (uint32_t i = first; i-- > 0 && flash[i] == 0xFF;)
        flash[i] = poison_byte;
}

static void learn(struct victim *victim, uint8_t type, uint16_t value, uint16_t index)
{
    uint32_t length = 0;

    assert_true(victim->answers < ANSWERS);
    if (rig_request(&victim->rig, type, type == 0x80 ? 6 : 0x21, value, index, MAX_ANSWER,
                    victim->answer[victim->answers].bytes, &length) != USB_DONE)
        fail_msg("%s: request %02X %04X %04X is not answered", victim->target, type, value, index);
    victim->answer[victim->answers++].length = length;
}

static void learn_descriptors(struct victim *victim)
{
    static const uint16_t descriptors[] = {0x0100, 0x0200, 0x0F00, 0x0300, 0x0301,
                                           0x0302, 0x0303, 0x0304, 0x03EE};

    for (unsigned i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++)
        learn(victim, 0x80, descriptors[i], 0);
    for (unsigned reason = FIRST_REASON; rig_is_signed(victim->target) && reason <= LAST_REASON; reason++)
        learn(victim, 0x80, (uint16_t)(0x0300 | reason), 0);
    learn(victim, 0xC0, 1, 2);
    learn(victim, 0xC0, 0, 4);
    learn(victim, 0xC0, 0, 7);
}

/* Versions 1 to GENUINE, of as many blocks. */
static void sign_some(struct victim *victim)
{
    for (unsigned i = 0; i < GENUINE && rig_is_signed(victim->target); i++) {
        uint32_t length = (i + 1) * victim->rig.transfer_size;

        victim->genuine[i] = rig_application(&victim->rig, length, i);
        rig_sign(&victim->rig, victim->genuine[i], length, (uint16_t)(i + 1));
    }
}

static void hostile_hosts(void **state)
{
    struct victim *victim = calloc(1, sizeof *victim);

    assert_non_null(victim);
    victim->target = *state;
    victim->rig = rig_new(victim->target);

    struct board *board = victim->rig.board;
    board->report = watch;
    board->watcher = victim;
    poison_flash(victim);
    board_press(board, true);
    board_power(board, true);
    memset(board->chip.ram, poison_byte, board->chip.config.ram_bytes);
    (void)snprintf(victim->name, sizeof victim->name, "%s, at the start", victim->target);
    if (!rig_enter_dfu(&victim->rig))
        fail_msg("%s does not enumerate", victim->target);
    learn_descriptors(victim);
    sign_some(victim);

    struct board *start = board_save(board);
    for (size_t i = 0; i < corpus.count; i++)
        play(victim, start, &corpus.files[i]);
    for (unsigned long i = 0; i < corpus.mixtures; i++) {
        struct sequence mixture = corpus.files[chance((uint32_t)corpus.count)];
        const struct sequence *other = &corpus.files[chance((uint32_t)corpus.count)];
        size_t from = chance((uint32_t)other->length + 1), room = MAX_LENGTH - mixture.length;
        size_t length = other->length - from < room ? other->length - from : room;

        memcpy(mixture.bytes + mixture.length, other->bytes + from, length);
        mixture.length += length;
        for (uint32_t changes = chance(8); changes; changes--)
            mixture.bytes[chance((uint32_t)mixture.length)] ^= (uint8_t)(1u << chance(8));
        (void)snprintf(mixture.name + strlen(mixture.name), sizeof mixture.name - strlen(mixture.name),
                       ", mixture %lu", i);
        play(victim, start, &mixture);
    }
    printf("%-20s %6lu sequences, %9llu tokens, %9llu bytes read by the host\n", victim->target,
           (unsigned long)corpus.count + corpus.mixtures, (unsigned long long)victim->tokens,
           (unsigned long long)victim->bytes_in);
    if (rig_is_signed(victim->target)) {
        printf("%-20s %6llu of them ended with a genuine image\n", victim->target,
               (unsigned long long)victim->accepted);
        assert_true(victim->accepted > 0);
    }
    for (unsigned i = 0; i < GENUINE; i++)
        free(victim->genuine[i]);
    free(start);
    rig_free(&victim->rig);
    free(victim);
}

/* Corpus ------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct sequence *)a)->name, ((const struct sequence *)b)->name);
}

static bool read_corpus(const char *folder)
{
    DIR *directory = opendir(folder);

    corpus.files = calloc(MAX_FILES, sizeof *corpus.files);
    if (!directory || !corpus.files)
        return false;
    for (const struct dirent *entry; (entry = readdir(directory)) && corpus.count < MAX_FILES;) {
        struct sequence *sequence = &corpus.files[corpus.count];
        char path[4096];

        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        (void)snprintf(sequence->name, sizeof sequence->name, "%s", entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (!file)
            continue;
        sequence->length = fread(sequence->bytes, 1, sizeof sequence->bytes, file);
        corpus.count += sequence->length >= CHIP;
        (void)fclose(file);
    }
    (void)closedir(directory);
    qsort(corpus.files, corpus.count, sizeof *corpus.files, by_name);
    return corpus.count != 0;
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        {"BLUEPILL", hostile_hosts, NULL, NULL, "BLUEPILL"},
        {"BLUEPILL_HIGH", hostile_hosts, NULL, NULL, "BLUEPILL_HIGH"},
        {"BLUEPILL_SIGNED", hostile_hosts, NULL, NULL, "BLUEPILL_SIGNED"},
        {"BLUEPILL_HIGH_SIGNED", hostile_hosts, NULL, NULL, "BLUEPILL_HIGH_SIGNED"},
    };

    if (count < 3 || !read_corpus(arguments[1])) {
        (void)fprintf(stderr, "usage: image_target CORPUS MIXTURES [SEED]\n");
        return 2;
    }
    corpus.mixtures = strtoul(arguments[2], NULL, 0);
    corpus.random = count > 3 ? (uint32_t)strtoul(arguments[3], NULL, 0) : 1;

    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(corpus.files);
    return failed ? 1 : 0;
}
