// Shows the flasher on the page and hands what the user does to it. Decides nothing.

import { FLASH_BASE } from './board.js';
import { boardFacts, fileFacts } from './facts.js';
import { toHex } from './hex.js';
import { t } from './language.js';
import { View } from './view.js';
import { count, hex, hex4, pace } from './words.js';

/** @typedef {import('./flasher.js').Flasher} Flasher */
/** @typedef {import('./teller.js').Phase} Phase */
/** @typedef {import('./teller.js').Place} Place */
/** @typedef {import('./view.js').Shown} Shown */

/** @type {import('./teller.js').Place[]} */
const PLACES = ['board', 'flash', 'more'];

/** @type {() => Record<Phase, string>} */
const states = () => ({
  unsupported: t`This browser cannot talk to USB devices`,
  away: t`No board is connected`,
  detaching: t`Asking the program to start the bootloader`,
  opening: t`Looking at the board…`,
  ready: t`Connected`,
  writing: t`Writing`,
  verifying: t`Reading back and comparing`,
  reading: t`Reading`,
  leaving: t`Restarting the board`,
});

/**
 * What the LED does (docs/led.md). An error is cleared as soon as it is read, so nobody sees its flicker.
 * @type {() => Record<'none' | 'runs' | 'blinks' | 'on', string>}
 */
const lights = () => ({
  none: t`No board`,
  runs: t`In its program`,
  blinks: t`LED blinks: it waits`,
  on: t`LED is on: it works`,
});

/** Where style.css has one column. */
const WIDE = '(min-width: 34.01rem)';

export class Page extends View {
  /**
   * @param {Flasher} flasher
   * @param {Document} document
   */
  constructor(flasher, document) {
    super(document);
    this.flasher = flasher;
    this.frame = 0;
    this.name = t`dapboot flasher`;
    /** What is to be flashed and is on its way, in a sentence. */
    this.awaited = '';
    flasher.addEventListener('change', () => this.later());
    this.helped = false;
    this.listen();
  }

  listen() {
    const { flasher } = this;
    this.click('connect', () => flasher.choose());
    this.click('flash-button', () => flasher.flash());
    this.click('read-bin', () => this.save('bin'));
    this.click('read-hex', () => this.save('hex'));
    this.click('leave', () => flasher.leave());
    this.click('detach', () => flasher.enterBootloader());
    this.click('release', () => flasher.release());
    this.click('copy-log', () => this.copyLog());
    this.unfold();
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

  /** On a phone the facts are folded, so that what is below needs no scrolling. */
  unfold() {
    const wide = this.document.defaultView?.matchMedia(WIDE);
    const facts = /** @type {HTMLDetailsElement} */ (this.element('facts-box'));
    const fold = () => (facts.open = wide?.matches ?? true);
    wide?.addEventListener('change', fold);
    fold();
  }

  /** Without https, or without leave, the browser has no clipboard for a page: then the user copies what is selected. */
  async copyLog() {
    const window = this.document.defaultView;
    const text = this.flasher.log.join('\n');
    const copied = await window?.navigator.clipboard?.writeText(text).then(() => true, () => false);
    if (!copied) window?.getSelection()?.selectAllChildren(this.element('log'));
    this.text('copy-log', copied ? t`Copied` : t`Not copied: copy the selected text`);
    setTimeout(() => this.text('copy-log', t`Copy the log`), copied ? 2000 : 10000);
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
    body.dataset.phase = flasher.phase;
    body.toggleAttribute('data-busy', flasher.busy);
    this.showBoard();
    this.showReal();
    this.showFile();
    this.showFlash();
    this.document.title = this.title();
    this.text('log', flasher.log.join('\n') || t`Nothing happened yet.`);
  }

  /** Of the tab, which may be behind others. */
  title() {
    const { busy, message, phase, progress } = this.flasher;
    if (busy && progress && progress.total > 0) return `${Math.floor((100 * progress.done) / progress.total)} % ${states()[phase]}`;
    return !busy && message && message.place !== 'board' ? `${message.title} – ${this.name}` : this.name;
  }

  /** @returns {keyof ReturnType<typeof lights>} */
  led() {
    switch (this.flasher.phase) {
      case 'unsupported':
        return 'none';
      case 'away':
        return this.flasher.running || this.flasher.program ? 'runs' : 'none';
      case 'detaching':
        return 'runs';
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
    this.text('board-state', phase === 'away' ? this.away() : board && phase === 'ready' ? board.product : this.state());
    this.element('facts-box').hidden = !board;
    this.facts('facts', board ? boardFacts(board) : []);
    this.element('connect').hidden = phase === 'unsupported';
    this.element('instead').hidden = phase !== 'unsupported';
    this.text('connect', board || flasher.program ? t`Choose another board` : t`Connect`);
    this.enable('connect', phase === 'away' || phase === 'ready');
    this.element('connect').classList.toggle('primary', phase === 'away' && !flasher.program);
    this.element('detach').hidden = !flasher.program;
    this.enable('detach', phase === 'away');
    this.element('release').hidden = !board;
    this.enable('release', phase === 'ready');
    this.text('board-hint', phase === 'away' ? this.hint() : '');
  }

  /** Of a real board: what its LED does, and help with drivers. */
  showReal() {
    const { ids, message, paused, phase } = this.flasher;
    const led = this.led();
    this.document.body.dataset.led = led;
    this.text('led-text', lights()[led]);
    this.element('help').hidden = phase !== 'away';
    if (phase === 'away' && message?.place === 'board' && !paused) this.openHelp(true);
    if (phase === 'ready') this.openHelp(false);
    this.text('udev-vendor', hex4(ids.vendor));
    this.text('udev-product', hex4(ids.product));
  }

  state() {
    const { phase } = this.flasher;
    return phase === 'unsupported' && !this.secure ? t`This page cannot use USB devices` : states()[phase];
  }

  get secure() {
    return this.document.defaultView?.isSecureContext === true;
  }

  away() {
    const { expecting, program, running } = this.flasher;
    if (program) return t`${program.productName || t`The board`} runs its program`;
    if (expecting) return t`The board is on its way to its bootloader`;
    return running ? t`The board has left to run its program` : states().away;
  }

  /** @returns {string} */
  hint() {
    const { expecting, program, running } = this.flasher;
    if (program) return t`It can be asked to start its bootloader. What it is doing is interrupted.`;
    if (expecting) return t`It shows up here by itself. If it does not, press Connect and choose it from the list.`;
    return running
      ? t`To flash it again bring it back to its bootloader; it then shows up here by itself.`
      : t`Plug it in, press Connect, and choose it from the list.`;
  }

  showFile() {
    const { firmware, findings, board, fileTrouble, busy } = this.flasher;
    /** @type {HTMLInputElement} */ (this.element('chooser')).disabled = busy;
    this.facts('file-facts', firmware ? fileFacts(firmware) : []);
    /** @type {Shown[]} */
    const shown = findings.map(({ kind, title, detail, linkAt, partAt }) => ({
      kind: kind === 'error' ? 'bad' : 'warning',
      title,
      text: detail,
      linkAt,
      act: partAt ? t`Take the program from ${hex(partAt)} on` : undefined,
      run: () => {
        this.flasher.takePart();
        this.element('flash-button').focus(); // the button that was pressed is gone
      },
    }));
    if (fileTrouble) shown.push(fileTrouble);
    if (firmware?.whole)
      shown.push({ kind: 'note', title: t`The bootloader in this file is left out`, text: t`Only the program in it is flashed.` });
    const { phase, refused, running } = this.flasher;
    if (firmware && board && findings.length === 0 && !refused)
      shown.push({ kind: 'good', title: t`This looks like a program for this board`, text: this.aboutBoard() });
    if (firmware && !board && !running && phase !== 'unsupported')
      shown.push({ kind: 'note', title: t`Not checked yet`, text: t`Whether it fits is told once a board is connected.` });
    this.messages('findings', shown);
  }

  aboutBoard() {
    const { board } = this.flasher;
    if (this.flasher.isOnBoard) return t`The board holds exactly this already.`;
    return board?.variant.base == null ? '' : t`Linked at ${hex(board.variant.base)}, as it must be.`;
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

  /** @param {import('./teller.js').Place} place */
  showStatus(place) {
    const { flasher } = this;
    const { progress, message } = flasher;
    const here = flasher.busy && progress !== null && flasher.place === place;
    this.element(`${place}-progress`).hidden = !here;
    if (here) this.showProgress(place, progress);
    const messages = message?.place === place ? [message] : [];
    if (flasher.phase === 'unsupported' && place === 'board') messages.push(unsupported(this.secure));
    this.messages(`${place}-message`, messages);
  }

  /**
   * @param {import('./teller.js').Place} place
   * @param {import('./teller.js').Progress} progress
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
    const bytes = total > 0 ? t`${count(done)} of ${count(total)} bytes` : done > 0 ? t`${count(done)} bytes` : '';
    const { phase } = this.flasher;
    this.text(`${place}-progress-title`, phase === 'opening' ? t`Reading what it holds` : states()[phase]);
    this.text(`${place}-progress-text`, [bytes, speed, total > 0 ? left : ''].filter(Boolean).join(' · ') || '\u00a0');
  }

  whyNot() {
    const { flasher } = this;
    const { board, firmware, phase, fileTrouble } = flasher;
    if (flasher.canFlash || flasher.busy) return '';
    if (phase === 'unsupported') return t`Not with this browser, see above.`;
    if (!board) return firmware ? t`Connect a board first.` : t`Connect a board and choose a file first.`;
    if (!board.abilities.canDownload) return t`This board was built so that it cannot be written.`;
    if (fileTrouble) return t`The file cannot be used, see above.`;
    return firmware ? t`This file does not fit this board, see above.` : this.awaited || t`Choose a file first.`;
  }

  /** @param {'bin' | 'hex'} format */
  async save(format) {
    const program = await this.flasher.read();
    const { board } = this.flasher;
    if (!program || program.length === 0 || !board) return;
    const content = format === 'bin' ? /** @type {BlobPart} */ (program) : toHex(program, board.variant.base ?? FLASH_BASE);
    this.offer(content, `${board.serial || 'firmware'}.${format}`);
  }

  /**
   * Lets the browser save a file.
   * @param {BlobPart} content
   * @param {string} name
   */
  offer(content, name) {
    const link = this.document.createElement('a');
    link.href = URL.createObjectURL(new Blob([content]));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  /** @param {string} version of this page */
  isVersion(version) {
    this.text('version', t`Version ${version}`);
  }

  worksOffline() {
    this.text('offline', t`This page is stored in your browser now and works without a network.`);
  }

  /** What is stored is newer than what is shown. */
  isOutdated() {
    this.text('offline', t`A newer version of this page is stored in your browser now: load it again to use it.`);
  }
}

/**
 * @param {boolean} secure
 * @returns {import('./teller.js').Message}
 */
function unsupported(secure) {
  return {
    kind: 'bad',
    title: t`WebUSB is missing`,
    text: secure
      ? t`Use Chrome, Edge, Opera or another browser made from Chromium, on a PC or on Android. Firefox and Safari do not have WebUSB, nor has any browser on an iPhone or iPad.`
      : t`Browsers offer USB only to pages that come over https:// or from this computer itself.`,
  };
}
