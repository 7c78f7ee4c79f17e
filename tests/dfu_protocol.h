/* Requests and states of DFU 1.1 (3 and 6.1.2), as the tests know them: not from the bootloader. */
#pragma once

enum { DFU_OUT = 0x21, DFU_IN = 0xA1 }; /* bmRequestType */
enum { DFU_DETACH, DFU_DNLOAD, DFU_UPLOAD, DFU_GETSTATUS, DFU_CLRSTATUS, DFU_GETSTATE, DFU_ABORT };
enum {
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
