// The page of a maker: it has a firmware.json beside it. Loaded only then.

import { legible } from './colour.js';
import { t } from './language.js';
import { BadManifest, fileFor, readManifest } from './manifest.js';
import { Releases } from './releases.js';
import { addStyle } from './style.js';
import { hex4 } from './words.js';

/** @typedef {import('./manifest.js').Manifest} Manifest */
/** @typedef {import('./manifest.js').Release} Release */
/** @typedef {import('./connection.js').Board} Board */

const OWN = -1; // chosen in the list: a file of the user's own

const STYLE = `
  #offer {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem 1rem;
    align-items: center;
    margin-bottom: 0.75rem;
  }
  select {
    flex: 1;
    min-width: 0;
    min-height: 2.75rem;
    padding: 0.4rem 0.6rem;
    border: 1px solid var(--soft);
    border-radius: 0.4rem;
    background: var(--card);
    color: inherit;
    font: inherit;
  }
  #logo {
    float: right;
    max-width: 40%;
    max-height: 4rem;
  }
  #release-notes {
    white-space: pre-line;
  }
`;

/** A list of the versions, and what is said of the one that is chosen. */
class Offer {
  /**
   * @param {import('./page.js').Page} page
   * @param {Releases} releases
   */
  constructor(page, releases) {
    this.page = page;
    this.flasher = page.flasher;
    this.releases = releases;
    this.versions = releases.manifest.versions;
    /** Index of the version that is chosen, or OWN. */
    this.chosen = 0;
    /** @type {Board | null} whose file was taken */
    this.board = null;
    /** @type {import('./flasher.js').AnyFile | null} that was taken */
    this.file = null;
    /** @type {unknown} what was known of its flash when `held` was found */
    this.looked = null;
    /** @type {Release | undefined} that is on the board */
    this.held = undefined;
    this.trouble = '';
    this.list = this.build();
    this.flasher.addEventListener('change', () => void this.changed());
  }

  /** @private */
  build() {
    const { page } = this;
    const list = page.document.createElement('select');
    list.id = 'versions';
    for (const [i, { version }] of this.versions.entries()) list.append(new Option(i === 0 ? `${version} · ${t`newest`}` : version, String(i)));
    list.append(new Option(t`A file of your own`, String(OWN)));
    list.addEventListener('change', () => this.choose(Number(list.value)));
    const label = page.make('label', t`Version`);
    label.setAttribute('for', list.id);
    const box = page.make('div', '');
    box.id = 'offer';
    box.append(label, list);
    const notes = page.make('p', '');
    notes.id = 'release-notes';
    page.element('drop').before(box, notes, messageBox(page));
    return list;
  }

  /** There is a file for the board, and it did not come, or is another one. @private */
  get isMissing() {
    const { board, file, fileTrouble } = this.flasher;
    const release = this.versions[this.chosen];
    return !!(release && board && fileTrouble && file === this.file && fileFor(release, board));
  }

  /** @private */
  chooseAgain() {
    this.list.focus(); // the button that was pressed is gone
    this.choose(this.chosen);
  }

  /** @param {number} index of a version, or OWN */
  choose(index) {
    this.chosen = index;
    this.page.awaited = '';
    this.trouble = '';
    this.board = null;
    this.file = this.flasher.file; // one that was dropped before is no new choice
    void this.changed();
  }

  /** @param {string} version */
  chooseVersion(version) {
    const index = this.versions.findIndex((release) => release.version === version);
    if (index >= 0) this.choose(index);
    else this.trouble = version;
  }

  /** @private */
  async changed() {
    const { board, file, phase } = this.flasher;
    if (file !== this.file) {
      this.chosen = OWN; // it was dropped on the page
      this.page.awaited = '';
    }
    if (phase === 'ready' && board) await Promise.all([this.take(board), this.lookAt(board)]);
    this.show();
  }

  /**
   * Takes the file for a board, once.
   * @param {Board} board
   * @private
   */
  async take(board) {
    const release = this.versions[this.chosen];
    if (!release || board === this.board) return;
    this.board = board;
    const file = this.releases.fileFor(release, board);
    if (file === this.file && this.flasher.firmware) return; // what was said of it stays
    this.file = file;
    this.page.awaited = t`Version ${release.version} is on its way.`;
    this.page.later();
    await this.flasher.take(file);
    if (this.file === file) this.page.awaited = ''; // else another one has been chosen since
    this.page.later();
  }

  /**
   * Which version is on a board is asked anew when something was written to it.
   * @param {Board} board
   * @private
   */
  async lookAt(board) {
    const { written, contents } = board;
    const known = written ?? contents;
    if (known === this.looked) return;
    this.looked = known;
    this.held = undefined;
    const held = written && written === this.flasher.firmware ? this.versions[this.chosen] : await this.releases.on(board);
    if (this.looked === known) this.held = held;
  }

  /** @private */
  show() {
    const { page } = this;
    this.list.value = String(this.chosen);
    this.list.disabled = this.flasher.busy;
    const { date, notes, version } = this.versions[this.chosen] ?? {};
    page.text('release-notes', [date, notes].filter(Boolean).join('\n'));
    page.element('drop').hidden = this.chosen !== OWN;
    /** @type {import('./view.js').Shown[]} */
    const shown = [];
    if (this.trouble) shown.push({ kind: 'bad', title: t`There is no version ${this.trouble} here`, text: t`The newest is chosen.` });
    if (version && this.isMissing) shown.push({ kind: 'bad', title: t`Version ${version} could not be loaded`, text: '', act: t`Load version ${version} again`, run: () => this.chooseAgain() });
    if (this.flasher.board && this.held) shown.push(this.comparison(this.held));
    page.messages('release-message', shown);
  }

  /**
   * @param {Release} held
   * @returns {import('./view.js').Shown}
   * @private
   */
  comparison(held) {
    const [newest] = this.versions;
    if (held === newest) return { kind: 'good', title: t`The board has the newest version`, text: held.version };
    return { kind: 'note', title: t`There is a newer version`, text: t`The board has ${held.version}; the newest is ${newest.version}.` };
  }
}

/** @param {import('./page.js').Page} page */
function messageBox(page) {
  const box = page.make('div', '');
  box.id = 'release-message';
  box.setAttribute('role', 'status');
  return box;
}

/**
 * @param {import('./page.js').Page} page
 * @param {Manifest} manifest
 * @param {string} address
 */
function dress(page, { product, vendor, homepage, logo, color }, address) {
  const { document } = page;
  addStyle(document, STYLE);
  const heading = /** @type {HTMLElement} */ (document.querySelector('h1'));
  page.name = product;
  heading.textContent = product;
  if (logo) {
    const image = document.createElement('img');
    image.src = new URL(logo, address).href;
    image.alt = '';
    image.id = 'logo';
    heading.before(image);
  }
  if (vendor) {
    const by = page.make('p', '');
    const name = homepage ? Object.assign(document.createElement('a'), { href: homepage, textContent: vendor }) : vendor;
    by.append(name);
    heading.after(by);
  }
  if (color) legible(document, color);
}

/**
 * The service worker keeps what a maker has put beside the page. Files that firmware.json named the last time, and names no
 * more, go.
 * @param {Manifest} manifest
 * @param {string} address of it
 */
async function forget({ versions }, address) {
  if (!navigator.serviceWorker?.controller) return;
  const cache = await caches.open(`dapboot beside ${new URL('.', location.href)}`); // as service-worker.js calls it
  const named = versions.flatMap(({ files }) => files.map(({ file }) => new URL(file, address).href));
  const list = `${address}?named`;
  const before = (await (await cache.match(list))?.json()) ?? [];
  for (const url of before) if (!named.includes(url)) await cache.delete(url, { ignoreVary: true });
  await cache.put(list, new Response(JSON.stringify(named)));
}

/**
 * @param {import('./page.js').Page} page
 * @param {string} text of firmware.json
 * @param {string} address of it
 */
function begin(page, text, address) {
  const { flasher } = page;
  try {
    const manifest = readManifest(text);
    dress(page, manifest, address);
    const serialNumber = flasher.filters[0].serialNumber;
    const [first] = manifest.ids;
    if (first) {
      flasher.filters = manifest.ids.map((id) => ({ ...id, serialNumber }));
      // until a board says its own
      if (!('serial' in flasher.ids)) flasher.ids = { vendor: first.vendorId, product: first.productId };
      page.text('dfu', `dfu-util -d ${hex4(first.vendorId)}:${hex4(first.productId)} -D program.bin`);
    }
    const one = new Offer(page, new Releases(manifest, address));
    const version = new URL(location.href).searchParams.get('version');
    if (version) one.chooseVersion(version);
    page.show();
    void forget(manifest, address).catch(() => {}); // a full disk, say: then it stays
  } catch (error) {
    if (!(error instanceof BadManifest)) throw error;
    page.element('drop').before(messageBox(page));
    page.messages('release-message', [{ kind: 'bad', title: t`firmware.json beside this page cannot be used`, text: error.message }]);
  }
}

/** @type {any} */ (globalThis).dapbootVendor = begin;
