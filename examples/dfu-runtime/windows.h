/* Has Windows bind WinUSB to the interface by itself, without a driver to install, as dfu-util needs it. */
#pragma once

#include "usb.h"

/* Answers the requests of Microsoft OS 1.0 descriptors; false for others. */
bool windows_request(struct usb_control *control);
