// Puts what a file says of addresses into one image, whatever the format of the file.

import { chips } from './board.js';
import { t } from './language.js';
import { count, hex } from './words.js';

const MOST_BYTES = 1024 * 1024; // the largest flash there is, of an STM32F103
const OPTION_BYTES = 0x1ff80000; // of the STM32L1 (RM0038 2.3); those of the STM32F103 are behind them
const RAM = 0x20000000;
const EEPROM = 0x08080000; // of the STM32L1 (RM0038 2.3)
const L1_FLASH_END = 0x08040000; // of the largest that has a dapboot
const BLANK = 0xff; // of the STM32F103; the STM32L1 takes it as well

/** The file cannot be used, for a reason that can be told. The message is a whole sentence. */
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

export const again = () => t`Download or build it again.`;

/**
 * @param {number[]} runs of data, three numbers each: address, where it is in `data`, length
 * @param {Uint8Array} data
 * @returns {{image: Uint8Array, base: number}} with blank flash in the gaps
 * @throws {BadFile} two values for one byte, no data at all, data that is not for flash
 */
export function layOut(runs, data) {
  let base = Infinity;
  let end = 0;
  let total = 0;
  let large = false; // data where no STM32L1 has flash: of a large STM32F103
  for (let i = 0; i < runs.length; i += 3) {
    if (runs[i + 2] === 0) continue;
    large ||= runs[i] < EEPROM && runs[i] + runs[i + 2] > L1_FLASH_END;
    base = Math.min(base, runs[i]);
    end = Math.max(end, runs[i] + runs[i + 2]);
    total += runs[i + 2];
  }
  if (end === 0) throw new BadFile(t`The file holds no data.`, again());
  if (total > data.length) throw new BadFile(t`The file is damaged: its parts are larger than the file.`, again()); // it would take minutes
  const range = t`The file has data from ${hex(base)} to ${hex(end - 1)}`;
  if (end - base > MOST_BYTES)
    throw new BadFile(
      t`${range}, ${count(end - base)} bytes: more than any ${chips()} has.`,
      end > RAM
        ? t`It loads data into RAM beside the program; export the program alone.`
        : end > OPTION_BYTES
          ? t`It sets option bytes beside the program; export the program alone.`
          : t`It may set option bytes beside the program; export the program alone.`,
    );
  if (base < EEPROM && end > EEPROM && !large)
    throw new BadFile(
      t`${range}; at ${hex(EEPROM)} the STM32L1 has its data EEPROM.`,
      t`DFU writes the program only; export the program alone.`,
    );
  return { image: fill(runs, data, base, end), base };
}

/**
 * @param {number[]} runs
 * @param {Uint8Array} data
 * @param {number} base
 * @param {number} end
 */
function fill(runs, data, base, end) {
  const image = new Uint8Array(end - base).fill(BLANK);
  const written = new Uint8Array(end - base);
  for (let i = 0; i < runs.length; i += 3)
    for (let to = runs[i] - base, from = runs[i + 1]; from < runs[i + 1] + runs[i + 2]; to++, from++) {
      if (written[to] && image[to] !== data[from])
        throw new BadFile(
          t`The file has two values for the byte at ${hex(base + to)}.`,
          t`Two programs may have been put into one file: choose the file of the program alone.`,
        );
      image[to] = data[from];
      written[to] = 1;
    }
  return image;
}
