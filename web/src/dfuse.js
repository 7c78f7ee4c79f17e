// Takes the program out of a DfuSe file, whose suffix was read already. Source: ST, UM0391, DfuSe File Format Specification.

import { t } from './language.js';
import { again, BadFile, layOut } from './memory.js';
import { has } from './kinds.js';

const PREFIX = 11;
const TARGET = 274; // the header of a target
const ELEMENT = 8; // the header of an element

/**
 * A target is an alternate setting of the ROM bootloader: flash is the first, option bytes are another.
 * @param {Uint8Array} bytes without the suffix
 * @throws {BadFile}
 */
export function readDfuSe(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (/** @type {number} */ at) => view.getUint32(at, true);
  const bad = (/** @type {string} */ what) => new BadFile(t`This DfuSe file is damaged: ${what}.`, again());
  if (bytes.length < PREFIX + TARGET || word(6) !== bytes.length) throw bad(t`its prefix gives another length`);
  if (bytes[10] !== 1)
    throw new BadFile(
      t`This DfuSe file has ${bytes[10]} targets; it may set option bytes beside the program.`,
      t`Export the program alone.`,
    );
  if (!has(bytes, 'Target', PREFIX) || word(PREFIX + 266) !== bytes.length - PREFIX - TARGET) throw bad(t`its target makes no sense`);
  /** @type {number[]} */
  const runs = [];
  let at = PREFIX + TARGET;
  for (let left = word(PREFIX + 270); left > 0; left--) {
    if (at + ELEMENT > bytes.length) throw bad(t`an element is missing`);
    const length = word(at + 4);
    runs.push(word(at), at + ELEMENT, length);
    at += ELEMENT + length;
  }
  if (at !== bytes.length) throw bad(t`its elements have another length`);
  return layOut(runs, bytes);
}
