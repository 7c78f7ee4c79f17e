// Several boards, one after another, on the page. Loaded when that is opened.

import { t } from './language.js';
import { Series, toCsv } from './series.js';
import { addStyle } from './style.js';
import { count } from './words.js';

const STYLE = `
  table {
    width: 100%;
  }
  th,
  td {
    padding: 0.25rem 0.5rem 0.25rem 0;
    overflow-wrap: anywhere;
    text-align: left;
  }
  .bad td {
    color: var(--bad);
  }
`;

class Several {
  /**
   * @param {import('./page.js').Page} page
   * @param {HTMLElement} box
   */
  constructor(page, box) {
    this.page = page;
    this.series = new Series(page.flasher);
    addStyle(page.document, STYLE);
    const label = page.make('label', '');
    const tick = page.document.createElement('input');
    tick.type = 'checkbox';
    tick.id = 'each';
    label.append(tick, ' ', t`Flash each board as soon as it is connected`);
    const options = page.make('p', '');
    options.className = 'options';
    options.append(label);
    const sums = page.make('p', '');
    sums.id = 'sums';
    sums.setAttribute('role', 'status');
    this.table = page.document.createElement('table');
    this.save = page.make('button', t`Save the list`);
    this.save.setAttribute('type', 'button');
    this.save.hidden = true;
    box.append(options, page.make('p', t`Browsers ask for each new board once: press Connect and choose it. What comes back later is taken at once.`), sums, this.table, this.save);
    tick.addEventListener('change', () => this.series.turn(tick.checked));
    this.save.addEventListener('click', () => page.offer(toCsv(this.series.results), 'boards.csv'));
    this.series.addEventListener('change', () => this.show());
  }

  /** @private */
  show() {
    const { page, series } = this;
    const { good, bad } = series.sums;
    page.text('sums', t`Good: ${count(good)} · failed: ${count(bad)}`);
    const row = (/** @type {string} */ tag, /** @type {string[]} */ texts) => {
      const line = page.make('tr', '');
      line.append(...texts.map((text) => page.make(tag, text)));
      return line;
    };
    const rows = series.results.map(({ serial, good: fine, words, time }) => {
      const line = row('td', [serial || '–', words, time.toLocaleTimeString()]);
      if (!fine) line.className = 'bad';
      return line;
    });
    this.table.replaceChildren(row('th', [t`Serial number`, t`Result`, t`Time`]), ...rows);
    this.save.hidden = false;
  }
}

const { dapbootPage } = /** @type {any} */ (globalThis);
if (dapbootPage) new Several(dapbootPage, dapbootPage.element('several'));
