// Reads UF2 files: blocks of 512 bytes, each with its address. Source: USB Flashing Format (UF2), microsoft/uf2, README.md.

import { chips, STM32F103, STM32L1 } from './board.js';
import { t } from './language.js';
import { again, BadFile, layOut } from './memory.js';
import { count, hex } from './words.js';

const BLOCK = 512;
const DATA = 32; // offset in a block
const MOST_DATA = 476;
const MAGICS = [[0, 0x0a324655], [4, 0x9e5d5157], [508, 0x0ab16f30]]; // prettier-ignore
/** The block is a comment, or part of a file for a file system. */
const NOT_FLASH = 0x0001 | 0x1000;
const HAS_FAMILY = 0x2000;
/** utils/uf2families.json */
const FAMILIES = new Map([
  [0x5ee21072, STM32F103],
  [0x1e1f432d, STM32L1],
]);

/**
 * Blocks of other families are left out, as the source says: several files can be put into one.
 * @param {Uint8Array} bytes
 * @returns {{image: Uint8Array, base: number, chip?: import('./board.js').Chip}} chip: none if the file names no family
 * @throws {BadFile}
 */
export function readUf2(bytes) {
  if (bytes.length % BLOCK !== 0) throw new BadFile(t`This UF2 file was cut short.`, again());
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  /** @type {Set<number>} */
  const ours = new Set();
  const others = new Set();
  const seen = new Set();
  let total = 0;
  /** @type {number[]} */
  const runs = [];
  for (let at = 0; at < bytes.length; at += BLOCK) {
    const word = (/** @type {number} */ offset) => view.getUint32(at + offset, true);
    const bad = (/** @type {string} */ what) => new BadFile(t`This UF2 file is damaged: block ${count(at / BLOCK)} ${what}.`, again());
    if (MAGICS.some(([offset, magic]) => word(offset) !== magic)) throw bad(t`has a wrong magic number`);
    const [flags, address, length, number, blocks] = [8, 12, 16, 20, 24].map(word);
    const family = flags & HAS_FAMILY ? word(28) : 0;
    if (family && !FAMILIES.has(family)) {
      others.add(hex(family));
      continue;
    }
    ours.add(family);
    if (length > MOST_DATA || number >= blocks) throw bad(t`makes no sense`);
    seen.add(number);
    total = Math.max(total, blocks);
    if (!(flags & NOT_FLASH)) runs.push(address, at + DATA, length);
  }
  if (ours.size === 0) throw new BadFile(t`This UF2 file is for other chips (family ${[...others].join(', ')}), not for ${chips()}.`);
  if (ours.size > 1) throw new BadFile(t`This UF2 file holds programs for several chips.`, t`Choose the file for the chip of the board.`);
  if (seen.size !== total)
    throw new BadFile(t`This UF2 file was cut short: it has ${count(seen.size)} of ${count(total)} blocks.`, again());
  return { ...layOut(runs, bytes), chip: FAMILIES.get([...ours][0]) };
}
