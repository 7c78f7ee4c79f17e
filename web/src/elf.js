// Reads ELF files, as linkers make them. Source: Tool Interface Standard, ELF 1.2, and ELF for the Arm Architecture.

import { t } from './language.js';
import { again, BadFile, layOut } from './memory.js';

const HEADER_LENGTH = 52;
const PROGRAM_LENGTH = 32; // of a program header
const SECTION_LENGTH = 40; // of a section header
const CLASS32_LITTLE = 0x0101; // ELFCLASS32, ELFDATA2LSB
const ET_EXEC = 2;
const EM_ARM = 40;
const PT_LOAD = 1;
const SHT_NOBITS = 8;
const SHF_ALLOC = 2;

/**
 * Section by section, each at the physical address that its segment gives it. A segment as a whole may begin with the
 * ELF header itself (GNU ld puts it there if there is room), which is not for the flash.
 * @param {Uint8Array} bytes
 * @throws {BadFile}
 */
export function readElf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (/** @type {number} */ at) => view.getUint32(at, true);
  const half = (/** @type {number} */ at) => view.getUint16(at, true);
  const need = (/** @type {number} */ offset, /** @type {number} */ length) => {
    if (offset + length > bytes.length) throw new BadFile(t`This ELF file was cut short.`, again());
  };
  need(0, HEADER_LENGTH);
  if (half(4) !== CLASS32_LITTLE || half(18) !== EM_ARM)
    throw new BadFile(t`This ELF file is a program for another machine (${half(18)}), not for 32-bit ARM.`);
  if (half(16) !== ET_EXEC) throw new BadFile(t`This ELF file is no linked program.`, t`Choose the one that the linker made.`);

  /** @type {(offset: number, size: number, number: number, least: number) => number[]} where each header is */
  const headers = (offset, size, number, least) => {
    if (number > 0 && size < least) throw new BadFile(t`This ELF file is damaged: its headers are too short.`, again());
    need(offset, size * number);
    return Array.from({ length: number }, (_, i) => offset + i * size);
  };
  const loads = headers(word(28), half(42), half(44), PROGRAM_LENGTH)
    .filter((at) => word(at) === PT_LOAD)
    .map((at) => ({ offset: word(at + 4), address: word(at + 12), length: word(at + 16) }));
  const sections = headers(word(32), half(46), half(48), SECTION_LENGTH)
    .filter((at) => word(at + 8) & SHF_ALLOC && word(at + 4) !== SHT_NOBITS)
    .map((at) => ({ offset: word(at + 16), length: word(at + 20) }));

  /** @type {number[]} */
  const runs = [];
  for (const { offset, length } of sections.length > 0 ? sections : loads) {
    need(offset, length);
    if (length === 0) continue;
    const load = loads.find((segment) => offset >= segment.offset && offset + length <= segment.offset + segment.length);
    if (!load) throw new BadFile(t`This ELF file is damaged: a section belongs to no segment.`, again());
    runs.push(load.address + offset - load.offset, offset, length);
  }
  return layOut(runs, bytes);
}
