// The page of the release's images: what tools/release says of them, as a table for each board.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { escape } from './markdown.mjs';

const ENDINGS = ['bin', 'hex', 'elf'];

/** What SHA256SUMS says: sums by the name of the file. */
function checksums(folder) {
  const lines = readFileSync(join(folder, 'SHA256SUMS'), 'utf8').trim().split('\n');
  return new Map(lines.map((line) => /^(\S+) [ *](.+)$/.exec(line).slice(1).reverse()));
}

/** The release in a folder: its version, and a row for each file. */
export function describe(folder) {
  const sums = checksums(folder);
  const lines = readFileSync(join(folder, 'images.tsv'), 'utf8').trim().split('\n');
  const rows = lines.flatMap((line) => {
    const [target, title, chip, bootloader, application, name] = line.split('\t');
    const [, board, variant] = /^([^_]*)(.*)$/.exec(target);
    return ENDINGS.map((ending) => {
      const file = `${name}.${ending}`;
      return { board, variant, title, chip, bootloader, application, file, sum: sums.get(file), bytes: statSync(join(folder, file)).size };
    });
  });
  return { version: readFileSync(join(folder, 'sizes.txt'), 'utf8').split('\n')[0], rows };
}

const fileCells = ({ file, bytes, sum }) => `<td><a class="file" href="${file}">${file}</a></td>
<td class="right">${bytes}</td>
<td><code class="sum">${sum}</code></td>`;

/** The files of one variant: a row for each; in the first what all share. */
function variant([first, ...others]) {
  const shared = (tag, html) => `<${tag} rowspan="${others.length + 1}">${html}</${tag.split(' ')[0]}>`;
  const name = shared('th scope="rowgroup"', first.variant ? `<code>${first.variant}</code>` : 'standard');
  const addresses = [first.bootloader, first.application].map((address) => shared('td', `<code>${address}</code>`));
  const rows = [`${name}\n${fileCells(first)}\n${addresses.join('\n')}`, ...others.map(fileCells)];
  return `<tbody>\n${rows.map((row) => `<tr>\n${row}\n</tr>`).join('\n')}\n</tbody>`;
}

/** Rows in groups, of the same value each. */
const grouped = (rows, key) => [...new Set(rows.map((row) => row[key]))].map((value) => rows.filter((row) => row[key] === value));

/** One board: its heading and a table of its files. */
const board = (rows) => `<h2 id="${rows[0].board.toLowerCase()}">${escape(rows[0].title)}</h2>
<p><code>${rows[0].board}</code>: ${escape(rows[0].chip)}</p>
<div class="table" role="group" aria-label="Images for ${escape(rows[0].title)}" tabindex="0">
<table>
<thead>
<tr>
<th scope="col">variant</th>
<th scope="col">file</th>
<th scope="col" class="right">bytes</th>
<th scope="col">SHA-256</th>
<th scope="col">bootloader at</th>
<th scope="col">applications at</th>
</tr>
</thead>
${grouped(rows, 'variant').map(variant).join('\n')}
</table>
</div>`;

/** What is on the page images/index.html. */
export function imagesPage({ version, rows }) {
  const boards = grouped(rows, 'board');
  return {
    title: 'Images',
    headings: boards.map(([{ board, title }]) => ({ level: 2, id: board.toLowerCase(), text: title })),
    html: `<h1>Images</h1>
<p>The bootloader for each board and variant: ${escape(version)}. <a href="../docs/boards.html">Boards</a> says which variant to
take, and <a href="../docs/boards.html#writing-a-bootloader-with-a-debug-probe">how to write it</a> with a debug probe. The
<code>.bin</code>, <code>.hex</code> and <code>.elf</code> files of a variant hold the same bootloader.</p>
<p>To check the files: <code>sha256sum -c SHA256SUMS</code>, with <a href="SHA256SUMS">SHA256SUMS</a>. Also here:
<a href="sizes.txt">sizes</a>, <a href="README.txt">a short guide</a>.</p>
${boards.map(board).join('\n')}`,
  };
}
