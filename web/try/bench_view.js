// Shows the bench, and hands on what the user does at it.

import { View } from '../src/view.js';
import { aboutFailure, aboutLed, aboutTime, aboutUsb, aboutWayBack, needsNewBoard } from './said.js';

/** @typedef {import('./catalogue.mjs').Entry} Entry */

export class BenchView extends View {
  /**
   * @param {Document} document
   * @param {import('./bench.js').Bench} bench
   */
  constructor(document, bench) {
    super(document);
    this.bench = bench;
    /** @private */
    this.told = 0;
    this.press('power', () => bench.power(!bench.isPowered));
    this.press('cable', () => bench.plug(!bench.isPlugged));
    this.press('button', () => bench.press(!bench.isPressed));
    this.press('reset', () => bench.reset());
  }

  /** @param {string} id @param {() => void} act */
  press(id, act) {
    this.element(id).addEventListener('click', () => {
      act();
      this.show();
    });
  }

  /**
   * @param {Entry[]} entries
   * @param {(entry: Entry) => void} choose
   */
  offer(entries, choose) {
    const list = /** @type {HTMLSelectElement} */ (this.element('target'));
    list.replaceChildren(...entries.map(({ title }) => this.make('option', title)));
    list.addEventListener('change', () => choose(entries[list.selectedIndex]));
    this.press('again', () => choose(entries[list.selectedIndex]));
  }

  show() {
    const { bench } = this;
    const { entry } = bench;
    if (!entry) return;
    this.state('power', 'aria-checked', bench.isPowered);
    this.state('cable', 'aria-checked', bench.isPlugged);
    this.state('button', 'aria-pressed', bench.isPressed);
    this.element('button').hidden = entry.button === null;
    this.text('button-name', entry.button ?? '');
    this.text('board-name', entry.title);
    const picture = this.element('picture');
    picture.style.setProperty('--led', String(bench.isPowered ? bench.led : 0));
    picture.toggleAttribute('data-off', !bench.isPowered);
    picture.toggleAttribute('data-out', !bench.isPlugged);
    picture.toggleAttribute('data-held', bench.isPressed);
    this.text('led-said', aboutLed(bench));
    this.text('time-said', aboutTime(bench));
    this.text('usb-said', aboutUsb(bench));
    this.text('bench-hint', aboutWayBack(bench));
    this.showFailure();
    this.showEvents();
  }

  /** @param {string} id @param {string} attribute @param {boolean} value */
  state(id, attribute, value) {
    this.element(id).setAttribute(attribute, String(value));
  }

  showFailure() {
    const failure = aboutFailure(this.bench);
    this.messages('trouble', failure ? [{ kind: 'bad', ...failure }] : []);
    this.element('again-box').hidden = !failure && !needsNewBoard(this.bench);
  }

  showEvents() {
    const { bench } = this;
    if (this.told === bench.eventCount) return;
    this.told = bench.eventCount;
    const box = this.element('events');
    const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 4;
    box.textContent = bench.events.join('\n');
    if (atEnd) box.scrollTop = box.scrollHeight;
  }
}
