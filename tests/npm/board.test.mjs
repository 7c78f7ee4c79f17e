// The board: what a person does to it, what is seen of it, and what it refuses.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { VirtualBoard, VirtualBoardError, alone, behind, bootloader, build, bytes, running } from './package.mjs';

const refuses = (act, code, words) =>
  assert.throws(act, (error) => {
    assert.ok(error instanceof VirtualBoardError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, words);
    return true;
  });
const refusesLater = async (promise, words) => assert.rejects(promise, (error) => error instanceof VirtualBoardError && words.test(error.message));

/** A vector table and what the reset vector points to, at 0x08000008. */
const program = (...halfWords) => Uint8Array.from([0, 0x50, 0, 0x20, 9, 0, 0, 8, ...halfWords.flatMap((one) => [one & 255, one >> 8])]);
const LOOP = program(0xe7fe); // b .
const UNDEFINED = program(0xde00); // udf #0
/** Writes 0x40011000, GPIOC_CRL, whose clock is off after reset (RM0008 7.3.7). */
const UNCLOCKED = program(0x4801, 0x6000, 0xe7fe, 0x46c0, 0x1000, 0x4001);

test('every board that is listed can be made, and lights no LED without power', async () => {
  const boards = await VirtualBoard.boards();
  assert.ok(boards.length >= 15);
  for (const name of ['BLUEPILL', 'STM32F103xE', 'STM32L152DISCOVERY']) assert.ok(boards.some((one) => one.name === name), name);
  for (const { name, title } of boards) {
    assert.ok(title.length > 0);
    const board = await VirtualBoard.create({ board: name });
    board.run(1);
    assert.deepEqual([board.led, board.isPowered, board.now], [0, false, 1], name);
  }
});

test('a board that does not exist, and options out of range, are refused', async () => {
  await refusesLater(VirtualBoard.create({ board: 'NOBOARD' }), /no board 'NOBOARD'; VirtualBoard\.boards\(\)/);
  await refusesLater(VirtualBoard.create({ board: 7 }), /board is a name, not 7/);
  await refusesLater(VirtualBoard.create({ flashKiB: 15 }), /flash_kib is 16 to 512/);
  await refusesLater(VirtualBoard.create({ flashKiB: 1.5 }), /flashKiB is a whole number/);
  await refusesLater(VirtualBoard.create({ crystalHz: 3_999_999 }), /crystal_hz is 4000000 to 16000000/);
  await refusesLater(VirtualBoard.create({ crystalHz: 1 }), /crystal_hz/);
  await refusesLater(VirtualBoard.create({ strictness: 'kind' }), /strictness is 'strict', 'lenient', 'pedantic', not 'kind'/);
});

test('ELF, HEX and binary files are known by what they are', async () => {
  const flash = async (firmware, options) => {
    const board = await VirtualBoard.create();
    board.load(firmware, options);
    return board.read(0x08000000, 4096);
  };
  const wanted = await flash(bootloader());
  assert.deepEqual(await flash(bytes('firmware/BLUEPILL/dapboot.hex')), wanted);
  assert.deepEqual(await flash(bytes('firmware/BLUEPILL/dapboot.bin')), wanted);
  assert.deepEqual(await flash(bytes('firmware/BLUEPILL/dapboot.bin').buffer), wanted);
  const board = await VirtualBoard.create();
  await board.loadFile(join(build, 'firmware/BLUEPILL/dapboot.hex'));
  assert.deepEqual(board.read(0x08000000, 4096), wanted);
});

test('files that are no firmware, or do not fit, are refused and change nothing', async () => {
  const board = await VirtualBoard.create({ flashKiB: 64 });
  board.load(LOOP);
  refuses(() => board.load(new TextEncoder().encode('Dear friend')), 'WRONG', /text/);
  refuses(() => board.load(new TextEncoder().encode(':020000')), 'WRONG', /firmware\.hex is damaged: line 1/);
  refuses(() => board.load(bytes('firmware/BLUEPILL/dapboot.elf').subarray(0, 40)), 'WRONG', /cut short/);
  refuses(() => board.load(LOOP, { name: 'a.elf' }), 'WRONG', /a\.elf is not an ELF file/);
  refuses(() => board.load(new Uint8Array(0)), 'WRONG', /empty/);
  refuses(() => board.load(LOOP, { address: 0x08010000 }), 'WRONG', /0x08010000/);
  refuses(() => board.load('firmware.elf'), 'WRONG', /firmware is a Uint8Array or an ArrayBuffer, not 'firmware\.elf'/);
  refuses(() => board.write(0x20000000, LOOP), 'WRONG', /not all in flash/);
  refuses(() => board.read(0x40000000, 4), 'WRONG', /flash .* or RAM/);
  assert.deepEqual(board.read(0x08000000, LOOP.length), LOOP);
  await assert.rejects(board.loadFile('/there/is/no/such.elf'), /ENOENT/);
  const folder = mkdtempSync(join(tmpdir(), 'dapboot-'));
  writeFileSync(join(folder, 'note.bin'), 'hello');
  await refusesLater(board.loadFile(join(folder, 'note.bin')), /note\.bin/);
  rmSync(folder, { recursive: true });
});

test('a run ends when its condition is true, and tells when it is not in time', async () => {
  const board = await running(alone('blink'));
  board.runUntil(() => board.led > 0, { within: 2000 });
  const first = board.now;
  board.runUntil(() => board.led === 0, { within: 2000 });
  assert.ok(board.now > first);
  refuses(() => board.runUntil(() => false, { within: 5 }), 'TIMED_OUT', /not true within 5000 us/);
  refuses(() => board.runUntil(true, { within: 5 }), 'WRONG', /the condition is a function/);
  refuses(() => board.run(-1), 'WRONG', /ms is milliseconds from 0/);
});

test('what a listener or a condition throws comes out of the run, and the board goes on', async () => {
  const board = await running(alone('blink'));
  const end = board.on('led', () => {
    throw new RangeError('too bright');
  });
  assert.throws(() => board.run(2000), /too bright/);
  end();
  assert.throws(
    () =>
      board.runUntil(
        () => {
          throw new RangeError('no');
        },
        { within: 1 },
      ),
    /^RangeError: no$/,
  );
  board.run(2000);
  assert.ok(board.ledChanges > 2);
});

test('a listener cannot run the board', async () => {
  const board = await running(alone('blink'));
  board.on('led', () => board.run(1));
  refuses(() => board.run(2000), 'WRONG', /may look at the board, not change or run it/);
});

test('what happens is told by kind, and no more once nobody listens', async () => {
  const board = await VirtualBoard.create();
  board.load(alone('blink'));
  const told = { led: 0, reset: 0, register: 0 };
  const end = board.on(['led', 'reset', 'register'], ({ kind, time, text }) => {
    assert.ok(time <= board.now && text.length > 0);
    told[kind]++;
  });
  board.power();
  board.run(1100);
  assert.ok(told.led >= 2 && told.reset >= 1 && told.register > 5, JSON.stringify(told));
  const { led } = told;
  end();
  board.run(2000);
  assert.equal(told.led, led);
  refuses(() => board.on('everything', () => {}), 'WRONG', /an event is 'usb', /);
});

test('a broken rule ends the run with its name, and is counted', async () => {
  const board = await VirtualBoard.create({ strictness: 'pedantic' });
  const events = [];
  board.on('violation', ({ level, rule }) => events.push([level, rule]));
  board.load(UNCLOCKED);
  board.power();
  const rule = 'unclocked-peripheral';
  refuses(() => board.run(10), 'BROKEN', /GPIOC/);
  assert.deepEqual(events, [['suspicious', rule]]);
  assert.ok(board.rules.includes(rule));
  assert.deepEqual([board.brokenRules, board.violations], [{ [rule]: 1 }, 1]);
  assert.match(board.firstViolation, /unclocked-peripheral/);
  refuses(() => board.run(1), 'BROKEN', /GPIOC/);
});

test('a rule that is allowed, or too lenient a board, ends no run', async () => {
  const board = await VirtualBoard.create({ strictness: 'pedantic' });
  board.allow('unclocked-peripheral');
  refuses(() => board.allow('unclocket'), 'WRONG', /no rule 'unclocket'; is '.*' meant/);
  board.load(UNCLOCKED);
  board.power();
  board.run(10);
  assert.deepEqual([board.brokenRules, board.violations, board.firstViolation], [{ 'unclocked-peripheral': 1 }, 0, null]);
  const lenient = await running(UNCLOCKED, { strictness: 'lenient' });
  lenient.run(10);
  assert.deepEqual(lenient.brokenRules, { 'unclocked-peripheral': 1 });
});

test('a processor that is locked up is told', async () => {
  const board = await running(UNDEFINED);
  refuses(() => board.run(10), 'LOCKED_UP', /locked up/);
});

test('pins have the levels of who drives them', async () => {
  const board = await running(LOOP);
  assert.equal(board.pin('PB0'), null);
  board.drive('PB0', 1);
  assert.equal(board.pin('pb0'), 1);
  board.drive('PB0', null);
  assert.equal(board.pin('PB0'), null);
  refuses(() => board.pin('PZ9'), 'WRONG', /no pin 'PZ9'/);
  refuses(() => board.drive('PB0', 2), 'WRONG', /a level is 0, 1 or null, not 2/);
  refuses(() => board.drive('PG1', 0), 'WRONG', /no pin 'PG1'/);
});

test('the button brings the bootloader though an application is there', async () => {
  for (const pressed of [true, false]) {
    const board = await VirtualBoard.create();
    board.load(bootloader());
    board.load(behind('blink'));
    board.press(pressed);
    board.power();
    for (let start = 0; start < 2; start++) {
      if (pressed) board.usb.enumerate({ within: 1000 });
      else assert.throws(() => board.usb.enumerate({ within: 1000 }), VirtualBoardError);
      board.reset();
      board.run(100); // the bootloader pulls D+ down, so that the host sees it come
    }
  }
  const without = await VirtualBoard.create({ board: 'STM32F103' });
  refuses(() => without.press(), 'WRONG', /has no button/);
});

test('bytes go both ways over a serial port', async () => {
  const board = await running(bytes('npm/serial.elf'));
  const port = board.serial(1);
  board.run(5);
  assert.equal(port.readText(), 'ready\n');
  port.send('hello, board');
  board.run(5);
  assert.equal(port.readText(), 'HELLO, BOARD');
  assert.equal(port.read().length, 0);
  port.send('a'.repeat(6000));
  board.run(1000);
  assert.equal(port.readText(), 'A'.repeat(6000));
  refuses(() => port.send('a'.repeat(6000), { within: 1 }), 'TIMED_OUT', /USART1 had no room/);
  board.run(1000);
  port.read();
  port.baud(9600);
  port.send('x');
  board.run(5);
  assert.notEqual(port.readText(), 'X');
  refuses(() => board.serial(4).send('x'), 'WRONG', /no USART4/);
  refuses(() => board.serial(0), 'WRONG', /a serial port is a whole number from 1 to 5/);
});

test('a snapshot brings back everything, as often as wanted, and the same follows from it', async () => {
  const board = await running(bootloader(), { flashKiB: 64 });
  board.run(100);
  const snapshot = board.save();
  const runs = [1, 2, 3].map(() => {
    board.restore(snapshot);
    const lines = [];
    const end = board.on(['usb', 'led', 'register', 'packet', 'note'], ({ time, text }) => lines.push(`${time} ${text}`));
    board.usb.enumerate();
    board.run(50);
    end();
    return lines;
  });
  assert.ok(runs[0].length > 1000, `${runs[0].length} lines`);
  assert.deepEqual(runs[1], runs[0]);
  assert.deepEqual(runs[2], runs[0]);
  const other = await VirtualBoard.create();
  refuses(() => other.restore(snapshot), 'WRONG', /of another board/);
  refuses(() => board.restore(7), 'WRONG', /what save\(\) returned/);
});

test('the seed decides what RAM holds when the power comes', async () => {
  const ram = async (seed) => (await running(LOOP, { seed })).read(0x20000000, 4096);
  assert.deepEqual(await ram(5), await ram(5));
  assert.notDeepEqual(await ram(5), await ram(6n));
});
