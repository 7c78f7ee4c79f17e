// The examples for the board, as buttons.

/** @typedef {import('./catalogue.mjs').Example} Example */

export class Examples {
  /**
   * @param {import('../src/view.js').View} view
   * @param {(example: Example) => void} choose
   */
  constructor(view, choose) {
    this.view = view;
    this.choose = choose;
  }

  /** @param {Example[]} examples */
  show(examples) {
    const items = examples.map((example) => {
      const item = this.view.make('li', '');
      const button = /** @type {HTMLButtonElement} */ (this.view.make('button', example.name));
      button.type = 'button';
      button.addEventListener('click', () => this.choose(example));
      item.append(button, this.view.make('span', example.about));
      return item;
    });
    this.view.element('examples').replaceChildren(...items);
  }
}
