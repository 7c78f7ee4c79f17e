// firmware.json: what a maker offers for a board. docs/fleet.md tells makers what may stand in it.

import { t } from './language.js';

/**
 * @typedef {object} ReleaseFile
 * @property {string} file address, relative to firmware.json
 * @property {string} sha256 of the file, in hexadecimal digits
 * @property {string} [variant] of the bootloader that it is for: standard, 4K or high; none: all
 * @property {string} [chip] that it is for: STM32F103 or STM32L1; none: all
 */

/**
 * @typedef {object} Release
 * @property {string} version
 * @property {string} [date]
 * @property {string} [notes]
 * @property {ReleaseFile[]} files
 */

/**
 * @typedef {object} Manifest
 * @property {string} product
 * @property {string} [vendor]
 * @property {string} [homepage]
 * @property {string} [logo]
 * @property {string} [color]
 * @property {{vendorId: number, productId: number}[]} ids of its boards; none: all
 * @property {Release[]} versions the newest first
 */

/** It is wrong, and whoever wrote it must mend it: the message names the place. */
export class BadManifest extends Error {}

/** @typedef {[name: string, means: string, fits: (value: any) => boolean]} Kind */

/** @type {(value: unknown) => boolean} */
const isText = (value) => typeof value === 'string' && value !== '';
/** @type {(value: unknown) => boolean} */
const isAddress = (value) => {
  try {
    return typeof value === 'string' && value !== '' && new URL(value, 'https://example.com') !== null;
  } catch {
    return false;
  }
};
/** @type {(value: unknown) => boolean} */
const isList = (value) => Array.isArray(value) && value.length > 0;
/** @type {(name: string) => (value: unknown) => boolean} */
const matches = (pattern) => (value) => typeof value === 'string' && new RegExp(`^(${pattern})$`).test(value);

/** @type {(name: string, means?: string, fits?: Kind[2]) => Kind} */
const kind = (name, means = t`a text`, fits = isText) => [name, means, fits];

const ID = '[0-9a-fA-F]{4}:[0-9a-fA-F]{4}';

/** What must be there, and behind the bar what may. @type {() => Record<string, [Kind[], Kind[]]>} */
const fields = () => ({
  '': [
    [kind('product'), kind('versions', t`a list, the newest first`, isList)],
    [
      kind('vendor'),
      kind('homepage', t`an address that begins with https://`, matches('https://.+')),
      kind('logo', t`an address, relative to firmware.json`, isAddress),
      kind('color', t`a colour like #b3261e`, matches('#[0-9a-fA-F]{6}')),
      kind('ids', t`a list of USB ids like 1209:db42`, (ids) => isList(ids) && ids.every(matches(ID))),
    ],
  ],
  version: [
    [kind('version'), kind('files', t`a list`, isList)],
    [kind('date', t`a date like 2026-11-28`, matches('\\d{4}-\\d\\d-\\d\\d')), kind('notes')],
  ],
  file: [
    [kind('file', t`an address, relative to firmware.json`, isAddress), kind('sha256', t`64 hexadecimal digits`, matches('[0-9a-fA-F]{64}'))],
    [kind('variant', 'standard, 4K, high', matches('standard|4K|high')), kind('chip', 'STM32F103, STM32L1', matches('STM32F103|STM32L1'))],
  ],
});

/**
 * @param {any} value
 * @param {string} which of `fields`
 * @param {string} place in the file
 */
function checkFields(value, which, place) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadManifest(t`${place || 'firmware.json'} is no object in braces.`);
  const [must, may] = fields()[which];
  for (const [name, means, fits] of [...must, ...may]) {
    const path = place ? `${place}.${name}` : name;
    if (value[name] === undefined && must.some(([needed]) => needed === name)) throw new BadManifest(t`${path} is missing: ${means}.`);
    if (value[name] !== undefined && !fits(value[name])) throw new BadManifest(t`${path} is wrong: it must be ${means}.`);
  }
}

/**
 * @param {string} text of firmware.json
 * @returns {Manifest} what it does not know is left in place
 * @throws {BadManifest}
 */
export function readManifest(text) {
  let given;
  try {
    given = JSON.parse(text);
  } catch (error) {
    if (/^\s*</.test(text)) throw new BadManifest(t`firmware.json is a web page: the server has no such file there. Correct the address, or put the file there.`);
    throw new BadManifest(t`firmware.json is no JSON: ${error instanceof Error ? error.message : error}. Correct it there, or write it with tools/firmware-json.`);
  }
  checkFields(given, '', '');
  given.versions.forEach((/** @type {any} */ release, /** @type {number} */ i) => {
    checkFields(release, 'version', `versions[${i}]`);
    release.files.forEach((/** @type {any} */ file, /** @type {number} */ j) => checkFields(file, 'file', `versions[${i}].files[${j}]`));
  });
  const ids = (given.ids ?? []).map((/** @type {string} */ id) => {
    const [vendorId, productId] = id.split(':').map((half) => parseInt(half, 16));
    return { vendorId, productId };
  });
  return { ...given, ids };
}

/**
 * The file of a version for a board: one that names its variant, or else one that fits all.
 * @param {Release} release
 * @param {import('./connection.js').Board} board
 * @returns {ReleaseFile | undefined} undefined: none, or which one cannot be told, as the board cannot be read
 */
export function fileFor({ files }, { variant, chip }) {
  const variants = variant.name === 'low' ? ['standard', '4K'] : [variant.name];
  const fit = files.filter((file) => (file.chip ?? chip.name) === chip.name);
  const own = fit.filter((file) => file.variant && variants.includes(file.variant));
  return own.length === 1 || (own.length > 0 && variants.length === 1) ? own[0] : fit.find((file) => !file.variant);
}
