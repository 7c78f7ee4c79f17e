// Shows what serial ports say, and sends what the user types.

import { View } from '../src/view.js';

const MOST_LETTERS = 20000;

export class SerialView extends View {
  /**
   * @param {Document} document
   * @param {import('./serial.js').Serial} serial
   */
  constructor(document, serial) {
    super(document);
    this.serial = serial;
    /** Whose words come last. @private */
    this.last = '';
    const input = /** @type {HTMLInputElement} */ (this.element('serial-input'));
    this.element('serial-form').addEventListener('submit', (event) => {
      event.preventDefault();
      void this.send(`${input.value}\r\n`);
      input.value = '';
    });
  }

  /** @param {string} text */
  async send(text) {
    try {
      await this.serial.send(text);
      this.text('serial-trouble', '');
    } catch (error) {
      this.text('serial-trouble', `Not sent: ${/** @type {Error} */ (error).message}`);
    }
  }

  clear() {
    this.last = '';
    this.element('serial-output').textContent = '';
    this.text('serial-trouble', '');
  }

  show() {
    const said = this.serial.take();
    this.text('serial-target', `Send to ${this.serial.target}`);
    if (said.length === 0) return;
    const box = this.element('serial-output');
    let text = box.textContent ?? '';
    for (const [port, words] of said) {
      if (port !== this.last) text += `${text && !text.endsWith('\n') ? '\n' : ''}${port}:\n`;
      this.last = port;
      text += words.replaceAll('\r', '');
    }
    box.textContent = text.slice(-MOST_LETTERS);
    box.scrollTop = box.scrollHeight;
  }
}
