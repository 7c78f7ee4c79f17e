/* What the device says of itself, field by field, as the specifications have it. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"
#include "usb_descriptors.h"

enum { DEVICE = 1, CONFIGURATION, STRING, BOS = 15 };
enum { WEBUSB_GET_URL = 2, MS_OS_10_COMPATIBLE_ID = 4, MS_OS_20_DESCRIPTOR_INDEX = 7 };
enum { ENGLISH = 0x0409, WINDOWS_8_1 = 0x06030000, REG_MULTI_SZ = 7 };

static struct rig rig;
static uint8_t data[65536];
static uint32_t length;

static int new_rig(void **state)
{
    (void)state;
    rig = rig_new("BLUEPILL");
    assert_true(rig_enter_dfu(&rig));
    return 0;
}

static int free_rig(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

static void right(const char *error)
{
    if (error)
        fail_msg("%s", error);
}

static void get(uint8_t type, uint8_t index, uint16_t language)
{
    enum usb_host_status status =
        rig_request(&rig, 0x80, 6, (uint16_t)(type << 8 | index), language, sizeof data - 1, data, &length);
    if (status != USB_DONE)
        fail_msg("descriptor type %u index %u: result %u", type, index, status);
}

static void get_text(uint8_t index, char text[MAX_DESCRIPTOR_TEXT])
{
    get(STRING, index, ENGLISH);
    right(parse_string(data, length, text));
}

static struct device_descriptor get_device(void)
{
    struct device_descriptor device;

    get(DEVICE, 0, 0);
    right(parse_device(data, length, &device));
    return device;
}

/* Spec: full speed, one configuration, endpoint 0 of 64 bytes, bcdUSB 2.10, 1209:DB42. */
static void the_device_descriptor_is_that_of_dapboot(void **state)
{
    (void)state;
    struct device_descriptor device = get_device();

    assert_int_equal(device.bcdUSB, 0x0210); /* with a BOS: WebUSB, Microsoft OS 2.0 */
    assert_int_equal(device.bDeviceClass, 0);
    assert_int_equal(device.bDeviceProtocol, 0);
    assert_int_equal(device.bMaxPacketSize0, 64);
    assert_int_equal(device.idVendor, 0x1209);
    assert_int_equal(device.idProduct, 0xDB42);
    assert_int_equal(device.bNumConfigurations, 1);
    assert_int_not_equal(device.iManufacturer, 0);
    assert_int_not_equal(device.iProduct, 0);
    assert_int_not_equal(device.iSerialNumber, 0);
}

static struct configuration_descriptor get_configuration(void)
{
    struct configuration_descriptor configuration;

    get(CONFIGURATION, 0, 0);
    right(parse_configuration(data, length, &configuration));
    return configuration;
}

static void every_target_describes_one_dfu_interface_without_endpoints(void **state)
{
    (void)state;
    for (const char *const *target = rig_targets; *target; target++) {
        rig_free(&rig);
        rig = rig_new(*target);
        assert_true(rig_enter_dfu(&rig));
        bool skr = strncmp(*target, "BTT", 3) == 0;
        struct configuration_descriptor c = get_configuration();

        assert_int_equal(c.bNumInterfaces, 1);
        assert_int_equal(c.bConfigurationValue, 1);
        assert_int_equal(c.bmAttributes, 0x80);      /* powered by the bus, no remote wake-up */
        assert_in_range(c.bMaxPower, 25, 250);       /* 50 to 500 mA */
        assert_int_equal(c.alternates, skr ? 3 : 1); /* spec 2: alternate setting 2 */
        for (unsigned i = 0; i < c.alternates; i++) {
            assert_int_equal(c.alternate[i].bInterfaceNumber, 0);
            assert_int_equal(c.alternate[i].bNumEndpoints, 0);
            assert_int_equal(c.alternate[i].bInterfaceClass, 0xFE);
            assert_int_equal(c.alternate[i].bInterfaceSubClass, 1);
            assert_int_equal(c.alternate[i].bInterfaceProtocol, 2); /* DFU mode */
        }
        assert_true(c.has_dfu);
        /* bitCanDnload, bitCanUpload, bitManifestationTolerant, and bitWillDetach but on the SKR mini */
        assert_int_equal(c.dfu.bmAttributes, skr ? 7 : 15);
        assert_int_equal(c.dfu.wTransferSize, rig.transfer_size);
        assert_int_equal(c.dfu.bcdDFUVersion, 0x0110);
        assert_int_not_equal(c.dfu.wDetachTimeOut, 0);

        char text[MAX_DESCRIPTOR_TEXT];
        get_text(get_device().iProduct, text);
        assert_string_equal(text, rig_is_high(*target) ? "DAPBoot High-Memory DFU Bootloader"
                                                       : "DAPBoot DFU Bootloader");
    }
}

static void the_languages_are_english(void **state)
{
    (void)state;
    get(STRING, 0, 0);
    assert_int_equal(length, 4);
    assert_int_equal(data[0], 4);
    assert_int_equal(data[1], STRING);
    assert_int_equal(data[2] | data[3] << 8, ENGLISH);
}

static void every_string_index_in_use_has_a_string(void **state)
{
    (void)state;
    struct device_descriptor device = get_device();
    struct configuration_descriptor c = get_configuration();
    char text[MAX_DESCRIPTOR_TEXT];

    get_text(device.iManufacturer, text);
    assert_string_equal(text, "dapboot");
    get_text(c.alternate[c.alternates - 1].iInterface, text);
    assert_string_equal(text, "DAPBoot DFU");
    if (c.iConfiguration)
        get_text(c.iConfiguration, text);
}

static void the_serial_number_is_the_unique_id_in_memory_order(void **state)
{
    (void)state;
    static const uint8_t ids[][12] = {
        {0x35, 0xFF, 0xD8, 0x05, 0x42, 0x4E, 0x36, 0x33, 0x51, 0x27, 0x09, 0x43},
        {0x00, 0x01, 0x0A, 0xA0, 0x9F, 0xF9, 0xAB, 0xCD, 0xEF, 0x10, 0x80, 0xFF},
        {0},
    };

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct chip_config config = rig_config("BLUEPILL");
        char expected[25], text[MAX_DESCRIPTOR_TEXT];

        memcpy(config.unique_id, ids[i], 12);
        rig_free(&rig);
        rig = rig_new_with("BLUEPILL", &config);
        assert_true(rig_enter_dfu(&rig));
        for (unsigned b = 0; b < 12; b++)
            snprintf(expected + 2 * b, 3, "%02X", ids[i][b]);
        get_text(get_device().iSerialNumber, text);
        assert_string_equal(text, expected);
    }
}

static const struct platform_capability *find(const struct bos_descriptor *bos, const uint8_t uuid[16])
{
    for (unsigned i = 0; i < bos->capabilities; i++)
        if (memcmp(bos->capability[i].uuid, uuid, 16) == 0)
            return &bos->capability[i];
    fail_msg("the BOS has no such platform capability");
    return NULL;
}

/* {3408B638-09A9-47A0-8BFD-A0768815B665}, the first three groups little-endian (RFC 4122). */
static void webusb_leads_to_the_landing_page(void **state)
{
    (void)state;
    static const uint8_t uuid[16] = {0x38, 0xB6, 0x08, 0x34, 0xA9, 0x09, 0xA0, 0x47,
                                     0x8B, 0xFD, 0xA0, 0x76, 0x88, 0x15, 0xB6, 0x65};
    struct bos_descriptor bos;
    char url[MAX_DESCRIPTOR_TEXT + 8];

    get(BOS, 0, 0);
    right(parse_bos(data, length, &bos));
    const struct platform_capability *webusb = find(&bos, uuid);
    assert_int_equal(webusb->length, 4);
    assert_int_equal(webusb->data[0] | webusb->data[1] << 8, 0x0100); /* bcdVersion */
    uint8_t bVendorCode = webusb->data[2], iLandingPage = webusb->data[3];
    assert_int_not_equal(iLandingPage, 0);
    assert_int_equal(rig_request(&rig, 0xC0, bVendorCode, iLandingPage, WEBUSB_GET_URL, 255, data, &length),
                     USB_DONE);
    right(parse_webusb_url(data, length, url));
    assert_string_equal(url, "https://devanlai.github.io/webdfu/dfu-util/");
    /* WebUSB 4.2: an index without a URL stalls */
    static const uint16_t none[] = {0, 2, 255, 257};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(rig_request(&rig, 0xC0, bVendorCode, none[i], WEBUSB_GET_URL, 255, data, NULL),
                         USB_STALLED);
}

/* {D8DD60DF-4589-4CC7-9CD2-659D9E648A9F} */
static void microsoft_os_20_descriptors_ask_for_winusb_and_an_interface_guid(void **state)
{
    (void)state;
    static const uint8_t uuid[16] = {0xDF, 0x60, 0xDD, 0xD8, 0x89, 0x45, 0xC7, 0x4C,
                                     0x9C, 0xD2, 0x65, 0x9D, 0x9E, 0x64, 0x8A, 0x9F};
    struct bos_descriptor bos;
    struct microsoft_os_20 set;

    get(BOS, 0, 0);
    right(parse_bos(data, length, &bos));
    const struct platform_capability *microsoft = find(&bos, uuid);
    assert_int_equal(microsoft->length, 8); /* one set */
    assert_int_equal(microsoft->data[0] | microsoft->data[1] << 8 | microsoft->data[2] << 16 |
                         microsoft->data[3] << 24,
                     WINDOWS_8_1);
    uint16_t wTotalLength = (uint16_t)(microsoft->data[4] | microsoft->data[5] << 8);
    uint8_t bMS_VendorCode = microsoft->data[6];
    assert_int_equal(microsoft->data[7], 0); /* bAltEnumCode: no alternate enumeration */

    /* Windows asks for exactly as much as was announced */
    assert_int_equal(
        rig_request(&rig, 0xC0, bMS_VendorCode, 0, MS_OS_20_DESCRIPTOR_INDEX, wTotalLength, data, &length),
        USB_DONE);
    assert_int_equal(length, wTotalLength);
    right(parse_microsoft_os_20(data, length, &set));
    assert_int_equal(set.dwWindowsVersion, WINDOWS_8_1);
    assert_string_equal(set.compatible_id, "WINUSB");
    assert_string_equal(set.sub_compatible_id, "");
    assert_int_equal(set.property_type, REG_MULTI_SZ);
    assert_string_equal(set.property_name, "DeviceInterfaceGUIDs");
    assert_true(set.property_ends_twice);
    assert_int_equal(strlen(set.property), 38);
    for (unsigned i = 0; i < 38; i++) {
        char expected = i == 0 ? '{' : i == 37 ? '}' : i == 9 || i == 14 || i == 19 || i == 24 ? '-' : 'h';
        if (expected == 'h' ? !isxdigit((unsigned char)set.property[i]) : set.property[i] != expected)
            fail_msg("\"%s\" is not a GUID", set.property);
    }
}

/* The string of index 0xEE, then the extended compatible ID. */
static void microsoft_os_10_descriptors_ask_for_winusb(void **state)
{
    (void)state;
    struct microsoft_os_10 id;

    get(STRING, 0xEE, 0);
    assert_int_equal(length, 18);
    assert_int_equal(data[0], 18);
    assert_int_equal(data[1], STRING);
    for (unsigned i = 0; i < 7; i++)
        assert_int_equal(data[2 + 2 * i] | data[3 + 2 * i] << 8, "MSFT100"[i]);
    uint8_t bMS_VendorCode = data[16];
    assert_int_equal(data[17], 0);

    /* Windows reads the header, then the whole */
    assert_int_equal(rig_request(&rig, 0xC0, bMS_VendorCode, 0, MS_OS_10_COMPATIBLE_ID, 16, data, &length),
                     USB_DONE);
    assert_int_equal(length, 16);
    assert_int_equal(rig_request(&rig, 0xC0, bMS_VendorCode, 0, MS_OS_10_COMPATIBLE_ID, 40, data, &length),
                     USB_DONE);
    right(parse_microsoft_os_10(data, length, &id));
    assert_int_equal(id.functions, 1);
    assert_int_equal(id.bFirstInterfaceNumber, 0);
    assert_string_equal(id.compatible_id, "WINUSB");
    assert_string_equal(id.sub_compatible_id, "");
}

static void vendor_requests_that_nobody_defined_stall(void **state)
{
    (void)state;
    static const uint8_t known[] = {WEBUSB_GET_URL, MS_OS_10_COMPATIBLE_ID, MS_OS_20_DESCRIPTOR_INDEX};

    for (uint16_t wIndex = 0; wIndex < 300; wIndex++) {
        if (wIndex < 256 && memchr(known, wIndex, sizeof known))
            continue;
        for (uint16_t wValue = 0; wValue < 3; wValue++)
            assert_int_equal(rig_request(&rig, 0xC0, '!', wValue, wIndex, 255, data, NULL), USB_STALLED);
    }
    for (unsigned bRequest = 0; bRequest < 256; bRequest++)
        if (bRequest != '!')
            assert_int_equal(rig_request(&rig, 0xC0, (uint8_t)bRequest, 0, 7, 255, data, NULL), USB_STALLED);
    assert_int_equal(rig_request(&rig, 0x40, '!', 0, 7, 0, NULL, NULL), USB_STALLED);
    /* MS_OS_20_SET_ALT_ENUMERATION was not announced */
    assert_int_equal(rig_request(&rig, 0x40, '!', 0, 8, 0, NULL, NULL), USB_STALLED);
}

static void every_answer_can_be_read_in_part(void **state)
{
    (void)state;
    static const struct {
        uint8_t type, bRequest;
        uint16_t wValue, wIndex;
    } requests[] = {
        {0x80, 6, 0x0100, 0},       {0x80, 6, 0x0200, 0},       {0x80, 6, 0x0300, 0},
        {0x80, 6, 0x0301, ENGLISH}, {0x80, 6, 0x0302, ENGLISH}, {0x80, 6, 0x0303, ENGLISH},
        {0x80, 6, 0x0304, ENGLISH}, {0x80, 6, 0x03EE, 0},       {0x80, 6, 0x0F00, 0},
        {0xC0, '!', 1, 2},          {0xC0, '!', 0, 4},          {0xC0, '!', 0, 7},
    };
    uint8_t whole[512];
    uint32_t all;

    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        assert_int_equal(rig_request(&rig, requests[i].type, requests[i].bRequest, requests[i].wValue,
                                     requests[i].wIndex, sizeof whole, whole, &all),
                         USB_DONE);
        for (uint16_t wLength = 0; wLength <= all + 2; wLength++) {
            memset(data, 0x5A, sizeof whole);
            assert_int_equal(rig_request(&rig, requests[i].type, requests[i].bRequest, requests[i].wValue,
                                         requests[i].wIndex, wLength, data, &length),
                             USB_DONE);
            assert_int_equal(length, wLength < all ? wLength : all);
            assert_memory_equal(data, whole, length);
            assert_int_equal(data[length], 0x5A);
        }
    }
    rig_assert_clean(&rig);
}

#define DESCRIPTOR_TEST(name) cmocka_unit_test_setup_teardown(name, new_rig, free_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESCRIPTOR_TEST(the_device_descriptor_is_that_of_dapboot),
        DESCRIPTOR_TEST(every_target_describes_one_dfu_interface_without_endpoints),
        DESCRIPTOR_TEST(the_languages_are_english),
        DESCRIPTOR_TEST(every_string_index_in_use_has_a_string),
        DESCRIPTOR_TEST(the_serial_number_is_the_unique_id_in_memory_order),
        DESCRIPTOR_TEST(webusb_leads_to_the_landing_page),
        DESCRIPTOR_TEST(microsoft_os_20_descriptors_ask_for_winusb_and_an_interface_guid),
        DESCRIPTOR_TEST(microsoft_os_10_descriptors_ask_for_winusb),
        DESCRIPTOR_TEST(vendor_requests_that_nobody_defined_stall),
        DESCRIPTOR_TEST(every_answer_can_be_read_in_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
