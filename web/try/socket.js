// The USB socket of the PC: navigator.usb for the flasher, whatever board is plugged in.

/** @typedef {import('../../npm/src/usb.js').VirtualUsb} VirtualUsb */

export class Socket extends EventTarget {
  constructor() {
    super();
    /** @type {VirtualUsb | null} */
    this.usb = null;
    /** @private */
    this.pass = (/** @type {Event} */ event) => {
      const { device } = /** @type {import('../../npm/src/usb.js').UsbEvent} */ (event);
      this.dispatchEvent(Object.assign(new Event(event.type), { device }));
    };
  }

  /** As the interface that the flasher knows. @returns {import('../src/connection.js').UsbOfBrowser} */
  get asUsb() {
    return /** @type {any} */ (this);
  }

  /** Another board, or none: what was there leaves. @param {VirtualUsb | null} usb */
  plugIn(usb) {
    const { usb: old } = this;
    if (old) {
      old.board.plug(false);
      old.look(); // its device says that it leaves
      old.stop();
      for (const type of ['connect', 'disconnect']) old.removeEventListener(type, this.pass);
    }
    this.usb = usb;
    for (const type of ['connect', 'disconnect']) usb?.addEventListener(type, this.pass);
  }

  async getDevices() {
    return this.usb ? this.usb.getDevices() : [];
  }

  /** @param {Parameters<VirtualUsb['requestDevice']>[0]} options */
  async requestDevice(options) {
    if (!this.usb) throw new DOMException('No device selected.', 'NotFoundError');
    return this.usb.requestDevice(options);
  }
}
