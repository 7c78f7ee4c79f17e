// The board and the file in facts: name and value.

import { FLASH_BASE, withoutBlankEnd } from './board.js';
import { trailerIn } from './signed.js';
import { isInside, isStack, startWords } from './vectors.js';
import { count, hex, hex4, kib, version } from './words.js';

/** @typedef {import('./connection.js').Board} Board */

/** @type {Record<import('./board.js').Variant['name'], string>} */
const VARIANT = {
  standard: 'standard, bootloader in the first 8 KiB',
  '4K': '4K, bootloader in the first 4 KiB',
  high: 'high, bootloader in the last 7 KiB',
  custom: 'custom',
  low: 'standard or 4K; it cannot be read, so which is not known',
};

/**
 * @param {Board} board
 * @returns {[string, string][]}
 */
export function boardFacts(board) {
  const { variant, abilities } = board;
  /** @type {[string, string][]} */
  const facts = [['Serial number', board.serial || 'none']];
  facts.push([
    'Versions',
    `bootloader ${version(board.release)}, DFU ${version(abilities.dfuVersion)}, USB ${version(board.usbVersion)}`,
  ]);
  facts.push(['Variant', VARIANT[variant.name]]);
  facts.push(['Programs go to', variant.base === null ? 'not known; the board checks it' : hex(variant.base)]);
  if (variant.area !== null) facts.push(['Room', `${kib(variant.area)} (${count(variant.area)} bytes)`]);
  facts.push(['Holds', holds(board)]);
  return facts;
}

/** @param {Board} board */
function holds({ contents, written, abilities, chip, variant }) {
  if (written) return `the program just written, ${count(written.image.length)} bytes`;
  if (!abilities.canUpload) return 'cannot be read: it was built so';
  if (!contents) return 'not looked at since the last try to write it';
  const program = withoutBlankEnd(contents, chip);
  if (program.length < 8) return 'no program';
  const { stack, entry } = startWords(program);
  if (!isStack(stack) || !isInside(entry, variant.base ?? FLASH_BASE, contents.length)) return 'no whole program';
  // how long it is cannot be told: what a longer one left behind it stays
  const signed = trailerIn(contents);
  return `a ${signed ? `signed program, version ${signed.version}` : 'program'}; ${count(program.length)} bytes are not blank`;
}

/**
 * @param {import('./formats.js').Firmware} firmware
 * @returns {[string, string][]}
 */
export function fileFacts(firmware) {
  /** @type {[string, string][]} */
  const facts = [];
  facts.push(['File', firmware.name + (firmware.base === null ? '' : ', converted to binary')]);
  facts.push(['Size', `${count(firmware.image.length)} bytes (${kib(firmware.image.length)})`]);
  if (firmware.base !== null) facts.push(['Linked at', hex(firmware.base)]);
  if (firmware.suffix)
    facts.push([
      'DFU suffix',
      `for ${hex4(firmware.suffix.vendor)}:${hex4(firmware.suffix.product)}, checksum is right`,
    ]);
  if (firmware.signed) {
    const { vendor, product, board: name, version: number } = firmware.signed;
    facts.push(['Version', String(number)], ['Signed', `for ${hex4(vendor)}:${hex4(product)}, ${name}; the board checks it`]);
  }
  return facts;
}
