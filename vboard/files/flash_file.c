/* See flash_file.h. */
#include "flash_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A run may take hours: that its flash cannot be kept is to be known before. The file is replaced by a new
 * one, so its folder must be writable, too. */
static bool check_writable(const char *path, char *error, size_t error_size)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int length = slash == path ? 1 : slash ? (int)(slash - path) : 0;
    snprintf(folder, sizeof folder, "%.*s", length ? length : 1, length ? path : ".");
    bool good = (access(path, F_OK) != 0 || access(path, W_OK) == 0) && access(folder, W_OK | X_OK) == 0;
    if (!good)
        snprintf(error, error_size, "the flash file %s cannot be written: %s", path, strerror(errno));
    return good;
}

static bool is_other(FILE *file)
{
    struct stat status;
    return fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode);
}

/* The file itself, where the name is a link to it. */
static void follow(const char *path, char real[PATH_MAX])
{
    if (!realpath(path, real))
        snprintf(real, PATH_MAX, "%s", path);
}

bool flash_file_read(const char *path, uint8_t *flash, uint32_t flash_bytes, char *error, size_t error_size)
{
    char real[PATH_MAX];
    follow(path, real);
    int descriptor = open(real, O_RDONLY | O_NONBLOCK); /* a pipe without a writer would make us wait */
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "rb") : NULL;
    if (!file && errno == ENOENT)
        return check_writable(real, error, error_size);
    if (!file || is_other(file)) {
        snprintf(error, error_size, "the flash file %s cannot be opened: %s", path,
                 file ? "it is a folder or a device" : strerror(errno));
        if (file)
            fclose(file);
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
    return good && check_writable(real, error, error_size);
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
    char real[PATH_MAX], temporary[PATH_MAX + sizeof ".XXXXXX"];
    follow(path, real);
    snprintf(temporary, sizeof temporary, "%s.XXXXXX", real);
    errno = 0;
    bool good = write_beside(temporary, real, flash, flash_bytes);
    if (!good)
        snprintf(error, error_size, "the flash file %s cannot be written: %s", path, strerror(errno));
    return good;
}
