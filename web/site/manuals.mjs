// Which manuals are published, where, and what the links in them become.
import { copyFileSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { Manual } from './markdown.mjs';

/** Manuals that are not in docs, and their pages. */
const OTHERS = {
  'README.md': 'docs/readme.html',
  'CHANGELOG.md': 'docs/changelog.html',
  'CONTRIBUTING.md': 'docs/contributing.html',
  'npm/README.md': 'docs/npm.html',
  'web/README.md': 'docs/web.html',
  'web/flasher/README.md': 'docs/flasher.html',
};

/** Other files that manuals link to or show. They are copied. */
const FILES = { LICENSE: 'docs/license.txt' };

const isOutside = (href) => /^[a-z]+:/.test(href);

/** From one page of the site to another, both as seen from its root. */
export const relative = (from, to) => posix.relative(posix.dirname(from), to);

export class Manuals {
  /**
   * @param {string} root the folder of the sources
   * @param {string} sourcesUrl an address behind which paths of sources are pages; or empty, and links to them are dropped
   */
  constructor(root, sourcesUrl) {
    this.root = root;
    this.sourcesUrl = sourcesUrl.replace(/\/$/, '');
    this.pages = new Map(Object.entries(OTHERS));
    for (const name of readdirSync(join(root, 'docs')).sort())
      if (name.endsWith('.md')) this.pages.set(`docs/${name}`, `docs/${name.replace(/md$/, 'html')}`);
    const twice = [...this.pages.values()].find((page, i, all) => all.indexOf(page) !== i);
    if (twice) throw new Error(`two manuals would become ${twice}: rename one`);
    this.titles = new Map(); // of manuals that were asked for
    this.files = new Map(Object.entries(FILES));
  }

  /** The HTML of a manual, or of a part of one, on a page of the site. */
  toHtml(manual, page) {
    const titleOf = (href) => {
      const other = this.manualOf(href, manual.name);
      if (other && !this.titles.has(other)) this.titles.set(other, this.read(other).title);
      return this.titles.get(other);
    };
    return manual.toHtml(this.#resolver(manual.name, page), titleOf);
  }

  /** @returns a new one each time */
  read(source) {
    return new Manual(source, readFileSync(join(this.root, source), 'utf8'));
  }

  /** The path that a link in a manual leads to, as seen from the root of the sources, and its anchor with "#". */
  #target(href, source) {
    const [, path, anchor] = /^([^#]*)(.*)$/.exec(href);
    return { path: path ? posix.join(posix.dirname(source), path).replace(/\/$/, '') : source, anchor };
  }

  /** The manual that a link leads to, a folder's too; undefined if it leads to something else. */
  manualOf(href, source) {
    if (isOutside(href)) return undefined;
    const { path } = this.#target(href, source);
    return [path, `${path}/README.md`].find((manual) => this.pages.has(manual));
  }

  /** What links and images of a manual become on a page. @returns {import('./markdown.mjs').Resolve} */
  #resolver(source, page) {
    return (href) => {
      if (isOutside(href)) return href;
      const { path, anchor } = this.#target(href, source);
      const manual = this.manualOf(href, source);
      if (manual) return (this.pages.get(manual) === page ? '' : relative(page, this.pages.get(manual))) + anchor || '#';
      if (!existsSync(join(this.root, path))) throw new Error(`${source}: links to ${href}, which is not there`);
      if (path.endsWith('.svg')) this.files.set(path, `docs/${posix.basename(path)}`);
      if (this.files.has(path)) return relative(page, this.files.get(path));
      return this.sourcesUrl ? `${this.sourcesUrl}/${path}${anchor}` : null;
    };
  }

  /** Copies what manuals link to besides each other, into the site in this folder. */
  copyFiles(folder) {
    for (const [source, target] of this.files) copyFileSync(join(this.root, source), join(folder, target));
  }
}
