// Firmware files: .bin, .dfu and .hex become an image, the bytes that go into flash one after the other.

import { BadHex, readHex } from './hex.js';
import { aboutText, has, isHex, isText, kindOf } from './kinds.js';
import { trailerOf } from './signed.js';
import { hex } from './words.js';

/**
 * @typedef {object} Suffix of DFU 1.1, appendix B
 * @property {number} vendor
 * @property {number} product
 * @property {number} device
 */

/**
 * @typedef {object} Firmware
 * @property {string} name of the file
 * @property {'bin' | 'dfu' | 'hex'} format
 * @property {Uint8Array} image
 * @property {number | null} base where the file says that it goes; only .hex does
 * @property {Suffix | null} suffix
 * @property {import('./signed.js').Trailer | null} signed
 */

/**
 * The end of a file that begins with something else.
 * @param {Firmware} firmware
 * @param {number} base of the file
 * @param {number} address where the part begins
 * @returns {Firmware}
 */
export function partOf(firmware, base, address) {
  const image = firmware.image.subarray(address - base);
  return { ...firmware, name: `${firmware.name}, from ${hex(address)} on`, image, base: address, signed: trailerOf(image) };
}

/** The file cannot be used, for a reason that can be told. */
export class BadFile extends Error {
  /**
   * @param {string} message
   * @param {string} [remedy]
   */
  constructor(message, remedy = '') {
    super(message);
    this.remedy = remedy;
  }
}

const SUFFIX_LENGTH = 16;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/**
 * CRC of a DFU suffix: that of Ethernet without its last inversion.
 * @param {Uint8Array} bytes
 */
export function dfuCrc(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return crc >>> 0;
}

/**
 * @param {string} name
 * @param {Uint8Array} bytes
 * @returns {Firmware}
 * @throws {BadFile}
 */
export function readFirmware(name, bytes) {
  if (bytes.length === 0) throw new BadFile('The file is empty.');
  if (has(bytes, '\xff\xfe:\0')) bytes = new TextEncoder().encode(new TextDecoder('utf-16le').decode(bytes));
  if (isHex(bytes)) return fromHex(name, bytes);
  const kind = kindOf(bytes);
  if (kind) throw new BadFile(kind.what, kind.remedy);
  if (/\.(hex|ihex|ihx)$/i.test(name)) return fromHex(name, bytes);
  if (isText(bytes)) {
    const { what, remedy } = aboutText(bytes);
    throw new BadFile(what, remedy);
  }
  if (has(bytes, 'UFD', bytes.length - 8)) return fromDfu(name, bytes);
  if (/\.dfu$/i.test(name))
    throw new BadFile('The file is named .dfu but has no DFU suffix. It was cut short, or is something else.');
  return { name, format: 'bin', image: bytes, base: null, suffix: null, signed: trailerOf(bytes) };
}

/**
 * @param {string} name
 * @param {Uint8Array} bytes
 * @returns {Firmware}
 */
function fromDfu(name, bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes[bytes.length - 5];
  if (length < SUFFIX_LENGTH || length > bytes.length) throw new BadFile(`The DFU suffix gives its own length as ${length}.`);
  const said = view.getUint32(bytes.length - 4, true);
  const found = dfuCrc(bytes.subarray(0, -4));
  if (said !== found)
    throw new BadFile(
      `The file is damaged: its checksum is ${hex(found)}, its DFU suffix says ${hex(said)}.`,
      'Download or build it again.',
    );
  const suffix = {
    device: view.getUint16(bytes.length - 16, true),
    product: view.getUint16(bytes.length - 14, true),
    vendor: view.getUint16(bytes.length - 12, true),
  };
  const image = bytes.subarray(0, -length);
  return { name, format: 'dfu', image, base: null, suffix, signed: trailerOf(image) };
}

/**
 * @param {string} name
 * @param {Uint8Array} bytes
 * @returns {Firmware}
 */
function fromHex(name, bytes) {
  const marked = has(bytes, '\xef\xbb\xbf'); // as UTF-8 by an editor
  try {
    const { image, base } = readHex(marked ? bytes.subarray(3) : bytes);
    return { name, format: 'hex', image, base, suffix: null, signed: trailerOf(image) };
  } catch (error) {
    throw error instanceof BadHex ? new BadFile(error.message, error.remedy) : error;
  }
}
