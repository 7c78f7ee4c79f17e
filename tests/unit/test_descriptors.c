/* What the device says of itself, read field by field as the specifications lay it out. */
#include "../usb_protocol.h"
#include "host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { DEVICE = 1, CONFIGURATION, STRING, BOS = 15, VENDOR = 0xC0, US_ENGLISH = 0x0409 };

static uint8_t data[0x10000];

static int power_on(void **state)
{
    (void)state;
    fake_power_on();
    host_enumerate();
    return 0;
}

static uint32_t u16(const uint8_t *at)
{
    return at[0] | at[1] << 8;
}

static uint32_t u32(const uint8_t *at)
{
    return u16(at) | u16(at + 2) << 16;
}

static int get(uint8_t type, uint8_t index, uint16_t length)
{
    memset(data, 0xEE, 600);
    return host_control(0x80, GET_DESCRIPTOR, (uint16_t)(type << 8 | index), type == STRING ? US_ENGLISH : 0,
                        length, data);
}

/* The ASCII of a string descriptor. */
static const char *text(uint8_t index)
{
    static char ascii[128];
    int length = get(STRING, index, 255);

    assert_true(length >= 2);
    assert_int_equal(data[0], length);
    assert_int_equal(data[1], STRING);
    for (int i = 2; i < length; i += 2) {
        assert_int_equal(data[i + 1], 0);
        ascii[i / 2 - 1] = (char)data[i];
    }
    ascii[length / 2 - 1] = 0;
    return ascii;
}

static void the_device_descriptor_is_as_table_9_8(void **state)
{
    (void)state;
    assert_int_equal(get(DEVICE, 0, 64), 18);
    assert_int_equal(data[0], 18);
    assert_int_equal(data[1], DEVICE);
    assert_int_equal(u16(data + 2), 0x0210);
    assert_int_equal(data[4], 0); /* class, subclass, protocol: of the interface */
    assert_int_equal(data[5], 0);
    assert_int_equal(data[6], 0);
    assert_int_equal(data[7], 64);
    assert_int_equal(u16(data + 8), 0x1209);
    assert_int_equal(u16(data + 10), 0xDB42);

    uint8_t device[18];

    memcpy(device, data, sizeof device);
    assert_string_equal(text(device[14]), "dapboot");
    assert_string_equal(text(device[15]),
                        HIGH ? "DAPBoot High-Memory DFU Bootloader" : "DAPBoot DFU Bootloader");
    assert_string_equal(text(device[16]), "0123456789ABCDEFF00F00FF");
    assert_int_equal(device[17], 1); /* bNumConfigurations */
}

static void the_configuration_is_one_dfu_interface_with_its_alternate_settings(void **state)
{
    int length = get(CONFIGURATION, 0, 512);
    static uint8_t configuration[512];
    const uint8_t *at = configuration;

    (void)state;
    memcpy(configuration, data, sizeof configuration);
    assert_int_equal(at[0], 9);
    assert_int_equal(at[1], CONFIGURATION);
    assert_int_equal(u16(at + 2), length);
    assert_int_equal(at[4], 1);    /* bNumInterfaces */
    assert_int_equal(at[5], 1);    /* bConfigurationValue */
    assert_int_equal(at[7], 0x80); /* bus-powered, no remote wake-up */
    assert_in_range(at[8], 1, 250);
    at += 9;
    for (int alternate = 0; alternate <= USB_DFU_ALTN; alternate++, at += 9) {
        assert_int_equal(at[0], 9);
        assert_int_equal(at[1], 4);
        assert_int_equal(at[2], 0); /* bInterfaceNumber */
        assert_int_equal(at[3], alternate);
        assert_int_equal(at[4], 0); /* bNumEndpoints */
        assert_int_equal(at[5], 0xFE);
        assert_int_equal(at[6], 1);
        assert_int_equal(at[7], 2); /* DFU mode */
        if (alternate == USB_DFU_ALTN)
            assert_string_equal(text(at[8]), "DAPBoot DFU");
        else
            assert_int_equal(at[8], 0);
    }
    assert_int_equal(at[0], 9);
    assert_int_equal(at[1], 0x21);
    /* bitCanDnload, bitCanUpload, bitManifestationTolerant, bitWillDetach */
    assert_int_equal(at[2], 1 | 2 | 4 | (DFU_WILL_DETACH ? 8 : 0));
    assert_true(u16(at + 3) > 0); /* wDetachTimeOut */
    assert_int_equal(u16(at + 5), TARGET_DFU_WTRANSFERSIZE);
    assert_int_equal(u16(at + 7), 0x0110);
    assert_ptr_equal(at + 9, configuration + length);
}

static void the_languages_are_us_english(void **state)
{
    (void)state;
    assert_int_equal(get(STRING, 0, 255), 4);
    assert_int_equal(data[0], 4);
    assert_int_equal(data[1], STRING);
    assert_int_equal(u16(data + 2), US_ENGLISH);
}

/* Finds a platform capability of the BOS by its UUID (as on the wire); its first byte. */
static const uint8_t *platform_capability(const uint8_t uuid[16])
{
    int length = get(BOS, 0, 512);
    const uint8_t *found = NULL;
    int capabilities = 0;

    assert_int_equal(data[0], 5);
    assert_int_equal(data[1], BOS);
    assert_int_equal(u16(data + 2), length);
    for (const uint8_t *at = data + 5; at < data + length; at += at[0], capabilities++) {
        assert_true(at[0] >= 20 && at + at[0] <= data + length);
        assert_int_equal(at[1], 16); /* DEVICE CAPABILITY */
        assert_int_equal(at[2], 5);  /* PLATFORM */
        assert_int_equal(at[3], 0);
        if (!memcmp(at + 4, uuid, 16))
            found = at;
    }
    assert_int_equal(data[4], capabilities);
    assert_non_null(found);
    return found;
}

static void the_web_usb_capability_leads_to_the_landing_page(void **state)
{
    /* {3408b638-09a9-47a0-8bfd-a0768815b665} */
    static const uint8_t uuid[16] = {0x38, 0xB6, 0x08, 0x34, 0xA9, 0x09, 0xA0, 0x47,
                                     0x8B, 0xFD, 0xA0, 0x76, 0x88, 0x15, 0xB6, 0x65};
    const uint8_t *capability = platform_capability(uuid);

    (void)state;
    assert_int_equal(capability[0], 24);
    assert_int_equal(u16(capability + 20), 0x0100);

    uint8_t vendor_code = capability[22], page = capability[23];
    int length = host_control(VENDOR, vendor_code, page, 2 /* GET_URL */, 255, data);

    assert_int_equal(data[0], length);
    assert_int_equal(data[1], 3); /* URL descriptor */
    assert_int_equal(data[2], 1); /* https:// */
    assert_int_equal(length - 3, strlen(LANDING_PAGE_URL));
    assert_memory_equal(data + 3, LANDING_PAGE_URL, strlen(LANDING_PAGE_URL));
    assert_int_equal(host_control(VENDOR, vendor_code, 0, 2, 255, data), HOST_STALL);
    assert_int_equal(host_control(VENDOR, vendor_code, page + 1, 2, 255, data), HOST_STALL);
}

/* "WINUSB" for the interface, padded. */
static void assert_winusb(const uint8_t *compatible_id)
{
    assert_memory_equal(compatible_id, "WINUSB\0\0\0\0\0\0\0\0\0\0", 16);
}

static void assert_utf16(const uint8_t *at, const char *ascii)
{
    for (; *ascii; ascii++, at += 2)
        assert_int_equal(u16(at), *ascii);
    assert_int_equal(u16(at), 0);
}

static void the_microsoft_os_20_set_says_winusb_and_a_guid(void **state)
{
    /* {D8DD60DF-4589-4CC7-9CD2-659D9E648A9F} */
    static const uint8_t uuid[16] = {0xDF, 0x60, 0xDD, 0xD8, 0x89, 0x45, 0xC7, 0x4C,
                                     0x9C, 0xD2, 0x65, 0x9D, 0x9E, 0x64, 0x8A, 0x9F};
    const uint8_t *capability = platform_capability(uuid);

    (void)state;
    assert_int_equal(capability[0], 28);
    assert_int_equal(u32(capability + 20), 0x06030000);
    assert_int_equal(capability[27], 0); /* bAltEnumCode */

    int total = (int)u16(capability + 24);
    uint32_t version = u32(capability + 20);

    assert_int_equal(host_control(VENDOR, capability[26], 0, 7, 4096, data), total);
    assert_int_equal(u16(data), 10);
    assert_int_equal(u16(data + 2), 0); /* MS_OS_20_SET_HEADER_DESCRIPTOR */
    assert_int_equal(u32(data + 4), version);
    assert_int_equal(u16(data + 8), total);

    const uint8_t *at = data + 10;

    assert_int_equal(u16(at), 20);
    assert_int_equal(u16(at + 2), 3); /* MS_OS_20_FEATURE_COMPATBLE_ID */
    assert_winusb(at + 4);
    at += 20;
    assert_int_equal(u16(at + 2), 4); /* MS_OS_20_FEATURE_REG_PROPERTY */
    assert_int_equal(u16(at + 4), 7); /* REG_MULTI_SZ */
    assert_int_equal(u16(at + 6), 2 * sizeof "DeviceInterfaceGUIDs");
    assert_utf16(at + 8, "DeviceInterfaceGUIDs");

    const uint8_t *value = at + 8 + u16(at + 6);
    const uint8_t *guid = value + 2;

    assert_int_equal(u16(value), 2 * (38 + 2)); /* one string, and the end of the list */
    assert_int_equal(u16(at), 8 + u16(at + 6) + 2 + u16(value));
    for (int i = 0; i < 38; i++) {
        static const char form[] = "{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}";
        uint32_t c = u16(guid + 2 * i);

        if (form[i] == 'X')
            assert_true((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'));
        else
            assert_int_equal(c, form[i]);
    }
    assert_int_equal(u32(guid + 2 * 38), 0);
    assert_ptr_equal(at + u16(at), data + total);
}

static void the_microsoft_os_10_descriptors_say_winusb(void **state)
{
    (void)state;
    /* the host asks for string 0xEE with language 0 */
    assert_int_equal(host_control(0x80, GET_DESCRIPTOR, STRING << 8 | 0xEE, 0, 18, data), 18);
    assert_int_equal(data[0], 18);
    assert_int_equal(data[1], STRING);
    for (int i = 0; i < 7; i++)
        assert_int_equal(u16(data + 2 + 2 * i), "MSFT100"[i]);
    assert_int_equal(data[17], 0); /* padding */

    uint8_t vendor_code = data[16];

    /* the header alone first, as Windows does */
    assert_int_equal(host_control(VENDOR, vendor_code, 0, 4, 16, data), 16);
    assert_int_equal(host_control(VENDOR, vendor_code, 0, 4, 40, data), 40);
    assert_int_equal(u32(data), 40);
    assert_int_equal(u16(data + 4), 0x0100);
    assert_int_equal(u16(data + 6), 4);
    assert_int_equal(data[8], 1); /* one function */
    for (int i = 9; i < 16; i++)
        assert_int_equal(data[i], 0);
    assert_int_equal(data[16], 0); /* first interface */
    assert_int_equal(data[17], 1); /* reserved, 1 */
    assert_winusb(data + 18);
    for (int i = 34; i < 40; i++)
        assert_int_equal(data[i], 0);
    /* extended properties, asked of the interface: there are none, and DFU does not care */
    assert_int_equal(host_control(0xC1, vendor_code, 0, 5, 10, data), HOST_STALL);
    assert_dfu(dfuIDLE, STATUS_OK);
}

static void fwupd_reads_what_a_quirk_file_would_say(void **state)
{
    /* {010aec63-f574-52cd-9dda-2852550d94f0} */
    static const uint8_t uuid[16] = {0x63, 0xEC, 0x0A, 0x01, 0x74, 0xF5, 0xCD, 0x52,
                                     0x9D, 0xDA, 0x28, 0x52, 0x55, 0x0D, 0x94, 0xF0};

    (void)state;
    if (!HAVE_DS20)
        skip();

    const uint8_t *capability = platform_capability(uuid);

    assert_int_equal(capability[0], 28);
    assert_int_equal(u32(capability + 20), 0x00010805); /* fwupd 1.8.5 */
    assert_int_equal(capability[27], 0);                /* bAltEnumCmd */

    uint16_t total = (uint16_t)u16(capability + 24);
    uint8_t vendor_code = capability[26];

    /* fwupd takes nothing but exactly as much as was announced */
    assert_int_equal(host_control(VENDOR, vendor_code, 0, 7, total, data), total);
    assert_int_equal(host_control(VENDOR, vendor_code, 0, 7, 4096, data), total);
    assert_memory_equal(data, "Flags=", 6);
    assert_int_equal(data[total - 1], '\n');
    assert_int_equal(host_control(VENDOR, vendor_code, 1, 7, total, data), HOST_STALL);
    assert_int_equal(host_control(VENDOR, vendor_code, 0, 8, total, data), HOST_STALL);
    assert_int_equal(host_control(0x40, vendor_code, 0, 7, 0, data), HOST_STALL);
}

/* Sweeps ------------------------------------------------------------------------------------------------- */

static bool exists(uint32_t value)
{
    switch (value) {
    case DEVICE << 8:
    case CONFIGURATION << 8:
    case BOS << 8:
    case STRING << 8:
    case STRING << 8 | 1:
    case STRING << 8 | 2:
    case STRING << 8 | 3:
    case STRING << 8 | 4:
    case STRING << 8 | 0xEE: return true;
    }
    return false;
}

static void a_descriptor_that_is_not_there_stalls(void **state)
{
    (void)state;
    for (uint32_t value = 0; value < 0x10000; value++) {
        int answer = host_control(0x80, GET_DESCRIPTOR, (uint16_t)value, 0, 255, data);

        if ((answer != HOST_STALL) != exists(value))
            fail_msg("GET_DESCRIPTOR %04x: %d", value, answer);
        if (answer > 0)
            assert_int_equal(data[1], value >> 8);
    }
}

static void a_descriptor_is_cut_to_wlength_and_not_filled_up_to_it(void **state)
{
    static uint8_t whole[600];

    (void)state;
    for (uint32_t value = 0; value < 0x10000; value++) {
        if (!exists(value))
            continue;

        int length = host_control(0x80, GET_DESCRIPTOR, (uint16_t)value, 0, 600, whole);

        for (int asked = 0; asked < 300; asked++) {
            int answer = host_control(0x80, GET_DESCRIPTOR, (uint16_t)value, 0, (uint16_t)asked, data);

            if (answer != (asked < length ? asked : length) || memcmp(data, whole, (size_t)answer))
                fail_msg("descriptor %04x, wLength %d: %d bytes", value, asked, answer);
        }
        assert_int_equal(host_control(0x80, GET_DESCRIPTOR, (uint16_t)value, 0, HOST_MOST, data), length);
    }
}

static void other_vendor_requests_stall(void **state)
{
    uint32_t answered = 0;

    (void)state;
    for (unsigned request = 0; request < 256; request++)
        for (unsigned index = 0; index < 32; index++)
            for (unsigned value = 0; value < 32; value++)
                answered += host_control(VENDOR, (uint8_t)request, (uint16_t)value, (uint16_t)index, 64,
                                         data) != HOST_STALL;
    assert_int_equal(answered, 3 + HAVE_DS20);
    for (uint32_t high = 0x100; high < 0x10000; high *= 2) {
        assert_int_equal(host_control(VENDOR, '!', 1, (uint16_t)(2 | high), 64, data), HOST_STALL);
        assert_int_equal(host_control(VENDOR, '!', (uint16_t)(1 | high), 2, 64, data), HOST_STALL);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, power_on)
        TEST(the_device_descriptor_is_as_table_9_8),
        TEST(the_configuration_is_one_dfu_interface_with_its_alternate_settings),
        TEST(the_languages_are_us_english),
        TEST(the_web_usb_capability_leads_to_the_landing_page),
        TEST(the_microsoft_os_20_set_says_winusb_and_a_guid),
        TEST(the_microsoft_os_10_descriptors_say_winusb),
        TEST(fwupd_reads_what_a_quirk_file_would_say),
        TEST(a_descriptor_that_is_not_there_stalls),
        TEST(a_descriptor_is_cut_to_wlength_and_not_filled_up_to_it),
        TEST(other_vendor_requests_stall),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
