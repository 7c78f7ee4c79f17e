// A production line: boards one after another, with the real bootloader on each.
import assert from 'node:assert/strict';
import { Flasher } from '../../../web/src/flasher.js';
import { BadFile } from '../../../web/src/formats.js';
import { Series, toCsv } from '../../../web/src/series.js';
import { KIB, program } from '../programs.mjs';
import { desk, sleep, test, until } from './desk_test.mjs';

const image = program(3 * KIB, 0x08002000);
const file = (bytes) => ({ name: 'a.bin', arrayBuffer: async () => bytes.slice().buffer });

async function line(options, bytes = image) {
  const one = await desk({ flashKiB: 32, ...options });
  const flasher = new Flasher(one.usb);
  const series = new Series(flasher);
  await flasher.take(file(bytes));
  return { one, flasher, series };
}
const said = (series) => series.results.map(({ good, words }) => [good, words]);

test('each board that is connected is flashed, and the list says so', async () => {
  const { one, flasher, series } = await line({ plugged: false });
  series.turn(true);
  one.plug();
  await flasher.begin();
  await until(() => series.results.length === 1);
  assert.ok(one.holds(image));
  assert.deepEqual(said(series), [[true, 'Done: the board has started the program']]);
  assert.equal(series.results[0].serial, (await one.usb.getDevices())[0]?.serialNumber ?? series.results[0].serial);
  assert.match(series.results[0].serial, /^[0-9A-F]{24}$/);
});

test('the board that is connected already is the first', async () => {
  const { one, flasher, series } = await line();
  await flasher.begin();
  assert.equal(series.results.length, 0);
  series.turn(true);
  await until(() => series.results.length === 1);
  assert.ok(one.holds(image));
});

test('a board that comes back is not flashed again, nor told twice', async () => {
  const { one, flasher, series } = await line();
  await flasher.begin();
  series.turn(true);
  await until(() => series.results.length === 1);
  one.toBootloader();
  await until(() => flasher.phase === 'ready');
  assert.deepEqual(said(series), [[true, 'Done: the board has started the program']]);
});

test('a board with the program already is told as good', async () => {
  const { flasher, series } = await line({ application: image, pressed: true });
  series.turn(true);
  await flasher.begin();
  assert.deepEqual(said(series), [[true, 'It has this program already']]);
});

test('a board for which the program is not is told, and keeps what it has', async () => {
  const { one, flasher, series } = await line({}, program(3 * KIB, 0x08000000));
  series.turn(true);
  await flasher.begin();
  assert.deepEqual(said(series), [[false, 'This program is linked at the wrong address']]);
  assert.equal(one.requests.includes(1), false, 'no DNLOAD');
});

test('a board that is pulled out on the way is bad, and good once it was tried again', async () => {
  const { one, flasher, series } = await line();
  one.faults = { leaveAtBlock: 1 };
  series.turn(true);
  await flasher.begin();
  await until(() => series.results.length === 1);
  assert.deepEqual(said(series), [[false, 'The connection to the board is lost']]);
  assert.deepEqual(series.sums, { good: 0, bad: 1 });
  one.faults = {};
  one.plug();
  await until(() => series.results.length === 2);
  assert.deepEqual(series.sums, { good: 1, bad: 0 });
});

test('a board that cannot be read is flashed once, though it comes back with its button held', async () => {
  const { one, flasher, series } = await line({ canUpload: false, pressed: true });
  series.turn(true);
  await flasher.begin();
  await until(() => series.results.length === 1);
  await until(() => flasher.phase === 'ready');
  const downloads = one.requests.filter((request) => request === 1).length;
  await sleep(3000);
  assert.deepEqual([flasher.phase, one.requests.filter((request) => request === 1).length], ['ready', downloads]);
  assert.deepEqual(said(series), [[true, 'Done: the board has started the program']]);
});

test('a board that cannot be written is bad, whatever was said of the board before it', async () => {
  const { one, flasher, series } = await line();
  series.turn(true);
  await flasher.begin();
  await until(() => series.results.length === 1);
  one.says.canDownload = false;
  one.write(program(3 * KIB, 0x08002000, { entry: 0x08002201 }));
  one.toBootloader();
  await until(() => series.results.length === 2);
  assert.deepEqual(said(series)[0], [false, 'This board was built so that it cannot be written.']);
});

const downloads = (one) => one.requests.filter((request, i) => request === 1 && one.requests[i - 1] !== 3).length;

test('boards without a serial number count each for itself', async () => {
  const { one, flasher, series } = await line({ plugged: false });
  one.usb.addEventListener('connect', ({ device }) => (device.serialNumber = ''));
  series.turn(true);
  one.plug();
  await flasher.begin();
  await until(() => series.results.length === 1);
  one.unplug();
  one.write(new Uint8Array(KIB).fill(0xff)); // another board
  one.plug();
  one.board.reset();
  await until(() => series.results.length === 2);
  assert.deepEqual(series.sums, { good: 2, bad: 0 });
});

test('a board that leaves at each write is not tried for ever', async () => {
  const { one, flasher, series } = await line();
  one.faults = { leaveAtBlock: 1 };
  series.turn(true);
  await flasher.begin();
  for (let i = 1; i <= 3; i++) {
    await until(() => series.results.length === i);
    one.plug();
  }
  await until(() => flasher.phase === 'ready');
  const tried = downloads(one);
  await sleep(3000);
  one.unplug();
  await sleep(500);
  one.plug();
  await until(() => flasher.phase === 'ready');
  await sleep(3000);
  assert.equal(downloads(one), tried);
  assert.deepEqual(said(series)[0], [false, 'The connection to the board is lost. It is not tried again by itself.']);
  assert.deepEqual(series.sums, { good: 0, bad: 1 });
  series.turn(true); // ticked anew
  one.faults = {};
  await until(() => series.results.length === 4);
  assert.deepEqual(series.sums, { good: 1, bad: 0 });
});

test('a file that cannot be loaded for a board makes it a bad one', async () => {
  const { flasher, series } = await line();
  await flasher.take({ name: 'late.bin', arrayBuffer: () => Promise.reject(new BadFile('late.bin cannot be loaded: 404.')) });
  series.turn(true);
  await flasher.begin();
  await until(() => series.results.length === 1);
  assert.deepEqual(said(series), [[false, 'late.bin cannot be loaded: 404.']]);
});

test('a board is judged by the file that is taken for it, not by that of the board before it', async () => {
  const { one, flasher, series } = await line({}, program(3 * KIB, 0x08000000));
  let taken = null; // as the page of a maker does, which may be loaded later
  flasher.addEventListener('change', () => {
    if (flasher.phase !== 'ready' || flasher.board === taken) return;
    taken = flasher.board;
    void flasher.take(file(image));
  });
  series.turn(true);
  await flasher.begin();
  await until(() => series.results.length === 1);
  assert.deepEqual(said(series), [[true, 'Done: the board has started the program']]);
  assert.ok(one.holds(image));
});

test('a board that failed and is flashed by hand is good', async () => {
  const { one, flasher, series } = await line();
  one.faults = { verify: true };
  series.turn(true);
  await flasher.begin();
  await until(() => series.results.length === 1);
  assert.deepEqual(series.sums, { good: 0, bad: 1 });
  one.faults = {};
  await flasher.flash();
  assert.deepEqual(said(series)[0], [true, 'Done: the board has started the program']);
  assert.deepEqual(series.sums, { good: 1, bad: 0 });
});

test('without the tick nothing is flashed', async () => {
  const { one, flasher, series } = await line();
  await flasher.begin();
  assert.equal(series.results.length, 0);
  assert.equal(one.requests.includes(1), false, 'no DNLOAD');
});

test('the list is a CSV file that spreadsheets read', () => {
  const time = new Date(Date.UTC(2026, 10, 28, 12));
  assert.equal(
    toCsv([{ serial: '00AB', good: false, words: 'It says “no”, "never"', time }]),
    '"serial number","good","result","time"\r\n"00AB","no","It says “no”, ""never""","2026-11-28T12:00:00.000Z"\r\n',
  );
});
