/* See core.h. */
#include "core.h"

#include <string.h>

/* the one name that two of the files have each for itself */
#define fail image_writer_fail
#include "image_writer.c"
#undef fail

#include "application.c"
#include "descriptors.c"
#include "dfu.c"
#include "usb_device.c"
#include "usb_request.c"

void core_reset(void)
{
    memset(&image, 0, sizeof image);
    memset(&buffer, 0, sizeof buffer);
    memset(&dfu, 0, sizeof dfu);
    memset(descriptor, 0, sizeof descriptor);
    memset(&usb, 0, sizeof usb);
    dfu_idle();
}

uint32_t core_received(void)
{
    return image.received;
}

bool core_is_finishing(void)
{
    return image.finishing;
}

const char *core_broken(void)
{
    if (image.page && image.received > image.page + 2 * PAGE)
        return "more is buffered than there is room for";
    if (image.page > PAGE && image.page > (image.finishing ? application_size() : image.received))
        return "a page is in work that was not received, nor is behind the image";
    if (image.complete && (image.page || !image.finishing))
        return "the image is complete before its first page is";
    if (image.page % PAGE || image.done > 2 * PIECES)
        return "the page in work is none";
    if (image.received > application_size())
        return "more was taken than fits";
    if (dfu.status.bState < dfuIDLE || dfu.status.bState > dfuERROR)
        return "there is no such state";
    if ((dfu.status.bState == dfuERROR) != (dfu.status.bStatus != STATUS_OK))
        return "bStatus and bState disagree";
    if (dfu.uploaded > application_size())
        return "more was uploaded than there is";
    if (usb.stage == SENDING && usb.request.left > 0xFFFF)
        return "more is left to send than a request can ask for";
    if (usb.stage == RECEIVING &&
        (usb.received >= usb.request.setup.wLength || usb.request.setup.wLength > TARGET_DFU_WTRANSFERSIZE))
        return "a data stage goes on beyond its end";
    return NULL;
}
