// The package dapboot-flasher: what flashes boards, without a page.

export { FLASH_BASE, STM32F103, STM32L1, variantOf, withoutBlankEnd } from './board.js';
export { check } from './check.js';
export { useTimer } from './clock.js';
export { DeviceError, Dfu, Gone, Outcome, Refused, Request, State, UnexpectedState } from './dfu.js';
export { boardFacts, fileFacts } from './facts.js';
export { Flasher } from './flasher.js';
export { BadFile, readFirmware } from './formats.js';
export { toHex } from './hex.js';
export { speak } from './language.js';
export { BadManifest, fileFor, readManifest } from './manifest.js';
export { NoFile, Releases } from './releases.js';
export { Series, toCsv } from './series.js';
export { CannotOpen, FILTERS, RUN_TIME, UsbLink, findDfu } from './usb.js';
