// The service worker in a headless Chromium: a new version of the page replaces the old one whatever the server says of
// caching, and two pages on one origin leave each other's files alone.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { Results, TYPES, chromium, executable, root, site } from './browser.mjs';

const PATIENCE = 60000; // for a machine that is busy with other things
const DAYS_30 = 30 * 24 * 3600 * 1000;
const results = new Results();
const work = mkdtempSync(join(tmpdir(), 'updates-'));

/** Builds the page with another heading, as a later release would. */
function nextVersion() {
  const web = join(work, 'web');
  cpSync(join(root, 'web'), web, { recursive: true, filter: (from) => !from.endsWith('node_modules') });
  cpSync(join(root, 'LICENSE'), join(work, 'LICENSE'));
  symlinkSync(join(root, 'web/node_modules'), join(web, 'node_modules'));
  const page = join(web, 'index.html');
  writeFileSync(page, readFileSync(page, 'utf8').replace('<h1>dapboot flasher</h1>', '<h1>the next version</h1>'));
  execFileSync('node', [join(web, 'build.mjs'), join(work, 'site')], { stdio: 'ignore' });
  return join(work, 'site');
}

/** A server on the loopback interface. `folder` and `headers` can be changed while it runs. */
async function serve(headers) {
  const state = { folder: site, headers, url: '', close: () => {} };
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname.replace(/^\/[ab]\//, '/').replace(/\/$/, '/index.html');
    try {
      const body = readFileSync(join(state.folder, path));
      response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', ...state.headers }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  state.url = `http://localhost:${server.address().port}/`;
  state.close = () => (server.close(), server.closeAllConnections());
  return state;
}

const browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox'], timeout: PATIENCE });
const later = nextVersion();

async function open() {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  return { context, page };
}

/** waitForFunction() does not wait for promises. */
async function until(page, isSo, argument) {
  for (let waited = 0; !(await page.evaluate(isSo, argument)); waited += 50) {
    assert.ok(waited < PATIENCE, `waited for ${isSo}`);
    await page.waitForTimeout(50);
  }
}

const stored = (page) => page.waitForFunction(() => document.querySelector('#offline').textContent.includes('without a network'));
const heading = (page) => page.textContent('h1');

const servers = {
  'that says nothing of caching': {},
  'that lets pages be cached for ten minutes': { 'cache-control': 'max-age=600' },
  'whose files are a month old': { 'last-modified': new Date(Date.now() - DAYS_30).toUTCString() },
};

for (const [which, headers] of Object.entries(servers))
  await results.test(`a new version replaces the old one, from a server ${which}`, async () => {
    const { context, page } = await open();
    const server = await serve(headers);
    await page.goto(server.url);
    await stored(page);
    const [before] = await page.evaluate(() => caches.keys());
    server.folder = later;
    await page.reload();
    await until(page, async (old) => !(await caches.keys()).includes(old), before);
    await page.waitForFunction(() => document.querySelector('#offline').textContent.includes('newer version'));
    await page.reload();
    assert.equal(await heading(page), 'the next version');
    server.close();
    await page.reload();
    assert.equal(await heading(page), 'the next version', 'without a network too');
    await context.close();
  });

await results.test('two pages of different versions on one origin both work without a network', async () => {
  const { context, page } = await open();
  const server = await serve({});
  const pages = { a: [site, 'dapboot flasher'], b: [later, 'the next version'] };
  for (const [name, [folder]] of Object.entries(pages)) {
    server.folder = folder;
    await page.goto(`${server.url}${name}/`);
    await stored(page);
  }
  server.close();
  for (const [name, [, wanted]] of Object.entries(pages)) {
    await page.goto(`${server.url}${name}/`);
    assert.equal(await heading(page), wanted);
  }
  await context.close();
});

await results.test('files that are not of this version are not stored', async () => {
  const { context, page } = await open();
  const server = await serve({});
  await page.goto(server.url);
  await stored(page);
  const before = await page.evaluate(() => caches.keys());
  // a server in the middle of an update: the new service worker, the old files
  server.folder = join(work, 'mixed');
  cpSync(site, server.folder, { recursive: true });
  cpSync(join(later, 'service-worker.js'), join(server.folder, 'service-worker.js'));
  const redundant = page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    return new Promise((resolve) => {
      registration.addEventListener('updatefound', () => {
        const worker = registration.installing;
        worker.addEventListener('statechange', () => ['redundant', 'activated'].includes(worker.state) && resolve(worker.state));
      });
      void registration.update().catch(() => {});
    });
  });
  assert.equal(await redundant, 'redundant');
  assert.ok((await page.evaluate(() => caches.keys())).includes(before[0]), 'the stored version stays');
  server.close();
  await page.reload();
  assert.equal(await heading(page), 'dapboot flasher');
  await context.close();
});

await results.test('what a maker put beside the page is the newest from the network, and the last one without it', async () => {
  const { context, page } = await open();
  const server = await serve({ 'cache-control': 'max-age=600' });
  server.folder = join(work, 'maker');
  cpSync(site, server.folder, { recursive: true });
  const image = Buffer.from('not flashed here');
  writeFileSync(join(server.folder, 'one.bin'), image);
  const files = [{ file: 'one.bin', sha256: createHash('sha256').update(image).digest('hex') }];
  const list = (...versions) => JSON.stringify({ product: 'Blinker', versions: versions.map((version) => ({ version, files })) });
  const offered = async () => {
    await page.waitForSelector('#versions');
    return page.$$eval('#versions option', (options) => options.map((option) => option.textContent.split(' ')[0]).slice(0, -1));
  };
  writeFileSync(join(server.folder, 'firmware.json'), list('1.0'));
  await page.goto(server.url);
  await stored(page);
  assert.deepEqual(await offered(), ['1.0']);
  await context.setOffline(true); // after the first visit already
  await page.reload();
  assert.deepEqual(await offered(), ['1.0']);
  await context.setOffline(false);
  writeFileSync(join(server.folder, 'firmware.json'), list('1.1', '1.0'));
  await page.reload();
  assert.deepEqual(await offered(), ['1.1', '1.0']);
  await page.evaluate(() => fetch('one.bin'));
  server.headers.vary = '*'; // cannot be kept
  writeFileSync(join(server.folder, 'two.bin'), 'two');
  assert.equal(await page.evaluate(async () => (await fetch('two.bin')).text()), 'two');
  server.close();
  await page.reload();
  assert.deepEqual(await offered(), ['1.1', '1.0']);
  assert.equal(await page.evaluate(async () => (await fetch('one.bin')).text()), 'not flashed here');
  await context.close();
});

await results.test('a file that firmware.json names no more is kept no longer, and what else is beside the page stays', async () => {
  const { context, page } = await open();
  const server = await serve({ vary: 'accept-encoding' });
  server.folder = join(work, 'trimmed');
  cpSync(site, server.folder, { recursive: true });
  const put = (name, content) => writeFileSync(join(server.folder, name), content);
  const list = (...names) => JSON.stringify({ product: 'Blinker', versions: names.map((name) => ({ version: name, files: [{ file: name, sha256: '0'.repeat(64) }] })) });
  for (const name of ['one.bin', 'two.bin', 'manual.txt']) put(name, name);
  put('firmware.json', list('two.bin', 'one.bin'));
  await page.goto(server.url);
  await stored(page);
  await page.reload();
  await page.waitForSelector('#versions');
  await page.evaluate(() => Promise.all(['one.bin', 'two.bin', 'manual.txt'].map((name) => fetch(name))));
  const kept = () =>
    page.evaluate(async () => {
      const names = (await caches.keys()).filter((name) => name.startsWith('dapboot beside'));
      const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
      return requests.flat().map(({ url }) => url.replace(/.*\//, '')).filter((name) => /^[a-z]+\.(bin|txt)$/.test(name)).sort();
    });
  assert.deepEqual(await kept(), ['manual.txt', 'one.bin', 'two.bin']);
  put('firmware.json', list('two.bin'));
  await page.reload();
  await page.waitForSelector('#versions');
  await until(page, async () => !(await caches.match('one.bin')));
  assert.deepEqual(await kept(), ['manual.txt', 'two.bin']);
  server.close();
  await context.close();
});

await browser.close();
rmSync(work, { recursive: true, force: true });
process.exitCode = results.end();
