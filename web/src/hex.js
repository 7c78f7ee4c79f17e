// Reads and writes Intel HEX. Source: Intel, Hexadecimal Object File Format Specification, revision A, 1988; and what
// tools make of it: empty lines, records and comments, a control-Z at the end, an end record with an address.

import { t } from './language.js';
import { again, BadFile, layOut } from './memory.js';
import { count } from './words.js';

const Type = { DATA: 0, END: 1, SEGMENT: 2, START_SEGMENT: 3, LINEAR: 4, START_LINEAR: 5 };
const OVERHEAD = 5; // bytes of a record beside its data: length, address, type, checksum
const SEGMENT_BYTES = 0x10000;

/** @param {number} letter */
function digit(letter) {
  if (letter >= 0x30 && letter <= 0x39) return letter - 0x30;
  const lower = letter | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** A comment, and not a record whose colon is damaged: that would be a hole in the program. */
const COMMENT = /^[;#](?![0-9a-f]{10,}$)/i;

/** Goes through a file, and keeps the data of its records one behind the other. */
class Reader {
  /** @param {Uint8Array} text */
  constructor(text) {
    this.text = text;
    this.line = 0;
    this.data = new Uint8Array(text.length >> 1);
    this.length = 0; // of the data
    /** Of each run of data three numbers: address, where it is in `data`, length. @type {number[]} */
    this.runs = [];
    this.base = 0;
    this.wraps = false;
    this.ended = 0; // the line of the end record
  }

  /**
   * @param {string} what
   * @param {string} [remedy]
   */
  bad(what, remedy = again()) {
    return new BadFile(t`This is no sound Intel HEX file: line ${count(this.line)} ${what}.`, remedy);
  }

  read() {
    const { text } = this;
    for (let from = 0; from < text.length; ) {
      let to = from;
      while (to < text.length && text[to] !== 0x0a && text[to] !== 0x0d) to++;
      this.line++;
      this.readLine(from, to);
      from = text[to] === 0x0d && text[to + 1] === 0x0a ? to + 2 : to + 1;
    }
    if (!this.ended) throw new BadFile(t`This is no sound Intel HEX file: its end is missing, it was cut short.`, again());
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  readLine(from, to) {
    const { text } = this;
    const empty = (/** @type {number} */ letter) => letter <= 0x20; // and control-Z, with which DOS ends a text
    while (from < to && empty(text[from])) from++;
    while (from < to && empty(text[to - 1])) to--;
    if (from === to) return;
    if (text[from] === 0x3a) return this.readRecord(from + 1, to);
    if (!COMMENT.test(String.fromCharCode(...text.subarray(from, Math.min(to, from + 600)))))
      throw this.bad(t`does not begin with a colon`);
  }

  /**
   * @param {number} from behind the colon
   * @param {number} to
   */
  readRecord(from, to) {
    if (this.ended)
      throw new BadFile(
        t`This file is two .hex files, one behind the other: line ${count(this.line)} follows the end of the first, in line ${count(this.ended)}.`,
        t`Choose the file of the program alone.`,
      );
    const { text, data } = this;
    const bytes = (to - from) / 2;
    let sum = 0;
    const byte = (/** @type {number} */ index) => {
      const value = digit(text[from + 2 * index]) * 16 + digit(text[from + 2 * index + 1]);
      if (digit(text[from + 2 * index]) < 0 || digit(text[from + 2 * index + 1]) < 0)
        throw this.bad(t`holds something that is no hexadecimal digit`);
      sum += value;
      return value;
    };
    if (bytes < OVERHEAD) throw this.bad(t`is too short`);
    const length = byte(0);
    if (bytes !== length + OVERHEAD)
      throw this.bad(bytes < length + OVERHEAD
          ? t`says that it has ${length} bytes of data, and is shorter`
          : t`says that it has ${length} bytes of data, and is longer`);
    const offset = byte(1) * 256 + byte(2);
    const type = byte(3);
    const start = this.length;
    for (let i = 0; i < length; i++) data[start + i] = byte(4 + i);
    const wanted = -sum & 0xff;
    if (byte(4 + length) !== wanted)
      throw this.bad(t`has a wrong checksum: it should be ${wanted.toString(16).toUpperCase().padStart(2, '0')}`);
    this.take(type, offset, length);
  }

  /**
   * A record whose data is behind what was kept.
   * @param {number} type
   * @param {number} offset
   * @param {number} length
   */
  take(type, offset, length) {
    const { data, length: start } = this;
    const value = () => {
      if (length !== 2) throw this.bad(t`is an address of ${length} bytes instead of 2`);
      return data[start] * 256 + data[start + 1];
    };
    switch (type) {
      case Type.DATA:
        return this.keep(offset, length);
      case Type.END:
        if (length > 0) throw this.bad(t`is the end, but holds data`);
        this.ended = this.line;
        return;
      case Type.SEGMENT:
        this.base = value() * 16;
        this.wraps = true;
        return;
      case Type.LINEAR:
        this.base = value() * SEGMENT_BYTES;
        this.wraps = false;
        return;
      case Type.START_SEGMENT:
      case Type.START_LINEAR:
        return; // where a debugger begins
      default:
        throw this.bad(t`is of a type that there is not, ${type}`);
    }
  }

  /**
   * What crosses a border of 64 KiB goes on behind it; in a segment, at its start.
   * @param {number} offset
   * @param {number} length
   */
  keep(offset, length) {
    const first = this.wraps ? Math.min(length, SEGMENT_BYTES - offset) : length;
    this.run(this.base + offset, first);
    this.run(this.base, length - first);
  }

  /**
   * @param {number} address
   * @param {number} length
   */
  run(address, length) {
    if (length === 0) return;
    const { runs } = this;
    const last = runs.length - 3;
    if (last >= 0 && runs[last] + runs[last + 2] === address) runs[last + 2] += length;
    else runs.push(address, this.length, length);
    this.length += length;
  }
}

/**
 * @param {Uint8Array} text
 * @returns {{image: Uint8Array, base: number}} with blank flash in the gaps
 * @throws {BadFile}
 */
export function readHex(text) {
  const reader = new Reader(text);
  reader.read();
  return layOut(reader.runs, reader.data);
}

const PER_LINE = 16;

/**
 * @param {number} type
 * @param {number} offset
 * @param {Uint8Array} data
 */
function record(type, offset, data) {
  const bytes = [data.length, offset >> 8, offset & 0xff, type, ...data];
  bytes.push(-bytes.reduce((sum, byte) => sum + byte, 0) & 0xff);
  return ':' + bytes.map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join('');
}

/**
 * @param {Uint8Array} image
 * @param {number} base a multiple of 16
 */
export function toHex(image, base) {
  const lines = [];
  let upper = -1;
  for (let at = 0; at < image.length; at += PER_LINE) {
    const address = base + at;
    if (address >>> 16 !== upper) {
      upper = address >>> 16;
      lines.push(record(Type.LINEAR, 0, Uint8Array.of(upper >> 8, upper & 0xff)));
    }
    lines.push(record(Type.DATA, address & 0xffff, image.subarray(at, at + PER_LINE)));
  }
  return [...lines, record(Type.END, 0, new Uint8Array(0)), ''].join('\n');
}
