// Firmware files become an image, the bytes that go into flash one after the other, whatever their format.

import { HIDDEN, STM32F103, withoutBlankEnd } from './board.js';
import { readDfuSe } from './dfuse.js';
import { readElf } from './elf.js';
import { readHex } from './hex.js';
import { aboutText, has, isHex, isText, kindOf } from './kinds.js';
import { t } from './language.js';
import { again, BadFile } from './memory.js';
import { trailerOf } from './signed.js';
import { readUf2 } from './uf2.js';
import { hex } from './words.js';

export { BadFile };

/**
 * @typedef {object} Suffix of DFU 1.1, appendix B
 * @property {number} vendor
 * @property {number} product
 * @property {number} device
 */

/**
 * @typedef {object} Firmware
 * @property {string} name of the file
 * @property {'bin' | 'dfu' | 'hex' | 'elf' | 'uf2'} format
 * @property {Uint8Array} image
 * @property {number | null} base where the file says that it goes; .bin does not, nor .dfu unless it is DfuSe
 * @property {Suffix | null} suffix
 * @property {import('./board.js').Chip} [chip] that the file is for; only .uf2 says so
 * @property {Firmware} [whole] the file that this was taken out of, unasked
 * @property {import('./signed.js').Trailer | null} signed
 */

/**
 * A program out of a file that holds a bootloader too.
 * @param {Firmware} firmware
 * @param {number} base of the file
 * @param {number} address where the part begins
 * @param {number} [end] where the part ends at most, of a high variant: the program's own start is in the hidden words,
 * as tools/merge-high and the bootloader put it there
 * @returns {Firmware}
 */
export function partOf(firmware, base, address, end) {
  let image = firmware.image.subarray(address - base);
  if (end !== undefined) {
    image = withoutBlankEnd(image.slice(0, end - address), STM32F103); // no signature ends in 0xFF (RFC 8032 5.1.7)
    image.copyWithin(0, HIDDEN.from, HIDDEN.to);
    image.fill(0, HIDDEN.from, HIDDEN.to);
  }
  return { ...firmware, name: t`${firmware.name}, from ${hex(address)} on`, image, base: address, signed: trailerOf(image) };
}

const SUFFIX_LENGTH = 16;
const ROM_BOOTLOADER = { vendor: 0x0483, product: 0xdf11 }; // of ST's chips; DfuSe files are usually made for it

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
  if (bytes.length === 0) throw new BadFile(t`The file is empty.`);
  if (has(bytes, '\xff\xfe:\0')) bytes = new TextEncoder().encode(new TextDecoder('utf-16le').decode(bytes));
  if (isHex(bytes)) return fromHex(name, bytes);
  if (has(bytes, '\x7fELF')) return withBase(name, 'elf', readElf(bytes));
  if (has(bytes, 'UF2\n')) return withBase(name, 'uf2', readUf2(bytes));
  const kind = kindOf(bytes);
  if (kind) throw new BadFile(kind.what, kind.remedy);
  if (/\.(hex|ihex|ihx)$/i.test(name)) return fromHex(name, bytes);
  if (isText(bytes)) {
    const { what, remedy } = aboutText(bytes);
    throw new BadFile(what, remedy);
  }
  if (has(bytes, 'UFD', bytes.length - 8)) return fromDfu(name, bytes);
  const [, named] = /\.(elf|axf|uf2|dfu)$/i.exec(name) ?? [null, has(bytes, 'DfuSe') && 'dfu'];
  if (named)
    throw new BadFile(named === 'dfu'
        ? t`This .dfu file has no DFU suffix. It was cut short, or is something else.`
        : t`This .${named} file has no header. It was cut short, or is something else.`);
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
  if (length < SUFFIX_LENGTH || length > bytes.length) throw new BadFile(t`The DFU suffix gives its own length as ${length}.`);
  const said = view.getUint32(bytes.length - 4, true);
  const found = dfuCrc(bytes.subarray(0, -4));
  if (said !== found)
    throw new BadFile(
      t`The file is damaged: its checksum is ${hex(found)}, its DFU suffix says ${hex(said)}.`,
      again(),
    );
  const suffix = {
    device: view.getUint16(bytes.length - 16, true),
    product: view.getUint16(bytes.length - 14, true),
    vendor: view.getUint16(bytes.length - 12, true),
  };
  const image = bytes.subarray(0, -length);
  if (has(image, 'DfuSe')) {
    const anyBoard = suffix.vendor === ROM_BOOTLOADER.vendor && suffix.product === ROM_BOOTLOADER.product;
    return { ...withBase(name, 'dfu', readDfuSe(image)), suffix: anyBoard ? null : suffix };
  }
  return { name, format: 'dfu', image, base: null, suffix, signed: trailerOf(image) };
}

/**
 * @param {string} name
 * @param {Uint8Array} bytes
 */
function fromHex(name, bytes) {
  const marked = has(bytes, '\xef\xbb\xbf'); // as UTF-8 by an editor
  return withBase(name, 'hex', readHex(marked ? bytes.subarray(3) : bytes));
}

/**
 * @param {string} name
 * @param {Firmware['format']} format
 * @param {{image: Uint8Array, base: number, chip?: import('./board.js').Chip}} read
 * @returns {Firmware}
 */
const withBase = (name, format, read) => ({ name, format, ...read, suffix: null, signed: trailerOf(read.image) });
