// What both browser tests need: the page served from this computer, Chromium, and lines of results.
import { createServer } from 'node:http';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
/** Firefox is driven by WebDriver BiDi, as it is shipped; playwright-core has that behind an underscore. */
export const { chromium, _bidiFirefox: firefox } = require('playwright-core');
export const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const build = process.env.BUILD ?? join(root, 'build');
export const site = join(build, 'web');

export const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.webmanifest': 'application/manifest+json' };

/**
 * Serves build/web, or another folder, on 127.0.0.1. A port of 0 is any that is free. `beside`: more files, by name, that can
 * be changed while it runs. `below`: a path with "/" at both ends, and nothing is elsewhere.
 */
export async function serve(port = 0, beside = {}, { folder = site, below = '/' } = {}) {
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname.replace(/\/$/, '/index.html');
    const name = path.slice(below.length);
    try {
      if (!path.startsWith(below)) throw new Error('nothing is there');
      const body = beside[name] ?? readFileSync(join(folder, name));
      response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { url: `http://localhost:${server.address().port}${below}`, server };
}

/** Debian's browser itself, not its wrapper script, which needs a desktop. */
export const executable = process.env.CHROMIUM ?? '/usr/lib/chromium/chromium';

export const firefoxExecutable = process.env.FIREFOX ?? '/usr/lib/firefox-esr/firefox-esr';

/** An empty folder for screenshots. */
export function screenshots(name) {
  const folder = join(build, 'web-screenshots', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Runs tests one after the other and prints a line for each and their sum, as every test of the project does. */
export class Results {
  passed = 0;
  failed = 0;

  async test(sentence, body) {
    try {
      await body();
      this.passed++;
      console.log(`ok    ${sentence}`);
    } catch (error) {
      this.failed++;
      console.log(`FAIL  ${sentence}\n${String(error?.stack ?? error).replace(/^/gm, '      ')}`);
    }
  }

  /** A test that needs what a failed one would have left behind has failed, too. */
  skip(sentence) {
    this.failed++;
    console.log(`FAIL  ${sentence} (not run, as one before it failed)`);
  }

  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    return this.failed === 0 ? 0 : 1;
  }
}
