// What tests of the page with the virtual board have in common: a page of a browser, and a visitor's steps.
import { serve } from './browser.mjs';

export const PATIENCE = 120000; // a guard: nothing that passes takes as long

export const LOOKS = {
  desktop: { viewport: { width: 1200, height: 900 }, colorScheme: 'light' },
  phone: { viewport: { width: 320, height: 640 }, colorScheme: 'dark' },
};

export const server = await serve();
/** What was asked for. @type {string[]} */
export const asked = [];
server.server.on('request', ({ url }) => asked.push(url));

/** A page of one of the browsers, with what went wrong in it. `before` gets the page before it is loaded. */
export async function openIn(browser, { path = 'try/', look = LOOKS.desktop, prepare = '', workers = 'block', url, before = async () => {} } = {}) {
  const context = await browser.newContext({ ...look, serviceWorkers: workers });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.trouble = [];
  page.on('console', (message) => message.type() === 'error' && page.trouble.push(message.text()));
  page.on('pageerror', (error) => page.trouble.push(String(error)));
  if (prepare) await page.addInitScript({ content: prepare });
  await before(page);
  await page.goto(url ?? server.url + path);
  return page;
}

export const ready = (page) => page.waitForSelector('body[data-phase="ready"]');
export const says = (page, id, pattern) =>
  page.waitForFunction(([name, source]) => new RegExp(source).test(document.getElementById(name).textContent), [id, pattern.source]);

/** The example is flashed and runs. */
export async function flash(page, name) {
  if (name) await page.click(`#examples button:text-is("${name}")`);
  await page.waitForSelector('#findings .good');
  await page.click('#flash-button');
  await page.waitForSelector('#flash-message .good');
}

export const file = (name, bytes) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) });

/** The clock of the page goes on when the test says so: before the page is loaded. */
export async function stopClock(page) {
  await page.clock.install({ time: 0 });
  await page.clock.pauseAt(1000);
}

const STEP_MS = 20;

/** Lets it go on until something is so. */
export async function runUntil(page, isSo) {
  for (let ran = 0; !(await isSo()) && ran < PATIENCE; ran += STEP_MS) await page.clock.runFor(STEP_MS);
}
