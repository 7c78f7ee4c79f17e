/* A control request and what is answered. */
#include "usb_request.h"

#include "port.h" // NOINLINE

NOINLINE enum usb_answer usb_reply(struct usb_request *request, const void *data, uint32_t length)
{
    request->data = data;
    request->left = length < request->setup.wLength ? length : request->setup.wLength;
    return USB_REPLY;
}

enum usb_answer usb_accept(struct usb_request *request)
{
    return usb_reply(request, request, 0);
}
