/* What people give for firmware that is none, by its first and last bytes. */
#include <string.h>

#include "image_private.h"

static bool begins_with(const struct source *file, const char *bytes, size_t length)
{
    return file->length >= length && memcmp(file->bytes, bytes, length) == 0;
}

/* USB DFU 1.1, appendix B: 16 bytes behind the firmware. */
static bool has_dfu_suffix(const struct source *file)
{
    enum { SUFFIX = 16, SIGNATURE = 8 };
    return file->length > SUFFIX && memcmp(file->bytes + file->length - SIGNATURE, "UFD", 3) == 0;
}

static bool is_text(const struct source *file)
{
    enum { LARGEST_IN_UTF_8 = 0xF4 };
    for (size_t i = 0; i < file->length; i++) {
        uint8_t c = file->bytes[i];
        bool blank = c == '\n' || c == '\r' || c == '\t' || c == '\f';
        if (!blank && (c < ' ' || c == 0x7F || c > LARGEST_IN_UTF_8))
            return false;
    }
    return true;
}

bool image_may_be_firmware(const struct source *file)
{
    if (begins_with(file, "UF2\n", 4))
        return FAIL(file, "%s is a UF2 file: give the .elf, .hex or .bin that it was made from", file->path);
    if (begins_with(file, "DfuSe", 5))
        return FAIL(file, "%s is a DfuSe file: give the .elf, .hex or .bin that it was made from",
                    file->path);
    if (has_dfu_suffix(file))
        return FAIL(file,
                    "%s ends with a DFU suffix: give the .bin that it was made from (dfu-suffix --delete)",
                    file->path);
    if (begins_with(file, "PK\3\4", 4) || begins_with(file, "\x1F\x8B", 2))
        return FAIL(file, "%s is an archive: give the .elf, .hex or .bin that is in it", file->path);
    if (is_text(file))
        return FAIL(file, "%s does not look like firmware: it is text%s", file->path,
                    file->bytes[0] == ':' ? "; if it is Intel HEX, let its name end with .hex" : "");
    return true;
}
