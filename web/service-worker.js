// Keeps the page for use without a network. The build fills in the files with their hashes, and a version, a hash of all.

const FILES = __FILES__;
// Caches belong to the origin, which may hold another page of this kind. No address has a space in it.
const OURS = `dapboot ${registration.scope} `;
const CACHE = OURS + __VERSION__;

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
    caches.match(event.request, { cacheName: CACHE, ignoreSearch: true }).then((found) => found ?? fetch(event.request)),
  );
});
