// Somebody's tests in TypeScript: compiled, not run. What must not compile says so.
import { VirtualBoard, VirtualBoardError, VirtualUsb, type VirtualUsbDevice } from 'dapboot-vboard';

async function boards(): Promise<string[]> {
  return (await VirtualBoard.boards()).map(({ name }) => name);
}

async function use(bytes: Uint8Array): Promise<number> {
  const board = await VirtualBoard.create({ board: 'BLUEPILL', strictness: 'pedantic', seed: 5n, crystalHz: false });
  board.load(bytes, { address: 0x08002000 });
  const end: () => void = board.on(['led', 'violation'], ({ kind, time, rule }) => console.log(kind, time.toFixed(), rule?.length));
  board.runUntil(() => board.pin('PA0') === 1, { within: 5 });
  const snapshot = board.save();
  board.restore(snapshot);
  end();
  // @ts-expect-error there is no such level
  board.drive('PA0', 2);
  // @ts-expect-error nor such a moment
  board.cutPower(1, 'beside');
  // @ts-expect-error nor such an event
  board.on('everything', () => {});
  // @ts-expect-error a time-out is needed
  board.runUntil(() => true);
  return board.violations;
}

function code(error: unknown): string | null {
  return error instanceof VirtualBoardError ? error.code : null;
}

// What a client asks of navigator.usb, by the types of WebUSB.
interface Client {
  getDevices(): Promise<Pick<USBDevice, 'open' | 'controlTransferIn'>[]>;
  requestDevice(options: USBDeviceRequestOptions): Promise<USBDevice>;
  addEventListener(type: 'connect', listener: (event: USBConnectionEvent) => void): void;
}
const asDevice = (device: VirtualUsbDevice): USBDevice => device as VirtualUsbDevice & { productName?: string };
const asUsb = (usb: VirtualUsb): Pick<Client, 'getDevices'> => usb;

export { asDevice, asUsb, boards, code, use };
