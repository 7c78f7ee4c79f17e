// Keeps the page for use without a network. The build fills in what it is made of and a version, a hash of all of it.

const FILES = __FILES__;
const CACHE = 'dapboot-' + __VERSION__;

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(FILES))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith('dapboot-') && name !== CACHE).map((name) => caches.delete(name))))
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
