// What the vector table at the start of an image tells: whether it is an application at all, and where it was linked.

import { FLASH_BASE } from './board.js';

const RAM_BASE = 0x20000000;
const MOST_RAM = 96 * 1024; // of any STM32F103; the board itself knows its own and checks again
const MOST_FLASH = 1024 * 1024;
const VECTORS = 16; // of the core; those of the peripherals may be left out
const RESERVED = [7, 8, 9, 10, 13]; // ARMv7-M B1.5.2
const STRAY_WORDS = 2; // instructions and data that look like an address by chance

/** Where programs are commonly linked: at the start of flash, and behind bootloaders. */
const COMMON_BASES = [0, 4, 8, 12, 16, 20, 24, 32].map((kib) => FLASH_BASE + kib * 1024);

/** @param {Uint8Array} image */
export function startWords(image) {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  return { stack: view.getUint32(0, true), entry: view.getUint32(4, true) };
}

/**
 * Where the stack begins: the processor takes the two low bits as 0 (ARMv7-M B1.4.1).
 * @param {number} stack word 0 of the vector table
 */
export const stackTop = (stack) => (stack & ~3) >>> 0;

/**
 * The bootloader's own rule (docs/protocol.md): the stack may begin at the end of RAM but not at its start.
 * @param {number} stack word 0 of the vector table
 */
export function isStack(stack) {
  return stackTop(stack) > RAM_BASE && stackTop(stack) <= RAM_BASE + MOST_RAM;
}

/** @param {number} address */
const isFlash = (address) => isInside(address, FLASH_BASE, MOST_FLASH);

/** @param {number} entry */
export function isCode(entry) {
  return entry % 2 === 1 && isFlash(entry);
}

/**
 * @param {number} entry
 * @param {number} base
 * @param {number} length
 */
export function isInside(entry, base, length) {
  return entry >= base && entry - base < length;
}

/**
 * True if the image begins with a vector table of a program that is linked at `base`: a stack pointer, and an entry and
 * handlers of NMI and HardFault that are in the image. By chance no other data is like that.
 * @param {Uint8Array} image
 * @param {number} base
 */
export function isTable(image, base) {
  if (image.length < 16) return false;
  const words = new DataView(image.buffer, image.byteOffset, 16);
  const inside = (/** @type {number} */ vector) => isCode(vector) && isInside(vector, base, image.length);
  return isStack(words.getUint32(0, true)) && [4, 8, 12].every((at) => inside(words.getUint32(at, true)));
}

/**
 * Where the image was linked, as far as it can be told from inside: at one of the common addresses or of those given.
 * `possible` are all at which every vector points into the image itself. `likely` are those of them that most other
 * addresses in it agree with: pointers to its own code and constants, of which a program is full.
 * @param {Uint8Array} image begins with a valid stack pointer and entry
 * @param {number[]} others
 * @returns {{possible: number[], likely: number[]}}
 */
export function linkedAt(image, others) {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  /** @type {number[]} */
  const handlers = [];
  /** @type {number[]} */
  const pointers = [];
  for (let i = 1; i < Math.floor(image.length / 4); i++) {
    const word = view.getUint32(4 * i, true);
    if (!isFlash(word)) continue;
    pointers.push(word);
    // a short table is followed by anything
    if (i < VECTORS && !RESERVED.includes(i) && isCode(word)) handlers.push(word);
  }
  const bases = [...new Set([...COMMON_BASES, ...others])].sort((a, b) => a - b);
  const possible = bases.filter((base) => handlers.every((handler) => isInside(handler, base, image.length)));
  const votes = possible.map((base) => pointers.filter((pointer) => isInside(pointer, base, image.length)).length);
  const most = Math.max(...votes);
  return { possible, likely: possible.filter((_, i) => votes[i] + STRAY_WORDS >= most) };
}
