// Registers the service worker, which keeps the page for use without a network, and tells what it keeps.

/* global VERSION */

/** @param {{worksOffline(): void, isOutdated(): void}} page */
export function keepOffline(page) {
  // Not when opened as a file: there is no network to be without.
  const workers = location.protocol === 'file:' ? undefined : navigator.serviceWorker;
  if (!workers) return;
  const stored = async () => {
    const { active, scope } = await workers.ready;
    // until then it has not put away the version before it
    if (active?.state === 'activating')
      await new Promise((resolve) => active.addEventListener('statechange', resolve, { once: true }));
    const names = await caches.keys(); // as service-worker.js calls them
    if (names.includes(`dapboot ${scope} ${VERSION}`)) page.worksOffline();
    else page.isOutdated();
  };
  workers.addEventListener('controllerchange', () => void stored());
  workers.register('service-worker.js').then(stored, () => {}); // the page works without
}
