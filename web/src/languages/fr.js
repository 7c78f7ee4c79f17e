// What the page says, in French.

import { translate } from '../translate.js';

translate('fr', {
  ' or ': ' ou ',
  '.': ',',
});
