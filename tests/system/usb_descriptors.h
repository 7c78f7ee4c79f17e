/*
 * A parser of what a USB device says of itself, written from the specifications and from nothing else:
 * USB 2.0 chapter 9, USB 3.2 9.6.2 (BOS), DFU 1.1 4.1, WebUSB 4, Microsoft OS 1.0 and 2.0 descriptors.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_ALTERNATES = 16, MAX_CAPABILITIES = 8, MAX_DESCRIPTOR_TEXT = 256 };

struct device_descriptor {
    uint16_t bcdUSB, idVendor, idProduct, bcdDevice;
    uint8_t bDeviceClass, bDeviceSubClass, bDeviceProtocol, bMaxPacketSize0;
    uint8_t iManufacturer, iProduct, iSerialNumber, bNumConfigurations;
};

struct interface_descriptor {
    uint8_t bInterfaceNumber, bAlternateSetting, bNumEndpoints;
    uint8_t bInterfaceClass, bInterfaceSubClass, bInterfaceProtocol, iInterface;
};

struct dfu_functional_descriptor {
    uint8_t bmAttributes;
    uint16_t wDetachTimeOut, wTransferSize, bcdDFUVersion;
};

struct configuration_descriptor {
    uint16_t wTotalLength;
    uint8_t bNumInterfaces, bConfigurationValue, iConfiguration, bmAttributes, bMaxPower;
    unsigned alternates;
    struct interface_descriptor alternate[MAX_ALTERNATES];
    bool has_dfu;
    struct dfu_functional_descriptor dfu;
};

struct platform_capability {
    uint8_t uuid[16]; /* as on the wire */
    const uint8_t *data;
    uint8_t length;
};

struct bos_descriptor {
    uint16_t wTotalLength;
    unsigned capabilities;
    struct platform_capability capability[MAX_CAPABILITIES];
};

struct microsoft_os_20 {
    uint32_t dwWindowsVersion;
    char compatible_id[9], sub_compatible_id[9];
    uint16_t property_type;
    char property_name[MAX_DESCRIPTOR_TEXT]; /* ASCII, without the final 0 */
    char property[MAX_DESCRIPTOR_TEXT];      /* the first string of it */
    bool property_ends_twice;                /* REG_MULTI_SZ: an empty string ends the list */
};

struct microsoft_os_10 {
    unsigned functions;
    uint8_t bFirstInterfaceNumber;
    char compatible_id[9], sub_compatible_id[9];
};

/* All return NULL, or a sentence that says what is wrong. `length` is the number of bytes that came. */
const char *parse_device(const uint8_t *bytes, size_t length, struct device_descriptor *device);
const char *parse_configuration(const uint8_t *bytes, size_t length,
                                struct configuration_descriptor *configuration);
const char *parse_bos(const uint8_t *bytes, size_t length, struct bos_descriptor *bos);
/* Text must be ASCII here. */
const char *parse_string(const uint8_t *bytes, size_t length, char text[MAX_DESCRIPTOR_TEXT]);
/* With its scheme. */
const char *parse_webusb_url(const uint8_t *bytes, size_t length, char url[MAX_DESCRIPTOR_TEXT + 8]);
const char *parse_microsoft_os_20(const uint8_t *bytes, size_t length, struct microsoft_os_20 *set);
const char *parse_microsoft_os_10(const uint8_t *bytes, size_t length, struct microsoft_os_10 *id);
