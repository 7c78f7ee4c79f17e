// The package in a browser, without a bundler: README's page, under the Content-Security-Policy that README tells.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { bootloader, installed, root } from './package.mjs';

const require = createRequire(join(root, 'web/package.json'));
const { chromium } = require('playwright-core');
const executablePath = process.env.CHROMIUM ?? '/usr/lib/chromium/chromium';
const TYPES = { '.js': 'text/javascript', '.html': 'text/html' }; // and none for .wasm
const POLICY = "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'";
const [, page] = /```html\n([^]*?)```/.exec(readFileSync(join(root, 'npm/README.md'), 'utf8'));

function content(path) {
  if (path === '/') return Buffer.from(page);
  if (path === '/firmware.elf') return Buffer.from(bootloader());
  return readFileSync(join(installed, normalize(path.replace('/dapboot-vboard/', '/'))));
}

test("README's page shows the name of the device that enumerates", async () => {
  const server = createServer((request, response) => {
    try {
      const body = content(request.url);
      const type = TYPES[extname(request.url) || '.html'] ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const tab = await browser.newPage();
    tab.setDefaultTimeout(120000); // a guard: nothing that passes takes as long
    const trouble = [];
    tab.on('pageerror', (error) => trouble.push(String(error)));
    await tab.goto(`http://localhost:${server.address().port}/`);
    await tab.waitForFunction(() => document.querySelector('#said').textContent !== '');
    assert.equal(await tab.textContent('#said'), 'DAPBoot DFU Bootloader');
    assert.deepEqual(trouble, []);
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
  }
});
