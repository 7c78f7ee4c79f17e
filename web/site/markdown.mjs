// Markdown as GitHub takes it becomes HTML: tables, fenced code, bare addresses, and the anchors of headings.
import GithubSlugger from 'github-slugger';
import MarkdownIt from 'markdown-it';

/**
 * What a link or an image leads to.
 * @typedef {(href: string) => string | null} Resolve null: text without a link
 */

const markdown = new MarkdownIt({ html: true, linkify: true });
// only what begins with https:// or the like
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
const { rules } = markdown.renderer;

// What scrolls sideways on a small screen can be reached with the keyboard.
rules.table_open = () => '<div class="table" role="group" aria-label="Table" tabindex="0">\n<table>\n';
rules.table_close = () => '</table>\n</div>\n';
rules.fence = rules.code_block = (tokens, i) => `<pre tabindex="0"><code>${escape(tokens[i].content)}</code></pre>\n`;

// The manuals hold comments for the tests, and no other HTML.
rules.html_block = rules.html_inline = (tokens, i, options, { name }) => {
  const text = tokens[i].content.trim();
  if (!/^<!--[^]*-->$/.test(text)) throw new Error(`${name}: write "${text}" in Markdown, or as code`);
  return '';
};

export const escape = markdown.utils.escapeHtml;

/** What a heading or paragraph says, without its markup. */
const plain = (inline) => inline.children.map(({ type, content }) => (type === 'softbreak' ? ' ' : content)).join('');

/** Gives each heading the id that links to it have on GitHub. */
function nameHeadings(tokens) {
  const slugger = new GithubSlugger();
  const headings = [];
  for (const [i, token] of tokens.entries())
    if (token.type === 'heading_open') {
      const text = plain(tokens[i + 1]);
      const id = slugger.slug(text);
      token.attrSet('id', id);
      headings.push({ level: Number(token.tag.slice(1)), id, text, at: i });
    }
  return headings;
}

/** A policy for style sheets forbids style="text-align:right". A cell that heads nothing is no heading. */
function tidyTables(tokens) {
  for (const [i, token] of tokens.entries()) {
    if (token.type !== 'th_open' && token.type !== 'td_open') continue;
    const align = /^text-align:(\w+)$/.exec(token.attrGet('style') ?? '')?.[1];
    token.attrs = align ? [['class', align]] : null;
    if (token.type === 'th_open' && tokens[i + 1].content === '') token.tag = tokens[i + 2].tag = 'td';
    else if (token.type === 'th_open') token.attrSet('scope', 'col');
  }
}

/** Drops heads of tables in which no cell says anything. */
function dropEmptyHeads(tokens) {
  const kept = [];
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i].type === 'thead_open') {
      const end = tokens.findIndex((token, j) => j > i && token.type === 'thead_close');
      if (tokens.slice(i, end).every(({ content }) => content === '')) {
        i = end;
        continue;
      }
    }
    kept.push(tokens[i]);
  }
  return kept;
}

/** A link that shows the name of a manual's file shows the manual's title. */
function nameLinks(tokens, titleOf) {
  for (const { children } of tokens)
    for (const [i, token] of (children ?? []).entries())
      if (token.type === 'link_open' && /^\S+\.md$/.test(children[i + 1].content))
        children[i + 1].content = titleOf(token.attrGet('href')) ?? children[i + 1].content;
}

/** @param {Resolve} resolve */
function resolveLinks(tokens, resolve) {
  for (const { children } of tokens)
    for (const [i, token] of (children ?? []).entries()) {
      if (token.type === 'image') token.attrSet('src', resolve(token.attrGet('src')));
      if (token.type !== 'link_open') continue;
      const href = resolve(token.attrGet('href'));
      if (href !== null) token.attrSet('href', href);
      else token.hidden = children.slice(i).find(({ type }) => type === 'link_close').hidden = true;
    }
}

/** One manual, or a part of one. */
export class Manual {
  /** @param {string} name for messages @param {string} text */
  constructor(name, text) {
    this.name = name;
    this.text = text;
    this.tokens = dropEmptyHeads(markdown.parse(text, {}));
    this.headings = nameHeadings(this.tokens);
    tidyTables(this.tokens);
    if (this.headings[0]?.level !== 1) throw new Error(`${name}: its first line should be "# " and its title`);
  }

  get title() {
    return this.headings[0].text;
  }

  /** The first paragraph, as plain text. */
  get summary() {
    return plain(this.tokens.find((token, i) => token.type === 'inline' && this.tokens[i - 1].type === 'paragraph_open'));
  }

  /** Whether it begins with a list of its own sections. */
  get hasContents() {
    const before = this.tokens.slice(0, this.headings[1]?.at);
    const links = before.flatMap(({ children }) => (children ?? []).filter(({ type }) => type === 'link_open'));
    return links.filter((link) => link.attrGet('href').startsWith('#')).length > 2;
  }

  /** A copy, of which a part is kept: what is between its title and the next heading. */
  introduction() {
    return this.#part(this.headings[0]);
  }

  /** A copy, of which a part is kept: what is below the heading with this text. */
  section(text) {
    const heading = this.headings.find((one) => one.text === text);
    if (!heading) throw new Error(`${this.name}: the site shows its section "${text}", which is not there`);
    return this.#part(heading);
  }

  #part(heading) {
    const copy = new Manual(this.name, this.text);
    const next = this.headings[this.headings.indexOf(heading) + 1];
    copy.tokens = copy.tokens.slice(heading.at + 3, next?.at);
    return copy;
  }

  /** Once: links are replaced in place. @param {Resolve} resolve @param {(href: string) => string | undefined} titleOf */
  toHtml(resolve, titleOf) {
    nameLinks(this.tokens, titleOf);
    resolveLinks(this.tokens, resolve);
    return markdown.renderer.render(this.tokens, markdown.options, { name: this.name });
  }
}
