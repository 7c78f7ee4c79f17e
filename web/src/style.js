// Styles of the scripts that only some pages load.

/**
 * @param {Document} document
 * @param {string} css
 */
export function addStyle(document, css) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
