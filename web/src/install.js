// <dapboot-install firmware="firmware.json">: a button for anybody's page. It flashes what firmware.json offers for the
// board that the visitor chooses.

import { sleep } from './clock.js';
import { Flasher } from './flasher.js';
import { t } from './language.js';
import { readManifest } from './manifest.js';
import { Releases } from './releases.js';
import { FILTERS } from './usb.js';

/** @typedef {import('./connection.js').Board} Board */
/** @typedef {import('./teller.js').Message} Message */

/** A board that was asked for its bootloader is back after a second. */
const COMING_MS = 4000;
const STEP_MS = 100;

const STYLE = `
  :host { display: inline-block; font: inherit; }
  button { min-height: 2.75rem; padding: 0.5rem 1rem; font: inherit; }
  progress { display: block; width: 100%; margin-top: 0.5rem; }
  [hidden] { display: none; }
  p { margin: 0.5rem 0 0; }
`;

/**
 * Attributes: `firmware`, the address of firmware.json; `version`, one of it instead of the newest; `serial`, of the only
 * board that is meant. What is between the tags is on the button. Parts for style sheets: button, progress, message.
 * Events, which bubble: `dapboot-done` with {version, serial} in its detail, `dapboot-failed` with {title, text}.
 */
class Install extends HTMLElement {
  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    const style = new CSSStyleSheet();
    style.replaceSync(STYLE);
    root.adoptedStyleSheets = [style]; // also where a page allows no styles within it
    this.button = this.make(root, 'button', 'button');
    this.button.append(document.createElement('slot'));
    this.progress = /** @type {HTMLProgressElement} */ (this.make(root, 'progress', 'progress'));
    this.progress.hidden = true;
    this.progress.setAttribute('aria-label', t`Writing`);
    this.message = this.make(root, 'p', 'message');
    this.message.setAttribute('role', 'status');
    // as in a tab that is not seen: no board unasked, which may be another button's on this page
    this.flasher = new Flasher(navigator.usb, () => true);
    this.flasher.addEventListener('change', () => this.show());
    /** @type {Releases | null} @private of the address that `firmware` had */
    this.releases = null;
    this.button.addEventListener('click', () => void this.install());
  }

  connectedCallback() {
    if (!this.textContent?.trim()) this.textContent = t`Install`;
    if (!navigator.usb) this.say(t`This browser cannot talk to USB devices`);
    void this.load().catch(() => {}); // asked for again, and told, when it is needed
  }

  /**
   * @param {ShadowRoot} root
   * @param {string} tag
   * @param {string} name
   * @private
   */
  make(root, tag, name) {
    const element = document.createElement(tag);
    element.part.add(name);
    root.append(element);
    return element;
  }

  /** @private */
  show() {
    const { busy, progress, phase } = this.flasher;
    this.progress.hidden = !busy;
    if (progress && progress.total > 0 && phase === 'writing') {
      this.progress.max = progress.total;
      this.progress.value = progress.done;
    } else this.progress.removeAttribute('value');
    this.button.toggleAttribute('disabled', busy);
  }

  /** @param {string} text @private */
  say(text) {
    this.message.textContent = text;
  }

  /** @private */
  async load() {
    const address = new URL(this.getAttribute('firmware') ?? 'firmware.json', document.baseURI).href;
    if (this.releases?.address === address) return this.releases;
    const response = await fetch(address, { cache: 'no-cache' });
    if (!response.ok) throw new Error(`${address}: ${response.status} ${response.statusText}`);
    const releases = new Releases(readManifest(await response.text()), address);
    this.releases = releases;
    return releases;
  }

  /** In answer to a click, so that the browser lets the visitor choose a board. */
  async install() {
    if (this.flasher.busy || !navigator.usb) return;
    this.say('');
    try {
      const board = await this.choose();
      const trouble = board ? await this.flash(board) : this.flasher.message;
      if (trouble) this.failed(board || this.flasher.message?.kind === 'bad' ? trouble : { title: trouble.title, text: '' });
    } catch (error) {
      this.failed({ title: t`That did not work`, text: error instanceof Error ? error.message : String(error) });
    }
  }

  /**
   * @returns {Promise<Board | null>}
   * @private
   */
  async choose() {
    const { flasher } = this;
    const { ids } = (await this.load()).manifest;
    const serialNumber = this.getAttribute('serial') ?? undefined;
    flasher.filters = (ids.length > 0 ? ids : FILTERS).map((filter) => (serialNumber ? { ...filter, serialNumber } : filter));
    await flasher.choose();
    if (flasher.program) await flasher.enterBootloader();
    for (let waited = 0; flasher.expecting && waited < COMING_MS; waited += STEP_MS) await sleep(STEP_MS);
    while (flasher.phase === 'opening') await sleep(STEP_MS); // it is read as a whole
    if (flasher.expecting) this.say(t`The board is on its way to its bootloader. Press the button once more and choose it.`);
    return flasher.board;
  }

  /**
   * @param {Board} board
   * @returns {Promise<Pick<Message, 'title' | 'text' | 'remedy'> | null>} what went wrong
   * @private
   */
  async flash(board) {
    const { flasher } = this;
    const releases = await this.load();
    const wanted = this.getAttribute('version');
    const { versions } = releases.manifest;
    const release = wanted ? versions.find(({ version }) => version === wanted) : versions[0];
    if (!release) return { title: t`There is no version ${String(wanted)} here`, text: '' };
    await flasher.take(releases.fileFor(release, board));
    const error = flasher.findings.find(({ kind }) => kind === 'error');
    if (error) return { title: error.title, text: error.detail };
    if (flasher.fileTrouble) return flasher.fileTrouble;
    await flasher.flash();
    if (flasher.message?.kind !== 'good') return flasher.message;
    this.say(flasher.message.title);
    this.tell('dapboot-done', { version: release.version, serial: board.serial });
    return null;
  }

  /**
   * @param {Pick<Message, 'title' | 'text' | 'remedy'>} message
   * @private
   */
  failed({ title, text, remedy }) {
    this.say([title, text, remedy].filter(Boolean).map((part) => part?.replace(/\.$/, '')).join('. ') + '.');
    this.tell('dapboot-failed', { title, text });
  }

  /**
   * @param {string} event
   * @param {object} detail
   * @private
   */
  tell(event, detail) {
    this.dispatchEvent(new CustomEvent(event, { bubbles: true, composed: true, detail }));
  }
}

if (!customElements.get('dapboot-install')) customElements.define('dapboot-install', Install);
