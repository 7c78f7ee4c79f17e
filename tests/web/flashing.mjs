// In the guest (see in-guest): the page in Debian's Chromium, with real WebUSB, against the firmware on the virtual board.
// One browser and one page for all tests, as starting them takes most of the time; so their order matters.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Results, build, chromium, executable, root, serve } from './browser.mjs';
import { KIB, program } from './fake_board.mjs';

const [serial] = process.argv.slice(2);
const PORT = 8080; // that the policy names
const BASE = 0x08002000;
const profile = '/dev/shm/profile';

const began = Date.now();
const results = new Results();
const blink = readFileSync(join(build, 'examples/blink/blink.bin'));
const blinkHex = readFileSync(join(build, 'examples/blink/blink.hex'));
const file = (name, bytes) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) });
const large = program(56 * KIB + 13, BASE);
const board = (...words) => execFileSync('board', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const server = await serve(PORT);
mkdirSync(profile, { recursive: true });
// opens chrome://usb-internals, which shows what Chromium read of the device
writeFileSync(join(profile, 'Local State'), JSON.stringify({ internal_only_uis_enabled: true }));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: executable,
  timeout: 120000,
  viewport: { width: 900, height: 1000 },
  serviceWorkers: 'block', // has a test of its own, outside
  // without a just-in-time compiler JavaScript is faster on an emulated processor: code that changes is what that is slow at
  args: ['--no-sandbox', '--disable-gpu', '--no-zygote', '--disable-extensions', '--disable-sync', '--js-flags=--jitless'],
});
const page = browser.pages()[0];
page.setDefaultTimeout(90000);
const trouble = [];
page.on('pageerror', (error) => trouble.push(String(error)));
// The chooser is a window of the browser, not of the page, and cannot be driven; all else is real.
await page.addInitScript(() => {
  navigator.usb.requestDevice = async () => (await navigator.usb.getDevices())[0];
});
await page.goto(server.url);
console.log(`      ${Math.round((Date.now() - began) / 1000)} s to start Chromium and load the page`);

const phase = (name) => page.waitForSelector(`body[data-phase="${name}"]`);
const text = (selector) => page.innerText(selector);
const choose = (name, bytes) => page.setInputFiles('#chooser', file(name, bytes));
const shoot = (name) => page.screenshot({ path: `/out/${name}.png`, fullPage: true });
const message = async (place, kind) => {
  await page.waitForSelector(`#${place}-message .${kind}`);
  return text(`#${place}-message`);
};

async function readBack() {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#read-bin')]);
  assert.equal(download.suggestedFilename(), `${serial}.bin`);
  return readFileSync(await download.path());
}

await results.test('connects by itself to a board that was allowed, and shows what it is', async () => {
  await phase('ready');
  const facts = await text('#facts');
  assert.equal(await text('#board-state'), 'DAPBoot DFU Bootloader');
  for (const fact of [serial, 'DFU 1.1', 'USB 2.1', 'standard', '0x08002000', '120 KiB', 'no program'])
    assert.ok(facts.includes(fact), `${fact} in: ${facts}`);
  await shoot('1-connected');
});

await results.test('connects when it is told to', async () => {
  await page.click('#connect');
  await phase('opening');
  await phase('ready');
  assert.ok((await text('#facts')).includes(serial));
});

await results.test('refuses a program for another address, and sends nothing', async () => {
  await choose('elsewhere.bin', program(3 * KIB, 0x08000000));
  await page.waitForSelector('#findings .bad');
  const found = await text('#findings');
  assert.match(found, /linked at the wrong address[^]*0x08000000[^]*0x08002000/);
  assert.equal(await page.getAttribute('#flash-button', 'aria-disabled'), 'true');
  // a button that only says it is disabled is still clicked
  await page.click('#flash-button', { force: true });
  assert.equal(await page.getAttribute('body', 'data-phase'), 'ready');
  await shoot('2-wrong-file');
});

await results.test('flashes 56 KiB, reads it back and compares', async () => {
  await choose('large.bin', large);
  await page.waitForSelector('#findings .good');
  await page.uncheck('#start');
  const start = Date.now();
  await page.click('#flash-button');
  await phase('writing');
  await page.waitForFunction(() => document.querySelector('#flash-bar').value > 8192);
  await shoot('3-writing');
  await phase('verifying');
  await shoot('4-verifying');
  const said = await message('flash', 'good');
  assert.match(said, /Done[^]*57\s357 bytes[^]*read back and compared again/);
  await shoot('5-done');
  console.log(`      ${said.split('\n').filter((line) => /bytes in/.test(line))[0]} ${Math.round((Date.now() - start) / 1000)} s with comparison and screenshots`);
});

await results.test('reads the firmware to a file', async () => {
  const found = await readBack();
  const wanted = Buffer.concat([large, Buffer.from([255, 255, 255])]); // whole words
  assert.ok(found.equals(wanted), `${found.length} bytes instead of ${wanted.length}, or others`);
  assert.match(await text('#facts'), /a program; 57\s360 bytes are not blank/);
  await shoot('6-read');
});

await results.test('says what the board says of a program that it refuses, and the old one stays', async () => {
  // more RAM than this board has, which only the board knows
  await choose('large-ram.bin', program(2 * KIB, BASE, { stack: 0x20010000 }));
  await page.click('#flash-button');
  assert.match(await message('flash', 'bad'), /errTARGET[^]*Nothing was erased/);
  await shoot('7-refused');
  const found = await readBack();
  assert.ok(found.subarray(0, large.length).equals(Buffer.from(large)));
});

await results.test('survives that the board is unplugged in the middle of a download', async () => {
  const other = large.map((byte, i) => (i < 64 ? byte : byte ^ 0x55));
  await choose('other.bin', other);
  await page.click('#flash-button');
  await page.waitForFunction(() => document.querySelector('#flash-bar').value > 8192);
  board('unplug');
  assert.match(await message('flash', 'bad'), /lost[^]*of 57\s357 bytes were sent[^]*Nothing is broken/);
  await phase('away');
  await shoot('8-unplugged');
  board('plug');
  await phase('ready');
  assert.match(await message('flash', 'note'), /The board is back/);
  assert.match(await text('#facts'), /no whole program/);
  await shoot('9-back');
});

await results.test('survives that the board is unplugged while it is read', async () => {
  await page.click('#read-bin');
  await page.waitForFunction(() => document.querySelector('#more-bar').value > 8192);
  board('unplug');
  assert.match(await message('more', 'bad'), /lost[^]*Nothing on it was changed/);
  board('plug');
  await phase('ready');
});

await results.test('survives that the board is unplugged while it is looked at', async () => {
  await page.click('#connect');
  await page.waitForFunction(() => /bytes/.test(document.querySelector('#board-progress-text').textContent));
  board('unplug');
  await phase('away');
  assert.match(await message('board', 'bad'), /lost/);
  board('plug');
  await phase('ready');
});

await results.test('flashes a .hex file and starts the program: it blinks', async () => {
  await choose('blink.hex', blinkHex);
  await page.waitForSelector('#findings .good');
  assert.match(await text('#file-facts'), /converted[^]*308 bytes[^]*0x08002000/);
  await page.check('#start');
  board('mark');
  const start = Date.now();
  await page.click('#flash-button');
  assert.match(await message('flash', 'good'), /the program runs/);
  console.log(`      blink runs ${((Date.now() - start) / 1000).toFixed(1)} s after the button was pressed`);
  await phase('away');
  assert.equal(await text('#board-state'), 'The board runs its program');
  board('wait', 'USB: detached');
  board('mark');
  board('wait', 'LED on');
  await shoot('10-runs');
});

await results.test('finds the board again by itself, with the program in it', async () => {
  board('press');
  board('reset');
  await phase('ready');
  board('release');
  assert.match(await text('#facts'), /a program;/);
  await choose('blink.bin', blink);
  await page.waitForSelector('#findings .good');
  assert.match(await text('#findings'), /holds exactly this already/);
});

await results.test('leaves the bootloader', async () => {
  board('mark');
  await page.click('#leave');
  await phase('away');
  assert.match(await message('more', 'note'), /left DFU mode/);
  board('wait', 'USB: detached');
});

await results.test('Chromium read the landing page from the board', async () => {
  const url = /define LANDING_PAGE_URL "(.*)"/.exec(readFileSync(join(root, 'src/config.h'), 'utf8'))[1];
  board('press');
  board('reset');
  board('wait', 'USB: configured');
  const inside = await browser.newPage();
  await inside.goto('chrome://usb-internals/');
  await inside.click('text=/^Devices$/');
  await inside.click('button:has-text("Inspect")');
  const link = inside.locator(`text=https://${url}`).first();
  await link.waitFor({ timeout: 20000 });
  await inside.screenshot({ path: '/out/11-landing-page.png', fullPage: true });
});

await results.test('no error went unnoticed on the page', async () => assert.deepEqual(trouble, []));

await browser.close();
server.server.close();
console.log(`      ${Math.round((Date.now() - began) / 1000)} s in all`);
process.exit(results.end());
