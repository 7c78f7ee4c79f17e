/* Reads files of signatures. */
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { LINE = 4 * VECTOR_MESSAGE };

static uint32_t bytes_of(const char *hex, uint8_t *bytes, size_t room)
{
    size_t length = strlen(hex) / 2;

    if (strcmp(hex, "-") == 0)
        return 0;
    assert_true(length <= room && strlen(hex) % 2 == 0);
    for (size_t i = 0; i < length; i++)
        assert_int_equal(sscanf(hex + 2 * i, "%2hhx", &bytes[i]), 1);
    return (uint32_t)length;
}

unsigned vectors_read(const char *path, struct vector *vectors, unsigned room)
{
    static char line[LINE], key[LINE], message[LINE], signature[LINE];
    FILE *file = fopen(path, "r");
    unsigned count = 0;

    if (!file)
        fail_msg("%s is not there: tests run in the project's folder", path);
    while (fgets(line, sizeof line, file)) {
        if (line[0] == '#')
            continue;

        struct vector *vector = &vectors[count];

        assert_true(count < room);
        assert_int_equal(sscanf(line, "%31s %s %s %s", vector->name, key, message, signature), 4);
        assert_int_equal(bytes_of(key, vector->key, sizeof vector->key), sizeof vector->key);
        vector->length = bytes_of(message, vector->message, sizeof vector->message);
        assert_int_equal(bytes_of(signature, vector->signature, sizeof vector->signature),
                         sizeof vector->signature);
        count++;
    }
    fclose(file);
    return count;
}
