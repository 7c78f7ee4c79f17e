/* A chip without a chip: port.h for the unit tests. */
#include "fake_port.h"

#include "application.h"  // application_size
#include "dfu.h"          // dfu_idle, dfu_tick
#include "image_writer.h" // image_step, enum dfu_status
#include "usb_device.h"   // usb_device_poll, usb_device_tick

#include <sanitizer/asan_interface.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct fake fake;

static _Alignas(8) uint8_t memory[FAKE_FLASH_SIZE];

/* Power and time ----------------------------------------------------------------------------------------- */

static void reset_core(void)
{
    dfu_idle();
    fake.endpoint.reset = true;
    usb_device_poll();
}

void fake_power_cycle(void)
{
    memset(&fake, 0, offsetof(struct fake, log));
    memset((char *)&fake + offsetof(struct fake, led), 0, sizeof fake - offsetof(struct fake, led));
    fake.flash_size = FAKE_FLASH_SIZE;
    fake.page_bytes = FLASH_PAGE_SIZE;
    fake_set_clock(4);
    fake.seed = 1;
    __asan_unpoison_memory_region(memory, sizeof memory);
    reset_core();
}

static const uint32_t bootloader_vectors[2] = {0x20001234, BOOTLOADER_BASE + 0x101};

uint32_t port_reset_vector(void)
{
    return bootloader_vectors[1];
}

void fake_power_on(void)
{
    __asan_unpoison_memory_region(memory, sizeof memory);
    memset(memory, BLANK_BYTE, sizeof memory);
    memcpy(memory + (BOOTLOADER_BASE - FLASH_BASE), bootloader_vectors, sizeof bootloader_vectors);
    if (HIGH)
        memcpy(memory, bootloader_vectors, sizeof bootloader_vectors);
    fake_power_cycle();
}

void fake_turn(void)
{
    fake.turns++;
    image_step();
    usb_device_poll();
    if (port_tick()) {
        dfu_tick();
        usb_device_tick();
    }
}

void fake_set_clock(uint32_t turns_per_ms)
{
    fake.turns_per_ms = turns_per_ms;
    fake.next_tick = fake.turns + turns_per_ms;
}

void fake_wait_ms(uint32_t ms)
{
    for (uint32_t turns = ms * fake.turns_per_ms; turns; turns--)
        fake_turn();
}

enum fake_end fake_session(void (*session)(void *), void *context)
{
    enum fake_end end = FAKE_FINISHED;

    fake.in_session = true;
    switch (setjmp(fake.end)) {
    case 0: session(context); break;
    case FAKE_RESTARTED: end = FAKE_RESTARTED; break;
    default: end = FAKE_POWER_CUT; break;
    }
    fake.in_session = false;
    return end;
}

static void wait_ms(void *ms)
{
    fake_wait_ms(*(uint32_t *)ms);
}

int fake_ms_until_restart(uint32_t limit)
{
    uint32_t start = fake.ms;

    return fake_session(wait_ms, &limit) == FAKE_RESTARTED ? (int)(fake.ms - start) : -1;
}

static _Noreturn void end_session(enum fake_end why)
{
    if (!fake.in_session)
        fail_msg("%s", why == FAKE_RESTARTED ? "the device restarts here" : "power fails here");
    longjmp(fake.end, why);
}

_Noreturn void port_restart(void)
{
    end_session(FAKE_RESTARTED);
}

bool port_tick(void)
{
    if (fake.turns < fake.next_tick)
        return false;
    fake.next_tick += fake.turns_per_ms;
    fake.ms++;
    return true;
}

void port_led(bool on)
{
    fake.led_changes += on != fake.led;
    fake.led = on;
}

bool port_crystal_works(void)
{
    return !fake.crystal_dead;
}

uint8_t port_unique_id(uint32_t i)
{
    static const uint8_t id[12] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xF0, 0x0F, 0x00, 0xFF};

    return id[i];
}

/* Flash -------------------------------------------------------------------------------------------------- */

static flash_unit *cell_at(uint32_t address)
{
    return (flash_unit *)(memory + (address - FLASH_BASE));
}

uint32_t fake_area_size(void)
{
    return HIGH ? BOOTLOADER_BASE - FLASH_BASE : FLASH_BASE + fake.flash_size - APP_BASE_ADDRESS;
}

uint8_t *fake_area(void)
{
    return memory + (APP_BASE_ADDRESS - FLASH_BASE);
}

bool fake_application_starts(void)
{
    return (!FLASH_MARKS || !application_has_marks()) && application_is_valid(application_start_words());
}

uint8_t *fake_mark_pages(void)
{
    return memory + (application_mark(SECOND_MARK) - FLASH_BASE);
}

void fake_interrupted_before(void)
{
    if (FLASH_MARKS)
        *cell_at(application_mark(FIRST_MARK)) = (flash_unit)FLASH_MARK;
    else
        memset(fake_area() + START_WORDS_OFFSET + 2, FLASH_RETIRED, 2);
}

bool fake_flash_busy(void)
{
    return fake.turns < fake.busy_until;
}

uint32_t port_flash_size(void)
{
    return fake.flash_size;
}

uint32_t port_flash_limit(void)
{
    return fake.flash_size;
}

bool port_flash_pages_fit(void)
{
    return !fake.pages_too_large;
}

const volatile void *port_flash(uint32_t address)
{
    if (fake_flash_busy())
        fail_msg("flash is read at %08x while it works", address);
    if (address - FLASH_BASE > fake.flash_size)
        fail_msg("there is no flash at %08x", address);
    __asan_poison_memory_region(memory + fake.flash_size, sizeof memory - fake.flash_size);
    return memory + (address - FLASH_BASE);
}

bool port_flash_busy(void)
{
    return fake_flash_busy();
}

uint8_t port_flash_error(void)
{
    if (fake_flash_busy())
        fail_msg("the outcome of a flash operation is asked for before it is there");
    return fake.error;
}

/* xorshift32 */
static uint32_t chance(void)
{
    fake.seed ^= fake.seed << 13;
    fake.seed ^= fake.seed >> 17;
    fake.seed ^= fake.seed << 5;
    return fake.seed;
}

static void change(flash_unit *cell, flash_unit to, bool half_done)
{
    *cell = half_done ? *cell ^ ((*cell ^ to) & (flash_unit)chance()) : to;
}

static bool is_mark(uint32_t address)
{
    uint32_t page = address / FLASH_PAGE_SIZE * FLASH_PAGE_SIZE;

    return FLASH_MARKS && (page == application_mark(FIRST_MARK) || page == application_mark(SECOND_MARK));
}

/* Keeps the rules every operation has; true if it is the one that power fails with. */
static bool begin(uint32_t address, flash_unit value, uint32_t size, bool erase, uint32_t turns)
{

    if (fake_flash_busy())
        fail_msg("an operation is started while another one runs");
    if (address % size)
        fail_msg("%s at %08x, which is not aligned", erase ? "erase" : "program", address);
    if (!is_mark(address) &&
        (address < APP_BASE_ADDRESS || address - APP_BASE_ADDRESS > fake_area_size() - size))
        fail_msg("%s at %08x, outside the application area", erase ? "erase" : "program", address);
    if (fake.operations == FAKE_LOG)
        fail_msg("too many flash operations");
    fake.log[fake.operations++] = (struct fake_operation){address, value, erase};
    fake.erases += erase;
    fake.busy_until = fake.turns + turns;
    fake.error = address / FLASH_PAGE_SIZE * FLASH_PAGE_SIZE == fake.protected_page ? errWRITE : STATUS_OK;
    return fake.operations == fake.cut_at;
}

void port_flash_erase(uint32_t address)
{
    if (FLASH_BURST == 1)
        address -= address % fake.page_bytes; /* any address of the page names it (PM0075 2.3.5) */

    bool cut = begin(address, 0, fake.page_bytes, true, fake.erase_turns);
    flash_unit *page = cell_at(address);

    fake.last_erase = fake.ms;
    for (uint32_t i = 0; !fake.error && i < fake.page_bytes / FLASH_UNIT; i++)
        change(&page[i], FLASH_BLANK, cut && fake.cut_within);
    if (address == fake.worn_page)
        page[is_mark(address) ? 0 : 7] ^= 0x0400;
    if (cut)
        end_session(FAKE_POWER_CUT);
}

static bool is_unit(uint32_t address, uint32_t i, uint32_t there)
{
    return address / FLASH_UNIT + i == there / FLASH_UNIT;
}

static void program(uint32_t address, const flash_unit *values, uint32_t count)
{
    bool cut = begin(address, values[0], FLASH_UNIT * count, false, fake.program_turns);
    flash_unit *cell = cell_at(address);

    /* PM0075 2.3.3: only over 0xFFFF, or 0x0000 over anything. RM0038 3.4.2: only over 0 */
    for (uint32_t i = 0; i < count; i++) {
        bool retires = !FLASH_MARKS && !fake.refuses_zero && values[i] == FLASH_RETIRED;

        if (!fake.error &&
            ((cell[i] != FLASH_BLANK && !retires) || is_unit(address, i, fake.programming_fails_at)))
            fake.error = errPROG;
    }
    for (uint32_t i = 0; !fake.error && i < count; i++) {
        flash_unit worn = is_unit(address, i, fake.worn_unit) ? 0x08 << 8 * (fake.worn_unit % FLASH_UNIT) : 0;

        change(&cell[i], values[i] | worn, cut && fake.cut_within);
    }
    if (cut)
        end_session(FAKE_POWER_CUT);
}

void port_flash_program(uint32_t address, flash_unit value)
{
    program(address, &value, 1);
}

void port_flash_program_burst(uint32_t address, const flash_unit *values)
{
    program(address, values, FLASH_BURST);
}

/* Control endpoint --------------------------------------------------------------------------------------- */

bool fake_usb_idle(void)
{
    return !fake.endpoint.reset && !fake.endpoint.setup && !fake.endpoint.out && !fake.endpoint.sent;
}

enum port_usb_event port_usb_event(void)
{
    struct fake_endpoint *endpoint = &fake.endpoint;

    if (endpoint->reset) {
        *endpoint = (struct fake_endpoint){.rx = FAKE_NAK, .tx = FAKE_NAK};
        fake.address = 0;
        return PORT_USB_RESET;
    }
    if (endpoint->setup)
        return PORT_USB_SETUP;
    if (endpoint->sent) {
        endpoint->sent = false;
        return PORT_USB_SENT;
    }
    return endpoint->out ? PORT_USB_OUT : PORT_USB_NOTHING;
}

uint32_t port_usb_read(void *to, uint32_t room)
{
    struct fake_endpoint *endpoint = &fake.endpoint;
    uint32_t length = endpoint->received_length < room ? endpoint->received_length : room;

    if (!endpoint->setup && !endpoint->out)
        fail_msg("there is no packet to read");
    if (room % 2)
        fail_msg("an odd number of bytes is asked for");
    memcpy(to, endpoint->received, length);
    endpoint->setup = endpoint->out = false;
    return length;
}

static void check_told_in_time(const char *what)
{
    if (fake.endpoint.setup || fake.endpoint.out)
        fail_msg("the endpoint is told to %s while a packet waits to be read", what);
}

void port_usb_send(const uint8_t *data, uint32_t length)
{
    check_told_in_time("send");
    if (length > PORT_USB_PACKET)
        fail_msg("a packet of %u bytes is to be sent", length);
    if (length && data >= memory && data < memory + sizeof memory && fake_flash_busy())
        fail_msg("a packet is sent out of flash while it works");
    if (length)
        memcpy(fake.endpoint.sending, data, length);
    fake.endpoint.sending_length = length;
    fake.endpoint.rx = fake.endpoint.tx = FAKE_VALID;
}

void port_usb_receive(void)
{
    check_told_in_time("receive");
    fake.endpoint.rx = FAKE_VALID;
    fake.endpoint.tx = FAKE_NAK;
}

void port_usb_stall(void)
{
    check_told_in_time("stall");
    fake.endpoint.rx = fake.endpoint.tx = FAKE_STALL;
}

void port_usb_set_address(uint8_t address)
{
    if (address > 127)
        fail_msg("%u is no address on a bus", address);
    fake.address = address;
}
