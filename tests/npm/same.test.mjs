// The board in WebAssembly does what the native one does: every register access, flash operation, USB packet and LED change
// at the same time.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { STATUS, VirtualBoard, build } from './package.mjs';

const KINDS = ['usb', 'led', 'reset', 'fault', 'violation', 'packet', 'flash', 'register', 'note'];

function natively(files, name, ms) {
  const program = join(build, 'npm/native');
  const said = execFileSync(program, [name, String(ms), ...files.map((file) => join(build, file))], { maxBuffer: 1 << 28 });
  return said.toString().trimEnd().split('\n');
}

/** The same calls in the same order. */
async function here(files, name, ms) {
  const board = await VirtualBoard.create({ board: name });
  const lines = [];
  board.on(KINDS, ({ kind, time, text }) => lines.push(`${KINDS.indexOf(kind)} ${Math.round(time * 1000)} ${text}`));
  for (const file of files) await board.loadFile(join(build, file));
  board.power();
  board.run(ms / 2);
  let status = 'OK';
  try {
    board.usb.enumerate({ within: 10000 });
  } catch (error) {
    status = error.code;
  }
  lines.push(`enumerated: ${STATUS.indexOf(status)}`);
  board.run(ms / 2);
  lines.push(`${board.instructions} instructions, now ${Math.round(board.now * 1000)}`);
  return lines;
}

for (const [sentence, files, board, ms, least] of [
  ['the bootloader of the Blue Pill', ['firmware/BLUEPILL/dapboot.elf'], 'BLUEPILL', 320, 10000],
  ['the blink example', ['firmware/BLUEPILL/dapboot.elf', 'examples/blink/blink.elf'], 'BLUEPILL', 3000, 20],
  ['a USB device with interrupts', ['examples/cdc-echo/cdc-echo-high.elf'], 'BLUEPILL', 300, 500],
  ['the bootloader of the STM32L1', ['firmware/STM32L1/dapboot.elf'], 'STM32L1', 100, 2000],
])
  test(`${sentence} has the native board's trace in every line`, async () => {
    const wanted = natively(files, board, ms);
    const found = await here(files, board, ms);
    assert.ok(wanted.length >= least, `${wanted.length} lines`);
    const at = wanted.findIndex((line, i) => line !== found[i]);
    assert.equal(found[at], wanted[at], `line ${at + 1}`);
    assert.equal(found.length, wanted.length);
  });
