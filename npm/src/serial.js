// What a PC has at the other end of a serial port.

import { bytesOf, integer, microseconds } from './errors.js';

/** @typedef {import('./errors.js').Bytes} Bytes */

const PART = 4096;

export class SerialPort {
  /**
   * @param {import('./board.js').VirtualBoard} board
   * @param {number} number 1 is USART1
   */
  constructor(board, number) {
    this.board = board;
    this.number = number;
    /** @private */
    this.decoder = new TextDecoder();
  }

  /**
   * Sends to the chip's RX pin, one frame after the other once its receiver is on. 4096 bytes wait on the wire without time
   * passing; for more the board runs.
   * @param {string | Bytes} data
   * @param {{within?: number}} [options] ms; if not all were taken by then, an error with the code TIMED_OUT is thrown
   */
  send(data, { within = 1000 } = {}) {
    const { machine, handle } = this.board;
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : bytesOf(data, 'data');
    const time = microseconds(within, 'within');
    machine.with(bytes, (at) => machine.check(handle, 'vboard_serial_send', this.number, at, bytes.length, time));
  }

  /** The rate at which these bytes come; 0: the chip's own, as at first. @param {number} rate */
  baud(rate) {
    const { machine, handle } = this.board;
    machine.check(handle, 'vboard_serial_baud', this.number, integer(rate, 'a rate', 0, 0xffffffff));
  }

  /** Takes what the chip has sent since the last call; of words of 9 bits the low 8. @returns {Uint8Array} */
  read() {
    const { machine, handle } = this.board;
    /** @type {number[]} */
    const all = [];
    for (;;) {
      const part = machine.with(new Uint8Array(PART), (at) => {
        const length = machine.look('vboard_serial_read', handle, this.number, at, PART);
        return machine.memory.slice(at, at + length);
      });
      all.push(...part);
      if (part.length < PART) return Uint8Array.from(all);
    }
  }

  /** The same as text (UTF-8); the rest of a letter may come with the next call. */
  readText() {
    return this.decoder.decode(this.read(), { stream: true });
  }
}
