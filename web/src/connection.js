// The board: which one, whether it is there, and what it is.

import { sleep } from './clock.js';
import { chipOf, variantOf } from './board.js';
import { Dfu, Gone, Request } from './dfu.js';
import { t } from './language.js';
import { Teller } from './teller.js';
import { aboutOpening, aboutTrouble } from './trouble.js';
import { CannotOpen, FILTERS, RUN_TIME, UsbLink, findDfu, isLike } from './usb.js';

/** @typedef {import('./formats.js').Firmware} Firmware */
/** @typedef {import('./teller.js').Message} Message */
/** @typedef {import('./teller.js').Phase} Phase */

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
 * @property {import('./board.js').Chip} chip
 * @property {import('./board.js').Variant} variant
 * @property {Uint8Array | null} contents of the application area; null when it cannot be read, or was changed since
 * @property {Firmware | null} written what was written and compared since it was connected
 */

/** @typedef {Pick<USB, 'getDevices' | 'requestDevice' | 'addEventListener'>} UsbOfBrowser */

const LEAVING_MS = 4000; // dapboot leaves the bus 300 ms after it was told to
const IDS = { vendor: 0x1209, product: 0xdb42 };

export class Connection extends Teller {
  /**
   * @param {UsbOfBrowser | undefined} usb navigator.usb
   * @param {() => boolean} hidden is the page in a tab that is not seen?
   */
  constructor(usb, hidden = () => false) {
    super(usb ? 'away' : 'unsupported');
    this.usb = usb;
    this.hidden = hidden;
    /** @type {Board | null} */
    this.board = null;
    /** Of the board that was seen last. @type {{vendor: number, product: number, serial?: string}} */
    this.ids = IDS;
    /** The board left to run its program, as it should. */
    this.running = false;
    /** The user wants no board to be taken unasked. */
    this.paused = false;
    /** @type {USBDevice | null} a board whose program can be asked to leave for the bootloader */
    this.program = null;
    /** That program was asked. */
    this.expecting = false;

    /**
     * Which boards are offered and taken: each with the numbers of one of these. A board is left alone otherwise.
     * @type {USBDeviceFilter[]}
     */
    this.filters = FILTERS;

    /** @type {UsbLink | null} @protected */
    this.link = null;
    /** @type {Dfu | null} @protected */
    this.dfu = null;
    /** @type {USBDevice | null} @protected */
    this.device = null;
    /** @type {() => void} @private */
    this.unplug = () => {};
    /** @type {Promise<void>} that a board is opened @protected */
    this.opening = Promise.resolve();
    usb?.addEventListener('connect', (event) => void this.plugged(event.device));
    usb?.addEventListener('disconnect', (event) => this.unplugged(event.device));
  }

  /**
   * May a board be taken that nobody has just chosen? Not from a tab that is not seen, as another program may want it.
   * @private
   */
  get takesUnasked() {
    return this.phase === 'away' && !this.paused && (this.expecting || !this.hidden());
  }

  /**
   * A device with a DFU interface that is one of the boards that are wanted.
   * @param {USBDevice} device
   * @param {number} [protocol]
   * @private
   */
  findsDfu(device, protocol) {
    return this.filters.some((filter) => isLike(device, filter)) && findDfu(device, protocol);
  }

  /** Looks for a board that was allowed before: when the page is loaded, and whenever it is seen again. */
  async begin() {
    const known = this.takesUnasked ? ((await this.usb?.getDevices()) ?? []) : [];
    if (this.takesUnasked) {
      const board = known.find((device) => this.findsDfu(device));
      if (board) return this.open(board);
      this.program = known.find((device) => this.findsDfu(device, RUN_TIME)) ?? null;
    }
    this.changed();
  }

  /** Lets the user choose a board. Only in answer to a click. */
  async choose() {
    if (!this.usb) return;
    this.place = 'board';
    try {
      const device = await this.usb.requestDevice({ filters: this.filters });
      const taken = this.phase === 'opening'; // a board that was plugged in meanwhile
      if (taken) await this.opening;
      if (this.busy || (taken && device === this.device)) return; // it works on one: that must not be disturbed
      await this.disconnect();
      this.message = null;
      this.paused = false;
      if (findDfu(device) || !findDfu(device, RUN_TIME)) return await this.open(device);
      this.program = device;
      this.running = false;
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NotFoundError') throw error;
      this.tell('note', t`No board was chosen`, t`If the list was empty, the help below says why.`);
    }
    this.changed();
  }

  /** Asks the program that runs on the board to leave for the bootloader: DFU_DETACH, DFU 1.1 chapter 5. */
  async enterBootloader() {
    const device = this.program;
    if (this.phase !== 'away' || !device) return;
    this.place = 'board';
    this.message = null;
    this.running = false;
    this.expecting = true;
    this.enter('detaching', 0);
    try {
      await this.detach(device);
    } catch (error) {
      this.expecting = false;
      if (error instanceof CannotOpen) this.tell('bad', ...aboutOpening(error, device.productName ?? t`The device`));
      else this.trouble(error, 'detaching');
    }
    await device.close().catch(() => {}); // gone already
    this.phase = 'away';
    this.progress = null;
    await this.begin(); // it may have been quicker than we
    if (!this.program || !this.expecting) return;
    this.expecting = false;
    this.tell('bad', t`The program did not leave`, t`It took the request to start the bootloader, and runs on.`, t`Hold the button of the board while you reset it.`);
    this.changed();
  }

  /**
   * @param {USBDevice} device
   * @private
   */
  async detach(device) {
    const gone = this.nextUnplugged();
    const unplugged = gone.then(() => {});
    try {
      const { link, abilities } = await UsbLink.open(device, unplugged, RUN_TIME);
      await link.write(Request.DETACH, abilities.detachTimeout);
      if (!abilities.willDetach) await device.reset().catch(() => {}); // fails when what comes back is another device
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
    }
    await Promise.race([gone, sleep(LEAVING_MS)]);
    this.program = null;
  }

  /** @protected */
  nextUnplugged() {
    return new Promise((resolve) => this.addEventListener('unplugged', resolve, { once: true }));
  }

  /**
   * @param {USBDevice} device
   * @private
   */
  open(device) {
    this.opening = this.openNow(device);
    return this.opening;
  }

  /**
   * @param {USBDevice} device
   * @private
   */
  async openNow(device) {
    this.device = device;
    this.board = null;
    this.program = null;
    this.running = false;
    this.expecting = false;
    this.ids = { vendor: device.vendorId, product: device.productId, serial: device.serialNumber };
    const { place } = this;
    this.place = 'board';
    this.enter('opening', 0);
    const unplugged = new Promise((/** @type {(nothing: void) => void} */ resolve) => {
      this.unplug = resolve;
    });
    try {
      await this.lookAt(device, unplugged);
      this.phase = 'ready';
      this.place = place; // a message there may still stand
    } catch (error) {
      if (this.device && device !== this.device) return; // another one was chosen meanwhile
      this.place = 'board';
      this.link = null;
      this.dfu = null;
      this.phase = 'away';
      await device.close().catch(() => {});
      if (error instanceof CannotOpen) {
        this.note(error.message);
        this.tell('bad', ...aboutOpening(error, device.productName ?? t`The device`));
      } else this.trouble(error, 'opening');
    }
    this.progress = null;
    this.recheck();
  }

  /**
   * @param {USBDevice} device
   * @param {Promise<void>} unplugged
   * @private
   */
  async lookAt(device, unplugged) {
    const { link, abilities, interfaceName } = await UsbLink.open(device, unplugged);
    this.link = link;
    this.dfu = new Dfu(link, abilities.transferSize);
    await this.dfu.toIdle();
    // the size of the application area tells the variant
    const contents = abilities.canUpload ? await this.dfu.upload((bytes) => this.advance(bytes)) : null;
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
      written: null,
      chip: chipOf(abilities.transferSize, contents),
      variant: variantOf(product, contents && contents.length),
    };
    this.noteBoard(this.board);
  }

  /**
   * @param {Board} board
   * @private
   */
  noteBoard({ product, serial, vendorId, productId, release, abilities, chip, variant }) {
    const four = (/** @type {number} */ number) => number.toString(16).padStart(4, '0');
    this.note(
      `${product}, ${four(vendorId)}:${four(productId)}, bcdDevice ${four(release)}, serial number ${serial}: ${chip.name}, ${variant.name}, ` +
        `area of ${variant.area ?? 'unknown size'}, blocks of ${abilities.transferSize}`,
    );
  }

  /** Lets go of the board, so that other programs can use it, and takes none until one is chosen. */
  async release() {
    if (this.phase !== 'ready') return;
    this.paused = true;
    await this.disconnect();
    this.place = 'board';
    this.tell('note', t`The board is free`, t`Other programs can use it now. Press Connect to use it here again.`);
    this.recheck();
  }

  /** @protected */
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
    if (!this.takesUnasked) return;
    if (!this.findsDfu(device)) {
      if (this.findsDfu(device, RUN_TIME)) this.program = device;
      return this.changed();
    }
    if (device.serialNumber !== this.ids.serial) this.message = null; // it is about another board
    await this.open(device);
    if (this.board && this.message) this.isBack(this.message);
  }

  /**
   * What was said when the board went may no longer be true.
   * @param {Message} _message
   * @protected
   */
  isBack(_message) {}

  /**
   * @param {USBDevice} device
   * @private
   */
  unplugged(device) {
    if (device === this.program) {
      this.program = null;
      this.dispatchEvent(new Event('unplugged'));
      return this.changed();
    }
    if (device !== this.device) return;
    this.note('the board is gone');
    const atWork = this.busy;
    const { progress } = this;
    this.lose();
    if (atWork) this.progress = progress; // to be told how far it came
    this.dispatchEvent(new Event('unplugged'));
    this.recheck();
  }

  /**
   * @param {unknown} error
   * @param {Phase} phase in which it came
   * @param {Firmware | null} [firmware]
   * @protected
   */
  trouble(error, phase, firmware = null) {
    this.note(`${phase}: ${error}`);
    this.tell('bad', ...aboutTrouble(error, phase, this.progress?.done ?? 0, firmware, this.board?.chip));
  }

  /** @protected */
  async leaveNow() {
    const gone = this.nextUnplugged();
    this.enter('leaving', 0);
    try {
      await this.dfu?.detach();
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
    }
    await Promise.race([gone, sleep(LEAVING_MS)]);
    this.running = !this.link;
  }

  /** @protected */
  recheck() {
    this.changed();
  }
}
