// A board as WebUSB shows it, in JavaScript: quick, and it can fail in ways a real one does not on request. It follows
// docs/protocol.md; whether that is true is shown by the browser test, which has the real firmware on the virtual board.
// Also runs inside a page, so it imports nothing.

export const KIB = 1024;
const FLASH = 0x08000000;
/** wTransferSize, a page, and what erased flash reads. */
const chips = { STM32F103: { block: 1024, blank: 0xff }, STM32L1: { block: 256, blank: 0 } };
const bootloaders = { standard: 8 * KIB, '4K': 4 * KIB, high: 7 * KIB };
const products = { high: 'DAPBoot High-Memory DFU Bootloader' };

const OK = { status: 'ok' };
const STALL = { status: 'stall' };

/** The events and devices of navigator.usb. */
export class FakeUsb extends EventTarget {
  /** @param {FakeBoard[]} devices plugged in and allowed */
  constructor(devices = []) {
    super();
    this.devices = devices;
    for (const device of devices) device.usb = this;
  }

  async getDevices() {
    return this.devices;
  }

  async requestDevice() {
    if (this.devices.length === 0) throw new DOMException('No device selected.', 'NotFoundError');
    return this.devices[0];
  }

  plug(device) {
    device.usb = this;
    device.gone = false;
    device.opened = false;
    this.devices.push(device);
    this.say('connect', device);
  }

  unplug(device) {
    device.gone = true;
    this.devices = this.devices.filter((other) => other !== device);
    this.say('disconnect', device);
  }

  say(type, device) {
    this.dispatchEvent(Object.assign(new Event(type), { device }));
  }
}

export class FakeBoard {
  constructor({ chip = 'STM32F103', variant = 'standard', flash = 128 * KIB, willDetach = true, upload = true, download = true, name = 'DAPBoot DFU', dfuVersion = 0x0110, transferSize = chips[chip].block, protocol = 2 } = {}) {
    Object.assign(this, { variant, willDetach, upload, download, name, dfuVersion, transferSize, protocol });
    this.productName = products[variant] ?? 'DAPBoot DFU Bootloader';
    this.manufacturerName = 'dapboot';
    this.serialNumber = '0123456789ABCDEF01234567';
    Object.assign(this, { vendorId: 0x1209, productId: 0xdb42 });
    Object.assign(this, { deviceVersionMajor: 1, deviceVersionMinor: 0, deviceVersionSubminor: 0 });
    Object.assign(this, { usbVersionMajor: 2, usbVersionMinor: 1, usbVersionSubminor: 0 });
    this.base = variant === 'high' ? FLASH : FLASH + bootloaders[variant];
    this.blank = chips[chip].blank;
    this.area = new Uint8Array(flash - bootloaders[variant]).fill(this.blank);
    const alternate = { alternateSetting: 0, interfaceClass: 0xfe, interfaceSubclass: 1, interfaceProtocol: protocol };
    this.configurations = [{ configurationValue: 1, interfaces: [{ interfaceNumber: 0, alternates: [alternate] }] }];
    this.gone = false;
    this.state = 2;
    this.status = 0;
    this.offset = 0;
    this.next = 0;
    /** What it does wrong, by name. */
    this.faults = {};
    this.requests = [];
    this.slow = 0; // ms a request
    this.poll = 5; // ms, what it says when it is busy
  }

  async open() {
    if (this.faults.open) throw new DOMException('no', this.faults.open);
    this.opened = true;
  }
  async close() {
    this.opened = false;
  }
  async selectConfiguration() {
    this.configuration = this.configurations[0];
  }
  async claimInterface() {
    if (this.faults.claim) throw new DOMException('no', this.faults.claim);
  }

  async controlTransferIn(setup, length) {
    await this.wait(setup);
    const data = setup.requestType === 'standard' ? this.descriptor(setup.value) : this.answer(setup, length);
    return data ? { ...OK, data: new DataView(Uint8Array.from(data).slice(0, length).buffer) } : STALL;
  }

  async controlTransferOut(setup, data = new Uint8Array(0)) {
    await this.wait(setup);
    return this.obey(setup, new Uint8Array(data)) ? { ...OK, bytesWritten: data.length } : STALL;
  }

  async wait(setup) {
    if (setup.requestType === 'class') this.requests.push(setup.request);
    if (this.faults.silent) await new Promise(() => {});
    if (this.slow) await new Promise((resolve) => setTimeout(resolve, this.slow));
    if (this.faults.breakAt === this.requests.length) throw new DOMException('A transfer error has occurred.', 'NetworkError');
    if (this.faults.leaveAt === this.requests.length) this.usb.unplug(this);
    if (this.gone) throw new DOMException('The device was disconnected.', 'NotFoundError');
  }

  descriptor(value) {
    const text = { 4: this.name, 5: this.faults.says }[value & 0xff];
    if (value >> 8 === 3) return text ? [2 + 2 * text.length, 3, ...[...text].flatMap((letter) => [letter.charCodeAt(0), 0])] : null;
    if (value >> 8 !== 2) return null;
    const abilities = this.download | (this.upload << 1) | 4 | (this.willDetach << 3);
    const functional = [9, 0x21, abilities, 255, 0, this.transferSize & 0xff, this.transferSize >> 8, this.dfuVersion & 0xff, this.dfuVersion >> 8];
    return [9, 2, 27, 0, 1, 1, 0, 0x80, 50, 9, 4, 0, 0, 0, 0xfe, 1, this.protocol, 4, ...functional];
  }

  answer({ request, value }, length) {
    if (request === 3) {
      if (this.faults.stallStatus > 0) {
        this.faults.stallStatus--;
        return this.faults.quiet ? null : this.fail(15);
      }
      const poll = this.state === 4 ? this.poll : 0;
      if (this.faults.early > 0 && this.state === 4) {
        this.faults.early--; // asked too early: still busy
        return [0, poll, 0, 0, 4, 0];
      }
      if (this.state === 3) this.state = this.faults.busy && this.offset % 4096 === 0 && !this.waited ? 4 : 5;
      else if (this.state === 4) this.state = 5;
      else if (this.state === 6) this.complete();
      this.waited = this.state === 4;
      return [this.status, poll, 0, 0, this.state, this.status && this.faults.says ? 5 : 0];
    }
    if (request === 2 && this.upload && (this.state === 2 || this.state === 9)) {
      if (this.state === 2) this.offset = this.next = 0;
      if (value !== this.next++) return this.fail(15);
      clearTimeout(this.leaving);
      const block = this.faults.endless ? new Uint8Array(length) : this.area.slice(this.offset, this.offset + length);
      this.offset += block.length;
      this.state = block.length < length ? 2 : 9;
      if (this.faults.badReading) block[0] ^= 1;
      return block;
    }
    return this.fail(15);
  }

  complete() {
    if (this.faults.verify) return void this.fail(7);
    if (this.faults.lateTarget) return void this.fail(1);
    if (this.faults.vendor) return void this.fail(11);
    if (this.faults.leaveUnasked) return this.usb.unplug(this);
    this.state = 2;
    if (this.variant === 'high') this.area.fill(0, 28, 36);
    if (this.willDetach) this.leaving = setTimeout(() => this.usb.unplug(this), 50);
  }

  obey({ request, value }, data) {
    switch (request) {
      case 0:
        if (!this.faults.stays) setTimeout(() => this.usb.unplug(this), 5);
        return true;
      case 1:
        return this.take(value, data);
      case 4:
      case 6:
        clearTimeout(this.leaving);
        this.state = 2;
        this.status = 0;
        return true;
      default:
        return this.fail(15);
    }
  }

  take(number, data) {
    if (this.state === 2) {
      this.offset = this.next = 0;
    } else if (this.state !== 5) return this.fail(15);
    if (number !== this.next++ % 0x10000) return this.fail(15);
    if (data.length === 0) {
      if (this.faults.stallEmpty) return this.fail(this.faults.stallEmpty);
      this.state = 6;
      return true;
    }
    if (this.faults.target) return this.fail(1);
    if (this.offset + data.length > this.area.length) return this.fail(8);
    if (this.offset === 0) this.area.fill(this.blank);
    this.area.set(data, this.offset);
    this.offset += data.length;
    this.state = 3;
    return true;
  }

  fail(status) {
    this.status = status;
    this.state = 10;
    return null;
  }
}

/** A program with a DFU run-time interface: DFU_DETACH makes way for `board`, at once or upon a bus reset. */
export class FakeProgram extends FakeBoard {
  constructor(board, { willDetach = true } = {}) {
    super({ willDetach, protocol: 1, name: 'Update' });
    this.board = board;
    this.productName = 'Blinker';
  }

  obey({ request }) {
    if (request !== 0) return null;
    this.detached = true;
    if (this.willDetach) setTimeout(() => this.makeWay(), 5);
    return true;
  }

  async reset() {
    if (this.detached) this.makeWay();
  }

  makeWay() {
    if (this.faults.stays) return;
    this.usb.unplug(this);
    if (this.board) this.usb.plug(this.board);
  }
}

/** A program as a linker makes it: a vector table, then bytes that are all different. */
export function program(length, base, { stack = 0x20005000, entry = base + 0x101 } = {}) {
  const image = new Uint8Array(length);
  for (let i = 0; i < length; i++) image[i] = (i * 7 + (i >> 8)) & 0xff;
  const view = new DataView(image.buffer);
  for (let i = 0; i < 16 && 4 * i + 4 <= length; i++) view.setUint32(4 * i, i > 1 && i < 7 ? base + 0x121 : 0, true);
  if (length >= 8) {
    view.setUint32(0, stack, true);
    view.setUint32(4, entry, true);
  }
  // an endless loop where it begins: a board that leaves its bootloader runs it
  const begin = entry - 1 - base;
  if (begin >= 64 && begin + 2 <= length) view.setUint16(begin, 0xe7fe, true); // b .
  return image;
}

/** A program with the trailer of a signed one; the signature is not right. */
export function signed(image, { address = 0x08002000, vendor = 0x1209, product = 0xdb42, board = 'BLUEPILL', version = 3, length } = {}) {
  const bytes = new Uint8Array(Math.ceil(image.length / 4) * 4 + 104).fill(0xff);
  bytes.set(image);
  const view = new DataView(bytes.buffer, bytes.length - 104);
  view.setUint32(0, 0x31534244, true); // "DBS1"
  view.setUint32(4, address, true);
  view.setUint16(8, vendor, true);
  view.setUint16(10, product, true);
  for (let i = 0; i < 20; i++) view.setUint8(12 + i, i < board.length ? board.charCodeAt(i) : 0);
  view.setUint32(32, length ?? bytes.length, true);
  view.setUint16(36, version, true);
  view.setUint16(38, 0, true);
  return bytes;
}
