// The page with the virtual board, in Debian's Chromium and Firefox without a window: boards, examples, power cuts, broken
// rules, serial ports, keyboard, accessibility (axe-core), small screens, no network. The board and its firmware are those
// that visitors get. With a word as argument, only the tests that have it in their names.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Results, axe, chromium, executable, firefox, firefoxExecutable, screenshots, serve, site } from './browser.mjs';
import { LOOKS, PATIENCE, file, flash, openIn, ready, runUntil, says, server, stopClock } from './try_page.mjs';

const LEAST_TARGET = 44; // CSS pixels, WCAG 2.2 success criterion 2.5.5
const folder = screenshots('try');
const results = new Results();
const [only = ''] = process.argv.slice(2);
const test = async (sentence, body) => {
  if (sentence.includes(only)) await results.test(sentence, body);
};

/** A program behind the standard bootloader: a vector table, and code at its end. @param {number[]} code half-words */
function programOf(code) {
  const image = new Uint8Array(0x200);
  const view = new DataView(image.buffer);
  view.setUint32(0, 0x20005000, true);
  view.setUint32(4, 0x08002101, true);
  code.forEach((half, i) => view.setUint16(0x100 + 2 * i, half, true));
  return image;
}

// FLASH_CR is written while it is locked, RM0008 / PM0075 2.3.1: ldr r0, [pc, #4]; str r0, [r0]; b .; its address
const breaks = file('breaks.bin', programOf([0x4801, 0x6000, 0xe7fe, 0, 0x2010, 0x4002]));
// udf #0, and no handler in the vector table
const locks = file('locks.bin', programOf([0xde00, 0xe7fe]));

async function choose(page, title) {
  await page.selectOption('#target', title);
  await says(page, 'board-name', new RegExp(`^${title}$`));
  await ready(page);
}

/** What must hold in every state. */
async function inspect(page, name) {
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  await page.evaluate(axe);
  const found = await page.evaluate(async (least) => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    const small = [...document.querySelectorAll('button, select, .button, input:not([type=checkbox], .visually-hidden)')].filter((one) => {
      const { width, height } = one.getBoundingClientRect();
      return width > 0 && (width < least || height < least);
    });
    return {
      axe: violations.map((one) => `${one.id}: ${one.help} (${one.nodes.map((node) => node.target).join(', ')})`),
      small: small.map((one) => one.id || one.textContent),
      wider: Math.max(0, document.documentElement.scrollWidth - innerWidth),
    };
  }, LEAST_TARGET);
  assert.deepEqual(found, { axe: [], small: [], wider: 0 });
  assert.deepEqual(page.trouble, []);
}

/** What both browsers must do. */
async function both(name, browser) {
  await test(`${name}: an example is flashed, and the LED blinks`, async () => {
    const page = await openIn(browser);
    await ready(page);
    await says(page, 'usb-said', /^DAPBoot DFU Bootloader \(1209:db42\): the bootloader/);
    await inspect(page, `ready-${name}`);
    await flash(page);
    await says(page, 'led-said', /^It blinks/);
    await says(page, 'usb-said', /its program has no USB/);
    assert.match(await page.textContent('#events'), /power on\n[^]*software reset/);
    assert.deepEqual(page.trouble, []);
    await page.context().close();
  });

  await test(`${name}: the power fails in the middle of a download, and the visitor sees that the board survives`, async () => {
    const page = await openIn(browser, { look: LOOKS.phone });
    await ready(page);
    await page.click('#examples button:text-is("cdc-echo")');
    await says(page, 'file-facts', /cdc-echo/);
    await page.fill('#cut-number', '5');
    await page.click('#cut-arm');
    await says(page, 'cut-said', /will fail in the middle of flash operation 5/);
    await page.click('#flash-button');
    await says(page, 'cut-said', /^The power failed in the middle of flash operation 5/);
    await page.waitForSelector('#flash-message .bad');
    assert.equal(await page.getAttribute('#power', 'aria-checked'), 'false');
    await says(page, 'usb-said', /the power is off/);
    await inspect(page, `power-cut-${name}`);
    await page.click('#cut-on');
    await says(page, 'cut-said', /^The board survived.*bootloader/);
    await ready(page);
    await flash(page);
    await says(page, 'usb-said', /^CDC echo example/);
    await page.context().close();
  });

  await test(`${name}: works when it is opened as a file`, async () => {
    const page = await openIn(browser, { url: pathToFileURL(join(site, 'try/index.html')).href });
    await ready(page);
    await flash(page);
    await says(page, 'led-said', /^It blinks/);
    assert.deepEqual(page.trouble, []);
    await page.context().close();
  });

  await test(`${name}: a serial port over USB sends back what is typed`, async () => {
    const page = await openIn(browser);
    await ready(page);
    await flash(page, 'cdc-echo');
    await says(page, 'serial-target', /USB/);
    await says(page, 'led-said', /^On/);
    await page.fill('#serial-input', 'hello');
    await page.press('#serial-input', 'Enter');
    await says(page, 'serial-output', /^USB:\nhello\n/);
    await page.context().close();
  });
}

const browsers = { Chromium: await chromium.launch({ executablePath: executable, args: ['--no-sandbox'], timeout: PATIENCE }) };
await both('Chromium', browsers.Chromium);
const open = (options) => openIn(browsers.Chromium, options);

await test('firmware that breaks a rule is named the rule, and a new board can be taken', async () => {
  const page = await open({ look: LOOKS.phone });
  await ready(page);
  await page.setInputFiles('#chooser', breaks);
  await flash(page);
  await page.waitForSelector('#trouble .bad');
  assert.match(await page.textContent('#trouble h3'), /breaks a rule of the chip’s manual: [a-z-]+$/);
  assert.match(await page.textContent('#trouble p'), /FLASH_CR/);
  await says(page, 'usb-said', /the processor stands still/);
  await inspect(page, 'broken-rule');
  await page.click('#again');
  await ready(page);
  assert.equal(await page.textContent('#trouble'), '');
  assert.match(await page.textContent('#file-facts'), /breaks\.bin/, "a file of the visitor's own stays");
  await page.context().close();
});

await test('firmware that locks up is told', async () => {
  const page = await open();
  await ready(page);
  await page.setInputFiles('#chooser', locks);
  await flash(page);
  await says(page, 'trouble', /^The processor is locked up/);
  await page.context().close();
});

/** A download that goes on for seconds, as soon as the test lets time pass. */
async function writing() {
  const page = await open({ before: stopClock });
  await runUntil(page, () => page.isVisible('body[data-phase="ready"]'));
  await page.setInputFiles('#chooser', file('long.bin', [...programOf([0xe7fe]), ...new Uint8Array(40 * 1024).fill(1)]));
  await runUntil(page, async () => /long\.bin/.test(await page.textContent('#file-facts')));
  await page.click('#flash-button');
  await runUntil(page, () => page.isVisible('body[data-phase="writing"]'));
  return page;
}

await test('an example that is chosen while the board is written is not taken, and the page says so', async () => {
  const page = await writing();
  await page.click('#examples button:text-is("cdc-echo")');
  await runUntil(page, async () => /Not now/.test(await page.textContent('#flash-message')));
  assert.match(await page.textContent('#flash-message'), /Choose cdc-echo\.bin again when this is done/);
  assert.equal(await page.getAttribute('body', 'data-phase'), 'writing');
  await runUntil(page, () => page.isVisible('#flash-message .good'));
  assert.match(await page.textContent('#file-facts'), /long\.bin/);
  await page.context().close();
});

await test('a board that is taken away while it is written leaves the next one alone', async () => {
  const page = await writing();
  await page.selectOption('#target', 'Maple Mini');
  await runUntil(page, async () => /^Maple/.test(await page.textContent('#board-name')) && (await page.isVisible('body[data-phase="ready"]')));
  await page.click('#examples button:text-is("blink")');
  await runUntil(page, async () => /blink/.test(await page.textContent('#file-facts')) && (await page.isVisible('#findings .good')));
  await page.click('#flash-button');
  await runUntil(page, () => page.isVisible('#flash-message .good'));
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

await test('the program that was flashed makes way for the bootloader when it is asked to', async () => {
  const page = await open();
  await ready(page);
  await flash(page, 'dfu-runtime');
  await page.waitForSelector('#detach:not([hidden])');
  await says(page, 'usb-said', /the program, which can start the bootloader/);
  await page.click('#detach');
  await ready(page);
  await page.context().close();
});

await test('boards of other kinds are flashed: without a button, with the high variant, of the other family', async () => {
  const page = await open();
  await ready(page);
  for (const title of ['Maple Mini', 'Blue Pill, high variant', 'STM32L152 Discovery']) {
    await choose(page, title);
    assert.equal(await page.isVisible('#button'), title !== 'Maple Mini');
    await flash(page);
    await says(page, 'led-said', /^It blinks/);
  }
  await choose(page, 'Maple Mini');
  await flash(page);
  await says(page, 'bench-hint', /no button/);
  await page.click('#again');
  await ready(page);
  await flash(page, 'blink');
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

await test('threads write to a serial port, and the button and Reset bring the bootloader back, with the keyboard alone', async () => {
  const page = await open();
  await ready(page);
  await flash(page, 'rtos');
  await says(page, 'serial-output', /^Port 1:\nchange 1, work goes on, 0 errors\n/);
  const roles = await page.evaluate(() => ['usb-said', 'bench-hint', 'cut-said', 'trouble', 'cannot', 'serial-output'].map((id) => document.getElementById(id).role));
  assert.deepEqual(roles, ['status', 'status', 'status', 'alert', 'alert', 'log'], 'what is read out when it changes');
  await page.focus('#target');
  const order = [];
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press('Tab');
    order.push(await page.evaluate(() => document.activeElement.id));
    if (order[i] === 'button') await page.keyboard.press('Space');
    if (order[i] === 'reset') await page.keyboard.press('Enter');
  }
  assert.deepEqual(order, ['power', 'cable', 'button', 'reset']);
  await ready(page);
  await says(page, 'bench-hint', /BOOT1 is held: the board stays/);
  assert.equal(await page.getAttribute('#button', 'aria-pressed'), 'true');
  await page.focus('#cable');
  await page.keyboard.press('Space');
  await says(page, 'usb-said', /cable is pulled out/);
  await page.waitForSelector('body[data-phase="away"]');
  assert.equal(await page.getAttribute('#cable', 'aria-checked'), 'false');
  await page.keyboard.press('Space');
  await ready(page);
  await page.context().close();
});

await test('works without a network once it was loaded, with each board', async () => {
  const offline = await serve();
  const page = await open({ url: `${offline.url}try/`, workers: 'allow' });
  await says(page, 'offline', /without a network/);
  await page.context().setOffline(true);
  offline.server.close();
  offline.server.closeAllConnections();
  await page.reload();
  await ready(page);
  await choose(page, 'STM32L152 Discovery');
  await flash(page);
  await page.context().close();
});

await test('a browser without WebAssembly is told so, and so is a file that does not come', async () => {
  const without = await open({ prepare: 'delete globalThis.WebAssembly' });
  await says(without, 'cannot', /^This browser cannot run the virtual boardIt has no WebAssembly/);
  assert.equal(await without.isVisible('#power'), false, 'what would do nothing is not there');
  await inspect(without, 'no-webassembly');
  await without.context().close();
  const page = await open();
  await ready(page);
  await page.route('**/boards/MAPLEMINI.bin', (route) => route.fulfill({ status: 404 }));
  await page.selectOption('#target', 'Maple Mini');
  await says(page, 'cannot', /boards\/MAPLEMINI.bin: the server answers 404/);
  await page.unroute('**/boards/MAPLEMINI.bin');
  await page.selectOption('#target', 'Olimex STM32-H103');
  await says(page, 'board-name', /^Olimex/);
  await says(page, 'cannot', /^$/);
  await ready(page);
  await page.context().close();
});

await browsers.Chromium.close();
browsers.Firefox = await firefox.launch({ executablePath: firefoxExecutable, timeout: PATIENCE });
await both('Firefox', browsers.Firefox);
await browsers.Firefox.close();
server.server.close();
server.server.closeAllConnections();
process.exitCode = results.end();
