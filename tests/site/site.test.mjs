// What `make site` made: every link, anchor and checksum is right, and a wrong one is found.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { check } from '../../web/site/check.mjs';
import { copy, files, root, sha256sum, site, text, tidy, tool } from './folder.mjs';

const IMAGES = join(site, 'images');
const pages = files(site, '.html');
const manuals = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' }).trim().split('\n');

test('every link, image and anchor leads to something', () => {
  assert.deepEqual(tool('check.mjs', site), { status: 0, said: '' });
});

/** One fault each, and what must be said of it. */
const faults = {
  'a link to a page that is not there': ['docs/led.html', (html) => html.replace('</main>', '<a href="lead.html">x</a></main>'), 'docs/led.html: lead.html leads to no file'],
  'a link to an anchor that is not there': ['docs/led.html', (html) => html.replace('</main>', '<a href="boards.html#bords">x</a></main>'), 'docs/led.html: boards.html#bords leads to no anchor'],
  'a link within a page to an anchor that is not there': ['docs/options.html', (html) => html.replace(/href="#\w/, 'href="#no-'), 'leads to no anchor'],
  'a link that begins at the root of the server': ['index.html', (html) => html.replace('href="docs/', 'href="/docs/'), 'begins with "/"'],
  'a link that leads out of the site': ['docs/led.html', (html) => html.replace('href="../index.html"', 'href="../../index.html"'), 'leads out of the site'],
  'a link without encryption': ['docs/led.html', (html) => html.replace('</main>', '<a href="http://example.org/">x</a></main>'), 'is not https'],
  'an image that is not there': ['docs/demo.svg', null, 'docs/readme.html: demo.svg leads to no file'],
  'a style sheet that is not there': ['style.css', null, 'index.html: style.css leads to no file'],
  'a page that is not there': ['docs/signing.html', null, 'docs/boards.html: signing.html leads to no file'],
  'an image of a board that is not there': ['images/dapboot-1.0-bluepill.bin', null, 'images/index.html: dapboot-1.0-bluepill.bin leads to no file'],
  'an anchor that a page has twice': ['docs/options.html', (html) => html.replace('</main>', '<p id="clock">x</p></main>'), 'docs/options.html: has #clock twice'],
  'an icon of the flasher that is not there': ['flash/icon.svg', null, 'flash/app.webmanifest: icon.svg leads to no file'],
};
for (const [name, [file, change, said]] of Object.entries(faults))
  test(`${name} is found`, (t) => {
    const { found } = check(copy(t, { [file]: change }));
    assert.ok(found.length > 0 && found.every((line) => line.includes(said) || change === null), found.join('\n'));
    assert.ok(found.some((line) => line.includes(said)), found.join('\n'));
  });

test('a link that leads nowhere ends the check with an error', (t) => {
  assert.deepEqual(tool('check.mjs', copy(t, { 'docs/led.html': (html) => html.replace('../images/index.html', 'x.html') })), {
    status: 1,
    said: 'docs/led.html: x.html leads to no file\n',
  });
});

test('a folder without pages does not pass', (t) => {
  assert.match(tool('check.mjs', join(site, 'nowhere')).said, /nowhere/);
  assert.equal(tool('check.mjs').status, 2);
  const folder = copy(t);
  mkdirSync(join(folder, 'empty'));
  assert.equal(tool('check.mjs', join(folder, 'empty')).status, 1);
});

test('every page is well-formed HTML', () => {
  for (const page of pages) assert.equal(tidy(text(site, page)), '', page);
});

test('a page that is not well-formed is found', () => {
  assert.match(tidy(text(site, 'docs/led.html').replace('</main>', '<p><b>open</p></main>')), /missing <\/b>/);
  assert.match(tidy(text(site, 'docs/led.html').replace('</ul></nav>', '</nav>')), /missing <\/ul>/);
});

const NAMES = { 'README.md': 'readme', 'npm/README.md': 'npm', 'web/README.md': 'web', 'web/flasher/README.md': 'flasher' };

test('every manual in the sources has a page with its title', () => {
  assert.ok(manuals.length > 15, `${manuals.length} manuals`);
  for (const manual of manuals) {
    const title = /^# (.*)$/m.exec(readFileSync(join(root, manual), 'utf8'))[1];
    const name = NAMES[manual] ?? /(\w[\w-]*)\.md$/.exec(manual)[1].toLowerCase();
    assert.ok(text(site, `docs/${name}.html`).includes(`>${title}</h1>`), manual);
  }
});

test('the manuals and the first page have no scripts, no styles of their own, and a policy that forbids them', () => {
  for (const page of pages) {
    assert.match(text(site, page), /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; img-src 'self'/, page);
    assert.doesNotMatch(text(site, page), /<(script|style)\b|<[^>]* (style|on\w+)=/, page);
  }
});

test('every page has the navigation, and marks where it is', () => {
  for (const page of ['index.html', 'docs/index.html', 'images/index.html'])
    assert.equal(text(site, page).match(/aria-current="page"/g)?.length, 1, page);
  for (const page of pages) assert.match(text(site, page), />Flash<[^]*>Manuals<[^]*>Images</, page);
});

test('the first page says of dapboot what README says', () => {
  const said = readFileSync(join(root, 'README.md'), 'utf8').split('\n\n')[1].replaceAll('`', '').replace(/\s+/g, ' ');
  const shown = text(site, 'index.html').replace(/<[^>]*>/g, '').replace(/\s+/g, ' ');
  assert.ok(said.length > 100 && shown.includes(said), said);
});

/** The table of images, as a reader sees it. */
const rows = [...text(site, 'images/index.html').matchAll(/href="(dapboot-[^"]*)">\1<\/a><\/td>\s*<td class="right">(\d+)<\/td>\s*<td><code class="sum">(\w+)<\/code>/g)];

test('the page of images has each image of the release, with its size and checksum', () => {
  assert.deepEqual(rows.map(([, name]) => name).sort(), files(IMAGES, '').filter((name) => name.startsWith('dapboot-')));
  for (const [, name, bytes, sum] of rows) {
    const image = readFileSync(join(IMAGES, name));
    assert.equal(image.length, Number(bytes), name);
    assert.equal(createHash('sha256').update(image).digest('hex'), sum, name);
  }
});

test('the images are those of every target that is not signed', () => {
  const targets = execFileSync('make', ['-s', '-C', join(root, 'src'), 'TARGET=BLUEPILL', 'list-targets'], { encoding: 'utf8', env: { PATH: process.env.PATH } });
  const unsigned = targets.trim().split('\n').filter((target) => !target.endsWith('_SIGNED'));
  const names = unsigned.map((target) => target.toLowerCase().replaceAll('_', '-'));
  const bins = rows.map(([, name]) => /^dapboot-[\d.]+-(.*)\.bin$/.exec(name)?.[1]).filter((name) => name && !name.endsWith('-signed'));
  assert.deepEqual(bins.sort(), names.sort());
});

test('SHA256SUMS is right, and a changed image is found', (t) => {
  assert.equal(sha256sum(IMAGES), '');
  const folder = copy(t);
  const image = join(folder, 'images/dapboot-1.0-bluepill.bin');
  const bytes = readFileSync(image);
  bytes[100] ^= 1;
  rmSync(image);
  writeFileSync(image, bytes);
  assert.match(sha256sum(join(folder, 'images')), /dapboot-1.0-bluepill.bin: FAILED/);
});

test('the flasher is as it was built', () => {
  for (const name of ['index.html', 'app.js', 'service-worker.js'])
    assert.ok(readFileSync(join(site, 'flash', name)).equals(readFileSync(join(site, '../web', name))), name);
});

test('a page to try it in, if the flasher has one, is on the first page and in the navigation', (t) => {
  const folder = copy(t);
  mkdirSync(join(folder, 'flash/try'), { recursive: true });
  writeFileSync(join(folder, 'flash/try/index.html'), '<!doctype html><title>x</title><meta name="description" content="A board in this page.">');
  assert.deepEqual(tool('build.mjs', folder), { status: 0, said: '' });
  assert.match(text(folder, 'index.html'), /<a href="flash\/try\/index.html">Try it without a board<\/a><p>A board in this page.<\/p>/);
  assert.match(text(folder, 'docs/led.html'), /<a href="..\/flash\/try\/index.html">Try<\/a>/);
  assert.deepEqual(tool('check.mjs', folder), { status: 0, said: '' });
});

test('links to sources lead to SOURCES_URL, and are plain text without it', (t) => {
  const folder = copy(t);
  assert.equal(tool('build.mjs', folder).status, 0);
  assert.match(text(folder, 'docs/applications.html'), /<td>blink<\/td>/);
  assert.equal(tool('build.mjs', '--sources-url', 'https://example.org/d/blob/main/', folder).status, 0);
  assert.match(text(folder, 'docs/applications.html'), /<td><a href="https:\/\/example.org\/d\/blob\/main\/examples\/blink">blink<\/a><\/td>/);
});

test('an address that is none and a folder that is no site are refused', (t) => {
  assert.deepEqual(tool('build.mjs', '--sources-url', 'example.org', 'x').status, 2);
  assert.match(tool('build.mjs', '--sources-url', 'example.org', 'x').said, /SOURCES_URL is "example.org"; it should be an address like https:/);
  assert.equal(tool('build.mjs').status, 2);
  const folder = copy(t, { 'images/images.tsv': null });
  assert.equal(tool('build.mjs', folder).status, 1);
  assert.match(tool('build.mjs', folder).said, /^site: .*images.tsv/);
});
