/* Pages of flash: 256 bytes on every chip (RM0038 3.2). */
#include "port.h"

bool port_flash_pages_fit(void)
{
    return true;
}
