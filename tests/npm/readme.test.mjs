// The examples of the packages' manuals, as they stand there: each is run with the firmware that the comment above it names, in Node; those
// of the virtual board in Deno, too.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { build, root } from './package.mjs';

/** Manuals of the packages; what an example prints that is no test. */
const MANUALS = { 'npm/README.md': /\{\}/, 'web/flasher/README.md': /kind: 'good'/ };

/** Comments, then a block of code. */
function blocksOf(manual) {
  const text = readFileSync(join(root, manual), 'utf8');
  return [...text.matchAll(/((?:<!-- .* -->\n)*)```(\w+)\n([^]*?)```/g)].map(([, comments, language, code]) => ({
    comments: [...comments.matchAll(/<!-- (\S+?):? ?(\S*) -->/g)].map(([, name, file]) => ({ name, file })),
    language,
    code,
    heading: /.*\n## ([^\n]*)/s.exec(text.slice(0, text.indexOf(code)))[1],
  }));
}
const blocks = Object.keys(MANUALS).flatMap((manual) => blocksOf(manual).map((block) => ({ ...block, manual })));

const run = promisify(execFile);
const environment = { ...process.env };
delete environment.NODE_TEST_CONTEXT; // each is a run of its own

/** A folder below the one where the package is installed. */
function folder(name, comments) {
  const place = join(build, 'npm/installed', name);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place);
  for (const { name: as, file } of comments) copyFileSync(join(build, file), join(place, as.replace(/^firmware$/, 'firmware.elf')));
  return place;
}

/** Deno as its package on npm has it; without a network, and with no right but to read. */
const deno = join(root, 'tests/npm/deno/node_modules/.bin/deno');
const quiet = { ...environment, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1', DENO_DIR: join(build, 'npm/deno') };

const scripts = blocks.filter(({ language }) => language === 'js');
scripts.forEach(({ manual, heading, comments, code }, i) => {
  test(`${manual}: the example under "${heading}" runs`, async () => {
    const place = folder(`example-${i}`, comments);
    writeFileSync(join(place, 'example.mjs'), code);
    const isTest = code.includes("'node:test'");
    const { stdout } = await run(process.execPath, [...(isTest ? ['--test'] : []), 'example.mjs'], { cwd: place, env: environment }).catch((error) => assert.fail(error.stdout + error.stderr));
    if (isTest) assert.match(stdout, /^(# |ℹ )pass [1-9]/m, stdout);
    else assert.match(stdout, MANUALS[manual]);
  });
  if (manual !== 'npm/README.md') return;
  test(`${manual}: the example under "${heading}" runs in Deno`, async () => {
    const place = folder(`deno-${i}`, comments);
    writeFileSync(join(place, 'example.mjs'), code);
    const isTest = code.includes("'node:test'");
    const words = [isTest ? 'test' : 'run', '--no-check', '--allow-read', '--no-prompt', '--no-remote', 'example.mjs'];
    const { stdout } = await run(deno, words, { cwd: place, env: quiet }).catch((error) => assert.fail(error.message + error.stdout + error.stderr));
    assert.match(stdout, isTest ? /^ok \| [1-9]\d* passed/m : MANUALS[manual]);
  });
});

test('all that is code in the manuals is tested', () => {
  assert.ok(scripts.length >= 6);
  for (const { language, comments } of blocks) assert.ok(['js', 'yaml', 'html'].includes(language) && comments.length > 0, language);
});

test('the workflow has ten lines', () => {
  const [workflow] = blocks.filter(({ language }) => language === 'yaml');
  assert.ok(workflow.code.trimEnd().split('\n').length <= 10);
  for (const part of [/^on: /m, /^ {4}runs-on: /m, /node --test/]) assert.match(workflow.code, part);
});
