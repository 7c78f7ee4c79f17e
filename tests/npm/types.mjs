// Compiles a client in TypeScript against the packages as they were installed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, root } from './package.mjs';

/**
 * @param {string} consumer a file beside this one
 * @param {string[]} lib what of TypeScript's own it knows
 */
export function compiles(consumer, lib) {
  const place = join(build, 'npm/installed');
  copyFileSync(join(root, 'tests/npm', consumer), join(place, consumer));
  const options = {
    strict: true,
    noEmit: true,
    target: 'es2022',
    module: 'nodenext',
    moduleResolution: 'nodenext',
    lib,
    typeRoots: [join(root, 'web/node_modules/@types')],
    types: ['w3c-web-usb'],
  };
  const project = join(place, `tsconfig.${consumer}.json`);
  writeFileSync(project, JSON.stringify({ compilerOptions: options, files: [consumer] }));
  writeFileSync(join(place, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  try {
    execFileSync(process.execPath, [join(root, 'web/node_modules/typescript/bin/tsc'), '-p', project], { stdio: 'pipe' });
  } catch (error) {
    assert.fail(String(error.stdout));
  }
}
