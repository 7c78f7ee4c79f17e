// The page's flasher, as it is, with the real bootloader: web/src knows navigator.usb only.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Flasher } from '../../web/src/flasher.js';
import { LEAST_MS, MOST_MS, figure, imageOf } from './download56.mjs';
import { VirtualUsb, bootloader, bytes, running } from './package.mjs';

const VARIANTS = [
  ['BLUEPILL', 'blink.bin', 'standard', 0x08002000],
  ['BLUEPILL_4K', 'blink-4k.bin', '4K', 0x08001000],
  ['BLUEPILL_HIGH', 'blink-high.bin', 'high', 0x08000000],
];

/** The page's flasher, connected to a board that runs a bootloader, in virtual time. */
async function withFlasher(target, flashKiB, body) {
  const board = await running(bootloader(target), { flashKiB });
  const usb = new VirtualUsb(board);
  const restore = usb.time.install();
  try {
    const flasher = new Flasher(usb);
    await flasher.begin();
    while (flasher.phase !== 'ready') await usb.time.sleep(5);
    await body({ board, usb, flasher });
  } finally {
    restore();
    usb.stop();
  }
}

const fileOf = (name, image) => ({ name, arrayBuffer: async () => image.slice().buffer });

for (const [target, name, variant, base] of VARIANTS)
  test(`the page's flasher writes to ${target}, reads back, and the program runs`, () =>
    withFlasher(target, 64, async ({ board, usb, flasher }) => {
      assert.deepEqual([flasher.board.variant.name, flasher.board.variant.base], [variant, base]);
      await flasher.take(fileOf(name, bytes(`examples/blink/${name}`)));
      assert.deepEqual(flasher.findings, []);
      await flasher.flash();
      assert.equal(flasher.message.title, 'Done: the board has started the program', flasher.message.text);
      assert.match(flasher.message.text, /read back and compared again/);
      const before = board.ledChanges;
      await usb.time.sleep(3000);
      assert.ok(board.ledChanges > before, 'it blinks');
      assert.deepEqual([board.violations, usb.failure], [0, null]);
    }));

test("the page's flasher writes 56 KiB in at most 1.3 times what dfu-util needs", (context) =>
  withFlasher('BLUEPILL', 128, async ({ board, flasher }) => {
    const times = [];
    flasher.start = false;
    for (const salt of [1, 2]) {
      await flasher.take(fileOf('a.bin', imageOf(bytes('examples/blink/blink.bin'), salt)));
      times.length = 0;
      const end = board.on('flash', ({ time }) => times.push(time));
      await flasher.flash();
      end();
      assert.equal(flasher.message.title, 'Done', flasher.message.text);
    }
    const took = times.at(-1) - times[0];
    context.diagnostic(figure(took));
    assert.ok(took <= MOST_MS, `${took} ms`);
    assert.ok(took >= LEAST_MS, `${took} ms: is every page written?`);
  }));
