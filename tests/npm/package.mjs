// The package as it was installed, and the images that the tests run.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const build = process.env.BUILD ?? join(root, 'build');
/** As it was installed (tests/npm/run), or as it was built. */
export const installed = process.env.VBOARD_PACKAGE ?? join(build, 'npm/package');

export const { RealTime, STATUS, VirtualBoard, VirtualBoardError, VirtualTime, VirtualUsb, VirtualUsbDevice, compile } = await import(
  pathToFileURL(join(installed, 'src/index.js')).href
);

/** @param {string} path below build/ */
export const bytes = (path) => new Uint8Array(readFileSync(join(build, path)));

/** The bootloader of a target as it is shipped. */
export const bootloader = (target = 'BLUEPILL') => bytes(`firmware/${target}/dapboot.elf`);

/** An example as it is linked for the beginning of the flash (it needs no bootloader), or behind a bootloader. */
export const alone = (name) => bytes(`examples/${name}/${name}-high.elf`);
export const behind = (name) => bytes(`examples/${name}/${name}.elf`);

/** @returns a board that runs firmware */
export async function running(firmware, options = {}) {
  const board = await VirtualBoard.create(options);
  board.load(firmware);
  board.power();
  return board;
}
