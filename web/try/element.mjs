// One element of a page's source.

/** HTML never closes them; of those that a page's head has. */
const VOID = ['meta', 'link'];

/**
 * The element whose tag has the attribute, with all that is in it. The source closes every element that it opens, except
 * those that HTML never closes.
 * @param {string} html
 * @param {string} attribute as it is written: id="flash"
 */
export function element(html, attribute) {
  const opening = new RegExp(`<([a-z]+)[^<>]*\\b${attribute}[^<>]*>`).exec(html);
  if (!opening) throw new Error(`the page has no element with ${attribute}`);
  const [whole, tag] = opening;
  if (VOID.includes(tag)) return whole;
  const tags = new RegExp(`<(/?)${tag}\\b[^<>]*>`, 'g');
  tags.lastIndex = opening.index;
  for (let depth = 0, found; (found = tags.exec(html)); ) {
    depth += found[1] ? -1 : 1;
    if (depth === 0) return html.slice(opening.index, tags.lastIndex);
  }
  throw new Error(`<${tag} ${attribute}> is not closed`);
}
