// The virtual board: a chip with what is soldered around it, and a person at it.

import { VirtualBoardError, bytesOf, integer, microseconds, wrong } from './errors.js';
import { Machine, compile } from './machine.js';
import { SerialPort } from './serial.js';
import { UsbHost } from './usb_host.js';

/** @typedef {import('./errors.js').Bytes} Bytes */

/**
 * @typedef {object} BoardOptions
 * @property {string} [board] its name, one of VirtualBoard.boards(); 'BLUEPILL' by default
 * @property {number} [flashKiB] 16 to 512 (STM32L1: 256), in whole pages; the board's by default
 * @property {number | false} [crystalHz] 4 to 16 MHz, STM32L1: 1 to 24 MHz; false: none; the board's by default
 * @property {number | bigint} [seed] of RAM at power-up and of cut flash operations
 * @property {'strict' | 'lenient' | 'pedantic'} [strictness] what ends a run: what the manual forbids or leaves undefined
 *   (strict, the default), nothing (lenient), or what is merely suspicious, too (pedantic)
 * @property {WebAssembly.Module} [module] vboard.wasm, where it is not beside this package
 */

/**
 * USB packets, flash operations and accesses to registers are frequent, and made only while somebody listens.
 * @typedef {'usb' | 'led' | 'reset' | 'fault' | 'violation' | 'packet' | 'flash' | 'register' | 'note'} EventKind
 */

/**
 * @typedef {object} BoardEvent
 * @property {EventKind} kind
 * @property {number} time ms since the board was made
 * @property {string} text as `vboard run` prints it
 * @property {'forbidden' | 'undefined' | 'suspicious' | 'allowed'} [level] of a violation
 * @property {string} [rule] of a violation: its name in docs/vboard-rules.md
 */

/** @typedef {(event: BoardEvent) => void} Listener */

/** In the order of enum vboard_event. @type {EventKind[]} */
const KINDS = ['usb', 'led', 'reset', 'fault', 'violation', 'packet', 'flash', 'register', 'note'];
const STRICTNESS = ['strict', 'lenient', 'pedantic'];
const MOMENTS = ['before', 'inside', 'after'];
const NO_CRYSTAL = 1;
const FLOATING = 2;
const ADDRESS_END = 0xffffffff;

/** A state of the board to come back to, any number of times. Its memory is freed when nothing refers to it any more. */
export class Snapshot {
  /** @param {VirtualBoard} board @param {number} at */
  constructor(board, at) {
    this.board = board;
    /** @private */
    this.at = at;
  }
}

/** @type {FinalizationRegistry<{machine: Machine, at: number}>} */
const unused = new FinalizationRegistry(({ machine, at }) => machine.forget('vboard_snapshot_free', at));

export class VirtualBoard {
  /**
   * The boards that there are.
   * @param {{module?: WebAssembly.Module}} [options]
   * @returns {Promise<{name: string, title: string}[]>}
   */
  static async boards({ module } = {}) {
    const machine = new Machine(module ?? (await compile()), { happened: () => {}, isOver: () => true });
    const list = [];
    for (let i = 0; ; i++) {
      const name = machine.look('vboard_board_name', i);
      if (name === 0) return list;
      list.push({ name: machine.text(name), title: machine.text(machine.look('vboard_board_title', i)) });
    }
  }

  /**
   * A board without power, its flash erased, its USB cable plugged in.
   * @param {BoardOptions} [options]
   */
  static async create(options = {}) {
    return new VirtualBoard(options.module ?? (await compile()), options);
  }

  /**
   * Use VirtualBoard.create().
   * @param {WebAssembly.Module} module
   * @param {BoardOptions} options
   */
  constructor(module, { board = 'BLUEPILL', flashKiB = 0, crystalHz = 0, seed = 0, strictness = 'strict' }) {
    const level = STRICTNESS.indexOf(strictness);
    if (level < 0) throw wrong(`strictness is ${STRICTNESS.map((one) => `'${one}'`).join(', ')}`, strictness);
    /** @private @type {Map<EventKind, Set<Listener>>} */
    this.listeners = new Map();
    /** @private @type {() => boolean} */
    this.condition = () => true;
    /** The WebAssembly instance that this board has for itself. */
    this.machine = new Machine(module, { happened: (...what) => this.happened(...what), isOver: () => this.condition() });
    const kib = integer(flashKiB, 'flashKiB', 0, 0xffff);
    const hz = crystalHz === false ? NO_CRYSTAL : crystalHz === NO_CRYSTAL ? 2 : integer(crystalHz, 'crystalHz', 0, ADDRESS_END);
    const chance = BigInt.asUintN(64, BigInt(seed));
    this.handle = this.machine.withText(board, 'board is a name', (name) => this.machine.act('create', name, kib, hz, chance, level));
    if (this.handle === 0) throw this.noBoard(board);
    this.name = board.toUpperCase();
    /** The host at the other end of the USB cable, one transfer a call. VirtualUsb is the same as WebUSB has it. */
    this.usb = new UsbHost(this);
    /** @private @type {Map<number, SerialPort>} */
    this.ports = new Map();
  }

  /** @private @param {string} board */
  noBoard(board) {
    const { code, message } = this.machine.failure(0, 1);
    return new VirtualBoardError(code, message.startsWith('there is no board') ? `there is no board '${board}'; VirtualBoard.boards() tells all` : message);
  }

  /** @private @param {string} name @param {(number | bigint)[]} values */
  check(name, ...values) {
    this.machine.check(this.handle, name, ...values);
  }

  /** @private @param {string} name @param {(number | bigint)[]} values */
  look(name, ...values) {
    return this.machine.look(name, this.handle, ...values);
  }

  // Firmware

  /**
   * Puts firmware into the flash as a programmer would: the pages that it touches are erased.
   * @param {Bytes} firmware a file: ELF (known by its first bytes), Intel HEX (by its first byte or its name), else
   *   binary
   * @param {{address?: number, name?: string}} [options] address is for a binary file, 0x08000000 by default; the name is
   *   for messages and for its ending
   */
  load(firmware, { address = 0, name } = {}) {
    const bytes = bytesOf(firmware, 'firmware');
    const to = integer(address, 'address', 0, ADDRESS_END);
    const called = name ?? (bytes[0] === 0x3a ? 'firmware.hex' : 'firmware');
    this.machine.withText(called, 'name is a text', (file) =>
      this.machine.with(bytes, (at) => this.check('vboard_load_image', file, at, bytes.length, to)),
    );
  }

  /**
   * The same with a file of this computer; not in a browser.
   * @param {string | URL} path
   * @param {{address?: number}} [options]
   */
  async loadFile(path, { address } = {}) {
    const { readFile } = await import('node:fs/promises');
    this.load(await readFile(path), { address, name: String(path) });
  }

  /**
   * Puts bytes into the flash, and leaves the rest of the page as it is.
   * @param {number} address
   * @param {Bytes} data
   */
  write(address, data) {
    const bytes = bytesOf(data, 'data');
    const to = integer(address, 'address', 0, ADDRESS_END);
    this.machine.with(bytes, (at) => this.check('vboard_load', to, at, bytes.length));
  }

  /**
   * What is in flash or RAM, without effect on the board.
   * @param {number} address
   * @param {number} length
   * @returns {Uint8Array}
   */
  read(address, length) {
    const from = integer(address, 'address', 0, ADDRESS_END);
    const size = integer(length, 'length', 0, 1 << 20);
    return this.machine.with(new Uint8Array(size), (at) => {
      this.check('vboard_read', from, at, size);
      return this.machine.memory.slice(at, at + size);
    });
  }

  // A person at the board

  /** @param {boolean} [on] */
  power(on = true) {
    this.machine.act('vboard_power', this.handle, on ? 1 : 0);
  }

  get isPowered() {
    return this.look('vboard_is_powered') !== 0;
  }

  /** The reset button, pressed and released. */
  reset() {
    this.machine.act('vboard_reset', this.handle);
  }

  /** The user button (the jumper BOOT1 of a Blue Pill), which stays so. @param {boolean} [pressed] */
  press(pressed = true) {
    this.check('vboard_press', pressed ? 1 : 0);
  }

  /** The USB cable; the board keeps its power without it. @param {boolean} [inside] */
  plug(inside = true) {
    this.machine.act('vboard_plug', this.handle, inside ? 1 : 0);
  }

  // Time: virtual milliseconds. Nothing happens on the board but in these calls and in those with a time-out.

  /** ms since the board was made. */
  get now() {
    return Number(this.look('vboard_now')) / 1000;
  }

  /** That the processor has executed since its power came. */
  get instructions() {
    return Number(this.look('vboard_instructions'));
  }

  /** @param {number} ms */
  run(ms) {
    this.check('vboard_run', microseconds(ms, 'ms'));
  }

  /**
   * Runs until the condition is true: it is asked at once, then every 10 us of virtual time. It may look at the board, not
   * run it.
   * @param {() => boolean} condition
   * @param {{within: number}} options ms; then an error with the code TIMED_OUT is thrown
   */
  runUntil(condition, { within }) {
    if (typeof condition !== 'function') throw wrong('the condition is a function', condition);
    const time = microseconds(within, 'within');
    this.condition = condition;
    this.check('run_until', time);
  }

  // Pins and LED

  /**
   * The level of a pin, 'PA0' to 'PG15': by the chip's output, else by the world outside, else by the chip's pull.
   * @param {string} name
   * @returns {0 | 1 | null} null: it floats
   */
  pin(name) {
    const level = this.machine.withText(name, 'a pin is a name', (at) => this.look('vboard_pin', at));
    if (level < 0) throw this.machine.failure(this.handle, 1);
    return level === FLOATING ? null : level;
  }

  /**
   * Drives a pin from outside, until null releases it. An output of the chip wins against it; it wins against the button.
   * @param {string} name
   * @param {0 | 1 | null} level
   */
  drive(name, level) {
    if (level !== 0 && level !== 1 && level !== null) throw wrong('a level is 0, 1 or null', level);
    this.machine.withText(name, 'a pin is a name', (at) => this.check('vboard_drive', at, level ?? FLOATING));
  }

  /** The share of the time that the LED is on, 0 to 1. */
  get led() {
    return this.look('vboard_led') / 1000;
  }

  /** How often it changed since the board was made. */
  get ledChanges() {
    return Number(this.look('vboard_led_changes'));
  }

  /**
   * A serial port: 1 is USART1, to 3; on large chips to 5.
   * @param {number} number
   */
  serial(number) {
    const port = this.ports.get(number) ?? new SerialPort(this, integer(number, 'a serial port', 1, 5));
    this.ports.set(number, port);
    return port;
  }

  // What happens

  /**
   * @param {EventKind | EventKind[]} kinds
   * @param {Listener} listener may look at the board, not change or run it
   * @returns {() => void} ends it
   */
  on(kinds, listener) {
    if (typeof listener !== 'function') throw wrong('the listener is a function', listener);
    const list = [kinds].flat();
    for (const kind of list) {
      if (!KINDS.includes(kind)) throw wrong(`an event is ${KINDS.map((one) => `'${one}'`).join(', ')}`, kind);
      if (!this.listeners.get(kind)?.add(listener)) this.listeners.set(kind, new Set([listener]));
    }
    this.watch();
    return () => {
      for (const kind of list) this.listeners.get(kind)?.delete(listener);
      this.watch();
    };
  }

  /** @private */
  watch() {
    let kinds = 0;
    for (const [kind, set] of this.listeners) if (set.size > 0) kinds |= 1 << KINDS.indexOf(kind);
    this.look('watch', kinds);
  }

  /** @private @param {number} event @param {number} us @param {string} text */
  happened(event, us, text) {
    const kind = KINDS[event];
    /** @type {BoardEvent} */
    const what = { kind, time: us / 1000, text };
    if (kind === 'violation') {
      const [, level, rule] = /^(\w+) ([\w-]+)/.exec(text) ?? [];
      Object.assign(what, { level: level?.toLowerCase(), rule });
    }
    for (const listener of [...(this.listeners.get(kind) ?? [])]) listener(what);
  }

  // Rules

  /** Rules that were broken, as the strictness counts; allowed ones never. */
  get violations() {
    return Number(this.look('vboard_violations'));
  }

  /** The first of them, with rule, instruction and register. @returns {string | null} */
  get firstViolation() {
    return this.machine.text(this.look('vboard_first_violation')) || null;
  }

  /** The names of all rules (docs/vboard-rules.md). @returns {string[]} */
  get rules() {
    const names = [];
    for (let i = 0; ; i++) {
      const name = this.machine.look('vboard_rule_name', i);
      if (name === 0) return names;
      names.push(this.machine.text(name));
    }
  }

  /** How often each rule was broken, allowed or not; those that were not are not there. @returns {Record<string, number>} */
  get brokenRules() {
    /** @type {Record<string, number>} */
    const broken = {};
    for (const rule of this.rules) {
      const count = this.machine.withText(rule, 'a rule is a name', (at) => this.look('vboard_rule_count', at)) >>> 0;
      if (count > 0) broken[rule] = count;
    }
    return broken;
  }

  /** Goes on after this rule from now on. @param {string} rule */
  allow(rule) {
    this.machine.withText(rule, 'a rule is a name', (at) => this.check('vboard_allow', at));
  }

  // Power cuts and snapshots

  /** Programs and erases of flash that the firmware began, since the board was made. */
  get flashOperations() {
    return Number(this.look('vboard_flash_operations'));
  }

  /**
   * The power fails, once, at the n-th flash operation from now (1: the next one). The board is off then.
   * @param {number} n 0: not at all
   * @param {'before' | 'inside' | 'after'} [moment]
   */
  cutPower(n, moment = 'inside') {
    const at = MOMENTS.indexOf(moment);
    if (at < 0) throw wrong("a moment is 'before', 'inside' or 'after'", moment);
    this.check('vboard_cut_power', BigInt(integer(n, 'n', 0, Number.MAX_SAFE_INTEGER)), at);
  }

  /** The whole board, with its time, serial output not yet read, and USB host. */
  save() {
    const at = this.machine.act('vboard_save', this.handle);
    if (at === 0) throw this.machine.failure(this.handle, 1);
    const snapshot = new Snapshot(this, at);
    unused.register(snapshot, { machine: this.machine, at });
    return snapshot;
  }

  /** Listeners stay as they are. @param {Snapshot} snapshot of this board */
  restore(snapshot) {
    if (!(snapshot instanceof Snapshot)) throw wrong('a snapshot is what save() returned', snapshot);
    if (snapshot.board !== this) throw new VirtualBoardError('WRONG', 'the snapshot is of another board');
    this.check('vboard_restore', /** @type {any} */ (snapshot).at);
  }
}
