// A download of 56 KiB, and how long it takes at best.

// RM0008 and the chip's data sheet: a page is erased in 20 ms and each of its 512 half-words programmed in 52.5 us.
export const FLOOR_MS = 56 * (20 + 512 * 0.0525);
/** What dfu-util needs in the Linux guest, within a tenth (make bench; tests/linux/speed). */
export const DFU_UTIL_MS = FLOOR_MS / 0.97;
export const MOST_MS = 1.3 * DFU_UTIL_MS;
/** Less would mean that a page was not written. */
export const LEAST_MS = 0.9 * FLOOR_MS;

/**
 * No page of it is blank, or as in one with another salt.
 * @param {Uint8Array} program at its beginning
 * @param {number} salt
 */
export function imageOf(program, salt) {
  const image = new Uint8Array(56 * 1024).map((_, i) => (i * 2654435761) >>> 13);
  image.set(program);
  for (let at = 1000; at < image.length; at += 1024) image[at] = salt;
  return image;
}

/** @param {number} took */
export const figure = (took) =>
  `56 KiB: ${took.toFixed(0)} ms of the board's time; the flash needs ${FLOOR_MS.toFixed(0)} ms, dfu-util ${DFU_UTIL_MS.toFixed(0)} ms`;
