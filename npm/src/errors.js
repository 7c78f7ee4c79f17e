// What the virtual board refuses, or its firmware did wrong.

/**
 * Codes are those of vboard.h without its prefix.
 *   WRONG      wrong use: a value out of range, no such pin, a file that is no firmware
 *   BROKEN     the firmware broke a rule of the chip's manual; the board stands still from now on
 *   LOCKED_UP  the processor is locked up after a fault, and no watchdog runs
 *   TIMED_OUT  the time given has passed
 *   STALLED    USB: the device answered STALL
 *   GONE       USB: no device on the bus, or it left meanwhile
 *   USB_ERROR  USB: no answer three times, or more data than the packet size or the buffer takes
 *   OUT_OF_MEMORY  the board cannot be used any more
 * @typedef {'WRONG' | 'BROKEN' | 'LOCKED_UP' | 'TIMED_OUT' | 'STALLED' | 'GONE' | 'USB_ERROR' | 'OUT_OF_MEMORY'} ErrorCode
 */

/** @typedef {ArrayBuffer | ArrayBufferView} Bytes */

/** In the order of enum vboard_status. @type {(ErrorCode | 'OK')[]} */
export const STATUS = ['OK', 'WRONG', 'BROKEN', 'LOCKED_UP', 'TIMED_OUT', 'STALLED', 'GONE', 'USB_ERROR'];

export class VirtualBoardError extends Error {
  /**
   * @param {ErrorCode} code
   * @param {string} message a sentence
   */
  constructor(code, message) {
    super(message);
    this.name = 'VirtualBoardError';
    this.code = code;
  }
}

/**
 * A wrong argument: which one, what it may be, and what it was.
 * @param {string} what
 * @param {unknown} was
 */
export function wrong(what, was) {
  const shown = typeof was === 'string' ? `'${was}'` : typeof was === 'object' && was !== null ? was.constructor?.name ?? 'an object' : String(was);
  return new VirtualBoardError('WRONG', `${what}, not ${shown}`);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} least
 * @param {number} most
 * @returns {number}
 */
export function integer(value, name, least, most) {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw wrong(`${name} is a whole number from ${least} to ${most}`, value);
}

const MOST_MS = 3 * 24 * 3600 * 1000; // vboard_run(): 3 days

/**
 * Milliseconds as microseconds for the library.
 * @param {unknown} ms
 * @param {string} name
 */
export function microseconds(ms, name) {
  if (typeof ms === 'number' && ms >= 0 && ms <= MOST_MS) return BigInt(Math.round(ms * 1000));
  throw wrong(`${name} is milliseconds from 0 to ${MOST_MS} (3 days)`, ms);
}

/**
 * @param {unknown} data
 * @param {string} name
 * @returns {Uint8Array}
 */
export function bytesOf(data, name) {
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw wrong(`${name} is a Uint8Array or an ArrayBuffer`, data);
}
