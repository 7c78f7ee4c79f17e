// Keeps the page for use without a network. The build fills in the files with their hashes, and a version, a hash of all.

const FILES = __FILES__;
// Caches belong to the origin, which may hold another page of this kind. No address has a space in it.
const OURS = `dapboot ${registration.scope} `;
const CACHE = OURS + __VERSION__;
/** What a maker put beside the page. It changes without the page. */
const BESIDE = `dapboot beside ${registration.scope}`;

/**
 * Past the browser's own cache, which may hold the files of an earlier version. The hash refuses those of a server or
 * proxy that does the same: then the version that is stored stays.
 */
const fresh = ([file, integrity]) => new Request(file, { cache: 'reload', integrity });

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(FILES.map(fresh)))
      // the page that is loaded for the first time asked for it before there was a service worker
      .then(() => beside(new Request('firmware.json', { cache: 'no-cache' })).catch(() => {}))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith(OURS) && name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

// From the cache always: a page that changes between two files would be worse than one that is a visit old.
self.addEventListener('fetch', (event) => {
  if (event.request.method !== 'GET') return;
  event.respondWith(
    caches.match(event.request, { cacheName: CACHE, ignoreSearch: true }).then((found) => found ?? beside(event.request)),
  );
});

/** From the network if there is one, else as it was the last time. */
async function beside(request) {
  try {
    const response = await fetch(request);
    if (response.ok && request.url.startsWith(registration.scope)) {
      const cache = await caches.open(BESIDE);
      await cache.put(request, response.clone()).catch(() => {}); // 206, Vary: *, or a full disk: an answer all the same
    }
    return response;
  } catch (error) {
    const kept = await caches.match(request, { cacheName: BESIDE });
    if (!kept) throw error;
    return kept;
  }
}
