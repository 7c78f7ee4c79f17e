/*
 * libvboard: a virtual STM32 board for tests of firmware, without hardware. docs/libvboard.md shows it at
 * work.
 *
 * Times are virtual, in microseconds (us) since the board was made: the same calls give the same results on
 * every machine. Nothing happens by itself: the board runs only inside vboard_run(), vboard_run_until() and
 * the calls that have a time-out. Boards are independent of each other; one board is for one thread at a
 * time.
 *
 * Functions that may fail return an enum vboard_status, and vboard_error() says in a sentence what was wrong.
 * Results by pointer are set in each case (0 bytes on failure), and such pointers may be NULL. The library
 * prints nothing and ends no program, except when there is no memory: then the program ends with status 2.
 */
#ifndef VBOARD_H
#define VBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vboard;
struct vboard_snapshot;

enum vboard_status {
    VBOARD_OK,
    VBOARD_WRONG,     /* wrong use: a value out of range, no such pin, a file that is no firmware */
    VBOARD_BROKEN,    /* the firmware broke a rule of the chip's manual; the board stands still from now on */
    VBOARD_LOCKED_UP, /* the processor is locked up after a fault, and no watchdog runs */
    VBOARD_TIMED_OUT, /* the time-out passed */
    VBOARD_STALLED,   /* USB: the device answered STALL */
    VBOARD_GONE,      /* USB: no device on the bus, or it left meanwhile */
    VBOARD_USB_ERROR, /* USB: no answer three times, or more data than the packet size or the buffer takes */
};

/* What ends a run. */
enum vboard_strictness {
    VBOARD_STRICT,   /* what the manual forbids or leaves undefined */
    VBOARD_LENIENT,  /* nothing; it is counted all the same */
    VBOARD_PEDANTIC, /* what is merely suspicious, too */
};

#define VBOARD_NO_CRYSTAL 1u

/* All 0: the board as it is sold. */
struct vboard_options {
    uint32_t flash_kib;  /* 16 to what the largest chip of the family has (STM32F103: 512, STM32L1: 256), in
                            whole pages; what else depends on the size follows it; 0: the board's */
    uint32_t crystal_hz; /* what the chip's oscillator takes (STM32F103: 4 to 16 MHz, STM32L1: 1 to 24 MHz);
                            VBOARD_NO_CRYSTAL: none; 0: the board's */
    uint64_t seed;       /* of RAM at power-up and of cut flash operations; 0: 1 */
    enum vboard_strictness strictness;
};

/* The library's version, a text. */
const char *vboard_version(void);
/* Name of a board, such as "BLUEPILL", and what people call it. index from 0; NULL: there are no more. */
const char *vboard_board_name(unsigned index);
const char *vboard_board_title(unsigned index);

/*
 * A board by its name, in letters of either size: without power, its flash erased, its USB cable plugged in.
 * options may be NULL. NULL: vboard_error(NULL) says why. vboard_free() takes NULL, too.
 */
struct vboard *vboard_new(const char *name, const struct vboard_options *options);
void vboard_free(struct vboard *board);
/* What was wrong with the last call that failed for this board; NULL: with the last vboard_new() of this
 * thread. Never NULL; valid until the next call that fails. */
const char *vboard_error(const struct vboard *board);

/* Firmware ----------------------------------------------------------------------------------------------- */

/*
 * Puts a firmware file (.elf, .hex, else .bin) into the flash as a programmer would: the pages that it
 * touches are erased. address is for a .bin; 0: 0x08000000. VBOARD_WRONG: no such file, no firmware, or
 * outside of the flash. Parts for the RAM are left out.
 */
enum vboard_status vboard_load_file(struct vboard *board, const char *path, uint32_t address);
/* The same for a file that is in memory: name is for its ending and for messages. */
enum vboard_status vboard_load_image(struct vboard *board, const char *name, const void *bytes, size_t length,
                                     uint32_t address);
/* Puts bytes there, and leaves the rest of the page as it is. VBOARD_WRONG: not all of it is flash. */
enum vboard_status vboard_load(struct vboard *board, uint32_t address, const void *bytes, size_t length);

/* A person at the board ---------------------------------------------------------------------------------- */

/* Takes no time by itself. The flash outlives power; RAM does not. */
void vboard_power(struct vboard *board, bool on);
bool vboard_is_powered(const struct vboard *board);
/* The reset button: NRST low and released. */
void vboard_reset(struct vboard *board);
/* The board's user button, which stays so. VBOARD_WRONG: the board has none. */
enum vboard_status vboard_press(struct vboard *board, bool pressed);
/* The USB cable; the board keeps its power without it. */
void vboard_plug(struct vboard *board, bool in);

/* Time --------------------------------------------------------------------------------------------------- */

/* us since the board was made. */
uint64_t vboard_now(const struct vboard *board);
/* Instructions that the processor has executed since its power came, skipped rounds of waiting loops
 * included. */
uint64_t vboard_instructions(const struct vboard *board);
/* Runs for that many us, up to 3 days in all. VBOARD_BROKEN and VBOARD_LOCKED_UP end it
 * early. Without power time passes. */
enum vboard_status vboard_run(struct vboard *board, uint64_t us);
/*
 * Runs until the condition is true: it is asked at once, then every 10 us of virtual time. VBOARD_TIMED_OUT:
 * it was not within timeout us. VBOARD_BROKEN, VBOARD_LOCKED_UP: as vboard_run(). The condition may look at
 * the board, not run it.
 */
typedef bool vboard_condition(struct vboard *board, void *context);
enum vboard_status vboard_run_until(struct vboard *board, vboard_condition *condition, void *context,
                                    uint64_t timeout);

/* Pins and LED ------------------------------------------------------------------------------------------- */

enum vboard_level { VBOARD_LOW, VBOARD_HIGH, VBOARD_FLOATING };

/* Level of a pin, "PA0" to "PG15": by the chip's output, else by the world outside, else by the chip's pull.
 * -1: the chip has no such pin, or the name is none. */
int vboard_pin(struct vboard *board, const char *name);
/* Drives a pin from outside, until VBOARD_FLOATING releases it. An output of the chip wins against it; it
 * wins against the button. VBOARD_WRONG: no such pin or level. */
enum vboard_status vboard_drive(struct vboard *board, const char *name, enum vboard_level level);
/* The LED: share of the time that it is on, in thousandths, 0 (off) to 1000 (on); 0 where there is none. */
unsigned vboard_led(const struct vboard *board);
/* How often that has changed since the board was made. */
uint64_t vboard_led_changes(const struct vboard *board);

/* Serial ports: 1 is USART1, to 3; on large chips to 5 --------------------------------------------------- */

/*
 * Sends bytes to the chip's RX pin, one frame after the other once its receiver is on. 4096 of them wait on
 * the wire without time passing; for more the board runs. VBOARD_TIMED_OUT: not all were taken within timeout
 * us. VBOARD_WRONG: the chip has no such port.
 */
enum vboard_status vboard_serial_send(struct vboard *board, unsigned usart, const void *bytes, size_t length,
                                      uint64_t timeout);
/* The rate at which these bytes come, in baud; 0: the chip's own (as at first). VBOARD_WRONG: as above. */
enum vboard_status vboard_serial_baud(struct vboard *board, unsigned usart, uint32_t baud);
/* Takes what the chip has sent since the last call, up to size bytes, oldest first; of 9-bit words the low 8.
 * Returns how many; 0 also where the chip has no such port. Does not run the board. */
size_t vboard_serial_read(struct vboard *board, unsigned usart, void *bytes, size_t size);

/* USB, as the host. Time-outs in us of virtual time; each call returns when its transfer is over --------- */

/* The device's pull-up is on and the cable is in. */
bool vboard_usb_is_attached(const struct vboard *board);
/* How often a device has left the bus, for whatever reason and however shortly, since vboard_new(). */
uint32_t vboard_usb_detachments(const struct vboard *board);
/* An enumeration succeeded, and since then the device neither left nor was the bus reset. */
bool vboard_usb_is_configured(const struct vboard *board);
/*
 * Waits for the device, resets the bus, reads descriptors as Linux does (tries again for 2.3 s), and
 * selects the first configuration. VBOARD_GONE: it does not enumerate. VBOARD_TIMED_OUT,
 * VBOARD_STALLED: the last request.
 */
enum vboard_status vboard_usb_enumerate(struct vboard *board, uint64_t timeout);
/*
 * Starts the same and returns at once; it goes on while the board runs, and waits for a device as
 * long as there is none. Until it is over no transfer can be made. One that is under way begins anew.
 */
enum vboard_status vboard_usb_start_enumeration(struct vboard *board);
bool vboard_usb_is_enumerating(const struct vboard *board);
/* Ends it, and says what became of it, as vboard_usb_enumerate(). VBOARD_TIMED_OUT, without a device
 * VBOARD_GONE: it was under way, and is cancelled. */
enum vboard_status vboard_usb_finish_enumeration(struct vboard *board);
/*
 * A control transfer. bmRequestType's bit 7 says the direction; data has wLength bytes (may be
 * NULL for 0). *actual: how many went over. A SET_INTERFACE, SET_CONFIGURATION or CLEAR_FEATURE
 * that succeeds is taken note of.
 */
enum vboard_status vboard_usb_control(struct vboard *board, uint8_t bmRequestType, uint8_t bRequest,
                                      uint16_t wValue, uint16_t wIndex, void *data, uint16_t wLength,
                                      uint32_t *actual, uint64_t timeout);
/*
 * One transfer to an endpoint of the configuration, 0x01 to 0x0F, in packets of its size; a length of 0 sends
 * an empty packet. Isochronous endpoints take one packet a call. VBOARD_WRONG: not enumerated, or the device
 * has no such endpoint.
 */
enum vboard_status vboard_usb_out(struct vboard *board, uint8_t endpoint, const void *data, uint32_t length,
                                  uint32_t *actual, uint64_t timeout);
/* One transfer from an endpoint, 0x81 to 0x8F: ends when the buffer is full or a packet is shorter
 * than the endpoint's size. VBOARD_USB_ERROR: a packet did not fit; give whole packets of room.
 * *actual is set on a time-out, too. */
enum vboard_status vboard_usb_in(struct vboard *board, uint8_t endpoint, void *data, uint32_t size,
                                 uint32_t *actual, uint64_t timeout);

/* A transfer that goes on while the board runs. */
struct vboard_transfer;
/*
 * Starts a transfer as vboard_usb_out() and vboard_usb_in() make it, by the endpoint's number, and returns at
 * once. One at a time for each endpoint. data must stay until the transfer is finished. NULL: the board's
 * error says why not.
 */
struct vboard_transfer *vboard_usb_start(struct vboard *board, uint8_t endpoint, void *data, uint32_t length);
bool vboard_usb_is_pending(const struct vboard_transfer *transfer);
/* Ends it, and says what became of it. VBOARD_TIMED_OUT: it was pending, and is cancelled. */
enum vboard_status vboard_usb_finish(struct vboard *board, struct vboard_transfer *transfer,
                                     uint32_t *actual);

/* Looking inside ----------------------------------------------------------------------------------------- */

/* Copies RAM (from 0x20000000) or flash (from 0x08000000), without effect on the
 * board. VBOARD_WRONG: neither. */
enum vboard_status vboard_read(struct vboard *board, uint32_t address, void *bytes, size_t length);
/* Programs and erases of flash that the firmware began, since the board was made. */
uint64_t vboard_flash_operations(const struct vboard *board);

/* Rules that were broken, as the strictness counts: suspicions only when pedantic, allowed ones never. */
uint64_t vboard_violations(const struct vboard *board);
/* The first of them, with rule, instruction and register; "" for none. */
const char *vboard_first_violation(const struct vboard *board);
/* Name of a rule, index from 0, in alphabetical order; NULL: there are no more. */
const char *vboard_rule_name(unsigned index);
/* How often a rule of docs/vboard-rules.md was broken, allowed or not; 0 also for a name that is no rule. */
uint32_t vboard_rule_count(const struct vboard *board, const char *rule);
/* Goes on after this rule from now on. VBOARD_WRONG: there is no such rule; the error names the nearest. */
enum vboard_status vboard_allow(struct vboard *board, const char *rule);

/* What happens, as `vboard run` prints it: "LED on", "bus reset". us: when. NULL: tells nobody. */
typedef void vboard_listener(void *context, uint64_t us, const char *text);
void vboard_listen(struct vboard *board, vboard_listener *listener, void *context);

/* Kinds of what happens. Packets, flash operations and accesses to registers are frequent. */
enum vboard_event {
    VBOARD_EVENT_USB,       /* attach, bus reset, address, configuration, suspend */
    VBOARD_EVENT_LED,       /* the LED changed */
    VBOARD_EVENT_RESET,     /* power, NRST, software, watchdog */
    VBOARD_EVENT_FAULT,     /* exceptions of the fault kind, lock-up, with registers */
    VBOARD_EVENT_VIOLATION, /* a rule was broken; the text begins with its level and name */
    VBOARD_EVENT_PACKET,    /* each USB packet */
    VBOARD_EVENT_FLASH,     /* each flash operation */
    VBOARD_EVENT_REGISTER,  /* each access to a peripheral register */
    VBOARD_EVENT_NOTE,      /* whatever else a person wants to know */
};

/* The same by kind, frequent ones included. events: 1 << kind of those that are wanted. NULL: tells nobody.
 * Independent of vboard_listen(). Both may look at the board, not run it. */
typedef void vboard_watcher(void *context, enum vboard_event event, uint64_t us, const char *text);
void vboard_watch(struct vboard *board, unsigned events, vboard_watcher *watcher, void *context);

/* Power cuts and snapshots ------------------------------------------------------------------------------- */

enum vboard_cut { VBOARD_CUT_BEFORE, VBOARD_CUT_INSIDE, VBOARD_CUT_AFTER };

/* The power fails, once, at the n-th flash operation from now (1: the next one): before it, in its
 * middle or when it is done. 0: not at all. The board is off then; vboard_power() switches it on.
 * VBOARD_WRONG: no such moment. */
enum vboard_status vboard_cut_power(struct vboard *board, uint64_t n, enum vboard_cut moment);
/*
 * The whole board, with its time, serial output not yet read, and USB host. It can be restored any number of
 * times, into the board that it is of; a listener stays as it is. VBOARD_WRONG: it is of another board.
 */
struct vboard_snapshot *vboard_save(struct vboard *board);
enum vboard_status vboard_restore(struct vboard *board, const struct vboard_snapshot *snapshot);
void vboard_snapshot_free(struct vboard_snapshot *snapshot);

#ifdef __cplusplus
}
#endif

#endif
