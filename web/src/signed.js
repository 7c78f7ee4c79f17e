// The trailer of a signed file: what it is for and which version it is. Whether the signature is right is not looked at:
// the board has the key, and tells.

/**
 * @typedef {object} Trailer
 * @property {number} address where the application begins
 * @property {number} vendor
 * @property {number} product
 * @property {string} board name of the board
 * @property {number} version
 * @property {boolean} whole its length is that of what it ends; otherwise the file was cut, or something was put behind
 */

const LENGTH = 104;
const MAGIC = 0x31534244; // "DBS1"
const BOARD_LENGTH = 20;

/**
 * @param {Uint8Array} bytes
 * @param {number} at where the trailer is to begin
 * @returns {Trailer | null}
 */
function readAt(bytes, at) {
  if (at < 0 || at + LENGTH > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, LENGTH);
  if (view.getUint32(0, true) !== MAGIC) return null;
  const name = bytes.subarray(at + 12, at + 12 + BOARD_LENGTH);
  const end = name.indexOf(0);
  return {
    address: view.getUint32(4, true),
    vendor: view.getUint16(8, true),
    product: view.getUint16(10, true),
    board: new TextDecoder().decode(end < 0 ? name : name.subarray(0, end)),
    whole: view.getUint32(32, true) === at + LENGTH,
    version: view.getUint16(36, true),
  };
}

/**
 * The trailer at the end of a file.
 * @param {Uint8Array} image
 */
export const trailerOf = (image) => readAt(image, image.length - LENGTH);

/**
 * The first trailer that is where it says, at a multiple of 4. Of what flash holds that is the program it begins with:
 * behind it is anything.
 * @param {Uint8Array} contents
 * @returns {Trailer | null}
 */
export function trailerIn(contents) {
  const view = new DataView(contents.buffer, contents.byteOffset, contents.byteLength);
  for (let at = 0; at + LENGTH <= contents.length; at += 4) {
    if (view.getUint32(at, true) !== MAGIC) continue;
    const trailer = readAt(contents, at);
    if (trailer?.whole) return trailer;
  }
  return null;
}

/**
 * True if there is a trailer before the one at the end: the bootloader could take its end for that of the program.
 * @param {Uint8Array} image
 */
export const holdsTrailer = (image) => trailerIn(image.subarray(0, -4)) !== null;
