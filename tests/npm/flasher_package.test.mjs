// The package of the flasher: what is in it, that it knows no page, and its types.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from './package.mjs';
import { compiles } from './types.mjs';

const installed = join(build, 'npm/installed/node_modules/dapboot-flasher');

test('the package of the flasher has no dependencies that must be installed, and no scripts', () => {
  const description = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  for (const part of ['dependencies', 'devDependencies', 'scripts']) assert.equal(description[part], undefined, part);
  for (const name of Object.keys(description.peerDependencies)) assert.equal(description.peerDependenciesMeta[name].optional, true, name);
  assert.deepEqual(readdirSync(installed).sort(), ['LICENSE', 'README.md', 'package.json', 'src', 'types']);
});

test('nothing of it but the button knows a page', () => {
  const modules = readdirSync(join(installed, 'src')).filter((name) => name !== 'install.js');
  assert.ok(modules.includes('flasher.js') && modules.length > 20);
  for (const name of modules) {
    const code = readFileSync(join(installed, 'src', name), 'utf8').replace(/\/\*[^]*?\*\/|\/\/.*$/gm, '');
    assert.doesNotMatch(code, /\b(document|window|navigator|localStorage|HTMLElement)\b/, name);
  }
});

test('its types hold for a client in TypeScript', () => compiles('flasher_consumer.ts', ['es2022', 'dom', 'dom.iterable']));
