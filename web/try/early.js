// Asks for what the page needs first while its own script is still on the way.

/* global EARLY */

// A page that was opened as a file may fetch nothing. What goes wrong is told by files.js, which takes the answers.
if (location.protocol !== 'file:')
  /** @type {any} */ (globalThis).dapbootEarly = new Map(
    EARLY.map((name) => {
      const answer = fetch(name);
      answer.catch(() => {});
      return [name, answer];
    }),
  );
