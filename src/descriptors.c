/* What the device says of itself. Each descriptor is laid out as the table of its specification. */
#include "descriptors.h"

#include "big.h" // BIG

#include "port.h" // port_unique_id

#define PACKED     __attribute__((packed))
#define U16(value) (value) & 0xFF, (value) >> 8
#define U32(value) U16(0xFFFF & (value)), U16((value) >> 16)

/* Descriptor types, USB 2.0 table 9-5 and USB 3.2 table 9-6. */
enum { DEVICE = 1, CONFIGURATION, STRING, INTERFACE, BOS = 15, DEVICE_CAPABILITY, DFU_FUNCTIONAL = 0x21 };
enum { STRING_MICROSOFT = 0xEE, US_ENGLISH = 0x0409 };
/* wIndex of the vendor requests; index of the landing page. */
enum { WEBUSB_GET_URL = 2, MS_COMPATIBLE_ID = 4, MS_OS_20_DESCRIPTOR = 7, LANDING_PAGE = 1 };
/* Windows 8.1, the first that knows Microsoft OS 2.0 descriptors. */
#define WINDOWS_VERSION 0x06030000

enum { CONFIGURATION_LENGTH = 9 + 9 * (USB_DFU_ALTN + 1) + 9, MILLIAMPERES = 100, DETACH_TIMEOUT_MS = 1000 };
#define ALTERNATE(number, name) 9, INTERFACE, 0, number, 0, 0xFE, 1, 2, name

/* Microsoft OS 2.0 Descriptors Specification, tables 10, 13 and 15. */
struct PACKED microsoft_os_20 {
    struct PACKED {
        uint16_t wLength, wDescriptorType;
        uint32_t dwWindowsVersion;
        uint16_t wTotalLength;
    } header;
    struct PACKED {
        uint16_t wLength, wDescriptorType;
        char CompatibleID[8], SubCompatibleID[8];
    } compatible_id;
    /* every second byte of it, as the others are 0: wLength, wDescriptorType... are small, the texts ASCII */
    struct PACKED {
        uint8_t wLength, wDescriptorType, wPropertyDataType, wPropertyNameLength;
        char PropertyName[21];
        uint8_t wPropertyDataLength;
        char PropertyData[40];
    } property;
};
enum { PROPERTY_LENGTH = 2 * sizeof((struct microsoft_os_20 *)0)->property };
enum { MICROSOFT_OS_20_LENGTH = offsetof(struct microsoft_os_20, property) + PROPERTY_LENGTH };
enum { COMPATIBLE_ID = 3, REGISTRY_PROPERTY = 4, REG_MULTI_SZ = 7 };

/* Microsoft OS 1.0 extended compatible ID. */
struct PACKED microsoft_os_10 {
    uint32_t dwLength;
    uint16_t bcdVersion, wIndex;
    uint8_t bCount, reserved[7], bFirstInterfaceNumber, reserved1;
    char compatibleID[8], subCompatibleID[8];
    uint8_t reserved2[6];
};

/* WebUSB, URL descriptor. */
struct PACKED landing_page {
    uint8_t bLength, bDescriptorType, bScheme;
    char URL[sizeof LANDING_PAGE_URL - 1];
};
enum { URL = 3, HTTPS = 1 };
_Static_assert(sizeof(struct landing_page) <= 255,
               "LANDING_PAGE_URL must not be longer than 252 characters.");

/* fwupd's DS20: what contrib/fwupd says and fwupd cannot tell from the interface's class and the strings. */
static const char ds20[] = "Flags=ignore-upload,manifest-poll,no-bus-reset-attach,will-disappear\n"
                           "VersionFormat=triplet\n"
                           "Version=0.0.0\n";
enum { DS20_LENGTH = sizeof ds20 - 1, DS20_DESCRIPTOR = 7 };
/* 1.8.5, the first fwupd that knows it. */
#define FWUPD_VERSION 0x00010805

enum { PLATFORM = 5, WEBUSB_CAPABILITY = 24, MICROSOFT_CAPABILITY = 28, DS20_CAPABILITY = 28 };
enum { BOS_LENGTH = 5 + WEBUSB_CAPABILITY + MICROSOFT_CAPABILITY + HAVE_DS20 * DS20_CAPABILITY };

/* Descriptors by type and index, vendor requests by wIndex and wValue. */
#define DESCRIPTOR(type, index)    ((type) << 8 | (index))
#define VENDOR_KEY(wIndex, wValue) ((wIndex) | (wValue) << 4)
#define IS_TEXT(key)               ((key) >> 8 == STRING && (key) % 256 != STRING_LANGUAGES)

/* Why an image was refused. */
#define NOT_SIGNED_TEXT       "not signed for this product"
#define OLDER_VERSION_TEXT    "older than what was installed"
#define FORGED_SIGNATURE_TEXT "not signed by the maker"

/* Everything that can be asked for, one behind the other. Texts are sent in UTF-16:
 * with a 0 behind each letter. */
#define RECORD(...)                                                                                          \
    struct PACKED {                                                                                          \
        uint16_t key;                                                                                        \
        uint8_t length;                                                                                      \
        __typeof__(__VA_ARGS__) data;                                                                        \
    }
#define BYTES(count) RECORD(uint8_t[count])
/* USB 2.0 table 9-16 */
#define TEXT(ascii)                                                                                          \
    RECORD(struct PACKED {                                                                                   \
        uint8_t bLength, bDescriptorType;                                                                    \
        char bString[sizeof(ascii) - 1];                                                                     \
    })
#define STRING_DESCRIPTOR(ascii)                                                                             \
    {                                                                                                        \
        2 * sizeof(ascii), STRING, ascii                                                                     \
    }
static const struct PACKED {
    BYTES(18) device;
    BYTES(CONFIGURATION_LENGTH) configuration;
    BYTES(BOS_LENGTH) bos;
    BYTES(4) languages;
    TEXT(USB_VENDOR_STRING) vendor;
    TEXT(USB_PRODUCT_STRING) product;
    TEXT(USB_INTERFACE_STRING) interface;
    TEXT("MSFT100!") microsoft;
#if SIGNED
    TEXT(NOT_SIGNED_TEXT) not_signed;
    TEXT(OLDER_VERSION_TEXT) older_version;
    TEXT(FORGED_SIGNATURE_TEXT) forged_signature;
#endif
    RECORD(struct landing_page) landing_page;
    RECORD(struct microsoft_os_10) microsoft_os_10;
    RECORD(struct microsoft_os_20) microsoft_os_20;
} records = {
#define HEAD(name, key) key, sizeof records.name.data
    /* USB 2.0 table 9-8 */
    .device = {HEAD(device, DESCRIPTOR(DEVICE, 0)),
               {18, DEVICE, U16(0x0210), 0, 0, 0, PORT_USB_PACKET, U16(USB_VID), U16(USB_PID), U16(VERSION),
                STRING_VENDOR, STRING_PRODUCT, STRING_SERIAL, 1}},
    /* USB 2.0 tables 9-10 and 9-12, DFU 1.1 tables 4.4 and 4.2 */
    /* clang-format off */
    .configuration = {HEAD(configuration, DESCRIPTOR(CONFIGURATION, 0)), {
        9, CONFIGURATION, U16(CONFIGURATION_LENGTH), 1, 1, 0, 0x80, MILLIAMPERES / 2,
#if USB_DFU_ALTN > 0
        ALTERNATE(0, 0),
#endif
#if USB_DFU_ALTN > 1
        ALTERNATE(1, 0),
#endif
#if USB_DFU_ALTN > 2
        ALTERNATE(2, 0),
#endif
#if USB_DFU_ALTN > 3
        ALTERNATE(3, 0),
#endif
#if USB_DFU_ALTN > 4
        ALTERNATE(4, 0),
#endif
#if USB_DFU_ALTN > 5
        ALTERNATE(5, 0),
#endif
#if USB_DFU_ALTN > 6
        ALTERNATE(6, 0),
#endif
        ALTERNATE(USB_DFU_ALTN, STRING_INTERFACE),
        9, DFU_FUNCTIONAL, DFU_DOWNLOAD_AVAILABLE | DFU_UPLOAD_AVAILABLE << 1 | 1 << 2 | DFU_WILL_DETACH << 3,
        U16(DETACH_TIMEOUT_MS), U16(TARGET_DFU_WTRANSFERSIZE), U16(0x0110),
    }},
    /* USB 3.2 tables 9-12 and 9-13; WebUSB; Microsoft OS 2.0 table 4; fwupd, BOS DS20 */
    .bos = {HEAD(bos, DESCRIPTOR(BOS, 0)), {
        5, BOS, U16(BOS_LENGTH), 2 + HAVE_DS20,
        WEBUSB_CAPABILITY, DEVICE_CAPABILITY, PLATFORM, 0,
        0x38, 0xB6, 0x08, 0x34, 0xA9, 0x09, 0xA0, 0x47, 0x8B, 0xFD, 0xA0, 0x76, 0x88, 0x15, 0xB6, 0x65,
        U16(0x0100), VENDOR_REQUEST, LANDING_PAGE,
        MICROSOFT_CAPABILITY, DEVICE_CAPABILITY, PLATFORM, 0,
        0xDF, 0x60, 0xDD, 0xD8, 0x89, 0x45, 0xC7, 0x4C, 0x9C, 0xD2, 0x65, 0x9D, 0x9E, 0x64, 0x8A, 0x9F,
        U32(WINDOWS_VERSION), U16(MICROSOFT_OS_20_LENGTH), VENDOR_REQUEST, 0,
#if HAVE_DS20
        DS20_CAPABILITY, DEVICE_CAPABILITY, PLATFORM, 0,
        0x63, 0xEC, 0x0A, 0x01, 0x74, 0xF5, 0xCD, 0x52, 0x9D, 0xDA, 0x28, 0x52, 0x55, 0x0D, 0x94, 0xF0,
        U32(FWUPD_VERSION), U16(DS20_LENGTH), DS20_REQUEST, 0,
#endif
    }},
    /* clang-format on */
    .languages = {HEAD(languages, DESCRIPTOR(STRING, STRING_LANGUAGES)), {4, STRING, U16(US_ENGLISH)}},
    .vendor = {HEAD(vendor, DESCRIPTOR(STRING, STRING_VENDOR)), STRING_DESCRIPTOR(USB_VENDOR_STRING)},
    .product = {HEAD(product, DESCRIPTOR(STRING, STRING_PRODUCT)), STRING_DESCRIPTOR(USB_PRODUCT_STRING)},
    .interface = {HEAD(interface, DESCRIPTOR(STRING, STRING_INTERFACE)),
                  STRING_DESCRIPTOR(USB_INTERFACE_STRING)},
    .microsoft = {HEAD(microsoft, DESCRIPTOR(STRING, STRING_MICROSOFT)), STRING_DESCRIPTOR("MSFT100!")},
#if SIGNED
    .not_signed = {HEAD(not_signed, DESCRIPTOR(STRING, NOT_SIGNED >> 8)), STRING_DESCRIPTOR(NOT_SIGNED_TEXT)},
    .older_version = {HEAD(older_version, DESCRIPTOR(STRING, OLDER_VERSION >> 8)),
                      STRING_DESCRIPTOR(OLDER_VERSION_TEXT)},
    .forged_signature = {HEAD(forged_signature, DESCRIPTOR(STRING, FORGED_SIGNATURE >> 8)),
                         STRING_DESCRIPTOR(FORGED_SIGNATURE_TEXT)},
#endif
    .landing_page = {HEAD(landing_page, VENDOR_KEY(WEBUSB_GET_URL, LANDING_PAGE)),
                     {sizeof(struct landing_page), URL, HTTPS, LANDING_PAGE_URL}},
    .microsoft_os_10 =
        {HEAD(microsoft_os_10, VENDOR_KEY(MS_COMPATIBLE_ID, 0)),
         {sizeof(struct microsoft_os_10), 0x0100, MS_COMPATIBLE_ID, 1, {0}, 0, 1, "WINUSB", "", {0}}},
    .microsoft_os_20 =
        {HEAD(microsoft_os_20, VENDOR_KEY(MS_OS_20_DESCRIPTOR, 0)),
         {{sizeof records.microsoft_os_20.data.header, 0, WINDOWS_VERSION, MICROSOFT_OS_20_LENGTH},
          {sizeof records.microsoft_os_20.data.compatible_id, COMPATIBLE_ID, "WINUSB", ""},
          {PROPERTY_LENGTH, REGISTRY_PROPERTY, REG_MULTI_SZ,
           2 * sizeof records.microsoft_os_20.data.property.PropertyName, "DeviceInterfaceGUIDs",
           2 * sizeof records.microsoft_os_20.data.property.PropertyData,
           "{7D1AB3C6-42F1-4C0E-9E55-5C3B0C7A6F21}\0"}}},
};

enum { HEAD_LENGTH = 3, HEAD_OF_TEXT = 2, MICROSOFT_KEY = VENDOR_KEY(MS_OS_20_DESCRIPTOR, 0) };
enum { SERIAL_BYTES = 12, SERIAL_DIGITS = 2 * SERIAL_BYTES, MAX_TEXT = 126 };
/* A letter that UTF-8 needs several bytes for is fewer units in UTF-16. */
#define IS_ASCII(name) (sizeof(u"" name) == 2 * sizeof name)
#define CHECK_TEXT(name)                                                                                     \
    _Static_assert(sizeof name - 1 <= MAX_TEXT, #name " must not be longer than 126 characters.");           \
    _Static_assert(IS_ASCII(name), #name " must be ASCII.")
CHECK_TEXT(USB_VENDOR_STRING);
CHECK_TEXT(USB_PRODUCT_STRING);
CHECK_TEXT(USB_INTERFACE_STRING);
_Static_assert(IS_ASCII(LANDING_PAGE_URL), "LANDING_PAGE_URL must be ASCII: write %20 and the like.");
_Static_assert(__builtin_strncmp(LANDING_PAGE_URL, "http://", 7) &&
                   __builtin_strncmp(LANDING_PAGE_URL, "https://", 8),
               "LANDING_PAGE_URL must not begin with a scheme: https:// is implied.");

/* What was asked for last. */
static uint8_t descriptor[255] BIG;

/* `length` bytes, behind each from the `plain` first on a 0. */
static enum usb_answer reply_wide(struct usb_request *request, const uint8_t *from, uint32_t plain,
                                  uint32_t length)
{
    uint8_t *to = descriptor;

    for (uint32_t i = 0; i < length; i++) {
        *to++ = from[i];
        if (i >= plain)
            *to++ = 0;
    }
    return usb_reply(request, descriptor, to - descriptor);
}

static enum usb_answer reply_serial_number(struct usb_request *request)
{
    uint8_t text[HEAD_OF_TEXT + SERIAL_DIGITS];

    text[0] = HEAD_OF_TEXT + 2 * SERIAL_DIGITS;
    text[1] = STRING;
    for (uint32_t i = 0; i < SERIAL_DIGITS; i++) {
        uint8_t digit = port_unique_id(i / 2) >> (i % 2 ? 0 : 4) & 15;

        text[HEAD_OF_TEXT + i] = digit < 10 ? '0' + digit : 'A' - 10 + digit;
    }
    return reply_wide(request, text, HEAD_OF_TEXT, sizeof text);
}

static enum usb_answer reply(struct usb_request *request, uint32_t key)
{
    const uint8_t *record = (const uint8_t *)&records;

    for (; record < (const uint8_t *)(&records + 1); record += HEAD_LENGTH + record[2])
        if ((uint32_t)(record[0] | record[1] << 8) == key)
            return reply_wide(request, record + HEAD_LENGTH,
                              IS_TEXT(key)           ? HEAD_OF_TEXT
                              : key == MICROSOFT_KEY ? offsetof(struct microsoft_os_20, property)
                                                     : record[2],
                              record[2]);
    return USB_STALL;
}

enum usb_answer descriptor_reply(struct usb_request *request)
{
    uint16_t value = request->setup.wValue;

    if (value == DESCRIPTOR(STRING, STRING_SERIAL))
        return reply_serial_number(request);
    return value < DESCRIPTOR(DEVICE, 0) ? USB_STALL : reply(request, value);
}

enum usb_answer descriptor_reply_vendor(struct usb_request *request)
{
    if ((request->setup.wIndex | request->setup.wValue) > 15)
        return USB_STALL;
    return reply(request, VENDOR_KEY(request->setup.wIndex, request->setup.wValue));
}

enum usb_answer descriptor_reply_ds20(struct usb_request *request)
{
    if (request->setup.wIndex != DS20_DESCRIPTOR || request->setup.wValue != 0)
        return USB_STALL;
    return usb_reply(request, ds20, DS20_LENGTH);
}
