// The package of the flasher: what is in it, that it knows no page, and its types.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build, root } from './package.mjs';

const place = join(build, 'npm/installed');
const installed = join(place, 'node_modules/dapboot-flasher');

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

test('its types hold for a client in TypeScript', () => {
  copyFileSync(join(root, 'tests/npm/flasher_consumer.ts'), join(place, 'flasher_consumer.ts'));
  const options = {
    strict: true,
    noEmit: true,
    target: 'es2022',
    module: 'nodenext',
    moduleResolution: 'nodenext',
    lib: ['es2022', 'dom', 'dom.iterable'],
    typeRoots: [join(root, 'web/node_modules/@types')],
    types: ['w3c-web-usb'],
  };
  writeFileSync(join(place, 'tsconfig.flasher.json'), JSON.stringify({ compilerOptions: options, files: ['flasher_consumer.ts'] }));
  writeFileSync(join(place, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  try {
    execFileSync(process.execPath, [join(root, 'web/node_modules/typescript/bin/tsc'), '-p', join(place, 'tsconfig.flasher.json')], { stdio: 'pipe' });
  } catch (error) {
    assert.fail(String(error.stdout));
  }
});
