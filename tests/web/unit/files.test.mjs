// What files become images, and what is said of those that do not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadFile, dfuCrc, readFirmware, toHex } from '../../../web/src/formats.js';
import { program } from '../fake_board.mjs';

const BASE = 0x08002000;
const text = (string) => new TextEncoder().encode(string);
const fails = (name, bytes, pattern) =>
  assert.throws(
    () => readFirmware(name, bytes),
    (error) => error instanceof BadFile && pattern.test(error.message),
  );

function withSuffix(image, { vendor = 0x1209, product = 0xdb42, length = 16 } = {}) {
  const bytes = new Uint8Array(image.length + 16);
  bytes.set(image);
  const view = new DataView(bytes.buffer, image.length);
  view.setUint16(2, product, true);
  view.setUint16(4, vendor, true);
  view.setUint16(6, 0x0100, true);
  bytes.set(text('UFD'), image.length + 8);
  bytes[image.length + 11] = length;
  view.setUint32(12, dfuCrc(bytes.subarray(0, -4)), true);
  return bytes;
}

test('a .bin file is the image', () => {
  const image = program(1000, BASE);
  const { format, image: found, base, suffix } = readFirmware('a.bin', image);
  assert.deepEqual([format, found, base, suffix], ['bin', image, null, null]);
});

test('the checksum is the one that dfu-suffix writes', () => {
  // CRC-32/JAMCRC of the nine digits, the usual check value
  assert.equal(dfuCrc(text('123456789')), 0x340bc6d9);
});

test('a DFU suffix is found whatever the file is called, and cut off', () => {
  const image = program(1001, BASE);
  for (const name of ['a.dfu', 'a.bin']) {
    const firmware = readFirmware(name, withSuffix(image));
    assert.equal(firmware.format, 'dfu');
    assert.deepEqual(firmware.image, image);
    assert.deepEqual([firmware.suffix.vendor, firmware.suffix.product], [0x1209, 0xdb42]);
  }
});

test('a .dfu file with a flipped bit is refused', () => {
  const bytes = withSuffix(program(100, BASE));
  bytes[50] ^= 4;
  fails('a.dfu', bytes, /damaged.*checksum/);
});

test('a suffix longer than its file, or shorter than itself, is refused', () => {
  fails('a.dfu', withSuffix(program(100, BASE), { length: 200 }), /length as 200/);
  fails('a.dfu', withSuffix(program(100, BASE), { length: 3 }), /length as 3/);
});

test('a .dfu file without a suffix is refused', () => fails('a.dfu', program(100, BASE), /no DFU suffix/));

test('a .hex file becomes an image with the address it names', () => {
  const image = program(1000, BASE);
  const firmware = readFirmware('a.hex', text(toHex(image, BASE)));
  assert.equal(firmware.base, BASE);
  assert.deepEqual(firmware.image, image);
});

test('a .hex file is known by what is in it, with any line ends and empty lines behind', () => {
  const lines = toHex(program(64, BASE), BASE).replaceAll('\n', '\r\n') + '\r\n\r\n';
  assert.equal(readFirmware('a.bin', text(lines)).format, 'hex');
});

test('gaps in a .hex file are blank flash', () => {
  const hex = ':020000040800F2\n:0400000001020304F2\n:0400080005060708DA\n:00000001FF\n';
  const { image, base } = readFirmware('a.hex', text(hex));
  assert.equal(base, 0x08000000);
  assert.deepEqual([...image], [1, 2, 3, 4, 255, 255, 255, 255, 5, 6, 7, 8]);
});

test('a .hex file that is damaged, cut short, empty or spread out is refused', () => {
  const good = toHex(program(64, BASE), BASE);
  fails('a.hex', text(good.replace(':10', ':11')), /no sound Intel HEX/);
  fails('a.hex', text(good.slice(0, 60)), /no sound Intel HEX/);
  fails('a.hex', text('not hex at all'), /no sound Intel HEX/);
  fails('a.hex', text(':00000001FF\n'), /no data/);
  fails('a.hex', text(':020000040800F2\n:0400000001020304F2\n:020000041FFFDC\n:02F8000055AA07\n:00000001FF\n'), /0x08000000 to 0x1FFFF801/);
});

test('other kinds of files are called by their name', () => {
  fails('a.elf', text('\x7fELF and so on'), /ELF/);
  fails('a.bin', text('UF2\nWQ]'), /UF2/);
  fails('a.dfu', text('DfuSe\x01'), /DfuSe/);
  fails('a.bin', new Uint8Array(0), /empty/);
});
