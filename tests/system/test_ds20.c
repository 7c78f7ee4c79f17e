/* The descriptor for fwupd (HAVE_DS20), read as fwupd does and compared with the
 * quirk file that it stands for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"
#include "usb_descriptors.h"

enum { GET_BOS = 0x0F00, DS20_DESCRIPTOR_INDEX = 7 };

static struct rig rig;
static uint8_t data[65536];
static uint32_t length;

static void use(const char *build)
{
    struct chip_config config = rig_config("BLUEPILL");

    rig = rig_new_build(build, "BLUEPILL", &config);
    assert_true(rig_enter_dfu(&rig));
}

static int finish(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

/* What a platform capability says of fwupd's descriptor, and its lines without their line feeds. */
enum { MAX_LINES = 16 };
struct ds20 {
    uint16_t wLength;
    uint8_t bVendorCode;
    unsigned lines;
    char line[MAX_LINES][MAX_DESCRIPTOR_TEXT];
};

/* fwupd, BOS DS20 Specification, "Implementation". */
static struct ds20 parse_capability(const struct platform_capability *capability)
{
    static const uint8_t fwupd_1_8_5[] = {0x05, 0x08, 0x01, 0x00}; /* the first that knows it */
    const uint8_t *b = capability->data;

    assert_int_equal(capability->length, 8);
    assert_memory_equal(b, fwupd_1_8_5, sizeof fwupd_1_8_5); /* dwVersion */
    assert_int_equal(b[7], 0);                               /* bAltEnumCmd */
    return (struct ds20){.wLength = (uint16_t)(b[4] | b[5] << 8), .bVendorCode = b[6]};
}

/* Lines KEY=VALUE, each with its line feed. */
static void parse_lines(struct ds20 *ds20)
{
    size_t column = 0;

    assert_int_equal(length, ds20->wLength);
    assert_int_equal(data[length - 1], '\n');
    for (size_t i = 0; i < length; i++) {
        assert_true(ds20->lines < MAX_LINES && column < MAX_DESCRIPTOR_TEXT);
        ds20->line[ds20->lines][column++] = data[i] == '\n' ? '\0' : (char)data[i];
        if (data[i] == '\n') {
            assert_non_null(strchr(ds20->line[ds20->lines++], '='));
            column = 0;
        } else {
            assert_in_range(data[i], 0x20, 0x7E);
        }
    }
}

/* {010aec63-f574-52cd-9dda-2852550d94f0}; NULL: not there. */
static const struct platform_capability *find_ds20(struct bos_descriptor *bos)
{
    static const uint8_t uuid[16] = {0x63, 0xEC, 0x0A, 0x01, 0x74, 0xF5, 0xCD, 0x52,
                                     0x9D, 0xDA, 0x28, 0x52, 0x55, 0x0D, 0x94, 0xF0};

    assert_int_equal(rig_request(&rig, 0x80, 6, GET_BOS, 0, sizeof data - 1, data, &length), USB_DONE);
    assert_null(parse_bos(data, length, bos));
    for (unsigned i = 0; i < bos->capabilities; i++)
        if (memcmp(bos->capability[i].uuid, uuid, sizeof uuid) == 0)
            return &bos->capability[i];
    return NULL;
}

static struct ds20 get_ds20(void)
{
    struct bos_descriptor bos;
    struct ds20 ds20;
    const struct platform_capability *capability = find_ds20(&bos);

    if (!capability)
        fail_msg("the BOS has no DS20 capability");
    ds20 = parse_capability(capability);
    assert_int_equal(
        rig_request(&rig, 0xC0, ds20.bVendorCode, 0, DS20_DESCRIPTOR_INDEX, ds20.wLength, data, &length),
        USB_DONE);
    parse_lines(&ds20);
    return ds20;
}

/* The lines "KEY = VALUE" of the quirk file, without those that fwupd has from the interface's class
 * and the strings. */
static unsigned read_quirk(char lines[MAX_LINES][MAX_DESCRIPTOR_TEXT])
{
    char line[MAX_DESCRIPTOR_TEXT], key[64], value[128];
    FILE *quirk = fopen("contrib/fwupd/dapboot.quirk", "r");
    unsigned count = 0;

    assert_non_null(quirk);
    while (fgets(line, sizeof line, quirk) && count < MAX_LINES)
        if (line[0] != '#' && sscanf(line, "%63[A-Za-z] = %127[^\n]", key, value) == 2 &&
            strcmp(key, "Plugin") != 0 && strcmp(key, "Name") != 0 && strcmp(key, "Vendor") != 0)
            snprintf(lines[count++], MAX_DESCRIPTOR_TEXT, "%s=%s", key, value);
    fclose(quirk);
    return count;
}

static void it_says_what_the_quirk_file_says(void **state)
{
    char quirk[MAX_LINES][MAX_DESCRIPTOR_TEXT];
    struct ds20 ds20;

    (void)state;
    use("ds20");
    ds20 = get_ds20();
    assert_int_equal(ds20.lines, read_quirk(quirk));
    for (unsigned i = 0; i < ds20.lines; i++)
        assert_string_equal(ds20.line[i], quirk[i]);
    rig_assert_clean(&rig);
}

static void the_other_capabilities_are_there_too(void **state)
{
    struct bos_descriptor bos;

    (void)state;
    use("ds20");
    assert_non_null(find_ds20(&bos));
    assert_int_equal(bos.capabilities, 3);
}

static void only_its_own_request_is_answered(void **state)
{
    struct ds20 ds20;

    (void)state;
    use("ds20");
    ds20 = get_ds20();
    for (uint16_t wIndex = 0; wIndex < 300; wIndex++)
        for (uint16_t wValue = 0; wValue < 3; wValue++)
            if (wIndex != DS20_DESCRIPTOR_INDEX || wValue != 0)
                assert_int_equal(rig_request(&rig, 0xC0, ds20.bVendorCode, wValue, wIndex, 255, data, NULL),
                                 USB_STALLED);
    assert_int_equal(rig_request(&rig, 0x40, ds20.bVendorCode, 0, DS20_DESCRIPTOR_INDEX, 0, NULL, NULL),
                     USB_STALLED);
    /* Microsoft's set, by its own vendor code, is another */
    assert_int_equal(rig_request(&rig, 0xC0, '!', 0, 7, 255, data, &length), USB_DONE);
    assert_int_equal(data[0], 10);
}

static void it_can_be_read_in_part(void **state)
{
    struct ds20 ds20;
    uint8_t whole[512];

    (void)state;
    use("ds20");
    ds20 = get_ds20();
    memcpy(whole, data, ds20.wLength);
    for (uint16_t wLength = 0; wLength <= ds20.wLength + 64; wLength++) {
        assert_int_equal(
            rig_request(&rig, 0xC0, ds20.bVendorCode, 0, DS20_DESCRIPTOR_INDEX, wLength, data, &length),
            USB_DONE);
        assert_int_equal(length, wLength < ds20.wLength ? wLength : ds20.wLength);
        assert_memory_equal(data, whole, length);
    }
}

static void a_build_without_it_does_not_announce_it(void **state)
{
    struct bos_descriptor bos;

    (void)state;
    use("BLUEPILL");
    assert_null(find_ds20(&bos));
    assert_int_equal(bos.capabilities, 2);
}

#define RIG_TEST(name) cmocka_unit_test_teardown(name, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(it_says_what_the_quirk_file_says),        RIG_TEST(the_other_capabilities_are_there_too),
        RIG_TEST(only_its_own_request_is_answered),        RIG_TEST(it_can_be_read_in_part),
        RIG_TEST(a_build_without_it_does_not_announce_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
