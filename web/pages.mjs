// What the builds of both pages share: bundles, and a folder of static files that a service worker keeps.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';
import { minify } from 'terser';

export const here = dirname(fileURLToPath(import.meta.url));
const target = ['chrome94', 'firefox100'];

/** @param {string} name of a file below web/ */
export const source = (name) => readFileSync(join(here, name), 'utf8');

/** @param {string} html without what is for readers of its source only */
export const page = (html) => html.replace(/<!--[^]*?-->/g, '').replace(/\n\s+/g, '\n');

export const stylesheet = async (text) => (await transform(text, { loader: 'css', minify: true, target })).code;

/**
 * Terser makes 850 bytes (gzip) less of it than esbuild. gzip does 60 bytes better without commas in place of semicolons
 * and with comparisons as they are written. No getter here does more than to answer.
 */
const compress = { passes: 3, sequences: false, lhs_constants: false, pure_getters: true };

export const small = async (text) => (await minify(text, { compress, mangle: { toplevel: true }, ecma: 2020 })).code;

/**
 * A classic script, so that the page also works when it is opened as a file.
 * @param {string} entry below web/
 * @param {{banner: string, define?: Record<string, string>}} options VERSION is there already
 */
export async function bundle(entry, { banner, define = {} }) {
  const result = await build({
    entryPoints: [join(here, entry)],
    bundle: true,
    format: 'iife',
    charset: 'utf8',
    legalComments: 'none',
    // the virtual board looks for its module there, unless it is given one
    define: { VERSION: '"__VERSION__"', 'import.meta.url': '""', ...define },
    external: ['node:*'],
    target,
    write: false,
  });
  return `/* ${banner} */\n${await small(result.outputFiles[0].text)}`;
}

/** As subresource integrity writes it. */
const integrity = (content) => 'sha256-' + createHash('sha256').update(content).digest('base64');

const wire = (content) => gzipSync(content).length;

/**
 * Writes a page's files, which know their version, and a service worker that keeps them.
 * @param {string} folder
 * @param {Record<string, string | Uint8Array>} files
 * @param {{extras?: Record<string, string | Uint8Array>, unkept?: Record<string, string>}} [more] extras: that only some load,
 *   later; unkept: that the service worker leaves alone
 */
export async function publish(folder, files, { extras = {}, unkept = {} } = {}) {
  // a name for the whole, which the page shows and the service worker's cache has: the hash of all files
  const hash = createHash('sha256');
  for (const [name, content] of Object.entries({ ...files, ...extras })) hash.update(name).update('\0').update(content).update('\0');
  const version = hash.digest('hex').slice(0, 12);
  files['app.js'] = String(files['app.js']).replaceAll('__VERSION__', version);

  const parts = Object.entries({ './': files['index.html'], ...files, ...extras }).map(([name, content]) => [name, integrity(content)]);
  const worker = source('service-worker.js').replace('__FILES__', JSON.stringify(parts)).replace('__VERSION__', JSON.stringify(version));
  files['service-worker.js'] = await small(worker);

  for (const [name, content] of Object.entries({ ...files, ...extras, ...unkept })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const sum = Object.values(files).reduce((bytes, content) => bytes + wire(content), 0);
  const others = Object.entries(extras).map(([name, content]) => `${name} ${wire(content)}`);
  console.log(`  WEB ${folder}: ${sum} bytes over the wire (gzip)${others.length > 0 ? `, and ${others.join(', ')}` : ''}`);
}
