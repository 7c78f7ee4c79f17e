// A small client of DFU 1.1 for sweeps: downloads as fast as the board allows, without events.

const TO_INTERFACE = 0x21;
const FROM_INTERFACE = 0xa1;
const DNLOAD = 1;
const GETSTATUS = 3;
const DNLOAD_IDLE = 5;
const IDLE = 2;
const ERROR = 10;
const BLOCK = 1024;

export function status(board) {
  const [bStatus, low, middle, high, bState] = board.usb.controlIn({ bmRequestType: FROM_INTERFACE, bRequest: GETSTATUS }, 6);
  return { bStatus, bState, pollTimeout: low | (middle << 8) | (high << 16) };
}

/** @returns {boolean} whether the board said that all is well; false: it left, or met an error */
export function download(board, image) {
  try {
    for (let number = 0; ; number++) {
      const block = image.subarray(number * BLOCK, (number + 1) * BLOCK);
      board.usb.controlOut({ bmRequestType: TO_INTERFACE, bRequest: DNLOAD, wValue: number }, block);
      if (!settled(board)) return false;
      if (block.length === 0) return true;
    }
  } catch (error) {
    if (error.code === 'GONE' || error.code === 'USB_ERROR' || error.code === 'TIMED_OUT') return false;
    throw error;
  }
}

function settled(board) {
  for (;;) {
    const { bState, pollTimeout } = status(board);
    if (bState === ERROR) return false;
    if (bState === DNLOAD_IDLE || bState === IDLE) return true;
    board.run(pollTimeout);
  }
}
