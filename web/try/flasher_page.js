// The flasher's part of the page. The board has a picture of its own here, needs no help with drivers, and is connected by
// itself: there is nothing to choose from.

import { Page } from '../src/page.js';

export class FlasherPage extends Page {
  /**
   * @param {import('../src/flasher.js').Flasher} flasher
   * @param {Document} document
   */
  constructor(flasher, document) {
    super(flasher, document);
    this.name = document.title;
    this.element('several').hidden = true; // one board is enough here
  }

  showReal() {}

  showBoard() {
    super.showBoard();
    for (const id of ['connect', 'release']) this.element(id).hidden = true;
  }

  hint() {
    const { program, running } = this.flasher;
    return program || running ? super.hint() : 'It shows up here by itself once its power is on and its cable is plugged in.';
  }
}
