/* A CAN frame as bits (ISO 11898-1, RM0008 24.7.7 figure 237): how long it lasts and who wins the bus. */
#include "private.h"

enum {
    CRC_BITS = 15,
    CRC_POLYNOMIAL = 0x4599,
    MAX_BITS = 1 + 11 + 2 + 18 + 3 + 4 + 64 + CRC_BITS,
    STUFF_AFTER = 5
};

struct bits {
    uint8_t level[MAX_BITS];
    unsigned count;
};

static void put(struct bits *bits, uint32_t value, unsigned count)
{
    for (unsigned i = count; i-- > 0;)
        bits->level[bits->count++] = value >> i & 1;
}

static uint32_t base_id(const struct can_message *message)
{
    return message->IR >> 21;
}

static uint32_t extension_id(const struct can_message *message)
{
    return message->IR >> 3 & 0x3FFFF;
}

unsigned can_data_bytes(const struct can_message *message)
{
    enum { MOST = 8 };
    unsigned DLC = message->DTR & TDTR_DLC;
    return message->IR & TIR_RTR ? 0 : DLC > MOST ? MOST : DLC;
}

static void put_identifier(struct bits *bits, const struct can_message *message)
{
    bool remote = message->IR & TIR_RTR;
    put(bits, 0, 1); /* SOF */
    put(bits, base_id(message), 11);
    if (message->IR & TIR_IDE) {
        put(bits, 3, 2); /* SRR, IDE */
        put(bits, extension_id(message), 18);
        put(bits, remote, 1);
        put(bits, 0, 2); /* r1, r0 */
    } else {
        put(bits, remote, 1);
        put(bits, 0, 2); /* IDE, r0 */
    }
}

static uint32_t crc(const struct bits *bits)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < bits->count; i++) {
        bool apart = bits->level[i] != (value >> (CRC_BITS - 1) & 1);
        value = value << 1 & ((1u << CRC_BITS) - 1);
        value ^= apart ? CRC_POLYNOMIAL : 0;
    }
    return value;
}

/* After five alike comes one of the other level, which counts for the next five. */
static unsigned stuffed(const struct bits *bits)
{
    unsigned count = 0, alike = 0;
    int level = -1;
    for (unsigned i = 0; i < bits->count; i++) {
        alike = bits->level[i] == level ? alike + 1 : 1;
        level = bits->level[i];
        if (alike == STUFF_AFTER) {
            count++;
            level = !level;
            alike = 1;
        }
    }
    return count;
}

unsigned can_frame_bits(const struct can_message *message)
{
    struct bits bits = {.count = 0};
    put_identifier(&bits, message);
    put(&bits, message->DTR & TDTR_DLC, 4);
    for (unsigned i = 0; i < can_data_bytes(message); i++)
        put(&bits, (i < 4 ? message->DLR : message->DHR) >> 8 * (i % 4) & 0xFF, 8);
    put(&bits, crc(&bits), CRC_BITS);
    return bits.count + stuffed(&bits);
}

uint32_t can_arbitration_key(const struct can_message *message)
{
    uint32_t remote = message->IR & TIR_RTR ? 1 : 0, base = base_id(message) << 21;
    if (message->IR & TIR_IDE)
        return base | 3u << 19 | extension_id(message) << 1 | remote;
    return base | remote << 20;
}
