/*
 * The smallest complete DFU client for dapboot, on libusb-1.0: writes, reads, or just starts an application.
 * It is here to be read, beside docs/protocol.md; dfu-util does more.
 *
 *     cc -o flash flash.c $(pkg-config --cflags --libs libusb-1.0)
 */
#include <libusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VENDOR = 0x1209, PRODUCT = 0xDB42, INTERFACE = 0 };
enum { TO_DEVICE = 0x21, FROM_DEVICE = 0xA1 }; // class request, to an interface
enum { DETACH = 0, DNLOAD = 1, UPLOAD = 2, GETSTATUS = 3, CLRSTATUS = 4, ABORT = 6 };
enum { DFU_IDLE = 2, DFU_DNBUSY = 4, DFU_DNLOAD_IDLE = 5, DFU_MANIFEST = 7, DFU_ERROR = 10 };
enum { FUNCTIONAL_DESCRIPTOR = 0x21, TRANSFER_SIZE_AT = 5, FUNCTIONAL_LENGTH = 9 };
enum { PATIENCE_MS = 5000 };

static const char *const errors[] = {
    "no error",
    "the image is no application for this board: is it a .bin, linked for this bootloader?",
    "errFILE",
    "flash is write-protected",
    "flash could not be erased",
    "errCHECK_ERASED",
    "flash could not be programmed",
    "flash reads differently from what was written",
    "the image is too large",
};

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "flash: %s: %s\n", what, why);
    exit(1);
}

static int check(int result, const char *what)
{
    if (result < 0)
        give_up(what, libusb_strerror(result));
    return result;
}

static void send(libusb_device_handle *device, int request, int block, const void *data, int length)
{
    check(libusb_control_transfer(device, TO_DEVICE, (uint8_t)request, (uint16_t)block, INTERFACE,
                                  (void *)data, (uint16_t)length, PATIENCE_MS),
          "the device refused");
}

static int receive(libusb_device_handle *device, int request, int block, void *data, int length)
{
    return check(libusb_control_transfer(device, FROM_DEVICE, (uint8_t)request, (uint16_t)block, INTERFACE,
                                         data, (uint16_t)length, PATIENCE_MS),
                 "no answer");
}

static int get_status(libusb_device_handle *device, uint8_t answer[6])
{
    return libusb_control_transfer(device, FROM_DEVICE, GETSTATUS, 0, INTERFACE, answer, 6, PATIENCE_MS);
}

/*
 * Asks until the device is no longer busy, never sooner than it wants to be asked. Returns the state;
 * `reason` is the string that says more about an error, or 0.
 */
static int get_state(libusb_device_handle *device, int *status, int *reason)
{
    uint8_t answer[6];
    do {
        // an error that is found after the last block stalls one question
        int length = get_status(device, answer);
        if (length == LIBUSB_ERROR_PIPE)
            length = get_status(device, answer);
        if (check(length, "no answer") != sizeof answer)
            give_up("GETSTATUS", "short answer");
        usleep((answer[1] | answer[2] << 8 | answer[3] << 16) * 1000u);
    } while (answer[4] == DFU_DNBUSY || answer[4] == DFU_MANIFEST);
    *status = answer[0];
    *reason = answer[5];
    return answer[4];
}

static void expect_state(libusb_device_handle *device, int expected)
{
    int status, reason, state = get_state(device, &status, &reason);
    unsigned char words[127];

    if (state == expected)
        return;
    /* signed variants say in words what is wrong with a signature */
    if (reason != 0 && libusb_get_string_descriptor_ascii(device, (uint8_t)reason, words, sizeof words) > 0)
        give_up("the device refused", (const char *)words);
    give_up("the device refused",
            status < (int)(sizeof errors / sizeof *errors) ? errors[status] : "unexpected state");
}

/* Whatever a client before this one left behind. */
static void make_idle(libusb_device_handle *device)
{
    int state, status, reason;
    while ((state = get_state(device, &status, &reason)) != DFU_IDLE)
        send(device, state == DFU_ERROR ? CLRSTATUS : ABORT, 0, NULL, 0);
}

/* wTransferSize, of the DFU functional descriptor behind the interface's. */
static int transfer_size(libusb_device_handle *device)
{
    struct libusb_config_descriptor *configuration;
    const struct libusb_interface_descriptor *interface;
    const unsigned char *extra;
    int size = 0, left;

    check(libusb_get_active_config_descriptor(libusb_get_device(device), &configuration), "configuration");
    interface = &configuration->interface[INTERFACE].altsetting[0];
    extra = interface->extra;
    for (left = interface->extra_length; left >= 2 && extra[0] >= 2 && extra[0] <= left;
         left -= extra[0], extra += extra[0])
        if (extra[1] == FUNCTIONAL_DESCRIPTOR && extra[0] >= FUNCTIONAL_LENGTH)
            size = extra[TRANSFER_SIZE_AT] | extra[TRANSFER_SIZE_AT + 1] << 8;
    libusb_free_config_descriptor(configuration);
    if (size == 0)
        give_up("descriptors", "this is no DFU device");
    return size;
}

/* A stalled DNLOAD tells nothing; the status after it does. */
static void download(libusb_device_handle *device, FILE *file)
{
    int size = transfer_size(device), block = 0, length;
    unsigned char *data = malloc((size_t)size);
    if (data == NULL)
        give_up("memory", "out of it");
    while ((length = (int)fread(data, 1, (size_t)size, file)) > 0) {
        libusb_control_transfer(device, TO_DEVICE, DNLOAD, (uint16_t)block++, INTERFACE, data,
                                (uint16_t)length, PATIENCE_MS);
        expect_state(device, DFU_DNLOAD_IDLE);
    }
    if (block == 0 || ferror(file))
        give_up("file", "empty or unreadable");
    send(device, DNLOAD, block, NULL, 0);
    expect_state(device, DFU_IDLE); // all is in flash, and compared; the board restarts 250 ms from now
    free(data);
}

static void upload(libusb_device_handle *device, FILE *file)
{
    int size = transfer_size(device), block = 0, length;
    unsigned char *data = malloc((size_t)size);
    if (data == NULL)
        give_up("memory", "out of it");
    do {
        length = receive(device, UPLOAD, block++, data, size);
        if (fwrite(data, 1, (size_t)length, file) != (size_t)length)
            give_up("file", "cannot be written");
    } while (length == size);
    free(data);
}

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    int writes = strcmp(command, "write") == 0, reads = strcmp(command, "read") == 0;
    libusb_device_handle *device;
    FILE *file = NULL;

    if (!(argc == 3 && (writes || reads)) && !(argc == 2 && strcmp(command, "detach") == 0)) {
        fprintf(stderr, "Usage: flash write FILE | flash read FILE | flash detach\n");
        return 2;
    }
    if (argc == 3 && (file = fopen(argv[2], writes ? "rb" : "wb")) == NULL)
        give_up(argv[2], "cannot be opened");
    check(libusb_init(NULL), "libusb");
    device = libusb_open_device_with_vid_pid(NULL, VENDOR, PRODUCT);
    if (device == NULL)
        give_up("1209:db42", "not there, or not yours to open (tools/install-udev)");
    check(libusb_claim_interface(device, INTERFACE), "claiming the interface");

    make_idle(device);
    if (writes)
        download(device, file);
    else if (reads)
        upload(device, file);
    else
        send(device, DETACH, 0, NULL, 0);

    if (file != NULL && fclose(file) != 0)
        give_up(argv[2], "cannot be written");
    libusb_close(device);
    libusb_exit(NULL);
    return 0;
}
