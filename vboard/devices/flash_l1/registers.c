/* The flash interface (RM0038 chapter 3): its registers, keys and rules. What it then does: program.c. */
#include "private.h"

/* Wait states ---------------------------------------------------------------------------------------------
 */

/* Without a wait state, by the core's voltage (3.2, table 13). */
static const uint32_t no_wait_state_hz[] = {[1] = 16000000, [2] = 8000000, [3] = 2100000};

void flash_l1_check_clock(struct device *device)
{
    uint32_t hclk = device_clock_hz(device), most = no_wait_state_hz[device_chip(device)->voltage_range];
    if (device_chip(device)->powered && hclk > most && !(flash_of(device)->ACR & ACR_LATENCY)) {
        device_violation(device, FORBIDDEN, "flash-wait-states",
                         "FLASH_ACR = 0x%X: no wait state at HCLK %u Hz; in voltage range %u one is needed "
                         "above %u Hz (RM0038 3.2)",
                         (unsigned)flash_of(device)->ACR, (unsigned)hclk, device_chip(device)->voltage_range,
                         (unsigned)most);
    }
}

/* ACC64 goes first on the way up and last on the way down (3.9.1). */
static uint32_t check_acc64(struct device *device, uint32_t value)
{
    uint32_t old = flash_of(device)->ACR, fast = ACR_LATENCY | ACR_PRFTEN;
    if (value & ~old & fast && !(old & ACR_ACC64)) {
        device_violation(device, FORBIDDEN, "flash-acc64",
                         "FLASH_ACR = 0x%X: LATENCY and PRFTEN can be set only when ACC64 was set before "
                         "(RM0038 3.9.1)",
                         (unsigned)value);
        value &= ~fast;
    }
    if (old & ~value & ACR_ACC64 && (old | value) & fast) {
        device_violation(device, FORBIDDEN, "flash-acc64",
                         "FLASH_ACR = 0x%X: ACC64 can be cleared only when LATENCY and PRFTEN are 0 (RM0038 "
                         "3.9.1)",
                         (unsigned)value);
        value |= ACR_ACC64;
    }
    return value;
}

static void write_ACR(struct device *device, uint32_t value)
{
    struct flash_l1 *flash = flash_of(device);
    value = check_acc64(device, value);
    if (value & ACR_RUN_PD && !flash->power_down_unlocked) {
        device_violation(device, FORBIDDEN, "flash-locked",
                         "FLASH_ACR = 0x%X: RUN_PD is locked, write the keys to PDKEYR (RM0038 3.9.1)",
                         (unsigned)value);
        value &= ~(uint32_t)ACR_RUN_PD;
    }
    flash->ACR = value;
    flash_l1_check_clock(device);
    flash_l1_open(device);
}

/* Keys ----------------------------------------------------------------------------------------------------
 */

struct keys {
    const char *name;
    uint32_t key[2];
    uint32_t lock; /* that they open, of PECR */
};
static const struct keys keys[KEY_REGISTERS] = {
    [KEYS_PD] = {"FLASH_PDKEYR", {0x04152637, 0xFAFBFCFD}, 0},
    [KEYS_PE] = {"FLASH_PEKEYR", {0x89ABCDEF, 0x02030405}, PECR_PELOCK},
    [KEYS_PRG] = {"FLASH_PRGKEYR", {0x8C9DAEBF, 0x13141516}, PECR_PRGLOCK},
    [KEYS_OPT] = {"FLASH_OPTKEYR", {0xFBEAD9C8, 0x24252627}, PECR_OPTLOCK},
};

static void wrong_key(struct device *device, const struct keys *of, uint32_t value)
{
    device_violation(device, FORBIDDEN, "flash-key",
                     "%s = 0x%08X is not the next key: locked until reset, bus error (RM0038 3.3.3)",
                     of->name, (unsigned)value);
    flash_of(device)->locked_until_reset = true;
    flash_of(device)->PECR |= PECR_LOCKS;
    device_chip(device)->bus_error = true;
}

static bool may_unlock(struct device *device, const struct keys *of, uint32_t value)
{
    uint32_t PECR_value = flash_of(device)->PECR;
    if (of->lock && !(PECR_value & of->lock)) {
        device_violation(device, SUSPICIOUS, "flash-key-while-unlocked",
                         "%s = 0x%08X: it is unlocked already (RM0038 3.3.3)", of->name, (unsigned)value);
        return false;
    }
    if (of->lock & (PECR_PRGLOCK | PECR_OPTLOCK) && PECR_value & PECR_PELOCK) {
        device_violation(device, FORBIDDEN, "flash-locked",
                         "%s = 0x%08X: FLASH_PECR must be unlocked by PEKEYR first (RM0038 3.3.3)", of->name,
                         (unsigned)value);
        return false;
    }
    return true;
}

static void write_key(struct device *device, enum key_register number, uint32_t value)
{
    struct flash_l1 *flash = flash_of(device);
    const struct keys *of = &keys[number];
    uint8_t *step = &flash->key_step[number];
    if (!may_unlock(device, of, value))
        return;
    if (flash->locked_until_reset || value != of->key[*step]) {
        *step = 0;
        wrong_key(device, of, value);
        return;
    }
    *step ^= 1;
    if (*step == 0) {
        flash->PECR &= ~of->lock;
        flash->power_down_unlocked |= number == KEYS_PD;
    }
}

/* PECR ----------------------------------------------------------------------------------------------------
 */

/* Locks are only set by software; PELOCK sets the others too (3.9.2). */
static uint32_t with_locks(uint32_t old, uint32_t value)
{
    uint32_t locks = (old | value) & PECR_LOCKS;
    return (value & ~(uint32_t)PECR_LOCKS) | (locks & PECR_PELOCK ? PECR_LOCKS : locks);
}

static void launch_options(struct device *device)
{
    if (flash_of(device)->PECR & PECR_OPTLOCK) {
        device_violation(device, FORBIDDEN, "flash-options-locked",
                         "FLASH_PECR = 0x%X: OBL_LAUNCH is locked, write the keys to OPTKEYR (RM0038 3.9.2)",
                         (unsigned)flash_of(device)->PECR);
        return;
    }
    chip_reset(device_chip(device), RESET_OPTIONS);
}

static void write_PECR(struct device *device, uint32_t value)
{
    struct flash_l1 *flash = flash_of(device);
    if (flash->PECR & PECR_PELOCK) {
        if (value != flash->PECR) {
            device_violation(
                device, FORBIDDEN, "flash-locked",
                "FLASH_PECR = 0x%X is ignored: PELOCK is set, write the keys to PEKEYR (RM0038 3.3.3)",
                (unsigned)value);
        }
        return;
    }
    if (flash_is_busy(device)) {
        device_violation(device, FORBIDDEN, "flash-busy",
                         "FLASH_PECR = 0x%X while BSY is set; wait for the operation to end (RM0038 3.9.2)",
                         (unsigned)value);
        return;
    }
    if (flash->collected && (value ^ flash->PECR) & (PECR_FPRG | PECR_PROG))
        flash_l1_abort_half_page(device, "FPRG or PROG is cleared");
    bool launches = value & PECR_OBL_LAUNCH;
    flash->PECR = with_locks(flash->PECR, value & ~(uint32_t)PECR_OBL_LAUNCH);
    flash_l1_update_irq(device);
    if (launches)
        launch_options(device);
}

/* ----------------------------------------------------------------------------------------------------------
 */

uint32_t flash_l1_read(struct device *device, uint32_t offset)
{
    const struct flash_l1 *flash = flash_of(device);
    switch (offset) {
    case ACR: return flash->ACR;
    case PECR: return flash->PECR;
    case SR: return flash->SR;
    case OBR: return flash->OBR;
    case WRPR1: return flash->WRPR[0];
    case WRPR2: return flash->WRPR[1];
    default: return 0;
    }
}

void flash_l1_write(struct device *device, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case ACR: write_ACR(device, value); break;
    case PECR: write_PECR(device, value); break;
    case PDKEYR: write_key(device, KEYS_PD, value); break;
    case PEKEYR: write_key(device, KEYS_PE, value); break;
    case PRGKEYR: write_key(device, KEYS_PRG, value); break;
    case OPTKEYR: write_key(device, KEYS_OPT, value); break;
    case SR:
        flash_of(device)->SR &= ~(value & (SR_EOP | SR_ERRORS));
        flash_l1_update_irq(device);
        break;
    default: break;
    }
}

void flash_l1_reset(struct device *device)
{
    struct flash_l1 *flash = flash_of(device);
    flash->ACR = 0;
    flash->PECR = PECR_LOCKS;
    flash->SR = SR_ENDHV;
    for (unsigned i = 0; i < KEY_REGISTERS; i++)
        flash->key_step[i] = 0;
    flash->locked_until_reset = flash->power_down_unlocked = false;
    flash->collected = 0;
    device_chip(device)->flash.operation = (struct flash_operation){.kind = FLASH_NOTHING};
    flash_l1_wake_cells(device);
}
