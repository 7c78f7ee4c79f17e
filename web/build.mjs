// Builds the flasher into a folder of static files: node build.mjs FOLDER
import { readdirSync } from 'node:fs';
import { bundle, here, page, publish, small, source, stylesheet } from './pages.mjs';

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node build.mjs FOLDER');
  process.exit(2);
}

const banner = 'dapboot flasher, ISC, see licenses.txt';

const files = {
  'index.html': page(source('index.html')),
  'app.js': await bundle('src/main.js', { banner }),
  'timer.js': await small(source('timer.js')),
  'style.css': await stylesheet(source('style.css')),
  'icon.svg': source('icon.svg'),
  'app.webmanifest': JSON.stringify(JSON.parse(source('app.webmanifest'))),
};

/** What only some load, later. */
const extras = {};
for (const entry of ['vendor.js', 'several.js', 'install.js', ...readdirSync(`${here}/src/languages`).map((name) => `languages/${name}`)])
  extras[entry.split('/').pop()] = await bundle(`src/${entry}`, { banner });

await publish(folder, files, { extras, unkept: { 'licenses.txt': `dapboot flasher\n\n${source('../LICENSE')}` } });
