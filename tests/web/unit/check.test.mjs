// Which images are applications for which board, and what is said of the others.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { STM32F103, STM32L1, asReadBack, chipOf, variantOf, withoutBlankEnd } from '../../../web/src/board.js';
import { check } from '../../../web/src/check.js';
import { partOf, readFirmware } from '../../../web/src/formats.js';
import { toHex } from '../../../web/src/hex.js';
import { trailerIn } from '../../../web/src/signed.js';
import { KIB, program, signed } from '../programs.mjs';

const IDS = { vendor: 0x1209, product: 0xdb42 };
const standard = variantOf('DAPBoot DFU Bootloader', 120 * KIB);
const small = variantOf('DAPBoot DFU Bootloader', 124 * KIB);
const high = variantOf('DAPBoot High-Memory DFU Bootloader', 121 * KIB);

const firmware = (image, rest = {}) => ({ name: 'a.bin', format: 'bin', image, base: null, suffix: null, ...rest });
const findings = (image, variant = standard, rest = {}) => check(firmware(image, rest), IDS, variant);

function refused(found, pattern) {
  assert.equal(found.length, 1);
  assert.equal(found[0].kind, 'error');
  assert.match(`${found[0].title}. ${found[0].detail}`, pattern);
  return found[0];
}

test('the size of the application area tells the variant', () => {
  const is = (area, name, base) => {
    const variant = variantOf('anything', area * KIB);
    assert.deepEqual([variant.name, variant.base], [name, base], `${area} KiB`);
  };
  for (const flash of [16, 32, 64, 128, 256, 384, 512]) {
    is(flash - 8, 'standard', 0x08002000);
    is(flash - 4, '4K', 0x08001000);
    is(flash - 7, 'high', 0x08000000);
  }
  is(112, 'custom', 0x08004000);
  is(2048, 'custom', null);
});

test('the product string tells the high variants, whose pages and signatures take more than 7 KiB', () => {
  for (const area of [256 - 8, 256 - 10, 128 - 8, 64 - 8, 121])
    assert.deepEqual(variantOf('DAPBoot High-Memory DFU Bootloader', area * KIB).name, 'high', `${area} KiB`);
});

test('a signed variant is known by the page of its versions', () => {
  for (const area of [64 - 9, 128 - 9, 128 - 10, 256 - 10]) {
    const variant = variantOf('DAPBoot DFU Bootloader', area * KIB);
    assert.deepEqual([variant.name, variant.base], ['standard', 0x08002000], `${area} KiB`);
  }
});

test('a board that cannot be read is known by its product string', () => {
  assert.equal(variantOf('DAPBoot High-Memory DFU Bootloader', null).base, 0x08000000);
  assert.equal(variantOf('DAPBoot DFU Bootloader', null).base, null);
});

test('a program that is linked for the variant is taken', () => {
  assert.deepEqual(findings(program(5000, 0x08002000)), []);
  assert.deepEqual(findings(program(5000, 0x08001000), small), []);
  assert.deepEqual(findings(program(5000, 0x08000000), high), []);
  assert.deepEqual(findings(program(120 * KIB, 0x08002000)), []);
  assert.deepEqual(findings(program(5000, 0x08002000), standard, { base: 0x08002000 }), []);
});

test('a program linked elsewhere is refused with both addresses', () => {
  const found = refused(findings(program(5000, 0x08000000)), /linked at 0x08000000\. On this board .* 0x08002000/);
  assert.equal(found.linkAt, 0x08002000);
  refused(findings(program(3000, 0x08002000), high), /at 0x08002000\..*0x08000000\./);
  refused(findings(program(3000, 0x08002000), small), /at 0x08002000\..*0x08001000/);
});

test('a large program linked elsewhere is refused even if its entry would do', () => {
  const image = program(60 * KIB, 0x08000000, { entry: 0x08003001 });
  refused(findings(image), /linked at 0x08000000\./);
});

test('a program whose vectors fit but whose pointers do not gets a warning', () => {
  const image = program(20 * KIB, 0x08002000);
  const view = new DataView(image.buffer);
  for (let i = 0; i < 40; i++) view.setUint32(1024 + 4 * i, 0x08002000 + 512 * i, true);
  assert.deepEqual(findings(image), []);
  const found = findings(image, small);
  assert.deepEqual([found.length, found[0].kind], [1, 'warning']);
  assert.match(found[0].detail, /linked at 0x08002000\. .* 0x08001000/);
});

test('a .hex file that names another address is refused even if its vectors would do', () => {
  const image = program(60 * KIB, 0x08002000);
  refused(findings(image, standard, { base: 0x08001000 }), /linked at 0x08001000/);
});

test('a program at an address nobody uses is refused by its entry', () => {
  refused(findings(program(500, 0x08003400)), /cannot be told; its entry is 0x08003501/);
});

test('the stack may begin at the end of RAM but not at its start', () => {
  for (const stack of [0x20000000, 0x20000003, 0x20000000 - 4, 0x20018004, 0x00005000])
    refused(findings(program(500, 0x08002000, { stack })), /no program/);
  for (const stack of [0x20000004, 0x20005000, 0x20018000]) assert.deepEqual(findings(program(500, 0x08002000, { stack })), []);
});

test('the two low bits of the stack pointer do not count, as in the linker script of STM32CubeF1', () => {
  for (const stack of [0x20004fff, 0x20005002, 0x20018003, 0x20000005])
    assert.deepEqual(findings(program(500, 0x08002000, { stack })), []);
});

test('the entry must be odd, in flash and in the program', () => {
  refused(findings(program(500, 0x08002000, { entry: 0x08002100 })), /no program.*0x08002100/);
  refused(findings(program(500, 0x08002000, { entry: 0x20000101 })), /no program/);
  refused(findings(program(500, 0x08002000, { entry: 0x08002201 }), standard, { base: 0x08002000 }), /outside of itself/);
});

test('files that are no programs are refused', () => {
  refused(findings(new Uint8Array(7)), /too short/);
  refused(findings(new Uint8Array(100)), /no program.*0x00000000/);
  refused(findings(new Uint8Array(100).fill(255)), /blank/);
  refused(findings(new TextEncoder().encode('a letter to a friend')), /no program/);
});

test('a program that is too large is refused with the numbers', () => {
  refused(findings(program(120 * KIB + 1, 0x08002000)), /122\u202f881 bytes.*122\u202f880, 1 fewer/);
});

test('a suffix for another device is refused, one for any is not', () => {
  const image = program(500, 0x08002000);
  const suffix = (vendor, product) => ({ suffix: { vendor, product, device: 0xffff } });
  refused(findings(image, standard, suffix(0x1209, 0x0001)), /1209:0001.*1209:db42/);
  refused(findings(image, standard, suffix(0x0483, 0xdb42)), /0483:db42/);
  assert.deepEqual(findings(image, standard, suffix(0xffff, 0xffff)), []);
  assert.deepEqual(findings(image, standard, suffix(0x1209, 0xdb42)), []);
});

test('the high variant warns of a program with data in the hidden words, and reads them back as 0', () => {
  const image = program(500, 0x08000000);
  image[30] = 1;
  const found = findings(image, high);
  assert.deepEqual([found.length, found[0].kind], [1, 'warning']);
  assert.equal(asReadBack(image, high)[30], 0);
  assert.equal(image[30], 1);
  assert.equal(asReadBack(image, standard), image);
});

test('a board whose variant is not known takes a program for either', () => {
  const unknown = variantOf('DAPBoot DFU Bootloader', null);
  assert.deepEqual(findings(program(500, 0x08002000), unknown), []);
  assert.deepEqual(findings(program(500, 0x08001000), unknown), []);
  refused(findings(program(500, 0x08000000), unknown), /0x08002000 or 0x08001000/);
});

test('blank flash behind a program is left out, in whole words', () => {
  for (const chip of [STM32F103, STM32L1]) {
    const contents = new Uint8Array(100).fill(chip.blank);
    assert.equal(withoutBlankEnd(contents, chip).length, 0, chip.name);
    contents[40] = 1;
    assert.equal(withoutBlankEnd(contents, chip).length, 44);
    contents[99] = 1;
    assert.equal(withoutBlankEnd(contents, chip).length, 100);
  }
});

test('blocks of at most 256 bytes and an area that does not end in 0xFF tell an STM32L1', () => {
  const ending = (byte) => Uint8Array.of(1, 2, byte);
  assert.equal(chipOf(256, ending(0)), STM32L1);
  assert.equal(chipOf(128, ending(7)), STM32L1, 'full to its end');
  assert.equal(chipOf(256, null), STM32L1);
  assert.equal(chipOf(1024, ending(0)), STM32F103, 'full to its end');
  assert.equal(chipOf(2048, ending(255)), STM32F103);
  assert.equal(chipOf(128, ending(255)), STM32F103, 'built for small blocks');
});

test('a signed file says what it is for, and which version', () => {
  const image = signed(program(2001, 0x08002000), { version: 258, board: 'BTTSKRMINIE3V2_HIGH_' });
  const found = readFirmware('a.bin', image);
  assert.deepEqual(found.signed, {
    address: 0x08002000, vendor: 0x1209, product: 0xdb42, board: 'BTTSKRMINIE3V2_HIGH_', version: 258, whole: true,
  });
  assert.deepEqual(check(found, IDS, standard), []);
  assert.equal(readFirmware('b.bin', program(2000, 0x08002000)).signed, null);
  assert.equal(readFirmware('c.bin', program(60, 0x08002000)).signed, null);
});

test('a file that is signed for another product, another address, or was cut, is refused', () => {
  const file = (options) => check(readFirmware('a.bin', signed(program(2000, 0x08002000), options)), IDS, standard);
  refused(file({ product: 0xdb43 }), /signed for another product.*1209:db43 \(BLUEPILL\)/);
  refused(file({ vendor: 0x1234 }), /signed for another product.*1234:db42/);
  refused(file({ length: 2000 }), /damaged/);
  refused(file({ address: 0x08000000 }), /wrong address.*0x08000000.*0x08002000/);
});

test('the version of a signed program is found in flash, whatever is behind it', () => {
  const contents = new Uint8Array(8 * KIB).fill(0x5a);
  assert.equal(trailerIn(contents), null);
  contents.set(signed(program(3000, 0x08002000), { version: 7 }));
  assert.equal(trailerIn(contents).version, 7);
  contents.set(signed(program(500, 0x08002000), { version: 8 })); // a shorter one over it
  assert.equal(trailerIn(contents).version, 8);
  assert.equal(trailerIn(contents.subarray(0, 500)), null);
});

test('files that tools/sign made are read', () => {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'signed-'));
  const at = (name) => join(folder, name);
  try {
    writeFileSync(at('app.bin'), program(2001, 0x08002000));
    execFileSync(join(root, 'tools/sign'), [at('app.bin'), join(root, 'tests/maker.pem'), '12', at('signed.bin')], { cwd: root });
    for (const name of ['signed.bin', 'signed.dfu']) {
      const found = readFirmware(name, new Uint8Array(readFileSync(at(name))));
      const { vendor, product, board, version, whole } = found.signed;
      assert.deepEqual({ vendor, product, board, version, whole }, { vendor: 0x1209, product: 0xdb42, board: 'BLUEPILL', version: 12, whole: true });
      assert.deepEqual(check(found, IDS, standard), []);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a signed file inside of a signed file is refused, wherever its trailer is at a multiple of 4', () => {
  const inner = signed(program(2000, 0x08002000));
  const refuses = (bytes) => refused(check(readFirmware('a.bin', bytes), IDS, standard), /another signed file/);
  refuses(signed(inner));
  for (const more of [4, 100, 104, 3000]) refuses(signed(Buffer.concat([inner, new Uint8Array(more)])));
  // a trailer that is not where it says is that of nothing
  const elsewhere = signed(Buffer.concat([program(400, 0x08002000), inner]));
  assert.deepEqual(check(readFirmware('a.bin', elsewhere), IDS, standard), []);
});

/** Bootloader and program as a programmer wants them; between them blank flash. */
function merged(base, length = 5000) {
  const image = new Uint8Array(base - 0x08000000 + length).fill(255);
  image.set(program(3500, 0x08000000));
  image.set(program(length, base), base - 0x08000000);
  return image;
}

test('a bootloader and a program in one file are called so, and the program can be taken out', () => {
  for (const [variant, base] of [[standard, 0x08002000], [small, 0x08001000], [variantOf('DAPBoot DFU Bootloader', null), 0x08002000]])
    for (const file of [readFirmware('all.bin', merged(base)), readFirmware('all.hex', new TextEncoder().encode(toHex(merged(base), 0x08000000)))]) {
      const found = refused(check(file, IDS, variant), /begins with a bootloader/);
      assert.equal(found.partAt, base);
      const part = partOf(file, 0x08000000, found.partAt);
      assert.deepEqual(part.image, program(5000, base));
      assert.deepEqual(check(part, IDS, variant), []);
    }
});

test('a signed program behind a bootloader is still signed when it is taken out', () => {
  const image = Buffer.concat([merged(0x08002000, 0), signed(program(5000, 0x08002000), { version: 9 })]);
  const file = readFirmware('all.bin', image);
  const found = refused(check({ ...file, signed: null }, IDS, standard), /begins with a bootloader/);
  assert.equal(partOf(file, 0x08000000, found.partAt).signed.version, 9);
});

test('a program for address 0x08000000 that has addresses of its own behind the bootloader is not called merged', () => {
  const image = program(20 * KIB, 0x08000000);
  new DataView(image.buffer).setUint32(0x2000, 0x20001000, true);
  new DataView(image.buffer).setUint32(0x2004, 0x08002101, true);
  refused(findings(image), /linked at 0x08000000\./);
  refused(findings(merged(0x08004000)), /wrong address/);
});

test('what merge-high makes is refused as holding a bootloader', () => {
  const image = new Uint8Array(128 * KIB).fill(255);
  image.set(program(5000, 0x08000000, { entry: 0x08000000 + 121 * KIB + 0x101 }));
  image.set(program(3000, 0x08000000 + 121 * KIB), 121 * KIB);
  refused(findings(image, high), /holds a bootloader too/);
});

test('what is read back of a high variant may have anything in the hidden words', () => {
  const contents = program(500, 0x08000000);
  contents[29] = 7;
  assert.deepEqual(asReadBack(contents, high), asReadBack(program(500, 0x08000000), high));
});
