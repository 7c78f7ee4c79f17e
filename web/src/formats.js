// Firmware files: .bin, .dfu and .hex become an image, the bytes that go into flash one after the other.

import MemoryMap from 'nrf-intel-hex';
import { trailerOf } from './signed.js';
import { hex, count } from './words.js';

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

const MOST_BYTES = 1024 * 1024; // the largest flash of an STM32F103
const SUFFIX_LENGTH = 16;
const BLANK = 0xff;
const OBJCOPY = 'Make one with: arm-none-eabi-objcopy -O binary firmware.elf firmware.bin';

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
 * @param {Uint8Array} bytes
 * @param {string} text
 * @param {number} [at]
 */
const has = (bytes, text, at = 0) => at >= 0 && [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));

/**
 * @param {string} name
 * @param {Uint8Array} bytes
 * @returns {Firmware}
 * @throws {BadFile}
 */
export function readFirmware(name, bytes) {
  if (bytes.length === 0) throw new BadFile('The file is empty.');
  if (has(bytes, '\x7fELF')) throw new BadFile('This is an ELF file; a .bin, .hex or .dfu file is needed.', OBJCOPY);
  if (has(bytes, 'UF2\n')) throw new BadFile('This is a UF2 file, made for another kind of bootloader; a .bin file is needed.');
  if (has(bytes, 'DfuSe'))
    throw new BadFile('This is a DfuSe file, made for the ROM bootloader of ST’s chips; a .bin file is needed.');
  if (has(bytes, ':') || /\.(hex|ihex|ihx)$/i.test(name)) return fromHex(name, bytes);
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
  /** @type {MemoryMap} */
  let blocks;
  try {
    // the parser takes nothing behind the last record, not even an empty line
    blocks = MemoryMap.fromHex(new TextDecoder().decode(bytes).trim());
  } catch (error) {
    throw new BadFile(`This is no sound Intel HEX file: ${/** @type {Error} */ (error).message}.`, 'Download or build it again.');
  }
  let base = Infinity;
  let end = 0;
  for (const [address, block] of blocks) {
    if (block.length === 0) continue;
    base = Math.min(base, address);
    end = Math.max(end, address + block.length);
  }
  if (end === 0) throw new BadFile('The file holds no data.');
  if (end - base > MOST_BYTES)
    throw new BadFile(
      `The file has data from ${hex(base)} to ${hex(end - 1)}, ${count(end - base)} bytes: more than any STM32F103 has.`,
      'It may set option bytes beside the program; export the program alone.',
    );
  const image = new Uint8Array(end - base).fill(BLANK);
  for (const [address, block] of blocks) image.set(block, address - base);
  return { name, format: 'hex', image, base, suffix: null, signed: trailerOf(image) };
}

/**
 * @param {Uint8Array} image
 * @param {number} base
 */
export function toHex(image, base) {
  return new MemoryMap([[base, image]]).asHexString(16) + '\n';
}
