/*
 * Idle loops. When a loop comes around and the core, memory and everything outside are as they were at an
 * earlier pass, every further pass will be the same until something outside changes; that is not before the
 * horizon (the chip's next event or SysTick's next wrap). Such passes are not executed: cycles and
 * instructions advance by whole multiples of the loop's cost, and at least one pass is left to execute.
 *
 * "As they were" is decided without comparing memory: changes to windows are kept in a short history of what
 * each word was before, so a pass is without effect if every word that changed has come back (a stack used
 * by different calls in turn). Everything that has no history counts in side_effects.
 */
#include "cortex_m3.h"

#include "private.h"

enum { MAX_PATIENCE = 64 };

static uint32_t masks(const struct cortex_m3 *cpu)
{
    return (uint32_t)cpu->primask | (uint32_t)cpu->faultmask << 8 | (uint32_t)cpu->basepri << 16 |
           (uint32_t)cpu->control << 24;
}

static uint32_t mode(const struct cortex_m3 *cpu)
{
    return cpu->ipsr | (uint32_t)cpu->itstate << 16 | (uint32_t)cpu->event << 24 |
           (uint32_t)cpu->exclusive << 25;
}

static void take_state(struct cortex_m3 *cpu, struct cortex_m3_loop *loop)
{
    loop->run = m3_private(cpu)->run;
    loop->side_effects = cpu->side_effects;
    loop->cycles = cpu->cycles;
    loop->instructions = cpu->instructions;
    loop->changes = m3_private(cpu)->changes;
    memcpy(loop->r, cpu->r, sizeof(loop->r));
    loop->other_sp = cpu->other_sp;
    loop->apsr = cpu->apsr;
    loop->exclusive_address = cpu->exclusive_address;
    loop->masks = masks(cpu);
    loop->mode = mode(cpu);
    loop->passes = 0;
}

/* Was this word already changed between `from` and `to`? Then an older entry says what it was. */
static bool changed_before(const struct cortex_m3_private *p, uint64_t from, uint64_t to, uint32_t address)
{
    for (; from < to; from++)
        if (p->change[from % CORTEX_M3_CHANGES].address == address)
            return true;
    return false;
}

static bool memory_came_back(const struct cortex_m3 *cpu, uint64_t since)
{
    const struct cortex_m3_private *p = &cpu->private_state;
    if (p->changes - since > CORTEX_M3_CHANGES)
        return false;
    for (uint64_t i = since; i < p->changes; i++) {
        uint32_t address = p->change[i % CORTEX_M3_CHANGES].address;
        const struct cortex_m3_window *window = m3_window(cpu, address);
        if (changed_before(p, since, i, address))
            continue;
        if (!window ||
            memcmp(window->bytes + (address - window->base), &p->change[i % CORTEX_M3_CHANGES].was, 4))
            return false;
    }
    return true;
}

static bool same_state(const struct cortex_m3 *cpu, const struct cortex_m3_loop *loop)
{
    return memcmp(loop->r, cpu->r, sizeof(loop->r)) == 0 && loop->apsr == cpu->apsr &&
           loop->other_sp == cpu->other_sp && loop->masks == masks(cpu) && loop->mode == mode(cpu) &&
           ((cpu->cycles - loop->cycles) & cpu->phase_mask) == 0 &&
           loop->exclusive_address == cpu->exclusive_address && memory_came_back(cpu, loop->changes);
}

static void skip_passes(struct cortex_m3 *cpu, const struct cortex_m3_loop *loop)
{
    uint64_t pass = cpu->cycles - loop->cycles;
    uint64_t horizon = m3_private(cpu)->horizon;
    if (pass == 0 || cpu->cycles >= horizon)
        return;
    uint64_t passes = (horizon - cpu->cycles) / pass;
    if (passes < 2)
        return;
    uint64_t instructions = cpu->instructions - loop->instructions;
    cpu->cycles += (passes - 1) * pass;
    cpu->instructions += (passes - 1) * instructions;
}

static struct cortex_m3_loop *find_loop(struct cortex_m3 *cpu)
{
    struct cortex_m3_private *p = m3_private(cpu);
    uint32_t head = cpu->r[PC];
    struct cortex_m3_loop *set = p->loop[head / 2 % CORTEX_M3_LOOP_SETS];
    struct cortex_m3_loop *oldest = set;
    p->loop_clock++;
    for (unsigned i = 0; i < CORTEX_M3_LOOP_WAYS; i++) {
        if (set[i].head == head) {
            set[i].used = p->loop_clock;
            return &set[i];
        }
        if (set[i].used < oldest->used)
            oldest = &set[i];
    }
    *oldest = (struct cortex_m3_loop){.head = head, .used = p->loop_clock};
    return oldest;
}

/*
 * The state is compared at every pass, but taken anew ever more rarely (1, 2, 4 ... passes), so that a state
 * that repeats every few passes is found too and a loop that only counts costs little.
 */
void m3_came_around(struct cortex_m3 *cpu)
{
    if (cpu->every_pass)
        return;
    struct cortex_m3_loop *loop = find_loop(cpu);
    if (loop->run != m3_private(cpu)->run || loop->side_effects != cpu->side_effects) {
        take_state(cpu, loop);
        loop->patience = 1;
    } else if (same_state(cpu, loop)) {
        skip_passes(cpu, loop);
        take_state(cpu, loop);
    } else if (++loop->passes >= loop->patience) {
        take_state(cpu, loop);
        if (loop->patience < MAX_PATIENCE)
            loop->patience *= 2;
    }
}
