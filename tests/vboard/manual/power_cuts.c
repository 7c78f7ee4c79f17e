/*
 * The loop of docs/libvboard.md, which the test puts into loop.inc, with the bootloader as the firmware: an
 * update is a download that the host never ends, and the board still starts if it enumerates. Prints at how
 * many operations the power was cut.
 */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vboard.h>

enum { S = 1000000, PAGE = 1024, WRITTEN = 64, TO_DEVICE = 0x21, FROM_DEVICE = 0xA1 };
enum { DFU_DNLOAD = 1, DFU_GETSTATUS = 3, dfuDNLOAD_IDLE = 5 };

static bool it_still_starts(struct vboard *board)
{
    return vboard_usb_enumerate(board, 5 * S) == VBOARD_OK;
}

/* As a host does it that knows nothing of power cuts: it gives up when the device is gone. */
static void update(struct vboard *board)
{
    /* what a valid application begins with: its stack's top, and where it starts; then 32
     * half-words that are not blank */
    char pages[2][PAGE] = {{0x00, 0x50, 0x00, 0x20, 0x01, 0x21, 0x00, 0x08}};
    memset(&pages[1][WRITTEN], 0xFF, PAGE - WRITTEN);
    for (uint16_t block = 0; block < 2; block++) {
        if (vboard_usb_control(board, TO_DEVICE, DFU_DNLOAD, block, 0, pages[block], PAGE, NULL, S) !=
            VBOARD_OK)
            return;
        unsigned char status[6] = {0};
        for (unsigned polls = 0; status[4] != dfuDNLOAD_IDLE && polls < 100; polls++) {
            if (vboard_usb_control(board, FROM_DEVICE, DFU_GETSTATUS, 0, 0, status, sizeof status, NULL, S) !=
                    VBOARD_OK ||
                status[0] != 0)
                return;
            vboard_run(board, status[1] * 1000u);
        }
    }
    vboard_run(board, S / 10);
}

static unsigned cuts(struct vboard *board)
{
    unsigned made = 0;
#define assert_and_count(good) (made++, (void)((good) || (abort(), 0)))
#undef assert
#define assert assert_and_count
#include "loop.inc"
    vboard_snapshot_free(before);
    return made;
}

int main(int argc, char **argv)
{
    struct vboard *board = vboard_new("BLUEPILL", NULL);
    if (argc != 2 || vboard_load_file(board, argv[1], 0) != VBOARD_OK)
        return 2;
    vboard_power(board, true);
    if (!it_still_starts(board))
        return 1;
    printf("%u cuts\n", cuts(board));
    vboard_free(board);
    return 0;
}
