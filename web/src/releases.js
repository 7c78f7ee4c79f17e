// What a maker offers for the board that is connected: the file of a version, and which version is on the board.

import { asReadBack } from './board.js';
import { BadFile, readFirmware } from './formats.js';
import { variantName } from './facts.js';
import { t } from './language.js';
import { fileFor } from './manifest.js';

/** @typedef {import('./manifest.js').Release} Release */
/** @typedef {import('./manifest.js').ReleaseFile} ReleaseFile */
/** @typedef {import('./connection.js').Board} Board */

/** So many of the newest versions are compared with what is on the board. */
const LOOKED_AT = 10;

/** The file is not there, or is not the one that the maker named. */
export class NoFile extends BadFile {
  /** @param {string} message */
  constructor(message) {
    super(message, t`Try again later, or tell the maker of this page.`);
  }
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function sha256(bytes) {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export class Releases {
  /**
   * @param {import('./manifest.js').Manifest} manifest
   * @param {string} address of firmware.json, to which those of the files are relative
   */
  constructor(manifest, address) {
    this.manifest = manifest;
    this.address = address;
    /** @type {Map<ReleaseFile, Promise<Uint8Array<ArrayBuffer>>>} @private */
    this.fetched = new Map();
    /** @type {Map<ReleaseFile, import('./flasher.js').AnyFile>} @private */
    this.files = new Map();
  }

  /**
   * What Flasher.take() gets. It is loaded then; NoFile if that fails.
   * @param {Release} release
   * @param {Board} board
   * @returns {import('./flasher.js').AnyFile}
   */
  fileFor(release, board) {
    const file = fileFor(release, board);
    if (file) return this.asFile(file);
    const missing = new NoFile(t`It has no file for this board: ${board.chip.name}, ${variantName(board.variant)}.`);
    return { name: t`Version ${release.version}`, arrayBuffer: () => Promise.reject(missing) };
  }

  /**
   * @param {ReleaseFile} file
   * @returns {import('./flasher.js').AnyFile} the same one each time
   * @private
   */
  asFile(file) {
    const known = this.files.get(file) ?? { name: this.nameOf(file), arrayBuffer: async () => (await this.bytesOf(file)).slice().buffer };
    this.files.set(file, known);
    return known;
  }

  /**
   * The version that is on the board.
   * @param {Board} board
   * @returns {Promise<Release | undefined>} undefined: none of the newest, or it cannot be read
   */
  async on(board) {
    const { contents, variant } = board;
    if (!contents) return undefined;
    for (const release of this.manifest.versions.slice(0, LOOKED_AT)) {
      const file = fileFor(release, board);
      if (file && (await this.isIn(contents, file, variant).catch(() => false))) return release;
    }
    return undefined;
  }

  /**
   * @param {Uint8Array} contents
   * @param {ReleaseFile} file
   * @param {import('./board.js').Variant} variant
   * @private
   */
  async isIn(contents, file, variant) {
    const image = asReadBack(readFirmware(this.nameOf(file), await this.bytesOf(file)).image, variant);
    const held = asReadBack(contents, variant);
    return image.length <= held.length && image.every((byte, i) => held[i] === byte);
  }

  /**
   * @param {ReleaseFile} file
   * @private
   */
  nameOf({ file }) {
    const name = new URL(file, this.address).pathname.split('/').pop() || file;
    try {
      return decodeURIComponent(name);
    } catch {
      return name; // a % that stands for itself
    }
  }

  /**
   * @param {ReleaseFile} file
   * @returns {Promise<Uint8Array<ArrayBuffer>>}
   * @throws {NoFile}
   * @private
   */
  bytesOf(file) {
    const known = this.fetched.get(file) ?? this.fetch(file);
    this.fetched.set(file, known);
    known.catch(() => this.fetched.delete(file)); // the next time it may be there
    return known;
  }

  /**
   * @param {ReleaseFile} file
   * @private
   */
  async fetch(file) {
    const name = this.nameOf(file);
    const response = await fetch(new URL(file.file, this.address), { cache: 'no-cache' }).catch((error) => {
      throw new NoFile(t`${name} cannot be loaded: ${error.message}.`);
    });
    if (!response.ok) throw new NoFile(t`${name} cannot be loaded: ${`${response.status} ${response.statusText}`.trim()}.`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const found = await sha256(bytes);
    if (found !== file.sha256.toLowerCase())
      throw new NoFile(t`${name} is not the file that firmware.json names: its SHA-256 is ${found}.`);
    return bytes;
  }
}
