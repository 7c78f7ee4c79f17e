// Every state of the page in a headless Chromium: a screenshot of each, accessibility (axe-core), keyboard, small screens,
// dark mode, no network. The board is the real bootloader on the virtual board, beside the browser; real WebUSB is in the guest
// (flashing.mjs). With a word as argument, only the tests that have it in their names.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Results, axe, chromium, executable, root, screenshots, serve, site } from './browser.mjs';
import { bytes } from '../npm/package.mjs';
import { toHex } from '../../web/src/hex.js';
import { Desk } from './desk.mjs';
import { KIB, program, signed } from './programs.mjs';
import { connect } from './remote.mjs';

const folder = screenshots('looks');
const results = new Results();
const [only = ''] = process.argv.slice(2);
const test = async (sentence, body) => {
  if (sentence.includes(only)) await results.test(sentence, body);
};
/** What a maker put beside the page. */
const beside = {};
const server = await serve(0, beside);
const browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox'] });

/** What a visit loads, in English and without anything of a maker, and the licence beside it. */
const FLASHER = ['index.html', 'app.js', 'timer.js', 'style.css', 'icon.svg', 'app.webmanifest', 'service-worker.js', 'licenses.txt'];
const sizeOf = (names) => names.reduce((sum, name) => sum + gzipSync(readFileSync(join(site, name))).length, 0);

/** What each state is looked at with. */
const kinds = {
  desktop: { viewport: { width: 900, height: 900 }, colorScheme: 'light' },
  phone: { viewport: { width: 360, height: 740 }, colorScheme: 'light' },
  dark: { viewport: { width: 900, height: 900 }, colorScheme: 'dark' },
};

const file = (name, bytes) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) });
const blink = file('blink.bin', program(20 * KIB + 100, 0x08002000));
const elsewhere = file('blink.bin', program(2 * KIB, 0x08000000));
const release = file('blinker-3.bin', signed(program(20 * KIB, 0x08002000)));
const whole = new Uint8Array(8 * KIB + 3000).fill(255);
whole.set(program(3500, 0x08000000));
whole.set(program(3000, 0x08002000), 8 * KIB);
const merged = file('all.bin', whole);
const letter = file('letter.dfu', new TextEncoder().encode('Dear friend, this is no firmware at all.'));

/**
 * A page with a board: `page.desk`. `prepare` runs in the page before its own script; `files` are beside it; `query` is behind
 * its address.
 * @param {{board?: object, faults?: object, delay?: number, webusb?: boolean, prepare?: string, files?: object, query?: string}} [options]
 */
async function open({ board = {}, faults = {}, delay = 0, webusb = true, prepare = '', files = {}, query = '' } = {}) {
  for (const name of Object.keys(beside)) delete beside[name];
  Object.assign(beside, files);
  const context = await browser.newContext({ ...kinds.desktop, serviceWorkers: 'block' });
  const page = await context.newPage();
  page.setDefaultTimeout(120000); // a guard: nothing that passes takes as long
  const trouble = [];
  // most pages have no firmware.json
  const isKnown = (message) => message.location().url.endsWith('/firmware.json') && message.text().includes('404');
  page.on('console', (message) => message.type() === 'error' && !isKnown(message) && trouble.push(message.text()));
  page.on('pageerror', (error) => trouble.push(String(error)));
  page.desk = await Desk.make({ flashKiB: 32, ...board, time: 'real' });
  Object.assign(page.desk, { faults, delay });
  page.on('close', () => page.desk.stop());
  if (webusb) await connect(page, page.desk);
  else await page.addInitScript("Object.defineProperty(navigator, 'usb', { value: undefined })");
  await page.addInitScript({ content: prepare });
  await page.goto(server.url + query);
  page.trouble = trouble;
  return page;
}

const phase = (page, name) => page.waitForSelector(`body[data-phase="${name}"]`);

/** What must hold in every state. */
async function inspect(page, name, { viewport, colorScheme }) {
  await page.setViewportSize(viewport);
  await page.emulateMedia({ colorScheme });
  await page.waitForTimeout(80); // changes are shown up to 30 ms later
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const findings = violations.map((one) => `${one.id}: ${one.help} (${one.nodes.map((node) => node.target).join(', ')})`);
  assert.deepEqual(findings, []);
  assert.deepEqual(page.trouble, []);
  const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(width <= 0, `${width} pixels wider than the screen`);
}

/** A board whose program can be asked for the bootloader. */
const RUN_TIME = { board: { application: bytes('examples/dfu-runtime/dfu-runtime.bin') } };

/** State: how to get there; and whether it passes, so that each look needs a page of its own. */
const states = {
  '1-no-webusb': { webusb: false, reach: () => {} },
  '2-no-board': { board: { plugged: false }, reach: (page) => phase(page, 'away') },
  '3-no-board-chosen': {
    board: { plugged: false },
    reach: async (page) => {
      await page.click('#connect');
      await page.waitForSelector('.status .note');
    },
  },
  '4-no-permission': {
    faults: { open: 'SecurityError' },
    reach: (page) => page.waitForSelector('.status .bad'),
  },
  '5-looking': { passes: true, delay: 100, reach: (page) => page.waitForFunction(() => /KiB|bytes/.test(document.querySelector('#board-progress-text').textContent)) },
  '6-connected': { reach: (page) => phase(page, 'ready') },
  '7-right-file': {
    reach: async (page) => {
      await phase(page, 'ready');
      await page.setInputFiles('#chooser', blink);
      await page.waitForSelector('#findings .good');
    },
  },
  '8-wrong-address': {
    reach: async (page) => {
      await phase(page, 'ready');
      await page.setInputFiles('#chooser', elsewhere);
      await page.click('#findings summary');
    },
  },
  '9-no-firmware': {
    reach: async (page) => {
      await phase(page, 'ready');
      await page.setInputFiles('#chooser', letter);
      await page.waitForSelector('#findings .bad');
    },
  },
  '10-writing': { passes: true, reach: (page) => flash(page, { delay: 60 }, 'writing') },
  '11-verifying': {
    passes: true,
    reach: (page) =>
      flash(page, { faults: { slowThen: 100 } }, 'verifying'),
  },
  '12-done': { reach: (page) => flash(page, {}, 'away') },
  '13-refused': { reach: (page) => flash(page, { faults: { target: true } }, 'ready', '.status .bad') },
  '14-unplugged': { reach: (page) => flash(page, { faults: { leaveAtBlock: 5 } }, 'away', '.status .bad') },
  '13-refused-signed': {
    reach: async (page) => {
      await phase(page, 'ready');
      await page.setInputFiles('#chooser', release);
      await page.waitForSelector('#findings .good');
      page.desk.faults = { vendor: true, says: 'older than what was here' };
      await page.click('#flash-button');
      await page.waitForSelector('.status .bad');
    },
  },
  '15-back': {
    reach: async (page) => {
      await flash(page, { faults: { leaveAtBlock: 5 } }, 'away', '.status .bad');
      page.desk.plug();
      await phase(page, 'ready');
      await page.waitForSelector('.status .note');
    },
  },
};

Object.assign(states, {
  '16-program-with-dfu': { ...RUN_TIME, reach: (page) => page.waitForSelector('#detach:not([hidden])') },
  '17-bootloader-and-program': {
    reach: async (page) => {
      await phase(page, 'ready');
      await page.setInputFiles('#chooser', merged);
      await page.waitForSelector('#findings button');
    },
  },
  '18-let-go': {
    reach: async (page) => {
      await phase(page, 'ready');
      await page.click('#release');
      await page.waitForSelector('#board-message .note');
    },
  },
  '19-bootloader-left-out': {
    reach: async (page) => {
      await phase(page, 'ready');
      await page.setInputFiles('#chooser', file('all.hex', Buffer.from(toHex(whole, 0x08000000))));
      await page.waitForSelector('#findings .note');
    },
  },
});

const older = program(2 * KIB, 0x08002000);
const newer = program(3 * KIB, 0x08002000);
const listed = (name, image) => ({ file: name, sha256: createHash('sha256').update(image).digest('hex') });
const manifest = {
  product: 'Blinker',
  vendor: 'Example Instruments',
  homepage: 'https://example.com/',
  logo: 'logo.svg',
  color: '#ffd400',
  ids: ['1209:db42'],
  versions: [
    { version: '2.0', date: '2026-11-28', notes: 'Blinks evenly.\nNeeds less current.', files: [listed('blinker-2.0.bin', newer)] },
    { version: '1.0', date: '2026-05-02', files: [listed('blinker-1.0.bin', older)] },
  ],
};
/** What Example Instruments put beside the page. */
const VENDOR = {
  'firmware.json': JSON.stringify(manifest),
  'logo.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="60"><circle cx="30" cy="30" r="28" fill="#ffd400"/></svg>',
  'blinker-2.0.bin': Buffer.from(newer),
  'blinker-1.0.bin': Buffer.from(older),
};

Object.assign(states, {
  '20-page-of-a-maker': { files: VENDOR, board: { plugged: false }, reach: (page) => page.waitForSelector('#versions') },
  '21-newer-version': {
    files: VENDOR,
    board: { application: older, pressed: true },
    reach: async (page) => {
      await page.waitForSelector('#release-message .note');
      await page.waitForSelector('#findings .good');
    },
  },
  '22-newest-version': {
    files: VENDOR,
    board: { application: newer, pressed: true },
    reach: (page) => page.waitForSelector('#release-message .good'),
  },
  '23-wrong-firmware-json': {
    files: { 'firmware.json': '{"product": "Blinker", "versions": [{}]}' },
    reach: (page) => page.waitForSelector('#release-message .bad'),
  },
  '24-in-german': { query: '?lang=de', reach: (page) => flash(page, { faults: { target: true } }, 'ready', '.status .bad') },
  '25-in-french': { query: '?lang=fr', board: { plugged: false }, reach: (page) => page.waitForSelector('html[lang=fr] body[data-phase=away]') },
});

async function flash(page, prepare, then, selector) {
  await phase(page, 'ready');
  await page.setInputFiles('#chooser', blink);
  await page.waitForSelector('#findings .good');
  Object.assign(page.desk, prepare);
  await page.click('#flash-button');
  await phase(page, then);
  if (selector) await page.waitForSelector(selector);
  if (then === 'writing' || then === 'verifying')
    await page.waitForFunction(() => document.querySelector('#flash-bar').value >= 6144 && document.querySelector('#flash-bar').value < 20000);
}

async function reached(state) {
  const page = await open(state);
  await state.reach(page);
  return page;
}

// Each state in one look, the next in another; with DEEP=1 in all of them.
const words = { desktop: 'on a desktop', phone: 'on a phone', dark: 'in the dark' };
for (const [i, [name, state]] of Object.entries(states).entries())
  for (const [j, [kind, look]] of Object.entries(kinds).entries())
    if (process.env.DEEP === '1' || (i + j) % 3 === 0)
      await test(`${name.replaceAll('-', ' ')}: accessible ${words[kind]}`, async () => {
        const page = await reached(state);
        await inspect(page, `${name}-${kind}`, look);
        await page.context().close();
      });

await test('the page is at most 26 kB over the wire (gzip)', () => {
  assert.ok(sizeOf(FLASHER) <= 26000, `${sizeOf(FLASHER)} bytes`);
});

await test('a visit loads nothing else', async () => {
  const context = await browser.newContext({ ...kinds.desktop, locale: 'en-GB', serviceWorkers: 'block' });
  const page = await context.newPage();
  const loaded = new Set();
  page.on('request', (request) => loaded.add(new URL(request.url()).pathname.slice(1) || 'index.html'));
  await page.goto(server.url, { waitUntil: 'networkidle' });
  assert.deepEqual([...loaded].filter((name) => !FLASHER.includes(name)), ['firmware.json']);
  await context.close();
});

await test('what a page of a maker and another language load beside it is at most 21 kB', () => {
  for (const extras of [['vendor.js', 'de.js'], ['vendor.js', 'fr.js']]) assert.ok(sizeOf(extras) <= 21000, `${extras}: ${sizeOf(extras)} bytes`);
});

await test('flashes with the keyboard alone', async () => {
  const page = await open();
  await phase(page, 'ready');
  const reached = [];
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('Tab');
    const id = await page.evaluate(() => document.activeElement.id);
    reached.push(id);
    if (id === 'chooser') {
      await page.setInputFiles('#chooser', blink);
      await page.waitForSelector('#findings .good');
    }
    if (id === 'start') await page.keyboard.press('Space');
    if (id === 'flash-button') break;
  }
  assert.deepEqual(reached, ['', 'connect', 'release', 'chooser', 'verify', 'start', 'flash-button']);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.status .good');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'flash-button', 'the focus stays');
  assert.equal(page.desk.isGone, false, 'the box to start it was not ticked');
  await page.context().close();
});

await test('the program behind a bootloader is taken with one key, and the focus goes on to Flash', async () => {
  const page = await open();
  await phase(page, 'ready');
  await page.setInputFiles('#chooser', merged);
  await page.waitForSelector('#findings button');
  await page.focus('#findings button');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#findings .good');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'flash-button');
  assert.match(await page.textContent('#file-facts'), /from 0x08002000 on/);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#flash-message .good');
  await page.context().close();
});

await test('the bootloader is started from a program that has a DFU run-time interface', async () => {
  const page = await open(RUN_TIME);
  await page.click('#detach');
  await phase(page, 'ready');
  assert.match(await page.textContent('#board-state'), /DAPBoot DFU Bootloader/);
  await page.context().close();
});

await test('what the page says of a file does not contradict what the board said', async () => {
  const page = await open();
  await flash(page, { faults: { target: true } }, 'ready', '#flash-message .bad');
  assert.equal(await page.textContent('#findings'), '');
  assert.doesNotMatch(await page.textContent('#facts'), /not looked at/);
  await page.context().close();
});

await test('every place of messages is announced to those who cannot see', async () => {
  const page = await open();
  for (const id of ['findings', 'board-message', 'flash-message', 'more-message', 'offline'])
    assert.equal(await page.getAttribute(`#${id}`, 'role'), 'status', id);
  await page.context().close();
});

await test('the title of the tab tells how it stands', async () => {
  const page = await open();
  await flash(page, { delay: 60 }, 'writing');
  await page.waitForFunction(() => /^[1-9]\d? % Writing$/.test(document.title));
  page.desk.delay = 0;
  await page.waitForFunction(() => /^Done.* – dapboot flasher$/.test(document.title));
  await page.context().close();
});

await test('flashes though the timers of the page stand still, as in a tab that is not seen', async () => {
  const page = await open({ faults: { poll: 17 }, prepare: `
    const timer = setTimeout; window.setTimeout = (act, delay) => (delay === 17 ? 0 : timer(act, delay))` });
  await flash(page, {}, 'away', '#flash-message .good');
  await page.context().close();
});

await test('a tab that is not seen takes no board until it is', async () => {
  const page = await open({ prepare: "Object.defineProperty(document, 'hidden', { get: () => !window.seen, configurable: true })" });
  await page.waitForFunction(() => document.querySelector('#version').textContent !== '');
  assert.equal(page.desk.requests.length, 0);
  await page.evaluate("window.seen = true; document.dispatchEvent(new Event('visibilitychange'))");
  await phase(page, 'ready');
  await page.context().close();
});

await test('a page of a maker flashes the newest version with two clicks, and an older one or another file on request', async () => {
  const page = await open({ files: VENDOR, board: { plugged: false } });
  await page.waitForSelector('#versions');
  assert.equal(await page.textContent('h1'), 'Blinker');
  assert.equal(await page.isVisible('#drop'), false);
  page.desk.plug();
  await page.click('#connect');
  await page.waitForSelector('#findings .good');
  await page.uncheck('#start');
  await page.click('#flash-button');
  await page.waitForSelector('#flash-message .good');
  assert.ok(page.desk.holds(newer));
  await page.waitForSelector('#release-message .good');
  await page.selectOption('#versions', { index: 1 });
  await page.waitForFunction(() => document.querySelector('#file-facts').textContent.includes('blinker-1.0.bin'));
  await page.click('#flash-button');
  await page.waitForSelector('#release-message .note');
  assert.ok(page.desk.holds(older));
  await page.selectOption('#versions', { index: 2 });
  await page.setInputFiles('#chooser', blink);
  await page.waitForFunction(() => document.querySelector('#file-facts').textContent.includes('blink.bin'));
  assert.equal(await page.isVisible('#drop'), true);
  await page.selectOption('#versions', { index: 0 });
  await page.waitForFunction(() => document.querySelector('#file-facts').textContent.includes('blinker-2.0.bin'));
  assert.equal(await page.$eval('#versions', (list) => list.value), '0');
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

await test('the page says that a version is on its way, and one that did not come can be asked for again', async () => {
  const page = await open({ files: VENDOR, board: { plugged: false } });
  let come;
  const held = new Promise((resolve) => (come = resolve));
  await page.route('**/blinker-*.bin', async (route) => {
    await held;
    await route.fulfill({ status: 404 });
  });
  await page.waitForSelector('#versions');
  page.desk.plug();
  await page.click('#connect');
  await phase(page, 'ready');
  await page.waitForFunction(() => document.querySelector('#why-not').textContent === 'Version 2.0 is on its way.');
  come();
  await page.waitForSelector('#findings .bad');
  await page.waitForSelector('#release-message button:text-is("Load version 2.0 again")');
  assert.equal(await page.textContent('#why-not'), 'The file cannot be used, see above.');
  await page.unroute('**/blinker-*.bin');
  await page.click('#release-message button');
  await page.waitForSelector('#findings .good');
  assert.equal(await page.isVisible('#release-message button'), false);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'versions', 'the button that was pressed is gone');
  await page.context().close();
});

await test('in a production line a version that cannot be loaded makes the board a bad one', async () => {
  const page = await open({ files: { ...VENDOR, 'blinker-2.0.bin': undefined }, board: { plugged: false } });
  await page.waitForSelector('#versions');
  await page.click('#several summary');
  await page.check('#each');
  page.desk.plug();
  await page.click('#connect');
  await page.waitForFunction(() => document.querySelector('#sums')?.textContent === 'Good: 0 · failed: 1');
  assert.match(await page.textContent('#several table'), /blinker-2\.0\.bin cannot be loaded: 404/);
  await page.context().close();
});

await test('a landing page chooses a version, and leaves boards with another serial number alone', async () => {
  const page = await open({ files: VENDOR, query: '?version=1.0&serial=another' });
  await page.waitForSelector('#versions');
  assert.equal(await page.$eval('#versions', (list) => list.value), '1');
  await page.click('#connect');
  await page.waitForSelector('#board-message .note');
  assert.equal(page.desk.requests.length, 0);
  await page.context().close();
});

await test('a production line flashes each board that comes, and says which', async () => {
  const page = await open();
  await phase(page, 'ready');
  await page.click('#several summary');
  await page.check('#each');
  await page.setInputFiles('#chooser', blink);
  await page.waitForFunction(() => document.querySelector('#sums').textContent === 'Good: 1 · failed: 0');
  await inspect(page, 'several', kinds.phone);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#several button')]);
  assert.match(readFileSync(await download.path(), 'utf8'), /^"serial number",.*\r\n"[0-9A-F]{24}","yes","Done: the board has started the program","/);
  await page.context().close();
});

await test("the button on anybody's page flashes the newest version, under a strict policy", async () => {
  const [, html] = /```html\n([^]*?)```/.exec(readFileSync(join(root, 'web/flasher/README.md'), 'utf8'));
  const policy = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; script-src \'self\' \'unsafe-inline\'; connect-src \'self\'">';
  const files = { ...VENDOR, 'theirs.html': html.replace('<title>', `${policy}<title>`).replace('<!doctype html>', '<!doctype html><html lang="en">') };
  const page = await open({ files, query: 'theirs.html' });
  await page.click('dapboot-install');
  await page.waitForFunction(() => document.querySelector('#said').textContent !== '');
  assert.equal(await page.textContent('#said'), 'Version 2.0 is on it.');
  assert.ok(page.desk.holds(newer));
  assert.equal(await page.evaluate(() => document.querySelector('dapboot-install').shadowRoot.querySelector('p').textContent), 'Done: the board has started the program');
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

await test("the button on anybody's page takes the firmware.json that it names now", async () => {
  const body = '<!doctype html><html lang="en"><title>-</title><script type="module" src="install.js"></script><dapboot-install firmware="wrong.json">Update</dapboot-install>';
  const files = { ...VENDOR, 'theirs.html': body, 'wrong.json': VENDOR['firmware.json'].replaceAll('"2.0"', '"9.0"') };
  const page = await open({ files, query: 'theirs.html' });
  const done = page.evaluate(() => new Promise((resolve) => document.addEventListener('dapboot-done', ({ detail }) => resolve(detail.version))));
  await page.evaluate(() => document.querySelector('dapboot-install').setAttribute('firmware', 'firmware.json'));
  await page.click('dapboot-install');
  assert.equal(await done, '2.0');
  await page.context().close();
});

await test("the button on anybody's page says what went wrong, and tells the page", async () => {
  const body = '<!doctype html><html lang="en"><title>-</title><script type="module" src="install.js"></script>';
  const cases = {
    'There is no version 7 here.': { tag: '<dapboot-install version="7"></dapboot-install>' },
    'No board was chosen.': { tag: '<dapboot-install serial="00"></dapboot-install>' },
    'That did not work.': { tag: '<dapboot-install firmware="wrong.json"></dapboot-install>', says: /^That did not work\. versions\[0\]\.version is missing/ },
    'It is a web page.': { tag: '<dapboot-install firmware="theirs.html"></dapboot-install>', says: /^That did not work\. firmware\.json is a web page: .* Correct the address/ },
    'The board reports an error.': { tag: '<dapboot-install></dapboot-install>', faults: { target: true }, says: /errTARGET/ },
  };
  for (const [said, { tag, faults = {}, says }] of Object.entries(cases)) {
    const files = { ...VENDOR, 'theirs.html': body + tag, 'wrong.json': '{"product": "Blinker", "versions": [{}]}' };
    const page = await open({ files, faults, query: 'theirs.html' });
    const failed = page.evaluate(() => new Promise((resolve) => document.addEventListener('dapboot-failed', ({ detail }) => resolve(detail.title))));
    await page.click('dapboot-install');
    assert.notEqual(await failed, '');
    const words = await page.evaluate(() => document.querySelector('dapboot-install').shadowRoot.querySelector('p').textContent);
    if (says) assert.match(words, says);
    else assert.equal(words, said);
    await page.context().close();
  }
});

await test('the log is copied with what a report needs', async () => {
  const page = await open({ prepare: "Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => (window.copied = text) } })" });
  await phase(page, 'ready');
  await page.click('summary:text("Log")');
  await page.click('#copy-log');
  const log = await page.evaluate('copied');
  for (const part of [/dapboot flasher [0-9a-f]{12}/, /Chrome/, /1209:db42/, /blocks of 1024/]) assert.match(log, part);
  await page.context().close();
});

await test('a log that the browser does not copy is selected, and the button says so', async () => {
  for (const clipboard of ['undefined', "{ writeText: async () => { throw new DOMException('no', 'NotAllowedError') } }"]) {
    const page = await open({ prepare: `Object.defineProperty(navigator, 'clipboard', { value: ${clipboard} })` });
    await phase(page, 'ready');
    await page.click('summary:text("Log")');
    await page.click('#copy-log');
    await page.waitForFunction(() => /^Not copied/.test(document.getElementById('copy-log').textContent));
    assert.match(await page.evaluate(() => String(getSelection())), /dapboot flasher [0-9a-f]{12}/);
    await page.context().close();
  }
});

await test('the program in a .hex file with a bootloader is taken unasked, and the page says so', async () => {
  const page = await open();
  await phase(page, 'ready');
  await page.setInputFiles('#chooser', file('all.hex', Buffer.from(toHex(whole, 0x08000000))));
  await page.waitForSelector('#findings .good');
  assert.match(await page.textContent('#findings .note'), /bootloader in this file is left out/);
  assert.match(await page.textContent('#file-facts'), /all\.hex, from 0x08002000 on/);
  await page.click('#flash-button');
  await page.waitForSelector('#flash-message .good');
  await page.context().close();
});

await test('on a phone the facts of the board are folded, so that Flash is nearer', async () => {
  const context = await browser.newContext({ ...kinds.phone, serviceWorkers: 'block' });
  const page = await context.newPage();
  await page.goto(server.url);
  assert.equal(await page.evaluate(() => document.querySelector('#facts-box').open), false);
  await page.setViewportSize(kinds.desktop.viewport);
  await page.waitForFunction(() => document.querySelector('#facts-box').open);
  await context.close();
});

await test('with a finger nothing is said of dropping a file', async () => {
  for (const [hasTouch, display] of [[true, 'none'], [false, 'inline']]) {
    const context = await browser.newContext({ ...kinds.phone, hasTouch, isMobile: hasTouch, serviceWorkers: 'block' });
    const page = await context.newPage();
    await page.goto(server.url);
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('.mouse')).display), display);
    await context.close();
  }
});

await test("with the system's own colours a button that cannot be pressed looks so", async () => {
  const page = await open();
  await page.emulateMedia({ forcedColors: 'active' });
  await phase(page, 'ready');
  const colour = () => page.evaluate(() => getComputedStyle(document.querySelector('#flash-button')).color);
  const disabled = await colour();
  await page.setInputFiles('#chooser', blink);
  await page.waitForSelector('#findings .good');
  assert.notEqual(await colour(), disabled);
  await page.context().close();
});

await test('a page that is not secure does not blame the browser', async () => {
  for (const [prepare, words] of [['', /^This browser cannot/], ["Object.defineProperty(window, 'isSecureContext', { value: false })", /^This page cannot/]]) {
    const page = await open({ webusb: false, prepare });
    await phase(page, 'unsupported');
    assert.match(await page.textContent('#board-state'), words);
    await page.context().close();
  }
});

await test('what to type for Linux and dfu-util names the ids of firmware.json, or else those of dapboot', async () => {
  const firmware = JSON.stringify({ ...manifest, ids: ['1234:abcd'] });
  for (const [files, vendor, product] of [[{}, '1209', 'db42'], [{ ...VENDOR, 'firmware.json': firmware }, '1234', 'abcd']])
    for (const webusb of [true, false]) {
      const page = await open({ board: { plugged: false }, files, webusb });
      await page.waitForSelector(vendor === '1234' ? '#versions' : `body[data-phase=${webusb ? 'away' : 'unsupported'}]`);
      assert.match(await page.textContent('#help-linux pre'), new RegExp(`"${vendor}".*"${product}"`));
      assert.match(await page.textContent('#instead pre'), new RegExp(`-d ${vendor}:${product} -D`));
      await page.context().close();
    }
});

await test('a file that is dropped anywhere is taken', async () => {
  const page = await open();
  await phase(page, 'ready');
  await page.evaluate((bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], 'dropped.bin'));
    document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: data }));
  }, [...blink.buffer]);
  await page.waitForSelector('#findings .good');
  assert.match(await page.textContent('#file-facts'), /dropped\.bin/);
  await page.context().close();
});

await test('works without a network once it was loaded', async () => {
  const context = await browser.newContext(kinds.desktop);
  const page = await context.newPage();
  const offline = await serve();
  await page.goto(offline.url);
  await page.waitForFunction(() => document.querySelector('#offline').textContent.includes('without a network'));
  await context.setOffline(true);
  offline.server.close();
  offline.server.closeAllConnections?.();
  await page.reload();
  await phase(page, 'away');
  assert.equal(await page.textContent('h1'), 'dapboot flasher');
  await page.setInputFiles('#chooser', elsewhere);
  await page.waitForSelector('#findings .note');
  await context.close();
});

await test('works when it is opened as a file', async () => {
  const page = await (await browser.newContext(kinds.desktop)).newPage();
  await page.goto(pathToFileURL(join(site, 'index.html')).href);
  await page.waitForFunction(() => document.querySelector('#board-state').textContent !== '');
  assert.match(await page.textContent('#board-state'), /No board/);
  await page.context().close();
});

await browser.close();
server.server.close();
server.server.closeAllConnections?.();
process.exitCode = results.end();
