// Power cuts at flash operations of a download: the promise of docs/safety.md, seen from JavaScript. tests/powercut sweeps
// all of them natively; this is a sample that shows that the package can.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootloader, bytes, running } from './package.mjs';
import { download } from './client.mjs';

const image = bytes('examples/blink/blink.bin');
const MOMENTS = ['before', 'inside', 'after'];

async function ready() {
  const board = await running(bootloader(), { flashKiB: 64 });
  board.usb.enumerate();
  return board;
}

const holds = (board) => Buffer.compare(board.read(0x08002000, image.length), image) === 0;

/** 'bootloader' or 'application', as what the board comes up after its power. */
function comesUpAs(board) {
  board.power(false);
  board.run(50);
  board.power();
  try {
    board.usb.enumerate({ within: 1000 });
    return 'bootloader';
  } catch (error) {
    assert.ok(error.code === 'GONE' || error.code === 'TIMED_OUT', error.message);
    assert.ok(holds(board), 'what runs is whole');
    return 'application';
  }
}

test('a download that nobody disturbs is on the board', async () => {
  const board = await ready();
  assert.equal(download(board, image), true);
  assert.ok(holds(board));
  assert.equal(comesUpAs(board), 'application');
});

test('a power cut at any operation of a download leaves the bootloader or the whole application', async () => {
  const board = await ready();
  const before = board.save();
  const begun = board.flashOperations;
  download(board, image);
  const operations = board.flashOperations - begun;
  assert.ok(operations > 100, `${operations} operations`);
  const seen = { bootloader: 0, application: 0 };
  const step = process.env.DEEP === '1' ? 1 : 11;
  // the last operations decide
  for (let n = 1; n <= operations; n += n > operations - 3 ? 1 : Math.min(step, operations - 2 - n || 1))
    for (const moment of MOMENTS) {
      board.restore(before);
      board.cutPower(n, moment);
      assert.equal(download(board, image), false, `the power failed ${moment} operation ${n}`);
      assert.equal(board.isPowered, false);
      seen[comesUpAs(board)]++;
    }
  assert.ok(seen.bootloader > 30, JSON.stringify(seen));
  assert.ok(seen.application > 0, JSON.stringify(seen));
  board.restore(before);
  board.cutPower(1);
  board.cutPower(0);
  assert.equal(download(board, image), true, 'a cut that was called off');
  assert.throws(() => board.cutPower(1, 'beside'), /a moment is 'before', 'inside' or 'after', not 'beside'/);
});
