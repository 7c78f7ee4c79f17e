// What the page does, without what it looks like: one board, one file, one thing at a time.

import { chips, FLASH_BASE, asReadBack, withoutBlankEnd } from './board.js';
import { check } from './check.js';
import { Connection } from './connection.js';
import { DeviceError, Gone, Outcome, Refused } from './dfu.js';
import { BadFile, partOf, readFirmware } from './formats.js';
import { t } from './language.js';
import { Differs } from './trouble.js';
import { count, duration, hex } from './words.js';

/** @typedef {import('./connection.js').Board} Board */
/** @typedef {import('./teller.js').Message} Message */
/** @typedef {import('./teller.js').Phase} Phase */
/** @typedef {{name: string, size?: number, arrayBuffer(): Promise<ArrayBuffer>}} AnyFile a File, or something like it */

const MOST_FILE_BYTES = 32 * 1024 * 1024; // a .hex file of the largest flash with a line for each byte has half of that
/** bStatus with which a board says that it does not want this file: errTARGET, errFILE, errADDRESS, errVENDOR. */
const REFUSALS = [1, 2, 8, 11];
const ErrTarget = 1;
const started = () => t`Done: the board has started the program`;

export class Flasher extends Connection {
  /**
   * @param {import('./connection.js').UsbOfBrowser | undefined} usb navigator.usb
   * @param {() => boolean} [hidden]
   */
  constructor(usb, hidden) {
    super(usb, hidden);
    /** @type {AnyFile | null} that was taken last */
    this.file = null;
    /** @type {import('./formats.js').Firmware | null} in it */
    this.firmware = null;
    /** @type {import('./check.js').Finding[]} */
    this.findings = [];
    /** @type {Message | null} */
    this.fileTrouble = null;
    /** @type {Board | null} that refused this file */
    this.refusedBy = null;
    this.verify = true;
    this.start = true;
    /** @private the file that was chosen last; reading one takes time */
    this.choice = 0;
  }

  /** @param {AnyFile} file */
  async take(file) {
    if (this.phase === 'opening') await this.opening;
    if (this.busy) {
      this.tell('note', t`Not now`, t`Choose ${file.name} again when this is done.`);
      return this.changed();
    }
    this.file = file;
    const choice = ++this.choice;
    this.firmware = null;
    this.findings = [];
    this.fileTrouble = null;
    this.refusedBy = null;
    this.message = null;
    try {
      if ((file.size ?? 0) > MOST_FILE_BYTES)
        throw new BadFile(t`It has ${count(file.size ?? 0)} bytes: no program for an ${chips()} is so large.`);
      const bytes = new Uint8Array(await file.arrayBuffer());
      if (choice !== this.choice) return;
      this.firmware = readFirmware(file.name, bytes);
      this.note(`${file.name}: ${count(this.firmware.image.length)} bytes of program, from a .${this.firmware.format} file`);
    } catch (error) {
      if (choice !== this.choice) return;
      const text = error instanceof BadFile ? error.message : t`It cannot be read: ${error}`;
      const remedy = error instanceof BadFile ? error.remedy : t`Choose it again.`;
      this.fileTrouble = { kind: 'bad', title: t`This file cannot be used`, text, remedy };
      this.note(`${file.name}: ${text}`);
    }
    this.recheck();
  }

  /** Goes on with the part of the file that is a program for the board, if a finding says that there is one. */
  takePart() {
    const { partAt, partEnd } = this.findings.find((finding) => finding.partAt !== undefined) ?? {};
    if (this.busy || !this.firmware || partAt === undefined) return;
    this.firmware = partOf(this.firmware, FLASH_BASE, partAt, partEnd);
    this.note(`${this.firmware.name}: ${count(this.firmware.image.length)} bytes`);
    this.message = null;
    this.recheck();
  }

  get canFlash() {
    return (
      this.phase === 'ready' &&
      this.firmware !== null &&
      this.board?.abilities.canDownload === true &&
      !this.findings.some((finding) => finding.kind === 'error')
    );
  }

  /** True if the board holds exactly this file already. */
  get isOnBoard() {
    const { firmware, board } = this;
    if (!firmware || !board) return false;
    if (board.written === firmware) return true;
    if (!board.contents || firmware.image.length > board.contents.length) return false;
    const image = asReadBack(firmware.image, board.variant);
    const contents = asReadBack(board.contents, board.variant);
    return image.every((byte, i) => contents[i] === byte);
  }

  /** The board that is there refused this file. */
  get refused() {
    return this.board !== null && this.refusedBy === this.board;
  }

  /** Writes the file, compares it, starts it. */
  async flash() {
    const { firmware, board, dfu } = this;
    if (!this.canFlash || !firmware || !board || !dfu) return;
    const { image } = firmware;
    const before = board.contents;
    this.refusedBy = null;
    await this.order('writing', image.length, async (progress) => {
      const began = Date.now();
      await dfu.toIdle();
      board.contents = board.written = null;
      const outcome = await dfu.download(image, progress).catch((error) => {
        if (!(error instanceof DeviceError)) throw error;
        if (REFUSALS.includes(error.status)) this.refusedBy = board;
        if (error.status === ErrTarget && !error.late) board.contents = before; // nothing was erased
        throw error;
      });
      const seconds = (Date.now() - began) / 1000;
      this.note(`wrote ${image.length} bytes in ${seconds.toFixed(1)} s, ${(image.length / 1024 / seconds).toFixed(1)} KiB/s`);
      if (outcome === Outcome.complete) return this.confirm(image, seconds);
      this.running = true;
      this.tell(
        'note',
        t`Written, but not confirmed`,
        t`The board took the whole file and left before it said whether all of it is right. If the program does not run, bring the board back to its bootloader and flash again.`,
      );
    });
  }

  /**
   * The board has compared every half-word by now. It will restart in a moment by itself: an abort keeps it.
   * @param {Uint8Array} image
   * @param {number} seconds
   * @private
   */
  async confirm(image, seconds) {
    const { board, dfu, start } = this;
    if (!board || !dfu) return;
    const written = t`${count(image.length)} bytes in ${duration(seconds)}`;
    const stays = !board.abilities.willDetach;
    let proof = t`The board compared what it wrote.`;
    let kept = stays;
    try {
      if (!stays) await dfu.abort();
      kept = true;
      if (this.verify && board.abilities.canUpload) {
        await this.compare(image);
        proof = t`The board compared it, and it was read back and compared again.`;
      }
      board.written = this.firmware;
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
      this.running = !kept;
      proof += ' ';
      proof += kept
        ? t`It was unplugged while it was read back.`
        : start
          ? t`It restarted too soon to be read back.`
          : t`It restarted too soon to be kept in its bootloader and read back.`;
      this.tell('good', kept ? t`Done` : started(), `${written}. ${proof}`);
      return;
    }
    if (start && this.link) await this.leaveNow();
    this.tell('good', this.running ? started() : t`Done`, `${written}. ${proof}`);
  }

  /**
   * @param {Uint8Array} image
   * @private
   */
  async compare(image) {
    const { board, dfu } = this;
    if (!board || !dfu) return;
    this.enter('verifying', image.length);
    const wanted = asReadBack(image, board.variant);
    const read = await dfu.upload((bytes) => this.advance(Math.min(bytes, image.length)), image.length);
    const found = asReadBack(read, board.variant);
    const at = wanted.findIndex((byte, i) => found[i] !== byte);
    if (at >= 0)
      throw new Differs(t`Byte ${count(at)} is not what it should be (${hex((board.variant.base ?? 0) + at)} in flash).`);
    this.note('read back and compared: the same');
  }

  /**
   * Reads what is on the board.
   * @returns {Promise<Uint8Array | null>} without the blank flash behind it
   */
  async read() {
    const { board, dfu } = this;
    if (this.phase !== 'ready' || !board || !dfu) return null;
    /** @type {Uint8Array | null} */
    let program = null;
    await this.order('reading', board.variant.area ?? 0, async (progress) => {
      await dfu.toIdle();
      board.contents = await dfu.upload(progress);
      program = withoutBlankEnd(board.contents, board.chip);
      if (program.length === 0) this.tell('note', t`There is nothing to read`, t`The board’s application area is blank.`);
      else this.tell(
          'good',
          t`Read`,
          t`${count(program.length)} bytes, up to where the flash is blank. Behind a short program they may end with remains of a longer one before it.`,
        );
    });
    return program;
  }

  /** Leaves DFU mode: the board starts its application, if it has one. */
  async leave() {
    if (this.phase !== 'ready') return;
    await this.order('leaving', 0, async () => {
      await this.dfu?.toIdle();
      await this.leaveNow();
      this.tell(
        'note',
        t`The board left DFU mode`,
        t`It runs its application. Without one, or with its button held, it comes back here by itself.`,
      );
    });
  }

  /**
   * Does one thing; whatever goes wrong is told, and the board looked at again.
   * @param {Phase} phase
   * @param {number} total
   * @param {(progress: (bytes: number) => void) => Promise<void>} work
   * @private
   */
  async order(phase, total, work) {
    const { link } = this;
    this.message = null;
    this.place = phase === 'writing' ? 'flash' : 'more';
    this.enter(phase, total);
    try {
      await work((bytes) => this.advance(bytes));
    } catch (error) {
      this.trouble(error, phase, this.firmware);
      if (this.link && this.link !== link) return this.changed(); // another board has come since
      if (error instanceof DeviceError || error instanceof Refused) await this.dfu?.toIdle().catch(() => {});
      if (error instanceof Gone && this.link) await this.disconnect(); // silent, or not yet said to be unplugged
    }
    if (this.link) this.phase = 'ready';
    this.progress = null;
    this.recheck();
  }

  /**
   * @param {Message} message
   * @protected
   */
  isBack(message) {
    if (message.kind === 'good')
      this.tell('good', t`Done`, `${message.text} ${t`The board is in its bootloader again: its button is held, or the program asked for it.`}`);
    else this.tell('note', t`The board is back`, this.firmware ? t`The file is still here: flash when you are ready.` : '');
    this.changed();
  }

  /** @protected */
  recheck() {
    const { board } = this;
    if (this.firmware && board) this.firmware = this.forBoard(this.firmware.whole ?? this.firmware, board);
    this.findings = this.firmware && board ? this.check(this.firmware, board) : [];
    this.changed();
  }

  /**
   * @param {import('./formats.js').Firmware} firmware
   * @param {Board} board
   * @private
   */
  check(firmware, board) {
    return check(firmware, { vendor: board.vendorId, product: board.productId }, board.variant, board.chip);
  }

  /**
   * The program for this board in a file that says what is where and has a bootloader in it: nobody wants that part.
   * @param {import('./formats.js').Firmware} whole
   * @param {Board} board
   * @private
   */
  forBoard(whole, board) {
    if (whole.base === null) return whole;
    const { partAt, partEnd } = this.check(whole, board).find((finding) => finding.partAt !== undefined) ?? {};
    if (partAt === undefined) return whole;
    const part = { ...partOf(whole, FLASH_BASE, partAt, partEnd), whole };
    const now = this.firmware;
    // the same object, by which it is known what the board holds
    if (now?.whole && now.base === part.base && now.image.length === part.image.length) return now;
    this.note(`${part.name}: ${count(part.image.length)} bytes, without the bootloader in the file`);
    return part;
  }
}
