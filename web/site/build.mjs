// Builds the site's pages around the flasher and the images. `make site` calls it.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describe, imagesPage } from './images.mjs';
import { Manuals } from './manuals.mjs';
import { escape } from './markdown.mjs';
import { frame } from './page.mjs';

const USAGE = `Usage: node web/site/build.mjs [--sources-url URL] FOLDER

FOLDER has the flasher in flash/ (build/web) and the images in images/ (of tools/release). Adds the manuals, a page of the
images, and the first page.
--sources-url  links from manuals to sources lead below this address; without it they are plain text
Exit status: 0, 1 for an error, 2 for wrong use.`;

const root = fileURLToPath(new URL('../..', import.meta.url));

const FLASHER = 'flash/index.html';
const TRY = 'flash/try/index.html';
const MANUALS = 'docs/index.html';
const IMAGES = 'images/index.html';

function wrongUse(why) {
  console.error(`${why}\n\n${USAGE}`);
  process.exit(2);
}

/** The command line, taken apart. */
function options() {
  const types = { 'sources-url': { type: 'string', default: '' }, help: { type: 'boolean' } };
  let parsed;
  try {
    parsed = parseArgs({ options: types, allowPositionals: true });
  } catch (error) {
    wrongUse(error.message);
  }
  if (parsed.values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const sourcesUrl = parsed.values['sources-url'];
  if (sourcesUrl && !/^https?:\/\/[^\s"'<>?#]+$/.test(sourcesUrl))
    wrongUse(`SOURCES_URL is "${sourcesUrl}"; it should be an address like https://example.org/dapboot/blob/main`);
  if (parsed.positionals.length !== 1) wrongUse('one folder is needed');
  return { sourcesUrl, folder: parsed.positionals[0] };
}

/** What a page says of itself in its head. */
const description = (file) => /<meta name="description" content="([^"]*)"/.exec(readFileSync(file, 'utf8'))?.[1] ?? '';

/** The two schemes of colours, which the flasher's style sheet begins with. */
function colours() {
  const found = /^:root \{[^}]*\}\n@media \(prefers-color-scheme: dark\) \{\s*:root \{[^}]*\}\s*\}\n/m;
  const both = found.exec(readFileSync(join(root, 'web/style.css'), 'utf8'));
  if (!both) throw new Error('web/style.css should have the colours in ":root", then in "@media (prefers-color-scheme: dark)"');
  return both[0];
}

class Site {
  constructor({ sourcesUrl, folder }) {
    this.folder = folder;
    this.manuals = new Manuals(root, sourcesUrl);
    this.images = describe(join(folder, dirname(IMAGES)));
    this.hasTry = existsSync(join(folder, TRY));
    this.places = [
      ['dapboot', 'index.html'],
      ['Flash', FLASHER],
      ...(this.hasTry ? [['Try', TRY]] : []),
      ['Manuals', MANUALS],
      ['Images', IMAGES],
    ];
  }

  write(page, what) {
    mkdirSync(dirname(join(this.folder, page)), { recursive: true });
    writeFileSync(join(this.folder, page), frame({ page, places: this.places, version: this.images.version, ...what }));
  }

  writeManuals() {
    for (const [source, page] of this.manuals.pages) {
      const manual = this.manuals.read(source);
      const headings = manual.hasContents ? [] : manual.headings;
      this.write(page, { title: `${manual.title} – dapboot`, headings, html: this.manuals.toHtml(manual, page) });
    }
    this.manuals.copyFiles(this.folder);
  }

  /** README's table of manuals. */
  writeContents() {
    const table = this.manuals.toHtml(this.manuals.read('README.md').section('More'), MANUALS);
    const html = `<h1>Manuals</h1>\n<p>First: <a href="readme.html">what dapboot is, and how to begin</a>.</p>\n${table}`;
    this.write(MANUALS, { title: 'Manuals – dapboot', html });
  }

  writeImages() {
    const { title, html, headings } = imagesPage(this.images);
    this.write(IMAGES, { title: `${title} – dapboot`, html, headings });
  }

  /** What there is: a heading, an address, a sentence. */
  ways() {
    const demo = `${this.manuals.pages.get('README.md')}#try-it-without-a-board`;
    return [
      ['Flash a board', FLASHER, description(join(this.folder, FLASHER))],
      this.hasTry
        ? ['Try it without a board', TRY, description(join(this.folder, TRY))]
        : ['Try it without a board', demo, 'On a PC with Debian, with one command.'],
      ['Manuals', MANUALS, 'How to build it, how to link an application for it, what it promises.'],
      ['Images', IMAGES, 'The bootloader for every board and variant, with checksums.'],
    ];
  }

  writeFirst() {
    const readme = this.manuals.read('README.md');
    const way = ([text, to, sentence]) => `<li><a href="${to}">${text}</a><p>${sentence}</p></li>`;
    const html = `<h1>${escape(readme.title)}</h1>
${this.manuals.toHtml(readme.introduction(), 'index.html')}<ul class="ways">
${this.ways().map(way).join('\n')}
</ul>`;
    this.write('index.html', { title: readme.title, description: readme.summary, html });
  }

  writeAll() {
    this.writeFirst();
    this.writeContents();
    this.writeImages();
    this.writeManuals();
    writeFileSync(join(this.folder, 'style.css'), colours() + readFileSync(join(root, 'web/site/style.css'), 'utf8'));
    cpSync(join(root, 'web/icon.svg'), join(this.folder, 'icon.svg'));
  }
}

try {
  new Site(options()).writeAll();
} catch (error) {
  console.error(`site: ${error.message}`);
  process.exit(1);
}
