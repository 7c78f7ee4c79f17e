// Several boards, one after another: each that is connected is flashed, and a list says what came of it.

import { t } from './language.js';

/** @typedef {import('./connection.js').Board} Board */

/**
 * @typedef {object} Result
 * @property {string} serial number of the board
 * @property {boolean} good
 * @property {string} words
 * @property {Date} time
 */

/** @param {string} text for a field of a CSV file, RFC 4180 */
const quoted = (text) => `"${text.replaceAll('"', '""')}"`;

/** @param {Result[]} results */
export const toCsv = (results) =>
  [['serial number', 'good', 'result', 'time'], ...results.map(({ serial, good, words, time }) => [serial, good ? 'yes' : 'no', words, time.toISOString()])]
    .map((row) => row.map(quoted).join(',') + '\r\n')
    .join('');

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
    /** What a board got, by its serial number. @type {Map<string, import('./formats.js').Firmware>} @private */
    this.got = new Map();
    flasher.addEventListener('change', () => void this.changed());
  }

  /** @param {boolean} on the board that is connected now is the first */
  turn(on) {
    this.on = on;
    this.seen = null;
    void this.changed();
  }

  /** @private */
  async changed() {
    const { board, firmware, phase } = this.flasher;
    if (!this.on || phase !== 'ready' || !board || !firmware || board === this.seen) return;
    this.seen = board;
    const file = firmware.whole ?? firmware;
    // one that cannot be read may have come back after it was flashed here: again and again, if its button is held
    const hasGot = !board.contents && board.serial !== '' && this.got.get(board.serial) === file;
    if (this.flasher.isOnBoard || hasGot) return this.already(board);
    const [error] = this.flasher.findings.filter(({ kind }) => kind === 'error');
    if (error) return this.add(board, false, error.title);
    if (!this.flasher.canFlash) return this.add(board, false, t`This board was built so that it cannot be written.`);
    await this.flasher.flash();
    const { message } = this.flasher;
    if (message?.kind === 'good') this.got.set(board.serial, file);
    else this.got.delete(board.serial);
    this.add(board, message?.kind === 'good', message?.title ?? '');
  }

  /**
   * It has the program: most often as it was flashed here and has come back.
   * @param {Board} board
   * @private
   */
  already(board) {
    const last = this.results.find(({ serial }) => serial === board.serial);
    if (!last?.good) this.add(board, true, t`It has this program already`);
  }

  /**
   * @param {Board} board
   * @param {boolean} good
   * @param {string} words
   * @private
   */
  add({ serial }, good, words) {
    this.results.unshift({ serial, good, words, time: new Date() });
    this.dispatchEvent(new Event('change'));
  }

  /** How many boards are good, and how many not; a board that was tried again counts as at last. */
  get sums() {
    const last = new Map([...this.results].reverse().map(({ serial, good }) => [serial, good]));
    const good = [...last.values()].filter(Boolean).length;
    return { good, bad: last.size - good };
  }
}
