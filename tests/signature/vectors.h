/* Files of signatures: a line each, in hexadecimal: name, public key, message (- :
 * none), signature; # : a remark. */
#pragma once

#include <stdint.h>

enum { VECTOR_NAME = 32, VECTOR_MESSAGE = 2048 };

struct vector {
    char name[VECTOR_NAME];
    uint8_t key[32], signature[64], message[VECTOR_MESSAGE];
    uint32_t length;
};

/* Reads up to `room` of them and returns how many there are; ends the test if the file is not as above. */
unsigned vectors_read(const char *path, struct vector *vectors, unsigned room);
