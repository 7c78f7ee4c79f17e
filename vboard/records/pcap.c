/* See pcap.h. Format: draft-ietf-opsawg-pcap, with nanoseconds; numbers in this PC's byte order, which the
 * magic number tells. */
#include "pcap.h"

#include <stdlib.h>

#include "base/allocate.h"
#include "output.h"

#define MAGIC_NANOSECONDS 0xA1B23C4Du

enum { VERSION_MAJOR = 2, VERSION_MINOR = 4, MAX_LENGTH = 65535, LINKTYPE_USB_2_0_FULL_SPEED = 294 };

struct pcap {
    struct output output;
};

struct file_header {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t reserved[2], max_length, link_type;
};

struct record_header {
    uint32_t seconds, nanoseconds, stored, length;
};

_Static_assert(sizeof(struct file_header) == 24 && sizeof(struct record_header) == 16, "as in the file");

struct pcap *pcap_open(const char *path, char *error, size_t error_size)
{
    const struct file_header header = {.magic = MAGIC_NANOSECONDS,
                                       .major = VERSION_MAJOR,
                                       .minor = VERSION_MINOR,
                                       .max_length = MAX_LENGTH,
                                       .link_type = LINKTYPE_USB_2_0_FULL_SPEED};
    struct pcap *pcap = allocate(sizeof *pcap);
    if (!output_open(&pcap->output, path, error, error_size)) {
        free(pcap);
        return NULL;
    }
    fwrite(&header, sizeof header, 1, pcap->output.file);
    return pcap;
}

void pcap_packet(struct pcap *pcap, ticks at, const uint8_t *packet, unsigned length)
{
    ticks rest = at % TICKS_PER_SECOND;
    const struct record_header header = {
        .seconds = (uint32_t)(at / TICKS_PER_SECOND),
        .nanoseconds = (uint32_t)(rest / (TICKS_PER_MICROSECOND / 1000)),
        .stored = length,
        .length = length,
    };
    fwrite(&header, sizeof header, 1, pcap->output.file);
    fwrite(packet, length, 1, pcap->output.file);
}

bool pcap_close(struct pcap *pcap, char *error, size_t error_size)
{
    bool good = output_close(&pcap->output, error, error_size);
    free(pcap);
    return good;
}
