// A desk with a board for tests of the page: the real bootloader on the virtual board, in virtual time. What goes wrong on
// request goes wrong on the wire: a request is lost, or an answer is another one than the board's. All else is the board.
import { VirtualBoard, VirtualBoardError, VirtualUsb, bootloader } from '../npm/package.mjs';
import { KIB } from './programs.mjs';

export { VirtualUsb };

const FLASH = 0x08000000;
const BASES = { BLUEPILL_4K: FLASH + 4 * KIB, STM32L1_4K: FLASH + 4 * KIB, BLUEPILL_HIGH: FLASH };
const BLOCK = 1024;

// USB 2.0 9.4, DFU 1.1 chapter 3
const GET_DESCRIPTOR = 6;
const CONFIGURATION = 2;
const STRING = 3;
const DFU_FUNCTIONAL = 0x21;
const IS_CLASS = 0x20;
const Request = { DETACH: 0, DNLOAD: 1, UPLOAD: 2, GETSTATUS: 3, CLRSTATUS: 4, NONE: 0x55 };
const State = { IDLE: 2, DNBUSY: 4, DNLOAD_IDLE: 5, UPLOAD_IDLE: 9, ERROR: 10 };
const CAN_DOWNLOAD = 1;
const CAN_UPLOAD = 2;
const WILL_DETACH = 8;
const ErrTarget = 1;
const ErrVerify = 7;
const ErrVendor = 11;
const ErrStalledPkt = 15;
const SAYS = 5; // index of the string with which it gives a reason

const stalled = () => new VirtualBoardError('STALLED', 'the device answered STALL');
const TO_DEVICE = { bmRequestType: 0x21 };
const FROM_DEVICE = { bmRequestType: 0xa1 };

/**
 * @typedef {object} Faults what goes wrong, by name
 * @property {string} [open] DOMException with which the device cannot be opened; claim: its interface be claimed
 * @property {number} [breakAt] the class request of this number (of `requests`) is not answered; leaveAt: the cable is pulled
 * @property {number} [leaveAtBlock] it is pulled at this DNLOAD
 * @property {number} [stallStatus] so many GETSTATUS are stalled, with an error; quiet: without one
 * @property {number} [poll] bwPollTimeout of a busy board; slowThen: `delay` from the end of a download on
 * @property {number} [early] so many GETSTATUS after a block say that it is busy still
 * @property {boolean} [target] the first block is refused; lateTarget, verify, vendor: the whole; says: with this reason
 * @property {number} [stallEmpty] the empty block is stalled, with this error
 * @property {boolean} [leaveUnasked] it leaves without saying that all is well; restarts: right after that
 * @property {boolean} [badReading] the first byte of each block reads wrong; endless: reading does not end
 * @property {boolean} [refuses] a program stalls DFU_DETACH; stays: it takes it, and stays
 */

export class Desk {
  /**
   * @param {object} [options]
   * @param {string} [options.target] whose bootloader; build/firmware/TARGET
   * @param {number} [options.flashKiB]
   * @param {boolean} [options.plugged]
   * @param {boolean} [options.pressed] the button, which brings the bootloader though there is an application
   * @param {'virtual' | 'real'} [options.time]
   * @param {Uint8Array} [options.application] in flash already
   * @param {boolean} [options.willDetach] what bmAttributes says instead; canDownload, canUpload, dfuVersion, transferSize: the same
   */
  static async make({ target = 'BLUEPILL', flashKiB = 128, plugged = true, pressed = false, application, time, ...says } = {}) {
    const board = await VirtualBoard.create({ board: target.startsWith('STM32L1') ? 'STM32L1' : 'BLUEPILL', flashKiB });
    board.load(bootloader(target));
    const desk = new Desk(board, BASES[target] ?? FLASH + 8 * KIB, { time, says });
    if (application) board.load(application, { address: desk.base });
    board.plug(plugged);
    if (pressed) board.press();
    board.power();
    if (plugged) board.runUntil(() => board.usb.isAttached, { within: 1000 });
    await desk.usb.getDevices(); // plugged in before the page was there
    return desk;
  }

  constructor(board, base, { time, says }) {
    Object.assign(this, { board, base, says });
    /** @type {Faults} */
    this.faults = {};
    /** Class requests so far. @type {number[]} */
    this.requests = [];
    /** ms that a page in a browser waits longer for each transfer (remote.mjs). */
    this.delay = 0;
    this.faked = 0; // bStatus instead of the board's
    this.ending = 0; // what comes instead of the end of a download
    this.ended = false;
    this.heldDetach = false;
    this.tapWire();
    this.usb = new VirtualUsb(board, { time });
    this.usb.addEventListener('connect', ({ device }) => this.spoil(device));
  }

  /** The board's memory of applications. */
  holds(image) {
    // in the high variants words 1, 7 and 8 are the bootloader's
    const own = this.base === FLASH ? [4, 28, 32] : [];
    const found = this.board.read(this.base, image.length);
    return image.every((byte, i) => found[i] === byte || own.some((word) => i >= word && i < word + 4));
  }

  write(bytes) {
    this.board.write(this.base, bytes);
  }

  unplug() {
    this.board.plug(false);
  }

  plug() {
    this.board.plug(true);
  }

  /** With the button held and a reset. */
  toBootloader() {
    this.board.press();
    this.board.reset();
  }

  get isGone() {
    return this.usb.device === null;
  }

  stop() {
    this.usb.stop();
  }

  /** What a browser refuses. */
  spoil(device) {
    const { open, claimInterface } = device;
    device.open = async () => {
      if (this.faults.open) throw new DOMException('no', this.faults.open);
      return open.call(device);
    };
    device.claimInterface = async (number) => {
      if (this.faults.claim) throw new DOMException('no', this.faults.claim);
      return claimInterface.call(device, number);
    };
    const { reset } = device;
    device.reset = async () => {
      if (this.heldDetach) this.real.controlOut({ ...TO_DEVICE, bRequest: Request.DETACH, wValue: 1000 });
      if (this.heldDetach) this.board.run(200); // it leaves
      return reset.call(device);
    };
  }

  tapWire() {
    const host = this.board.usb;
    this.real = { controlIn: host.controlIn.bind(host), controlOut: host.controlOut.bind(host) };
    host.controlIn = (setup, length, options) => this.in(setup, length, () => this.real.controlIn(setup, length, options));
    host.controlOut = (setup, data = new Uint8Array(0), options) => this.out(setup, data, () => this.real.controlOut(setup, data, options));
  }

  /** @param {{bmRequestType: number, bRequest: number}} setup */
  count({ bmRequestType, bRequest }) {
    if ((bmRequestType & 0x60) !== IS_CLASS) return false;
    this.requests.push(bRequest);
    if (this.faults.breakAt === this.requests.length) throw new VirtualBoardError('USB_ERROR', 'the device did not answer three times');
    if (this.faults.leaveAt === this.requests.length || (this.faults.restarts && this.ended)) this.unplug();
    return true;
  }

  in(setup, length, real) {
    if (!this.count(setup)) return setup.bRequest === GET_DESCRIPTOR ? this.descriptor(setup.wValue, length, real) : real();
    if (setup.bRequest === Request.GETSTATUS) return this.status(real);
    if (setup.bRequest === Request.UPLOAD) return this.upload(setup, length, real);
    return real();
  }

  out(setup, data, real) {
    if (!this.count(setup)) return real();
    if (setup.bRequest === Request.DETACH) return this.detach(real);
    if (setup.bRequest === Request.DNLOAD) return this.download(setup, data, real);
    if (setup.bRequest === Request.CLRSTATUS) this.faked = 0;
    return real();
  }

  descriptor(value, length, real) {
    const text = this.faults.says;
    if (value === ((STRING << 8) | SAYS) && text) return Uint8Array.from([2 + 2 * text.length, STRING, ...[...text].flatMap((letter) => [letter.charCodeAt(0), 0])]);
    const bytes = real();
    if (value >> 8 === CONFIGURATION) this.alter(bytes);
    return bytes;
  }

  /** Of the functional descriptor, DFU 1.1 table 4.2. */
  alter(bytes) {
    const { willDetach, canDownload, canUpload, transferSize, dfuVersion } = this.says;
    for (let at = 0; at + 2 <= bytes.length && bytes[at] >= 2; at += bytes[at])
      if (bytes[at + 1] === DFU_FUNCTIONAL) {
        const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes[at]);
        if (willDetach === false) view.setUint8(2, view.getUint8(2) & ~WILL_DETACH);
        if (canDownload === false) view.setUint8(2, view.getUint8(2) & ~CAN_DOWNLOAD);
        if (canUpload === false) view.setUint8(2, view.getUint8(2) & ~CAN_UPLOAD);
        if (transferSize !== undefined) view.setUint16(5, transferSize, true);
        if (dfuVersion !== undefined) view.setUint16(7, dfuVersion, true);
      }
  }

  /** The board meets an error, which is said to be this one. */
  fail(status) {
    this.ending = 0;
    this.faked = status;
    try {
      this.real.controlOut({ ...TO_DEVICE, bRequest: Request.NONE });
    } catch (error) {
      if (error.code !== 'STALLED') throw error;
    }
    return stalled();
  }

  status(real) {
    const { faults } = this;
    if (faults.stallStatus > 0) {
      faults.stallStatus--;
      throw faults.quiet ? stalled() : this.fail(ErrStalledPkt);
    }
    if (this.ending && faults.leaveUnasked) this.unplug();
    else if (this.ending) this.fail(this.ending);
    const reply = real();
    if (faults.early > 0 && reply[4] === State.DNLOAD_IDLE) {
      faults.early--;
      return Uint8Array.from([0, 5, 0, 0, State.DNBUSY, 0]);
    }
    if (reply[4] === State.DNBUSY && faults.poll) reply[1] = faults.poll;
    if (reply[4] === State.IDLE && this.wasEmpty) this.end();
    if (this.faked) reply.set([this.faked, 0, 0, 0, State.ERROR, faults.says ? SAYS : 0]);
    return reply;
  }

  /** The board has said that all is well. */
  end() {
    this.ended = true;
    this.delay = this.faults.slowThen ?? this.delay;
  }

  download(setup, data, real) {
    const { faults } = this;
    this.wasEmpty = data.length === 0;
    this.ended = false;
    if (faults.target) throw this.fail(ErrTarget);
    if (faults.leaveAtBlock === setup.wValue) this.unplug();
    if (!this.wasEmpty) return this.says.transferSize > BLOCK ? this.downloadLarge(setup, data) : real();
    if (faults.stallEmpty) throw this.fail(faults.stallEmpty);
    this.ending = faults.verify ? ErrVerify : faults.lateTarget ? ErrTarget : faults.vendor ? ErrVendor : faults.leaveUnasked ? -1 : 0;
    if (this.ending) return 0;
    // of larger blocks there were fewer
    return this.says.transferSize > BLOCK ? this.real.controlOut({ ...setup, wValue: this.blocks }) : real();
  }

  /** A board with larger blocks than the real one, which gets them in pieces. */
  downloadLarge(setup, data) {
    if (setup.wValue === 0) this.blocks = 0;
    for (let at = 0; at < data.length; at += BLOCK) {
      if (at > 0) this.settle();
      this.real.controlOut({ ...setup, wValue: this.blocks++ }, data.subarray(at, at + BLOCK));
    }
    return data.length;
  }

  settle() {
    for (;;) {
      const reply = this.real.controlIn({ ...FROM_DEVICE, bRequest: Request.GETSTATUS }, 6);
      if (reply[4] === State.DNLOAD_IDLE || reply[4] === State.ERROR) return;
      this.board.run(reply[1] | (reply[2] << 8));
    }
  }

  upload(setup, length, real) {
    if (this.faults.endless) return new Uint8Array(length);
    const block = length > BLOCK ? this.uploadLarge(setup, length) : real();
    if (this.faults.badReading) block[0] ^= 1;
    return block;
  }

  uploadLarge(setup, length) {
    const all = [];
    for (let number = (setup.wValue * length) / BLOCK; all.length < length; number++) {
      const part = this.real.controlIn({ ...setup, wValue: number }, BLOCK);
      all.push(...part);
      if (part.length < BLOCK) break;
    }
    return Uint8Array.from(all);
  }

  detach(real) {
    if (this.faults.refuses) throw stalled();
    if (this.faults.stays) return 0;
    if (this.says.willDetach === false) this.heldDetach = true; // it waits for a reset
    else if (this.faults.leaves) {
      real();
      this.unplug();
    } else real();
    return 0;
  }

  /** What another client left the board in: a DFU state. @param {number} state */
  leaveIn(state) {
    const block = new Uint8Array(2 * BLOCK).fill(0xff);
    block.set([0, 0x50, 0, 0x20, 1, 0x21, 0, 8]);
    const { controlIn, controlOut } = this.real;
    if (state === State.ERROR) this.fail(0);
    else if (state === State.UPLOAD_IDLE) controlIn({ ...FROM_DEVICE, bRequest: Request.UPLOAD }, BLOCK);
    else controlOut({ ...TO_DEVICE, bRequest: Request.DNLOAD }, block.subarray(0, BLOCK));
    if (state === State.DNLOAD_IDLE) this.settle();
    if (state === State.DNBUSY) controlIn({ ...FROM_DEVICE, bRequest: Request.GETSTATUS }, 6);
  }
}
