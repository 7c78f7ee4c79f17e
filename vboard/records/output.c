/* See output.h. */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/allocate.h"

bool output_open(struct output *output, const char *path, char *error, size_t error_size)
{
    *output = (struct output){.file = fopen(path, "wb")};
    if (!output->file) {
        snprintf(error, error_size, "%s cannot be written: %s", path, strerror(errno));
        return false;
    }
    output->path = allocated(strdup(path));
    return true;
}

bool output_close(struct output *output, char *error, size_t error_size)
{
    if (!output->file)
        return true;
    bool good = !ferror(output->file);
    good = fclose(output->file) == 0 && good;
    if (!good)
        snprintf(error, error_size, "%s could not be written to its end; is the disk full?", output->path);
    free(output->path);
    *output = (struct output){0};
    return good;
}
