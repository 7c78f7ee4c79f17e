// What is going on, for whoever shows it: the phase, how far it is, what came of it, a log. Every change is an event.

/**
 * unsupported: the browser has no WebUSB. away: no board in its bootloader. detaching: its program is asked to leave for
 * the bootloader. opening: being opened and looked at. ready: waits for orders.
 * @typedef {'unsupported' | 'away' | 'detaching' | 'opening' | 'ready' | 'writing' | 'verifying' | 'reading' | 'leaving'} Phase
 */

/**
 * @typedef {object} Message
 * @property {'good' | 'bad' | 'note'} kind
 * @property {string} title
 * @property {string} text
 * @property {string} [remedy]
 * @property {Place} [place] what it is about
 */

/** @typedef {'board' | 'flash' | 'more'} Place */

/** @typedef {{done: number, total: number, started: number}} Progress */

export class Teller extends EventTarget {
  /** @param {Phase} phase */
  constructor(phase) {
    super();
    this.phase = phase;
    /** @type {Message | null} what came of the last order */
    this.message = null;
    /** @type {Progress | null} */
    this.progress = null;
    /** @type {string[]} for experts */
    this.log = [];
    /** @type {Place} what the flasher is at, or was last */
    this.place = 'board';
  }

  get busy() {
    return !['unsupported', 'away', 'ready'].includes(this.phase);
  }

  /**
   * @param {Phase} phase
   * @param {number} total
   * @protected
   */
  enter(phase, total) {
    this.phase = phase;
    this.progress = { done: 0, total, started: Date.now() };
    this.changed();
  }

  /**
   * @param {number} done
   * @protected
   */
  advance(done) {
    if (this.progress) this.progress = { ...this.progress, done };
    this.changed();
  }

  /**
   * @param {Message['kind']} kind
   * @param {string} title
   * @param {string} text
   * @param {string} [remedy]
   * @protected
   */
  tell(kind, title, text, remedy) {
    this.message = { kind, title, text, remedy, place: this.place };
  }

  /** @param {string} line of the log */
  note(line) {
    this.log.push(`${new Date().toISOString().slice(11, 19)}  ${line}`);
  }

  /** @protected */
  changed() {
    this.dispatchEvent(new Event('change'));
  }
}
