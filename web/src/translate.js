// Says what stands in the page itself in another language.

import { speak } from './language.js';

const NOT_WORDS = 'code, pre, script, style, #log, [lang]:not(html)';

/** @param {string} text as it is broken into lines */
const oneLine = (text) => text.trim().replace(/\s+/g, ' ');

/**
 * From now on the page is in this language. Before anything else has been written to it.
 * @param {string} language BCP 47
 * @param {Record<string, string>} words English and its translation, in the order of the alphabet
 */
export function translate(language, words) {
  speak(words);
  document.documentElement.lang = language;
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent ?? '';
    const said = words[oneLine(text)];
    if (said && !node.parentElement?.closest(NOT_WORDS)) node.textContent = text.replace(text.trim(), () => said);
  }
  for (const element of document.querySelectorAll('[aria-label]')) {
    const said = words[element.getAttribute('aria-label') ?? ''];
    if (said) element.setAttribute('aria-label', said);
  }
}
