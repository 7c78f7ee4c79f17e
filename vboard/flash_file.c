/* See flash_file.h. */
#include "flash_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool flash_file_read(const char *path, uint8_t *flash, uint32_t flash_bytes, char *error, size_t error_size)
{
    FILE *file = fopen(path, "rb");
    if (!file && errno == ENOENT)
        return true;
    if (!file) {
        snprintf(error, error_size, "the flash file %s cannot be opened: %s", path, strerror(errno));
        return false;
    }
    size_t got = fread(flash, 1, flash_bytes, file);
    bool too_long = fgetc(file) != EOF;
    bool good = got == flash_bytes && !too_long;
    if (ferror(file))
        snprintf(error, error_size, "the flash file %s cannot be read: %s", path, strerror(errno));
    else if (!good)
        snprintf(error, error_size,
                 "the flash file %s is of another chip: it is %s %u bytes; name another file or "
                 "another --flash-size",
                 path, too_long ? "longer than" : "shorter than", flash_bytes);
    fclose(file);
    return good;
}

/* New files get the rights that the user's umask gives; mkstemp gives fewer. */
static void usual_rights(int descriptor)
{
    mode_t mask = umask(0);
    umask(mask);
    (void)fchmod(descriptor, 0666 & ~mask);
}

static bool write_whole(int descriptor, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(descriptor, bytes, length);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        }
    }
    return fsync(descriptor) == 0;
}

static bool write_beside(char *temporary, const char *path, const uint8_t *flash, uint32_t flash_bytes)
{
    int descriptor = mkstemp(temporary);
    if (descriptor < 0)
        return false;
    usual_rights(descriptor);
    bool good = write_whole(descriptor, flash, flash_bytes);
    int reason = errno;
    good = close(descriptor) == 0 && good;
    good = good && rename(temporary, path) == 0;
    if (!good) {
        unlink(temporary);
        errno = reason ? reason : errno;
    }
    return good;
}

bool flash_file_write(const char *path, const uint8_t *flash, uint32_t flash_bytes, char *error,
                      size_t error_size)
{
    char *temporary = malloc(strlen(path) + sizeof ".XXXXXX");
    bool good = false;
    errno = ENOMEM;
    if (temporary) {
        sprintf(temporary, "%s.XXXXXX", path);
        errno = 0;
        good = write_beside(temporary, path, flash, flash_bytes);
    }
    if (!good)
        snprintf(error, error_size, "the flash file %s cannot be written: %s", path, strerror(errno));
    free(temporary);
    return good;
}
