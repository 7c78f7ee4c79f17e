// The host at the other end of the USB cable, one transfer a call; each runs the board until it is over.

import { bytesOf, integer, microseconds } from './errors.js';

/** @typedef {import('./errors.js').Bytes} Bytes */

/**
 * @typedef {object} Setup USB 2.0, 9.3
 * @property {number} bmRequestType bit 7 set: the device sends
 * @property {number} bRequest
 * @property {number} [wValue]
 * @property {number} [wIndex]
 */

export class UsbHost {
  /** @param {import('./board.js').VirtualBoard} board */
  constructor(board) {
    this.board = board;
  }

  /** The device's pull-up is on and the cable is in. */
  get isAttached() {
    return this.board.machine.look('vboard_usb_is_attached', this.board.handle) !== 0;
  }

  /** How often a device has left the bus, for whatever reason and however shortly. */
  get detachments() {
    return this.board.machine.look('vboard_usb_detachments', this.board.handle);
  }

  /** An enumeration succeeded, and since then the device neither left nor was the bus reset. */
  get isConfigured() {
    return this.board.machine.look('vboard_usb_is_configured', this.board.handle) !== 0;
  }

  /**
   * Waits for the device, resets the bus, reads descriptors as Linux does, and selects the first configuration.
   * @param {{within?: number}} [options] ms
   */
  enumerate({ within = 5000 } = {}) {
    const { machine, handle } = this.board;
    machine.check(handle, 'vboard_usb_enumerate', microseconds(within, 'within'));
  }

  /** Starts the same; it goes on while the board runs. Until it is over no transfer can be made. */
  startEnumeration() {
    const { machine, handle } = this.board;
    machine.check(handle, 'vboard_usb_start_enumeration');
  }

  /** One that was started is under way. */
  get isEnumerating() {
    return this.board.machine.look('vboard_usb_is_enumerating', this.board.handle) !== 0;
  }

  /** Ends it. Throws what became of it, if no device is configured. */
  finishEnumeration() {
    const { machine, handle } = this.board;
    machine.check(handle, 'vboard_usb_finish_enumeration');
  }

  /**
   * A control transfer that sends data to the device, or none.
   * @param {Setup} setup
   * @param {Bytes} [data]
   * @param {{within?: number}} [options] ms
   * @returns {number} bytes that went over
   */
  controlOut(setup, data = new Uint8Array(0), { within = 5000 } = {}) {
    const bytes = bytesOf(data, 'data');
    return this.control(setup, bytes, bytes.length, within, (_at, actual) => actual);
  }

  /**
   * One that the device answers with up to wLength bytes.
   * @param {Setup} setup
   * @param {number} wLength
   * @param {{within?: number}} [options] ms
   * @returns {Uint8Array}
   */
  controlIn(setup, wLength, { within = 5000 } = {}) {
    const room = new Uint8Array(integer(wLength, 'wLength', 0, 0xffff));
    return this.control(setup, room, wLength, within, (at, actual) => this.board.machine.memory.slice(at, at + actual));
  }

  /**
   * @private
   * @template T
   * @param {Setup} setup
   * @param {Uint8Array} data
   * @param {number} length
   * @param {number} within
   * @param {(at: number, actual: number) => T} result
   */
  control({ bmRequestType, bRequest, wValue = 0, wIndex = 0 }, data, length, within, result) {
    const type = integer(bmRequestType, 'bmRequestType', 0, 255);
    const request = integer(bRequest, 'bRequest', 0, 255);
    const value = integer(wValue, 'wValue', 0, 0xffff);
    const index = integer(wIndex, 'wIndex', 0, 0xffff);
    const size = integer(length, 'wLength', 0, 0xffff);
    return this.transfer(data, result, 'vboard_usb_control', (at) => [type, request, value, index, at, size], within);
  }

  /**
   * To an endpoint of the configuration, 0x01 to 0x0F, in packets of its size; no bytes are an empty packet. Isochronous
   * endpoints take one packet a call.
   * @param {number} endpoint
   * @param {Bytes} data
   * @param {{within?: number}} [options] ms
   * @returns {number} bytes that went over
   */
  out(endpoint, data, { within = 5000 } = {}) {
    const bytes = bytesOf(data, 'data');
    const to = integer(endpoint, 'an OUT endpoint', 1, 15);
    return this.transfer(bytes, (_at, actual) => actual, 'vboard_usb_out', (at) => [to, at, bytes.length], within);
  }

  /**
   * From an endpoint, 0x81 to 0x8F: ends when so many bytes came, or a packet is shorter than the endpoint's size.
   * @param {number} endpoint
   * @param {number} length whole packets
   * @param {{within?: number}} [options] ms
   * @returns {Uint8Array}
   */
  in(endpoint, length, { within = 5000 } = {}) {
    const from = integer(endpoint, 'an IN endpoint', 0x81, 0x8f);
    const room = new Uint8Array(integer(length, 'length', 0, 1 << 20));
    const taken = (/** @type {number} */ at, /** @type {number} */ actual) => this.board.machine.memory.slice(at, at + actual);
    return this.transfer(room, taken, 'vboard_usb_in', (at) => [from, at, room.length], within);
  }

  /**
   * @private
   * @template T
   * @param {Uint8Array} data
   * @param {(at: number, actual: number) => T} result
   * @param {string} name
   * @param {(at: number) => number[]} values
   * @param {number} within
   */
  transfer(data, result, name, values, within) {
    const { machine, handle } = this.board;
    const time = microseconds(within, 'within');
    return machine.with(data, (at) =>
      machine.with(new Uint8Array(4), (actual) => {
        machine.check(handle, name, ...values(at), actual, time);
        return result(at, new DataView(machine.memory.buffer).getUint32(actual, true));
      }),
    );
  }
}
