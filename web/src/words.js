// Numbers and the device's errors in words.

import { t } from './language.js';

/** @param {number} number */
export const hex = (number) => '0x' + (number >>> 0).toString(16).toUpperCase().padStart(8, '0');

/** @param {number} number */
export const hex4 = (number) => number.toString(16).padStart(4, '0');

/** @param {number} number with thin spaces, so that 122880 can be read */
export const count = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, '\u202f');

/** @param {number} number */
function decimal(number) {
  const [whole, tenths] = number.toFixed(1).split('.');
  return t`${whole}.${tenths}`; // not the point alone: translate.js would take the end of a sentence for it
}

/** @param {number} bytes */
export const kib = (bytes) => (bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${decimal(bytes / 1024)} KiB`);

/** @param {number} bcd a version as USB writes it */
export const version = (bcd) => `${bcd >> 8}.${(bcd >> 4) & 15}${bcd & 15 ? bcd & 15 : ''}`;

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 1) return t`less than a second`;
  if (seconds < 9.95) return t`${decimal(seconds)} seconds`;
  if (seconds < 100) return t`${Math.round(seconds)} seconds`;
  return t`${Math.round(seconds / 60)} minutes`;
}

const untouched = () => t`Nothing was erased: what was on the board is still there.`;
const waits = () => t`Parts of it may be written. The board waits in its bootloader for a program that it takes.`;
const refused = () => t`It waits in its bootloader for firmware that its maker has signed for it.`;
const flashTrouble = () =>
  t`Try again. If it comes again, the chip’s flash is worn out, protected against writing, or badly supplied with power.`;

/**
 * bStatus of DFU 1.1, 6.1.2: name, what it means, what to do.
 * @type {() => Record<number, [string, string, string]>}
 */
const errors = () => ({
  1: ['errTARGET', t`The board says that this is no application for it, or that its bootloader was built for another chip.`, untouched()],
  2: ['errFILE', t`The board says that this is not firmware for it.`, refused()],
  3: ['errWRITE', t`The board cannot write its flash.`, flashTrouble()],
  4: ['errERASE', t`The board cannot erase its flash.`, flashTrouble()],
  5: ['errCHECK_ERASED', t`The board’s flash is not blank after it was erased.`, flashTrouble()],
  6: ['errPROG', t`The board cannot program its flash.`, flashTrouble()],
  7: ['errVERIFY', t`The board compared what it wrote, and it differs.`, flashTrouble()],
  8: ['errADDRESS', t`The program does not fit into the board’s flash.`, t`Nothing behind the end was written.`],
  9: ['errNOTDONE', t`The board says that the download ended too early.`, t`Try again.`],
  10: ['errFIRMWARE', t`The board says that its firmware is damaged.`, t`Flash it again.`],
  11: ['errVENDOR', t`The board refuses this firmware by a rule of its maker’s.`, refused()],
  12: ['errUSBR', t`The board saw an unexpected reset of the USB bus.`, t`Try another cable or port.`],
  13: ['errPOR', t`The board saw an unexpected loss of power.`, t`Try another cable or port.`],
  14: ['errUNKNOWN', t`The board reports an error without a name.`, t`Try again.`],
  15: ['errSTALLEDPKT', t`The board got a request that it did not expect.`, t`Is another program using it? Then try again.`],
});

/**
 * @param {number} status
 * @param {boolean} [late] it came when all was sent
 */
export function deviceError(status, late = false) {
  const [name, meaning, advice] = errors()[status] ?? [t`error ${status}`, t`The board reports an error that DFU does not know.`, t`Try again.`];
  return { name, meaning, advice: late && advice === untouched() ? waits() : advice };
}

/**
 * Speed and time left, from what has been done so far.
 * @param {number} done bytes
 * @param {number} total bytes
 * @param {number} seconds since it began
 */
export function pace(done, total, seconds) {
  if (done === 0 || seconds <= 0) return { speed: '', left: '' };
  const perSecond = done / seconds;
  const left = (total - done) / perSecond;
  return {
    speed: `${decimal(perSecond / 1024)} KiB/s`,
    left: done < total ? t`${duration(left)} left` : '',
  };
}
