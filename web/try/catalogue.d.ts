/** What catalogue.mjs made, put there by the build. */
declare const CATALOGUE: import('./catalogue.mjs').Entry[];
