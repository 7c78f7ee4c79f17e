// tools/firmware-json writes what the page reads.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, linkSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fileFor, readManifest } from '../../../web/src/manifest.js';
import { KIB, program } from '../programs.mjs';

const tool = fileURLToPath(new URL('../../../tools/firmware-json', import.meta.url));
let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firmware json '));
  mkdirSync(join(folder, 'www'));
  writeFileSync(join(folder, 'standard.bin'), program(KIB, 0x08002000));
  writeFileSync(join(folder, 'high.bin'), program(KIB, 0x08000000));
  writeFileSync(join(folder, 'all.hex'), ':00000001FF\n');
  writeFileSync(join(folder, 'logo.svg'), '<svg/>');
});
afterEach(() => rmSync(folder, { recursive: true }));

const make = (...options) => execFileSync(tool, options, { cwd: folder, encoding: 'utf8' });
const refused = (...options) => {
  const { status, stderr } = spawnSync(tool, options, { cwd: folder, encoding: 'utf8' });
  assert.notEqual(status, 0);
  return `${status} ${stderr}`;
};
const written = () => JSON.parse(readFileSync(join(folder, 'www/firmware.json'), 'utf8'));
const FIRST = ['--version', '1.0', '--product', 'Blinker', '--date', '2026-11-28'];

test('a firmware.json is made that the page takes, with its files beside it', () => {
  make(...FIRST, '--vendor', 'Example', '--homepage', 'https://example.com', '--logo', 'logo.svg', '--color', '#b3261e', '--usb', '1234:ABCD', '--notes', 'Blinks “evenly”.',
    'standard:standard.bin', 'high:STM32F103:high.bin', 'all.hex', 'www/firmware.json');
  const manifest = readManifest(readFileSync(join(folder, 'www/firmware.json'), 'utf8'));
  assert.deepEqual(manifest.ids, [{ vendorId: 0x1234, productId: 0xabcd }]);
  assert.equal(manifest.versions[0].notes, 'Blinks “evenly”.');
  const board = (variant) => ({ variant: { name: variant }, chip: { name: 'STM32F103' } });
  assert.deepEqual(['standard', 'high', '4K'].map((variant) => fileFor(manifest.versions[0], board(variant)).file), ['standard.bin', 'high.bin', 'all.hex']);
  assert.deepEqual(readdirSync(join(folder, 'www')).sort(), ['all.hex', 'firmware.json', 'high.bin', 'logo.svg', 'standard.bin']);
});

test('the next version goes to the head, and what was there stays', () => {
  make(...FIRST, 'standard:standard.bin', 'www/firmware.json');
  writeFileSync(join(folder, 'www/firmware.json'), JSON.stringify({ ...written(), comment: 'mine' }));
  copyFileSync(join(folder, 'standard.bin'), join(folder, 'newer.bin'));
  make('--version', '1.1', 'newer.bin', 'www/firmware.json');
  assert.deepEqual(written().versions.map(({ version }) => version), ['1.1', '1.0']);
  assert.equal(written().comment, 'mine');
});

test('a version is replaced on request only', () => {
  make(...FIRST, 'standard:standard.bin', 'www/firmware.json');
  assert.match(refused(...FIRST, 'all.hex', 'www/firmware.json'), /^1 .*has version 1\.0 already; --replace replaces it/);
  make(...FIRST, '--replace', 'all.hex', 'www/firmware.json');
  assert.deepEqual(written().versions.map(({ files }) => files.map(({ file }) => file)), [['all.hex']]);
});

for (const [what, says, ...options] of [
  ['no version', /^2 .*--version is missing/, 'standard.bin', 'www/firmware.json'],
  ['no files', /^2 .*say which files/, '--version', '1', 'www/firmware.json'],
  ['an option that there is not', /^2 /, '--versoin', '1', 'standard.bin', 'www/firmware.json'],
  ['no product at first', /^1 .*--product is missing/, '--version', '1', 'standard.bin', 'www/firmware.json'],
  ['a folder that is not there', /^1 .*there is no folder elsewhere/, ...FIRST, 'standard.bin', 'elsewhere/firmware.json'],
  ['a file that is not there', /^1 .*cannot read none\.bin: No such file/, ...FIRST, 'none.bin', 'www/firmware.json'],
  ['a file of another kind', /^1 .*logo\.svg is no \.bin, /, ...FIRST, 'logo.svg', 'www/firmware.json'],
  ['a program for another variant', /^1 .*high\.bin is not linked at 0x08002000, where the standard variant/, ...FIRST, 'standard:high.bin', 'www/firmware.json'],
  ['a date that is none', /^1 .*--date is year, month and day/, ...FIRST, '--date', 'today', 'standard.bin', 'www/firmware.json'],
  ['an id that is none', /^1 .*--usb is four/, ...FIRST, '--usb', '1209', 'standard.bin', 'www/firmware.json'],
])
  test(`${what}: refused with a reason, and nothing is written`, () => {
    assert.match(refused(...options), says);
    assert.deepEqual(readdirSync(join(folder, 'www')), []);
  });

test('a file that another version offers is not replaced by one of the same name', () => {
  make(...FIRST, 'standard.bin', 'www/firmware.json');
  writeFileSync(join(folder, 'standard.bin'), program(2 * KIB, 0x08002000));
  assert.match(refused('--version', '1.1', 'standard.bin', 'www/firmware.json'), /is there already, with another content/);
  assert.equal(written().versions.length, 1);
});

test('a version that is replaced may bring a new file of the same name', () => {
  make(...FIRST, 'standard.bin', 'www/firmware.json');
  const [{ files: [before] }] = written().versions;
  writeFileSync(join(folder, 'standard.bin'), program(2 * KIB, 0x08002000));
  make('--version', '1.0', '--replace', 'standard.bin', 'www/firmware.json');
  assert.notEqual(written().versions[0].files[0].sha256, before.sha256);
  assert.deepEqual(readFileSync(join(folder, 'www/standard.bin')), readFileSync(join(folder, 'standard.bin')));
});

test('a version that is replaced keeps its place: an older one does not become the newest', () => {
  make(...FIRST, 'standard.bin', 'www/firmware.json');
  make('--version', '1.1', 'all.hex', 'www/firmware.json');
  make('--version', '1.0', '--replace', 'standard.bin', 'www/firmware.json');
  assert.deepEqual(written().versions.map(({ version }) => version), ['1.1', '1.0']);
});

test('two files of one name out of two folders are refused: one would replace the other', () => {
  mkdirSync(join(folder, 'high'));
  copyFileSync(join(folder, 'high.bin'), join(folder, 'high/standard.bin'));
  assert.match(refused(...FIRST, 'standard:standard.bin', 'high:high/standard.bin', 'www/firmware.json'), /^1 .*standard\.bin and high\/standard\.bin have the same name/);
  assert.deepEqual(readdirSync(join(folder, 'www')), []);
});

test('a name that an address cannot have is refused', () => {
  for (const name of ['50%.bin', 'blinker#2.bin', 'what?.bin', 'a:b.bin', 'a\\b.bin']) {
    copyFileSync(join(folder, 'standard.bin'), join(folder, name));
    assert.match(refused(...FIRST, name, 'www/firmware.json'), /^1 .*rename it/);
  }
  assert.deepEqual(readdirSync(join(folder, 'www')), []);
});

test('a logo does not replace a file of the page, except the logo before it', () => {
  writeFileSync(join(folder, 'www/icon.svg'), '<svg id="of-the-page"/>');
  copyFileSync(join(folder, 'logo.svg'), join(folder, 'icon.svg'));
  assert.match(refused(...FIRST, '--logo', 'icon.svg', 'standard.bin', 'www/firmware.json'), /^1 .*icon\.svg is there already/);
  make(...FIRST, '--logo', 'logo.svg', 'standard.bin', 'www/firmware.json');
  writeFileSync(join(folder, 'logo.svg'), '<svg id="newer"/>');
  make('--version', '1.1', '--logo', 'logo.svg', 'standard.bin', 'www/firmware.json');
  assert.equal(readFileSync(join(folder, 'www/logo.svg'), 'utf8'), '<svg id="newer"/>');
});

test('a firmware.json with something else in its list is told with the place, and stays as it is', () => {
  for (const [versions, place] of [
    [[1], 'versions\\[0\\] is no object with a version'],
    [[{ version: 1, files: [] }], 'versions\\[0\\] is no object with a version'],
    [[{ version: '0.9', files: null }], 'versions\\[0\\]\\.files is no list'],
    [[{ version: '0.9', files: [] }, { version: '0.8', files: ['a.bin'] }], 'versions\\[1\\]\\.files is no list'],
  ]) {
    const text = JSON.stringify({ product: 'Blinker', versions });
    writeFileSync(join(folder, 'www/firmware.json'), text);
    assert.match(refused(...FIRST, 'standard.bin', 'www/firmware.json'), new RegExp(`^1 firmware-json: www/firmware\\.json: ${place}.*; correct it there`));
    assert.equal(readFileSync(join(folder, 'www/firmware.json'), 'utf8'), text);
  }
});

test('a server that reads a file while it is replaced has all of the old one or all of the new one', () => {
  make(...FIRST, '--logo', 'logo.svg', 'standard.bin', 'www/firmware.json');
  const before = {};
  for (const name of ['standard.bin', 'logo.svg', 'firmware.json']) {
    before[name] = readFileSync(join(folder, 'www', name));
    linkSync(join(folder, 'www', name), join(folder, `open-${name}`)); // as who has it open
  }
  writeFileSync(join(folder, 'standard.bin'), program(2 * KIB, 0x08002000));
  writeFileSync(join(folder, 'logo.svg'), '<svg id="newer"/>');
  make('--version', '1.0', '--replace', '--logo', 'logo.svg', 'standard.bin', 'www/firmware.json');
  for (const [name, content] of Object.entries(before)) {
    assert.deepEqual(readFileSync(join(folder, `open-${name}`)), content, name);
    assert.notDeepEqual(readFileSync(join(folder, 'www', name)), content, name);
  }
  assert.deepEqual(readdirSync(join(folder, 'www')).sort(), ['firmware.json', 'logo.svg', 'standard.bin']);
});

test('two files for one board are refused, as the page takes one', () => {
  for (const [files, says] of [
    [['standard:standard.bin', 'standard:all.hex'], /^1 .*standard\.bin and all\.hex are both for standard: write/],
    [['standard.bin', 'all.hex'], /^1 .*standard\.bin and all\.hex are both for all boards/],
    [['STM32L1:standard.bin', 'all.hex'], /^1 .*are both for STM32L1/],
    [['high:STM32F103:high.bin', 'high:all.hex'], /^1 .*are both for high STM32F103/],
  ])
    assert.match(refused(...FIRST, ...files, 'www/firmware.json'), says);
  assert.deepEqual(readdirSync(join(folder, 'www')), []);
  make(...FIRST, 'STM32F103:standard.bin', 'STM32L1:all.hex', 'high:high.bin', 'www/firmware.json');
});

test('a damaged firmware.json stays as it is', () => {
  writeFileSync(join(folder, 'www/firmware.json'), '{');
  assert.match(refused(...FIRST, 'standard.bin', 'www/firmware.json'), /is damaged/);
  assert.equal(readFileSync(join(folder, 'www/firmware.json'), 'utf8'), '{');
});

test('--help says how to use it', () => {
  assert.match(make('--help'), /^Usage: tools\/firmware-json/);
});
