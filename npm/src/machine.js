// The WebAssembly module: where it comes from, its memory, and calls there and back.

import { STATUS, VirtualBoardError, wrong } from './errors.js';

/** @type {Promise<WebAssembly.Module> | undefined} */
let compiled;

/**
 * vboard.wasm beside package.json, compiled once.
 * @returns {Promise<WebAssembly.Module>}
 */
export function compile() {
  compiled ??= load(new URL('../vboard.wasm', import.meta.url)).catch((error) => {
    compiled = undefined; // a network that failed may work the next time
    throw error;
  });
  return compiled;
}

/** @param {URL} url */
async function load(url) {
  if (url.protocol === 'file:') {
    const { readFile } = await import('node:fs/promises');
    return WebAssembly.compile(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return WebAssembly.compile(await response.arrayBuffer()); // whatever type the server says it has
}

const EBADF = 8;
const STDERR = 2;

/**
 * @typedef {object} Callbacks what happens, and whether a condition is true now
 * @property {(event: number, us: number, text: string) => void} happened
 * @property {() => boolean} isOver
 */

export class Machine {
  /**
   * @param {WebAssembly.Module} module
   * @param {Callbacks} callbacks
   */
  constructor(module, callbacks) {
    /** @private */
    this.callbacks = callbacks;
    /** @private @type {{error: unknown} | null} what a callback threw */
    this.thrown = null;
    /** @private */
    this.running = false;
    /** @private @type {string | null} why nothing can be called any more */
    this.ended = null;
    this.said = '';
    const { exports } = new WebAssembly.Instance(module, this.imports(module));
    /** @type {Record<string, (...values: (number | bigint)[]) => any>} */
    this.exports = /** @type {any} */ (exports);
    /** @private */
    this.heap = /** @type {WebAssembly.Memory} */ (/** @type {any} */ (exports.memory));
    this.exports._initialize();
  }

  /**
   * It has no files: whatever else the C library of its compiler asks for, there is none.
   * @private
   * @param {WebAssembly.Module} module
   */
  imports(module) {
    const wasi = WebAssembly.Module.imports(module).filter((one) => one.module === 'wasi_snapshot_preview1');
    return {
      board: {
        happened: (/** @type {number} */ event, /** @type {number} */ us, /** @type {number} */ at, /** @type {number} */ length) =>
          this.back(() => this.callbacks.happened(event, us, this.text(at, length)), undefined),
        is_over: () => this.back(() => (this.callbacks.isOver() ? 1 : 0), 1),
      },
      wasi_snapshot_preview1: {
        ...Object.fromEntries(wasi.map(({ name }) => [name, () => EBADF])),
        // what it says before it ends
        fd_write: (/** @type {number} */ file, /** @type {number} */ vectors, /** @type {number} */ count, /** @type {number} */ written) =>
          file === STDERR ? this.write(vectors, count, written) : EBADF,
        proc_exit: () => {
          this.ended = this.said.trim() || 'the virtual board ended';
          throw new VirtualBoardError('OUT_OF_MEMORY', this.ended);
        },
      },
    };
  }

  /**
   * An exception must not pass through the module, whose stack it would not unwind: it is kept until the call is over.
   * @private
   * @template T
   * @param {() => T} callback
   * @param {T} otherwise
   */
  back(callback, otherwise) {
    if (this.thrown) return otherwise;
    try {
      return callback();
    } catch (error) {
      this.thrown = { error };
      return otherwise;
    }
  }

  /**
   * @private
   * @param {number} vectors
   * @param {number} count
   * @param {number} written
   */
  write(vectors, count, written) {
    const view = new DataView(this.heap.buffer);
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const length = view.getUint32(vectors + 8 * i + 4, true);
      this.said += this.text(view.getUint32(vectors + 8 * i, true), length);
      sum += length;
    }
    view.setUint32(written, sum, true);
    return 0;
  }

  /** Never kept: it is another one when the memory has grown. */
  get memory() {
    return new Uint8Array(this.heap.buffer);
  }

  /**
   * @param {number} at
   * @param {number} [length] without one up to a 0
   */
  text(at, length) {
    const { memory } = this;
    return new TextDecoder().decode(memory.slice(at, length === undefined ? memory.indexOf(0, at) : at + length));
  }

  /**
   * Calls an export that neither runs the board nor fails.
   * @param {string} name
   * @param {(number | bigint)[]} values
   */
  look(name, ...values) {
    if (this.ended) throw new VirtualBoardError('OUT_OF_MEMORY', this.ended);
    return this.exports[name](...values);
  }

  /**
   * Calls one that may run the board, and so listeners, which must not.
   * @param {string} name
   * @param {(number | bigint)[]} values
   */
  act(name, ...values) {
    if (this.running)
      throw new VirtualBoardError('WRONG', 'a listener or a condition may look at the board, not change or run it');
    this.running = true;
    this.thrown = null;
    try {
      return this.look(name, ...values);
    } finally {
      this.running = false;
      this.rethrow();
    }
  }

  /** @private */
  rethrow() {
    const { thrown } = this;
    this.thrown = null;
    if (thrown) throw thrown.error;
  }

  /**
   * The same for one that returns a status.
   * @param {number} board
   * @param {string} name
   * @param {(number | bigint)[]} values
   */
  check(board, name, ...values) {
    const status = this.act(name, board, ...values);
    if (status !== 0) throw this.failure(board, status);
  }

  /**
   * @param {number} board or 0
   * @param {number} status
   */
  failure(board, status) {
    const code = STATUS[status];
    return new VirtualBoardError(code === 'OK' ? 'WRONG' : code, this.text(this.look('vboard_error', board)));
  }

  /**
   * @param {number} bytes
   * @returns {number} an address
   */
  allocate(bytes) {
    const at = this.look('allocate', bytes || 1);
    if (at === 0) throw new VirtualBoardError('OUT_OF_MEMORY', `there is no memory for ${bytes} bytes`);
    return at;
  }

  /** @param {number} at */
  release(at) {
    this.forget('release', at);
  }

  /**
   * Calls an export that frees something, if there is still something to free.
   * @param {string} name
   * @param {number} at
   */
  forget(name, at) {
    if (!this.ended) this.exports[name](at);
  }

  /**
   * Puts bytes into memory for the time of a call.
   * @template T
   * @param {Uint8Array} data
   * @param {(at: number) => T} call
   */
  with(data, call) {
    const at = this.allocate(data.length);
    try {
      this.memory.set(data, at);
      return call(at);
    } finally {
      this.release(at);
    }
  }

  /**
   * The same for a text.
   * @template T
   * @param {unknown} text
   * @param {string} what
   * @param {(at: number) => T} call
   */
  withText(text, what, call) {
    if (typeof text !== 'string' || text.includes('\0')) throw wrong(what, text);
    return this.with(new TextEncoder().encode(text + '\0'), call);
  }
}
