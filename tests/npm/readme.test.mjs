// The examples of npm/README.md, as they stand there: each is run with the firmware that the comment above it names.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { build, root } from './package.mjs';

const readme = readFileSync(join(root, 'npm/README.md'), 'utf8');
/** Comments, then a block of code. */
const blocks = [...readme.matchAll(/((?:<!-- .* -->\n)*)```(\w+)\n([^]*?)```/g)].map(([, comments, language, code]) => ({
  comments: [...comments.matchAll(/<!-- (\S+?):? ?(\S*) -->/g)].map(([, name, file]) => ({ name, file })),
  language,
  code,
}));

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

const scripts = blocks.filter(({ language }) => language === 'js');
scripts.forEach(({ comments, code }, i) => {
  const [, heading] = /.*\n## ([^\n]*)/s.exec(readme.slice(0, readme.indexOf(code)));
  test(`README's example under "${heading}" runs`, async () => {
    const place = folder(`example-${i}`, comments);
    writeFileSync(join(place, 'example.mjs'), code);
    const isTest = code.includes("'node:test'");
    const { stdout } = await run(process.execPath, [...(isTest ? ['--test'] : []), 'example.mjs'], { cwd: place, env: environment }).catch((error) => assert.fail(error.stdout + error.stderr));
    if (isTest) assert.match(stdout, /^(# |ℹ )pass [1-9]/m, stdout);
    else assert.match(stdout, /\{\}/);
  });
});

test('all of README that is code is tested', () => {
  assert.ok(scripts.length >= 5);
  for (const { language, comments } of blocks) assert.ok(['js', 'yaml', 'html'].includes(language) && comments.length > 0, language);
});

test('the workflow has ten lines', () => {
  const [workflow] = blocks.filter(({ language }) => language === 'yaml');
  assert.ok(workflow.code.trimEnd().split('\n').length <= 10);
  for (const part of [/^on: /m, /^ {4}runs-on: /m, /node --test/]) assert.match(workflow.code, part);
});
