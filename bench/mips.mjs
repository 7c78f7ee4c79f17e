// How many million instructions a second the virtual board executes in WebAssembly, as bench/mips.c measures the native one.
// usage: node mips.mjs PACKAGE FIRMWARE
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROUNDS = 5;
const [folder, firmware] = process.argv.slice(2);
if (!firmware) {
  console.error('usage: node mips.mjs PACKAGE FIRMWARE');
  process.exit(2);
}
const { VirtualBoard } = await import(pathToFileURL(join(resolve(folder), 'src/index.js')).href);
const board = await VirtualBoard.create();
await board.loadFile(firmware);
board.power();
board.run(500); // until all of it is compiled
let best = 0;
for (let i = 0; i < ROUNDS; i++) {
  const before = board.instructions;
  const start = process.cpuUsage();
  board.run(1000);
  const { user, system } = process.cpuUsage(start);
  best = Math.max(best, (board.instructions - before) / (user + system));
}
console.log(`processor-bound code in Node ${process.versions.node}: ${best.toFixed(0)} MIPS`);
