// A maker's colour on the page, made lighter or darker until text in it and on it can be read.

const LEAST_CONTRAST = 4.5; // WCAG 2.2, 1.4.3
const STEPS = 20;

/** @typedef {[number, number, number]} Colour red, green, blue, 0 to 255 */

/** @type {(text: string) => Colour} #rgb or #rrggbb */
function parse(text) {
  const digits = text.trim().slice(1);
  const full = digits.length === 3 ? [...digits].map((digit) => digit + digit).join('') : digits;
  return /** @type {Colour} */ ([0, 2, 4].map((at) => parseInt(full.slice(at, at + 2), 16)));
}

/** @type {(colour: Colour) => string} */
const css = (colour) => `#${colour.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;

/** Relative luminance, WCAG 2.2. @param {Colour} colour */
function luminance(colour) {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/**
 * @param {Colour} one
 * @param {Colour} other
 */
export function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/**
 * The colour, mixed with black or white, whichever the backs are not, as little as makes it legible on all of them.
 * @param {string} colour #rrggbb
 * @param {string[]} backs
 */
export function mixed(colour, backs) {
  const own = parse(colour);
  const behind = backs.map(parse);
  const goal = luminance(behind[0]) > 0.5 ? 0 : 255;
  for (let step = 0; step < STEPS; step++) {
    const share = step / STEPS;
    const tried = /** @type {Colour} */ (own.map((part) => part + (goal - part) * share));
    if (behind.every((back) => contrast(tried, back) >= LEAST_CONTRAST)) return css(tried);
  }
  return css([goal, goal, goal]);
}

/**
 * @param {Document} document
 * @param {string} colour #rrggbb
 */
export function legible(document, colour) {
  const { style } = document.documentElement;
  const dark = document.defaultView?.matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    const values = getComputedStyle(document.documentElement);
    const accent = mixed(colour, ['--card', '--back', '--note-back'].map((name) => values.getPropertyValue(name)));
    style.setProperty('--accent', accent);
    style.setProperty('--on-accent', contrast(parse(accent), [255, 255, 255]) >= LEAST_CONTRAST ? '#ffffff' : '#000000');
  };
  dark?.addEventListener('change', apply);
  apply();
}
