// Puts the flasher and the page together.

import { Flasher } from './flasher.js';
import { Page } from './page.js';

const flasher = new Flasher(navigator.usb);
const page = new Page(flasher, document);
page.show();
void flasher.begin();

// Not when opened as a file: there is no network to be without.
if ('serviceWorker' in navigator && location.protocol !== 'file:')
  navigator.serviceWorker
    .register('service-worker.js')
    .then(() => navigator.serviceWorker.ready)
    .then(
      () => page.worksOffline(),
      () => {}, // the page works without
    );
