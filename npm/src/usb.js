// navigator.usb with a virtual board plugged in, and what makes time pass for both sides of the cable.

import { VirtualBoardError, wrong } from './errors.js';
import { RealTime, VirtualTime } from './time.js';
import { VirtualUsbDevice } from './usb_device.js';

/** @typedef {Event & {device: VirtualUsbDevice}} UsbEvent */

/**
 * @typedef {object} Filter
 * @property {number} [vendorId]
 * @property {number} [productId]
 * @property {number} [classCode]
 * @property {number} [subclassCode]
 * @property {number} [protocolCode]
 * @property {string} [serialNumber]
 */

/** @typedef {{number: number, at: number, length: number, resolve: (result: {data: Uint8Array, actual: number}) => void, reject: (error: unknown) => void}} Pending */

/** One that is under way: how long it may take, what is done with the device, or null, and how often one had left the bus when it began. @typedef {{until: number, done: (found: VirtualUsbDevice | null) => void, detachments: number}} Enumeration */

const ENUMERATION_MS = 5000;

export class VirtualUsb extends EventTarget {
  /**
   * @param {import('./board.js').VirtualBoard} board
   * @param {{time?: 'virtual' | 'real', speed?: number}} [options] virtual: time passes as far as transfers and timers of
   *   usb.time need; nothing waits, and every run is the same. real: as on the clock of this computer, times `speed`.
   */
  constructor(board, { time = 'virtual', speed = 1 } = {}) {
    super();
    if (time !== 'virtual' && time !== 'real') throw wrong("time is 'virtual' or 'real'", time);
    if (!(speed > 0 && speed <= 1000)) throw wrong('speed is a number above 0, up to 1000', speed);
    this.board = board;
    /** @type {VirtualUsbDevice | null} */
    this.device = null;
    /** Why the board stands still: the firmware broke a rule, or is locked up. @type {VirtualBoardError | null} */
    this.failure = null;
    /** @type {((event: UsbEvent) => void) | null} */
    this.onconnect = null;
    /** @type {((event: UsbEvent) => void) | null} */
    this.ondisconnect = null;
    /** @private @type {Set<Pending>} */
    this.pending = new Set();
    /** @private @type {Enumeration | null} */
    this.enumeration = null;
    /** @private What waits for its end. @type {(() => void)[]} */
    this.waiters = [];
    /** @private When it answered no enumeration: how often a device had left the bus until then. @type {number | null} */
    this.deafSince = null;
    /** Inside look(). */
    this.looking = false;
    this.time = time === 'real' ? new RealTime(this, speed) : new VirtualTime(this);
  }

  /** Ends what makes time pass by itself. */
  stop() {
    this.time.stop();
    this.wakeWaiters();
  }

  /** Time must pass for somebody. */
  get isWaiting() {
    return this.pending.size > 0 || this.waiters.length > 0;
  }

  get isEnumerating() {
    return this.enumeration !== null;
  }

  // WebUSB

  async getDevices() {
    await this.known();
    return this.device?.allowed ? [this.device] : [];
  }

  /** @param {{filters: Filter[], exclusionFilters?: Filter[]}} options */
  async requestDevice(options) {
    if (!Array.isArray(options?.filters)) throw new TypeError('requestDevice() takes { filters: [...] }');
    await this.known();
    const { device } = this;
    const isWanted = device && (options.filters.length === 0 || options.filters.some((filter) => fits(device, filter)));
    const isExcluded = device && (options.exclusionFilters ?? []).some((filter) => fits(device, filter));
    if (!device || !isWanted || isExcluded)
      throw new DOMException("Failed to execute 'requestDevice' on 'USB': No device selected.", 'NotFoundError');
    device.allowed = true;
    return device;
  }

  /** @private @param {'connect' | 'disconnect'} type @param {VirtualUsbDevice} device */
  say(type, device) {
    if (!device.allowed) return;
    const event = /** @type {UsbEvent} */ (Object.assign(new Event(type), { device }));
    this[`on${type}`]?.(event);
    this.dispatchEvent(event);
  }

  // The board

  /** Before a transfer: brings the board's time up to the page's. */
  before() {
    this.time.catchUp();
    this.look();
  }

  /** After it: the board's time may be ahead. */
  after() {
    this.time.noLater();
  }

  /**
   * Runs the board, and sees what became of it.
   * @param {number} ms
   */
  run(ms) {
    if (!this.failure && ms > 0) this.guarded(() => this.board.run(ms));
    this.look();
  }

  /**
   * Keeps an error after which the board stands still.
   * @param {unknown} error
   * @returns {boolean} whether it is one
   */
  heed(error) {
    if (!(error instanceof VirtualBoardError) || (error.code !== 'BROKEN' && error.code !== 'LOCKED_UP')) return false;
    this.failure = error;
    return true;
  }

  /** @private @param {() => void} act */
  guarded(act) {
    try {
      act();
    } catch (error) {
      if (!this.heed(error)) throw error;
    }
  }

  /** Has a device come or gone? Are transfers over? */
  look() {
    if (this.looking) return; // a listener asked
    this.looking = true;
    try {
      this.settle();
      if (this.enumeration) this.goOn(this.enumeration);
      if (this.enumeration) return;
      if (this.device && (this.failure || !this.board.usb.isConfigured)) this.lose(this.device);
      const { isAttached, detachments } = this.board.usb;
      const isDeaf = this.deafSince === detachments;
      if (isAttached && !isDeaf && !this.device && !this.failure) this.begin((found) => this.found(found));
    } finally {
      this.looking = false;
    }
  }

  /** What is on the bus: while it is being enumerated, that is known later. @private @returns {Promise<void>} */
  async known() {
    this.look();
    if (this.enumeration && !this.time.isStopped)
      await new Promise((/** @type {(nothing: void) => void} */ resolve) => {
        this.waiters.push(resolve);
        this.time.wake();
      });
  }

  /** @private */
  wakeWaiters() {
    for (const wake of this.waiters.splice(0)) wake();
  }

  /** @private @param {VirtualUsbDevice} device */
  lose(device) {
    this.device = null;
    device.leave();
    this.say('disconnect', device);
  }

  /** @private @param {VirtualUsbDevice | null} device */
  found(device) {
    this.device = device;
    if (device) this.say('connect', device);
  }

  // Enumeration, which goes on while time passes

  /** @private @param {Enumeration['done']} done */
  begin(done) {
    this.guarded(() => {
      this.board.usb.startEnumeration();
      this.enumeration = { until: this.board.now + ENUMERATION_MS, done, detachments: this.board.usb.detachments };
    });
  }

  /** @private @param {Enumeration} enumeration */
  goOn({ until, done, detachments }) {
    const isOver = !this.board.usb.isEnumerating;
    if (!isOver && this.board.now < until && !this.failure) return;
    this.enumeration = null;
    try {
      this.guarded(() => {
        const device = this.enumerated();
        // else it was not even there; a device that has left meanwhile may be another one when it is back
        this.deafSince = isOver && device === null ? detachments : null;
        done(device);
      });
    } finally {
      this.wakeWaiters();
    }
  }

  /** @private @returns {VirtualUsbDevice | null} */
  enumerated() {
    const { usb } = this.board;
    try {
      usb.finishEnumeration();
      return new VirtualUsbDevice(this);
    } catch (error) {
      this.heed(error);
      if (!(error instanceof VirtualBoardError) || error.code === 'OUT_OF_MEMORY') throw error;
      return null; // WRONG: a snapshot was restored meanwhile
    }
  }

  /**
   * @param {VirtualUsbDevice} device
   * @returns {Promise<boolean>} whether it came back
   */
  async resetBus(device) {
    let isBack = false;
    this.begin((found) => {
      isBack = found?.identity === device.identity;
      if (isBack) return;
      this.lose(device);
      this.found(found);
    });
    await this.known();
    return isBack;
  }

  // Transfers that go on while time passes

  /**
   * @param {number} endpoint
   * @param {Uint8Array} bytes to be sent, or room
   * @returns {Promise<{data: Uint8Array, actual: number}>}
   */
  start(endpoint, bytes) {
    this.before();
    const { machine, handle } = this.board;
    const at = machine.allocate(bytes.length);
    machine.memory.set(bytes, at);
    const number = machine.act('vboard_usb_start', handle, endpoint, at, bytes.length);
    if (number === 0) {
      machine.release(at);
      const { message } = machine.failure(handle, 1);
      throw this.failure ?? new VirtualBoardError(this.board.usb.isConfigured ? 'WRONG' : 'GONE', message);
    }
    return new Promise((resolve, reject) => {
      this.pending.add({ number, at, length: bytes.length, resolve, reject });
      this.time.wake();
    });
  }

  /** @private */
  settle() {
    const { machine } = this.board;
    for (const one of this.pending)
      if (this.failure || machine.look('vboard_usb_is_pending', one.number) === 0) this.finish(one);
  }

  /** @private @param {Pending} one */
  finish(one) {
    const { machine, handle } = this.board;
    this.pending.delete(one);
    const result = machine.with(new Uint8Array(4), (at) => {
      const status = machine.act('vboard_usb_finish', handle, one.number, at);
      const actual = new DataView(machine.memory.buffer).getUint32(at, true);
      return { error: status === 0 ? null : machine.failure(handle, status), actual };
    });
    const data = machine.memory.slice(one.at, one.at + result.actual);
    machine.release(one.at);
    const error = this.failure ?? result.error;
    if (error) one.reject(error);
    else one.resolve({ data, actual: result.actual });
  }
}

/** WebUSB 4.1: a device fits by its numbers, or by the class of itself or of an interface. @param {VirtualUsbDevice} device @param {Filter} filter */
function fits(device, { vendorId, productId, classCode, subclassCode, protocolCode, serialNumber }) {
  const is = (/** @type {number} */ one, /** @type {number} */ two, /** @type {number} */ three) =>
    one === classCode && (subclassCode === undefined || two === subclassCode) && (protocolCode === undefined || three === protocolCode);
  if (vendorId !== undefined && device.vendorId !== vendorId) return false;
  if (productId !== undefined && device.productId !== productId) return false;
  if (serialNumber !== undefined && device.serialNumber !== serialNumber) return false;
  if (classCode === undefined || is(device.deviceClass, device.deviceSubclass, device.deviceProtocol)) return true;
  return device.configurations.some(({ interfaces }) =>
    interfaces.some(({ alternates }) => alternates.some((one) => is(one.interfaceClass, one.interfaceSubclass, one.interfaceProtocol))),
  );
}
