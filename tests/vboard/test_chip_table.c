/* What chip/ makes of any table: a chip that does not exist, with a clock controller, a
 * port, senders and a listener. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/pin.h"
#include "chip/chip.h"
#include "chip/usb_port.h"

enum { CONTROLLER, PORT, SENDER1, SENDER2, LISTENER, LARGE_ONLY, DEVICES };
enum { SMALL, LARGE };
enum { NODE_BUS, NODE_KERNEL };
enum { OUT_REQUEST, OUT_IRQ };
enum { SIGNAL = 3, NUMBER = 7, OTHER_NUMBER = 9, SHARED_IRQ = 5 };
#define AT_DEVICE(number, offset) (0x40000000u + (number)*0x400u + (offset))

/* ENR and RSTR at 0 and 4. */
static uint32_t controller_read(struct device *device, uint32_t offset)
{
    const struct clock_gates *gates = &device_chip(device)->gates[0];
    return offset ? gates->held : gates->enabled;
}

static void controller_write(struct device *device, uint32_t offset, uint32_t value)
{
    struct chip *chip = device_chip(device);
    if (offset) {
        clock_hold_in_reset(chip, 0, value);
    } else {
        clock_enable(chip, 0, value);
        clock_set(chip, NODE_BUS, TICKS_PER_MICROSECOND, 1000000);
        clock_set(chip, NODE_KERNEL, 2 * TICKS_PER_MICROSECOND, 500000);
        clocks_changed(chip);
    }
}

static void controller_reset(struct device *device)
{
    clock_reset_gates(device_chip(device), 0, 0);
}

static const struct device_register controller_registers[] = {
    AT(0x00) = {"ENR", RW | STABLE, 0},
    AT(0x04) = {"RSTR", RW | STABLE, 0},
};
static const struct device_class controller_class = {
    REGISTERS(controller_registers), .sizes = ONLY_WORDS,       .read = controller_read,
    .write = controller_write,       .reset = controller_reset,
};

/* One register: the number of the function of each pin. */
struct port {
    uint32_t AFR;
};

static uint32_t port_read(struct device *device, uint32_t offset)
{
    (void)offset;
    return ((struct port *)device_state(device))->AFR;
}

static void port_write(struct device *device, uint32_t offset, uint32_t value)
{
    (void)offset;
    ((struct port *)device_state(device))->AFR = value;
    chip_pins_configured(device_chip(device));
}

static unsigned port_function(const struct device *device, unsigned pin)
{
    return ((struct port *)device_state(device))->AFR >> 4 * pin & 0xF;
}

static struct pin_drive port_drive(const struct device *device, unsigned pin)
{
    return (struct pin_drive){chip_function_level(device_chip(device), 0, pin), -1};
}

static bool port_is_alternate(const struct device *device, unsigned pin)
{
    return port_function(device, pin) != 0;
}

static const struct device_register port_registers[] = {AT(0x00) = {"AFR", RW | STABLE, 0}};
static const struct gpio_port gpio = {
    .drive = port_drive, .is_alternate = port_is_alternate, .function = port_function};
static const struct device_class port_class = {
    .state = sizeof(struct port),
    REGISTERS(port_registers),
    .sizes = ONLY_WORDS,
    .read = port_read,
    .write = port_write,
    .gpio = &gpio,
};

/* DR drives the lines with its bits; DELAY lets them fall after so many microseconds. */
struct sender {
    uint32_t DR, resets, told, clocks;
};

static struct sender *sender_of(const struct device *device)
{
    return device_state(device);
}

static uint32_t sender_read(struct device *device, uint32_t offset)
{
    return offset ? 0 : sender_of(device)->DR;
}

static void sender_write(struct device *device, uint32_t offset, uint32_t value)
{
    if (offset) {
        device_schedule(device, 0, device_now(device) + value * TICKS_PER_MICROSECOND);
        return;
    }
    sender_of(device)->DR = value;
    device_drive(device, OUT_REQUEST, value & 1);
    device_drive(device, OUT_IRQ, value & 2);
}

static void sender_reset(struct device *device)
{
    sender_of(device)->resets++;
    sender_write(device, 0, 0);
}

static void sender_event(struct device *device, unsigned n)
{
    sender_write(device, 4 * n, 0);
}

static void sender_clock_changed(struct device *device)
{
    sender_of(device)->clocks++;
}

static void sender_told(struct device *device)
{
    sender_of(device)->told++;
}

static int sender_level(const struct device *device, unsigned signal)
{
    return signal == SIGNAL ? (int)(sender_of(device)->DR & 1) : -1;
}

static const struct device_register sender_registers[] = {
    AT(0x00) = {"DR", RW | STABLE, 0xFFFF0000},
    AT(0x04) = {"DELAY", RW, 0},
    AT(0x0C) = {"SR", READ_ONLY, 0},
};
static const struct device_class sender_class = {
    .state = sizeof(struct sender),
    REGISTERS(sender_registers),
    .sizes = ONLY_WORDS,
    .events = 1,
    .read = sender_read,
    .write = sender_write,
    .reset = sender_reset,
    .event = sender_event,
    .clock_changed = sender_clock_changed,
    .listeners_changed = sender_told,
    .pin_level = sender_level,
};

struct listener {
    uint32_t heard[2];
};

static void listener_line(struct device *device, unsigned input, bool level)
{
    ((struct listener *)device_state(device))->heard[input] += level;
}

static const struct device_register listener_registers[] = {AT(0x00) = {"CR", RW | STABLE, 0}};
static const struct device_class listener_class = {
    .state = sizeof(struct listener),
    REGISTERS(listener_registers),
    .sizes = ONLY_WORDS,
    .read = sender_read,
    .write = sender_write,
    .line = listener_line,
};

#define ROW(number, title, its_class, bit)                                                                   \
    [number] = {.class = &(its_class),                                                                       \
                .name = (title),                                                                             \
                .base = AT_DEVICE(number, 0),                                                                \
                .gate_bit = (bit),                                                                           \
                .kernel = NODE_KERNEL}
static const struct device_info devices[DEVICES] = {
    ROW(CONTROLLER, "CONTROLLER", controller_class, ALWAYS_CLOCKED),
    ROW(PORT, "PORT", port_class, ALWAYS_CLOCKED),
    ROW(SENDER1, "SENDER1", sender_class, 0),
    ROW(SENDER2, "SENDER2", sender_class, 1),
    ROW(LISTENER, "LISTENER", listener_class, ALWAYS_CLOCKED),
    [LARGE_ONLY] = {.class = &sender_class,
                    .name = "LARGE_ONLY",
                    .base = AT_DEVICE(LARGE_ONLY, 0),
                    .gate_bit = 2,
                    .variants = 1 << LARGE},
};
static const struct route routes[] = {
    {SENDER1, OUT_REQUEST, LISTENER, 0},
    {SENDER1, OUT_IRQ, NVIC, SHARED_IRQ},
    {SENDER2, OUT_REQUEST, LISTENER, 1},
    {SENDER2, OUT_IRQ, NVIC, SHARED_IRQ},
    {.from = NO_DEVICE},
};
static const struct pin_function pin_functions[] = {
    {SENDER1, SIGNAL, NUMBER, PIN_BY_NUMBER, {BOARD_PIN('A', 1), BOARD_PIN('A', 2), NO_PIN}},
    {SENDER1, SIGNAL, OTHER_NUMBER, PIN_BY_NUMBER, {BOARD_PIN('A', 3), NO_PIN}},
    {.device = NO_DEVICE},
};
static const struct memory_region memories[] = {
    {.base = 0x20000000, .kind = MEMORY_RAM, .device = NO_DEVICE, .executes = true},
};

static unsigned variant(const struct chip_config *config)
{
    return config->ram_bytes > 1024 ? LARGE : SMALL;
}

static const struct chip_info info = {
    .name = "a chip that does not exist",
    .variant = variant,
    .irqs = {8, 8},
    .reset_hz = 1000000,
    .devices = devices,
    .device_count = DEVICES,
    .routes = routes,
    .pin_functions = pin_functions,
    .memories = memories,
    .memory_count = 1,
    .regions = {{0x40000000, 0x2000}},
    .flash_base = 0x08000000,
    .ram_base = 0x20000000,
    .ports = {PORT, NO_DEVICE, NO_DEVICE, NO_DEVICE, NO_DEVICE, NO_DEVICE, NO_DEVICE},
    .serials = {NO_DEVICE, NO_DEVICE, NO_DEVICE, NO_DEVICE, NO_DEVICE},
    .clock_controller = CONTROLLER,
    .power_controller = NO_DEVICE,
    .flash = NO_DEVICE,
    .usb = NO_DEVICE,
    .backup = {NO_DEVICE, NO_DEVICE},
    .manual = {"map", "enables", "resets", "chapters", "reserved", "backup"},
};

/* The board: keeps the last violation */

struct bench {
    struct chip chip;
    char rule[40];
};

static void no_report(void *context, enum report_kind kind, const char *text)
{
    (void)context, (void)kind, (void)text;
}

static void violation(void *context, enum violation_level level, const char *rule, const char *text)
{
    struct bench *bench = context;
    (void)level, (void)text;
    (void)snprintf(bench->rule, sizeof bench->rule, "%s", rule);
}

static void no_change(void *context)
{
    (void)context;
}

static int floating(void *context, unsigned port, unsigned pin)
{
    (void)context, (void)port, (void)pin;
    return -1;
}

static struct bench *bench_with(uint32_t ram_bytes)
{
    struct bench *bench = calloc(1, sizeof *bench);
    const struct chip_config config = {.ram_bytes = ram_bytes, .page_bytes = 1024};
    const struct chip_board board = {.context = bench,
                                     .report = no_report,
                                     .violation = violation,
                                     .pins_changed = no_change,
                                     .pin_level = floating,
                                     .usb_changed = no_change};
    chip_init(&bench->chip, &info, &config, &board);
    chip_power(&bench->chip, true);
    bench->rule[0] = '\0';
    return bench;
}

static void put(struct bench *bench, uint32_t address, uint32_t value)
{
    assert_true(bus_write(&bench->chip, address, 4, value));
}

static uint32_t get(struct bench *bench, uint32_t address)
{
    uint32_t value;
    assert_true(bus_read(&bench->chip, address, 4, &value));
    return value;
}

static void expect(struct bench *bench, const char *rule)
{
    assert_string_equal(bench->rule, rule);
    bench->rule[0] = '\0';
}

static struct listener *listener(struct bench *bench)
{
    return device_state(&bench->chip.device[LISTENER]);
}

static void a_device_is_found_by_address_and_a_hole_is_a_bus_error(void **state)
{
    struct bench *bench = bench_with(1024);
    uint32_t value;
    (void)state;
    put(bench, AT_DEVICE(CONTROLLER, 0), 3);
    put(bench, AT_DEVICE(SENDER1, 0), 0x5A);
    put(bench, AT_DEVICE(SENDER2, 0), 0xA5);
    assert_int_equal(get(bench, AT_DEVICE(SENDER1, 0)), 0x5A);
    assert_int_equal(get(bench, AT_DEVICE(SENDER2, 0)), 0xA5);
    expect(bench, "");
    assert_false(bus_read(&bench->chip, AT_DEVICE(DEVICES, 0), 4, &value));
    assert_false(bus_write(&bench->chip, 0x50000000, 4, 0));
    (void)get(bench, AT_DEVICE(SENDER1, 8));
    expect(bench, "reserved-register");
    put(bench, AT_DEVICE(SENDER1, 0), 0x10000);
    expect(bench, "reserved-bits");
    put(bench, AT_DEVICE(SENDER1, 12), 0);
    expect(bench, "read-only-register");
    free(bench);
}

static void a_chip_of_another_variant_lacks_its_devices(void **state)
{
    struct bench *small = bench_with(1024), *large = bench_with(2048);
    (void)state;
    put(large, AT_DEVICE(CONTROLLER, 0), 4);
    put(large, AT_DEVICE(LARGE_ONLY, 0), 1);
    assert_int_equal(get(large, AT_DEVICE(LARGE_ONLY, 0)), 1);
    expect(large, "");
    put(small, AT_DEVICE(CONTROLLER, 0), 4);
    expect(small, "absent-peripheral");
    put(small, AT_DEVICE(LARGE_ONLY, 0), 1);
    expect(small, "absent-peripheral");
    assert_null(chip_device(&small->chip, LARGE_ONLY));
    free(small);
    free(large);
}

static void a_closed_gate_loses_writes_and_a_reset_bit_resets(void **state)
{
    struct bench *bench = bench_with(1024);
    const struct sender *sender = sender_of(&bench->chip.device[SENDER2]);
    (void)state;
    put(bench, AT_DEVICE(SENDER2, 0), 1);
    expect(bench, "unclocked-peripheral");
    assert_int_equal(sender->DR, 0);
    assert_int_equal(device_clock(&bench->chip.device[SENDER2]), 0);
    uint32_t clocks = sender->clocks, resets = sender->resets;
    put(bench, AT_DEVICE(CONTROLLER, 0), 2);
    assert_int_equal(sender->clocks, clocks + 1);
    assert_int_equal(device_clock(&bench->chip.device[SENDER2]), TICKS_PER_MICROSECOND);
    assert_int_equal(device_kernel_hz(&bench->chip.device[SENDER2]), 500000);
    put(bench, AT_DEVICE(SENDER2, 0), 1);
    put(bench, AT_DEVICE(CONTROLLER, 4), 2);
    assert_int_equal(sender->resets, resets + 1);
    assert_int_equal(sender->DR, 0);
    put(bench, AT_DEVICE(SENDER2, 0), 1);
    expect(bench, "peripheral-in-reset");
    assert_int_equal(sender_of(&bench->chip.device[SENDER1])->resets, resets);
    free(bench);
}

static void a_shared_interrupt_stays_up_while_anybody_asks_for_it(void **state)
{
    struct bench *bench = bench_with(1024);
    const bool *line = &bench->chip.cpu.nvic.line[SHARED_IRQ];
    (void)state;
    put(bench, AT_DEVICE(CONTROLLER, 0), 3);
    put(bench, AT_DEVICE(SENDER1, 0), 2);
    put(bench, AT_DEVICE(SENDER2, 0), 2);
    put(bench, AT_DEVICE(SENDER2, 0), 2);
    assert_true(*line);
    put(bench, AT_DEVICE(SENDER1, 0), 0);
    assert_true(*line);
    put(bench, AT_DEVICE(SENDER2, 0), 0);
    assert_false(*line);
    put(bench, AT_DEVICE(SENDER1, 0), 2);
    chip_reset(&bench->chip, RESET_PIN);
    assert_false(*line);
    put(bench, AT_DEVICE(CONTROLLER, 0), 3);
    put(bench, AT_DEVICE(SENDER1, 0), 2);
    assert_true(*line);
    free(bench);
}

static void lines_go_where_the_routes_say_and_senders_know_who_listens(void **state)
{
    struct bench *bench = bench_with(1024);
    struct device *sender = &bench->chip.device[SENDER2];
    (void)state;
    put(bench, AT_DEVICE(CONTROLLER, 0), 3);
    put(bench, AT_DEVICE(SENDER2, 0), 1);
    assert_int_equal(listener(bench)->heard[0], 0);
    assert_int_equal(listener(bench)->heard[1], 1);
    assert_false(device_is_heard(sender, OUT_REQUEST));
    uint32_t told = sender_of(sender)->told;
    device_listen(&bench->chip.device[LISTENER], 1 << 1);
    assert_true(device_is_heard(sender, OUT_REQUEST));
    assert_false(device_is_heard(&bench->chip.device[SENDER1], OUT_REQUEST));
    assert_int_equal(sender_of(sender)->told, told + 2); /* before and after */
    device_listen(&bench->chip.device[LISTENER], 0);
    assert_false(device_is_heard(sender, OUT_REQUEST));
    free(bench);
}

static void events_come_at_their_time_to_the_device_that_asked(void **state)
{
    struct bench *bench = bench_with(1024);
    (void)state;
    put(bench, AT_DEVICE(CONTROLLER, 0), 3);
    put(bench, AT_DEVICE(SENDER1, 0), 1);
    put(bench, AT_DEVICE(SENDER2, 0), 1);
    put(bench, AT_DEVICE(SENDER2, 4), 10);
    ticks at = chip_now(&bench->chip);
    chip_run(&bench->chip, at + 9 * TICKS_PER_MICROSECOND);
    assert_int_equal(sender_of(&bench->chip.device[SENDER2])->DR, 1);
    chip_run(&bench->chip, at + 11 * TICKS_PER_MICROSECOND);
    assert_int_equal(sender_of(&bench->chip.device[SENDER2])->DR, 0);
    assert_int_equal(sender_of(&bench->chip.device[SENDER1])->DR, 1);
    free(bench);
}

/* What is not said to be stable counts: a loop over it is not skipped. */
static void only_reads_of_stable_registers_count_as_no_change(void **state)
{
    struct bench *bench = bench_with(1024);
    const uint64_t *changes = &bench->chip.cpu.side_effects;
    (void)state;
    put(bench, AT_DEVICE(CONTROLLER, 0), 3);
    uint64_t before = *changes;
    (void)get(bench, AT_DEVICE(SENDER1, 0));
    assert_int_equal(*changes, before);
    (void)get(bench, AT_DEVICE(SENDER1, 4));
    assert_int_equal(*changes, before + 1);
    put(bench, AT_DEVICE(SENDER1, 4), 1);
    assert_int_equal(*changes, before + 2);
    chip_stall(&bench->chip, chip_now(&bench->chip) + ticks_from_us(2));
    assert_int_equal(*changes, before + 3); /* the event */
    free(bench);
}

static void a_function_number_puts_a_signal_on_a_pin(void **state)
{
    struct bench *bench = bench_with(1024);
    const struct device *sender = &bench->chip.device[SENDER1];
    (void)state;
    put(bench, AT_DEVICE(CONTROLLER, 0), 1);
    assert_int_equal(device_pin(sender, SIGNAL), -1);
    put(bench, AT_DEVICE(PORT, 0), NUMBER << 8);
    assert_int_equal(device_pin(sender, SIGNAL), BOARD_PIN('A', 2));
    put(bench, AT_DEVICE(SENDER1, 0), 1);
    assert_int_equal(chip_pin_drive(&bench->chip, 0, 2).output, 1);
    assert_int_equal(chip_pin_drive(&bench->chip, 0, 1).output, -1);
    put(bench, AT_DEVICE(PORT, 0), NUMBER << 12);
    assert_int_equal(device_pin(sender, SIGNAL), -1);
    put(bench, AT_DEVICE(PORT, 0), OTHER_NUMBER << 12);
    assert_int_equal(device_pin(sender, SIGNAL), BOARD_PIN('A', 3));
    assert_int_equal(chip_pin_duty(&bench->chip, 0, 3), DUTY_FULL);
    free(bench);
}

static void a_chip_without_usb_is_silent_on_the_wire(void **state)
{
    static const uint8_t request[8];
    struct bench *bench = bench_with(1024);
    (void)state;
    assert_int_equal(usb_setup(&bench->chip, 0, 0, request), USB_SILENCE);
    assert_false(usb_transceiver_on(&bench->chip));
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_is_found_by_address_and_a_hole_is_a_bus_error),
        cmocka_unit_test(a_chip_of_another_variant_lacks_its_devices),
        cmocka_unit_test(a_closed_gate_loses_writes_and_a_reset_bit_resets),
        cmocka_unit_test(a_shared_interrupt_stays_up_while_anybody_asks_for_it),
        cmocka_unit_test(lines_go_where_the_routes_say_and_senders_know_who_listens),
        cmocka_unit_test(events_come_at_their_time_to_the_device_that_asked),
        cmocka_unit_test(only_reads_of_stable_registers_count_as_no_change),
        cmocka_unit_test(a_function_number_puts_a_signal_on_a_pin),
        cmocka_unit_test(a_chip_without_usb_is_silent_on_the_wire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
