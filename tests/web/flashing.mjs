// In the guest (see in-guest; with --list anywhere: prints the tests; with --deep all of them): the page in Debian's Chromium, with real WebUSB, against the firmware on the virtual board.
// One browser and one page for all tests, as starting them takes most of the time; so their order matters.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Results, build, chromium, executable, root, serve } from './browser.mjs';
import { KIB, program } from './programs.mjs';

const [serial] = process.argv.slice(2);
const deep = process.argv.includes('--deep');
const PORT = 8080; // that the policy names
const BASE = 0x08002000;
const profile = '/dev/shm/profile';

// An emulated computer on a busy one: what waits, waits long, so that a failure is one.
const PATIENCE = 900000;
const TRIES = 8;
/** How many times slower than the clock the board is. It may hold an answer back (PATIENCE_MS in src/dfu.c), and the page waits 5 s. */
const SLOWNESS = 10;

const began = Date.now();
const results = new Results();
const blink = readFileSync(join(build, 'examples/blink/blink.bin'));
const blinkL1 = readFileSync(join(build, 'examples/blink/blink-l1.bin'));
const blinkHex = readFileSync(join(build, 'examples/blink/blink.hex'));
const file = (name, bytes) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) });
const large = program(12 * KIB + 13, BASE);
/** Commands the board, or waits for what it does. */
const board = (...words) => execFileSync('board', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const heard = (words) => board('wait', words, String(PATIENCE / 1000));

const trouble = [];
const tests = [];
let browser, page;

/** A test, to be run once all are known. Those behind it need what it leaves behind. */
const test = (sentence, body) => tests.push({ sentence, body });

async function start() {
  await serve(PORT);
  mkdirSync(profile, { recursive: true });
  // opens chrome://usb-internals, which shows what Chromium read of the device
  writeFileSync(join(profile, 'Local State'), JSON.stringify({ internal_only_uis_enabled: true }));
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: executable,
    timeout: PATIENCE,
    viewport: { width: 900, height: 1000 },
    serviceWorkers: 'block', // has a test of its own, outside
    reducedMotion: 'reduce', // a LED that blinks is drawn sixty times a second
    // Without a just-in-time compiler JavaScript is faster on an emulated processor: code that changes is what that is
    // slow at. Fewer processes halve the time to start; and one that did not get to its parent within 15 s would end itself.
    args: ['--no-sandbox', '--disable-gpu', '--in-process-gpu', '--disable-extensions', '--disable-sync', '--js-flags=--jitless',
      '--enable-features=NetworkServiceInProcess2', `--ipc-connection-timeout=${PATIENCE / 1000}`],
  });
  page = browser.pages()[0];
  page.setDefaultTimeout(PATIENCE);
  page.on('pageerror', (error) => trouble.push(String(error)));
  await page.addInitScript(() => {
    // The chooser is a window of the browser, not of the page, and cannot be driven; all else is real.
    navigator.usb.requestDevice = async () => (await navigator.usb.getDevices())[0];
    // Phases may be shorter than it takes to look.
    window.phases = [];
    new MutationObserver(() => {
      const { phase } = document.body?.dataset ?? {};
      if (phase && phase !== window.phases.at(-1)) window.phases.push(phase);
    }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-phase'] });
  });
  await page.goto(`http://localhost:${PORT}/`);
}

test('Chromium starts and loads the page', async () => {
  await start();
  console.log(`      after ${Math.round((Date.now() - began) / 1000)} s`);
});

/** The phases that the page goes through while `work` is done. */
async function phasesOf(work) {
  await page.evaluate(() => window.phases.splice(0));
  await work();
  return page.evaluate(() => window.phases);
}

const phase = (name) => page.waitForSelector(`body[data-phase="${name}"]`);
const text = (selector) => page.innerText(selector);
const choose = (name, bytes) => page.setInputFiles('#chooser', file(name, bytes));
/** Takes an emulated browser five seconds and more. */
const shoot = (name) => deep && page.screenshot({ path: `/out/${name}.png`, fullPage: true });
const message = async (place, ...kinds) => {
  await page.waitForSelector(kinds.map((kind) => `#${place}-message .${kind}`).join(', '));
  return text(`#${place}-message`);
};

/** Brings the board to its bootloader, and the page finds it: anew, if it was there. */
async function enterBootloader() {
  await phasesOf(async () => {
    board('press');
    board('reset');
    heard('USB: configured');
    await page.waitForFunction(() => window.phases.at(-1) === 'ready', null, { polling: 100 });
  });
  board('release');
}

/** The board is so many times slower than the clock. */
const slowDown = (times) => board('slow-motion', String(times));

/** Unplugs the board when the page has come this far, which a busy computer may see late: until then the board takes its time. */
async function unplugOnTheWay(begin, cameSoFar, times) {
  slowDown(times);
  await begin();
  await page.waitForFunction(cameSoFar);
  board('unplug');
  slowDown(1);
}

/**
 * Flashes the file that was chosen, and does what is wanted on the way. The board gives the page 250 ms of its time to keep it.
 * An emulated computer is many times slower than one that it stands for, and so is its board: these are 2.5 s here. Where a
 * browser on a busy computer is too slow for that, the board runs its program, the page says that it
 * restarted too soon, or that the end is not confirmed, and this tries again.
 * @returns what the page said, and the phases it went through
 */
async function flash(onTheWay = () => {}) {
  for (let tries = 1; ; tries++) {
    let said = '';
    slowDown(SLOWNESS);
    const phases = await phasesOf(async () => {
      await page.click('#flash-button');
      // what was said before stands until then
      await page.waitForFunction(() => window.phases.length > 0, null, { polling: 100 });
      await onTheWay();
      // by then the board is kept, or gone; how long it takes to leave is for the page's clock
      await page.waitForFunction(() => window.phases.includes('verifying') || document.querySelector('#flash-message .good, #flash-message .note'), null, { polling: 100 });
      slowDown(1);
      said = await message('flash', 'good', 'note');
    });
    if (tries === TRIES || !/restarted too soon|not confirmed/.test(said)) return { said, phases };
    console.log('      the page was too slow to keep the board, once more');
    await enterBootloader();
  }
}

async function readBack() {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#read-bin')]);
  assert.equal(download.suggestedFilename(), `${serial}.bin`);
  return readFileSync(await download.path());
}

test('connects by itself to a board that was allowed, and shows what it is', async () => {
  await phase('ready');
  const facts = await text('#facts');
  assert.equal(await text('#board-state'), 'DAPBoot DFU Bootloader');
  for (const fact of [serial, 'DFU 1.1', 'USB 2.1', 'standard', '0x08002000', '24 KiB', 'no program'])
    assert.ok(facts.includes(fact), `${fact} in: ${facts}`);
  await shoot('1-connected');
});

test('connects when it is told to', async () => {
  const phases = await phasesOf(async () => {
    await page.click('#connect');
    await page.waitForFunction(() => window.phases.at(-1) === 'ready', null, { polling: 100 });
  });
  assert.deepEqual(phases.slice(-2), ['opening', 'ready']);
  assert.ok((await text('#facts')).includes(serial));
});

test('refuses a program for another address, and sends nothing', async () => {
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

test('flashes 12 KiB, reads it back and compares', async () => {
  await choose('large.bin', large);
  await page.waitForSelector('#findings .good');
  await page.uncheck('#start');
  const start = Date.now();
  const { said, phases } = await flash(async () => {
    await page.waitForFunction(() => document.querySelector('#flash-bar').value > 0);
    await shoot('3-writing');
  });
  assert.deepEqual(phases, ['writing', 'verifying', 'ready']);
  assert.match(said, /Done[^]*12\s301 bytes[^]*read back and compared again/);
  await shoot('5-done');
  console.log(`      ${said.split('\n').filter((line) => /bytes in/.test(line))[0]} ${Math.round((Date.now() - start) / 1000)} s with comparison`);
});

test('reads the firmware to a file', async () => {
  const found = await readBack();
  const wanted = Buffer.concat([large, Buffer.from([255, 255, 255])]); // whole words
  assert.ok(found.equals(wanted), `${found.length} bytes instead of ${wanted.length}, or others`);
  assert.match(await text('#facts'), /the program just written, 12\s301 bytes/);
  await shoot('6-read');
});

test('says what the board says of a program that it refuses, and the old one stays', async () => {
  // more RAM than this board has, which only the board knows
  await choose('large-ram.bin', program(2 * KIB, BASE, { stack: 0x20010000 }));
  await page.click('#flash-button');
  assert.match(await message('flash', 'bad'), /errTARGET[^]*Nothing was erased/);
  await shoot('7-refused');
  const found = await readBack();
  assert.ok(found.subarray(0, large.length).equals(Buffer.from(large)));
});

test('survives that the board is unplugged in the middle of a download', async () => {
  // the largest there is, for which there is time to pull the cable
  const other = program(24 * KIB, BASE, { entry: BASE + 0x201 });
  // every page is another than the one that is there, which takes no time to write otherwise
  for (let at = KIB; at < other.length; at += KIB) other[at] ^= 1;
  await choose('other.bin', other);
  await unplugOnTheWay(() => page.click('#flash-button'), () => document.querySelector('#flash-bar').value > 4096, 20);
  assert.match(await message('flash', 'bad'), /lost[^]*of 24\s576 bytes were sent[^]*Nothing is broken/);
  await phase('away');
  await shoot('8-unplugged');
  board('plug');
  await phase('ready');
  assert.match(await message('flash', 'note'), /The board is back/);
  assert.match(await text('#facts'), /no whole program/);
  await shoot('9-back');
});

test('survives that the board is unplugged while it is read', async () => {
  await unplugOnTheWay(() => page.click('#read-bin'), () => document.querySelector('#more-bar').value > 0, 10);
  assert.match(await message('more', 'bad'), /lost[^]*Nothing on it was changed/);
  board('plug');
  await phase('ready');
});

test('survives that the board is unplugged while it is looked at', async () => {
  await unplugOnTheWay(() => page.click('#connect'), () => /bytes/.test(document.querySelector('#board-progress-text').textContent), 10);
  await phase('away');
  assert.match(await message('board', 'bad'), /lost/);
  board('plug');
  await phase('ready');
});

test('flashes a .hex file and starts the program: it blinks', async () => {
  await choose('blink.hex', blinkHex);
  await page.waitForSelector('#findings .good');
  assert.match(await text('#file-facts'), /converted[^]*308 bytes[^]*0x08002000/);
  await page.check('#start');
  board('mark');
  const start = Date.now();
  const { said } = await flash();
  assert.match(said, /has started the program/);
  console.log(`      blink runs ${((Date.now() - start) / 1000).toFixed(1)} s after the button was pressed`);
  await phase('away');
  assert.equal(await text('#board-state'), 'The board has left to run its program');
  heard('USB: detached');
  board('mark');
  heard('LED on');
  await shoot('10-runs');
});

test('finds the board again by itself, with the program in it', async () => {
  await enterBootloader();
  assert.match(await text('#facts'), /a program;/);
  await choose('blink.bin', blink);
  await page.waitForSelector('#findings .good');
  assert.match(await text('#findings'), /holds exactly this already/);
});

test('leaves the bootloader', async () => {
  board('mark');
  await page.click('#leave');
  await phase('away');
  assert.match(await message('more', 'note'), /left DFU mode/);
  heard('USB: detached');
});

/** A virtual board in the guest, plugged in through USB/IP; what it says is in `log`. */
async function plugStm32l1() {
  const l1 = spawn(join(build, 'vboard'), ['run', join(build, 'firmware/STM32L152DISCOVERY/dapboot.elf'),
    '--board', 'STM32L152DISCOVERY', '--flash-size', '32', '--usbip', '3240'], { stdio: ['pipe', 'pipe', 'inherit'] });
  l1.log = '';
  l1.stdout.on('data', (data) => (l1.log += data));
  await until(() => l1.log.includes('USB/IP: waiting'));
  // usbip may find the kernel's side busy, and gives up at once
  await until(() => {
    try {
      execFileSync('usbip', ['attach', '-r', '127.0.0.1', '-b', '1-1'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  await phase('ready');
  return l1;
}

async function until(condition) {
  for (const end = Date.now() + PATIENCE; !condition(); await new Promise((resolve) => setTimeout(resolve, 300)))
    assert.ok(Date.now() < end, `waited ${PATIENCE} ms for ${condition}`);
}

test('flashes an STM32L1, and the program blinks', async () => {
  const l1 = await plugStm32l1();
  const facts = await text('#facts');
  for (const fact of ['standard', '0x08002000', '24 KiB', 'no program']) assert.ok(facts.includes(fact), `${fact} in: ${facts}`);
  await choose('blink-l1.bin', blinkL1);
  await page.waitForSelector('#findings .good');
  await page.click('#flash-button');
  // where the page is too slow to keep the board, that has compared what it wrote all the same
  assert.match(await message('flash', 'good', 'note'), /Done|Written, but not confirmed/);
  await phase('away');
  const before = l1.log.length;
  await until(() => /LED on[^]*LED off/.test(l1.log.slice(before)));
  await shoot('11-stm32l1');
  l1.stdin.write('quit\n');
  assert.equal(await new Promise((resolve) => l1.on('exit', resolve)), 0, l1.log.slice(-2000)); // 3: a rule was broken
});

/** By another page, of Chromium's own, which takes an emulated browser a minute and a half. */
const deeply = deep ? test : () => {};

deeply('Chromium read the landing page from the board', async () => {
  const url = /define LANDING_PAGE_URL "(.*)"/.exec(readFileSync(join(root, 'src/config.h'), 'utf8'))[1];
  board('press');
  board('reset');
  heard('USB: configured');
  const inside = await browser.newPage();
  inside.setDefaultTimeout(PATIENCE);
  await inside.goto('chrome://usb-internals/');
  await inside.click('text=/^Devices$/');
  await inside.click('button:has-text("Inspect")');
  const link = inside.locator(`text=https://${url}`).first();
  await link.waitFor();
  await inside.screenshot({ path: '/out/12-landing-page.png', fullPage: true });
});

test('no error went unnoticed on the page', async () => assert.deepEqual(trouble, []));

if (process.argv.includes('--list')) {
  for (const { sentence } of tests) console.log(sentence);
  process.exit();
}
for (const { sentence, body } of tests) {
  if (results.failed) {
    results.skip(sentence);
    continue;
  }
  await results.test(sentence, body);
  if (results.failed) await page?.screenshot({ path: '/out/failed.png', fullPage: true, timeout: 30000 }).catch(() => {});
}
if (results.failed) process.exit(results.end());

// what was tested is tested: a browser that is slow to end is left to end with the guest
await Promise.race([browser.close(), new Promise((resolve) => setTimeout(resolve, 30000))]);
console.log(`      ${Math.round((Date.now() - began) / 1000)} s in all`);
process.exit(results.end());
