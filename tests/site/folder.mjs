// The site that is tested, copies of it with a fault, and the programs that judge it.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const site = join(process.env.BUILD ?? join(root, 'build'), 'site');

/** Files of the site with this ending, as paths in it. The flasher and what is below it has tests of its own. */
export const files = (folder, ending) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(ending) && !name.startsWith('flash'))
    .sort();

export const text = (folder, file) => readFileSync(join(folder, file), 'utf8');

const isImage = (file) => /\/dapboot-[^/]*$/.test(file);

/** A copy of the site, images as symbolic links, for the time of a test, changed as `edit` says: { file: (text) => text or null to remove it }. */
export function copy(t, edit = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'dapboot site '));
  t.after(() => rmSync(folder, { recursive: true }));
  cpSync(site, folder, { recursive: true, filter: (file) => !isImage(file) });
  for (const image of files(site, '').filter(isImage)) symlinkSync(join(site, image), join(folder, image));
  for (const [file, change] of Object.entries(edit)) {
    const changed = change === null ? null : change(text(folder, file));
    if (changed === text(folder, file)) throw new Error(`${file} has nothing to falsify`);
    rmSync(join(folder, file));
    if (changed !== null) writeFileSync(join(folder, file), changed);
  }
  return folder;
}

/** A tool of the site: its exit status and what it said. @param {string} name @param {string[]} words */
export function tool(name, ...words) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'web/site', name), ...words], { encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

/** What Debian's tidy has against a page. Release 5.6 does not know aria-current and calls it proprietary. */
export function tidy(html) {
  const words = ['-q', '-e', '--warn-proprietary-attributes', 'no'];
  const { error, stderr } = spawnSync('tidy', words, { input: html, encoding: 'utf8' });
  if (error) throw new Error(`${error.message}; make deps FOR=tests installs tidy`);
  return stderr.trim();
}

/** What sha256sum has against a folder's SHA256SUMS. */
export function sha256sum(folder) {
  try {
    execFileSync('sha256sum', ['--quiet', '--strict', '-c', 'SHA256SUMS'], { cwd: folder, stdio: 'pipe' });
    return '';
  } catch (error) {
    return String(error.stdout) + String(error.stderr);
  }
}
