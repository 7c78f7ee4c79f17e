// Builds the page into a folder of static files: node build.mjs FOLDER
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';
import { minify } from 'terser';

const here = dirname(fileURLToPath(import.meta.url));
const [folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node build.mjs FOLDER');
  process.exit(2);
}

const source = (name) => readFileSync(join(here, name), 'utf8');
const target = ['chrome94', 'firefox100'];

const NOTICE = '/* dapboot flasher, ISC, see licenses.txt */';

/** Terser, as it makes 800 bytes (gzip) less of it than esbuild. */
const small = async (text) => (await minify(text, { compress: { passes: 3 }, mangle: { toplevel: true }, ecma: 2020 })).code;

/** A classic script, so that the page also works when it is opened as a file. */
async function bundle(entry) {
  const result = await build({
    entryPoints: [join(here, 'src', entry)],
    bundle: true,
    format: 'iife',
    charset: 'utf8',
    legalComments: 'none',
    define: { VERSION: '"__VERSION__"' },
    target,
    write: false,
  });
  return `${NOTICE}\n${await small(result.outputFiles[0].text)}`;
}

const files = {
  'index.html': source('index.html').replace(/\n\s+/g, '\n'),
  'app.js': await bundle('main.js'),
  'timer.js': await small(source('timer.js')),
  'style.css': (await transform(source('style.css'), { loader: 'css', minify: true, target })).code,
  'icon.svg': source('icon.svg'),
  'licenses.txt': `dapboot flasher\n\n${source('../LICENSE')}`,
  'app.webmanifest': JSON.stringify(JSON.parse(source('app.webmanifest'))),
};

/** What only some load, later. */
const extras = {};
for (const entry of ['vendor.js', 'several.js', 'install.js', ...readdirSync(join(here, 'src/languages')).map((name) => `languages/${name}`)])
  extras[entry.split('/').pop()] = await bundle(entry);

/** A name for the whole, which the page shows and the service worker's cache has: the hash of all files. */
const hash = createHash('sha256');
for (const [name, text] of Object.entries({ ...files, ...extras })) hash.update(name).update('\0').update(text).update('\0');
const version = hash.digest('hex').slice(0, 12);
files['app.js'] = files['app.js'].replaceAll('__VERSION__', version);

/** As subresource integrity writes it. */
const integrity = (text) => 'sha256-' + createHash('sha256').update(text).digest('base64');
const parts = Object.entries({ './': files['index.html'], ...files, ...extras }).map(([name, text]) => [name, integrity(text)]);
const worker = source('service-worker.js').replace('__FILES__', JSON.stringify(parts)).replace('__VERSION__', JSON.stringify(version));
files['service-worker.js'] = await small(worker);

mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries({ ...files, ...extras })) writeFileSync(join(folder, name), text);
const wire = (some) => Object.values(some).reduce((sum, text) => sum + gzipSync(text).length, 0);
console.log(`  WEB ${folder}: ${wire(files)} bytes over the wire (gzip), and ${Object.entries(extras).map(([name, text]) => `${name} ${gzipSync(text).length}`).join(', ')}`);
