/* Data accesses that are not plain memory: bit-band aliases, the system region, the chip's bus, and the
 * unaligned ones that the processor splits. */
#include "cortex_m3.h"

#include "private.h"

#define BIT_BAND_SRAM       0x20000000u
#define BIT_BAND_PERIPHERAL 0x40000000u
#define BIT_BAND_ALIAS      0x02000000u /* from its region */
#define BIT_BAND_SIZE       0x02000000u
#define SYSTEM_BASE         0xE0000000u
#define SYSTEM_SIZE         0x00100000u
#define DBGMCU_BASE         0xE0042000u /* in the external private peripheral bus: the chip's */
#define DBGMCU_SIZE         0x00001000u

/* The bit behind an alias address (TRM 4.2), seen through an access of the same size. */
struct alias {
    uint32_t address;
    unsigned bit;
};

static bool is_alias(uint32_t address, unsigned size, struct alias *alias)
{
    uint32_t region = address & 0xF0000000;
    uint32_t offset = address - region - BIT_BAND_ALIAS;
    if ((region != BIT_BAND_SRAM && region != BIT_BAND_PERIPHERAL) || offset >= BIT_BAND_SIZE)
        return false;
    uint32_t bit = offset / 4;
    alias->address = region + bit / (8 * size) * size;
    alias->bit = bit % (8 * size);
    return true;
}

static bool is_system(uint32_t address)
{
    return address - SYSTEM_BASE < SYSTEM_SIZE && address - DBGMCU_BASE >= DBGMCU_SIZE;
}

static bool in_private_peripheral_bus(uint32_t address)
{
    return address - SYSTEM_BASE < SYSTEM_SIZE;
}

static bool may_access(const struct cortex_m3 *cpu, uint32_t address)
{
    bool privileged = m3_privileged(cpu) && !cpu->private_state.unprivileged;
    return privileged || !in_private_peripheral_bus(address);
}

/* The bus may have moved windows and asked to stop. */
static void after_bus(struct cortex_m3 *cpu)
{
    struct cortex_m3_private *p = m3_private(cpu);
    if (cpu->stop)
        p->attention |= ATTENTION_STOP;
    p->code_size = p->at_hand = 0;
    m3_find_code(cpu, false);
}

static bool read_plain(struct cortex_m3 *cpu, uint32_t address, unsigned size, uint32_t *value)
{
    const struct cortex_m3_window *window = m3_window(cpu, address);
    *value = 0;
    if (window) {
        memcpy(value, window->bytes + (address - window->base), size);
        if (window->wait_states)
            m3_wait_for_data(cpu, window);
        return true;
    }
    if (!cpu->bus.read)
        return false;
    bool done = cpu->bus.read(cpu->bus.context, address, size, value);
    after_bus(cpu);
    return done;
}

static bool write_plain(struct cortex_m3 *cpu, uint32_t address, unsigned size, uint32_t value)
{
    const struct cortex_m3_window *window = m3_window(cpu, address);
    if (window && window->writable) {
        uint8_t *to = window->bytes + (address - window->base);
        cpu->cycles += window->wait_states;
        if (memcmp(to, &value, size) != 0) {
            m3_note_change(cpu, window, address);
            memcpy(to, &value, size);
        }
        return true;
    }
    if (!cpu->bus.write)
        return false;
    if (size < 4)
        value &= (1u << 8 * size) - 1;
    bool done = cpu->bus.write(cpu->bus.context, address, size, value);
    after_bus(cpu);
    return done;
}

bool m3_access_read(struct cortex_m3 *cpu, uint32_t address, unsigned size, uint32_t *value)
{
    struct alias alias;
    if (!may_access(cpu, address))
        return false;
    if (is_system(address))
        return m3_system_read(cpu, address, size, value);
    if (!is_alias(address, size, &alias))
        return read_plain(cpu, address, size, value);
    bool done = read_plain(cpu, alias.address, size, value);
    *value = *value >> alias.bit & 1;
    return done;
}

bool m3_access_write(struct cortex_m3 *cpu, uint32_t address, unsigned size, uint32_t value)
{
    struct alias alias;
    if (!may_access(cpu, address)) {
        bool is_stir = address == 0xE000EF00;
        if (!is_stir || !(cpu->system.ccr & CCR_USERSETMPEND))
            return false;
    }
    if (is_system(address))
        return m3_system_write(cpu, address, size, value);
    if (!is_alias(address, size, &alias))
        return write_plain(cpu, address, size, value);
    uint32_t old;
    if (!read_plain(cpu, alias.address, size, &old))
        return false;
    uint32_t bit = 1u << alias.bit;
    return write_plain(cpu, alias.address, size, value & 1 ? old | bit : old & ~bit);
}

/* Raises a BusFault, unless handlers of high priority asked to ignore them (CCR.BFHFNMIGN). The address is
 * the one that the instruction asked for, also when a part of an unaligned access failed (PM0056 4.4, BFAR).
 */
static bool bus_error(struct cortex_m3 *cpu, uint32_t address)
{
    bool ignored = cpu->system.ccr & CCR_BFHFNMIGN && m3_execution_priority(cpu) < 0;
    cpu->system.bfar = address;
    if (ignored)
        cpu->system.cfsr |= PRECISERR | BFARVALID;
    else
        m3_fault(cpu, BUS_FAULT, PRECISERR | BFARVALID);
    return ignored;
}

/*
 * Does the write buffer take a store there? It takes all but those to the strongly ordered private peripheral
 * bus (PM0056 2.2.3); an error comes back when the core has gone on. STREX needs its answer and waits.
 */
static bool is_buffered(const struct cortex_m3 *cpu, uint32_t address)
{
    return !in_private_peripheral_bus(address) && !cpu->private_state.unbuffered &&
           !(m3_actlr(cpu) & ACTLR_DISDEFWBUF);
}

/* false: the instruction must not go on. */
static bool store_error(struct cortex_m3 *cpu, uint32_t requested, uint32_t address)
{
    if (!is_buffered(cpu, address))
        return bus_error(cpu, requested);
    m3_imprecise_fault(cpu, address);
    return true;
}

/* May an unaligned access be split? */
static bool may_split(struct cortex_m3 *cpu, uint32_t address)
{
    if (cpu->system.ccr & CCR_UNALIGN_TRP || in_private_peripheral_bus(address)) {
        m3_fault(cpu, USAGE_FAULT, UNALIGNED);
        return false;
    }
    bool device = (address >= 0x40000000 && address < 0x60000000) || address >= 0xA0000000;
    if (device)
        m3_violation(cpu, UNDEFINED, "unaligned-device-access", "address 0x%08X", address);
    return true;
}

/* The largest aligned piece that an access starts with. */
static unsigned piece_of(uint32_t address, unsigned size)
{
    unsigned piece = address & 1 ? 1 : address & 2 ? 2 : 4;
    return piece < size ? piece : size == 3 ? 2 : size;
}

bool m3_read_slow(struct cortex_m3 *cpu, uint32_t address, unsigned size, uint32_t *value)
{
    if (address & (size - 1) && !may_split(cpu, address))
        return false;
    *value = 0;
    for (unsigned done = 0; done < size;) {
        unsigned piece = piece_of(address + done, size - done);
        uint32_t part = 0;
        if (!m3_access_read(cpu, address + done, piece, &part) && !bus_error(cpu, address))
            return false;
        *value |= part << 8 * done;
        cpu->cycles += done != 0;
        done += piece;
    }
    return true;
}

bool m3_write_slow(struct cortex_m3 *cpu, uint32_t address, unsigned size, uint32_t value)
{
    if (address & (size - 1) && !may_split(cpu, address))
        return false;
    for (unsigned done = 0; done < size;) {
        unsigned piece = piece_of(address + done, size - done);
        if (!m3_access_write(cpu, address + done, piece, value >> 8 * done) &&
            !store_error(cpu, address, address + done))
            return false;
        cpu->cycles += done != 0;
        done += piece;
    }
    return true;
}

/* Only the main stack has a limit; process stacks are the program's own affair. */
void m3_check_stack(struct cortex_m3 *cpu, uint32_t sp)
{
    struct cortex_m3_private *p = m3_private(cpu);
    bool below = sp < cpu->stack_limit;
    if (below && !p->below_limit)
        m3_violation(cpu, FORBIDDEN, "stack-overflow", "SP 0x%08X below 0x%08X at PC 0x%08X", sp,
                     cpu->stack_limit, p->at);
    p->below_limit = below;
}
