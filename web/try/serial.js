// What a program writes to serial ports, and a way to answer: the chip's own ports, and one over USB (CDC ACM), which is
// opened as soon as it is there.

/** @typedef {import('../../npm/src/usb_device.js').VirtualUsbDevice} Device */
/** @typedef {import('../../npm/src/usb_descriptors.js').Interface} Interface */

// USB class definitions for communication devices 1.2, PSTN subclass 1.2
const CLASS_CDC = 2;
const CLASS_CDC_DATA = 10;
const SET_CONTROL_LINE_STATE = 0x22;
const DTR_AND_RTS = 3;
const PACKET = 64;

const USARTS = [1, 2, 3];

/** @param {Device} device @param {number} classCode */
const interfaceOf = (device, classCode) =>
  device.configuration?.interfaces.find(({ alternate }) => alternate.interfaceClass === classCode);

/** A serial port over USB. */
export class UsbSerial {
  /** @param {Device} device @returns {UsbSerial | null} null: it is no such port */
  static of(device) {
    const control = interfaceOf(device, CLASS_CDC);
    const data = interfaceOf(device, CLASS_CDC_DATA);
    return control && data ? new UsbSerial(device, control, data) : null;
  }

  /**
   * @param {Device} device
   * @param {Interface} control
   * @param {Interface} data
   */
  constructor(device, control, data) {
    this.device = device;
    this.control = control.interfaceNumber;
    this.data = data.interfaceNumber;
    const number = (/** @type {string} */ direction) => data.alternate.endpoints.find((one) => one.direction === direction)?.endpointNumber ?? 0;
    /** @private */
    this.numbers = { in: number('in'), out: number('out') };
  }

  /** Opens it and hands on what comes, until the device leaves. @param {(bytes: Uint8Array) => void} got */
  async open(got) {
    const { device } = this;
    await device.open();
    await device.claimInterface(this.control);
    await device.claimInterface(this.data);
    await device.controlTransferOut({ requestType: 'class', recipient: 'interface', request: SET_CONTROL_LINE_STATE, value: DTR_AND_RTS, index: this.control });
    for (;;) {
      const { data } = await device.transferIn(this.numbers.in, PACKET);
      if (data) got(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }

  /** @param {Uint8Array} bytes */
  async send(bytes) {
    await this.device.transferOut(this.numbers.out, bytes);
  }
}

/** What the ports of the board on the bench said. */
export class Serial {
  /** @param {import('./bench.js').Bench} bench */
  constructor(bench) {
    this.bench = bench;
    /** @type {UsbSerial | null} */
    this.overUsb = null;
    /** Not yet taken: which port, and what it said. @private @type {[string, string][]} */
    this.said = [];
    bench.socket.addEventListener('connect', (event) => void this.connected(/** @type {any} */ (event).device));
    bench.socket.addEventListener('disconnect', (event) => {
      if (this.overUsb?.device === /** @type {any} */ (event).device) this.overUsb = null;
    });
  }

  /** @private @param {Device} device */
  async connected(device) {
    const port = UsbSerial.of(device);
    if (!port) return;
    this.overUsb = port;
    const decoder = new TextDecoder();
    try {
      await port.open((bytes) => this.said.push(['USB', decoder.decode(bytes, { stream: true })]));
    } catch {
      // it left, or stands still: the bench says so
    }
  }

  /** What was said since the last call. */
  take() {
    const { board } = this.bench;
    for (const number of USARTS) {
      const text = board?.serial(number).readText();
      if (text) this.said.push([`Port ${number}`, text]);
    }
    return this.said.splice(0);
  }

  /** To the port over USB if there is one, else to the chip's first. @param {string} text */
  async send(text) {
    const bytes = new TextEncoder().encode(text);
    if (this.overUsb) await this.overUsb.send(bytes);
    else this.bench.board?.serial(1).send(bytes, { within: 0 });
  }

  get target() {
    return this.overUsb ? 'the port over USB' : 'port 1';
  }
}
