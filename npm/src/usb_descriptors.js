// What a USB device says of itself, in the form that WebUSB has for it. USB 2.0, 9.6.

const DEVICE = 1;
const CONFIGURATION = 2;
const STRING = 3;
const INTERFACE = 4;
const ENDPOINT = 5;
const GET_DESCRIPTOR = 6;
const FROM_DEVICE = 0x80;
const ENGLISH = 0x0409;
/** bmAttributes of an endpoint; control ones have no place in WebUSB. @type {(USBEndpointType | null)[]} */
const TYPES = [null, 'isochronous', 'bulk', 'interrupt'];

/** @typedef {'bulk' | 'interrupt' | 'isochronous'} USBEndpointType */

/** @typedef {{endpointNumber: number, direction: 'in' | 'out', type: USBEndpointType, packetSize: number}} Endpoint */

/**
 * @typedef {object} Alternate
 * @property {number} alternateSetting
 * @property {number} interfaceClass
 * @property {number} interfaceSubclass
 * @property {number} interfaceProtocol
 * @property {string | undefined} interfaceName
 * @property {Endpoint[]} endpoints
 */

/** @typedef {{interfaceNumber: number, alternate: Alternate, alternates: Alternate[], claimed: boolean}} Interface */

/** @typedef {{configurationValue: number, configurationName: string | undefined, interfaces: Interface[]}} Configuration */

export class Descriptors {
  /** @param {import('./usb_host.js').UsbHost} host */
  constructor(host) {
    /** @private */
    this.host = host;
    /** @private @type {number | undefined} */
    this.language = undefined;
  }

  /**
   * @private
   * @param {number} type
   * @param {number} index
   * @param {number} language
   * @param {number} length
   */
  get(type, index, language, length) {
    const setup = { bmRequestType: FROM_DEVICE, bRequest: GET_DESCRIPTOR, wValue: (type << 8) | index, wIndex: language };
    return this.host.controlIn(setup, length);
  }

  /**
   * In English if the device has it, else in its first language.
   * @param {number} index
   * @returns {string | undefined}
   */
  string(index) {
    if (index === 0) return undefined;
    try {
      this.language ??= this.firstLanguage();
      const bytes = this.get(STRING, index, this.language, 255);
      return new TextDecoder('utf-16le').decode(bytes.subarray(2, bytes[0]));
    } catch (error) {
      if (/** @type {any} */ (error).code === 'STALLED') return undefined; // it has none
      throw error;
    }
  }

  /** @private */
  firstLanguage() {
    const bytes = this.get(STRING, 0, 0, 255);
    const languages = [];
    for (let at = 2; at + 1 < Math.min(bytes.length, bytes[0]); at += 2) languages.push(bytes[at] | (bytes[at + 1] << 8));
    return languages.includes(ENGLISH) ? ENGLISH : (languages[0] ?? ENGLISH);
  }

  device() {
    const bytes = this.get(DEVICE, 0, 0, 18);
    const word = (/** @type {number} */ at) => bytes[at] | (bytes[at + 1] << 8);
    const usb = word(2);
    const release = word(12);
    return {
      usbVersionMajor: usb >> 8,
      usbVersionMinor: (usb >> 4) & 15,
      usbVersionSubminor: usb & 15,
      deviceClass: bytes[4],
      deviceSubclass: bytes[5],
      deviceProtocol: bytes[6],
      vendorId: word(8),
      productId: word(10),
      deviceVersionMajor: release >> 8,
      deviceVersionMinor: (release >> 4) & 15,
      deviceVersionSubminor: release & 15,
      manufacturerName: this.string(bytes[14]),
      productName: this.string(bytes[15]),
      serialNumber: this.string(bytes[16]),
      configurations: Array.from({ length: bytes[17] }, (_, index) => this.configuration(index)),
    };
  }

  /** @private @param {number} index @returns {Configuration} */
  configuration(index) {
    const head = this.get(CONFIGURATION, index, 0, 9);
    const bytes = this.get(CONFIGURATION, index, 0, head[2] | (head[3] << 8));
    /** @type {Configuration} */
    const configuration = { configurationValue: bytes[5], configurationName: this.string(bytes[6]), interfaces: [] };
    /** @type {Alternate | undefined} */
    let alternate;
    for (let at = 0; at + 2 <= bytes.length && bytes[at] >= 2; at += bytes[at]) {
      const one = bytes.subarray(at, at + bytes[at]);
      if (one[1] === INTERFACE && one.length >= 9) alternate = this.alternate(configuration, one);
      else if (one[1] === ENDPOINT && one.length >= 7 && alternate) addEndpoint(alternate, one);
    }
    return configuration;
  }

  /** @private @param {Configuration} configuration @param {Uint8Array} bytes */
  alternate({ interfaces }, bytes) {
    const [, , interfaceNumber, alternateSetting, , interfaceClass, interfaceSubclass, interfaceProtocol, name] = bytes;
    /** @type {Alternate} */
    const alternate = { alternateSetting, interfaceClass, interfaceSubclass, interfaceProtocol, interfaceName: this.string(name), endpoints: [] };
    const known = interfaces.find((one) => one.interfaceNumber === interfaceNumber);
    if (known) known.alternates.push(alternate);
    else interfaces.push({ interfaceNumber, alternate, alternates: [alternate], claimed: false });
    return alternate;
  }
}

/** @param {Alternate} alternate @param {Uint8Array} bytes */
function addEndpoint(alternate, bytes) {
  const type = TYPES[bytes[3] & 3];
  if (type === null) return;
  const direction = bytes[2] & 0x80 ? 'in' : 'out';
  alternate.endpoints.push({ endpointNumber: bytes[2] & 15, direction, type, packetSize: (bytes[4] | (bytes[5] << 8)) & 0x7ff });
}
