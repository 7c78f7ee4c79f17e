/*
 * The flash interface (PM0075): keys, programming, erasing, what goes wrong with them, and what a loss of
 * power leaves behind. An operation changes the memory when it ends; until then the memory is closed to the
 * processor, which waits (PM0075 2.3).
 */
#include "chip.h"

enum { ACR = 0x00, KEYR = 0x04, OPTKEYR = 0x08, SR = 0x0C, CR = 0x10, AR = 0x14, OBR = 0x1C, WRPR = 0x20 };
enum { ACR_LATENCY = 7, ACR_HLFCYA = 1 << 3, ACR_PRFTBE = 1 << 4, ACR_PRFTBS = 1 << 5, ACR_RESET = 0x30 };
enum { SR_BSY = 1 << 0, SR_PGERR = 1 << 2, SR_WRPRTERR = 1 << 4, SR_EOP = 1 << 5 };
enum {
    CR_PG = 1 << 0,
    CR_PER = 1 << 1,
    CR_MER = 1 << 2,
    CR_OPTPG = 1 << 4,
    CR_OPTER = 1 << 5,
    CR_STRT = 1 << 6,
    CR_LOCK = 1 << 7,
    CR_OPTWRE = 1 << 9,
    CR_ERRIE = 1 << 10,
    CR_EOPIE = 1 << 12,
    CR_MODES = CR_PG | CR_PER | CR_MER | CR_OPTPG | CR_OPTER
};
enum { HSI_HZ = 8000000, MHZ = 1000000, PREFETCH_SWITCH_MHZ = 24, MAX_LATENCY = 2, RCC_CR_HSIRDY = 2 };
enum { HALF_WORD = 2, ERASED = 0xFFFF, RDP_KEY = 0xA5, OBR_RDPRT = 2 };

#define KEY1         0x45670123u
#define KEY2         0xCDEF89ABu
#define FLASH_BASE   0x08000000u
#define OPTION_BASE  0x1FFFF800u
#define OPTION_BYTES ((uint32_t)sizeof((struct stm32f103 *)0)->flash.option_bytes)

static bool in_flash(const struct stm32f103 *chip, uint32_t address)
{
    return address - FLASH_BASE < chip->config.flash_bytes;
}

static bool in_options(uint32_t address)
{
    return address - OPTION_BASE < OPTION_BYTES;
}

/* Clock */

void flash_check_clock(struct stm32f103 *chip)
{
    uint32_t ACR_value = chip->flash.ACR, latency = ACR_value & ACR_LATENCY, sysclk = rcc_sysclk_hz(chip);
    bool prescaled = stm32f103_hclk_hz(chip) != sysclk;
    if (sysclk > (latency + 1) * PREFETCH_SWITCH_MHZ * MHZ) {
        stm32f103_violation(
            chip, FORBIDDEN, "flash-wait-states",
            "FLASH_ACR = 0x%X: %u wait states at SYSCLK %u Hz; 0 up to 24 MHz, 1 up to 48, 2 up to 72 "
            "(PM0075 3.1)",
            (unsigned)ACR_value, (unsigned)latency, (unsigned)sysclk);
    }
    if (prescaled && !(ACR_value & ACR_PRFTBE)) {
        stm32f103_violation(chip, FORBIDDEN, "flash-prefetch",
                            "FLASH_ACR = 0x%X: the prefetch buffer must be on while the AHB has a prescaler "
                            "(RM0008 3.3.3)",
                            (unsigned)ACR_value);
    }
    if (ACR_value & ACR_HLFCYA && (prescaled || sysclk > HSI_HZ)) {
        stm32f103_violation(
            chip, FORBIDDEN, "flash-half-cycle",
            "FLASH_ACR = 0x%X: half cycle access needs SYSCLK (%u Hz) of at most 8 MHz and no AHB "
            "prescaler (RM0008 3.3.3)",
            (unsigned)ACR_value, (unsigned)sysclk);
    }
}

static void write_ACR(struct stm32f103 *chip, uint32_t value)
{
    struct flash *flash = &chip->flash;
    uint32_t sysclk = rcc_sysclk_hz(chip);
    bool prescaled = stm32f103_hclk_hz(chip) != sysclk;
    if ((value & ACR_LATENCY) > MAX_LATENCY) {
        stm32f103_violation(chip, FORBIDDEN, "flash-latency",
                            "FLASH_ACR = 0x%X: LATENCY is 0, 1 or 2 (PM0075 3.1)", (unsigned)value);
        value = (value & ~(uint32_t)ACR_LATENCY) | MAX_LATENCY;
    }
    if ((value ^ flash->ACR) & ACR_PRFTBE && (prescaled || sysclk > PREFETCH_SWITCH_MHZ * MHZ)) {
        stm32f103_violation(
            chip, FORBIDDEN, "flash-prefetch",
            "FLASH_ACR = 0x%X switches the prefetch buffer at SYSCLK %u Hz%s; allowed up to 24 MHz "
            "without prescaler (RM0008 3.3.3)",
            (unsigned)value, (unsigned)sysclk, prescaled ? " with AHB prescaler" : "");
    }
    value &= ~(uint32_t)ACR_PRFTBS;
    flash->ACR = value | (value & ACR_PRFTBE ? ACR_PRFTBS : 0);
    flash_check_clock(chip);
    bus_open_flash(chip, !flash_is_busy(chip));
}

/* Status */

bool flash_is_busy(const struct stm32f103 *chip)
{
    return chip->flash.operation.kind != FLASH_NOTHING;
}

static void update_irq(struct stm32f103 *chip)
{
    const struct flash *flash = &chip->flash;
    bool done = flash->SR & SR_EOP && flash->CR & CR_EOPIE;
    bool error = flash->SR & (SR_PGERR | SR_WRPRTERR) && flash->CR & CR_ERRIE;
    cortex_m3_set_irq(&chip->cpu, IRQ_FLASH, done || error);
}

static void set_status(struct stm32f103 *chip, uint32_t flags)
{
    chip->flash.SR |= flags;
    update_irq(chip);
}

/* Operations */

static uint8_t *bytes_at(struct stm32f103 *chip, uint32_t address)
{
    return in_options(address) ? &chip->flash.option_bytes[address - OPTION_BASE]
                               : &chip->flash_bytes[address - FLASH_BASE];
}

static uint16_t half_word_at(struct stm32f103 *chip, uint32_t address)
{
    const uint8_t *bytes = bytes_at(chip, address);
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static void set_half_word(struct stm32f103 *chip, uint32_t address, uint16_t value)
{
    uint8_t *bytes = bytes_at(chip, address);
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

static const char *operation_name(const struct flash_operation *operation)
{
    switch (operation->kind) {
    case FLASH_PROGRAM: return "program";
    case FLASH_PAGE_ERASE: return "erase page";
    case FLASH_MASS_ERASE: return "mass erase";
    case FLASH_OPTION_ERASE: return "erase option bytes";
    case FLASH_OPTION_PROGRAM: return "program option byte";
    case FLASH_NOTHING: break;
    }
    return "nothing";
}

static bool is_program(const struct flash_operation *operation)
{
    return operation->kind == FLASH_PROGRAM || operation->kind == FLASH_OPTION_PROGRAM;
}

static ticks operation_time(const struct stm32f103 *chip, const struct flash_operation *operation)
{
    return is_program(operation) ? chip->config.half_word_ns * TICKS_PER_MICROSECOND / 1000
                                 : ticks_from_us(chip->config.page_erase_us);
}

static bool cut_is_due(const struct stm32f103 *chip, uint64_t operation, enum power_cut_phase phase)
{
    return chip->power_cut_operation == operation && chip->power_cut_operation != 0 &&
           chip->power_cut_phase == phase;
}

static void cut_power(struct stm32f103 *chip)
{
    chip->power_cut_operation = 0;
    stm32f103_power(chip, false);
}

static void report_operation(struct stm32f103 *chip, const struct flash_operation *operation)
{
    if (!stm32f103_wants(chip, REPORT_FLASH)) {
        return;
    }
    if (is_program(operation)) {
        stm32f103_report(chip, REPORT_FLASH, "%s 0x%08X = 0x%04X", operation_name(operation),
                         (unsigned)operation->address, operation->value);
    } else {
        stm32f103_report(chip, REPORT_FLASH, "%s 0x%08X", operation_name(operation),
                         (unsigned)operation->address);
    }
}

static void begin(struct stm32f103 *chip, struct flash_operation operation)
{
    struct flash *flash = &chip->flash;
    if (cut_is_due(chip, flash->operations + 1, CUT_BEFORE)) {
        cut_power(chip);
        return;
    }
    if (!(chip->rcc.CR & RCC_CR_HSIRDY)) {
        stm32f103_violation(chip, FORBIDDEN, "flash-without-hsi",
                            "%s 0x%08X: HSI must be on for programming and erasing (PM0075 2.3.3)",
                            operation_name(&operation), (unsigned)operation.address);
    }
    report_operation(chip, &operation);
    flash->operations++;
    flash->programs += is_program(&operation);
    flash->erases += !is_program(&operation);
    ticks now = stm32f103_now(chip), lasts = operation_time(chip, &operation);
    operation.ends = now + lasts;
    flash->operation = operation;
    flash->AR = operation.address;
    flash->SR |= SR_BSY;
    bus_open_flash(chip, false);
    bool cut = cut_is_due(chip, flash->operations, CUT_INSIDE);
    stm32f103_schedule(chip, EVENT_FLASH, cut ? now + lasts / 2 : operation.ends);
}

static void fill(uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bytes[i] = 0xFF;
    }
}

static void erase_pages(struct stm32f103 *chip, uint32_t first, uint32_t count)
{
    uint32_t size = chip->config.page_bytes;
    for (uint32_t page = first; page < first + count; page++) {
        chip->flash.erased[page]++;
    }
    fill(&chip->flash_bytes[first * size], count * size);
}

static uint32_t page_of(const struct stm32f103 *chip, uint32_t address)
{
    return (address - FLASH_BASE) / chip->config.page_bytes;
}

static void erase_all(struct stm32f103 *chip)
{
    erase_pages(chip, 0, chip->config.flash_bytes / chip->config.page_bytes);
}

/* Taking the read protection off wipes the flash (PM0075 2.4.1). */
static void program_option(struct stm32f103 *chip, const struct flash_operation *operation)
{
    if (operation->address == OPTION_BASE && (operation->value & 0xFF) == RDP_KEY &&
        chip->flash.OBR & OBR_RDPRT) {
        erase_all(chip);
    }
    set_half_word(chip, operation->address, operation->value);
}

static void complete(struct stm32f103 *chip, const struct flash_operation *operation)
{
    chip->cpu.side_effects++; /* the core sees this memory through its windows */
    switch (operation->kind) {
    case FLASH_PROGRAM: set_half_word(chip, operation->address, operation->value); break;
    case FLASH_PAGE_ERASE: erase_pages(chip, page_of(chip, operation->address), 1); break;
    case FLASH_MASS_ERASE: erase_all(chip); break;
    case FLASH_OPTION_ERASE: fill(chip->flash.option_bytes, OPTION_BYTES); break;
    case FLASH_OPTION_PROGRAM: program_option(chip, operation); break;
    case FLASH_NOTHING: break;
    }
}

static void end_operation(struct stm32f103 *chip)
{
    chip->flash.operation = (struct flash_operation){.kind = FLASH_NOTHING};
    chip->flash.SR &= ~(uint32_t)SR_BSY;
    chip->flash.CR &= ~(uint32_t)CR_STRT;
    bus_open_flash(chip, true);
}

void flash_event(struct stm32f103 *chip)
{
    struct flash_operation operation = chip->flash.operation;
    if (cut_is_due(chip, chip->flash.operations, CUT_INSIDE)) {
        cut_power(chip);
        return;
    }
    complete(chip, &operation);
    end_operation(chip);
    set_status(chip, SR_EOP);
    if (cut_is_due(chip, chip->flash.operations, CUT_AFTER)) {
        cut_power(chip);
    }
}

static void doubt(struct stm32f103 *chip, uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)stm32f103_random(chip);
    }
}

/* Bits that were to become 0 may have, or not; a 0 never becomes 1. */
static void doubt_program(struct stm32f103 *chip, const struct flash_operation *operation)
{
    uint16_t old = half_word_at(chip, operation->address);
    uint16_t kept = (uint16_t)(stm32f103_random(chip) & old);
    set_half_word(chip, operation->address, (uint16_t)((old & operation->value) | kept));
}

void flash_power_lost(struct stm32f103 *chip)
{
    const struct flash_operation *operation = &chip->flash.operation;
    uint32_t page_bytes = chip->config.page_bytes;
    switch (operation->kind) {
    case FLASH_PROGRAM:
    case FLASH_OPTION_PROGRAM: doubt_program(chip, operation); break;
    case FLASH_PAGE_ERASE:
        doubt(chip, &chip->flash_bytes[page_of(chip, operation->address) * page_bytes], page_bytes);
        break;
    case FLASH_MASS_ERASE: doubt(chip, chip->flash_bytes, chip->config.flash_bytes); break;
    case FLASH_OPTION_ERASE: doubt(chip, chip->flash.option_bytes, OPTION_BYTES); break;
    case FLASH_NOTHING: return;
    }
    chip->due[EVENT_FLASH] = TICKS_NEVER;
    end_operation(chip);
}

/* Programming */

static bool refuse(struct stm32f103 *chip, const char *rule, uint32_t address, uint32_t value,
                   const char *why)
{
    stm32f103_violation(chip, FORBIDDEN, rule, "write of 0x%X to 0x%08X with FLASH_CR = 0x%X: %s",
                        (unsigned)value, (unsigned)address, (unsigned)chip->flash.CR, why);
    return false;
}

/* False: a bus error. */
static bool write_is_allowed(struct stm32f103 *chip, uint32_t address, unsigned size, uint32_t value)
{
    uint32_t CR_value = chip->flash.CR, mode = in_options(address) ? CR_OPTPG : CR_PG;
    if (CR_value & CR_LOCK) {
        return refuse(chip, "flash-locked", address, value, "the flash is locked (PM0075 2.3.1)");
    }
    if (!(CR_value & mode)) {
        return refuse(chip, "flash-write-without-pg", address, value,
                      "PG (for option bytes OPTPG) must be set first (PM0075 2.3.3, 2.3.5)");
    }
    if (CR_value & CR_MODES & ~mode) {
        return refuse(chip, "flash-mode", address, value,
                      "only one of PG, PER, MER, OPTPG, OPTER may be set (PM0075 2.3)");
    }
    if (mode == CR_OPTPG && !(CR_value & CR_OPTWRE)) {
        return refuse(chip, "flash-options-locked", address, value,
                      "OPTWRE is not set: write the keys to OPTKEYR (PM0075 2.3.5)");
    }
    if (size != HALF_WORD) {
        return refuse(chip, "flash-program-size", address, value,
                      "only half-words can be programmed, anything else is a bus error (PM0075 2.3.3)");
    }
    return true;
}

static void program(struct stm32f103 *chip, uint32_t address, uint16_t value)
{
    bool option = in_options(address);
    uint16_t old = half_word_at(chip, address);
    if (!option && flash_is_protected(chip, address)) {
        stm32f103_violation(
            chip, SUSPICIOUS, "flash-write-protected",
            "0x%04X to 0x%08X: the page is write-protected, FLASH_WRPR = 0x%08X, FLASH_OBR = 0x%X; "
            "WRPRTERR (PM0075 2.3.3)",
            value, (unsigned)address, (unsigned)chip->flash.WRPR, (unsigned)chip->flash.OBR);
        set_status(chip, SR_WRPRTERR);
        return;
    }
    if (old != ERASED && value != 0) {
        stm32f103_violation(
            chip, SUSPICIOUS, "program-over-data",
            "0x%04X to 0x%08X, which holds 0x%04X: PGERR, nothing is programmed; only 0x0000 may go over "
            "data (PM0075 2.3.3)",
            value, (unsigned)address, old);
        set_status(chip, SR_PGERR);
        return;
    }
    begin(chip, (struct flash_operation){.kind = option ? FLASH_OPTION_PROGRAM : FLASH_PROGRAM,
                                         .address = address,
                                         .value = value});
}

bool flash_array_write(struct stm32f103 *chip, uint32_t address, unsigned size, uint32_t value)
{
    if (flash_is_busy(chip)) {
        stm32f103_stall(chip, chip->flash.operation.ends); /* PM0075 2.3.3 */
    }
    if (!chip->powered) {
        return true;
    }
    if (!write_is_allowed(chip, address, size, value)) {
        return false;
    }
    if (in_options(address)) {
        value = (value & 0xFF) | (~value & 0xFF) << 8; /* the interface makes the complement (PM0075 2.3.5) */
    }
    program(chip, address, (uint16_t)value);
    return true;
}

/* Erasing */

static void erase_page(struct stm32f103 *chip)
{
    uint32_t address = chip->flash.AR;
    if (!in_flash(chip, address)) {
        stm32f103_violation(chip, UNDEFINED, "flash-erase-address",
                            "FLASH_AR = 0x%08X is not in the flash (PM0075 2.3.4)", (unsigned)address);
        return;
    }
    if (flash_is_protected(chip, address)) {
        stm32f103_violation(chip, SUSPICIOUS, "flash-write-protected",
                            "FLASH_AR = 0x%08X: the page is write-protected, WRPRTERR (PM0075 2.3.4)",
                            (unsigned)address);
        set_status(chip, SR_WRPRTERR);
        return;
    }
    begin(chip, (struct flash_operation){.kind = FLASH_PAGE_ERASE, .address = address});
}

static void erase_chip(struct stm32f103 *chip)
{
    for (uint32_t at = 0; at < chip->config.flash_bytes; at += chip->config.page_bytes) {
        if (flash_is_protected(chip, FLASH_BASE + at)) {
            set_status(chip, SR_WRPRTERR);
            return;
        }
    }
    begin(chip, (struct flash_operation){.kind = FLASH_MASS_ERASE, .address = FLASH_BASE});
}

static void start(struct stm32f103 *chip)
{
    switch (chip->flash.CR & CR_MODES) {
    case CR_PER: erase_page(chip); break;
    case CR_MER: erase_chip(chip); break;
    case CR_OPTER:
        if (chip->flash.CR & CR_OPTWRE) {
            begin(chip, (struct flash_operation){.kind = FLASH_OPTION_ERASE, .address = OPTION_BASE});
        } else {
            stm32f103_violation(
                chip, FORBIDDEN, "flash-options-locked",
                "FLASH_CR = 0x%X: OPTWRE is not set: write the keys to OPTKEYR (PM0075 2.3.5)",
                (unsigned)chip->flash.CR);
        }
        break;
    default:
        stm32f103_violation(chip, UNDEFINED, "flash-mode",
                            "FLASH_CR = 0x%X: STRT needs exactly one of PER, MER, OPTER (PM0075 3.5)",
                            (unsigned)chip->flash.CR);
        break;
    }
    if (!flash_is_busy(chip)) {
        chip->flash.CR &= ~(uint32_t)CR_STRT;
    }
}

/* Registers */

static void wrong_key(struct stm32f103 *chip, const char *name, uint32_t value)
{
    stm32f103_violation(chip, FORBIDDEN, "flash-key",
                        "%s = 0x%08X is not the next key: locked until reset, bus error (PM0075 2.3.1)", name,
                        (unsigned)value);
    chip->flash.locked_until_reset = true;
    chip->flash.CR |= CR_LOCK;
    chip->bus_error = true;
}

/* True once both keys came. */
static bool key_completes(struct stm32f103 *chip, const char *name, uint8_t *step, uint32_t value)
{
    bool expected = value == (*step ? KEY2 : KEY1);
    if (chip->flash.locked_until_reset || !expected) {
        *step = 0;
        wrong_key(chip, name, value);
        return false;
    }
    *step = *step ? 0 : 1;
    return *step == 0;
}

static void write_KEYR(struct stm32f103 *chip, uint32_t value)
{
    struct flash *flash = &chip->flash;
    if (!(flash->CR & CR_LOCK)) {
        stm32f103_violation(chip, UNDEFINED, "flash-key-while-unlocked",
                            "FLASH_KEYR = 0x%08X: the flash is unlocked already (PM0075 2.3.1)",
                            (unsigned)value);
    } else if (key_completes(chip, "FLASH_KEYR", &flash->key_step, value)) {
        flash->CR &= ~(uint32_t)CR_LOCK;
    }
}

static void write_OPTKEYR(struct stm32f103 *chip, uint32_t value)
{
    struct flash *flash = &chip->flash;
    if (flash->CR & CR_LOCK) {
        stm32f103_violation(chip, FORBIDDEN, "flash-locked",
                            "FLASH_OPTKEYR = 0x%08X: the flash must be unlocked by KEYR first (PM0075 2.3.5)",
                            (unsigned)value);
    } else if (key_completes(chip, "FLASH_OPTKEYR", &flash->option_key_step, value)) {
        flash->CR |= CR_OPTWRE;
    }
}

static bool busy_refuses(struct stm32f103 *chip, const char *name, uint32_t value)
{
    if (!flash_is_busy(chip)) {
        return false;
    }
    stm32f103_violation(
        chip, FORBIDDEN, "flash-busy",
        "%s = 0x%X is ignored while BSY is set; wait for the operation to end (PM0075 2.3, 3.6)", name,
        (unsigned)value);
    return true;
}

static void write_CR(struct stm32f103 *chip, uint32_t value)
{
    struct flash *flash = &chip->flash;
    if (flash->CR & CR_LOCK) {
        if (value != flash->CR) {
            stm32f103_violation(
                chip, FORBIDDEN, "flash-locked",
                "FLASH_CR = 0x%X is ignored: LOCK is set, write the keys to KEYR (PM0075 2.3.1)",
                (unsigned)value);
        }
        return;
    }
    if (busy_refuses(chip, "FLASH_CR", value)) {
        return;
    }
    uint32_t OPTWRE = flash->CR & value & CR_OPTWRE; /* software only clears it */
    flash->CR = (value & ~(uint32_t)CR_OPTWRE) | OPTWRE;
    update_irq(chip);
    if (flash->CR & CR_STRT) {
        start(chip);
    }
}

uint32_t flash_read(struct stm32f103 *chip, uint32_t offset)
{
    const struct flash *flash = &chip->flash;
    switch (offset) {
    case ACR: return flash->ACR;
    case SR: return flash->SR;
    case CR: return flash->CR;
    case OBR: return flash->OBR;
    case WRPR: return flash->WRPR;
    default: return 0;
    }
}

void flash_write(struct stm32f103 *chip, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case ACR: write_ACR(chip, value); break;
    case KEYR: write_KEYR(chip, value); break;
    case OPTKEYR: write_OPTKEYR(chip, value); break;
    case SR:
        chip->flash.SR &= ~(value & (SR_PGERR | SR_WRPRTERR | SR_EOP));
        update_irq(chip);
        break;
    case CR: write_CR(chip, value); break;
    case AR:
        if (!busy_refuses(chip, "FLASH_AR", value)) {
            chip->flash.AR = value;
        }
        break;
    default: break;
    }
}

void flash_reset(struct stm32f103 *chip)
{
    struct flash *flash = &chip->flash;
    flash->ACR = ACR_RESET;
    flash->CR = CR_LOCK;
    flash->SR = 0;
    flash->AR = 0;
    flash->key_step = flash->option_key_step = 0;
    flash->locked_until_reset = false;
    flash->operation = (struct flash_operation){.kind = FLASH_NOTHING};
}

bool flash_load(struct stm32f103 *chip, uint32_t address, const void *bytes, uint32_t length)
{
    const uint8_t *from = bytes;
    uint32_t room = in_options(address)       ? OPTION_BYTES - (address - OPTION_BASE)
                    : in_flash(chip, address) ? chip->config.flash_bytes - (address - FLASH_BASE)
                                              : 0;
    if (length > room) {
        return false;
    }
    for (uint32_t i = 0; i < length; i++) {
        bytes_at(chip, address)[i] = from[i];
    }
    return true;
}
