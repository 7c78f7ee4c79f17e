// Numbers and the device's errors in words.

/** @param {number} number */
export const hex = (number) => '0x' + (number >>> 0).toString(16).toUpperCase().padStart(8, '0');

/** @param {number} number */
export const hex4 = (number) => number.toString(16).padStart(4, '0');

/** @param {number} number with thin spaces, so that 122880 can be read */
export const count = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, '\u202f');

/** @param {number} bytes */
export const kib = (bytes) => (bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${(bytes / 1024).toFixed(1)} KiB`);

/** @param {number} bcd a version as USB writes it */
export const version = (bcd) => `${bcd >> 8}.${(bcd >> 4) & 15}${bcd & 15 ? bcd & 15 : ''}`;

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 1) return 'less than a second';
  if (seconds < 9.95) return `${seconds.toFixed(1)} seconds`;
  if (seconds < 100) return `${Math.round(seconds)} seconds`;
  return `${Math.round(seconds / 60)} minutes`;
}

const UNTOUCHED = 'Nothing was erased: what was on the board is still there.';
const WAITS = 'Parts of it may be written. The board waits in its bootloader for a program that it takes.';
const REFUSED = 'It waits in its bootloader for firmware that its maker has signed for it.';
const FLASH_TROUBLE =
  'Try again. If it comes again, the chip’s flash is worn out, protected against writing, or badly supplied with power.';

/**
 * bStatus of DFU 1.1, 6.1.2: name, what it means, what to do.
 * @type {Record<number, [string, string, string]>}
 */
const ERRORS = {
  1: ['errTARGET', 'The board says that this is no application for it, or that its bootloader was built for another chip.', UNTOUCHED],
  2: ['errFILE', 'The board says that this is not firmware for it.', REFUSED],
  3: ['errWRITE', 'The board cannot write its flash.', FLASH_TROUBLE],
  4: ['errERASE', 'The board cannot erase its flash.', FLASH_TROUBLE],
  5: ['errCHECK_ERASED', 'The board’s flash is not blank after it was erased.', FLASH_TROUBLE],
  6: ['errPROG', 'The board cannot program its flash.', FLASH_TROUBLE],
  7: ['errVERIFY', 'The board compared what it wrote, and it differs.', FLASH_TROUBLE],
  8: ['errADDRESS', 'The program does not fit into the board’s flash.', 'Nothing behind the end was written.'],
  9: ['errNOTDONE', 'The board says that the download ended too early.', 'Try again.'],
  10: ['errFIRMWARE', 'The board says that its firmware is damaged.', 'Flash it again.'],
  11: ['errVENDOR', 'The board refuses this firmware by a rule of its maker’s.', REFUSED],
  12: ['errUSBR', 'The board saw an unexpected reset of the USB bus.', 'Try another cable or port.'],
  13: ['errPOR', 'The board saw an unexpected loss of power.', 'Try another cable or port.'],
  14: ['errUNKNOWN', 'The board reports an error without a name.', 'Try again.'],
  15: ['errSTALLEDPKT', 'The board got a request that it did not expect.', 'Is another program using it? Then try again.'],
};

/**
 * @param {number} status
 * @param {boolean} [late] it came when all was sent
 */
export function deviceError(status, late = false) {
  const [name, meaning, advice] = ERRORS[status] ?? [`error ${status}`, 'The board reports an error that DFU does not know.', 'Try again.'];
  return { name, meaning, advice: late && advice === UNTOUCHED ? WAITS : advice };
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
    speed: `${(perSecond / 1024).toFixed(1)} KiB/s`,
    left: done < total ? `${duration(left)} left` : '',
  };
}
