/* Plays files to the fuzzer's target, without a fuzzer: for measuring coverage with gcov. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int main(int count, char **paths)
{
    for (int i = 1; i < count; i++) {
        static uint8_t bytes[4096];
        FILE *file = fopen(paths[i], "rb");

        if (!file) {
            perror(paths[i]);
            return 1;
        }
        size_t length = fread(bytes, 1, sizeof bytes, file);
        (void)fclose(file);
        (void)LLVMFuzzerTestOneInput(bytes, length);
    }
    return 0;
}
