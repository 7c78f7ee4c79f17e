/* The rules of the USB peripheral: each is broken, and told. */
#include "usb_test.h"

/* Rules. Each is broken by the least that breaks it. */

static void break_clock(struct model *model)
{
    struct chip *chip = chip_of(model);
    clock_set(chip, RCC_F1_USBCLK, TICKS_PER_SECOND / 32000000, 32000000);
    model_enable_usb(model);
}

static void break_packet_clock(struct model *model)
{
    clock_set(chip_of(model), RCC_F1_USBCLK, TICKS_PER_SECOND / 32000000, 32000000);
    out(model, EP, 0, 0);
}

static void break_apb_clock(struct model *model)
{
    clock_set(chip_of(model), RCC_F1_PCLK1, TICKS_PER_SECOND / 3000000, 3000000);
    model_enable_usb(model);
}

static void break_startup(struct model *model)
{
    model_write(model, USB_CNTR, CNTR_FRES);
    model_write(model, USB_CNTR, 0);
}

static void break_startup_at_once(struct model *model)
{
    model_write(model, USB_CNTR, CNTR_PDWN | CNTR_FRES);
    model_write(model, USB_CNTR, 0);
}

static void break_power(struct model *model)
{
    model_write(model, USB_CNTR, CNTR_PDWN);
}

static void break_can(struct model *model)
{
    clock_enable(chip_of(model), RCC_F1_APB1, chip_of(model)->gates[RCC_F1_APB1].enabled | 1u << 25);
    model_enable_usb(model);
}

static void break_reserved_cntr(struct model *model)
{
    model_write(model, USB_CNTR, 1 << 5);
}

static void break_reserved_daddr(struct model *model)
{
    model_write(model, USB_DADDR, 1 << 8);
}

static void break_upper_half(struct model *model)
{
    usb_write(chip_of(model), USB_DADDR, 0x10000 | DADDR_EF);
}

static void break_fnr(struct model *model)
{
    model_write(model, USB_FNR, 1);
}

static void break_reserved_register(struct model *model)
{
    model_read(model, 0x20);
}

static void break_gap(struct model *model)
{
    model_write(model, USB_MEMORY_OFFSET + 2, 1);
}

static void break_wide_write(struct model *model)
{
    usb_write(chip_of(model), USB_MEMORY_OFFSET, 0x12345678);
}

static void break_unset_read(struct model *model)
{
    model_peek(model, 0x1F0);
}

static void break_unset_send(struct model *model)
{
    uint8_t data[USB_MAX_PACKET];
    unsigned length;
    open_endpoint(model, EP, EPR_BULK, STAT_DISABLED, STAT_NAK);
    model_poke(model, EP * 8 + 2, 8);
    model_stat(model, EP, USB_TX, STAT_VALID);
    in(model, EP, data, &length, true);
}

static void break_buffer_unset(struct model *model)
{
    model_poke(model, EP * 8 + 4, MODEL_RX1);
    model_write(model, EP * 4, EPR_BULK | EP | EPR_STAT_RX);
}

static void break_table_unset_at_last(struct model *model)
{
    model_write(model, USB_DADDR, 0);
    model_write(model, EP * 4, EPR_BULK | EP | EPR_STAT_RX);
    model_write(model, USB_DADDR, DADDR_EF);
}

static void break_table_unset(struct model *model)
{
    model_write(model, EP * 4, EPR_BULK | EP | EPR_STAT_RX);
}

static void break_table_alignment(struct model *model)
{
    model_write(model, USB_BTABLE, 4);
}

static void break_table_range(struct model *model)
{
    model_write(model, USB_BTABLE, 0x1F0);
    model_write(model, EP * 4, EPR_BULK | EP | EPR_STAT_RX);
}

static void break_table_moved(struct model *model)
{
    open_endpoint(model, EP, EPR_BULK, STAT_VALID, STAT_DISABLED);
    model_write(model, USB_BTABLE, 0x40);
}

static void receive_at(struct model *model, unsigned n, uint16_t address, uint16_t count)
{
    model_table(model, n, 0, address);
    model_poke(model, n * 8 + 6, count);
    model_write(model, n * 4, (uint16_t)(EPR_BULK | n));
    model_stat(model, n, USB_RX, STAT_VALID);
}

static void break_overlap(struct model *model)
{
    receive_at(model, 1, 0x80, MODEL_BLOCKS_64);
    receive_at(model, 2, 0xBE, MODEL_BLOCKS_64);
}

static void break_table_overlap(struct model *model)
{
    receive_at(model, 1, 0x0C, MODEL_BLOCKS_64);
}

static void break_range(struct model *model)
{
    receive_at(model, 1, 0x1F0, MODEL_BLOCKS_64);
}

static void break_alignment(struct model *model)
{
    receive_at(model, 1, 0x81, MODEL_BLOCKS_64);
}

static void break_no_size(struct model *model)
{
    receive_at(model, 1, 0x80, 0);
}

static void break_reserved_size(struct model *model)
{
    receive_at(model, 1, 0x80, 0xC000);
}

static void break_setup_size(struct model *model)
{
    model_table(model, EP, MODEL_TX1, MODEL_RX1);
    model_poke(model, EP * 8 + 6, 3 << 10);
    model_write(model, EP * 4, EPR_CONTROL | EP);
    model_stat(model, EP, USB_RX, STAT_VALID);
    setup_token(model, EP);
}

static void break_transmit_length(struct model *model)
{
    open_endpoint(model, EP, EPR_BULK, STAT_DISABLED, STAT_NAK);
    model_poke(model, EP * 8 + 2, 65);
    model_stat(model, EP, USB_TX, STAT_VALID);
}

static void break_transmit_race(struct model *model)
{
    open_endpoint(model, EP, EPR_BULK, STAT_DISABLED, STAT_NAK);
    model_send(model, EP, MODEL_TX1, (const uint8_t *)"abcd", 4);
    model_poke(model, MODEL_TX1 + 2, 0);
}

static void break_count_race(struct model *model)
{
    open_endpoint(model, EP, EPR_BULK, STAT_DISABLED, STAT_NAK);
    model_send(model, EP, MODEL_TX1, (const uint8_t *)"abcd", 4);
    model_poke(model, EP * 8 + 2, 2);
}

static void write_the_same_count(struct model *model)
{
    open_endpoint(model, EP, EPR_BULK, STAT_DISABLED, STAT_NAK);
    model_send(model, EP, MODEL_TX1, (const uint8_t *)"abcd", 4);
    model_poke(model, EP * 8 + 2, 4);
}

static void break_receive_race(struct model *model)
{
    open_endpoint(model, EP, EPR_BULK, STAT_VALID, STAT_DISABLED);
    out(model, EP, 0, 4);
    model_clear_ctr(model, EP, EPR_CTR_RX);
    model_stat(model, EP, USB_RX, STAT_VALID);
    model_peek(model, MODEL_RX1);
}

static void break_receive_size_race(struct model *model)
{
    open_endpoint(model, EP, EPR_BULK, STAT_VALID, STAT_DISABLED);
    model_poke(model, EP * 8 + 6, MODEL_BLOCKS_32);
}

static void break_lost_ctr(struct model *model)
{
    open_endpoint(model, EP, EPR_CONTROL, STAT_VALID, STAT_NAK);
    uint16_t before = epr(model, EP);
    setup_token(model, EP);
    model_write(model, EP * 4, before & EPR_READ_WRITE);
}

static void break_lost_reset(struct model *model)
{
    uint16_t before = (uint16_t)model_read(model, USB_ISTR);
    usb_bus_reset(chip_of(model), true);
    model_write(model, USB_ISTR, before & (uint16_t)~ISTR_SOF);
}

static void break_ctr_mask(struct model *model)
{
    chip_of(model)->cpu.nvic.enabled[IRQ_USB_LP] = true;
    model_write(model, USB_CNTR, ISTR_RESET);
    open_endpoint(model, EP, EPR_BULK, STAT_VALID, STAT_DISABLED);
    out(model, EP, 0, 4);
}

static void break_twice(struct model *model)
{
    receive_at(model, 1, 0x80, MODEL_BLOCKS_64);
    model_table(model, 2, 0, 0xC0);
    model_write(model, 8, EPR_BULK | 1);
    model_stat(model, 2, USB_RX, STAT_VALID);
}

static void break_twice_at_last(struct model *model)
{
    model_write(model, USB_DADDR, 0);
    break_twice(model);
    model_expect_clean(model);
    model_write(model, USB_DADDR, DADDR_EF);
}

static void break_iso_stall(struct model *model)
{
    open_endpoint(model, EP, EPR_ISOCHRONOUS, STAT_STALL, STAT_DISABLED);
}

static void break_double_directions(struct model *model)
{
    open_endpoint(model, EP, EPR_BULK | EPR_EP_KIND, STAT_NAK, STAT_NAK);
}

static void break_kind(struct model *model)
{
    open_endpoint(model, EP, EPR_INTERRUPT | EPR_EP_KIND, STAT_NAK, STAT_DISABLED);
}

static void break_suspend(struct model *model)
{
    usb_sof(chip_of(model), 1);
    model_write(model, USB_CNTR, CNTR_FSUSP);
}

static void break_low_power(struct model *model)
{
    model_write(model, USB_CNTR, CNTR_LP_MODE);
}

static void break_early_resume(struct model *model)
{
    usb_sof(chip_of(model), 1);
    model_run_us(model, 4000);
    model_write(model, USB_CNTR, CNTR_RESUME);
}

static void break_short_resume(struct model *model)
{
    model_run_us(model, 6000);
    model_write(model, USB_CNTR, CNTR_RESUME);
    model_run_us(model, 900);
    model_write(model, USB_CNTR, 0);
}

static void break_long_resume(struct model *model)
{
    model_run_us(model, 6000);
    model_write(model, USB_CNTR, CNTR_RESUME);
    model_run_us(model, 15100);
    model_write(model, USB_CNTR, 0);
}

static void break_in_reset(struct model *model)
{
    model_write(model, USB_CNTR, CNTR_FRES);
    model_write(model, USB_DADDR, DADDR_EF);
}

static const struct rule {
    const char *name;
    void (*breaks)(struct model *model);
    bool from_reset; /* the peripheral is as after reset */
} rules[] = {
    {"usb-clock", break_clock, true},
    {"usb-clock", break_packet_clock, false},
    {"usb-apb-clock", break_apb_clock, true},
    {"usb-startup-time", break_startup, true},
    {"usb-startup-time", break_startup_at_once, true},
    {"usb-power", break_power, true},
    {"usb-can-memory", break_can, true},
    {"usb-reserved-bits", break_reserved_cntr, false},
    {"usb-reserved-bits", break_reserved_daddr, false},
    {"usb-reserved-bits", break_upper_half, false},
    {"usb-read-only", break_fnr, false},
    {"usb-reserved-register", break_reserved_register, false},
    {"usb-memory-access", break_gap, false},
    {"usb-memory-access", break_wide_write, false},
    {"usb-memory-unset", break_unset_read, false},
    {"usb-memory-unset", break_unset_send, false},
    {"usb-table-unset", break_table_unset, false},
    {"usb-table-unset", break_table_unset_at_last, false},
    {"usb-table-unset", break_buffer_unset, false},
    {"usb-table-alignment", break_table_alignment, false},
    {"usb-table-range", break_table_range, false},
    {"usb-table-moved", break_table_moved, false},
    {"usb-buffer-overlap", break_overlap, false},
    {"usb-buffer-overlap", break_table_overlap, false},
    {"usb-buffer-range", break_range, false},
    {"usb-buffer-alignment", break_alignment, false},
    {"usb-buffer-size", break_no_size, false},
    {"usb-buffer-size", break_reserved_size, false},
    {"usb-buffer-size", break_setup_size, false},
    {"usb-transmit-length", break_transmit_length, false},
    {"packet-memory-race", break_transmit_race, false},
    {"packet-memory-race", break_count_race, false},
    {"packet-memory-race", break_receive_race, false},
    {"packet-memory-race", break_receive_size_race, false},
    {"usb-event-lost", break_lost_ctr, false},
    {"usb-event-lost", break_lost_reset, false},
    {"usb-ctr-masked", break_ctr_mask, false},
    {"usb-endpoint-twice", break_twice, false},
    {"usb-endpoint-twice", break_twice_at_last, false},
    {"usb-endpoint-status", break_iso_stall, false},
    {"usb-endpoint-direction", break_double_directions, false},
    {"usb-endpoint-kind", break_kind, false},
    {"usb-suspend", break_suspend, false},
    {"usb-suspend", break_low_power, false},
    {"usb-resume", break_early_resume, false},
    {"usb-resume", break_short_resume, false},
    {"usb-resume", break_long_resume, false},
    {"usb-in-reset", break_in_reset, false},
};

/* Until DADDR.EF is set the peripheral answers nobody, and what its table holds does not matter
 * (RM0008 23.4.2, 23.5.1). */
static void test_endpoints_may_be_set_up_before_their_table_until_the_function_is_enabled(void **state)
{
    struct model *model = *state;
    model_write(model, USB_DADDR, 0);
    model_write(model, EP * 4, EPR_CONTROL | EP | EPR_STAT_RX);
    model_table(model, EP, MODEL_TX1, MODEL_RX1);
    model_write(model, USB_DADDR, DADDR_EF | ADDRESS);
    assert_int_equal(setup_token(model, EP), USB_ACK);
    model_expect_clean(model);
}

/* ST's own library sets the size of endpoint 0's buffer again while it is VALID. */
static void write_the_same_receive_size(struct model *model)
{
    open_endpoint(model, EP, EPR_BULK, STAT_VALID, STAT_DISABLED);
    out(model, EP, 0, 4);
    model_clear_ctr(model, EP, EPR_CTR_RX);
    model_stat(model, EP, USB_RX, STAT_VALID);
    model_poke(model, EP * 8 + 6, MODEL_BLOCKS_64);
}

static void read_a_gap(struct model *model)
{
    model_read(model, USB_MEMORY_OFFSET + 2);
}

/* A bus reset leaves CTR flags (RM0008 23.5.2) and voids what they tell of (USB 2.0 9.1.1.3): a driver may
 * clear them unread then. */
static void test_flags_from_before_a_bus_reset_may_be_cleared_unread(void **state)
{
    struct model *model = *state;
    uint8_t data[USB_MAX_PACKET];
    unsigned length;
    open_endpoint(model, EP, EPR_CONTROL, STAT_VALID, STAT_NAK);
    model_send(model, EP, MODEL_TX1, NULL, 0);
    in(model, EP, data, &length, true);
    setup_token(model, EP); /* ISTR tells of this one, and not of what was sent */
    usb_bus_reset(chip_of(model), true);
    usb_bus_reset(chip_of(model), false);
    model_read(model, USB_ISTR);
    model_write(model, USB_ISTR, (uint16_t)~ISTR_RESET);
    model_write(model, EP * 4, EPR_CONTROL | EP);
    assert_false(usb_state(model->board)->EPR[EP] & EPR_CTR);
    model_expect_clean(model);
}

static void read_a_byte(struct model *model)
{
    uint32_t value;
    model_poke(model, MODEL_RX1, 0x1234);
    assert_true(bus_read(chip_of(model), USB_BASE + USB_MEMORY_OFFSET + MODEL_RX1 * 2, 1, &value));
    assert_int_equal(value, 0x34);
}

/* What leaves the chip working is told, and does not stop a strict board. */
static void test_what_every_library_does_is_suspicious_only(void **state)
{
    (void)state;
    void (*const habits[])(struct model *) = {break_startup_at_once,
                                              break_wide_write,
                                              break_buffer_unset,
                                              read_a_byte,
                                              write_the_same_count,
                                              write_the_same_receive_size,
                                              read_a_gap,
                                              break_reserved_cntr,
                                              break_fnr,
                                              break_reserved_register};
    for (unsigned i = 0; i < sizeof habits / sizeof habits[0]; i++) {
        void *fresh;
        setup_enabled(&fresh);
        struct model *model = fresh;
        habits[i](model);
        if (model->violations != 1 || model->level[0] != SUSPICIOUS)
            fail_msg("habit %u: %u rules, the first is %s", i, model->violations, model->rule[0]);
        model_teardown(&fresh);
    }
}

/* COUNTn_RX never written is large enough, as a bootloader shows that leaves it so; 0 written is none. */
static void test_a_receive_size_never_written_limits_nothing_but_0_does(void **state)
{
    struct model *model = *state;
    model_poke(model, EP * 8 + 4, MODEL_RX1);
    model_write(model, EP * 4, EPR_BULK | EP | EPR_STAT_RX);
    assert_int_equal(out(model, EP, 0, 8), USB_ACK);
    assert_int_equal(model_peek(model, EP * 8 + 6) & 0x3FF, 8);
    model_poke(model, EP * 8 + 6, 0);
    model_stat(model, EP, USB_RX, STAT_VALID);
    assert_int_equal(out(model, EP, 1, 8), USB_STALL);
}

static void test_every_rule_is_caught_when_broken(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        void *fresh;
        (rules[i].from_reset ? model_setup : setup_enabled)(&fresh);
        struct model *model = fresh;
        rules[i].breaks(model);
        if (!model_broke(model, rules[i].name))
            fail_msg("rule %u, %s, was broken and not caught", i, rules[i].name);
        model_teardown(&fresh);
    }
}

static void test_a_byte_access_is_caught(void **state)
{
    struct model *model = *state;
    bus_write(chip_of(model), USB_BASE + USB_MEMORY_OFFSET, 1, 1);
    assert_true(model->violations > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_enabled, model_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_flags_from_before_a_bus_reset_may_be_cleared_unread),
        TEST(test_endpoints_may_be_set_up_before_their_table_until_the_function_is_enabled),
        cmocka_unit_test(test_what_every_library_does_is_suspicious_only),
        TEST(test_a_receive_size_never_written_limits_nothing_but_0_does),
        cmocka_unit_test(test_every_rule_is_caught_when_broken),
        TEST(test_a_byte_access_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
