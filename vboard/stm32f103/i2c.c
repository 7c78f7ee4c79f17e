/*
 * I2C1 and I2C2 on a bus that is pulled up and has nobody on it (RM0008 chapter 26): a master gets its start
 * condition, no acknowledge to any address, and its stop. Nobody ever addresses the chip.
 */
#include "chip.h"

enum { CR1 = 0x00, CR2 = 0x04, OAR1 = 0x08, OAR2 = 0x0C, DR = 0x10, SR1 = 0x14, SR2 = 0x18, CCR = 0x1C };
enum { CR1_PE = 1, CR1_START = 1 << 8, CR1_STOP = 1 << 9, CR1_SWRST = 1 << 15 };
enum { CR2_ITERREN = 1 << 8, CR2_ITEVTEN = 1 << 9 };
enum { SR1_SB = 1, SR1_AF = 1 << 10, SR2_MSL = 1, SR2_BUSY = 2 };
enum { CCR_CCR = 0xFFF, CCR_DUTY = 1 << 14, CCR_FS = 1 << 15, TRISE_AFTER_RESET = 2, ADDRESS_BITS = 9 };

static const uint32_t bases[I2CS] = {0x40005400, 0x40005800};

static void update(struct chip *chip, unsigned n)
{
    const struct i2c *i2c = &chip->i2c[n];
    cortex_m3_set_irq(&chip->cpu, IRQ_I2C1_EV + 2 * n, i2c->SR1 & SR1_SB && i2c->CR2 & CR2_ITEVTEN);
    cortex_m3_set_irq(&chip->cpu, IRQ_I2C1_EV + 2 * n + 1, i2c->SR1 & SR1_AF && i2c->CR2 & CR2_ITERREN);
}

/* Of SCL: low and high time 1:1, 2:1 or 16:9 (26.6.8). */
static void schedule(struct chip *chip, unsigned n, unsigned bits)
{
    uint32_t value = chip->i2c[n].CCR, count = value & CCR_CCR ? value & CCR_CCR : 1;
    unsigned parts = !(value & CCR_FS) ? 2 : value & CCR_DUTY ? 25 : 3;
    chip_schedule(chip, (enum event)(EVENT_I2C + n),
                  chip_now(chip) + (ticks)bits * parts * count * rcc_peripheral_clock(chip, bases[n]));
}

static void begin(struct chip *chip, unsigned n)
{
    struct i2c *i2c = &chip->i2c[n];
    if (i2c->doing != I2C_NOTHING || !(i2c->CR1 & CR1_PE))
        return;
    if (i2c->CR1 & CR1_STOP && i2c->SR2 & SR2_MSL)
        i2c->doing = I2C_STOP;
    else if (i2c->CR1 & CR1_START)
        i2c->doing = I2C_START;
    else
        return;
    schedule(chip, n, 1);
}

void i2c_event(struct chip *chip, unsigned n)
{
    struct i2c *i2c = &chip->i2c[n];
    switch (i2c->doing) {
    case I2C_START:
        i2c->CR1 &= ~(uint32_t)CR1_START;
        i2c->SR1 |= SR1_SB;
        i2c->SR2 = SR2_MSL | SR2_BUSY;
        break;
    case I2C_ADDRESS: i2c->SR1 |= SR1_AF; break;
    case I2C_STOP:
        i2c->CR1 &= ~(uint32_t)CR1_STOP;
        i2c->SR2 = 0;
        break;
    case I2C_NOTHING: break;
    }
    i2c->doing = I2C_NOTHING;
    chip->cpu.side_effects++;
    begin(chip, n);
    update(chip, n);
}

static void stop_all(struct chip *chip, unsigned n)
{
    chip->i2c[n].doing = I2C_NOTHING;
    chip_schedule(chip, (enum event)(EVENT_I2C + n), TICKS_NEVER);
}

static void write_CR1(struct chip *chip, unsigned n, uint32_t value)
{
    struct i2c *i2c = &chip->i2c[n];
    if (value & CR1_SWRST) {
        i2c_reset(chip, n);
        i2c->CR1 = CR1_SWRST;
        return;
    }
    if (!(value & CR1_PE)) {
        stop_all(chip, n);
        i2c->SR1 = i2c->SR2 = 0;
        value &= ~(uint32_t)(CR1_START | CR1_STOP);
    }
    i2c->CR1 = value;
    begin(chip, n);
}

/* Behind a start condition: an address. SB goes with SR1 read and DR written (26.3.3). */
static void write_DR(struct chip *chip, unsigned n, uint32_t value)
{
    struct i2c *i2c = &chip->i2c[n];
    i2c->DR = value;
    if (!(i2c->SR1 & SR1_SB) || !i2c->start_seen)
        return;
    i2c->SR1 &= ~(uint32_t)SR1_SB;
    i2c->doing = I2C_ADDRESS;
    schedule(chip, n, ADDRESS_BITS);
}

void i2c_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    unsigned n = offset / INSTANCE_SIZE;
    struct i2c *i2c = &chip->i2c[n];
    switch (offset % INSTANCE_SIZE) {
    case CR1: write_CR1(chip, n, value); break;
    case CR2: i2c->CR2 = value; break;
    case OAR1: i2c->OAR1 = value; break;
    case OAR2: i2c->OAR2 = value; break;
    case DR: write_DR(chip, n, value); break;
    case SR1: i2c->SR1 &= value | ~(uint32_t)SR1_AF; break;
    case CCR: i2c->CCR = value; break;
    default: i2c->TRISE = value; break;
    }
    update(chip, n);
}

uint32_t i2c_read(struct chip *chip, uint32_t offset)
{
    unsigned n = offset / INSTANCE_SIZE;
    struct i2c *i2c = &chip->i2c[n];
    bool start = i2c->SR1 & SR1_SB;
    switch (offset % INSTANCE_SIZE) {
    case CR1: return i2c->CR1;
    case CR2: return i2c->CR2;
    case OAR1: return i2c->OAR1;
    case OAR2: return i2c->OAR2;
    case DR: return i2c->DR;
    case SR1:
        chip->cpu.side_effects += start != i2c->start_seen;
        i2c->start_seen = start;
        return i2c->SR1;
    case SR2: return i2c->SR2;
    case CCR: return i2c->CCR;
    default: return i2c->TRISE;
    }
}

void i2c_reset(struct chip *chip, unsigned n)
{
    stop_all(chip, n);
    chip->i2c[n] = (struct i2c){.TRISE = TRISE_AFTER_RESET};
    update(chip, n);
}
