// What files become images, and what is said of those that do not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadFile, dfuCrc, readFirmware } from '../../../web/src/formats.js';
import { toHex } from '../../../web/src/hex.js';
import { program } from '../programs.mjs';

const BASE = 0x08002000;
const text = (string) => new TextEncoder().encode(string);
const fails = (name, bytes, pattern) =>
  assert.throws(
    () => readFirmware(name, bytes),
    (error) => error instanceof BadFile && pattern.test(error.message) && !/\.\.|\n/.test(error.message),
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
  fails('a.hex', text('not hex at all'), /no sound Intel HEX file: line 1 does not begin with a colon/);
  fails('a.hex', text(':00000001FF\n'), /no data/);
  fails('a.hex', text(':020000040800F2\n:0400000001020304F2\n:020000041FFFDC\n:02F8000055AA07\n:00000001FF\n'), /0x08000000 to 0x1FFFF801/);
});

/** A record with the right checksum. */
function record(type, offset, data = []) {
  const bytes = [data.length, offset >> 8, offset & 0xff, type, ...data];
  bytes.push(-bytes.reduce((sum, byte) => sum + byte, 0) & 0xff);
  return ':' + bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('').toUpperCase();
}

const image = program(200, BASE);
const END = record(1, 0);
/** The lines of a sound file: an address, data, the end. */
const lines = toHex(image, BASE).trim().split('\n');

/** Ways in which tools write the same program. */
const dialects = {
  'with line ends of DOS': lines.join('\r\n') + '\r\n',
  'with line ends of old Macs': lines.join('\r'),
  'with doubled carriage returns': lines.join('\r\r\n'),
  'in lower case': lines.join('\n').toLowerCase(),
  'without a last line end': lines.join('\n'),
  'with empty lines': lines.join('\n\n') + '\n\n\n',
  'with blanks around the lines': lines.map((line) => `  ${line}\t`).join('\n'),
  'with a control-Z at the end': lines.join('\r\n') + '\r\n\x1a',
  'with a control-Z and padding behind the last record': lines.join('\r\n') + '\x1a\0\0\0',
  'with the mark of UTF-8': '\xef\xbb\xbf' + lines.join('\n'),
  'with comments': ['; made by an assembler', '# ---', ...lines].join('\n'),
  'with an empty record in front': [lines[0], record(0, 0), ...lines.slice(1)].join('\n'),
  'with an empty record before any address': [record(0, 0), ...lines].join('\n'),
  'with an empty record in between': [...lines.slice(0, 3), record(0, 0x2000), ...lines.slice(3)].join('\n'),
  'with an end that has an address': [...lines.slice(0, -1), record(1, 0x2000)].join('\n'),
  'with the same bytes twice': [...lines.slice(0, 4), ...lines.slice(1)].join('\n'),
  'backwards': [lines[0], ...lines.slice(1, -1).reverse(), END].join('\n'),
  'with where a debugger begins': [lines[0], record(5, 0, [8, 0, 0x21, 1]), record(3, 0, [0, 0, 0x21, 1]), ...lines.slice(1)].join('\n'),
  'with a byte in each record': [lines[0], ...[...image].map((byte, i) => record(0, 0x2000 + i, [byte])), END].join('\n'),
};

for (const [how, hex] of Object.entries(dialects))
  test(`a .hex file ${how} is read`, () => {
    const found = readFirmware('a.hex', Uint8Array.from(hex, (letter) => letter.charCodeAt(0)));
    assert.equal(found.base, BASE);
    assert.deepEqual(found.image, image);
  });

test('a .hex file in UTF-16, as PowerShell writes it, is read', () => {
  const hex = '\ufeff' + lines.join('\r\n');
  const bytes = new Uint8Array(2 * hex.length);
  for (let i = 0; i < hex.length; i++) new DataView(bytes.buffer).setUint16(2 * i, hex.charCodeAt(i), true);
  assert.deepEqual(readFirmware('a.hex', bytes).image, image);
});

test('a record across 64 KiB goes on behind them, in a segment at its start', () => {
  const data = Array.from({ length: 16 }, (_, i) => i);
  const linear = readFirmware('a.hex', text([record(4, 0, [8, 0]), record(0, 0xfff8, data), END].join('\n')));
  assert.deepEqual([linear.base, [...linear.image]], [0x0800fff8, data]);
  const segment = readFirmware('a.hex', text([record(2, 0, [0x10, 0]), record(0, 0xfff8, data), END].join('\n')));
  assert.equal(segment.base, 0x10000);
  assert.deepEqual([...segment.image.subarray(0, 8)], data.slice(8));
  assert.deepEqual([...segment.image.subarray(0xfff8)], data.slice(0, 8));
});

test('what is wrong with a .hex file is said with the line', () => {
  const with4 = (line) => text([...lines.slice(0, 3), line, ...lines.slice(4)].join('\n'));
  const wrong = lines[3].slice(0, -2) + (lines[3].endsWith('00') ? '01' : '00');
  fails('a.hex', with4(wrong), /line 4 has a wrong checksum: it should be [0-9A-F]{2}\.$/);
  fails('a.hex', with4(lines[3] + '00'), /line 4 says that it has 16 bytes of data, and is longer/);
  fails('a.hex', with4(lines[3].slice(0, -3)), /line 4 .*is shorter/);
  fails('a.hex', with4(lines[3].replace(/.$/, 'G')), /line 4 .*no hexadecimal digit/);
  fails('a.hex', with4(';' + lines[3].slice(1)), /line 4 does not begin with a colon/); // a colon with a bit flipped
  fails('a.hex', with4(record(6, 0, [0, 0])), /line 4 is of a type that there is not, 6/);
  fails('a.hex', with4(record(4, 0, [8])), /line 4 is an address of 1 bytes/);
  fails('a.hex', text(lines.slice(0, -1).join('\n')), /its end is missing/);
  fails('a.hex', text([...lines.slice(0, -1), record(0, 0x2000, [0x55]), END].join('\n')), /two values for the byte at 0x08002000/);
});

test('two .hex files in one are called so', () =>
  fails('a.hex', text(lines.join('\n') + '\n' + lines.join('\n')), /two \.hex files.*line 16 follows the end of the first, in line 15/));

test('option bytes beside the program are called so', () => {
  const hex = [...lines.slice(0, -1), record(4, 0, [0x1f, 0xff]), record(0, 0xf800, [0xa5, 0x5a]), END].join('\n');
  assert.throws(
    () => readFirmware('a.hex', text(hex)),
    (error) => /0x08002000 to 0x1FFFF801/.test(error.message) && /It sets option bytes/.test(error.remedy),
  );
});

test('option bytes and data EEPROM of an STM32L1 beside the program are called so', () => {
  const with_ = (upper, ...rest) => text([...lines.slice(0, -1), record(4, 0, upper), record(0, 0, [0xa5]), ...rest, END].join('\n'));
  assert.throws(() => readFirmware('a.hex', with_([0x1f, 0xf8])), (error) => /It sets option bytes/.test(error.remedy));
  assert.throws(
    () => readFirmware('a.hex', with_([0x08, 0x08])),
    (error) => /0x08080000 the STM32L1 has its data EEPROM/.test(error.message) && /export the program alone/.test(error.remedy),
  );
});

test('a .hex file of a whole flash with a record for every second byte is read', () => {
  const parts = [];
  for (let upper = 0; upper < 16; upper++) {
    parts.push(record(4, 0, [8, upper]));
    for (let at = 0; at < 0x10000; at += 2) parts.push(record(0, at, [at & 0xff]));
  }
  const { image: found } = readFirmware('a.hex', text([...parts, END].join('\n')));
  assert.equal(found.length, 0x100000 - 1);
  assert.ok(found.every((byte, i) => byte === (i % 2 ? 255 : i & 0xff)));
});

test('no file of records makes anything but firmware or a reason', () => {
  let seed = 1;
  const random = (n) => ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 8) % n;
  for (let i = 0; i < 3000; i++) {
    const records = Array.from({ length: random(8) }, () =>
      record([0, 0, 0, 0, 2, 4, 5, 3, 1, 6, 9][random(11)], random(3) ? random(64) : random(65536), Array.from({ length: random(5) * random(5) }, () => random(256))),
    );
    const bytes = text([...records, ...(random(3) ? [END] : [])].join('\n'));
    if (random(4) === 0 && bytes.length) bytes[random(bytes.length)] = random(256);
    try {
      assert.ok(readFirmware('a.hex', bytes).image.length > 0);
    } catch (error) {
      assert.ok(error instanceof BadFile, `file ${i}: ${error.stack}`);
    }
  }
});

test('other kinds of files are called by their name, with what to do', () => {
  const kinds = [
    ['a.zip', 'PK\x03\x04\x14\0\0\0', /zip archive/, /Unpack/],
    ['a.bin.gz', '\x1f\x8b\x08\0\0\0', /gzip/, /Unpack/],
    ['a.bin.xz', '\xfd7zXZ\0', /xz/, /Unpack/],
    ['a.tar', 'blink.bin'.padEnd(257, '\0') + 'ustar', /tar archive/, /Unpack/],
    ['a.bin', '<!DOCTYPE html><html><body>404 Not Found</body></html>', /web page/, /Download the file itself/],
    ['a.hex', '\n<html lang="en"><head>', /web page/, /Download the file itself/],
    ['a.bin', '404: Not Found', /text.*“404: Not Found”/, /Download/],
    ['a.bin', 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n', /Git LFS/, /git lfs pull/],
    ['a.srec', 'S00600004844521B\nS1130000285F245F2212226A000424290008237C2A', /S-records/, /objcopy -I srec/],
    ['a.bin', '\x3d\xb8\xf3\x96\0\0\0\0\0\x02\0\0', /MCUboot/, /without it/],
  ];
  for (const [name, start, what, remedy] of kinds)
    assert.throws(
      () => readFirmware(name, Uint8Array.from(start, (letter) => letter.charCodeAt(0))),
      (error) => error instanceof BadFile && what.test(error.message) && remedy.test(error.remedy) && !/\.\./.test(error.message),
      `${name} ${start.slice(0, 10)}`,
    );
  fails('a.bin', new Uint8Array(0), /empty/);
});

test('a program is no text, whatever its stack', () => {
  for (const stack of [0x20004d50, 0x20002d3a, 0x20004f3c]) assert.equal(readFirmware('a.bin', program(3000, BASE, { stack })).format, 'bin');
});
