/*
 * How many million instructions a second the virtual board executes on this machine, as information: it
 * depends on the machine, so it never fails. The program is bench/mips_firmware.c, which the processor never
 * rests in. What counts is the processor's time, and the best of several rounds: others may use the machine
 * too. The second figure is what the bus takes for one access to a register.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "board/board.h"
#include "files/image.h"

enum { ROUNDS = 5, ERROR_SIZE = 512, ACCESSES = 2000000, WORD = 4 };

/* Registers all over the map that are not the first of their peripheral: RCC_CFGR,
 * FLASH_OBR, CRC_IDR, AFIO_EXTICR1. */
static const uint32_t registers[] = {0x40021004, 0x4002201C, 0x40023004, 0x40010008};
enum { REGISTERS = sizeof registers / sizeof registers[0] };
#define RCC_AHBENR  0x40021014u /* CRCEN is bit 6 */
#define RCC_APB2ENR 0x40021018u /* AFIOEN is bit 0 */

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct board *board_with(const char *path)
{
    static uint8_t flash[MAX_FLASH];
    char error[ERROR_SIZE];
    struct image image = {0};
    const struct board_info *info = board_find("BLUEPILL");
    struct chip_config config = board_default_config(info);
    if (!image_add(&image, path, FLASH_BASE, error, sizeof error) ||
        !image_burn(&image, flash, config.flash_bytes, config.page_bytes, config.family->flash_blank, error,
                    sizeof error)) {
        fprintf(stderr, "mips: %s\n", error);
        exit(EXIT_FAILURE);
    }
    image_free(&image);
    struct board *board = board_new(info, &config);
    board->stop_on_violation = true;
    flash_load(&board->chip, FLASH_BASE, flash, config.flash_bytes);
    board_power(board, true);
    return board;
}

static double nanoseconds_per_access(struct board *board)
{
    double best = 1e9;
    uint32_t value = 0;
    (void)bus_write(&board->chip, RCC_AHBENR, WORD, 1 << 6 | 1 << 4 | 1 << 2);
    (void)bus_write(&board->chip, RCC_APB2ENR, WORD, 1);
    for (int round = 0; round < ROUNDS; round++) {
        double start = seconds();
        for (unsigned i = 0; i < ACCESSES; i++)
            (void)bus_read(&board->chip, registers[i % REGISTERS], WORD, &value);
        double each = (seconds() - start) / ACCESSES * 1e9;
        best = each < best ? each : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    double best = 0;
    if (argc != 2) {
        fputs("usage: mips FIRMWARE\n", stderr);
        return EXIT_FAILURE;
    }
    struct board *board = board_with(argv[1]);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t instructions = board->chip.cpu.instructions;
        double start = seconds();
        board_run(board, TICKS_PER_SECOND);
        double mips = (double)(board->chip.cpu.instructions - instructions) / (seconds() - start) / 1e6;
        if (mips > best)
            best = mips;
    }
    printf("processor-bound code on this machine: %.0f MIPS (72 MHz of a real one: about 50)%s\n", best,
           board_failed(board) ? "; it broke a rule" : "");
    printf("reading a register: %.0f ns\n", nanoseconds_per_access(board));
    board_free(board);
    return EXIT_SUCCESS;
}
