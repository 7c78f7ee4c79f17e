// All words that the page says, as translators need them: node words.mjs prints them, one a line.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const here = dirname(fileURLToPath(import.meta.url));
const source = (name) => readFileSync(join(here, name), 'utf8');

/** Visits every node of a source. */
function visit(node, look) {
  if (look(node) !== false) ts.forEachChild(node, (child) => visit(child, look));
}

const parse = (name) => ts.createSourceFile(name, source(name), ts.ScriptTarget.ES2022, true);
const scripts = () => readdirSync(join(here, 'src')).filter((name) => name.endsWith('.js')).map((name) => join('src', name));

/** The key of a tagged template, as language.js makes it. */
const keyOf = (template) =>
  ts.isNoSubstitutionTemplateLiteral(template)
    ? template.text
    : template.head.text + template.templateSpans.map(({ literal }, i) => `{${i}}${literal.text}`).join('');

/** Of index.html: texts outside of code and of other languages, and labels. */
function wordsOfPage() {
  const page = source('index.html').replace(/<(script|code|pre)\b[^]*?<\/\1>|<a [^>]*lang=[^]*?<\/a>|<!--[^]*?-->/g, '<>');
  const texts = page.split(/<[^>]*>/);
  const labels = [...page.matchAll(/aria-label="([^"]*)"/g)].map(([, label]) => label);
  return [...texts, ...labels].map((text) => text.trim().replace(/\s+/g, ' ')).filter((text) => /[a-z]{2}/i.test(text));
}

/** @returns {string[]} each once, sorted */
export function words() {
  const found = new Set(wordsOfPage());
  for (const name of scripts())
    visit(parse(name), (node) => {
      if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === 't') found.add(keyOf(node.template));
    });
  return [...found].sort();
}

/** What is no word: names for programs, and what goes into the log, which stays English for whoever gets it. */
const NOT_SHOWN = ['note', 'has', 'getElementById', 'addEventListener', 'CannotOpen', 'Gone', 'DOMException', 'TextDecoder', 'matchMedia', 'Event'];
const looksLikeWords = (text) => /[A-Za-z]{3,} [A-Za-z(]/.test(text) || /^[A-Z][a-z]+(\W|$)/.test(text);

/** @returns {string[]} texts in the sources that look like words and could not be translated, with their places */
export function forgotten() {
  const found = [];
  for (const name of scripts()) {
    const file = parse(name);
    visit(file, (node) => {
      if (ts.isImportDeclaration(node) || (ts.isVariableDeclaration(node) && node.name.getText() === 'STYLE')) return false;
      if (ts.isTaggedTemplateExpression(node)) {
        if (ts.isTemplateExpression(node.template)) node.template.templateSpans.forEach(({ expression }) => visit(expression, () => true));
        return false;
      }
      if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
        const { expression } = node;
        if (NOT_SHOWN.includes(ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText())) return false;
      }
      const text = ts.isStringLiteralLike(node) ? node.text : ts.isTemplateExpression(node) ? keyOf(node) : '';
      const compared = ts.isBinaryExpression(node.parent ?? node) && /^[=!]==$/.test(node.parent.operatorToken.getText());
      if (looksLikeWords(text) && !compared)
        found.push(`${name}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${text}`);
      return true;
    });
  }
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(words().join('\n'));
