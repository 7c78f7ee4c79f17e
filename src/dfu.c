/* The DFU state machine, in DFU mode: USB Device Class Specification for DFU 1.1, chapters 6, 7 and A.2. */
#include "dfu.h"

#include "application.h" // application_size
#include "image_writer.h"
#include "port.h" // port_flash_busy, port_led, port_restart

enum { DFU_DETACH, DFU_DNLOAD, DFU_UPLOAD, DFU_GETSTATUS, DFU_CLRSTATUS, DFU_GETSTATE, DFU_ABORT };

enum dfu_state {
    dfuIDLE = 2,
    dfuDNLOAD_SYNC,
    dfuDNBUSY,
    dfuDNLOAD_IDLE,
    dfuMANIFEST_SYNC,
    dfuMANIFEST,
    dfuMANIFEST_WAIT_RESET,
    dfuUPLOAD_IDLE,
    dfuERROR
};

enum {
    DETACH = 1 << DFU_DETACH,
    DNLOAD = DFU_DOWNLOAD_AVAILABLE << DFU_DNLOAD,
    UPLOAD = DFU_UPLOAD_AVAILABLE << DFU_UPLOAD,
    CLRSTATUS = 1 << DFU_CLRSTATUS,
    ABORT = 1 << DFU_ABORT,
    ASK = 1 << DFU_GETSTATUS | 1 << DFU_GETSTATE,
};

/*
 * The requests a state takes (DFU 1.1, A.2); others stall. Two are ours: DETACH, a client's way out of DFU
 * mode, and the questions in the busy states, where an impatient client or a fast clock of the host would
 * otherwise cost a download.
 */
static const uint8_t allowed[] = {
    [dfuIDLE] = ASK | DNLOAD | UPLOAD | ABORT | DETACH,
    [dfuDNLOAD_SYNC] = ASK | ABORT,
    [dfuDNBUSY] = ASK,
    [dfuDNLOAD_IDLE] = ASK | DNLOAD | ABORT,
    [dfuMANIFEST_SYNC] = ASK | ABORT,
    [dfuMANIFEST] = ASK,
    [dfuUPLOAD_IDLE] = ASK | UPLOAD | ABORT,
    [dfuERROR] = ASK | CLRSTATUS,
};

enum {
    LEAVE_MS = 250,      /* from the last answer to leaving the bus: the client closes the device meanwhile */
    FORGOTTEN_MS = 5000, /* from the last question of a host that never hears how the download ended */
    /*
     * dfu-util sleeps a second when it reads dfuMANIFEST. So the answer to the first DFU_GETSTATUS is held
     * back, within the 500 ms that USB 2.0 9.2.6.4 gives a device, in case it can be dfuIDLE.
     */
    PATIENCE_MS = 400,
};

static struct {
    /* the answer to DFU_GETSTATUS, as on the wire */
    struct {
        uint8_t bStatus, bwPollTimeout[3], bState, iString;
    } status;
    uint32_t leave_ms; /* until the device restarts, once the image, if any, is in flash; 0: it stays */
    uint32_t busy_ms;  /* until dfuDNBUSY or dfuMANIFEST end, or the patience in dfuMANIFEST-SYNC */
    uint16_t block;    /* wBlockNum that must come next */
    uint32_t uploaded; /* bytes */
} dfu;
_Static_assert(sizeof dfu.status == 6, "as on the wire");

/* Ends what was going on, the image too: what a host was told to have failed must not become valid later. */
NOINLINE static void end_in(enum dfu_state state, image_result result)
{
    image_begin();
    dfu.status.bStatus = result;
    dfu.status.bState = state;
    if (SIGNED)
        dfu.status.iString = result >> 8;
    dfu.leave_ms = dfu.busy_ms = 0;
    dfu.block = 0;
    dfu.uploaded = 0;
}

void dfu_idle(void)
{
    end_in(dfuIDLE, STATUS_OK);
}

NOINLINE static enum usb_answer fail(image_result result)
{
    end_in(dfuERROR, result);
    return USB_STALL;
}

/*
 * Reports `state` with the minimum time left. The state ends 1/8 earlier than reported, to allow for a fast
 * host clock, but after one tick at least: 0 would be for ever.
 */
static void busy(enum dfu_state state)
{
    uint32_t ms = image_busy_ms();

    dfu.status.bwPollTimeout[0] = ms;
    if (SIGNED)
        dfu.status.bwPollTimeout[1] = ms >> 8;
    dfu.status.bState = state;
    dfu.busy_ms = ms - (ms + 6) / 8;
}

static bool is_busy(void)
{
    return dfu.status.bState == dfuDNBUSY || dfu.status.bState == dfuMANIFEST;
}

static enum usb_answer get_status(struct usb_request *request)
{
    bool manifesting = (dfu.status.bState | 1) == dfuMANIFEST;

    dfu.status.bwPollTimeout[0] = 0;
    if (SIGNED)
        dfu.status.bwPollTimeout[1] = 0;
    if (image_status() != STATUS_OK) {
        fail(image_status());
        /*
         * After the last block dfu-util does not care what a status says, only whether it gets one: stalled,
         * it fails. The next question is answered.
         */
        if (manifesting)
            return USB_STALL;
    } else if (manifesting) {
        if (image_complete()) {
            dfu.status.bState = dfuIDLE;
            if (DFU_WILL_DETACH)
                dfu.leave_ms = LEAVE_MS;
        } else if (dfu.status.bState == dfuMANIFEST_SYNC && dfu.busy_ms) {
            return USB_LATER;
        } else {
            busy(dfuMANIFEST);
            if (dfu.leave_ms)
                dfu.leave_ms = FORGOTTEN_MS;
        }
    } else if (dfu.status.bState == dfuDNLOAD_SYNC || dfu.status.bState == dfuDNBUSY) {
        if (image_has_room())
            dfu.status.bState = dfuDNLOAD_IDLE;
        else
            busy(dfuDNBUSY);
    }
    return usb_reply(request, &dfu.status, sizeof dfu.status);
}

static enum usb_answer download(struct usb_request *request)
{
    if (request->setup.wLength) {
        if (dfu.status.bState == dfuIDLE) {
            dfu_idle();
            if (!port_flash_pages_fit())
                return fail(errTARGET);
        }
        return image_fits(request->setup.wLength) ? USB_RECEIVE : fail(errADDRESS);
    }
    if (dfu.status.bState == dfuIDLE)
        return fail(errSTALLEDPKT);
    image_finish();
    dfu.status.bState = dfuMANIFEST_SYNC;
    dfu.busy_ms = PATIENCE_MS;
    if (DFU_WILL_DETACH)
        dfu.leave_ms = FORGOTTEN_MS;
    return usb_accept(request);
}

void dfu_data(uint32_t offset, const uint8_t *bytes, uint32_t length)
{
    image_put(offset, bytes, length);
}

void dfu_block(uint32_t length)
{
    image_accept(length);
    dfu.block++;
    dfu.status.bState = dfuDNLOAD_SYNC;
}

static enum usb_answer upload(struct usb_request *request)
{
    if (port_flash_busy())
        return USB_LATER; /* of a download that was aborted */
    if (dfu.status.bState == dfuIDLE)
        dfu_idle();

    uint32_t offset = dfu.uploaded, length = application_size() - offset;

    if (length > request->setup.wLength)
        length = request->setup.wLength;
    dfu.uploaded += length;
    dfu.block++;
    dfu.status.bState = length < request->setup.wLength ? dfuIDLE : dfuUPLOAD_IDLE;
    return usb_reply(request, image_read(offset, length), length);
}

enum usb_answer dfu_request(struct usb_request *request, bool own)
{
    bool block = request->setup.bRequest == DFU_DNLOAD || request->setup.bRequest == DFU_UPLOAD;
    uint16_t number = dfu.status.bState == dfuIDLE ? 0 : dfu.block;
    uint16_t most = block ? TARGET_DFU_WTRANSFERSIZE : request->setup.bmRequestType & 0x80 ? 0xFFFF : 0;

    if (request->setup.bRequest > DFU_ABORT || !(allowed[dfu.status.bState] >> request->setup.bRequest & 1) ||
        request->setup.wLength > most || (block && (request->setup.wValue != number || !own)))
        return fail(errSTALLEDPKT);
    switch (USB_REQUEST(request->setup.bmRequestType, request->setup.bRequest)) {
    case USB_REQUEST(0x21, DFU_DETACH): dfu.leave_ms = LEAVE_MS; return usb_accept(request);
    case USB_REQUEST(0x21, DFU_DNLOAD): return download(request);
    case USB_REQUEST(0xA1, DFU_UPLOAD): return upload(request);
    case USB_REQUEST(0xA1, DFU_GETSTATUS): return get_status(request);
    case USB_REQUEST(0xA1, DFU_GETSTATE): return usb_reply(request, &dfu.status.bState, 1);
    case USB_REQUEST(0x21, DFU_CLRSTATUS):
    case USB_REQUEST(0x21, DFU_ABORT): dfu_idle(); return usb_accept(request);
    }
    return fail(errSTALLEDPKT);
}

void dfu_bus_reset(void)
{
    /*
     * The way out for a host that cannot detach, but only after a download: enumeration too
     * begins with resets. Not at once: a client that reset the device wants to find it again, and
     * calls it an error if it does not.
     */
    if (dfu.status.bState == dfuMANIFEST) {
        dfu.status.bState = dfuMANIFEST_SYNC;
        dfu.busy_ms = 0; /* no patience again: a check of a signature takes longer than 500 ms */
    }
    if (image_working() || image_complete() || dfu.leave_ms)
        dfu.leave_ms = LEAVE_MS;
    else
        dfu_idle();
}

/* What the LED tells: docs/led.md. */
static bool led(uint32_t ms)
{
    if (dfu.status.bState == dfuERROR)
        return ms & 64;
    if (dfu.status.bState != dfuIDLE)
        return true;
    return port_crystal_works() ? ms & 512 : (ms & (512 | 128)) == 128;
}

void dfu_tick(void)
{
    static uint32_t ms;

    if (HAVE_LED)
        port_led(led(++ms));
    image_tick();
    if (dfu.busy_ms && --dfu.busy_ms == 0 && is_busy())
        dfu.status.bState--; /* back to their SYNC */
    if (dfu.leave_ms && --dfu.leave_ms == 0) {
        if (!image_working())
            port_restart();
        dfu.leave_ms = 1;
    }
}
