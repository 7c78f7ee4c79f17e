// Several boards, one after another: each that is connected is flashed, and a list says what came of it.

import { t } from './language.js';

/** @typedef {import('./connection.js').Board} Board */

/**
 * @typedef {object} Result
 * @property {string | Board} key what tells this board from others
 * @property {string} serial number of the board; '' if it has none
 * @property {boolean} good
 * @property {string} words
 * @property {Date} time
 */

/** @param {string} text for a field of a CSV file, RFC 4180 */
const quoted = (text) => `"${text.replaceAll('"', '""')}"`;

/** @param {Omit<Result, 'key'>[]} results */
export const toCsv = (results) =>
  [['serial number', 'good', 'result', 'time'], ...results.map(({ serial, good, words, time }) => [serial, good ? 'yes' : 'no', words, time.toISOString()])]
    .map((row) => row.map(quoted).join(',') + '\r\n')
    .join('');

/** A board that fails and comes back is tried so often by itself: some leave at each write, for example for want of power. */
const MOST_TRIES = 3;

/**
 * What tells boards apart. Without a serial number browsers let go of a board that leaves, and ask for it as for a new one.
 * @param {Board} board
 */
const keyOf = (board) => board.serial || board;

/** What is done with each board. */
export class Series extends EventTarget {
  /** @param {import('./flasher.js').Flasher} flasher */
  constructor(flasher) {
    super();
    this.flasher = flasher;
    this.on = false;
    /** @type {Result[]} the last one first */
    this.results = [];
    /** @type {Board | null} @private */
    this.seen = null;
    /** @type {Board | null} that is flashed by hand @private */
    this.byHand = null;
    /** A board is flashed by the series. @private */
    this.atWork = false;
    /** What a board got. @type {Map<string | Board, import('./formats.js').Firmware>} @private */
    this.got = new Map();
    /** How often a board failed, one time after the other. @type {Map<string | Board, number>} @private */
    this.failed = new Map();
    flasher.addEventListener('change', () => void this.changed());
  }

  /** @param {boolean} on the board that is connected now is the first */
  turn(on) {
    this.on = on;
    this.seen = null;
    this.byHand = null;
    this.failed.clear();
    void this.changed();
  }

  /** @private */
  async changed() {
    if (!this.on) return;
    this.watchHand();
    await null; // whoever takes a file for this board hears of it, too
    const { board, firmware, fileTrouble, phase } = this.flasher;
    if (!this.on || phase !== 'ready' || !board || board === this.seen || !(firmware || fileTrouble)) return;
    this.seen = board;
    if ((this.failed.get(keyOf(board)) ?? 0) >= MOST_TRIES) return;
    if (!firmware) return this.add(board, false, fileTrouble?.text ?? '');
    const file = firmware.whole ?? firmware;
    // one that cannot be read may have come back after it was flashed here: again and again, if its button is held
    const hasGot = !board.contents && this.got.get(keyOf(board)) === file;
    if (this.flasher.isOnBoard || hasGot) return this.already(board);
    const [error] = this.flasher.findings.filter(({ kind }) => kind === 'error');
    if (error) return this.add(board, false, error.title);
    if (!this.flasher.canFlash) return this.add(board, false, t`This board was built so that it cannot be written.`);
    this.atWork = true;
    await this.flasher.flash();
    this.atWork = false;
    this.ended(board);
  }

  /**
   * Somebody presses Flash for a board that failed, or for one that is there already.
   * @private
   */
  watchHand() {
    const { board, busy, message, phase } = this.flasher;
    if (phase === 'writing' && !this.atWork) this.byHand = board ?? this.byHand;
    if (!this.byHand || busy || !message) return;
    const flashed = this.byHand;
    this.byHand = null;
    this.ended(flashed);
  }

  /**
   * It was flashed, or not.
   * @param {Board} board
   * @private
   */
  ended(board) {
    const { firmware, message } = this.flasher;
    const key = keyOf(board);
    const good = message?.kind === 'good';
    const tries = good ? 0 : (this.failed.get(key) ?? 0) + 1;
    this.failed.set(key, tries);
    if (good && firmware) this.got.set(key, firmware.whole ?? firmware);
    else this.got.delete(key);
    const title = message?.title ?? '';
    this.add(board, good, tries < MOST_TRIES ? title : t`${title}. It is not tried again by itself.`);
  }

  /**
   * It has the program: most often as it was flashed here and has come back.
   * @param {Board} board
   * @private
   */
  already(board) {
    const last = this.results.find(({ key }) => key === keyOf(board));
    if (!last?.good) this.add(board, true, t`It has this program already`);
  }

  /**
   * @param {Board} board
   * @param {boolean} good
   * @param {string} words
   * @private
   */
  add(board, good, words) {
    this.results.unshift({ key: keyOf(board), serial: board.serial, good, words, time: new Date() });
    this.dispatchEvent(new Event('change'));
  }

  /** How many boards are good, and how many not; a board that was tried again counts as at last. */
  get sums() {
    const last = new Map([...this.results].reverse().map(({ key, good }) => [key, good]));
    const good = [...last.values()].filter(Boolean).length;
    return { good, bad: last.size - good };
  }
}
