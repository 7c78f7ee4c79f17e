/* Flash operations that are cut off, on a chip told to leave unstable cells: chip.h, flash_cells.h. */
#include "chip_test.h"

enum { PG = 1 << 0, PER = 1 << 1, STRT = 1 << 6, LOCK = 1 << 7, BSY = 1 << 0, PGERR = 1 << 2 };

#define TARGET (FLASH_AT + 0x2000)

static void erase(struct lab *lab, uint32_t address)
{
    put(lab, FLASH(FLASH_CR), PER);
    put(lab, FLASH(FLASH_AR), address);
    put(lab, FLASH(FLASH_CR), PER | STRT);
}

static void finish(struct lab *lab)
{
    get(lab, FLASH_AT); /* waits */
    assert_int_equal(get(lab, FLASH(FLASH_SR)) & BSY, 0);
}

static void start_cut(struct lab *lab)
{
    lab->board->chip.power_cut_operation = 1;
    lab->board->chip.power_cut_phase = CUT_INSIDE;
}

/*
 * Unstable cells. PM0075 2.3.3 and 2.3.4 say what an operation does that ends; of one that a cut of power
 * ends they say nothing, so what is tested here is what the model promises (chip.h, flash_cells.h), and that
 * an operation that ends makes good what one left that did not.
 */

static struct lab *unstable_lab(uint64_t seed, enum unstable_cells cells)
{
    struct chip_config config = board_default_config(board_find("BLUEPILL"));
    config.seed = seed;
    config.torn = TORN_UNSTABLE;
    config.unstable_cells = cells;
    struct lab *lab = lab_with("BLUEPILL", &config);
    unlock_flash(lab);
    put(lab, FLASH(FLASH_CR), PG);
    return lab;
}

static void power_cycle(struct lab *lab)
{
    board_power(lab->board, false);
    board_power(lab->board, true);
}

static void program(struct lab *lab, uint32_t address, uint16_t value)
{
    if (get(lab, FLASH(FLASH_CR)) & LOCK)
        unlock_flash(lab);
    put(lab, FLASH(FLASH_CR), PG);
    put_size(lab, address, 2, value);
    finish(lab);
}

static void a_program_cut_off_may_leave_bits_unstable(void **state)
{
    (void)state;
    uint16_t unstable = 0, read_1 = 0, read_0 = 0, moved = 0, kept = 0;
    for (uint64_t seed = 1; seed < 200; seed++) {
        struct lab *lab = unstable_lab(seed, CELLS_BY_CHANCE);
        struct chip *chip = &lab->board->chip;
        start_cut(lab);
        put_size(lab, TARGET, 2, 0x0F0F);
        wait_us(lab, 100);
        uint16_t bits = flash_unstable_bits(chip, TARGET);
        assert_int_equal(bits & 0x0F0F, 0);
        assert_int_equal(flash_unstable_bits(chip, TARGET + 2), 0);
        board_power(lab->board, true);
        uint16_t left = (uint16_t)get_size(lab, TARGET, 2);
        assert_int_equal(left & 0x0F0F, 0x0F0F);
        unstable |= bits;
        read_1 |= bits & left;
        read_0 |= bits & (uint16_t)~left;
        moved |= (uint16_t) ~(bits | left);
        kept |= left & (uint16_t)~bits;
        lab_free(lab);
    }
    assert_int_equal(unstable, 0xF0F0);
    assert_int_equal(read_1, 0xF0F0);
    assert_int_equal(read_0, 0xF0F0);
    assert_int_equal(moved, 0xF0F0);
    assert_int_equal(kept, 0xFFFF);
}

/* How many power-ups of 60 read this; in each, ten reads in a row must all be the same if `steady`. */
static unsigned times_read(struct lab *lab, uint16_t value, bool steady)
{
    unsigned times = 0, changes = 0;
    for (unsigned i = 0; i < 60; i++) {
        power_cycle(lab);
        uint16_t first = (uint16_t)get_size(lab, TARGET, 2);
        for (unsigned j = 0; j < 10; j++)
            changes += first != get_size(lab, TARGET, 2);
        times += first == value;
    }
    assert_true(steady ? changes == 0 : changes > 0);
    return times;
}

static void an_unstable_cell_reads_either_way(void **state)
{
    (void)state;
    struct lab *lab = unstable_lab(1, CELLS_BY_CHANCE);
    struct chip *chip = &lab->board->chip;
    assert_true(flash_make_unstable(chip, TARGET, 0x2000));
    assert_false(flash_make_unstable(chip, TARGET + 1, 1));
    assert_false(flash_make_unstable(chip, FLASH_AT + 128 * 1024, 1));
    assert_in_range(times_read(lab, 0xFFFF, false), 10, 50);
    chip->config.unstable_cells = CELLS_READ_0;
    assert_int_equal(times_read(lab, 0xDFFF, true), 60);
    chip->config.unstable_cells = CELLS_READ_1;
    assert_int_equal(times_read(lab, 0xFFFF, true), 60);
    chip->config.unstable_cells = CELLS_READ_EITHER;
    assert_in_range(times_read(lab, 0xFFFF, false), 10, 50);
    assert_int_equal(get_size(lab, TARGET + 2, 2), 0xFFFF);
    assert_int_equal(get_size(lab, TARGET + 1, 1) & 0xDF, 0xDF);
    lab_free(lab);
}

static void how_unstable_cells_read_comes_from_the_seed(void **state)
{
    (void)state;
    uint64_t readings[3] = {0};
    for (unsigned run = 0; run < 3; run++) {
        struct lab *lab = unstable_lab(run == 2 ? 6 : 5, CELLS_READ_EITHER);
        flash_make_unstable(&lab->board->chip, TARGET, 0xFFFF);
        for (unsigned i = 0; i < 4; i++)
            readings[run] = readings[run] << 16 | get_size(lab, TARGET, 2);
        lab_free(lab);
    }
    assert_int_equal(readings[0], readings[1]);
    assert_int_not_equal(readings[0], readings[2]);
}

static void a_completed_program_of_0_makes_cells_stable_and_their_1s_stay_weak(void **state)
{
    (void)state;
    struct lab *lab = unstable_lab(1, CELLS_READ_1);
    struct chip *chip = &lab->board->chip;
    flash_make_unstable(chip, TARGET, 0xFFFF);
    program(lab, TARGET, 0x00FF);
    assert_int_equal(flash_unstable_bits(chip, TARGET), 0x00FF);
    chip->config.unstable_cells = CELLS_READ_0;
    power_cycle(lab);
    assert_int_equal(get_size(lab, TARGET, 2), 0);
    program(lab, TARGET, 0);
    assert_int_equal(flash_unstable_bits(chip, TARGET), 0);
    chip->config.unstable_cells = CELLS_READ_1;
    power_cycle(lab);
    assert_int_equal(get_size(lab, TARGET, 2), 0);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void programming_looks_at_unstable_cells_first(void **state)
{
    (void)state;
    struct lab *lab = unstable_lab(1, CELLS_READ_0);
    flash_make_unstable(&lab->board->chip, TARGET, 1);
    power_cycle(lab);
    program(lab, TARGET, 0x1234);
    expect_violation(lab, "SUSPICIOUS program-over-data");
    assert_int_equal(get(lab, FLASH(FLASH_SR)), PGERR);
    lab_free(lab);
}

static void a_completed_erase_makes_its_page_stable(void **state)
{
    (void)state;
    struct lab *lab = unstable_lab(1, CELLS_READ_0);
    struct chip *chip = &lab->board->chip;
    flash_make_unstable(chip, TARGET - 2, 0xFFFF);
    flash_make_unstable(chip, TARGET, 0xFFFF);
    flash_make_unstable(chip, TARGET + 1022, 0xFFFF);
    flash_make_unstable(chip, TARGET + 1024, 0xFFFF);
    erase(lab, TARGET);
    finish(lab);
    power_cycle(lab);
    assert_int_equal(get_size(lab, TARGET, 2), 0xFFFF);
    assert_int_equal(get_size(lab, TARGET + 1022, 2), 0xFFFF);
    assert_int_equal(get_size(lab, TARGET - 2, 2), 0);
    assert_int_equal(get_size(lab, TARGET + 1024, 2), 0);
    static const uint8_t burnt[] = {0x55, 0xAA};
    flash_load(chip, TARGET + 1024, burnt, sizeof burnt);
    power_cycle(lab);
    assert_int_equal(get_size(lab, TARGET + 1024, 2), 0xAA55);
    lab_free(lab);
}

/* What an erase that is cut off leaves of a page of 0x0000 and 0x00FF in turn. */
struct torn_page {
    unsigned unstable, ones; /* bits: unstable, and stable 1s of those that were 0 */
    bool took_ones;          /* bits that were 1 became unstable, or 0 */
};

static struct torn_page erase_with_cut(uint64_t seed)
{
    struct lab *lab = unstable_lab(seed, CELLS_READ_0);
    struct chip *chip = &lab->board->chip;
    struct torn_page torn = {0};
    for (uint32_t at = 0; at < 1024; at += 4)
        flash_load(chip, TARGET + at, "\0\0\xFF", 4);
    put_size(lab, RAM_AT, 2, 0xE7FE);
    chip->cpu.r[15] = RAM_AT;
    start_cut(lab);
    put(lab, FLASH(FLASH_CR), 0);
    erase(lab, TARGET);
    wait_us(lab, 11000);
    assert_false(chip->powered);
    for (uint32_t at = 0; at < 1024; at += 2) {
        uint16_t bits = flash_unstable_bits(chip, TARGET + at), ones = at % 4 ? 0xFF : 0;
        uint16_t now = (uint16_t)(chip->flash_bytes[0x2000 + at] | chip->flash_bytes[0x2001 + at] << 8);
        torn.unstable += (unsigned)__builtin_popcount(bits);
        torn.ones += (unsigned)__builtin_popcount(now & ~(bits | ones));
        torn.took_ones |= (bits & ones) || (ones & ~now);
    }
    assert_int_equal(flash_unstable_bits(chip, TARGET - 2) | flash_unstable_bits(chip, TARGET + 1024), 0);
    lab_free(lab);
    return torn;
}

static void an_erase_cut_off_leaves_one_cell_or_all_of_them_unstable(void **state)
{
    (void)state;
    enum { ZEROS = 1024 * 8 * 3 / 4 };
    unsigned one = 0, some = 0, each = 0, none_erased = 0, all_erased = 0, took_ones = 0;
    for (uint64_t seed = 1; seed < 60; seed++) {
        struct torn_page torn = erase_with_cut(seed);
        one += torn.unstable == 1;
        some += torn.unstable > 500 && torn.unstable < ZEROS;
        each += torn.unstable >= ZEROS;
        none_erased += torn.unstable == 1 && torn.ones == 0;
        all_erased += torn.unstable == 1 && torn.ones + 1 >= ZEROS;
        took_ones += torn.took_ones;
    }
    assert_in_range(one, 5, 30);
    assert_in_range(some, 10, 50);
    assert_in_range(each, 5, 30);
    assert_true(none_erased > 0 && all_erased > 0);
    assert_in_range(took_ones, 3, 40);
}

static void an_ordinary_chip_has_no_unstable_cells(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    struct chip *chip = &lab->board->chip;
    unlock_flash(lab);
    erase(lab, TARGET);
    board_reset_button(lab->board);
    for (uint32_t at = FLASH_AT; at < FLASH_AT + chip->config.flash_bytes; at += 2)
        assert_int_equal(flash_unstable_bits(chip, at), 0);
    lab_free(lab);
}

static void a_snapshot_keeps_unstable_cells_and_what_they_will_read(void **state)
{
    (void)state;
    struct lab *lab = unstable_lab(3, CELLS_READ_EITHER);
    flash_make_unstable(&lab->board->chip, TARGET, 0xFFFF);
    void *snapshot = board_save(lab->board);
    uint32_t first = get(lab, TARGET), second = get(lab, TARGET);
    flash_make_unstable(&lab->board->chip, TARGET, 0);
    board_restore(lab->board, snapshot);
    assert_int_equal(get(lab, TARGET), first);
    assert_int_equal(get(lab, TARGET), second);
    assert_int_not_equal(first, second);
    free(snapshot);
    lab_free(lab);
}

static void the_page_that_was_unstable_first_makes_room(void **state)
{
    (void)state;
    enum { MOST_PAGES = 8 };
    struct lab *lab = unstable_lab(1, CELLS_READ_0);
    struct chip *chip = &lab->board->chip;
    for (uint32_t i = 0; i <= MOST_PAGES; i++)
        flash_make_unstable(chip, TARGET + 1024 * i, 1);
    assert_true(
        heard(lab, "more than 8 pages have unstable cells: those at 0x08002000 stay as they read now"));
    power_cycle(lab);
    assert_int_equal(get_size(lab, TARGET, 2), 0xFFFF);
    assert_int_equal(get_size(lab, TARGET + 1024, 2), 0xFFFE);
    lab_free(lab);
}

/* wait: ldrh r1, [r0]; cmp r1, r2; beq wait; then stop. In RAM. */
static void load_waiting_program(struct lab *lab)
{
    static const uint8_t code[] = {0x01, 0x88, 0x91, 0x42, 0xFC, 0xD0, 0xFE, 0xE7};
    struct chip *chip = &lab->board->chip;
    memcpy(&chip->ram[0x100], code, sizeof code);
    chip->cpu.r[0] = TARGET;
    chip->cpu.r[2] = get_size(lab, TARGET, 2);
    chip->cpu.r[15] = RAM_AT + 0x100;
}

/* A loop that waits for a cell to read otherwise ends: its passes are not all alike. And it ends after as
 * many as if each had been executed. */
static void a_loop_over_an_unstable_cell_is_not_skipped(void **state)
{
    (void)state;
    uint64_t instructions[2];
    for (unsigned every_pass = 0; every_pass < 2; every_pass++) {
        struct lab *lab = unstable_lab(4, CELLS_READ_EITHER);
        struct cortex_m3 *cpu = &lab->board->chip.cpu;
        cpu->every_pass = every_pass != 0;
        flash_make_unstable(&lab->board->chip, TARGET, 0xFFFF);
        load_waiting_program(lab);
        lab->board->chip.random_state = 77;
        uint64_t before = cpu->instructions;
        flash_make_unstable(&lab->board->chip, TARGET, 1);
        cpu->r[2] |= 0xFFFE;
        wait_us(lab, 1000);
        assert_int_equal(cpu->r[15], RAM_AT + 0x106);
        instructions[every_pass] = cpu->instructions - before;
        lab_free(lab);
    }
    assert_int_equal(instructions[0], instructions[1]);
}

/* Every second page is unstable, and a program in the pages between and in them runs as in any memory. */
static void code_and_data_beside_unstable_cells_are_as_ever(void **state)
{
    (void)state;
    struct lab *lab = unstable_lab(1, CELLS_READ_0);
    struct chip *chip = &lab->board->chip;
    static const uint8_t code[] = {0x01, 0x30, 0xFD, 0xE7}; /* adds r0, 1; b . - 2 */
    for (uint32_t page = 0; page < 6; page += 2)
        flash_make_unstable(chip, FLASH_AT + 1024 * page + 512, 0xFF);
    for (uint32_t at = FLASH_AT + 256; at < FLASH_AT + 6 * 1024; at += 1024) {
        flash_load(chip, at, code, sizeof code);
        assert_int_equal(get(lab, at), 0xE7FD3001);
        assert_int_equal(get(lab, at - FLASH_AT), 0xE7FD3001);
        chip->cpu.r[0] = 0;
        chip->cpu.r[15] = at;
        wait_us(lab, 100);
        assert_true(chip->cpu.r[0] > 50);
    }
    assert_int_equal(get_size(lab, FLASH_AT + 512, 2), 0xFF00);
    assert_int_equal(get_size(lab, 512, 2), 0xFF00);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_cut_off_may_leave_bits_unstable),
        cmocka_unit_test(an_unstable_cell_reads_either_way),
        cmocka_unit_test(how_unstable_cells_read_comes_from_the_seed),
        cmocka_unit_test(a_completed_program_of_0_makes_cells_stable_and_their_1s_stay_weak),
        cmocka_unit_test(programming_looks_at_unstable_cells_first),
        cmocka_unit_test(a_completed_erase_makes_its_page_stable),
        cmocka_unit_test(an_erase_cut_off_leaves_one_cell_or_all_of_them_unstable),
        cmocka_unit_test(an_ordinary_chip_has_no_unstable_cells),
        cmocka_unit_test(a_snapshot_keeps_unstable_cells_and_what_they_will_read),
        cmocka_unit_test(the_page_that_was_unstable_first_makes_room),
        cmocka_unit_test(a_loop_over_an_unstable_cell_is_not_skipped),
        cmocka_unit_test(code_and_data_beside_unstable_cells_are_as_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
