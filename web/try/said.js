// The state of the bench in words.

import { RUN_TIME, findDfu } from '../src/usb.js';
import { hex4 } from '../src/words.js';

/** @typedef {import('./bench.js').Bench} Bench */

/** @param {import('../../npm/src/usb_device.js').VirtualUsbDevice | null | undefined} device */
export const isBootloader = (device) => Boolean(device && findDfu(/** @type {any} */ (device)));

/** @param {Bench} bench */
export function aboutUsb({ board, usb, isPlugged, isPowered, failure }) {
  if (!board || !usb) return '';
  if (!isPlugged) return 'The cable is pulled out.';
  if (!isPowered) return 'Nothing answers: the power is off.';
  if (failure) return 'Nothing answers: the processor stands still.';
  const { device } = usb;
  if (device) {
    const name = `${device.productName || 'A device without a name'} (${hex4(device.vendorId)}:${hex4(device.productId)})`;
    if (isBootloader(device)) return `${name}: the bootloader, ready for a program.`;
    return findDfu(/** @type {any} */ (device), RUN_TIME) ? `${name}: the program, which can start the bootloader.` : `${name}: the program.`;
  }
  if (!board.usb.isAttached) return 'The board does not say that it is there.';
  return usb.isEnumerating ? 'The PC asks the board what it is.' : 'The board does not answer: its program has no USB.';
}

/** @param {Bench} bench */
export function aboutLed({ board, isPowered, led, isBlinking, failure }) {
  if (!board || !isPowered) return 'Off.';
  if (isBlinking && !failure) return 'It blinks.';
  return led >= 1 ? 'On.' : led > 0 ? `On for ${Math.round(led * 100)} % of the time.` : 'Off.';
}

/** @param {Bench} bench */
export function aboutTime({ board, usb }) {
  const seconds = ((board?.now ?? 0) / 1000).toFixed(1);
  const lag = /** @type {import('../../npm/src/time.js').RealTime | undefined} */ (usb?.time)?.lag ?? 0;
  return lag < 1000 ? `${seconds} s` : `${seconds} s; ${Math.round(lag / 1000)} s behind this computer’s clock`;
}

/**
 * What brought the board to a standstill.
 * @param {Bench} bench
 * @returns {{title: string, text: string} | null}
 */
export function aboutFailure({ board, failure }) {
  if (!board || !failure) return null;
  if (failure.code === 'LOCKED_UP')
    return { title: 'The processor is locked up', text: 'A fault came while another one was being handled, and no watchdog runs. What happened is below.' };
  const first = board.firstViolation ?? failure.message;
  const rule = /^\w+ ([\w-]+)/.exec(first)?.[1] ?? 'not known';
  return { title: `The program breaks a rule of the chip’s manual: ${rule}`, text: first };
}

/** Its program runs, and there is no button to start the bootloader with. @param {Bench} bench */
export function needsNewBoard(bench) {
  const { board, entry, usb } = bench;
  return isRunning(bench) && entry?.button === null && !usb?.device && !usb?.isEnumerating && board !== null;
}

/** It is neither in its bootloader nor on the way there. @param {Bench} bench */
function isRunning({ board, usb, isPowered, isPlugged, failure }) {
  return Boolean(board && isPowered && isPlugged && !failure && !isBootloader(usb?.device) && (usb?.device || !usb?.isEnumerating));
}

/** How the bootloader comes back. @param {Bench} bench */
export function aboutWayBack(bench) {
  const { entry, isPowered, isPressed, usb } = bench;
  if (!entry || !isPowered) return '';
  const { button } = entry;
  if (isPressed && isBootloader(usb?.device)) return `${button} is held: the board stays in its bootloader until it is released.`;
  if (isPressed) return `${button} is held: press Reset to start the bootloader.`;
  if (!isRunning(bench)) return '';
  if (button) return `To start the bootloader, press ${button}, then Reset.`;
  return usb?.device ? '' : 'This board has no button to start its bootloader with, and its program cannot be asked to.';
}
