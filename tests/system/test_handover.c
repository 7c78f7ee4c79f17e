/*
 * The application gets a machine as after reset: the chip at its first instruction, compared field by field
 * with one that has no bootloader, for every target.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peek.h"
#include "rig.h"

enum { AFTER_POWER_UP, AFTER_NRST, AFTER_DFU_DETACH, AFTER_DOWNLOAD, WAYS };
static const char *const way_names[] = {"power-up", "NRST", "DFU_DETACH", "a download"};

static struct rig rig;
static const char *target;

static void same(const char *way, const char *what, unsigned index, uint32_t found, uint32_t expected)
{
    if (found != expected)
        fail_msg("%s, after %s: %s (%u) is 0x%08X, after reset it is 0x%08X", target, way, what, index, found,
                 expected);
}

/* b: the chip without a bootloader */
#define SAME(field) same(way, #field, 0, a->field, b->field)
#define SAME_EACH(array, field)                                                                              \
    for (unsigned i = 0; i < sizeof a->array / sizeof a->array[0]; i++)                                      \
    same(way, #array #field, i, a->array[i] field, b->array[i] field)

static const struct device *device_named(const struct chip *chip, const char *name)
{
    for (unsigned i = 0; i < chip->info->device_count; i++)
        if (chip->device[i].present && strcmp(device_name(&chip->device[i]), name) == 0)
            return &chip->device[i];
    fail_msg("no device %s", name);
    return NULL;
}

/* All that a device knows; for those that know no times and no history. */
static void same_device(const char *way, const char *name, const struct chip *a, const struct chip *b)
{
    const struct device *of_a = device_named(a, name), *of_b = device_named(b, name);
    if (memcmp(device_state(of_a), device_state(of_b), of_a->info->class->state) != 0)
        fail_msg("%s: %s is not as after a reset", way, name);
}

static void same_registers(const char *way, const char *name, uint32_t base, uint32_t first, uint32_t last,
                           const struct chip *a, const struct chip *b)
{
    for (uint32_t offset = first; offset <= last; offset += 4)
        same(way, name, offset, peek(a, base + offset), peek(b, base + offset));
}

/* What the next erase would erase, once the keys were written: 0 if they are not taken. */
static uint32_t next_erase(const struct chip *chip)
{
    static const uint32_t writes[][2] = {
        {0x04, 0x45670123}, {0x04, 0xCDEF89AB}, {0x10, 1 << 1}, {0x10, 1 << 1 | 1 << 6}};
    struct chip *copy = peek_copy(chip);
    for (unsigned i = 0; i < sizeof writes / sizeof writes[0]; i++)
        (void)bus_write(copy, 0x40022000 + writes[i][0], 4, writes[i][1]);
    uint32_t erased = copy->flash.operation.kind == FLASH_PAGE_ERASE ? copy->flash.operation.address | 1 : 0;
    free(copy);
    return erased;
}

/* IWDG_PR takes a value without the key. */
static uint32_t prescaler_is_unlocked(const struct chip *chip)
{
    struct chip *copy = peek_copy(chip);
    uint32_t before = peek(copy, 0x40003004), after;
    (void)bus_write(copy, 0x40003004, 4, before ^ 1);
    after = peek(copy, 0x40003004);
    free(copy);
    return before != after;
}

static void compare_peripherals(const char *way, const struct chip *a, const struct chip *b)
{
    static const char *const ports[] = {"GPIOA", "GPIOB", "GPIOC", "GPIOD", "GPIOE"};
    same_registers(way, "RCC", 0x40021000, 0x00, 0x24, a, b);
    same(way, "HCLK", 0, chip_hclk_hz(a), chip_hclk_hz(b));
    same_registers(way, "FLASH", 0x40022000, 0x00, 0x10, a, b);
    same_registers(way, "FLASH", 0x40022000, 0x1C, 0x20, a, b);
    same(way, "FLASH, next erase", 0, next_erase(a), next_erase(b));
    SAME(flash.operation.kind);
    for (unsigned i = 0; i < sizeof ports / sizeof ports[0]; i++)
        same_device(way, ports[i], a, b);
    same_device(way, "AFIO", a, b);
    same_device(way, "PWR", a, b);
    same_device(way, "BKP", a, b);
    same_registers(way, "IWDG", 0x40003000, 0x04, 0x08, a, b);
    same(way, "watchdog", 0, chip_will_reset(a), chip_will_reset(b));
    same(way, "IWDG, prescaler", 0, prescaler_is_unlocked(a), prescaler_is_unlocked(b));
    same_registers(way, "EXTI", 0x40010400, 0x00, 0x14, a, b);
    same_device(way, "DBGMCU", a, b);
    same_registers(way, "USB", 0x40005C00, 0x00, 0x1C, a, b);
    same_registers(way, "USB", 0x40005C00, 0x40, 0x44, a, b);
    same_registers(way, "USB", 0x40005C00, 0x4C, 0x50, a, b);
}

/* Every register that can be read and whose reset value is the chip's, of a family without a list of its own.
 */
static void compare_all_registers(const char *way, const struct chip *a, const struct chip *b)
{
    const struct chip_info *info = a->info;

    for (unsigned i = 0; i < info->device_count; i++) {
        const struct device_class *class = info->devices[i].class;

        if (!a->device[i].present || !class || !class->registers)
            continue;
        for (unsigned n = 0; n < class->register_count; n++) {
            const struct device_register *reg = &class->registers[n];

            if (reg->name && !(reg->flags & (WRITE_ONLY | OPEN_RESET)))
                same_registers(way, info->devices[i].name, info->devices[i].base, 4 * n, 4 * n, a, b);
        }
    }
    same(way, "HCLK", 0, chip_hclk_hz(a), chip_hclk_hz(b));
    same(way, "watchdog", 0, chip_will_reset(a), chip_will_reset(b));
    SAME(flash.operation.kind);
}

static void compare_core(const char *way, const struct chip *a, const struct chip *b)
{
    SAME_EACH(cpu.nvic.enabled, );
    SAME_EACH(cpu.nvic.pending, );
    SAME_EACH(cpu.nvic.active, );
    SAME_EACH(cpu.nvic.line, );
    SAME_EACH(cpu.nvic.priority, );
    SAME(cpu.system.aircr);
    SAME(cpu.system.scr);
    SAME(cpu.system.ccr);
    SAME(cpu.system.shcsr);
    SAME(cpu.system.cfsr);
    SAME(cpu.system.hfsr);
    SAME(cpu.system.dfsr);
    SAME(cpu.system.demcr);
    SAME(cpu.system.dwt_ctrl);
    SAME_EACH(cpu.system.priority, );
    SAME_EACH(cpu.system.pending, );
    SAME_EACH(cpu.system.active, );
    SAME_EACH(cpu.system.plain, );
    SAME(cpu.systick.csr);
    SAME(cpu.systick.rvr);
    SAME(cpu.systick.cvr);
    SAME(cpu.r[13]);
    SAME(cpu.r[14]);
    SAME(cpu.other_sp);
    SAME(cpu.ipsr);
    SAME(cpu.itstate);
    SAME(cpu.thumb);
    SAME(cpu.primask);
    SAME(cpu.faultmask);
    SAME(cpu.basepri);
    SAME(cpu.control);
    SAME(cpu.sleeping);
    SAME(cpu.event);
}

/* A chip with nothing but the application's start words, at the same point of the same story. */
static struct board *without_bootloader(const uint8_t *image, unsigned way)
{
    struct chip_config config = rig.board->chip.config;
    struct board *bare = board_new(rig.board->info, &config);

    assert_true(flash_load(&bare->chip, FLASH_BASE, image, 8));
    board_power(bare, true);
    if (way == AFTER_NRST)
        board_reset_button(bare);
    else if (way != AFTER_POWER_UP)
        chip_reset(&bare->chip, RESET_SOFTWARE);
    return bare;
}

static void by_command(void)
{
    bool skr = strstr(target, "SKR") != NULL;

    chip_backup_set(&rig.board->chip, skr ? 10 : 1, skr ? 1 : rig.boot_command);
}

static void reach_application(unsigned way, const uint8_t *image, uint32_t length)
{
    if (way == AFTER_DOWNLOAD) {
        struct dfu_result result;

        assert_true(rig_enter_dfu(&rig));
        result = dfu_download(&rig, image, length, rig.transfer_size);
        if (!result.done)
            fail_msg("%s: the download ended with status %u", target, result.last.bStatus);
        usb_host_reset(rig.host, 10); /* for those that stay until told */
    } else {
        memcpy(rig.board->chip.flash_bytes + rig.app_base - FLASH_BASE, image, length);
        if (rig_is_high(target)) {
            /* as the bootloader would have put it there */
            uint32_t top = rig.bootloader - FLASH_BASE;
            memcpy(rig.board->chip.flash_bytes + 28, image, 8);
            memcpy(rig.board->chip.flash_bytes, rig.board->chip.flash_bytes + top, 8);
        }
        board_power(rig.board, true);
        if (way == AFTER_NRST) {
            rig_run_ms(&rig, 50);
            board_reset_button(rig.board);
        } else if (way == AFTER_DFU_DETACH) {
            rig_run_ms(&rig, 50);
            by_command();
            board_reset_button(rig.board);
            assert_true(rig_enter_dfu(&rig));
            assert_int_equal(dfu_send(&rig, DFU_DETACH, 0, NULL, 0), USB_DONE);
        }
    }
    if (!rig_starts_application(&rig, TICKS_PER_SECOND))
        fail_msg("%s: the application does not start after %s", target, way_names[way]);
}

static void every_register_is_as_after_reset(const char *build, const char *of)
{
    const struct chip_config config = rig_config(of);

    target = of;
    for (unsigned way = 0; way < WAYS; way++) {
        rig = rig_new_build(build, target, &config);
        uint8_t *image = rig_application(&rig, 3000, 1);

        reach_application(way, image, 3000);
        rig_assert_clean(&rig);
        struct board *bare = without_bootloader(image, way);
        (rig.marks ? compare_all_registers : compare_peripherals)(way_names[way], &rig.board->chip,
                                                                  &bare->chip);
        compare_core(way_names[way], &rig.board->chip, &bare->chip);
        same(way_names[way], "VTOR", 0, rig.board->chip.cpu.system.vtor, rig.app_base);
        board_free(bare);
        rig_free(&rig);
        free(image);
    }
}

static void every_register_is_as_after_reset_when_the_application_starts(void **state)
{
    (void)state;
    for (const char *const *each = rig_targets; *each; each++)
        every_register_is_as_after_reset(*each, *each);
    for (const char *const *each = rig_signed_targets(); *each; each++)
        every_register_is_as_after_reset(*each, *each);
}

/* It has run from the fastest clock meanwhile, and ticked. */
static void so_it_is_after_a_signature_was_checked(void **state)
{
    (void)state;
    every_register_is_as_after_reset("verify-at-start", "BLUEPILL_SIGNED");
    every_register_is_as_after_reset("verify-at-start-high", "BLUEPILL_HIGH_SIGNED");
}

static void reset_to_application_takes_no_longer_than_it_must(void **state)
{
    (void)state;
    for (const char *const *each = rig_targets; *each; each++) {
        target = *each;
        rig = rig_new(target);
        bool button = rig.board->info->button != PIN_NONE;
        uint8_t *image = rig_application(&rig, 100, 1);

        memcpy(rig.board->chip.flash_bytes + rig.app_base - FLASH_BASE + (rig_is_high(target) ? 28 : 0),
               image, 8);
        memcpy(rig.board->chip.flash_bytes + rig.app_base - FLASH_BASE + APPLICATION_LOOP,
               image + APPLICATION_LOOP, 2);
        board_power(rig.board, true);
        ticks from = board_now(rig.board);
        assert_true(rig_starts_application(&rig, TICKS_PER_SECOND));
        uint64_t us = ticks_to_us(board_now(rig.board) - from);
        if (button ? us < 18000 || us > 22000 : us >= 200)
            fail_msg("%s: %u us from reset to the application", target, (unsigned)us);
        rig_free(&rig);
        free(image);
    }
}

/* Clones and clocks differ, and so do crystals: none is touched. */
static void no_peripheral_but_those_of_the_decision_is_touched_on_the_way(void **state)
{
    (void)state;
    target = "STM32F103";
    rig = rig_new(target);
    struct chip *chip = &rig.board->chip;
    uint8_t *image = rig_application(&rig, 100, 1);

    rig_burn(&rig, rig.app_base, image, 100);
    board_power(rig.board, true);
    for (uint32_t instructions = 0; chip->cpu.r[15] != rig.app_base + APPLICATION_LOOP; instructions++) {
        assert_true(instructions < 2000);
        board_run(rig.board, 1);
        assert_int_equal(PEEK_RCC(chip, 0x18), 0);
        assert_int_equal(PEEK_RCC(chip, 0x1C) & ~(3u << 27), 0);     /* BKP and PWR */
        assert_int_equal(PEEK_RCC(chip, 0) & 1u << 16, 0);           /* HSEON */
        assert_int_equal(PEEK_RCC(chip, 0) & 1u << 24, 0);           /* PLLON */
        assert_int_equal(PEEK_FLASH(chip, 0x10) & 1u << 7, 1u << 7); /* LOCK */
    }
    rig_free(&rig);
    free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_register_is_as_after_reset_when_the_application_starts),
        cmocka_unit_test(so_it_is_after_a_signature_was_checked),
        cmocka_unit_test(reset_to_application_takes_no_longer_than_it_must),
        cmocka_unit_test(no_peripheral_but_those_of_the_decision_is_touched_on_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
