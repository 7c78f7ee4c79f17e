/* A parser of what a USB device says of itself. */
#include "usb_descriptors.h"

#include <string.h>

/* bDescriptorType: USB 2.0 table 9-5, USB 3.2 table 9-6, DFU 1.1 4.1.3. */
enum {
    DEVICE = 1,
    CONFIGURATION,
    STRING,
    INTERFACE,
    ENDPOINT,
    BOS = 15,
    DEVICE_CAPABILITY,
    DFU_FUNCTIONAL = 0x21
};
enum { PLATFORM = 5, PLATFORM_HEADER = 20 };

static uint16_t u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t u32(const uint8_t *at)
{
    return u16(at) | (uint32_t)u16(at + 2) << 16;
}

static bool is_bcd(uint16_t value)
{
    for (unsigned shift = 0; shift < 16; shift += 4)
        if ((value >> shift & 15) > 9)
            return false;
    return true;
}

/* USB 2.0 table 9-8. */
const char *parse_device(const uint8_t *b, size_t length, struct device_descriptor *device)
{
    if (length != 18 || b[0] != 18)
        return "a device descriptor has 18 bytes";
    if (b[1] != DEVICE)
        return "bDescriptorType is not DEVICE";
    *device = (struct device_descriptor){
        .bcdUSB = u16(b + 2),
        .bDeviceClass = b[4],
        .bDeviceSubClass = b[5],
        .bDeviceProtocol = b[6],
        .bMaxPacketSize0 = b[7],
        .idVendor = u16(b + 8),
        .idProduct = u16(b + 10),
        .bcdDevice = u16(b + 12),
        .iManufacturer = b[14],
        .iProduct = b[15],
        .iSerialNumber = b[16],
        .bNumConfigurations = b[17],
    };
    if (!is_bcd(device->bcdUSB) || !is_bcd(device->bcdDevice))
        return "bcdUSB or bcdDevice is not BCD";
    if (b[7] != 8 && b[7] != 16 && b[7] != 32 && b[7] != 64)
        return "bMaxPacketSize0 is not 8, 16, 32 or 64";
    if (b[4] == 0 && b[5] != 0)
        return "bDeviceSubClass must be 0 when bDeviceClass is";
    return NULL;
}

/* USB 2.0 table 9-12. */
static const char *parse_interface(const uint8_t *b, struct configuration_descriptor *c)
{
    if (b[0] != 9)
        return "an interface descriptor has 9 bytes";
    if (c->alternates == MAX_ALTERNATES)
        return "more alternate settings than this parser holds";
    c->alternate[c->alternates++] = (struct interface_descriptor){b[2], b[3], b[4], b[5], b[6], b[7], b[8]};
    return b[2] >= c->bNumInterfaces ? "bInterfaceNumber is not below bNumInterfaces" : NULL;
}

/* DFU 1.1 4.1.3 */
static const char *parse_dfu(const uint8_t *b, struct configuration_descriptor *c)
{
    if (b[0] != 9)
        return "a DFU functional descriptor has 9 bytes";
    if (c->has_dfu)
        return "two DFU functional descriptors";
    if (b[2] & 0xF0)
        return "reserved bits of the DFU bmAttributes are set";
    c->has_dfu = true;
    c->dfu = (struct dfu_functional_descriptor){b[2], u16(b + 3), u16(b + 5), u16(b + 7)};
    return NULL;
}

/* USB 2.0 table 9-10 and 9.6.3: the whole of it, in order. */
const char *parse_configuration(const uint8_t *b, size_t length, struct configuration_descriptor *c)
{
    if (length < 9 || b[0] != 9 || b[1] != CONFIGURATION)
        return "it does not begin with a configuration descriptor of 9 bytes";
    *c = (struct configuration_descriptor){
        .wTotalLength = u16(b + 2),
        .bNumInterfaces = b[4],
        .bConfigurationValue = b[5],
        .iConfiguration = b[6],
        .bmAttributes = b[7],
        .bMaxPower = b[8],
    };
    if (c->wTotalLength != length)
        return "wTotalLength is not the number of bytes";
    if (!(b[7] & 0x80) || b[7] & 0x1F)
        return "reserved bits of bmAttributes: D7 must be 1, D4 to D0 0";
    if (b[5] == 0)
        return "bConfigurationValue 0 cannot be chosen";
    for (size_t at = 9; at < length; at += b[at]) {
        const char *error = NULL;

        if (b[at] < 2 || at + b[at] > length)
            return "a descriptor does not end where the configuration does";
        switch (b[at + 1]) {
        case INTERFACE: error = parse_interface(b + at, c); break;
        case DFU_FUNCTIONAL:
            error = c->alternates ? parse_dfu(b + at, c) : "a functional descriptor before its interface";
            break;
        default: error = "a descriptor that has no place in a DFU configuration";
        }
        if (error)
            return error;
    }
    /* one after another from 0: 9.6.5 */
    for (unsigned i = 0; i < c->alternates; i++)
        if (c->alternate[i].bInterfaceNumber == 0 && c->alternate[i].bAlternateSetting != i)
            return "alternate settings are not counted from 0";
    return NULL;
}

/* USB 3.2 9.6.2, table 9-13; WebUSB and Microsoft OS 2.0 use the platform capability. */
const char *parse_bos(const uint8_t *b, size_t length, struct bos_descriptor *bos)
{
    unsigned announced;

    if (length < 5 || b[0] != 5 || b[1] != BOS)
        return "it does not begin with a BOS descriptor of 5 bytes";
    *bos = (struct bos_descriptor){.wTotalLength = u16(b + 2)};
    announced = b[4];
    if (bos->wTotalLength != length)
        return "wTotalLength is not the number of bytes";
    for (size_t at = 5; at < length; at += b[at]) {
        struct platform_capability *capability = &bos->capability[bos->capabilities];

        if (b[at] < 3 || at + b[at] > length)
            return "a capability does not end where the BOS does";
        if (b[at + 1] != DEVICE_CAPABILITY)
            return "bDescriptorType is not DEVICE CAPABILITY";
        if (b[at + 2] != PLATFORM || b[at] < PLATFORM_HEADER)
            return "a capability that is not a platform one";
        if (b[at + 3] != 0)
            return "bReserved of a platform capability is not 0";
        if (bos->capabilities++ == MAX_CAPABILITIES)
            return "more capabilities than this parser holds";
        memcpy(capability->uuid, b + at + 4, sizeof capability->uuid);
        capability->data = b + at + PLATFORM_HEADER;
        capability->length = (uint8_t)(b[at] - PLATFORM_HEADER);
    }
    return bos->capabilities == announced ? NULL : "bNumDeviceCaps is not the number of capabilities";
}

/* USB 2.0 9.6.7: UTF-16LE without a final 0. */
const char *parse_string(const uint8_t *b, size_t length, char text[MAX_DESCRIPTOR_TEXT])
{
    if (length < 2 || b[0] != length || length % 2)
        return "bLength is not the number of bytes, or is odd";
    if (b[1] != STRING)
        return "bDescriptorType is not STRING";
    for (size_t i = 2; i < length; i += 2) {
        if (b[i + 1] != 0 || b[i] < 0x20 || b[i] > 0x7E)
            return "a character that is not printable ASCII";
        text[i / 2 - 1] = (char)b[i];
    }
    text[length / 2 - 1] = '\0';
    return NULL;
}

/* WebUSB 4.3.1. */
const char *parse_webusb_url(const uint8_t *b, size_t length, char url[MAX_DESCRIPTOR_TEXT + 8])
{
    enum { WEBUSB_URL = 3, HEADER = 3 };
    static const char *const schemes[] = {"http://", "https://"};

    if (length < HEADER || b[0] != length)
        return "bLength is not the number of bytes";
    if (b[1] != WEBUSB_URL)
        return "bDescriptorType is not WEBUSB_URL";
    if (b[2] > 1 && b[2] != 255)
        return "bScheme is none of http, https, or none";
    const char *scheme = b[2] == 255 ? "" : schemes[b[2]];
    size_t at = strlen(scheme);
    memcpy(url, scheme, at);
    memcpy(url + at, b + HEADER, length - HEADER);
    url[at + length - HEADER] = '\0';
    return NULL;
}

/* Eight bytes of capitals, digits and underscores, filled up with 0. */
static const char *take_id(const uint8_t *b, char id[9])
{
    size_t used = strnlen((const char *)b, 8);

    for (size_t i = 0; i < 8; i++) {
        bool allowed = (b[i] >= 'A' && b[i] <= 'Z') || (b[i] >= '0' && b[i] <= '9') || b[i] == '_';
        if (i < used ? !allowed : b[i] != 0)
            return "an ID that is not of capitals, digits and underscores, filled up with zeros";
    }
    memcpy(id, b, 8);
    id[8] = '\0';
    return NULL;
}

/* UTF-16LE up to its final 0; returns the bytes it took with it, 0: none there. */
static size_t take_utf16(const uint8_t *b, size_t length, char text[MAX_DESCRIPTOR_TEXT])
{
    for (size_t i = 0; i + 1 < length && i / 2 < MAX_DESCRIPTOR_TEXT; i += 2) {
        text[i / 2] = (char)b[i];
        if (b[i + 1] != 0)
            return 0;
        if (b[i] == 0)
            return i + 2;
    }
    return 0;
}

/* Table 15: registry property. */
static const char *parse_property(const uint8_t *b, uint16_t wLength, struct microsoft_os_20 *set)
{
    enum { REG_SZ = 1, REG_MULTI_SZ = 7, HEADER = 10 };
    uint16_t name = u16(b + 6), data;

    set->property_type = u16(b + 4);
    if (set->property_type != REG_SZ && set->property_type != REG_MULTI_SZ)
        return "wPropertyDataType is neither REG_SZ nor REG_MULTI_SZ";
    if (HEADER + name > wLength)
        return "wPropertyNameLength is too large";
    data = u16(b + 8 + name);
    if (HEADER + name + data != wLength)
        return "the lengths of name and data do not add up to wLength";
    if (take_utf16(b + 8, name, set->property_name) != name)
        return "the property name does not end with 0 where it should";
    size_t first = take_utf16(b + HEADER + name, data, set->property);
    if (!first)
        return "the property data has no final 0";
    set->property_ends_twice = first + 2 == data && u16(b + HEADER + name + first) == 0;
    return NULL;
}

/* Microsoft OS 2.0 Descriptors Specification, tables 10, 13, 15. A device without functions of its own: the
 * features follow the header of the set. */
const char *parse_microsoft_os_20(const uint8_t *b, size_t length, struct microsoft_os_20 *set)
{
    enum { SET_HEADER = 0, COMPATIBLE_ID = 3, REGISTRY_PROPERTY = 4 };
    bool ids = false, properties = false;

    *set = (struct microsoft_os_20){0};
    if (length < 10 || u16(b) != 10 || u16(b + 2) != SET_HEADER)
        return "it does not begin with a descriptor set header of 10 bytes";
    set->dwWindowsVersion = u32(b + 4);
    if (u16(b + 8) != length)
        return "wTotalLength is not the number of bytes";
    for (size_t at = 10; at < length; at += u16(b + at)) {
        const char *error = NULL;
        uint16_t wLength = length - at < 4 ? 0 : u16(b + at);

        if (wLength < 4 || at + wLength > length)
            return "a descriptor does not end where the set does";
        switch (u16(b + at + 2)) {
        case COMPATIBLE_ID:
            if (wLength != 20 || ids)
                return "a compatible ID descriptor has 20 bytes, and there is one";
            ids = true;
            error = take_id(b + at + 4, set->compatible_id);
            if (!error)
                error = take_id(b + at + 12, set->sub_compatible_id);
            break;
        case REGISTRY_PROPERTY:
            if (wLength < 10 || properties)
                return "a registry property has 10 bytes or more, and there is one";
            properties = true;
            error = parse_property(b + at, wLength, set);
            break;
        default: error = "a descriptor that has no place here";
        }
        if (error)
            return error;
    }
    return ids && properties ? NULL : "compatible ID or registry property is missing";
}

/* Extended Compat ID OS Feature Descriptor Specification. */
const char *parse_microsoft_os_10(const uint8_t *b, size_t length, struct microsoft_os_10 *id)
{
    enum { HEADER = 16, FUNCTION = 24, EXTENDED_COMPAT_ID = 4 };

    if (length != HEADER + FUNCTION || u32(b) != length)
        return "dwLength is not the number of bytes, or not that of one function";
    if (u16(b + 4) != 0x0100 || u16(b + 6) != EXTENDED_COMPAT_ID)
        return "bcdVersion is not 1.0 or wIndex not 4";
    for (unsigned i = 9; i < HEADER; i++)
        if (b[i] != 0)
            return "reserved bytes of the header are not 0";
    for (unsigned i = HEADER + 18; i < HEADER + FUNCTION; i++)
        if (b[i] != 0)
            return "reserved bytes of the function are not 0";
    if (b[HEADER + 1] != 1)
        return "the byte after bFirstInterfaceNumber must be 1";
    id->functions = b[8];
    id->bFirstInterfaceNumber = b[HEADER];
    const char *error = take_id(b + HEADER + 2, id->compatible_id);
    return error ? error : take_id(b + HEADER + 10, id->sub_compatible_id);
}
