// Shows the power cut, and takes when it shall be.

import { View } from '../src/view.js';
import { count } from '../src/words.js';

/** @typedef {import('./bench.js').Moment} Moment */

export class CutView extends View {
  /**
   * @param {Document} document
   * @param {import('./power_cut.js').PowerCut} cut
   */
  constructor(document, cut) {
    super(document);
    this.cut = cut;
    this.number = /** @type {HTMLInputElement} */ (this.element('cut-number'));
    this.moment = /** @type {HTMLSelectElement} */ (this.element('cut-moment'));
    this.element('cut-arm').addEventListener('click', () => this.arm());
    this.element('cut-on').addEventListener('click', () => {
      cut.bench.power(true);
      this.element('cut-arm').focus(); // this button goes
    });
  }

  arm() {
    const { cut, number } = this;
    if (cut.stage === 'armed') cut.disarm();
    else if (number.reportValidity()) cut.arm(number.valueAsNumber, /** @type {Moment} */ (this.moment.value));
    this.show();
  }

  show() {
    const { cut } = this;
    cut.look();
    const { words } = cut;
    this.messages('cut-said', words ? [words] : []);
    const { done, number } = cut;
    const all = count(cut.bench.board?.flashOperations ?? 0);
    this.text('cut-done', cut.stage === 'armed' ? `${count(done)} of ${count(number)} flash operations are done.` : `${all} flash operations so far.`);
    this.text('cut-arm', cut.stage === 'armed' ? 'Do not cut it' : 'Prepare the cut');
    this.element('cut-on').hidden = cut.stage !== 'failed';
  }
}
