// What is known of the board that is plugged in: its chip, its variant, and where applications must be linked.

import { t } from './language.js';

export const FLASH_BASE = 0x08000000;
const KIB = 1024;

/**
 * @typedef {object} Chip a family of chips, in what matters here
 * @property {string} name
 * @property {number} blank what a byte of erased flash reads
 * @property {number} ramEnd of the smallest chips that boards commonly have
 */

/** @type {Chip} */
export const STM32F103 = { name: 'STM32F103', blank: 0xff, ramEnd: 0x20005000 };
/** @type {Chip} */
export const STM32L1 = { name: 'STM32L1', blank: 0, ramEnd: 0x20002800 };
/** What the page knows. */
export const chips = () => t`${STM32F103.name} or ${STM32L1.name}`;
const L1_PAGE = 256;

/**
 * No descriptor names the chip. But a block is a page at most, and those of the STM32L1 have 256 bytes; of an STM32F103 with
 * such small blocks the last byte of the area reads 0xFF, unless a program fills all of it.
 * @param {number} transferSize wTransferSize
 * @param {Uint8Array | null} contents of the application area, if it could be read
 * @returns {Chip}
 */
export function chipOf(transferSize, contents) {
  return transferSize <= L1_PAGE && contents?.at(-1) !== STM32F103.blank ? STM32L1 : STM32F103;
}

/** Flash sizes of STM32F103 and STM32L1, KiB. */
const FLASH_SIZES = [16, 32, 64, 128, 256, 384, 512, 768, 1024];
const HIGH_BOOTLOADER = 7 * KIB;
/** Of the standard variant, and with the page of 1 or 2 KiB in which a signed one notes versions. */
const STANDARD_BOOTLOADERS = [8 * KIB, 9 * KIB, 10 * KIB];
const STANDARD_BASE = FLASH_BASE + 8 * KIB;

/**
 * @typedef {object} Variant
 * @property {'standard' | '4K' | 'high' | 'custom' | 'low'} name low: standard or 4K, not known which
 * @property {number | null} base where applications are linked; null when not known
 * @property {number | null} area bytes they can have; null when not known
 */

/**
 * The descriptors do not tell where applications go. But the product string names the high variants, and of the others
 * each leaves an area of another size, which can be read (docs/protocol.md).
 * @param {string} product the product string
 * @param {number | null} area bytes of the application area, if it could be read
 * @returns {Variant}
 */
export function variantOf(product, area) {
  if (/high.memory/i.test(product)) return { name: 'high', base: FLASH_BASE, area };
  if (area === null) return { name: 'low', base: null, area };
  const flash = FLASH_SIZES.map((kib) => kib * KIB).find((size) => size > area);
  if (flash === undefined) return { name: 'custom', base: null, area };
  const taken = flash - area;
  if (taken === HIGH_BOOTLOADER) return { name: 'high', base: FLASH_BASE, area };
  if (STANDARD_BOOTLOADERS.includes(taken)) return { name: 'standard', base: STANDARD_BASE, area };
  return { name: taken === 4 * KIB ? '4K' : 'custom', base: FLASH_BASE + taken, area };
}

/** Where the low variants' applications may be when it is not known which variant it is. */
export const LOW_BASES = [0x08002000, 0x08001000];

/**
 * Where the bootloader of a high variant begins.
 * @param {number} entry its own
 * @returns {number | undefined} undefined: no such bootloader is there
 */
export function highBootloader(entry) {
  const end = FLASH_SIZES.map((kib) => FLASH_BASE + kib * KIB).find((end) => end > entry);
  return end !== undefined && entry >= end - HIGH_BOOTLOADER ? end - HIGH_BOOTLOADER : undefined;
}

const STACK_HIDDEN = 7 * 4; // in the high variants words 7 and 8 hold the application's start and read as 0
export const HIDDEN = { from: STACK_HIDDEN, to: STACK_HIDDEN + 8 };

/**
 * Without what the bootloader keeps for itself: an image and what was read back are compared in this form.
 * @param {Uint8Array} image
 * @param {Variant} variant
 */
export function asReadBack(image, variant) {
  if (variant.name !== 'high') return image;
  return image.slice().fill(0, HIDDEN.from, HIDDEN.to);
}

/**
 * Without the blank flash behind it.
 * @param {Uint8Array} contents
 * @param {Chip} chip
 */
export function withoutBlankEnd(contents, chip) {
  let length = contents.length;
  while (length > 0 && contents[length - 1] === chip.blank) length--;
  return contents.subarray(0, Math.min(contents.length, Math.ceil(length / 4) * 4));
}
