/* Requests for the bootloader that a reset does not forget: in a backup register. */
#include "port.h"

#include "cortex_m/systick.h" // systick_wait
#include "iwdg.h"             // iwdg_feed
#include "registers.h"        // BACKUP_REGISTER

enum { SECOND_RESET_MS = 500, PART_MS = 100 };

/* Runs with the backup registers' clocks on, and leaves them off as after reset. */
static inline void write_request(uint32_t value)
{
    PWR->CR = PWR_CR_RESET | PWR_CR_DBP;
    BACKUP_REGISTER(REG_BOOT) = value;
    PWR->CR = PWR_CR_RESET;
}

FROM_FLASH bool port_boot_command(void)
{
    RCC->APB1ENR = BACKUP_CLOCKS;

    bool found = BACKUP_REGISTER(REG_BOOT) == CMD_BOOT;

    if (found)
        write_request(0);
    RCC->APB1ENR = 0;
    return found;
}

FROM_FLASH void port_wait_for_second_reset(void)
{
    RCC->APB1ENR = BACKUP_CLOCKS;

    uint32_t content = BACKUP_REGISTER(REG_BOOT);

    write_request(CMD_BOOT);
    for (uint32_t ms = 0; ms < SECOND_RESET_MS; ms += PART_MS) {
        systick_wait(PART_MS * RESET_KHZ);
        iwdg_feed();
    }
    write_request(content);
    RCC->APB1ENR = 0;
}
