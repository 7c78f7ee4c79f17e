// How large the page with the virtual board is, how soon it is ready, and how fast it writes, in Debian's Chromium without
// a window. The clock of this computer gives figures only. What has a limit is counted in bytes, or in the board's time.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { LEAST_MS, MOST_MS, figure, imageOf } from '../npm/download56.mjs';
import { Results, build, chromium, executable, site } from './browser.mjs';
import { PATIENCE, asked, file, openIn, ready, runUntil, says, server, stopClock } from './try_page.mjs';

const MOST_FIRST_VIEW = 200000;
const LOADS = 5;
const EARLY_MS = 100; // the page shows what happened within 30 ms
const results = new Results();
const browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox'], timeout: PATIENCE });
const open = (options) => openIn(browser, options);

await results.test('the first view has less than 200 kB over the wire (gzip), and the flasher loads nothing of it', async () => {
  asked.length = 0;
  const page = await open();
  await ready(page);
  const names = [...new Set(asked)].filter((url) => url.startsWith('/try/')).map((url) => url.replace(/\/$/, '/index.html'));
  const bytes = names.reduce((sum, name) => sum + gzipSync(readFileSync(join(site, name))).length, 0);
  console.log(`      ${bytes} bytes (gzip) in ${names.length} files`);
  assert.ok(names.includes('/try/vboard.wasm'), names.join());
  assert.equal(asked.length, new Set(asked).size, `nothing is loaded twice: ${asked}`);
  assert.ok(bytes < MOST_FIRST_VIEW, `${bytes} bytes`);
  await page.context().close();
  asked.length = 0;
  const flasher = await open({ path: '', workers: 'allow' });
  await says(flasher, 'offline', /without a network/);
  assert.deepEqual(asked.filter((url) => url.includes('try')), []);
  assert.doesNotMatch(await flasher.getAttribute('meta[http-equiv]', 'content'), /eval/);
  await flasher.click('a[href="try/"]');
  await ready(flasher);
  await flasher.context().close();
});

await results.test('what the page needs first is asked for while its own script is on the way', async () => {
  const needed = ['vboard.wasm', 'boards/BLUEPILL.bin', 'examples/blink.bin'].map((name) => `/try/${name}`);
  asked.length = 0;
  const page = await open({
    before: (page) =>
      page.route('**/try/app.js', async (route) => {
        for (let waited = 0; !needed.every((url) => asked.includes(url)) && waited < PATIENCE; waited += 50) await new Promise((resolve) => setTimeout(resolve, 50));
        await route.continue();
      }),
  });
  await ready(page);
  await page.context().close();
});

/** Tells when the bootloader is ready, without a tool's script in the page, which would take time of its own. */
const TELLS_READY = `addEventListener('DOMContentLoaded', () => new MutationObserver(() => {
  if (document.body.dataset.phase === 'ready') console.debug('ready after ' + Math.round(performance.now()));
}).observe(document.body, { attributes: true, attributeFilter: ['data-phase'] }));`;

await results.test('the bootloader is ready each time that the page is loaded', async () => {
  const times = [];
  for (let i = 0; i < LOADS; i++) {
    const page = await open({ path: '' }); // what a new window takes is over then
    await says(page, 'version', /Version/);
    await page.addInitScript({ content: TELLS_READY });
    const said = page.waitForEvent('console', { predicate: (message) => message.text().startsWith('ready after'), timeout: PATIENCE });
    await page.click('a[href="try/"]');
    times.push(Number((await said).text().split(' ').at(-1)));
    await page.context().close();
  }
  times.sort((one, other) => one - other);
  console.log(`      the bootloader was ready ${times[LOADS >> 1]} ms after the page was asked for (median of ${times.join(', ')} ms by the clock)`);
});

await results.test('the PC knows the board without waiting for the clock', async () => {
  const page = await open({ before: stopClock });
  await says(page, 'board-name', /./);
  await page.clock.runFor(EARLY_MS);
  assert.equal(await page.getAttribute('body', 'data-phase'), 'ready');
  await page.context().close();
});

/** Notes when flash operations begin, ms of the board's time: the page itself does not listen to them. */
const NOTES_FLASH = `{
  const FLASH = 7; // enum vboard_event
  const { Instance } = WebAssembly;
  globalThis.flashTimes = [];
  WebAssembly.Instance = function (module, imports) {
    const { happened } = imports.board;
    imports.board.happened = (event, us, at, length) => (event === FLASH ? void flashTimes.push(us / 1000) : happened(event, us, at, length));
    const { exports } = new Instance(module, imports);
    return { exports: { ...exports, watch: (board, events) => exports.watch(board, events | (1 << FLASH)) } };
  };
}`;

/** Flashes 56 KiB twice, so that there is something to erase; what the second time took. */
async function download(page) {
  const wait = (isSo) => runUntil(page, isSo);
  await wait(() => page.isVisible('body[data-phase="ready"]'));
  await page.uncheck('#start');
  for (const salt of [1, 2]) {
    await page.setInputFiles('#chooser', file(`${salt}.bin`, imageOf(readFileSync(join(build, 'examples/blink/blink.bin')), salt)));
    await wait(async () => (await page.textContent('#file-facts')).includes(`${salt}.bin`) && (await page.isVisible('#findings .good')));
    await page.evaluate(() => (globalThis.flashTimes.length = 0));
    await page.click('#flash-button');
    await wait(() => page.isVisible('body[data-busy]'));
    await wait(() => page.isVisible('#flash-message .good'));
  }
  return page.evaluate(() => globalThis.flashTimes.at(-1) - globalThis.flashTimes[0]);
}

await results.test('the page writes 56 KiB in at most 1.3 times what dfu-util needs', async () => {
  const page = await open({ prepare: NOTES_FLASH, before: stopClock });
  await says(page, 'board-name', /./);
  const took = await download(page);
  console.log(`      ${figure(took)}`);
  assert.ok(took <= MOST_MS, `${took} ms`);
  assert.ok(took >= LEAST_MS, `${took} ms: is every page written?`);
  await page.context().close();
});

await browser.close();
server.server.close();
server.server.closeAllConnections();
process.exitCode = results.end();
