// The board and the file in facts: name and value.

import { FLASH_BASE, withoutBlankEnd } from './board.js';
import { t } from './language.js';
import { trailerIn } from './signed.js';
import { isInside, isStack, startWords } from './vectors.js';
import { count, hex, hex4, kib, version } from './words.js';

/** @typedef {import('./connection.js').Board} Board */

/** @type {() => Record<import('./board.js').Variant['name'], string>} */
const variants = () => ({
  standard: t`standard, bootloader in the first 8 KiB`,
  '4K': t`4K, bootloader in the first 4 KiB`,
  high: t`high, bootloader in the last 7 KiB`,
  custom: t`custom`,
  low: t`standard or 4K; it cannot be read, so which is not known`,
});

/** @param {import('./board.js').Variant} variant */
export const variantName = ({ name }) => variants()[name];

/**
 * @param {Board} board
 * @returns {[string, string][]}
 */
export function boardFacts(board) {
  const { variant, abilities } = board;
  /** @type {[string, string][]} */
  const facts = [[t`Serial number`, board.serial || t`none`]];
  facts.push([
    t`Versions`,
    t`bootloader ${version(board.release)}, DFU ${version(abilities.dfuVersion)}, USB ${version(board.usbVersion)}`,
  ]);
  facts.push([t`Variant`, variantName(variant)]);
  facts.push([t`Programs go to`, variant.base === null ? t`not known; the board checks it` : hex(variant.base)]);
  if (variant.area !== null) facts.push([t`Room`, t`${kib(variant.area)} (${count(variant.area)} bytes)`]);
  facts.push([t`Holds`, holds(board)]);
  return facts;
}

/** @param {Board} board */
function holds({ contents, written, abilities, chip, variant }) {
  if (written) return t`the program just written, ${count(written.image.length)} bytes`;
  if (!abilities.canUpload) return t`cannot be read: it was built so`;
  if (!contents) return t`not looked at since the last try to write it`;
  const program = withoutBlankEnd(contents, chip);
  if (program.length < 8) return t`no program`;
  const { stack, entry } = startWords(program);
  if (!isStack(stack) || !isInside(entry, variant.base ?? FLASH_BASE, contents.length)) return t`no whole program`;
  // how long it is cannot be told: what a longer one left behind it stays
  const signed = trailerIn(contents);
  const full = count(program.length);
  return signed
    ? t`a signed program, version ${signed.version}; ${full} bytes are not blank`
    : t`a program; ${full} bytes are not blank`;
}

/**
 * @param {import('./formats.js').Firmware} firmware
 * @returns {[string, string][]}
 */
export function fileFacts(firmware) {
  /** @type {[string, string][]} */
  const facts = [];
  facts.push([t`File`, firmware.base === null ? firmware.name : t`${firmware.name}, converted to binary`]);
  facts.push([t`Size`, t`${kib(firmware.image.length)} (${count(firmware.image.length)} bytes)`]);
  if (firmware.base !== null) facts.push([t`Linked at`, hex(firmware.base)]);
  if (firmware.suffix)
    facts.push([
      t`DFU suffix`,
      t`for ${hex4(firmware.suffix.vendor)}:${hex4(firmware.suffix.product)}, checksum is right`,
    ]);
  if (firmware.signed) {
    const { vendor, product, board: name, version: number } = firmware.signed;
    facts.push([t`Version`, String(number)], [t`Signed`, t`for ${hex4(vendor)}:${hex4(product)}, ${name}; the board checks it`]);
  }
  return facts;
}
