/*
 * The virtual board for JavaScript, beside what vboard.h exports by itself (VBOARD_EXPORTS of npm.mk):
 * callbacks that go to JavaScript, and options that JavaScript gives one by one.
 */
#include <stdlib.h>
#include <string.h>

#include "vboard.h"

#define EXPORT(name) __attribute__((export_name(name), used))
#define IMPORT(name) __attribute__((import_module("board"), import_name(name)))

/* Asked of whoever loads the module. They may call exports that look at the board, none that run it. */
IMPORT("happened") void js_happened(unsigned event, double us, const char *text, size_t length);
IMPORT("is_over") bool js_is_over(void);

EXPORT("allocate") void *js_allocate(size_t bytes)
{
    return malloc(bytes);
}

EXPORT("release") void js_release(void *memory)
{
    free(memory);
}

EXPORT("create")
struct vboard *js_create(const char *name, uint32_t flash_kib, uint32_t crystal_hz, uint64_t seed,
                         enum vboard_strictness strictness)
{
    const struct vboard_options options = {flash_kib, crystal_hz, seed, strictness};
    return vboard_new(name, &options);
}

static void happened(void *context, enum vboard_event event, uint64_t us, const char *text)
{
    (void)context;
    js_happened(event, (double)us, text, strlen(text));
}

/* events: as vboard_watch(). */
EXPORT("watch") void js_watch(struct vboard *board, unsigned events)
{
    vboard_watch(board, events, happened, NULL);
}

static bool is_over(struct vboard *board, void *context)
{
    (void)board, (void)context;
    return js_is_over();
}

EXPORT("run_until") enum vboard_status js_run_until(struct vboard *board, uint64_t timeout)
{
    return vboard_run_until(board, is_over, NULL, timeout);
}
