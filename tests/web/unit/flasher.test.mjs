// The whole client on the real bootloader, which the virtual board runs: what it does, and what it says when something goes
// wrong.
import assert from 'node:assert/strict';
import { Dfu } from '../../../web/src/dfu.js';
import { boardFacts } from '../../../web/src/facts.js';
import { Flasher } from '../../../web/src/flasher.js';
import { parseConfiguration } from '../../../web/src/usb.js';
import { deviceError, duration, pace } from '../../../web/src/words.js';
import { bytes } from '../../npm/package.mjs';
import { KIB, program } from '../programs.mjs';
import { desk, sleep, test, until } from './desk_test.mjs';

/** A program with a DFU run-time interface. */
const runTime = bytes('examples/dfu-runtime/dfu-runtime.bin');

const file = (name, bytes) => ({ name, arrayBuffer: async () => bytes.slice().buffer });

/** A desk with a board, and a flasher that found it. */
async function found(options, faults = {}, hidden) {
  const one = await desk(options);
  one.faults = faults;
  const flasher = new Flasher(one.usb, hidden);
  await flasher.begin();
  return { board: one, usb: one.usb, flasher };
}

/** The same, connected, and a file for it chosen. */
async function rig(options = {}, length = 5001, pointers = {}) {
  const { board, usb, flasher } = await found(options);
  const image = program(length, board.base, pointers);
  await flasher.take(file('a.bin', image));
  return { board, usb, flasher, image };
}

const holds = (board, image) => assert.ok(board.holds(image), 'the image is on the board');

test('a browser without WebUSB is told so', () => assert.equal(new Flasher(undefined).phase, 'unsupported'));

test('a board that was allowed before is connected at once, and looked at', async () => {
  const { usb, flasher } = await rig();
  assert.equal(flasher.phase, 'ready');
  assert.equal(flasher.board.serial, usb.device.serialNumber);
  assert.match(flasher.board.serial, /^[0-9A-F]{24}$/);
  assert.deepEqual(flasher.board.variant, { name: 'standard', base: 0x08002000, area: 120 * KIB });
  assert.equal(flasher.board.interfaceName, 'DAPBoot DFU');
  assert.equal(flasher.board.abilities.transferSize, 1024);
});

test('flashes, reads back, compares, and starts the program', async () => {
  for (const target of ['BLUEPILL', 'BLUEPILL_4K', 'BLUEPILL_HIGH']) {
    const { board, flasher, image } = await rig({ target });
    const phases = new Set();
    flasher.addEventListener('change', () => phases.add(flasher.phase));
    await flasher.flash();
    assert.match(flasher.message.text, /read back and compared again/);
    assert.equal(flasher.message.title, 'Done: the board has started the program');
    assert.equal(flasher.phase, 'away');
    assert.deepEqual([...phases], ['writing', 'verifying', 'leaving', 'away']);
    holds(board, image);
  }
});

test('waits as long as the board says', async () => {
  const { board, flasher, image } = await rig();
  const begun = board.board.now;
  await flasher.flash();
  assert.equal(flasher.message.kind, 'good');
  assert.ok(board.board.now - begun > 60, 'it takes what flash takes');
  holds(board, image);
});

test('a file that comes while the board is looked at is taken after that', async () => {
  const one = await desk({ flashKiB: 32 });
  const flasher = new Flasher(one.usb);
  const isOpening = new Promise((resolve) => flasher.addEventListener('change', () => flasher.phase === 'opening' && resolve()));
  const looking = flasher.begin();
  await isOpening;
  await Promise.all([looking, flasher.take(file('a.bin', program(5001, one.base)))]);
  assert.deepEqual([flasher.phase, flasher.firmware?.name, flasher.canFlash], ['ready', 'a.bin', true]);
});

test('a file that comes while the board is written is not taken, and that is said', async () => {
  const { flasher } = await rig();
  const writing = flasher.flash();
  await flasher.take(file('b.bin', program(1000, 0x08002000)));
  assert.equal(flasher.phase, 'writing');
  assert.deepEqual([flasher.message?.title, flasher.message?.text], ['Not now', 'Choose b.bin again when this is done.']);
  await writing;
  assert.deepEqual([flasher.firmware.name, flasher.message.kind], ['a.bin', 'good']);
});

test('a board that comes before the end of a download to another one was noticed is not disturbed', async () => {
  const { board, flasher } = await rig();
  board.faults.poll = 250;
  const writing = flasher.flash();
  await until(() => board.requests.includes(1) && board.requests.at(-1) === 3);
  board.unplug();
  await sleep(1);
  board.plug();
  await until(() => flasher.phase === 'ready');
  await writing;
  assert.deepEqual([flasher.phase, flasher.message?.title], ['ready', 'The connection to the board is lost']);
  await flasher.flash();
  assert.equal(flasher.message?.kind, 'good');
});

test('stays in the bootloader if told so', async () => {
  const { board, flasher } = await rig();
  flasher.start = false;
  await flasher.flash();
  await sleep(1000);
  assert.deepEqual([flasher.phase, flasher.message.title, board.isGone], ['ready', 'Done', false]);
});

test('without reading back the comparison of the board counts', async () => {
  const { board, flasher } = await rig({ target: 'no-upload' });
  assert.equal(flasher.board.variant.name, 'low');
  await flasher.flash();
  assert.match(flasher.message.text, /The board compared what it wrote\.$/);
  assert.ok(board.isGone);
});

test('a board that restarts too soon to be read back is done all the same', async () => {
  const { board, flasher } = await rig();
  board.faults.restarts = true;
  await flasher.flash();
  assert.match(flasher.message.text, /restarted too soon/);
  assert.equal(flasher.message.kind, 'good');
  assert.equal(flasher.running, true, 'it restarted into its program');
});

test('a board that leaves without an answer is not called done', async () => {
  const { board, flasher } = await rig();
  board.faults.leaveUnasked = true;
  await flasher.flash();
  assert.deepEqual([flasher.message.kind, flasher.message.title], ['note', 'Written, but not confirmed']);
  assert.equal(flasher.running, true, 'most likely it runs its program');
});

test('what is read back and differs is an error', async () => {
  const { board, flasher } = await rig();
  board.faults.badReading = true;
  await flasher.flash();
  assert.equal(flasher.message.title, 'What was read back differs');
  assert.match(flasher.message.text, /0x08002000/);
});

test('errors of the board come in words, and the board can be used again', async () => {
  const { board, flasher } = await rig();
  board.faults.target = true;
  await flasher.flash();
  assert.match(flasher.message.text, /errTARGET/);
  assert.match(flasher.message.remedy, /Nothing was erased/);
  assert.equal(flasher.phase, 'ready');
  board.faults = { verify: true };
  await flasher.flash();
  assert.match(flasher.message.text, /errVERIFY/);
  board.faults = {};
  await flasher.flash();
  assert.equal(flasher.message.kind, 'good');
});

test('what a board says of an error in its own words is shown', async () => {
  const { board, flasher } = await rig();
  board.faults = { vendor: true, says: 'older than the version it has' };
  await flasher.flash();
  assert.match(flasher.message.text, /“older than the version it has”\. \(errVENDOR\)/);
  board.faults = { target: true, says: 'not for this board' };
  await flasher.flash();
  assert.match(flasher.message.text, /“not for this board”\. \(errTARGET\)/);
  assert.equal(flasher.phase, 'ready');
});

test('every error that DFU has is known', () => {
  for (let status = 1; status <= 15; status++) assert.match(deviceError(status).name, /^err[A-Z_]+$/);
  assert.equal(deviceError(99).name, 'error 99');
});

test('nothing is sent of a file that is wrong', async () => {
  const { board, flasher } = await rig();
  await flasher.take(file('b.bin', program(5000, 0x08000000)));
  const before = board.requests.length;
  assert.equal(flasher.canFlash, false);
  await flasher.flash();
  assert.equal(board.requests.length, before);
  await flasher.take(file('c.dfu', program(5000, 0x08002000)));
  assert.match(flasher.fileTrouble.text, /no DFU suffix/);
  assert.equal(flasher.canFlash, false);
});

test('a file chosen before the board is checked once it is there', async () => {
  const { board, flasher } = await found({ plugged: false });
  await flasher.take(file('b.bin', program(5000, 0x08000000)));
  assert.equal(flasher.findings.length, 0);
  board.plug();
  await until(() => flasher.phase === 'ready');
  assert.equal(flasher.findings[0].kind, 'error');
});

test('is told when the board holds the file already', async () => {
  const { board, flasher, image } = await rig();
  assert.equal(flasher.isOnBoard, false);
  board.write(image);
  await flasher.read();
  assert.equal(flasher.isOnBoard, true);
});

test('reads the program without the blank flash behind it', async () => {
  const { board, flasher } = await rig();
  const image = program(3000, board.base);
  board.write(image);
  assert.deepEqual(await flasher.read(), image);
  board.write(new Uint8Array(120 * KIB).fill(255));
  assert.equal((await flasher.read()).length, 0);
  assert.match(flasher.message.title, /nothing to read/);
});

test('flashes an STM32L1, and knows its blank flash, which reads 0', async () => {
  for (const target of ['STM32L1', 'STM32L1_4K']) {
    const { board, flasher, image } = await rig({ target }, 5001, { stack: 0x20002000 });
    flasher.start = false;
    assert.equal(flasher.board.abilities.transferSize, 256);
    assert.equal(Object.fromEntries(boardFacts(flasher.board)).Holds, 'no program');
    assert.equal((await flasher.read()).length, 0);
    await flasher.flash();
    assert.match(flasher.message.text, /read back and compared again/);
    holds(board, image);
    const back = await flasher.read();
    assert.deepEqual(back.subarray(0, image.length), image);
    assert.equal(back.length, Math.ceil(image.length / 4) * 4);
    await flasher.begin();
    await flasher.choose();
    assert.match(Object.fromEntries(boardFacts(flasher.board)).Holds, /a program; 5.004 bytes are not blank/);
    assert.equal(flasher.isOnBoard, true);
  }
});

test('a program for 20 KiB of RAM that an STM32L1 refuses is asked about its chip', async () => {
  const { board, flasher } = await rig({ target: 'STM32L1' });
  board.faults.target = true;
  await flasher.flash();
  assert.match(flasher.message.text, /stack begins at 0x20005000/);
});

test('leaves DFU mode', async () => {
  const { board, flasher } = await found({ application: bytes('examples/blink/blink.bin'), pressed: true });
  board.board.press(false);
  await flasher.leave();
  assert.deepEqual([board.isGone, flasher.phase, flasher.message.kind], [true, 'away', 'note']);
  await sleep(3000);
  assert.ok(board.board.ledChanges > 2, 'its program runs');
});

test('unplugging at any request is survived, and the board used again', async () => {
  const small = { flashKiB: 16 };
  const { board: counted, flasher: first } = await rig(small, 2500);
  const start = counted.requests.length;
  await first.flash();
  const end = counted.requests.length;
  for (let at = start + 1; at <= end; at++) {
    const { board, flasher, image } = await rig(small, 2500);
    board.faults.leaveAt = at;
    await flasher.flash();
    await sleep(20); // the browser tells that it was unplugged
    assert.deepEqual([flasher.phase, flasher.board, flasher.busy], ['away', null, false], `at request ${at}`);
    assert.ok(flasher.message, `at request ${at}`);
    board.toBootloader(); // it may have had the whole program
    board.plug();
    await until(() => flasher.phase === 'ready');
    board.board.press(false);
    await flasher.flash();
    assert.equal(flasher.message.title, 'Done: the board has started the program', `after request ${at}`);
    holds(board, image);
  }
});

test('a transfer that fails ends the connection, whether the browser tells of an unplugged board later or never', async () => {
  for (const later of [true, false]) {
    const { board, flasher, image } = await rig();
    board.faults.breakAt = board.requests.length + 5;
    await flasher.flash();
    assert.equal(flasher.message.title, 'The connection to the board is lost');
    assert.deepEqual([flasher.phase, flasher.board], ['away', null]);
    if (later) {
      board.unplug();
      await sleep(50);
    }
    board.faults = {};
    if (later) board.plug();
    else await flasher.choose();
    await until(() => flasher.phase === 'ready');
    await flasher.flash();
    holds(board, image);
  }
});

test('unplugging while the board is opened or read is survived', async () => {
  for (const at of [1, 2, 60]) {
    const { flasher } = await found({}, { leaveAt: at });
    assert.deepEqual([flasher.phase, flasher.message.kind], ['away', 'bad'], `at request ${at}`);
  }
});

test('says how far it came when the board was unplugged', async () => {
  const { board, flasher } = await rig();
  board.faults.leaveAtBlock = 2;
  await flasher.flash();
  assert.match(flasher.message.text, /2\u202f048 of 5\u202f001 bytes were sent/);
  assert.match(flasher.message.remedy, /Nothing is broken/);
});

test('a board that comes back after all went well is in its bootloader for a reason', async () => {
  const { board, flasher } = await rig();
  await flasher.flash();
  board.toBootloader();
  await until(() => flasher.phase === 'ready');
  assert.match(flasher.message.text, /in its bootloader again/);
});

test('what was said of a board is not said of another one that comes after it', async () => {
  const { board, flasher } = await rig();
  await flasher.flash();
  const { dispatchEvent } = board.usb;
  board.usb.dispatchEvent = (event) => {
    if (event.type === 'connect') Object.defineProperty(event.device, 'serialNumber', { value: 'another' });
    return dispatchEvent.call(board.usb, event);
  };
  board.toBootloader();
  await until(() => flasher.phase === 'ready');
  assert.deepEqual([flasher.board.serial, flasher.message], ['another', null]);
});

test('a board left in an error or in the middle of something by another client is taken', async () => {
  for (const state of [10, 5, 9, 4, 3]) {
    const board = await desk();
    board.leaveIn(state);
    const flasher = new Flasher(board.usb);
    await flasher.begin();
    assert.equal(flasher.phase, 'ready', `state ${state}`);
  }
});

test('says why a board cannot be opened', async () => {
  const cases = [
    [{}, { open: 'SecurityError' }, /may not be opened/],
    [{}, { claim: 'NetworkError' }, /in use/],
    [{ dfuVersion: 0x011a }, {}, /no dapboot/],
  ];
  for (const [options, faults, title] of cases) {
    const { flasher } = await found(options, faults);
    assert.equal(flasher.phase, 'away');
    assert.match(flasher.message.title, title);
  }
});

test('a chooser that is closed is no error', async () => {
  const { flasher } = await found({ plugged: false });
  await flasher.choose();
  assert.match(flasher.message.title, /No board was chosen/);
});

test('a board that cannot be written says so', async () => {
  const { flasher } = await rig({ target: 'no-download' });
  assert.equal(flasher.canFlash, false);
});

test('of several alternate settings the one with a name is found; damaged descriptors are not', () => {
  const place = { configuration: 1, interface: 0, alternate: 1 };
  const bytes = [9, 2, 36, 0, 1, 1, 0, 0x80, 50, 9, 4, 0, 0, 0, 0xfe, 1, 2, 0, 9, 4, 0, 1, 0, 0xfe, 1, 2, 4, 9, 0x21, 11, 255, 0, 0, 8, 0x10, 1];
  const { abilities, nameIndex } = parseConfiguration(Uint8Array.from(bytes), place);
  assert.deepEqual([nameIndex, abilities.transferSize, abilities.willDetach, abilities.manifestationTolerant], [4, 2048, true, false]);
  assert.equal(parseConfiguration(Uint8Array.from([9, 2, 0, 0, 1, 1, 0, 0, 0, 0, 0]), place), null);
  assert.equal(parseConfiguration(Uint8Array.from(bytes.slice(0, -3)), place), null);
});

test('speed and time left', () => {
  assert.deepEqual(pace(0, 100, 1), { speed: '', left: '' });
  assert.deepEqual(pace(10240, 30720, 2), { speed: '5.0 KiB/s', left: '4.0 seconds left' });
  assert.equal(pace(100, 100, 1).left, '');
  assert.deepEqual([0.5, 12.3, 150].map(duration), ['less than a second', '12 seconds', '3 minutes']);
});

test('a GETSTATUS that is stalled is asked again, and ends in words', async () => {
  for (const [faults, words] of [
    [{ stallStatus: 1 }, /errSTALLEDPKT/],
    [{ stallStatus: 2, quiet: true }, /did not take a request/],
  ]) {
    const { board, flasher, image } = await rig();
    const { download } = board;
    board.download = function (...block) {
      Object.assign(this.faults, faults); // from the first block on
      board.download = download;
      return download.apply(this, block);
    };
    await flasher.flash();
    assert.match(flasher.message.text, words);
    assert.equal(flasher.phase, 'ready');
    await flasher.flash();
    assert.equal(flasher.message.kind, 'good');
    holds(board, image);
  }
});

test('one stalled GETSTATUS of a board that goes on is no trouble', async () => {
  const { board, flasher, image } = await rig();
  board.faults = { stallStatus: 1, quiet: true };
  await flasher.flash();
  assert.equal(flasher.message.kind, 'good');
  holds(board, image);
});

test('a board that says when asked too early that it is still busy is asked again', async () => {
  const { board, flasher, image } = await rig();
  board.faults = { early: 3 };
  await flasher.flash();
  assert.equal(flasher.message.kind, 'good');
  holds(board, image);
});

test('an error that comes when all was sent does not promise that the old program is there', async () => {
  for (const faults of [{ lateTarget: true }, { stallEmpty: 1 }]) {
    const { board, flasher } = await rig();
    board.faults = faults;
    await flasher.flash();
    assert.match(flasher.message.text, /errTARGET/);
    assert.match(flasher.message.remedy, /waits in its bootloader/);
    assert.deepEqual([flasher.phase, flasher.refused, flasher.board.contents], ['ready', true, null]);
  }
});

test('errors of flash that come with the empty block are told', async () => {
  for (const [status, name] of [[3, /errWRITE/], [6, /errPROG/], [7, /errVERIFY/]]) {
    const { board, flasher } = await rig();
    board.faults = { stallEmpty: status };
    await flasher.flash();
    assert.match(flasher.message.text, name);
    assert.equal(flasher.refused, false);
  }
});

test('a refusal before anything was erased leaves what is known of the board', async () => {
  const { board, flasher } = await rig();
  board.faults.target = true;
  await flasher.flash();
  assert.equal(flasher.refused, true);
  assert.equal(flasher.board.contents.length, 120 * KIB);
  await flasher.take(file('b.bin', program(4000, board.base)));
  assert.equal(flasher.refused, false, 'that was another file');
});

test('a refused program whose stack begins above 20 KiB is asked about its chip', async () => {
  const { board, flasher } = await rig();
  await flasher.take(file('b.bin', program(4000, board.base, { stack: 0x20010000 })));
  board.faults.target = true;
  await flasher.flash();
  assert.match(flasher.message.text, /stack begins at 0x20010000/);
});

test('what was written and compared is known to be on the board', async () => {
  const { flasher } = await rig();
  flasher.start = false;
  await flasher.flash();
  assert.equal(flasher.isOnBoard, true);
  assert.equal(flasher.board.written, flasher.firmware);
});

test('a board that could not be kept when it should have been is told', async () => {
  const { board, flasher } = await rig();
  flasher.start = false;
  board.faults.restarts = true;
  await flasher.flash();
  assert.match(flasher.message.text, /too soon to be kept in its bootloader/);
});

test('a wTransferSize that cannot be is refused; a large one is not used in full', async () => {
  for (const transferSize of [0, 1, 7]) {
    const { flasher } = await found({ transferSize });
    assert.deepEqual([flasher.phase, flasher.message.kind], ['away', 'bad']);
    assert.match(flasher.message.text, new RegExp(`blocks of ${transferSize} bytes`));
  }
  for (const transferSize of [8, 64, 4096, 65535]) {
    const { board, flasher, image } = await rig({ transferSize, flashKiB: 16 });
    await flasher.flash();
    assert.equal(flasher.message.kind, 'good', `blocks of ${transferSize}`);
    holds(board, image);
  }
  assert.equal(new Dfu(/** @type {any} */ ({}), 65535).transferSize, 4096);
});

test('an upload without an end is ended', async () => {
  const { board, flasher } = await found({}, { endless: true });
  assert.equal(flasher.phase, 'away');
  assert.match(flasher.message.text, /more than any STM32F103 or STM32L1/);
  assert.ok(board.requests.length < 1100, `${board.requests.length} requests`);
});

test('a file that cannot be read is told, and one that is too large not read at all', async () => {
  const { flasher } = await rig();
  await flasher.take({ name: 'a.bin', arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotReadableError')) });
  assert.match(flasher.fileTrouble.text, /cannot be read/);
  await flasher.take({ name: 'a.bin', size: 1e9, arrayBuffer: () => assert.fail('was read') });
  assert.match(flasher.fileTrouble.text, /no program .* is so large/);
  assert.equal(flasher.canFlash, false);
});

test('of two files chosen in a hurry the later one counts', async () => {
  const { board, flasher } = await rig();
  let ready;
  const slow = { name: 'slow.bin', arrayBuffer: () => new Promise((resolve) => (ready = resolve)) };
  const first = flasher.take(slow);
  await flasher.take(file('quick.bin', program(4000, board.base)));
  ready(program(3000, board.base).buffer);
  await first;
  assert.equal(flasher.firmware.name, 'quick.bin');
});

test('the program in a file that begins with a bootloader can be flashed', async () => {
  const { board, flasher } = await rig();
  const all = new Uint8Array(8 * KIB + 3000).fill(255);
  all.set(program(3500, 0x08000000));
  all.set(program(3000, board.base), 8 * KIB);
  await flasher.take(file('all.bin', all));
  assert.equal(flasher.canFlash, false);
  flasher.takePart();
  assert.match(flasher.firmware.name, /all\.bin, from 0x08002000/);
  await flasher.flash();
  assert.equal(flasher.message.kind, 'good');
  holds(board, program(3000, board.base));
});

test('a tab that is not seen takes no board, and does once it is seen', async () => {
  let hidden = true;
  const { board, flasher } = await found({}, {}, () => hidden);
  board.unplug();
  await sleep(50);
  board.plug();
  await sleep(500);
  assert.equal(board.isGone, false);
  assert.deepEqual([flasher.phase, board.requests.length], ['away', 0]);
  hidden = false;
  await flasher.begin();
  assert.equal(flasher.phase, 'ready');
});

test('a board that was let go of is free for others, and not taken until it is chosen', async () => {
  const { board, usb, flasher } = await rig();
  await flasher.release();
  assert.deepEqual([flasher.phase, flasher.board, usb.device.opened, flasher.message.title], ['away', null, false, 'The board is free']);
  const { length } = board.requests;
  await flasher.begin();
  board.unplug();
  await sleep(50);
  board.plug();
  await sleep(500);
  assert.deepEqual([flasher.phase, board.requests.length], ['away', length]);
  await flasher.choose();
  assert.equal(flasher.phase, 'ready');
  await flasher.flash();
  board.toBootloader();
  await until(() => flasher.phase === 'ready');
});

test('a program with a DFU run-time interface is brought to its bootloader, whether it leaves by itself or upon a reset', async () => {
  for (const willDetach of [true, false])
    for (const chosen of [true, false]) {
      const board = await desk({ application: runTime, willDetach });
      const program = board.usb.device;
      const flasher = new Flasher(board.usb);
      if (chosen) await flasher.choose();
      else await flasher.begin();
      assert.deepEqual([flasher.phase, flasher.program], ['away', program]);
      assert.deepEqual(board.requests, [], 'it is not interrupted unasked');
      await flasher.enterBootloader();
      await until(() => flasher.phase === 'ready');
      assert.equal(board.requests[0], 0);
      assert.deepEqual([flasher.program, flasher.board.serial], [null, program.serialNumber]);
    }
});

test('a bootloader that was asked for is taken in a tab that is not seen too', async () => {
  let hidden = false;
  const { board, flasher } = await found({ application: runTime }, { leaves: true }, () => hidden);
  await flasher.enterBootloader();
  assert.deepEqual([flasher.phase, flasher.expecting], ['away', true]);
  hidden = true;
  board.plug();
  await until(() => flasher.phase === 'ready');
  assert.equal(flasher.expecting, false);
});

test('a program that was flashed and has a DFU run-time interface is found', async () => {
  const { usb, flasher } = await found();
  await flasher.take(file('dfu-runtime.bin', runTime));
  await flasher.flash();
  await until(() => flasher.program !== null);
  assert.equal(flasher.program, usb.device);
  await flasher.enterBootloader();
  await until(() => flasher.phase === 'ready');
});

test('a program that cannot be asked to leave is told', async () => {
  for (const [faults, title] of [[{ refuses: true }, /did not work/], [{ open: 'SecurityError' }, /may not be opened/]]) {
    const { usb, flasher } = await found({ application: runTime }, faults);
    await flasher.enterBootloader();
    assert.match(flasher.message.title, title);
    assert.deepEqual([flasher.phase, flasher.expecting, flasher.program], ['away', false, usb.device]);
  }
});

test('the log names the board as a report needs it', async () => {
  const { flasher } = await rig();
  assert.match(flasher.log.join('\n'), /1209:db42, bcdDevice 0100, serial number [0-9A-F]{24}: STM32F103, standard.*blocks of 1024/);
});

test('a program that takes the request and stays is told', async () => {
  const { usb, flasher } = await found({ application: runTime }, { stays: true });
  await flasher.enterBootloader();
  assert.match(flasher.message.title, /did not leave/);
  assert.deepEqual([flasher.phase, flasher.expecting, flasher.program], ['away', false, usb.device]);
});

test('a board that is plugged in while the list of the browser is open is opened once', async () => {
  const { usb, flasher, board } = await rig({ plugged: false });
  const { requestDevice } = usb;
  usb.requestDevice = (options) => {
    // chosen at the moment at which the page has begun to look at it
    const taken = new Promise((resolve) => flasher.addEventListener('change', () => flasher.phase === 'opening' && resolve(), { once: true }));
    board.plug();
    void sleep(1000);
    return taken.then(() => requestDevice.call(usb, options));
  };
  await flasher.choose();
  assert.equal(flasher.message, null);
  assert.equal(flasher.phase, 'ready');
  assert.equal(flasher.log.filter((line) => line.includes('bcdDevice')).length, 1);
});

test('a board that another client left at work is waited for, however often it must be asked', async () => {
  const board = await desk();
  board.leaveIn(5); // dfuDNLOAD-IDLE
  board.faults = { early: 200 };
  const flasher = new Flasher(board.usb);
  await flasher.begin();
  assert.deepEqual([flasher.phase, board.faults.early], ['ready', 0]);
});

test('a board that is chosen while another one is written waits: the write is not disturbed', async () => {
  const { usb, flasher, image, board } = await rig();
  const { requestDevice } = usb;
  const other = Object.create(usb.device); // the chooser was open when the write began
  usb.requestDevice = async () => other;
  const written = flasher.flash();
  await flasher.choose();
  await written;
  usb.requestDevice = requestDevice;
  assert.equal(flasher.message.kind, 'good', flasher.message.text);
  holds(board, image);
});
