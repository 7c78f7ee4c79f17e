// The page with the virtual board: what it says of a power cut is true, in whatever order a visitor acts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualBoard, VirtualUsb, bootloader } from '../../npm/package.mjs';
import { download } from '../../npm/client.mjs';
import { Bench } from '../../../web/try/bench.js';
import { PowerCut } from '../../../web/try/power_cut.js';
import { program } from '../programs.mjs';

/** The bench with a board on it, in virtual time. */
async function bench() {
  const board = await VirtualBoard.create();
  board.load(bootloader());
  board.power();
  const one = Object.assign(new Bench(null, null), { board, usb: new VirtualUsb(board) });
  await one.usb.getDevices();
  const run = (ms) => {
    for (let done = 0; done < ms; done += 50) {
      one.usb.run(50);
      cut.look();
    }
  };
  const cut = new PowerCut(one);
  return { one, cut, run };
}

test('power that is switched off by hand did not fail, and a cut that was prepared is off', async () => {
  const { one, cut, run } = await bench();
  cut.arm(1, 'inside');
  one.power(false);
  cut.look();
  assert.equal(cut.stage, 'none');
  one.power(true);
  run(1000);
  assert.ok(download(one.board, program(1024, 0x08002000)), 'the power stays on');
});

test('without its cable nobody knows what a board does after a power cut', async () => {
  const { one, cut, run } = await bench();
  cut.arm(1, 'inside');
  assert.equal(download(one.board, program(1024, 0x08002000)), false);
  cut.look();
  assert.equal(cut.stage, 'failed');
  one.plug(false);
  one.power(true);
  run(5000);
  assert.equal(cut.stage, 'back');
  one.plug(true);
  run(2000);
  assert.equal(cut.stage, 'bootloader');
});
