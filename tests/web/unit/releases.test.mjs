// firmware.json: what a maker offers beside the page. The files come from a server, the board is the real bootloader.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { mixed, contrast } from '../../../web/src/colour.js';
import { Flasher } from '../../../web/src/flasher.js';
import { BadManifest, fileFor, readManifest } from '../../../web/src/manifest.js';
import { Releases } from '../../../web/src/releases.js';
import { Desk } from '../desk.mjs';
import { KIB, program } from '../programs.mjs';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const image = (version, base = 0x08002000) => {
  const bytes = program(2 * KIB, base);
  bytes[1000] = version;
  return bytes;
};
const FILES = { 'two.bin': image(2), 'two-4k.bin': image(2, 0x08001000), 'two-high.bin': image(2, 0x08000000), 'one.bin': image(1) };
const entry = (file, more = {}) => ({ file, sha256: sha256(FILES[file]), ...more });
const GOOD = {
  product: 'Blinker',
  versions: [
    {
      version: '2.0',
      notes: 'Blinks evenly.',
      files: [entry('two.bin', { variant: 'standard' }), entry('two-4k.bin', { variant: '4K' }), entry('two-high.bin', { variant: 'high' })],
    },
    { version: '1.0', files: [entry('one.bin', { variant: 'standard', chip: 'STM32F103' })] },
  ],
};
const changed = (change) => {
  const copy = structuredClone(GOOD);
  change(copy);
  return JSON.stringify(copy);
};

let server;
let address;
before(async () => {
  server = createServer(({ url }, response) => {
    const body = FILES[url.slice(1)];
    response.writeHead(body ? 200 : 404).end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${server.address().port}/firmware.json`;
});
after(() => {
  server.close();
  server.closeAllConnections();
});

/** In real time, as files come from a server. */
const desks = [];
async function desk(options) {
  desks.push(await Desk.make({ time: 'real', ...options }));
  return desks.at(-1);
}
afterEach(() => desks.splice(0).forEach((one) => one.stop()));

/** A flasher with a board in its bootloader, and what is offered for it. */
async function bench(options, manifest = JSON.stringify(GOOD)) {
  const one = await desk({ flashKiB: 32, ...options });
  const flasher = new Flasher(one.usb);
  await flasher.begin();
  return { one, flasher, releases: new Releases(readManifest(manifest), address) };
}
const [newest, oldest] = GOOD.versions.map((_, i) => (releases) => releases.manifest.versions[i]);

for (const [what, change, says] of [
  ['a product', (all) => delete all.product, 'product is missing: a text.'],
  ['versions', (all) => (all.versions = []), 'versions is wrong: it must be a list, the newest first.'],
  ['a number of a version', (all) => (all.versions[1].version = 1), 'versions[1].version is wrong: it must be a text.'],
  ['files of a version', (all) => delete all.versions[0].files, 'versions[0].files is missing: a list.'],
  ['a hash', (all) => (all.versions[0].files[2].sha256 = 'abc'), 'versions[0].files[2].sha256 is wrong: it must be 64 hexadecimal digits.'],
  ['a variant that there is', (all) => (all.versions[0].files[0].variant = '8K'), 'versions[0].files[0].variant is wrong: it must be standard, 4K, high.'],
  ['a logo that has an address', (all) => (all.logo = 'http://'), 'logo is wrong: it must be an address, relative to firmware.json.'],
  ['a file that has an address', (all) => (all.versions[0].files[0].file = 'http://'), 'versions[0].files[0].file is wrong: it must be an address, relative to firmware.json.'],
  ['a colour', (all) => (all.color = 'red'), 'color is wrong: it must be a colour like #b3261e.'],
  ['ids in order', (all) => (all.ids = ['0x1209']), 'ids is wrong: it must be a list of USB ids like 1209:db42.'],
  ['an address that is no script', (all) => (all.homepage = 'javascript:alert(1)'), 'homepage is wrong: it must be an address that begins with https://.'],
  ['objects for files', (all) => (all.versions[0].files = ['two.bin']), 'versions[0].files[0] is no object in braces.'],
])
  test(`firmware.json must have ${what}`, () => {
    assert.throws(() => readManifest(changed(change)), (error) => error instanceof BadManifest && error.message === says);
  });

test('the example in the manual is one', () => {
  const manual = readFileSync(fileURLToPath(new URL('../../../docs/fleet.md', import.meta.url)), 'utf8');
  const [example] = /^ {4}\{\n[^]*?^ {4}\}$/m.exec(manual);
  const manifest = readManifest(example.replaceAll('…', '0'.repeat(64)));
  assert.deepEqual(manifest.versions[0].files.map(({ variant }) => variant), ['standard', 'high']);
});

test('firmware.json that is no JSON is told with its place', () => {
  assert.throws(() => readManifest('{"product": }'), (error) => error instanceof BadManifest && /^firmware\.json is no JSON: .+\. Correct it there, or write it with tools\/firmware-json\.$/.test(error.message));
  assert.throws(() => readManifest('[]'), /firmware.json is no object in braces/);
});

test('a web page in place of firmware.json is told as that, with what to do', () => {
  for (const text of ['<!doctype html><title>Not found</title>', '\n<html>'])
    assert.throws(() => readManifest(text), {
      message: 'firmware.json is a web page: the server has no such file there. Correct the address, or put the file there.',
    });
});

test('ids may be written with capitals', () => {
  const { ids } = readManifest(changed((all) => (all.ids = ['1209:DB42', '0483:df11'])));
  assert.deepEqual(ids, [{ vendorId: 0x1209, productId: 0xdb42 }, { vendorId: 0x0483, productId: 0xdf11 }]);
});

test('what firmware.json has besides is no error', () => {
  assert.equal(readManifest(changed((all) => (all.comment = 'mine'))).product, 'Blinker');
});

test('each variant gets its file, and one without a name fits all', () => {
  const [release] = readManifest(JSON.stringify(GOOD)).versions;
  const board = (variant, chip = 'STM32F103') => ({ variant: { name: variant }, chip: { name: chip } });
  assert.equal(fileFor(release, board('standard')).file, 'two.bin');
  assert.equal(fileFor(release, board('4K')).file, 'two-4k.bin');
  assert.equal(fileFor(release, board('high')).file, 'two-high.bin');
  assert.equal(fileFor(release, board('custom')), undefined);
  assert.equal(fileFor(release, board('low')), undefined, 'standard or 4K: it cannot be told');
  assert.equal(fileFor({ files: [release.files[0]] }, board('low')).file, 'two.bin', 'there is only one that may fit');
  assert.equal(fileFor({ files: [{ file: 'all.hex' }, ...release.files] }, board('high')).file, 'two-high.bin');
  assert.equal(fileFor({ files: [{ file: 'all.hex' }, ...release.files] }, board('custom')).file, 'all.hex');
  assert.equal(fileFor({ files: [{ file: 'l1.hex', chip: 'STM32L1' }] }, board('standard')), undefined);
});

test('the newest version for the board is taken and flashed', async () => {
  const { one, flasher, releases } = await bench();
  await flasher.take(releases.fileFor(newest(releases), flasher.board));
  assert.equal(flasher.firmware.name, 'two.bin');
  assert.ok(flasher.canFlash);
  await flasher.flash();
  assert.ok(one.holds(FILES['two.bin']));
});

test('of a high variant it is the file for high variants', async () => {
  const { flasher, releases } = await bench({ target: 'BLUEPILL_HIGH', flashKiB: 128 });
  await flasher.take(releases.fileFor(newest(releases), flasher.board));
  assert.equal(flasher.firmware.name, 'two-high.bin');
  assert.ok(flasher.canFlash);
});

test('the version that is on the board is known by what it holds', async () => {
  const { flasher, releases } = await bench({ application: FILES['one.bin'], pressed: true });
  assert.equal(await releases.on(flasher.board), oldest(releases));
  const blank = await bench();
  assert.equal(await blank.releases.on(blank.flasher.board), undefined);
});

test('the version on a board of the high variant is known though its vectors are hidden', async () => {
  const { flasher, releases } = await bench({ target: 'BLUEPILL_HIGH', flashKiB: 128 });
  flasher.start = false;
  await flasher.take(releases.fileFor(newest(releases), flasher.board));
  await flasher.flash();
  await flasher.read();
  assert.equal(await releases.on(flasher.board), newest(releases));
});

test('a file with another hash is not flashed', async () => {
  const { flasher, releases } = await bench({}, changed((all) => (all.versions[0].files[0].sha256 = '0'.repeat(64))));
  await flasher.take(releases.fileFor(newest(releases), flasher.board));
  assert.match(flasher.fileTrouble.text, /two\.bin is not the file that firmware\.json names: its SHA-256 is [0-9a-f]{64}\./);
  assert.match(flasher.fileTrouble.remedy, /tell the maker/);
  assert.ok(!flasher.canFlash);
});

test('a file that is not there is told, and fetched again when it is asked for again', async () => {
  const { flasher, releases } = await bench({}, changed((all) => (all.versions[0].files[0].file = 'later.bin')));
  await flasher.take(releases.fileFor(newest(releases), flasher.board));
  assert.match(flasher.fileTrouble.text, /later\.bin cannot be loaded: 404/);
  FILES['later.bin'] = FILES['two.bin'];
  await flasher.take(releases.fileFor(newest(releases), flasher.board));
  delete FILES['later.bin'];
  assert.ok(flasher.canFlash);
});

test('a version without a file for the board leaves no other one to be flashed', async () => {
  const { flasher, releases } = await bench({ target: 'BLUEPILL_4K' });
  await flasher.take(releases.fileFor(newest(releases), flasher.board));
  assert.ok(flasher.canFlash);
  await flasher.take(releases.fileFor(oldest(releases), flasher.board));
  assert.match(flasher.fileTrouble.text, /It has no file for this board: STM32F103, 4K/);
  assert.ok(!flasher.canFlash);
});

test('a board with another serial number or other ids is left alone', async () => {
  const one = await desk();
  const [device] = await one.usb.getDevices();
  for (const filters of [[{ vendorId: 0x1234, productId: 0x5678 }], [{ serialNumber: 'another' }]]) {
    const flasher = new Flasher(one.usb);
    flasher.filters = filters;
    await flasher.begin();
    assert.equal(flasher.board, null);
    await flasher.choose(); // its chooser offers nothing
    assert.equal(flasher.message.title, 'No board was chosen');
  }
  const flasher = new Flasher(one.usb);
  flasher.filters = [{ vendorId: 0x1209, productId: 0xdb42, serialNumber: device.serialNumber }];
  await flasher.begin();
  assert.equal(flasher.board.serial, device.serialNumber);
});

test('a colour of a maker is as it is where it can be read, and changed as little as that takes', () => {
  const white = ['#ffffff', '#f4f5f7'];
  assert.equal(mixed('#0b57b8', white), '#0b57b8');
  for (const [colour, backs] of [['#ffd400', white], ['#000080', ['#1e2328', '#14171b']], ['#808080', ['#ffffff']]]) {
    const parse = (text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
    for (const back of backs) assert.ok(contrast(parse(mixed(colour, backs)), parse(back)) >= 4.5, colour);
  }
});

test('a name with a % that stands for itself is a name', () => {
  const releases = new Releases({ versions: [] }, 'https://example.com/firmware.json');
  const board = { chip: { name: 'STM32F103' }, variant: { name: 'standard' } };
  for (const name of ['50%.bin', 'ü.bin']) assert.equal(releases.fileFor({ version: '1', files: [{ file: name, sha256: '' }] }, board).name, name);
});
