// The files beside the page. A page that was opened as a file may fetch nothing: then data.js has them all.

/** A file did not come. */
export class NotLoaded extends Error {}

/** @type {Promise<Record<string, string>> | undefined} */
let onDisk;

/** @returns {Promise<Record<string, string>>} by name, in base64 */
function loadScript() {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = 'data.js';
    script.onload = () => resolve(/** @type {any} */ (globalThis).DATA);
    script.onerror = () => reject(new NotLoaded('data.js is missing beside this page'));
    document.head.append(script);
  });
}

/** @param {string} name @returns {Promise<Uint8Array>} */
async function fromDisk(name) {
  const text = (await (onDisk ??= loadScript()))[name];
  if (text === undefined) throw new NotLoaded(`${name} is not in data.js`);
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** What early.js asked for. @type {Map<string, Promise<Response>>} */
const early = /** @type {any} */ (globalThis).dapbootEarly ?? new Map();

/** @param {string} name @returns {Promise<Uint8Array>} */
export async function bytesOf(name) {
  if (location.protocol === 'file:') return fromDisk(name);
  const response = await (early.get(name) ?? fetch(name)).catch((error) => {
    throw new NotLoaded(`${name}: ${error.message}`);
  });
  early.delete(name); // an answer is read once
  if (!response.ok) throw new NotLoaded(`${name}: the server answers ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
