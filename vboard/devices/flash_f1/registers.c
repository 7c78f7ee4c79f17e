/* The flash interface (PM0075): its registers, keys and rules. What it then does: operation.c. */
#include "cells.h"

/* Clock */

void flash_check_clock(struct device *device)
{
    uint32_t ACR_value = flash_of(device)->ACR, latency = ACR_value & ACR_LATENCY,
             sysclk = device_kernel_hz(device);
    bool prescaled = chip_hclk_hz(device_chip(device)) != sysclk;
    if (sysclk > (latency + 1) * PREFETCH_SWITCH_MHZ * MHZ) {
        device_violation(
            device, FORBIDDEN, "flash-wait-states",
            "FLASH_ACR = 0x%X: %u wait states at SYSCLK %u Hz; 0 up to 24 MHz, 1 up to 48, 2 up to 72 "
            "(PM0075 3.1)",
            (unsigned)ACR_value, (unsigned)latency, (unsigned)sysclk);
    }
    if (prescaled && !(ACR_value & ACR_PRFTBE)) {
        device_violation(device, FORBIDDEN, "flash-prefetch",
                         "FLASH_ACR = 0x%X: the prefetch buffer must be on while the AHB has a prescaler "
                         "(RM0008 3.3.3)",
                         (unsigned)ACR_value);
    }
    if (ACR_value & ACR_HLFCYA && (prescaled || sysclk > HSI_HZ)) {
        device_violation(
            device, FORBIDDEN, "flash-half-cycle",
            "FLASH_ACR = 0x%X: half cycle access needs SYSCLK (%u Hz) of at most 8 MHz and no AHB "
            "prescaler (RM0008 3.3.3)",
            (unsigned)ACR_value, (unsigned)sysclk);
    }
}

static void write_ACR(struct device *device, uint32_t value)
{
    struct flash_f1 *flash = flash_of(device);
    uint32_t sysclk = device_kernel_hz(device);
    bool prescaled = chip_hclk_hz(device_chip(device)) != sysclk;
    if ((value & ACR_LATENCY) > MAX_LATENCY) {
        device_violation(device, FORBIDDEN, "flash-latency",
                         "FLASH_ACR = 0x%X: LATENCY is 0, 1 or 2 (PM0075 3.1)", (unsigned)value);
        value = (value & ~(uint32_t)ACR_LATENCY) | MAX_LATENCY;
    }
    if ((value ^ flash->ACR) & ACR_PRFTBE && (prescaled || sysclk > PREFETCH_SWITCH_MHZ * MHZ)) {
        device_violation(
            device, FORBIDDEN, "flash-prefetch",
            "FLASH_ACR = 0x%X switches the prefetch buffer at SYSCLK %u Hz%s; allowed up to 24 MHz "
            "without prescaler (RM0008 3.3.3)",
            (unsigned)value, (unsigned)sysclk, prescaled ? " with AHB prescaler" : "");
    }
    value &= ~(uint32_t)ACR_PRFTBS;
    flash->ACR = value | (value & ACR_PRFTBE ? ACR_PRFTBS : 0);
    flash_check_clock(device);
    flash_open(device, !flash_is_busy(device));
}

/* Programming */

static bool refuse(struct device *device, const char *rule, uint32_t address, uint32_t value, const char *why)
{
    device_violation(device, FORBIDDEN, rule, "write of 0x%X to 0x%08X with FLASH_CR = 0x%X: %s",
                     (unsigned)value, (unsigned)address, (unsigned)flash_of(device)->CR, why);
    return false;
}

/* False: a bus error. */
static bool write_is_allowed(struct device *device, uint32_t address, unsigned size, uint32_t value)
{
    uint32_t CR_value = flash_of(device)->CR, mode = flash_is_option(address) ? CR_OPTPG : CR_PG;
    if (CR_value & CR_LOCK)
        return refuse(device, "flash-locked", address, value, "the flash is locked (PM0075 2.3.1)");
    if (!(CR_value & mode)) {
        return refuse(device, "flash-write-without-pg", address, value,
                      "PG (for option bytes OPTPG) must be set first (PM0075 2.3.3, 2.3.5)");
    }
    if (CR_value & CR_MODES & ~mode) {
        return refuse(device, "flash-mode", address, value,
                      "only one of PG, PER, MER, OPTPG, OPTER may be set (PM0075 2.3)");
    }
    if (mode == CR_OPTPG && !(CR_value & CR_OPTWRE)) {
        return refuse(device, "flash-options-locked", address, value,
                      "OPTWRE is not set: write the keys to OPTKEYR (PM0075 2.3.5)");
    }
    if (size != HALF_WORD) {
        return refuse(device, "flash-program-size", address, value,
                      "only half-words can be programmed, anything else is a bus error (PM0075 2.3.3)");
    }
    return true;
}

static void program(struct device *device, uint32_t address, uint16_t value)
{
    bool option = flash_is_option(address);
    flash_sense(device, address, HALF_WORD); /* the interface reads before it programs (PM0075 2.3.3) */
    uint16_t old = flash_half_word_at(device, address);
    if (!option && flash_is_protected(device, address)) {
        device_violation(
            device, SUSPICIOUS, "flash-write-protected",
            "0x%04X to 0x%08X: the page is write-protected, FLASH_WRPR = 0x%08X, FLASH_OBR = 0x%X; "
            "WRPRTERR (PM0075 2.3.3)",
            value, (unsigned)address, (unsigned)flash_of(device)->WRPR, (unsigned)flash_of(device)->OBR);
        flash_set_status(device, SR_WRPRTERR);
        return;
    }
    if (old != ERASED && (value != 0 || device_chip(device)->config.zero_needs_erase)) {
        device_violation(
            device, SUSPICIOUS, "program-over-data",
            "0x%04X to 0x%08X, which holds 0x%04X: PGERR, nothing is programmed; only 0x0000 may go over "
            "data (PM0075 2.3.3)%s",
            value, (unsigned)address, old,
            device_chip(device)->config.zero_needs_erase ? ", and here not even that" : "");
        flash_set_status(device, SR_PGERR);
        return;
    }
    if (flash_wear_at(device, address).refuses) {
        flash_set_status(device, SR_PGERR);
        return;
    }
    flash_begin(device, (struct flash_operation){.kind = option ? FLASH_OPTION_PROGRAM : FLASH_PROGRAM,
                                                 .address = address,
                                                 .value = value});
}

bool flash_array_write(struct device *device, uint32_t address, unsigned size, uint32_t value)
{
    if (flash_is_busy(device))
        chip_stall(device_chip(device), device_chip(device)->flash.operation.ends); /* PM0075 2.3.3 */
    if (!device_chip(device)->powered)
        return true;
    if (!write_is_allowed(device, address, size, value))
        return false;
    if (flash_is_option(address))
        value = (value & 0xFF) | (~value & 0xFF) << 8; /* the interface makes the complement (PM0075 2.3.5) */
    program(device, address, (uint16_t)value);
    return true;
}

/* Erasing */

static void erase_page(struct device *device)
{
    uint32_t address = flash_of(device)->AR;
    if (!flash_has(device, address)) {
        device_violation(device, UNDEFINED, "flash-erase-address",
                         "FLASH_AR = 0x%08X is not in the flash (PM0075 2.3.4)", (unsigned)address);
        return;
    }
    if (flash_is_protected(device, address)) {
        device_violation(device, SUSPICIOUS, "flash-write-protected",
                         "FLASH_AR = 0x%08X: the page is write-protected, WRPRTERR (PM0075 2.3.4)",
                         (unsigned)address);
        flash_set_status(device, SR_WRPRTERR);
        return;
    }
    flash_begin(device, (struct flash_operation){.kind = FLASH_PAGE_ERASE, .address = address});
}

static void erase_chip(struct device *device)
{
    for (uint32_t at = 0; at < device_chip(device)->config.flash_bytes;
         at += device_chip(device)->config.page_bytes) {
        if (flash_is_protected(device, FLASH_BASE + at)) {
            flash_set_status(device, SR_WRPRTERR);
            return;
        }
    }
    flash_begin(device, (struct flash_operation){.kind = FLASH_MASS_ERASE, .address = FLASH_BASE});
}

static void start(struct device *device)
{
    switch (flash_of(device)->CR & CR_MODES) {
    case CR_PER: erase_page(device); break;
    case CR_MER: erase_chip(device); break;
    case CR_OPTER:
        if (flash_of(device)->CR & CR_OPTWRE) {
            flash_begin(device, (struct flash_operation){.kind = FLASH_OPTION_ERASE, .address = OPTION_BASE});
        } else {
            device_violation(device, FORBIDDEN, "flash-options-locked",
                             "FLASH_CR = 0x%X: OPTWRE is not set: write the keys to OPTKEYR (PM0075 2.3.5)",
                             (unsigned)flash_of(device)->CR);
        }
        break;
    default:
        device_violation(device, UNDEFINED, "flash-mode",
                         "FLASH_CR = 0x%X: STRT needs exactly one of PER, MER, OPTER (PM0075 3.5)",
                         (unsigned)flash_of(device)->CR);
        break;
    }
    if (!flash_is_busy(device))
        flash_of(device)->CR &= ~(uint32_t)CR_STRT;
}

/* Registers */

static void wrong_key(struct device *device, const char *name, uint32_t value)
{
    device_violation(device, FORBIDDEN, "flash-key",
                     "%s = 0x%08X is not the next key: locked until reset, bus error (PM0075 2.3.1)", name,
                     (unsigned)value);
    flash_of(device)->locked_until_reset = true;
    flash_of(device)->CR |= CR_LOCK;
    device_chip(device)->bus_error = true;
}

/* True once both keys came. */
static bool key_completes(struct device *device, const char *name, uint8_t *step, uint32_t value)
{
    bool expected = value == (*step ? KEY2 : KEY1);
    if (flash_of(device)->locked_until_reset || !expected) {
        *step = 0;
        wrong_key(device, name, value);
        return false;
    }
    *step = *step ? 0 : 1;
    return *step == 0;
}

static void write_KEYR(struct device *device, uint32_t value)
{
    struct flash_f1 *flash = flash_of(device);
    if (!(flash->CR & CR_LOCK)) {
        device_violation(device, SUSPICIOUS, "flash-key-while-unlocked",
                         "FLASH_KEYR = 0x%08X: the flash is unlocked already (PM0075 2.3.1)",
                         (unsigned)value);
    } else if (key_completes(device, "FLASH_KEYR", &flash->key_step, value)) {
        flash->CR &= ~(uint32_t)CR_LOCK;
    }
}

static void write_OPTKEYR(struct device *device, uint32_t value)
{
    struct flash_f1 *flash = flash_of(device);
    if (flash->CR & CR_LOCK) {
        device_violation(device, FORBIDDEN, "flash-locked",
                         "FLASH_OPTKEYR = 0x%08X: the flash must be unlocked by KEYR first (PM0075 2.3.5)",
                         (unsigned)value);
    } else if (key_completes(device, "FLASH_OPTKEYR", &flash->option_key_step, value)) {
        flash->CR |= CR_OPTWRE;
    }
}

static bool busy_refuses(struct device *device, const char *name, uint32_t value)
{
    if (!flash_is_busy(device))
        return false;
    device_violation(device, FORBIDDEN, "flash-busy",
                     "%s = 0x%X is ignored while BSY is set; wait for the operation to end (PM0075 2.3, 3.6)",
                     name, (unsigned)value);
    return true;
}

static void write_CR(struct device *device, uint32_t value)
{
    struct flash_f1 *flash = flash_of(device);
    if (flash->CR & CR_LOCK) {
        if (value != flash->CR) {
            device_violation(device, FORBIDDEN, "flash-locked",
                             "FLASH_CR = 0x%X is ignored: LOCK is set, write the keys to KEYR (PM0075 2.3.1)",
                             (unsigned)value);
        }
        return;
    }
    if (busy_refuses(device, "FLASH_CR", value))
        return;
    uint32_t OPTWRE = flash->CR & value & CR_OPTWRE; /* software only clears it */
    flash->CR = (value & ~(uint32_t)CR_OPTWRE) | OPTWRE;
    flash_update_irq(device);
    if (flash->CR & CR_STRT) {
        flash->started_cycle = device_cycles(device);
        start(device);
    }
}

/* A clone's BSY, for what comes even later. */
static bool busy_is_late(const struct device *device)
{
    return flash_is_busy(device) && device_cycles(device) - flash_of(device)->begun_cycle <
                                        device_chip(device)->config.busy_late_cycles;
}

/* BSY rises a cycle after STRT (errata sheet ES096): the very next instruction still reads 0. */
static uint32_t read_SR(struct device *device)
{
    const struct flash_f1 *flash = flash_of(device);
    if (busy_is_late(device)) {
        device_changed(device);
        return flash->SR & ~(uint32_t)SR_BSY;
    }
    bool erases = device_chip(device)->flash.operation.kind != FLASH_PROGRAM &&
                  device_chip(device)->flash.operation.kind != FLASH_OPTION_PROGRAM;
    if (flash->SR & SR_BSY && erases &&
        device_cycles(device) <= flash->started_cycle + NEXT_INSTRUCTION_CYCLES) {
        device_violation(
            device, SUSPICIOUS, "flash-bsy-too-early",
            "FLASH_SR is read right after CR.STRT was set: BSY is not yet there, wait a cycle (ST "
            "errata sheet ES096)");
        device_changed(device);
        return flash->SR & ~(uint32_t)SR_BSY;
    }
    return flash->SR;
}

uint32_t flash_read(struct device *device, uint32_t offset)
{
    const struct flash_f1 *flash = flash_of(device);
    switch (offset) {
    case ACR: return flash->ACR;
    case SR: return read_SR(device);
    case CR: return device_chip(device)->config.lock_reads_0 ? flash->CR & ~(uint32_t)CR_LOCK : flash->CR;
    case OBR: return flash->OBR;
    case WRPR: return flash->WRPR;
    default: return 0;
    }
}

void flash_write(struct device *device, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case ACR: write_ACR(device, value); break;
    case KEYR: write_KEYR(device, value); break;
    case OPTKEYR: write_OPTKEYR(device, value); break;
    case SR:
        flash_of(device)->SR &= ~(value & (SR_PGERR | SR_WRPRTERR | SR_EOP));
        flash_update_irq(device);
        break;
    case CR: write_CR(device, value); break;
    case AR:
        if (!busy_refuses(device, "FLASH_AR", value))
            flash_of(device)->AR = value;
        break;
    default: break;
    }
}

void flash_reset(struct device *device)
{
    struct flash_f1 *flash = flash_of(device);
    flash->ACR = ACR_RESET;
    flash->CR = CR_LOCK;
    flash->SR = 0;
    flash->AR = 0;
    flash->key_step = flash->option_key_step = 0;
    flash->locked_until_reset = false;
    device_chip(device)->flash.operation = (struct flash_operation){.kind = FLASH_NOTHING};
    flash_cells_wake(device);
}
