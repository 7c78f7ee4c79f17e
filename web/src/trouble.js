// What is said when something goes wrong: what happened, and what to do.

import { STM32F103 } from './board.js';
import { DeviceError, Gone } from './dfu.js';
import { t } from './language.js';
import { stackTop, startWords } from './vectors.js';
import { count, deviceError, hex } from './words.js';

/** @typedef {import('./teller.js').Phase} Phase */
/** @typedef {import('./formats.js').Firmware} Firmware */
/** @typedef {import('./usb.js').CannotOpen} CannotOpen */

/** What was read back is not what was written. */
export class Differs extends Error {}

/** @typedef {[title: string, text: string, remedy: string]} Words */

const ErrTarget = 1;

/**
 * @param {unknown} error
 * @param {Phase} phase in which it came
 * @param {number} done bytes that were sent by then
 * @param {Firmware | null} firmware
 * @param {import('./board.js').Chip} [chip]
 * @returns {Words}
 */
export function aboutTrouble(error, phase, done, firmware, chip = STM32F103) {
  if (error instanceof DeviceError) return aboutDevice(error, phase, firmware, chip);
  if (error instanceof Gone) return [t`The connection to the board is lost`, ...whatNow(phase, done, firmware)];
  if (error instanceof Differs) return [t`What was read back differs`, error.message, t`Flash it again.`];
  const text = (error instanceof Error && error.message) || String(error);
  return [t`That did not work`, text, t`Unplug the board, plug it in again and try once more.`];
}

/**
 * @param {DeviceError} error
 * @param {Phase} phase
 * @param {Firmware | null} firmware
 * @param {import('./board.js').Chip} chip
 * @returns {Words}
 */
function aboutDevice(error, phase, firmware, chip) {
  const { name, meaning, advice } = deviceError(error.status, error.late);
  let words = error.reason ? ' ' + t`In its own words: “${error.reason}”.` : '';
  if (error.status === ErrTarget && phase === 'writing' && !error.late && firmware) {
    const stack = stackTop(startWords(firmware.image).stack);
    if (stack > chip.ramEnd) words += ' ' + t`Its stack begins at ${hex(stack)}: is it built for a chip with more RAM?`;
  }
  return [t`The board reports an error`, `${meaning}${words} (${name})`, advice];
}

/**
 * @param {Phase} phase
 * @param {number} done
 * @param {Firmware | null} firmware
 * @returns {[string, string]}
 */
function whatNow(phase, done, firmware) {
  if (phase !== 'writing')
    return [t`It was unplugged or reset. Nothing on it was changed by that.`, t`Plug it in again.`];
  const sent = t`${count(done)} of ${count(firmware?.image.length ?? 0)} bytes were sent`;
  return [
    t`It was unplugged or reset while it was written: ${sent}.`,
    t`Nothing is broken: a board without a whole program waits in its bootloader. Plug it in again and flash again; the file is still here.`,
  ];
}

/**
 * @param {CannotOpen} error
 * @param {string} product
 * @returns {Words}
 */
export function aboutOpening(error, product) {
  switch (error.why) {
    case 'permission':
      return [
        t`The board is there, but may not be opened`,
        t`The system does not allow it to this browser.`,
        t`On Linux a udev rule is missing, on Windows another driver was installed for it: see the help below. Then plug it in again.`,
      ];
    case 'busy':
      return [t`The board is in use`, t`Another program or another tab has opened it.`, t`Close it, then connect again.`];
    case 'dfuse':
      return [
        t`${product} is no dapboot`,
        t`This is the bootloader in the ROM of ST’s chips, which speaks a protocol of its own (DfuSe).`,
        t`Reset the board with BOOT0 low.`,
      ];
    default:
      return [t`${product} is not in DFU mode`, t`It has no DFU interface.`, t`Bring it to its bootloader first.`];
  }
}
