// Puts the flasher and the page together.

import { useTimer } from './clock.js';
import { Flasher } from './flasher.js';
import { Page } from './page.js';

/* global VERSION */
const flasher = new Flasher(navigator.usb, () => document.hidden);
flasher.note(`dapboot flasher ${VERSION}`);
flasher.note(navigator.userAgent);
const page = new Page(flasher, document);
page.show();
page.isVersion(VERSION);
void flasher.begin();
document.addEventListener('visibilitychange', () => void flasher.begin());

try {
  useTimer(new Worker('timer.js'));
} catch {
  // opened as a file: the page's own timers must do
}

// Not when opened as a file: there is no network to be without.
const workers = location.protocol === 'file:' ? undefined : navigator.serviceWorker;
if (workers) {
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
