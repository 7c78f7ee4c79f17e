// Manuals become HTML as GitHub shows them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Manual } from '../../web/site/markdown.mjs';
import { Manuals } from '../../web/site/manuals.mjs';
import { root } from './folder.mjs';

const html = (text) => new Manual('docs/x.md', `# Title\n\n${text}`).toHtml((href) => href, () => undefined);
const manuals = (sourcesUrl = '') => new Manuals(root, sourcesUrl);
const inManual = (text, page = 'docs/led.html', made = manuals()) => made.toHtml(new Manual('docs/led.md', `# Title\n\n${text}`), page);

test('headings have the anchors that GitHub gives them', () => {
  const anchors = new Manual('x', '# A `make` target, or two\n## The end\n## The end\n## What’s _this_: 3.5 KiB?\n').headings.map(({ id }) => id);
  assert.deepEqual(anchors, ['a-make-target-or-two', 'the-end', 'the-end-1', 'whats-this-35-kib']);
});

test('a table keeps its alignment without a style, and can be scrolled with the keyboard', () => {
  const made = html('| a | b |\n|---|---:|\n| 1 | 2 |\n');
  assert.match(made, /<div class="table" role="group" aria-label="Table" tabindex="0">/);
  assert.match(made, /<th class="right" scope="col">b<\/th>/);
  assert.match(made, /<td class="right">2<\/td>/);
});

test('a table whose head is empty has none, and an empty cell of a head is no heading', () => {
  assert.doesNotMatch(html('| | |\n|---|---|\n| 1 | 2 |\n'), /<th/);
  assert.match(html('| | b |\n|---|---|\n| 1 | 2 |\n'), /<td><\/td>\s*<th scope="col">b<\/th>/);
});

test('code is shown as it is', () => {
  assert.match(html('```c\na < b && c;\n```\n'), /<pre tabindex="0"><code>a &lt; b &amp;&amp; c;\n<\/code><\/pre>/);
  assert.match(html('    #include <x.h>\n'), /<pre tabindex="0"><code>#include &lt;x.h&gt;\n/);
});

test('a bare address is a link, a name of a file or host is not', () => {
  assert.match(html('See https://example.org/x.'), /<a href="https:\/\/example.org\/x">https:\/\/example.org\/x<\/a>\./);
  assert.doesNotMatch(html('fwupd.org and README.md and a@b.org'), /<a /);
});

test('comments are left out, other HTML is refused with the place', () => {
  assert.equal(html('<!-- for a test -->\n\nText\n'), '<h1 id="title">Title</h1>\n<p>Text</p>\n');
  assert.throws(() => html('<script>alert(1)</script>\n'), /docs\/x.md: write "<script>.*" in Markdown, or as code/);
  assert.throws(() => html('an <b>inline</b> one'), /docs\/x.md: write "<b>"/);
});

test('a manual without a title is refused', () => {
  assert.throws(() => new Manual('docs/x.md', 'text\n'), /docs\/x.md: its first line should be "# "/);
});

test('links to manuals become links to pages, wherever the page is', () => {
  assert.match(inManual('[a](boards.md#worth-knowing) [b](../README.md) [c](#title) [d](../web)'), /href="boards.html#worth-knowing".*href="readme.html".*href="#title".*href="web.html"/);
  assert.match(inManual('[a](boards.md#clock) [c](#title)', 'index.html'), /href="docs\/boards.html#clock".*href="docs\/led.html#title"/);
});

test('a link that shows the name of a manual’s file shows its title', () => {
  assert.match(inManual('[docs/signing.md](signing.md#clock), [this](signing.md)'), />Signed firmware<\/a>, <a href="signing.html">this</);
});

test('links to sources are text without an address for them', () => {
  assert.match(inManual('[the **core**](../src/dfu.c)!'), /<p>the <strong>core<\/strong>!<\/p>/);
  assert.match(inManual('[x](../src/dfu.c)', 'docs/led.html', manuals('https://example.org/s')), /href="https:\/\/example.org\/s\/src\/dfu.c"/);
});

test('a link to what is not there is refused', () => {
  assert.throws(() => inManual('[x](boards.html)'), /docs\/led.md: links to boards.html, which is not there/);
});
