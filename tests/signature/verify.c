/* Gives a file of signatures, anybody's test vectors, to the bootloader's verifier. `make verify` runs it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "curve.h"
#include "signer.h"

enum { FIELDS = 5, NAME = 0, KEY, MESSAGE, SIGNATURE, EXPECTED, KEY_BYTES = 32, SIGNATURE_BYTES = 64 };
enum { EXIT_DIFFERS = 1, EXIT_USAGE = 2 };

static const char help[] = "Usage: verify FILE\n"
                           "Asks the bootloader's code about each line of FILE (- : standard input) and "
                           "prints its name and \"valid\" or \"invalid\".\n"
                           "A line: name, public key, message (- : none), signature, all in hexadecimal, "
                           "and, if you like, valid or invalid: what the\n"
                           "answer should be. # begins a remark. Exit code 1: an answer was not as it should "
                           "be; 2: FILE cannot be read.\n";

/* Bytes of hexadecimal digits, in place; -1: that is none. */
static long from_hex(char *text)
{
    size_t digits = strlen(text);

    if (strcmp(text, "-") == 0)
        return 0;
    if (digits % 2 || strspn(text, "0123456789abcdefABCDEF") != digits)
        return -1;
    for (size_t i = 0; i < digits / 2; i++) {
        const char byte[] = {text[2 * i], text[2 * i + 1], 0};
        text[i] = (char)strtoul(byte, NULL, 16);
    }
    return (long)(digits / 2);
}

static bool is_valid(const char *key, const char *message, long length, const char *signature)
{
    struct ed25519_key parsed;

    return curve_key(&parsed, (const uint8_t *)key) &&
           we_accept(&parsed, (const uint8_t *)signature, (const uint8_t *)message, (size_t)length, 0);
}

/* 0: as expected, or nothing was expected; otherwise the exit code. */
static int answer(char *line, unsigned number)
{
    char *field[FIELDS] = {0};
    unsigned count = 0;

    for (char *at = strtok(line, " \t\r\n"); at && count < FIELDS; at = strtok(NULL, " \t\r\n"))
        field[count++] = at;
    if (!count || *field[NAME] == '#')
        return 0;

    long length = count > SIGNATURE ? from_hex(field[MESSAGE]) : -1;

    if (length < 0 || from_hex(field[KEY]) != KEY_BYTES || from_hex(field[SIGNATURE]) != SIGNATURE_BYTES) {
        fprintf(stderr, "verify: line %u is not name, key (64 digits), message, signature (128 digits)\n",
                number);
        return EXIT_USAGE;
    }

    const char *verdict =
        is_valid(field[KEY], field[MESSAGE], length, field[SIGNATURE]) ? "valid" : "invalid";
    bool differs = field[EXPECTED] && strcmp(field[EXPECTED], verdict) != 0;

    printf("%s %s%s\n", field[NAME], verdict, differs ? "  DIFFERS" : "");
    return differs ? EXIT_DIFFERS : 0;
}

int main(int argc, char **argv)
{
    if (argc != 2 || strcmp(argv[1], "--help") == 0) {
        fputs(help, argc == 2 ? stdout : stderr);
        return argc == 2 ? 0 : EXIT_USAGE;
    }

    FILE *file = strcmp(argv[1], "-") == 0 ? stdin : fopen(argv[1], "r");

    if (!file) {
        perror(argv[1]);
        return EXIT_USAGE;
    }

    char *line = NULL;
    size_t room = 0;
    int worst = 0;

    for (unsigned number = 1; getline(&line, &room, file) > 0; number++) {
        int code = answer(line, number);

        if (code > worst)
            worst = code;
    }
    free(line);
    fclose(file);
    return worst;
}
