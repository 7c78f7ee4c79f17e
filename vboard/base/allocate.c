/* See allocate.h. */
#include "allocate.h"

#include <stdio.h>
#include <stdlib.h>

enum { EXIT_NO_MEMORY = 2 };

void *allocated(void *memory)
{
    if (!memory) {
        fputs("vboard: out of memory\n", stderr);
        exit(EXIT_NO_MEMORY);
    }
    return memory;
}

void *allocate(size_t bytes)
{
    return allocated(calloc(1, bytes ? bytes : 1));
}

void *reallocate(void *old, size_t bytes)
{
    return allocated(realloc(old, bytes ? bytes : 1));
}
