// What the page says, in the language of whoever reads it. The English words stand where they are said; tables of other
// languages (src/languages) have them as keys.

/**
 * Of the language that was chosen: the English words, with {0}, {1}, … for what is put in, and what to say instead. The
 * scripts of the page share it.
 * @type {Record<string, string>}
 */
const table = (/** @type {any} */ (globalThis).dapbootWords ??= {});

/**
 * From now on `t` speaks another language, for all scripts of this page.
 * @param {Record<string, string>} words what is not in it stays English
 */
export function speak(words) {
  Object.assign(table, words);
}

/**
 * A tag of templates: t`${count} bytes`.
 * @param {TemplateStringsArray} parts
 * @param {unknown[]} values
 */
export function t(parts, ...values) {
  const key = parts.reduce((text, part, i) => `${text}{${i - 1}}${part}`);
  return (table[key] ?? key).replace(/\{(\d)\}/g, (_, i) => String(values[i]));
}
