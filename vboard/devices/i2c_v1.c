/*
 * I2C1 and I2C2 on a bus that is pulled up and has nobody on it (RM0008 chapter 26): a master gets its start
 * condition, no acknowledge to any address, and its stop. Nobody ever addresses the chip.
 */
#include "i2c_v1.h"

#include "chip/chip.h"

enum { CR1 = 0x00, CR2 = 0x04, OAR1 = 0x08, OAR2 = 0x0C, DR = 0x10, SR1 = 0x14, SR2 = 0x18, CCR = 0x1C };
enum { CR1_PE = 1, CR1_START = 1 << 8, CR1_STOP = 1 << 9, CR1_SWRST = 1 << 15 };
enum { CR2_ITERREN = 1 << 8, CR2_ITEVTEN = 1 << 9 };
enum { SR1_SB = 1, SR1_AF = 1 << 10, SR2_MSL = 1, SR2_BUSY = 2 };
enum { CCR_CCR = 0xFFF, CCR_DUTY = 1 << 14, CCR_FS = 1 << 15, TRISE_AFTER_RESET = 2, ADDRESS_BITS = 9 };

struct i2c {
    uint32_t CR1, CR2, OAR1, OAR2, DR, SR1, SR2, CCR, TRISE;
    enum { I2C_NOTHING, I2C_START, I2C_ADDRESS, I2C_STOP } doing;
    bool start_seen; /* SR1 was read with SB */
};

static inline struct i2c *i2c_of(const struct device *device)
{
    return device_state(device);
}

static const struct device_register registers[] = {
    AT(0x00) = {"CR1", RW | STABLE, 0xFFFF4004},
    AT(0x04) = {"CR2", RW | STABLE, 0xFFFFE0C0},
    AT(0x08) = {"OAR1", RW | STABLE, 0xFFFF3C00},
    AT(0x0C) = {"OAR2", RW | STABLE, 0xFFFFFF00},
    AT(0x10) = {"DR", RW | STABLE, 0xFFFFFF00},
    AT(0x14) = {"SR1", RW | STABLE, 0},
    AT(0x18) = {"SR2", READ_ONLY | STABLE, 0},
    AT(0x1C) = {"CCR", RW | STABLE, 0xFFFF3000},
    AT(0x20) = {"TRISE", RW | STABLE, 0xFFFFFFC0, TRISE_AFTER_RESET},
};

static void reset(struct device *device);

static void update(struct device *device)
{
    const struct i2c *i2c = i2c_of(device);
    device_drive(device, I2C_V1_EVENT_IRQ, i2c->SR1 & SR1_SB && i2c->CR2 & CR2_ITEVTEN);
    device_drive(device, I2C_V1_ERROR_IRQ, i2c->SR1 & SR1_AF && i2c->CR2 & CR2_ITERREN);
}

/* Of SCL: low and high time 1:1, 2:1 or 16:9 (26.6.8). */
static void schedule(struct device *device, unsigned bits)
{
    uint32_t value = i2c_of(device)->CCR, count = value & CCR_CCR ? value & CCR_CCR : 1;
    unsigned parts = !(value & CCR_FS) ? 2 : value & CCR_DUTY ? 25 : 3;
    device_schedule(device, 0, device_now(device) + (ticks)bits * parts * count * device_clock(device));
}

static void begin(struct device *device)
{
    struct i2c *i2c = i2c_of(device);
    if (i2c->doing != I2C_NOTHING || !(i2c->CR1 & CR1_PE))
        return;
    if (i2c->CR1 & CR1_STOP && i2c->SR2 & SR2_MSL)
        i2c->doing = I2C_STOP;
    else if (i2c->CR1 & CR1_START)
        i2c->doing = I2C_START;
    else
        return;
    schedule(device, 1);
}

static void event(struct device *device, unsigned n)
{
    (void)n;
    struct i2c *i2c = i2c_of(device);
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
    begin(device);
    update(device);
}

static void stop_all(struct device *device)
{
    i2c_of(device)->doing = I2C_NOTHING;
    device_schedule(device, 0, TICKS_NEVER);
}

static void write_CR1(struct device *device, uint32_t value)
{
    struct i2c *i2c = i2c_of(device);
    if (value & CR1_SWRST) {
        reset(device);
        i2c->CR1 = CR1_SWRST;
        return;
    }
    if (!(value & CR1_PE)) {
        stop_all(device);
        i2c->SR1 = i2c->SR2 = 0;
        value &= ~(uint32_t)(CR1_START | CR1_STOP);
    }
    i2c->CR1 = value;
    begin(device);
}

/* Behind a start condition: an address. SB goes with SR1 read and DR written (26.3.3). */
static void write_DR(struct device *device, uint32_t value)
{
    struct i2c *i2c = i2c_of(device);
    i2c->DR = value;
    if (!(i2c->SR1 & SR1_SB) || !i2c->start_seen)
        return;
    i2c->SR1 &= ~(uint32_t)SR1_SB;
    i2c->doing = I2C_ADDRESS;
    schedule(device, ADDRESS_BITS);
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    struct i2c *i2c = i2c_of(device);
    switch (offset) {
    case CR1: write_CR1(device, value); break;
    case CR2: i2c->CR2 = value; break;
    case OAR1: i2c->OAR1 = value; break;
    case OAR2: i2c->OAR2 = value; break;
    case DR: write_DR(device, value); break;
    case SR1: i2c->SR1 &= value | ~(uint32_t)SR1_AF; break;
    case CCR: i2c->CCR = value; break;
    default: i2c->TRISE = value; break;
    }
    update(device);
}

static uint32_t read(struct device *device, uint32_t offset)
{
    struct i2c *i2c = i2c_of(device);
    bool start = i2c->SR1 & SR1_SB;
    switch (offset) {
    case CR1: return i2c->CR1;
    case CR2: return i2c->CR2;
    case OAR1: return i2c->OAR1;
    case OAR2: return i2c->OAR2;
    case DR: return i2c->DR;
    case SR1:
        if (start != i2c->start_seen)
            device_changed(device);
        i2c->start_seen = start;
        return i2c->SR1;
    case SR2: return i2c->SR2;
    case CCR: return i2c->CCR;
    default: return i2c->TRISE;
    }
}

static void reset(struct device *device)
{
    stop_all(device);
    *i2c_of(device) = (struct i2c){.TRISE = TRISE_AFTER_RESET};
    update(device);
}

const struct device_class i2c_v1_class = {
    .state = sizeof(struct i2c),
    REGISTERS(registers),
    .sizes = HALF_WORDS_TOO,
    .events = 1,
    .read = read,
    .write = write,
    .reset = reset,
    .event = event,
};
