// What kind a file is that is no firmware, and what to do about it.

import { t } from './language.js';

/**
 * @param {Uint8Array} bytes
 * @param {string} text one letter a byte
 * @param {number} [at]
 */
export const has = (bytes, text, at = 0) =>
  at >= 0 && at + text.length <= bytes.length && [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));

const unpack = () => t`Unpack it first, and choose the program in it.`;

/** What they begin with, what they are, what to do. @type {() => [string, string, string][]} */
const kinds = () => [
  ['\x3d\xb8\xf3\x96', t`an image for the bootloader MCUboot`, t`Choose a build without it; in Zephyr CONFIG_BOOTLOADER_MCUBOOT=n and zephyr.bin.`],
  ['PK\x03\x04', t`a zip archive`, unpack()],
  ['PK\x05\x06', t`an empty zip archive`, t`Download it again.`],
  ['\x1f\x8b\x08', t`packed by gzip`, unpack()],
  ['BZh', t`packed by bzip2`, unpack()],
  ['\xfd7zXZ\x00', t`packed by xz`, unpack()],
  ['\x28\xb5\x2f\xfd', t`packed by zstd`, unpack()],
  ['7z\xbc\xaf\x27\x1c', t`a 7z archive`, unpack()],
  ['Rar!', t`a rar archive`, unpack()],
  ['MSCF', t`a cabinet archive, made for fwupd`, unpack()],
  ['version https://git-lfs', t`not the file itself but Git LFS’s note of where it is`, t`Fetch the file with: git lfs pull`],
];

/** The same for texts. @type {() => [RegExp, string, string][]} */
const texts = () => [
  [/^\s*<(!doctype|html|head|body|\?xml|!--)/i, t`a web page, not the file itself`, t`Download the file itself; on GitHub with the button “Download raw file”.`],
  [
    /^S[0-9][0-9A-F]{8}/i,
    t`a file of Motorola S-records`,
    t`Turn it into a .hex file: arm-none-eabi-objcopy -I srec -O ihex firmware.srec firmware.hex`,
  ],
];

const LOOKED_AT = 512;
const QUOTED = 40;

/** @param {Uint8Array} bytes */
const start = (bytes) => String.fromCharCode(...bytes.subarray(0, LOOKED_AT));

/**
 * Letters, digits, signs, blanks and line ends. No program is all that: the fourth byte of its entry, an address in
 * flash, is 8.
 * @param {Uint8Array} bytes
 */
export const isText = (bytes) => /^[\t\n\f\r\x1a\x20-\x7e\x80-\xff]*[a-z0-9]{3}[\t\n\f\r\x1a\x20-\x7e\x80-\xff]*$/i.test(start(bytes));

/** @param {Uint8Array} bytes */
export const isHex = (bytes) => isText(bytes) && /^(\xef\xbb\xbf)?\s*([;#].*[\r\n]\s*)*:[0-9a-f]{10}/i.test(start(bytes));

/**
 * @param {Uint8Array} bytes
 * @returns {{what: string, remedy: string} | null} null: it may be firmware
 */
export function kindOf(bytes) {
  for (const [magic, what, remedy] of kinds()) if (has(bytes, magic)) return { what: t`This is ${what}.`, remedy };
  if (has(bytes, 'ustar', 257)) return { what: t`This is a tar archive.`, remedy: unpack() };
  for (const [begin, what, remedy] of texts()) if (begin.test(start(bytes))) return { what: t`This is ${what}.`, remedy };
  return null;
}

/**
 * @param {Uint8Array} bytes of a text
 * @returns {{what: string, remedy: string}}
 */
export function aboutText(bytes) {
  const words = new TextDecoder().decode(bytes.subarray(0, LOOKED_AT)).trim();
  const quoted = words.length > QUOTED ? `${words.slice(0, QUOTED)}…` : words;
  return {
    what: t`This is a text, no program. It begins: “${quoted}”`,
    remedy: t`If it was downloaded, the text may say what went wrong. Download the file itself.`,
  };
}
