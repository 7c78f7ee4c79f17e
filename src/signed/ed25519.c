/*
 * Ed25519 verification, small. R is compared with the encoding of S B - k A, so a signature passes only if
 * its R is the canonical encoding of that very point; docs/signing.md says what follows from it.
 *
 * The curve's formulas are tables of operations on registers, and ed25519_step does one operation a call:
 * this is less code than calls would be, and no step takes long.
 */
#include "ed25519.h"

#include "big.h" // BIG

#include <stddef.h>

#include "number.h" // number_*
#include "sha512.h" // sha512_*

/*
 * Registers: a point in extended coordinates (x = X/Z, y = Y/Z, T = XY/Z), one to add to it (QY and QX as in
 * struct ed25519_key), intermediate results.
 */
enum { X, Y, Z, T, QY, QX, A, B, C, E, F, G, H, INVERSE, REGISTERS };

/*
 * r = a * b; or r = a + factor * b, where factor is 1, negative with MINUS, and TIMES_D for 121665. The
 * curve's constant is d = -121665/121666: instead of multiplying by it, one term is multiplied by -121665 and
 * all others by 121666.
 */
enum { ADD, MINUS, SUB = MINUS, TIMES_D, ADD_D = TIMES_D, SUB_D = TIMES_D | MINUS, MUL = 4, LAST = 8 };
enum { D_NUMERATOR = 121665 };

/* Where the sequences of operations begin. */
enum {
    NOTHING,
    DOUBLING,
    ADDITION = DOUBLING + 14,
    SQUARING = ADDITION + 21,
    SQUARING_TIMES_Z,
    TO_AFFINE = SQUARING_TIMES_Z + 2,
};

#define OP(r, a, operation, b) ((r) << 12 | (a) << 8 | (b) << 4 | (operation))
#define POINT_OF_EFGH          OP(X, E, MUL, F), OP(Y, G, MUL, H), OP(T, E, MUL, H), OP(Z, F, MUL | LAST, G)

static const uint16_t operations[] = {
    /* Hisil, Wong, Carter, Dawson: Twisted Edwards Curves Revisited (2008), 3.3, all signs changed */
    [DOUBLING] = OP(A, X, MUL, X),
    OP(B, Y, MUL, Y),
    OP(H, A, ADD, B),
    OP(G, A, SUB, B),
    OP(E, X, ADD, Y),
    OP(E, E, MUL, E),
    OP(E, H, SUB, E),
    OP(C, Z, MUL, Z),
    OP(C, C, ADD, C),
    OP(F, C, ADD, G),
    POINT_OF_EFGH,
    /* the same, 3.1, times 121666; complete, that is right for equal points and the neutral one too */
    [ADDITION] = OP(A, Y, SUB, X),
    OP(E, QY, SUB, QX),
    OP(A, A, MUL, E),
    OP(A, A, ADD_D, A),
    OP(B, Y, ADD, X),
    OP(E, QY, ADD, QX),
    OP(B, B, MUL, E),
    OP(B, B, ADD_D, B),
    OP(E, B, SUB, A),
    OP(H, B, ADD, A),
    OP(C, T, MUL, QX),
    OP(C, C, MUL, QY),
    OP(C, C, ADD, C),
    OP(A, Z, ADD, Z),
    OP(A, A, ADD_D, A),
    OP(F, A, ADD_D, C),
    OP(G, A, SUB_D, C),
    POINT_OF_EFGH,
    [SQUARING] = OP(INVERSE, INVERSE, MUL | LAST, INVERSE),
    [SQUARING_TIMES_Z] = OP(INVERSE, INVERSE, MUL, INVERSE),
    OP(INVERSE, INVERSE, MUL | LAST, Z),
    [TO_AFFINE] = OP(X, X, MUL, INVERSE),
    OP(Y, Y, MUL | LAST, INVERSE),
};

static const number p = {0xffffffed, 0xffffffff, 0xffffffff, 0xffffffff,
                         0xffffffff, 0xffffffff, 0xffffffff, 0x7fffffff};
/* L, the order of the base point. */
static const number order = {0x5cf5d3ed, 0x5812631a, 0xa2f79cd6, 0x14def9de, 0, 0, 0, 0x10000000};
/* B; with x where a key has -x. */
static const struct ed25519_key base = {
    {0x66666658, 0x66666666, 0x66666666, 0x66666666, 0x66666666, 0x66666666, 0x66666666, 0x66666666},
    {0x8f25d51a, 0xc9562d60, 0x9525a7b2, 0x692cc760, 0xfdd6dc5c, 0xc0a4e231, 0xcd6e53fe, 0x216936d3}};

/*
 * What is left to do, counted down: k modulo L bit by bit; the sum bit by bit, four parts for each; Z^(p - 2)
 * bit by bit; and the end.
 */
enum {
    DIGEST_BITS = 512,
    INVERSION = 1,
    SUM = INVERSION + 255,
    REDUCTION = SUM + 4 * NUMBER_BITS,
    MESSAGE = REDUCTION + DIGEST_BITS + 1,
};

static struct state {
    number registers[REGISTERS];
    number encoded_r;
    number scalars[2]; /* S of the base point, k of minus the key; S follows R, as in a signature */
    const struct ed25519_key *points[2];
    uint32_t left;
    uint32_t differences;
    uint32_t next; /* operation */
} state BIG;

void ed25519_begin(const struct ed25519_key *key, const uint8_t signature[64])
{
    uint32_t *words = (uint32_t *)&state;

    for (uint32_t i = 0; i < sizeof state / sizeof *words; i++)
        words[i] = 0;
    for (uint32_t i = 0; i < 64; i++)
        ((uint8_t *)&state)[offsetof(struct state, encoded_r) + i] = signature[i];
    state.points[0] = &base;
    state.points[1] = key;
    state.registers[Y][0] = state.registers[Z][0] = state.registers[INVERSE][0] = 1;
    state.left = MESSAGE;
    sha512_begin();
    sha512_add(signature, 32);
    sha512_add((const uint8_t *)key->encoded, 32);
}

void ed25519_message(const uint8_t *bytes, uint32_t length)
{
    sha512_add(bytes, length);
}

bool ed25519_hashed(void)
{
    return sha512_step();
}

static void operate(void)
{
    uint32_t operation = operations[state.next++];
    uint32_t *r = state.registers[operation >> 12];
    const uint32_t *a = state.registers[operation >> 8 & 15];
    const uint32_t *b = state.registers[operation >> 4 & 15];
    int32_t factor = operation & TIMES_D ? D_NUMERATOR : 1;

    if (operation & LAST)
        state.next = NOTHING;
    if (operation & MUL)
        number_multiply(r, a, b);
    else
        number_add(r, a, b, operation & MINUS ? -factor : factor);
}

static void choose_point(const struct ed25519_key *point)
{
    for (uint32_t i = 0; i < NUMBER_WORDS; i++) {
        state.registers[QY][i] = point->encoded[i];
        state.registers[QX][i] = point->minus_x[i];
    }
    state.registers[QY][NUMBER_WORDS - 1] &= 0x7fffffff;
}

static void choose_operations(uint32_t left)
{
    if (left >= REDUCTION) {
        uint32_t *k = state.scalars[1];

        number_add(k, k, k, 1);
        k[0] |= sha512_bit(left - REDUCTION);
        number_subtract(k, order);
    } else if (left >= SUM) {
        uint32_t part = left % 4;

        if (part == 3) {
            state.next = DOUBLING;
        } else if (part < 2 && number_bit(state.scalars[part], (left - SUM) / 4)) {
            choose_point(state.points[part]);
            state.next = ADDITION;
        }
    } else if (left >= INVERSION) {
        /* p - 2 = 2^255 - 21 */
        state.next = left == INVERSION + 4 || left == INVERSION + 2 ? SQUARING : SQUARING_TIMES_Z;
    } else {
        state.next = TO_AFFINE;
    }
}

/* R must be the canonical encoding of the sum, S below L. Asked again it says the same. */
static enum ed25519_verdict verdict(void)
{
    uint32_t *x = state.registers[X], *y = state.registers[Y];

    state.differences |= number_subtract(state.scalars[0], order);
    while (number_subtract(x, p) || number_subtract(y, p)) {}
    state.differences |= (y[NUMBER_WORDS - 1] ^ state.encoded_r[NUMBER_WORDS - 1]) ^ x[0] << 31;
    for (uint32_t i = 0; i < NUMBER_WORDS - 1; i++)
        state.differences |= y[i] ^ state.encoded_r[i];
    return state.differences ? ED25519_FORGED : ED25519_GENUINE;
}

enum ed25519_verdict ed25519_step(void)
{
    if (state.next != NOTHING) {
        operate();
    } else if (sha512_step()) {
        if (!state.left)
            return verdict();
        if (state.left < MESSAGE)
            choose_operations(--state.left);
        else if (sha512_end())
            state.left--;
    }
    return ED25519_WORKING;
}
