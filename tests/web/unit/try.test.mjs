// What the page with the virtual board offers: each example does on each board what the page says of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { VirtualBoard, VirtualUsb, build, bytes, compile, root } from '../../npm/package.mjs';
import { download } from '../../npm/client.mjs';
import { catalogueOf } from '../../../web/try/catalogue.mjs';
import { element } from '../../../web/try/element.mjs';

const targets = /^TRY_TARGETS := ([^]*?[^\\])\n/m.exec(readFileSync(join(root, 'web/try.mk'), 'utf8'))[1].split(/[\s\\]+/);
const { catalogue, sources } = await catalogueOf(targets, await compile(), VirtualBoard);
const BASES = { '-4k': 0x08001000, '-high': 0x08000000 };

/** The board with its bootloader and the example behind it. */
async function started(entry, file) {
  const board = await VirtualBoard.create({ board: entry.board });
  board.load(bytes(sources[entry.image]), { name: entry.image });
  const [, end] = /(-4k|-high)?\.bin$/.exec(file);
  if (end !== '-high') {
    board.load(bytes(sources[file]), { address: BASES[end] ?? 0x08002000 });
    board.power();
    return board;
  }
  board.power(); // the bootloader has to put itself into the vector table
  board.usb.enumerate();
  assert.ok(download(board, bytes(sources[file])));
  board.reset();
  return board;
}

const SHOWS = {
  blink: (board) => board.runUntil(() => board.ledChanges > 4, { within: 4000 }),
  'dfu-runtime': (_, device) => assert.equal(device.configuration.interfaces[0].alternate.interfaceProtocol, 1),
  'cdc-echo': (_, device) => assert.equal(device.productName, 'CDC echo example'),
  rtos: (board) => {
    board.run(1000);
    assert.match(board.serial(1).readText(), /^change 1, work goes on, 0 errors\r\n/);
  },
};

async function devicesOf(board) {
  board.run(50); // through the bootloader
  board.runUntil(() => board.usb.isAttached, { within: 1000 });
  return new VirtualUsb(board).getDevices();
}

for (const entry of catalogue)
  for (const { name, file } of entry.examples)
    test(`${name} does on ${entry.title} what the page says`, async () => {
      const board = await started(entry, file);
      const [device] = name === 'dfu-runtime' || name === 'cdc-echo' ? await devicesOf(board) : [];
      SHOWS[name](board, device);
      assert.equal(board.firstViolation, null);
    });

test('there is a board of each family, one with a high variant, and one without a button', () => {
  const names = catalogue.map(({ target }) => target);
  for (const name of ['BLUEPILL', 'BLUEPILL_HIGH', 'MAPLEMINI', 'STM32L152DISCOVERY']) assert.ok(names.includes(name), name);
  assert.equal(catalogue.find(({ target }) => target === 'MAPLEMINI').button, null);
  assert.equal(catalogue[0].button, 'BOOT1');
  for (const path of Object.values(sources)) assert.ok(bytes(path).length > 0, join(build, path));
});

test('one element of a page is taken whole', () => {
  const html = '<p id="a">1</p><div class="x" id="b"><p>2<br></p><div>3</div></div><p>4</p>';
  assert.equal(element(html, 'id="b"'), '<div class="x" id="b"><p>2<br></p><div>3</div></div>');
  assert.equal(element(html, 'id="a"'), '<p id="a">1</p>');
  assert.equal(element('<meta name="a"><link rel="b">', 'name="a"'), '<meta name="a">');
  assert.throws(() => element(html, 'id="c"'), /no element with id="c"/);
  assert.throws(() => element('<p id="a">', 'id="a"'), /is not closed/);
});
