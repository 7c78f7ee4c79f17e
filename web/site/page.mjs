// What every page of the site has around its text: head, navigation, foot.
import { escape } from './markdown.mjs';
import { relative } from './manuals.mjs';

/** No scripts; all else from the site itself. */
const POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";

/** A contents list is worth its room from this many sections on. */
const SECTIONS = 3;

/** Links to the main pages; the one that is open is marked. @param {[string, string][]} places text and page */
function navigation(page, places) {
  const item = ([text, to]) =>
    `<li><a href="${relative(page, to)}"${to === page ? ' aria-current="page"' : ''}>${escape(text)}</a></li>`;
  return `<nav aria-label="Site"><ul>\n${places.map(item).join('\n')}\n</ul></nav>`;
}

/** The sections of a long page, for behind its title. */
function contents(headings) {
  const sections = headings.filter(({ level }) => level === 2);
  if (sections.length < SECTIONS) return '';
  const items = sections.map(({ id, text }) => `<li><a href="#${id}">${escape(text)}</a></li>`);
  return `<nav aria-label="On this page" class="contents"><details>
<summary>On this page</summary>
<ul>\n${items.join('\n')}\n</ul>
</details></nav>\n`;
}

/**
 * @param {{page: string, title: string, description?: string, html: string, headings?: {level: number, id: string, text: string}[],
 *   places: [string, string][], version: string}} what `page` is its path in the site; no anchor of a manual has the colon
 */
export const frame = ({ page, title, description, html, headings = [], places, version }) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="color-scheme" content="light dark">
${description ? `<meta name="description" content="${escape(description)}">\n` : ''}<title>${escape(title)}</title>
<link rel="icon" href="${relative(page, 'icon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${relative(page, 'style.css')}">
</head>
<body>
<a class="skip" href="#site:text">Skip to the text</a>
<header>
${navigation(page, places)}
</header>
<main id="site:text">
${html.replace('</h1>\n', (end) => end + contents(headings))}
</main>
<footer><p>${escape(version)}. <a href="${relative(page, 'docs/license.txt')}">ISC licence</a>.</p></footer>
</body>
</html>
`;
