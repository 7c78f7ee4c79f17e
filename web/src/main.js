// Puts the flasher and the page together, in the language of the reader.

import { useTimer } from './clock.js';
import { Flasher } from './flasher.js';
import { keepOffline } from './offline.js';
import { Page } from './page.js';
import { script } from './script.js';

/* global VERSION */

/** The first language of the reader that the page has; `?lang=de` chooses. */
async function speakTheirs() {
  const url = new URL(location.href);
  const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('#languages a'));
  const ours = [...links].map((link) => link.hreflang);
  const theirs = [url.searchParams.get('lang') ?? '', ...navigator.languages].map((tag) => tag.toLowerCase().split(/[-_]/)[0]);
  const language = theirs.find((tag) => ours.includes(tag)) ?? 'en';
  if (language !== 'en') await script(`${language}.js`).catch(() => {}); // then it stays English
  for (const link of links) {
    url.searchParams.set('lang', link.hreflang);
    link.href = url.href;
    if (link.hreflang === document.documentElement.lang) link.setAttribute('aria-current', 'true');
  }
}

/**
 * What a maker put beside the page.
 * @param {Page} page
 */
async function dress(page) {
  const address = new URL('firmware.json', location.href).href;
  const response = await fetch(address, { cache: 'no-cache' }).catch(() => undefined); // not when opened as a file
  const text = response?.ok ? await response.text() : '';
  if (!/^\s*{/.test(text)) return; // some servers have a page for all that they have not
  await script('vendor.js');
  /** @type {any} */ (globalThis).dapbootVendor(page, text, address);
}

async function begin() {
  await speakTheirs();
  const flasher = new Flasher(navigator.usb, () => document.hidden);
  const serialNumber = new URL(location.href).searchParams.get('serial');
  if (serialNumber) flasher.filters = flasher.filters.map((filter) => ({ ...filter, serialNumber }));
  flasher.note(`dapboot flasher ${VERSION}`);
  flasher.note(navigator.userAgent);
  const page = new Page(flasher, document);
  page.show();
  page.isVersion(VERSION);
  /** @type {any} */ (globalThis).dapbootPage = page; // for the other scripts
  page.element('several').addEventListener('toggle', () => void script('several.js'), { once: true });
  await dress(page).catch(() => {}); // without it the page works all the same
  void flasher.begin();
  document.addEventListener('visibilitychange', () => void flasher.begin());
  keepOffline(page);
}

try {
  useTimer(new Worker('timer.js'));
} catch {
  // opened as a file: the page's own timers must do
}
void begin();
