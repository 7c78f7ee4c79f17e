// Which boards the page offers, and which examples for each. Files are named as they lie beside the page.

/**
 * @typedef {object} Example
 * @property {string} name
 * @property {string} file
 * @property {string} about what it shows
 */

/**
 * @typedef {object} Entry
 * @property {string} target of the bootloader
 * @property {string} board of the virtual board
 * @property {string} title
 * @property {string} image the bootloader's file
 * @property {string | null} button what the board calls its button; null: it has none
 * @property {Example[]} examples
 */

/** @type {Record<string, string>} */
const ABOUT = {
  blink: 'The LED blinks.',
  'dfu-runtime': 'The LED blinks, and the PC can ask the program to start the bootloader.',
  'cdc-echo': 'A serial port over USB, which sends back what it gets.',
  rtos: 'Threads; one of them writes to serial port 1.',
};

/** What variants are called, and what examples for them end with. @type {Record<string, {end: string, words: string}>} */
const PLACES = { '': { end: '', words: '' }, '_4K': { end: '-4k', words: ', 4 KiB variant' }, _HIGH: { end: '-high', words: ', high variant' } };

/**
 * What a target's examples end with: those of the Blue Pill run where D+ is pulled up by a resistor.
 * @param {string} board
 * @param {string} suffix
 * @param {boolean} pullsUp
 * @returns {Record<string, string>}
 */
function examplesOf(board, suffix, pullsUp) {
  const { end } = PLACES[suffix];
  if (board === 'STM32L152DISCOVERY') return { blink: `-l1${end}`, 'dfu-runtime': `-l1${end}`, 'cdc-echo': `-l1${end}` };
  if (board === 'BLUEPILL') return { blink: end, 'dfu-runtime': end, 'cdc-echo': end, rtos: end };
  return pullsUp ? { blink: `-${board}`, 'dfu-runtime': end, 'cdc-echo': end, rtos: end } : { blink: `-${board}` };
}

/**
 * The examples have their LED where the Blue Pill and the Discovery have it; only blink is built for each board.
 * @param {string} board
 * @param {string} name
 */
const aboutOf = (board, name) =>
  name === 'dfu-runtime' && board !== 'BLUEPILL' && board !== 'STM32L152DISCOVERY' ? 'The PC can ask the program to start the bootloader.' : ABOUT[name];

/**
 * @param {string[]} targets
 * @param {WebAssembly.Module} module the virtual board
 * @param {typeof import('../../npm/src/board.js').VirtualBoard} VirtualBoard
 * @returns {Promise<{catalogue: Entry[], sources: Record<string, string>}>} sources: from files beside the page to those of the build
 */
export async function catalogueOf(targets, module, VirtualBoard) {
  const titles = Object.fromEntries((await VirtualBoard.boards({ module })).map(({ name, title }) => [name, title]));
  /** @type {Record<string, string>} */
  const sources = {};
  const catalogue = [];
  for (const target of targets) {
    const suffix = Object.keys(PLACES).find((one) => one && target.endsWith(one)) ?? '';
    const name = target.slice(0, target.length - suffix.length);
    const board = await VirtualBoard.create({ board: name, module });
    const image = `boards/${target}.${suffix === '_HIGH' ? 'hex' : 'bin'}`; // a .bin reaches up to it
    sources[image] = `firmware/${target}/dapboot.${image.slice(-3)}`;
    const examples = Object.entries(examplesOf(name, suffix, pullsUp(board))).map(([example, end]) => {
      const file = `examples/${example}${end}.bin`;
      sources[file] = `examples/${example}/${example}${end}.bin`;
      return { name: example, file, about: aboutOf(name, example) };
    });
    catalogue.push({ target, board: name, title: titles[name] + PLACES[suffix].words, image, button: buttonOf(board), examples });
  }
  return { catalogue, sources };
}

/** @param {import('../../npm/src/board.js').VirtualBoard} board */
function buttonOf(board) {
  if (board.name === 'BLUEPILL') return 'BOOT1';
  try {
    board.press(false);
    return 'Button';
  } catch {
    return null;
  }
}

/** Without firmware, D+ is up only where a resistor on the board does it. @param {import('../../npm/src/board.js').VirtualBoard} board */
function pullsUp(board) {
  board.power();
  return board.usb.isAttached;
}
