/* Rules of the processor that take an instruction to break: a short program each, on a whole board. */
#include "chip_test.h"

struct rule {
    const char *violation;
    uint16_t program[4];
    uint32_t r0, r1, r3;
};

enum { STR_R1_R0 = 0x6001, LDR_R1_R0 = 0x6801, STAY = 0xE7FE };
#define ICSR  0xE000ED04u
#define AIRCR 0xE000ED0Cu

static const struct rule rules[] = {
    /* ldrex r1, [r0]; strex r2, r1, [r3] */
    {"UNDEFINED exclusive-address", {0xE850, 0x1F00, 0xE843, 0x1200}, RAM_AT + 0x100, 0, RAM_AT + 0x200},
    {"UNDEFINED icsr-set-and-clear", {STR_R1_R0, STAY}, ICSR, 0x18000000, 0},
    {"UNDEFINED unaligned-device-access", {LDR_R1_R0, STAY}, GPIO('A', 0) + 1, 0, 0},
    {"UNDEFINED vectclractive", {STR_R1_R0, STAY}, AIRCR, 0x05FA0002, 0},
    {"UNDEFINED vectreset", {STR_R1_R0, STAY}, AIRCR, 0x05FA0001, 0},
};

static void each_is_caught(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct lab *lab = lab_new();
        struct chip *chip = &lab->board->chip;
        put(lab, RCC(RCC_APB2ENR), APB2ENR_ALL_PORTS);
        memcpy(&chip->ram[0x800], rules[i].program, sizeof rules[i].program);
        chip->ram[0x800 + sizeof rules[i].program] = STAY & 0xFF;
        chip->ram[0x800 + sizeof rules[i].program + 1] = STAY >> 8;
        chip->cpu.r[0] = rules[i].r0;
        chip->cpu.r[1] = rules[i].r1;
        chip->cpu.r[3] = rules[i].r3;
        chip->cpu.r[15] = RAM_AT + 0x800;
        lab->board->stop_on_violation = true;
        wait_us(lab, 2);
        if (strncmp(lab->board->first_violation, rules[i].violation, strlen(rules[i].violation)) != 0)
            fail_msg("expected %s, got %s", rules[i].violation, lab->board->first_violation);
        lab_free(lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_is_caught)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
