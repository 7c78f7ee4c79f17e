// A file that holds a bootloader and a program: only the program gets to the board, and the page says so.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { STM32F103, variantOf } from '../../../web/src/board.js';
import { check } from '../../../web/src/check.js';
import { Flasher } from '../../../web/src/flasher.js';
import { partOf, readFirmware } from '../../../web/src/formats.js';
import { toHex } from '../../../web/src/hex.js';
import { bootloader as firmware } from '../../npm/package.mjs';
import { KIB, program, signed } from '../programs.mjs';
import { desk, test, until } from './desk_test.mjs';

const FLASH = 0x08000000;
const IDS = { vendor: 0x1209, product: 0xdb42 };
const standard = variantOf('DAPBoot DFU Bootloader', 120 * KIB);
const small = variantOf('DAPBoot DFU Bootloader', 124 * KIB);
const high = variantOf('DAPBoot High-Memory DFU Bootloader', 121 * KIB);
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** No program has these bytes. */
const MARK = new TextEncoder().encode('bytes of a bootloader');
function bootloader(length, base) {
  const image = program(length, base);
  image.set(MARK, 400);
  return image;
}

const text = (string) => new TextEncoder().encode(string);
const file = (name, bytes) => ({ name, arrayBuffer: async () => bytes.slice().buffer });

/** A .hex file of several parts, with nothing in between. */
const hexOf = (...parts) =>
  text(parts.map(([image, base]) => toHex(image, base).replace(/:00000001FF\n$/, '')).join('') + ':00000001FF\n');

/** The bootloader of a high variant for a flash of so many KiB, as its .hex file has it. */
function highBootloader(kib = 128) {
  const begin = FLASH + (kib - 7) * KIB;
  const image = bootloader(6 * KIB, begin);
  return hexOf([image.subarray(0, 8), FLASH], [image, begin]);
}

/** What tools/merge-high makes of it and a program. */
function mergeHigh(image, { extension = 'hex', kib = 128 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'merged-'));
  const at = (name) => join(folder, name);
  try {
    writeFileSync(at('boot.hex'), highBootloader(kib));
    writeFileSync(at('app.bin'), image);
    execFileSync(join(root, 'tools/merge-high'), [at('boot.hex'), at('app.bin'), at(`all.${extension}`)]);
    return new Uint8Array(readFileSync(at(`all.${extension}`)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A flasher with a board of that variant, which was given the file. */
async function rig({ variant = 'standard' }, name, bytes) {
  const board = await desk({ target: TARGETS[variant] });
  const flasher = new Flasher(board.usb);
  await flasher.begin();
  await flasher.take(file(name, bytes));
  return { board, flasher };
}

const TARGETS = { standard: 'BLUEPILL', '4K': 'BLUEPILL_4K', high: 'BLUEPILL_HIGH' };
/** What is in the board's memory of applications. */
const area = ({ board, base }) => board.read(base, (base === FLASH ? 57 * KIB : FLASH + 128 * KIB - base));
function holdsOnly(board, image) {
  assert.ok(board.holds(image));
  assert.ok(area(board).subarray(image.length).every((byte) => byte === 255), 'and nothing else');
}

const lowHex = (base, image = program(3000, base)) => hexOf([bootloader(3500, FLASH), FLASH], [image, base]);

for (const [variant, base] of [['standard', 0x08002000], ['4K', 0x08001000]])
  test(`of a .hex file with a bootloader the ${variant} variant gets the program, and the page says so`, async () => {
    const { board, flasher } = await rig({ variant }, 'all.hex', lowHex(base));
    assert.deepEqual(flasher.findings, []);
    assert.equal(flasher.firmware.whole.name, 'all.hex');
    assert.match(flasher.firmware.name, /^all\.hex, from 0x0800[12]000 on$/);
    assert.match(flasher.log.at(-1), /without the bootloader in the file/);
    const [taken, lines] = [flasher.firmware, flasher.log.length];
    flasher.recheck();
    assert.equal(flasher.firmware, taken, 'it is taken out once');
    assert.equal(flasher.log.length, lines);
    await flasher.flash();
    assert.equal(flasher.message.kind, 'good');
    holdsOnly(board, program(3000, base));
  });

test('a high variant gets the program as it was before tools/merge-high', async () => {
  const image = program(5000, FLASH);
  const { board, flasher } = await rig({ variant: 'high' }, 'all.hex', mergeHigh(image));
  assert.deepEqual(flasher.findings, []);
  assert.deepEqual(flasher.firmware.image, image);
  await flasher.flash();
  assert.equal(flasher.message.kind, 'good');
  holdsOnly(board, image);
});

test('a program is taken from a file that was merged for a chip of another size', () => {
  for (const kib of [64, 256]) {
    const whole = readFirmware('all.hex', mergeHigh(program(5000, FLASH), { kib }));
    for (const variant of [high, { ...high, area: null }]) {
      const [found, ...more] = check(whole, IDS, variant, STM32F103);
      assert.deepEqual([found.partAt, more], [FLASH, []], `${kib} KiB`);
      assert.deepEqual(partOf(whole, FLASH, found.partAt, found.partEnd).image, program(5000, FLASH));
    }
  }
});

test('of a merged .bin file, which does not say what is where, the program is taken on request', async () => {
  const image = program(5000, FLASH);
  const { flasher } = await rig({ variant: 'high' }, 'all.bin', mergeHigh(image, { extension: 'bin' }));
  assert.equal(flasher.canFlash, false);
  flasher.takePart();
  assert.deepEqual(flasher.firmware.image, image);
  assert.equal(flasher.canFlash, true);
});

test('a signed program is still signed when it is taken out unasked', async () => {
  const image = signed(program(3000, 0x08002000), { version: 9 });
  const low = await rig({}, 'all.hex', lowHex(0x08002000, image));
  assert.deepEqual([low.flasher.firmware.signed.version, low.flasher.findings], [9, []]);
  const above = signed(program(3000, FLASH), { version: 8, address: FLASH });
  above[above.length - 1] = 0x0f; // the last byte of a signature is at most 0x10 (RFC 8032 5.1.7: S < L)
  const { flasher } = await rig({ variant: 'high' }, 'all.hex', mergeHigh(above));
  assert.deepEqual([flasher.firmware.signed.version, flasher.findings], [8, []]);
  assert.deepEqual(flasher.firmware.image, above);
});

test('a bootloader with a program for another variant is refused, and says where the program is', () => {
  const cases = [[standard, 0x08001000, '0x08002000'], [small, 0x08002000, '0x08001000'], [high, 0x08002000, '0x08000000']];
  for (const [variant, base, wanted] of cases) {
    const [found, ...more] = check(readFirmware('all.hex', lowHex(base)), IDS, variant, STM32F103);
    assert.equal(more.length, 0);
    assert.deepEqual([found.kind, found.partAt], ['error', undefined]);
    assert.match(found.detail, new RegExp(`from 0x0800[12]000 on\\. On this board it must be linked at ${wanted}\\.`));
    assert.equal(found.linkAt, Number(wanted));
  }
  const [found] = check(readFirmware('all.hex', mergeHigh(program(5000, FLASH))), IDS, standard, STM32F103);
  assert.match(found.title, /wrong address/);
});

test('the file is looked at anew for each board', async () => {
  const one = await desk();
  const flasher = new Flasher(one.usb);
  await flasher.take(file('all.hex', lowHex(0x08002000)));
  assert.equal(flasher.firmware.whole, undefined, 'no board, no part');
  await flasher.begin();
  assert.equal(flasher.firmware.base, 0x08002000);
  one.unplug();
  await until(() => flasher.phase === 'away');
  one.board.power(false);
  one.board.load(firmware('BLUEPILL_4K'));
  one.board.power();
  one.plug();
  await until(() => flasher.phase === 'ready');
  assert.equal(flasher.board.variant.name, '4K');
  assert.deepEqual([flasher.firmware.name, flasher.canFlash], ['all.hex', false]);
});

test('no board ever gets a block of the bootloader, whatever variant it is and however the file was made', async () => {
  const files = {
    'standard.hex': lowHex(0x08002000),
    '4k.hex': lowHex(0x08001000),
    'high.hex': mergeHigh(program(3000, FLASH)),
    'high.bin': mergeHigh(program(3000, FLASH), { extension: 'bin' }),
  };
  for (const variant of ['standard', '4K', 'high'])
    for (const [name, bytes] of Object.entries(files)) {
      const { board, flasher } = await rig({ variant }, name, bytes);
      flasher.takePart();
      await flasher.flash();
      const base = { standard: 'standard.hex', '4K': '4k.hex', high: 'high' }[variant];
      assert.equal(flasher.message?.kind === 'good', name.startsWith(base), `${name} on ${variant}`);
      assert.equal(Buffer.from(area(board)).indexOf(MARK), -1, `${name} on ${variant}`);
    }
});
