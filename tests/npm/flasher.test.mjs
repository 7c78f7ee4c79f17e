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

// RM0008 and the chip's data sheet: a page is erased in 20 ms and each of its 512 half-words programmed in 52.5 us.
const FLOOR_MS = 56 * (20 + 512 * 0.0525);
/** What dfu-util needs of it in the Linux guest, within a tenth (make bench; tests/linux/speed). */
const DFU_UTIL = 1 / 0.97;

test("the page's flasher writes 56 KiB in at most 1.3 times what dfu-util needs", async (context) => {
  const board = await running(bootloader(), { flashKiB: 128 });
  const image = new Uint8Array(56 * 1024).map((_, i) => (i * 2654435761) >>> 13);
  image.set(bytes('examples/blink/blink.bin'));
  const usb = new VirtualUsb(board);
  const restore = usb.time.install();
  try {
    const flasher = new Flasher(usb);
    await flasher.begin();
    while (flasher.phase !== 'ready') await usb.time.sleep(5);
    const times = [];
    for (const salt of [1, 2]) {
      for (let at = 1000; at < image.length; at += 1024) image[at] = salt; // every page is new
      flasher.start = false;
      await flasher.take({ name: 'a.bin', arrayBuffer: async () => image.slice().buffer });
      times.length = 0;
      const end = board.on('flash', ({ time }) => times.push(time));
      await flasher.flash();
      end();
      assert.equal(flasher.message.title, 'Done', flasher.message.text);
    }
    const took = times.at(-1) - times[0];
    context.diagnostic(`56 KiB: ${took.toFixed(0)} ms of the board's time; the flash needs ${FLOOR_MS.toFixed(0)} ms, dfu-util ${(FLOOR_MS * DFU_UTIL).toFixed(0)} ms`);
    assert.ok(took <= 1.3 * FLOOR_MS * DFU_UTIL, `${took} ms`);
    assert.ok(took >= 0.9 * FLOOR_MS, `${took} ms: is every page written?`);
  } finally {
    restore();
    usb.stop();
  }
});
