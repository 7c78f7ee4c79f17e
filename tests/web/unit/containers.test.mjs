// ELF, UF2 and DfuSe files become images, and bad ones are told with a reason.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { STM32F103, STM32L1, variantOf } from '../../../web/src/board.js';
import { check } from '../../../web/src/check.js';
import { BadFile, dfuCrc, readFirmware } from '../../../web/src/formats.js';
import { KIB, program } from '../programs.mjs';

const BASE = 0x08002000;
const IDS = { vendor: 0x1209, product: 0xdb42 };
const F1 = 0x5ee21072;
const L1 = 0x1e1f432d;
const standard = variantOf('DAPBoot DFU Bootloader', 120 * KIB);
const image = program(1000, BASE);
const bytesOf = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function fails(name, bytes, pattern) {
  assert.throws(
    () => readFirmware(name, bytes),
    (error) => error instanceof BadFile && pattern.test(`${error.message} ${error.remedy}`),
    String(pattern),
  );
}

/** Fields of 1, 2 or 4 bytes, little endian, and what is bytes already. */
function pack(...fields) {
  const parts = fields.map((field) => {
    if (field instanceof Uint8Array) return field;
    const [length, value] = field;
    return Uint8Array.from({ length }, (_, i) => (value >>> (8 * i)) & 0xff);
  });
  return new Uint8Array(Buffer.concat(parts));
}
const u8 = (value) => [1, value];
const u16 = (value) => [2, value];
const u32 = (value) => [4, value];

// ---- ELF

const HEADERS = 0x100; // the data follows them

/**
 * @param {{address: number, data: Uint8Array, offset?: number, type?: number}[]} segments
 * @param {{offset: number, length: number, type?: number, flags?: number}[]} sections
 */
function elf(segments, { sections = [], machine = 40, type = 2, kind = 0x0101 } = {}) {
  let offset = HEADERS + 40 * sections.length;
  const data = [];
  const programs = segments.map((segment) => {
    const { address, data: content, type: loads = 1 } = segment;
    const at = segment.offset ?? offset;
    data.push(content);
    offset += content.length;
    return pack(u32(loads), u32(at), u32(0x20000000), u32(address), u32(content.length), u32(content.length + 100), u32(5), u32(4));
  });
  const header = pack(
    bytesOf('\x7fELF'), u16(kind), new Uint8Array(10), u16(type), u16(machine), u32(1), u32(0x12345), u32(52), u32(sections.length ? HEADERS : 0),
    u32(0), u16(52), u16(32), u16(programs.length), u16(40), u16(sections.length), u16(0), // prettier-ignore
  );
  const table = sections.map(({ offset: at, length, type: is = 1, flags = 2 }) =>
    pack(u32(0), u32(is), u32(flags), u32(0), u32(at), u32(length), new Uint8Array(16)),
  );
  const front = pack(header, ...programs);
  return pack(front, new Uint8Array(HEADERS - front.length), ...table, ...data);
}

test('an ELF file becomes an image by the physical addresses of its segments', () => {
  const file = elf([
    { address: BASE, data: image.subarray(0, 900) },
    { address: BASE + 900, data: image.subarray(900) },
    { address: BASE + 1000, data: new Uint8Array(0) }, // .bss
    { address: 0x1000, data: bytesOf('a note'), type: 4 },
  ]);
  for (const name of ['a.elf', 'a.axf', 'a.bin']) {
    const firmware = readFirmware(name, file);
    assert.deepEqual([firmware.format, firmware.base, firmware.image], ['elf', BASE, image]);
    assert.deepEqual(check(firmware, IDS, standard, STM32F103), []);
  }
});

test('gaps between the segments of an ELF file are blank flash', () => {
  const { image: found } = readFirmware('a.elf', elf([{ address: BASE + 8, data: bytesOf('de') }, { address: BASE, data: bytesOf('abc') }]));
  assert.deepEqual([...found], [97, 98, 99, 255, 255, 255, 255, 255, 100, 101]);
});

test('the ELF header that a linker put into the first segment is left out', () => {
  const data = image.subarray(0, 600);
  const sections = [{ offset: HEADERS + 120, length: 600 }, { offset: 0, length: 40, flags: 0 }, { offset: 0, length: 900, type: 8 }];
  const file = elf([{ address: BASE - HEADERS - 120, data, offset: 0 }], { sections });
  new DataView(file.buffer).setUint32(52 + 16, file.length, true); // p_filesz: from the start of the file
  const firmware = readFirmware('a.elf', file);
  assert.deepEqual([firmware.base, firmware.image], [BASE, data]);
});

test('an ELF file of another machine, not linked, or for RAM is refused with a reason', () => {
  const segments = [{ address: BASE, data: image }];
  fails('a.elf', elf(segments, { machine: 62 }), /another machine \(62\), not for 32-bit ARM/);
  fails('a.elf', elf(segments, { kind: 0x0102 }), /another machine/);
  fails('a.elf', elf(segments, { kind: 0x0201 }), /another machine/);
  fails('a.elf', elf(segments, { type: 1 }), /no linked program.*that the linker made/);
  fails('a.elf', elf([]), /no data/);
  fails('a.elf', elf([...segments, { address: 0x20000000, data: image }]), /0x08002000 to 0x200003E7.*loads data into RAM/);
  fails('a.elf', elf([...segments, { address: BASE + 4, data: image }]), /two values for the byte at 0x08002004/);
  fails('a.elf', elf(segments, { sections: [{ offset: 0, length: 16 }] }), /a section belongs to no segment/);
  fails('a.elf', bytesOf('\x7fELF and so on'), /cut short/);
});

test('an ELF file whose sections are all the same megabyte is refused at once', () => {
  const sections = Array.from({ length: 60000 }, () => ({ offset: HEADERS, length: 1024 * 1024 }));
  const data = new Uint8Array(1024 * 1024);
  fails('a.elf', elf([{ address: 0x08000000, data, offset: HEADERS }], { sections }), /parts are larger than the file/);
});

test('what GNU ld and objcopy make of one program is the same', () => {
  const folder = mkdtempSync(join(tmpdir(), 'elf-'));
  const at = (name) => join(folder, name);
  const run = (tool, ...args) => execFileSync(`arm-none-eabi-${tool}`, args, { cwd: folder });
  try {
    writeFileSync(at('a.s'), '.section .vectors,"a"\n.word 0x20005000, start+1, start+1, start+1\n.text\n.thumb\n.thumb_func\nstart: b start\n.data\n.word 0x12345678\n');
    writeFileSync(
      at('a.ld'),
      `MEMORY { flash : ORIGIN = ${BASE}, LENGTH = 16K
        ram : ORIGIN = 0x20000000, LENGTH = 8K }
      SECTIONS { .text : { *(.vectors) *(.text) } > flash
        .data : { *(.data) } > ram AT > flash }\n`,
    );
    run('as', '-mcpu=cortex-m3', 'a.s', '-o', 'a.o');
    for (const page of ['0x1000', '0x10000']) {
      run('ld', '-z', `max-page-size=${page}`, '-T', 'a.ld', 'a.o', '-o', 'a.elf');
      run('objcopy', '-O', 'binary', 'a.elf', 'a.bin');
      const firmware = readFirmware('a.elf', new Uint8Array(readFileSync(at('a.elf'))));
      assert.deepEqual([firmware.base, firmware.image], [BASE, new Uint8Array(readFileSync(at('a.bin')))], page);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a file that is called .elf or .uf2 and is none is refused, also if a program is in it', () => {
  for (const name of ['a.elf', 'a.AXF', 'a.uf2']) fails(name, image, /has no header/);
});

// ---- UF2

function uf2Block(address, data, number, blocks, { family = F1, flags = 0x2000 } = {}) {
  const padding = new Uint8Array(476 - data.length);
  return pack(
    bytesOf('UF2\n'), u32(0x9e5d5157), u32(flags), u32(address), u32(data.length), u32(number), u32(blocks), u32(family),
    data, padding, u32(0x0ab16f30), // prettier-ignore
  );
}

function uf2(content, base, options = {}) {
  const blocks = Math.ceil(content.length / 256);
  return Array.from({ length: blocks }, (_, i) => uf2Block(base + 256 * i, content.subarray(256 * i, 256 * i + 256), i, blocks, options));
}
const join_ = (blocks) => pack(...blocks);

test('a UF2 file becomes an image, in whatever order its blocks are', () => {
  for (const blocks of [uf2(image, BASE), uf2(image, BASE).reverse(), [...uf2(image, BASE), ...uf2(image, BASE)]]) {
    const firmware = readFirmware('a.uf2', join_(blocks));
    assert.deepEqual([firmware.format, firmware.base, firmware.image], ['uf2', BASE, image]);
    assert.deepEqual(check(firmware, IDS, standard, STM32F103), []);
  }
});

test('gaps in a UF2 file are blank flash', () => {
  const blocks = [uf2Block(BASE, image.subarray(0, 16), 0, 2), uf2Block(BASE + 32, image.subarray(32, 48), 1, 2)];
  const { image: found } = readFirmware('a.uf2', join_(blocks));
  assert.deepEqual(found, pack(image.subarray(0, 16), new Uint8Array(16).fill(255), image.subarray(32, 48)));
});

test('a UF2 file for the other chip is refused once the board is known, one without a family is not', () => {
  const title = (family, flags, chip) => check(readFirmware('a.uf2', join_(uf2(image, BASE, { family, flags }))), IDS, standard, chip)[0]?.detail;
  assert.equal(title(F1, 0x2000, STM32L1), 'It is for the STM32F103; the board has an STM32L1.');
  assert.equal(title(L1, 0x2000, STM32F103), 'It is for the STM32L1; the board has an STM32F103.');
  assert.equal(title(L1, 0x2000, STM32L1), undefined);
  for (const chip of [STM32F103, STM32L1]) assert.equal(title(1000, 0, chip), undefined, 'the field is the size of the file');
});

test('a UF2 file for other chips is refused with their families', () =>
  fails('a.uf2', join_([...uf2(image, BASE, { family: 0xe48bff56 }), ...uf2(image, BASE, { family: 0x57755a57 })]),
    /other chips \(family 0xE48BFF56, 0x57755A57\), not for STM32F103 or STM32L1/));

test('of a UF2 file for several chips the blocks of others are left out, except if both are chips of ours', () => {
  const other = uf2(program(3000, 0x10000000), 0x10000000, { family: 0xe48bff56 });
  assert.deepEqual(readFirmware('a.uf2', join_([...other, ...uf2(image, BASE)])).image, image);
  fails('a.uf2', join_([...uf2(image, BASE, { family: L1 }), ...uf2(image, BASE)]), /several chips/);
});

test('comments and files in a UF2 file are left out, and count as blocks', () => {
  for (const flags of [0x2001, 0x3000]) {
    const blocks = [uf2Block(BASE, image.subarray(0, 256), 0, 2), uf2Block(0, bytesOf('source'), 1, 2, { flags })];
    assert.deepEqual(readFirmware('a.uf2', join_(blocks)).image, image.subarray(0, 256));
  }
  fails('a.uf2', uf2Block(0, bytesOf('source'), 0, 1, { flags: 0x2001 }), /no data/);
});

test('a UF2 file that lacks a block, overlaps or has a damaged block is refused', () => {
  const blocks = uf2(image, BASE);
  for (let i = 0; i < blocks.length; i++) fails('a.uf2', join_(blocks.toSpliced?.(i, 1) ?? blocks.filter((_, k) => k !== i)), /3 of 4 blocks/);
  fails('a.uf2', join_([...blocks, uf2Block(BASE + 100, image.subarray(0, 256), 0, 4)]), /two values for the byte at 0x08002064/);
  for (const at of [4, 508]) {
    const file = join_(blocks);
    file[512 + at] ^= 1;
    fails('a.uf2', file, /block 1 has a wrong magic number/);
  }
  const long = join_(blocks);
  new DataView(long.buffer).setUint32(16, 477, true);
  fails('a.uf2', long, /block 0 makes no sense/);
  fails('a.uf2', uf2Block(BASE, image.subarray(0, 256), 1, 1), /block 0 makes no sense/);
});

// ---- DfuSe

const element = (address, data, length = data.length) => pack(u32(address), u32(length), data);

function target(elements, { number = elements.length, alternate = 0, length } = {}) {
  const content = pack(...elements);
  return pack(bytesOf('Target'), u8(alternate), u32(1), new Uint8Array(255), u32(length ?? content.length), u32(number), content);
}

function dfuse(targets, { vendor = 0x0483, product = 0xdf11, length } = {}) {
  const content = pack(...targets);
  const prefix = pack(bytesOf('DfuSe'), u8(1), u32(length ?? content.length + 11), u8(targets.length));
  const body = pack(prefix, content, u16(0), u16(product), u16(vendor), u16(0x011a), bytesOf('UFD'), u8(16));
  return pack(body, u32(dfuCrc(body)));
}

test('a DfuSe file becomes an image, with blank flash between its elements', () => {
  const whole = readFirmware('a.dfu', dfuse([target([element(BASE, image)])]));
  assert.deepEqual([whole.format, whole.base, whole.image], ['dfu', BASE, image]);
  const two = dfuse([target([element(BASE, image.subarray(0, 16)), element(BASE + 32, image.subarray(32, 48))])]);
  assert.deepEqual(readFirmware('a.dfu', two).image, pack(image.subarray(0, 16), new Uint8Array(16).fill(255), image.subarray(32, 48)));
});

test('a DfuSe file for the ROM bootloader fits every board, one for another product does not', () => {
  const found = (options) => check(readFirmware('a.dfu', dfuse([target([element(BASE, image)])], options)), IDS, standard, STM32F103);
  assert.deepEqual(found({}), []);
  assert.deepEqual(found(IDS), []);
  assert.match(found({ vendor: 0x0483, product: 0x5740 })[0].detail, /0483:5740 .* 1209:db42/);
});

test('a DfuSe file with two targets, a wrong checksum or wrong lengths is refused', () => {
  const good = target([element(BASE, image)]);
  fails('a.dfu', dfuse([good, target([element(0x1ffff800, new Uint8Array(16))], { alternate: 1 })]), /2 targets.*option bytes.*program alone/);
  fails('a.dfu', dfuse([]), /another length|0 targets/);
  fails('a.dfu', dfuse([good], { length: 1000 }), /prefix gives another length/);
  fails('a.dfu', dfuse([target([element(BASE, image)], { length: 7 })]), /target makes no sense/);
  fails('a.dfu', dfuse([target([element(BASE, image)], { number: 2 })]), /an element is missing/);
  fails('a.dfu', dfuse([target([element(BASE, image)], { number: 0 })]), /elements have another length/);
  fails('a.dfu', dfuse([target([element(BASE, image, 5000)])]), /elements have another length/);
  fails('a.dfu', dfuse([target([element(BASE, image), element(BASE + 9, image)])]), /two values for the byte at 0x08002009/);
  const flipped = dfuse([good]);
  flipped[400] ^= 1;
  fails('a.dfu', flipped, /damaged.*checksum/);
});

// ---- all of them

const short = program(100, BASE);
const samples = {
  elf: elf([{ address: BASE, data: short.subarray(0, 60) }, { address: BASE + 60, data: short.subarray(60) }], {
    sections: [{ offset: HEADERS + 40, length: 60 }],
  }),
  uf2: join_(uf2(image.subarray(0, 300), BASE)),
  dfu: dfuse([target([element(BASE, short.subarray(0, 50)), element(BASE + 50, short.subarray(50))])]),
};

for (const [kind, file] of Object.entries(samples))
  test(`a .${kind} file that is cut short at any byte is refused`, () => {
    readFirmware(`a.${kind}`, file); // it is sound as a whole
    const last = kind === 'elf' ? HEADERS + 40 + 60 : file.length; // the rest is not for the flash
    for (let length = 0; length < last; length++) assert.throws(() => readFirmware(`a.${kind}`, file.subarray(0, length)), BadFile, `${length} bytes`);
  });

for (const [kind, file] of Object.entries(samples))
  test(`no damaged .${kind} file makes anything but firmware or a reason`, () => {
    let seed = 7;
    const random = (n) => ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 8) % n;
    let refused = 0;
    for (let i = 0; i < 5000; i++) {
      const bytes = file.slice(0, random(4) ? file.length : random(file.length) + 1);
      // behind the magic number, mostly in the headers
      for (let flips = random(4); flips >= 0; flips--) bytes[Math.min(bytes.length - 1, 4 + random(random(2) ? 120 : bytes.length))] = random(3) ? random(256) : 255;
      if (kind === 'dfu' && bytes.length > 16 && random(2)) new DataView(bytes.buffer).setUint32(bytes.length - 4, dfuCrc(bytes.subarray(0, -4)), true);
      try {
        const found = readFirmware(`a.${kind}`, bytes);
        assert.ok(found.image.length > 0);
        check(found, IDS, standard, STM32F103);
      } catch (error) {
        assert.ok(error instanceof BadFile, `file ${i}: ${error.stack}`);
        refused++;
      }
    }
    assert.ok(refused > 1000 && refused < 5000, `${refused} of 5000 were refused`);
  });
