/* What a valid application is: asked at boot, of an image before it is written, of the one it replaces. */
#include "application.h"

FROM_FLASH bool application_is_valid(const uint32_t words[2])
{
    uint32_t stack = stack_pointer(words), entry = words[1];

    /* the stack grows down from its initial value, so that may be the end of RAM but not its start */
    return stack - RAM_BASE - 1 < RAM_SIZE && entry % 2 == 1 &&
           entry - APP_BASE_ADDRESS < application_area(flash_limit());
}
