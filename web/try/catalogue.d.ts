/** What catalogue.mjs made, put there by the build. */
declare const CATALOGUE: import('./catalogue.mjs').Entry[];
/** The files that the page needs first. */
declare const EARLY: string[];
