// The tables of other languages say all that the page says.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { forgotten, words } from '../../../web/words.mjs';

const folder = fileURLToPath(new URL('../../../web/src/languages', import.meta.url));

/** The table in a source: what it gives to translate(). */
function tableOf(name) {
  const source = readFileSync(join(folder, name), 'utf8').replace(/^import .*$/gm, '');
  let given;
  runInNewContext(source, { translate: (language, table) => (given = { language, table }) });
  return given;
}

const LANGUAGES = readdirSync(folder);
const WORDS = words();
const holes = (text) => [...text.matchAll(/\{\d\}/g)].map(([hole]) => hole).sort();
/** Tags, names of programs and files, options, addresses. */
const names = (text) => (text.match(/0x[0-9A-F]+|\b[A-Za-z_.-]+=[\w.]+|\bdfu-util\b|arm-none-eabi-objcopy[^.]*\.srec firmware\.hex|git lfs pull/g) ?? []).sort();

/** Shown, and the same in every language. */
const SAME = [
  /^src\/connection\.js:\d+ DFU device$/, // the place of a name that the device has not
  /^src\/dfu\.js:\d+ the device reports error \{0\}\{1\}$/, // for the log
  /^src\/kinds\.js:\d+ (Rar!|version https:\/\/git-lfs)$/, // in files
  /^src\/main\.js:\d+ #languages a$/,
  /^src\/series\.js:\d+ serial number$/, // in a file
  /^src\/vendor\.js:\d+ dapboot beside \{0\}$/, // the name of a cache
  /^src\/view\.js:\d+ (FLASH \(rx\) : ORIGIN = \{0\}, LENGTH = …|Zephyr)$/,
  /^src\/view\.js:\d+ the page has no #\{0\}$/,
];

test('every text that the page shows can be translated', () => {
  assert.deepEqual(forgotten().filter((text) => !SAME.some((known) => known.test(text))), []);
});

test('the page offers the languages that there are', () => {
  const page = readFileSync(join(folder, '../../index.html'), 'utf8');
  const offered = [...page.matchAll(/hreflang="(\w+)" lang="(\w+)"/g)].map(([, to, of]) => (assert.equal(to, of), to));
  assert.deepEqual(offered.sort(), ['en', ...LANGUAGES.map((name) => name.replace('.js', ''))].sort());
});

for (const name of LANGUAGES) {
  const { language, table } = tableOf(name);

  test(`${name} says all words of the page and no others`, () => {
    assert.equal(`${language}.js`, name);
    const said = Object.keys(table);
    assert.deepEqual(WORDS.filter((one) => !said.includes(one)), [], 'not translated');
    assert.deepEqual(said.filter((one) => !WORDS.includes(one)), [], 'not in the page');
  });

  test(`${name} keeps numbers and names`, () => {
    for (const [english, translated] of Object.entries(table)) {
      assert.deepEqual(holes(translated), holes(english), english);
      assert.deepEqual(names(translated), names(english), english);
    }
  });
}
