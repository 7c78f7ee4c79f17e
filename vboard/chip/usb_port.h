/* A USB full-speed device peripheral as seen from the wire. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct chip;
struct device;

/* What comes back from a device within a transaction. */
enum usb_answer { USB_SILENCE, USB_ACK, USB_NAK, USB_STALL, USB_DATA0, USB_DATA1 };

enum { USB_MAX_PACKET = 1023 };

/*
 * The host's side. Each is one transaction at chip_now(); the caller gives packets their bit times. A device
 * that is not attached, is suspended by a bus reset, or has another address answers USB_SILENCE.
 */
struct usb_port {
    enum usb_answer (*setup)(struct device *device, uint8_t address, uint8_t endpoint, const uint8_t data[8]);
    /* toggle: 0 for DATA0, 1 for DATA1 */
    enum usb_answer (*out)(struct device *device, uint8_t address, uint8_t endpoint, unsigned toggle,
                           const uint8_t *data, unsigned length);
    /*
     * An IN transaction takes its time between the token and the host's ACK, so it has two halves. On
     * USB_DATA0 or USB_DATA1 data and *length are set, and in_end() must follow: the caller says whether its
     * ACK reaches the device.
     */
    enum usb_answer (*in_begin)(struct device *device, uint8_t address, uint8_t endpoint,
                                uint8_t data[USB_MAX_PACKET], unsigned *length);
    void (*in_end)(struct device *device, uint8_t address, uint8_t endpoint, bool acknowledge);
    void (*sof)(struct device *device, uint16_t frame);
    /* SE0 for as long as it is true. */
    void (*bus_reset)(struct device *device, bool driven);
    /* The host drives resume (K) for as long as it is true. */
    void (*bus_resume)(struct device *device, bool driven);
    /* True while the device drives resume: remote wake-up. */
    bool (*drives_resume)(const struct device *device);
    /* Transceiver on: its pins belong to the peripheral whatever the port says. */
    bool (*transceiver_on)(const struct device *device);
    /* The chip itself pulls D+ up. NULL: it has no such resistor. */
    bool (*pulls_up)(const struct device *device);
};

/* The chip's own, of the names above. */
enum usb_answer usb_setup(struct chip *chip, uint8_t address, uint8_t endpoint, const uint8_t data[8]);
enum usb_answer usb_out(struct chip *chip, uint8_t address, uint8_t endpoint, unsigned toggle,
                        const uint8_t *data, unsigned length);
enum usb_answer usb_in_begin(struct chip *chip, uint8_t address, uint8_t endpoint,
                             uint8_t data[USB_MAX_PACKET], unsigned *length);
void usb_in_end(struct chip *chip, uint8_t address, uint8_t endpoint, bool acknowledge);
/* Both halves at once. */
enum usb_answer usb_in(struct chip *chip, uint8_t address, uint8_t endpoint, uint8_t data[USB_MAX_PACKET],
                       unsigned *length, bool acknowledge);
void usb_sof(struct chip *chip, uint16_t frame);
void usb_bus_reset(struct chip *chip, bool driven);
void usb_bus_resume(struct chip *chip, bool driven);
bool usb_drives_resume(const struct chip *chip);
bool usb_transceiver_on(const struct chip *chip);
bool usb_pulls_up(const struct chip *chip);
