// A board's USB device as WebUSB shows it: what getDevices() and requestDevice() give a page.

import { bytesOf } from './errors.js';
import { Descriptors } from './usb_descriptors.js';

/** @typedef {import('./errors.js').Bytes} Bytes */

/** @typedef {import('./usb_descriptors.js').Configuration} Configuration */
/** @typedef {import('./usb_descriptors.js').Interface} Interface */
/** @typedef {'ok' | 'stall' | 'babble'} TransferStatus babble never comes: it ends in a NetworkError */
/** @typedef {{data?: DataView, status: TransferStatus}} InResult */
/** @typedef {{bytesWritten: number, status: TransferStatus}} OutResult */

/**
 * @typedef {object} ControlSetup
 * @property {'standard' | 'class' | 'vendor'} requestType
 * @property {'device' | 'interface' | 'endpoint' | 'other'} recipient
 * @property {number} request
 * @property {number} value
 * @property {number} index
 */

const REQUEST_TYPES = ['standard', 'class', 'vendor'];
const RECIPIENTS = ['device', 'interface', 'endpoint', 'other'];
const IN = 0x80;
const TO_INTERFACE = 1;
const TO_ENDPOINT = 2;
const CLEAR_FEATURE = 1;
const ENDPOINT_HALT = 0;
const SET_CONFIGURATION = 9;
const SET_INTERFACE = 11;

const gone = () => new DOMException('The device was disconnected.', 'NotFoundError');
const failed = (/** @type {string} */ why) => new DOMException(`A transfer error has occurred: ${why}`, 'NetworkError');
const inState = (/** @type {string} */ why) => new DOMException(why, 'InvalidStateError');

export class VirtualUsbDevice {
  /**
   * Made by VirtualUsb, of a device that is configured.
   * @param {import('./usb.js').VirtualUsb} usb
   */
  constructor(usb) {
    /** @private */
    this.usb = usb;
    /** @private */
    this.host = usb.board.usb;
    const about = new Descriptors(this.host).device();
    this.usbVersionMajor = about.usbVersionMajor;
    this.usbVersionMinor = about.usbVersionMinor;
    this.usbVersionSubminor = about.usbVersionSubminor;
    this.deviceClass = about.deviceClass;
    this.deviceSubclass = about.deviceSubclass;
    this.deviceProtocol = about.deviceProtocol;
    this.vendorId = about.vendorId;
    this.productId = about.productId;
    this.deviceVersionMajor = about.deviceVersionMajor;
    this.deviceVersionMinor = about.deviceVersionMinor;
    this.deviceVersionSubminor = about.deviceVersionSubminor;
    this.manufacturerName = about.manufacturerName;
    this.productName = about.productName;
    this.serialNumber = about.serialNumber;
    this.configurations = about.configurations;
    /** @type {Configuration | undefined} */
    this.configuration = this.configurations[0];
    this.opened = false;
    /** Was it allowed to the page? */
    this.allowed = true;
    /** @private It left, and does not come back as this one. */
    this.gone = false;
    /** @private @type {Map<number, Promise<unknown>>} the last transfer of each endpoint */
    this.last = new Map();
  }

  /** What makes it the same device when it comes back from a reset. */
  get identity() {
    return JSON.stringify([this.vendorId, this.productId, this.serialNumber, this.configurations], (key, value) =>
      key === 'claimed' || key === 'alternate' ? undefined : value,
    );
  }

  /** For VirtualUsb: the device has left. */
  leave() {
    this.gone = true;
    this.opened = false;
    for (const one of this.configuration?.interfaces ?? []) one.claimed = false;
  }

  /** @private */
  mustBeThere() {
    if (this.gone) throw this.usb.failure ?? gone();
  }

  /** @private */
  mustBeOpen() {
    this.mustBeThere();
    if (!this.opened) throw inState('The device must be opened first.');
    if (this.usb.isEnumerating) throw inState('An operation that changes the device state is in progress.');
  }

  async open() {
    this.mustBeThere();
    this.opened = true;
  }

  async close() {
    for (const one of this.configuration?.interfaces ?? []) one.claimed = false;
    this.opened = false;
  }

  /** The page may not use it any more until it is chosen again. */
  async forget() {
    await this.close();
    this.allowed = false;
  }

  /** @param {number} value */
  async selectConfiguration(value) {
    this.mustBeOpen();
    const found = this.configurations.find((one) => one.configurationValue === value);
    if (!found) throw new DOMException('The configuration value provided is not supported by the device.', 'NotFoundError');
    if (found === this.configuration) return;
    this.command(0, SET_CONFIGURATION, value, 0);
    this.configuration = found;
  }

  /**
   * @private
   * @param {number} number
   * @param {boolean} [mustBeClaimed]
   */
  interface(number, mustBeClaimed = false) {
    this.mustBeOpen();
    const found = this.configuration?.interfaces.find((one) => one.interfaceNumber === number);
    if (!found) throw new DOMException('The interface number provided is not supported by the device in its current configuration.', 'NotFoundError');
    if (mustBeClaimed && !found.claimed) throw inState('The specified interface has not been claimed.');
    return found;
  }

  /** @param {number} number */
  async claimInterface(number) {
    this.interface(number).claimed = true;
  }

  /** @param {number} number */
  async releaseInterface(number) {
    this.interface(number).claimed = false;
  }

  /** @param {number} number @param {number} alternateSetting */
  async selectAlternateInterface(number, alternateSetting) {
    const one = this.interface(number, true);
    const found = one.alternates.find((alternate) => alternate.alternateSetting === alternateSetting);
    if (!found) throw new DOMException('The alternate setting provided is not supported by the device in its current configuration.', 'NotFoundError');
    this.command(TO_INTERFACE, SET_INTERFACE, alternateSetting, number);
    one.alternate = found;
  }

  /** @param {'in' | 'out'} direction @param {number} endpointNumber */
  async clearHalt(direction, endpointNumber) {
    const address = this.endpoint(direction, endpointNumber);
    this.command(TO_ENDPOINT, CLEAR_FEATURE, ENDPOINT_HALT, address);
  }

  /** A bus reset. Rejects if what comes back is another device, as a program that makes way for its bootloader. */
  async reset() {
    this.mustBeOpen();
    this.usb.before();
    this.mustBeThere();
    if (!(await this.usb.resetBus(this))) throw new DOMException('Unable to reset the device.', 'NetworkError');
  }

  /**
   * @param {ControlSetup} setup
   * @param {number} length
   * @returns {Promise<InResult>}
   */
  async controlTransferIn(setup, length) {
    const request = this.setup(setup, IN);
    const { status, result } = this.transfer(() => this.host.controlIn(request, length));
    return result === undefined ? { status } : { status, data: viewOf(result) };
  }

  /**
   * @param {ControlSetup} setup
   * @param {Bytes} [data]
   * @returns {Promise<OutResult>}
   */
  async controlTransferOut(setup, data = new Uint8Array(0)) {
    const request = this.setup(setup, 0);
    const { status, result } = this.transfer(() => this.host.controlOut(request, bytesOf(data, 'data')));
    return { status, bytesWritten: result ?? 0 };
  }

  /**
   * @private
   * @param {ControlSetup} setup
   * @param {number} direction
   */
  setup({ requestType, recipient, request, value, index }, direction) {
    this.mustBeOpen();
    const type = REQUEST_TYPES.indexOf(requestType);
    const to = RECIPIENTS.indexOf(recipient);
    if (type < 0) throw new TypeError(`requestType is ${REQUEST_TYPES.join(', ')}, not ${requestType}`);
    if (to < 0) throw new TypeError(`recipient is ${RECIPIENTS.join(', ')}, not ${recipient}`);
    if (to === TO_INTERFACE) this.interface(index & 255, true);
    return { bmRequestType: direction | (type << 5) | to, bRequest: request, wValue: value, wIndex: index };
  }

  /**
   * A transfer that runs the board until it is over.
   * @private
   * @template T
   * @param {() => T} what
   * @returns {{status: TransferStatus, result?: T}}
   */
  transfer(what) {
    this.usb.before();
    this.mustBeThere();
    try {
      return { status: 'ok', result: what() };
    } catch (error) {
      return this.judge(error);
    } finally {
      this.usb.after();
    }
  }

  /**
   * @private
   * @param {any} error
   * @returns {{status: TransferStatus}}
   */
  judge(error) {
    if (error.code === 'STALLED') return { status: 'stall' };
    if (error.code === 'GONE') throw gone();
    if (error.code === 'TIMED_OUT' || error.code === 'USB_ERROR') throw failed(error.message);
    this.usb.heed(error); // the firmware broke a rule, or the page one of ours
    throw error;
  }

  /** @private @param {number} recipient @param {number} bRequest @param {number} wValue @param {number} wIndex */
  command(recipient, bRequest, wValue, wIndex) {
    const { status } = this.transfer(() => this.host.controlOut({ bmRequestType: recipient, bRequest, wValue, wIndex }));
    if (status !== 'ok') throw failed('the device answered STALL');
  }

  /**
   * The address of an endpoint of an interface that is claimed.
   * @private
   * @param {'in' | 'out'} direction
   * @param {number} number
   */
  endpoint(direction, number) {
    this.mustBeOpen();
    for (const one of this.configuration?.interfaces ?? [])
      for (const endpoint of one.alternate.endpoints)
        if (endpoint.endpointNumber === number && endpoint.direction === direction) {
          if (!one.claimed) throw inState('The interface of this endpoint has not been claimed.');
          return direction === 'in' ? IN | number : number;
        }
    throw new DOMException('The specified endpoint is not part of a claimed and selected alternate interface.', 'NotFoundError');
  }

  /**
   * Waits until the endpoint has so many bytes, or a packet that is shorter than its size.
   * @param {number} endpointNumber
   * @param {number} length
   * @returns {Promise<InResult>}
   */
  async transferIn(endpointNumber, length) {
    const { status, data } = await this.onEndpoint(this.endpoint('in', endpointNumber), new Uint8Array(length));
    return status === 'ok' ? { status, data: viewOf(data) } : { status };
  }

  /**
   * @param {number} endpointNumber
   * @param {Bytes} data
   * @returns {Promise<OutResult>}
   */
  async transferOut(endpointNumber, data) {
    const { status, actual } = await this.onEndpoint(this.endpoint('out', endpointNumber), bytesOf(data, 'data'));
    return { status, bytesWritten: actual };
  }

  /**
   * @param {number} endpointNumber
   * @param {number[]} packetLengths
   */
  async isochronousTransferIn(endpointNumber, packetLengths) {
    const address = this.endpoint('in', endpointNumber);
    const packets = [];
    for (const length of packetLengths) packets.push(await this.onEndpoint(address, new Uint8Array(length)));
    const data = new Uint8Array(packets.reduce((sum, packet) => sum + packet.actual, 0));
    let at = 0;
    const views = packets.map(({ status, data: bytes, actual }) => {
      data.set(bytes, at);
      at += actual;
      return { status, data: new DataView(data.buffer, at - actual, actual) };
    });
    return { data: viewOf(data), packets: views };
  }

  /**
   * @param {number} endpointNumber
   * @param {Bytes} data
   * @param {number[]} packetLengths
   */
  async isochronousTransferOut(endpointNumber, data, packetLengths) {
    const address = this.endpoint('out', endpointNumber);
    const bytes = bytesOf(data, 'data');
    const packets = [];
    let at = 0;
    for (const length of packetLengths) {
      const { status, actual } = await this.onEndpoint(address, bytes.subarray(at, at + length));
      packets.push({ status, bytesWritten: actual });
      at += length;
    }
    return { packets };
  }

  /**
   * One after the other, as the host takes one for each endpoint.
   * @private
   * @param {number} address
   * @param {Uint8Array} bytes
   * @returns {Promise<{status: TransferStatus, data: Uint8Array, actual: number}>}
   */
  onEndpoint(address, bytes) {
    const before = this.last.get(address) ?? Promise.resolve();
    const mine = before.catch(() => {}).then(async () => {
      this.mustBeThere();
      try {
        return { status: /** @type {TransferStatus} */ ('ok'), ...(await this.usb.start(address, bytes)) };
      } catch (error) {
        return { ...this.judge(error), data: new Uint8Array(0), actual: 0 };
      }
    });
    this.last.set(address, mine);
    return mine;
  }
}

/** @param {Uint8Array} bytes */
function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
