// The board on the bench: what a person does to it, and what it does.

import { VirtualBoard } from '../../npm/src/board.js';
import { VirtualUsb } from '../../npm/src/usb.js';

/** @typedef {import('./catalogue.mjs').Entry} Entry */
/** @typedef {import('../../npm/src/board.js').BoardEvent} BoardEvent */
/** @typedef {'before' | 'inside' | 'after'} Moment */

/** @type {import('../../npm/src/board.js').EventKind[]} */
const TOLD = ['usb', 'reset', 'fault', 'violation', 'note'];
const MOST_EVENTS = 300;
const MOST_AHEAD_MS = 300; // it takes 171 of them
const STEP_MS = 5;
const BLINKS_MS = 2500; // of virtual time: an LED that changed twice within it blinks

export class Bench {
  /**
   * @param {WebAssembly.Module} module the virtual board
   * @param {import('./socket.js').Socket} socket where its cable goes to
   */
  constructor(module, socket) {
    /** @private */
    this.module = module;
    this.socket = socket;
    /** @type {Entry | null} */
    this.entry = null;
    /** @type {VirtualBoard | null} */
    this.board = null;
    /** @type {VirtualUsb | null} */
    this.usb = null;
    this.isPlugged = true;
    this.isPressed = false;
    /** Its power was switched off, and did not fail. */
    this.isOffByHand = false;
    /** What happened, oldest first, as lines. @type {string[]} */
    this.events = [];
    /** How many there were. */
    this.eventCount = 0;
    /** When the LED changed, of late. @private @type {number[]} */
    this.blinks = [];
  }

  /**
   * Another board with its bootloader and nothing else, its power on, its cable plugged in.
   * @param {Entry} entry
   * @param {Uint8Array} image
   */
  async place(entry, image) {
    const board = await VirtualBoard.create({ module: this.module, board: entry.board });
    board.load(image, { name: entry.image });
    board.on(TOLD, (event) => this.note(event));
    board.on('led', ({ time }) => this.blinks.push(time));
    this.events = [];
    this.blinks = [];
    this.isPlugged = true;
    this.isPressed = false;
    this.isOffByHand = false;
    Object.assign(this, { entry, board, usb: new VirtualUsb(board, { time: 'real' }) });
    this.socket.plugIn(this.usb);
    board.power();
    this.runAhead();
  }

  /**
   * Until the PC knows it the board mostly waits, as on a real desk: nobody needs to wait with it. From then on its time
   * is that of the clock.
   * @private
   */
  runAhead() {
    const { board, usb } = this;
    while (board && usb && !usb.device && !usb.failure && board.now < MOST_AHEAD_MS) usb.run(STEP_MS);
    usb?.after();
  }

  /** @private @param {BoardEvent} event */
  note({ kind, time, text }) {
    const words = kind === 'usb' ? `USB: ${text}` : text;
    this.events.push(`${(time / 1000).toFixed(3)} s  ${words.trim().replaceAll('\n', '\n  ')}`);
    if (this.events.length > MOST_EVENTS) this.events.shift();
    this.eventCount++;
  }

  /** @param {boolean} on */
  power(on) {
    this.isOffByHand = !on;
    this.board?.power(on);
  }

  /** @param {boolean} inside */
  plug(inside) {
    this.isPlugged = inside;
    this.board?.plug(inside);
  }

  /** @param {boolean} held */
  press(held) {
    this.isPressed = held;
    this.board?.press(held);
  }

  reset() {
    this.board?.reset();
  }

  /** 0 to 1. */
  get led() {
    return this.board?.led ?? 0;
  }

  get isBlinking() {
    const now = this.board?.now ?? 0;
    this.blinks = this.blinks.filter((time) => time > now - BLINKS_MS).slice(-100);
    return this.blinks.length > 1;
  }

  get isPowered() {
    return this.board?.isPowered === true;
  }

  /** Why the board stands still for good. @returns {import('../../npm/src/errors.js').VirtualBoardError | null} */
  get failure() {
    return this.usb?.failure ?? null;
  }
}
