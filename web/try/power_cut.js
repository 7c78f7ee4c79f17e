// The power fails at a moment of choice; and what the board does when it comes back.

import { isBootloader } from './said.js';

/** @typedef {import('./bench.js').Moment} Moment */

/** So long a bootloader may take to show up on USB, in ms of virtual time: its start, 100 ms of debounce, enumeration. */
const SHOWS_UP_MS = 3000;

/** @type {Record<Moment, string>} */
const WORDS = { before: 'just before', inside: 'in the middle of', after: 'just after' };

/**
 * none: nothing is planned. armed: it will fail. failed: it did. back: it is on again. bootloader, program: what came up.
 * @typedef {'none' | 'armed' | 'failed' | 'back' | 'bootloader' | 'program'} Stage
 */

export class PowerCut {
  /** @param {import('./bench.js').Bench} bench */
  constructor(bench) {
    this.bench = bench;
    /** @type {Stage} */
    this.stage = 'none';
    /** Which flash operation, and how many there were before. */
    this.number = 0;
    this.base = 0;
    /** @type {Moment} */
    this.moment = 'inside';
    /** When the power came back. @private */
    this.since = 0;
  }

  /** As for a new board. */
  forget() {
    this.stage = 'none';
  }

  /**
   * @param {number} number of the flash operation from now, 1 is the next
   * @param {Moment} moment
   */
  arm(number, moment) {
    const { board } = this.bench;
    if (!board) return;
    board.cutPower(number, moment);
    Object.assign(this, { stage: 'armed', number, moment, base: board.flashOperations });
  }

  disarm() {
    this.bench.board?.cutPower(0);
    this.forget();
  }

  /** Flash operations since it was armed. */
  get done() {
    return (this.bench.board?.flashOperations ?? 0) - this.base;
  }

  /** Looks how far it is. */
  look() {
    const { board, usb, isOffByHand, isPlugged, isPowered } = this.bench;
    if (!board || this.stage === 'none') return;
    if (this.stage === 'armed' && isOffByHand) this.disarm();
    else if (this.stage === 'armed' && !isPowered) this.stage = 'failed';
    else if (this.stage === 'failed' && isPowered) {
      this.stage = 'back';
      this.since = board.now;
    } else if (this.stage === 'back') {
      if (!isPowered) this.stage = 'failed';
      else if (!isPlugged) this.since = board.now; // nothing shows up without the cable
      else if (isBootloader(usb?.device)) this.stage = 'bootloader';
      else if (board.now > this.since + SHOWS_UP_MS && !usb?.failure) this.stage = 'program';
    }
  }

  /** @returns {{kind: 'good' | 'note' | 'warning', title: string, text: string} | null} */
  get words() {
    const where = `${WORDS[this.moment]} flash operation ${this.number}`;
    switch (this.stage) {
      case 'armed':
        return { kind: 'note', title: `The power will fail ${where}`, text: 'Now flash a program.' };
      case 'failed':
        return { kind: 'warning', title: `The power failed ${where}`, text: 'The board is off. Switch its power on again, and see what it does.' };
      case 'back':
        return { kind: 'note', title: 'The power is back', text: 'The board starts.' };
      case 'bootloader':
        return { kind: 'good', title: 'The board survived', text: 'It started its bootloader, which waits for a program: flash it again.' };
      case 'program':
        return { kind: 'good', title: 'The board survived', text: 'Its bootloader started the program that it holds.' };
      default:
        return null;
    }
  }
}
