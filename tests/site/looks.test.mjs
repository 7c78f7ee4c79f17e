// Pages of the site as a headless Chromium shows them, below a path of a server: a screenshot of each, accessibility
// (axe-core), small screens, dark mode, paper. Each page in one look, the next in another; with DEEP=1 in both.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { axe, chromium, executable, screenshots, serve } from '../web/browser.mjs';
import { site } from './folder.mjs';

const SCREENS = {
  desktop: { viewport: { width: 1100, height: 900 }, colorScheme: 'light' },
  phone: { viewport: { width: 360, height: 740 }, colorScheme: 'dark' },
};
const PAGES = ['index.html', 'docs/boards.html', 'images/index.html', 'docs/npm.html'];
const shots = screenshots('site');
let browser;
let server;

before(async () => {
  server = await serve(0, {}, { folder: site, below: '/some/where/' });
  browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox'] });
});
after(async () => {
  await browser.close();
  server.server.close();
});

/** A page, and what it complains of. */
async function open(path, screen) {
  const page = await browser.newPage(screen);
  page.setDefaultTimeout(120000); // a guard: nothing that passes takes as long
  page.trouble = [];
  page.on('console', (message) => page.trouble.push(message.text()));
  page.on('response', (response) => response.status() >= 400 && page.trouble.push(`${response.status()} ${response.url()}`));
  page.on('requestfailed', (request) => page.trouble.push(`no ${request.url()}`));
  await page.goto(server.url + path);
  return page;
}

for (const [i, path] of PAGES.entries())
  for (const [j, [name, screen]] of Object.entries(SCREENS).entries()) {
    if (process.env.DEEP !== '1' && (i + j) % 2 !== 0) continue;
    test(`${path} is accessible on a ${name}, and no wider`, async () => {
      const page = await open(path, screen);
      await page.screenshot({ path: join(shots, `${path.replace(/\W/g, '-')}-${name}.png`) });
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(', ')}`), []);
      const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(width <= 0, `${width} pixels wider than the screen`);
      assert.deepEqual(page.trouble, []);
      await page.close();
    });
  }

test('from the first page a reader comes to the manuals, an image and the flasher', async () => {
  const page = await open('index.html', SCREENS.desktop);
  await page.click('header >> text=Manuals');
  await page.click('text=Signed firmware');
  assert.equal(await page.textContent('h1'), 'Signed firmware');
  await page.click('header >> text=Images');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=dapboot-1.0-bluepill.bin')]);
  assert.equal(download.suggestedFilename(), 'dapboot-1.0-bluepill.bin');
  // a download ends the request for a page
  assert.deepEqual(page.trouble.filter((line) => !line.endsWith('/dapboot-1.0-bluepill.bin')), []);
  // the flasher looks for a firmware.json, which is not there
  await page.click('header >> text=Flash');
  await page.waitForSelector('body[data-phase]');
  assert.equal(page.url(), `${server.url}flash/index.html`);
  const others = page.trouble.filter((line) => !/bluepill\.bin$|firmware\.json$|status of 404/.test(line));
  assert.deepEqual(others, []);
  await page.close();
});

test('on paper a page is black on white, without the navigation', async () => {
  const page = await open('docs/boards.html', SCREENS.phone);
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.isVisible('header'), false);
  const colours = await page.evaluate(() => [document.body, document.querySelector('td')].map((one) => getComputedStyle(one).color));
  assert.deepEqual(colours, ['rgb(0, 0, 0)', 'rgb(0, 0, 0)']);
  await page.close();
});
