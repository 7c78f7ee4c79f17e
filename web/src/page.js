// Shows the flasher on the page and hands what the user does to it. Decides nothing.

import { FLASH_BASE, withoutBlankEnd } from './board.js';
import { toHex } from './hex.js';
import { trailerIn } from './signed.js';
import { isInside, isStack, startWords } from './vectors.js';
import { count, hex, hex4, kib, pace, version } from './words.js';

/** @typedef {import('./flasher.js').Flasher} Flasher */
/** @typedef {import('./flasher.js').Phase} Phase */
/** @typedef {import('./flasher.js').Board} Board */

/** @type {import('./flasher.js').Place[]} */
const PLACES = ['board', 'flash', 'more'];

/** @type {Record<Phase, string>} */
const STATE = {
  unsupported: 'This browser cannot talk to USB devices',
  away: 'No board is connected',
  opening: 'Looking at the board…',
  ready: 'Connected',
  writing: 'Writing',
  verifying: 'Reading back and comparing',
  reading: 'Reading',
  leaving: 'Restarting the board',
};

/**
 * What the LED does (docs/led.md). An error is cleared as soon as it is read, so nobody sees its flicker.
 * @type {Record<'none' | 'runs' | 'blinks' | 'on', string>}
 */
const LED = {
  none: 'No board',
  runs: 'The program runs',
  blinks: 'LED blinks: it waits',
  on: 'LED is on: it works',
};

/** @type {Record<import('./board.js').Variant['name'], string>} */
const VARIANT = {
  standard: 'standard, bootloader in the first 8 KiB',
  '4K': '4K, bootloader in the first 4 KiB',
  high: 'high, bootloader in the last 7 KiB',
  custom: 'custom',
  low: 'standard or 4K; it cannot be read, so which is not known',
};

const RECIPES = /** @type {[string, (base: number) => string][]} */ ([
  ['Linker script', (base) => `FLASH (rx) : ORIGIN = ${hex(base)}, LENGTH = …`],
  [
    'STM32Cube',
    (base) => `ORIGIN as above, and in system_stm32f1xx.c: VECT_TAB_OFFSET 0x${(base - FLASH_BASE).toString(16)}`,
  ],
  ['PlatformIO', (base) => `board_upload.offset_address = ${hex(base)}`],
  ['Zephyr', (base) => `CONFIG_FLASH_LOAD_OFFSET=0x${(base - FLASH_BASE).toString(16)}`],
]);

export class Page {
  /**
   * @param {Flasher} flasher
   * @param {Document} document
   */
  constructor(flasher, document) {
    this.flasher = flasher;
    this.document = document;
    this.frame = 0;
    /** What is shown by now: nothing is rendered twice, so that screen readers say it once. */
    this.shown = new Map();
    flasher.addEventListener('change', () => this.later());
    this.helped = false;
    this.listen();
  }

  /**
   * @param {string} id
   * @returns {HTMLElement}
   */
  element(id) {
    const element = this.document.getElementById(id);
    if (!element) throw new Error(`the page has no #${id}`);
    return element;
  }

  listen() {
    const { flasher } = this;
    this.click('connect', () => flasher.choose());
    this.click('flash-button', () => flasher.flash());
    this.click('read-bin', () => this.save('bin'));
    this.click('read-hex', () => this.save('hex'));
    this.click('leave', () => flasher.leave());
    for (const option of /** @type {const} */ (['verify', 'start'])) {
      const box = /** @type {HTMLInputElement} */ (this.element(option));
      flasher[option] = box.checked; // browsers remember it
      box.addEventListener('change', () => (flasher[option] = box.checked));
    }
    this.listenForFiles();
    this.document.defaultView?.addEventListener('beforeunload', (event) => {
      if (flasher.phase === 'writing') event.preventDefault();
    });
  }

  /**
   * @param {string} id
   * @param {() => Promise<void>} action
   */
  click(id, action) {
    const button = this.element(id);
    button.addEventListener('click', () => {
      if (button.getAttribute('aria-disabled') !== 'true') void action();
    });
  }

  listenForFiles() {
    const chooser = /** @type {HTMLInputElement} */ (this.element('chooser'));
    const drop = this.element('drop');
    chooser.addEventListener('change', () => {
      const file = chooser.files?.[0];
      if (file) void this.flasher.take(file);
      chooser.value = ''; // the same file again, newly built, is a change too
    });
    // anywhere: a file that misses the box must not replace the page
    this.document.addEventListener('dragover', (event) => {
      event.preventDefault();
      drop.classList.add('over');
    });
    this.document.addEventListener('dragleave', (event) => {
      if (!event.relatedTarget) drop.classList.remove('over');
    });
    this.document.addEventListener('drop', (event) => {
      event.preventDefault();
      drop.classList.remove('over');
      const file = event.dataTransfer?.files[0];
      if (file) void this.flasher.take(file);
    });
  }

  /**
   * Opens the help that is likely to help once connecting failed; closes it when it is no longer needed.
   * @param {boolean} open
   */
  openHelp(open) {
    if (this.helped === open) return; // the user may have closed it
    this.helped = open;
    const agent = this.document.defaultView?.navigator.userAgent ?? '';
    const system = /Android|Mac OS/.test(agent) ? 'macos' : /Windows/.test(agent) ? 'windows' : 'linux';
    const found = this.flasher.message?.kind === 'bad'; // but cannot be used
    for (const name of found ? [system] : ['bootloader', system])
      /** @type {HTMLDetailsElement} */ (this.element(`help-${name}`)).open = open;
  }

  later() {
    if (this.frame) return;
    // frames do not come to a page in the background
    this.frame = setTimeout(() => {
      this.frame = 0;
      this.show();
    }, 30);
  }

  show() {
    const { flasher } = this;
    const { body } = this.document;
    const led = this.led();
    body.dataset.phase = flasher.phase;
    body.dataset.led = led;
    body.toggleAttribute('data-busy', flasher.busy);
    this.text('led-text', LED[led]);
    this.showBoard();
    this.showFile();
    this.showFlash();
    this.text('log', flasher.log.join('\n') || 'Nothing happened yet.');
  }

  /** @returns {keyof typeof LED} */
  led() {
    switch (this.flasher.phase) {
      case 'unsupported':
        return 'none';
      case 'away':
        return this.flasher.running ? 'runs' : 'none';
      case 'ready':
      case 'leaving':
        return 'blinks';
      default:
        return 'on';
    }
  }

  showBoard() {
    const { flasher } = this;
    const { board, phase } = flasher;
    const away = flasher.running ? 'The board runs its program' : STATE.away;
    this.text('board-state', phase === 'away' ? away : board && phase === 'ready' ? board.product : STATE[phase]);
    this.facts('facts', board ? boardFacts(board) : []);
    this.element('help').hidden = phase !== 'away';
    if (phase === 'away' && flasher.message?.place === 'board') this.openHelp(true);
    if (phase === 'ready') this.openHelp(false);
    this.element('connect').hidden = phase === 'unsupported';
    this.text('connect', board ? 'Choose another board' : 'Connect');
    this.enable('connect', phase === 'away' || phase === 'ready');
    this.element('connect').classList.toggle('primary', phase === 'away');
    const hint = flasher.running
      ? 'To flash it again bring it back to its bootloader; it then shows up here by itself.'
      : 'Plug it in, press Connect, and choose it from the list.';
    this.text('board-hint', phase === 'away' ? hint : '');
  }

  showFile() {
    const { firmware, findings, board, fileTrouble, busy } = this.flasher;
    /** @type {HTMLInputElement} */ (this.element('chooser')).disabled = busy;
    /** @type {[string, string][]} */
    const facts = [];
    if (firmware) {
      facts.push(['File', firmware.name + (firmware.format === 'hex' ? ', converted to binary' : '')]);
      facts.push(['Size', `${count(firmware.image.length)} bytes (${kib(firmware.image.length)})`]);
      if (firmware.base !== null) facts.push(['Linked at', hex(firmware.base)]);
      if (firmware.suffix)
        facts.push([
          'DFU suffix',
          `for ${hex4(firmware.suffix.vendor)}:${hex4(firmware.suffix.product)}, checksum is right`,
        ]);
      if (firmware.signed) {
        const { vendor, product, board: name, version: number } = firmware.signed;
        facts.push(['Version', String(number)], ['Signed', `for ${hex4(vendor)}:${hex4(product)}, ${name}; the board checks it`]);
      }
    }
    this.facts('file-facts', facts);
    /** @type {Shown[]} */
    const shown = findings.map((finding) => ({
      kind: finding.kind === 'error' ? 'bad' : 'warning',
      title: finding.title,
      text: finding.detail,
      linkAt: finding.linkAt,
    }));
    if (fileTrouble) shown.push(fileTrouble);
    if (firmware && board && findings.length === 0) shown.push({ kind: 'good', title: 'This is a program for this board', text: this.aboutBoard() });
    if (firmware && !board && !this.flasher.running) shown.push({ kind: 'note', title: 'Not checked yet', text: 'Whether it fits is told once a board is connected.' });
    this.messages('findings', shown);
  }

  aboutBoard() {
    const { board } = this.flasher;
    if (this.flasher.isOnBoard) return 'The board holds exactly this already.';
    return board?.variant.base == null ? '' : `Linked at ${hex(board.variant.base)}, as it must be.`;
  }

  showFlash() {
    const { flasher } = this;
    const { phase } = flasher;
    const ready = phase === 'ready';
    this.enable('flash-button', flasher.canFlash);
    this.text('why-not', this.whyNot());
    this.enable('read-bin', ready && flasher.board?.abilities.canUpload === true);
    this.enable('read-hex', ready && flasher.board?.abilities.canUpload === true && flasher.board.variant.base !== null);
    this.enable('leave', ready);
    for (const place of PLACES) this.showStatus(place);
  }

  /** @param {import('./flasher.js').Place} place */
  showStatus(place) {
    const { flasher } = this;
    const { progress, message } = flasher;
    const here = flasher.busy && progress !== null && flasher.place === place;
    this.element(`${place}-progress`).hidden = !here;
    if (here) this.showProgress(place, progress);
    const messages = message?.place === place ? [message] : [];
    if (flasher.phase === 'unsupported' && place === 'board') messages.push(unsupported(this.document));
    this.messages(`${place}-message`, messages);
  }

  /**
   * @param {import('./flasher.js').Place} place
   * @param {import('./flasher.js').Progress} progress
   */
  showProgress(place, { done, total, started }) {
    const bar = /** @type {HTMLProgressElement} */ (this.element(`${place}-bar`));
    const known = total > 0 && !(done === total && this.flasher.phase === 'writing');
    if (known) {
      bar.max = total;
      bar.value = done;
    } else {
      bar.removeAttribute('value');
    }
    const { speed, left } = pace(done, total, (Date.now() - started) / 1000);
    const bytes = total > 0 ? `${count(done)} of ${count(total)} bytes` : done > 0 ? `${count(done)} bytes` : '';
    const { phase } = this.flasher;
    this.text(`${place}-progress-title`, phase === 'opening' ? 'Reading what it holds' : STATE[phase]);
    this.text(`${place}-progress-text`, [bytes, speed, total > 0 ? left : ''].filter(Boolean).join(' · ') || '\u00a0');
  }

  whyNot() {
    const { flasher } = this;
    const { board, firmware, phase, fileTrouble } = flasher;
    if (flasher.canFlash || flasher.busy || phase === 'unsupported') return '';
    if (!board) return firmware ? 'Connect a board first.' : 'Connect a board and choose a file first.';
    if (!board.abilities.canDownload) return 'This board was built so that it cannot be written.';
    if (fileTrouble) return 'The file cannot be used, see above.';
    return firmware ? 'This file does not fit this board, see above.' : 'Choose a file first.';
  }

  /** @param {'bin' | 'hex'} format */
  async save(format) {
    const program = await this.flasher.read();
    const { board } = this.flasher;
    if (!program || program.length === 0 || !board) return;
    const content = format === 'bin' ? /** @type {BlobPart} */ (program) : toHex(program, board.variant.base ?? FLASH_BASE);
    const link = this.document.createElement('a');
    link.href = URL.createObjectURL(new Blob([content]));
    link.download = `${board.serial || 'firmware'}.${format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  /** @param {string} version of this page */
  isVersion(version) {
    this.text('version', `Version ${version}`);
  }

  worksOffline() {
    this.text('offline', 'This page is stored in your browser now and works without a network.');
  }

  /** What is stored is newer than what is shown. */
  isOutdated() {
    this.text('offline', 'A newer version of this page is stored in your browser now: load it again to use it.');
  }

  /**
   * @param {string} id
   * @param {boolean} enabled a button that is disabled loses the keyboard's focus; one that says it is does not
   */
  enable(id, enabled) {
    this.element(id).setAttribute('aria-disabled', String(!enabled));
  }

  /**
   * @param {string} id
   * @param {string} text
   */
  text(id, text) {
    this.once(id, text, (element) => (element.textContent = text));
  }

  /**
   * @param {string} id
   * @param {[string, string][]} facts
   */
  facts(id, facts) {
    this.once(id, facts, (element) =>
      element.replaceChildren(...facts.flatMap(([name, value]) => [this.make('dt', name), this.make('dd', value)])),
    );
  }

  /**
   * @typedef {object} Shown
   * @property {'good' | 'bad' | 'note' | 'warning'} kind
   * @property {string} title
   * @property {string} text
   * @property {string} [remedy]
   * @property {number} [linkAt]
   */

  /**
   * @param {string} id
   * @param {Shown[]} messages
   */
  messages(id, messages) {
    this.once(id, messages, (element) => element.replaceChildren(...messages.map((message) => this.message(message))));
  }

  /** @param {Shown} message */
  message({ kind, title, text, remedy, linkAt }) {
    const box = this.document.createElement('div');
    box.className = `message ${kind}`;
    box.append(this.make('h3', title));
    for (const sentence of [text, remedy]) if (sentence) box.append(this.make('p', sentence));
    if (linkAt !== undefined) box.append(this.recipes(linkAt));
    return box;
  }

  /** @param {number} base */
  recipes(base) {
    const details = this.document.createElement('details');
    const list = this.document.createElement('dl');
    for (const [tool, recipe] of RECIPES) {
      const line = this.make('dd', '');
      line.append(this.make('code', recipe(base)));
      list.append(this.make('dt', tool), line);
    }
    details.append(this.make('summary', `How to link it at ${hex(base)}`), list);
    return details;
  }

  /**
   * @param {string} tag
   * @param {string} text
   */
  make(tag, text) {
    const element = this.document.createElement(tag);
    element.textContent = text;
    return element;
  }

  /**
   * @param {string} id
   * @param {unknown} content
   * @param {(element: HTMLElement) => void} render
   */
  once(id, content, render) {
    const key = JSON.stringify(content);
    if (this.shown.get(id) === key) return;
    this.shown.set(id, key);
    render(this.element(id));
  }
}

/**
 * @param {Board} board
 * @returns {[string, string][]}
 */
function boardFacts(board) {
  const { variant, abilities } = board;
  /** @type {[string, string][]} */
  const facts = [['Serial number', board.serial || 'none']];
  facts.push([
    'Versions',
    `bootloader ${version(board.release)}, DFU ${version(abilities.dfuVersion)}, USB ${version(board.usbVersion)}`,
  ]);
  facts.push(['Variant', VARIANT[variant.name]]);
  facts.push(['Programs go to', variant.base === null ? 'not known; the board checks it' : hex(variant.base)]);
  if (variant.area !== null) facts.push(['Room', `${kib(variant.area)} (${count(variant.area)} bytes)`]);
  facts.push(['Holds', holds(board)]);
  return facts;
}

/** @param {Board} board */
function holds({ contents, abilities, variant }) {
  if (!abilities.canUpload) return 'cannot be read: it was built so';
  if (!contents) return 'not looked at since it was flashed';
  const program = withoutBlankEnd(contents);
  if (program.length < 8) return 'no program';
  const { stack, entry } = startWords(program);
  if (!isStack(stack) || !isInside(entry, variant.base ?? FLASH_BASE, contents.length)) return 'no whole program';
  // how long it is cannot be told: what a longer one left behind it stays
  const signed = trailerIn(contents);
  return `a ${signed ? `signed program, version ${signed.version}` : 'program'}; ${count(program.length)} bytes are not blank`;
}

/**
 * @param {Document} document
 * @returns {import('./flasher.js').Message}
 */
function unsupported(document) {
  const secure = document.defaultView?.isSecureContext;
  return {
    kind: 'bad',
    title: 'WebUSB is missing',
    text: secure
      ? 'Use Chrome, Edge, Opera or another browser made from Chromium, on a PC or on Android. Firefox and Safari do not have WebUSB, nor has any browser on an iPhone or iPad.'
      : 'Browsers offer USB only to pages that come over https:// or from this computer itself.',
    remedy: 'Or use dfu-util: dfu-util -d 1209:db42 -D program.bin',
  };
}
