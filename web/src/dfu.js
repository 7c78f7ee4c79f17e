// The client's half of USB DFU 1.1: requests and states, and in which order. Knows nothing of browsers; what carries the
// requests is given as a Link.

import { chips } from './board.js';
import { sleep } from './clock.js';
import { t } from './language.js';

/**
 * Carries requests to the DFU interface. Both throw Refused when the device stalls, Gone when it is no longer there.
 * @typedef {object} Link
 * @property {(request: number, value: number, length: number) => Promise<Uint8Array>} read
 * @property {(request: number, value: number, data?: Uint8Array) => Promise<void>} write
 * @property {(index: number) => Promise<string>} string descriptor of the device; '' if it has none
 */

/** @typedef {{status: number, pollTimeout: number, state: number, reason: number}} Status reason: a string's index, or 0 */

export const Request = { DETACH: 0, DNLOAD: 1, UPLOAD: 2, GETSTATUS: 3, CLRSTATUS: 4, GETSTATE: 5, ABORT: 6 };

export const State = {
  appIDLE: 0,
  appDETACH: 1,
  dfuIDLE: 2,
  dfuDNLOAD_SYNC: 3,
  dfuDNBUSY: 4,
  dfuDNLOAD_IDLE: 5,
  dfuMANIFEST_SYNC: 6,
  dfuMANIFEST: 7,
  dfuMANIFEST_WAIT_RESET: 8,
  dfuUPLOAD_IDLE: 9,
  dfuERROR: 10,
};

/** The device did not take a request (a stall). */
export class Refused extends Error {
  constructor() {
    super(t`The board did not take a request (it stalled), and does not say why.`);
  }
}

/** The device is no longer there: unplugged, or restarted. */
export class Gone extends Error {}

/** The device met an error and says which: bStatus of DFU 1.1, 6.1.2. */
export class DeviceError extends Error {
  /**
   * @param {number} status
   * @param {string} [reason] in the device's own words
   */
  constructor(status, reason = '') {
    super(`the device reports error ${status}${reason && `: ${reason}`}`);
    this.status = status;
    this.reason = reason;
    /** Came when all was sent. */
    this.late = false;
  }
}

/** The device is in a state it should not be in. */
export class UnexpectedState extends Error {
  /** @param {number} state */
  constructor(state) {
    super(t`The board is in a state in which it should not be (DFU state ${state}).`);
    this.state = state;
  }
}

/** What became of a download whose every block was taken. */
export const Outcome = {
  /** The device says that all is well, and waits. */
  complete: 'complete',
  /** It left without having said so. */
  left: 'left',
};

const BLOCK_NUMBERS = 0x10000;
/** Of wTransferSize: the size of the smallest packet, and what Linux takes in one transfer. */
const LEAST_BLOCK = 8;
const MOST_BLOCK = 4096;
const MOST_BYTES = 1024 * 1024; // the largest flash there is, of an STM32F103
const MOST_WAIT_MS = 5000; // before it is asked again
const MOST_BUSY_MS = 120000; // writing all of it takes a minute

export class Dfu {
  /**
   * @param {Link} link
   * @param {number} transferSize wTransferSize of the device; blocks have at most 4096 bytes
   * @throws {RangeError} if it is below 8
   */
  constructor(link, transferSize) {
    if (transferSize < LEAST_BLOCK) throw new RangeError(t`The board wants blocks of ${transferSize} bytes (wTransferSize), which cannot be.`);
    this.link = link;
    this.transferSize = Math.min(transferSize, MOST_BLOCK);
  }

  /**
   * Asked too early some devices stall, and then say in which state they are.
   * @returns {Promise<Status>}
   */
  async getStatus() {
    const ask = () => this.link.read(Request.GETSTATUS, 0, 6);
    const reply = await ask().catch((error) => {
      if (error instanceof Refused) return ask();
      throw error;
    });
    if (reply.length < 6) throw new Error(t`The board’s answer to DFU_GETSTATUS is too short.`);
    const pollTimeout = reply[1] | (reply[2] << 8) | (reply[3] << 16);
    return { status: reply[0], pollTimeout, state: reply[4], reason: reply[5] };
  }

  /**
   * @param {Status} status
   * @private
   */
  async deviceError({ status, reason }) {
    return new DeviceError(status, reason ? await this.link.string(reason) : '');
  }

  /** Brings the device to dfuIDLE from whatever another client left it in. */
  async toIdle() {
    // dfuERROR leads through others: a few steps are normal, many are not; a busy board may take its time
    for (let steps = 50, left = MOST_BUSY_MS; steps > 0 && left > 0; ) {
      const { state, pollTimeout } = await this.getStatus();
      if (state === State.dfuIDLE) return;
      if (state === State.dfuDNBUSY || state === State.dfuMANIFEST) {
        left -= await this.wait(pollTimeout);
        continue;
      }
      steps--;
      if (state === State.dfuERROR) await this.link.write(Request.CLRSTATUS, 0);
      else if (state === State.appIDLE || state === State.appDETACH) throw new UnexpectedState(state);
      else await this.abort();
    }
    throw new UnexpectedState(State.dfuERROR);
  }

  /** Back to dfuIDLE; also keeps a device from leaving after a download. */
  async abort() {
    await this.link.write(Request.ABORT, 0);
  }

  /** Asks the device to leave DFU mode. It is gone a moment later. */
  async detach() {
    await this.link.write(Request.DETACH, 1000);
  }

  /**
   * Reads the firmware, all of it or its first bytes.
   * @param {(bytes: number) => void} progress
   * @param {number} [limit] at least so many bytes, if there are as many
   * @returns {Promise<Uint8Array>}
   */
  async upload(progress, limit = Infinity) {
    /** @type {Uint8Array[]} */
    const blocks = [];
    let length = 0;
    for (let number = 0; ; number++) {
      const block = await this.explained(this.link.read(Request.UPLOAD, number % BLOCK_NUMBERS, this.transferSize));
      blocks.push(block);
      length += block.length;
      if (length > MOST_BYTES) throw new Error(t`The board sends more than any ${chips()} has, and does not come to an end.`);
      progress(length);
      if (block.length < this.transferSize) break;
      if (length >= limit) {
        await this.abort();
        break;
      }
    }
    const all = new Uint8Array(length);
    let offset = 0;
    for (const block of blocks) {
      all.set(block, offset);
      offset += block.length;
    }
    return all;
  }

  /**
   * Writes firmware.
   * @param {Uint8Array} image
   * @param {(bytes: number) => void} progress bytes that the device has taken
   * @returns {Promise<string>} an Outcome
   */
  async download(image, progress) {
    let number = 0;
    let asked = false;
    for (let offset = 0; offset < image.length; offset += this.transferSize) {
      const block = image.subarray(offset, offset + this.transferSize);
      await this.explained(this.link.write(Request.DNLOAD, number++ % BLOCK_NUMBERS, block));
      await this.until([State.dfuDNLOAD_IDLE]);
      progress(offset + block.length);
    }
    try {
      await this.explained(this.link.write(Request.DNLOAD, number % BLOCK_NUMBERS));
      asked = true;
      await this.until([State.dfuIDLE, State.dfuMANIFEST_WAIT_RESET]);
      return Outcome.complete;
    } catch (error) {
      if (error instanceof Gone && asked) return Outcome.left;
      if (error instanceof DeviceError) error.late = true;
      throw error;
    }
  }

  /**
   * Asks for the status until it is one of the wanted states, waiting as long as the device says.
   * @param {number[]} wanted
   * @private
   */
  async until(wanted) {
    for (let left = MOST_BUSY_MS; left > 0; ) {
      const status = await this.getStatus();
      const { pollTimeout, state } = status;
      if (state === State.dfuERROR) throw await this.deviceError(status);
      if (wanted.includes(state)) return;
      const onTheWay = [State.dfuDNLOAD_SYNC, State.dfuDNBUSY, State.dfuMANIFEST_SYNC, State.dfuMANIFEST];
      if (!onTheWay.includes(state)) throw new UnexpectedState(state);
      left -= await this.wait(pollTimeout);
    }
    throw new Error(t`The board says that it is busy, and does not come to an end.`);
  }

  /**
   * Before a busy board is asked again.
   * @param {number} pollTimeout as it said
   * @returns {Promise<number>} milliseconds, 1 at least
   * @private
   */
  async wait(pollTimeout) {
    const wait = Math.min(pollTimeout, MOST_WAIT_MS);
    await sleep(wait);
    return Math.max(wait, 1);
  }

  /**
   * A stall says nothing; the status does.
   * @template T
   * @param {Promise<T>} transfer
   * @returns {Promise<T>}
   * @private
   */
  async explained(transfer) {
    try {
      return await transfer;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const status = await this.getStatus();
      throw status.state === State.dfuERROR ? await this.deviceError(status) : new UnexpectedState(status.state);
    }
  }
}
