// Is this image an application for this board? Asked before anything is sent; what is wrong is said in plain words.

import { chips, FLASH_BASE, HIDDEN, LOW_BASES, highBootloader } from './board.js';
import { t } from './language.js';
import { holdsTrailer } from './signed.js';
import { isCode, isInside, isStack, isTable, linkedAt, startWords } from './vectors.js';
import { count, hex, hex4 } from './words.js';

/** @typedef {import('./board.js').Variant} Variant */
/** @typedef {import('./formats.js').Firmware} Firmware */

/**
 * @typedef {object} Finding
 * @property {'error' | 'warning'} kind an error keeps the file from being sent
 * @property {string} title
 * @property {string} detail
 * @property {number} [linkAt] where the program must be linked instead
 * @property {number} [partAt] what the file holds from this address on is a program for the board
 * @property {number} [partEnd] where it ends, if a bootloader is behind it
 */

/** @param {number[]} addresses */
const either = (addresses) => addresses.map(hex).join(t` or `);

const LEAST_BYTES = 8; // the two words that start it
const ANY = 0xffff; // in a DFU suffix

/**
 * @param {string} title
 * @param {string} detail
 * @param {number} [linkAt]
 * @returns {Finding}
 */
const error = (title, detail, linkAt) => ({ kind: 'error', title, detail, linkAt });

/**
 * @param {Firmware} firmware
 * @param {{vendor: number, product: number}} ids of the board
 * @param {Variant} variant of the board
 * @param {import('./board.js').Chip} [chip] of the board
 * @returns {Finding[]} none: it is one
 */
export function check(firmware, ids, variant, chip) {
  if (firmware.chip && chip && firmware.chip !== chip)
    return [error(t`This file is for another chip`, t`It is for the ${firmware.chip.name}; the board has an ${chip.name}.`)];
  return [...checkSuffix(firmware, ids), ...checkTrailer(firmware, ids), ...checkImage(firmware, variant)];
}

/**
 * What a signed file says of itself; its signature is the board's to judge.
 * @param {Firmware} firmware
 * @param {{vendor: number, product: number}} ids
 * @returns {Finding[]}
 */
function checkTrailer({ signed, image }, ids) {
  if (!signed) return [];
  if (!signed.whole)
    return [error(t`This signed file is damaged`, t`It has ${count(image.length)} bytes, and says of itself that it has another length.`)];
  if (holdsTrailer(image))
    return [error(t`This signed file holds another signed file`, t`A board could take the end of the inner one for its own. Sign the program itself.`)];
  if (signed.vendor === ids.vendor && signed.product === ids.product) return [];
  return [
    error(
      t`This file is signed for another product`,
      t`It is for ${hex4(signed.vendor)}:${hex4(signed.product)} (${signed.board}); the board is ${hex4(ids.vendor)}:${hex4(ids.product)}.`,
    ),
  ];
}

/**
 * @param {Firmware} firmware
 * @param {{vendor: number, product: number}} ids
 * @returns {Finding[]}
 */
function checkSuffix({ suffix }, ids) {
  if (!suffix) return [];
  const wrongVendor = suffix.vendor !== ANY && suffix.vendor !== ids.vendor;
  const wrongProduct = suffix.product !== ANY && suffix.product !== ids.product;
  if (!wrongVendor && !wrongProduct) return [];
  return [
    error(
      t`This file is for another device`,
      t`Its DFU suffix names ${hex4(suffix.vendor)}:${hex4(suffix.product)} (vendor:product); the board is ${hex4(ids.vendor)}:${hex4(ids.product)}.`,
    ),
  ];
}

/**
 * @param {Firmware} firmware
 * @param {Variant} variant
 * @returns {Finding[]}
 */
function checkImage({ image, base, signed }, variant) {
  if (image.length < LEAST_BYTES)
    return [error(t`This file is too short`, t`It has ${count(image.length)} bytes; the shortest program needs ${LEAST_BYTES}.`)];
  const { stack, entry } = startWords(image);
  if (stack === 0xffffffff && entry === 0xffffffff)
    return [error(t`This file begins with blank flash`, t`It holds no program, or holds it further behind.`)];
  if (!isStack(stack) || !isCode(entry))
    return [
      error(
        t`This file is no program for an ${chips()}`,
        t`Every program begins with its initial stack pointer, an address in RAM such as 0x20002800, and its entry, an odd address in flash. This file begins with ${hex(stack)} and ${hex(entry)}.`,
      ),
    ];
  const merged = checkMerged(image, base, entry, variant);
  if (merged) return [merged];
  const address = checkAddress(image, base ?? signed?.address ?? null, entry, variant);
  if (address?.kind === 'error') return [address];
  if (variant.area !== null && image.length > variant.area)
    return [
      error(
        t`This program is too large`,
        t`It has ${count(image.length)} bytes; this board has room for ${count(variant.area)}, ${count(image.length - variant.area)} fewer.`,
      ),
    ];
  return address ? [address, ...warnings(image, variant)] : warnings(image, variant);
}

/**
 * Where this board's programs may be linked; none if that is not known.
 * @param {Variant} variant
 */
function basesOf(variant) {
  if (variant.name === 'low') return LOW_BASES;
  return variant.base === null ? [] : [variant.base];
}

/**
 * A whole flash with the bootloader in it, as it is made for programmers.
 * @param {Uint8Array} image
 * @param {number | null} base what the file says
 * @param {number} entry
 * @param {Variant} variant
 * @returns {Finding | null}
 */
function checkMerged(image, base, entry, variant) {
  if (base !== null && base !== FLASH_BASE) return null;
  return (variant.name === 'high' && checkMergedHigh(image, entry, variant)) || checkMergedLow(image, entry, variant);
}

/**
 * The bootloader is behind the program.
 * @param {Uint8Array} image
 * @param {number} entry
 * @param {Variant} variant
 * @returns {Finding | null}
 */
function checkMergedHigh(image, entry, { area }) {
  const begin = highBootloader(entry);
  const behind = area !== null && isInside(entry, FLASH_BASE + area, image.length - area);
  const own = image.length < HIDDEN.to ? null : startWords(image.subarray(HIDDEN.from));
  const marked = begin !== undefined && own !== null && isStack(own.stack) && isCode(own.entry) && own.entry < begin;
  if (!behind && !marked) return null;
  const found = error(
    t`This file holds a bootloader too`,
    t`The program is at ${hex(FLASH_BASE)}, the bootloader at ${hex(begin ?? FLASH_BASE + (area ?? 0))}.` +
      ' ' +
      (marked ? t`Only the program can be flashed here.` : t`Such a file is for a debug probe. Choose the file of the program alone.`),
  );
  return marked ? { ...found, partAt: FLASH_BASE, partEnd: Math.min(begin, FLASH_BASE + (area ?? Infinity)) } : found;
}

/**
 * The program is behind the bootloader.
 * @param {Uint8Array} image
 * @param {number} entry
 * @param {Variant} variant
 * @returns {Finding | null}
 */
function checkMergedLow(image, entry, variant) {
  const wanted = basesOf(variant);
  const at = [...wanted, ...LOW_BASES].find(
    (address) => isInside(entry, FLASH_BASE, address - FLASH_BASE) && isTable(image.subarray(address - FLASH_BASE), address),
  );
  if (at === undefined) return null;
  const fits = wanted.length === 0 || wanted.includes(at); // none: the board itself checks it
  const found = error(
    t`This file begins with a bootloader`,
    t`The program is behind it, from ${hex(at)} on.` +
      ' ' +
      (fits
        ? t`The bootloader is on the board already; only the program can be flashed here.`
        : t`On this board it must be linked at ${either(wanted)}.`),
    fits ? undefined : wanted[0],
  );
  return fits ? { ...found, partAt: at } : found;
}

/**
 * @param {Uint8Array} image
 * @param {number | null} base what the file says
 * @param {number} entry
 * @param {Variant} variant
 * @returns {Finding | null}
 */
function checkAddress(image, base, entry, variant) {
  const wanted = basesOf(variant);
  if (wanted.length === 0) return null; // not known; the board itself checks the entry
  const { possible, likely } = base !== null ? { possible: [base], likely: [base] } : linkedAt(image, wanted);
  const right = wanted.find((address) => possible.includes(address));
  if (right === undefined)
    return error(
      t`This program is linked at the wrong address`,
      (likely.length > 0
        ? t`It is linked at ${either(likely)}.`
        : t`It is linked at an address that cannot be told; its entry is ${hex(entry)}.`) +
        ' ' +
        t`On this board it must be linked at ${either(wanted)}.` +
        (variant.name === 'high' ? '' : ' ' + t`Below that is the bootloader.`),
      wanted[0],
    );
  if (!isInside(entry, right, image.length))
    return error(
      t`This program would start outside of itself`,
      t`Its entry is ${hex(entry)}; it goes from ${hex(right)} to ${hex(right + image.length - 1)}.`,
    );
  if (!likely.includes(right))
    return {
      kind: 'warning',
      title: t`This program may be linked at the wrong address`,
      detail:
        t`The addresses in it look as if it were linked at ${either(likely)}. On this board it must be linked at ${hex(right)}.`,
      linkAt: right,
    };
  return null;
}

/**
 * @param {Uint8Array} image
 * @param {Variant} variant
 * @returns {Finding[]}
 */
function warnings(image, variant) {
  if (variant.name !== 'high' || !image.subarray(HIDDEN.from, HIDDEN.to).some((byte) => byte !== 0)) return [];
  return [
    {
      kind: 'warning',
      title: t`Eight bytes of this program will not be written`,
      detail:
        t`This board’s bootloader needs bytes 28 to 35 of the vector table, which the processor does not use, for itself. This file has data there; they will read as 0.`,
    },
  ];
}
