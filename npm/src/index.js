// The virtual board for JavaScript: README.md.
export { Snapshot, VirtualBoard } from './board.js';
export { STATUS, VirtualBoardError } from './errors.js';
export { compile } from './machine.js';
export { SerialPort } from './serial.js';
export { RealTime, VirtualTime } from './time.js';
export { VirtualUsb } from './usb.js';
export { VirtualUsbDevice } from './usb_device.js';
export { UsbHost } from './usb_host.js';
