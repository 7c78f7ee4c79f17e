// What is not needed by everybody is in scripts of its own. They are no modules, so that the page works when it is opened
// as a file.

/**
 * @param {string} name a file beside the page
 * @returns {Promise<void>} when it has run; fails if it cannot be loaded
 */
export function script(name) {
  return new Promise((resolve, reject) => {
    const element = document.createElement('script');
    element.src = name;
    element.onload = () => resolve();
    element.onerror = reject;
    document.head.append(element);
  });
}
