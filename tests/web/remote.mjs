// Gives a page in a browser a navigator.usb whose board is on a desk of this program (desk.mjs), in real time.

/** Runs inside the page, so it uses nothing from here. */
function insidePage() {
  const call = (...what) => window.callBoard(...what);
  const error = ({ name, message }) => new DOMException(message, name);
  const answer = async (promise) => {
    const { failed, result } = await promise;
    if (failed) throw error(failed);
    return result;
  };

  class RemoteDevice {
    constructor(about) {
      Object.assign(this, about);
    }
    open() {
      return answer(call(this.id, 'open'));
    }
    close() {
      return answer(call(this.id, 'close'));
    }
    reset() {
      return answer(call(this.id, 'reset'));
    }
    async selectConfiguration(value) {
      await answer(call(this.id, 'selectConfiguration', value));
      this.configuration = this.configurations.find((one) => one.configurationValue === value);
    }
    claimInterface(number) {
      return answer(call(this.id, 'claimInterface', number));
    }
    selectAlternateInterface(number, alternate) {
      return answer(call(this.id, 'selectAlternateInterface', number, alternate));
    }
    releaseInterface(number) {
      return answer(call(this.id, 'releaseInterface', number));
    }
    async controlTransferIn(setup, length) {
      const { status, data } = await answer(call(this.id, 'controlTransferIn', setup, length));
      return { status, data: data && new DataView(Uint8Array.from(data).buffer) };
    }
    async controlTransferOut(setup, data) {
      const bytes = data ? [...new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength)] : [];
      return answer(call(this.id, 'controlTransferOut', setup, bytes));
    }
  }

  class RemoteUsb extends EventTarget {
    known = new Map();
    take(about) {
      if (!this.known.has(about.id)) this.known.set(about.id, new RemoteDevice(about));
      return this.known.get(about.id);
    }
    async getDevices() {
      return (await window.listBoards()).map((about) => this.take(about));
    }
    /** The user takes the first that is offered. */
    async requestDevice(options) {
      return this.take(await answer(window.chooseBoard(options)));
    }
    say(type, about) {
      this.dispatchEvent(Object.assign(new Event(type), { device: this.take(about) }));
    }
  }
  window.remoteUsb = new RemoteUsb();
  Object.defineProperty(navigator, 'usb', { value: window.remoteUsb });
}

/** What of a device is data. */
function about(device, id) {
  const plain = Object.entries(device).filter(([name, value]) => name !== 'usb' && name !== 'host' && name !== 'last' && typeof value !== 'function');
  return { ...Object.fromEntries(plain), id };
}

/**
 * Before the page is loaded.
 * @param {import('playwright-core').Page} page
 * @param {import('./desk.mjs').Desk} desk whose usb is in real time; desk.delay: ms that each transfer takes longer
 */
export async function connect(page, desk) {
  const devices = new Map();
  const idOf = (device) => {
    const known = [...devices].find(([, one]) => one === device);
    if (known) return known[0];
    devices.set(devices.size + 1, device);
    return devices.size;
  };
  await page.exposeFunction('listBoards', async () => (await desk.usb.getDevices()).map((device) => about(device, idOf(device))));
  await page.exposeFunction('chooseBoard', async (options) => {
    try {
      const device = await desk.usb.requestDevice(options);
      return { result: about(device, idOf(device)) };
    } catch ({ name, message }) {
      return { failed: { name, message } };
    }
  });
  await page.exposeFunction('callBoard', async (id, method, ...values) => {
    const transfers = method.startsWith('control');
    if (desk.delay && transfers) await new Promise((resolve) => setTimeout(resolve, desk.delay));
    if (method === 'controlTransferOut') values[1] = Uint8Array.from(values[1]);
    try {
      const result = await devices.get(id)[method](...values);
      if (result?.data) result.data = [...new Uint8Array(result.data.buffer, result.data.byteOffset, result.data.byteLength)];
      return { result };
    } catch ({ name, message }) {
      return { failed: { name, message } };
    }
  });
  for (const type of ['connect', 'disconnect'])
    desk.usb.addEventListener(type, ({ device }) => {
      const what = [type, about(device, idOf(device))];
      page.evaluate(([name, one]) => window.remoteUsb?.say(name, one), what).catch(() => {}); // not loaded yet, or closed
    });
  await page.addInitScript(insidePage);
}
