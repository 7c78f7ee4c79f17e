// Puts texts, facts and messages where they belong on the page. Nothing is rendered twice, so that screen readers say it
// once.

import { FLASH_BASE } from './board.js';
import { t } from './language.js';
import { hex } from './words.js';

/**
 * How tools are told where a program is linked.
 * @type {(base: string, offset: string) => [string, string][]}
 */
const recipes = (base, offset) => [
  [t`Linker script`, `FLASH (rx) : ORIGIN = ${base}, LENGTH = …`],
  ['STM32Cube', t`ORIGIN as above, and in system_stm32f1xx.c or system_stm32l1xx.c: VECT_TAB_OFFSET ${offset}`],
  ['PlatformIO', `board_upload.offset_address = ${base}`],
  ['Zephyr', `CONFIG_FLASH_LOAD_OFFSET=${offset}`],
];

/**
 * @typedef {object} Shown
 * @property {'good' | 'bad' | 'note' | 'warning'} kind
 * @property {string} title
 * @property {string} text
 * @property {string} [remedy]
 * @property {number} [linkAt]
 * @property {string} [act] what a button in it does
 * @property {() => void} [run] does it
 */

export class View {
  /** @param {Document} document */
  constructor(document) {
    this.document = document;
    /** @type {Map<string, string>} what is shown by now */
    this.shown = new Map();
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
   * @param {string} id
   * @param {Shown[]} messages
   */
  messages(id, messages) {
    this.once(id, messages, (element) => element.replaceChildren(...messages.map((message) => this.message(message))));
  }

  /** @param {Shown} message */
  message({ kind, title, text, remedy, linkAt, act, run }) {
    const box = this.document.createElement('div');
    box.className = `message ${kind}`;
    box.append(this.make('h3', title));
    for (const sentence of [text, remedy]) if (sentence) box.append(this.make('p', sentence));
    if (linkAt !== undefined) box.append(this.recipes(linkAt));
    if (act) box.append(Object.assign(this.make('button', act), { onclick: run }));
    return box;
  }

  /** @param {number} base */
  recipes(base) {
    const details = this.document.createElement('details');
    const list = this.document.createElement('dl');
    for (const [tool, recipe] of recipes(hex(base), `0x${(base - FLASH_BASE).toString(16)}`)) {
      const line = this.make('dd', '');
      line.append(this.make('code', recipe));
      list.append(this.make('dt', tool), line);
    }
    details.append(this.make('summary', t`How to link it at ${hex(base)}`), list);
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
