// What the page does, without what it looks like: one board, one file, one thing at a time. Whoever shows it is told of
// every change.

import { asReadBack, variantOf, withoutBlankEnd } from './board.js';
import { check } from './check.js';
import { DeviceError, Dfu, Gone, Outcome } from './dfu.js';
import { BadFile, readFirmware } from './formats.js';
import { CannotOpen, FILTERS, UsbLink, findDfu } from './usb.js';
import { count, deviceError, duration, hex, kib } from './words.js';

/**
 * @typedef {object} Board
 * @property {string} product
 * @property {string} maker
 * @property {string} serial
 * @property {number} vendorId
 * @property {number} productId
 * @property {number} release bcdDevice
 * @property {number} usbVersion bcdUSB
 * @property {string} interfaceName
 * @property {import('./usb.js').Abilities} abilities
 * @property {import('./board.js').Variant} variant
 * @property {Uint8Array | null} contents of the application area; null when it cannot be read
 */

/**
 * unsupported: the browser has no WebUSB. away: no board. opening: being opened and looked at. ready: waits for orders.
 * @typedef {'unsupported' | 'away' | 'opening' | 'ready' | 'writing' | 'verifying' | 'reading' | 'leaving'} Phase
 */

/**
 * @typedef {object} Message
 * @property {'good' | 'bad' | 'note'} kind
 * @property {string} title
 * @property {string} text
 * @property {string} [remedy]
 * @property {Place} [place] what it is about
 */

/** @typedef {'board' | 'flash' | 'more'} Place */

/** @typedef {{done: number, total: number, started: number}} Progress */

/** What was read back is not what was written. */
class Differs extends Error {}

const LEAVING_MS = 4000; // dapboot leaves the bus 300 ms after it was told to

/** @typedef {Pick<USB, 'getDevices' | 'requestDevice' | 'addEventListener'>} UsbOfBrowser */

export class Flasher extends EventTarget {
  /** @param {UsbOfBrowser | undefined} usb navigator.usb */
  constructor(usb) {
    super();
    this.usb = usb;
    /** @type {Phase} */
    this.phase = usb ? 'away' : 'unsupported';
    /** @type {Board | null} */
    this.board = null;
    /** @type {import('./formats.js').Firmware | null} */
    this.firmware = null;
    /** @type {import('./check.js').Finding[]} */
    this.findings = [];
    /** @type {Message | null} what came of the last order */
    this.message = null;
    /** @type {Message | null} */
    this.fileTrouble = null;
    /** @type {Progress | null} */
    this.progress = null;
    /** @type {string[]} for experts */
    this.log = [];
    /** @type {Place} what the flasher is at, or was last */
    this.place = 'board';
    this.verify = true;
    this.start = true;
    /** The board left to run its program, as it should. */
    this.running = false;

    /** @type {UsbLink | null} @private */
    this.link = null;
    /** @type {Dfu | null} @private */
    this.dfu = null;
    /** @type {USBDevice | null} @private */
    this.device = null;
    /** @type {() => void} @private */
    this.unplug = () => {};
    usb?.addEventListener('connect', (event) => void this.plugged(event.device));
    usb?.addEventListener('disconnect', (event) => this.unplugged(event.device));
  }

  /** Looks for a board that was allowed before. */
  async begin() {
    const known = (await this.usb?.getDevices())?.filter(findDfu) ?? [];
    if (known.length > 0) await this.open(known[0]);
    else this.changed();
  }

  /** Lets the user choose a board. Only in answer to a click. */
  async choose() {
    if (!this.usb) return;
    this.place = 'board';
    try {
      const device = await this.usb.requestDevice({ filters: FILTERS });
      await this.disconnect();
      this.message = null;
      await this.open(device);
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NotFoundError') throw error;
      this.tell('note', 'No board was chosen', 'If the list was empty, the help below says why.');
      this.changed();
    }
  }

  /** @param {{name: string, arrayBuffer(): Promise<ArrayBuffer>}} file */
  async take(file) {
    if (this.busy) return;
    this.firmware = null;
    this.findings = [];
    this.fileTrouble = null;
    this.message = null;
    try {
      this.firmware = readFirmware(file.name, new Uint8Array(await file.arrayBuffer()));
      this.note(`${file.name}: ${count(this.firmware.image.length)} bytes of program, from a .${this.firmware.format} file`);
    } catch (error) {
      if (!(error instanceof BadFile)) throw error;
      this.fileTrouble = { kind: 'bad', title: 'This file cannot be used', text: error.message, remedy: error.remedy };
      this.note(`${file.name}: ${error.message}`);
    }
    this.recheck();
  }

  get busy() {
    return !['unsupported', 'away', 'ready'].includes(this.phase);
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
    const contents = this.board?.contents;
    if (!this.firmware || !contents || !this.board) return false;
    const image = asReadBack(this.firmware.image, this.board.variant);
    return image.length <= contents.length && image.every((byte, i) => contents[i] === byte);
  }

  /** Writes the file, compares it, starts it. */
  async flash() {
    const { firmware, board, dfu } = this;
    if (!this.canFlash || !firmware || !board || !dfu) return;
    const { image } = firmware;
    await this.order('writing', image.length, async (progress) => {
      const began = Date.now();
      await dfu.toIdle();
      const outcome = await dfu.download(image, progress);
      const seconds = (Date.now() - began) / 1000;
      this.note(`wrote ${count(image.length)} bytes in ${duration(seconds)}, ${kib(Math.round(image.length / seconds))}/s`);
      if (outcome === Outcome.left) {
        this.tell(
          'note',
          'Written, but not confirmed',
          'The board took the whole file and left before it said whether all of it is right. ' +
            'If the program does not run, bring the board back to its bootloader and flash again.',
        );
        return;
      }
      await this.confirm(image, seconds);
    });
  }

  /**
   * The board has compared every half-word by now. It will restart in a moment by itself: an abort keeps it.
   * @param {Uint8Array} image
   * @param {number} seconds
   * @private
   */
  async confirm(image, seconds) {
    const { board, dfu } = this;
    if (!board || !dfu) return;
    const written = `${count(image.length)} bytes in ${duration(seconds)}`;
    const stays = !board.abilities.willDetach;
    let proof = 'The board compared what it wrote.';
    let kept = stays;
    try {
      if (!stays) await dfu.abort();
      kept = true;
      if (this.verify && board.abilities.canUpload) {
        await this.compare(image);
        proof = 'The board compared it, and it was read back and compared again.';
      }
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
      proof += kept ? ' It was unplugged while it was read back.' : ' It restarted too soon to be read back.';
      this.running = !kept;
      this.tell('good', kept ? 'Done' : 'Done: the program runs', `${written}. ${proof}`);
      return;
    }
    if (this.start && this.link) await this.leaveNow();
    this.running = !this.link;
    this.tell('good', this.running ? 'Done: the program runs' : 'Done', `${written}. ${proof}`);
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
    const found = await dfu.upload((bytes) => this.advance(Math.min(bytes, image.length)), image.length);
    const at = wanted.findIndex((byte, i) => found[i] !== byte);
    if (at >= 0 || found.length < wanted.length)
      throw new Differs(
        `Byte ${count(Math.max(at, 0))} is not what it should be ` +
          `(${hex((board.variant.base ?? 0) + Math.max(at, 0))} in flash).`,
      );
    board.contents = null; // known no longer, but for what was just read
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
      program = withoutBlankEnd(board.contents);
      if (program.length === 0) this.tell('note', 'There is nothing to read', 'The board’s application area is blank.');
      else this.tell(
          'good',
          'Read',
          `${count(program.length)} bytes, up to where the flash is blank. ` +
            'Behind a short program they may end with remains of a longer one before it.',
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
        'The board left DFU mode',
        'It runs its application. Without one, or with its button held, it comes back here by itself.',
      );
    });
  }

  /** @private */
  async leaveNow() {
    const gone = new Promise((resolve) => this.addEventListener('unplugged', resolve, { once: true }));
    this.enter('leaving', 0);
    try {
      await this.dfu?.detach();
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
    }
    await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, LEAVING_MS))]);
  }

  /**
   * Does one thing; whatever goes wrong is told, and the board looked at again.
   * @param {Phase} phase
   * @param {number} total
   * @param {(progress: (bytes: number) => void) => Promise<void>} work
   * @private
   */
  async order(phase, total, work) {
    this.message = null;
    this.place = phase === 'writing' ? 'flash' : 'more';
    this.enter(phase, total);
    try {
      await work((bytes) => this.advance(bytes));
    } catch (error) {
      this.trouble(error, phase);
      if (error instanceof DeviceError) await this.dfu?.toIdle().catch(() => {});
      if (error instanceof Gone && this.link) await this.disconnect(); // silent, or not yet said to be unplugged
    }
    if (this.link) {
      if (phase === 'writing' && this.board) this.board.contents = null;
      this.phase = 'ready';
    }
    this.progress = null;
    this.recheck();
  }

  /**
   * @param {unknown} error
   * @param {Phase} phase in which it came
   * @private
   */
  trouble(error, phase) {
    this.note(`${phase}: ${error}`);
    if (error instanceof DeviceError) {
      const { name, meaning, advice } = deviceError(error.status);
      const words = error.reason ? ` In its own words: “${error.reason}”.` : '';
      this.tell('bad', 'The board reports an error', `${meaning}${words} (${name})`, advice);
    } else if (error instanceof Gone) {
      this.tell('bad', 'The connection to the board is lost', ...this.whatNow(phase));
    } else if (error instanceof Differs) {
      this.tell('bad', 'What was read back differs', error.message, 'Flash it again.');
    } else {
      const text = error instanceof Error ? error.message : String(error);
      this.tell('bad', 'That did not work', text, 'Unplug the board, plug it in again and try once more.');
    }
  }

  /**
   * @param {Phase} phase
   * @returns {[string, string]}
   * @private
   */
  whatNow(phase) {
    const { progress, firmware } = this;
    if (phase !== 'writing')
      return ['It was unplugged or reset. Nothing on it was changed by that.', 'Plug it in again.'];
    const done = `${count(progress?.done ?? 0)} of ${count(firmware?.image.length ?? 0)} bytes were sent`;
    return [
      `It was unplugged or reset while it was written: ${done}.`,
      'Nothing is broken: a board without a whole program waits in its bootloader. Plug it in again and flash again; the file is still here.',
    ];
  }

  /**
   * @param {USBDevice} device
   * @private
   */
  async open(device) {
    this.device = device;
    this.board = null;
    this.running = false;
    const { place } = this;
    this.place = 'board';
    this.enter('opening', 0);
    const unplugged = new Promise((/** @type {(nothing: void) => void} */ resolve) => {
      this.unplug = resolve;
    });
    try {
      const { link, abilities, interfaceName } = await UsbLink.open(device, unplugged);
      this.link = link;
      this.dfu = new Dfu(link, abilities.transferSize);
      await this.dfu.toIdle();
      const contents = abilities.canUpload ? await this.look() : null;
      const product = device.productName ?? 'DFU device';
      this.board = {
        product,
        maker: device.manufacturerName ?? '',
        serial: device.serialNumber ?? '',
        vendorId: device.vendorId,
        productId: device.productId,
        release: (device.deviceVersionMajor << 8) | (device.deviceVersionMinor << 4) | device.deviceVersionSubminor,
        usbVersion: (device.usbVersionMajor << 8) | (device.usbVersionMinor << 4) | device.usbVersionSubminor,
        interfaceName,
        abilities,
        contents,
        variant: variantOf(product, contents && contents.length),
      };
      this.phase = 'ready';
      this.place = place; // a message there may still stand
      this.note(`${product}, serial number ${this.board.serial}: ${this.board.variant.name}`);
    } catch (error) {
      this.place = 'board';
      this.link = null;
      this.dfu = null;
      this.phase = 'away';
      await device.close().catch(() => {});
      if (error instanceof CannotOpen) this.cannotOpen(error);
      else this.trouble(error, 'opening');
    }
    this.progress = null;
    this.recheck();
  }

  /**
   * The size of the application area tells the variant.
   * @private
   */
  async look() {
    const contents = await this.dfu?.upload((bytes) => this.advance(bytes));
    return contents ?? null;
  }

  /**
   * @param {CannotOpen} error
   * @private
   */
  cannotOpen(error) {
    this.note(error.message);
    const product = this.device?.productName ?? 'The device';
    switch (error.why) {
      case 'permission':
        return this.tell(
          'bad',
          'The board is there, but may not be opened',
          'The system does not allow it to this browser.',
          'On Linux a udev rule is missing, on Windows another driver was installed for it: see the help below. Then plug it in again.',
        );
      case 'busy':
        return this.tell(
          'bad',
          'The board is in use',
          'Another program or another tab has opened it.',
          'Close it, then connect again.',
        );
      case 'dfuse':
        return this.tell(
          'bad',
          `${product} is no dapboot`,
          'This is the bootloader in the ROM of ST’s chips, which speaks a protocol of its own (DfuSe).',
          'Reset the board with BOOT0 low.',
        );
      default:
        return this.tell('bad', `${product} is not in DFU mode`, 'It has no DFU interface.', 'Bring it to its bootloader first.');
    }
  }

  /** Lets go of the board. */
  async disconnect() {
    const { link } = this;
    this.lose();
    await link?.close();
  }

  /** @private */
  lose() {
    this.unplug();
    this.link = null;
    this.dfu = null;
    this.device = null;
    this.board = null;
    this.progress = null;
    if (this.usb) this.phase = 'away';
  }

  /**
   * @param {USBDevice} device
   * @private
   */
  async plugged(device) {
    if (this.phase !== 'away' || !findDfu(device)) return;
    await this.open(device);
    if (this.board && this.message) this.isBack(this.message);
  }

  /**
   * What was said when the board went may no longer be true.
   * @param {Message} message
   * @private
   */
  isBack(message) {
    if (message.kind === 'good')
      this.tell('good', 'Done', `${message.text} The board is in its bootloader again: its button is held, or the program asked for it.`);
    else this.tell('note', 'The board is back', this.firmware ? 'The file is still here: flash when you are ready.' : '');
    this.changed();
  }

  /**
   * @param {USBDevice} device
   * @private
   */
  unplugged(device) {
    if (device !== this.device) return;
    this.note('the board is gone');
    const atWork = this.busy;
    const { progress } = this;
    this.lose();
    if (atWork) this.progress = progress; // to be told how far it came
    this.dispatchEvent(new Event('unplugged'));
    this.recheck();
  }

  /** @private */
  recheck() {
    const { firmware, board } = this;
    this.findings =
      firmware && board ? check(firmware, { vendor: board.vendorId, product: board.productId }, board.variant) : [];
    this.changed();
  }

  /**
   * @param {Phase} phase
   * @param {number} total
   * @private
   */
  enter(phase, total) {
    this.phase = phase;
    this.progress = { done: 0, total, started: Date.now() };
    this.changed();
  }

  /**
   * @param {number} done
   * @private
   */
  advance(done) {
    if (this.progress) this.progress = { ...this.progress, done };
    this.changed();
  }

  /**
   * @param {Message['kind']} kind
   * @param {string} title
   * @param {string} text
   * @param {string} [remedy]
   * @private
   */
  tell(kind, title, text, remedy) {
    this.message = { kind, title, text, remedy, place: this.place };
  }

  /**
   * @param {string} line
   * @private
   */
  note(line) {
    this.log.push(`${new Date().toISOString().slice(11, 19)}  ${line}`);
  }

  /** @private */
  changed() {
    this.dispatchEvent(new Event('change'));
  }
}
