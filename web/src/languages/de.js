// What the page says, in German.

import { translate } from '../translate.js';

translate('de', {
  ' or ': ' oder ',
  '.': ',',
});
