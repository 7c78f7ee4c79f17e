/*
 * What the native library tells while a board starts and a host enumerates it, for same.test.mjs to compare
 * with. usage: native BOARD MILLISECONDS FILE...
 */
#include <stdio.h>
#include <stdlib.h>

#include "vboard.h"

static void print(void *context, enum vboard_event event, uint64_t us, const char *text)
{
    (void)context;
    printf("%d %llu %s\n", event, (unsigned long long)us, text);
}

static void must(struct vboard *board, enum vboard_status status)
{
    if (status == VBOARD_OK)
        return;
    fprintf(stderr, "native: %s\n", vboard_error(board));
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    enum { US_IN_MS = 1000, TEN_SECONDS = 10000000 };
    struct vboard *board = argc >= 4 ? vboard_new(argv[1], NULL) : NULL;
    if (!board) {
        fputs("usage: native BOARD MILLISECONDS FILE...\n", stderr);
        return EXIT_FAILURE;
    }
    uint64_t us = strtoull(argv[2], NULL, 10) * US_IN_MS;
    vboard_watch(board, ~0u, print, NULL);
    for (int i = 3; i < argc; i++)
        must(board, vboard_load_file(board, argv[i], 0));
    vboard_power(board, true);
    must(board, vboard_run(board, us / 2));
    printf("enumerated: %d\n", vboard_usb_enumerate(board, TEN_SECONDS));
    must(board, vboard_run(board, us / 2));
    printf("%llu instructions, now %llu\n", (unsigned long long)vboard_instructions(board),
           (unsigned long long)vboard_now(board));
    vboard_free(board);
    return EXIT_SUCCESS;
}
