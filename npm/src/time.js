// How time passes for a board and for the client at the other end of its cable.
//
// A client that sleeps must not sleep shorter for the board than for itself: a bootloader may stall a GETSTATUS that comes
// before the time it asked for.

import { wrong } from './errors.js';

const realSetTimeout = globalThis.setTimeout;
/** Numbers of timers: each is given once, and a browser does not come that far. */
let lastTimer = 0x40000000;
/** When all that is ready has run. */
const soon = /** @type {(act: () => void) => void} */ (/** @type {any} */ (globalThis).setImmediate ?? ((/** @type {() => void} */ act) => realSetTimeout(act, 0)));

/** @typedef {{due: number, act: () => void, every: number | null}} Timer */

const LEAST_MS = 0.001; // the board's time is in whole microseconds
const PIECE_MS = 10;
const PIECE_WITH_TRANSFERS_MS = 1;

/**
 * Time is the board's, and passes only while somebody waits for it: for a timer of these, or a transfer to or from an
 * endpoint. It does not wait for files, networks or the clock of this computer.
 */
export class VirtualTime {
  /** @param {import('./usb.js').VirtualUsb} usb */
  constructor(usb) {
    /** @private */
    this.usb = usb;
    /** @private @type {Map<number, Timer>} */
    this.timers = new Map();
    /** @private */
    this.awake = false;
    /** @private ms that passed while the board stood still */
    this.alone = 0;
    this.isStopped = false;
    this.setTimeout = this.setTimeout.bind(this);
    this.setInterval = this.setInterval.bind(this);
    this.clearTimeout = this.clearTimeout.bind(this);
    this.clearInterval = this.clearTimeout;
    this.sleep = this.sleep.bind(this);
  }

  /** ms since the board was made. */
  get now() {
    return this.usb.board.now + this.alone;
  }

  /**
   * As the global one, in virtual time.
   * @param {(...values: any[]) => void} act
   * @param {number} [ms]
   * @param {any[]} values
   */
  setTimeout(act, ms = 0, ...values) {
    return this.add(() => act(...values), ms, null);
  }

  /** @param {(...values: any[]) => void} act @param {number} [ms] @param {any[]} values */
  setInterval(act, ms = 0, ...values) {
    return this.add(() => act(...values), ms, Math.max(1, ms));
  }

  /** @param {any} number */
  clearTimeout(number) {
    this.timers.delete(number);
  }

  /** @param {number} ms @returns {Promise<void>} */
  sleep(ms) {
    return new Promise((resolve) => this.setTimeout(resolve, ms));
  }

  /**
   * Puts these timers into the place of the global ones, for a client that knows no others.
   * @param {any} [target] globalThis
   * @returns {() => void} puts the old ones back
   */
  install(target = globalThis) {
    const { setTimeout: timeout, setInterval: interval, clearTimeout: clear, clearInterval: clearEvery } = target;
    const either = (/** @type {any} */ number) => (this.timers.delete(number) ? undefined : clear(number)); // one from before
    Object.assign(target, { setTimeout: this.setTimeout, setInterval: this.setInterval, clearTimeout: either, clearInterval: either });
    return () => Object.assign(target, { setTimeout: timeout, setInterval: interval, clearTimeout: clear, clearInterval: clearEvery });
  }

  /** @private @param {() => void} act @param {number} ms @param {number | null} every */
  add(act, ms, every) {
    if (typeof ms !== 'number' || Number.isNaN(ms)) throw wrong('a time-out is a number of milliseconds', ms);
    const number = ++lastTimer;
    this.timers.set(number, { due: this.now + Math.max(0, ms), act, every });
    this.wake();
    return number;
  }

  /** Nothing fires any more. */
  stop() {
    this.isStopped = true;
    this.timers.clear();
  }

  catchUp() {}
  noLater() {}

  /** Goes on as long as something waits. */
  wake() {
    if (this.awake || this.isStopped) return;
    this.awake = true;
    soon(() => this.step());
  }

  /** @private One piece of time, or one timer: what comes of it runs before the next. */
  step() {
    this.awake = false;
    if (this.isStopped) return;
    const [number, timer] = [...this.timers].reduce((first, one) => (one[1].due < first[1].due ? one : first), [0, { due: Infinity, act: () => {}, every: null }]);
    try {
      if (timer.due <= this.now) this.fire(number, timer);
      else if (this.timers.size > 0 || this.usb.isWaiting) this.pass(timer.due - this.now);
    } finally {
      if (this.timers.size > 0 || this.usb.isWaiting) this.wake();
    }
  }

  /** @private @param {number} left */
  pass(left) {
    const piece = Math.max(LEAST_MS, Math.min(left, this.usb.isWaiting ? PIECE_WITH_TRANSFERS_MS : PIECE_MS));
    const before = this.now;
    this.usb.run(piece);
    if (this.usb.failure) this.alone += Math.max(0, piece - (this.now - before));
  }

  /** @private @param {number} number @param {Timer} timer */
  fire(number, timer) {
    if (timer.every === null) this.timers.delete(number);
    else timer.due += timer.every;
    timer.act();
  }
}

const TICK_MS = 10;
const MOST_BEHIND_MS = 100;

/** The board's time is that of this computer's clock, times a speed. */
export class RealTime {
  /**
   * @param {import('./usb.js').VirtualUsb} usb
   * @param {number} speed
   */
  constructor(usb, speed) {
    /** @private */
    this.usb = usb;
    this.speed = speed;
    /** @private */
    this.real = performance.now();
    /** @private */
    this.virtual = usb.board.now;
    /** ms that this computer was too slow for, or asleep. */
    this.lag = 0;
    /** @private */
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.isStopped = false;
  }

  stop() {
    this.isStopped = true;
    clearInterval(this.timer);
  }

  get now() {
    return this.usb.board.now;
  }

  wake() {}

  /** @param {number} ms @returns {Promise<void>} of virtual time */
  sleep(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms / this.speed));
  }

  /** @private */
  tick() {
    this.catchUp();
    this.usb.look();
  }

  /** @private Where the board's time should be now. */
  get due() {
    return this.virtual + (performance.now() - this.real) * this.speed;
  }

  /** Brings the board up to the clock; a page that slept long does not make up for all of it. */
  catchUp() {
    let left = this.due - this.usb.board.now;
    const most = MOST_BEHIND_MS * this.speed;
    if (left > most) {
      this.lag += left - most;
      left = most;
      this.set(this.usb.board.now + left);
    }
    if (left > 0 && !this.usb.looking) this.usb.run(left);
  }

  /** A transfer took the board ahead of the clock: from here on both go on together. */
  noLater() {
    if (this.usb.board.now > this.due) this.set(this.usb.board.now);
  }

  /** @private @param {number} virtual */
  set(virtual) {
    this.real = performance.now();
    this.virtual = virtual;
  }
}
