// Finds links of a site that lead nowhere, in its files: node web/site/check.mjs FOLDER
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const USAGE = `Usage: node web/site/check.mjs FOLDER

Names each link, image or address in a page or style sheet below FOLDER that leads to no file there or to no anchor of a page,
that begins with "/" or leads out of FOLDER, and each anchor that a page has twice. Other hosts are not asked.
Exit status: 0 if there is none, 1 if there is one, 2 for wrong use.`;

/** A base, so that a link which climbs too high is seen: it ends outside of it. */
const BASE = 'https://site.invalid/some/where/';

const all = (text, pattern) => [...text.matchAll(pattern)].map((match) => match[1].replaceAll('&amp;', '&'));

const anchorsOf = (html) => all(html, /<[^>]*\sid="([^"]*)"/g);

/** What a file leads to. */
const KINDS = {
  html: (text) => all(text, /<[^>]*\s(?:href|src|action|poster)="([^"]*)"/g),
  css: (text) => all(text, /url\(\s*["']?([^"')]*)/g),
  webmanifest(text) {
    const { start_url = '.', scope = '.', icons = [] } = JSON.parse(text);
    return [start_url, scope, ...icons.map(({ src }) => src)];
  },
};
const kindOf = (file) => KINDS[/\.(\w+)$/.exec(file)?.[1]];

/** The file that a path of the site is served from. */
const served = (folder, path) => {
  const file = join(folder, path);
  return existsSync(file) && statSync(file).isDirectory() ? join(file, 'index.html') : file;
};

/** What is wrong with one link, or nothing. `anchors` tells those of a file. */
function trouble(folder, file, link, anchors) {
  if (link.startsWith('/')) return 'begins with "/": the site may be published below any path';
  if (!URL.canParse(link, BASE + file)) return 'is no address';
  const url = new URL(link, BASE + file);
  if (url.origin !== new URL(BASE).origin) return url.protocol === 'https:' || url.protocol === 'data:' ? '' : 'is not https';
  if (!url.href.startsWith(BASE)) return 'leads out of the site';
  const target = served(folder, decodeURIComponent(url.href.slice(BASE.length).replace(/[?#].*$/, '')));
  if (!existsSync(target)) return 'leads to no file';
  const anchor = decodeURIComponent(url.hash.slice(1));
  if (anchor && target.endsWith('.html') && !anchors(target).includes(anchor)) return 'leads to no anchor';
  return '';
}

/** @returns a line for each link that leads nowhere, and how many links were looked at */
export function check(folder) {
  const found = [];
  const known = new Map();
  const anchors = (file) => known.get(file) ?? known.set(file, anchorsOf(readFileSync(file, 'utf8'))).get(file);
  let links = 0;
  for (const file of readdirSync(folder, { recursive: true }).sort()) {
    const kind = kindOf(file);
    if (!kind) continue;
    const text = readFileSync(join(folder, file), 'utf8');
    for (const link of kind(text)) {
      links++;
      const wrong = trouble(folder, file, link, anchors);
      if (wrong) found.push(`${file}: ${link} ${wrong}`);
    }
    const own = anchorsOf(text);
    for (const anchor of own) if (own.indexOf(anchor) !== own.lastIndexOf(anchor)) found.push(`${file}: has #${anchor} twice`);
  }
  return { found: [...new Set(found)], links };
}

if (process.argv[1]?.endsWith('check.mjs')) {
  const [folder] = process.argv.slice(2);
  if (!folder || folder === '--help') {
    (folder ? console.log : console.error)(USAGE);
    process.exit(folder ? 0 : 2);
  }
  const { found, links } = check(folder);
  for (const line of found) console.error(line);
  if (links === 0) console.error(`${folder} has no page with a link`);
  process.exit(found.length > 0 || links === 0 ? 1 : 0);
}
