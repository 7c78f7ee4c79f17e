// Builds the page with the virtual board: node try/build.mjs FOLDER BUILD TARGET...
// BUILD has what make leaves there: vboard.wasm, the bootloaders of the targets, the examples.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VirtualBoard } from '../../npm/src/index.js';
import { bundle, page, publish, source, stylesheet } from '../pages.mjs';
import { catalogueOf } from './catalogue.mjs';
import { element } from './element.mjs';

const [folder, build, ...targets] = process.argv.slice(2);
if (targets.length === 0) {
  console.error('usage: node try/build.mjs FOLDER BUILD TARGET...');
  process.exit(2);
}

const wasm = readFileSync(join(build, 'npm/package/vboard.wasm'));
const { catalogue, sources } = await catalogueOf(targets, await WebAssembly.compile(wasm), VirtualBoard);

/** What the page loads when it needs it, by the name that it has beside the page. */
const data = { 'vboard.wasm': wasm };
for (const [name, path] of Object.entries(sources)) data[name] = readFileSync(join(build, path));

/** The flasher's own parts of its page, by an attribute: <!-- flasher: id="flash" --> */
const flasher = source('index.html');
const html = source('try/index.html')
  .replace(/<!-- flasher: (\S+) -->/g, (_, attribute) => element(flasher, attribute))
  .replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'");

// A page that was opened as a file may fetch nothing: then a script has it all.
const base64 = Object.entries(data).map(([name, content]) => [name, content.toString('base64')]);
const onDisk = `globalThis.DATA = ${JSON.stringify(Object.fromEntries(base64))};\n`;

const banner = 'dapboot without a board, ISC, see licenses.txt';
const [first] = catalogue;
const EARLY = JSON.stringify(['vboard.wasm', first.image, first.examples[0].file]);

await publish(
  folder,
  {
    'index.html': page(html),
    'early.js': await bundle('try/early.js', { banner, define: { EARLY } }),
    'app.js': await bundle('try/main.js', { banner, define: { CATALOGUE: JSON.stringify(catalogue) } }),
    'style.css': await stylesheet(source('style.css') + source('try/style.css')),
    'icon.svg': source('icon.svg'),
    'licenses.txt': `dapboot without a board\n\n${source('../LICENSE')}`,
    ...data,
  },
  { unkept: { 'data.js': onDisk } },
);
