/* Memory for the command: there is enough, or the command ends with a message and exit status 2. */
#pragma once

#include <stddef.h>

/* All zero. free() gives it back. */
void *allocate(size_t bytes);
/* As realloc(): `old` may be NULL. */
void *reallocate(void *old, size_t bytes);
/* What a library has allocated by itself, unless it could not. */
void *allocated(void *memory);
