// Firmware files for tests of the page.

export const KIB = 1024;

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
