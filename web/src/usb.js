// WebUSB: finds the DFU interface of a device, opens it, and carries requests to it.

import { Gone, Refused } from './dfu.js';

const DFU_CLASS = 0xfe;
const DFU_SUBCLASS = 1;
/** bInterfaceProtocol: of an application that can be left for its bootloader, and of the bootloader. */
export const RUN_TIME = 1;
export const DFU_MODE = 2;
const DFUSE_VERSION = 0x011a; // ST's own protocol, spoken by the ROM of its chips

const GET_DESCRIPTOR = 6;
const CONFIGURATION = 2;
const STRING = 3;
const INTERFACE = 4;
const DFU_FUNCTIONAL = 0x21;
const ENGLISH = 0x0409;

const ANSWER_MS = 5000; // USB 2.0, 9.2.6.4: what takes longer than five seconds does not come

/** What the chooser offers: dapboot's own number, and whatever else is in DFU mode or can be brought to it. */
export const FILTERS = [
  { vendorId: 0x1209, productId: 0xdb42 },
  { classCode: DFU_CLASS, subclassCode: DFU_SUBCLASS, protocolCode: DFU_MODE },
  { classCode: DFU_CLASS, subclassCode: DFU_SUBCLASS, protocolCode: RUN_TIME },
];

/**
 * The class of its interface is looked at elsewhere.
 * @param {USBDevice} device
 * @param {USBDeviceFilter} filter
 */
export const isLike = (device, filter) =>
  /** @type {const} */ (['vendorId', 'productId', 'serialNumber']).every((number) => (filter[number] ?? device[number]) === device[number]);

/** The device is there but not for us. */
export class CannotOpen extends Error {
  /**
   * @param {'permission' | 'busy' | 'not-dfu' | 'dfuse'} why
   * @param {string} [detail]
   */
  constructor(why, detail) {
    super(detail ?? why);
    this.why = why;
  }
}

/**
 * bmAttributes and the rest of the DFU functional descriptor, DFU 1.1 table 4.2.
 * @typedef {object} Abilities
 * @property {boolean} canDownload
 * @property {boolean} canUpload
 * @property {boolean} manifestationTolerant
 * @property {boolean} willDetach
 * @property {number} detachTimeout
 * @property {number} transferSize
 * @property {number} dfuVersion
 */

/** @typedef {{configuration: number, interface: number, alternate: number}} Place */

/**
 * The DFU interface; of several alternate settings the last, as those below it are placeholders in dapboot.
 * @param {Pick<USBDevice, 'configurations'>} device
 * @param {number} [protocol] DFU_MODE or RUN_TIME
 * @returns {Place | null}
 */
export function findDfu(device, protocol = DFU_MODE) {
  /** @type {Place | null} */
  let found = null;
  for (const configuration of device.configurations)
    for (const usbInterface of configuration.interfaces)
      for (const alternate of usbInterface.alternates)
        if (
          alternate.interfaceClass === DFU_CLASS &&
          alternate.interfaceSubclass === DFU_SUBCLASS &&
          alternate.interfaceProtocol === protocol
        )
          found = {
            configuration: configuration.configurationValue,
            interface: usbInterface.interfaceNumber,
            alternate: alternate.alternateSetting,
          };
  return found;
}

/**
 * Reads what is needed from a whole configuration descriptor, USB 2.0 9.6.3.
 * @param {Uint8Array} bytes
 * @param {Place} place
 * @returns {{abilities: Abilities, nameIndex: number} | null} null if there is no DFU functional descriptor in it
 */
export function parseConfiguration(bytes, place) {
  let nameIndex = 0;
  /** @type {Abilities | null} */
  let abilities = null;
  for (let at = 0; at + 2 <= bytes.length; at += bytes[at]) {
    const length = bytes[at];
    if (length < 2 || at + length > bytes.length) break; // damaged
    const field = bytes.subarray(at, at + length);
    if (field[1] === INTERFACE && length >= 9 && field[2] === place.interface && field[3] === place.alternate)
      nameIndex = field[8];
    if (field[1] === DFU_FUNCTIONAL && length >= 7)
      abilities = {
        canDownload: (field[2] & 1) !== 0,
        canUpload: (field[2] & 2) !== 0,
        manifestationTolerant: (field[2] & 4) !== 0,
        willDetach: (field[2] & 8) !== 0,
        detachTimeout: field[3] | (field[4] << 8),
        transferSize: field[5] | (field[6] << 8),
        dfuVersion: length >= 9 ? field[7] | (field[8] << 8) : 0x0100,
      };
  }
  return abilities && { abilities, nameIndex };
}

/**
 * @param {unknown} error
 * @returns {string}
 */
const nameOf = (error) => (error instanceof DOMException ? error.name : '');

/** An open DFU interface. */
export class UsbLink {
  /**
   * @param {USBDevice} device
   * @param {Place} place
   * @param {Promise<void>} unplugged resolves when the device is no longer there
   */
  constructor(device, place, unplugged) {
    this.device = device;
    this.place = place;
    this.unplugged = unplugged;
  }

  /**
   * @param {USBDevice} device
   * @param {Promise<void>} unplugged
   * @param {number} [protocol] DFU_MODE or RUN_TIME
   * @returns {Promise<{link: UsbLink, abilities: Abilities, interfaceName: string}>}
   */
  static async open(device, unplugged, protocol = DFU_MODE) {
    const place = findDfu(device, protocol);
    if (!place) throw new CannotOpen('not-dfu');
    const link = new UsbLink(device, place, unplugged);
    try {
      await link.answered(device.open());
      if (device.configuration?.configurationValue !== place.configuration)
        await link.answered(device.selectConfiguration(place.configuration));
      await link.answered(device.claimInterface(place.interface));
      if (place.alternate !== 0) await link.answered(device.selectAlternateInterface(place.interface, place.alternate));
    } catch (error) {
      if (nameOf(error) === 'SecurityError') throw new CannotOpen('permission', String(error));
      if (nameOf(error) === 'NetworkError') throw new CannotOpen('busy', String(error));
      throw error;
    }
    const index = Math.max(
      0,
      device.configurations.findIndex((one) => one.configurationValue === place.configuration),
    );
    const head = await link.descriptor(CONFIGURATION, index, 0, 9);
    const parsed = parseConfiguration(await link.descriptor(CONFIGURATION, index, 0, head[2] | (head[3] << 8)), place);
    if (!parsed) throw new CannotOpen('not-dfu');
    if (protocol === DFU_MODE && parsed.abilities.dfuVersion === DFUSE_VERSION) throw new CannotOpen('dfuse');
    const interfaceName = parsed.nameIndex ? await link.string(parsed.nameIndex) : '';
    return { link, abilities: parsed.abilities, interfaceName };
  }

  async close() {
    await this.device.close().catch(() => {}); // gone already
  }

  /**
   * @param {number} request
   * @param {number} value
   * @param {number} length
   */
  async read(request, value, length) {
    return this.in({ requestType: 'class', recipient: 'interface', request, value, index: this.place.interface }, length);
  }

  /**
   * @param {number} request
   * @param {number} value
   * @param {Uint8Array} [data]
   */
  async write(request, value, data) {
    const setup = { requestType: 'class', recipient: 'interface', request, value, index: this.place.interface };
    const transfer = this.device.controlTransferOut(
      /** @type {USBControlTransferParameters} */ (setup),
      /** @type {BufferSource | undefined} */ (data),
    );
    const result = await this.transferred(transfer);
    if (result.status !== 'ok') throw new Refused();
  }

  /**
   * @param {number} type
   * @param {number} index
   * @param {number} language
   * @param {number} length
   * @private
   */
  async descriptor(type, index, language, length) {
    const setup = {
      requestType: 'standard',
      recipient: 'device',
      request: GET_DESCRIPTOR,
      value: (type << 8) | index,
      index: language,
    };
    return this.in(setup, length);
  }

  /** @param {number} index */
  async string(index) {
    try {
      const bytes = await this.descriptor(STRING, index, ENGLISH, 255);
      return new TextDecoder('utf-16le').decode(bytes.subarray(2, bytes[0]));
    } catch (error) {
      if (error instanceof Refused) return '';
      throw error;
    }
  }

  /**
   * @param {object} setup
   * @param {number} length
   * @private
   */
  async in(setup, length) {
    const transfer = this.device.controlTransferIn(/** @type {USBControlTransferParameters} */ (setup), length);
    const result = await this.transferred(transfer);
    if (result.status !== 'ok' || !result.data) throw new Refused();
    return new Uint8Array(result.data.buffer, result.data.byteOffset, result.data.byteLength);
  }

  /**
   * A transfer to the open interface. Its failure is the end of the connection: the browser tells that the device was
   * unplugged later, and of a broken cable never.
   * @template T
   * @param {Promise<T>} transfer
   * @returns {Promise<T>}
   * @private
   */
  async transferred(transfer) {
    try {
      return await this.answered(transfer);
    } catch (error) {
      if (nameOf(error) === 'NetworkError') throw new Gone(String(error));
      throw error;
    }
  }

  /**
   * The browser has no limit of time for a transfer.
   * @template T
   * @param {Promise<T>} transfer
   * @returns {Promise<T>}
   * @private
   */
  async answered(transfer) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const silence = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Gone('the device does not answer')), ANSWER_MS);
    });
    const gone = this.unplugged.then(() => {
      throw new Gone('the device was unplugged');
    });
    try {
      return await /** @type {Promise<T>} */ (Promise.race([transfer, gone, silence]));
    } catch (error) {
      if (nameOf(error) === 'NotFoundError') throw new Gone('the device was unplugged');
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
