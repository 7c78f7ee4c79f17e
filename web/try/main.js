// Puts the virtual board, the flasher and the page together.

import { Flasher } from '../src/flasher.js';
import { keepOffline } from '../src/offline.js';
import { Bench } from './bench.js';
import { BenchView } from './bench_view.js';
import { CutView } from './cut_view.js';
import { Examples } from './examples.js';
import { NotLoaded, bytesOf } from './files.js';
import { FlasherPage } from './flasher_page.js';
import { PowerCut } from './power_cut.js';
import { Serial } from './serial.js';
import { SerialView } from './serial_view.js';
import { Socket } from './socket.js';

/** @typedef {import('./catalogue.mjs').Entry} Entry */
/** @typedef {import('./catalogue.mjs').Example} Example */

/* global VERSION, CATALOGUE */
const SHOW_MS = 50;

const socket = new Socket();
const flasher = new Flasher(socket.asUsb);
flasher.note(`dapboot without a board ${VERSION}`);
flasher.note(navigator.userAgent);
const page = new FlasherPage(flasher, document);
page.show();
page.isVersion(VERSION);

/** @param {unknown} error */
function cannot(error) {
  const { title, text } = reason(error);
  page.messages('cannot', [{ kind: 'bad', title, text }]);
  flasher.note(`${title}: ${error}`);
}

/** @param {unknown} error */
function reason(error) {
  if (typeof WebAssembly === 'undefined')
    return { title: 'This browser cannot run the virtual board', text: 'It has no WebAssembly, or it is switched off. Firefox, Chrome, Edge and Safari have it.' };
  if (error instanceof NotLoaded) return { title: 'A file of this page did not come', text: `${error.message}. Load the page again.` };
  return { title: 'The virtual board cannot be made', text: String(error) };
}

async function begin() {
  if (typeof WebAssembly === 'undefined') throw new Error('no WebAssembly');
  const module = await WebAssembly.compile(/** @type {BufferSource} */ (await bytesOf('vboard.wasm')));
  const bench = new Bench(module, socket);
  const cut = new PowerCut(bench);
  const serial = new Serial(bench);
  const benchView = new BenchView(document, bench);
  const serialView = new SerialView(document, serial);
  const views = [benchView, new CutView(document, cut), serialView];
  const examples = new Examples(page, (example) => void take(example).catch(cannot));

  /** The example that was taken last: a file of the visitor's own stays when the board changes. */
  let taken = '';
  /** How often a board was chosen: files may come late. */
  let choice = 0;

  /** @param {Example} example */
  async function take({ file }) {
    const mine = choice;
    const bytes = await bytesOf(file);
    if (mine !== choice) return;
    taken = file.replace(/.*\//, '');
    await flasher.take({ name: taken, arrayBuffer: async () => bytes.slice().buffer });
  }

  /** @param {Entry} entry */
  async function place(entry) {
    const mine = ++choice;
    const image = await bytesOf(entry.image);
    if (mine !== choice) return;
    await bench.place(entry, image);
    cut.forget();
    serialView.clear();
    page.messages('cannot', []);
    examples.show(entry.examples);
    views.forEach((view) => view.show());
    if (!flasher.firmware || flasher.firmware.name === taken) await take(entry.examples[0]);
  }

  benchView.offer(CATALOGUE, (entry) => void place(entry).catch(cannot));
  place(CATALOGUE[0]).catch(cannot);
  setInterval(() => views.forEach((view) => view.show()), SHOW_MS);
}

begin().catch((error) => {
  cannot(error);
  document.body.toggleAttribute('data-cannot', true); // nothing on the page would do anything
});
keepOffline(page);
