// Waiting, also in a tab that is not seen.

/** @type {Worker | null} */
let worker = null;
let last = 0;
/** @type {Map<number, () => void>} */
const waiting = new Map();

/**
 * From now on what comes first counts, this page's timer or the worker's: browsers hold back the timers of a page that is
 * not seen, and a worker may not load, as from a page that was opened as a file.
 * @param {Worker} timer runs timer.js
 */
export function useTimer(timer) {
  worker = timer;
  timer.onmessage = ({ data }) => waiting.get(data)?.();
}

/**
 * @param {number} milliseconds
 * @returns {Promise<void>}
 */
export function sleep(milliseconds) {
  return new Promise((resolve) => {
    const number = ++last;
    const done = () => {
      waiting.delete(number);
      clearTimeout(own);
      resolve();
    };
    waiting.set(number, done);
    const own = setTimeout(done, milliseconds);
    worker?.postMessage([number, milliseconds]);
  });
}
