/* Pages of flash: of 1 KiB, or of 2 KiB. */
#include "port.h"
#include "registers.h" // flash_kib

/* Chips with more than 128 KiB have pages of 2 KiB (PM0075 2.1). A register above 1 MiB says nothing. */
bool port_flash_pages_fit(void)
{
    enum { LARGEST_KIB = LARGEST_FLASH / 1024 };

    return FLASH_PAGE_SIZE == 2048 || flash_kib() - 129 > LARGEST_KIB - 129;
}
