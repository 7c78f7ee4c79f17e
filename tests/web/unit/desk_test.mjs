// For tests of the page's logic on the virtual board: time is the board's while a test runs.
import assert from 'node:assert/strict';
import { test as nodeTest } from 'node:test';
import { Desk } from '../desk.mjs';

/** Time is the board's that was put on the desk last. */
let clock = null;
function keepTime(usb) {
  clock?.restore();
  clock = { restore: usb.time.install(), sleep: usb.time.sleep };
}
export const sleep = (ms) => clock.sleep(ms);
export const test = (sentence, body) =>
  nodeTest(sentence, async () => {
    try {
      await body();
    } finally {
      clock?.restore();
      clock = null;
    }
  });

export const until = async (condition) => {
  for (let i = 0; i < 1000 && !condition(); i++) await sleep(5);
  assert.ok(condition(), 'waited five seconds');
};

export async function desk(options) {
  const one = await Desk.make(options);
  keepTime(one.usb);
  return one;
}
