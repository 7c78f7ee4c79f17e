// The package itself: what is in it, how large it is, its types, and whether it works in a browser as it is.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { installed } from './package.mjs';
import { compiles } from './types.mjs';

// With clang 14 it has 293 761 and 105 782; other versions make a little more or less of it.
const MOST_BYTES = 330000;
const MOST_GZIP = 120000;

test('the package has no dependencies and no scripts, and is what its description says', () => {
  const description = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  for (const part of ['dependencies', 'devDependencies', 'peerDependencies', 'scripts']) assert.equal(description[part], undefined, part);
  assert.deepEqual([description.type, description.license], ['module', 'ISC']);
  const files = readdirSync(installed).sort();
  assert.deepEqual(files, ['LICENSE', 'README.md', 'package.json', 'src', 'types', 'vboard.wasm']);
  const installs = readdirSync(join(installed, '..')).filter((name) => !name.startsWith('.'));
  assert.deepEqual(installs.sort(), ['dapboot-flasher', 'dapboot-vboard'], 'nothing else was installed');
});

test('the module is small, asks for no files, and keeps to what it is given', () => {
  const module = readFileSync(join(installed, 'vboard.wasm'));
  const packed = gzipSync(module, { level: 9 }).length;
  assert.ok(module.length <= MOST_BYTES, `${module.length} bytes`);
  assert.ok(packed <= MOST_GZIP, `${packed} bytes with gzip`);
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(module)).map(({ module: from, name }) => `${from}.${name}`);
  const others = imports.filter((name) => !/^wasi_snapshot_preview1\.(fd_\w+|proc_exit)$/.test(name)); // for a last message
  assert.deepEqual(others.sort(), ['board.happened', 'board.is_over']);
});

test('its types hold for a client in TypeScript, and fit those of WebUSB', () => compiles('consumer.ts', ['es2022', 'dom']));
