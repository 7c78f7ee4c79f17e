/*
 * The processor against Unicorn, another emulator of the same core: random instructions of every class, alone
 * and in short blocks with IT, on both, must leave the same registers, flags and memory. What the manual
 * leaves UNPREDICTABLE is not compared, nor what ends in a fault (Unicorn has no exceptions of this profile);
 * test_cortex_m3.c sees to those.
 *
 * Known errors of Unicorn 2.0.1, kept out of the comparison:
 * - LDM, STM, LDRD, STRD at unaligned addresses do not fault (A3.2.1): such bases are aligned here.
 * - SP keeps bits 1..0 when an instruction writes them (B1.4.1 says they are always 0): such results are
 * dropped.
 * - ISB in an IT block ends it (A7.3.1 says nothing but the instructions' number does): not in blocks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicorn/unicorn.h>

#include "core/cortex_m3.h"

enum {
    CODE_BASE = 0x10000,
    CODE_BYTES = 0x10000,
    CODE_FIRST = 0x12000, /* literals reach 4 KiB back */
    CODE_LAST = 0x1C000,
    SLOT_BYTES = 64,
    RAM_BASE = 0x20000000,
    RAM_BYTES = 0x4000,
    REGISTERS = 15,
    STATES = 8,       /* of the registers, for each instruction */
    SINGLES = 250000, /* instructions */
    BLOCKS = 60000,
    LONGEST_BLOCK = 6,
};

enum kind { PLAIN, MEMORY, ALIGNED, BRANCH };

/* One encoding: letters are random bits; n is the base and m the offset of an access. */
struct template
{
    const char *name;
    const char *bits;
    enum kind kind;
};

static const struct template templates[] = {
    {"LSL/LSR/ASR imm", "000oo iiiii mmm ddd", PLAIN}, /* 00011 is the next two */
    {"ADD/SUB reg, imm3", "00011 oo mmm nnn ddd", PLAIN},
    {"MOV/CMP/ADD/SUB imm8", "001oo ddd iiiiiiii", PLAIN},
    {"data processing", "010000 oooo mmm ddd", PLAIN},
    {"data processing", "010000 oooo mmm ddd", PLAIN},
    {"ADD high", "01000100 d mmmm ddd", BRANCH},
    {"CMP high", "01000101 d mmmm ddd", PLAIN},
    {"MOV high", "01000110 d mmmm ddd", BRANCH},
    {"BX/BLX", "01000111 l mmmm 000", BRANCH},
    {"LDR literal", "01001 ddd iiiiiiii", PLAIN},
    {"load/store reg", "0101 ooo mmm nnn ddd", MEMORY},
    {"STR/LDR imm", "0110 l iiiii nnn ddd", MEMORY},
    {"STRB/LDRB imm", "0111 l iiiii nnn ddd", MEMORY},
    {"STRH/LDRH imm", "1000 l iiiii nnn ddd", MEMORY},
    {"STR/LDR SP", "1001 l ddd iiiiiiii", PLAIN},
    {"ADR, ADD SP", "1010 l ddd iiiiiiii", PLAIN},
    {"ADD/SUB SP", "10110000 l iiiiiii", PLAIN},
    {"CBZ/CBNZ", "1011 o 0 i 1 iiiii ddd", BRANCH},
    {"extend", "10110010 oo mmm ddd", PLAIN},
    {"REV", "10111010 oo mmm ddd", PLAIN},
    {"PUSH", "1011010 l iiiiiiii", PLAIN},
    {"POP", "10111100 iiiiiiii", PLAIN},
    {"STM/LDM", "1100 l nnn iiiiiiii", ALIGNED},
    {"B cond", "1101 cccc iiiiiiii", BRANCH},
    {"B", "11100 iiiiiiiiiii", BRANCH},
    {"STM.W/LDM.W", "1110100 01 0 w l nnnn iiiiiiiiiiiiiiii", ALIGNED},
    {"STMDB/LDMDB", "1110100 10 0 w l nnnn iiiiiiiiiiiiiiii", ALIGNED},
    {"STRD/LDRD", "1110100 1 u 1 w l nnnn tttt dddd iiiiiiii", ALIGNED},
    {"STRD/LDRD post", "1110100 0 u 1 1 l nnnn tttt dddd iiiiiiii", ALIGNED},
    {"TBB", "111010001101 nnnn 11110000 0000 mmmm", BRANCH},
    {"shifted register", "1110101 oooo s nnnn 0 iii dddd ii tt mmmm", PLAIN},
    {"shifted register", "1110101 oooo s nnnn 0 iii dddd ii tt mmmm", PLAIN},
    {"modified immediate", "11110 i 0 oooo s nnnn 0 iii dddd iiiiiiii", PLAIN},
    {"modified immediate", "11110 i 0 oooo s nnnn 0 iii dddd iiiiiiii", PLAIN},
    {"ADDW/ADR", "11110 i 10000 0 nnnn 0 iii dddd iiiiiiii", PLAIN},
    {"SUBW/ADR", "11110 i 10101 0 nnnn 0 iii dddd iiiiiiii", PLAIN},
    {"MOVW", "11110 i 10010 0 iiii 0 iii dddd iiiiiiii", PLAIN},
    {"MOVT", "11110 i 10110 0 iiii 0 iii dddd iiiiiiii", PLAIN},
    {"SSAT", "11110 0 1100 t 0 nnnn 0 iii dddd ii 0 iiiii", PLAIN},
    {"USAT", "11110 0 1110 t 0 nnnn 0 iii dddd ii 0 iiiii", PLAIN},
    {"SBFX", "11110 0 11010 0 nnnn 0 iii dddd ii 0 iiiii", PLAIN},
    {"UBFX", "11110 0 11110 0 nnnn 0 iii dddd ii 0 iiiii", PLAIN},
    {"BFI/BFC", "11110 0 11011 0 nnnn 0 iii dddd ii 0 iiiii", PLAIN},
    {"BFC", "11110 0 11011 0 1111 0 iii dddd ii 0 iiiii", PLAIN},
    {"B.W cond", "11110 s cccc 000000 10 j 0 k iiiiiiiiiii", BRANCH},
    {"B.W", "11110 0 0000000000 10 1 1 1 iiiiiiiiiii", BRANCH},
    {"BL", "11110 0 0000000000 11 1 1 1 iiiiiiiiiii", BRANCH},
    {"BL back", "11110 1 1111111111 11 1 1 1 iiiiiiiiiii", BRANCH},
    {"STRB/H/. imm12", "111110001 oo 0 nnnn tttt iiiiiiiiiiii", MEMORY},
    {"STRB/H/. imm8", "111110000 oo 0 nnnn tttt 1 puw iiiiiiii", MEMORY},
    {"STRB/H/. reg", "111110000 oo 0 nnnn tttt 000000 ii mmmm", MEMORY},
    {"LDRB/H/. imm12", "111110001 oo 1 nnnn tttt iiiiiiiiiiii", MEMORY},
    {"LDRB/H/. imm8", "111110000 oo 1 nnnn tttt 1 puw iiiiiiii", MEMORY},
    {"LDRB/H/. reg", "111110000 oo 1 nnnn tttt 000000 ii mmmm", MEMORY},
    {"LDRSB/H imm12", "111110011 0 o 1 nnnn tttt iiiiiiiiiiii", MEMORY},
    {"LDRSB/H imm8", "111110010 0 o 1 nnnn tttt 1 puw iiiiiiii", MEMORY},
    {"LDRSB/H reg", "111110010 0 o 1 nnnn tttt 000000 ii mmmm", MEMORY},
    {"LDR literal.W", "11111000 u 10 1 1111 tttt iiiiiiiiiiii", PLAIN},
    {"LDRH/B literal", "1111100 s u 0 o 1 1111 tttt iiiiiiiiiiii", PLAIN},
    {"shift by register", "111110100 oo s nnnn 1111 dddd 0000 mmmm", PLAIN},
    {"extend.W", "11111010 0 o 0 o 1111 1111 dddd 10 ii mmmm", PLAIN},
    {"MUL", "111110110000 nnnn 1111 dddd 0000 mmmm", PLAIN},
    {"MLA/MLS", "111110110000 nnnn aaaa dddd 000 o mmmm", PLAIN},
    {"SMULL/UMULL/SMLAL/UMLAL", "111110111 o o 0 nnnn llll dddd 0000 mmmm", PLAIN},
    {"SDIV", "111110111001 nnnn 1111 dddd 1111 mmmm", PLAIN},
    {"UDIV", "111110111011 nnnn 1111 dddd 1111 mmmm", PLAIN},
    {"NOP.W", "1111001110101111 1000000000000000", PLAIN},
    {"DMB/DSB/ISB", "1111001110111111 1000111101 oo 1111", PLAIN},
};
enum { TEMPLATES = sizeof(templates) / sizeof(templates[0]) };

struct state {
    uint32_t r[REGISTERS];
    uint32_t pc;
    uint32_t apsr;
};

struct bench {
    uc_engine *uc;
    struct cortex_m3 cpu;
    uint64_t random;
    uint8_t code[CODE_BYTES] __attribute__((aligned(4096))); /* both execute this one */
    uint8_t their_ram[RAM_BYTES] __attribute__((aligned(4096)));
    uint8_t our_ram[RAM_BYTES];
    bool unpredictable, faulted;
    uint64_t compared[TEMPLATES], dropped[TEMPLATES];
};

static uint32_t random_bits(struct bench *bench)
{
    bench->random = bench->random * 6364136223846793005u + 1442695040888963407u;
    uint64_t x = bench->random;
    return (uint32_t)((x ^ x >> 31) * 0x9E3779B97F4A7C15u >> 32);
}

static void on_violation(void *context, enum violation_level level, const char *rule, const char *text)
{
    (void)level, (void)rule, (void)text;
    ((struct bench *)context)->unpredictable = true;
}

static void on_report(void *context, enum report_kind kind, const char *text)
{
    (void)text;
    struct bench *bench = context;
    if (kind == REPORT_FAULT)
        bench->faulted = bench->cpu.stop = true;
}

static int uc_registers[REGISTERS] = {UC_ARM_REG_R0,  UC_ARM_REG_R1, UC_ARM_REG_R2,  UC_ARM_REG_R3,
                                      UC_ARM_REG_R4,  UC_ARM_REG_R5, UC_ARM_REG_R6,  UC_ARM_REG_R7,
                                      UC_ARM_REG_R8,  UC_ARM_REG_R9, UC_ARM_REG_R10, UC_ARM_REG_R11,
                                      UC_ARM_REG_R12, UC_ARM_REG_SP, UC_ARM_REG_LR};
enum { FLAGS_REGISTER = UC_ARM_REG_CPSR, FLAGS = (int)0xF8000000 };

static int setup(void **state)
{
    struct bench *bench = aligned_alloc(4096, (sizeof(*bench) + 4095) & ~(size_t)4095);
    assert_non_null(bench);
    memset(bench, 0, sizeof(*bench));
    assert_int_equal(uc_open(UC_ARCH_ARM, UC_MODE_THUMB, &bench->uc), UC_ERR_OK);
    assert_int_equal(uc_ctl_set_cpu_model(bench->uc, UC_CPU_ARM_CORTEX_M3), UC_ERR_OK);
    assert_int_equal(
        uc_mem_map_ptr(bench->uc, CODE_BASE, CODE_BYTES, UC_PROT_READ | UC_PROT_EXEC, bench->code), 0);
    assert_int_equal(
        uc_mem_map_ptr(bench->uc, RAM_BASE, RAM_BYTES, UC_PROT_READ | UC_PROT_WRITE, bench->their_ram), 0);
    struct cortex_m3_bus bus = {.context = bench, .report = on_report, .violation = on_violation};
    bench->cpu.window[0] =
        (struct cortex_m3_window){.base = CODE_BASE, .size = CODE_BYTES, .bytes = bench->code};
    bench->cpu.window[1] = (struct cortex_m3_window){
        .base = RAM_BASE, .size = RAM_BYTES, .bytes = bench->our_ram, .writable = true};
    cortex_m3_init(&bench->cpu, &bus, 43);
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    uc_close(bench->uc);
    free(bench);
    return 0;
}

/* Both memories the same, code full of what may be read as literals. */
static void fill(struct bench *bench)
{
    for (unsigned i = 0; i < RAM_BYTES; i++)
        bench->our_ram[i] = bench->their_ram[i] = (uint8_t)random_bits(bench);
    for (unsigned i = 0; i < CODE_BYTES; i++)
        bench->code[i] = (uint8_t)random_bits(bench);
    assert_int_equal(uc_ctl_remove_cache(bench->uc, CODE_BASE, CODE_BASE + CODE_BYTES), UC_ERR_OK);
}

struct instruction {
    const struct template *template;
    uint32_t word; /* a 32-bit one has its first half-word on top */
    unsigned bytes;
    unsigned base, offset; /* registers; REGISTERS: none */
};

static struct instruction make(struct bench *bench, const struct template *template)
{
    struct instruction it = {.template = template, .base = 0, .offset = 0};
    unsigned bits = 0, base_bits = 0, offset_bits = 0;
    for (const char *c = template->bits; *c; c++) {
        if (*c == ' ')
            continue;
        uint32_t bit = isalpha((unsigned char)*c) ? random_bits(bench) >> 13 & 1 : (uint32_t)(*c - '0');
        it.word = it.word << 1 | bit;
        bits++;
        if (*c == 'n')
            it.base = it.base << 1 | bit, base_bits++;
        if (*c == 'm')
            it.offset = it.offset << 1 | bit, offset_bits++;
    }
    if (!base_bits || it.base > REGISTERS)
        it.base = REGISTERS;
    if (!offset_bits || it.offset > REGISTERS)
        it.offset = REGISTERS;
    it.bytes = bits / 8;
    return it;
}

static void place(struct bench *bench, uint32_t address, const struct instruction *it)
{
    uint16_t half[2] = {(uint16_t)it->word, (uint16_t)it->word};
    if (it->bytes == 4)
        half[0] = (uint16_t)(it->word >> 16);
    memcpy(bench->code + address - CODE_BASE, half, it->bytes);
}

static uint32_t random_value(struct bench *bench)
{
    static const uint32_t edges[] = {0,    1,      2,      31,     32,         33,         0x7F,
                                     0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
    uint32_t choice = random_bits(bench);
    if (choice & 1)
        return edges[(choice >> 8) % (sizeof(edges) / sizeof(edges[0]))];
    return choice & 2 ? random_bits(bench) & 0xFF : random_bits(bench);
}

static uint32_t random_address(struct bench *bench, bool aligned)
{
    uint32_t address = RAM_BASE + RAM_BYTES / 2 + (random_bits(bench) & 0x7FF);
    return aligned || random_bits(bench) & 1 ? address & ~3u : address;
}

static struct state random_state(struct bench *bench, const struct instruction *it)
{
    struct state state = {.apsr = random_bits(bench) & (uint32_t)FLAGS};
    for (unsigned i = 0; i < REGISTERS; i++)
        state.r[i] = random_value(bench);
    state.r[13] = random_address(bench, true);
    if (it->template->kind == MEMORY || it->template->kind == ALIGNED) {
        if (it->offset < REGISTERS)
            state.r[it->offset] = random_bits(bench) & 0x1FF;
        if (it->base < REGISTERS)
            state.r[it->base] = random_address(bench, it->template->kind == ALIGNED || it->base == 13);
    }
    if (it->template->kind == BRANCH && it->offset < REGISTERS && it->base == REGISTERS)
        state.r[it->offset] = CODE_FIRST + (random_bits(bench) & 0x7FFE) + 1;
    if (it->template->kind == BRANCH && it->base < REGISTERS && it->offset < REGISTERS) {
        state.r[it->offset] = random_bits(bench) & 0x3F;
        state.r[it->base] = random_address(bench, false);
    }
    state.r[13] &= ~3u;
    return state;
}

static void put_theirs(struct bench *bench, const struct state *state)
{
    void *values[REGISTERS];
    for (unsigned i = 0; i < REGISTERS; i++)
        values[i] = (void *)&state->r[i];
    uint32_t flags;
    uc_reg_read(bench->uc, FLAGS_REGISTER, &flags);
    flags = (flags & ~(uint32_t)FLAGS) | state->apsr;
    uc_reg_write_batch(bench->uc, uc_registers, values, REGISTERS);
    uc_reg_write(bench->uc, FLAGS_REGISTER, &flags);
}

static struct state get_theirs(struct bench *bench)
{
    struct state state;
    void *values[REGISTERS];
    for (unsigned i = 0; i < REGISTERS; i++)
        values[i] = &state.r[i];
    uc_reg_read_batch(bench->uc, uc_registers, values, REGISTERS);
    uc_reg_read(bench->uc, UC_ARM_REG_PC, &state.pc);
    uc_reg_read(bench->uc, FLAGS_REGISTER, &state.apsr);
    state.apsr &= (uint32_t)FLAGS;
    return state;
}

static void put_ours(struct bench *bench, const struct state *state, uint32_t pc)
{
    cortex_m3_reset(&bench->cpu);
    memcpy(bench->cpu.r, state->r, sizeof(state->r));
    bench->cpu.r[15] = pc;
    bench->cpu.locked_up = bench->cpu.stop = false;
    bench->cpu.apsr = state->apsr;
    bench->cpu.thumb = true;
    bench->unpredictable = bench->faulted = false;
}

static struct state get_ours(const struct bench *bench)
{
    struct state state = {.pc = bench->cpu.r[15], .apsr = bench->cpu.apsr};
    memcpy(state.r, bench->cpu.r, sizeof(state.r));
    return state;
}

static void explain(const struct bench *bench, uint64_t seed, const struct state *before,
                    const struct state *ours, const struct state *theirs, uint32_t from, uint32_t to)
{
    print_error("seed %llu, code:", (unsigned long long)seed);
    for (uint32_t at = from; at < to; at += 2)
        print_error(" %02X%02X", bench->code[at - CODE_BASE + 1], bench->code[at - CODE_BASE]);
    print_error("\n      before    ours      Unicorn\n");
    for (unsigned i = 0; i < REGISTERS; i++)
        print_error("r%-4u %08X  %08X  %08X%s\n", i, before->r[i], ours->r[i], theirs->r[i],
                    ours->r[i] != theirs->r[i] ? " <" : "");
    print_error("pc    %08X  %08X  %08X\napsr  %08X  %08X  %08X\n", from, ours->pc, theirs->pc, before->apsr,
                ours->apsr, theirs->apsr);
    for (unsigned i = 0; i < RAM_BYTES; i++)
        if (bench->our_ram[i] != bench->their_ram[i])
            print_error("byte 0x%08X: %02X %02X\n", RAM_BASE + i, bench->our_ram[i], bench->their_ram[i]);
}

/* Runs what is at from..to on both. false: not comparable. */
static bool compare(struct bench *bench, uint64_t seed, const struct state *before, uint32_t from,
                    uint32_t to, bool one_branch)
{
    static uint8_t ram_before[RAM_BYTES];
    memcpy(ram_before, bench->our_ram, RAM_BYTES);
    put_ours(bench, before, from);
    if (one_branch) {
        cortex_m3_run(&bench->cpu, bench->cpu.cycles + 1);
    } else {
        bench->cpu.breakpoint_count = 1;
        bench->cpu.breakpoint[0] = to;
        cortex_m3_run(&bench->cpu, bench->cpu.cycles + 1000);
        bench->cpu.breakpoint_count = 0;
    }
    bool supervisor_call = bench->cpu.system.pending[11];
    if (bench->unpredictable || bench->faulted || supervisor_call || !bench->cpu.thumb ||
        bench->cpu.r[15] == from) {
        memcpy(bench->our_ram, ram_before, RAM_BYTES);
        return false;
    }
    struct state ours = get_ours(bench);
    put_theirs(bench, before);
    /* A block that Unicorn translated there before would not know that it has to stop. */
    if (one_branch && ours.pc - CODE_BASE < CODE_BYTES - 2)
        uc_ctl_remove_cache(bench->uc, ours.pc, ours.pc + 2);
    uc_err error = uc_emu_start(bench->uc, from | 1, ours.pc, 0, 0);
    struct state theirs = get_theirs(bench);
    if (theirs.r[13] & 3) {
        memcpy(bench->our_ram, bench->their_ram, RAM_BYTES);
        return false;
    }
    bool left_code = ours.pc - CODE_BASE >= CODE_BYTES; /* Unicorn looks at what is there at once */
    if ((error != UC_ERR_OK && !left_code) || memcmp(&ours, &theirs, sizeof(ours)) != 0 ||
        memcmp(bench->our_ram, bench->their_ram, RAM_BYTES) != 0) {
        explain(bench, seed, before, &ours, &theirs, from, to);
        fail_msg("the two differ (Unicorn says: %s)", uc_strerror(error));
    }
    return true;
}

static void single_instructions_agree_with_unicorn(void **state)
{
    struct bench *bench = *state;
    uint32_t at = CODE_LAST;
    for (unsigned i = 0; i < SINGLES; i++) {
        uint64_t seed = bench->random = 0x5EED0000u + i;
        if (at >= CODE_LAST) {
            fill(bench);
            bench->random = seed;
            at = CODE_FIRST;
        }
        unsigned which = i % TEMPLATES;
        struct instruction it = make(bench, &templates[which]);
        place(bench, at, &it);
        for (unsigned j = 0; j < STATES; j++) {
            struct state before = random_state(bench, &it);
            bool done = compare(bench, seed, &before, at, at + it.bytes, it.template->kind == BRANCH);
            bench->compared[which] += done;
            bench->dropped[which] += !done;
            if (!done && bench->unpredictable)
                break;
        }
        at += SLOT_BYTES;
    }
    uint64_t total = 0;
    for (unsigned i = 0; i < TEMPLATES; i++) {
        total += bench->compared[i];
        if (bench->compared[i] < 100)
            fail_msg("%s (%s): only %llu cases", templates[i].name, templates[i].bits,
                     (unsigned long long)bench->compared[i]);
    }
    print_message("%llu cases compared\n", (unsigned long long)total);
}

/* Anything but branches, in front of it (sometimes) an IT with one to four conditions. */
static uint32_t place_block(struct bench *bench, uint32_t at, struct state *before)
{
    unsigned count = 1 + random_bits(bench) % LONGEST_BLOCK;
    unsigned it_at = random_bits(bench) % count;
    struct instruction none = {.template = &templates[0], .base = REGISTERS, .offset = REGISTERS};
    *before = random_state(bench, &none);
    for (unsigned i = 0; i < count; i++) {
        if (i == it_at) {
            uint32_t condition = random_bits(bench) % 14, mask = 1 + random_bits(bench) % 15;
            struct instruction it = {.word = 0xBF00 | condition << 4 | mask, .bytes = 2};
            place(bench, at, &it);
            at += 2;
            count = i + 4 - (unsigned)__builtin_ctz(mask); /* the IT block ends the block */
        }
        const struct template *template;
        do {
            template = &templates[random_bits(bench) % TEMPLATES];
        } while (template->kind != PLAIN || template == &templates[TEMPLATES - 1]);
        struct instruction it = make(bench, template);
        place(bench, at, &it);
        at += it.bytes;
    }
    return at;
}

static void blocks_with_it_agree_with_unicorn(void **state)
{
    struct bench *bench = *state;
    uint32_t at = CODE_LAST;
    unsigned compared = 0;
    for (unsigned i = 0; i < BLOCKS; i++) {
        uint64_t seed = bench->random = 0xB10C0000u + i;
        if (at >= CODE_LAST) {
            fill(bench);
            bench->random = seed;
            at = CODE_FIRST;
        }
        struct state before;
        uint32_t end = place_block(bench, at, &before);
        for (unsigned j = 0; j < STATES; j++) {
            before.apsr = random_bits(bench) & (uint32_t)FLAGS;
            compared += compare(bench, seed, &before, at, end, false);
        }
        at += SLOT_BYTES;
    }
    assert_true(compared > BLOCKS);
    print_message("%u runs of blocks compared\n", compared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(single_instructions_agree_with_unicorn, setup, teardown),
        cmocka_unit_test_setup_teardown(blocks_with_it_agree_with_unicorn, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
