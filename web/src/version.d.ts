/** Filled in by build.mjs: a hash of the page. */
declare const VERSION: string;
