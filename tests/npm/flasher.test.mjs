// The page's flasher, as it is, with the real bootloader: web/src knows navigator.usb only.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Flasher } from '../../web/src/flasher.js';
import { VirtualUsb, bootloader, bytes, running } from './package.mjs';

const VARIANTS = [
  ['BLUEPILL', 'blink.bin', 'standard', 0x08002000],
  ['BLUEPILL_4K', 'blink-4k.bin', '4K', 0x08001000],
  ['BLUEPILL_HIGH', 'blink-high.bin', 'high', 0x08000000],
];

for (const [target, name, variant, base] of VARIANTS)
  test(`the page's flasher writes to ${target}, reads back, and the program runs`, async () => {
    const board = await running(bootloader(target), { flashKiB: 64 });
    const usb = new VirtualUsb(board);
    const restore = usb.time.install();
    try {
      const flasher = new Flasher(usb);
      await flasher.begin();
      while (flasher.phase !== 'ready') await usb.time.sleep(5);
      assert.deepEqual([flasher.board.variant.name, flasher.board.variant.base], [variant, base]);
      const image = bytes(`examples/blink/${name}`);
      await flasher.take({ name, arrayBuffer: async () => image.slice().buffer });
      assert.deepEqual(flasher.findings, []);
      await flasher.flash();
      assert.equal(flasher.message.title, 'Done: the board has started the program', flasher.message.text);
      assert.match(flasher.message.text, /read back and compared again/);
      const before = board.ledChanges;
      await usb.time.sleep(3000);
      assert.ok(board.ledChanges > before, 'it blinks');
      assert.deepEqual([board.violations, usb.failure], [0, null]);
    } finally {
      restore();
      usb.stop();
    }
  });
